"""openldap-small on the mock and on a real slapd: the same entries, the same answers, whoever asks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import ldap3
import pytest

from attrflow_mocks.hosted import HostedMocks
from attrflow_mocks.hosted_faces import MockOpenLdap
from attrflow_mocks.openldap import RunningSlapd, SlapdMissingError, running_slapd
from attrflow_mocks.openldap_seed import openldap_seed, seed_ldif
from attrflow_mocks.world import World

BASE = "dc=nordlys,dc=test"
READER = (f"cn=attrflow,ou=services,{BASE}", "Mock-Pass-Nordlys-1")
ADMIN = (f"cn=admin,{BASE}", "Mock-Pass-Nordlys-Admin-1")
TURID = (f"uid=turid.moe,ou=Office,ou=people,{BASE}", "secret-turid.moe")
NOBODY = (None, None)
Account = tuple[str | None, str | None]
Found = dict[str, dict[str, list[bytes]]]


@pytest.fixture(scope="module")
def mock() -> Iterator[MockOpenLdap]:
    with HostedMocks(World.of("openldap-small", part="directories")) as mocks:
        yield MockOpenLdap(mocks)


@pytest.fixture(scope="module")
def slapd() -> Iterator[RunningSlapd]:
    seed = openldap_seed("openldap-small")
    block = running_slapd(seed_ldif(seed), BASE, password=ADMIN[1], size_limit=500)
    try:
        running = block.__enter__()
    except SlapdMissingError as error:
        if os.environ.get("ATTRFLOW_FORBID_SKIP") == "1":
            raise
        pytest.skip(str(error))
    yield running
    block.__exit__(None, None, None)


@contextmanager
def connected(port: int, account: Account) -> Iterator[ldap3.Connection]:
    server = ldap3.Server("127.0.0.1", port, get_info=ldap3.NONE)
    connection = ldap3.Connection(server, *account, check_names=False, auto_bind=True, return_empty_attributes=False)
    wire = connection.socket
    try:
        yield connection
    finally:
        connection.unbind()
        wire.close()


def asked(port: int, account: Account, filter_: str, attributes: list[str]) -> tuple[int, Found]:
    with connected(port, account) as connection:
        connection.search(BASE, filter_, dereference_aliases=ldap3.DEREF_NEVER, attributes=attributes)
        found = {
            entry["dn"]: {name: sorted(values) for name, values in entry["raw_attributes"].items()}
            for entry in connection.response
        }
        return connection.result["result"], found


@pytest.mark.openldap
@pytest.mark.parametrize("account", [READER, ADMIN, TURID, NOBODY], ids=["reader", "admin", "turid", "anonymous"])
@pytest.mark.parametrize(
    ("filter_", "attributes"),
    [
        ("(objectClass=*)", ["*", "memberOf", "pwdAccountLockedTime", "structuralObjectClass", "hasSubordinates"]),
        ("(userPassword=secret-turid.moe)", ["uid", "userPassword"]),
        ("(userPassword=*)", ["1.1"]),
        ("(!(userPassword=*))", ["1.1"]),
        ("(memberOf=cn=sales,ou=groups,dc=nordlys,dc=test)", ["uid"]),
        ("(pwdAccountLockedTime=000001010000Z)", ["pwdAccountLockedTime"]),
        ("(&(objectClass=posixAccount)(uidNumber>=10030))", ["uidNumber"]),
        ("(uniqueMember=uid=frode.lunde,ou=Sales,ou=people,dc=nordlys,dc=test#'0101'B)", ["cn"]),
        ("(telephoneNumber=+4722000010)", ["telephoneNumber"]),
    ],
)  # fmt: skip
def test_both_give_the_same(
    mock: MockOpenLdap, slapd: RunningSlapd, account: Account, filter_: str, attributes: list[str]
) -> None:
    assert asked(mock.port, account, filter_, attributes) == asked(slapd.port, account, filter_, attributes)


@pytest.mark.openldap
@pytest.mark.parametrize("account", [READER, ADMIN, TURID, NOBODY], ids=["reader", "admin", "turid", "anonymous"])
@pytest.mark.parametrize("value", ["secret-turid.moe", "wrong"])
@pytest.mark.parametrize("dn", [TURID[0], f"ou=people,{BASE}"], ids=["a person", "a unit"])
def test_who_may_compare_a_password(
    mock: MockOpenLdap, slapd: RunningSlapd, account: Account, value: str, dn: str
) -> None:
    codes = []
    for port in (mock.port, slapd.port):
        with connected(port, account) as connection:
            connection.compare(dn, "userPassword", value)
            codes.append(connection.result["result"])
    assert codes[0] == codes[1]


@pytest.mark.openldap
def test_only_the_administrator_writes(mock: MockOpenLdap, slapd: RunningSlapd) -> None:
    for port in (mock.port, slapd.port):
        for account, code in ((READER, 50), (NOBODY, 8), (ADMIN, 0)):
            with connected(port, account) as connection:
                connection.modify(TURID[0], {"title": [(ldap3.MODIFY_REPLACE, [f"Director {code}"])]})
                assert connection.result["result"] == code, (port, account, connection.result)


def test_a_scenario_without_such_a_directory_says_so() -> None:
    with pytest.raises(LookupError, match="contoso-small has no directory of the profile openldap; there are: none"):
        openldap_seed("contoso-small")
    with pytest.raises(LookupError, match="no directory named 'x' of the profile openldap; there are: nordlys"):
        openldap_seed("openldap-small", "x")
