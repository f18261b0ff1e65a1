"""Searching: pages, limits, ranges, references, and what of an entry goes out."""

from __future__ import annotations

from collections.abc import Iterator

import ldap3
import pytest
from ldap3.extend.standard.PagedSearch import paged_search_generator
from ldap3.protocol.rfc2696 import paged_search_control

from attrflow_mocks.ad.hosting import Hosted, running
from attrflow_mocks.scenarios.seed import DirectorySeed, EntrySeed

ROOT = "DC=contoso,DC=test"
PEOPLE = f"OU=People,{ROOT}"
CROWD = f"OU=Crowd,{ROOT}"
CROWD_SIZE = 2300
PAGED = "1.2.840.113556.1.4.319"


def entries_of(connection: ldap3.Connection) -> list[dict[str, object]]:
    return [e for e in connection.response if e["type"] == "searchResEntry"]


@pytest.fixture(scope="module")
def crowd() -> Iterator[Hosted]:
    names = [f"CN=P{number:04},{CROWD}" for number in range(CROWD_SIZE)]
    entries = [EntrySeed(CROWD, "organizationalUnit")]
    entries += [EntrySeed(name, "contact", {"mail": [f"{index}@x.test"]}) for index, name in enumerate(names)]
    everyone = {"sAMAccountName": ["Everyone"], "member": names}
    entries.append(EntrySeed(f"CN=Everyone,{CROWD}", "group", everyone))
    entries.append(EntrySeed(f"CN=Full,{CROWD}", "group", {"sAMAccountName": ["Full"], "member": names[:1500]}))
    with running(DirectorySeed("contoso", ROOT, "CONTOSO", {"me@contoso.test": "pw"}, entries)) as host:
        yield host


@pytest.fixture
def client(crowd: Hosted) -> Iterator[ldap3.Connection]:
    server = ldap3.Server("127.0.0.1", crowd.port, get_info=ldap3.NONE)
    connection = ldap3.Connection(
        server, "me@contoso.test", "pw", auto_bind=True, auto_range=False, return_empty_attributes=False
    )
    yield connection
    connection.unbind()


def test_without_pages_a_thousand_entries_come_with_size_limit_exceeded(client: ldap3.Connection) -> None:
    client.search(CROWD, "(objectClass=contact)")
    assert client.result["result"] == 4
    assert len(entries_of(client)) == 1000


def test_the_clients_own_limit_holds(client: ldap3.Connection) -> None:
    client.search(CROWD, "(objectClass=contact)", size_limit=5)
    assert client.result["result"] == 4
    assert len(entries_of(client)) == 5
    client.search(CROWD, "(cn=P0001)", size_limit=1)
    assert client.result["result"] == 0


@pytest.mark.parametrize("size", [700, 1000, 5000])
def test_pages_together_are_everything_once(client: ldap3.Connection, size: int) -> None:
    found = paged_search_generator(client, CROWD, "(objectClass=contact)", attributes=["mail"], paged_size=size)
    mails = [entry["attributes"]["mail"][0] for entry in found]
    assert len(mails) == len(set(mails)) == CROWD_SIZE


def test_a_page_is_cut_at_a_thousand_and_its_cookie_is_for_one_use(client: ldap3.Connection) -> None:
    client.search(CROWD, "(objectClass=contact)", paged_size=5000)
    cookie = client.result["controls"][PAGED]["value"]["cookie"]
    assert len(entries_of(client)) == 1000 and cookie
    client.search(CROWD, "(objectClass=contact)", paged_size=10, paged_cookie=cookie)
    assert len(entries_of(client)) == 10
    client.search(CROWD, "(objectClass=contact)", paged_size=10, paged_cookie=cookie)
    assert client.result["result"] == 53


def test_a_cookie_of_another_search_or_connection_is_refused(crowd: Hosted, client: ldap3.Connection) -> None:
    client.search(CROWD, "(objectClass=contact)", paged_size=10)
    cookie = client.result["controls"][PAGED]["value"]["cookie"]
    client.search(CROWD, "(objectClass=group)", paged_size=10, paged_cookie=cookie)
    assert client.result["result"] == 53
    with ldap3.Connection(ldap3.Server("127.0.0.1", crowd.port, get_info=ldap3.NONE), "me@contoso.test", "pw") as other:
        other.search(CROWD, "(objectClass=contact)", paged_size=10, paged_cookie=cookie)
        assert other.result["result"] == 53


def test_ten_paged_searches_may_be_under_way_and_the_oldest_gives_way(client: ldap3.Connection) -> None:
    cookies = []
    for _ in range(11):
        client.search(CROWD, "(objectClass=contact)", paged_size=1)
        cookies.append(client.result["controls"][PAGED]["value"]["cookie"])
    for cookie, code in ((cookies[0], 53), (cookies[1], 0), (cookies[10], 0)):
        client.search(CROWD, "(objectClass=contact)", paged_size=1, paged_cookie=cookie)
        assert client.result["result"] == code


def test_a_page_of_size_nought_abandons_the_search(client: ldap3.Connection) -> None:
    client.search(CROWD, "(objectClass=contact)", paged_size=1)
    cookie = client.result["controls"][PAGED]["value"]["cookie"]
    control = paged_search_control(criticality=True, size=0, cookie=cookie)
    client.search(CROWD, "(objectClass=contact)", controls=[control])
    assert client.result["result"] == 0 and not entries_of(client)
    client.search(CROWD, "(objectClass=contact)", paged_size=1, paged_cookie=cookie)
    assert client.result["result"] == 53


def test_what_changes_between_two_pages_is_judged_when_it_is_reached(crowd: Hosted, client: ldap3.Connection) -> None:
    client.search(CROWD, "(cn=P229*)", attributes=["cn"], paged_size=5)
    cookie = client.result["controls"][PAGED]["value"]["cookie"]
    entry = crowd.directory.require(f"CN=P2299,{CROWD}")
    crowd.call(lambda: setattr(entry, "deleted", True))
    try:
        client.search(CROWD, "(cn=P229*)", attributes=["cn"], paged_size=5, paged_cookie=cookie)
        assert len(entries_of(client)) == 4
    finally:
        crowd.call(lambda: setattr(entry, "deleted", False))


def raw(client: ldap3.Connection, attribute: str) -> dict[str, list[bytes]]:
    client.search(f"CN=Everyone,{CROWD}", "(objectClass=*)", ldap3.BASE, attributes=[attribute])
    if client.result["result"]:
        return {"error": [str(client.result["result"]).encode()]}
    # ldap3 shows an attribute without values as None.
    return {name: values or [] for name, values in client.response[0]["raw_attributes"].items()}


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("member", {"member": 0, "member;range=0-1499": 1500}),
        ("*", {"member": 0, "member;range=0-1499": 1500}),
        ("member;range=1500-*", {"member;range=1500-*": 800}),
        ("member;range=1500-2999", {"member;range=1500-*": 800}),
        ("member;range=10-19", {"member;range=10-19": 10}),
        ("member;range=0-*", {"member;range=0-1499": 1500}),
        ("MEMBER;Range=0-0", {"member;range=0-0": 1}),
        ("member;range=2299-2299", {"member;range=2299-*": 1}),
        ("member;range=2300-*", {"error": 1}),
        ("cn;range=0-*", {"cn;range=0-*": 1}),
        ("memberOf", {}),
    ],
)
def test_ranges(client: ldap3.Connection, asked: str, answered: dict[str, int]) -> None:
    found = {name: len(values) for name, values in raw(client, asked).items()}
    assert {name: found.get(name) for name in answered} == answered
    if asked != "*":
        assert set(found) == set(answered)


def test_the_client_puts_ranges_together(crowd: Hosted) -> None:
    with ldap3.Connection(
        ldap3.Server("127.0.0.1", crowd.port, get_info=ldap3.NONE),
        "me@contoso.test",
        "pw",
        auto_range=True,
        return_empty_attributes=False,
    ) as client:
        client.search(f"CN=Everyone,{CROWD}", "(objectClass=*)", ldap3.BASE, attributes=["member"])
        assert len(set(client.response[0]["raw_attributes"]["member"])) == CROWD_SIZE
        client.search(f"CN=Full,{CROWD}", "(objectClass=*)", ldap3.BASE, attributes=["member"])
        assert set(client.response[0]["raw_attributes"]) == {"member"}


def test_the_domains_root_refers_to_the_other_partitions(connection: ldap3.Connection) -> None:
    connection.search(ROOT, "(cn=Kari*)")
    urls = [url for e in connection.response if e["type"] == "searchResRef" for url in e["uri"]]
    assert f"ldap://contoso.test/CN=Configuration,{ROOT}" in urls
    assert len(urls) == 3
    connection.search(ROOT, "(cn=Kari*)", controls=[("1.2.840.113556.1.4.1339", True, None)])
    assert [e["type"] for e in connection.response] == ["searchResEntry"]


def test_bases_that_are_not_there(connection: ldap3.Connection) -> None:
    connection.search(f"CN=No,CN=Such,{PEOPLE}", "(objectClass=*)")
    assert connection.result["result"] == 32
    assert connection.result["dn"] == PEOPLE
    assert connection.result["message"].startswith("0000208D: NameErr:")
    connection.search("DC=other,DC=test", "(objectClass=*)")
    assert connection.result["result"] == 10
    assert connection.result["referrals"] == ["ldap://other.test/DC=other,DC=test"]
    connection.search("what=,", "(objectClass=*)")
    assert connection.result["result"] == 34


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        (["1.1"], set()),
        (["cn", "nonsense", "MAIL"], {"cn", "mail"}),
        (["userCertificate;binary"], set()),
        (["unicodePwd", "userPassword"], set()),
        (["canonicalName", "parentGUID", "primaryGroupToken"], {"canonicalName", "parentGUID"}),
        (["cn;lang-no"], set()),
        (["2.5.4.3"], {"cn"}),
    ],
)
def test_only_what_is_asked_for_goes_out(connection: ldap3.Connection, asked: list[str], answered: set[str]) -> None:
    connection.search(f"CN=Kari Nordmann,{PEOPLE}", "(objectClass=*)", ldap3.BASE, attributes=asked)
    assert set(connection.response[0]["raw_attributes"]) == answered


def test_everything_is_what_is_stored_and_linked_but_not_what_is_computed(connection: ldap3.Connection) -> None:
    connection.search(f"CN=Kari Nordmann,{PEOPLE}", "(objectClass=*)", ldap3.BASE, attributes=["*"])
    found = connection.response[0]["raw_attributes"]
    assert {"memberOf", "directReports", "distinguishedName", "objectGUID", "whenChanged"} <= set(found)
    assert not {"canonicalName", "parentGUID", "nTSecurityDescriptor", "tokenGroups"} & set(found)
    assert found["objectClass"] == [b"top", b"person", b"organizationalPerson", b"user"]
    assert found["sAMAccountType"] == [b"805306368"]
    assert found["whenCreated"] == [b"20300102030405.0Z"]
    assert found["displayName"] == [b"Kari  Nordmann"]


def test_computed_attributes(hosted: Hosted, connection: ldap3.Connection) -> None:
    names = ["canonicalName", "tokenGroups", "parentGUID", "msDS-PrincipalName", "msDS-User-Account-Control-Computed"]
    connection.search(f"CN=Kari Nordmann,{PEOPLE}", "(objectClass=*)", ldap3.BASE, attributes=names)
    found = connection.response[0]["raw_attributes"]
    directory = hosted.directory
    assert found["canonicalName"] == [b"contoso.test/People/Kari Nordmann"]
    assert found["parentGUID"] == [directory.require(PEOPLE).guid.bytes_le]
    assert found["msDS-PrincipalName"] == [b"CONTOSO\\kari"]
    groups = [f"CN=Sales,{PEOPLE}", f"CN=Domain Users,CN=Users,{ROOT}"]  # All Staff is a distribution group
    assert set(found["tokenGroups"]) == {directory.require(dn).values["objectSid"][0] for dn in groups}
    connection.search(ROOT, "(objectClass=*)", ldap3.BASE, attributes=["canonicalName"])
    assert connection.response[0]["raw_attributes"]["canonicalName"] == [b"contoso.test/"]


def test_extended_names_carry_guid_and_sid(hosted: Hosted, connection: ldap3.Connection) -> None:
    kari = hosted.directory.require(f"CN=Kari Nordmann,{PEOPLE}")
    sid = kari.values["objectSid"][0]
    for value, guid_text, sid_shown in (
        (b"\x30\x03\x02\x01\x01", str(kari.guid), f"{hosted.directory.domain_sid}-1104"),
        (b"\x30\x03\x02\x01\x00", kari.guid.bytes_le.hex(), sid.hex()),
        (None, kari.guid.bytes_le.hex(), sid.hex()),
    ):
        connection.search(f"CN=Sales,{PEOPLE}", "(objectClass=*)", ldap3.BASE, attributes=["member"],
                          controls=[("1.2.840.113556.1.4.529", False, value)])  # fmt: skip
        entry = connection.response[0]
        wanted = f"<GUID={guid_text}>;<SID={sid_shown}>;CN=Kari Nordmann,{PEOPLE}".encode()
        assert wanted in entry["raw_attributes"]["member"]
        assert entry["raw_dn"].startswith(b"<GUID=")


def test_security_descriptors_come_when_asked_for(connection: ldap3.Connection) -> None:
    flags = ("1.2.840.113556.1.4.801", True, b"\x30\x03\x02\x01\x04")
    connection.search(PEOPLE, "(cn=Sales)", attributes=["nTSecurityDescriptor"], controls=[flags])
    descriptor = connection.response[0]["raw_attributes"]["nTSecurityDescriptor"][0]
    assert descriptor[:4] == b"\x01\x00\x04\x80"


def test_an_unknown_control_is_refused_only_when_it_is_critical(connection: ldap3.Connection) -> None:
    connection.search(PEOPLE, "(cn=Sales)", controls=[("1.2.3.4", False, None)])
    assert connection.result["result"] == 0
    connection.search(PEOPLE, "(cn=Sales)", controls=[("1.2.3.4", True, None)])
    assert connection.result["result"] == 12
    connection.search(PEOPLE, "(cn=Sales)", controls=[(PAGED, True, b"\x30\x01")])
    assert connection.result["result"] == 2


def test_types_only_has_no_values(connection: ldap3.Connection) -> None:
    connection.search(PEOPLE, "(cn=Sales)", attributes=["cn", "member"], types_only=True)
    assert connection.response[0]["raw_attributes"] == {"cn": None, "member": None}


def test_compare(connection: ldap3.Connection) -> None:
    assert connection.compare(f"CN=Kari Nordmann,{PEOPLE}", "department", "SALG")
    assert not connection.compare(f"CN=Kari Nordmann,{PEOPLE}", "department", "IT")
