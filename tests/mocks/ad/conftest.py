"""A small domain, served on a free port, and clients that nobody here wrote."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import ldap3
import pytest

from attrflow_mocks.ad.hosting import Hosted, running
from attrflow_mocks.clock import Clock
from attrflow_mocks.identifiers import Identifiers
from attrflow_mocks.scenarios.seed import DirectorySeed, EntrySeed

ROOT = "DC=contoso,DC=test"
PEOPLE = f"OU=People,{ROOT}"


def user(name: str, **attributes: list[str | bytes]) -> EntrySeed:
    login = name.split(maxsplit=1)[0].lower()
    values: dict[str, list[str | bytes]] = {
        "sAMAccountName": [login],
        "userPrincipalName": [f"{login}@contoso.test"],
        **attributes,
    }
    return EntrySeed(f"CN={name},{PEOPLE}", "user", values)


@pytest.fixture
def seed() -> DirectorySeed:
    entries = [
        user("Kari Nordmann", displayName=["Kari  Nordmann"], mail=["kari@contoso.test"], department=["Salg"],
             proxyAddresses=["SMTP:kari@contoso.test", "smtp:kn@contoso.test"], unicodePwd=["Sommer-2030"]),
        user("Ola Hansen", displayName=["Ola Hansen"], manager=[f"CN=Kari Nordmann,{PEOPLE}"],
             userAccountControl=["514"], unicodePwd=["Vinter-2030"]),
        user("Åse Ødegård", displayName=["Åse Ødegård"], employeeID=["00017"]),
        EntrySeed(f"CN=Partner AS,{PEOPLE}", "contact", {"mail": ["post@partner.test"]}),
        EntrySeed(PEOPLE, "organizationalUnit", {}),
        EntrySeed(f"OU=Leavers,{ROOT}", "organizationalUnit", {}),
        EntrySeed(f"CN=Sales,{PEOPLE}", "group", {
            "sAMAccountName": ["Sales"],
            "member": [f"CN=Kari Nordmann,{PEOPLE}", f"CN=Ola Hansen,{PEOPLE}"],
        }),
        EntrySeed(f"CN=All Staff,{PEOPLE}", "group", {
            "sAMAccountName": ["All Staff"], "groupType": ["8"], "member": [f"CN=Sales,{PEOPLE}"],
        }),
    ]  # fmt: skip
    return DirectorySeed("contoso", ROOT, "CONTOSO", {"svc-sync@contoso.test": "Hemmelig-1"}, entries)


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC))


@pytest.fixture
def hosted(seed: DirectorySeed, clock: Clock) -> Iterator[Hosted]:
    with running(seed, clock=clock, identifiers=Identifiers(7)) as host:
        yield host


@pytest.fixture
def connection(hosted: Hosted) -> Iterator[ldap3.Connection]:
    server = ldap3.Server("127.0.0.1", hosted.port, get_info=ldap3.NONE)
    client = ldap3.Connection(
        server,
        "svc-sync@contoso.test",
        "Hemmelig-1",
        auto_bind=True,
        check_names=False,
        return_empty_attributes=False,
        auto_referrals=False,
    )
    yield client
    client.unbind()
