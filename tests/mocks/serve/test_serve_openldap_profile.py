"""A scenario with the profile openldap, served: control plane, fixture, faults, snapshots, and what it is not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import ldap3
import pytest
from ldap3.core.exceptions import LDAPExceptionError

from attrflow_mocks.control_client import ControlClient, ControlError
from attrflow_mocks.faults import Fault
from attrflow_mocks.hosted import HostedMocks
from attrflow_mocks.hosted_faces import MockAd, MockOpenLdap
from attrflow_mocks.scenarios.loader import load
from attrflow_mocks.world import World

BASE = "dc=nordlys,dc=test"
TURID = f"uid=turid.moe,ou=Office,ou=people,{BASE}"


@pytest.fixture(scope="module")
def served() -> Iterator[HostedMocks]:
    with HostedMocks(World.of("openldap-small", part="directories")) as mocks:
        yield mocks


@pytest.fixture
def mock(served: HostedMocks) -> MockOpenLdap:
    served.call(served.world.reset)
    return MockOpenLdap(served)


@pytest.fixture
def control(served: HostedMocks) -> ControlClient:
    said = served.servers.announcement()["control"]
    assert isinstance(said, dict)
    return ControlClient(said["url"], said["token"])


@contextmanager
def signed_in(mock: MockOpenLdap) -> Iterator[ldap3.Connection]:
    server = ldap3.Server(mock.host, mock.port, get_info=ldap3.NONE)
    connection = ldap3.Connection(server, mock.account, mock.password, auto_bind=True, check_names=False)
    wire = connection.socket
    try:
        yield connection
    finally:
        if not connection.closed:
            connection.unbind()
        wire.close()


def found(connection: ldap3.Connection, filter_: str, *attributes: str) -> dict[str, dict[str, list[bytes]]]:
    connection.search(BASE, filter_, attributes=list(attributes))
    return {one["dn"]: {k: v for k, v in one["raw_attributes"].items() if v} for one in connection.response}


def titles(mock: MockOpenLdap) -> list[bytes]:
    with signed_in(mock) as connection:
        return found(connection, "(uid=turid.moe)", "title")[TURID]["title"]


def test_it_announces_its_profile_and_no_global_catalog(served: HostedMocks) -> None:
    said = served.servers.announcement()["directories"]
    assert isinstance(said, list)
    (one,) = said
    assert (one["name"], one["profile"], one["global_catalog_port"]) == ("nordlys", "openldap", None)
    assert one["account"] == f"cn=attrflow,ou=services,{BASE}"
    with pytest.raises(LookupError, match="nordlys has the profile openldap"):
        MockAd(served)


def test_an_active_directory_is_no_database() -> None:
    world = World.of("contoso-small", part="directories")
    with pytest.raises(LookupError, match="contoso has the profile ad"):
        world.database("contoso")
    with HostedMocks(world) as mocks, pytest.raises(LookupError, match="no directory of the profile openldap"):
        MockOpenLdap(mocks)


def test_edits_over_the_control_plane_show_over_the_wire(mock: MockOpenLdap, control: ControlClient) -> None:
    ldif = f"dn: uid=new,ou=people,{BASE}\nobjectClass: inetOrgPerson\nuid: new\ncn: New\nsn: New\n"
    assert control.call("POST", "/seed", {"directory": "nordlys", "ldif": ldif})["entries"] == 1
    control.call("POST", "/directories/nordlys/modify", {"dn": TURID, "changes": {"title": ["Chief"], "mobile": None}})
    control.call("POST", "/directories/nordlys/move", {"dn": TURID, "new_dn": f"uid=tm,ou=people,{BASE}"})
    control.call("POST", "/directories/nordlys/delete", {"dn": f"ou=Sales,ou=people,{BASE}", "tree": True})
    with signed_in(mock) as connection:
        moved = found(connection, "(title=chief)", "uid", "mobile")
        assert moved == {f"uid=tm,ou=people,{BASE}": {"uid": [b"tm"]}}
        assert found(connection, "(uid=new)", "cn") == {f"uid=new,ou=people,{BASE}": {"cn": [b"New"]}}
        assert not found(connection, "(ou=Sales)", "1.1")
        members = found(connection, "(cn=everybody)", "member")[f"cn=everybody,ou=groups,{BASE}"]["member"]
        assert f"uid=tm,ou=people,{BASE}".encode() in members, "refint has references follow"
    dumped = control.call("GET", "/dump")["directories"]["nordlys"]
    assert next(one["attributes"]["title"] for one in dumped if one["dn"].startswith("uid=tm,")) == ["Chief"]


@pytest.mark.parametrize(
    ("path", "body", "status", "text"),
    [
        ("modify", {"dn": f"uid=nobody,{BASE}", "changes": {}}, 404, "LDAP result 32"),
        ("modify", {"dn": TURID, "changes": {"nonsense": ["x"]}}, 409, "nonsense: attribute type undefined"),
        ("modify", {"dn": TURID, "changes": {"sn": None}}, 409, "object class 'person' requires attribute 'sn'"),
        ("delete", {"dn": f"ou=people,{BASE}"}, 409, "subordinate objects must be deleted first"),
        ("options", {"recycle-bin": True}, 400, "an OpenLDAP database has `size-limit` alone"),
        ("options", {"size-limit": 0}, 400, "`size-limit` is a number of entries"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    mock: MockOpenLdap, control: ControlClient, path: str, body: dict[str, object], status: int, text: str
) -> None:
    with pytest.raises(ControlError, match=text) as refused:
        control.call("POST", f"/directories/nordlys/{path}", body)
    assert refused.value.status == status


def test_a_size_limit_is_set_and_reset_takes_it_back(mock: MockOpenLdap, control: ControlClient) -> None:
    assert control.call("GET", "/directories/nordlys/options") == {"size-limit": 500}
    control.call("POST", "/directories/nordlys/options", {"size-limit": 3})
    with signed_in(mock) as connection:
        assert len(found(connection, "(objectClass=*)", "1.1")) == 3
        assert connection.result["result"] == 4
        control.call("POST", "/reset")
        assert len(found(connection, "(objectClass=*)", "1.1")) == 58


def test_snapshots_are_gone_back_to_and_answer_stale_reads(mock: MockOpenLdap) -> None:
    before = titles(mock)
    mock.take_snapshot("quiet")
    mock.modify(TURID, {"title": ["Chief"]})
    mock.fault(Fault("ldap", "search", "stale"))
    assert (titles(mock), titles(mock)) == (before, [b"Chief"])
    for _ in range(2):
        mock.restore_snapshot("quiet")
        assert titles(mock) == before
        mock.modify(TURID, {"title": ["Chief"]})


def test_a_stale_read_without_a_snapshot_says_what_is_missing(served: HostedMocks) -> None:
    with HostedMocks(World.of("openldap-small", part="directories")) as fresh:
        mock = MockOpenLdap(fresh)
        mock.fault(Fault("ldap", "search", "stale"))
        with signed_in(mock) as connection:
            connection.search(BASE, "(objectClass=*)")
            assert "none was taken" in connection.result["message"]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault("ldap", "search", "result", status=51), 51),
        (Fault("ldap", "search", "result", status=4, entries=2), 4),
        (Fault("ldap", "search", "referral"), 10),
        (Fault("ldap", "search", "delay", seconds=0.01), 0),
    ],
    ids=["busy", "size limit", "referral", "slow"],
)
def test_faults_strike_once(mock: MockOpenLdap, fault: Fault, code: int) -> None:
    mock.fault(fault)
    with signed_in(mock) as connection:
        connection.auto_referrals = False
        connection.search(BASE, "(objectClass=*)")
        assert connection.result["result"] == code
        assert connection.search(BASE, "(objectClass=*)")
    assert [request.result for request in mock.journal("ldap") if request.operation == "search"] == [code, 0]


def test_pages_are_cut_short_lose_their_cookie_or_their_connection(mock: MockOpenLdap) -> None:
    control = "1.2.840.113556.1.4.319"
    with signed_in(mock) as connection:
        mock.fault(Fault("ldap", "search", "truncate", entries=2))
        connection.search(BASE, "(objectClass=*)", paged_size=10)
        assert (len(connection.response), connection.result["controls"][control]["value"]["cookie"]) == (2, b"")
        mock.fault(Fault("ldap", "search", "wrong-cookie"))
        connection.search(BASE, "(objectClass=*)", paged_size=10)
        cookie = connection.result["controls"][control]["value"]["cookie"]
        connection.search(BASE, "(objectClass=*)", paged_size=10, paged_cookie=cookie)
        assert connection.result["result"] == 2
        mock.fault(Fault("ldap", "search", "drop-after", bytes=300))
        with pytest.raises(LDAPExceptionError):
            connection.search(BASE, "(objectClass=*)")


def test_every_act_can_happen_and_is_told(mock: MockOpenLdap) -> None:
    for act in load("openldap-small").acts:
        assert mock.perform(act.name) == act.story
    with signed_in(mock) as connection:
        assert set(found(connection, "(|(uid=ine.tveit)(uid=frode.lunde))", "1.1")) == {
            f"uid=ine.tveit,ou=Office,ou=people,{BASE}"
        }
