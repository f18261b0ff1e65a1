"""DirSync as a sync engine uses it: first everything, then only what changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import ldap3
import pytest

from attrflow_mocks.ad.dirsync import Cookie, read_cookie, write_cookie
from attrflow_mocks.ad.hosting import Hosted
from attrflow_mocks.ad.loading import load_directory
from attrflow_mocks.clock import Clock
from attrflow_mocks.identifiers import Identifiers
from attrflow_mocks.scenarios.seed import DirectorySeed

ROOT = "DC=contoso,DC=test"
PEOPLE = f"OU=People,{ROOT}"
KARI, SALES = f"CN=Kari Nordmann,{PEOPLE}", f"CN=Sales,{PEOPLE}"
OID = "1.2.840.113556.1.4.841"
ALWAYS = {"objectGUID", "instanceType"}

Seen = dict[str, dict[str, list[bytes]]]


class Sync:
    """A DirSync client that remembers its cookie."""

    def __init__(self, connection: ldap3.Connection, attributes: list[str], **options: object) -> None:
        self.search = connection.extend.microsoft.dir_sync(
            ROOT, options.pop("filter", "(objectClass=*)"), attributes=attributes, **options
        )

    def changes(self) -> Seen:
        """Everything until there is no more, by the plain DN."""
        found: Seen = {}
        more = True
        while more:
            for entry in self.search.loop():
                # ldap3 shows an attribute without values as None.
                values = {name: held or [] for name, held in entry["raw_attributes"].items()}
                found[entry["dn"].rpartition(">;")[2]] = values
            more = bool(self.search.more_results)
        return found


@pytest.fixture
def change(connection: ldap3.Connection) -> Iterator[Callable[..., None]]:
    def apply(dn: str, **changes: list[tuple[str, list[str]]]) -> None:
        assert connection.modify(dn, changes), connection.result

    yield apply


def test_the_first_run_is_everything_and_the_second_nothing(connection: ldap3.Connection) -> None:
    sync = Sync(connection, ["displayName", "mail"])
    first = sync.changes()
    assert first[KARI]["mail"] == [b"kari@contoso.test"]
    assert ALWAYS | {"name", "parentGUID"} <= set(first[KARI])
    assert "mail" not in first[f"CN=Ola Hansen,{PEOPLE}"]  # a new object lacks nothing
    assert ROOT in first and f"CN=Configuration,{ROOT}" not in first
    assert sync.changes() == {}


def test_only_changed_requested_attributes_come(connection: ldap3.Connection, change: Callable[..., None]) -> None:
    sync = Sync(connection, ["displayName", "mail"])
    sync.changes()
    change(KARI, displayName=[("MODIFY_REPLACE", ["Kari N."])], department=[("MODIFY_REPLACE", ["IT"])])
    assert sync.changes() == {KARI: {**_always(connection, KARI), "displayName": [b"Kari N."]}}
    change(KARI, department=[("MODIFY_REPLACE", ["HR"])])
    assert sync.changes() == {}
    change(KARI, displayName=[("MODIFY_REPLACE", ["Kari N."])])
    assert sync.changes() == {}, "the same value again is no change"


def _always(connection: ldap3.Connection, dn: str) -> dict[str, list[bytes]]:
    connection.search(dn, "(objectClass=*)", ldap3.BASE, attributes=sorted(ALWAYS))
    return dict(connection.response[0]["raw_attributes"])


def test_a_cleared_attribute_comes_without_values(connection: ldap3.Connection, change: Callable[..., None]) -> None:
    sync = Sync(connection, ["displayName", "mail"])
    sync.changes()
    change(KARI, mail=[("MODIFY_DELETE", [])])
    assert sync.changes()[KARI]["mail"] == []


def test_a_rename_and_a_move_come_with_name_and_parent(hosted: Hosted, connection: ldap3.Connection) -> None:
    sync = Sync(connection, ["mail"])
    sync.changes()
    connection.modify_dn(KARI, "CN=Kari Hansen")
    renamed = sync.changes()
    assert set(renamed) == {f"CN=Kari Hansen,{PEOPLE}"}
    assert set(renamed[f"CN=Kari Hansen,{PEOPLE}"]) == ALWAYS | {"name", "parentGUID"}
    connection.modify_dn(f"CN=Kari Hansen,{PEOPLE}", "CN=Kari Hansen", new_superior=f"OU=Leavers,{ROOT}")
    moved = sync.changes()[f"CN=Kari Hansen,OU=Leavers,{ROOT}"]
    assert moved["parentGUID"] == [hosted.directory.require(f"OU=Leavers,{ROOT}").guid.bytes_le]
    connection.modify_dn(PEOPLE, "OU=Folk")
    assert set(sync.changes()) == {f"OU=Folk,{ROOT}"}, "what stands below does not change"


def test_members_come_as_a_whole_or_as_what_was_added_and_taken_away(
    connection: ldap3.Connection, change: Callable[..., None]
) -> None:
    whole = Sync(connection, ["member"], incremental_values=False)
    parts = Sync(connection, ["member"], incremental_values=True)
    assert len(whole.changes()[SALES]["member"]) == 2
    assert len(parts.changes()[SALES]["member;range=1-1"]) == 2
    aase = f"CN=Åse Ødegård,{PEOPLE}"
    change(SALES, member=[("MODIFY_ADD", [aase]), ("MODIFY_DELETE", [KARI])])
    members = [value.decode().rpartition(">;")[2] for value in whole.changes()[SALES]["member"]]
    assert members == [f"CN=Ola Hansen,{PEOPLE}", aase]
    found = parts.changes()[SALES]
    assert [value.decode().rpartition(">;")[2] for value in found["member;range=1-1"]] == [aase]
    assert [value.decode().rpartition(">;")[2] for value in found["member;range=0-0"]] == [KARI]
    assert all(value.startswith(b"<GUID=") for value in found["member;range=1-1"])
    change(SALES, member=[("MODIFY_REPLACE", [])])
    assert whole.changes()[SALES]["member"] == []


def test_a_deletion_comes_as_a_tombstone_and_leaves_its_groups_silent(
    hosted: Hosted, connection: ldap3.Connection
) -> None:
    everything = Sync(connection, ["mail", "member", "memberOf"])
    persons = Sync(connection, ["mail"], filter="(&(objectCategory=person)(objectClass=user))")
    users = Sync(connection, ["mail"], filter="(objectClass=user)")
    for sync in (everything, persons, users):
        sync.changes()
    guid = hosted.directory.require(KARI).guid
    connection.delete(KARI)
    (dn, attributes), *rest = everything.changes().items()
    assert not rest
    assert dn == f"CN=Kari Nordmann\\0ADEL:{guid},CN=Deleted Objects,{ROOT}"
    assert set(attributes) == ALWAYS | {"isDeleted", "lastKnownParent", "name", "parentGUID"}
    assert attributes["isDeleted"] == [b"TRUE"]
    assert attributes["lastKnownParent"][0].endswith(PEOPLE.encode())
    assert persons.changes() == {}
    assert set(users.changes()) == {dn}


def test_all_attributes_have_the_descriptor_and_names_beat_the_star(connection: ldap3.Connection) -> None:
    assert "nTSecurityDescriptor" in Sync(connection, ["*"]).changes()[KARI]
    assert set(Sync(connection, ["*", "mail"]).changes()[KARI]) == ALWAYS | {"mail", "name", "parentGUID"}


@pytest.mark.parametrize("ancestors_first", [False, True])
def test_a_run_of_several_answers_misses_nothing_that_changes_in_between(
    hosted: Hosted, connection: ldap3.Connection, ancestors_first: bool
) -> None:
    for number in range(1500):
        attributes = [("objectClass", [b"contact"]), ("mail", [f"{number}@x.test".encode()])]
        hosted.call(lambda n=number, a=attributes: _add(hosted, n, a))  # type: ignore[misc]  # lambda defaults
    connection.modify(PEOPLE, {"description": [("MODIFY_REPLACE", ["an ancestor that changed after them all"])]})
    wanted = "(|(objectClass=contact)(objectClass=organizationalUnit))"
    sync = Sync(connection, ["mail", "displayName"], filter=wanted, ancestors_first=ancestors_first).search
    first = sync.loop()
    assert len(first) == 1000 and sync.more_results
    # One that was sent and one that was not change now; the latter must still come with its mail.
    for number in (10, 1490):
        connection.modify(f"CN=C{number},{PEOPLE}", {"displayName": [("MODIFY_REPLACE", ["late"])]})
    rest = []
    while sync.more_results:
        rest += sync.loop()
    late = {e["dn"].rpartition(">;")[2]: e["raw_attributes"] for e in rest if "displayName" in e["raw_attributes"]}
    assert set(late) == {f"CN=C10,{PEOPLE}", f"CN=C1490,{PEOPLE}"}
    assert late[f"CN=C1490,{PEOPLE}"]["mail"] == [b"1490@x.test"]
    contacts = {e["dn"] for e in first + rest if ";CN=" in e["dn"]}
    assert len(contacts) == 1501


def _add(hosted: Hosted, number: int, attributes: list[tuple[str, list[bytes]]]) -> None:
    from attrflow_mocks.ad.writes import add  # noqa: PLC0415 - only this test writes past the wire

    add(hosted.directory, f"CN=C{number},{PEOPLE}", attributes)


def test_an_old_cookie_may_be_replayed(connection: ldap3.Connection, change: Callable[..., None]) -> None:
    sync = Sync(connection, ["displayName"])
    sync.changes()
    old = sync.search.cookie
    assert old[:4] == b"MSDS" and len(old) == 108
    change(KARI, displayName=[("MODIFY_REPLACE", ["1"])])
    assert set(sync.changes()) == {KARI}
    sync.search.cookie = old
    assert set(sync.changes()) == {KARI}


def request_with(connection: ldap3.Connection, base: str, value: bytes, filter_: str = "(objectClass=*)") -> int:
    connection.search(base, filter_, attributes=["cn"], controls=[(OID, True, value)])
    return int(connection.result["result"])


def test_what_may_not_be_asked(hosted: Hosted, connection: ldap3.Connection) -> None:
    assert request_with(connection, PEOPLE, bytes.fromhex("30080201000201000400")) == 50
    assert request_with(connection, PEOPLE, bytes.fromhex("30080201010201000400")) == 53
    assert request_with(connection, ROOT, bytes.fromhex("300c0201000201000404deadbeef")) == 53
    assert request_with(connection, ROOT, b"\x30\x00") == 2
    hosted.directory.replicators = frozenset({"somebody@contoso.test"})
    assert request_with(connection, ROOT, bytes.fromhex("30080201000201000400")) == 50
    assert request_with(connection, ROOT, bytes.fromhex("30080201010201000400")) == 0


def test_both_forms_of_the_incremental_flag_are_read(connection: ldap3.Connection) -> None:
    for flags in ("020480000000", "02050080000000"):
        value = bytes.fromhex(flags) + bytes.fromhex("0201000400")
        assert request_with(connection, ROOT, b"\x30" + bytes((len(value),)) + value) == 0
        entries = {e["dn"]: e["raw_attributes"] for e in connection.response if e["type"] == "searchResEntry"}
        assert KARI in entries


def test_ancestors_first_sends_a_moved_parent_before_its_children(connection: ldap3.Connection) -> None:
    connection.modify(PEOPLE, {"description": [("MODIFY_REPLACE", ["changed last"])]})
    order = [e["dn"].rpartition(">;")[2] for e in Sync(connection, ["cn"], ancestors_first=True).search.loop()]
    assert order.index(PEOPLE) < order.index(KARI)
    plain = [e["dn"].rpartition(">;")[2] for e in Sync(connection, ["cn"], ancestors_first=False).search.loop()]
    assert plain.index(PEOPLE) > plain.index(KARI)


def test_a_cookie_of_another_controller_asks_for_everything(seed: DirectorySeed) -> None:
    one = load_directory(seed, Clock(), Identifiers(1))
    other = load_directory(seed, Clock(), Identifiers(2))
    cookie = Cookie(one.usn, one.usn)
    raw = write_cookie(one, cookie)
    assert read_cookie(one, raw) == cookie
    assert read_cookie(other, raw) == Cookie()
    one.usn -= 1
    assert read_cookie(one, raw) == Cookie(), "a controller that went back knows less than the cookie says"
