"""The store contract: what joins find, and what people find."""

from __future__ import annotations

from typing import Any

import pytest

from attrflow.model.connector_space import CSObject, Link, StoredError
from attrflow.model.delta import AttributeDelta, Delta, Image
from attrflow.model.metaverse import MVObject
from attrflow.model.values import Value
from attrflow.ports.store import CSFilter, Store

from .store_objects import BASE, person, placeholder, put, remove, user


def having(id_: int, **values: Value) -> CSObject:
    """A user whose image holds single values."""
    return user(id_, image=Image({name: (value,) for name, value in values.items()}))


def test_joins_find_by_folded_value_type_and_connector(store: Store) -> None:
    store.set_join_attributes({"ad": ["employeeID"], "hr": ["employeeID"]}, ["mail"])
    put(
        store,
        user(3, image=Image({"employeeID": ("A1", "B2")})),
        user(1, image=Image({"employeeID": ("a1",)}), object_type="contact"),
        user(2, image=Image({"employeeID": ("A1",)}), connector="hr"),
        person(5, mail=("Straße@contoso.test",)),
        person(4, "group", mail=("strasse@contoso.test",)),
    )
    assert store.cs_by_value("ad", None, "employeeID", "a1") == (1, 3)
    assert store.cs_by_value("ad", "user", "employeeID", "a1") == (3,)
    assert store.cs_by_value("ad", "user", "EMPLOYEEid", "b2") == (3,)
    assert store.cs_by_value("hr", None, "employeeID", "a1") == (2,)
    assert store.cs_by_value("ad", None, "employeeID", "nobody") == ()
    assert store.mv_by_value(None, "mail", "strasse@contoso.test") == (4, 5)
    assert store.mv_by_value("person", "mail", "strasse@contoso.test") == (5,)


def test_joins_find_values_of_every_type(store: Store) -> None:
    store.set_join_attributes({"ad": ["key"]}, [])
    values: tuple[Value, ...] = (True, "TRUE", 7, "7", b"\x07", "07", "a\x00b")
    put(store, *(having(id_, key=value) for id_, value in enumerate(values, start=1)))
    assert store.cs_by_value("ad", None, "key", "true") == (1, 2)
    assert store.cs_by_value("ad", None, "key", "7") == (3, 4)
    assert store.cs_by_value("ad", None, "key", "07") == (5, 6)
    assert store.cs_by_value("ad", None, "key", "a\x00b") == (7,)
    assert store.cs_by_value("ad", None, "key", "a") == ()


def test_joins_see_the_export_hologram(store: Store) -> None:
    store.set_join_attributes({"ad": ["mail"]}, [])
    change = Delta("update", {"mail": AttributeDelta("replace", ("new",))})
    put(store, user(1, image=Image({"mail": ("old",)}), unapplied=change))
    assert store.cs_by_value("ad", None, "mail", "new") == (1,)
    assert store.cs_by_value("ad", None, "mail", "old") == ()
    put(store, user(1, image=Image({"mail": ("old",)}), unapplied=Delta("delete")))
    assert store.cs_by_value("ad", None, "mail", "old") == ()
    put(store, user(1, image=None, pending_import=Delta("add", {"mail": AttributeDelta("add", ("in",))})))
    assert store.cs_by_value("ad", None, "mail", "in") == (1,)
    remove(store, cs=(1,))
    assert store.cs_by_value("ad", None, "mail", "in") == ()


def test_join_attributes_that_come_later_are_indexed_and_those_that_go_are_forgotten(store: Store) -> None:
    put(store, having(1, mail="a", uid="u"), having(2, mail="b"), person(3, mail=("a",)))
    store.set_join_attributes({"ad": ["mail"]}, ["mail"])
    assert store.cs_by_value("ad", None, "mail", "a") == (1,)
    assert store.mv_by_value(None, "mail", "a") == (3,)
    store.set_join_attributes({"ad": ["uid"]}, [])
    assert store.cs_by_value("ad", None, "uid", "u") == (1,)
    with pytest.raises(AssertionError):
        store.cs_by_value("ad", None, "mail", "a")
    with pytest.raises(AssertionError):
        store.mv_by_value(None, "mail", "a")
    put(store, having(1, mail="c", uid="v"))
    store.set_join_attributes({"ad": ["uid", "mail"]}, ["mail"])
    assert store.cs_by_value("ad", None, "mail", "a") == ()
    assert store.cs_by_value("ad", None, "mail", "c") == (1,)
    assert store.cs_by_value("ad", None, "uid", "v") == (1,)
    assert store.mv_by_value(None, "mail", "a") == (3,)


GUID = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
OCTETS = bytes.fromhex("3c2d1e0f5a4b78698796a5b4c3d2e1f0")

PEOPLE = (
    user(1, "Kari Nordmann", anchor="Anchor-1", image=Image({"mail": ("kari@contoso.test",), "objectGUID": (OCTETS,)})),
    user(2, "Kåre 100%", image=Image({"userPrincipalName": ("KARE@contoso.test",), "sAMAccountName": ("kare_1",)})),
    user(3, "Staff", object_type="group", image=Image({"displayName": ("All staff \\ Oslo",)})),
    user(4, "Old", pending_import=Delta("delete"), image=Image({"mail": ("old@contoso.test",)})),
    user(5, "New", image=None, unapplied=Delta("add", {"uid": AttributeDelta("add", ("newcomer",))}), connector="aad"),
    placeholder(6, f"OU=People,{BASE}"),
    user(7, "Plain", image=Image({"description": ("Kari's assistant",)})),
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", (1, 2, 3, 4, 5, 6, 7)),
        ("  ", (1, 2, 3, 4, 5, 6, 7)),
        ("kari", (1,)),
        (" KARI@CONTOSO.test ", (1,)),
        ("@contoso", (1, 2, 4)),
        ("KÅRE", (2,)),
        ("100%", (2,)),
        ("1_0%", ()),
        ("e_1", (2,)),
        ("staff \\ o", (3,)),
        ("newcom", (5,)),
        ("old@", (4,)),
        ("People", (6,)),
        ("anchor-1", (1,)),
        ("anchor", ()),
        (GUID, (1,)),
        ("{" + GUID.upper() + "}", (1,)),
        ("PC0eD1pLeGmHlqW0w9Lh8A==", (1,)),
        (f"cn=KARI  nordmann, ou=people,{BASE}", (1,)),
        (f"OU=People,{BASE}", (6,)),
        (f"CN=nobody,{BASE}", ()),
        ("=not a DN", ()),
    ],
)
def test_people_find_by_name_anchor_or_dn(store: Store, text: str, found: tuple[int, ...]) -> None:
    put(store, *PEOPLE)
    assert tuple(cso.id for cso in store.find_cs(CSFilter(text=text))) == found


def test_a_whole_key_is_not_a_part_of_one(store: Store) -> None:
    put(store, having(1, sAMAccountName="anna"), having(2, sAMAccountName="annabel"), having(3, mail="Anna"))
    assert [cso.id for cso in store.find_cs(CSFilter(text="anna"))] == [1, 2, 3]
    assert [cso.id for cso in store.find_cs(CSFilter(text="anna", whole=True))] == [1, 3]
    assert [cso.id for cso in store.find_cs(CSFilter(text=f"cn=user2,OU=People,{BASE}", whole=True))] == [2]


def test_a_changed_name_is_found_and_the_old_one_is_not(store: Store) -> None:
    put(store, having(1, mail="before"))
    put(store, having(1, mail="after"))
    assert [cso.id for cso in store.find_cs(CSFilter(text="after"))] == [1]
    assert store.find_cs(CSFilter(text="before")) == ()


@pytest.mark.parametrize(
    ("state", "found"),
    [
        ("connector", (1,)),
        ("disconnector", (2, 3, 4, 5, 7)),
        ("pending-import", (2,)),
        ("pending-export", (3,)),
        ("escrowed", (3,)),
        ("import-error", (4,)),
        ("export-error", (5,)),
        ("placeholder", (6,)),
        ("transient", (7,)),
    ],
)
def test_states_restrict_a_search(store: Store, state: Any, found: tuple[int, ...]) -> None:
    error = StoredError("unexpected-error", "sync", "why", "2026", "2026")
    put(
        store,
        user(1, link=Link(9, "join-rules", None, 1)),
        user(2, pending_import=Delta("update")),
        user(3, unapplied=Delta("update"), escrowed=Delta("update")),
        user(4, import_error=error),
        user(5, export_error=error),
        placeholder(6, f"OU=People,{BASE}"),
        user(7, transient=True),
    )
    assert tuple(cso.id for cso in store.find_cs(CSFilter(states=(state,)))) == found


def test_restrictions_must_all_hold(store: Store) -> None:
    put(store, *PEOPLE)
    assert [c.id for c in store.find_cs(CSFilter(connector="aad"))] == [5]
    assert [c.id for c in store.find_cs(CSFilter(object_type="group", text="staff"))] == [3]
    assert store.find_cs(CSFilter(object_type="group", text="kari")) == ()
    assert [c.id for c in store.find_cs(CSFilter(states=("disconnector", "pending-import"), text="old"))] == [4]


def test_a_search_goes_page_by_page(store: Store) -> None:
    put(store, *PEOPLE, person(8, displayName=("Anna",)), person(9, displayName=("Annabel",)))
    assert [c.id for c in store.find_cs(CSFilter(), limit=2)] == [1, 2]
    assert [c.id for c in store.find_cs(CSFilter(), after=2, limit=2)] == [3, 4]
    assert [m.id for m in store.find_mv("anna", limit=1)] == [8]
    assert [m.id for m in store.find_mv("anna", after=8)] == [9]


def ids(found: tuple[MVObject, ...]) -> list[int]:
    """The ids of what was found."""
    return [mvo.id for mvo in found]


def test_metaverse_objects_are_found_by_their_own_keys_and_by_those_of_linked_objects(store: Store) -> None:
    link = Link(20, "projection-rules", None, 1)
    put(
        store,
        person(20, displayName=("Nordmann, Kari",), accountName=("knord",)),
        person(21, "group", displayName=("Nordic staff",)),
        user(1, "Kari", link=link, anchor="Anchor-1", image=Image({"mail": ("kari@contoso.test",)})),
        user(2, "Loose", image=Image({"mail": ("loose@contoso.test",)})),
    )
    assert ids(store.find_mv("NORD")) == [20, 21]
    assert ids(store.find_mv("nord", "group")) == [21]
    assert ids(store.find_mv("knord", whole=True)) == [20]
    assert ids(store.find_mv("nord", whole=True)) == []
    assert ids(store.find_mv("kari@contoso.test", whole=True)) == [20]
    assert ids(store.find_mv("anchor-1")) == [20]
    assert ids(store.find_mv(f"cn=kari,ou=people,{BASE}", whole=True)) == [20]
    assert ids(store.find_mv("loose")) == []
    assert ids(store.find_mv("")) == [20, 21]
    put(store, user(1, "Kari"))
    assert ids(store.find_mv("kari@contoso.test")) == []
