"""The store contract: objects come back as they were committed, and go when they are deleted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from attrflow.model.changes import ChangeSet
from attrflow.model.connector_space import CSObject, Disconnection, Link, StoredError
from attrflow.model.delta import AttributeDelta, Delta, Image
from attrflow.model.errors import StoreBusy, StoreError
from attrflow.model.metaverse import MVAttribute, MVObject, MVReferences
from attrflow.model.provenance import Provenance
from attrflow.model.references import ReferenceDelta, ReferenceIds
from attrflow.model.values import INTEGER_MAX, INTEGER_MIN
from attrflow.ports.store import Store

from .store_objects import BASE, ORIGIN, OTHER_ORIGIN, check_same, person, placeholder, put, remove, user

EVERY_KIND_OF_VALUE: dict[str, Any] = {
    "text": ("", "Kåre", "KÅRE", "line\nbreak", "nul\x00inside", "👩‍💻", '"quoted" \\ and %_'),
    "numbers": (0, -1, INTEGER_MAX, INTEGER_MIN),
    "flags": (True, False),
    "looks-alike": (True, 1, "1", "True"),
    "octets": (b"", b"\x00\xff", bytes(range(256))),
    "order": ("b", "a", "c"),
    "twice": ("a", "a"),
    "msDS-odd.name;lang-no": ("x",),
}

FULL = user(
    1,
    anchor="2f0c3f5e",
    image=Image(EVERY_KIND_OF_VALUE, {"member": ReferenceIds([7, 8]), "manager": ReferenceIds([9])}),
    pending_import=Delta(
        "update",
        {
            "mail": AttributeDelta("replace", ("kari@contoso.test",)),
            "proxyAddresses": AttributeDelta("update", ("smtp:a",), ("smtp:b", b"\x01")),
            "title": AttributeDelta("delete"),
        },
        {"member": ReferenceDelta(frozenset([10]), frozenset([7, 8])), "owner": ReferenceDelta()},
        old_dn="CN=before,DC=contoso,DC=test",
    ),
    unconfirmed=Delta("update", {}, {"member": ReferenceDelta(frozenset([11]))}),
    escrowed=Delta("delete-add", {"cn": AttributeDelta("add", ("x",))}),
    unapplied=Delta("update", {}, {}, new_dn="CN=after,DC=contoso,DC=test"),
    link=Link(2, "join-rules", "rule-1", 3),
    state="explicit",
    applied_rules=("rule-1", "rule-2"),
    import_error=StoredError("unexpected-error", "sync", "why", "2026-03-01", "2026-03-02", 4, "rule-1", "mail", "cd"),
    export_error=StoredError("permission-issue", "export", "why", "2026-03-01", "2026-03-01"),
    provenance={"mail": Provenance(ORIGIN, 3), "cn": Provenance(None, 2)},
)


@pytest.mark.parametrize(
    "cso",
    [
        pytest.param(FULL, id="everything"),
        pytest.param(user(1, image=None), id="nothing"),
        pytest.param(user(1, image=Image()), id="an empty image is not no image"),
        pytest.param(user(1, pending_import=Delta("obsolete"), transient=True), id="transient and obsolete"),
        pytest.param(user(1, disconnection=Disconnection("out-of-scope", None, 4), state="stay"), id="disconnected"),
        pytest.param(user(1, dn="CN=a\\00b\\01,OU=\\01,DC=x"), id="control characters in a name"),
        pytest.param(placeholder(1, f"OU=People,{BASE}"), id="placeholder"),
    ],
)
def test_a_connector_space_object_comes_back_as_it_was(store: Store, cso: CSObject) -> None:
    put(store, cso)
    check_same(store.cs(1), cso)


@pytest.mark.parametrize(
    "mvo",
    [
        pytest.param(person(1), id="bare"),
        pytest.param(person(1, **EVERY_KIND_OF_VALUE), id="every kind of value"),
        pytest.param(person(1, "group", ReferenceIds([5, 6])), id="references"),
        pytest.param(
            MVObject(
                1,
                "group",
                {"proxyAddresses": MVAttribute(("a", "b"), Provenance(ORIGIN, 3, (ORIGIN, OTHER_ORIGIN)))},
                {"member": MVReferences(ReferenceIds([5, 6]), Provenance(ORIGIN, 4, (OTHER_ORIGIN, ORIGIN)))},
                frozenset({"provisioning", "reference"}),
            ),
            id="an origin per value, and a retry",
        ),
        pytest.param(MVObject(1, "person", {"x": MVAttribute(("y",), Provenance(None, 0))}), id="no origin"),
    ],
)
def test_a_metaverse_object_comes_back_as_it_was(store: Store, mvo: MVObject) -> None:
    put(store, mvo)
    check_same(store.mv(1), mvo)


def test_what_was_never_stored_is_none(store: Store) -> None:
    assert store.cs(1) is None
    assert store.mv(1) is None
    assert store.cs_by_anchor("ad", "x") is None
    assert store.cs_by_dn("ad", "x") is None
    assert store.linked(1) == ()
    assert store.highest_id() == 0


def test_a_new_state_replaces_all_of_the_old_one(store: Store) -> None:
    put(store, FULL)
    bare = user(1, image=None)
    put(store, bare)
    check_same(store.cs(1), bare)
    assert store.cs_by_anchor("ad", "2f0c3f5e") is None
    assert store.linked(2) == ()


def test_an_object_that_was_read_can_be_committed_as_it_is(store: Store) -> None:
    put(store, FULL, person(2, "group", ReferenceIds([5, 6]), mail=("a",)))
    cso, mvo = store.cs(1), store.mv(2)
    assert cso is not None
    assert mvo is not None
    put(store, cso, mvo)
    check_same(store.cs(1), FULL)
    check_same(store.mv(2), person(2, "group", ReferenceIds([5, 6]), mail=("a",)))


def test_deleted_objects_leave_a_tombstone_with_their_last_document(store: Store) -> None:
    group = user(
        1, "Staff", image=Image({"mail": ("staff@contoso.test",), "raw": (b"\x01",)}, {"member": ReferenceIds([8, 7])})
    )
    put(store, group, person(2, displayName=("Kari Nordmann",), mail=("kari@contoso.test",)))
    remove(store, cs=(1,), mv=(2,))
    assert store.cs(1) is None
    assert store.mv(2) is None
    assert store.cs_by_dn("ad", group.dn_key) is None
    (stone,) = store.tombstones("staff@contoso")
    assert (stone.id, stone.space, stone.name, stone.connector, stone.run) == (1, "cs", group.dn, "ad", 0)
    assert stone.document["attributes"] == {"mail": ["staff@contoso.test"], "raw": [{"b64": "AQ=="}]}
    assert stone.document["references"] == {"member": [7, 8]}
    (stone,) = store.tombstones("KARI nord")
    assert (stone.id, stone.space, stone.name, stone.object_type) == (2, "mv", "Kari Nordmann", "person")
    assert stone.document["attributes"] == {
        "displayName": {"values": ["Kari Nordmann"], "connector": "ad", "rule": ORIGIN.rule_id, "since_run": 1},
        "mail": {"values": ["kari@contoso.test"], "connector": "ad", "rule": ORIGIN.rule_id, "since_run": 1},
    }


def test_tombstones_are_newest_first_and_found_literally(store: Store) -> None:
    put(store, user(1, "a_1"), user(2, "ab1"), user(3, "a%1"))
    remove(store, cs=(2,))
    remove(store, cs=(3,))
    remove(store, cs=(1,))
    assert [stone.id for stone in store.tombstones("")] == [1, 3, 2]
    assert [stone.id for stone in store.tombstones("", limit=1)] == [1]
    assert [stone.id for stone in store.tombstones("a_")] == [1]
    assert [stone.id for stone in store.tombstones("A%")] == [3]


def test_deleting_what_is_not_there_leaves_nothing(store: Store) -> None:
    remove(store, cs=(1,), mv=(2,))
    assert store.tombstones("") == ()


def test_ids_are_never_used_again(store: Store) -> None:
    put(store, user(5), person(9))
    remove(store, cs=(5,), mv=(9,))
    assert store.highest_id() == 9
    put(store, user(3))
    assert store.highest_id() == 9
    with pytest.raises(StoreError, match="the id 5 belonged to a deleted object"):
        put(store, user(4), user(5))
    assert store.cs(4) is None


def test_links_are_known_from_both_ends(store: Store) -> None:
    link = Link(9, "projection-rules", None, 1)
    put(store, person(9), user(3, link=link), user(1, connector="aad", link=link), user(2))
    assert store.linked(9) == (1, 3)
    put(store, user(3))
    assert store.linked(9) == (1,)
    remove(store, cs=(1,))
    assert store.linked(9) == ()


def test_the_same_dn_and_anchor_may_stand_in_two_connectors(store: Store) -> None:
    put(store, user(1, "a", anchor="x"), user(2, "a", connector="other", anchor="x"))
    one, two = store.cs_by_anchor("ad", "x"), store.cs_by_anchor("other", "x")
    assert one is not None
    assert two is not None
    assert (one.id, two.id) == (1, 2)


def test_walks_go_in_id_order_and_page_by_page(store: Store) -> None:
    put(
        store,
        user(4, pending_import=Delta("add")),
        user(2, import_error=StoredError("t", "s", "d", "f", "l")),
        user(3, partition="DC=other"),
        user(1),
        placeholder(5, f"OU=x,{BASE}"),
        user(6, connector="other"),
    )
    assert store.cs_ids("ad") == (1, 2, 3, 4)
    assert store.cs_ids("ad", BASE) == (1, 2, 4)
    assert store.cs_ids("ad", limit=2) == (1, 2)
    assert store.cs_ids("ad", after=2, limit=2) == (3, 4)
    assert store.cs_ids("ad", pending_only=True) == (2, 4)
    assert store.cs_ids("ad", "DC=other", pending_only=True) == ()
    assert store.cs_ids("nobody") == ()


def test_only_metaverse_objects_with_a_reason_are_retried(store: Store) -> None:
    put(
        store,
        replace(person(3), retry=frozenset({"provisioning"})),
        person(2),
        replace(person(1), retry=frozenset("x")),
    )
    assert store.mv_retry_ids() == (1, 3)
    assert store.mv_retry_ids(after=1) == (3,)
    put(store, person(3))
    assert store.mv_retry_ids() == (1,)


def test_unseen_are_the_objects_of_a_directory_that_an_import_did_not_bring(store: Store) -> None:
    put(
        store,
        user(1),
        user(2),
        user(3, image=None, pending_import=Delta("add")),
        user(4, image=None, unapplied=Delta("add")),
        user(5, partition="DC=other"),
        placeholder(6, f"OU=x,{BASE}"),
        user(7, image=None, unconfirmed=Delta("add")),
    )
    assert store.cs_unseen("ad", BASE, {1}) == (2, 3, 7)
    assert store.cs_unseen("ad", BASE, {1}, limit=2) == (2, 3)
    assert store.cs_unseen("ad", BASE, {1}, after=3, limit=2) == (7,)


def test_exports_are_walked_and_counted_by_operation(store: Store) -> None:
    put(
        store,
        user(1, unapplied=Delta("add")),
        user(2, unapplied=Delta("update"), partition="DC=other"),
        user(3, unapplied=Delta("add"), escrowed=Delta("update")),
        user(4),
        user(5, connector="other", unapplied=Delta("delete"), escrowed=Delta("delete")),
    )
    assert store.pending_exports("ad") == (1, 2, 3)
    assert store.pending_exports("ad", BASE) == (1, 3)
    assert store.pending_exports("ad", after=1, limit=1) == (2,)
    assert dict(store.pending_export_counts("ad")) == {"add": 2, "update": 1}
    assert dict(store.pending_export_counts("ad", "DC=other")) == {"update": 1}
    assert dict(store.pending_export_counts("nobody")) == {}
    assert store.escrowed("ad") == (3,)


def test_counts_tell_types_apart(store: Store) -> None:
    put(store, user(1), user(2), user(3, object_type="group"), placeholder(4, "DC=x"), person(5), person(6, "group"))
    assert dict(store.counts()) == {
        "cs:ad:user": 2,
        "cs:ad:group": 1,
        "cs:ad:placeholder": 1,
        "mv:person": 1,
        "mv:group": 1,
    }


def test_an_empty_change_set_changes_nothing(store: Store) -> None:
    put(store, user(1))
    store.commit(ChangeSet())
    assert store.cs_ids("ad") == (1,)


def test_the_second_writer_is_told_who_the_first_one_is(store: Store) -> None:
    refusal = r"run ad delta-sync \(process \d+ on .+, since 20\d\d-.+Z\)"
    with store.writer("run ad delta-sync"), pytest.raises(StoreBusy, match=refusal), store.writer("apply"):
        pass
    with store.writer("apply"):
        pass


def test_a_writer_that_fails_lets_go(store: Store) -> None:
    with pytest.raises(RuntimeError), store.writer("run"):
        raise RuntimeError
    with store.writer("run"):
        pass
