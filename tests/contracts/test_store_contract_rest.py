"""What every store promises of references that are due, and of metaverse objects at rest."""

from __future__ import annotations

from dataclasses import replace

from attrflow.model.changes import ChangeSet, Settled
from attrflow.model.connector_space import CSObject, Link, StoredError
from attrflow.model.delta import Delta
from attrflow.model.metaverse import DueReference
from attrflow.ports.store import Store

from .store_objects import person, put, remove, user

REST = Settled("p1", ("connector-no-flow", "aad:connector-no-flow"))
DUE = DueReference(20, 1, "ad", inbound=True, before=21)
LINK = Link(20, "join-rules", None, 1)


def resting(store: Store) -> Store:
    """Two linked objects whose metaverse object was settled, and a loose one."""
    linked = (user(1, "a", link=LINK), user(2, "b", connector="aad", link=LINK))
    put(store, *linked, user(3, "c"), person(20, mail=("m",)), person(21))
    store.commit(ChangeSet(settled={20: REST}))
    return store


def at_rest(store: Store, program: str = "p1") -> dict[int, tuple[str, ...]]:
    """What of the three objects is at rest."""
    return dict(store.at_rest((1, 2, 3, 4), program))


def known(store: Store, id_: int) -> CSObject:
    """The stored object."""
    cso = store.cs(id_)
    assert cso is not None
    return cso


def test_what_is_due_comes_and_goes(store: Store) -> None:
    put(store, person(20), person(21))
    others = (
        replace(DUE, before=None),
        replace(DUE, dropped=True),
        replace(DUE, inbound=False),
        replace(DUE, owner=21),
    )
    store.commit(ChangeSet(due=dict.fromkeys((DUE, *others), True)))
    assert set(store.due_by(20)) == {DUE, *others[:3]}
    assert store.mv_retry_ids() == (20, 21)
    assert store.mv_retry_ids(after=20) == (21,)
    store.commit(ChangeSet(due={DUE: False, others[1]: False, others[3]: False}))
    assert set(store.due_by(20)) == {others[0], others[2]}
    assert store.mv_retry_ids() == (20,)


def test_a_deleted_owner_owes_nothing(store: Store) -> None:
    put(store, person(20))
    store.commit(ChangeSet(due={DUE: True}))
    remove(store, mv=(20,))
    assert store.due_by(20) == ()
    assert store.mv_retry_ids() == ()


def test_links_and_counterparts_are_told_without_the_objects(store: Store) -> None:
    resting(store)
    put(store, user(4, "d", connector="aad", link=LINK))
    assert dict(store.links_of((1, 2, 3, 99))) == {1: 20, 2: 20}
    assert dict(store.counterparts((20, 21, 99), "aad")) == {20: 2}
    assert dict(store.counterparts((20,), "nowhere")) == {}


def test_an_object_rests_while_nothing_is_written(store: Store) -> None:
    resting(store)
    assert at_rest(store) == {1: REST.counters, 2: REST.counters}
    assert at_rest(store, "p2") == {}


def test_a_settled_object_rests_in_the_state_of_its_own_commit(store: Store) -> None:
    resting(store)
    changed = replace(known(store, 1), applied_rules=("inbound/join/r",))
    store.commit(ChangeSet({1: changed}, {20: person(20, mail=("n",))}, settled={20: REST}))
    assert sorted(at_rest(store)) == [1, 2]


def test_whoever_writes_something_around_it_ends_the_rest(store: Store) -> None:
    for id_, change in ((1, {"dn": "CN=x,DC=a"}), (2, {"unapplied": Delta("update", new_dn="CN=y")})):
        resting(store)
        put(store, replace(known(store, id_), **change))
        assert at_rest(store) == {}
        store.commit(ChangeSet(settled={20: REST}))
        assert sorted(at_rest(store)) == [1, 2]
    put(store, person(20, mail=("other",)))
    assert at_rest(store) == {}


def test_a_new_link_or_one_that_is_gone_ends_the_rest(store: Store) -> None:
    resting(store)
    put(store, user(4, "d", connector="hr", link=LINK))
    assert at_rest(store) == {}
    store.commit(ChangeSet(settled={20: REST}))
    put(store, replace(known(store, 2), link=None))
    assert at_rest(store) == {}


def test_what_is_pending_failed_due_or_to_be_tried_again_does_not_rest(store: Store) -> None:
    failed = StoredError("unexpected-error", "import-flow", "", "2026-01-01", "2026-01-01")
    for change in ({"pending_import": Delta("update", new_dn="CN=z")}, {"import_error": failed}):
        resting(store)
        put(store, replace(known(store, 1), **change))
        store.commit(ChangeSet(settled={20: REST}))
        assert sorted(at_rest(store)) == [2], "the other one is not concerned"
        put(store, replace(known(store, 1), pending_import=None, import_error=None))
    store.commit(ChangeSet(settled={20: REST}, due={DUE: True}))
    assert at_rest(store) == {}
    store.commit(ChangeSet(due={DUE: False}))
    assert sorted(at_rest(store)) == [1, 2]
    store.commit(ChangeSet({}, {20: replace(person(20), retry=frozenset({"export"}))}, settled={20: REST}))
    assert at_rest(store) == {}


def test_a_deleted_metaverse_object_does_not_rest(store: Store) -> None:
    resting(store)
    put(store, replace(known(store, 1), link=None), replace(known(store, 2), link=None))
    remove(store, mv=(20,))
    assert at_rest(store) == {}
