"""The store contract: DNs and anchors, who may hold them, and what stands below a DN."""

from __future__ import annotations

from dataclasses import replace

import pytest

from attrflow.model.changes import ChangeSet, Watermark
from attrflow.model.connector_space import CSObject
from attrflow.model.errors import StoreError
from attrflow.model.names import dn_key
from attrflow.ports.store import CSFilter, Store

from .store_objects import BASE, check_same, person, placeholder, put, remove, user


def _id(cso: CSObject | None) -> int | None:
    return None if cso is None else cso.id


def test_objects_are_found_by_their_names(store: Store) -> None:
    kari = user(1, "Kari", anchor="Anchor")
    people = placeholder(2, f"OU=People,{BASE}")
    put(store, kari, people)
    check_same(store.cs_by_anchor("ad", "Anchor"), kari)
    assert store.cs_by_anchor("ad", "anchor") is None, "an anchor is the directory's, to the letter"
    check_same(store.cs_by_dn("ad", dn_key(f"cn=KARI,ou=people,{BASE}")), kari)
    check_same(store.cs_by_dn("ad", people.dn_key), people)
    assert store.cs_by_dn("other", kari.dn_key) is None


def test_a_placeholder_is_found_by_the_anchor_that_named_it_and_is_no_transient(store: Store) -> None:
    named = replace(placeholder(1, f"CN=Ola,{BASE}"), anchor="x")
    put(store, named)
    check_same(store.cs_by_anchor("ad", "x"), named)
    put(store, replace(named, transient=True))
    assert _id(store.cs_by_anchor("ad", "x")) == 1
    assert store.cs_by_dn("ad", named.dn_key) is None
    assert store.find_cs(CSFilter(states=("transient",))) == (), "no import has to bring it a name"
    assert [cso.id for cso in store.find_cs(CSFilter(states=("placeholder",)))] == [1]


def test_a_transient_keeps_its_anchor_but_no_claim_to_its_dn(store: Store) -> None:
    gone = user(1, "Kari", anchor="old")
    put(store, gone)
    put(store, replace(gone, transient=True), user(2, "Kari", anchor="new"))
    assert _id(store.cs_by_dn("ad", gone.dn_key)) == 2
    assert _id(store.cs_by_anchor("ad", "old")) == 1
    put(store, user(3, "Kari", transient=True))
    remove(store, cs=(2,))
    assert store.cs_by_dn("ad", gone.dn_key) is None
    put(store, gone)
    assert _id(store.cs_by_dn("ad", gone.dn_key)) == 1


@pytest.mark.parametrize(
    ("newer", "what"),
    [
        pytest.param(user(2, "Kari"), "the DN 'CN=Kari,OU=People,DC=contoso,DC=test'", id="DN"),
        pytest.param(user(2, "KARI"), "the DN 'CN=KARI,OU=People,DC=contoso,DC=test'", id="DN in another case"),
        pytest.param(user(2, anchor="x"), "the anchor 'x'", id="anchor"),
        pytest.param(user(2, anchor="x", transient=True), "the anchor 'x'", id="anchor of a transient"),
        pytest.param(placeholder(2, f"CN=Kari,OU=People,{BASE}"), "the DN", id="placeholder"),
    ],
)
def test_a_batch_with_a_name_that_is_taken_is_refused_whole(store: Store, newer: CSObject, what: str) -> None:
    put(store, user(1, "Kari", anchor="x"))
    with pytest.raises(StoreError, match="would be held by two objects") as raised:
        store.commit(
            ChangeSet({3: user(3), 1: user(1, "Kari", anchor="x"), 2: newer}, {4: person(4)}),
            watermark=Watermark("ad", BASE, "cookie", 1),
        )
    assert what in raised.value.message
    assert "#2" in raised.value.message
    assert "#1" in raised.value.message
    assert store.cs(2) is None
    assert store.cs(3) is None
    assert store.mv(4) is None
    assert store.highest_id() == 1
    assert store.watermark("ad", BASE) is None


def test_two_new_objects_with_one_name_are_refused(store: Store) -> None:
    with pytest.raises(StoreError, match=r"#2 .* and #1 "):
        put(store, user(1, "Kari"), user(2, "Kari"))


def test_a_batch_may_swap_names_and_anchors(store: Store) -> None:
    one, two, three = user(1, "a", anchor="x"), user(2, "b", anchor="y"), user(3, "c", anchor="z")
    put(store, one, two, three)
    put(store, user(1, "b", anchor="y"), user(2, "c", anchor="z"), user(3, "a", anchor="x"))
    assert [_id(store.cs_by_dn("ad", cso.dn_key)) for cso in (one, two, three)] == [3, 1, 2]
    assert [_id(store.cs_by_anchor("ad", anchor)) for anchor in "xyz"] == [3, 1, 2]


def test_a_name_is_free_in_the_batch_that_deletes_its_holder(store: Store) -> None:
    put(store, user(1, "Kari", anchor="x"))
    store.commit(ChangeSet({2: user(2, "Kari", anchor="x"), 1: None}))
    assert _id(store.cs_by_anchor("ad", "x")) == 2
    assert _id(store.cs_by_dn("ad", user(2, "Kari").dn_key)) == 2


def test_descendants_come_in_key_order_without_the_object_itself(store: Store) -> None:
    put(
        store,
        placeholder(1, BASE),
        placeholder(2, f"OU=People,{BASE}"),
        user(3, "b"),
        user(4, "a"),
        user(5, "deep", dn=f"CN=deep,CN=a,OU=People,{BASE}"),
        placeholder(6, f"OU=People2,{BASE}"),
        user(7, "t", transient=True),
        user(8, "elsewhere", connector="other"),
        user(9, "odd", dn=f"CN=a\\01b,OU=People,{BASE}"),
    )
    assert [cso.id for cso in store.descendants("ad", dn_key(f"OU=People,{BASE}"))] == [4, 5, 9, 3]
    assert [cso.id for cso in store.descendants("ad", dn_key(BASE))] == [2, 4, 5, 9, 3, 6]
    assert [cso.id for cso in store.descendants("ad", dn_key(f"CN=a,OU=People,{BASE}"))] == [5]
    assert [cso.id for cso in store.descendants("ad", "")] == [1, 2, 4, 5, 9, 3, 6]
    assert list(store.descendants("nobody", "")) == []


def test_many_descendants_are_all_given(store: Store) -> None:
    put(store, *(user(id_, f"u{id_:05}") for id_ in range(1, 1203)))
    assert [cso.id for cso in store.descendants("ad", dn_key(f"OU=People,{BASE}"))] == list(range(1, 1203))


def test_below_is_the_object_and_all_under_it(store: Store) -> None:
    put(
        store,
        placeholder(1, f"OU=People,{BASE}"),
        user(2),
        placeholder(3, f"OU=People2,{BASE}"),
        user(4, transient=True),
    )
    below = CSFilter(below=dn_key(f"ou=people,{BASE}"))
    assert [cso.id for cso in store.find_cs(below)] == [1, 2, 4]
    assert [cso.id for cso in store.find_cs(CSFilter(below=""))] == [1, 2, 3, 4]
