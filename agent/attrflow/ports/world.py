"""Time, ids and chance: what a pure core must be given (DECISIONS 8)."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

__all__ = ["Clock", "World"]


class World(Protocol):
    """The clock, the source of ids, and the dice."""

    def now(self) -> datetime:
        """The current time, in UTC."""

    def new_id(self) -> int:
        """An object id that was never used in this store."""

    def guid(self) -> str:
        """A new GUID, lower case with dashes."""

    def random(self, low: int, high: int) -> int:
        """A random integer in [low, high], both included."""


class Clock(Protocol):
    """Time that passes: what the scheduler waits by."""

    def now(self) -> datetime:
        """The current time, in UTC."""

    def sleep(self, seconds: float) -> None:
        """Let so much time pass."""
