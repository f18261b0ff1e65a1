"""The account of one synchronization: hands events to an observer, with their ids and parents.

Where nobody observes, `account` is None and no event is made: every use stands behind
`if account is not None`.
"""

from __future__ import annotations

from typing import Any

from attrflow.events import Event, Observer

__all__ = ["Account"]


class Account:
    """Tells an observer what happens to one object; `inside` makes a child account for what follows from it."""

    __slots__ = ("_observer", "_parent", "connector", "object")

    def __init__(self, observer: Observer, object_id: int, connector: str, parent: int = 0) -> None:
        self._observer = observer
        self._parent = parent
        self.object = object_id
        self.connector = connector

    def note(self, word: type[Event], **facts: Any) -> int:
        """Tell one event with these facts and return its id."""
        id_ = self._observer.next_id()
        self._observer.tell(word(id_, self._parent, self.object, self.connector, **facts))
        return id_

    def about(self, object_id: int, connector: str) -> Account:
        """An account of another object within the same decision."""
        return Account(self._observer, object_id, connector, self._parent)

    def inside(self, event_id: int) -> Account:
        """An account of what belongs to an event already told."""
        return Account(self._observer, self.object, self.connector, event_id)
