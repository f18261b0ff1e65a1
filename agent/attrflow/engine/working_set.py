"""The working set: the only mutable thing in the core, a view over a view (DECISIONS 2).

It holds the changes made so far and shows them as if they were stored. One object's synchronization
works on a `fork`, which is absorbed when it succeeds and dropped when it fails, so that an object is
committed whole or not at all.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Iterator, Mapping

from attrflow.model.changes import ChangeSet, Settled
from attrflow.model.connector_space import CSObject, export_hologram
from attrflow.model.delta import Delta, Image
from attrflow.model.metaverse import DueReference, HeldReference, MVObject
from attrflow.model.references import EditedReferences, ReferenceIds, ReferenceSet
from attrflow.model.values import folded
from attrflow.ports.view import View

__all__ = ["JoinAttributes", "WorkingSet", "refers_to"]


class JoinAttributes:
    """Which attributes joins look up: by connector for connector spaces, and in the metaverse."""

    __slots__ = ("cs", "mv")

    def __init__(self, cs: dict[str, frozenset[str]] | None = None, mv: Collection[str] = ()) -> None:
        self.cs = cs or {}
        self.mv = frozenset(mv)


class WorkingSet:
    """Changes over a view. Reads fall through to the view for what was not changed here."""

    def __init__(self, base: View, joins: JoinAttributes) -> None:
        self._base = base
        self._joins = joins
        self._cs: dict[int, CSObject | None] = {}
        self._mv: dict[int, MVObject | None] = {}
        self._held: dict[HeldReference, bool] = {}
        self._held_by: dict[int, set[HeldReference]] = {}
        self._due: dict[DueReference, bool] = {}
        self._due_by: dict[int, set[DueReference]] = {}
        self._settled: dict[int, Settled] = {}
        self._by_anchor: dict[tuple[str, str], int] = {}
        self._by_dn: dict[tuple[str, str], int] = {}
        self._cs_keys: dict[tuple[str, str, str], set[int]] = {}
        self._cs_unkeyed: set[int] = set()
        self._mv_keys: dict[tuple[str, str], set[int]] = {}
        self._links: dict[int, set[int]] = {}
        self._cs_targets: dict[int, set[int]] = {}
        self._mv_targets: dict[int, set[int]] = {}

    # -- forks ------------------------------------------------------------------------------------

    def fork(self) -> WorkingSet:
        """A working set on top of this one, to be absorbed or dropped."""
        return WorkingSet(self, self._joins)

    def absorb(self, fork: WorkingSet) -> None:
        """Take over everything that a fork of this working set changed."""
        for cs_id, cso in fork._cs.items():
            self.put_cs(cs_id, cso)
        for mv_id, mvo in fork._mv.items():
            self.put_mv(mv_id, mvo)
        for held, now in fork._held.items():
            self.hold(held, now=now)
        for due, now in fork._due.items():
            self.owe(due, now=now)
        self._settled.update(fork._settled)

    def changes(self) -> ChangeSet:
        """Everything that was changed here."""
        gone = {id_ for id_, mvo in self._mv.items() if mvo is None}
        due = {one: now for one, now in self._due.items() if one.owner not in gone}
        return ChangeSet(dict(self._cs), dict(self._mv), dict(self._held), due, dict(self._settled))

    @property
    def changed_cs(self) -> tuple[int, ...]:
        """Ids of the connector-space objects that were put here."""
        return tuple(self._cs)

    @property
    def changed_mv(self) -> tuple[int, ...]:
        """Ids of the metaverse objects that were put here."""
        return tuple(self._mv)

    @property
    def stored(self) -> View:
        """The view at the bottom: the state before the batch."""
        return self._base.stored if isinstance(self._base, WorkingSet) else self._base

    # -- writing ----------------------------------------------------------------------------------

    def put_cs(self, id_: int, cso: CSObject | None) -> None:
        """Set the object's new state; None deletes it."""
        self._unsettle(self._cs.get(id_))
        self._unsettle(cso)
        self._cs[id_] = cso
        if cso is None:
            return
        if cso.anchor is not None:
            self._by_anchor[cso.connector, cso.anchor] = id_
        if not cso.transient:
            self._by_dn[cso.connector, cso.dn_key] = id_
        if cso.link is not None:
            self._links.setdefault(cso.link.mv_id, set()).add(id_)
        if self._joins.cs.get(cso.connector):
            self._cs_unkeyed.add(id_)
        for target in _targets_in_memory(cso):
            self._cs_targets.setdefault(target, set()).add(id_)

    def put_mv(self, id_: int, mvo: MVObject | None) -> None:
        """Set the object's new state; None deletes it."""
        self._settled.pop(id_, None)
        self._mv[id_] = mvo
        if mvo is None:
            return
        for name in self._joins.mv:
            if (attribute := mvo.attributes.get(name)) is not None:
                for value in attribute.values:
                    self._mv_keys.setdefault((name, folded(value)), set()).add(id_)
        for references in mvo.references.values():
            for target in _in_memory(references.targets):
                self._mv_targets.setdefault(target, set()).add(id_)

    def hold(self, reference: HeldReference, *, now: bool) -> None:
        """Hold a reference, or release it."""
        self._held[reference] = now
        self._held_by.setdefault(reference.owner, set()).add(reference)

    def release(self, owner: int, connector: str, *, inbound: bool) -> None:
        """Release everything that is held of an owner's references towards a connector."""
        if any(name == connector for name, _ in self.held_attributes(owner, inbound=inbound)):
            for reference in self.held_by(owner, inbound=inbound):
                if reference.connector == connector:
                    self.hold(reference, now=False)

    def owe(self, due: DueReference, *, now: bool = True) -> None:
        """Have a metaverse object flow a reference again, or (not `now`) call that done."""
        self._due[due] = now
        self._due_by.setdefault(due.owner, set()).add(due)

    def _unsettle(self, cso: CSObject | None) -> None:
        if self._settled and cso is not None and cso.link is not None:
            self._settled.pop(cso.link.mv_id, None)

    def settle(self, mv_id: int, settled: Settled) -> None:
        """Take note that the object is at rest in the state that it has when this working set is committed."""
        self._settled[mv_id] = settled

    # -- reading (the View protocol) --------------------------------------------------------------

    def cs(self, id_: int) -> CSObject | None:
        """The connector-space object, or None."""
        if id_ in self._cs:
            return self._cs[id_]
        return self._base.cs(id_)

    def mv(self, id_: int) -> MVObject | None:
        """The metaverse object, or None."""
        if id_ in self._mv:
            return self._mv[id_]
        return self._base.mv(id_)

    def cs_by_anchor(self, connector: str, anchor: str) -> CSObject | None:
        """The object with that anchor, or None."""
        if (id_ := self._by_anchor.get((connector, anchor))) is not None:
            here = self._cs[id_]
            if here is not None and here.anchor == anchor:
                return here
        below = self._base.cs_by_anchor(connector, anchor)
        return None if below is None or below.id in self._cs else below

    def cs_by_dn(self, connector: str, dn_key: str) -> CSObject | None:
        """The object with that dn_key, or None."""
        if (id_ := self._by_dn.get((connector, dn_key))) is not None:
            here = self._cs[id_]
            if here is not None and here.dn_key == dn_key and not here.transient:
                return here
        below = self._base.cs_by_dn(connector, dn_key)
        return None if below is None or below.id in self._cs else below

    def cs_by_value(
        self, connector: str, object_type: str | None, attribute: str, folded_value: str
    ) -> tuple[int, ...]:
        """Ids of objects that hold the folded value in a join attribute, ascending."""
        self._key()
        ids = {i for i in self._base.cs_by_value(connector, object_type, attribute, folded_value) if i not in self._cs}
        for id_ in self._cs_keys.get((connector, attribute, folded_value), ()):
            cso = self._cs[id_]
            if cso is None or (object_type is not None and cso.object_type != object_type):
                continue
            if any(folded(v) == folded_value for v in export_hologram(cso).attributes.get(attribute, ())):
                ids.add(id_)
        return tuple(sorted(ids))

    def _key(self) -> None:
        """File what was put here under the values that joins ask for: only now, since an object is put many times."""
        for id_ in self._cs_unkeyed:
            if (cso := self._cs[id_]) is not None:
                attributes = export_hologram(cso).attributes
                for name in self._joins.cs[cso.connector]:
                    for value in attributes.get(name, ()):
                        self._cs_keys.setdefault((cso.connector, name, folded(value)), set()).add(id_)
        self._cs_unkeyed.clear()

    def mv_by_value(self, object_type: str | None, attribute: str, folded_value: str) -> tuple[int, ...]:
        """Ids of metaverse objects that hold the folded value in a join attribute, ascending."""
        ids = {i for i in self._base.mv_by_value(object_type, attribute, folded_value) if i not in self._mv}
        for id_ in self._mv_keys.get((attribute, folded_value), ()):
            mvo = self._mv[id_]
            if mvo is None or (object_type is not None and mvo.object_type != object_type):
                continue
            here = mvo.attributes.get(attribute)
            if here is not None and any(folded(v) == folded_value for v in here.values):
                ids.add(id_)
        return tuple(sorted(ids))

    def linked(self, mv_id: int) -> tuple[int, ...]:
        """Ids of the connector-space objects linked to a metaverse object, ascending."""
        ids = {i for i in self._base.linked(mv_id) if i not in self._cs}
        for id_ in self._links.get(mv_id, ()):
            cso = self._cs[id_]
            if cso is not None and cso.link is not None and cso.link.mv_id == mv_id:
                ids.add(id_)
        return tuple(sorted(ids))

    def cs_referrers(self, target: int) -> tuple[int, ...]:
        """Ids of connector-space objects that refer to `target` in any layer, ascending."""
        ids = set()
        for id_ in self._base.cs_referrers(target):
            if id_ not in self._cs or ((cso := self._cs[id_]) is not None and refers_to(cso, target)):
                ids.add(id_)
        for id_ in self._cs_targets.get(target, ()):
            cso = self._cs[id_]
            if cso is not None and refers_to(cso, target):
                ids.add(id_)
        return tuple(sorted(ids))

    def mv_referrers(self, target: int) -> tuple[int, ...]:
        """Ids of metaverse objects that refer to `target`, ascending."""
        ids = set()
        for id_ in (*self._base.mv_referrers(target), *self._mv_targets.get(target, ())):
            if id_ not in self._mv or (
                (mvo := self._mv[id_]) is not None and any(target in r.targets for r in mvo.references.values())
            ):
                ids.add(id_)
        return tuple(sorted(ids))

    def held_by(self, owner: int, *, inbound: bool | None = None) -> tuple[HeldReference, ...]:
        """What is held of an owner's references; `inbound` None: in both directions."""
        below = [h for h in self._base.held_by(owner, inbound=inbound) if h not in self._held]
        here = [h for h in self._held_by.get(owner, ()) if self._held[h] and inbound in (None, h.inbound)]
        return (*below, *here)

    def held_attributes(self, owner: int, *, inbound: bool) -> frozenset[tuple[str, str]]:
        """The (connector, attribute) of which references may be held: also where all were released here."""
        below = self._base.held_attributes(owner, inbound=inbound)
        here = self._held_by.get(owner)
        if not here:
            return below
        return below | {(h.connector, h.attribute) for h in here if self._held[h] and h.inbound is inbound}

    def held_for(self, target: int, *, inbound: bool) -> tuple[HeldReference, ...]:
        """The references held for a target."""
        below = [h for h in self._base.held_for(target, inbound=inbound) if h not in self._held]
        here = [h for h, now in self._held.items() if now and h.target == target and h.inbound is inbound]
        return (*below, *here)

    def due_by(self, owner: int) -> tuple[DueReference, ...]:
        """What became of the targets of a metaverse object's references since it last flowed."""
        below = tuple(due for due in self._base.due_by(owner) if due not in self._due)
        here = self._due_by.get(owner)
        return (*below, *(due for due in here if self._due[due])) if here else below

    def links_of(self, cs_ids: Collection[int]) -> Mapping[int, int]:
        """The metaverse objects that connector-space objects are linked to; unlinked ones are left out."""
        below = [id_ for id_ in cs_ids if id_ not in self._cs]
        found = dict(self._base.links_of(below)) if below else {}
        if len(below) < len(cs_ids):
            for id_ in cs_ids:
                if (cso := self._cs.get(id_)) is not None and cso.link is not None:
                    found[id_] = cso.link.mv_id
        return found

    def counterparts(self, mv_ids: Collection[int], connector: str) -> Mapping[int, int]:
        """The connector's objects that metaverse objects are linked to; those without one are left out."""
        found: dict[int, int] = {}
        for mv_id, cs_id in self._base.counterparts(mv_ids, connector).items():
            if cs_id not in self._cs:
                found[mv_id] = cs_id
        for mv_id in self._links.keys() & set(mv_ids):
            here = [id_ for id_ in self._links[mv_id] if self._links_to(id_, mv_id, connector)]
            if mv_id in found:
                here.append(found[mv_id])
            if here:
                found[mv_id] = min(here)
        return found

    def _links_to(self, cs_id: int, mv_id: int, connector: str) -> bool:
        cso = self._cs[cs_id]
        return cso is not None and cso.connector == connector and cso.link is not None and cso.link.mv_id == mv_id

    def descendants(self, connector: str, dn_key: str) -> Iterator[CSObject]:
        """The objects below a DN, in dn_key order."""
        below = (c for c in self._base.descendants(connector, dn_key) if c.id not in self._cs)
        here = sorted(
            (
                c
                for c in self._cs.values()
                if c is not None and c.connector == connector and c.dn_key.startswith(dn_key) and c.dn_key != dn_key
            ),
            key=lambda c: c.dn_key,
        )
        return heapq.merge(below, here, key=lambda c: c.dn_key)


def refers_to(cso: CSObject, target: int) -> bool:
    """Whether any layer of the object's tower refers to `target`."""
    if cso.image is not None and any(target in refs for refs in cso.image.references.values()):
        return True
    return any(
        delta is not None and any(target in shift.added for shift in delta.references.values())
        for delta in _deltas(cso)
    )


def _deltas(cso: CSObject) -> tuple[Delta | None, ...]:
    return (cso.pending_import, cso.unconfirmed, cso.escrowed, cso.unapplied)


def _targets_in_memory(cso: CSObject) -> Iterator[int]:
    """Targets that the stored index may not know of yet: those of sets that were made or edited in memory."""
    image: Image | None = cso.image
    if image is not None:
        for references in image.references.values():
            yield from _in_memory(references)
    for delta in _deltas(cso):
        if delta is not None:
            for shift in delta.references.values():
                yield from shift.added


def _in_memory(references: ReferenceSet) -> Iterable[int]:
    if isinstance(references, EditedReferences):
        return (*references.delta.added, *_in_memory(references.base))
    return references.ids if isinstance(references, ReferenceIds) else ()
