"""Rights, the Recycle Bin, snapshots, seeds in three forms and seeded faults, over the control plane and the wire."""

from __future__ import annotations

from collections.abc import Iterator

import ldap3
import pytest

from attrflow_mocks.control_client import ControlClient, ControlError
from attrflow_mocks.directory_options import parse_options
from attrflow_mocks.faults import Fault, FaultScript
from attrflow_mocks.hosted import HostedMocks
from attrflow_mocks.hosted_faces import MockAd
from attrflow_mocks.world import World

KARI = "CN=Kari Nordmann,OU=Sales,OU=People,DC=contoso,DC=test"
PEOPLE = "OU=People,DC=contoso,DC=test"


@pytest.fixture
def mock() -> Iterator[MockAd]:
    with HostedMocks(World.of("contoso-small", part="directories")) as hosted:
        yield MockAd(hosted)


@pytest.fixture
def control(mock: MockAd) -> ControlClient:
    said = mock.mocks.servers.announcement()["control"]
    assert isinstance(said, dict)
    return ControlClient(said["url"], said["token"])


@pytest.fixture
def client(mock: MockAd) -> Iterator[ldap3.Connection]:
    server = ldap3.Server(mock.host, mock.port, get_info=ldap3.NONE)
    with ldap3.Connection(server, mock.account, mock.password, check_names=False, auto_referrals=False) as connection:
        yield connection


def titles(client: ldap3.Connection) -> list[bytes]:
    client.search(KARI, "(objectClass=*)", ldap3.BASE, attributes=["title"])
    return list(client.response[0]["raw_attributes"]["title"]) if client.response else []


def test_rights_are_set_read_and_taken_back(mock: MockAd, control: ControlClient, client: ldap3.Connection) -> None:
    rule = {"account": mock.account, "deny": "write", "attributes": ["title"]}
    said = control.call("POST", "/directories/contoso/options", {"rights": [rule], "recycle-bin": True})
    assert said["rights"][0] == {**rule, "base": "", "scope": "subtree"} and said["recycle-bin"] is True
    client.modify(KARI, {"title": [(ldap3.MODIFY_REPLACE, ["x"])]})
    assert client.result["message"].startswith("00002098")
    assert control.call("GET", "/directories/contoso/options") == said
    control.call("POST", "/reset")
    assert client.modify(KARI, {"title": [(ldap3.MODIFY_REPLACE, ["x"])]})
    with pytest.raises(ControlError, match="rule 1: `deny` is one of"):
        control.call("POST", "/directories/contoso/options", {"rights": [{"account": "x", "deny": "all"}]})
    with pytest.raises(ControlError, match="unknown: recyclebin"):
        control.call("POST", "/directories/contoso/options", {"recyclebin": True})


def test_the_python_object_sets_them_too(mock: MockAd, client: ldap3.Connection) -> None:
    mock.options({"rights": [{"account": "*", "deny": "read", "attributes": ["title"]}]})
    assert titles(client) == []
    mock.options({"rights": [], "replicators": ["somebody@contoso.test"]})
    assert mock.directory.replicators == frozenset({"somebody@contoso.test"})
    with pytest.raises(ValueError, match="`recycle-bin` is true or false"):
        parse_options({"recycle-bin": "yes"})


def test_a_snapshot_is_gone_back_to_and_answers_stale_reads(mock: MockAd, client: ldap3.Connection) -> None:
    assert client.modify(KARI, {"title": [(ldap3.MODIFY_REPLACE, ["before"])]})
    mock.fault(Fault("ldap", "search", "stale"))
    client.search(KARI, "(objectClass=*)", ldap3.BASE)
    assert "none was taken" in client.result["message"]
    mock.take_snapshot("one")
    assert client.modify(KARI, {"title": [(ldap3.MODIFY_REPLACE, ["after"])]})
    assert client.delete(f"CN=Ola Hansen,OU=Sales,{PEOPLE}") or client.result["result"] == 32
    mock.fault(Fault("ldap", "search", "stale"))
    assert titles(client) == [b"before"]
    assert titles(client) == [b"after"]
    for _ in range(2):
        mock.restore_snapshot("one")
        assert titles(client) == [b"before"]
        assert client.modify(KARI, {"title": [(ldap3.MODIFY_REPLACE, ["after"])]})


def test_the_rarer_faults(mock: MockAd, client: ldap3.Connection) -> None:
    def page(cookie: bytes | None = None) -> tuple[int, bytes]:
        client.search(PEOPLE, "(objectClass=user)", paged_size=5, paged_cookie=cookie)
        answer = client.result.get("controls", {}).get("1.2.840.113556.1.4.319", {}).get("value", {})
        return len(client.response), answer.get("cookie", b"")

    mock.fault(Fault("ldap", "search", "truncate", entries=2))
    assert page() == (2, b""), "a page cut off that says it was the last"
    mock.fault(Fault("ldap", "search", "wrong-cookie"))
    count, cookie = page()
    assert count == 5 and cookie
    page(cookie)
    assert client.result["result"] == 53
    mock.fault(Fault("ldap", "search", "referral"))
    page()
    assert client.result["result"] == 10 and client.result["referrals"][0].startswith("ldap://dc2.")


def test_chance_follows_from_the_seed() -> None:
    def strikes(seed: int) -> list[bool]:
        script = FaultScript([Fault("ldap", "search", "drop", times=1000, chance=0.3)], seed)
        return [script.strike("ldap", "search") is not None for _ in range(100)]

    assert strikes(1) == strikes(1) != strikes(2)
    assert 15 < sum(strikes(1)) < 45
    with pytest.raises(ValueError, match="between 0 and 1"):
        Fault("ldap", "search", "drop", chance=0)


def test_a_seed_may_be_toml(mock: MockAd, control: ControlClient) -> None:
    from attrflow_mocks.control_directories import seed_request  # noqa: PLC0415 - the route's own reading

    text = f'directory = "contoso"\n[[entries]]\ndn = "CN=Toml,{PEOPLE}"\nobject_class = "contact"\n'
    asked = seed_request("application/toml; charset=utf-8", "", text.encode())
    assert (asked.directory, asked.entries[0].object_class) == ("contoso", "contact")
    with pytest.raises(ValueError, match="not what this route takes"):
        seed_request("application/toml", "", b"= x")
    entries = [{"dn": f"CN=Json,{PEOPLE}", "object_class": "contact"}]
    assert control.call("POST", "/seed", {"directory": "contoso", "entries": entries})["entries"] == 1


def test_ldaps_and_the_global_catalog_have_ports_of_their_own(mock: MockAd) -> None:
    said = mock.mocks.servers.announcement()["directories"]
    assert isinstance(said, list)
    assert (said[0]["ldaps_port"], said[0]["global_catalog_port"]) == (mock.ldaps_port, mock.global_catalog_port)
    tls = ldap3.Tls(validate=2, ca_certs_data=mock.authority, valid_names=["127.0.0.1"])
    server = ldap3.Server(mock.host, mock.ldaps_port, use_ssl=True, tls=tls, get_info=ldap3.NONE)
    with ldap3.Connection(server, mock.account, mock.password) as connection:
        assert connection.bound
    server = ldap3.Server(mock.host, mock.global_catalog_port, get_info=ldap3.NONE)
    with ldap3.Connection(server, mock.account, mock.password) as connection:
        assert connection.search("", "(mail=*)")
