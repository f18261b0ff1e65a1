"""A directory of any size from a seed: users, groups, and one large group. For load, not for stories.

The same numbers and seed give the same directory. It places entries by the directory's own steps and leaves
out what is checked of clients.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from attrflow_mocks.ad.directory import Directory
from attrflow_mocks.ad.entry import Entry
from attrflow_mocks.ad.loading import load_directory
from attrflow_mocks.ad.writes import complete, place
from attrflow_mocks.clock import Clock
from attrflow_mocks.identifiers import Identifiers
from attrflow_mocks.ldif import format_record
from attrflow_mocks.scenarios.seed import DirectorySeed

__all__ = ["ACCOUNT", "PASSWORD", "ROOT", "directory_of", "people", "slapd_ldif"]

ROOT = "DC=contoso,DC=test"
ACCOUNT, PASSWORD = "svc-load@contoso.test", "Load-Pass-1"
_GROUP_SIZE = 200
_FIRST = ("Kari", "Ola", "Åse", "Bjørn", "Ingrid", "Lars", "Nora", "Per", "Siri", "Tor")
_LAST = ("Nordmann", "Hansen", "Ødegård", "Dahl", "Lien", "Berg", "Moen", "Solberg")
_DEPARTMENTS = ("Sales", "Engineering", "Finance", "Support", "Legal")
_TITLES = ("Engineer", "Adviser", "Clerk", "Director")


def people(count: int, seed: int) -> Iterator[tuple[str, dict[str, str]]]:
    """Logins and attributes of so many made-up people."""
    rng = random.Random(f"{seed}/masses")  # noqa: S311 - made-up people, nothing to guard
    for number in range(count):
        given, surname = rng.choice(_FIRST), rng.choice(_LAST)
        login = f"u{number:07d}"
        yield (
            login,
            {
                "givenName": given,
                "sn": surname,
                "displayName": f"{given} {surname}",
                "mail": f"{login}@contoso.test",
                "title": rng.choice(_TITLES),
                "telephoneNumber": f"+47 22 {rng.randrange(100):02d} {rng.randrange(100):02d} {rng.randrange(100):02d}",
                "employeeNumber": str(number),
                "l": "Oslo",
                "postalCode": f"{rng.randrange(10_000):04d}",
                "street": f"Storgata {rng.randrange(200)}",
            },
        )


def directory_of(users: int, *, large_group: int = 0, seed: int = 1, clock: Clock | None = None) -> Directory:
    """A domain with so many users, a group for each 200 of them, and one group with `large_group` members.

    Raises:
        ValueError: the large group wants more members than there are users.
    """
    if large_group > users:
        raise ValueError(f"a group of {large_group} needs as many users; there are {users}")
    shell = DirectorySeed("masses", ROOT, "CONTOSO", {ACCOUNT: PASSWORD}, [])
    directory = load_directory(shell, clock or Clock(), Identifiers(seed))
    classes = directory.schema.classes
    for unit in ("People", "Groups"):
        complete(directory, place(directory, f"OU={unit},{ROOT}", classes["organizationalUnit"], {}), {}, seeded=True)
    rng = random.Random(f"{seed}/departments")  # noqa: S311 - the same
    made: list[Entry] = []
    for login, attributes in people(users, seed):
        values = {name: [value.encode()] for name, value in attributes.items()}
        values["sAMAccountName"] = [login.encode()]
        values["userPrincipalName"] = values["mail"]
        values["proxyAddresses"] = [b"SMTP:" + values["mail"][0]]
        values["department"] = [rng.choice(_DEPARTMENTS).encode()]
        entry = place(directory, f"CN={login},OU=People,{ROOT}", classes["user"], values)
        complete(directory, entry, {}, seeded=True)
        made.append(entry)
    for start in range(0, users, _GROUP_SIZE):
        _group(directory, f"Team {start // _GROUP_SIZE}", made[start : start + _GROUP_SIZE])
    if large_group:
        _group(directory, "Everybody", made[:large_group])
    return directory


def _group(directory: Directory, name: str, members: list[Entry]) -> None:
    entry = place(
        directory, f"CN={name},OU=Groups,{ROOT}", directory.schema.classes["group"], {"sAMAccountName": [name.encode()]}
    )
    complete(directory, entry, {"member": members}, seeded=True)


def slapd_ldif(users: int, suffix: str = "dc=contoso,dc=test", seed: int = 1) -> str:
    """The same people as inetOrgPerson, for a slapd beside the mock."""
    parts = [
        format_record(
            suffix, {"objectClass": ["top", "dcObject", "organization"], "dc": ["contoso"], "o": ["Contoso"]}
        ),
        format_record(f"ou=People,{suffix}", {"objectClass": ["organizationalUnit"], "ou": ["People"]}),
    ]
    for login, attributes in people(users, seed):
        held = {name: [value] for name, value in attributes.items()}
        classes = {"objectClass": ["inetOrgPerson"], "uid": [login], "cn": [attributes["displayName"]]}
        parts.append(format_record(f"uid={login},ou=People,{suffix}", {**classes, **held}))
    return "".join(parts)
