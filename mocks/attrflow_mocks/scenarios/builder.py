"""From the plan of a directory and a seed to the entries that it starts with.

One plan and one seed give one directory, value for value. Identifiers, times and back links are the
server's to set.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from attrflow_mocks.scenarios.binaries import certificate, sid_bytes
from attrflow_mocks.scenarios.names import ascii_slug, escape_rdn, unit_dn
from attrflow_mocks.scenarios.people import Person, employ, telephone
from attrflow_mocks.scenarios.plan import (
    ContactPlan,
    DirectoryPlan,
    GroupPlan,
    Pools,
    ServicePlan,
    TenantPlan,
)
from attrflow_mocks.scenarios.seed import DirectorySeed, EntrySeed, SeedValue, TenantSeed

__all__ = ["build_directory", "build_tenant"]

# userAccountControl: normal account, disabled, password never expires.
_NORMAL, _DISABLED, _NO_EXPIRY = 0x200, 0x2, 0x10000

# groupType: the scope's bit, and the sign bit of a signed 32-bit integer for security groups.
_SCOPES: Mapping[str, int] = {"global": 2, "domain-local": 4, "universal": 8}
_SECURITY = -(1 << 31)

_BLANKS = ("  {}", "{}  ", " {} ")


@dataclass(frozen=True, slots=True)
class _Cast:
    """Who can be a member: people by login, contacts by `Given Surname`."""

    plan: DirectoryPlan
    staff: Sequence[Person]
    people: Mapping[str, EntrySeed]
    contacts: Mapping[str, EntrySeed]


def build_directory(name: str, plan: DirectoryPlan, pools: Pools, seed: int) -> DirectorySeed:
    """The directory `name` filled from `plan`: units, accounts, contacts, groups, parents and targets first.

    Raises:
        ValueError: the plan contradicts itself; the text says where.
    """
    rng = random.Random(f"{seed}/{name}")  # noqa: S311 - made-up people, nothing to guard
    staff = employ(plan, pools, rng)
    _check_accounts(staff, plan)
    people: dict[str, EntrySeed] = {}
    for person in staff:
        manager = people[person.manager].dn if person.manager else ""
        people[person.login] = _person(person, manager, plan, rng)
    contacts = {f"{contact.given} {contact.surname}": _contact(contact, plan) for contact in plan.contacts}
    entries = [
        *_units(plan),
        *(_service(service, plan) for service in plan.services),
        *people.values(),
        *contacts.values(),
        *_groups(_Cast(plan, staff, people, contacts), rng),
    ]
    return DirectorySeed(name, plan.naming_context, plan.netbios, dict(plan.accounts), tuple(entries))


def build_tenant(plan: TenantPlan) -> TenantSeed:
    """The tenant as planned."""
    return TenantSeed(
        plan.tenant_id,
        plan.display_name,
        plan.initial_domain,
        plan.verified_domains,
        dict(plan.applications),
        tuple(dict(user) for user in plan.users),
        roles=dict(plan.roles),
        licenses=dict(plan.licenses),
        throttling=plan.throttling,
        lag=plan.lag,
    )


def _units(plan: DirectoryPlan) -> Iterator[EntrySeed]:
    for unit in sorted(plan.units, key=lambda unit: unit.path.count("/")):
        described = {"description": (unit.description,)} if unit.description else {}
        yield EntrySeed(unit_dn(unit.path, plan.naming_context), "organizationalUnit", described)


def _service(service: ServicePlan, plan: DirectoryPlan) -> EntrySeed:
    return EntrySeed(
        f"CN={escape_rdn(service.login)},{unit_dn(service.unit, plan.naming_context)}",
        "user",
        {
            "displayName": (service.login,),
            "sAMAccountName": (service.login,),
            "userPrincipalName": (f"{service.login}@{plan.domain}",),
            "description": (service.description,),
            "userAccountControl": (str(_NORMAL | _NO_EXPIRY),),
        },
    )


def _check_accounts(staff: Sequence[Person], plan: DirectoryPlan) -> None:
    """Refuse what the directory would refuse: two accounts of one name."""
    accounts: set[str] = {service.login for service in plan.services}
    for person in staff:
        account = _account(person.login)
        if account in accounts:
            raise ValueError(f"{plan.domain}: two accounts would be named {account!r}; rename {person.login}")
        accounts.add(account)


def _account(login: str) -> str:
    """`login` as a sAMAccountName: at most 20 characters."""
    return login[:20].rstrip(".")


def _person_dn(person: Person, plan: DirectoryPlan) -> str:
    return f"CN={escape_rdn(person.name)},{unit_dn(person.unit, plan.naming_context)}"


def _person(person: Person, manager: str, plan: DirectoryPlan, rng: random.Random) -> EntrySeed:
    address = f"{person.login}@{plan.domain}"
    office = person.office
    number = telephone(office.telephone, rng)
    attributes: dict[str, Sequence[str]] = {
        "givenName": (person.given,),
        "sn": (person.surname,),
        "displayName": (person.name,),
        "sAMAccountName": (_account(person.login),),
        "userPrincipalName": (address,),
        "userAccountControl": (str(_NORMAL if person.enabled else _NORMAL | _DISABLED),),
        "mail": (address,),
        "mailNickname": (person.login,),
        "proxyAddresses": (f"SMTP:{address}",),
        "title": (person.title,),
        "department": (person.department,),
        "company": (plan.company,),
        # Blanks around a number are what people type: about one in twelve.
        "telephoneNumber": (rng.choice(_BLANKS).format(number) if rng.random() < 1 / 12 else number,),
        "physicalDeliveryOfficeName": (office.name,),
        "streetAddress": (office.street,),
        "postalCode": (office.postal_code,),
        "l": (office.name,),
        "c": (office.country,),
        "co": (office.country_name,),
        "countryCode": (str(office.country_code),),
        "employeeID": (f"{rng.randint(10_000, 99_999)}",),
    }
    if rng.random() < 0.6:
        attributes["mobile"] = (telephone(office.mobile, rng),)
    if rng.random() < 0.3:
        attributes["extensionAttribute1"] = (f"CC-{rng.randint(1000, 1999)}",)
    if manager:
        attributes["manager"] = (manager,)
    attributes.update(person.attributes)
    kept: dict[str, Sequence[SeedValue]] = {n: v for n, v in attributes.items() if n not in person.without}
    if person.sid:
        kept["objectSid"] = (sid_bytes(person.sid),)
    if person.master_sid:
        kept["msExchMasterAccountSid"] = (sid_bytes(person.master_sid),)
    if person.certificates:
        kept["userCertificate"] = _certificates(person.name, person.certificates)
    return EntrySeed(_person_dn(person, plan), "user", kept)


def _contact(contact: ContactPlan, plan: DirectoryPlan) -> EntrySeed:
    name = contact.name or f"{contact.given} {contact.surname}"
    attributes: dict[str, Sequence[SeedValue]] = {
        "givenName": (contact.given,),
        "sn": (contact.surname,),
        "displayName": (name,),
        "mail": (contact.mail,),
        "mailNickname": (ascii_slug(f"{contact.given} {contact.surname}"),),
        "targetAddress": (f"SMTP:{contact.mail}",),
        "proxyAddresses": (f"SMTP:{contact.mail}",),
        "company": (contact.company,),
    }
    if contact.certificates:
        attributes["userCertificate"] = _certificates(name, contact.certificates)
    return EntrySeed(f"CN={escape_rdn(name)},{unit_dn('Contacts', plan.naming_context)}", "contact", attributes)


def _certificates(name: str, count: int) -> tuple[bytes, ...]:
    return tuple(certificate(name, number) for number in range(1, count + 1))


def _groups(cast: _Cast, rng: random.Random) -> Iterator[EntrySeed]:
    """The groups, nested ones first."""
    plan = cast.plan
    plans = {group.name: group for group in plan.groups}
    order: TopologicalSorter[str] = TopologicalSorter({group.name: group.groups for group in plan.groups})
    try:
        names = tuple(order.static_order())
    except CycleError as error:
        raise ValueError(f"{plan.domain}: groups contain each other in a circle: {error.args[1]}") from error
    for name in names:
        if name not in plans:
            raise ValueError(f"{plan.domain}: a group contains {name!r}, which does not exist")
        yield _group(plans[name], plan, _members(plans[name], cast, rng))


def _group_dn(name: str, plan: DirectoryPlan) -> str:
    return f"CN={escape_rdn(name)},{unit_dn('Groups', plan.naming_context)}"


def _members(group: GroupPlan, cast: _Cast, rng: random.Random) -> tuple[str, ...]:
    """The DNs of the members, each once."""
    plan, people = cast.plan, cast.people
    try:
        named = [people[login].dn for login in group.people]
        named += [cast.contacts[name].dn for name in group.contacts]
    except KeyError as error:
        raise ValueError(f"{plan.domain}: member {error} of group {group.name!r} does not exist") from error
    by_unit = [people[person.login].dn for person in cast.staff if person.unit in group.units]
    nested = [_group_dn(name, plan) for name in group.groups]
    employed = (people[person.login].dn for person in cast.staff if person.unit.split("/")[0] == "People")
    rest = [dn for dn in employed if dn not in named]
    return tuple(dict.fromkeys([*named, *by_unit, *nested, *rng.sample(rest, group.sample)]))


def _group(group: GroupPlan, plan: DirectoryPlan, members: Sequence[str]) -> EntrySeed:
    mail_enabled = group.kind != "security"
    scope = _SCOPES[group.scope or ("universal" if mail_enabled else "global")]
    nickname = ascii_slug(group.name, "-")
    address = f"{nickname}@{plan.domain}"
    attributes: dict[str, Sequence[str]] = {
        "displayName": (group.name,),
        "sAMAccountName": (group.name,),
        "groupType": (str(scope if group.kind == "distribution" else _SECURITY | scope),),
    }
    if mail_enabled:
        attributes |= {
            "mail": (address,),
            "mailNickname": (nickname,),
            "proxyAddresses": (f"SMTP:{address}",),
        }
    if members:
        attributes["member"] = tuple(members)
    return EntrySeed(_group_dn(group.name, plan), "group", attributes)
