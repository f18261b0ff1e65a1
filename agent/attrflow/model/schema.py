"""Schema: which object types there are and which attributes they have, in the schema's own spelling.

Attribute names compare case-insensitively and are stored as the schema spells them (DECISIONS 10).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = ["AttributeType", "ObjectType", "Schema", "Syntax"]

INDEXABLE_LENGTH_MAX = 448
"""Characters in a single-valued string that the metaverse can index (behaviour.md §2, documented)."""


class Syntax(StrEnum):
    """What an attribute's values are."""

    STRING = "string"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    BINARY = "binary"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class AttributeType:
    """One attribute: its name as the schema spells it, its syntax, and whether it may hold many values."""

    name: str
    syntax: Syntax = Syntax.STRING
    multi: bool = False
    read_only: bool = False
    """The directory computes it: it is imported, never exported."""


@dataclass(frozen=True, slots=True)
class ObjectType:
    """One object type and its attributes by name."""

    name: str
    attributes: Mapping[str, AttributeType]
    _by_fold: Mapping[str, AttributeType] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_fold", {name.casefold(): type_ for name, type_ in self.attributes.items()})

    def attribute(self, name: str) -> AttributeType | None:
        """The attribute of that name in any case, or None."""
        return self.attributes.get(name) or self._by_fold.get(name.casefold())


@dataclass(frozen=True, slots=True)
class Schema:
    """The object types of one connected directory, or of the metaverse."""

    object_types: Mapping[str, ObjectType] = field(default_factory=dict)

    def attribute(self, object_type: str, name: str) -> AttributeType | None:
        """The attribute of an object type by its name in any case, or None when there is none."""
        found = self.object_types.get(object_type)
        return found.attribute(name) if found is not None else None

    def selected(self, names: Collection[str]) -> Schema:
        """The schema with those attributes only, named in any case; with no names all of it."""
        if not names:
            return self
        chosen = {name.casefold() for name in names}
        return Schema(
            {
                type_.name: ObjectType(
                    type_.name, {n: a for n, a in type_.attributes.items() if n.casefold() in chosen}
                )
                for type_ in self.object_types.values()
            }
        )

    @staticmethod
    def of(object_types: Mapping[str, Iterable[AttributeType]]) -> Schema:
        """A schema from lists of attributes."""
        return Schema(
            {name: ObjectType(name, {a.name: a for a in attributes}) for name, attributes in object_types.items()}
        )
