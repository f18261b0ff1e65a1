"""Operations that list and show rules, as the product's rule editor does."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from attrflow.app.rulebook import open_rulebook
from attrflow.app.shapes import shape
from attrflow.rules.clauses import write_join_clause, write_scope_clause
from attrflow.rules.rule import AttributeMapping, Rule
from attrflow.rules.selecting import RuleFilter, select
from attrflow.rules.template import is_edited

__all__ = [
    "FlowDocument",
    "RuleDocument",
    "RuleListDocument",
    "RuleRow",
    "list_rules",
    "rule_document",
    "rule_row",
    "rule_state",
    "show_rule",
]

RuleState = Literal["default", "changed", "own"]
"""From the library as shipped; from the library and edited in place; written by the project."""


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One rule in a list."""

    precedence: int
    name: str
    direction: str
    connector: str
    source_type: str
    target_type: str
    link: str
    disabled: bool
    password_sync: bool
    state: RuleState
    flows: int
    """How many attribute flows it has."""
    tag: str | None
    id: str
    file: str | None


@dataclass(frozen=True, slots=True)
class RuleListDocument:
    """Rules in order of precedence."""

    rules: list[RuleRow]
    total: int
    """How many rules there are in all."""


@dataclass(frozen=True, slots=True)
class FlowDocument:
    """One attribute flow of a rule."""

    destination: str
    flow: str
    """direct, constant or expression."""
    source: str
    merge: str
    once: bool
    """Apply once: only when the target object is made."""


@dataclass(frozen=True, slots=True)
class RuleDocument:
    """One rule with all that it says, in the order of the editor's pages."""

    precedence: int
    name: str
    description: str
    direction: str
    connector: str
    source_type: str
    target_type: str
    link: str
    disabled: bool
    password_sync: bool
    state: RuleState
    tag: str | None
    library: str | None
    id: str
    file: str | None
    scope: list[list[str]] = field(default_factory=list)
    """Groups of which one must hold; every clause of a group must. No group: always in scope."""
    join: list[list[str]] = field(default_factory=list)
    """Groups tried in turn: connector-space attribute = metaverse attribute."""
    flows: list[FlowDocument] = field(default_factory=list)


shape("rule-row", RuleRow)
shape("rules-list", RuleListDocument)
shape("rule", RuleDocument)


def list_rules(folder: Path, filter_: RuleFilter) -> RuleListDocument:
    """The rules of a project that fit, by precedence.

    Raises:
        SettingsError: the settings or the rules are wrong; NotFound: there is no such connector.
    """
    book = open_rulebook(folder)
    if filter_.connector is not None:
        book.require_connector(filter_.connector)
    found = select(book.ruleset.rules, filter_)
    return RuleListDocument([rule_row(rule) for rule in found], len(book.ruleset.rules))


def show_rule(folder: Path, name: str, connector: str | None = None) -> RuleDocument:
    """One rule, whole; errors as `Rulebook.rule`."""
    return rule_document(open_rulebook(folder).rule(name, connector))


def rule_state(rule: Rule) -> RuleState:
    """Where the rule stands to the library it may come from."""
    if rule.library is None:
        return "own"
    return "changed" if is_edited(rule) else "default"


def rule_row(rule: Rule) -> RuleRow:
    """The rule as a row."""
    return RuleRow(
        rule.precedence,
        rule.name,
        rule.direction,
        rule.connector,
        rule.source_type,
        rule.target_type,
        rule.link,
        rule.disabled,
        rule.password_sync,
        rule_state(rule),
        len(rule.mappings),
        rule.tag,
        rule.id,
        rule.file,
    )


def rule_document(rule: Rule) -> RuleDocument:
    """The rule as a document."""
    return RuleDocument(
        rule.precedence,
        rule.name,
        rule.description,
        rule.direction,
        rule.connector,
        rule.source_type,
        rule.target_type,
        rule.link,
        rule.disabled,
        rule.password_sync,
        rule_state(rule),
        rule.tag,
        rule.library,
        rule.id,
        rule.file,
        [[write_scope_clause(clause) for clause in group] for group in rule.scope],
        [[write_join_clause(clause) for clause in group] for group in rule.join],
        [_flow(mapping) for mapping in rule.mappings],
    )


def _flow(mapping: AttributeMapping) -> FlowDocument:
    return FlowDocument(mapping.destination, mapping.flow, mapping.source, mapping.merge, mapping.execute_once)
