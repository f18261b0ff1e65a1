"""Octets to values and back, by the attribute's syntax. Reading is not cleaning: blanks and case stay.

What does not fit its syntax is a finding on the object (behaviour.md §4.5), never an exception that ends
a run, and never a value that was bent until it fits. It knows no entries and no wire.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence

from attrflow.model.entry import ImportFinding, ReferenceTarget
from attrflow.model.names import InvalidName, parse_dn
from attrflow.model.schema import AttributeType, Syntax
from attrflow.model.values import INTEGER_MAX, INTEGER_MIN, Reference, Value, Values

__all__ = ["encode_value", "guid_of", "read_name", "read_names", "read_references", "read_uuids", "read_values"]

_INTEGER = re.compile(rb"[+-]?[0-9]+")
_OPTIONAL_UID = re.compile(r"#'[01]*'B$", re.IGNORECASE)
_SHOWN_OCTETS = 24


def read_values(type_: AttributeType, octets: Sequence[bytes]) -> Values | ImportFinding:
    """The values of an attribute that is no reference, or what is wrong with one of them."""
    if len(octets) > 1 and not type_.multi:
        return ImportFinding(
            "multi-single-mismatch",
            f"{type_.name} has {len(octets)} values, but the schema allows one: refresh the schema",
            type_.name,
        )
    if type_.syntax is Syntax.BINARY:
        return tuple(octets)
    if type_.syntax is Syntax.INTEGER:
        return _integers(type_, octets)
    if type_.syntax is Syntax.BOOLEAN:
        return _booleans(type_, octets)
    try:
        return tuple([value.decode("utf-8") for value in octets])
    except UnicodeDecodeError as error:
        return _finding("invalid-attribute-value", type_, error.object, "is no UTF-8 text")


def read_uuids(type_: AttributeType, octets: Sequence[bytes]) -> Values | ImportFinding:
    """Values of the UUID syntax (RFC 4530), text on the wire, as 16 octets in the order that RFC 9562 writes them."""
    values = []
    for value in octets:
        try:
            values.append(uuid.UUID(value.decode("ascii")).bytes)
        except ValueError:
            return _finding("invalid-attribute-value", type_, value, "is no UUID")
    return tuple(values)


def _integers(type_: AttributeType, octets: Sequence[bytes]) -> Values | ImportFinding:
    values = []
    for value in octets:
        number = int(value) if _INTEGER.fullmatch(value) and len(value) <= 20 else None
        if number is None or not INTEGER_MIN <= number <= INTEGER_MAX:
            return _finding("invalid-numeric-value", type_, value, "is no 64-bit integer")
        values.append(number)
    return tuple(values)


def _booleans(type_: AttributeType, octets: Sequence[bytes]) -> Values | ImportFinding:
    values = []
    for value in octets:
        word = value.upper()
        if word not in (b"TRUE", b"FALSE"):
            return _finding("invalid-boolean-value", type_, value, "is neither TRUE nor FALSE")
        values.append(word == b"TRUE")
    return tuple(values)


def read_references(type_: AttributeType, octets: Sequence[bytes]) -> tuple[ReferenceTarget, ...] | ImportFinding:
    """Where the values of a reference attribute point; the GUID of an extended DN becomes the anchor."""
    targets = []
    for value in octets:
        try:
            name, guid = read_name(value)
        except (InvalidName, UnicodeDecodeError):
            return _finding("invalid-reference-value", type_, value, "is no distinguished name")
        targets.append(ReferenceTarget(name, guid))
    return tuple(targets)


def read_names(type_: AttributeType, octets: Sequence[bytes], by: str) -> tuple[ReferenceTarget, ...] | ImportFinding:
    """Where values point that name their target by its attribute `by`, as `memberUid` does by `uid`."""
    targets = []
    for value in octets:
        try:
            targets.append(ReferenceTarget(value.decode("utf-8"), by=by))
        except UnicodeDecodeError:
            return _finding("invalid-attribute-value", type_, value, "is no UTF-8 text")
    return tuple(targets)


def read_name(octets: bytes) -> tuple[str, str | None]:
    """A DN, plain or extended (`<GUID=…>;<SID=…>;CN=…`, MS-ADTS 3.1.1.3.4.1.5), and its GUID.

    The optional `#'…'B` of the Name and Optional UID syntax is cut off.

    Raises:
        InvalidName: it is no DN.
        UnicodeDecodeError: it is no UTF-8.
    """
    text = octets.decode("utf-8")
    guid: str | None = None
    while text.startswith("<"):
        prefix, closed, text = text.partition(">;")
        if not closed:
            raise InvalidName(prefix, 0, "a DN after the GUID and the SID")
        if prefix[:6].upper() == "<GUID=":
            guid = _guid(prefix[6:], octets)
    if text.endswith(("'B", "'b")):
        text = _OPTIONAL_UID.sub("", text)
    parse_dn(text)
    return text, guid


def _guid(text: str, octets: bytes) -> str:
    try:
        if "-" in text:
            return str(uuid.UUID(text))
        return str(uuid.UUID(bytes_le=bytes.fromhex(text)))
    except ValueError as error:
        raise InvalidName(octets.decode("utf-8", "replace"), 0, "a GUID") from error


def guid_of(octets: bytes) -> str:
    """An objectGUID as text: lower case with dashes, the first three fields little-endian.

    Raises:
        ValueError: it is not 16 octets long.

    >>> guid_of(bytes(range(16)))
    '03020100-0504-0706-0809-0a0b0c0d0e0f'
    """
    return str(uuid.UUID(bytes_le=octets))


def encode_value(value: Value) -> bytes:
    """A value as LDAP carries it.

    >>> encode_value(True), encode_value(-7), encode_value("Å")
    (b'TRUE', b'-7', b'\\xc3\\x85')
    """
    if isinstance(value, bytes):
        return value
    if isinstance(value, bool):
        return b"TRUE" if value else b"FALSE"
    assert not isinstance(value, Reference), "references are exported as OutgoingReferences"
    return str(value).encode("utf-8")


def _finding(code: str, type_: AttributeType, value: bytes, problem: str) -> ImportFinding:
    shown = value[:_SHOWN_OCTETS].hex(" ") + (" …" if len(value) > _SHOWN_OCTETS else "")
    text = value[:_SHOWN_OCTETS].decode("utf-8", "replace")
    return ImportFinding(code, f"{type_.name}: {text!r} ({shown}) {problem}", type_.name)
