"""JSON Schemas of Graph's answers, made from `graph_shapes.toml`, and the check of one answer."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # its stubs are a package of their own
import orjson

from attrflow_mocks.entra.answers import GraphError, Request, Response
from attrflow_mocks.entra.graph import ROOT, ROUTES
from attrflow_mocks.entra.routing import Router, segments

__all__ = ["check_answer", "shape_of"]

_DATA: dict[str, Any] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
_ROUTER = Router(ROUTES)
_PLAIN: dict[str, dict[str, Any]] = {
    "string": {"type": "string"},
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "time": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"},
    "guid": {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"},
    "reference": {"$ref": "#/$defs/reference"},
}
_REMOVED = {"type": "object", "required": ["reason"], "properties": {"reason": {"enum": ["changed", "deleted"]}}}
_LINKED = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["@odata.type", "id"],
        "additionalProperties": False,
        "properties": {
            "@odata.type": {"type": "string"},
            "id": {"type": "string"},
            "@removed": {"type": "object", "properties": {"reason": {"const": "deleted"}}},
        },
    },
}
_ERROR: dict[str, Any] = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "details": {"type": "array", "items": {"type": "object", "required": ["code", "message"]}},
                "innerError": {"type": "object", "required": ["date", "request-id", "client-request-id"]},
            },
        }
    },
}


def _value(text: str) -> dict[str, Any]:
    if text.endswith("?"):
        return {"anyOf": [_value(text[:-1]), {"type": "null"}]}
    if text.startswith("["):
        return {"type": "array", "items": _value(text[1:-1])}
    return _PLAIN.get(text, {"$ref": f"#/$defs/{text}"})


@cache
def _definitions() -> dict[str, Any]:
    """Every type by its name, and `reference`: any object of the directory, held against the type that it says."""
    named = {"user", "group", "device", "orgContact", "application"}
    cases = [
        {
            "if": {"properties": {"@odata.type": {"const": f"#microsoft.graph.{name}"}}},
            "then": {"$ref": f"#/$defs/{name}"},
        }
        for name in sorted(named)
    ]
    kinds = {"enum": [f"#microsoft.graph.{name}" for name in sorted(named)]}
    reference = {
        "type": "object",
        "required": ["id", "@odata.type"],
        "properties": {"@odata.type": kinds},
        "allOf": cases,
    }
    return {"reference": reference, **{name: _type(name) for name in _DATA["types"]}}


@cache
def _type(name: str, required: tuple[str, ...] = ()) -> dict[str, Any]:
    properties = {item: _value(kind) for kind, names in _DATA["types"][name].items() for item in names.split()}
    return {
        "type": "object",
        "properties": {**properties, "@removed": _REMOVED, "members@delta": _LINKED, "manager@delta": _LINKED},
        "patternProperties": {"^@odata": {}, "^extension_[0-9a-f]{32}_": {}},
        "additionalProperties": False,
        "required": list(required),
    }


def _page(items: dict[str, Any], *, delta: bool) -> dict[str, Any]:
    document: dict[str, Any] = {
        "type": "object",
        "required": ["@odata.context", "value"],
        "properties": {
            "@odata.context": {"type": "string"},
            "@odata.count": {"type": "integer"},
            "@odata.nextLink": {"type": "string", "pattern": "^https?://"},
            "value": {"type": "array", "items": items},
        },
        "additionalProperties": False,
    }
    if delta:
        document["properties"]["@odata.deltaLink"] = {"type": "string", "pattern": "^https?://"}
        document["oneOf"] = [{"required": ["@odata.nextLink"]}, {"required": ["@odata.deltaLink"]}]
    return document


def shape_of(request: Request) -> str | None:
    """The shape that the answer to a request has, None where nothing is said of its route."""
    try:
        route, _ = _ROUTER.find(request.method, segments(request.target.removeprefix(ROOT)))
    except GraphError:
        return None
    shape: str | None = _DATA["routes"].get(f"{route.method} {route.pattern}")
    return shape


@cache
def _validator(shape: str) -> jsonschema.protocols.Validator:
    if shape == "error":
        schema = _ERROR
    elif shape == "boolean":
        schema = {"type": "object", "required": ["value"], "properties": {"value": {"type": "boolean"}}}
    elif shape == "mixed":
        schema = _page(_PLAIN["reference"], delta=False)
    elif shape == "delta mixed":
        schema = _page(_PLAIN["reference"], delta=True)
    elif shape == "ids":
        schema = _page({"type": "string"}, delta=False)
    elif shape == "refs":
        schema = _page({"type": "object", "required": ["@odata.id"]}, delta=False)
    elif shape == "ref":
        schema = {"type": "object", "required": ["@odata.id"]}
    elif shape.startswith("delta "):
        schema = _page(_type(shape.removeprefix("delta "), ("id",)), delta=True)
    elif shape.startswith("["):
        schema = _page(_type(shape[1:-1]), delta=False)
    else:
        schema = _value(shape)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator({"$defs": _definitions(), **schema})


def check_answer(request: Request, response: Response) -> str | None:
    """Raise where an answer has not its shape; the shape that it was held against.

    Raises:
        jsonschema.ValidationError: property, place and what was expected.
        AssertionError: a body where none may be, or none where one must be.
    """
    shape = shape_of(request)
    if response.status >= 400:
        _validator("error").validate(orjson.loads(response.body))
        return "error"
    if shape is None:
        return None
    if response.status == 204:
        assert not response.body, f"{request.operation}: 204 with a body"
    elif shape == "count":
        assert response.body.isdigit(), f"{request.operation}: {response.body!r} is no count"
    else:
        assert shape != "none", f"{request.operation}: {response.status} where 204 is the answer"
        _validator(shape).validate(orjson.loads(response.body))
    return shape
