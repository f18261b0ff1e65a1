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
from attrflow.ports.view import Reads
from attrflow.stores.bulk import Bulk, CSValue, MVValue, Pair

__all__ = ["PrefetchedView"]

SMALL = 32
"""References up to which a set is read with its owner."""


class PrefetchedView:
    """Dictionaries over a store; `misses` counts the questions that nobody had announced."""

    def __init__(self, below: Bulk) -> None:
        self.misses = 0
        self._below = below
        self._cs: dict[int, CSObject | None] = {}
        self._anchors: dict[Pair, int | None] = {}
        self._dn_keys: dict[Pair, int | None] = {}
        self._mv: dict[int, MVObject | None] = {}
        self._linked: dict[int, tuple[int, ...]] = {}
        self._cs_values: dict[CSValue, tuple[int, ...]] = {}
        self._mv_values: dict[MVValue, tuple[int, ...]] = {}
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

    def announce(self, reads: Reads) -> None:
        """Take in what `reads` names, in one read transaction; what is at hand already is not asked for again."""
        with self._below.reading():
            cs_before, mv_before = set(self._cs), set(self._mv)
            self._load_objects(reads)
            cs_ids = [id_ for id_ in self._cs if id_ not in cs_before]
            mv_ids = [id_ for id_ in self._mv if id_ not in mv_before]
            if reads.with_links:
                self._load_references(cs_ids, mv_ids)
            if reads.with_held:
                self._load_held(cs_ids, mv_ids)
            if reads.with_referrers:
                self._load_referrers(cs_ids, mv_ids)
            if self._highest is None:
                self._highest = self._below.highest_id()

    def _load_objects(self, reads: Reads) -> None:
        below = self._below
        self._load_cs(reads.cs_ids)
        for anchor, found in _complete(below.cs_at_anchors(reads.anchors), reads.anchors):
            self._anchors[anchor] = self._keep_cs(found)
        for dn_key, found in _complete(below.cs_at_dn_keys(reads.dn_keys), reads.dn_keys):
            self._dn_keys[dn_key] = self._keep_cs(found)
        for cs_value, ids in _complete(below.cs_at_values(reads.cs_values), reads.cs_values):
            self._cs_values[cs_value] = ids or ()
        for mv_value, ids in _complete(below.mv_at_values(reads.mv_values), reads.mv_values):
            self._mv_values[mv_value] = ids or ()
        self._load_cs([id_ for key in reads.cs_values for id_ in self._cs_values[key]])
        mv_ids = {*reads.mv_ids, *(id_ for key in reads.mv_values for id_ in self._mv_values[key])}
        if reads.with_links:
            mv_ids |= {cso.link.mv_id for cso in self._cs.values() if cso is not None and cso.link}
        unknown = [id_ for id_ in mv_ids if id_ not in self._mv]
        for id_, mvo in _complete(below.mv_many(unknown), unknown):
            self._mv[id_] = mvo
        if reads.with_links:
            unknown = [id_ for id_ in mv_ids if id_ not in self._linked]
            for id_, linked in _complete(below.linked_many(unknown), unknown):
                self._linked[id_] = linked or ()
            self._load_cs([id_ for mv_id in unknown for id_ in self._linked[mv_id]])

    def _load_cs(self, ids: Collection[int]) -> None:
        wanted = {id_ for id_ in ids if id_ not in self._cs}
        for id_, cso in _complete(self._below.cs_many(wanted), wanted):
            self._keep_cs(cso, id_)

    def _load_references(self, cs_ids: Collection[int], mv_ids: Collection[int]) -> None:
        """The small reference sets of these objects, what is due by them, and what all these targets are linked to."""
        below = self._below
        objects = [cso for id_ in cs_ids if (cso := self._cs[id_]) is not None]
        metaverse = [mvo for id_ in mv_ids if (mvo := self._mv[id_]) is not None]
        due = below.due_by_many([mvo.id for mvo in metaverse])
        self._due_by.update({mvo.id: tuple(due.get(mvo.id, ())) for mvo in metaverse})
        cs_sets = [
            held for cso in objects if cso.image for held in cso.image.references.values() if held.count <= SMALL
        ]
        mv_sets = [held.targets for mvo in metaverse for held in mvo.references.values() if held.targets.count <= SMALL]
        below.fill([*cs_sets, *mv_sets])
        targets = {id_ for held in cs_sets for id_ in held}
        targets.update(id_ for cso in objects for id_ in _shifted(cso))
        targets.update(one.target for owed in due.values() for one in owed if one.inbound)
        targets.update(one.before for owed in due.values() for one in owed if not one.inbound and one.before)
        self._load_link_ids(targets)
        linked = {mv_id for id_ in targets if (mv_id := self._links[id_]) is not None}
        linked.update(id_ for held in mv_sets for id_ in held)
        linked.update(one.target for owed in due.values() for one in owed if not one.inbound)
        linked.update(one.before for owed in due.values() for one in owed if one.inbound and one.before)
        unknown = linked - self._counterparts.keys()
        self._counterparts |= dict.fromkeys(unknown, _NOWHERE) | dict(below.counterparts_many(unknown))
        owners = [*(cso.id for cso in objects), *(mvo.id for mvo in metaverse)]
        held_now = below.held_attributes_many(owners)
        for owner in owners:
            for inbound in (True, False):
                self._held_attributes[owner, inbound] = held_now.get((owner, inbound), frozenset())

    def _load_link_ids(self, cs_ids: Collection[int]) -> None:
        unknown = {id_ for id_ in cs_ids if id_ not in self._links}
        self._links |= dict.fromkeys(unknown) | dict(self._below.links_of(unknown))

    def _load_held(self, cs_ids: Collection[int], mv_ids: Collection[int]) -> None:
        """What is held for these objects and by them."""
        for inbound, ids in ((True, cs_ids), (False, mv_ids)):
            for id_, held in _complete(self._below.held_for_many(ids, inbound=inbound), ids):
                self._held_for[(id_, inbound)] = tuple(held or ())
            for id_, held in _complete(self._below.held_by_many(ids), ids):
                self._held_by[id_] = tuple(held or ())

    def _load_referrers(self, cs_ids: Collection[int], mv_ids: Collection[int]) -> None:
        """Who refers to these objects, and what referrers of unlinked ones are linked to: a new link concerns them."""
        for id_, referrers in _complete(self._below.referrers_many(cs_ids, mv=False), cs_ids):
            self._cs_referrers[id_] = referrers or ()
        for id_, referrers in _complete(self._below.referrers_many(mv_ids, mv=True), mv_ids):
            self._mv_referrers[id_] = referrers or ()
        unlinked = [cso.id for id_ in cs_ids if (cso := self._cs[id_]) is not None and cso.link is None]
        self._load_link_ids([one for id_ in unlinked for one in self._cs_referrers[id_] if one not in self._cs])


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
