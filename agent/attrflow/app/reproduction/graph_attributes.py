"""What Graph shows of an object, in the product's names, and what of it is in quarantine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrflow.connectors.entra.capabilities import capability
from attrflow.connectors.entra.graph_values import attribute_values
from attrflow.connectors.entra.names import cloud_anchor
from attrflow.connectors.entra.vocabulary import VOCABULARY
from attrflow.importers.customer_state import CloudObject, attribute_of
from attrflow.model.schema import Syntax
from attrflow.model.values import Values

__all__ = ["graph_attributes", "held_back"]

_HELD: Final = {"userprincipalname": "userPrincipalName", "proxyaddresses": "proxyAddresses", "mail": "mail"}
"""The product's attribute by the property that Graph says is in conflict, folded."""


_READ: Final = frozenset(("id", "userPrincipalName", "onPremisesSyncEnabled", "onPremisesProvisioningErrors"))
"""Properties that say who an object is and how it is doing, beside those that attributes come from."""


def graph_attributes(cloud: CloudObject) -> tuple[dict[str, Values], list[str], list[str]]:
    """The attributes of the Entra connector space that Graph shows; shadow values are what was exported.

    Behind them the properties in a form that Graph does not have, and those that no attribute comes from.
    """
    found: dict[str, Values] = {}
    faulty: list[str] = []
    used = set(_READ)
    for attribute in VOCABULARY.get(cloud.type, ()):
        known = capability(cloud.type, attribute.name)
        used.add((known.property or "").partition(".")[0])
        if known.read == "none" or known.property is None or attribute.syntax is Syntax.REFERENCE:
            continue
        if attribute.name in ("cloudAnchor", "cloudMastered"):
            continue
        try:
            values = attribute_values(known, cloud.properties)
        except ValueError:
            faulty.append(known.property)  # such as what PowerShell made of it
            continue
        if values:
            found[attribute.name] = values
    found["cloudAnchor"] = (cloud_anchor(cloud.type, cloud.id),)
    found["cloudMastered"] = (cloud.properties.get("onPremisesSyncEnabled") is not True,)
    unused = [
        name
        for name, value in cloud.properties.items()
        if name not in used and "@odata." not in name and value not in (None, "", [], {})
    ]
    return found, faulty, unused


def held_back(
    cloud: CloudObject, exported: Mapping[str, Values], shown: Mapping[str, Values]
) -> tuple[dict[str, Values], dict[str, Values]]:
    """What the tenant's entry holds, and of which attributes an import returns other values, which it holds back."""
    entry, quarantined = dict(exported), {}
    for error in cloud.errors or ():
        name = _HELD.get(error.property.casefold())
        if name is None or not error.value:
            continue
        visible = attribute_of({**shown, **_plain(cloud)}, name)
        before = attribute_of(exported, name)
        if name == "proxyAddresses":
            whole = before if error.value in before else (*before, error.value)
        else:
            whole = (error.value,)
        entry[name] = visible or tuple(value for value in before if value != error.value)
        if whole != entry[name]:
            quarantined[name] = whole
    return entry, quarantined


def _plain(cloud: CloudObject) -> dict[str, Values]:
    """Graph's own userPrincipalName, which is no shadow value."""
    upn = cloud.properties.get("userPrincipalName")
    return {"userPrincipalName": (upn,)} if isinstance(upn, str) else {}
