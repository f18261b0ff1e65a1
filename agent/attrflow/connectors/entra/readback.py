"""What the cloud finally holds: single values read over Graph, for `trace` on either channel.

The connector space knows what was exported; the service may have calculated something else from it
(a quarantined address, a user name at the initial domain). Here is what Graph shows in the end, and
where Graph has nothing to show, that.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from attrflow.connectors.entra.capabilities import Capability, capability
from attrflow.connectors.entra.graph_values import attribute_values, selected_properties
from attrflow.connectors.entra.names import split_anchor
from attrflow.connectors.entra.wire import Wire
from attrflow.model.errors import NotFound
from attrflow.model.values import NO_VALUES, Value, Values

__all__ = ["CloudReader", "CloudState", "CloudValue", "Quarantined"]

_PATHS = {"user": "users", "group": "groups", "contact": "contacts", "device": "devices"}
_ERRORS = "onPremisesProvisioningErrors"
_QUARANTINED = {
    "userPrincipalName": ("userprincipalname",),
    "proxyAddresses": ("proxyaddress", "proxyaddresses"),
    "mail": ("proxyaddress", "proxyaddresses", "mail"),
}
_REFERENCES = frozenset({"manager", "members"})


CloudState = Literal["value", "absent", "not-readable", "no-object"]
"""What became of a read: a value, none, an attribute that Graph does not show, an object that is not there."""


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A value that the service holds back, because another object of the tenant has it."""

    value: str
    category: str
    """The service's word, such as `PropertyConflict`."""


@dataclass(frozen=True, slots=True)
class CloudValue:
    """One attribute as Graph shows it."""

    property: str | None
    """Graph's name; None where Graph has no counterpart."""
    values: Values
    """References as the ids of their targets."""
    state: CloudState
    note: str | None = None
    """What a reader must know: why it cannot be read, that it is calculated, or why it differs."""
    quarantined: tuple[Quarantined, ...] = ()
    calculated: bool = False
    """Whether the service makes the value from what was exported, so that it may hold more."""


class CloudReader:
    """Reads final values of users, groups, contacts and devices."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def cloud_value(self, object_anchor: str, cs_attribute: str) -> CloudValue:
        """The final value of one attribute; errors as `cloud_values`."""
        return self.cloud_values(object_anchor, (cs_attribute,))[cs_attribute]

    def cloud_values(self, object_anchor: str, cs_attributes: Collection[str]) -> Mapping[str, CloudValue]:
        """The final values of some attributes of one object, by the names asked for.

        Raises:
            NotFound: the anchor is no cloudAnchor.
            ConnectorError: Graph cannot be used.
        """
        kind = split_anchor(object_anchor)
        if kind is None:
            raise NotFound(f"{object_anchor!r} is not a cloudAnchor such as User_<id>.")
        path = f"{_PATHS[kind[0]]}/{quote(kind[1])}"
        rows = {name: capability(kind[0], name) for name in cs_attributes}
        item = self._item(path, kind[0], rows)
        return {name: self._value(path, item, row) for name, row in rows.items()}

    def _item(self, path: str, kind: str, rows: Mapping[str, Capability]) -> Mapping[str, object] | None:
        """The object's properties, or None where the cloud does not have it."""
        plain = [row.attribute for row in rows.values() if row.property not in _REFERENCES]
        names = list(selected_properties(kind, plain))
        if any(row.attribute in _QUARANTINED for row in rows.values()):
            names.append(_ERRORS)
        answer = self._wire.get("GET object", f"{path}?$select={','.join(names)}", accept=(404,))
        return None if answer.status == 404 else self._wire.document(answer)

    def verified_domains(self) -> frozenset[str] | None:
        """The tenant's verified domains in lower case; None where the account may not read them.

        Raises:
            ConnectorError: Graph cannot be used.
        """
        answer = self._wire.get("GET organization", "organization?$select=verifiedDomains", accept=(403,))
        if answer.status == 403:
            return None
        tenants = self._wire.document(answer).get("value")
        return frozenset(
            str(domain.get("name")).casefold()
            for tenant in (tenants if isinstance(tenants, list) else ())
            for domain in tenant.get("verifiedDomains") or ()
        )

    def _value(self, path: str, item: Mapping[str, object] | None, row: Capability) -> CloudValue:
        if row.property is None:
            return _unreadable(None, "Graph has no property for this attribute")
        if item is None:
            return CloudValue(row.property, NO_VALUES, "no-object", "the object is not in the cloud")
        if row.property in _REFERENCES:
            return self._targets(path, row.property)
        if row.read == "shadow-of":
            return _final_name(row, item)
        if row.attribute == "cloudAnchor":
            return _shown("id", (str(item["id"]),), ["the cloudAnchor without its type"])
        try:
            values = attribute_values(row, item)
        except ValueError as error:
            return _unreadable(row.property, str(error))
        calculated = row.read == "calculated"
        notes = ["calculated by the service"] if calculated else []
        return _shown(row.property, values, notes, _quarantined(row, item), calculated=calculated)

    def _targets(self, path: str, property_: str) -> CloudValue:
        if property_ == "manager":
            answer = self._wire.get("GET manager", f"{path}/manager?$select=id", accept=(400, 404))
            if answer.status == 400:
                return _unreadable(property_, answer.error().text)
            held = answer.status == 200
            return _shown(property_, (str(self._wire.document(answer).get("id")),) if held else NO_VALUES)
        ids: list[Value] = []
        link: str | None = f"{path}/{property_}?$select=id&$top=999"
        while link is not None:
            document = self._wire.document(self._wire.get("GET members", link))
            found = document.get("value")
            ids += [str(item.get("id")) for item in (found if isinstance(found, list) else ())]
            following = document.get("@odata.nextLink")
            link = self._wire.relative(following) if following is not None else None
        return _shown(property_, tuple(ids))


def _unreadable(property_: str | None, why: str) -> CloudValue:
    return CloudValue(property_, NO_VALUES, "not-readable", f"not readable over Graph: {why}")


def _shown(
    property_: str,
    values: Values,
    notes: Sequence[str] = (),
    quarantined: tuple[Quarantined, ...] = (),
    *,
    calculated: bool = False,
) -> CloudValue:
    held = [f"{one.value} is quarantined: another object has it ({one.category})" for one in quarantined]
    note = "; ".join((*notes, *held)) or None
    return CloudValue(property_, values, "value" if values else "absent", note, quarantined, calculated)


def _final_name(row: Capability, item: Mapping[str, object]) -> CloudValue:
    """The user name that the cloud settled on, with the exported one where the two differ."""
    final, exported = item.get("userPrincipalName"), item.get("onPremisesUserPrincipalName")
    notes = []
    if isinstance(exported, str) and exported != final:
        notes.append(f"calculated by the service; exported as {exported} (onPremisesUserPrincipalName)")
    values: Values = (final,) if isinstance(final, str) else NO_VALUES
    return _shown("userPrincipalName", values, notes, _quarantined(row, item))


def _quarantined(row: Capability, item: Mapping[str, object]) -> tuple[Quarantined, ...]:
    """What the service holds back of this attribute because another object has the value."""
    causes = _QUARANTINED.get(row.attribute, ())
    errors = item.get(_ERRORS)
    return tuple(
        Quarantined(str(error.get("value")), str(error.get("category")))
        for error in (errors if isinstance(errors, list) else ())
        if isinstance(error, dict) and str(error.get("propertyCausingError")).casefold() in causes
    )
