"""LDIF (RFC 2849), content records only, for the objects of a case. It knows no schema: values are text or bytes."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from attrflow.model.values import Value, Values

__all__ = ["LdifError", "LdifRecord", "parse_ldif"]

_GENERAL = ("top", "person", "organizationalperson", "user")
"""Classes that others derive from, the most general first."""


class LdifError(ValueError):
    """The text is no LDIF that can be used; the message names the line."""


@dataclass(frozen=True, slots=True)
class LdifRecord:
    """One entry: its DN, its most specific class, and its attributes."""

    dn: str
    type: str
    attributes: Mapping[str, Values]


def parse_ldif(text: str) -> Iterator[LdifRecord]:
    """The entries of a text.

    Raises:
        LdifError: a line is not LDIF, or a record has no DN or class, or is a change record.

    >>> [record.type for record in parse_ldif("dn: CN=a,DC=x\\nobjectClass: top\\nobjectClass: user\\nmail: a@x")]
    ['user']
    """
    for number, lines in _records(text):
        (first, dn), *rest = [_value(line, number) for line in lines]
        if first.casefold() != "dn" or not isinstance(dn, str):
            raise LdifError(f"line {number}: a record begins with `dn:`, not with {lines[0]!r}")
        attributes: dict[str, list[Value]] = {}
        spelling: dict[str, str] = {}
        for name, value in rest:
            attributes.setdefault(spelling.setdefault(name.casefold(), name), []).append(value)
        if "changetype" in spelling:
            raise LdifError(f"line {number}: {dn}: only entries can be read, no change records")
        classes = [str(name) for name in attributes.pop(spelling.get("objectclass", "objectClass"), [])]
        if not classes:
            raise LdifError(f"line {number}: {dn} has no objectClass")
        yield LdifRecord(dn, _most_specific(classes), {name: tuple(values) for name, values in attributes.items()})


def _most_specific(classes: list[str]) -> str:
    """The last class that is not a general one: servers list them from the top down."""
    ranks = [_GENERAL.index(c.casefold()) if c.casefold() in _GENERAL else len(_GENERAL) for c in classes]
    best = max(ranks)
    return [name for name, rank in zip(classes, ranks, strict=True) if rank == best][-1]


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """The records as (number of the first line, unfolded lines)."""
    record: list[str] = []
    start, comment = 0, False
    for number, line in enumerate([*text.replace("\r\n", "\n").split("\n"), ""], start=1):
        if line.startswith(" "):
            if not comment and not record:
                raise LdifError(f"line {number}: a continuation of nothing")
            if not comment:
                record[-1] += line[1:]
            continue
        comment = line.startswith("#")
        if line and not comment and not (not record and line.casefold().startswith("version:")):
            start = start if record else number
            record.append(line)
        elif not line and record:
            yield start, record
            record = []


def _value(line: str, number: int) -> tuple[str, Value]:
    name, colon, rest = line.partition(":")
    if not colon or not name or rest.startswith("<"):
        raise LdifError(f"line {number}: not LDIF that can be read: {line!r}")
    if not rest.startswith(":"):
        return name, rest.lstrip(" ")
    try:
        raw = base64.b64decode(rest[1:].strip(), validate=True)
    except (ValueError, binascii.Error) as error:
        raise LdifError(f"line {number}: {name} is not base64") from error
    try:
        return name, raw.decode("utf-8")
    except UnicodeDecodeError:
        return name, raw
