"""Syncrepl of the OpenLDAP profile, beside a real slapd where there is one: the same script, the same answers."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from subprocess import PIPE, Popen, run

import ldap3
import pytest

from attrflow_mocks.ad.ber import Reader, integer, octets, sequence
from attrflow_mocks.lightweight.database import Database
from attrflow_mocks.lightweight.hosting import HostedDatabase, running_database
from attrflow_mocks.openldap import running_slapd
from attrflow_mocks.scenarios.seed import DirectorySeed, EntrySeed

BASE = "dc=example,dc=test"
PEOPLE = f"ou=people,{BASE}"
ADMIN = f"cn=admin,{BASE}"
SYNC = "1.3.6.1.4.1.4203.1.9.1."


def seed() -> DirectorySeed:
    person = {"sn": ["X"], "description": ["here"]}
    entries = [EntrySeed(PEOPLE, "organizationalUnit", {})]
    entries += [EntrySeed(f"uid=u{n},{PEOPLE}", "inetOrgPerson", {"cn": [f"U {n}"], **person}) for n in range(5)]
    entries.append(EntrySeed(f"cn=crew,{BASE}", "groupOfNames", {"member": [f"uid=u0,{PEOPLE}"]}))
    return DirectorySeed("lab", BASE, "LAB", {ADMIN: "admin"}, entries, "openldap")


@pytest.fixture
def mock() -> Iterator[HostedDatabase]:
    with running_database(seed()) as hosted:
        yield hosted


@contextmanager
def connected(port: int) -> Iterator[ldap3.Connection]:
    connection = ldap3.Connection(
        ldap3.Server("127.0.0.1", port, get_info=ldap3.NONE), ADMIN, "admin", check_names=False
    )
    connection.open()
    wire = connection.socket
    try:
        assert connection.bind(), connection.result
        yield connection
    finally:
        connection.unbind()
        wire.close()


@dataclass(frozen=True)
class Refresh:
    changed: list[str]
    deleted: int
    present: int
    cookie: bytes
    deletes: bool


def refresh(connection: ldap3.Connection, cookie: bytes, search_filter: str = "(objectClass=inetOrgPerson)") -> Refresh:
    value = sequence(integer(1, 0x0A), *([octets(cookie)] if cookie else []))
    connection.search(PEOPLE, search_filter, attributes=["uid"], controls=[(SYNC + "1", True, value)],
                      dereference_aliases=ldap3.DEREF_NEVER)  # fmt: skip
    assert connection.result["result"] == 0, connection.result
    changed, deleted, present = [], 0, 0
    for part in connection.response:
        if part["type"] == "searchResEntry":
            changed.append(part["dn"])
        elif part["type"] == "intermediateResponse":
            inner = Reader(part["responseValue"]).enter(0xA3)
            if inner.peek() == 0x04:
                inner.octets()  # slapd sends a cookie with the set
            deletes = inner.boolean() if inner.peek() == 0x01 else False
            ids, count = inner.enter(0x31), 0
            while not ids.at_end:
                uuid.UUID(bytes=ids.octets())
                count += 1
            deleted, present = deleted + count * deletes, present + count * (not deletes)
    done = Reader(connection.result["controls"][SYNC + "3"]["value"]).enter(0x30)
    cookie = done.octets() if done.peek() == 0x04 else b""
    return Refresh(changed, deleted, present, cookie, done.boolean() if done.peek() == 0x01 else False)


def script(port: int) -> list[object]:
    """What a client sees of a few changes, cookies left out."""
    seen: list[object] = []
    with connected(port) as connection:
        if not connection.search(PEOPLE, "(objectClass=*)", ldap3.BASE):  # slapd begins with its suffix alone
            assert connection.add(PEOPLE, "organizationalUnit")
            for number in range(5):
                person = {"sn": "X", "cn": f"U {number}", "description": "here"}
                assert connection.add(f"uid=u{number},{PEOPLE}", "inetOrgPerson", person)
            assert connection.add(f"cn=crew,{BASE}", "groupOfNames", {"member": f"uid=u0,{PEOPLE}"})

        def look(cookie: bytes, search_filter: str = "(description=here)") -> bytes:
            found = refresh(connection, cookie, search_filter)
            seen.append((sorted(found.changed), found.deleted, found.present, bool(found.cookie), found.deletes))
            return found.cookie or cookie

        cookie = look(b"")
        cookie = look(cookie)
        assert connection.modify(f"uid=u1,{PEOPLE}", {"sn": [(ldap3.MODIFY_REPLACE, ["Y"])]})
        cookie = look(cookie)
        assert connection.modify_dn(f"uid=u1,{PEOPLE}", "uid=u9")
        cookie = look(cookie)
        assert connection.delete(f"uid=u2,{PEOPLE}")
        cookie = look(cookie)
        assert connection.modify(f"uid=u3,{PEOPLE}", {"description": [(ldap3.MODIFY_REPLACE, ["gone"])]})
        cookie = look(cookie)
        assert connection.modify(f"uid=u3,{PEOPLE}", {"description": [(ldap3.MODIFY_REPLACE, ["here"])]})
        look(cookie)
        look(b"rid=001,csn=20000101000000.000000Z#000000#000#000000")
    return seen


def test_changes_renames_deletions_and_who_left_the_filter(mock: HostedDatabase) -> None:
    seen = script(mock.port)
    names = [f"uid=u{number},{PEOPLE}" for number in range(5)]
    assert seen[:2] == [(names, 0, 0, True, True), ([], 0, 0, False, True)]
    assert [entry[:2] for entry in seen[2:7]] == [  # type: ignore[index]  # tuples
        ([names[1]], 0), ([f"uid=u9,{PEOPLE}"], 0), ([], 1), ([], 1), ([names[3]], 0),
    ]  # fmt: skip


@pytest.mark.openldap
@pytest.mark.skipif(shutil.which("slapd", path="/usr/sbin:/usr/bin") is None, reason="slapd is not installed")
def test_slapd_sees_the_same() -> None:
    with running_slapd(suffix=BASE) as slapd, running_database(seed()) as mock:
        assert script(mock.port) == script(slapd.port)


def test_a_cookie_older_than_the_session_log_gives_a_present_phase(mock: HostedDatabase) -> None:
    with connected(mock.port) as connection:
        first = refresh(connection, b"")

        def forget() -> None:
            database: Database = mock.database
            database.log.clear()
            database.log_start = database.next_csn()

        assert connection.delete(f"uid=u4,{PEOPLE}")
        mock.call(forget)
        assert connection.modify(f"uid=u1,{PEOPLE}", {"sn": [(ldap3.MODIFY_REPLACE, ["Y"])]})
        found = refresh(connection, first.cookie)
        assert (found.changed, found.present, found.deleted, found.deletes) == ([f"uid=u1,{PEOPLE}"], 3, 0, False)


def test_garbage_in_the_cookie_is_a_protocol_error(mock: HostedDatabase) -> None:
    with connected(mock.port) as connection:
        value = sequence(integer(1, 0x0A), octets(b"nonsense"))
        connection.search(PEOPLE, "(uid=*)", controls=[(SYNC + "1", True, value)])
        assert connection.result["result"] == 2


@pytest.mark.openldap
@pytest.mark.skipif(shutil.which("ldapsearch") is None, reason="ldap-utils are not installed")
def test_ldapsearch_follows_changes_in_persist_mode(mock: HostedDatabase) -> None:
    command = ["ldapsearch", "-x", "-H", f"ldap://127.0.0.1:{mock.port}", "-D", ADMIN, "-w", "admin", "-b", PEOPLE]
    command += ["-E", "!sync=rp", "(objectClass=inetOrgPerson)", "uid", "sn"]
    with Popen(command, stdout=PIPE, text=True) as child:
        assert child.stdout is not None
        lines = iter(child.stdout)
        for _ in range(5):
            assert next(line for line in lines if line.startswith("dn: "))
        assert next(line for line in lines if "SyncInfo" in line or "SyncDone" in line or "sync" in line.lower())
        with connected(mock.port) as connection:
            assert connection.modify(f"uid=u1,{PEOPLE}", {"sn": [(ldap3.MODIFY_REPLACE, ["Følger"])]})
            assert next(line for line in lines if line.startswith("dn: uid=u1"))
        child.terminate()
    once = [*command[:-5], "-E", "!sync=ro", "(uid=u0)"]
    done = run(once, capture_output=True, text=True, check=False)
    assert "uid=u0" in done.stdout, done.stderr


def test_member_of_passwords_and_limits(mock: HostedDatabase) -> None:
    with connected(mock.port) as connection:
        connection.search(f"uid=u0,{PEOPLE}", "(objectClass=*)", ldap3.BASE, attributes=["memberOf"])
        assert connection.response[0]["raw_attributes"]["memberOf"] == [f"cn=crew,{BASE}".encode()]
        connection.search(f"uid=u0,{PEOPLE}", "(objectClass=*)", ldap3.BASE, attributes=["*"])
        assert "memberOf" not in connection.response[0]["raw_attributes"]
        assert connection.extend.standard.modify_password(f"uid=u0,{PEOPLE}", new_password="hemmelig")
    mock.call(lambda: setattr(mock.database, "size_limit", 2))
    server = ldap3.Server("127.0.0.1", mock.port, get_info=ldap3.NONE)
    with ldap3.Connection(server, f"uid=u0,{PEOPLE}", "hemmelig") as client:
        assert client.bound
        client.search(PEOPLE, "(uid=*)")
        assert client.result["result"] == 4 and len(client.response) == 2
        client.delete(f"uid=u1,{PEOPLE}")
        assert client.result["result"] == 50
