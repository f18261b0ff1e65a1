"""Exports to the mock Active Directory: what is written, what a refusal is called, what is sent twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from attrflow.connectors.ldap import LdapConnector
from attrflow.model.delta import AttributeDelta
from attrflow.model.entry import ExportChange, ExportOutcome, OutgoingReferences, ReferenceTarget
from attrflow.model.errors import ConnectionLost
from attrflow_mocks.faults import Fault

from .ldap_lab import NC, Lab, domain, group, lab_on, person, whole_import

ANN, BOB = f"CN=Ann,OU=People,{NC}", f"CN=Bob,OU=People,{NC}"
STAFF = f"CN=Staff,OU=Groups,{NC}"
NEW = f"CN=New,OU=People,{NC}"
ABSENT = "00000000-0000-0000-0000-000000000009"


def update(
    dn: str,
    anchor: str | None = None,
    *,
    new_dn: str | None = None,
    members: OutgoingReferences | None = None,
    **attributes: AttributeDelta,
) -> ExportChange:
    named = {name.replace("_", "-"): delta for name, delta in attributes.items()}
    references = {"member": members} if members is not None else {}
    return ExportChange(1, "update", "user", dn, anchor, named, references, new_dn)


def add(dn: str = NEW, object_type: str = "user", **attributes: str) -> ExportChange:
    deltas = {name: AttributeDelta("add", (value,)) for name, value in attributes.items()}
    return ExportChange(2, "add", object_type, dn, None, deltas)


def delete(dn: str, anchor: str | None = None) -> ExportChange:
    return ExportChange(3, "delete", "user", dn, anchor)


def replaced(*values: str | int | bool | bytes) -> AttributeDelta:
    return AttributeDelta("replace", values)


def targets(*dns: str) -> tuple[ReferenceTarget, ...]:
    return tuple(ReferenceTarget(dn) for dn in dns)


def export(connector: LdapConnector, change: ExportChange) -> ExportOutcome:
    (outcome,) = connector.export([change])
    assert outcome.cs_id == change.cs_id
    return outcome


def check_written(lab: Lab, dn: str, change: ExportChange, expected: Mapping[str, list[bytes]]) -> ExportOutcome:
    outcome = export(lab.connect(), change)
    assert (outcome.error, outcome.detail) == (None, None)
    held = lab.attributes_of(dn, *expected)
    assert {name: sorted(held.get(name, [])) for name in expected} == {
        name: sorted(values) for name, values in expected.items()
    }
    return outcome


def check_refused(lab: Lab, change: ExportChange, error: str, *words: str) -> None:
    outcome = export(lab.connect(), change)
    assert outcome.error == error, outcome
    assert [word for word in words if word not in (outcome.detail or "")] == []
    assert outcome.cd_error_code


def test_values_are_replaced_added_removed_and_cleared(lab: Lab) -> None:
    aliases = AttributeDelta("update", ("smtp:b@corp.test", "smtp:c@corp.test"), ("smtp:a@corp.test",))
    change = update(
        ANN,
        proxyAddresses=aliases,
        telephoneNumber=AttributeDelta("delete"),
        title=AttributeDelta("add", ("Chief",)),
        msExchHideFromAddressLists=replaced(True),
        mS_DS_ConsistencyGuid=replaced(bytes(range(16))),
    )
    expected = {
        "proxyAddresses": [b"SMTP:ann@corp.test", b"smtp:b@corp.test", b"smtp:c@corp.test"],
        "telephoneNumber": [],
        "title": [b"Chief"],
        "msExchHideFromAddressLists": [b"TRUE"],
        "mS-DS-ConsistencyGuid": [bytes(range(16))],
    }
    check_written(lab, ANN, change, expected)
    check_written(lab, ANN, change, expected)  # what is there is added, what is not there removed: no error


def test_references_are_written_as_changes_and_a_single_one_is_replaced(lab: Lab) -> None:
    members = OutgoingReferences(targets(f"CN=PC1,OU=People,{NC}"), targets(BOB))
    check_written(
        lab, STAFF, update(STAFF, members=members), {"member": [ANN.encode(), f"CN=PC1,OU=People,{NC}".encode()]}
    )
    manager = ExportChange(
        1, "update", "user", BOB, None, {}, {"manager": OutgoingReferences(targets(STAFF), targets(ANN))}
    )
    check_written(lab, BOB, manager, {"manager": [STAFF.encode()]})
    manager = ExportChange(1, "update", "user", BOB, None, {}, {"manager": OutgoingReferences((), targets(STAFF))})
    check_written(lab, BOB, manager, {"manager": []})


def test_many_members_go_in_several_modifies() -> None:
    people = [person(f"P{number:04}") for number in range(2300)]
    with lab_on(domain(*people, group("Huge", people[0].dn))) as lab:
        huge = f"CN=Huge,OU=Groups,{NC}"
        names = [entry.dn for entry in people]
        members = OutgoingReferences(targets(*names[1:]), targets(names[0]))
        outcome = export(lab.connect(), update(huge, members=members))
        assert outcome.error is None
        assert [row.operation for row in lab.rows].count("modify") == 3
        objects, _ = whole_import(lab.connect())
        assert {t.dn for t in objects["Huge"].references["member"].added} == set(names[1:])


def test_a_new_object_comes_with_its_anchor(lab: Lab) -> None:
    outcome = check_written(lab, NEW, add(sn="New", sAMAccountName="new"), {"sn": [b"New"]})
    found = lab.connect().read_object(NC, outcome.anchor or "")
    assert found is not None
    assert (found.dn, found.anchor, outcome.dn) == (NEW, outcome.anchor, NEW)


def test_an_object_is_renamed_and_moved_and_then_written(lab: Lab) -> None:
    objects, _ = whole_import(lab.connect())
    away = f"CN=Ann B,OU=Away,{NC}"
    change = update(ANN, objects["Ann"].anchor, new_dn=away, title=replaced("Boss"))
    assert check_written(lab, away, change, {"title": [b"Boss"], "sn": [b"Ann"]}).dn == away


def test_a_write_by_guid_finds_an_object_whose_container_was_renamed(lab: Lab) -> None:
    objects, _ = whole_import(lab.connect())
    lab.edit(lambda c: c.modify_dn(f"OU=People,{NC}", "OU=Staff"))
    change = update(ANN, objects["Ann"].anchor, title=replaced("Boss"))
    check_written(lab, f"CN=Ann,OU=Staff,{NC}", change, {"title": [b"Boss"]})


def test_a_delete_of_what_is_gone_is_done(lab: Lab) -> None:
    objects, _ = whole_import(lab.connect())
    for _ in range(2):
        assert export(lab.connect(), delete(BOB, objects["Bob"].anchor)).error is None
    assert "Bob" not in whole_import(lab.connect())[0]


def test_delete_add_makes_the_object_anew(lab: Lab) -> None:
    objects, _ = whole_import(lab.connect())
    deltas = {"sn": AttributeDelta("add", ("Bob",))}
    change = ExportChange(4, "delete-add", "contact", BOB, objects["Bob"].anchor, deltas)
    outcome = export(lab.connect(), change)
    assert outcome.error is None
    assert outcome.anchor not in (None, objects["Bob"].anchor)
    assert lab.attributes_of(BOB, "objectClass")["objectClass"][-1] == b"contact"


@pytest.mark.parametrize(
    ("change", "error", "word"),
    [
        (add(ANN, sn="x"), "cd-existing-object", "68 entryAlreadyExists"),
        (add(sAMAccountName="Guest", sn="x"), "cd-existing-object", "sAMAccountName"),
        (add(f"CN=New,OU=Nowhere,{NC}", sn="x"), "non-existent-parent", "container"),
        (add(noSuchAttribute="x"), "schema-violation", "noSuchAttribute"),
        (update(f"CN=Gone,{NC}", sn=replaced("x")), "cd-missing-object", "not in the directory"),
        (update(ANN, ABSENT, sn=replaced("x")), "cd-missing-object", "not in the directory"),
        (update(STAFF, ABSENT, members=OutgoingReferences(targets(ANN))), "cd-missing-object", ""),
        (update(ANN, noSuchAttribute=replaced("x")), "schema-violation", "16 "),
        (update(ANN, objectSid=replaced(b"\x01" * 12)), "constraint-violation", "only the directory"),
        (update(ANN, cn=replaced("x")), "modify-naming-attribute", "67 "),
        (update(ANN, userAccountControl=replaced("many")), "syntax-violation", "21 "),
        (update(STAFF, members=OutgoingReferences(targets(f"CN=Gone,{NC}"))), "dn-attributes-failure", "reference"),
        (update(ANN, new_dn=f"CN=Ann,OU=Nowhere,{NC}"), "non-existent-parent", "container"),
        (update(ANN, new_dn=BOB), "cd-existing-object", "68 "),
        (delete(f"OU=People,{NC}"), "cd-error", "objects below it"),
        (update("this is no name", sn=replaced("x")), "invalid-dn", "distinguished name"),
    ],
)
def test_a_refusal_has_the_product_s_word(lab: Lab, change: ExportChange, error: str, word: str) -> None:
    check_refused(lab, change, error, word)


def test_one_refusal_stops_no_other_export(lab: Lab) -> None:
    good, bad = update(BOB, title=replaced("x")), update(ANN, noSuch=replaced("x"))
    outcomes = list(lab.connect().export([bad, good]))
    assert [outcome.error for outcome in outcomes] == ["schema-violation", None]


@pytest.mark.parametrize("kind", ["drop", "drop-done"])
def test_a_create_whose_answer_was_lost_is_there_once(lab: Lab, kind: str) -> None:
    connector = lab.connect()
    lab.mock.faults.add(Fault("ldap", "add", kind))
    outcome = export(connector, add(sn="New", sAMAccountName="new"))
    assert (outcome.error, outcome.anchor is None) == (None, False)
    adds = [row.operation for row in lab.rows if row.operation.startswith("add")]
    assert adds == (["add", "add (look-up)"] if kind == "drop-done" else ["add", "add (look-up)", "add"])


def test_a_create_of_an_earlier_run_that_may_have_arrived_is_looked_for_first(lab: Lab) -> None:
    change = add(sn="New", sAMAccountName="new")
    first = export(lab.connect(), change)
    lab.rows.clear()
    again = export(lab.connect(), replace(change, uncertain=True))
    assert (again.error, again.anchor) == (None, first.anchor)
    assert "add" not in [row.operation for row in lab.rows]
    other = replace(add(f"CN=Other,OU=People,{NC}", sn="x"), uncertain=True)
    assert export(lab.connect(), other).error is None


def test_somebody_else_s_object_is_not_taken_for_our_lost_create(lab: Lab) -> None:
    connector = lab.connect()
    lab.mock.faults.add(Fault("ldap", "add", "drop"))
    outcome = export(connector, add(ANN, sn="Another"))
    assert (outcome.error, outcome.anchor) == ("cd-existing-object", None)


@pytest.mark.parametrize("kind", ["drop", "drop-done"])
@pytest.mark.parametrize("operation", ["modify", "rename", "delete"])
def test_writes_whose_answer_was_lost_are_done_once(lab: Lab, operation: str, kind: str) -> None:
    objects, _ = whole_import(lab.connect())
    anchor = objects["Ann"].anchor
    change = {
        "modify": update(ANN, anchor, proxyAddresses=AttributeDelta("update", ("smtp:n@corp.test",))),
        "rename": update(ANN, anchor, new_dn=f"CN=Anna,OU=Away,{NC}"),
        "delete": delete(ANN, anchor),
    }[operation]
    connector = lab.connect()
    lab.mock.faults.add(Fault("ldap", "modifydn" if operation == "rename" else operation, kind))
    assert export(connector, change).error is None
    assert lab.mock.faults.pending() == ()


def test_a_directory_that_stays_away_ends_the_export(lab: Lab) -> None:
    connector = lab.connect()
    lab.mock.faults.add(Fault("ldap", "modify", "drop", skip=1, times=3))
    outcomes = connector.export([update(BOB, title=replaced("x")), update(ANN, title=replaced("x"))])
    assert next(outcomes).error is None
    with pytest.raises(ConnectionLost):
        next(outcomes)
