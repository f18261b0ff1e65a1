"""From the plan of an OpenLDAP directory and a seed to the entries that it starts with.

One plan and one seed give one directory, value for value. What slapd sets itself (entryUUID, times, memberOf)
is the server's.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence

from attrflow_mocks.scenarios.names import escape_rdn
from attrflow_mocks.scenarios.openldap_plan import LdapGroupPlan, LdapServicePlan, OpenLdapPlan
from attrflow_mocks.scenarios.people import Person, employ, telephone
from attrflow_mocks.scenarios.plan import Pools
from attrflow_mocks.scenarios.seed import DirectorySeed, EntrySeed, SeedValue

__all__ = ["build_openldap"]

_PERSON = ("top", "person", "organizationalPerson", "inetOrgPerson")
_LOCKED = "000001010000Z"
"""The password policy's word for an account that an administrator locked for good."""
_FIRST_NUMBER = 10_001
_STAFF = 10_000
"""The first uidNumber, and everybody's gidNumber."""


def build_openldap(name: str, plan: OpenLdapPlan, pools: Pools, seed: int) -> DirectorySeed:
    """The directory `name` filled from `plan`: the suffix, units, services, people, groups.

    Raises:
        ValueError: the plan contradicts itself; the text says where.
    """
    rng = random.Random(f"{seed}/{name}")  # noqa: S311 - made-up people, nothing to guard
    staff = employ(plan, pools, rng)
    people: dict[str, EntrySeed] = {}
    for number, person in enumerate(staff, _FIRST_NUMBER):
        manager = people[person.manager].dn if person.manager else ""
        people[person.login] = _person(person, manager, number, plan, rng)
    entries = [
        _suffix(plan),
        *_units(plan),
        *[_service(service, plan) for service in plan.services],
        *people.values(),
        *[_group(group, plan, staff, people, rng) for group in plan.groups],
    ]
    netbios = plan.domain.partition(".")[0].upper()
    return DirectorySeed(name, plan.naming_context, netbios, dict(plan.accounts), tuple(entries), "openldap")


def _suffix(plan: OpenLdapPlan) -> EntrySeed:
    value = plan.naming_context.split(",", 1)[0].partition("=")[2]
    attributes = {"objectClass": ("top", "dcObject", "organization"), "dc": (value,), "o": (plan.company,)}
    return EntrySeed(plan.naming_context, "organization", attributes)


def _unit_dn(path: str, plan: OpenLdapPlan) -> str:
    parts = [f"ou={escape_rdn(part)}" for part in reversed(path.split("/"))]
    return ",".join([*parts, plan.naming_context])


def _units(plan: OpenLdapPlan) -> Iterator[EntrySeed]:
    for unit in sorted(plan.units, key=lambda unit: unit.path.count("/")):
        attributes: dict[str, Sequence[SeedValue]] = {"ou": (unit.path.rpartition("/")[2],)}
        if unit.description:
            attributes["description"] = (unit.description,)
        yield EntrySeed(_unit_dn(unit.path, plan), "organizationalUnit", attributes)


def _service(service: LdapServicePlan, plan: OpenLdapPlan) -> EntrySeed:
    attributes = {
        "objectClass": ("top", "applicationProcess", "simpleSecurityObject"),
        "cn": (service.name,),
        "description": (service.description,),
        "userPassword": (f"secret-{service.name}",),
    }
    return EntrySeed(f"cn={escape_rdn(service.name)},{_unit_dn(service.unit, plan)}", "applicationProcess", attributes)


def _person(person: Person, manager: str, number: int, plan: OpenLdapPlan, rng: random.Random) -> EntrySeed:
    office = person.office
    attributes: dict[str, Sequence[str]] = {
        "objectClass": (*_PERSON, "posixAccount"),
        "uid": (person.login,),
        "cn": (person.name,),
        "givenName": (person.given,),
        "sn": (person.surname,),
        "displayName": (person.name,),
        "mail": (f"{person.login}@{plan.domain}",),
        "title": (person.title,),
        "ou": (person.department,),
        "o": (plan.company,),
        "telephoneNumber": (telephone(office.telephone, rng),),
        "physicalDeliveryOfficeName": (office.name,),
        "street": (office.street,),
        "postalCode": (office.postal_code,),
        "l": (office.name,),
        "employeeNumber": (f"{rng.randint(10_000, 99_999)}",),
        "uidNumber": (str(number),),
        "gidNumber": (str(_STAFF),),
        "homeDirectory": (f"/home/{person.login}",),
        "userPassword": (f"secret-{person.login}",),
    }
    if rng.random() < 0.6:
        attributes["mobile"] = (telephone(office.mobile, rng),)
    if manager:
        attributes["manager"] = (manager,)
    if not person.enabled:
        attributes["pwdAccountLockedTime"] = (_LOCKED,)
    attributes.update(person.attributes)
    kept = {name: values for name, values in attributes.items() if name not in person.without}
    if "uid" in person.without:  # no posixAccount without one: the person is named by its cn
        kept["objectClass"] = _PERSON
        kept = {name: kept[name] for name in kept if name not in ("uidNumber", "gidNumber", "homeDirectory")}
    named = "cn" if "uid" in person.without else "uid"
    return EntrySeed(f"{named}={escape_rdn(kept[named][0])},{_unit_dn(person.unit, plan)}", "inetOrgPerson", kept)


def _group(
    group: LdapGroupPlan,
    plan: OpenLdapPlan,
    staff: Sequence[Person],
    people: Mapping[str, EntrySeed],
    rng: random.Random,
) -> EntrySeed:
    dn = f"cn={escape_rdn(group.name)},{_unit_dn('groups', plan)}"
    unknown = [login for login in group.people if login not in people]
    if unknown:
        raise ValueError(f"{plan.domain}: member {unknown[0]!r} of group {group.name!r} does not exist")
    logins = [*group.people, *[person.login for person in staff if person.unit in group.units]]
    rest = [person.login for person in staff if person.login not in logins]
    logins = list(dict.fromkeys([*logins, *rng.sample(rest, group.sample)]))
    attributes: dict[str, Sequence[SeedValue]] = {"cn": (group.name,)}
    if group.description:
        attributes["description"] = (group.description,)
    if group.kind == "posixGroup":
        attributes |= {"gidNumber": (str(group.gid),), "memberUid": (*logins, *group.others)}
    else:
        names = [people[login].dn for login in logins]
        names += [f"cn={escape_rdn(name)},{_unit_dn('groups', plan)}" for name in group.groups]
        attributes["member" if group.kind == "groupOfNames" else "uniqueMember"] = (*names, *group.others)
    return EntrySeed(dn, group.kind, attributes)
