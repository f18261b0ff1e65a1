"""Who is told of events: the protocol, and the recording that explain uses."""

from __future__ import annotations

from typing import Protocol

from attrflow.events.words import Event

__all__ = ["Observer", "Recording"]


class Observer(Protocol):
    """Is told of every decision, in order. It hands out the event ids."""

    def next_id(self) -> int:
        """A new event id, from 1 upwards."""

    def tell(self, event: Event) -> None:
        """Take note of one event."""


class Recording:
    """An observer that keeps the events, in order."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._last = 0

    def next_id(self) -> int:
        """A new event id, from 1 upwards."""
        self._last += 1
        return self._last

    def tell(self, event: Event) -> None:
        """Keep the event."""
        self.events.append(event)
