"""The nouns of the tenant: a directory object, what is wrong with it, a domain, and the feature switches.

Knows nothing of HTTP, of matching or of the order in which things happen.
"""

from __future__ import annotations

import struct
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

__all__ = [
    "ANCHOR_PREFIXES",
    "GRAPH_TYPES",
    "DirectoryObject",
    "Domain",
    "ProvisioningError",
    "ShadowValue",
    "Value",
    "cloud_anchor",
    "default_features",
    "instant",
    "parse_cloud_anchor",
    "security_identifier",
]

Value = str | int | bool | bytes
ShadowValue = Value | tuple[Value, ...]

GRAPH_TYPES: Mapping[str, str] = {
    "user": "#microsoft.graph.user",
    "group": "#microsoft.graph.group",
    "contact": "#microsoft.graph.orgContact",
    "device": "#microsoft.graph.device",
    "application": "#microsoft.graph.application",
}
ANCHOR_PREFIXES: Mapping[str, str] = {"user": "User", "group": "Group", "contact": "Contact", "device": "Device"}
_KIND_OF_PREFIX = {prefix.casefold(): kind for kind, prefix in ANCHOR_PREFIXES.items()}


@dataclass(frozen=True, slots=True)
class ProvisioningError:
    """A value that the tenant holds back because another object has it (duplicate attribute resiliency)."""

    attribute: str
    """`UserPrincipalName` or `ProxyAddresses`."""
    value: str
    occurred: datetime


@dataclass(frozen=True, slots=True)
class DirectoryObject:
    """One object of the directory, live or soft-deleted; its references live in `links.Links`."""

    id: str
    kind: str
    """`user`, `group`, `contact`, `device` or `application`."""
    ordinal: int
    """Its place in the order of creation; never used twice."""
    created: datetime
    properties: Mapping[str, object] = field(default_factory=dict)
    """Cloud values under Graph's names; None where a value was cleared, absent where never set."""
    shadow: Mapping[str, ShadowValue] = field(default_factory=dict)
    """What synchronization exported, under the product's connector-space names."""
    source_anchor: str | None = None
    synced: bool | None = None
    """True now, False formerly, None never mastered on-premises."""
    last_sync: datetime | None = None
    deleted: datetime | None = None
    errors: tuple[ProvisioningError, ...] = ()
    moera: str | None = None
    """The routing address (`nickname@initial domain`) once a mailbox has made one necessary."""
    exchange: bool = False
    """Whether an Exchange Online plan is assigned."""
    admin: bool = False
    """Whether the user holds a directory role."""
    cloud_managed: bool = False
    """Whether the source of authority was switched to the cloud: synchronization skips the object."""
    overrides: frozenset[str] = frozenset()
    """DirSyncOverrides: ingest attributes whose cloud value was edited in the cloud."""

    @property
    def live(self) -> bool:
        """Whether the object is there, not in the bin."""
        return self.deleted is None

    def text(self, name: str) -> str | None:
        """The cloud value of a string property, or None."""
        value = self.properties.get(name)
        return value if isinstance(value, str) else None

    def proxies(self) -> tuple[str, ...]:
        """The cloud proxyAddresses, in their order."""
        value = self.properties.get("proxyAddresses")
        return tuple(value) if isinstance(value, (list, tuple)) else ()


@dataclass(frozen=True, slots=True)
class Domain:
    """A domain name of the tenant."""

    name: str
    verified: bool = True
    initial: bool = False
    default: bool = False
    authentication: str = "Managed"
    services: tuple[str, ...] = ("Email", "OfficeCommunicationsOnline")
    """What the domain is used for; shown only once it is verified."""


def default_features() -> dict[str, bool]:
    """The synchronization feature switches with the values of a tenant set up today."""
    on = {
        "directoryExtensionsEnabled",
        "quarantineUponProxyAddressesConflictEnabled",
        "quarantineUponUpnConflictEnabled",
        "softMatchOnUpnEnabled",
        "synchronizeUpnForManagedUsersEnabled",
    }
    off = {
        "allowOnPremUpdateOfOnPremisesObjectIdentifierEnabled",
        "blockCloudObjectTakeoverThroughHardMatchEnabled",
        "blockSoftMatchEnabled",
        "bypassDirSyncOverridesEnabled",
        "cloudPasswordPolicyForPasswordSyncedUsersEnabled",
        "concurrentCredentialUpdateEnabled",
        "concurrentOrgIdProvisioningEnabled",
        "deviceWritebackEnabled",
        "fopeConflictResolutionEnabled",
        "groupWriteBackEnabled",
        "passwordSyncEnabled",
        "passwordWritebackEnabled",
        "unifiedGroupWritebackEnabled",
        "userForcePasswordChangeOnLogonEnabled",
        "userWritebackEnabled",
    }
    return {name: name in on for name in sorted(on | off)}


def cloud_anchor(kind: str, identifier: str) -> str:
    """The connector space's name of an object, such as `User_5f0c…`."""
    return f"{ANCHOR_PREFIXES[kind]}_{identifier}"


def parse_cloud_anchor(text: str) -> tuple[str, str] | None:
    """Kind and id of a cloudAnchor, or None where the text is not one."""
    prefix, _, identifier = text.partition("_")
    kind = _KIND_OF_PREFIX.get(prefix.casefold())
    return (kind, identifier.casefold()) if kind and identifier else None


def security_identifier(identifier: str) -> str:
    """The cloud SID of an object: S-1-12-1 and the four little-endian words of its id."""
    words = struct.unpack("<IIII", uuid.UUID(identifier).bytes_le)
    return "S-1-12-1-" + "-".join(str(word) for word in words)


def instant(moment: datetime | None) -> str | None:
    """A time as Graph writes it: UTC, seconds, `Z`."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment is not None else None
