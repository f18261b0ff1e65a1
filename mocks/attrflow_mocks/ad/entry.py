"""One entry of the tree: its place, its values, its links, and when each attribute last changed.

Mutable state without rules; `Directory` keeps the invariants between entries.
"""

from __future__ import annotations

import uuid

from attrflow_mocks.ad.names import Rdn

__all__ = ["Entry"]


class Entry:
    """An object of the directory, alive or a tombstone; compared by identity."""

    __slots__ = (
        "back",
        "children",
        "deleted",
        "dormant",
        "guid",
        "links",
        "naming_context",
        "parent",
        "printed",
        "rdn",
        "removed",
        "sleeping",
        "stamps",
        "usn",
        "values",
    )

    def __init__(self, guid: uuid.UUID, rdn: Rdn, parent: Entry | None) -> None:
        self.guid = guid
        self.rdn = rdn
        self.parent = parent
        self.naming_context: Entry = self if parent is None else parent.naming_context
        self.children: dict[str, Entry] = {}
        self.values: dict[str, list[bytes]] = {}
        """Stored values by the attribute's name as the schema spells it."""
        self.links: dict[str, dict[Entry, int]] = {}
        """Reference attributes: targets, each with the USN at which it was added."""
        self.removed: dict[str, dict[Entry, int]] = {}
        """Targets taken away, each with the USN at which that was done."""
        self.back: dict[str, dict[Entry, None]] = {}
        """Who refers to this entry, by the name of the referring attribute."""
        self.stamps: dict[str, int] = {}
        """The USN at which each attribute last changed, cleared ones included."""
        self.usn = 0
        self.deleted = False
        self.dormant: list[tuple[Entry, str, Entry]] = []
        """Links put aside by a deletion with the Recycle Bin on: source, attribute, target."""
        self.sleeping: dict[str, dict[Entry, None]] = {}
        """Targets of links that are put aside as long as one of the two ends is deleted."""
        self.printed: tuple[int, bytes] = (-1, b"")
        """The DN as text, and for which generation of names it holds."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The class chain from top to the most specific class."""
        return tuple([value.decode() for value in self.values.get("objectClass", ())])

    def first(self, name: str) -> str | None:
        """The first stored value as text, or None."""
        values = self.values.get(name)
        return values[0].decode("utf-8", "replace") if values else None

    def number(self, name: str, default: int = 0) -> int:
        """The first stored value as an integer."""
        values = self.values.get(name)
        return int(values[0]) if values else default

    def is_a(self, class_name: str) -> bool:
        """Whether the class is in the entry's chain."""
        return class_name.encode() in self.values.get("objectClass", ())

    def is_below(self, other: Entry) -> bool:
        """Whether the entry is `other` or stands anywhere under it."""
        node: Entry | None = self
        while node is not None and node is not other:
            node = node.parent
        return node is other

    def __repr__(self) -> str:
        return f"Entry({self.rdn}, {self.guid})"
