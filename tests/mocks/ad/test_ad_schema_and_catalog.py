"""The schema as objects, what it forbids, the Global Catalog, and what becomes of the deleted."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import ldap3
import pytest

from attrflow_mocks.ad.hosting import Hosted, running
from attrflow_mocks.ad.values import sid_text
from attrflow_mocks.clock import Clock
from attrflow_mocks.scenarios.seed import DirectorySeed

ROOT = "DC=contoso,DC=test"
PEOPLE = f"OU=People,{ROOT}"
KARI = f"CN=Kari Nordmann,{PEOPLE}"
SALES = f"CN=Sales,{PEOPLE}"
SCHEMA = f"CN=Schema,CN=Configuration,{ROOT}"
AD = "1.2.840.113556.1.4."
DAY = 86_400


def check(connection: ldap3.Connection, code: int, win32: str) -> None:
    assert (connection.result["result"], connection.result["message"][:8]) == (code, win32)


def test_attributes_and_classes_are_objects(connection: ldap3.Connection) -> None:
    connection.search(SCHEMA, "(lDAPDisplayName=member)", attributes=["*"])
    raw = connection.response[0]["raw_attributes"]
    assert connection.response[0]["dn"] == f"CN=Member,{SCHEMA}"
    assert raw["linkID"] == [b"2"] and raw["attributeSyntax"] == [b"2.5.5.1"] and raw["oMSyntax"] == [b"127"]
    assert raw["schemaIDGUID"][0].hex() == "c07996bfe60dd011a28500aa003049e2"
    connection.search(SCHEMA, "(&(objectCategory=attributeSchema)(isMemberOfPartialAttributeSet=TRUE))")
    assert 80 < len(connection.response) < 120
    connection.search(SCHEMA, "(&(objectClass=classSchema)(systemPossSuperiors=organizationalUnit))", attributes=["cn"])
    assert {"User", "Group", "Contact"} <= {entry["raw_attributes"]["cn"][0].decode() for entry in connection.response}


def test_the_schema_cannot_be_written(connection: ldap3.Connection) -> None:
    connection.add(f"CN=x,{SCHEMA}", "container")
    assert connection.result["result"] == 53


@pytest.mark.parametrize("class_name", ["user", "organizationalUnit", "group"])
def test_a_class_stands_only_where_its_superiors_allow(connection: ldap3.Connection, class_name: str) -> None:
    rdn = "OU" if class_name == "organizationalUnit" else "CN"
    connection.add(f"{rdn}=x,{KARI}", class_name)
    check(connection, 64, "00002099")
    connection.modify_dn(SALES, "CN=Sales", new_superior=KARI)
    check(connection, 64, "00002099")


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [("title", "x" * 128, 0), ("title", "x" * 129, 19), ("c", "NORW", 19), ("initials", "æøåæøå", 0),
     ("countryCode", "65535", 0), ("countryCode", "65536", 19), ("description", "x" * 1025, 19)],
)  # fmt: skip
def test_values_keep_their_bounds(connection: ldap3.Connection, name: str, value: str, code: int) -> None:
    connection.modify(KARI, {name: [(ldap3.MODIFY_REPLACE, [value])]})
    assert connection.result["result"] == code
    assert code == 0 or connection.result["message"].startswith("00002082")


def test_a_service_principal_name_belongs_to_one(connection: ldap3.Connection) -> None:
    assert connection.modify(
        KARI, {"servicePrincipalName": [(ldap3.MODIFY_ADD, ["HTTP/web", "HTTP/web.contoso.test"])]}
    )
    connection.modify(f"CN=Ola Hansen,{PEOPLE}", {"servicePrincipalName": [(ldap3.MODIFY_ADD, ["http/WEB"])]})
    check(connection, 19, "000021C8")
    assert connection.modify(KARI, {"servicePrincipalName": [(ldap3.MODIFY_DELETE, ["HTTP/web"])]})
    assert connection.modify(f"CN=Ola Hansen,{PEOPLE}", {"servicePrincipalName": [(ldap3.MODIFY_ADD, ["http/WEB"])]})


@pytest.mark.parametrize("name", ["contoso.test/People/Kari Nordmann", "HTTP/web", "Kari Nordmann", "{guid}", "{sid}"])
def test_rare_forms_of_a_name_sign_in(hosted: Hosted, connection: ldap3.Connection, name: str) -> None:
    assert connection.modify(KARI, {"servicePrincipalName": [(ldap3.MODIFY_ADD, ["HTTP/web"])]})
    connection.search(KARI, "(objectClass=*)", ldap3.BASE, attributes=["objectGUID", "objectSid"])
    held = connection.response[0]["raw_attributes"]
    guid, sid = str(uuid.UUID(bytes_le=held["objectGUID"][0])), sid_text(held["objectSid"][0])
    text = name.replace("{guid}", guid).replace("{sid}", sid)
    with ldap3.Connection(ldap3.Server("127.0.0.1", hosted.port, get_info=ldap3.NONE), text, "Sommer-2030") as client:
        assert client.bound
        assert client.extend.standard.who_am_i() == "u:CONTOSO\\kari"


@contextmanager
def catalog(hosted: Hosted) -> Iterator[ldap3.Connection]:
    server = ldap3.Server("127.0.0.1", hosted.catalog_port, get_info=ldap3.NONE)
    options = {"check_names": False, "return_empty_attributes": False}
    with ldap3.Connection(server, "svc-sync@contoso.test", "Hemmelig-1", **options) as connection:
        yield connection


def test_the_catalog_spans_partitions_shows_its_part_and_takes_no_write(hosted: Hosted) -> None:
    with catalog(hosted) as connection:
        connection.search("", "(|(objectClass=site)(sAMAccountName=kari))", attributes=["*"])
        assert {entry["type"] for entry in connection.response} == {"searchResEntry"}
        kari = next(entry for entry in connection.response if entry["dn"] == KARI)
        assert "mail" in kari["attributes"] and "department" not in kari["attributes"]
        connection.search("", "(department=Salg)")
        assert connection.response == [] and connection.result["result"] == 0
        connection.search("", "(!(department=Salg))")
        assert connection.response == [], "an attribute that it lacks is Undefined"
        connection.search(ROOT, "(cn=Sales)", attributes=["member"])
        assert "member" not in connection.response[0]["attributes"], "only universal groups have members here"
        connection.modify(KARI, {"mail": [(ldap3.MODIFY_REPLACE, ["x@contoso.test"])]})
        assert connection.result["result"] == 53


def deleted(
    connection: ldap3.Connection, control: str, search_filter: str = "(isDeleted=TRUE)"
) -> list[dict[str, list[str]]]:
    base = f"CN=Deleted Objects,{ROOT}"
    controls = [(AD + control, True, None)]
    connection.search(base, search_filter, ldap3.LEVEL, attributes=["*"], controls=controls)
    return [entry["attributes"] for entry in connection.response]


@pytest.mark.parametrize("recycle_bin", [False, True])
def test_the_deleted_decay(seed: DirectorySeed, clock: Clock, recycle_bin: bool) -> None:
    with running(seed, clock=clock, recycle_bin=recycle_bin) as hosted:
        server = ldap3.Server("127.0.0.1", hosted.port, get_info=ldap3.NONE)
        options = {"check_names": False, "return_empty_attributes": False}
        with ldap3.Connection(server, "svc-sync@contoso.test", "Hemmelig-1", **options) as connection:
            settings = f"CN=Directory Service,CN=Windows NT,CN=Services,CN=Configuration,{ROOT}"
            days = {"tombstoneLifetime": [(ldap3.MODIFY_REPLACE, ["60"])]}
            assert connection.modify(settings, days)
            assert connection.delete(KARI)
            assert ("mail" in deleted(connection, "417")[0]) is recycle_bin
            clock.advance(59 * DAY)
            assert len(deleted(connection, "417")) == 1
            clock.advance(2 * DAY)
            assert deleted(connection, "417") == []
            after = deleted(connection, "2064")
            assert len(after) == int(recycle_bin)
            if recycle_bin:
                assert after[0]["isRecycled"] == ["TRUE"]
                assert "mail" not in after[0]
                clock.advance(61 * DAY)
                assert deleted(connection, "2064") == []


def test_deactivated_links_are_shown_on_request_and_come_back(seed: DirectorySeed, clock: Clock) -> None:
    with running(seed, clock=clock, recycle_bin=True) as hosted:
        server = ldap3.Server("127.0.0.1", hosted.port, get_info=ldap3.NONE)
        with ldap3.Connection(server, "svc-sync@contoso.test", "Hemmelig-1", check_names=False) as connection:

            def members(*controls: tuple[str, bool, None]) -> list[str]:
                connection.search(SALES, "(cn=*)", ldap3.BASE, attributes=["member"], controls=list(controls))
                return list(connection.response[0]["attributes"]["member"])

            assert connection.delete(KARI)
            assert members() == [f"CN=Ola Hansen,{PEOPLE}"]
            assert sum("DEL:" in dn for dn in members((AD + "2065", True, None))) == 1
            (dn,) = deleted(connection, "417")[0]["distinguishedName"]
            back = {"isDeleted": [(ldap3.MODIFY_DELETE, [])], "distinguishedName": [(ldap3.MODIFY_REPLACE, [KARI])]}
            assert connection.modify(dn, back, controls=[(AD + "417", True, None)]), connection.result
            assert len(members()) == 2
            assert len(members((AD + "2065", True, None))) == 2
