"""How an object looks in Graph: property values from the stored object, nothing about requests.

Times, identifiers, on-premises marks and the nested shapes of contacts are worked out here; all
other properties are stored under Graph's own names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from attrflow_mocks.entra.objects import DirectoryObject, instant, security_identifier
from attrflow_mocks.entra.properties import PROPERTIES, property_named

__all__ = ["EXTENSION_ATTRIBUTES", "present", "value_of"]

EXTENSION_ATTRIBUTES = tuple(f"extensionAttribute{number}" for number in range(1, 16))


def _errors(found: DirectoryObject) -> list[dict[str, object]]:
    return [
        {
            "category": "PropertyConflict",
            "occurredDateTime": instant(error.occurred),
            "propertyCausingError": error.attribute,
            "value": error.value,
        }
        for error in found.errors
    ]


def _extension_attributes(found: DirectoryObject) -> dict[str, object]:
    stored = found.properties.get("onPremisesExtensionAttributes")
    values = stored if isinstance(stored, dict) else {}
    return {name: values.get(name) for name in EXTENSION_ATTRIBUTES}


def _addresses(found: DirectoryObject) -> list[dict[str, object]]:
    own = found.properties
    address = {
        "city": own.get("city"),
        "countryOrRegion": own.get("country"),
        "officeLocation": own.get("officeLocation"),
        "postalCode": own.get("postalCode"),
        "state": own.get("state"),
        "street": own.get("streetAddress"),
    }
    return [address] if any(value is not None for value in address.values()) else []


def _phones(found: DirectoryObject) -> list[dict[str, object]]:
    business = found.properties.get("businessPhones")
    numbers = {
        "mobile": found.properties.get("mobilePhone"),
        "business": business[0] if isinstance(business, list) and business else None,
        "businessFax": found.properties.get("faxNumber"),
    }
    return [{"number": number, "type": kind} for kind, number in numbers.items() if number is not None]


def _sessions_valid_from(found: DirectoryObject) -> object:
    """When sessions were last revoked; since the creation where they never were."""
    return found.properties.get("signInSessionsValidFromDateTime") or instant(found.created)


def _nothing(_: DirectoryObject) -> None:
    return None


_COMPUTED: Mapping[str, Callable[[DirectoryObject], object]] = {
    "id": lambda found: found.id,
    "createdDateTime": lambda found: instant(found.created),
    "deletedDateTime": lambda found: instant(found.deleted),
    "onPremisesSyncEnabled": lambda found: found.synced,
    "onPremisesLastSyncDateTime": lambda found: instant(found.last_sync),
    "onPremisesImmutableId": lambda found: found.source_anchor,
    "signInSessionsValidFromDateTime": _sessions_valid_from,
    "onPremisesProvisioningErrors": _errors,
    "onPremisesExtensionAttributes": _extension_attributes,
    "securityIdentifier": lambda found: security_identifier(found.id),
    "passwordProfile": _nothing,
    "addresses": _addresses,
    "phones": _phones,
}
_LISTS = {
    (kind, item.name)
    for kind, names in PROPERTIES.items()
    for item in names.values()
    if item.type in ("strings", "complexes")
}


def value_of(found: DirectoryObject, name: str) -> object:
    """One property of an object as Graph shows it; None where it has no value, [] for an empty list."""
    compute = _COMPUTED.get(name)
    if compute is not None:
        return compute(found)
    value = found.properties.get(name)
    if value is None and (found.kind, name) in _LISTS:
        return []
    return value


def present(found: DirectoryObject, names: Iterable[str]) -> dict[str, object]:
    """The named properties, in the schema's spelling; directory extensions without a value are left out."""
    shown: dict[str, object] = {}
    for name in names:
        known = property_named(found.kind, name)
        if known is None:
            continue
        value = value_of(found, known.name)
        if value is None and known.type == "any":
            continue
        shown[known.name] = value
    return shown
