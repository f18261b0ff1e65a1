"""The store contract: reference sets, who refers to whom, and references that are held."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from attrflow.model.changes import ChangeSet
from attrflow.model.connector_space import CSObject
from attrflow.model.delta import Delta, Image
from attrflow.model.errors import StoreError
from attrflow.model.metaverse import HeldReference, MVReferences
from attrflow.model.provenance import Provenance
from attrflow.model.references import ReferenceDelta, ReferenceIds, ReferenceSet, difference, edited
from attrflow.model.values import reference_digest
from attrflow.ports.store import Store

from .store_objects import ORIGIN, check_same, members, person, put, remove, user


def shift(added: tuple[int, ...] = (), removed: tuple[int, ...] = ()) -> ReferenceDelta:
    """A reference delta."""
    return ReferenceDelta(frozenset(added), frozenset(removed))


def member(store: Store, id_: int = 1) -> ReferenceSet:
    """The stored members of a connector-space group."""
    cso = store.cs(id_)
    assert cso is not None
    assert cso.image is not None
    return cso.image.references["member"]


def check_set(held: ReferenceSet, *ids: int) -> None:
    """The set holds just these ids, says so in every way, and gives them in ascending order from a store."""
    assert held.count == len(ids)
    assert held.digest == reference_digest(ids)
    assert frozenset(held) == frozenset(ids)
    assert all(id_ in held for id_ in ids)
    assert max(ids, default=0) + 1 not in held


def edit(store: Store, change: ReferenceDelta, id_: int = 1) -> CSObject:
    """The stored group with a change of its members on top of the stored set."""
    cso = store.cs(id_)
    assert cso is not None
    return replace(cso, image=Image({}, {"member": edited(member(store, id_), change)}))


def test_a_set_comes_back_with_its_count_and_digest(store: Store) -> None:
    put(store, user(1, image=members(5, 3, 900)))
    check_set(member(store), 3, 5, 900)


def test_an_edit_of_a_stored_set_is_stored(store: Store) -> None:
    put(store, user(1, image=members(*range(10, 200))))
    put(store, edit(store, shift((7, 10), (11, 12, 9999))))
    check_set(member(store), 7, 10, *range(13, 200))


def test_edits_of_edits_are_stored(store: Store) -> None:
    put(store, user(1, image=members(*range(10, 200))))
    once = edit(store, shift((7,), (10,)))
    assert once.image is not None
    twice = edited(once.image.references["member"], shift((10, 8), (7, 11)))
    put(store, replace(once, image=Image({}, {"member": twice})))
    check_set(member(store), 8, 10, *range(12, 200))


@pytest.mark.parametrize("after", [(), (5,), (3, 4, 5), (3, 4, 5, 6), (9,), tuple(range(100, 300))])
def test_a_set_that_knows_nothing_of_the_stored_one_replaces_it(store: Store, after: tuple[int, ...]) -> None:
    put(store, user(1, image=members(3, 4, 5)))
    put(store, user(1, image=members(*after)))
    check_set(member(store), *after)


def test_a_set_may_be_taken_from_another_object(store: Store) -> None:
    put(store, user(1, image=members(*range(10, 90))), user(2, image=members(5, 6)))
    mine = edited(member(store, 1), shift((99,), (10,)))
    put(store, user(2, image=Image({}, {"member": mine, "owner": member(store, 2)})))
    check_set(member(store, 2), *range(11, 90), 99)
    stored = store.cs(2)
    assert stored is not None
    assert stored.image is not None
    check_set(stored.image.references["owner"], 5, 6)


def test_two_objects_may_exchange_their_sets_in_one_batch(store: Store) -> None:
    put(store, user(1, image=members(10, 11)), user(2, image=members(20, 21, 22)))
    one, two = member(store, 1), member(store, 2)
    put(store, user(1, image=Image({}, {"member": two})), user(2, image=Image({}, {"member": one})))
    check_set(member(store, 1), 20, 21, 22)
    check_set(member(store, 2), 10, 11)


def test_an_attribute_that_is_not_there_any_more_is_gone(store: Store) -> None:
    put(store, user(1, image=members(3, 4)))
    put(store, user(1, image=Image()))
    stored = store.cs(1)
    assert stored is not None
    assert stored.image == Image()
    assert store.cs_referrers(3) == ()


def test_what_was_read_before_a_commit_never_shows_what_is_after_it(store: Store) -> None:
    put(store, user(1, image=members(*range(10, 90))))
    before, looked_at, gone = member(store), member(store), member(store)
    check_set(looked_at, *range(10, 90))
    put(store, edit(store, shift((7,), (10,))))
    for held in (before, looked_at):
        try:
            ids = frozenset(held)
        except StoreError as error:
            assert "have changed since" in error.message
        else:
            assert ids == frozenset(range(10, 90))
    check_set(looked_at, *range(10, 90))
    remove(store, cs=(1,))
    try:
        assert 10 in gone
    except StoreError as error:
        assert "have changed since" in error.message


def test_an_edit_of_what_is_not_stored_any_more_is_right_or_refused(store: Store) -> None:
    put(store, user(1, image=members(*range(10, 90))))
    late = edit(store, shift((8,), (11,)))
    put(store, edit(store, shift((7,), (10,))))
    try:
        put(store, late)
    except StoreError as error:
        assert "have changed since" in error.message
        check_set(member(store), 7, *range(11, 90))
    else:
        check_set(member(store), 8, 10, *range(12, 90))


def test_the_difference_of_two_stored_sets_is_right(store: Store) -> None:
    put(store, user(1, image=members(1, 2, 3)), user(2, image=members(2, 3, 4)))
    assert difference(member(store, 1), member(store, 2)) == shift((4,), (1,))


def test_deltas_keep_what_they_add_and_remove(store: Store) -> None:
    layers: dict[str, Any] = {
        "pending_import": Delta("update", {}, {"member": shift((5, 6), (7,)), "owner": shift((), (8,))}),
        "unapplied": Delta("add", {}, {"member": shift((9,))}),
    }
    cso = user(1, image=members(7, 8), **layers)
    put(store, cso)
    check_same(store.cs(1), cso)
    cso = user(1, image=members(7, 8), pending_import=Delta("update", {}, {"member": shift((7,), (5,))}))
    put(store, cso)
    check_same(store.cs(1), cso)
    assert [store.cs_referrers(id_) for id_ in range(5, 10)] == [(1,), (), (1,), (1,), ()]


def test_referrers_are_known_in_every_layer_and_both_directions_of_a_change(store: Store) -> None:
    put(
        store,
        user(1, image=members(50)),
        user(2, pending_import=Delta("update", {}, {"manager": shift((50,))})),
        user(3, unconfirmed=Delta("update", {}, {"member": shift((), (50,))})),
        user(4, image=Image({}, {"owner": ReferenceIds([50]), "member": ReferenceIds([50])}), connector="other"),
        user(5, image=members(51)),
        person(6, "group", ReferenceIds([50, 60])),
    )
    assert store.cs_referrers(50) == (1, 2, 3, 4)
    assert store.mv_referrers(50) == (6,)
    assert store.mv_referrers(51) == ()
    put(store, user(4, image=Image({}, {"owner": ReferenceIds([50])}), connector="other"))
    assert store.cs_referrers(50) == (1, 2, 3, 4)
    put(store, user(4, connector="other"))
    remove(store, cs=(1,), mv=(6,))
    assert store.cs_referrers(50) == (2, 3)
    assert store.mv_referrers(50) == ()


def test_metaverse_sets_are_edited_and_keep_their_contributors(store: Store) -> None:
    put(store, person(1, "group", ReferenceIds(range(10, 60))))
    stored = store.mv(1)
    assert stored is not None
    wanted = edited(stored.references["member"].targets, shift((7,), (10,)))
    put(store, replace(stored, references={"member": MVReferences(wanted, Provenance(ORIGIN, 2))}))
    after = store.mv(1)
    assert after is not None
    check_set(after.references["member"].targets, 7, *range(11, 60))
    assert after.references["member"].provenance == Provenance(ORIGIN, 2)


def held(
    owner: int, target: int, connector: str = "ad", attribute: str = "member", *, inbound: bool = True
) -> HeldReference:
    """A held reference."""
    return HeldReference(owner, attribute, target, connector, inbound)


def hold(store: Store, *rows: HeldReference, release: tuple[HeldReference, ...] = ()) -> None:
    """Commit what is held now, and what no more."""
    store.commit(ChangeSet(held={**dict.fromkeys(release, False), **dict.fromkeys(rows, True)}))


def test_held_references_are_known_by_owner_and_by_target(store: Store) -> None:
    inward = (held(1, 8), held(1, 9), held(2, 9, attribute="manager"))
    outward = (held(5, 9, inbound=False), held(5, 9, "aad", inbound=False))
    hold(store, *inward, *outward)
    assert store.held_for(9, inbound=True) == (inward[1], inward[2])
    assert store.held_for(9, inbound=False) == (outward[1], outward[0])
    assert store.held_by(1) == inward[:2]
    assert store.held_by(5, inbound=False) == (outward[1], outward[0])
    assert store.held_by(5, inbound=True) == ()
    assert store.held_by(9) == ()


def test_held_references_come_and_go_one_by_one(store: Store) -> None:
    hold(store, held(1, 8), held(1, 9), held(1, 9, "aad", inbound=False))
    hold(store, held(1, 7), release=(held(1, 8), held(1, 9), held(1, 6)))
    assert store.held_by(1) == (held(1, 7), held(1, 9, "aad", inbound=False))
    hold(store, held(1, 7), release=(held(1, 9, "aad", inbound=False),))
    assert store.held_by(1) == (held(1, 7),)
    assert store.held_for(9, inbound=False) == ()


def test_what_is_held_is_told_by_attribute_without_reading_it(store: Store) -> None:
    hold(store, held(1, 8), held(1, 9), held(1, 8, attribute="manager"), held(1, 9, "aad", inbound=False))
    assert store.held_attributes(1, inbound=True) == {("ad", "member"), ("ad", "manager")}
    assert store.held_attributes(1, inbound=False) == {("aad", "member")}
    hold(store, release=(held(1, 8), held(1, 9)))
    assert store.held_attributes(1, inbound=True) == {("ad", "manager")}
    assert store.held_attributes(8, inbound=True) == frozenset()


def test_a_deleted_object_holds_nothing(store: Store) -> None:
    put(store, user(1), user(2), person(5))
    hold(store, held(1, 2), held(5, 6, inbound=False))
    remove(store, cs=(1,), mv=(5,))
    assert store.held_for(2, inbound=True) == ()
    assert store.held_for(6, inbound=False) == ()
