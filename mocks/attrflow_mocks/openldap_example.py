"""Made-up content for an OpenLDAP database: people as inetOrgPerson, groups as groupOfNames.

The same numbers and seed give the same text. It knows LDIF and names, and starts nothing.
"""

from __future__ import annotations

import random

from attrflow_mocks.identifiers import Identifiers
from attrflow_mocks.ldif import format_record
from attrflow_mocks.scenarios.loader import load_pools
from attrflow_mocks.scenarios.names import ascii_slug, escape_rdn
from attrflow_mocks.scenarios.people import invent_names, telephone

__all__ = ["base_ldif", "example_ldif"]

_UNITS = ("people", "groups")
_DEPARTMENTS = ("Sales", "Engineering", "Finance", "Support")


def base_ldif(suffix: str) -> str:
    """The entry at `suffix` alone: an organization, a domain or a unit, as its first RDN asks for.

    Raises:
        ValueError: the suffix begins with something other than dc, o or ou.
    """
    kind, _, value = suffix.split(",", 1)[0].partition("=")
    match kind.strip().lower():
        case "dc":
            attributes = {"objectClass": ["top", "dcObject", "organization"], "dc": [value], "o": [value]}
        case "o":
            attributes = {"objectClass": ["top", "organization"], "o": [value]}
        case "ou":
            attributes = {"objectClass": ["top", "organizationalUnit"], "ou": [value]}
        case _:
            raise ValueError(f"suffix {suffix!r} begins with none of dc, o, ou: give the LDIF of its entry yourself")
    return format_record(suffix, attributes)


def example_ldif(
    users: int = 20,
    groups: int = 4,
    *,
    suffix: str = "dc=example,dc=test",
    seed: int = 1,
    member_of: bool = False,
) -> str:
    """LDIF for slapadd: `users` people under ou=people, `groups` groups under ou=groups, and the suffix.

    Every entry but the suffix has an entryUUID that follows from the seed, so anchors repeat from run to
    run. Every person has uid, mail, telephoneNumber (the first with blanks around it), title, ou, and but
    for the first a manager. Each group has about a fifth of the people, at least one; group 2 contains
    group 1 where there are two. `member_of` writes memberOf into the people, as slapadd passes the
    overlay by; it needs the memberof module.

    Raises:
        ValueError: groups without users (groupOfNames needs a member).
    """
    if groups and not users:
        raise ValueError("groupOfNames needs a member: ask for at least one user with the groups")
    rng = random.Random(f"{seed}/openldap")  # noqa: S311 - made-up people, nothing to guard
    pools = load_pools()
    names = invent_names(pools, rng)
    ids = Identifiers(seed)
    people: dict[str, dict[str, list[str | bytes]]] = {}
    for number in range(users):
        given, surname, login = next(names)
        dn = f"uid={escape_rdn(login)},ou=people,{suffix}"
        phone = telephone(pools.offices[0].telephone, rng)
        people[dn] = {
            "objectClass": ["top", "person", "organizationalPerson", "inetOrgPerson"],
            "entryUUID": [str(ids.guid())],
            "uid": [login],
            "cn": [f"{given} {surname}"],
            "givenName": [given],
            "sn": [surname],
            "mail": [f"{login}@example.test"],
            "telephoneNumber": [f"  {phone} " if number == 0 else phone],
            "title": [rng.choice(("Engineer", "Adviser", "Clerk"))],
            "ou": [rng.choice(_DEPARTMENTS)],
            "userPassword": [f"secret-{login}"],
        }
        if number:
            people[dn]["manager"] = [next(iter(people))]
    records = [base_ldif(suffix)]
    records += [
        format_record(
            f"ou={unit},{suffix}",
            {"objectClass": ["top", "organizationalUnit"], "entryUUID": [str(ids.guid())], "ou": [unit]},
        )
        for unit in _UNITS
    ]
    grouped: list[str] = []
    for number in range(1, groups + 1):
        members = rng.sample(list(people), max(1, users // 5))
        dn = f"cn={ascii_slug(f'group {number}', '-')},ou=groups,{suffix}"
        if member_of:
            for member in members:
                people[member].setdefault("memberOf", []).append(dn)
        if number == 2:
            members = [*members, f"cn=group-1,ou=groups,{suffix}"]
        attributes: dict[str, list[str | bytes]] = {
            "objectClass": ["top", "groupOfNames"],
            "entryUUID": [str(ids.guid())],
            "cn": [f"group-{number}"],
            "description": [f"Example group {number}"],
            "member": [*members],
        }
        grouped.append(format_record(dn, attributes))
    records += [format_record(dn, attributes) for dn, attributes in people.items()]
    return "".join([*records, *grouped])
