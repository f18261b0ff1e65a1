"""From the product's connector-space names to Graph's properties, and back for objects of the cloud.

Only values are translated here: the calculated names and addresses are `settle`'s, references are
links. Attributes without a counterpart in Graph stay in the shadow alone.
"""

from __future__ import annotations

import re
import struct
import uuid
from collections.abc import Mapping

from attrflow_mocks.entra.objects import DirectoryObject, ShadowValue

__all__ = ["ALTERNATE_MOBILE", "cloud_entry", "graph_updates", "sid_text"]

ALTERNATE_MOBILE = "alternateMobilePhones"
"""The service's own name of the alternate mobile numbers; Graph has none, so only import and the dump show them."""

_SAME = (
    "displayName givenName surname department city state country postalCode streetAddress preferredLanguage"
    " usageLocation accountEnabled userType preferredDataLocation otherMails onPremisesSamAccountName"
    " onPremisesDistinguishedName mailEnabled securityEnabled"
)
_RENAMED: Mapping[str, str] = {
    **{name: name for name in _SAME.split()},
    "title": "jobTitle",
    "physicalDeliveryOfficeName": "officeLocation",
    "company": "companyName",
    "mobile": "mobilePhone",
    "otherMobile": ALTERNATE_MOBILE,
    "facsimileTelephoneNumber": "faxNumber",
    "dnsDomainName": "onPremisesDomainName",
}
_ONLY_DEVICES = {
    "deviceOSType": "operatingSystem",
    "deviceOSVersion": "operatingSystemVersion",
    "deviceTrustType": "trustType",
    "isCompliant": "isCompliant",
    "isManaged": "isManaged",
}
_ONLY_GROUPS = {"description": "description", "netBiosName": "onPremisesNetBiosName"}
_STAMP = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)\.\d+Z")
_REVISION_AND_COUNT = 8


def graph_updates(
    found: DirectoryObject, changed: Mapping[str, ShadowValue | None], skip: frozenset[str]
) -> dict[str, object]:
    """The Graph properties that follow from changed shadow values; attributes in `skip` are left alone.

    Raises:
        ValueError: a security identifier, or a device's GUID, that is not one.
    """
    updates: dict[str, object] = {}
    extensions = found.properties.get("onPremisesExtensionAttributes")
    extended = dict(extensions) if isinstance(extensions, dict) else {}
    for name, value in changed.items():
        if name in skip:
            continue
        target = _renamed(found.kind).get(name)
        if target is not None:
            updates[target] = list(value) if isinstance(value, tuple) else value
        elif name == "telephoneNumber":
            updates["businessPhones"] = [value] if value else []
        elif name == "onPremiseSecurityIdentifier":
            updates["onPremisesSecurityIdentifier"] = sid_text(value) if isinstance(value, bytes) else None
        elif name == "deviceId" and found.kind == "device":
            updates["deviceId"] = _guid_text(value) if isinstance(value, bytes) else None
        elif name == "msExchHideFromAddressLists":
            updates["showInAddressList"] = None if value is None else not value
        elif name == "lastPasswordChangeTimestamp":
            updates["lastPasswordChangeDateTime"] = _moment(value)
        elif name.startswith("extensionAttribute"):
            extended[name] = value
            updates["onPremisesExtensionAttributes"] = extended
        elif name.casefold().startswith("extension_"):
            updates[name] = list(value) if isinstance(value, tuple) else value
    return updates


def cloud_entry(found: DirectoryObject) -> dict[str, ShadowValue]:
    """An object that was never synchronized, under the connector space's names."""
    entry: dict[str, ShadowValue] = {}
    backward = {target: name for name, target in _renamed(found.kind).items()}
    direct = {"userPrincipalName": "userPrincipalName", "mail": "mail", "mailNickname": "alias"}
    backward |= direct | {"proxyAddresses": "proxyAddresses"}
    for target, name in backward.items():
        value = found.properties.get(target)
        if isinstance(value, (list, tuple)):
            if value:
                entry[name] = tuple(str(item) for item in value)
        elif isinstance(value, (str, bool)):
            entry[name] = value
    guid = found.properties.get("deviceId")
    if found.kind == "device" and isinstance(guid, str):
        entry["deviceId"] = uuid.UUID(guid).bytes_le
    phones = found.properties.get("businessPhones")
    if isinstance(phones, list) and phones:
        entry["telephoneNumber"] = str(phones[0])
    shown = found.properties.get("showInAddressList")
    if isinstance(shown, bool):
        entry["msExchHideFromAddressLists"] = not shown
    extensions = found.properties.get("onPremisesExtensionAttributes")
    if isinstance(extensions, dict):
        entry |= {name: str(value) for name, value in extensions.items() if value is not None}
    for name, value in found.properties.items():
        if name.casefold().startswith("extension_") and isinstance(value, (str, bool, int)):
            entry[name] = value
    return entry


def _renamed(kind: str) -> Mapping[str, str]:
    """Properties by attribute for one kind of object."""
    if kind == "device":
        return {"displayName": "displayName", "accountEnabled": "accountEnabled", **_ONLY_DEVICES}
    return {**_RENAMED, **_ONLY_GROUPS} if kind == "group" else _RENAMED


def _guid_text(raw: bytes) -> str:
    """A device's id as Graph shows it, from the octets of an objectGUID."""
    if len(raw) != 16:
        raise ValueError(f"{len(raw)} bytes are not a device's id, which has 16")
    return str(uuid.UUID(bytes_le=raw))


def sid_text(raw: bytes) -> str:
    """A binary security identifier as `S-1-…` text.

    Raises:
        ValueError: the bytes are not a security identifier.
    """
    if len(raw) < _REVISION_AND_COUNT or len(raw) != _REVISION_AND_COUNT + 4 * raw[1]:
        raise ValueError(f"{len(raw)} bytes are not a binary security identifier")
    authority = int.from_bytes(raw[2:8], "big")
    parts = struct.unpack(f"<{raw[1]}I", raw[8:])
    return "-".join(["S", str(raw[0]), str(authority), *(str(part) for part in parts)])


def _moment(value: ShadowValue | None) -> object:
    """`yyyyMMddHHmmss.0Z` as Graph writes times; other text as it came."""
    match = _STAMP.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return value
    year, month, day, hour, minute, second = match.groups()
    return f"{year}-{month}-{day}T{hour}:{minute}:{second}Z"
