"""What a mock directory and a mock tenant are filled with: plain data, no behaviour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["Act", "DirectorySeed", "EntrySeed", "Scenario", "TenantSeed"]

SeedValue = str | bytes


@dataclass(frozen=True, slots=True)
class EntrySeed:
    """One entry to add: its DN, its most specific object class, and its attributes.

    Values are text, or bytes for binary attributes; DN-valued attributes hold DNs. What a real
    server sets itself (objectGUID, USNs, times, class chain) may be left out.
    """

    dn: str
    object_class: str
    attributes: Mapping[str, Sequence[SeedValue]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DirectorySeed:
    """One AD domain (a forest of one domain) or one OpenLDAP database."""

    name: str
    """The directory's short name in the scenario, such as `contoso` or `fabrikam`."""
    naming_context: str
    """The root DN, such as `DC=contoso,DC=test`."""
    netbios: str
    accounts: Mapping[str, str]
    """Bind names (a UPN or a DN) and their passwords, for simple bind."""
    entries: Sequence[EntrySeed]
    profile: str = "ad"


@dataclass(frozen=True, slots=True)
class TenantSeed:
    """The Entra tenant: its domains, its applications, and the objects it holds at the start."""

    tenant_id: str
    display_name: str
    initial_domain: str
    verified_domains: Sequence[str]
    applications: Mapping[str, str]
    """Client ids and their secrets; each has every application role that the mock knows unless `roles` says which."""
    users: Sequence[Mapping[str, object]] = ()
    roles: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Application roles by client id."""
    certificates: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """PEM certificates for client assertions, by client id."""
    licenses: Mapping[str, int] = field(default_factory=dict)
    """Seats by part number, such as `ENTERPRISEPACK`; 25 of each known product where nothing is said."""
    throttling: bool = False
    """Whether the documented limits apply."""
    lag: float = 0.0
    """Seconds until lists, counts and deltas have heard of a change."""


@dataclass(frozen=True, slots=True)
class Act:
    """Something that happens in a directory when a script asks for it."""

    name: str
    directory: str
    dn: str
    story: str
    move_to: str = ""
    """The whole new DN of a move; empty where it is none."""
    delete: bool = False
    changes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Attributes to replace; no values takes one away."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A named set of directories and one tenant; `planted` says which fault stands where."""

    name: str
    title: str
    directories: Sequence[DirectorySeed]
    tenant: TenantSeed
    planted: Sequence[Mapping[str, str]] = ()
    acts: Sequence[Act] = ()
