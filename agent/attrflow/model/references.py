"""Reference attributes: sets of object ids that live outside the object's document (DECISIONS 1).

A group may have 250,000 members, so a reference attribute is a lazy `ReferenceSet`: it knows its
count and an order-free digest at once, and is iterated only when somebody must. Changes of it are
`ReferenceDelta`s. A store backs the sets with whatever suits it; this module holds the noun, the
set that is held in memory, and the set that is another one with a delta on top.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from attrflow.model.values import reference_digest

__all__ = [
    "NO_REFERENCES",
    "EditedReferences",
    "ReferenceDelta",
    "ReferenceIds",
    "ReferenceSet",
    "difference",
    "edited",
]


@runtime_checkable
class ReferenceSet(Protocol):
    """A set of object ids with a cheap count and digest."""

    @property
    def count(self) -> int:
        """How many ids there are, without loading them."""

    @property
    def digest(self) -> int:
        """`values.reference_digest` of the ids, without loading them."""

    def __contains__(self, id_: object) -> bool: ...

    def __iter__(self) -> Iterator[int]: ...


@dataclass(frozen=True, slots=True)
class ReferenceDelta:
    """Ids to add to and to remove from a reference set; the two never overlap."""

    added: frozenset[int] = frozenset()
    removed: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        assert not self.added & self.removed, "an id is added or removed, not both"

    def __bool__(self) -> bool:
        return bool(self.added or self.removed)

    def then(self, later: ReferenceDelta) -> ReferenceDelta:
        """One delta with the effect of this one followed by `later`."""
        return ReferenceDelta((self.added - later.removed) | later.added, (self.removed - later.added) | later.removed)


class ReferenceIds:
    """A reference set held in memory."""

    __slots__ = ("_digest", "ids")

    def __init__(self, ids: Iterable[int] = ()) -> None:
        self.ids = frozenset(ids)
        self._digest: int | None = None

    @property
    def count(self) -> int:
        """How many ids there are."""
        return len(self.ids)

    @property
    def digest(self) -> int:
        """The order-free digest of the ids."""
        if self._digest is None:
            self._digest = reference_digest(self.ids)
        return self._digest

    def __contains__(self, id_: object) -> bool:
        return id_ in self.ids

    def __iter__(self) -> Iterator[int]:
        return iter(self.ids)

    def __repr__(self) -> str:
        return f"ReferenceIds({sorted(self.ids)!r})"


NO_REFERENCES: ReferenceSet = ReferenceIds()


class EditedReferences:
    """Another set with a delta on top; `delta` holds only what really differs from `base`."""

    __slots__ = ("_digest", "base", "delta")

    def __init__(self, base: ReferenceSet, delta: ReferenceDelta) -> None:
        self.base = base
        self.delta = ReferenceDelta(
            frozenset(i for i in delta.added if i not in base),
            frozenset(i for i in delta.removed if i in base),
        )
        self._digest: int | None = None

    @property
    def count(self) -> int:
        """How many ids there are."""
        return self.base.count + len(self.delta.added) - len(self.delta.removed)

    @property
    def digest(self) -> int:
        """The order-free digest, kept by adding and subtracting the delta's share."""
        if self._digest is None:
            share = reference_digest(self.delta.added) - reference_digest(self.delta.removed)
            self._digest = (self.base.digest + share) % (1 << 128)
        return self._digest

    def __contains__(self, id_: object) -> bool:
        return id_ in self.delta.added or (id_ not in self.delta.removed and id_ in self.base)

    def __iter__(self) -> Iterator[int]:
        removed = self.delta.removed
        yield from (i for i in self.base if i not in removed)
        yield from self.delta.added

    def __repr__(self) -> str:
        return f"EditedReferences({self.base!r}, {self.delta!r})"


def edited(base: ReferenceSet, delta: ReferenceDelta) -> ReferenceSet:
    """`base` with `delta` applied; `base` itself when that changes nothing. Edits of an edit are merged."""
    if not delta:
        return base
    if isinstance(base, EditedReferences):
        result: ReferenceSet = EditedReferences(base.base, base.delta.then(delta))
    elif isinstance(base, ReferenceIds) and base.count <= len(delta.added) + len(delta.removed):
        return ReferenceIds((base.ids - delta.removed) | delta.added)
    else:
        result = EditedReferences(base, delta)
    return result


def difference(old: ReferenceSet, new: ReferenceSet) -> ReferenceDelta:
    """What turns `old` into `new`. An edit on top of `old`, or edits of one set, answer without loading it."""
    if old is new or (old.count == new.count and old.digest == new.digest):
        return ReferenceDelta()
    if isinstance(new, EditedReferences) and new.base is old:
        return new.delta
    if isinstance(old, EditedReferences) and old.base is new:
        return ReferenceDelta(old.delta.removed, old.delta.added)
    if isinstance(new, EditedReferences) and isinstance(old, EditedReferences) and old.base is new.base:
        was, now = old.delta, new.delta
        return ReferenceDelta(
            (now.added - was.added) | (was.removed - now.removed), (was.added - now.added) | (now.removed - was.removed)
        )
    before, after = frozenset(old), frozenset(new)
    return ReferenceDelta(after - before, before - after)
