"""What the files of a scenario say: units, people, groups, contacts, a tenant. Data with checked shapes.

It knows neither how people are generated (builder) nor where the files lie (loader). Keys in the
files are written with hyphens; an unknown key is an error, so that a misspelt one is not ignored.
"""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = [
    "ActPlan",
    "ContactPlan",
    "DirectoryPlan",
    "GroupKind",
    "GroupPlan",
    "Office",
    "PersonPlan",
    "PlantedPlan",
    "Pools",
    "ScenarioPlan",
    "ServicePlan",
    "TenantPlan",
    "UnitPlan",
]

GroupKind = Literal["security", "mail-enabled security", "distribution"]
GroupScope = Literal["global", "universal", "domain-local"]


class _Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """The shape of every table in a scenario file."""


class Office(_Plan, frozen=True):
    """A place of work; each `#` in the telephone numbers is a digit by lot."""

    name: str
    country: str
    country_name: str
    country_code: int
    street: str
    postal_code: str
    telephone: str
    mobile: str


class Pools(_Plan, frozen=True):
    """The names that generated people are made of."""

    given: tuple[str, ...]
    surnames: tuple[str, ...]
    offices: tuple[Office, ...]


class UnitPlan(_Plan, frozen=True):
    """An organizational unit; `path` runs from the root down, such as `People/Sales`.

    `people` counts everyone in it, the named ones included; the rest is generated with `titles`
    and has `head` as manager.
    """

    path: str
    description: str = ""
    people: int = 0
    titles: tuple[str, ...] = ()
    head: str = ""


class PersonPlan(_Plan, frozen=True):
    """A named person. `attributes` replace generated ones, `without` drops them.

    `sid` is the account's objectSid and `master-sid` the SID of the account (in another forest) that owns the
    mailbox of this one, both as text; `certificates` says how many userCertificate values are made up.
    """

    login: str
    given: str
    surname: str
    unit: str
    title: str
    department: str = ""
    manager: str = ""
    office: str = ""
    enabled: bool = True
    attributes: dict[str, tuple[str, ...]] = {}
    without: tuple[str, ...] = ()
    sid: str = ""
    master_sid: str = ""
    certificates: int = 0


class ServicePlan(_Plan, frozen=True):
    """An account that no person uses."""

    login: str
    unit: str
    description: str


class GroupPlan(_Plan, frozen=True):
    """A group: everyone of `units`, these people, groups and contacts, and `sample` more by lot."""

    name: str
    kind: GroupKind
    scope: GroupScope | None = None
    units: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    contacts: tuple[str, ...] = ()
    sample: int = 0


class ContactPlan(_Plan, frozen=True):
    """Someone outside, with a mail address elsewhere; `name` is the CN where it is not `Given Surname`."""

    given: str
    surname: str
    mail: str
    company: str
    name: str = ""
    certificates: int = 0


class DirectoryPlan(_Plan, frozen=True):
    """One forest of one domain. The first of `accounts` is the one the connector signs in with."""

    naming_context: str
    netbios: str
    domain: str
    company: str
    offices: tuple[str, ...]
    accounts: dict[str, str]
    units: tuple[UnitPlan, ...]
    people: tuple[PersonPlan, ...] = ()
    services: tuple[ServicePlan, ...] = ()
    groups: tuple[GroupPlan, ...] = ()
    contacts: tuple[ContactPlan, ...] = ()


class TenantPlan(_Plan, frozen=True):
    """The tenant at the start; users are in Graph's words."""

    tenant_id: str
    display_name: str
    initial_domain: str
    verified_domains: tuple[str, ...]
    applications: dict[str, str]
    users: tuple[dict[str, object], ...] = ()
    roles: dict[str, tuple[str, ...]] = {}
    licenses: dict[str, int] = {}
    throttling: bool = False
    lag: float = 0.0


class ActPlan(_Plan, frozen=True):
    """Something that happens in a directory when it is asked for: one of a move, a deletion or changed attributes."""

    name: str
    directory: str
    dn: str
    story: str
    move_to: str = ""
    delete: bool = False
    changes: dict[str, tuple[str, ...]] = {}


class PlantedPlan(_Plan, frozen=True):
    """One planted fault; `attribute` is `*` where the whole object is missing."""

    id: str
    directory: str
    object: str
    dn: str
    attribute: str
    symptom: str
    cause: str
    fix: str
    diagnosis: str


class ScenarioPlan(_Plan, frozen=True):
    """The head of a scenario: its directories are files of these names beside it."""

    title: str
    directories: tuple[str, ...]
    tenant: TenantPlan
