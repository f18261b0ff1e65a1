"""Worlds: the real clock and chance for runs, and a seeded one for cases and tests (DECISIONS 8)."""

from __future__ import annotations

import random
import time
import uuid
from datetime import UTC, datetime, timedelta

__all__ = ["SeededWorld", "SystemWorld"]


class _Ids:
    """Object ids: one sequence for connector space and metaverse, never used again."""

    def __init__(self, last: int) -> None:
        self._last = last

    def next(self) -> int:
        self._last += 1
        return self._last


class SystemWorld:
    """The machine's clock and chance. `last_id` is the store's highest id so far."""

    def __init__(self, last_id: int) -> None:
        self._ids = _Ids(last_id)
        self._random = random.SystemRandom()

    def now(self) -> datetime:
        """The current time, in UTC."""
        return datetime.fromtimestamp(time.time(), tz=UTC)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def new_id(self) -> int:
        """An object id that was never used in this store."""
        return self._ids.next()

    def guid(self) -> str:
        """A new random GUID."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def random(self, low: int, high: int) -> int:
        """A random integer in [low, high], both included."""
        return self._random.randint(low, high)


class SeededWorld:
    """A world in which one seed gives one outcome; the clock moves one second at each reading, or by `advance`."""

    def __init__(self, seed: int = 0, start: datetime | None = None, last_id: int = 0) -> None:
        self._ids = _Ids(last_id)
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose; nothing secret comes from it
        self._now = start or datetime(2026, 1, 5, 8, 0, tzinfo=UTC)

    def now(self) -> datetime:
        """The current time, in UTC."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move the clock on."""
        self._now += timedelta(seconds=seconds)

    def sleep(self, seconds: float) -> None:
        """Move the clock on: nobody waits."""
        self.advance(seconds)

    def new_id(self) -> int:
        """The next object id."""
        return self._ids.next()

    def guid(self) -> str:
        """The next GUID of the seed."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def random(self, low: int, high: int) -> int:
        """The next random integer in [low, high], both included."""
        return self._random.randint(low, high)
