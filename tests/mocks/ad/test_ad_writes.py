"""Writes: what AD takes, what it refuses and with which code, and what follows from a write."""

from __future__ import annotations

from collections.abc import Mapping

import ldap3
import pytest

from attrflow_mocks.ad.hosting import Hosted

ROOT = "DC=contoso,DC=test"
PEOPLE = f"OU=People,{ROOT}"
KARI, OLA, SALES = f"CN=Kari Nordmann,{PEOPLE}", f"CN=Ola Hansen,{PEOPLE}", f"CN=Sales,{PEOPLE}"
NEW = f"CN=New,{PEOPLE}"
ADD, DELETE, REPLACE = ldap3.MODIFY_ADD, ldap3.MODIFY_DELETE, ldap3.MODIFY_REPLACE


def check(connection: ldap3.Connection, code: int, win32: str) -> None:
    assert (connection.result["result"], connection.result["message"][:8]) == (code, win32), connection.result


def read(connection: ldap3.Connection, dn: str, *names: str) -> dict[str, list[bytes]]:
    assert connection.search(dn, "(objectClass=*)", ldap3.BASE, attributes=list(names)), connection.result
    return dict(connection.response[0]["raw_attributes"])


@pytest.mark.parametrize(
    ("dn", "changes", "code", "win32"),
    [
        (KARI, {"nonsense": [(REPLACE, ["1"])]}, 16, "00000057"),
        (KARI, {"mail": [(DELETE, ["other@x.test"])]}, 16, "00002085"),
        (KARI, {"employeeID": [(DELETE, [])]}, 16, "00002085"),
        (KARI, {"proxyAddresses": [(ADD, ["SMTP:KARI@contoso.test"])]}, 20, "00002083"),
        (KARI, {"proxyAddresses": [(ADD, ["smtp:a", "SMTP:A"])]}, 20, "00002083"),
        (KARI, {"displayName": [(REPLACE, ["a", "b"])]}, 19, "00002081"),
        (KARI, {"displayName": [(ADD, ["second"])]}, 20, "00002081"),
        (KARI, {"displayName": [(REPLACE, [""])]}, 21, "00000057"),
        (KARI, {"countryCode": [(REPLACE, ["many"])]}, 21, "00000057"),
        (KARI, {"memberOf": [(ADD, [SALES])]}, 53, "0000209A"),
        (KARI, {"objectGUID": [(REPLACE, [b"0" * 16])]}, 19, "000020B1"),
        (KARI, {"uSNChanged": [(REPLACE, ["1"])]}, 19, "000020B1"),
        (KARI, {"canonicalName": [(REPLACE, ["1"])]}, 19, "000020B1"),
        (KARI, {"cn": [(REPLACE, ["Other"])]}, 67, "00002016"),
        (KARI, {"name": [(REPLACE, ["Other"])]}, 67, "00002016"),
        (KARI, {"member": [(ADD, [OLA])]}, 65, "00002014"),
        (KARI, {"sAMAccountName": [(REPLACE, ["OLA"])]}, 68, "00000524"),
        (KARI, {"sAMAccountName": [(REPLACE, ["a" * 21])]}, 19, "00000523"),
        (KARI, {"sAMAccountName": [(REPLACE, ["a*b"])]}, 19, "00000523"),
        (KARI, {"sAMAccountName": [(DELETE, [])]}, 65, "0000207C"),
        (KARI, {"userPrincipalName": [(REPLACE, ["OLA@contoso.test"])]}, 19, "000021C7"),
        (KARI, {"pwdLastSet": [(REPLACE, ["17"])]}, 19, "00000057"),
        (KARI, {"manager": [(REPLACE, [f"CN=Nobody,{PEOPLE}"])]}, 32, "0000208D"),
        (KARI, {"manager": [(REPLACE, [OLA, SALES])]}, 19, "00002081"),
        (KARI, {"unicodePwd": [(REPLACE, ['"Ny-passord-1"'.encode("utf-16-le")])]}, 53, "0000001F"),
        (KARI, {"primaryGroupID": [(REPLACE, ["512"])]}, 53, "00000561"),
        (SALES, {"member": [(ADD, [KARI])]}, 68, "00000562"),
        (SALES, {"member": [(DELETE, [SALES])]}, 53, "00000561"),
        (f"CN=No,{PEOPLE}", {"mail": [(REPLACE, ["a"])]}, 32, "0000208D"),
    ],
)
def test_a_modify_that_is_refused_changes_nothing(
    hosted: Hosted,
    connection: ldap3.Connection,
    dn: str,
    changes: dict[str, list[tuple[str, list[str]]]],
    code: int,
    win32: str,
) -> None:
    before = hosted.directory.usn
    with_more = {"description": [(REPLACE, ["must not stay"])], **changes} if code != 32 else changes
    connection.modify(dn, with_more)
    check(connection, code, win32)
    assert hosted.directory.usn == before
    found = hosted.directory.find(dn)
    assert found is None or "description" not in found.values


USER: Mapping[str, object] = {"sAMAccountName": "new", "displayName": "New"}


@pytest.mark.parametrize(
    ("dn", "classes", "attributes", "code", "win32"),
    [
        (KARI, "user", USER, 68, "00002071"),
        (f"cn=kari  NORDMANN,{PEOPLE}", "user", USER, 68, "00002071"),
        (f"CN=a,CN=No,{PEOPLE}", "user", USER, 32, "0000208D"),
        (f"OU=a,{PEOPLE}", "user", USER, 64, "00002099"),
        (f"CN=a+SN=b,{PEOPLE}", "user", USER, 34, "00002081"),
        (NEW, "nonsense", USER, 16, "00000057"),
        (NEW, "securityPrincipal", USER, 65, "00002014"),
        (NEW, "user", {**USER, "nonsense": "1"}, 16, "00000057"),
        (NEW, "user", {**USER, "member": KARI}, 65, "00002014"),
        (NEW, "user", {**USER, "whenCreated": "20300102030405.0Z"}, 19, "000020B1"),
        (NEW, "user", {**USER, "memberOf": SALES}, 53, "0000209A"),
        (NEW, "user", {"sAMAccountName": "kari"}, 68, "00000524"),
        (NEW, "user", {**USER, "userPrincipalName": "kari@contoso.test"}, 19, "000021C7"),
        (NEW, "user", {**USER, "userAccountControl": "512"}, 53, "0000052D"),
        (NEW, "user", {**USER, "manager": f"CN=Nobody,{PEOPLE}"}, 32, "0000208D"),
    ],
)
def test_an_add_that_is_refused_leaves_nothing(
    hosted: Hosted,
    connection: ldap3.Connection,
    dn: str,
    classes: str,
    attributes: dict[str, object],
    code: int,
    win32: str,
) -> None:
    before = (hosted.directory.usn, len(hosted.directory.by_guid))
    connection.add(dn, classes, attributes)
    check(connection, code, win32)
    assert (hosted.directory.usn, len(hosted.directory.by_guid)) == before
    assert hosted.directory.find(NEW) is None


def test_a_new_user_has_what_the_directory_sets(connection: ldap3.Connection) -> None:
    assert connection.add(NEW, ["top", "person", "organizationalPerson", "user"], {"manager": KARI})
    found = read(connection, NEW, "*")
    assert found["userAccountControl"] == [b"546"]
    assert found["primaryGroupID"] == [b"513"]
    assert found["sAMAccountType"] == [b"805306368"]
    assert found["sAMAccountName"][0].startswith(b"$")
    assert found["objectCategory"] == [f"CN=Person,CN=Schema,CN=Configuration,{ROOT}".encode()]
    assert found["manager"] == [KARI.encode()]
    assert found["uSNCreated"] == found["uSNChanged"]
    assert len(found["objectSid"][0]) == 28 and len(found["objectGUID"][0]) == 16
    assert NEW.encode() in read(connection, KARI, "directReports")["directReports"]


def test_a_new_group_is_a_global_security_group(connection: ldap3.Connection) -> None:
    assert connection.add(f"CN=G,{PEOPLE}", "group", {"sAMAccountName": "G", "member": [KARI, OLA]})
    found = read(connection, f"CN=G,{PEOPLE}", "groupType", "sAMAccountType", "member")
    assert found["groupType"] == [b"-2147483646"] and found["sAMAccountType"] == [b"268435456"]
    assert len(found["member"]) == 2
    connection.modify(f"CN=G,{PEOPLE}", {"groupType": [(REPLACE, ["4"])]})
    assert read(connection, f"CN=G,{PEOPLE}", "sAMAccountType")["sAMAccountType"] == [b"536870913"]


def test_permissive_modify_takes_what_is_there_and_what_is_not(connection: ldap3.Connection) -> None:
    changes = {"member": [(ADD, [KARI]), (DELETE, [SALES])]}
    assert connection.modify(SALES, changes, controls=[("1.2.840.113556.1.4.1413", True, None)])
    assert len(read(connection, SALES, "member")["member"]) == 2


def test_membership_changes_the_group_and_not_the_member(hosted: Hosted, connection: ldap3.Connection) -> None:
    kari, sales = hosted.directory.require(KARI), hosted.directory.require(SALES)
    before = kari.usn
    assert connection.modify(SALES, {"member": [(DELETE, [KARI])]})
    assert kari.usn == before and sales.usn == hosted.directory.usn
    assert "memberOf" not in read(connection, KARI, "memberOf")


def test_changes_of_one_request_build_on_each_other(connection: ldap3.Connection) -> None:
    changes = {"otherTelephone": [(ADD, ["1"]), (ADD, ["2"]), (DELETE, ["1"])]}
    assert connection.modify(KARI, changes), connection.result
    assert read(connection, KARI, "otherTelephone")["otherTelephone"] == [b"2"]


def test_a_binary_anchor_is_stored_as_it_is(connection: ldap3.Connection) -> None:
    anchor = bytes(range(16))
    assert connection.modify(KARI, {"mS-DS-ConsistencyGuid": [(REPLACE, [anchor])]})
    assert read(connection, KARI, "mS-DS-ConsistencyGuid")["mS-DS-ConsistencyGuid"] == [anchor]


def test_links_follow_renames_at_once_and_only_the_renamed_changes(
    hosted: Hosted, connection: ldap3.Connection
) -> None:
    sales = hosted.directory.require(SALES)
    before = sales.usn
    assert connection.modify_dn(PEOPLE, "OU=Folk, og mer") is False  # a comma in a name must be escaped
    assert connection.modify_dn(PEOPLE, "OU=Folk\\, og mer")
    folk = f"OU=Folk\\, og mer,{ROOT}"
    assert connection.modify_dn(f"CN=Kari Nordmann,{folk}", "CN=Kari Hansen")
    members = read(connection, f"CN=Sales,{folk}", "member")["member"]
    assert members == [f"CN=Kari Hansen,{folk}".encode(), f"CN=Ola Hansen,{folk}".encode()]
    assert sales.usn == before
    found = read(connection, f"CN=Kari Hansen,{folk}", "cn", "name", "distinguishedName")
    assert found["cn"] == found["name"] == [b"Kari Hansen"]


@pytest.mark.parametrize(
    ("dn", "rdn", "options", "code", "win32"),
    [
        (KARI, "CN=Ola Hansen", {}, 68, "00002071"),
        (KARI, "OU=Kari", {}, 64, "00002099"),
        (KARI, "CN=K", {"delete_old_dn": False}, 53, "00000057"),
        (KARI, "CN=K", {"new_superior": f"OU=No,{ROOT}"}, 32, "0000208D"),
        (KARI, "CN=K", {"new_superior": f"CN=Configuration,{ROOT}"}, 53, "00002077"),
        (PEOPLE, "OU=People", {"new_superior": PEOPLE}, 53, "00002077"),
        (f"CN=Users,{ROOT}", "CN=U", {}, 53, "00002077"),
    ],
)
def test_a_rename_that_is_refused(
    connection: ldap3.Connection, dn: str, rdn: str, options: dict[str, object], code: int, win32: str
) -> None:
    connection.modify_dn(dn, rdn, **options)
    check(connection, code, win32)


def test_a_rename_may_change_the_case_alone(connection: ldap3.Connection) -> None:
    assert connection.modify_dn(KARI, "CN=KARI nordmann")
    assert read(connection, KARI, "cn")["cn"] == [b"KARI nordmann"]


def test_the_primary_group_swaps_places_with_a_membership(hosted: Hosted, connection: ldap3.Connection) -> None:
    rid = int.from_bytes(hosted.directory.require(SALES).values["objectSid"][0][-4:], "little")
    assert connection.modify(KARI, {"primaryGroupID": [(REPLACE, [str(rid)])]}), connection.result
    assert read(connection, SALES, "member")["member"] == [OLA.encode()]
    assert read(connection, KARI, "memberOf")["memberOf"] == [f"CN=Domain Users,CN=Users,{ROOT}".encode()]
