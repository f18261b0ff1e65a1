"""What rules read and write: the attributes of scopes, joins and flows, those inside expressions too.

The dependency list of an expression comes from its tree, not from what a rule file declares.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from attrflow.expr import parse, usage_of
from attrflow.rules.rule import Rule
from attrflow.rules.ruleset import RuleSet

__all__ = [
    "DN",
    "ExpressionReads",
    "attributes_needed",
    "expression_reads",
    "source_attributes",
    "target_attributes",
]

DN = "dn"
"""The pseudo-attribute that stands for the object's distinguished name."""


@dataclass(frozen=True, slots=True)
class ExpressionReads:
    """What one expression reads; nothing where it cannot be parsed (the checker tells)."""

    attributes: frozenset[str] = frozenset()
    counted: frozenset[str] = frozenset()
    """Attributes of which only the number of values is asked; in `attributes` too."""
    parameters: frozenset[str] = frozenset()


@lru_cache(maxsize=4096)
def expression_reads(text: str) -> ExpressionReads:
    """What the expression of that text reads."""
    parsed = parse(text)
    # What an option lets through (`/`, a decimal point) is still to be imported.
    tree = parsed.tree or parsed.partial
    if tree is None:
        return ExpressionReads()
    usage = usage_of(tree)
    return ExpressionReads(usage.attributes, usage.counted, usage.parameters)


def source_attributes(rule: Rule) -> frozenset[str]:
    """The attributes of the source side (CS inbound, MV outbound) that scope, join and flows read."""
    read = {clause.attribute for group in rule.scope for clause in group}
    read |= {c.cs if rule.direction == "inbound" else c.mv for group in rule.join for c in group}
    for mapping in rule.mappings:
        if mapping.flow == "direct":
            read.add(mapping.source)
        elif mapping.flow == "expression":
            read |= expression_reads(mapping.source).attributes
    return frozenset(name for name in read if name.casefold() != DN)


def target_attributes(rule: Rule) -> frozenset[str]:
    """The attributes of the target side (MV inbound, CS outbound) that joins compare and flows write."""
    named = {mapping.destination for mapping in rule.mappings}
    named |= {c.mv if rule.direction == "inbound" else c.cs for group in rule.join for c in group}
    return frozenset(name for name in named if name.casefold() != DN)


def attributes_needed(ruleset: RuleSet, connector: str) -> dict[str, frozenset[str]]:
    """The connector-space attributes that enabled rules read or write, by object type.

    It is what an import must bring and a schema must have; the adapter adds what it needs itself.
    """
    needed: dict[str, set[str]] = {}
    for rule in ruleset.rules:
        if rule.connector != connector or rule.disabled:
            continue
        inbound = rule.direction == "inbound"
        object_type = rule.source_type if inbound else rule.target_type
        found = source_attributes(rule) if inbound else target_attributes(rule)
        needed.setdefault(object_type, set()).update(found)
    return {object_type: frozenset(found) for object_type, found in sorted(needed.items())}
