"""What every domain has before anybody adds to it: partitions, standard containers, built-in accounts."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping

from attrflow_mocks.ad.decay import DEFAULT_LIFETIME
from attrflow_mocks.ad.directory import Directory
from attrflow_mocks.ad.entry import Entry
from attrflow_mocks.ad.names import format_dn, parse_dn
from attrflow_mocks.ad.schema_objects import lay_schema
from attrflow_mocks.ad.values import sid_from_text
from attrflow_mocks.ad.writes import complete, place

__all__ = ["lay", "put"]

_SERVICES = uuid.UUID("b8a3f1ce-3d2e-5b52-9c39-5f64f2a1f0ab")

_CONTAINERS = (
    ("CN=Users", "container", "A9D1CA15768811D1ADED00C04FD8D5CD"),
    ("CN=Computers", "container", "AA312825768811D1ADED00C04FD8D5CD"),
    ("OU=Domain Controllers", "organizationalUnit", "A361B2FFFFD211D1AA4B00C04FD7D83A"),
    ("CN=System", "container", "AB1D30F3768811D1ADED00C04FD8D5CD"),
    ("CN=LostAndFound", "lostAndFound", "AB8153B7768811D1ADED00C04FD8D5CD"),
    ("CN=Deleted Objects", "container", "18E2EA80684F11D2B9AA00C04F79F805"),
    ("CN=ForeignSecurityPrincipals", "container", "22B70C67D56E4EFB91E9300FCA3DC1AA"),
    ("CN=Builtin", "builtinDomain", None),
)
_GROUPS = (
    ("Domain Admins", 512),
    ("Domain Users", 513),
    ("Domain Guests", 514),
    ("Domain Computers", 515),
)
_USERS = (("Administrator", 500, 0x10200), ("Guest", 501, 0x10222), ("krbtgt", 502, 0x202))


def put(
    directory: Directory,
    dn: str,
    class_name: str,
    values: Mapping[str, Iterable[str | bytes]],
    *,
    references: Mapping[str, Iterable[Entry]] | None = None,
    guid: uuid.UUID | None = None,
) -> Entry:
    """Place an entry with system-set values, as the directory itself does."""
    encoded = {
        name: [value.encode() if isinstance(value, str) else value for value in held] for name, held in values.items()
    }
    entry = place(directory, dn, directory.schema.classes[class_name], encoded, guid)
    complete(directory, entry, references or {}, seeded=True)
    return entry


def lay(directory: Directory) -> None:
    """Fill an empty directory with what every domain has."""
    domain_sid = sid_from_text(directory.domain_sid)
    assert domain_sid is not None
    root = directory.root_dn
    policy = {
        "minPwdLength": "7",
        "maxPwdAge": "0",
        "minPwdAge": "0",
        "lockoutThreshold": "0",
        "uASCompat": "0",
    }
    _head(directory, root, "domainDNS", {**policy, "objectSid": domain_sid, "msDS-Behavior-Version": "7"})
    _head(directory, directory.configuration_dn, "configuration", {})
    _head(directory, directory.schema_dn, "dMD", {})
    for zone in ("DomainDnsZones", "ForestDnsZones"):
        _head(directory, f"DC={zone},{root}", "domainDNS", {})
    lay_schema(directory)
    for rdn, class_name, guid in _CONTAINERS:
        critical = {"isCriticalSystemObject": ["TRUE"], "systemFlags": ["-1946157056"]}
        entry = put(directory, f"{rdn},{root}", class_name, critical)
        if guid is not None:
            directory.well_known[guid] = entry
    bin_ = directory.deleted_objects
    bin_.deleted = True
    bin_.values["isDeleted"] = [b"TRUE"]
    _accounts(directory)
    _configuration(directory)


def _head(directory: Directory, dn_text: str, class_name: str, values: Mapping[str, str | bytes]) -> None:
    dn = parse_dn(dn_text)
    head = Entry(directory.identifiers.guid(), dn[0], None)
    item = directory.schema.classes[class_name]
    rdn_attribute = directory.schema.attribute(dn[0].type)
    assert rdn_attribute is not None
    head.values = {
        "objectClass": [name.encode() for name in item.chain],
        "distinguishedName": [format_dn(dn).encode()],
        "name": [dn[0].value.encode()],
        rdn_attribute.name: [dn[0].value.encode()],
        "instanceType": [b"5"],
        "isCriticalSystemObject": [b"TRUE"],
        **{name: [value.encode() if isinstance(value, str) else value] for name, value in values.items()},
    }
    directory.attach(head)
    directory.partitions[tuple([rdn.key for rdn in dn])] = head
    complete(directory, head, {}, seeded=True)


def _accounts(directory: Directory) -> None:
    users = f"CN=Users,{directory.root_dn}"

    def sid(rid: int) -> bytes:
        found = sid_from_text(f"{directory.domain_sid}-{rid}")
        assert found is not None
        return found

    for name, rid, control in _USERS:
        values: dict[str, list[str | bytes]] = {
            "objectSid": [sid(rid)],
            "sAMAccountName": [name],
            "userAccountControl": [str(control)],
            "primaryGroupID": ["514" if name == "Guest" else "513"],
            "isCriticalSystemObject": ["TRUE"],
        }
        put(directory, f"CN={name},{users}", "user", values)
    administrator = directory.require(f"CN=Administrator,{users}")
    for name, rid in _GROUPS:
        values = {
            "objectSid": [sid(rid)],
            "sAMAccountName": [name],
            "groupType": ["-2147483646"],
            "isCriticalSystemObject": ["TRUE"],
        }
        members = {"member": [administrator]} if name == "Domain Admins" else {}
        put(directory, f"CN={name},{users}", "group", values, references=members)


def _configuration(directory: Directory) -> None:
    configuration = directory.configuration_dn
    put(directory, f"CN=Partitions,{configuration}", "container", {})
    for name, dn, netbios in (
        (directory.netbios, directory.root_dn, [directory.netbios]),
        ("Enterprise Configuration", configuration, []),
        ("Enterprise Schema", directory.schema_dn, []),
    ):
        values: dict[str, list[str | bytes]] = {"nCName": [dn], "dnsRoot": [directory.dns_name]}
        if netbios:
            values["nETBIOSName"] = [netbios[0]]
        put(directory, f"CN={name},CN=Partitions,{configuration}", "crossRef", values)
    put(directory, f"CN=Sites,{configuration}", "container", {})
    site = f"CN=Default-First-Site-Name,CN=Sites,{configuration}"
    put(directory, site, "site", {})
    put(directory, f"CN=Servers,{site}", "container", {})
    put(directory, f"CN=DC1,CN=Servers,{site}", "server", {"dNSHostName": [f"dc1.{directory.dns_name}"]})
    settings: dict[str, list[str | bytes]] = {
        "invocationId": [directory.invocation_id.bytes_le],
        "options": ["1"],
    }
    put(directory, f"CN=NTDS Settings,CN=DC1,CN=Servers,{site}", "nTDSDSA", settings)
    _services(directory)
    put(directory, f"CN=Aggregate,{directory.schema_dn}", "subSchema", {})


def _services(directory: Directory) -> None:
    """The settings that say how long a deleted object is kept."""
    name = directory.configuration_dn
    lifetimes = {"tombstoneLifetime": [str(DEFAULT_LIFETIME)]}
    for rdn, class_name in (
        ("Services", "container"),
        ("Windows NT", "container"),
        ("Directory Service", "nTDSService"),
    ):
        name = f"CN={rdn},{name}"
        # A GUID that follows from the name: those of a seed's entries must not depend on what stands here.
        guid = uuid.uuid5(_SERVICES, name)
        put(directory, name, class_name, lifetimes if class_name == "nTDSService" else {}, guid=guid)
