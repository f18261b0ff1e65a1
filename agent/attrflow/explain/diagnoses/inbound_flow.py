"""Causes in the import attribute flow of one attribute: DIAG-20 to 36 (behaviour.md §8.2)."""

from __future__ import annotations

import shlex

from attrflow.explain.diagnoses.case import Case, Found
from attrflow.explain.diagnoses.words import clauses_of, joined, leaf, rule_text, satisfy, value_text
from attrflow.explain.documents import FlowRow, Held
from attrflow.explain.findings import why_it_differs
from attrflow.model.connector_space import CSObject
from attrflow.model.reference_names import named_by
from attrflow.rules.reading import source_attributes

__all__ = [
    "authoritative_null",
    "empty_lets_lower_win",
    "expression_fails",
    "higher_precedence",
    "no_inbound_mapping",
    "reference_held",
    "rule_disabled",
    "rule_out_of_scope",
    "rules_changed",
]

_GAVE_NOTHING = frozenset({"source-absent", "null-no-contribution", "rule-out-of-scope", "rule-disabled"})


def _empty_in_metaverse(case: Case) -> bool:
    hop = case.metaverse()
    return hop is not None and hop.mv_id is not None and hop.value.absent


def no_inbound_mapping(case: Case) -> Found | None:
    """DIAG-20: no rule carries the source attribute into the metaverse."""
    if case.way is None or case.way.inbound or case.subject.mv is None or not _empty_in_metaverse_or_unknown(case):
        return None
    asked = case.way.asked
    connectors = joined(dict.fromkeys(c.connector for c in case.sources())) if case.sources() else "no connector"
    types = joined(dict.fromkeys(c.object_type or "object" for c in case.sources())) if case.sources() else "object"
    evidence = [f"{_read_by(case, cso)}" for cso in case.sources()]
    evidence += [f"Similar names that rules know: {joined(case.way.near)}."] if case.way.near else []
    return Found(
        f"No inbound rule of {connectors} for objects of type {types} reads {asked}. An attribute that no rule carries "
        "stays in the directory.",
        tuple(evidence),
        (
            f"carry {asked} with two rules of your own: one inbound (into a metaverse attribute) and one outbound "
            "(to an attribute that the cloud has, such as extensionAttribute1, or a directory extension)",
        ),
        ("attrflow cycle --delta", case.again),
    )


def _read_by(case: Case, cso: CSObject) -> str:
    rules = case.facts.program.inbound(cso.connector, cso.object_type or "")
    names = {name for rule in rules for name in source_attributes(rule.rule)}
    return (
        f"{cso.connector} has {len(rules)} inbound rules for {cso.object_type}; "
        f"they read {len(names)} attributes, and this is none of them."
    )


def _empty_in_metaverse_or_unknown(case: Case) -> bool:
    hop = case.metaverse()
    return hop is None or hop.attribute is None or hop.value.absent


def rule_disabled(case: Case) -> Found | None:
    """DIAG-21: the rule that carries the attribute is disabled, and no other gives a value."""
    rows = [row for row in case.flow("inbound") if row.status == "rule-disabled"]
    if not rows or not _empty_in_metaverse(case) or not _nothing_else(case) or not _has_source(case, rows):
        return None
    return Found(
        f"{case.attribute} is not in the metaverse, because rule {joined(rule_text(r) for r in rows)} is disabled.",
        tuple(f"{rule_text(r)} flows {r.source} to {r.destination}, but is disabled." for r in rows),
        ("enable the rule, or carry the attribute in the rule that replaces it",),
        ("attrflow run " + rows[0].rule.connector + " full-sync", case.again),
    )


def _nothing_else(case: Case) -> bool:
    return all(row.status in _GAVE_NOTHING for row in case.flow("inbound"))


def _has_source(case: Case, rows: list[FlowRow]) -> bool:
    """Whether a rule that does not apply would have had something to flow."""
    values = {
        a.name
        for hop in case.spaces("source")
        for a in hop.attributes
        if not (a.pending if a.pending is not None else a.value).absent
    }
    reads = {c.mapping: c.reads for c in case.way.inbound} if case.way is not None else {}
    by_row = {(c.rule.id, c.mapping.source): reads[c.mapping] for c in (case.way.inbound if case.way else ())}
    return any(by_row.get((r.rule.id, r.source), frozenset()) & values or r.flow == "constant" for r in rows)


def rule_out_of_scope(case: Case) -> Found | None:
    """DIAG-22: the rule that carries the attribute is out of scope for this object."""
    rows = [row for row in case.flow("inbound") if row.status == "rule-out-of-scope"]
    if not rows or not _empty_in_metaverse(case) or not _nothing_else(case) or not _has_source(case, rows):
        return None
    evidence, fix = [], []
    for row in rows:
        rule = case.facts.ruleset.rule(row.rule.id)
        evidence.append(
            f"{rule_text(row)} flows {_one_line(row.source)} to {row.destination}, out of scope: {row.detail}"
        )
        cso = case.facts.store.cs(row.object_id) if row.object_id is not None else None
        failing = (row.detail or "").split(" or ")
        if rule is not None:
            fix += [satisfy(clause, cso) for clause in clauses_of(rule, failing)]
    values = [
        f"{hop.connector} has the value: {a.name} is {value_text(a.pending if a.pending is not None else a.value)}."
        for hop in case.spaces("source")
        for a in hop.attributes
        if not (a.pending if a.pending is not None else a.value).absent and a.name != "dn"
    ]
    first = rows[0]
    fix.append(
        f"or carry {case.attribute} in an inbound rule of your own without that clause "
        f"(link type Join, precedence below 100)"
    )
    return Found(
        f"{first.destination} is not in the metaverse, because rule {rule_text(first)} is out of scope for "
        f"{case.name}: {first.detail}.",
        (*values, *evidence),
        tuple(dict.fromkeys(fix)),
        ("attrflow cycle --delta", case.again),
    )


def _one_line(source: str) -> str:
    text = " ".join(source.split())
    return text if len(text) <= 60 else text[:59] + "…"


def higher_precedence(case: Case) -> Found | None:
    """DIAG-24: another rule of higher precedence contributes another value."""
    rows = case.flow("inbound")
    winner = next((row for row in rows if row.wins), None)
    losers = [
        r
        for r in rows
        if winner is not None and r.status == "lower-precedence" and r.value != winner.value
        if r.rule.connector != winner.rule.connector or not _reads(case, winner)
    ]
    if winner is None or not losers:
        return None
    return Found(
        f"{winner.destination} is {value_text(winner.value)}, because {rule_text(winner)} of {winner.rule.connector} "
        f"comes before {rule_text(losers[0])} of {losers[0].rule.connector}, which would give "
        f"{value_text(losers[0].value)}.",
        tuple(f"{rule_text(r)} of {r.rule.connector} gives {value_text(r.value)}: {r.detail}" for r in losers),
        ("if the other value is the right one, give its rule a lower number or narrow the scope of the first",),
        (f"attrflow run {winner.rule.connector} full-sync", case.again),
    )


def _reads(case: Case, row: FlowRow) -> bool:
    """Whether a row's mapping reads the attribute that was asked for: then it carries it, if in another form."""
    candidates = case.way.inbound if case.way is not None else ()
    return any(
        c.rule.id == row.rule.id
        and c.mapping.source == row.source
        and case.way is not None
        and case.way.asked in c.reads
        for c in candidates
    )


def authoritative_null(case: Case) -> Found | None:
    """DIAG-25: a rule gives AuthoritativeNull, which no rule below it can fill."""
    row = next((r for r in case.flow("inbound") if r.status == "authoritative-null"), None)
    if row is None:
        return None
    blocked = [r for r in case.flow("inbound") if r.status == "blocked-by-authoritative-null"]
    return Found(
        f"{row.destination} is empty in the metaverse, because {rule_text(row)} gives AuthoritativeNull.",
        tuple(f"{rule_text(r)} would give {value_text(r.value)}, but is blocked." for r in blocked),
        ("narrow the scope of that rule, or take AuthoritativeNull out of its expression",),
        (f"attrflow run {row.rule.connector} full-sync", case.again),
    )


def empty_lets_lower_win(case: Case) -> Found | None:
    """DIAG-26: a rule that comes first gives nothing, so that the value of one below it wins and cannot be cleared."""
    rows = case.flow("inbound")
    winner = next((row for row in rows if row.wins and row.status != "merged"), None)
    if winner is None or winner.rule.precedence is None or case.facts.is_cloud(winner.rule.connector):
        return None
    empty = [row for row in rows if _gave_nothing_above(case, row, winner)]
    if not empty:
        return None
    first = empty[0]
    elsewhere = first.rule.connector != winner.rule.connector
    place = first.rule.connector if elsewhere else rule_text(first)
    return Found(
        f"{winner.destination} is {value_text(winner.value)} and comes from {rule_text(winner)} of "
        f"{winner.rule.connector}. {place} comes first, and gives no value. Nothing is no contribution: it lets the "
        f"next rule's value win, so that clearing the value in {first.rule.connector} does not clear it in the cloud.",
        (
            *(
                f"{rule_text(row)} of {row.rule.connector} gives nothing ({row.status}){_on(case, row)}."
                for row in empty
            ),
            f"{rule_text(winner)} of {winner.rule.connector} gives {value_text(winner.value)}{_on(case, winner)}.",
        ),
        (
            f"clear the value in {winner.rule.connector} as well" if elsewhere else "clear what the other rule reads",
            f"or, where {place} alone is to decide, let a rule of your own before it say so: "
            "AuthoritativeNull instead of no value, which ends the search",
        ),
        ("attrflow cycle --delta", case.again),
    )


def _gave_nothing_above(case: Case, row: FlowRow, winner: FlowRow) -> bool:
    """Whether a row stands above the winner, is evaluated to nothing, and is of another directory or a custom rule."""
    if row.status not in ("source-absent", "null-no-contribution") or case.facts.is_cloud(row.rule.connector):
        return False
    assert winner.rule.precedence is not None, "asked only then"
    if row.rule.precedence is None or row.rule.precedence >= winner.rule.precedence:
        return False
    rule = case.facts.ruleset.rule(row.rule.id)
    custom = rule is not None and rule.library is None and rule.tag is None
    return custom or row.rule.connector != winner.rule.connector


def _on(case: Case, row: FlowRow) -> str:
    cso = case.facts.store.cs(row.object_id) if row.object_id is not None else None
    return f" for {cso.dn}" if cso is not None else ""


def expression_fails(case: Case) -> Found | None:
    """DIAG-30: an expression fails for this object, which fails the object as a whole."""
    failure = case.observation.failure
    if failure is None or not failure.type.startswith("sync-rule-error"):
        return None
    rule = case.facts.rule(failure.rule_id).name if failure.rule_id is not None else "a rule"
    return Found(
        f"The flow of {failure.attribute} in rule {rule} fails: {failure.detail}. One failing expression stops every "
        "attribute of the object.",
        (f"{failure.type} at {failure.step}",),
        (f"correct the expression in {rule}, or the value that it reads",),
        ("attrflow cycle --delta", case.again),
    )


def reference_held(case: Case) -> Found | None:
    """DIAG-35: the reference's target has no counterpart, so that the reference cannot flow."""
    inbound = [(hop.connector, held) for hop in case.spaces("source") for a in hop.attributes for held in a.held]
    outbound = [(hop.connector, held) for hop in case.spaces("target") for a in hop.attributes for held in a.held]
    held = list(dict.fromkeys(inbound or outbound))
    if not held:
        return None
    connector, first = held[0]
    place = "the metaverse" if inbound else connector
    many = f" (and {len(held) - 1} more)" if len(held) > 1 else ""
    select = (
        f"bring {leaf(first.target.text)} into scope: move it, or select its container in attrflow.toml, "
        f"and import {connector} in full"
    )
    target = f"{leaf(first.target.text)}{many}"
    named = _named(case, first) if inbound else None
    if named is not None:
        by, name = named
        select = (
            f"let exactly one object that {connector} imports have the {by} {name}: a container or object type may miss"
        )
    return Found(
        f"{case.attribute} of {case.name} refers to {target}, and that object is not in {place}: "
        f"{first.reason}. A reference flows only when its target does.",
        tuple(_held(where, one) for where, one in held[:10])
        + ((f"and {len(held) - 10} more held references",) if len(held) > 10 else ()),
        (
            f"let {case.attribute} in {connector} refer to an object that is synchronized",
            f"or {select}"
            if inbound
            else f"or find out why the target is not there: {case.command(f'attrflow why {_quoted(first)}')}",
        ),
        ("attrflow cycle --delta", case.again),
    )


def _named(case: Case, held: Held) -> tuple[str, str] | None:
    """The attribute and the name by which a reference means its target, where it does so and nobody is meant."""
    cso = case.facts.store.cs(held.target.id) if held.target.id is not None else None
    return named_by(cso.dn) if cso is not None and cso.kind == "placeholder" else None


def _held(connector: str, held: Held) -> str:
    return f"{connector} holds back the reference to {held.target.text}: {held.reason}."


def _quoted(held: Held) -> str:
    return shlex.quote(held.target.note or held.target.text)


def rules_changed(case: Case) -> Found | None:
    """DIAG-36: the rules are others than at the last full synchronization, and would give another value."""
    hop = case.metaverse()
    if hop is None or hop.would_be is None or any(c.pending_import is not None for c in case.subject.objects):
        return None
    changed = [c.connector for c in case.subject.objects if case.facts.rules_changed_since(c.connector) is not None]
    if not changed:
        return None
    return Found(
        f"The metaverse holds {value_text(hop.value)}; with the rules as they are now it would be "
        f"{value_text(hop.would_be)}. {why_it_differs(case.facts, case.subject)}",
        (),
        ("run a full synchronization: a delta synchronization looks only at objects that changed",),
        (*(f"attrflow run {connector} full-sync" for connector in dict.fromkeys(changed)), case.again),
    )
