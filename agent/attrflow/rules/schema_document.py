"""Text -> schema: the form in which the metaverse's object types and attributes are written down.

    [person]                              an object type
    string = ["displayName", "mail"]      attributes with one value, by syntax
    strings = ["proxyAddresses"]          attributes that may have many values

The singular keys are string, integer, boolean, binary, reference; the plural ones strings, integers,
booleans, binaries, references. This module knows no attribute by name.
"""

from __future__ import annotations

import tomllib
from typing import Any, Final

from attrflow.model.diagnostics import Diagnostic
from attrflow.model.schema import AttributeType, Schema, Syntax
from attrflow.rules.positions import Finding, placed, suggestion, syntax_error

__all__ = ["read_schema"]

_KEYS: Final = {
    "string": (Syntax.STRING, False),
    "strings": (Syntax.STRING, True),
    "integer": (Syntax.INTEGER, False),
    "integers": (Syntax.INTEGER, True),
    "boolean": (Syntax.BOOLEAN, False),
    "booleans": (Syntax.BOOLEAN, True),
    "binary": (Syntax.BINARY, False),
    "binaries": (Syntax.BINARY, True),
    "reference": (Syntax.REFERENCE, False),
    "references": (Syntax.REFERENCE, True),
}


def read_schema(text: str, file: str | None = None) -> tuple[Schema, tuple[Diagnostic, ...]]:
    """The schema of a text, and what is wrong with it; what is wrong is left out of the schema."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return Schema(), (syntax_error(text, file, error),)
    findings: list[Finding] = []
    types: dict[str, list[AttributeType]] = {}
    for name, table in document.items():
        if isinstance(table, dict):
            types[name] = _attributes(name, table, findings)
        else:
            findings.append(Finding((name,), "wrong-type", f"expected the table [{name}] of an object type"))
    return Schema.of(types), placed(findings, text, file)


def _attributes(name: str, table: dict[str, Any], findings: list[Finding]) -> list[AttributeType]:
    seen: dict[str, str] = {}
    out: list[AttributeType] = []
    for key, names in table.items():
        if key not in _KEYS:
            near = suggestion(key, _KEYS) or "the syntaxes are " + ", ".join(_KEYS)
            findings.append(Finding((name, key), "unknown-key", f"{key!r} is no syntax", help=near, part="key"))
            continue
        if not isinstance(names, list) or not all(isinstance(one, str) and one for one in names):
            findings.append(Finding((name, key), "wrong-type", f"{key!r} must be a list of attribute names"))
            continue
        syntax, multi = _KEYS[key]
        for position, attribute in enumerate(names):
            first = seen.get(attribute.casefold())
            if first is not None:
                message = f"{attribute!r} of {name!r} is named twice, first under {first!r}"
                findings.append(Finding((name, key, position), "duplicate-attribute", message))
                continue
            seen[attribute.casefold()] = key
            out.append(AttributeType(attribute, syntax, multi))
    return out
