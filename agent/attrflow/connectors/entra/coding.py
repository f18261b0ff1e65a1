"""Entries and values of the ingest face as JSON, to and from the model's nouns.

Strings, integers and booleans stand for themselves; bytes are `{"b64": …}`, references
`{"ref": cloudAnchor}`, many values a list. What is wrong with a value becomes a finding of its
object. Sends nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from attrflow.connectors.entra.names import object_dn, reference_target, split_anchor
from attrflow.model.entry import ImportedObject, ImportedReferences, ImportFinding, ReferenceTarget
from attrflow.model.schema import AttributeType, ObjectType, Schema, Syntax
from attrflow.model.values import INTEGER_MAX, INTEGER_MIN, Value, Values, from_json, to_json

__all__ = ["MalformedEntry", "Selection", "encoded", "imported_object", "is_open_name", "schema_of"]

_OPEN_NAMES = ("extension_", "msexch", "msrtcsip")
_PYTHON_TYPES: Mapping[Syntax, type] = {
    Syntax.STRING: str,
    Syntax.INTEGER: int,
    Syntax.BOOLEAN: bool,
    Syntax.BINARY: bytes,
}
_FINDINGS: Mapping[Syntax, str] = {
    Syntax.INTEGER: "invalid-numeric-value",
    Syntax.BOOLEAN: "invalid-boolean-value",
    Syntax.REFERENCE: "invalid-reference-value",
}


class MalformedEntry(ValueError):
    """A listed entry that is no object: without a usable id or type."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which object types and attributes an import brings."""

    object_types: frozenset[str]
    attributes: Mapping[str, Collection[str]]
    """By object type, in any case; a type that is not named here brings all attributes."""
    _folded: Mapping[str, frozenset[str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        folded = {type_: frozenset(name.casefold() for name in names) for type_, names in self.attributes.items()}
        object.__setattr__(self, "_folded", folded)

    def wants(self, object_type: str, attribute: str) -> bool:
        """Whether the attribute is selected."""
        names = self._folded.get(object_type)
        return names is None or attribute.casefold() in names


def is_open_name(name: str) -> bool:
    """Whether the face takes an attribute of this name without declaring it."""
    return name.casefold().startswith(_OPEN_NAMES)


def schema_of(document: Mapping[str, object], selection: Selection) -> Schema:
    """The schema from `GET /schema`, with the selected open names added as single-valued strings.

    Raises:
        MalformedEntry: the document is no schema.
    """
    types = document.get("objectTypes")
    if not isinstance(types, dict):
        raise MalformedEntry("the schema has no objectTypes")
    schema: dict[str, list[AttributeType]] = {}
    for name, body in types.items():
        listed = body.get("attributes") if isinstance(body, dict) else None
        if not isinstance(listed, dict):
            raise MalformedEntry(f"the schema of {name} has no attributes")
        schema[name] = [_attribute_type(attribute, shape) for attribute, shape in listed.items()]
        known = {attribute.name.casefold() for attribute in schema[name]}
        for wanted in sorted(selection.attributes.get(name, ())):
            if wanted.casefold() not in known and is_open_name(wanted):
                schema[name].append(AttributeType(wanted))
    return Schema.of(schema)


def _attribute_type(name: str, shape: object) -> AttributeType:
    try:
        assert isinstance(shape, dict)
        return AttributeType(
            name, Syntax(shape["type"]), multi=bool(shape.get("multi")), read_only=name == "cloudAnchor"
        )
    except (AssertionError, KeyError, ValueError):
        raise MalformedEntry(f"the schema describes {name} as {shape!r}") from None


def imported_object(entry: object, schema: Schema, selection: Selection) -> ImportedObject | None:
    """The object of a listed entry, or None where its type is not selected.

    Raises:
        MalformedEntry: the entry has no usable id or type.
    """
    if not isinstance(entry, dict) or not isinstance(anchor := entry.get("id"), str):
        raise MalformedEntry("an entry has no id")
    object_type = entry.get("type")
    if not isinstance(object_type, str) or split_anchor(anchor) is None:
        raise MalformedEntry(f"the entry {anchor!r} of type {object_type!r} is no Entra object")
    if object_type not in selection.object_types:
        return None
    if entry.get("removed") is True:
        return ImportedObject("delete", object_dn(None, anchor), anchor, object_type)
    listed = entry.get("attributes")
    attributes: Mapping[str, object] = listed if isinstance(listed, dict) else {}
    source_anchor = attributes.get("sourceAnchor")
    dn = object_dn(source_anchor if isinstance(source_anchor, str) else None, anchor)
    content = _Content(dn, schema.object_types.get(object_type))
    for name, data in attributes.items():
        if selection.wants(object_type, name):
            content.take(name, data)
    return ImportedObject(
        "whole", dn, anchor, object_type, content.attributes, content.references, tuple(content.findings)
    )


class _Content:
    """The attributes of one object as they are decoded."""

    def __init__(self, dn: str, object_type: ObjectType | None) -> None:
        self._dn = dn
        self._object_type = object_type
        self.attributes: dict[str, Values] = {}
        self.references: dict[str, ImportedReferences] = {}
        self.findings: list[ImportFinding] = []

    def take(self, name: str, data: object) -> None:
        known = self._object_type.attribute(name) if self._object_type is not None else None
        name = known.name if known is not None else name
        items = data if isinstance(data, list) else [] if data is None else [data]
        if known is not None and not known.multi and len(items) > 1:
            self._found("multi-single-mismatch", f"{name} takes one value, {len(items)} came", name)
            return
        references: list[ReferenceTarget] = []
        values: list[Value] = []
        for item in items:
            try:
                decoded = _decoded(item, known)
            except ValueError as error:
                syntax = known.syntax if known is not None else Syntax.STRING
                self._found(_FINDINGS.get(syntax, "invalid-attribute-value"), f"{name}: {error}", name)
                return
            if isinstance(decoded, ReferenceTarget):
                references.append(decoded)
            else:
                values.append(decoded)
        if references:
            self.references[name] = ImportedReferences(tuple(references))
        if values:
            self.attributes[name] = tuple(values)

    def _found(self, code: str, detail: str, attribute: str) -> None:
        self.findings.append(ImportFinding(code, detail, attribute, self._dn))


def _decoded(item: object, known: AttributeType | None) -> Value | ReferenceTarget:
    if isinstance(item, dict) and set(item) == {"ref"}:
        anchor = item["ref"]
        if not isinstance(anchor, str) or split_anchor(anchor) is None:
            raise ValueError(f"{anchor!r} is not a cloudAnchor")
        if known is not None and known.syntax is not Syntax.REFERENCE:
            raise ValueError(f"a {known.syntax} was expected, a reference came")
        return reference_target(anchor)
    value = from_json(item)
    if isinstance(value, int) and not INTEGER_MIN <= value <= INTEGER_MAX:
        raise ValueError(f"{value} does not fit into 64 bits")
    if known is not None and type(value) is not _PYTHON_TYPES.get(known.syntax):
        raise ValueError(f"a {known.syntax} was expected, {value!r} came")
    return value


def encoded(values: Values, known: AttributeType | None) -> object:
    """An attribute's values as the face takes them: a list where it is multi-valued, else the value."""
    if known.multi if known is not None else len(values) != 1:
        return [to_json(value) for value in values]
    return to_json(values[0]) if len(values) == 1 else [to_json(value) for value in values]
