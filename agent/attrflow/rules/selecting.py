"""Finding rules: by the filters of the product's rule editor, and by any name that a person gives one.

The filters are documented: direction, connector, object types of both sides, attribute,
password synchronization, disabled.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from attrflow.rules.positions import suggestion
from attrflow.rules.reading import source_attributes, target_attributes
from attrflow.rules.rule import ANY_TYPE, Direction, Rule

__all__ = ["RuleFilter", "attributes_of", "named_rules", "near_names", "select"]


@dataclass(frozen=True, slots=True)
class RuleFilter:
    """What a list of rules is narrowed to; None lets everything through. Names compare without case."""

    direction: Direction | None = None
    connector: str | None = None
    connector_type: str | None = None
    """Object type of the connector's side."""
    metaverse_type: str | None = None
    """Object type of the metaverse's side; a rule for any type (`*`) fits each."""
    attribute: str | None = None
    """An attribute of either side that the rule flows, joins on or asks in its scope."""
    disabled: bool | None = None
    password_sync: bool | None = None

    def fits(self, rule: Rule) -> bool:
        """Whether the rule passes every part of the filter."""
        inbound = rule.direction == "inbound"
        cs_type, mv_type = (rule.source_type, rule.target_type) if inbound else (rule.target_type, rule.source_type)
        return (
            self.direction in (None, rule.direction)
            and (self.connector is None or self.connector.casefold() == rule.connector.casefold())
            and _type_fits(self.connector_type, cs_type)
            and _type_fits(self.metaverse_type, mv_type)
            and self.disabled in (None, rule.disabled)
            and self.password_sync in (None, rule.password_sync)
            and (self.attribute is None or self.attribute.casefold() in attributes_of(rule))
        )


def _type_fits(wanted: str | None, found: str) -> bool:
    return wanted is None or found == ANY_TYPE or wanted.casefold() == found.casefold()


def select(rules: Iterable[Rule], filter_: RuleFilter) -> tuple[Rule, ...]:
    """The rules that fit, in the order given."""
    return tuple(rule for rule in rules if filter_.fits(rule))


def attributes_of(rule: Rule) -> frozenset[str]:
    """Every attribute of either side that the rule names, case-folded."""
    return frozenset(name.casefold() for name in source_attributes(rule) | target_attributes(rule))


def named_rules(rules: Iterable[Rule], name: str) -> tuple[Rule, ...]:
    """The rules that a person may mean by a name; the strictest reading that fits any decides.

    In this order: id, precedence, file, whole name, part of the name.
    """
    given = tuple(rules)
    folded = name.strip().casefold()
    number = int(folded) if folded.isdecimal() else None
    bare = folded.strip("{}")
    readings = (
        lambda rule: rule.id == bare,
        lambda rule: rule.precedence == number,
        lambda rule: rule.file is not None and _file_fits(rule.file, folded),
        lambda rule: rule.name.casefold() == folded,
        lambda rule: folded in rule.name.casefold(),
    )
    for fits in readings:
        found = tuple(rule for rule in given if fits(rule))
        if found and folded:
            return found
    return ()


def near_names(rules: Iterable[Rule], name: str) -> str | None:
    """The names of rules that are near to a misspelt one, as a question; None when nothing is near."""
    return suggestion(name, dict.fromkeys(rule.name for rule in rules))


def _file_fits(file: str, folded: str) -> bool:
    path = file.replace("\\", "/").casefold()
    return path == folded or (folded.endswith(".toml") and path.endswith("/" + folded.lstrip("./")))
