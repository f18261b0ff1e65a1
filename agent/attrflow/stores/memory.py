"""The store in memory, for cases, previews and tests: dictionaries over the model's frozen objects.

Same contract as the store on disk (tests/contracts); nothing survives the process. Objects are shared,
never copied: they are frozen, so a reader keeps what it has read.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from operator import is_

from attrflow.model.changes import ChangeSet, Settled, StepProgress, Watermark
from attrflow.model.connector_space import CSObject
from attrflow.model.errors import StoreError
from attrflow.model.metaverse import DueReference, HeldReference, MVObject
from attrflow.model.references import ReferenceSet
from attrflow.ports.store import Tombstone
from attrflow.ports.view import Reads
from attrflow.stores.bulk import CSValue, MVValue
from attrflow.stores.claims import conflict
from attrflow.stores.keys import cs_join_keys, mv_join_keys
from attrflow.stores.lock import Holder, this_process
from attrflow.stores.memory_keeping import MemoryKeeping
from attrflow.stores.memory_references import DueReferences, HeldReferences, Referrers
from attrflow.stores.memory_search import MemorySearch
from attrflow.stores.prefetch import PrefetchedView
from attrflow.stores.shown import cs_tombstone, mv_tombstone, tombstone_texts

__all__ = ["MemoryStore"]

JoinPlace = tuple[str | None, str, str]
"""(connector, or None for the metaverse; attribute and value, both folded)."""


class MemoryStore(MemoryKeeping, MemorySearch):
    """A `ports.store.Store` that forgets everything when it goes."""

    def __init__(self) -> None:
        MemoryKeeping.__init__(self)
        MemorySearch.__init__(self)
        self._highest_id = 0
        self._anchors: dict[tuple[str, str], int] = {}
        self._dn_keys: dict[str, dict[str, int]] = {}
        self._sorted_dn_keys: dict[str, list[str]] = {}
        self._joined: dict[JoinPlace, set[int]] = {}
        self._cs_join_attributes: dict[str, frozenset[str]] = {}
        self._mv_join_attributes: frozenset[str] = frozenset()
        self._referrers = Referrers()
        self._held = HeldReferences()
        self._due = DueReferences()
        self._settled: dict[int, tuple[Settled, tuple[CSObject | MVObject | None, ...]]] = {}
        self._holder: Holder | None = None

    # -- view ------------------------------------------------------------------------------------

    def cs(self, id_: int) -> CSObject | None:
        return self._cs.get(id_)

    def cs_by_anchor(self, connector: str, anchor: str) -> CSObject | None:
        id_ = self._anchors.get((connector, anchor))
        return None if id_ is None else self._cs[id_]

    def cs_by_dn(self, connector: str, dn_key: str) -> CSObject | None:
        id_ = self._dn_keys.get(connector, {}).get(dn_key)
        return None if id_ is None else self._cs[id_]

    def cs_by_value(self, connector: str, object_type: str | None, attribute: str, folded: str) -> tuple[int, ...]:
        name = attribute.casefold()
        assert name in self._cs_join_attributes.get(connector, ()), f"{attribute} is no join attribute"
        found = self._joined.get((connector, name, folded), ())
        return tuple(sorted(i for i in found if object_type in (None, self._cs[i].object_type)))

    def mv(self, id_: int) -> MVObject | None:
        return self._mv.get(id_)

    def mv_by_value(self, object_type: str | None, attribute: str, folded: str) -> tuple[int, ...]:
        name = attribute.casefold()
        assert name in self._mv_join_attributes, f"{attribute} is no join attribute of the metaverse"
        found = self._joined.get((None, name, folded), ())
        return tuple(sorted(i for i in found if object_type in (None, self._mv[i].object_type)))

    def linked(self, mv_id: int) -> tuple[int, ...]:
        return tuple(sorted(self._links.get(mv_id, ())))

    def cs_referrers(self, target: int) -> tuple[int, ...]:
        return tuple(i for i in self._referrers.of(target) if i in self._cs)

    def mv_referrers(self, target: int) -> tuple[int, ...]:
        return tuple(i for i in self._referrers.of(target) if i in self._mv)

    def held_by(self, owner: int, *, inbound: bool | None = None) -> tuple[HeldReference, ...]:
        return self._held.by(owner, inbound)

    def held_for(self, target: int, *, inbound: bool) -> tuple[HeldReference, ...]:
        return self._held.for_(target, inbound)

    def held_attributes(self, owner: int, *, inbound: bool) -> frozenset[tuple[str, str]]:
        return frozenset((row.connector, row.attribute) for row in self._held.by(owner, inbound))

    def due_by(self, owner: int) -> tuple[DueReference, ...]:
        return self._due.by(owner)

    def links_of(self, cs_ids: Collection[int]) -> Mapping[int, int]:
        return {
            id_: cso.link.mv_id for id_ in cs_ids if (cso := self._cs.get(id_)) is not None and cso.link is not None
        }

    def counterparts(self, mv_ids: Collection[int], connector: str) -> Mapping[int, int]:
        found = self.counterparts_many(mv_ids)
        return {mv_id: there[connector] for mv_id, there in found.items() if connector in there}

    def descendants(self, connector: str, dn_key: str) -> Iterator[CSObject]:
        keys = self._sorted_dn_keys.get(connector, [])
        start = bisect_right(keys, dn_key)
        below = []
        for key in keys[start:]:
            if not key.startswith(dn_key):
                break
            below.append(self._dn_keys[connector][key])
        return iter([self._cs[id_] for id_ in below])

    # -- many keys at once -----------------------------------------------------------------------

    def prefetch(self, reads: Reads) -> PrefetchedView:
        view = PrefetchedView(self)
        view.announce(reads)
        return view

    @contextmanager
    def reading(self) -> Iterator[None]:
        yield

    def cs_many(self, ids: Collection[int]) -> Mapping[int, CSObject]:
        return {id_: self._cs[id_] for id_ in ids if id_ in self._cs}

    def cs_at_anchors(self, pairs: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], CSObject]:
        return {pair: found for pair in pairs if (found := self.cs_by_anchor(*pair)) is not None}

    def cs_at_dn_keys(self, pairs: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], CSObject]:
        return {pair: found for pair in pairs if (found := self.cs_by_dn(*pair)) is not None}

    def cs_at_values(self, keys: Collection[CSValue]) -> Mapping[CSValue, tuple[int, ...]]:
        return {key: self.cs_by_value(*key) for key in keys}

    def mv_at_values(self, keys: Collection[MVValue]) -> Mapping[MVValue, tuple[int, ...]]:
        return {key: self.mv_by_value(*key) for key in keys}

    def mv_many(self, ids: Collection[int]) -> Mapping[int, MVObject]:
        return {id_: self._mv[id_] for id_ in ids if id_ in self._mv}

    def linked_many(self, mv_ids: Collection[int]) -> Mapping[int, tuple[int, ...]]:
        return {id_: self.linked(id_) for id_ in mv_ids}

    def held_by_many(self, owners: Collection[int]) -> Mapping[int, list[HeldReference]]:
        return {id_: list(self.held_by(id_)) for id_ in owners}

    def held_for_many(self, targets: Collection[int], *, inbound: bool) -> Mapping[int, list[HeldReference]]:
        return {id_: list(self.held_for(id_, inbound=inbound)) for id_ in targets}

    def held_attributes_many(self, owners: Collection[int]) -> Mapping[tuple[int, bool], frozenset[tuple[str, str]]]:
        keys = [(owner, inbound) for owner in owners for inbound in (True, False)]
        return {(owner, inbound): self.held_attributes(owner, inbound=inbound) for owner, inbound in keys}

    def due_by_many(self, owners: Collection[int]) -> Mapping[int, list[DueReference]]:
        return {owner: list(self.due_by(owner)) for owner in owners}

    def counterparts_many(self, mv_ids: Collection[int]) -> Mapping[int, Mapping[str, int]]:
        linked = {mv_id: [self._cs[id_] for id_ in reversed(self.linked(mv_id))] for mv_id in mv_ids}
        return {mv_id: {cso.connector: cso.id for cso in objects} for mv_id, objects in linked.items()}

    def fill(self, sets: Iterable[ReferenceSet]) -> None:
        """All sets are in memory."""

    def referrers_many(self, targets: Collection[int], *, mv: bool) -> Mapping[int, tuple[int, ...]]:
        return {id_: self.mv_referrers(id_) if mv else self.cs_referrers(id_) for id_ in targets}

    # -- writing ---------------------------------------------------------------------------------

    def commit(
        self, changes: ChangeSet, *, progress: StepProgress | None = None, watermark: Watermark | None = None
    ) -> None:
        self._refuse(changes, progress)
        run = 0 if progress is None else progress.run
        for id_, cso in changes.cs_objects.items():
            self._forget_cs(id_, run if cso is None else None)
        for id_, mvo in changes.mv_objects.items():
            self._put_mv(id_, mvo, run)
        for cso in changes.cs_objects.values():
            if cso is not None:
                self._put_cs(cso)
        gone = [id_ for id_, new in (*changes.cs_objects.items(), *changes.mv_objects.items()) if new is None]
        self._held.write(changes.held, gone)
        self._due.write(changes.due, gone)
        for id_ in gone:
            self._settled.pop(id_, None)
        for mv_id, settled in changes.settled.items():
            self._settled[mv_id] = (settled, self._around(mv_id))
        self._highest_id = max([self._highest_id, *changes.cs_objects, *changes.mv_objects])
        if progress is not None:
            self._write_progress(progress)
        if watermark is not None:
            self._watermarks[(watermark.connector, watermark.partition)] = watermark

    def _refuse(self, changes: ChangeSet, progress: StepProgress | None) -> None:
        """Everything that can be wrong is found before anything is written, so a commit is all or nothing."""
        if (sentence := conflict(self, changes)) is not None:
            raise StoreError(sentence, help="nothing of this batch was stored")
        for id_, new in (*changes.cs_objects.items(), *changes.mv_objects.items()):
            if new is not None and id_ in self._graves:
                raise StoreError(f"the id {id_} belonged to a deleted object and cannot be used again")
        if progress is not None:
            self._check_run(progress.run)

    def _forget_cs(self, id_: int, deleted_by: int | None) -> None:
        """Take an object out of all indexes; with a run in `deleted_by`, bury it."""
        cso = self._cs.pop(id_, None)
        if cso is None:
            return
        if cso.anchor is not None:
            del self._anchors[(cso.connector, cso.anchor)]
        if not cso.transient:
            del self._dn_keys[cso.connector][cso.dn_key]
            keys = self._sorted_dn_keys[cso.connector]
            del keys[bisect_left(keys, cso.dn_key)]
        if cso.link is not None:
            self._links[cso.link.mv_id].discard(id_)
        self._unjoin(cso.connector, id_, cs_join_keys(cso, self._cs_join_attributes.get(cso.connector, ())))
        if deleted_by is not None:
            self._referrers.replace(id_, None)
            grave = cs_tombstone(cso, deleted_by)
            self._graves[id_] = (grave, tombstone_texts(cso, grave.name))

    def _put_cs(self, cso: CSObject) -> None:
        self._cs[cso.id] = cso
        if cso.anchor is not None:
            self._anchors[(cso.connector, cso.anchor)] = cso.id
        if not cso.transient:
            self._dn_keys.setdefault(cso.connector, {})[cso.dn_key] = cso.id
            insort(self._sorted_dn_keys.setdefault(cso.connector, []), cso.dn_key)
        if cso.link is not None:
            self._links.setdefault(cso.link.mv_id, set()).add(cso.id)
        self._join(cso.connector, cso.id, cs_join_keys(cso, self._cs_join_attributes.get(cso.connector, ())))
        self._referrers.replace(cso.id, cso)

    def _put_mv(self, id_: int, mvo: MVObject | None, run: int) -> None:
        old = self._mv.pop(id_, None)
        if old is not None:
            self._unjoin(None, id_, mv_join_keys(old, self._mv_join_attributes))
        if mvo is not None:
            assert mvo.id == id_, f"the object {mvo.id} is filed under {id_}"
            self._mv[id_] = mvo
            self._join(None, id_, mv_join_keys(mvo, self._mv_join_attributes))
        elif old is not None:
            grave = mv_tombstone(old, run)
            self._graves[id_] = (grave, tombstone_texts(old, grave.name))
        self._referrers.replace(id_, mvo)

    def _join(self, connector: str | None, id_: int, keys: Collection[tuple[str, str]]) -> None:
        for key in keys:
            self._joined.setdefault((connector, *key), set()).add(id_)

    def _unjoin(self, connector: str | None, id_: int, keys: Collection[tuple[str, str]]) -> None:
        for key in keys:
            self._joined[(connector, *key)].discard(id_)

    @contextmanager
    def writer(self, purpose: str) -> Iterator[None]:
        if self._holder is not None:
            raise self._holder.refusal("in memory")
        self._holder = this_process(purpose)
        try:
            yield
        finally:
            self._holder = None

    def close(self) -> None:
        """Nothing to release: the memory goes with the object."""

    def set_join_attributes(self, cs: Mapping[str, Collection[str]], mv: Collection[str]) -> None:
        self._cs_join_attributes = {
            connector: frozenset(name.casefold() for name in names) for connector, names in cs.items()
        }
        self._mv_join_attributes = frozenset(name.casefold() for name in mv)
        self._joined.clear()
        for cso in self._cs.values():
            names = self._cs_join_attributes.get(cso.connector, frozenset())
            self._join(cso.connector, cso.id, cs_join_keys(cso, names))
        for mvo in self._mv.values():
            self._join(None, mvo.id, mv_join_keys(mvo, self._mv_join_attributes))

    def highest_id(self) -> int:
        return self._highest_id

    # -- what a run walks over -------------------------------------------------------------------

    def cs_ids(
        self,
        connector: str,
        partition: str | None = None,
        *,
        after: int = 0,
        limit: int = 500,
        pending_only: bool = False,
    ) -> tuple[int, ...]:
        def fits(cso: CSObject) -> bool:
            pending = cso.pending_import is not None or cso.import_error is not None
            return cso.kind == "staging" and (pending or not pending_only)

        return self._walk(connector, partition, after, limit, fits)

    def count_cs(self, connector: str, partition: str | None = None, *, pending_only: bool = False) -> int:
        return len(self.cs_ids(connector, partition, limit=len(self._cs), pending_only=pending_only))

    def mv_retry_ids(self, *, after: int = 0, limit: int = 500) -> tuple[int, ...]:
        waiting = {i for i, mvo in self._mv.items() if mvo.retry} | self._due.owners
        return tuple(sorted(i for i in waiting if i > after)[:limit])

    def at_rest(self, cs_ids: Collection[int], program: str) -> Mapping[int, tuple[str, ...]]:
        found = {}
        for cs_id in cs_ids:
            cso = self._cs.get(cs_id)
            if cso is None or cso.link is None or cso.pending_import is not None or cso.import_error is not None:
                continue
            mvo, known = self._mv.get(cso.link.mv_id), self._settled.get(cso.link.mv_id)
            if mvo is None or known is None or mvo.retry or self._due.by(mvo.id):
                continue
            settled, then = known
            now = self._around(mvo.id)
            if settled.program == program and len(now) == len(then) and all(map(is_, now, then)):
                found[cs_id] = settled.counters
        return found

    def _around(self, mv_id: int) -> tuple[CSObject | MVObject | None, ...]:
        """A metaverse object and all that is linked to it; frozen, so that the same objects are the same state."""
        return (self._mv.get(mv_id), *(self._cs[id_] for id_ in self.linked(mv_id)))

    def cs_unseen(
        self, connector: str, partition: str, seen: Collection[int], *, after: int = 0, limit: int = 500
    ) -> tuple[int, ...]:
        def fits(cso: CSObject) -> bool:
            known = any(layer is not None for layer in (cso.image, cso.pending_import, cso.unconfirmed))
            return cso.kind == "staging" and known and cso.id not in seen

        return self._walk(connector, partition, after, limit, fits)

    def pending_exports(
        self, connector: str, partition: str | None = None, *, after: int = 0, limit: int = 500
    ) -> tuple[int, ...]:
        return self._walk(connector, partition, after, limit, lambda cso: cso.unapplied is not None)

    def pending_export_counts(self, connector: str, partition: str | None = None) -> Mapping[str, int]:
        return Counter(
            cso.unapplied.operation
            for cso in self._cs.values()
            if cso.connector == connector and partition in (None, cso.partition) and cso.unapplied is not None
        )

    def escrowed(self, connector: str) -> tuple[int, ...]:
        return self._walk(connector, None, 0, len(self._cs), lambda cso: cso.escrowed is not None)

    def _walk(
        self, connector: str, partition: str | None, after: int, limit: int, fits: Callable[[CSObject], bool]
    ) -> tuple[int, ...]:
        fitting = (
            cso.id
            for cso in self._cs.values()
            if cso.id > after and cso.connector == connector and partition in (None, cso.partition) and fits(cso)
        )
        return tuple(sorted(fitting)[:limit])

    def tombstones(self, text: str, *, limit: int = 20) -> tuple[Tombstone, ...]:
        part = text.strip().casefold()
        newest_first = reversed(self._graves.values())
        return tuple([grave for grave, texts in newest_first if part in texts][:limit])
