"""What a scenario's file says of a directory with the profile `openldap`. Data with checked shapes."""

from __future__ import annotations

from typing import Literal

import msgspec

from attrflow_mocks.scenarios.plan import PersonPlan, UnitPlan

__all__ = ["LdapGroupPlan", "LdapServicePlan", "OpenLdapPlan"]


class _Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """The shape of every table in such a file."""


class LdapServicePlan(_Plan, frozen=True):
    """An entry that no person uses: an `applicationProcess` that may sign in when it is among the accounts."""

    name: str
    unit: str
    description: str


class LdapGroupPlan(_Plan, frozen=True):
    """A group: everyone of `units`, these people and groups, `sample` more by lot, and `others` as they are written.

    `others` are DNs (with `#'…'B` after one in a groupOfUniqueNames) or, in a posixGroup, logins; nothing need
    be there of that name, as in a real slapd.
    """

    name: str
    kind: Literal["groupOfNames", "groupOfUniqueNames", "posixGroup"] = "groupOfNames"
    description: str = ""
    gid: int = 0
    units: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    sample: int = 0
    others: tuple[str, ...] = ()


class OpenLdapPlan(_Plan, frozen=True):
    """One suffix. The first of `accounts` (DNs) is the one the connector signs in with; `cn=admin,…` may write."""

    profile: Literal["openldap"]
    naming_context: str
    domain: str
    company: str
    offices: tuple[str, ...]
    accounts: dict[str, str]
    units: tuple[UnitPlan, ...]
    people: tuple[PersonPlan, ...] = ()
    services: tuple[LdapServicePlan, ...] = ()
    groups: tuple[LdapGroupPlan, ...] = ()
