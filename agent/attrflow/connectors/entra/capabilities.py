"""What Graph can tell and take of each attribute of the Entra connector space (mocks/behaviour.md §1.13).

Per object type and attribute: the Graph property, how far its value may be believed, and whether
Graph lets an application write it. Only `exact` and `shadow-of` may be compared with what was
exported; `calculated` is the service's own working-out of it; `none` cannot be read at all. A
declared table; it converts and sends nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from attrflow.connectors.entra.coding import Selection, is_open_name
from attrflow.connectors.entra.vocabulary import VOCABULARY
from attrflow.model.schema import AttributeType, Schema

__all__ = ["CAPABILITIES", "Capability", "capability", "graph_schema"]

Read = Literal["exact", "shadow-of", "calculated", "none"]
Write = Literal["yes", "create-only", "no"]


@dataclass(frozen=True, slots=True)
class Capability:
    """What Graph can do for one attribute of one object type."""

    attribute: str
    """The product's name."""
    property: str | None
    """Graph's name, with a dot for a property inside of one; None where Graph has no counterpart."""
    read: Read
    write: Write
    reason: str = ""
    """Why it cannot be written, where it cannot."""
    writable_when_synced: bool = False
    """Graph takes it for objects that directory synchronization masters, too."""


_READ_ONLY = "Graph has it read-only; only directory synchronization writes it"
_NO_PROPERTY = "Graph has no property for it"
_NO_TYPE = {
    "device": "Graph lets no application make or change a device of hybrid join",
    "group": "the graph channel does not write groups",
    "contact": "Graph has contacts read-only",
}

_Table = tuple[tuple[Read, Write, str], ...]
# attribute:property (the same name where only one is given), read, write
_USER: _Table = (
    ("exact", "create-only", "sourceAnchor:onPremisesImmutableId"),
    ("exact", "no", "cloudAnchor:id cloudMastered:onPremisesSyncEnabled"),
    ("shadow-of", "yes", "userPrincipalName"),
    ("calculated", "yes", "mail alias:mailNickname"),
    ("calculated", "no", "proxyAddresses lastPasswordChangeTimestamp:lastPasswordChangeDateTime"),
    ("exact", "yes", "displayName givenName surname department city state country postalCode"),
    ("exact", "yes", "streetAddress preferredLanguage usageLocation accountEnabled userType"),
    ("exact", "yes", "preferredDataLocation otherMails title:jobTitle mobile:mobilePhone"),
    ("exact", "yes", "telephoneNumber:businessPhones physicalDeliveryOfficeName:officeLocation"),
    ("exact", "yes", "company:companyName facsimileTelephoneNumber:faxNumber"),
    (
        "exact",
        "yes",
        " ".join(f"extensionAttribute{n}:onPremisesExtensionAttributes.extensionAttribute{n}" for n in range(1, 16)),
    ),
    ("exact", "yes", "manager"),
    ("exact", "no", "onPremisesSamAccountName onPremisesDistinguishedName onPremisesUserPrincipalName"),
    (
        "exact",
        "no",
        "dnsDomainName:onPremisesDomainName onPremiseSecurityIdentifier:onPremisesSecurityIdentifier",
    ),
)
_GROUP: _Table = (
    ("exact", "no", "cloudAnchor:id cloudMastered:onPremisesSyncEnabled displayName description"),
    ("calculated", "no", "mail alias:mailNickname proxyAddresses"),
    ("exact", "no", "mailEnabled securityEnabled preferredLanguage preferredDataLocation"),
    ("exact", "no", "onPremisesSamAccountName dnsDomainName:onPremisesDomainName"),
    (
        "exact",
        "no",
        "netBiosName:onPremisesNetBiosName onPremiseSecurityIdentifier:onPremisesSecurityIdentifier",
    ),
    ("exact", "no", "member:members"),
)
_CONTACT: _Table = (
    ("exact", "no", "cloudAnchor:id cloudMastered:onPremisesSyncEnabled displayName givenName surname"),
    ("calculated", "no", "mail alias:mailNickname proxyAddresses"),
    ("exact", "no", "department company:companyName title:jobTitle manager"),
    ("exact", "no", "streetAddress:addresses.street city:addresses.city state:addresses.state"),
    ("exact", "no", "postalCode:addresses.postalCode country:addresses.countryOrRegion"),
    ("exact", "no", "physicalDeliveryOfficeName:addresses.officeLocation telephoneNumber:phones.business"),
    ("exact", "no", "mobile:phones.mobile facsimileTelephoneNumber:phones.businessFax"),
)
_DEVICE: _Table = (
    ("exact", "no", "cloudAnchor:id cloudMastered:onPremisesSyncEnabled displayName accountEnabled deviceId"),
    ("exact", "no", "deviceOSType:operatingSystem deviceOSVersion:operatingSystemVersion"),
    ("exact", "no", "deviceTrustType:trustType isCompliant isManaged"),
    ("exact", "no", "onPremiseSecurityIdentifier:onPremisesSecurityIdentifier"),
)
_WRITABLE_WHEN_SYNCED = frozenset({"mobile", "usageLocation", "otherMails"})


def _rows(object_type: str, table: _Table) -> Iterator[Capability]:
    for read, write, names in table:
        for pair in names.split():
            attribute, _, graph = pair.partition(":")
            yield Capability(
                attribute,
                graph or attribute,
                read,
                write,
                "" if write != "no" else _NO_TYPE.get(object_type, _READ_ONLY),
                writable_when_synced=object_type == "user" and attribute in _WRITABLE_WHEN_SYNCED,
            )


CAPABILITIES: Mapping[str, Mapping[str, Capability]] = {
    object_type: {row.attribute: row for row in _rows(object_type, table)}
    for object_type, table in (("user", _USER), ("group", _GROUP), ("contact", _CONTACT), ("device", _DEVICE))
}
"""What is declared, by object type and attribute; everything else Graph does not know."""
_FOLDED = {
    object_type: {name.casefold(): row for name, row in rows.items()} for object_type, rows in CAPABILITIES.items()
}


def capability(object_type: str, attribute: str) -> Capability:
    """What Graph can do for an attribute, whose name may be in any case.

    >>> capability("user", "title").property
    'jobTitle'
    >>> capability("user", "msExchMailboxGuid").read
    'none'
    """
    known = _FOLDED.get(object_type, {}).get(attribute.casefold())
    if known is not None:
        return known
    if attribute.casefold().startswith("extension_") and object_type not in ("contact", "device"):
        write: Write = "yes" if object_type == "user" else "no"
        return Capability(attribute, attribute, "exact", write, _NO_TYPE.get(object_type, ""))
    return Capability(attribute, None, "none", "no", _NO_PROPERTY)


def graph_schema(selection: Selection) -> Schema:
    """The schema of the graph channel: the product's attributes, and the selected open names as strings.

    It declares also what Graph cannot read or write, so that rules may name it.
    """
    schema: dict[str, list[AttributeType]] = {}
    for object_type, attributes in VOCABULARY.items():
        schema[object_type] = list(attributes)
        known = {attribute.name.casefold() for attribute in attributes}
        for wanted in sorted(selection.attributes.get(object_type, ())):
            if wanted.casefold() not in known and is_open_name(wanted):
                schema[object_type].append(AttributeType(wanted))
    return Schema.of(schema)
