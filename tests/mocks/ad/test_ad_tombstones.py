"""Deleting, and bringing back, with the Recycle Bin off and on."""

from __future__ import annotations

from collections.abc import Iterator

import ldap3
import pytest

from attrflow_mocks.ad.hosting import Hosted, running
from attrflow_mocks.scenarios.seed import DirectorySeed

ROOT = "DC=contoso,DC=test"
PEOPLE = f"OU=People,{ROOT}"
KARI, OLA, SALES = f"CN=Kari Nordmann,{PEOPLE}", f"CN=Ola Hansen,{PEOPLE}", f"CN=Sales,{PEOPLE}"
SHOW_DELETED = ("1.2.840.113556.1.4.417", True, None)
TREE_DELETE = ("1.2.840.113556.1.4.805", True, None)


@pytest.fixture
def recycling(seed: DirectorySeed) -> Iterator[ldap3.Connection]:
    with (
        running(seed, recycle_bin=True) as host,
        ldap3.Connection(
            ldap3.Server("127.0.0.1", host.port, get_info=ldap3.NONE),
            "svc-sync@contoso.test",
            "Hemmelig-1",
            return_empty_attributes=False,
        ) as client,
    ):
        yield client


def tombstone(connection: ldap3.Connection, guid: object) -> dict[str, list[bytes]]:
    connection.search(f"<GUID={guid}>", "(objectClass=*)", ldap3.BASE, attributes=["*"], controls=[SHOW_DELETED])
    return dict(connection.response[0]["raw_attributes"])


def guid_of(connection: ldap3.Connection, dn: str) -> str:
    connection.search(dn, "(objectClass=*)", ldap3.BASE, attributes=["objectGUID"])
    guid: bytes = connection.response[0]["raw_attributes"]["objectGUID"][0]
    return guid.hex()


def undelete(connection: ldap3.Connection, dn: str, target: str) -> bool:
    changes = {
        "isDeleted": [(ldap3.MODIFY_DELETE, [])],
        "distinguishedName": [(ldap3.MODIFY_REPLACE, [target])],
    }
    return bool(connection.modify(dn, changes, controls=[SHOW_DELETED]))


def test_a_tombstone_keeps_who_it_was_and_loses_the_rest(connection: ldap3.Connection) -> None:
    guid = guid_of(connection, KARI)
    assert connection.delete(KARI)
    connection.search(ROOT, "(sAMAccountName=kari)")
    assert [e["type"] for e in connection.response] == ["searchResRef"] * 3
    connection.search(f"<GUID={guid}>", "(objectClass=*)", ldap3.BASE)
    assert connection.result["result"] == 32
    found = tombstone(connection, guid)
    assert found["isDeleted"] == [b"TRUE"]
    assert found["sAMAccountName"] == [b"kari"]
    assert found["lastKnownParent"] == [PEOPLE.encode()]
    assert found["msDS-LastKnownRDN"] == [b"Kari Nordmann"]
    assert found["name"][0].startswith(b"Kari Nordmann\nDEL:")
    gone = {"mail", "displayName", "userPrincipalName", "objectCategory", "sAMAccountType", "memberOf", "directReports"}
    assert not gone & set(found)
    connection.search(OLA, "(objectClass=*)", ldap3.BASE, attributes=["manager"])
    assert connection.response[0]["raw_attributes"] == {}


def test_the_name_is_free_again_and_the_tombstone_cannot_be_deleted(
    hosted: Hosted, connection: ldap3.Connection
) -> None:
    entry = hosted.directory.require(KARI)
    connection.delete(KARI)
    assert connection.add(KARI, "user", {"sAMAccountName": "kari", "userPrincipalName": "kari@contoso.test"})
    connection.delete(f"<GUID={entry.guid}>", controls=[SHOW_DELETED])
    assert connection.result["result"] == 32
    assert not undelete(connection, f"<GUID={entry.guid}>", KARI)
    assert connection.result["result"] == 68


def test_what_may_not_be_deleted(connection: ldap3.Connection) -> None:
    for dn, code in (
        (PEOPLE, 66),
        (f"CN=Users,{ROOT}", 53),
        (f"CN=Computers,{ROOT}", 53),
        (f"CN=Domain Users,CN=Users,{ROOT}", 53),
        (f"CN=No,{ROOT}", 32),
        (f"CN=Deleted Objects,{ROOT}", 32),
    ):
        connection.delete(dn)
        assert connection.result["result"] == code, dn


def test_tree_delete_takes_the_children_first(connection: ldap3.Connection) -> None:
    guids = [guid_of(connection, dn) for dn in (PEOPLE, KARI)]
    assert connection.delete(PEOPLE, controls=[TREE_DELETE])
    people, kari = [tombstone(connection, guid) for guid in guids]
    assert kari["lastKnownParent"] == people["distinguishedName"]
    assert people["lastKnownParent"] == [ROOT.encode()]


def test_an_undeleted_user_comes_back_disabled_and_without_its_links(connection: ldap3.Connection) -> None:
    guid = guid_of(connection, KARI)
    connection.delete(KARI)
    assert not undelete(connection, f"<GUID={guid}>", f"OU=Kari,{PEOPLE}")
    back = f"CN=Kari Back,OU=Leavers,{ROOT}"
    assert undelete(connection, f"<GUID={guid}>", back), connection.result
    connection.search(back, "(objectClass=*)", ldap3.BASE, attributes=["*"])
    found = connection.response[0]["raw_attributes"]
    assert found["objectGUID"][0].hex() == guid
    assert found["userAccountControl"] == [b"514"]
    assert found["sAMAccountType"] == [b"805306368"]
    assert "objectCategory" in found
    assert not {"isDeleted", "lastKnownParent", "memberOf", "mail", "userPrincipalName"} & set(found)


def test_without_the_control_a_tombstone_is_not_there(connection: ldap3.Connection) -> None:
    guid = guid_of(connection, KARI)
    connection.delete(KARI)
    changes = {"isDeleted": [(ldap3.MODIFY_DELETE, [])], "distinguishedName": [(ldap3.MODIFY_REPLACE, [KARI])]}
    connection.modify(f"<GUID={guid}>", changes)
    assert connection.result["result"] == 32
    connection.modify(f"<GUID={guid}>", {"info": [(ldap3.MODIFY_REPLACE, ["x"])]}, controls=[SHOW_DELETED])
    assert connection.result["result"] == 53


def test_with_the_recycle_bin_everything_comes_back(recycling: ldap3.Connection) -> None:
    guid = guid_of(recycling, KARI)
    assert recycling.delete(KARI)
    assert tombstone(recycling, guid)["mail"] == [b"kari@contoso.test"]
    assert undelete(recycling, f"<GUID={guid}>", KARI), recycling.result
    recycling.search(KARI, "(objectClass=*)", ldap3.BASE, attributes=["mail", "memberOf", "directReports"])
    assert recycling.response[0]["raw_attributes"] == {
        "mail": [b"kari@contoso.test"],
        "memberOf": [SALES.encode()],
        "directReports": [OLA.encode()],
    }


def test_the_container_of_the_deleted_is_reached_by_its_well_known_guid(connection: ldap3.Connection) -> None:
    base = f"<WKGUID=18E2EA80684F11D2B9AA00C04F79F805,{ROOT}>"
    connection.search(base, "(objectClass=*)", ldap3.BASE, attributes=["isDeleted"], controls=[SHOW_DELETED])
    assert connection.response[0]["raw_attributes"] == {"isDeleted": [b"TRUE"]}
