"""Unions of explain's documents as shapes: one dataclass a tag, which JSON Schema and msgspec can tell apart.

msgspec takes no union of dataclasses, since nothing in the data says which one it is. Explain's own
documents say it in a field with one literal value; here that field becomes the tag.
"""

from __future__ import annotations

import dataclasses
from functools import reduce
from operator import or_
from typing import Any, get_type_hints

import msgspec

__all__ = ["tagged_union"]


def tagged_union(field: str, *types: type) -> Any:
    """A type for msgspec that holds any of the dataclasses; `field` is what tells them apart.

    The type's values are msgspec structs, made by `msgspec.convert` from plain data.
    """
    structs = [_struct(field, type_) for type_ in types]
    return reduce(or_, structs)


def _struct(tag_field: str, type_: type) -> type[msgspec.Struct]:
    hints = get_type_hints(type_)
    tag = ""
    fields: list[Any] = []
    for field in dataclasses.fields(type_):
        if field.name == tag_field:
            assert isinstance(field.default, str), f"{type_.__name__}.{tag_field} says which type it is"
            tag = field.default
        elif field.default is not dataclasses.MISSING:
            fields.append((field.name, hints[field.name], field.default))
        elif field.default_factory is not dataclasses.MISSING:
            fields.append((field.name, hints[field.name], msgspec.field(default_factory=field.default_factory)))
        else:
            fields.append((field.name, hints[field.name]))
    return msgspec.defstruct(type_.__name__, fields, tag_field=tag_field, tag=tag, frozen=True)
