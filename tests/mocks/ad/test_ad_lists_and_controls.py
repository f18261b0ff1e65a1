"""Sorting, windows, attribute-scoped searches, notification, range and search options: the rarer controls."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import ldap3
import pytest

from attrflow_mocks.ad.ber import Reader, boolean, integer, octets, sequence, tlv
from attrflow_mocks.ad.hosting import Hosted, running
from attrflow_mocks.scenarios.seed import DirectorySeed

ROOT = "DC=contoso,DC=test"
PEOPLE = f"OU=People,{ROOT}"
KARI = f"CN=Kari Nordmann,{PEOPLE}"
SORT, VLV, AD = "1.2.840.113556.1.4.473", "2.16.840.1.113730.3.4.9", "1.2.840.113556.1.4."
Control = tuple[str, bool, bytes | None]


def sort_by(name: str, *, reverse: bool = False, critical: bool = True) -> Control:
    return (SORT, critical, sequence(sequence(octets(name), boolean(reverse, 0x81))))


def found(connection: ldap3.Connection, search_filter: str, *controls: Control, base: str = PEOPLE) -> list[str]:
    connection.search(base, search_filter, attributes=["cn"], controls=list(controls))
    return [
        b"".join(entry["raw_attributes"].get("cn", [])).decode()
        for entry in connection.response
        if "attributes" in entry
    ]


def code_of(connection: ldap3.Connection, oid: str) -> int:
    return Reader(connection.result["controls"][oid]["value"]).enter(0x30).integer(0x0A)


def test_entries_come_in_order_and_those_without_the_attribute_last(connection: ldap3.Connection) -> None:
    assert found(connection, "(objectClass=user)", sort_by("cn")) == ["Kari Nordmann", "Ola Hansen", "Åse Ødegård"]
    assert found(connection, "(objectClass=user)", sort_by("cn", reverse=True))[0] == "Åse Ødegård"
    assert found(connection, "(objectClass=user)", sort_by("employeeID"))[0] == "Åse Ødegård"
    assert code_of(connection, "1.2.840.113556.1.4.474") == 0


@pytest.mark.parametrize(
    ("keys", "code"), [(["cn", "sn"], 53), (["noSuch"], 16), (["canonicalName"], 18), (["manager"], 18)]
)
def test_what_cannot_be_sorted_is_refused_only_when_critical(
    connection: ldap3.Connection, keys: list[str], code: int
) -> None:
    value = sequence(*[sequence(octets(key)) for key in keys])
    assert len(found(connection, "(objectClass=user)", (SORT, False, value))) == 3
    assert code_of(connection, "1.2.840.113556.1.4.474") == code
    found(connection, "(objectClass=user)", (SORT, True, value))
    assert connection.result["result"] == 12


@pytest.mark.parametrize(
    ("window", "expected", "position"),
    [
        (sequence(integer(0), integer(1), sequence(integer(1), integer(0), tag=0xA0)), ["Kari", "Ola"], 1),
        (sequence(integer(1), integer(0), sequence(integer(3), integer(0), tag=0xA0)), ["Ola", "Åse"], 3),
        (sequence(integer(0), integer(0), sequence(integer(1), integer(2), tag=0xA0)), ["Ola"], 2),
        (sequence(integer(0), integer(5), octets("o", 0x81)), ["Ola", "Åse"], 2),
        (sequence(integer(0), integer(5), octets("øøø", 0x81)), [], 4),
    ],
)
def test_a_window_shows_a_part_of_the_list(
    connection: ldap3.Connection, window: bytes, expected: list[str], position: int
) -> None:
    entries = found(connection, "(objectClass=user)", sort_by("cn"), (VLV, True, window))
    assert [name.split()[0] for name in entries] == expected
    answer = Reader(connection.result["controls"]["2.16.840.1.113730.3.4.10"]["value"]).enter(0x30)
    assert (answer.integer(), answer.integer(), answer.integer(0x0A)) == (position, 3, 0)


def test_a_window_needs_an_order_and_a_place(hosted: Hosted) -> None:
    value = sequence(integer(0), integer(0), sequence(integer(0), integer(0), tag=0xA0))
    window = sequence(octets(VLV), boolean(value=True), octets(value))
    order = sequence(octets(SORT), boolean(value=True), octets(sequence(sequence(octets("cn")))))
    with raw(hosted) as client:  # ldap3 has no words for these two codes
        client.sendall(search(2, PEOPLE, 2, window))
        assert b"\x0a\x01\x3c" in client.recv(1024)
        client.sendall(search(3, PEOPLE, 2, order, window))
        assert b"\x0a\x01\x3d" in client.recv(1024)


def test_an_attributes_values_are_searched(connection: ldap3.Connection) -> None:
    control = (AD + "1504", True, sequence(octets("member")))
    connection.search(f"CN=Sales,{PEOPLE}", "(department=Salg)", ldap3.BASE, attributes=["cn"], controls=[control])
    assert [entry["dn"] for entry in connection.response] == [KARI]
    control = (AD + "1504", True, sequence(octets("cn")))
    connection.search(f"CN=Sales,{PEOPLE}", "(cn=*)", ldap3.BASE, controls=[control])
    assert connection.result["result"] == 21


def test_a_range_beyond_the_last_value_is_an_error_unless_1948_is_there(connection: ldap3.Connection) -> None:
    for control, code in (((AD + "1948", True, None), 0), ((AD + "1413", False, None), 1)):
        connection.search(
            f"CN=Sales,{PEOPLE}", "(cn=*)", ldap3.BASE, attributes=["member;range=2-*"], controls=[control]
        )
        assert connection.result["result"] == code


def test_search_options_leave_out_referrals_or_reach_into_other_partitions(connection: ldap3.Connection) -> None:
    def kinds(flags: int) -> set[str]:
        connection.search(ROOT, "(objectClass=*)", controls=[(AD + "1340", True, sequence(integer(flags)))])
        return {entry["type"] for entry in connection.response}

    assert kinds(1) == {"searchResEntry"}
    assert kinds(2) == {"searchResEntry"}
    connection.search(ROOT, "(objectClass=site)", controls=[(AD + "1340", True, sequence(integer(2)))])
    assert len(connection.response) == 1
    assert kinds(0) == {"searchResEntry", "searchResRef"}


def test_another_number_of_entries_than_expected_is_an_error(connection: ldap3.Connection) -> None:
    for low, high, code in ((3, 3, 0), (0, 2, 19), (4, 9, 19)):
        found(connection, "(objectClass=user)", (AD + "2211", True, sequence(integer(low), integer(high))))
        assert connection.result["result"] == code


def test_a_tree_delete_with_a_limit_stops_there(connection: ldap3.Connection) -> None:
    control = (AD + "2204", True, sequence(integer(2)))
    connection.delete(PEOPLE, controls=[control])
    assert connection.result["result"] == 11
    assert len(found(connection, "(objectClass=*)", base=PEOPLE)) == 5


@contextlib.contextmanager
def raw(hosted: Hosted) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", hosted.port), timeout=5) as client:
        bind = sequence(
            integer(1), sequence(integer(3), octets("svc-sync@contoso.test"), octets("Hemmelig-1", 0x80), tag=0x60)
        )
        client.sendall(bind)
        client.recv(1024)
        yield client


def search(number: int, base: str, scope: int, *controls: bytes, filter_name: str = "objectClass") -> bytes:
    body = [octets(base), integer(scope, 0x0A), integer(0, 0x0A), integer(0), integer(0), boolean(value=False)]
    request = sequence(*body, octets(filter_name, 0x87), sequence(octets("title")), tag=0x63)
    return sequence(integer(number), request, sequence(*controls, tag=0xA0))


def watch(number: int, base: str, scope: int, filter_name: str = "objectClass") -> bytes:
    control = sequence(octets(AD + "528"), boolean(value=True))
    return search(number, base, scope, control, filter_name=filter_name)


def test_changes_are_told_as_they_happen_until_the_search_is_abandoned(
    hosted: Hosted, connection: ldap3.Connection
) -> None:
    with raw(hosted) as client:
        client.sendall(watch(2, PEOPLE, 1))
        client.sendall(sequence(integer(3), sequence(octets("1.3.6.1.4.1.4203.1.11.3", 0x80), tag=0x77)))
        assert b"svc-sync" in client.recv(1024), "the search is open, and the connection free"
        assert connection.modify(KARI, {"title": [(ldap3.MODIFY_REPLACE, ["Sjef"])]})
        told = client.recv(4096)
        assert b"Sjef" in told and told[4] == 2
        client.sendall(sequence(integer(4), tlv(0x50, b"\x02")))
        client.sendall(sequence(integer(5), sequence(octets("1.3.6.1.4.1.4203.1.11.3", 0x80), tag=0x77)))
        client.recv(1024)
        assert connection.modify(KARI, {"title": [(ldap3.MODIFY_REPLACE, ["Direktør"])]})
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.recv(1)
    assert not hosted.directory.watchers


def test_notification_has_its_limits(hosted: Hosted) -> None:
    with raw(hosted) as client:
        client.sendall(watch(2, PEOPLE, 2))
        assert b"\x0a\x01\x35" in client.recv(1024), "a subtree that is no partition"
        client.sendall(watch(3, PEOPLE, 1, "cn"))
        assert b"\x0a\x01\x35" in client.recv(1024), "another filter"
        client.sendall(b"".join([watch(number, PEOPLE, 1) for number in range(4, 10)]))
        assert b"\x0a\x01\x0b" in client.recv(1024), "the sixth"


def test_dirsync_ex_always_returns_what_is_marked(seed: DirectorySeed) -> None:
    def run(connection: ldap3.Connection, cookie: bytes) -> tuple[list[dict[str, object]], bytes]:
        value = sequence(integer(0), integer(2**20), octets(cookie))
        names = ["title", "sAMAccountName;dirSyncAlwaysReturn"]
        connection.search(ROOT, "(objectClass=user)", attributes=names, controls=[(AD + "2090", True, value)])
        entries = [entry["attributes"] for entry in connection.response if "attributes" in entry]
        answer = Reader(connection.result["controls"][AD + "2090"]["value"]).enter(0x30)
        answer.integer(), answer.integer()
        return entries, answer.octets()

    with running(seed) as hosted:
        server = ldap3.Server("127.0.0.1", hosted.port, get_info=ldap3.NONE)
        with ldap3.Connection(server, "svc-sync@contoso.test", "Hemmelig-1", check_names=False) as connection:
            _, cookie = run(connection, b"")
            assert connection.modify(KARI, {"title": [(ldap3.MODIFY_REPLACE, ["Sjef"])]})
            entries, _ = run(connection, cookie)
            assert [(entry["title"], entry["sAMAccountName"]) for entry in entries] == [(["Sjef"], ["kari"])]
