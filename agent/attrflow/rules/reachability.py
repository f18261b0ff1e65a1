"""Lint of what can happen at all: scopes that no object fits, rules that no link carries, flows that never win.

Only what the rules alone prove; what objects of a store really hit is `attrflow rules coverage`. These checks
compare every rule with every other, so that they run for `rules lint` and not at every load.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attrflow.expr import parse
from attrflow.expr.ast import Call, Expression, Number, Text, Word
from attrflow.rules.positions import Finding
from attrflow.rules.rule import ANY_TYPE, AttributeMapping, Rule, ScopeClause, ScopeGroup

__all__ = ["reachability"]

Found = tuple[Rule, Finding]

_OPPOSITES = {
    "EQUAL": "NOTEQUAL",
    "CONTAINS": "NOTCONTAINS",
    "STARTSWITH": "NOTSTARTSWITH",
    "ENDSWITH": "NOTENDSWITH",
    "ISIN": "ISNOTIN",
    "ISBITSET": "ISBITNOTSET",
    "ISMEMBEROF": "ISNOTMEMBEROF",
    "ISNULL": "ISNOTNULL",
}
_NEEDS_VALUE = frozenset((*_OPPOSITES, "LESSTHAN", "LESSTHAN_OR_EQUAL", "GREATERTHAN", "GREATERTHAN_OR_EQUAL")) - {
    "ISNULL"
}
"""Operators that are false where the attribute is absent (behaviour.md §3.1)."""


def reachability(rules: Iterable[Rule]) -> Iterator[Found]:
    """All findings about enabled rules, which are given by precedence."""
    enabled = [rule for rule in rules if not rule.disabled]
    for rule in enabled:
        yield from ((rule, finding) for finding in _scope(rule))
        yield from ((rule, finding) for finding in _link(rule, enabled))
    yield from _beaten(enabled)


# -- scope and link ---------------------------------------------------------------------------------


def _scope(rule: Rule) -> Iterator[Finding]:
    impossible = [g for g, group in enumerate(rule.scope) if _contradiction(group)]
    for g in impossible:
        one, other = _contradiction(rule.scope[g]) or ("", "")
        whole = "no object is ever in scope" if len(impossible) == len(rule.scope) else "the group fits no object"
        message = f"{rule.name!r}, scope: '{one}' and '{other}' cannot both hold: {whole}"
        yield Finding(("scope", g), "unreachable-scope", message, "warning", "the lines of one group must all hold")


def _contradiction(group: ScopeGroup) -> tuple[str, str] | None:
    for position, first in enumerate(group):
        for second in group[position + 1 :]:
            if first.attribute.casefold() == second.attribute.casefold() and _exclude(first, second):
                return _said(first), _said(second)
    return None


def _exclude(first: ScopeClause, second: ScopeClause) -> bool:
    same_value = first.value.casefold() == second.value.casefold()
    for one, other in ((first, second), (second, first)):
        if _OPPOSITES.get(one.operator) == other.operator and (same_value or one.operator == "ISNULL"):
            return True
        if one.operator == "ISNULL" and other.operator in _NEEDS_VALUE:
            return True
    return first.operator == second.operator == "EQUAL" and not same_value and "%" not in first.value + second.value


def _said(clause: ScopeClause) -> str:
    return f"{clause.attribute} {clause.operator} {clause.value}".strip()


def _link(rule: Rule, rules: list[Rule]) -> Iterator[Finding]:
    if rule.link == "join-no-flow" and rule.mappings:
        message = f"{rule.name!r} joins without flow: its {len(rule.mappings)} flows are never evaluated"
        yield Finding(("link",), "flows-ignored", message, "warning", 'link = "join" lets them flow')
    if rule.join or rule.link == "provision":
        return
    linking = [r for r in rules if r is not rule and _same_objects(r, rule) and (r.join or r.link == "provision")]
    if not linking:
        cs_type = rule.source_type if rule.direction == "inbound" else rule.target_type
        message = (
            f"{rule.name!r} has no join criteria, and no other {rule.direction} rule of {rule.connector} links "
            f"{cs_type} objects"
        )
        more = "nothing flows by it unless rules of the other direction make the link"
        yield Finding(("link",), "never-linked", message, "warning", more)


def _same_objects(first: Rule, second: Rule) -> bool:
    """Whether two rules can apply to the same pair of objects."""
    return (
        first.direction == second.direction
        and first.connector == second.connector
        and _types_meet(first.source_type, second.source_type)
        and _types_meet(first.target_type, second.target_type)
    )


def _types_meet(first: str, second: str) -> bool:
    return ANY_TYPE in (first, second) or first.casefold() == second.casefold()


# -- flows that never win ---------------------------------------------------------------------------


def _beaten(rules: list[Rule]) -> Iterator[Found]:
    """Flows that a rule before them always beats, for every object that the later rule applies to."""
    for position, rule in enumerate(rules):
        earlier = [r for r in rules[:position] if _covers(r, rule)]
        for mapping in rule.mappings:
            finding = _beaten_by(rule, mapping, earlier)
            if finding is not None:
                yield rule, finding


def _covers(wide: Rule, narrow: Rule) -> bool:
    """Whether the earlier rule flows for every object for which the later one does."""
    return (
        wide.link != "join-no-flow"
        and _same_objects(wide, narrow)
        and (wide.source_type == ANY_TYPE or wide.source_type.casefold() == narrow.source_type.casefold())
        and _scope_covers(wide.scope, narrow.scope)
    )


def _scope_covers(wide: tuple[ScopeGroup, ...], narrow: tuple[ScopeGroup, ...]) -> bool:
    if not wide:
        return True
    sets = [{_key(clause) for clause in group} for group in wide]
    return bool(narrow) and all(any(s <= {_key(c) for c in group} for s in sets) for group in narrow)


def _key(clause: ScopeClause) -> tuple[str, str, str]:
    return clause.attribute.casefold(), clause.operator, clause.value.casefold()


def _beaten_by(rule: Rule, mapping: AttributeMapping, earlier: list[Rule]) -> Finding | None:
    if not _takes_all(mapping):
        return None
    name = mapping.destination.casefold()
    for other in earlier:
        if rule.library is not None and other.library is not None:
            continue  # the default rules overlap by design
        for theirs in other.mappings:
            if (
                theirs.destination.casefold() != name
                or theirs.execute_once
                or theirs.merge not in ("update", "replace")
            ):
                continue
            path = ("flows", mapping.destination)
            head = f"{rule.name!r}, flow to {mapping.destination}: {other.name!r} ({other.precedence})"
            if _always_decides(theirs):
                message = f"{head} applies to the same objects, goes first and always decides"
                return Finding(path, "never-wins", message, "warning", f"put {rule.name!r} before it, or leave it out")
            if (theirs.flow, _plain(theirs)) == (mapping.flow, _plain(mapping)):
                message = f"{head} applies to the same objects, goes first and flows the same"
                return Finding(path, "shadowed-flow", message, "warning", "this flow adds nothing: leave it out")
    return None


def _takes_all(mapping: AttributeMapping) -> bool:
    """Whether the flow, where it wins, leaves nothing to others: no merge, and not for new objects only."""
    return mapping.merge in ("update", "replace") and not mapping.execute_once


def _plain(mapping: AttributeMapping) -> object:
    return mapping.source.casefold() if mapping.flow == "direct" else parse(mapping.source).tree or mapping.source


def _always_decides(mapping: AttributeMapping) -> bool:
    if mapping.flow == "constant":
        return bool(mapping.source)
    if mapping.flow == "direct":
        return False
    tree = parse(mapping.source).tree
    return tree is not None and _always_a_value(tree)


def _always_a_value(node: Expression) -> bool:
    """Whether the expression gives a value, or AuthoritativeNull, for every object."""
    if isinstance(node, Text):
        return bool(node.value)
    if isinstance(node, Number):
        return True
    if isinstance(node, Word):
        return node.name.casefold() in ("true", "false", "authoritativenull")
    if isinstance(node, Call) and node.name.casefold() == "iif" and len(node.arguments) == 3:
        return all(_always_a_value(branch) for branch in node.arguments[1:])
    return False
