"""Lint of what the product's documentation asks of people: default rules left as shipped, own numbers below 100,
and nothing that needs an attribute or object type that the connector does not import.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from attrflow.rules.numbering import LAST_OWN
from attrflow.rules.positions import Finding
from attrflow.rules.reading import source_attributes, target_attributes
from attrflow.rules.rule import ANY_TYPE, Rule
from attrflow.rules.template import is_edited

__all__ = ["Selection", "conventions"]

Found = tuple[Rule, Finding]


@dataclass(frozen=True, slots=True)
class Selection:
    """What a connector imports: object types, and attributes where there is a list of them."""

    object_types: tuple[str, ...]
    attributes: tuple[str, ...] = ()
    """Empty: all that the rules read or write."""


def conventions(rules: Iterable[Rule], selected: Mapping[str, Selection]) -> Iterator[Found]:
    """All findings; `selected` says what each connector imports, as far as it is known."""
    for rule in rules:
        for finding in (*_default(rule), *_number(rule)):
            yield rule, finding
        selection = selected.get(rule.connector)
        if selection is not None and not rule.disabled:
            for finding in _selected(rule, selection):
                yield rule, finding


def _default(rule: Rule) -> Iterator[Finding]:
    if is_edited(rule):
        message = f"{rule.name!r} is a default rule and was changed in its own file"
        more = "an upgrade of the library must merge it: clone it, and change the copy"
        yield Finding(("library",), "default-edited", message, "warning", more)


def _number(rule: Rule) -> Iterator[Finding]:
    own = rule.library is None and not (rule.tag or "").startswith("Microsoft.")
    if own and rule.precedence > LAST_OWN:
        message = f"{rule.name!r} is no default rule and has precedence {rule.precedence}"
        more = f"rules of one's own are expected from 0 to {LAST_OWN}: the product renumbers what stands above"
        yield Finding(("precedence",), "own-precedence", message, "warning", more)


def _selected(rule: Rule, selection: Selection) -> Iterator[Finding]:
    inbound = rule.direction == "inbound"
    key = "source-type" if inbound else "target-type"
    object_type = rule.source_type if inbound else rule.target_type
    if object_type != ANY_TYPE and object_type.casefold() not in {name.casefold() for name in selection.object_types}:
        # The library brings rules for every type; the project's own rule was written to do something.
        severity = "info" if rule.library is not None else "warning"
        message = f"{rule.name!r}: {rule.connector} does not import {object_type} objects"
        more = f'add "{object_type}" to object-types of [connectors.{rule.connector}], then a full import'
        yield Finding((key,), "type-not-selected", message, severity, more)  # type: ignore[arg-type]  # mypy widens the two words to str
        return
    if not selection.attributes:
        return
    chosen = {name.casefold() for name in selection.attributes}
    names = source_attributes(rule) if inbound else target_attributes(rule)
    for name in sorted(names):
        if name.casefold() not in chosen:
            message = f"{rule.name!r}: {rule.connector} does not import the attribute {name}"
            more = f'add "{name}" to attributes of [connectors.{rule.connector}], then a full import'
            yield Finding(_place(rule, name), "not-selected", message, "warning", more)


def _place(rule: Rule, name: str) -> tuple[str, ...]:
    """The flow that names the attribute, or the table of flows: expressions name several."""
    for mapping in rule.mappings:
        if name in (mapping.destination, mapping.source):
            return ("flows", mapping.destination)
    return ("flows",)
