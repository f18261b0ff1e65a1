"""Imports from the mock Active Directory: whole ones, deltas by DirSync, ranges, scope."""

from __future__ import annotations

import uuid

import ldap3
import pytest

from attrflow.app.settings_connectors import default_object_types
from attrflow.model.entry import ImportedReferences, ReferenceTarget
from attrflow.model.errors import PermissionDenied, SearchFailed
from attrflow.model.schema import Syntax
from attrflow_mocks.scenarios.seed import EntrySeed

from .ldap_lab import NC, Lab, by_name, changes, domain, group, lab_on, person, whole_import

ANN, BOB = f"CN=Ann,OU=People,{NC}", f"CN=Bob,OU=People,{NC}"
STAFF = f"CN=Staff,OU=Groups,{NC}"


def test_a_full_import_brings_objects_as_they_are(lab: Lab) -> None:
    connector = lab.connect(lab.configuration(include=(f"OU=People,{NC}", f"OU=Groups,{NC}")))
    objects, last = whole_import(connector)
    assert set(objects) == {"Ann", "Bob", "Staff"}  # the computer is no user, though its class is one
    ann, bob, staff = objects["Ann"], objects["Bob"], objects["Staff"]
    assert (ann.change, ann.object_type, ann.dn) == ("whole", "user", ANN)
    guid = ann.attributes["objectGUID"][0]
    assert isinstance(guid, bytes)
    assert ann.anchor == str(uuid.UUID(bytes_le=guid))
    assert ann.attributes["telephoneNumber"] == ("  +47 22 00 00 00 ",)
    assert ann.attributes["proxyAddresses"] == ("SMTP:ann@corp.test", "smtp:a@corp.test")
    assert ann.attributes["cn"] == ("Ann",)  # asked for as CN, spelt as the schema does
    assert ann.attributes["distinguishedName"] == (ANN,)
    assert bob.attributes["userAccountControl"] == (512,)
    assert isinstance(bob.attributes["objectSid"][0], bytes)
    assert bob.references == {"manager": ImportedReferences(added=(ReferenceTarget(ANN, ann.anchor),))}
    assert staff.references["member"].whole
    assert {t.anchor for t in staff.references["member"].added} == {ann.anchor, bob.anchor}
    assert last.watermark_after
    assert connector.unknown_attributes == {"user": ("noSuchThing",)}


def test_the_schema_says_what_the_directory_says(lab: Lab) -> None:
    schema = lab.connect().schema
    expected = {
        "proxyaddresses": ("proxyAddresses", Syntax.STRING, True),
        "userAccountControl": ("userAccountControl", Syntax.INTEGER, False),
        "uSNChanged": ("uSNChanged", Syntax.INTEGER, False),
        "isDeleted": ("isDeleted", Syntax.BOOLEAN, False),
        "manager": ("manager", Syntax.REFERENCE, False),
        "objectSid": ("objectSid", Syntax.BINARY, False),
        "objectGUID": ("objectGUID", Syntax.BINARY, False),
        "userCertificate": ("userCertificate", Syntax.BINARY, True),
        "msExchMailboxGuid": ("msExchMailboxGuid", Syntax.BINARY, False),
        "distinguishedName": ("distinguishedName", Syntax.STRING, False),
    }
    got = {name: schema.attribute("user", name) for name in expected}
    assert {k: (v.name, v.syntax, v.multi) if v else None for k, v in got.items()} == expected
    assert schema.attribute("group", "member") is not None
    assert schema.attribute("group", "userAccountControl") is None


@pytest.mark.parametrize(
    ("include", "exclude", "expected"),
    [
        ((), (), {"Ann", "Deep", "Cal"}),
        ((f"ou=people,{NC}",), (), {"Ann", "Deep"}),
        ((f"OU=People,{NC}",), (f"OU=Inner,OU=People,{NC}",), {"Ann"}),
        ((f"OU=People,{NC}", f"OU=Core,OU=Inner,OU=People,{NC}"), (f"OU=Inner,OU=People,{NC}",), {"Ann", "Deep"}),
        ((), (f"OU=People,{NC}",), {"Cal"}),
        ((f"OU=Renamed,{NC}",), (), set()),
    ],
)
def test_the_deepest_container_decides(include: tuple[str, ...], exclude: tuple[str, ...], expected: set[str]) -> None:
    entries = (
        EntrySeed(f"OU=Inner,OU=People,{NC}", "organizationalUnit"),
        EntrySeed(f"OU=Core,OU=Inner,OU=People,{NC}", "organizationalUnit"),
        person("Ann"),
        person("Deep", "OU=Core,OU=Inner,OU=People"),
        person("Cal", "OU=Away"),
    )
    with lab_on(domain(*entries)) as lab:
        objects, _ = whole_import(lab.connect(lab.configuration(include=include, exclude=exclude)))
        assert set(objects) & {"Ann", "Deep", "Cal"} == expected


def test_an_object_type_is_read_when_it_is_included(lab: Lab) -> None:
    configuration = lab.configuration(object_types=("user", "computer"))
    objects, _ = whole_import(lab.connect(configuration, attributes={"user": ("cn",), "computer": ("cn",)}))
    assert objects["PC1"].object_type == "computer"
    assert "Staff" not in objects


def test_containers_come_with_nothing_but_their_name_and_a_type_that_the_schema_lacks_is_no_error() -> None:
    entries = [person("Ann"), EntrySeed(f"OU=Inner,OU=People,{NC}", "organizationalUnit", {"description": ["x"]})]
    usual = default_object_types("ad")
    with lab_on(domain(*entries)) as lab:
        configuration = lab.configuration(object_types=(*usual, "noSuchClass"), include=(f"OU=People,{NC}",))
        connector = lab.connect(configuration, attributes={"user": ("cn", "description")})
        assert set(connector.schema.object_types) == set(usual)
        objects, _ = whole_import(connector)
        found = {name: (one.object_type, set(one.attributes)) for name, one in objects.items()}
        assert found == {
            "Ann": ("user", {"cn", "objectGUID"}),
            "People": ("organizationalUnit", {"objectGUID"}),
            "Inner": ("organizationalUnit", {"objectGUID"}),
        }
        whole, _ = whole_import(lab.connect(lab.configuration(object_types=usual)))
        types = {one.dn: one.object_type for one in whole.values()}
        assert types[NC] == "domainDNS"
        assert types[f"CN=Users,{NC}"] == "container"
        # Classes that derive from an included one are types of their own.
        assert f"CN=Builtin,{NC}" not in types


def test_more_pages_than_one_and_more_members_than_the_server_sends_at_once() -> None:
    people = [person(f"P{number:04}") for number in range(3100)]
    with lab_on(domain(*people, group("Huge", *(entry.dn for entry in people)), group("None"))) as lab:
        connector = lab.connect(lab.configuration(include=(f"OU=People,{NC}", f"OU=Groups,{NC}")))
        pages = list(connector.import_pages(NC, None))
        assert [len(page.objects) for page in pages] == [1000, 1000, 1000, 100, 2, 0]
        objects = by_name(pages)
        assert len(objects) == 3102
        members = objects["Huge"].references["member"]
        assert (members.whole, len(members.added)) == (True, 3100)
        assert {target.anchor for target in members.added} == {
            o.anchor for o in objects.values() if o.object_type == "user"
        }
        assert objects["None"].references == {}


def test_values_that_do_not_fit_their_syntax_are_findings_of_their_object(lab: Lab) -> None:
    def damage() -> None:
        entry = lab.mock.directory.find(ANN)
        assert entry is not None
        entry.values["telephoneNumber"] = [b"\xff\xfe"]

    lab.mock.call(damage)
    objects, _ = whole_import(lab.connect())
    (finding,) = objects["Ann"].findings
    assert (finding.code, finding.attribute, finding.dn) == (
        "invalid-attribute-value",
        "telephoneNumber",
        ANN,
    )
    assert "ff fe" in finding.detail
    assert "telephoneNumber" not in objects["Ann"].attributes
    assert objects["Ann"].attributes["proxyAddresses"] == ("SMTP:ann@corp.test", "smtp:a@corp.test")


def test_a_delta_has_only_what_changed(lab: Lab) -> None:
    connector = lab.connect()
    objects, last = whole_import(connector)
    lab.edit(lambda c: c.modify(ANN, {"telephoneNumber": [(ldap3.MODIFY_REPLACE, ["1"])]}))
    lab.edit(lambda c: c.modify(ANN, {"proxyAddresses": [(ldap3.MODIFY_REPLACE, [])]}))
    lab.edit(lambda c: c.modify(BOB, {"description": [(ldap3.MODIFY_REPLACE, ["of no interest"])]}))
    found, after = changes(connector, last.watermark_after)
    assert set(found) == {"Ann"}
    ann = found["Ann"]
    assert (ann.change, ann.anchor, ann.object_type) == ("partial", objects["Ann"].anchor, None)
    assert ann.attributes["telephoneNumber"] == ("1",)
    assert ann.attributes["proxyAddresses"] == ()
    assert not {"sn", "cn", "userAccountControl"} & set(ann.attributes)
    assert changes(connector, after)[0] == {}


def test_members_come_one_by_one_with_their_anchors(lab: Lab) -> None:
    connector = lab.connect()
    objects, last = whole_import(connector)
    lab.edit(lambda c: c.add(f"CN=Cid,OU=People,{NC}", "user", {"sn": "Cid", "sAMAccountName": "cid"}))
    lab.edit(
        lambda c: c.modify(
            STAFF,
            {"member": [(ldap3.MODIFY_DELETE, [BOB]), (ldap3.MODIFY_ADD, [f"CN=Cid,OU=People,{NC}"])]},
        )
    )
    lab.edit(lambda c: c.modify(BOB, {"manager": [(ldap3.MODIFY_REPLACE, [])]}))
    found, _ = changes(connector, last.watermark_after)
    member = found["Staff"].references["member"]
    assert not member.whole
    assert member.added == (ReferenceTarget(f"CN=Cid,OU=People,{NC}", found["Cid"].anchor),)
    assert member.removed == (ReferenceTarget(BOB, objects["Bob"].anchor),)
    manager = found["Bob"].references["manager"]
    assert (manager.added, [t.dn for t in manager.removed]) == ((), [ANN])


def test_renamed_moved_and_deleted_objects(lab: Lab) -> None:
    scope = lab.configuration(include=(f"OU=People,{NC}", f"OU=Groups,{NC}"))
    connector = lab.connect(scope)
    objects, last = whole_import(connector)
    lab.edit(lambda c: c.modify_dn(ANN, "CN=Anna"))
    lab.edit(lambda c: c.modify_dn(BOB, "CN=Bob", new_superior=f"OU=Away,{NC}"))
    lab.edit(lambda c: c.delete(STAFF))
    found, after = changes(connector, last.watermark_after)
    anna = found["Anna"]
    assert (anna.change, anna.anchor, anna.dn) == ("partial", objects["Ann"].anchor, f"CN=Anna,OU=People,{NC}")
    assert anna.attributes["distinguishedName"] == (anna.dn,)
    assert anna.attributes["cn"] == ("Anna",)
    assert (found["Bob"].change, found["Bob"].anchor) == ("left-scope", objects["Bob"].anchor)
    gone = next(o for o in found.values() if o.anchor == objects["Staff"].anchor)
    assert gone.change == "delete"
    assert connector.read_object(NC, objects["Bob"].anchor or "") is None
    assert connector.read_object(NC, objects["Staff"].anchor or "") is None

    lab.edit(lambda c: c.modify_dn(f"CN=Bob,OU=Away,{NC}", "CN=Bob", new_superior=f"OU=People,{NC}"))
    back, _ = changes(connector, after)
    assert back["Bob"].change == "partial"
    again = connector.read_object(NC, back["Bob"].anchor or "")
    assert again is not None
    assert (again.change, again.dn, again.attributes["sn"]) == ("whole", BOB, ("Bob",))
    assert again.references["manager"].added == (ReferenceTarget(anna.dn, anna.anchor),)


def test_what_changes_during_a_full_import_comes_with_the_next_delta(lab: Lab) -> None:
    connector = lab.connect(lab.configuration(page_size=1))
    pages = connector.import_pages(NC, None)
    next(pages)
    lab.edit(lambda c: c.modify(ANN, {"telephoneNumber": [(ldap3.MODIFY_REPLACE, ["9"])]}))
    *_, last = pages
    found, _ = changes(connector, last.watermark_after)
    assert found["Ann"].attributes["telephoneNumber"] == ("9",)


def test_a_change_of_a_computer_is_no_change_of_a_user(lab: Lab) -> None:
    connector = lab.connect()
    _, last = whole_import(connector)
    lab.edit(lambda c: c.modify(f"CN=PC1,OU=People,{NC}", {"telephoneNumber": [(ldap3.MODIFY_REPLACE, ["1"])]}))
    assert changes(connector, last.watermark_after)[0] == {}


def test_an_object_that_leaves_the_filter_has_left_the_scope_and_one_that_enters_is_a_change(lab: Lab) -> None:
    configuration = lab.configuration(filter="(!(department=External))", object_types=("user",))
    connector = lab.connect(configuration)
    objects, last = whole_import(connector)
    assert {"Ann", "Bob"} <= set(objects)
    lab.edit(lambda c: c.modify(ANN, {"department": [(ldap3.MODIFY_REPLACE, ["External"])]}))
    found, after = changes(connector, last.watermark_after)
    assert {name: o.change for name, o in found.items()} == {"Ann": "left-scope"}
    assert connector.read_object(NC, objects["Ann"].anchor or "") is None
    lab.edit(lambda c: c.modify(ANN, {"department": [(ldap3.MODIFY_REPLACE, ["Sales"])]}))
    assert changes(connector, after)[0]["Ann"].change == "partial"


def test_an_account_without_the_right_to_replicate_is_told_so_and_object_security_needs_none(lab: Lab) -> None:
    lab.mock.call(lambda: setattr(lab.mock.directory, "replicators", frozenset()))
    with pytest.raises(PermissionDenied) as caught:
        list(lab.connect().import_pages(NC, None))
    assert "Replicating Directory Changes" in str(caught.value.help)
    assert caught.value.status == "no-start-connection"
    assert "Ann" in whole_import(lab.connect(lab.configuration(object_security=True)))[0]


@pytest.mark.parametrize("watermark", ["bm9uc2Vuc2U=", "not base64!"])
def test_a_watermark_that_is_none_asks_for_a_full_import(lab: Lab, watermark: str) -> None:
    with pytest.raises(SearchFailed) as caught:
        list(lab.connect().import_pages(NC, watermark))
    assert "full import" in str(caught.value.help)
