"""The XML of entries and deltas, as the sync engine's own exports have it -> images and changes.

Elements and attributes are those of the published description of the connector-space export and of the
metaverse search. Integers may be decimal or hexadecimal with 64 bits; octets are base64.
"""

from __future__ import annotations

import base64
import binascii

from attrflow.importers.customer_state import AttributeChange, Change, Entry
from attrflow.importers.findings import Findings, Place
from attrflow.importers.xml_records import Node
from attrflow.model.values import Value

__all__ = ["change_of", "clean_guid", "entry_of", "typed_value", "value_of"]

_INTEGERS = ("integer", "number", "int64", "int32", "long", "int")


def clean_guid(text: str | None) -> str | None:
    """A GUID in lower case and without braces; None where there is none or it is all zeros.

    >>> clean_guid("{0B1C2D3E-0000-0000-0000-000000000001}"), clean_guid("{00000000-0000-0000-0000-000000000000}")
    ('0b1c2d3e-0000-0000-0000-000000000001', None)
    """
    plain = (text or "").strip().strip("{}").lower()
    return plain if plain.strip("0-") else None


def typed_value(text: str, type_: str) -> Value:
    """A value of a type that the export names.

    Raises:
        ValueError: the text is no value of that type.

    >>> typed_value("0xffffffff80000002", "integer"), typed_value("true", "Boolean"), typed_value("AQ==", "binary")
    (-2147483646, True, b'\\x01')
    """
    folded = type_.casefold()
    if folded == "binary":
        try:
            return base64.b64decode("".join(text.split()), validate=True)
        except binascii.Error as error:
            raise ValueError("not base64") from error
    if folded == "boolean":
        if text.strip().casefold() not in ("true", "false"):
            raise ValueError("neither true nor false")
        return text.strip().casefold() == "true"
    if folded in _INTEGERS:
        number = int(text.strip(), 16) if text.strip().casefold().startswith("0x") else int(text.strip())
        number = number - (1 << 64) if (1 << 63) <= number < (1 << 64) else number
        if not -(1 << 63) <= number < (1 << 63):
            raise ValueError("more than 64 bits")
        return number
    return text


def value_of(node: Node, type_: str, what: str, place: Place, findings: Findings) -> Value | None:
    """The value of a `value` element; None, told, where it cannot be read."""
    encoded = node.attributes.get("encoding", "").casefold() == "base64"
    try:
        return typed_value(node.text, "binary" if encoded and type_.casefold() in ("", "binary") else type_)
    except ValueError as error:
        message = f"{what} has a value that is no {type_ or 'text'} ({error}): {node.text[:40]!r}; left out"
        findings.tell(place.at(node.line), "wrong-value", message)
        return None


def entry_of(node: Node, what: str, place: Place, findings: Findings) -> Entry:
    """The image in an `entry` element."""
    attributes: dict[str, tuple[Value, ...]] = {}
    references: dict[str, tuple[str, ...]] = {}
    for child in node.children:
        name = child.attributes.get("name", "")
        if child.name == "attr" and name:
            values = _values(child, what, place, findings)
            if values:
                attributes[name] = tuple(value for _, value in values)
        elif child.name == "dn-attr" and name:
            targets = tuple(str(target) for _, target in _targets(child))
            if targets:
                references[name] = targets
    return Entry(attributes, references)


def change_of(node: Node, what: str, place: Place, findings: Findings) -> Change | None:
    """The change in a `delta` element; None where it changes nothing."""
    operation = node.attributes.get("operation", "").strip().casefold() or "update"
    if operation == "none":
        return None
    known = ("add", "replace", "update", "delete", "delete-add", "obsolete")
    if operation not in known:
        message = f"{what} has a delta with the operation {operation!r}, which is none of {', '.join(known)}; left out"
        findings.tell(place.at(node.line), "wrong-value", message)
        return None
    attributes: dict[str, AttributeChange] = {}
    for child in node.children:
        name = child.attributes.get("name", "")
        if child.name not in ("attr", "dn-attr") or not name:
            continue
        reference = child.name == "dn-attr"
        values = _targets(child) if reference else _values(child, what, place, findings)
        kind = child.attributes.get("operation", "").strip().casefold() or (
            "update" if operation == "update" else "add"
        )
        added = tuple(value for word, value in values if word != "delete")
        removed = tuple(value for word, value in values if word == "delete")
        attributes[name] = AttributeChange(kind, added, removed, reference)
    new_dn = node.said("newdn", "new-dn")
    return Change(operation, attributes, new_dn)


def _values(node: Node, what: str, place: Place, findings: Findings) -> list[tuple[str, Value]]:
    """The values of an `attr` element, each with its operation."""
    type_ = node.attributes.get("type", "")
    found = []
    for one in node.all("value"):
        value = value_of(one, type_, f"{what}, {node.attributes.get('name')},", place, findings)
        if value is not None:
            found.append((one.attributes.get("operation", "").strip().casefold(), value))
    return found


def _targets(node: Node) -> list[tuple[str, Value]]:
    """The targets of a `dn-attr` element as DNs, each with its operation."""
    found: list[tuple[str, Value]] = []
    for one in (child for child in node.children if child.name in ("dn-value", "value")):
        dn = one.said("dn") or one.text.strip()
        if dn:
            found.append((one.attributes.get("operation", "").strip().casefold(), dn))
    return found
