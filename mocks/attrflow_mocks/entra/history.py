"""Earlier states of objects, so that a read can lag behind writes as an index does.

Keeps the last states of each object with the time when each ended. Decides nothing about who lags.
"""

from __future__ import annotations

from datetime import UTC, datetime

from attrflow_mocks.entra.objects import DirectoryObject

__all__ = ["BEFORE_LAST_CHANGE", "Horizon", "Versions"]

Horizon = datetime
"""Up to when a lagging read has heard of changes."""
BEFORE_LAST_CHANGE = datetime.min.replace(tzinfo=UTC)
"""The horizon of a stale read: each object as it was before its last change."""
_KEPT = 8


class Versions:
    """What objects were before; None stands for `not there yet`.

    Eight states of an object are kept: who writes one object more often within the lag sees the eighth-last.
    """

    def __init__(self) -> None:
        self._ended: dict[str, list[tuple[datetime, DirectoryObject | None]]] = {}

    def keep(self, identifier: str, before: DirectoryObject | None, at: datetime) -> None:
        """Note that a state ended at that time."""
        kept = self._ended.setdefault(identifier, [])
        kept.append((at, before))
        del kept[:-_KEPT]

    def seen(self, identifier: str, today: DirectoryObject | None, horizon: Horizon) -> DirectoryObject | None:
        """The state that a read with that horizon shows."""
        kept = self._ended.get(identifier, ())
        if horizon is BEFORE_LAST_CHANGE:
            return kept[-1][1] if kept else today
        return next((before for ended, before in kept if ended > horizon), today)
