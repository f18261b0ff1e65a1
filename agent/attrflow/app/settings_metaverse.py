"""The `[metaverse.attributes]` of a settings file: attributes that the project adds to the default metaverse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrflow.app.library import metaverse_schema
from attrflow.app.settings_table import Table, kind_of
from attrflow.app.settings_values import ATTRIBUTE_NAME
from attrflow.model.schema import AttributeType, Schema, Syntax
from attrflow.rules.positions import suggestion

__all__ = ["extended_metaverse", "read_metaverse"]

_KEYS: Final = ("type", "multi", "object-types")
_SYNTAXES: Final = tuple(syntax.value for syntax in Syntax)


def extended_metaverse(extra: Mapping[str, Mapping[str, AttributeType]]) -> Schema:
    """The default metaverse with a project's own attributes, given by object type."""
    default = metaverse_schema()
    return Schema.of(
        {
            name: (*object_type.attributes.values(), *extra.get(name, {}).values())
            for name, object_type in default.object_types.items()
        }
    )


def read_metaverse(metaverse: Table) -> dict[str, dict[str, AttributeType]]:
    """The attributes of `[metaverse.attributes]` by object type and name; what is wrong is told and left out."""
    metaverse.only(("attributes",), "[metaverse]")
    attributes = metaverse.table("attributes")
    found: dict[str, dict[str, AttributeType]] = {}
    seen: dict[str, str] = {}
    for name, value in attributes.values.items():
        form = '{ type = "string", multi = false, object-types = ["person"] }'
        if not isinstance(value, dict):
            attributes.tell(name, "wrong-type", f"expected {name} = {form}, found {kind_of(value)}")
            continue
        first = seen.setdefault(name.casefold(), name)
        if not ATTRIBUTE_NAME.fullmatch(name):
            message = f"{name!r} cannot be an attribute's name: letters, digits, '-' and '_'"
            attributes.tell(name, "wrong-value", message, at_key=True)
        elif first != name:
            message = f"attributes {first!r} and {name!r} differ only in the case of letters"
            attributes.tell(name, "duplicate-name", message, at_key=True)
        for object_type, attribute in _attribute(name, attributes.table(name)):
            found.setdefault(object_type, {})[name] = attribute
    return found


def _attribute(name: str, table: Table) -> list[tuple[str, AttributeType]]:
    table.only(_KEYS, "a metaverse attribute")
    syntax = Syntax(table.choice("type", _SYNTAXES) or Syntax.STRING)
    multi = table.flag("multi", default=False) or False
    if "object-types" not in table:
        table.missing("object-types", 'add: object-types = ["person"]')
    out: list[tuple[str, AttributeType]] = []
    known = metaverse_schema().object_types
    for place, object_type in table.texts("object-types"):
        if object_type not in known:
            help = suggestion(object_type, known) or "the object types are " + ", ".join(known)
            table.wrong(place, f"the metaverse has no object type {object_type!r}", help)
        elif (there := known[object_type].attribute(name)) is not None:
            table.wrong(place, f"{object_type!r} has the attribute {there.name!r} already", "give it another name")
        elif any(object_type == other for other, _ in out):
            table.wrong(place, f"{object_type!r} stands twice")
        else:
            out.append((object_type, AttributeType(name, syntax, multi)))
    if table.values.get("object-types") == []:
        table.wrong("object-types", "'object-types' is empty: the attribute would be nowhere", 'such as ["person"]')
    return out
