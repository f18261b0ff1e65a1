"""Who refers to whom, and which references are held, for the store in memory.

Referrers are kept up to date by differences, not by recounting.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from attrflow.model.connector_space import CSObject
from attrflow.model.delta import Delta
from attrflow.model.metaverse import DueReference, HeldReference, MVObject
from attrflow.model.references import NO_REFERENCES, ReferenceDelta, ReferenceSet, difference

__all__ = ["DueReferences", "HeldReferences", "Referrers"]


class Referrers:
    """For each target, how often each owner names it: in any attribute, layer, addition or removal."""

    def __init__(self) -> None:
        self._counts: dict[int, dict[int, int]] = {}
        self._sets: dict[int, Mapping[str, ReferenceSet]] = {}
        self._deltas: dict[int, list[ReferenceDelta]] = {}

    def of(self, target: int) -> tuple[int, ...]:
        """The owners that refer to `target`, ascending."""
        return tuple(sorted(self._counts.get(target, ())))

    def replace(self, owner: int, new: CSObject | MVObject | None) -> None:
        """Count the object's references instead of those that were counted for it before."""
        new_sets, new_deltas = _references(new)
        old_sets, old_deltas = self._sets.pop(owner, {}), self._deltas.pop(owner, [])
        for name in {**old_sets, **new_sets}:
            shift = difference(old_sets.get(name, NO_REFERENCES), new_sets.get(name, NO_REFERENCES))
            self._count(owner, shift.added, 1)
            self._count(owner, shift.removed, -1)
        for deltas, step in ((new_deltas, 1), (old_deltas, -1)):
            for delta in deltas:
                self._count(owner, delta.added, step)
                self._count(owner, delta.removed, step)
        if new_sets:
            self._sets[owner] = new_sets
        if new_deltas:
            self._deltas[owner] = new_deltas

    def _count(self, owner: int, targets: Iterable[int], step: int) -> None:
        for target in targets:
            owners = self._counts.setdefault(target, {})
            owners[owner] = owners.get(owner, 0) + step
            if not owners[owner]:
                del owners[owner]
                if not owners:
                    del self._counts[target]


def _references(owner: CSObject | MVObject | None) -> tuple[Mapping[str, ReferenceSet], list[ReferenceDelta]]:
    if owner is None:
        return {}, []
    if isinstance(owner, MVObject):
        return {name: held.targets for name, held in owner.references.items()}, []
    deltas: list[Delta | None] = [owner.pending_import, owner.unconfirmed, owner.escrowed, owner.unapplied]
    shifts = [shift for delta in deltas if delta is not None for shift in delta.references.values()]
    return ({} if owner.image is None else owner.image.references), shifts


class HeldReferences:
    """Held references by owner and by target."""

    def __init__(self) -> None:
        self._by: dict[int, set[HeldReference]] = {}
        self._for: dict[tuple[int, bool], set[HeldReference]] = {}

    def by(self, owner: int, inbound: bool | None) -> tuple[HeldReference, ...]:
        """What an owner holds; `inbound` None: in both directions."""
        return _in_order([row for row in self._by.get(owner, ()) if inbound in (None, row.inbound)])

    def for_(self, target: int, inbound: bool) -> tuple[HeldReference, ...]:
        """What is held for a target in one direction."""
        return _in_order(self._for.get((target, inbound), ()))

    def write(self, held: Mapping[HeldReference, bool], gone: Collection[int]) -> None:
        """Which references are held now and which no more; owners in `gone` hold nothing."""
        released = [row for owner in gone for row in self._by.get(owner, ())]
        for row, held_now in {**held, **dict.fromkeys(released, False)}.items():
            now = held_now and row.owner not in gone
            owned = self._by.setdefault(row.owner, set())
            waiting = self._for.setdefault((row.target, row.inbound), set())
            for rows in (owned, waiting):
                if now:
                    rows.add(row)
                else:
                    rows.discard(row)


class DueReferences:
    """References that are due, by owner."""

    def __init__(self) -> None:
        self._by: dict[int, dict[DueReference, None]] = {}

    def by(self, owner: int) -> tuple[DueReference, ...]:
        """What is due by an owner."""
        return tuple(self._by.get(owner, ()))

    @property
    def owners(self) -> frozenset[int]:
        """Who has references due."""
        return frozenset(self._by)

    def write(self, due: Mapping[DueReference, bool], gone: Collection[int]) -> None:
        """Which references are due now and which no more; owners in `gone` owe nothing."""
        for one, now in due.items():
            owed = self._by.setdefault(one.owner, {})
            if now:
                owed[one] = None
            else:
                owed.pop(one, None)
        for owner in {*gone, *(one.owner for one in due)}:
            if owner in gone or not self._by.get(owner):
                self._by.pop(owner, None)


def _in_order(held: Iterable[HeldReference]) -> tuple[HeldReference, ...]:
    return tuple(sorted(set(held), key=lambda row: (row.owner, row.attribute, row.target, row.connector)))
