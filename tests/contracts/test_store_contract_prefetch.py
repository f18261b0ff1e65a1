"""The store contract: a prefetched view has at hand what was named, and counts what was not."""

from __future__ import annotations

import pytest

from attrflow.model.changes import ChangeSet
from attrflow.model.connector_space import Link
from attrflow.model.delta import Delta, Image
from attrflow.model.metaverse import HeldReference
from attrflow.model.references import ReferenceDelta, ReferenceIds
from attrflow.model.values import folded
from attrflow.ports.store import Store
from attrflow.ports.view import Prefetched, Reads, View

from .store_objects import check_same, person, put, user

LINK = Link(20, "join-rules", None, 1)
HELD = HeldReference(1, "member", 2, "ad", True)
HELD_OUT = HeldReference(20, "member", 21, "aad", False)


@pytest.fixture
def filled(store: Store) -> Store:
    """A store with two linked users, a loose one, and references between them."""
    store.set_join_attributes({"ad": ["mail"]}, ["mail"])
    put(
        store,
        user(1, "a", anchor="x", link=LINK, image=Image({"mail": ("m",)}, {"member": ReferenceIds([2, 3])})),
        user(2, "b", pending_import=Delta("update", {}, {"member": ReferenceDelta(frozenset([3]))})),
        user(3, "c", connector="aad", link=LINK),
        person(20, mail=("m",)),
        person(21, "group", ReferenceIds([20])),
    )
    store.commit(ChangeSet(held={HELD: True, HELD_OUT: True}))
    return store


def misses(view: Prefetched) -> int:
    """How many questions fell through."""
    return view.misses


def check_agrees(view: View, store: Store) -> None:
    """Every question has the answer that the store itself gives."""
    for id_ in (1, 2, 3, 4, 20):
        check_same(view.cs(id_), store.cs(id_))
        check_same(view.mv(id_), store.mv(id_))
        assert view.cs_referrers(id_) == store.cs_referrers(id_)
        assert view.mv_referrers(id_) == store.mv_referrers(id_)
        assert view.linked(id_) == store.linked(id_)
        assert view.held_by(id_) == store.held_by(id_)
        assert view.held_by(id_, inbound=True) == store.held_by(id_, inbound=True)
        assert view.due_by(id_) == store.due_by(id_)
        assert view.links_of((id_, 2)) == store.links_of((id_, 2))
        assert view.counterparts((id_, 21), "aad") == store.counterparts((id_, 21), "aad")
        for inbound in (True, False):
            assert view.held_for(id_, inbound=inbound) == store.held_for(id_, inbound=inbound)
            assert view.held_attributes(id_, inbound=inbound) == store.held_attributes(id_, inbound=inbound)
    for connector in ("ad", "aad"):
        check_same(view.cs_by_anchor(connector, "x"), store.cs_by_anchor(connector, "x"))
        check_same(view.cs_by_dn(connector, user(1, "a").dn_key), store.cs_by_dn(connector, user(1, "a").dn_key))
        assert [c.id for c in view.descendants(connector, "")] == [c.id for c in store.descendants(connector, "")]
    assert view.cs_by_value("ad", None, "mail", "m") == (1,)
    assert view.cs_by_value("ad", "group", "mail", "m") == ()
    assert view.mv_by_value(None, "mail", "m") == (20,)


EVERYTHING = Reads(
    cs_ids=(1, 4),
    anchors=(("ad", "x"), ("ad", "nobody"), ("ad", "nul\x00inside")),
    dn_keys=(("ad", user(2, "b").dn_key), ("ad", "nobody")),
    mv_ids=(21, 99),
    with_links=True,
    cs_values=(("ad", None, "mail", "m"), ("ad", None, "mail", "nobody")),
    mv_values=((None, "mail", "m"),),
    with_held=True,
    with_referrers=True,
)


@pytest.mark.parametrize("reads", [Reads(), Reads(cs_ids=(1,)), Reads(cs_ids=(1,), with_links=True), EVERYTHING])
def test_a_prefetched_view_answers_as_the_store_does(filled: Store, reads: Reads) -> None:
    check_agrees(filled.prefetch(reads), filled)


def test_what_was_named_is_at_hand_also_that_it_does_not_exist(filled: Store) -> None:
    view = filled.prefetch(EVERYTHING)
    for id_ in (1, 2, 3, 4):
        view.cs(id_)
    for id_ in (20, 21, 99):
        view.mv(id_)
        view.linked(id_)
    for anchor in ("x", "nobody", "nul\x00inside"):
        view.cs_by_anchor("ad", anchor)
    view.cs_by_dn("ad", user(2, "b").dn_key)
    view.cs_by_dn("ad", "nobody")
    view.cs_by_dn("aad", user(3, "c", connector="aad").dn_key)
    view.cs_by_value("ad", None, "mail", "m")
    view.cs_by_value("ad", None, "mail", "nobody")
    view.mv_by_value(None, "mail", "m")
    for id_ in (1, 2, 3):
        view.cs_referrers(id_)
        view.held_for(id_, inbound=True)
        view.held_by(id_)
    view.mv_referrers(20)
    view.held_for(21, inbound=False)
    assert misses(view) == 0


def test_what_was_not_named_is_fetched_once_and_counted(filled: Store) -> None:
    view = filled.prefetch(Reads(cs_ids=(1,)))
    assert misses(view) == 0
    for _ in range(2):
        view.cs(2)
        view.cs(7)
        view.mv(20)
        view.linked(20)
        view.cs_by_anchor("ad", "nobody")
        view.cs_referrers(3)
    assert misses(view) == 6


def test_an_id_that_was_given_out_later_is_not_asked_for(filled: Store) -> None:
    view = filled.prefetch(Reads(cs_ids=(1,)))
    new = filled.highest_id() + 1
    assert view.cs(new) is None
    assert view.mv(new) is None
    assert view.linked(new) == ()
    assert view.cs_referrers(new) == view.mv_referrers(new) == ()
    assert view.held_by(new) == ()
    assert view.due_by(new) == ()
    assert view.held_attributes(new, inbound=True) == frozenset()
    assert not view.links_of((new,))
    assert not view.counterparts((new,), "ad")
    assert misses(view) == 0


def test_what_references_name_is_at_hand_with_the_objects(filled: Store) -> None:
    view = filled.prefetch(Reads(cs_ids=(1, 2), mv_ids=(21,), with_links=True))
    member = view.cs(1)
    assert member is not None
    assert member.image is not None
    assert sorted(member.image.references["member"]) == [2, 3]
    assert view.links_of((2, 3)) == {3: 20}
    assert view.counterparts((20,), "aad") == {20: 3}
    assert view.held_attributes(1, inbound=True) == {("ad", "member")}
    assert misses(view) == 0


def test_very_many_names_at_once_are_no_problem(filled: Store) -> None:
    view = filled.prefetch(Reads(cs_ids=range(1, 70_000), anchors=[("ad", str(i)) for i in range(40_000)]))
    check_same(view.cs(2), filled.cs(2))
    assert misses(view) == 0


def test_what_is_announced_later_is_at_hand_too_and_answers_as_the_store_does(filled: Store) -> None:
    view = filled.prefetch(Reads(cs_ids=(2,), with_links=True, with_referrers=True))
    view.announce(EVERYTHING)
    view.announce(Reads(mv_values=((None, "mail", "m"), ("person", "mail", "m"), ("group", "mail", "m"))))
    assert view.cs_by_value("ad", None, "mail", "m") == (1,)
    assert view.mv_by_value(None, "mail", "m") == view.mv_by_value("person", "mail", "m") == (20,)
    assert view.mv_by_value("group", "mail", "m") == ()
    view.cs(3)  # what is linked to what was found
    assert view.linked(20) == (1, 3)
    assert view.cs_referrers(3) == (1, 2)
    assert view.links_of((1, 2)) == {1: 20}
    assert misses(view) == 0
    check_agrees(view, filled)


def test_what_the_referrers_of_an_unlinked_object_are_linked_to_is_at_hand(filled: Store) -> None:
    view = filled.prefetch(Reads(cs_ids=(2,), with_referrers=True))
    assert view.cs_referrers(2) == (1,)
    assert view.links_of((1,)) == {1: 20}
    assert misses(view) == 0


def test_values_of_every_kind_of_text_are_found_in_bulk(store: Store) -> None:
    texts = ("m", "nul\x00inside", "nul", 'quote"', "straße", "", "\U0001f600")
    store.set_join_attributes({"ad": ["mail"]}, ["mail"])
    put(store, *(user(n, f"u{n}", image=Image({"mail": (text,)})) for n, text in enumerate(texts, start=1)))
    put(store, *(person(n, mail=(text,)) for n, text in enumerate(texts, start=21)))
    asked = [folded(text) for text in (*texts, "nobody", "nobody\x00")]
    view = store.prefetch(
        Reads(
            cs_values=[("ad", type_, "MAIL", text) for text in asked for type_ in (None, "user", "group")],
            mv_values=[(type_, "mail", text) for text in asked for type_ in (None, "person")],
        )
    )
    for text in asked:
        for type_ in (None, "user", "group"):
            assert view.cs_by_value("ad", type_, "MAIL", text) == store.cs_by_value("ad", type_, "MAIL", text)
        for type_ in (None, "person"):
            assert view.mv_by_value(type_, "mail", text) == store.mv_by_value(type_, "mail", text)
    assert misses(view) == 0
