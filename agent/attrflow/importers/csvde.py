"""CSV as csvde writes it -> directory objects.

The first line names the attributes. Octets are `X'…'` in hexadecimal; several values stand in one field
with semicolons between them, so only fields of attributes that are known to have several are divided.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from typing import BinaryIO, Final

from attrflow.importers.customer_state import DirectoryObject
from attrflow.importers.directory_values import MULTI_VALUED, is_binary, is_secret, object_type
from attrflow.importers.findings import Findings, Place
from attrflow.importers.text_lines import text_lines
from attrflow.model.names import InvalidName, dn_key
from attrflow.model.values import Value

__all__ = ["read_csvde"]

_HEX: Final = re.compile(r"X'((?:[0-9A-Fa-f]{2})*)'")
_BETWEEN: Final = re.compile(r"(?<!\\);")
_FIELD_MAX: Final = 1 << 28
"""Characters of one field: the members of a large group are one."""


def read_csvde(stream: BinaryIO, file: str, findings: Findings) -> Iterator[DirectoryObject]:
    """The objects of a file, one by one."""
    place = Place(file)
    csv.field_size_limit(_FIELD_MAX)
    rows = csv.reader((f"{line}\n" for _, line in text_lines(stream, file, findings)), strict=True)
    header = next(rows, None)
    if header is None or "dn" not in (name.strip().casefold() for name in header):
        help = "export it with: csvde -u -f OUT -d DN"
        findings.tell(
            place.at(1), "csv-header", "the first line names no DN: nothing of the file can be read", help=help
        )
        return
    names = [name.strip() for name in header]
    seen: dict[str, int] = {}
    told: set[str] = set()
    while True:
        line = rows.line_num + 1
        try:
            row = next(rows, None)
        except csv.Error as error:
            findings.tell(place.at(line), "csv-syntax", f"{error}: what stands from here on is not read")
            return
        if row is None:
            return
        if not any(row):
            continue
        found = _object(dict(zip(names, row, strict=False)), place.at(line), findings, told)
        if len(row) > len(names):
            message = f"the row has {len(row)} fields and the header {len(names)}: the last ones are left out"
            findings.warn(place.at(line), "csv-fields", message)
        if found is None:
            continue
        key = dn_key(found.dn)
        if key in seen:
            message = f"{found.dn} stands here twice, first on line {seen[key]}; the first one counts"
            findings.warn(place.at(line), "duplicate-object", message)
            continue
        seen[key] = line
        yield found


def _object(row: dict[str, str], place: Place, findings: Findings, told: set[str]) -> DirectoryObject | None:
    dn = next((value for name, value in row.items() if name.casefold() == "dn"), "")
    try:
        dn_key(dn)
    except InvalidName as error:
        findings.tell(place, "invalid-dn", f"{error}; the row is left out")
        return None
    if not dn:
        findings.tell(place, "invalid-dn", "the row has no DN; it is left out")
        return None
    attributes: dict[str, tuple[Value, ...]] = {}
    classes: tuple[Value, ...] = ()
    for name, text in row.items():
        folded = name.casefold()
        if folded == "dn" or not text:
            continue
        if is_secret(name):
            if folded not in told:
                told.add(folded)
                findings.note(place, "secret-left-out", f"{name} is a secret and is not taken over")
            continue
        values = _values(name, text, place, findings, told)
        if folded == "objectclass":
            classes = values
        else:
            attributes[name] = values
    type_ = object_type(map(str, classes))
    if not type_:
        findings.warn(place, "no-object-type", f"{dn} has no objectClass that says what it is")
    return DirectoryObject(dn, type_, attributes, place)


def _values(name: str, text: str, place: Place, findings: Findings, told: set[str]) -> tuple[Value, ...]:
    several = name.casefold() in MULTI_VALUED
    parts = _BETWEEN.split(text) if several or text.startswith("X'") else [text]
    if not several and len(parts) == 1 and ";" in text and not is_binary(name) and name.casefold() not in told:
        told.add(name.casefold())
        message = f"{name} has a semicolon: read as one value, although csvde would write several in the same way"
        findings.note(place, "one-value", message, help="export the object as LDIF to be sure: ldifde -u -f OUT -d DN")
    found: list[Value] = []
    for part in parts:
        octets = _HEX.fullmatch(part)
        if octets is not None:
            raw = bytes.fromhex(octets[1])
            found.append(raw if is_binary(name) else _text(raw))
        else:
            found.append(part.replace("\\;", ";"))
    return tuple(found)


def _text(raw: bytes) -> Value:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw
