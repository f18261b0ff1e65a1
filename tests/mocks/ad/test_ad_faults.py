"""Faults on order, as a client meets them, and the journal of what it asked."""

from __future__ import annotations

import time
from collections.abc import Callable

import ldap3
import pytest
from ldap3.core.exceptions import LDAPCommunicationError, LDAPExtensionError

from attrflow_mocks.ad.hosting import Hosted
from attrflow_mocks.faults import Fault

ROOT = "DC=contoso,DC=test"
PEOPLE = f"OU=People,{ROOT}"
KARI = f"CN=Kari Nordmann,{PEOPLE}"
DIRSYNC = ("1.2.840.113556.1.4.841", True, bytes.fromhex("30080201000201000400"))
PAGED = "1.2.840.113556.1.4.319"


def strike(hosted: Hosted, operation: str, kind: str, **options: object) -> None:
    hosted.faults.add(Fault("ldap", operation, kind, **options))  # type: ignore[arg-type]  # options are typed there


@pytest.mark.parametrize("code", [51, 52, 3, 4])
@pytest.mark.parametrize("operation", ["search", "modify", "add", "delete", "modifydn", "dirsync"])
def test_a_result_on_order_carries_nothing_out(
    hosted: Hosted, connection: ldap3.Connection, operation: str, code: int
) -> None:
    before = hosted.directory.usn
    strike(hosted, operation, "result", status=code)
    acts: dict[str, Callable[[], object]] = {
        "search": lambda: connection.search(ROOT, "(objectClass=*)"),
        "modify": lambda: connection.modify(KARI, {"mail": [(ldap3.MODIFY_DELETE, [])]}),
        "add": lambda: connection.add(f"CN=x,{PEOPLE}", "contact"),
        "delete": lambda: connection.delete(KARI),
        "modifydn": lambda: connection.modify_dn(KARI, "CN=x"),
        "dirsync": lambda: connection.search(ROOT, "(objectClass=*)", controls=[DIRSYNC]),
    }
    act = acts[operation]
    act()
    assert connection.result["result"] == code
    assert hosted.directory.usn == before
    act()
    assert connection.result["result"] == 0
    assert [(r.operation, r.result) for r in hosted.journal][-2:] == [(operation, code), (operation, 0)]


def test_a_limit_on_order_may_send_some_entries_first(hosted: Hosted, connection: ldap3.Connection) -> None:
    strike(hosted, "search", "result", status=3, entries=2)
    connection.search(PEOPLE, "(objectClass=*)")
    assert connection.result["result"] == 3 and len(connection.response) == 2


@pytest.mark.parametrize("operation", ["bind", "search"])
def test_a_dropped_connection_has_no_answer(hosted: Hosted, operation: str) -> None:
    strike(hosted, operation, "drop")
    client = ldap3.Connection(
        ldap3.Server("127.0.0.1", hosted.port, get_info=ldap3.NONE), "svc-sync@contoso.test", "Hemmelig-1"
    )
    with pytest.raises(LDAPCommunicationError):
        client.bind()
        client.search(ROOT, "(objectClass=*)")
    client.strategy.close()
    assert [r.result for r in hosted.journal if r.operation == operation] == [-1]


@pytest.mark.parametrize("options", [{"entries": 3}, {"bytes": 500}])
def test_a_connection_dropped_in_the_middle_of_a_page(
    hosted: Hosted, connection: ldap3.Connection, options: dict[str, int]
) -> None:
    strike(hosted, "search", "drop-after", **options)
    with pytest.raises(LDAPCommunicationError):
        connection.search(PEOPLE, "(objectClass=*)", attributes=["*"], paged_size=5)
    assert list(hosted.journal)[-1].result == -1


def test_a_change_may_be_made_and_its_answer_lost(hosted: Hosted, connection: ldap3.Connection) -> None:
    strike(hosted, "modify", "drop-done")
    with pytest.raises(LDAPCommunicationError):
        connection.modify(KARI, {"mail": [(ldap3.MODIFY_REPLACE, ["ny@contoso.test"])]})
    assert hosted.directory.require(KARI).values["mail"] == [b"ny@contoso.test"]


def test_a_delay_holds_one_client_and_not_the_others(hosted: Hosted, connection: ldap3.Connection) -> None:
    strike(hosted, "search", "delay", seconds=0.2)
    started = time.monotonic()
    connection.search(KARI, "(objectClass=*)", ldap3.BASE)
    assert connection.result["result"] == 0 and time.monotonic() - started >= 0.2


def test_cookies_expire_on_order(hosted: Hosted, connection: ldap3.Connection) -> None:
    connection.search(PEOPLE, "(objectClass=*)", paged_size=2)
    cookie = connection.result["controls"][PAGED]["value"]["cookie"]
    strike(hosted, "search", "expire")
    connection.search(PEOPLE, "(objectClass=*)", paged_size=2, paged_cookie=cookie)
    assert connection.result["result"] == 53
    sync = connection.extend.microsoft.dir_sync(ROOT, attributes=["cn"])
    sync.loop()
    strike(hosted, "dirsync", "expire")
    with pytest.raises(LDAPExtensionError):
        sync.loop()
    assert connection.result["result"] == 53


@pytest.mark.parametrize("kind", ["status", "duplicate"])
def test_a_fault_for_http_cannot_be_ordered(kind: str) -> None:
    with pytest.raises(ValueError, match=f"'ldap' has no fault of kind '{kind}': one of drop, .*, referral"):
        Fault("ldap", "search", kind, status=503)


def test_the_journal_tells_what_was_asked_but_no_secret(hosted: Hosted, connection: ldap3.Connection) -> None:
    connection.search(PEOPLE, "(&(objectClass=user)(userPassword=Hemmelig-1))", attributes=["cn"], paged_size=7)
    bind, search = list(hosted.journal)
    assert (bind.operation, bind.result, bind.detail["name"]) == ("bind", 0, "svc-sync@contoso.test")
    assert search.detail == {
        "base": PEOPLE,
        "scope": "sub",
        "filter": "(&(objectClass=user)(userPassword=***))",
        "attributes": ["cn"],
        "size_limit": 0,
        "controls": [PAGED],
        "entries": 0,
    }
    assert "Hemmelig" not in repr(bind) + repr(search)
    assert search.at == "2030-01-02T03:04:05+00:00"
