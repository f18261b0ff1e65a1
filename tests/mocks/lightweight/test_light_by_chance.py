"""Made-up filters and writes, drawn by seed from what openldap-small holds: the mock and a slapd answer alike."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import ldap3
import pytest
from ldap3.core.exceptions import LDAPExceptionError
from ldap3.utils.conv import escape_filter_chars

from attrflow_mocks.hosted import HostedMocks
from attrflow_mocks.hosted_faces import MockOpenLdap
from attrflow_mocks.openldap import SlapdMissingError, running_slapd
from attrflow_mocks.openldap_seed import openldap_seed, seed_ldif
from attrflow_mocks.world import World

pytestmark = pytest.mark.openldap

BASE = "dc=nordlys,dc=test"
SEED = openldap_seed("openldap-small")
DNS = [entry.dn for entry in SEED.entries]
FILTERS, WRITES = 250, 150
RULES = ("caseIgnoreMatch", "caseExactMatch", "integerMatch", "1.2.840.113556.1.4.803", "2.5.13.2", "2.5.13.5")
Answer = tuple[object, ...]


def pool() -> dict[str, list[str]]:
    """Values by attribute: those of the scenario, some that are not there, and some of what a server makes."""
    found: dict[str, set[str]] = {
        "memberOf": {f"cn=sales,ou=groups,{BASE}", f"cn=nobody,{BASE}"},
        "nonsense": {"x"},
        "hasSubordinates": {"TRUE", "FALSE"},
        "structuralObjectClass": {"inetOrgPerson"},
        "createTimestamp": {"20200101000000Z", "20300101000000Z"},
        "entryDN": {BASE, DNS[20]},
    }
    for entry in SEED.entries:
        for name, values in entry.attributes.items():
            found.setdefault(name, set()).update(str(value) for value in values)
    found["uid"].add("nobody")
    found["uidNumber"].add("x")
    return {name: sorted(values) for name, values in found.items()}


POOL = pool()


@dataclass
class Both:
    """The administrator's connection to a slapd, and to the mock."""

    real: ldap3.Connection
    mock: ldap3.Connection

    def ask(self, question: Callable[[ldap3.Connection], Answer]) -> tuple[Answer, Answer]:
        return question(self.real), question(self.mock)


@pytest.fixture
def both() -> Iterator[Both]:
    password = SEED.accounts[f"cn=admin,{BASE}"]
    block = running_slapd(seed_ldif(SEED), BASE, password=password)
    try:
        slapd = block.__enter__()
    except SlapdMissingError as error:
        if os.environ.get("ATTRFLOW_FORBID_SKIP") == "1":
            raise
        pytest.skip(str(error))
    with HostedMocks(World.of("openldap-small", part="directories")) as mocks:
        connections = []
        for port in (slapd.port, MockOpenLdap(mocks).port):
            server = ldap3.Server("127.0.0.1", port, get_info=ldap3.NONE)
            admin = f"cn=admin,{BASE}"
            connections.append(ldap3.Connection(server, admin, password, auto_bind=True, check_names=False))
        wires = [connection.socket for connection in connections]
        yield Both(*connections)
        for connection, wire in zip(connections, wires, strict=True):
            connection.unbind()
            wire.close()
    block.__exit__(None, None, None)


def leaf(dice: random.Random) -> str:
    name = dice.choice(list(POOL))
    value = dice.choice(POOL[name])
    if dice.random() < 0.2:
        value = value.upper() if dice.random() < 0.5 else f"  {value} "
    whole = escape_filter_chars(value)
    match dice.randrange(10):
        case 0 | 1 | 2:
            return f"({name}={whole})"
        case 3:
            return f"({name}=*)"
        case 4 | 5 | 6:
            first, second = sorted(dice.randint(0, len(value)) for _ in range(2))
            pieces = (value[:first][:5], value[first:second][:4], value[second:][-4:])
            pattern = "*".join(escape_filter_chars(piece) for piece in pieces).replace("**", "*")
            return f"({name}={pattern})"
        case 7:
            return f"({name}{dice.choice('<>')}={whole})"
        case 8:
            return f"({name}:{dice.choice(RULES)}:={whole})"
    return f"({name}:dn:={whole})"


def some_filter(dice: random.Random, depth: int = 0) -> str:
    if depth > 2 or dice.random() < 0.5:
        return leaf(dice)
    if dice.random() < 0.3:
        return f"(!{some_filter(dice, depth + 1)})"
    parts = [some_filter(dice, depth + 1) for _ in range(dice.randint(1, 3))]
    return f"({dice.choice('&|')}{''.join(parts)})"


def searched(text: str) -> Callable[[ldap3.Connection], Answer]:
    def search(connection: ldap3.Connection) -> Answer:
        try:
            connection.search(BASE, text, attributes=["1.1"], dereference_aliases=ldap3.DEREF_NEVER)
        except LDAPExceptionError as error:  # ldap3's own opinion of the filter, the same for both
            return (type(error).__name__,)
        return (connection.result["result"], *sorted(entry["dn"] for entry in connection.response))

    return search


def test_filters(both: Both) -> None:
    dice = random.Random(47)  # noqa: S311 - repeatable, not secret
    for _ in range(FILTERS):
        text = some_filter(dice)
        real, mock = both.ask(searched(text))
        assert mock == real, text


def some_change(dice: random.Random) -> tuple[str, tuple[object, ...]]:
    """A write's name in ldap3, and its arguments."""
    dn = dice.choice(DNS) if dice.random() < 0.9 else f"cn=nobody,{BASE}"
    match dice.randrange(10):
        case 0 | 1:
            name = f"uid=new{dice.randint(1, 4)},{dice.choice((BASE, f'ou=people,{BASE}', f'ou=none,{BASE}', 'dc=x'))}"
            classes = dice.choice((["inetOrgPerson"], ["person"], ["nonsense"], ["groupOfNames"], ["account"], ["top"]))
            attributes = {"cn": "x", "sn": "y"} if dice.random() < 0.8 else {"cn": "x"}
            if dice.random() < 0.3:
                attributes[dice.choice(list(POOL))] = dice.choice(POOL["cn"])
            return "add", (name, classes, attributes)
        case 2:
            return "delete", (dn,)
        case 3 | 4:
            rdn = dice.choice((f"cn=r{dice.randint(1, 5)}", f"uid=r{dice.randint(1, 5)}", dn.split(",")[0], "bad"))
            superior = dice.choice((None, None, f"ou=former,{BASE}", f"ou=none,{BASE}", "dc=x", dn))
            return "modify_dn", (dn, rdn, dice.random() < 0.7, superior)
    changes: dict[str, list[tuple[str, list[str]]]] = {}
    for _ in range(dice.randint(1, 2)):
        name = dice.choice(list(POOL))
        kind = dice.choice((ldap3.MODIFY_ADD, ldap3.MODIFY_DELETE, ldap3.MODIFY_REPLACE))
        count = dice.randint(1 if kind == ldap3.MODIFY_ADD else 0, 2)
        changes.setdefault(name, []).append((kind, [dice.choice(POOL[name]) for _ in range(count)]))
    return "modify", (dn, changes)


def settled(both: Both, dn: str) -> None:
    """Wait until slapd's refint, which works afterwards, is where the mock is at once."""
    naming = searched(f"(|(member={escape_filter_chars(dn)})(manager={escape_filter_chars(dn)}))")
    deadline = time.monotonic() + 5.0
    real, mock = both.ask(naming)
    while real != mock and time.monotonic() < deadline:
        real, mock = both.ask(naming)


def test_writes(both: Both) -> None:
    dice = random.Random(47)  # noqa: S311 - repeatable, not secret
    codes = set()
    for _ in range(WRITES):
        method, arguments = some_change(dice)

        def write(connection: ldap3.Connection, method: str = method, given: tuple[object, ...] = arguments) -> Answer:
            getattr(connection, method)(*given)
            return (connection.result["result"],)

        try:
            real, mock = both.ask(write)
        except LDAPExceptionError:
            continue  # ldap3 does not send it
        assert mock == real, (method, arguments, both.real.result, both.mock.result)
        codes.add(real)
        if real == (0,) and method in ("delete", "modify_dn"):
            settled(both, str(arguments[0]))
    assert len(codes) > 6, "success and at least six kinds of refusal"
    whole = ["*", "memberOf", "structuralObjectClass"]
    states = []
    for connection in (both.real, both.mock):
        connection.search(BASE, "(objectClass=*)", attributes=whole, dereference_aliases=ldap3.DEREF_NEVER)
        states.append({
            one["dn"]: {name: sorted(values) for name, values in one["raw_attributes"].items() if values}
            for one in connection.response
        })  # fmt: skip
    assert states[1] == states[0]
