"""The mocks' one source of time: it starts at a given instant and moves only when told, or with real time."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

__all__ = ["Clock"]


class Clock:
    """Time as the mock directories see it.

    With `start` given, the clock stands still until `advance` is called: two runs of one script see
    the same times. Without, it follows the machine's clock, moved on by what was advanced.
    """

    def __init__(self, start: datetime | None = None) -> None:
        self._fixed = start
        self.advanced = timedelta()
        """How far it was moved on; set it only to go back to a snapshot."""

    def now(self) -> datetime:
        """The current time, in UTC, with microseconds."""
        base = self._fixed if self._fixed is not None else datetime.fromtimestamp(time.time(), tz=UTC)
        return base + self.advanced

    def advance(self, seconds: float) -> datetime:
        """Move the clock on by `seconds` (never back) and return the new time.

        Raises:
            ValueError: `seconds` is negative.
        """
        if seconds < 0:
            raise ValueError(f"a clock does not go back: {seconds} s")
        self.advanced += timedelta(seconds=seconds)
        return self.now()
