"""Filters, written by a client and judged by what they return."""

from __future__ import annotations

import ldap3
import pytest
from ldap3.utils.conv import escape_bytes

from attrflow_mocks.ad.hosting import Hosted

PEOPLE = "OU=People,DC=contoso,DC=test"
KARI, OLA, AASE = "Kari Nordmann", "Ola Hansen", "Åse Ødegård"
PARTNER, SALES, STAFF = "Partner AS", "Sales", "All Staff"
EVERYBODY = [KARI, OLA, AASE, PARTNER, SALES, STAFF, "People"]


def names(connection: ldap3.Connection, text: str) -> set[str]:
    connection.search(PEOPLE, text, attributes=["name"])
    assert connection.result["result"] == 0, connection.result
    return {e["attributes"]["name"][0] for e in connection.response if e["type"] == "searchResEntry"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(objectClass=*)", EVERYBODY),
        ("(objectClass=user)", [KARI, OLA, AASE]),
        ("(objectClass=organizationalPerson)", [KARI, OLA, AASE, PARTNER]),
        ("(objectClass=nonsense)", []),
        ("(objectCategory=person)", [KARI, OLA, AASE, PARTNER]),
        ("(objectCategory=group)", [SALES, STAFF]),
        ("(objectCategory=CN=Group,CN=Schema,CN=Configuration,DC=contoso,DC=test)", [SALES, STAFF]),
        ("(&(objectCategory=person)(objectClass=contact))", [PARTNER]),
        ("(displayName=kari nordmann)", [KARI]),
        ("(displayName=KARI   NORDMANN)", [KARI]),
        ("(displayName~=kari nordmann)", [KARI]),
        ("(displayName=Å*)", [AASE]),
        ("(displayName=*ø*r*)", [AASE]),
        ("(proxyAddresses=SMTP:KN@contoso.test)", [KARI]),
        ("(proxyAddresses=smtp:*)", [KARI]),
        ("(employeeID>=00017)", [AASE]),
        ("(uSNChanged>=1)", EVERYBODY),
        ("(uSNChanged<=1)", []),
        ("(whenChanged>=20300102030405.0Z)", EVERYBODY),
        ("(whenChanged>=20300102030406.0Z)", []),
        ("(!(mail=*))", [OLA, AASE, SALES, STAFF, "People"]),
        ("(!(mail=kari@contoso.test))", [OLA, AASE, PARTNER, SALES, STAFF, "People"]),
        ("(userAccountControl:1.2.840.113556.1.4.803:=2)", [OLA]),
        ("(!(userAccountControl:1.2.840.113556.1.4.803:=2))", [KARI, AASE, PARTNER, SALES, STAFF, "People"]),
        ("(userAccountControl:1.2.840.113556.1.4.804:=514)", [KARI, OLA, AASE]),
        ("(groupType:1.2.840.113556.1.4.803:=2147483648)", [SALES]),
        ("(groupType=-2147483646)", [SALES]),
        (f"(member=cn=KARI nordmann, {PEOPLE})", [SALES]),
        (f"(memberOf=CN=Sales,{PEOPLE})", [KARI, OLA]),
        (f"(memberOf=CN=All Staff,{PEOPLE})", [SALES]),
        (f"(memberOf:1.2.840.113556.1.4.1941:=CN=All Staff,{PEOPLE})", [SALES, KARI, OLA]),
        (f"(member:1.2.840.113556.1.4.1941:=CN=Ola Hansen,{PEOPLE})", [SALES, STAFF]),
        (f"(manager:1.2.840.113556.1.4.1941:=CN=Kari Nordmann,{PEOPLE})", [OLA]),
        (f"(manager=CN=Kari Nordmann,{PEOPLE})", [OLA]),
        ("(directReports=*)", [KARI]),
        ("(manager=CN=Nobody,DC=contoso,DC=test)", []),
        (f"(distinguishedName=CN=sales,{PEOPLE})", [SALES]),
        ("(anr=kari)", [KARI]),
        ("(anr==kari)", [KARI]),
        ("(&)", EVERYBODY),
        ("(|(cn=Sales)(nonsense=1))", [SALES]),
    ],
)
def test_filter(connection: ldap3.Connection, text: str, expected: list[str]) -> None:
    if text == "(&)":  # ldap3 cannot write the absolute true filter, so its meaning is asked for by De Morgan
        text = "(!(|(cn=no such)(cn=nor this)))"
    assert names(connection, text) == set(expected)


@pytest.mark.parametrize(
    "clause",
    [
        "(nonsense=1)",
        "(userAccountControl=many)",
        "(member=*Kari*)",
        "(mail:1.2.840.113556.1.4.803:=2)",
        "(mail:1.2.840.113556.1.4.1941:=2)",
        "(mail:1.2.3.4:=2)",
        "(isDeleted>=TRUE)",
        "(manager=no dn)",
    ],
)
def test_what_is_undefined_stays_undefined_when_negated(connection: ldap3.Connection, clause: str) -> None:
    assert names(connection, clause) == set()
    assert names(connection, f"(!{clause})") == set()
    assert names(connection, f"(|{clause}(cn=Sales))") == {SALES}
    assert names(connection, f"(!(&{clause}(cn=Sales)))") == set(EVERYBODY) - {SALES}


def test_identifiers_match_as_bytes_and_as_text(hosted: Hosted, connection: ldap3.Connection) -> None:
    entry = hosted.directory.require(f"CN=Kari Nordmann,{PEOPLE}")
    sid = entry.values["objectSid"][0]
    for text in (
        f"(objectGUID={escape_bytes(entry.guid.bytes_le)})",
        f"(objectGUID={entry.guid})",
        f"(objectSid={escape_bytes(sid)})",
        f"(objectSid={hosted.directory.domain_sid}-1104)",
    ):
        assert names(connection, text) == {KARI}, text
    for base in (f"<GUID={entry.guid}>", f"<GUID={entry.guid.bytes_le.hex()}>", f"<SID={sid.hex()}>"):
        assert connection.search(base, "(objectClass=*)", ldap3.BASE, attributes=["cn"]), base


def test_a_membership_cycle_ends(hosted: Hosted, connection: ldap3.Connection) -> None:
    connection.modify(f"CN=Sales,{PEOPLE}", {"member": [(ldap3.MODIFY_ADD, [f"CN=All Staff,{PEOPLE}"])]})
    assert connection.result["result"] == 0
    assert names(connection, f"(memberOf:1.2.840.113556.1.4.1941:=CN=Sales,{PEOPLE})") == {KARI, OLA, SALES, STAFF}


def test_a_computed_attribute_cannot_be_searched_for(connection: ldap3.Connection) -> None:
    connection.search(PEOPLE, "(canonicalName=*)")
    assert connection.result["result"] == 18
