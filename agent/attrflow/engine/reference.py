"""References across the join: connector-space ids to metaverse ids and back (behaviour.md §1.8).

A reference whose target has no counterpart on the other side is held: it flows later, when the
target gets one, without any change on the referring object.

A large attribute flows by its differences where that is safe: what is stored says from which set it was
flowed and what came of it (`Basis`), so what changed since is all that has to be translated (decision
0007). Where the digests do not agree, all of it is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from attrflow.engine.working_set import WorkingSet
from attrflow.model.connector_space import CSObject
from attrflow.model.metaverse import DueReference, HeldReference, MVObject
from attrflow.model.provenance import Basis
from attrflow.model.references import ReferenceDelta, ReferenceIds, ReferenceSet, difference, edited
from attrflow.model.values import reference_digest

__all__ = [
    "NOTHING_HELD",
    "Flowed",
    "Held",
    "Holding",
    "Translation",
    "flow_difference",
    "flow_whole",
    "to_connector",
    "to_metaverse",
]

DIFFERENCES_FROM = 32
"""Values from which on an attribute flows by its differences: below, translating all costs less than the basis."""

Lookup = Callable[[Collection[int]], Mapping[int, int]]


@dataclass(frozen=True, slots=True)
class Translation:
    """From ids on the source side to ids on the target side; those without a counterpart are left out."""

    forward: Lookup
    back: Lookup
    due: tuple[DueReference, ...] = ()
    """Targets whose counterpart changed since these references flowed last."""
    before: Callable[[str], ReferenceSet | None] = lambda _attribute: None
    """The source side's attribute as it is stored: most often what was flowed last."""


@dataclass(frozen=True, slots=True)
class Held:
    """Which source-side targets are held: `whole`, all that are; else what changed, False for one that is no more."""

    targets: Mapping[int, bool] = field(default_factory=dict)
    whole: bool = True


NOTHING_HELD = Held()


@dataclass(frozen=True, slots=True)
class Flowed:
    """A reference attribute on the other side, what of it is held, and the basis for the next time."""

    references: ReferenceSet
    held: Held
    basis: Basis | None = None


def to_metaverse(working: WorkingSet, cso: CSObject, due: Iterable[DueReference] = ()) -> Translation:
    """Connector-space targets become the metaverse objects that they are linked to."""
    connector = cso.connector

    def before(attribute: str) -> ReferenceSet | None:
        stored = working.stored.cs(cso.id)
        return stored.image.references.get(attribute) if stored is not None and stored.image is not None else None

    concerned = tuple(one for one in due if one.inbound and one.connector == connector)
    return Translation(working.links_of, lambda ids: working.counterparts(ids, connector), concerned, before)


def to_connector(working: WorkingSet, mvo: MVObject, connector: str, due: Iterable[DueReference] = ()) -> Translation:
    """Metaverse targets become their objects in the connector's space."""

    def before(attribute: str) -> ReferenceSet | None:
        stored = working.stored.mv(mvo.id)
        held = stored.references.get(attribute) if stored is not None else None
        return held.targets if held is not None else None

    concerned = tuple(one for one in due if not one.inbound and one.connector == connector)
    return Translation(lambda ids: working.counterparts(ids, connector), working.links_of, concerned, before)


def flow_whole(source: ReferenceSet | Collection[int], translation: Translation) -> Flowed:
    """Translate every value."""
    ids = tuple(source)
    found = translation.forward(ids)
    references = ReferenceIds(found.values())
    held = Held({id_: True for id_ in ids if id_ not in found})
    basis = None
    if len(ids) >= DIFFERENCES_FROM and not isinstance(source, Collection):
        basis = Basis(source.digest, references.digest)
    return Flowed(references, held, basis)


def flow_difference(
    attribute: str, source: ReferenceSet, translation: Translation, existing: ReferenceSet, basis: Basis
) -> Flowed | None:
    """Translate what changed of the source's `attribute` since `existing` was flowed, or None where that is not known.

    `existing` must be what the same mapping gave, and `basis` what was kept with it.
    """
    if source.count < DIFFERENCES_FROM or existing.digest != basis.result:
        return None
    dropped = frozenset(one.target for one in translation.due if one.dropped)
    shift = _since(source, translation.before(attribute), basis.source, dropped)
    if shift is None:
        return None
    before = frozenset(one.before for one in translation.due if one.before is not None)
    touched = {*shift.added, *shift.removed, *(one.target for one in translation.due)}
    touched.update(translation.back(before).values())
    forward = translation.forward(touched)
    present = {id_ for id_ in touched if id_ in source}
    there = {forward[id_] for id_ in present if id_ in forward}
    gone = {*before, *(forward[id_] for id_ in touched - present if id_ in forward)} - there
    references = edited(
        existing,
        ReferenceDelta(
            frozenset(id_ for id_ in there if id_ not in existing), frozenset(id_ for id_ in gone if id_ in existing)
        ),
    )
    held = Held({id_: id_ in present and id_ not in forward for id_ in touched}, whole=False)
    return Flowed(references, held, Basis(source.digest, references.digest))


def _since(
    source: ReferenceSet, stored: ReferenceSet | None, digest: int, dropped: frozenset[int]
) -> ReferenceDelta | None:
    """What turned a set with that digest into this one: nothing, the edit of what is stored, or deleted targets."""
    for gone in (frozenset[int](), dropped) if dropped else (frozenset[int](),):
        share = reference_digest(gone)
        for base in (source, stored):
            if base is not None and (base.digest + share) % (1 << 128) == digest:
                shift = difference(base, source)
                return ReferenceDelta(shift.added, shift.removed | (gone - shift.added))
    return None


class Holding:
    """What is held of one object's references towards a connector, gathered attribute by attribute."""

    def __init__(self, working: WorkingSet, owner: int, connector: str, *, inbound: bool) -> None:
        self._working = working
        self._owner = owner
        self._connector = connector
        self._inbound = inbound
        self._whole: dict[str, set[int]] = {}
        self._left: set[str] = set()

    def leave(self, attribute: str) -> None:
        """What is held of the attribute stays as it is."""
        self._left.add(attribute)

    def take(self, attribute: str, held: Held) -> None:
        """Take note of what is held of the attribute."""
        if held.whole:
            if held.targets:
                self._whole.setdefault(attribute, set()).update(held.targets)
            return
        self._left.add(attribute)
        for target, now in held.targets.items():
            self._working.hold(self._row(attribute, target), now=now)

    def close(self) -> None:
        """Hold what was noted, and release what was held before and is not among it."""
        stored = self._working.held_attributes(self._owner, inbound=self._inbound)
        before = {name for connector, name in stored if connector == self._connector} - self._left
        if before:
            for row in self._working.held_by(self._owner, inbound=self._inbound):
                if row.connector == self._connector and row.attribute in before:
                    if row.target in self._whole.get(row.attribute, ()):
                        self._whole[row.attribute].discard(row.target)
                    else:
                        self._working.hold(row, now=False)
        for attribute, targets in self._whole.items():
            for target in targets:
                self._working.hold(self._row(attribute, target), now=True)

    def _row(self, attribute: str, target: int) -> HeldReference:
        return HeldReference(self._owner, attribute, target, self._connector, self._inbound)
