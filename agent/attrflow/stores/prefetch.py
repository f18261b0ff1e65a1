"""A batch's view: what was named is at hand, the rest falls through to the store and is counted.

Shared by all stores: each answers `Bulk`, the same questions as `View` for many keys at once. Negative
answers are at hand too: a name that was asked for and does not exist costs nothing later. The view is
of the moment it was made; a later commit is seen only through what falls through.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Protocol, TypeVar

from attrflow.model.connector_space import CSObject
from attrflow.model.metaverse import HeldReference, MVObject
from attrflow.ports.view import Reads, View

__all__ = ["Bulk", "PrefetchedView", "prefetched"]

Pair = tuple[str, str]


class Bulk(View, Protocol):
    """What a store answers for many keys at once; what does not exist is left out of the answer."""

    def cs_many(self, ids: Collection[int]) -> Mapping[int, CSObject]:
        """The connector-space objects by id."""

    def cs_at_anchors(self, pairs: Collection[Pair]) -> Mapping[Pair, CSObject]:
        """The staging objects by (connector, anchor)."""

    def cs_at_dn_keys(self, pairs: Collection[Pair]) -> Mapping[Pair, CSObject]:
        """The objects by (connector, dn_key)."""

    def mv_many(self, ids: Collection[int]) -> Mapping[int, MVObject]:
        """The metaverse objects by id."""

    def linked_many(self, mv_ids: Collection[int]) -> Mapping[int, tuple[int, ...]]:
        """Ids of the linked connector-space objects by metaverse id, ascending."""

    def held_by_many(self, owners: Collection[int]) -> Mapping[int, list[HeldReference]]:
        """The held references by owner."""

    def held_for_many(self, targets: Collection[int], *, inbound: bool) -> Mapping[int, list[HeldReference]]:
        """The held references by target."""

    def referrers_many(self, targets: Collection[int], *, mv: bool) -> Mapping[int, tuple[int, ...]]:
        """Ids of the referring objects by target, ascending; of metaverse objects with `mv`."""


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

    def cs(self, id_: int) -> CSObject | None:
        if id_ not in self._cs:
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
            self.misses += 1
            self._linked[mv_id] = self._below.linked(mv_id)
        return self._linked[mv_id]

    def cs_referrers(self, target: int) -> tuple[int, ...]:
        if target not in self._cs_referrers:
            self.misses += 1
            self._cs_referrers[target] = self._below.cs_referrers(target)
        return self._cs_referrers[target]

    def mv_referrers(self, target: int) -> tuple[int, ...]:
        if target not in self._mv_referrers:
            self.misses += 1
            self._mv_referrers[target] = self._below.mv_referrers(target)
        return self._mv_referrers[target]

    def held_by(self, owner: int, *, inbound: bool | None = None) -> tuple[HeldReference, ...]:
        if owner not in self._held_by:
            self.misses += 1
            self._held_by[owner] = self._below.held_by(owner)
        return tuple(row for row in self._held_by[owner] if inbound in (None, row.inbound))

    def held_for(self, target: int, *, inbound: bool) -> tuple[HeldReference, ...]:
        key = (target, inbound)
        if key not in self._held_for:
            self.misses += 1
            self._held_for[key] = self._below.held_for(target, inbound=inbound)
        return self._held_for[key]

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
        self._load_beside(bulk, reads)

    def _load_cs(self, bulk: Bulk, ids: Collection[int]) -> None:
        wanted = {id_ for id_ in ids if id_ not in self._cs}
        for id_, cso in _complete(bulk.cs_many(wanted), wanted):
            self._keep_cs(cso, id_)

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


K = TypeVar("K")
T = TypeVar("T")


def _complete(found: Mapping[K, T], asked: Collection[K]) -> list[tuple[K, T | None]]:
    return [(key, found.get(key)) for key in asked]


def prefetched(bulk: Bulk, reads: Reads) -> PrefetchedView:
    """The view of a batch that will read what `reads` names."""
    view = PrefetchedView(bulk)
    view.load(bulk, reads)
    return view
