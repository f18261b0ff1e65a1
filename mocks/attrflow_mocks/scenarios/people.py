"""Who works in a directory: the named people of a plan, and the rest by lot from the pools.

It knows names, places and managers, and no LDAP.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

from attrflow_mocks.scenarios.names import ascii_slug
from attrflow_mocks.scenarios.openldap_plan import OpenLdapPlan
from attrflow_mocks.scenarios.plan import DirectoryPlan, Office, PersonPlan, Pools, UnitPlan

__all__ = ["Person", "employ", "invent_names", "telephone"]


@dataclass(frozen=True, slots=True)
class Person:
    """Someone with an account. `manager` is a login of the same directory, or empty."""

    login: str
    given: str
    surname: str
    unit: str
    title: str
    department: str
    manager: str
    office: Office
    enabled: bool = True
    attributes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    without: Sequence[str] = ()
    sid: str = ""
    master_sid: str = ""
    certificates: int = 0

    @property
    def name(self) -> str:
        """The full name, which is also the CN."""
        return f"{self.given} {self.surname}"


def invent_names(pools: Pools, rng: random.Random, taken: Iterable[str] = ()) -> Iterator[tuple[str, str, str]]:
    """Endless (given, surname, login) by lot, no login twice and none of `taken`.

    Raises:
        ValueError: the pools are used up.
    """
    used = set(taken)
    room = len(pools.given) * len(pools.surnames)
    while len(used) < room:
        given, surname = rng.choice(pools.given), rng.choice(pools.surnames)
        login = ascii_slug(f"{given} {surname}")
        if login not in used:
            used.add(login)
            yield given, surname, login
    raise ValueError(f"no more names: {room} combinations of given names and surnames are used up")


def telephone(pattern: str, rng: random.Random) -> str:
    """`pattern` with a digit by lot for each `#`."""
    return re.sub("#", lambda _: str(rng.randint(0, 9)), pattern)


def employ(plan: DirectoryPlan | OpenLdapPlan, pools: Pools, rng: random.Random) -> tuple[Person, ...]:
    """Everyone of `plan`, managers before those whom they manage.

    Raises:
        ValueError: a unit names more people than it counts, or a manager, head, office or unit is
            named that does not exist, or people manage each other in a circle.
    """
    offices = _offices(plan, pools)
    units = {unit.path: unit for unit in plan.units}
    staff = [_named(person, units, offices, rng) for person in plan.people]
    invented = invent_names(pools, rng, (person.login for person in staff))
    for unit in plan.units:
        services = sum(service.unit == unit.path for service in plan.services)
        missing = unit.people - services - sum(person.unit == unit.path for person in staff)
        if missing < 0:
            raise ValueError(f"unit {unit.path!r} counts {unit.people} people and names {unit.people - missing}")
        for _ in range(missing):
            given, surname, login = next(invented)
            title, office = rng.choice(unit.titles), rng.choice(list(offices.values()))
            department = unit.path.rpartition("/")[2]
            staff.append(Person(login, given, surname, unit.path, title, department, unit.head, office))
    return _managers_first(staff)


def _offices(plan: DirectoryPlan | OpenLdapPlan, pools: Pools) -> dict[str, Office]:
    known = {office.name: office for office in pools.offices}
    unknown = [name for name in plan.offices if name not in known]
    if unknown or not plan.offices:
        raise ValueError(f"offices of {plan.domain}: unknown {unknown}; the pools have {sorted(known)}")
    return {name: known[name] for name in plan.offices}


def _named(
    person: PersonPlan, units: Mapping[str, UnitPlan], offices: Mapping[str, Office], rng: random.Random
) -> Person:
    if person.unit not in units:
        raise ValueError(f"{person.login}: no unit {person.unit!r}; there are {sorted(units)}")
    if person.office and person.office not in offices:
        raise ValueError(f"{person.login}: no office {person.office!r}; there are {sorted(offices)}")
    head = units[person.unit].head
    return Person(
        person.login,
        person.given,
        person.surname,
        person.unit,
        person.title,
        person.department or person.unit.rpartition("/")[2],
        person.manager or ("" if head == person.login else head),
        offices[person.office] if person.office else rng.choice(list(offices.values())),
        person.enabled,
        person.attributes,
        person.without,
        person.sid,
        person.master_sid,
        person.certificates,
    )


def _managers_first(staff: Sequence[Person]) -> tuple[Person, ...]:
    by_login = {person.login: person for person in staff}
    if len(by_login) < len(staff):
        raise ValueError("two people have the same login")
    order: TopologicalSorter[str] = TopologicalSorter()
    for person in staff:
        if person.manager and person.manager not in by_login:
            raise ValueError(f"{person.login}: no one has the login {person.manager!r} of the manager")
        order.add(person.login, *([person.manager] if person.manager else []))
    try:
        return tuple(by_login[login] for login in order.static_order())
    except CycleError as error:
        raise ValueError(f"people manage each other in a circle: {error.args[1]}") from error
