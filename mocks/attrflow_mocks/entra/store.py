"""The objects of the tenant with their indexes, links and change log: the one place where state changes.

A writer hands in a whole new object (`commit`) or removes one (`purge`); indexes and the log follow by
themselves. Decides nothing: whether a change is allowed was settled before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeVar

from attrflow_mocks.entra.changes import ChangeLog, LinkChange
from attrflow_mocks.entra.history import BEFORE_LAST_CHANGE, Horizon, LinkEdit, Versions
from attrflow_mocks.entra.links import Links
from attrflow_mocks.entra.objects import DirectoryObject

__all__ = ["Key", "NoChange", "References", "Store", "keys_of"]

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class References:
    """Links to make and to undo with a commit: attribute and target id."""

    add: Sequence[LinkChange] = ()
    remove: Sequence[LinkChange] = ()


NoChange = References()
_UNIQUE = {
    "uniqueName": ("group", "application"),
    "deviceId": ("device",),
    "appId": ("application",),
}
"""Properties that no two objects may share, by the kinds that have them."""


def keys_of(found: DirectoryObject) -> Iterator[Key]:
    """What must be unique about an object. A soft-deleted one keeps only its source anchor."""
    if found.source_anchor is not None:
        yield f"anchor:{found.kind}", found.source_anchor
    if not found.live:
        return
    user_name = found.text("userPrincipalName")
    if found.kind == "user" and user_name:
        yield "upn", user_name.casefold()
    for proxy in found.proxies():
        yield "proxy", proxy.casefold()
    sid = found.text("onPremisesSecurityIdentifier")
    if found.kind == "user" and sid:
        yield "sid", sid
    for name, kinds in _UNIQUE.items():
        unique = found.text(name) if found.kind in kinds else None
        if unique:
            yield name, unique.casefold()


class Store:
    """All objects by id, live and soft-deleted."""

    def __init__(self, now: Callable[[], datetime] | None = None) -> None:
        self._now = now or (lambda: datetime.min.replace(tzinfo=UTC))
        self._objects: dict[str, DirectoryObject] = {}
        self._versions = Versions()
        self._horizon: Horizon | None = None
        self._keys: dict[Key, str] = {}
        self._order: list[str] = []
        self.links = Links()
        self.log = ChangeLog()

    # Reading

    @contextmanager
    def as_of(self, horizon: Horizon | None) -> Iterator[None]:
        """Read, inside the block, objects and their links as an index that lags shows them; keys are always today's."""
        self._horizon = horizon
        try:
            yield
        finally:
            self._horizon = None

    @property
    def latest(self) -> int:
        """The number of the last change that can be seen now."""
        if self._horizon is None:
            return self.log.latest
        if self._horizon is BEFORE_LAST_CHANGE:
            return max(0, self.log.latest - 1)
        return self.log.latest_at(self._horizon)

    def _seen(self, identifier: str) -> DirectoryObject | None:
        found = self._objects.get(identifier)
        return found if self._horizon is None else self._versions.seen(identifier, found, self._horizon)

    def get(self, identifier: str) -> DirectoryObject | None:
        """The object of that id, live or soft-deleted."""
        return self._seen(identifier)

    def live(self, identifier: str, kind: str | None = None) -> DirectoryObject | None:
        """The live object of that id and, when given, that kind."""
        found = self._seen(identifier.casefold())
        if found is None or not found.live or (kind is not None and found.kind != kind):
            return None
        return found

    def holder(self, kind: str, value: str) -> DirectoryObject | None:
        """Who holds a unique value: kind `upn`, `proxy`, `sid`, `anchor:<object type>` or a property of `_UNIQUE`.

        All but anchors and SIDs are compared without regard to case.
        """
        folded = value if kind.startswith("anchor:") or kind == "sid" else value.casefold()
        identifier = self._keys.get((kind, folded))
        return self._seen(identifier) if identifier is not None else None

    @property
    def next_ordinal(self) -> int:
        """The ordinal that the next object gets."""
        return len(self._order)

    def from_ordinal(self, start: int) -> Iterator[DirectoryObject]:
        """The objects that exist, live or soft-deleted, from that ordinal on, in the order of creation."""
        for ordinal in range(start, len(self._order)):
            found = self._seen(self._order[ordinal])
            if found is not None:
                yield found

    def all(self, kind: str | None = None) -> Iterator[DirectoryObject]:
        """The live objects, of one kind when given, in the order of creation."""
        return (o for o in self.from_ordinal(0) if o.live and (kind is None or o.kind == kind))

    def deleted(self, kind: str | None = None) -> Iterator[DirectoryObject]:
        """The soft-deleted objects, of one kind when given, in the order of creation."""
        return (o for o in self.from_ordinal(0) if not o.live and (kind is None or o.kind == kind))

    def live_targets(self, owner: str, attribute: str) -> Iterator[DirectoryObject]:
        """The live targets of a reference attribute; soft-deleted ones are hidden."""
        for target in self._targets(owner, attribute):
            found = self.live(target)
            if found is not None:
                yield found

    def _targets(self, owner: str, attribute: str) -> Iterable[str]:
        today = self.links.targets(owner, attribute)
        if self._horizon is None:
            return today
        seen = dict.fromkeys(today)
        for edit in self._versions.undone(owner, self._horizon):
            if (edit.owner, edit.attribute) == (owner, attribute):
                _undo(seen, edit.target, edit)
        return seen

    def referrers(self, target: str) -> Iterable[tuple[str, str]]:
        """Owner and attribute of every link to an object, oldest link first."""
        if self._horizon is None:
            return self.links.referrers(target)
        seen = dict.fromkeys(self.links.referrers(target))
        for edit in self._versions.undone(target, self._horizon):
            if edit.target == target:
                _undo(seen, (edit.owner, edit.attribute), edit)
        return seen

    def reference_attributes(self, owner: str) -> tuple[str, ...]:
        """The attributes of an object that hold at least one link."""
        if self._horizon is None:
            return self.links.attributes(owner)
        edited = [edit.attribute for edit in self._versions.undone(owner, self._horizon) if edit.owner == owner]
        names = dict.fromkeys((*self.links.attributes(owner), *edited))
        return tuple(name for name in names if self._targets(owner, name))

    # Writing

    def commit(
        self, new: DirectoryObject, references: References = NoChange, *, touched: bool = False
    ) -> DirectoryObject:
        """Put a new object or a new state of one, with its link changes, and log what became different.

        With `touched` a change that makes no difference is logged, too: who wrote it is told of it by delta.

        Raises:
            ValueError: a unique value belongs to another object; settle conflicts before the commit.
        """
        old = self._objects.get(new.id)
        wanted = set(keys_of(new))
        for key in wanted:
            holder = self._keys.get(key)
            if holder is not None and holder != new.id:
                raise ValueError(f"{key[0]} {key[1]!r} belongs to {holder}; {new.id} cannot have it too")
        if old is None:
            self._order.append(new.id)
        else:
            for key in keys_of(old):
                self._keys.pop(key, None)
        self._keys.update(dict.fromkeys(wanted, new.id))
        now = self._now()
        self._objects[new.id] = new
        added = tuple(link for link in references.add if self.links.add(new.id, *link))
        removed = tuple(link for link in references.remove if self.links.remove(new.id, *link))
        if old != new or added or removed:
            edits = [LinkEdit(new.id, *link, made=True) for link in added]
            edits += [LinkEdit(new.id, *link, made=False) for link in removed]
            self._versions.keep(new.id, old, now, edits)
        changed = _difference(old, new)
        if old != new or added or removed or touched:
            event = _event(old, new)
            self.log.append(new.id, new.kind, event, properties=changed, added=added, removed=removed, at=now)
        return new

    def purge(self, identifier: str) -> None:
        """Remove an object for good, with every link from and to it."""
        gone = self._objects.pop(identifier)
        for key in keys_of(gone):
            self._keys.pop(key, None)
        edits = [LinkEdit(*link, made=False) for link in self.links.forget(identifier)]
        now = self._now()
        self._versions.keep(gone.id, gone, now, edits)
        self.log.append(gone.id, gone.kind, "purged", at=now)

    def forget_history(self) -> None:
        """Take what is there now as what always was: no read is behind it."""
        self._versions.forget()

    def draft(self, kind: str, identifier: str, **values: object) -> DirectoryObject:
        """A new object, not yet committed, with the next ordinal."""
        plain = DirectoryObject(id=identifier, kind=kind, ordinal=self.next_ordinal, **values)  # type: ignore[arg-type]  # the fields of the dataclass, passed through
        return replace(plain, properties=dict(plain.properties))

    def __len__(self) -> int:
        """How many objects there are, of every kind, those in the bin counted."""
        return len(self._objects)

    def counts(self) -> dict[str, int]:
        """How many live objects there are of each kind, and how many soft-deleted ones."""
        totals = {"user": 0, "group": 0, "contact": 0, "device": 0, "application": 0, "deleted": 0}
        for found in self._objects.values():
            totals[found.kind if found.live else "deleted"] += 1
        return totals


_End = TypeVar("_End")


def _undo(seen: dict[_End, None], end: _End, edit: LinkEdit) -> None:
    if edit.made:
        seen.pop(end, None)
    else:
        seen[end] = None


_FIELDS = {
    "source_anchor": "onPremisesImmutableId",
    "synced": "onPremisesSyncEnabled",
    "last_sync": "onPremisesLastSyncDateTime",
    "errors": "onPremisesProvisioningErrors",
}
_CONTACT_SHAPES = {
    "addresses": ("city", "country", "officeLocation", "postalCode", "state", "streetAddress"),
    "phones": ("mobilePhone", "businessPhones", "faxNumber"),
}


def _difference(old: DirectoryObject | None, new: DirectoryObject) -> Iterable[str]:
    before = old.properties if old is not None else {}
    names = {name for name in (*before, *new.properties) if before.get(name) != new.properties.get(name)}
    for attribute, name in _FIELDS.items():
        if old is None or getattr(old, attribute) != getattr(new, attribute):
            names.add(name)
    if new.kind == "contact":
        names |= {shape for shape, parts in _CONTACT_SHAPES.items() if names.intersection(parts)}
    return names


def _event(old: DirectoryObject | None, new: DirectoryObject) -> str:
    if old is None:
        return "created"
    if old.live != new.live:
        return "restored" if new.live else "deleted"
    return "updated"
