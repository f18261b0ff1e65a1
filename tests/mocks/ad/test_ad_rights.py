"""Rights as a table: what an account may not read, list, write or replicate."""

from __future__ import annotations

import ldap3
import pytest
from ldap3.protocol.microsoft import dir_sync_control

from attrflow_mocks.ad.hosting import Hosted
from attrflow_mocks.ad.rights import Rule, parse_rules

ROOT = "DC=contoso,DC=test"
PEOPLE = f"OU=People,{ROOT}"
KARI = f"CN=Kari Nordmann,{PEOPLE}"
OLA = f"CN=Ola Hansen,{PEOPLE}"
ME = "svc-sync@contoso.test"


def deny(hosted: Hosted, *rules: Rule) -> None:
    hosted.call(lambda: setattr(hosted.directory, "rules", rules))


def names(connection: ldap3.Connection, search_filter: str) -> set[str]:
    connection.search(PEOPLE, search_filter, attributes=["cn"])
    return {entry["raw_attributes"]["cn"][0].decode() for entry in connection.response if "attributes" in entry}


def check(connection: ldap3.Connection, code: int, win32: str = "") -> None:
    assert connection.result["result"] == code, connection.result
    assert connection.result["message"].startswith(win32)


def test_a_denied_attribute_is_absent_and_undefined_to_filters(hosted: Hosted, connection: ldap3.Connection) -> None:
    deny(hosted, Rule(ME, "read", KARI, "object", ("department", "member")))
    connection.search(KARI, "(objectClass=*)", ldap3.BASE, attributes=["*"])
    assert "department" not in connection.response[0]["attributes"]
    assert "mail" in connection.response[0]["attributes"]
    assert names(connection, "(department=Salg)") == set()
    assert names(connection, "(&(objectClass=user)(!(department=Salg)))") == {"Ola Hansen", "Åse Ødegård"}
    assert names(connection, "(&(objectClass=user)(!(department=*)))") == {"Ola Hansen", "Åse Ødegård"}
    assert names(connection, "(|(department=Salg)(cn=Kari Nordmann))") == {"Kari Nordmann"}
    connection.compare(KARI, "department", "Salg")
    check(connection, 16)


def test_a_rule_without_attributes_hides_every_value_below_its_base(
    hosted: Hosted, connection: ldap3.Connection
) -> None:
    deny(hosted, Rule("CONTOSO\\svc-sync", "read", PEOPLE))
    connection.search(KARI, "(objectClass=*)", ldap3.BASE, attributes=["*"])
    assert connection.response == []  # even objectClass is undefined
    assert names(connection, "(cn=*)") == set()


def test_an_unlisted_object_is_not_there(hosted: Hosted, connection: ldap3.Connection) -> None:
    deny(hosted, Rule("*", "list", KARI, "object"))
    assert names(connection, "(objectClass=user)") == {"Ola Hansen", "Åse Ødegård"}
    connection.search(KARI, "(objectClass=*)", ldap3.BASE)
    check(connection, 32, "0000208D")
    connection.modify(KARI, {"title": [(ldap3.MODIFY_REPLACE, ["x"])]})
    check(connection, 32)
    connection.search(f"CN=Sales,{PEOPLE}", "(objectClass=*)", ldap3.BASE, attributes=["member"])
    assert KARI in connection.response[0]["attributes"]["member"], "links still name it"


def test_a_write_is_refused_by_attribute_by_object_and_by_tree(hosted: Hosted, connection: ldap3.Connection) -> None:
    deny(hosted, Rule(ME, "write", KARI, "object", ("mS-DS-ConsistencyGuid",)), Rule(ME, "write", f"OU=Leavers,{ROOT}"))
    connection.modify(KARI, {"mS-DS-ConsistencyGuid": [(ldap3.MODIFY_REPLACE, [b"0" * 16])]})
    check(connection, 50, "00002098: SecErr")
    assert connection.modify(KARI, {"title": [(ldap3.MODIFY_REPLACE, ["Sjef"])]})
    assert connection.modify(OLA, {"mS-DS-ConsistencyGuid": [(ldap3.MODIFY_REPLACE, [b"0" * 16])]})
    connection.add(f"CN=X,OU=Leavers,{ROOT}", "contact")
    check(connection, 50, "00002098")
    connection.modify_dn(OLA, "CN=Ola Hansen", new_superior=f"OU=Leavers,{ROOT}")
    check(connection, 50, "00002098")
    connection.delete(f"OU=Leavers,{ROOT}")
    check(connection, 50, "00002098")


def test_delegated_rights_do_not_reach_protected_objects(hosted: Hosted, connection: ldap3.Connection) -> None:
    assert connection.modify(OLA, {"adminCount": [(ldap3.MODIFY_REPLACE, ["1"])]})
    deny(hosted, Rule(ME, "protected"))
    connection.modify(OLA, {"mS-DS-ConsistencyGuid": [(ldap3.MODIFY_REPLACE, [b"0" * 16])]})
    check(connection, 50, "00002098")
    assert connection.modify(KARI, {"mS-DS-ConsistencyGuid": [(ldap3.MODIFY_REPLACE, [b"0" * 16])]})


def dirsync(connection: ldap3.Connection, *, own_rights: bool) -> list[str]:
    control = dir_sync_control(True, own_rights, False, False, False, 2**20, b"")
    connection.search(ROOT, "(objectClass=user)", attributes=["cn", "department"], controls=[control])
    return [f"{e['dn']} {e['raw_attributes'].get('department')}" for e in connection.response if "attributes" in e]


def test_replication_needs_its_right_or_is_limited_to_ones_own(hosted: Hosted, connection: ldap3.Connection) -> None:
    deny(hosted, Rule(ME, "dirsync"), Rule(ME, "read", attributes=("department",)), Rule(ME, "list", OLA))
    assert dirsync(connection, own_rights=False) == []
    check(connection, 50, "00002105")
    found = dirsync(connection, own_rights=True)
    assert f"{KARI} None" in found
    assert not any("Ola" in text for text in found)
    deny(hosted, Rule(ME, "read", attributes=("department",)))
    assert f"{KARI} [b'Salg']" in dirsync(connection, own_rights=False), "who may replicate reads everything"


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"account": "x", "deny": "everything"}, "`deny` is one of"),
        ({"account": "x", "deny": "read", "scope": "one"}, "`scope` is one of"),
        ({"account": "x", "deny": "list", "attributes": ["cn"]}, "leave out `attributes`"),
        ({"deny": "read"}, "a rule has `account`"),
        ({"account": "x", "deny": "read", "attribute": "cn"}, "a rule has `account`"),
        ({"account": 1, "deny": "read"}, "all values are text"),
    ],
)
def test_a_wrong_rule_is_told_with_its_number(document: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=f"rule 1: .*{words}"):
        parse_rules([document])
