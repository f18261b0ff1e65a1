"""Users, groups and contacts as Microsoft Graph gives them, or Get-MgUser | ConvertTo-Json -> cloud objects.

The names are Graph's; PowerShell's, which begin with a capital letter, become the same ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, Final

from attrflow.importers.customer_state import CloudObject, ProvisioningError
from attrflow.importers.findings import Findings, Place
from attrflow.importers.json_items import json_items
from attrflow.importers.text_lines import whole_text

__all__ = ["read_graph"]

_ERRORS: Final = "onPremisesProvisioningErrors"
_SECRETS: Final = ("passwordprofile", "keycredentials", "passwordcredentials")
_KINDS: Final = {
    "#microsoft.graph.user": "user",
    "#microsoft.graph.group": "group",
    "#microsoft.graph.orgcontact": "contact",
}


def read_graph(stream: BinaryIO, file: str, findings: Findings) -> Iterator[CloudObject]:
    """The objects of a file, one by one; one that stands there twice is told."""
    place = Place(file)
    seen: dict[str, int] = {}
    for line, item in json_items(whole_text(stream, file, findings), file, findings):
        found = _object(item, place.at(line), findings)
        if found is None:
            continue
        if found.id in seen:
            message = (
                f"the {found.type} {found.id} stands here twice, first on line {seen[found.id]}; the first one counts"
            )
            findings.warn(place.at(line), "duplicate-object", message)
            continue
        seen[found.id] = line
        yield found


def _object(item: Mapping[str, Any], place: Place, findings: Findings) -> CloudObject | None:
    properties: dict[str, object] = {}
    for name, value in item.items():
        if name.casefold() == "additionalproperties" and isinstance(value, dict):
            properties.update({_spelt(key): inner for key, inner in value.items()})
    for name, value in item.items():
        if name.casefold() == "additionalproperties":
            continue
        if name.casefold() in _SECRETS and value:
            findings.note(place, "secret-left-out", f"{name} is not taken over")
        elif value is not None or _spelt(name) not in properties:
            properties[_spelt(name)] = value
    id_ = properties.get("id")
    if not isinstance(id_, str) or not id_:
        keys = ", ".join(list(item)[:6])
        help = "a file of --graph holds users, groups or contacts as GET /users/{id} gives them"
        findings.tell(place, "wrong-format", f"an object without an id ({keys}); left out", help=help)
        return None
    type_ = _type(properties)
    if type_ is None:
        said = properties.get("@odata.type") or "no type"
        message = f"{id_} is neither a user nor a group nor a contact ({said}); left out"
        findings.tell(place, "unknown-object-type", message)
        return None
    return CloudObject(type_, id_, properties, _errors(properties, place, findings), place)


def _spelt(name: str) -> str:
    """PowerShell's property names as Graph spells them.

    >>> _spelt("OnPremisesImmutableId"), _spelt("@odata.type")
    ('onPremisesImmutableId', '@odata.type')
    """
    return name[:1].lower() + name[1:]


def _type(properties: Mapping[str, object]) -> str | None:
    said = properties.get("@odata.type")
    if isinstance(said, str):
        return _KINDS.get(said.casefold())
    if "securityEnabled" in properties or "groupTypes" in properties:
        return "group"
    if "userPrincipalName" in properties:
        return "user"
    if "proxyAddresses" in properties or "companyName" in properties:
        return "contact"
    return None


def _errors(properties: Mapping[str, object], place: Place, findings: Findings) -> tuple[ProvisioningError, ...] | None:
    given = properties.get(_ERRORS)
    if given is None:
        return None
    if not isinstance(given, list):
        findings.tell(
            place, "wrong-value", f"{_ERRORS} is no list: {str(given)[:60]!r}; ConvertTo-Json needs -Depth 10"
        )
        return None
    found = []
    for one in given:
        if not isinstance(one, dict):
            findings.tell(place, "wrong-value", f"{_ERRORS} holds {str(one)[:60]!r}; ConvertTo-Json needs -Depth 10")
            continue
        said = {_spelt(key): str(value or "") for key, value in one.items()}
        occurred = said.get("occurredDateTime", "")
        found.append(
            ProvisioningError(
                said.get("propertyCausingError", ""), said.get("value", ""), said.get("category", ""), occurred
            )
        )
    return tuple(found)
