"""Rules as text: the list of the rule editor, and one rule with the editor's four pages."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from attrflow.app.operations.rule_lint import LintDocument
from attrflow.app.operations.rule_list import FlowDocument, RuleDocument, RuleListDocument
from attrflow.cli.console import listing
from attrflow.cli.diagnostics_text import diagnostic_text, errors_first

__all__ = ["draw_lint", "draw_rule", "draw_rules"]

_STATES = {"default": "default", "changed": "default, changed in place", "own": "the project's own"}
_LABEL = 20


def draw_rules(console: Console, document: RuleListDocument) -> None:
    """One line a rule."""
    if document.rules:
        table = listing("Prec", "Rule", "Connector", "Types", "Link", "Flows", "", right=("Prec", "Flows"))
        for row in document.rules:
            marks = [word for word, on in (("disabled", row.disabled), ("password sync", row.password_sync)) if on]
            marks += [] if row.state == "default" else [row.state]
            table.add_row(
                str(row.precedence),
                row.name,
                row.connector,
                f"{row.source_type} → {row.target_type}",
                row.link,
                str(row.flows),
                ", ".join(marks),
                style="dim" if row.disabled else "",
            )
        console.print(table)
    shown = len(document.rules)
    count = f"{shown} of {document.total} rules" if shown != document.total else f"{shown} rules"
    console.print(Text(count, "dim"))


def draw_rule(console: Console, rule: RuleDocument) -> None:
    """One rule on four pages: description, scoping filter, join rules, transformations."""
    console.print(Text(rule.name, "bold"), soft_wrap=True)
    _description(console, rule)
    _groups(console, "Scoping filter", rule.scope, "none: every object is in scope", "or")
    _groups(console, "Join rules", rule.join, "none", "else")
    _heading(console, "Transformations", "" if rule.flows else "none")
    for flow in rule.flows:
        _flow(console, flow)


def _description(console: Console, rule: RuleDocument) -> None:
    inbound = rule.direction == "inbound"
    cs_type, mv_type = (rule.source_type, rule.target_type) if inbound else (rule.target_type, rule.source_type)
    _heading(console, "Description", "")
    rows = (
        ("Description", rule.description),
        ("Direction", rule.direction),
        ("Connected system", rule.connector),
        ("Its object type", cs_type),
        ("Metaverse type", mv_type),
        ("Link type", rule.link),
        ("Precedence", str(rule.precedence)),
        ("Tag", rule.tag or ""),
        ("Password sync", "yes" if rule.password_sync else ""),
        ("Disabled", "yes" if rule.disabled else ""),
        ("Origin", _STATES[rule.state]),
        ("Id", rule.id),
        ("File", rule.file or ""),
    )
    for label, value in rows:
        if value:
            console.print(Text.assemble((f"  {label:<{_LABEL - 2}}", "dim"), " ".join(value.split())), soft_wrap=True)


def _heading(console: Console, title: str, said: str) -> None:
    console.print()
    console.print(Text.assemble((title, "bold cyan"), (f"  {said}" if said else "", "dim")), soft_wrap=True)


def _groups(console: Console, title: str, groups: list[list[str]], none: str, between: str) -> None:
    _heading(console, title, "" if groups else none)
    for number, group in enumerate(groups):
        if number:
            console.print(Text(f"  {between}", "dim"))
        for position, clause in enumerate(group):
            console.print(Text.assemble(("  and " if position else "      ", "dim"), clause), soft_wrap=True)


def _flow(console: Console, flow: FlowDocument) -> None:
    source = f'"{flow.source}"' if flow.flow == "constant" else flow.source
    extras = [flow.merge] if flow.merge != "update" else []
    extras += ["apply once"] if flow.once else []
    text = Text.assemble((f"  {flow.destination}", "bold"), (" ← ", "dim"))
    lines = source.strip("\n").split("\n")
    if len(lines) == 1:
        text.append(lines[0])
    if extras:
        text.append(f"   [{', '.join(extras)}]", "yellow")
    console.print(text, soft_wrap=True)
    if len(lines) > 1:
        for line in lines:
            console.print(Text(f"      {line}"), soft_wrap=True)


def draw_lint(console: Console, lint: LintDocument) -> None:
    """Every finding, gravest first, then how many there are."""
    for finding in errors_first(lint.findings):
        console.print(diagnostic_text(finding), soft_wrap=True)
    if lint.findings:
        console.print()
    for name in lint.without_schema:
        said = f"{name}: never imported, so that attribute names and types were not checked against it."
        console.print(Text(said, "dim"), soft_wrap=True)
    style = "bold red" if lint.errors else "yellow" if lint.warnings else "green"
    counts = ((lint.rules, "rule"), (lint.errors, "error"), (lint.warnings, "warning"), (lint.notes, "note"))
    console.print(Text(", ".join(f"{n} {noun}{'' if n == 1 else 's'}" for n, noun in counts), style))
