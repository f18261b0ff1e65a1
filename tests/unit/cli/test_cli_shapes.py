"""Every document has a JSON Schema, and every command says which documents it can print."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

import attrflow.app.operations
from attrflow.app.shapes import SHAPES, json_schema

for _module in pkgutil.iter_modules(attrflow.app.operations.__path__):
    importlib.import_module(f"attrflow.app.operations.{_module.name}")


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_every_document_has_a_schema(name: str) -> None:
    schema = json_schema(name)
    assert schema["properties"]["schema"] == {"const": f"attrflow.{name}/1"}
    assert len(schema["properties"]) > 1


def test_the_hops_of_a_trace_are_told_apart_by_a_tag() -> None:
    schema = json_schema("trace")
    hops = schema["properties"]["hops"]["items"]["anyOf"]
    tags = [schema["$defs"][hop["$ref"].rsplit("/", 1)[-1]]["properties"]["hop"]["enum"] for hop in hops]
    assert sorted(tag for (tag,) in tags) == ["cloud", "connector-space", "directory", "flow", "metaverse"]
