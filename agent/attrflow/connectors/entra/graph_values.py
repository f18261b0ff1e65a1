"""Values between Graph's properties and the connector space's attributes, both ways.

What counts is declared in `capabilities`; here are the forms: one phone of a list, a property inside
of one, a security identifier as text. Pure.
"""

from __future__ import annotations

import struct
import uuid
from collections.abc import Collection, Mapping

from attrflow.connectors.entra.capabilities import Capability, capability
from attrflow.model.schema import Syntax
from attrflow.model.values import NO_VALUES, Value, Values

__all__ = ["attribute_values", "property_value", "selected_properties", "sid_bytes", "sid_text"]

_SYNCED = "onPremisesSyncEnabled"
_CLOUD_NAME, _OWN_NAME = "userPrincipalName", "onPremisesUserPrincipalName"


def selected_properties(object_type: str, attributes: Collection[str]) -> tuple[str, ...]:
    """The `$select` that brings these attributes, as far as Graph has them; always with `id`.

    >>> selected_properties("user", ["title", "userCertificate", "extensionAttribute7"])
    ('id', 'jobTitle', 'onPremisesExtensionAttributes', 'onPremisesImmutableId')
    """
    names = {"id"} | ({"onPremisesImmutableId"} if object_type == "user" else set())
    for attribute in attributes:
        known = capability(object_type, attribute)
        if known.property is None:
            continue
        names.add(known.property.partition(".")[0])
        if known.read == "shadow-of":
            names |= {_SYNCED, _OWN_NAME}
    return tuple(sorted(names, key=lambda name: (name != "id", name)))


def attribute_values(known: Capability, item: Mapping[str, object]) -> Values:
    """An attribute's values from an object as Graph gives it; references are not handled here.

    Raises:
        ValueError: Graph's value has a form that it should not have.
    """
    if known.attribute == "cloudMastered":
        return (item.get(_SYNCED) is not True,)
    if known.read == "shadow-of":
        synced = item.get(_SYNCED) is True and item.get(_OWN_NAME) is not None
        return _plain(item.get(_OWN_NAME if synced else _CLOUD_NAME))
    assert known.property is not None, f"{known.attribute} has no property in Graph"
    outer, _, inner = known.property.partition(".")
    data = item.get(outer)
    if outer == "addresses":
        data = data[0].get(inner) if isinstance(data, list) and data and isinstance(data[0], dict) else None
    elif outer == "phones":
        phones = data if isinstance(data, list) else []
        data = [p.get("number") for p in phones if isinstance(p, dict) and p.get("type") == inner][:1]
    elif outer == "businessPhones":
        data = data[:1] if isinstance(data, list) else None
    elif inner:
        data = data.get(inner) if isinstance(data, dict) else None
    if known.attribute == "onPremiseSecurityIdentifier":
        return (sid_bytes(data),) if isinstance(data, str) else NO_VALUES
    if known.attribute == "deviceId":
        return (_guid_octets(data),) if isinstance(data, str) else NO_VALUES
    return _plain(data)


def _guid_octets(text: str) -> bytes:
    """A GUID's octets as a directory holds them in objectGUID; ValueError where the text is none."""
    try:
        return uuid.UUID(text).bytes_le
    except ValueError:
        raise ValueError(f"{text!r} is not a device's id") from None


def _plain(data: object) -> Values:
    items = data if isinstance(data, list) else [] if data is None else [data]
    values: list[Value] = []
    for item in items:
        if not isinstance(item, str | bool | int):
            raise ValueError(f"Graph gives {item!r} where a plain value was expected")
        values.append(item)
    return tuple(values)


def property_value(known: Capability, values: Values, syntax: Syntax, *, multi: bool) -> object:
    """The JSON that Graph takes for an attribute's values; None clears a single value.

    Raises:
        ValueError: a single-valued property would get several values, or bytes.
    """
    if syntax is Syntax.BINARY or any(isinstance(value, bytes) for value in values):
        raise ValueError(f"{known.property} does not take binary values")
    if known.property == "businessPhones":
        return list(values[:1])
    if multi:
        return list(values)
    if len(values) > 1:
        raise ValueError(f"{known.property} takes one value, not {len(values)}")
    return values[0] if values else None


def sid_bytes(text: str) -> bytes:
    """A security identifier's bytes from its `S-1-…` text.

    >>> sid_bytes("S-1-5-32-544").hex()
    '01020000000000052000000020020000'

    Raises:
        ValueError: the text is none.
    """
    parts = text.split("-")
    if len(parts) < 3 or parts[0].upper() != "S" or not all(part.isdigit() for part in parts[1:]):
        raise ValueError(f"{text!r} is not a security identifier")
    revision, authority, *subordinate = (int(part) for part in parts[1:])
    if revision > 255 or authority >= 2**48 or len(subordinate) > 15 or any(n >= 2**32 for n in subordinate):
        raise ValueError(f"{text!r} is not a security identifier")
    head = bytes([revision, len(subordinate)]) + authority.to_bytes(6, "big")
    return head + struct.pack(f"<{len(subordinate)}I", *subordinate)


def sid_text(raw: bytes) -> str:
    """A security identifier's text from its bytes.

    >>> sid_text(sid_bytes("S-1-5-21-1-2-3-1104"))
    'S-1-5-21-1-2-3-1104'

    Raises:
        ValueError: the bytes are none.
    """
    if len(raw) < 8 or len(raw) != 8 + 4 * raw[1]:
        raise ValueError(f"{len(raw)} bytes are not a security identifier")
    numbers = struct.unpack(f"<{raw[1]}I", raw[8:])
    return "-".join(["S", str(raw[0]), str(int.from_bytes(raw[2:8], "big")), *map(str, numbers)])
