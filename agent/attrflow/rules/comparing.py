"""What two rules, or two sets of rules, say differently: by meaning, not by spelling, order or GUID.

Left out, because nothing depends on them: ids, tags, library marks and descriptions, the case of names, the layout
of expressions, the order of flows, of scope groups and of clauses. Precedence counts as an order: numbers that shift
together are no difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from attrflow.expr import parse, print_expression
from attrflow.rules.clauses import write_join_clause, write_scope_clause
from attrflow.rules.matching import match_connectors, match_rules
from attrflow.rules.rule import AttributeMapping, JoinGroup, Rule, ScopeGroup

__all__ = ["Difference", "RuleDifference", "compare_rules", "compare_sets", "moved"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that two rules say differently."""

    what: str
    """name, types, link, disabled, password-sync, precedence, scope, join or flow."""
    attribute: str | None
    """The destination of a flow."""
    before: str | None
    """As the first set has it; None where it has nothing."""
    after: str | None


@dataclass(frozen=True, slots=True)
class RuleDifference:
    """A rule that one set lacks, or that both have and say differently."""

    left: Rule | None
    right: Rule | None
    differences: tuple[Difference, ...] = ()


def compare_sets(left: Sequence[Rule], right: Sequence[Rule]) -> list[RuleDifference]:
    """Every rule that differs, in order of precedence; empty where the sets mean the same.

    Both sets are given by precedence.
    """
    connectors = match_connectors(left, right)
    pairs = match_rules(left, right, connectors)
    out = moved(pairs)
    found: list[tuple[int, RuleDifference]] = []
    for one, other in pairs:
        differences = [*compare_rules(one, other)]
        if one.id in out:
            differences.insert(0, Difference("precedence", None, _place(one, left), _place(other, right)))
        if differences:
            found.append((other.precedence, RuleDifference(one, other, tuple(differences))))
    here, there = {one.id for one, _ in pairs}, {other.id for _, other in pairs}
    found += [(rule.precedence, RuleDifference(rule, None)) for rule in left if rule.id not in here]
    found += [(rule.precedence, RuleDifference(None, rule)) for rule in right if rule.id not in there]
    return [difference for _, difference in sorted(found, key=lambda f: f[0])]


def moved(pairs: Sequence[tuple[Rule, Rule]]) -> frozenset[str]:
    """The ids (of the left) of the fewest rules that must move for one order to become the other.

    Found as what a longest common order leaves out.
    """
    ordered = sorted(pairs, key=lambda pair: (pair[0].precedence, pair[0].id))
    targets = [(other.precedence, other.id) for _, other in ordered]
    best: list[int] = []  # the longest common order that ends at each rule
    before: list[int | None] = []
    for position, target in enumerate(targets):
        chosen = max((p for p in range(position) if targets[p] <= target), key=lambda p: best[p], default=None)
        before.append(chosen)
        best.append(1 if chosen is None else best[chosen] + 1)
    kept: set[int] = set()
    last = max(range(len(best)), key=lambda p: best[p], default=None)
    while last is not None:
        kept.add(last)
        last = before[last]
    return frozenset(one.id for position, (one, _) in enumerate(ordered) if position not in kept)


def _place(rule: Rule, rules: Sequence[Rule]) -> str:
    position = [other.id for other in rules].index(rule.id)
    if position == 0:
        return f"{rule.precedence}, first of all"
    return f"{rule.precedence}, after {rules[position - 1].name}"


def compare_rules(one: Rule, other: Rule) -> Iterator[Difference]:
    """What two versions of a rule say differently, but for their place in the order."""
    if one.name.casefold() != other.name.casefold():
        yield Difference("name", None, one.name, other.name)
    types = [f"{rule.source_type} to {rule.target_type}" for rule in (one, other)]
    if types[0].casefold() != types[1].casefold():
        yield Difference("types", None, *types)
    if one.link != other.link:
        yield Difference("link", None, one.link, other.link)
    for what, before, after in (
        ("disabled", one.disabled, other.disabled),
        ("password-sync", one.password_sync, other.password_sync),
    ):
        if before is not after:
            yield Difference(what, None, "yes" if before else "no", "yes" if after else "no")
    yield from _scope(one.scope, other.scope)
    yield from _join(one.join, other.join)
    yield from _flows(one, other)


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _scope(one: tuple[ScopeGroup, ...], other: tuple[ScopeGroup, ...]) -> Iterator[Difference]:
    """Groups by their meaning; where one group of each is left over, its clauses one by one."""
    left = {frozenset(_clauses(group)): group for group in one}
    right = {frozenset(_clauses(group)): group for group in other}
    gone = [key for key in left if key not in right]
    new = [key for key in right if key not in left]
    if len(gone) == len(new) == 1:
        for clause in sorted(gone[0] - new[0]):
            yield Difference("scope", None, _clauses(left[gone[0]])[clause], None)
        for clause in sorted(new[0] - gone[0]):
            yield Difference("scope", None, None, _clauses(right[new[0]])[clause])
        return
    for key in gone:
        yield Difference("scope", None, " and ".join(_clauses(left[key]).values()), None)
    for key in new:
        yield Difference("scope", None, None, " and ".join(_clauses(right[key]).values()))


def _clauses(group: ScopeGroup) -> dict[str, str]:
    written = {f"{c.attribute} {c.operator} {c.value}".casefold(): write_scope_clause(c) for c in group}
    return dict(sorted(written.items()))


def _join(one: tuple[JoinGroup, ...], other: tuple[JoinGroup, ...]) -> Iterator[Difference]:
    """Groups are tried in turn, so that their order counts."""
    left = [" and ".join(sorted(write_join_clause(c) for c in group)) for group in one]
    right = [" and ".join(sorted(write_join_clause(c) for c in group)) for group in other]
    folded_left, folded_right = [line.casefold() for line in left], [line.casefold() for line in right]
    if folded_left == folded_right:
        return
    gone = [line for line in left if line.casefold() not in folded_right]
    new = [line for line in right if line.casefold() not in folded_left]
    for line in gone:
        yield Difference("join", None, line, None)
    for line in new:
        yield Difference("join", None, None, line)
    if not gone and not new:
        yield Difference("join", None, "; else ".join(left), "; else ".join(right))


def _flows(one: Rule, other: Rule) -> Iterator[Difference]:
    left, right = _by_destination(one), _by_destination(other)
    for key in sorted(left.keys() | right.keys()):
        mine, theirs = left.get(key, []), right.get(key, [])
        name = (mine or theirs)[0].destination
        rest = [m for m in theirs if _meaning(m) not in {_meaning(x) for x in mine}]
        gone = [m for m in mine if _meaning(m) not in {_meaning(x) for x in theirs}]
        for position in range(max(len(gone), len(rest))):
            before = _said(gone[position]) if position < len(gone) else None
            after = _said(rest[position]) if position < len(rest) else None
            yield Difference("flow", name, before, after)


def _by_destination(rule: Rule) -> dict[str, list[AttributeMapping]]:
    found: dict[str, list[AttributeMapping]] = {}
    for mapping in rule.mappings:
        found.setdefault(mapping.destination.casefold(), []).append(mapping)
    return found


def _meaning(mapping: AttributeMapping) -> tuple[object, ...]:
    merge = "update" if mapping.merge == "replace" else mapping.merge
    source: object = mapping.source.casefold() if mapping.flow == "direct" else mapping.source
    if mapping.flow == "expression":
        # The tree itself, printed: trees of equal meaning print alike whatever their layout was.
        tree = parse(mapping.source).tree
        source = print_expression(tree) if tree is not None else mapping.source
    return mapping.flow, source, merge, mapping.execute_once


def _said(mapping: AttributeMapping) -> str:
    source = _squeezed(mapping.source) if mapping.flow == "expression" else mapping.source
    text = f'"{source}"' if mapping.flow == "constant" else source
    extras: list[str] = [mapping.merge] if mapping.merge not in ("update", "replace") else []
    extras += ["apply once"] if mapping.execute_once else []
    return f"{text} ({', '.join(extras)})" if extras else text
