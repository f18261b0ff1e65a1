"""Attribute values: what a directory, a connector space and the metaverse hold.

A value is a string, a 64-bit integer, a boolean, bytes, or a reference to another object by its id.
An attribute is a tuple of values in stored order. This module says when two values are equal, how
they compare in joins, scope and search, and what they look like as JSON. It knows no attribute names.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = [
    "INTEGER_MAX",
    "INTEGER_MIN",
    "NO_VALUES",
    "Reference",
    "Value",
    "Values",
    "canonical",
    "display",
    "folded",
    "from_json",
    "reference_digest",
    "same_values",
    "to_json",
    "values_from_json",
    "values_to_json",
]

INTEGER_MIN = -(2**63)
INTEGER_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True, order=True)
class Reference:
    """A pointer to another object of the same space (connector-space or metaverse object) by its id."""

    id: int


Value = str | int | bool | bytes | Reference
Values = tuple[Value, ...]
NO_VALUES: Values = ()


def canonical(value: Value) -> tuple[str, Value]:
    """The value with its type, so that `True`, `1` and `"1"` are three different values."""
    return (type(value).__name__, value)


def same_values(left: Values, right: Values) -> bool:
    """Whether two attributes hold the same values: ordinal, as a multiset without order.

    A reorder is no change; a change of case is one (DECISIONS 9).
    """
    if len(left) != len(right):
        return False
    if left == right and all(type(a) is type(b) for a, b in zip(left, right, strict=True)):
        return True
    return Counter(map(canonical, left)) == Counter(map(canonical, right))


def folded(value: Value) -> str:
    """The form in which joins, scope and search compare: case-insensitive text.

    Strings by `str.casefold`, without Unicode normalisation; booleans as `true`/`false`; integers in
    decimal; bytes as hexadecimal; references as `#id`.

    >>> folded("Kari.Nordmann@Contoso.test")
    'kari.nordmann@contoso.test'
    >>> folded(True), folded(7), folded(b"\\x01\\xff")
    ('true', '7', '01ff')
    """
    if isinstance(value, str):
        return value.casefold()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    return f"#{value.id}"


def display(value: Value) -> str:
    """The value as a person reads it: text as it is, bytes in base64, booleans as True and False."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, Reference):
        return f"#{value.id}"
    return str(value)


def to_json(value: Value) -> object:
    """The JSON form: strings, numbers and booleans plain, `{"b64": …}` and `{"ref": …}` for the others."""
    if isinstance(value, bytes):
        return {"b64": base64.b64encode(value).decode("ascii")}
    if isinstance(value, Reference):
        return {"ref": value.id}
    return value


def from_json(data: object) -> Value:
    """The value of a JSON form made by `to_json`.

    Raises:
        ValueError: the data is no value (a float, null, a list, or an unknown object).
    """
    if isinstance(data, str | bool | int):
        return data
    if isinstance(data, dict) and len(data) == 1:
        if isinstance(text := data.get("b64"), str):
            return base64.b64decode(text, validate=True)
        if isinstance(target := data.get("ref"), int):
            return Reference(target)
    raise ValueError(f"no attribute value: {data!r}")


def values_to_json(values: Values) -> list[object]:
    """An attribute as a JSON list."""
    return [to_json(value) for value in values]


def values_from_json(data: Iterable[object]) -> Values:
    """An attribute from a JSON list; errors as `from_json`."""
    return tuple(from_json(item) for item in data)


def reference_digest(ids: Iterable[int]) -> int:
    """An order-free digest of a set of references: the sum of per-value hashes modulo 2^128.

    It can be kept up to date by adding and subtracting single values, so that a change of one member
    of 50,000 costs one hash (DECISIONS 1).

    >>> (reference_digest([1, 2]) - reference_digest([2])) % 2**128 == reference_digest([1])
    True
    """
    total = 0
    for id_ in ids:
        data = id_.to_bytes(8, "big", signed=True)
        total += int.from_bytes(hashlib.blake2b(data, digest_size=16).digest(), "big")
    return total % (1 << 128)
