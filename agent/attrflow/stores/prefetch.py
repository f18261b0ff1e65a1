"""A batch's view: what was named is at hand, the rest falls through to the store and is counted.

Shared by all stores: each answers `Bulk`, the same questions as `View` for many keys at once. Negative
answers are at hand too: a name that was asked for and does not exist costs nothing later. The view is
of the moment it was made; a later commit is seen only through what falls through.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TypeVar

from attrflow.model.connector_space import CSObject
from attrflow.model.metaverse import DueReference, HeldReference, MVObject
from attrflow.ports.view import Reads, View
from attrflow.stores.bulk import Bulk, Pair

__all__ = ["PrefetchedView", "prefetched"]

SMALL = 32
"""References up to which a set is read with its owner."""


class PrefetchedView:
    """Dictionaries over a view; `misses` counts the questions that nobody had announced."""

    def __init__(self, below: View) -> None:
        self.misses = 0
        self._below = below
        self._cs: dict[int, CSObject | None] = {}
        self._anchors: dict[Pair, int | None] = {}
        self._dn_keys: dict[Pair, int | None] = {}
        self._mv: dict[int, MVObject | None] = {}
        self._linked: dict[int, tuple[int, ...]] = {}
        self._cs_values: dict[tuple[str, str | None, str, str], tuple[int, ...]] = {}
        self._mv_values: dict[tuple[str | None, str, str], tuple[int, ...]] = {}
        self._held_by: dict[int, tuple[HeldReference, ...]] = {}
        self._held_for: dict[tuple[int, bool], tuple[HeldReference, ...]] = {}
        self._cs_referrers: dict[int, tuple[int, ...]] = {}
        self._mv_referrers: dict[int, tuple[int, ...]] = {}
        self._held_attributes: dict[tuple[int, bool], frozenset[Pair]] = {}
        self._due_by: dict[int, tuple[DueReference, ...]] = {}
        self._links: dict[int, int | None] = {}
        self._counterparts: dict[int, Mapping[str, int]] = {}
        self._highest: int | None = None

    def _is_new(self, id_: int) -> bool:
        """Whether the store cannot know the id: it was given out after the view was made."""
        return self._highest is not None and id_ > self._highest

    def cs(self, id_: int) -> CSObject | None:
        if id_ not in self._cs:
            if self._is_new(id_):
                return None
            self.misses += 1
            self._keep_cs(self._below.cs(id_), id_)
        return self._cs[id_]

    def cs_by_anchor(self, connector: str, anchor: str) -> CSObject | None:
        key = (connector, anchor)
        if key not in self._anchors:
            self.misses += 1
            found = self._below.cs_by_anchor(connector, anchor)
            self._anchors[key] = self._keep_cs(found)
        id_ = self._anchors[key]
        return None if id_ is None else self._cs[id_]

    def cs_by_dn(self, connector: str, dn_key: str) -> CSObject | None:
        key = (connector, dn_key)
        if key not in self._dn_keys:
            self.misses += 1
            found = self._below.cs_by_dn(connector, dn_key)
            self._dn_keys[key] = self._keep_cs(found)
        id_ = self._dn_keys[key]
        return None if id_ is None else self._cs[id_]

    def cs_by_value(self, connector: str, object_type: str | None, attribute: str, folded: str) -> tuple[int, ...]:
        key = (connector, object_type, attribute, folded)
        if key not in self._cs_values:
            self.misses += 1
            self._cs_values[key] = self._below.cs_by_value(*key)
        return self._cs_values[key]

    def mv(self, id_: int) -> MVObject | None:
        if id_ not in self._mv:
            if self._is_new(id_):
                return None
            self.misses += 1
            self._mv[id_] = self._below.mv(id_)
        return self._mv[id_]

    def mv_by_value(self, object_type: str | None, attribute: str, folded: str) -> tuple[int, ...]:
        key = (object_type, attribute, folded)
        if key not in self._mv_values:
            self.misses += 1
            self._mv_values[key] = self._below.mv_by_value(*key)
        return self._mv_values[key]

    def linked(self, mv_id: int) -> tuple[int, ...]:
        if mv_id not in self._linked:
            if self._is_new(mv_id):
                return ()
            self.misses += 1
            self._linked[mv_id] = self._below.linked(mv_id)
        return self._linked[mv_id]

    def cs_referrers(self, target: int) -> tuple[int, ...]:
        if target not in self._cs_referrers:
            if self._is_new(target):
                return ()
            self.misses += 1
            self._cs_referrers[target] = self._below.cs_referrers(target)
        return self._cs_referrers[target]

    def mv_referrers(self, target: int) -> tuple[int, ...]:
        if target not in self._mv_referrers:
            if self._is_new(target):
                return ()
            self.misses += 1
            self._mv_referrers[target] = self._below.mv_referrers(target)
        return self._mv_referrers[target]

    def held_by(self, owner: int, *, inbound: bool | None = None) -> tuple[HeldReference, ...]:
        if owner not in self._held_by:
            if self._is_new(owner):
                return ()
            self.misses += 1
            self._held_by[owner] = self._below.held_by(owner)
        return tuple(row for row in self._held_by[owner] if inbound in (None, row.inbound))

    def held_for(self, target: int, *, inbound: bool) -> tuple[HeldReference, ...]:
        key = (target, inbound)
        if key not in self._held_for:
            self.misses += 1
            self._held_for[key] = self._below.held_for(target, inbound=inbound)
        return self._held_for[key]

    def held_attributes(self, owner: int, *, inbound: bool) -> frozenset[Pair]:
        key = (owner, inbound)
        if key not in self._held_attributes:
            if self._is_new(owner):
                return frozenset()
            self.misses += 1
            self._held_attributes[key] = self._below.held_attributes(owner, inbound=inbound)
        return self._held_attributes[key]

    def due_by(self, owner: int) -> tuple[DueReference, ...]:
        if owner not in self._due_by:
            if self._is_new(owner):
                return ()
            self.misses += 1
            self._due_by[owner] = self._below.due_by(owner)
        return self._due_by[owner]

    def links_of(self, cs_ids: Collection[int]) -> Mapping[int, int]:
        found: dict[int, int] = {}
        unknown = []
        for id_ in cs_ids:
            if id_ in self._cs:
                cso = self._cs[id_]
                if cso is not None and cso.link is not None:
                    found[id_] = cso.link.mv_id
            elif id_ in self._links:
                if (mv_id := self._links[id_]) is not None:
                    found[id_] = mv_id
            elif not self._is_new(id_):
                unknown.append(id_)
        if unknown:
            self.misses += 1
            found.update(self._below.links_of(unknown))
        return found

    def counterparts(self, mv_ids: Collection[int], connector: str) -> Mapping[int, int]:
        found: dict[int, int] = {}
        unknown = []
        for mv_id in mv_ids:
            if mv_id in self._counterparts:
                if (cs_id := self._counterparts[mv_id].get(connector)) is not None:
                    found[mv_id] = cs_id
            elif not self._is_new(mv_id):
                unknown.append(mv_id)
        if unknown:
            self.misses += 1
            found.update(self._below.counterparts(unknown, connector))
        return found

    def descendants(self, connector: str, dn_key: str) -> Iterator[CSObject]:
        self.misses += 1
        return self._below.descendants(connector, dn_key)

    def _keep_cs(self, found: CSObject | None, asked: int | None = None) -> int | None:
        """File an object under its id and its names; `asked` without an object is known not to be there."""
        if found is None:
            if asked is not None:
                self._cs[asked] = None
            return None
        self._cs[found.id] = found
        if found.anchor is not None:
            self._anchors[(found.connector, found.anchor)] = found.id
        if not found.transient:
            self._dn_keys[(found.connector, found.dn_key)] = found.id
        return found.id

    def load(self, bulk: Bulk, reads: Reads) -> None:
        """Take in what `reads` names; the store does it inside one read transaction."""
        self._load_cs(bulk, reads.cs_ids)
        for anchor, found in _complete(bulk.cs_at_anchors(reads.anchors), reads.anchors):
            self._anchors[anchor] = self._keep_cs(found)
        for dn_key, found in _complete(bulk.cs_at_dn_keys(reads.dn_keys), reads.dn_keys):
            self._dn_keys[dn_key] = self._keep_cs(found)
        for cs_key in set(reads.cs_values):
            self._cs_values[cs_key] = bulk.cs_by_value(*cs_key)
        for mv_key in set(reads.mv_values):
            self._mv_values[mv_key] = bulk.mv_by_value(*mv_key)
        self._load_cs(bulk, [id_ for ids in self._cs_values.values() for id_ in ids])
        mv_ids = {*reads.mv_ids, *(id_ for ids in self._mv_values.values() for id_ in ids)}
        if reads.with_links:
            mv_ids |= {cso.link.mv_id for cso in self._cs.values() if cso is not None and cso.link}
        for id_, mvo in _complete(bulk.mv_many(mv_ids), mv_ids):
            self._mv[id_] = mvo
        if reads.with_links:
            for id_, linked in _complete(bulk.linked_many(mv_ids), mv_ids):
                self._linked[id_] = linked or ()
            self._load_cs(bulk, [id_ for ids in self._linked.values() for id_ in ids])
            self._load_references(bulk)
        self._load_beside(bulk, reads)
        self._highest = bulk.highest_id()

    def _load_cs(self, bulk: Bulk, ids: Collection[int]) -> None:
        wanted = {id_ for id_ in ids if id_ not in self._cs}
        for id_, cso in _complete(bulk.cs_many(wanted), wanted):
            self._keep_cs(cso, id_)

    def _load_references(self, bulk: Bulk) -> None:
        """The small reference sets of what is loaded, what is due by it, and what all these targets are linked to."""
        objects = [cso for cso in self._cs.values() if cso is not None]
        metaverse = [mvo for mvo in self._mv.values() if mvo is not None]
        due = bulk.due_by_many([mvo.id for mvo in metaverse])
        self._due_by = {mvo.id: tuple(due.get(mvo.id, ())) for mvo in metaverse}
        cs_sets = [
            held for cso in objects if cso.image for held in cso.image.references.values() if held.count <= SMALL
        ]
        mv_sets = [held.targets for mvo in metaverse for held in mvo.references.values() if held.targets.count <= SMALL]
        bulk.fill([*cs_sets, *mv_sets])
        targets = {id_ for held in cs_sets for id_ in held}
        targets.update(id_ for cso in objects for id_ in _shifted(cso))
        targets.update(one.target for owed in due.values() for one in owed if one.inbound)
        targets.update(one.before for owed in due.values() for one in owed if not one.inbound and one.before)
        self._links = dict.fromkeys(targets) | dict(bulk.links_of(targets))
        linked = {mv_id for mv_id in self._links.values() if mv_id is not None}
        linked.update(id_ for held in mv_sets for id_ in held)
        linked.update(one.target for owed in due.values() for one in owed if not one.inbound)
        linked.update(one.before for owed in due.values() for one in owed if one.inbound and one.before)
        self._counterparts = dict.fromkeys(linked, _NOWHERE) | dict(bulk.counterparts_many(linked))
        owners = [*(cso.id for cso in objects), *(mvo.id for mvo in metaverse)]
        held_now = bulk.held_attributes_many(owners)
        for owner in owners:
            for inbound in (True, False):
                self._held_attributes[owner, inbound] = held_now.get((owner, inbound), frozenset())

    def _load_beside(self, bulk: Bulk, reads: Reads) -> None:
        """Held references (for and by) and referrers of everything that is loaded by now."""
        if reads.with_held:
            for inbound, targets in ((True, self._cs.keys()), (False, self._mv.keys())):
                for id_, held in _complete(bulk.held_for_many(targets, inbound=inbound), targets):
                    self._held_for[(id_, inbound)] = tuple(held or ())
                for id_, held in _complete(bulk.held_by_many(targets), targets):
                    self._held_by[id_] = tuple(held or ())
        if reads.with_referrers:
            for id_, referrers in _complete(bulk.referrers_many(self._cs.keys(), mv=False), self._cs.keys()):
                self._cs_referrers[id_] = referrers or ()
            for id_, referrers in _complete(bulk.referrers_many(self._mv.keys(), mv=True), self._mv.keys()):
                self._mv_referrers[id_] = referrers or ()


_NOWHERE: Mapping[str, int] = {}


def _shifted(cso: CSObject) -> Iterator[int]:
    """The references that the pending import of an object adds and takes away."""
    if cso.pending_import is not None:
        for shift in cso.pending_import.references.values():
            yield from shift.added
            yield from shift.removed


K = TypeVar("K")
T = TypeVar("T")


def _complete(found: Mapping[K, T], asked: Collection[K]) -> list[tuple[K, T | None]]:
    return [(key, found.get(key)) for key in asked]


def prefetched(bulk: Bulk, reads: Reads) -> PrefetchedView:
    """The view of a batch that will read what `reads` names."""
    view = PrefetchedView(bulk)
    view.load(bulk, reads)
    return view
