"""Words for evidence and fixes: what a scope clause asks for, and how to satisfy it."""

from __future__ import annotations

from collections.abc import Iterable

from attrflow.explain.documents import FlowRow, Shown
from attrflow.explain.outcome import short
from attrflow.model.connector_space import CSObject, import_hologram
from attrflow.model.names import InvalidName, parse_dn
from attrflow.rules.rule import Rule, ScopeClause

__all__ = ["clauses_of", "joined", "leaf", "rule_text", "satisfy", "value_text"]


def joined(texts: Iterable[str]) -> str:
    """A list in a sentence."""
    items = list(texts)
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + f" and {items[-1]}" if items else "nothing"


def leaf(name: str) -> str:
    """The name at the leaf of a DN; another name as it is."""
    try:
        rdns = parse_dn(name).rdns if "=" in name else ()
    except InvalidName:
        return name
    return rdns[0][0][1] if rdns else name


def rule_text(row_or_rule: FlowRow | Rule) -> str:
    """A rule in a sentence."""
    rule = row_or_rule.rule if isinstance(row_or_rule, FlowRow) else row_or_rule
    return f'"{rule.name}" ({rule.precedence})'


def value_text(shown: Shown) -> str:
    """Values in a sentence."""
    return short(shown)


def clauses_of(rule: Rule, failing: Iterable[str]) -> tuple[ScopeClause, ...]:
    """The clauses that the scope test named as failing."""
    found = []
    for text in failing:
        for group in rule.scope:
            for clause in group:
                written = f"{clause.attribute} {clause.operator} {clause.value}".rstrip()
                if text.startswith(f"{written} (has: ") and clause not in found:
                    found.append(clause)
    return tuple(found)


def satisfy(clause: ScopeClause, cso: CSObject | None) -> str:
    """How to make a clause true, as an instruction."""
    name, operator, value = clause.attribute, clause.operator, clause.value
    place = f" in {cso.connector}" if cso is not None else ""
    if operator == "ISNOTNULL":
        example = _example(name, cso)
        return f"give the object a {name}{place}" + (f" (for example {example})" if example else "")
    if operator == "ISNULL":
        return f"clear {name}{place}"
    if operator == "EQUAL":
        return f"set {name} to {value}{place}"
    if operator == "NOTEQUAL":
        return f"change {name}{place}: it must not be {value}"
    if operator in ("ISMEMBEROF", "ISNOTMEMBEROF"):
        word = "add the object to" if operator == "ISMEMBEROF" else "take the object out of"
        return f"{word} the group {value}"
    return f"change {name}{place} so that {name} {operator} {value} holds"


def _example(name: str, cso: CSObject | None) -> str | None:
    """A value that would do, from what the object is called already."""
    if cso is None or name.casefold() not in ("mailnickname", "samaccountname", "uid"):
        return None
    attributes = import_hologram(cso).attributes
    for other in ("sAMAccountName", "uid", "userPrincipalName"):
        if values := attributes.get(other):
            return str(values[0]).partition("@")[0]
    return None
