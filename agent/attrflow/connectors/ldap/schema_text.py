"""Schema definitions as LDAP servers print them (RFC 4512 §4.1), parsed into what a connector needs.

Forgiving where servers differ: AD puts syntax OIDs in quotes and joins brackets to words. It knows
the form of definitions, not what the syntaxes mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

__all__ = ["AttributeDefinition", "ClassDefinition", "attribute_definitions", "class_definitions"]

_TOKEN = re.compile(r"\(|\)|\$|'(?:[^'\\]|\\[0-9A-Fa-f]{2}|\\)*'|[^\s()$']+")
_FLAGS = frozenset(
    {
        "SINGLE-VALUE",
        "NO-USER-MODIFICATION",
        "COLLECTIVE",
        "OBSOLETE",
        "ABSTRACT",
        "STRUCTURAL",
        "AUXILIARY",
    }
)


@dataclass(frozen=True, slots=True)
class AttributeDefinition:
    """One attribute type: all its names (the first is the schema's spelling), and what it says of itself."""

    oid: str
    names: tuple[str, ...]
    superior: str | None
    syntax: str | None
    """The syntax OID without a length; None where the superior's counts."""
    single: bool
    read_only: bool
    operational: bool


@dataclass(frozen=True, slots=True)
class ClassDefinition:
    """One object class, or the content rule of one (then `auxiliary` names what it may be joined with)."""

    oid: str
    names: tuple[str, ...]
    superiors: tuple[str, ...]
    kind: str
    """`STRUCTURAL`, `AUXILIARY` or `ABSTRACT`."""
    must: tuple[str, ...]
    may: tuple[str, ...]
    auxiliary: tuple[str, ...]


def attribute_definitions(texts: Iterable[str]) -> Iterator[AttributeDefinition]:
    """The attribute types in `attributeTypes` values; a definition that is none is passed over."""
    for text in texts:
        oid, fields = _fields(text)
        if oid is None:
            continue
        syntax = _first(fields, "SYNTAX")
        yield AttributeDefinition(
            oid=oid,
            names=tuple(fields.get("NAME", ())) or (oid,),
            superior=_first(fields, "SUP"),
            syntax=syntax.partition("{")[0] if syntax else None,
            single="SINGLE-VALUE" in fields,
            read_only="NO-USER-MODIFICATION" in fields,
            operational=(_first(fields, "USAGE") or "userApplications") != "userApplications",
        )


def class_definitions(texts: Iterable[str]) -> Iterator[ClassDefinition]:
    """The classes in `objectClasses` or `dITContentRules` values."""
    for text in texts:
        oid, fields = _fields(text)
        if oid is None:
            continue
        yield ClassDefinition(
            oid=oid,
            names=tuple(fields.get("NAME", ())) or (oid,),
            superiors=tuple(fields.get("SUP", ())),
            kind=next((kind for kind in ("AUXILIARY", "ABSTRACT") if kind in fields), "STRUCTURAL"),
            must=tuple(fields.get("MUST", ())),
            may=tuple(fields.get("MAY", ())),
            auxiliary=tuple(fields.get("AUX", ())),
        )


def _first(fields: dict[str, list[str]], keyword: str) -> str | None:
    values = fields.get(keyword)
    return values[0] if values else None


def _fields(text: str) -> tuple[str | None, dict[str, list[str]]]:
    """The OID, and the words after each keyword without brackets, dollars and quotes."""
    tokens = [match[0] for match in _TOKEN.finditer(text)]
    if len(tokens) < 3 or tokens[0] != "(":
        return None, {}
    fields: dict[str, list[str]] = {}
    index = 2
    while index < len(tokens):
        keyword = tokens[index].upper()
        index += 1
        if keyword == ")" or keyword.startswith("'"):
            continue  # the rest of a description with a quote in it
        values = fields.setdefault(keyword, [])
        if keyword in _FLAGS or index >= len(tokens):
            continue
        if tokens[index] != "(":
            values.append(tokens[index].strip("'"))
            index += 1
            continue
        while index < len(tokens) and tokens[index] != ")":
            if tokens[index] not in ("(", "$"):
                values.append(tokens[index].strip("'"))
            index += 1
        index += 1
    return tokens[1], fields
