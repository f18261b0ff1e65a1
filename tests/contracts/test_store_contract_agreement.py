"""The store contract: whatever is committed in whatever order, all stores give the same answers.

The store in memory is so simple that it serves as the model of the others.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from attrflow.model.changes import ChangeSet
from attrflow.model.connector_space import CSObject, Link
from attrflow.model.delta import AttributeDelta, Delta, Image
from attrflow.model.errors import StoreError
from attrflow.model.metaverse import HeldReference, MVObject, MVReferences
from attrflow.model.provenance import Provenance
from attrflow.model.references import NO_REFERENCES, ReferenceDelta, ReferenceIds, ReferenceSet, edited
from attrflow.ports.store import CSFilter, Store
from attrflow.ports.view import Reads
from attrflow.stores.memory import MemoryStore
from attrflow.stores.sqlite import open_sqlite

from .store_objects import BASE, ORIGIN, comparable, person, user

CS_IDS, MV_IDS = range(1, 6), range(11, 15)
NAMES = ("anna", "Anna", "bo", "ceci%", "d_")


@dataclass(frozen=True)
class Members:
    """Members to store: these alone, or a change on top of what is stored."""

    ids: frozenset[int]
    removed: frozenset[int] | None


Batch = tuple[
    dict[int, tuple[CSObject, Members] | None], dict[int, tuple[MVObject, Members] | None], list[HeldReference]
]

ids = st.frozensets(st.integers(1, 15), max_size=6)
reference_members = st.builds(Members, ids, st.none() | ids)
deltas = st.none() | st.builds(
    lambda operation, values, added, removed: Delta(
        operation,
        {"mail": AttributeDelta("replace", tuple(values)) if values else AttributeDelta("delete")},
        {"member": ReferenceDelta(added - removed, removed)} if added or removed else {},
    ),
    st.sampled_from(["add", "update", "delete", "replace"]),
    st.lists(st.sampled_from(NAMES), max_size=2),
    ids,
    ids,
)
cs_objects = st.builds(
    user,
    st.just(0),
    st.sampled_from(NAMES),
    connector=st.sampled_from(["ad", "aad"]),
    anchor=st.none() | st.sampled_from("xyz"),
    transient=st.booleans(),
    image=st.none()
    | st.builds(
        lambda values: Image({"mail": tuple(values)}), st.lists(st.sampled_from(NAMES), min_size=1, max_size=2)
    ),
    pending_import=deltas,
    unapplied=deltas,
    link=st.none() | st.builds(lambda id_: Link(id_, "join-rules", None, 1), st.sampled_from(MV_IDS)),
)
mv_objects = st.builds(
    lambda name, retry: replace(person(0, mail=(name,)), retry=frozenset(retry)),
    st.sampled_from(NAMES),
    st.lists(st.sampled_from(["provisioning"]), max_size=1),
)
held_rows = st.builds(
    lambda owner, target: HeldReference(owner, "member", target, "ad", True),
    st.sampled_from(CS_IDS),
    st.sampled_from(CS_IDS),
)
batches = st.tuples(
    st.dictionaries(st.sampled_from(CS_IDS), st.none() | st.tuples(cs_objects, reference_members), max_size=3),
    st.dictionaries(st.sampled_from(MV_IDS), st.none() | st.tuples(mv_objects, reference_members), max_size=2),
    st.lists(held_rows, max_size=2),
)


def wanted_set(base: ReferenceSet, wanted: Members) -> ReferenceSet:
    """The set to commit: new ids, or an edit of the set that the store gave."""
    if wanted.removed is None:
        return ReferenceIds(wanted.ids)
    return edited(base, ReferenceDelta(wanted.ids - wanted.removed, wanted.removed))


def changes_for(store: Store, batch: Batch) -> ChangeSet:
    """The batch as a change set, with edits standing on the sets of just this store."""
    cs_wanted, mv_wanted, held = batch
    cs: dict[int, CSObject | None] = {}
    mv: dict[int, MVObject | None] = {}
    for id_, wanted_cs in cs_wanted.items():
        stored = store.cs(id_)
        cs[id_] = None if wanted_cs is None else replace(wanted_cs[0], id=id_)
        if wanted_cs is not None and wanted_cs[0].image is not None:
            base = stored.image.references.get("member", NO_REFERENCES) if stored and stored.image else NO_REFERENCES
            image = Image(wanted_cs[0].image.attributes, {"member": wanted_set(base, wanted_cs[1])})
            cs[id_] = replace(wanted_cs[0], id=id_, image=image)
    for id_, wanted_mv in mv_wanted.items():
        known = store.mv(id_)
        mv[id_] = None
        if wanted_mv is not None:
            targets = wanted_set(known.references["member"].targets if known else NO_REFERENCES, wanted_mv[1])
            references = {"member": MVReferences(targets, Provenance(ORIGIN, 1))}
            mv[id_] = replace(wanted_mv[0], id=id_, references=references)
    owners = {row.owner for row in held}
    released = {row: False for owner in owners for row in store.held_by(owner)}
    return ChangeSet(cs, mv, {**released, **dict.fromkeys(held, True)})


def answers(store: Store) -> list[object]:
    """Everything that can be asked about the few objects of this test."""
    view = store.prefetch(Reads(cs_ids=CS_IDS, with_links=True, with_held=True, with_referrers=True))
    everything: list[object] = [store.highest_id(), dict(store.counts()), store.mv_retry_ids()]
    for id_ in (*CS_IDS, *MV_IDS):
        for asked in (store, view):
            everything += [
                comparable(asked.cs(id_)),
                comparable(asked.mv(id_)),
                asked.linked(id_),
                asked.cs_referrers(id_),
                asked.mv_referrers(id_),
                asked.held_by(id_),
                asked.held_for(id_, inbound=True),
            ]
    for name in NAMES:
        everything += [store.mv_by_value(None, "mail", name.casefold()), [m.id for m in store.find_mv(name)]]
        for whole in (True, False):
            everything.append([c.id for c in store.find_cs(CSFilter(text=name, whole=whole))])
        everything.append([(t.id, t.document) for t in store.tombstones(name)])
    for connector in ("ad", "aad"):
        everything += [
            [c.id for c in store.descendants(connector, "")],
            [store.cs_by_value(connector, None, "mail", name.casefold()) for name in NAMES],
            [c and c.id for c in (store.cs_by_anchor(connector, a) for a in "xyz")],
            [c and c.id for c in (store.cs_by_dn(connector, user(1, name).dn_key) for name in NAMES)],
            store.cs_ids(connector, pending_only=True),
            store.cs_unseen(connector, BASE, {2}),
            store.pending_exports(connector),
            dict(store.pending_export_counts(connector)),
        ]
    return everything


def commit(store: Store, batch: Batch) -> bool:
    """Whether the store took the batch."""
    try:
        store.commit(changes_for(store, batch))
    except StoreError:
        return False
    return True


@settings(max_examples=60, deadline=None)
@given(st.lists(batches, min_size=1, max_size=6), st.integers(0, 5))
def test_all_stores_agree(history: list[Batch], told_after: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        memory, sqlite = MemoryStore(), open_sqlite(Path(folder) / "store.sqlite")
        stores: tuple[Store, Store] = (memory, sqlite)
        try:
            for number, batch in enumerate(history):
                if number == told_after:
                    for store in stores:
                        store.set_join_attributes({"ad": ["mail"], "aad": ["mail"]}, ["mail"])
                assert commit(memory, batch) == commit(sqlite, batch)
            for store in stores:
                store.set_join_attributes({"ad": ["mail"], "aad": ["mail"]}, ["mail"])
            assert answers(memory) == answers(sqlite)
        finally:
            sqlite.close()
