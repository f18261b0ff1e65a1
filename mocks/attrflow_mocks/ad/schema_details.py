"""What the schema says of an attribute or class beyond its name and syntax: its object, its bounds.

Reads two data files' text; knows neither attributes nor classes.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["SchemaObject", "read_bounds", "read_objects"]


@dataclass(frozen=True, slots=True)
class SchemaObject:
    """An object under CN=Schema: its common name, its published GUID if any, its search flags."""

    common_name: str
    guid: uuid.UUID | None
    search_flags: int
    partial: bool
    """The Global Catalog holds the attribute."""


def read_objects(text: str) -> dict[str, SchemaObject]:
    """Names with the schema objects that the text lists."""
    return {
        name: SchemaObject(
            common.replace("_", " "), None if guid == "-" else uuid.UUID(guid), int(flags), partial == "g"
        )
        for name, common, guid, flags, partial in _rows(text)
    }


def read_bounds(text: str) -> dict[str, tuple[int | None, int | None]]:
    """Names with their lower and upper bounds; None where there is none."""
    return {
        name: (None if low == "-" else int(low), None if high == "-" else int(high)) for name, low, high in _rows(text)
    }


def _rows(text: str) -> Iterator[list[str]]:
    return (line.split() for line in text.splitlines() if line and not line.startswith("#"))
