"""Attributes whose values name other entries, as `memberUid` does by `uid` (RFC 2307): `reference-by` of the settings.

The directory states them as text; to rules they are references. It is checked against the server's schema when
the directory is opened, for only then is it known.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from attrflow.connectors.ldap.schema import ServerSchema
from attrflow.model.configuration import RFC2307_NAMES, ConnectorConfiguration
from attrflow.model.errors import SettingsError
from attrflow.model.schema import AttributeType, Syntax

__all__ = ["names_in", "referring", "with_names"]

_NAMES = (Syntax.STRING, Syntax.INTEGER)
"""What can be a name: text and numbers. A DN is a reference already."""


def names_in(schema: ServerSchema, configuration: ConnectorConfiguration) -> dict[str, str]:
    """What the configuration says of names, as far as the server has such attributes.

    Raises:
        SettingsError: an attribute is not in the server's schema, is spelt otherwise there, or can hold no names.
            What stands there by default is left out where the server has no such attribute: not every one knows
            posixGroup.
    """
    found: dict[str, str] = {}
    for attribute, by in configuration.reference_by.items():
        known = [schema.attribute(name) for name in (attribute, by)]
        if None in known and RFC2307_NAMES.get(attribute) == by:
            continue
        for key, name, type_ in zip(("attribute", "name"), (attribute, by), known, strict=True):
            _check(configuration, name, type_, referring_=key == "attribute")
        found[attribute] = by
    return found


def _check(configuration: ConnectorConfiguration, name: str, type_: AttributeType | None, *, referring_: bool) -> None:
    def wrong(sentence: str, help_: str) -> SettingsError:
        return SettingsError(f"connector {configuration.name!r}: reference-by: {sentence}", help=help_)

    edit = f"edit reference-by under [connectors.{configuration.name}] in attrflow.toml"
    if type_ is None:
        off = f"{edit}; `reference-by = {{}}` switches it off"
        raise wrong(f"the directory's schema has no attribute {name!r}", off)
    if type_.name != name:
        raise wrong(f"the directory's schema spells {name!r} as {type_.name!r}", f"{edit}: write {type_.name!r}")
    if type_.syntax not in _NAMES:
        what = "holds no names" if referring_ else "is no name"
        reference = " (its values are DNs, which are references already)" if type_.syntax is Syntax.REFERENCE else ""
        raise wrong(f"{name!r} {what}: it is of the syntax {type_.syntax.value}{reference}", edit)


def referring(schema: ServerSchema, named_by: Mapping[str, str]) -> ServerSchema:
    """The schema with the attributes that hold names as references."""
    if not named_by:
        return schema
    attributes = {
        key: replace(type_, syntax=Syntax.REFERENCE) if type_.name in named_by else type_
        for key, type_ in schema.attributes.items()
    }
    return replace(schema, attributes=attributes)


def with_names(
    selected: Mapping[str, Collection[str]], named_by: Mapping[str, str], object_types: Collection[str]
) -> dict[str, Collection[str]]:
    """What is read, with the attribute by which entries are named wherever something selected names them by it."""
    names = set(_needed(selected, named_by))
    if not names:
        return dict(selected)
    by_type = {object_type.casefold(): object_type for object_type in selected}
    widened: dict[str, Collection[str]] = dict(selected)
    for object_type in object_types:
        key = by_type.get(object_type.casefold(), object_type)
        widened[key] = frozenset((*selected.get(key, ()), *names))
    return widened


def _needed(selected: Mapping[str, Collection[str]], named_by: Mapping[str, str]) -> Iterator[str]:
    chosen = {name.casefold() for names in selected.values() for name in names}
    yield from (by for attribute, by in named_by.items() if attribute.casefold() in chosen)
