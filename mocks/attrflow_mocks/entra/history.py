"""Earlier states of objects and of their links, so that a read can lag behind writes as an index does.

Keeps the last states of each object with the time when each ended. Decides nothing about who lags.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from attrflow_mocks.entra.objects import DirectoryObject

__all__ = ["BEFORE_LAST_CHANGE", "Horizon", "LinkEdit", "Versions"]

Horizon = datetime
"""Up to when a lagging read has heard of changes."""
BEFORE_LAST_CHANGE = datetime.min.replace(tzinfo=UTC)
"""The horizon of a stale read: each object as it was before its last change."""
_KEPT = 8
_EDITS_KEPT = 2000


@dataclass(frozen=True, slots=True)
class LinkEdit:
    """One link made or undone."""

    owner: str
    attribute: str
    target: str
    made: bool


@dataclass(frozen=True, slots=True)
class _Dated:
    edit: LinkEdit
    at: datetime
    step: int
    """The write that it was part of."""


class Versions:
    """What objects and links were before; None stands for `not there yet`.

    Eight states and two thousand link edits of an object are kept: who writes one object more often within the lag
    sees the oldest of them.
    """

    def __init__(self) -> None:
        self._ended: dict[str, list[tuple[datetime, DirectoryObject | None]]] = {}
        self._edits: dict[str, deque[_Dated]] = {}
        """By owner and by target."""
        self._last: dict[str, int] = {}
        self._step = 0

    def keep(
        self, identifier: str, before: DirectoryObject | None, at: datetime, edits: Iterable[LinkEdit] = ()
    ) -> None:
        """Note that a state ended at that time, and which links were edited with it."""
        self._step += 1
        self._last[identifier] = self._step
        kept = self._ended.setdefault(identifier, [])
        kept.append((at, before))
        del kept[:-_KEPT]
        for edit in edits:
            for end in {edit.owner, edit.target}:
                self._edits.setdefault(end, deque(maxlen=_EDITS_KEPT)).append(_Dated(edit, at, self._step))

    def forget(self) -> None:
        """Take what is there now as what always was."""
        self._ended.clear()
        self._edits.clear()
        self._last.clear()

    def seen(self, identifier: str, today: DirectoryObject | None, horizon: Horizon) -> DirectoryObject | None:
        """The state that a read with that horizon shows."""
        kept = self._ended.get(identifier, ())
        if horizon is BEFORE_LAST_CHANGE:
            return kept[-1][1] if kept else today
        return next((before for ended, before in kept if ended > horizon), today)

    def undone(self, identifier: str, horizon: Horizon) -> Iterator[LinkEdit]:
        """The link edits from and to an object of which a read with that horizon has not heard, latest first."""
        for dated in reversed(self._edits.get(identifier, ())):
            if horizon is BEFORE_LAST_CHANGE:
                ends = (dated.edit.owner, dated.edit.target)
                if any(self._last.get(end) == dated.step for end in ends):
                    yield dated.edit
            elif dated.at > horizon:
                yield dated.edit
