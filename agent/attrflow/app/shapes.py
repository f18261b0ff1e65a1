"""The shapes of everything machine-readable: one envelope, one name and number a document (DECISIONS 25).

Every `-o json` is `{"schema": "attrflow.<name>/1", …}` with the fields of one frozen dataclass, and its
JSON Schema is generated from that dataclass. Additions keep the number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import orjson

__all__ = ["SHAPES", "envelope", "json_schema", "render_json", "shape"]

SHAPES: dict[str, type] = {}
"""Every document type by its name in the envelope."""


def shape(name: str, type_: type) -> type:
    """Give a document type its name in the envelope; each name once."""
    assert name not in SHAPES or SHAPES[name] is type_, f"two shapes named {name}"
    SHAPES[name] = type_
    return type_


def _name(type_: type) -> str:
    return next(name for name, known in SHAPES.items() if known is type_)


def envelope(document: object) -> dict[str, Any]:
    """The document as plain data in its envelope; its type must have a name."""
    content: Mapping[str, Any] = msgspec.to_builtins(document, str_keys=True)
    return {"schema": f"attrflow.{_name(type(document))}/1", **content}


def render_json(document: object) -> str:
    """The document as indented JSON text."""
    return orjson.dumps(envelope(document), option=orjson.OPT_INDENT_2).decode("utf-8")


def json_schema(name: str) -> dict[str, Any]:
    """The JSON Schema of a document with its envelope."""
    (reference,), components = msgspec.json.schema_components([SHAPES[name]], ref_template="#/$defs/{name}")
    root = components.pop(reference["$ref"].rsplit("/", 1)[-1])
    properties = {"schema": {"const": f"attrflow.{name}/1"}, **root.get("properties", {})}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"attrflow.{name}/1",
        "type": "object",
        "properties": properties,
        "required": ["schema", *root.get("required", [])],
        "$defs": components,
    }
