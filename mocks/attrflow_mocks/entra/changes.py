"""The change log that both delta queries read: what changed, in which order, since when.

Holds facts only. How a change is shown to a client is the faces' business.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

__all__ = ["Change", "ChangeLog", "Summary"]

LinkChange = tuple[str, str]
"""Attribute and target id."""


@dataclass(frozen=True, slots=True)
class Change:
    """One committed change of one object."""

    number: int
    id: str
    kind: str
    event: str
    """`created`, `updated`, `deleted` (to the bin), `purged` (for good) or `restored`."""
    properties: frozenset[str]
    """Graph names whose cloud value changed; may be empty where only shadow values did."""
    added: tuple[LinkChange, ...] = ()
    removed: tuple[LinkChange, ...] = ()
    at: datetime | None = None


@dataclass(slots=True)
class Summary:
    """All that happened to one object between two points of the log."""

    id: str
    kind: str
    events: set[str] = field(default_factory=set)
    properties: set[str] = field(default_factory=set)
    added: dict[LinkChange, None] = field(default_factory=dict)
    removed: dict[LinkChange, None] = field(default_factory=dict)

    def take(self, change: Change) -> None:
        """Add one later change; a link added and removed again leaves its last state."""
        self.events.add(change.event)
        self.properties |= change.properties
        for link in change.added:
            self.removed.pop(link, None)
            self.added[link] = None
        for link in change.removed:
            self.added.pop(link, None)
            self.removed[link] = None


class ChangeLog:
    """An append-only list of changes, numbered from one."""

    def __init__(self) -> None:
        self._changes: list[Change] = []

    @property
    def latest(self) -> int:
        """The number of the last change, 0 where there is none."""
        return len(self._changes)

    def latest_at(self, moment: datetime) -> int:
        """The number of the last change that had happened by then, 0 where there is none."""
        number = len(self._changes)
        while number and (self._changes[number - 1].at or moment) > moment:
            number -= 1
        return number

    def append(
        self,
        identifier: str,
        kind: str,
        event: str,
        *,
        properties: Iterable[str] = (),
        added: Iterable[LinkChange] = (),
        removed: Iterable[LinkChange] = (),
        at: datetime | None = None,
    ) -> Change:
        """Log one change and return it."""
        change = Change(
            len(self._changes) + 1,
            identifier,
            kind,
            event,
            frozenset(properties),
            tuple(added),
            tuple(removed),
            at,
        )
        self._changes.append(change)
        return change

    def between(self, since: int, upto: int) -> Iterator[Change]:
        """The changes with numbers in (since, upto], oldest first."""
        return iter(self._changes[since:upto])

    def summaries(self, since: int, upto: int, kinds: frozenset[str]) -> list[Summary]:
        """One summary for each object of those kinds, in the order of its first change."""
        found: dict[str, Summary] = {}
        for change in self.between(since, upto):
            if change.kind not in kinds:
                continue
            summary = found.get(change.id)
            if summary is None:
                summary = found[change.id] = Summary(change.id, change.kind)
            summary.take(change)
        return list(found.values())
