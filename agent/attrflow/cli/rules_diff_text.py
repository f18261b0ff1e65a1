"""What two configurations say differently, as text: grouped by rule, one line a difference."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from attrflow.app.operations.rule_diff import DifferingRuleDocument, RulesDiffDocument
from attrflow.cli.diagnostics_text import diagnostic_text

__all__ = ["draw_diff"]

_MARKS = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow")}


def draw_diff(console: Console, document: RulesDiffDocument) -> None:
    """Every rule that differs, then how many do not."""
    for side in (document.left, document.right):
        for finding in side.findings:
            console.print(diagnostic_text(finding), soft_wrap=True)
    for one, other in document.connectors.items():
        console.print(Text(f"{one} of the first is taken for {other} of the second.", "dim"), soft_wrap=True)
    for rule in document.rules:
        _rule(console, rule)
    counts = [f"{document.unchanged} rule{' is' if document.unchanged == 1 else 's are'} the same"]
    if document.rules:
        counts.insert(0, f"{len(document.rules)} rule{' differs' if len(document.rules) == 1 else 's differ'}")
    text = ", ".join(counts)
    if document.renumbered:
        text += f" ({document.renumbered} with another number, in the same order)"
    console.print(Text(f"{text}.", "green" if document.same else "bold"), soft_wrap=True)


def _rule(console: Console, rule: DifferingRuleDocument) -> None:
    mark, style = _MARKS[rule.change]
    number = rule.precedence_before if rule.precedence_after is None else rule.precedence_after
    console.print(
        Text.assemble((f"{mark} ", style), (f"{number} {rule.rule}", "bold"), (f"  {rule.connector}", "dim")),
        soft_wrap=True,
    )
    for words in [change.words for change in rule.changes] or [rule.words]:
        console.print(Text(f"    {words}"), soft_wrap=True)
