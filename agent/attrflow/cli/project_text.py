"""Projects as text: what `init` made and what to do next, and what `rules check` found."""

from __future__ import annotations

import shlex
from pathlib import Path

from rich.console import Console
from rich.text import Text

from attrflow.app.operations.checking import RulesCheckDocument
from attrflow.app.operations.projects import DefaultRulesDocument, ProjectDocument
from attrflow.cli.diagnostics_text import diagnostic_text, errors_first

__all__ = ["draw_default_rules", "draw_project", "draw_rules_check"]


def draw_project(console: Console, project: ProjectDocument) -> None:
    """What was made, and what to do next."""
    rules = Path(project.rules[0]).parts[0] if project.rules else "rules"
    console.print(Text.assemble("Made ", (project.folder, "bold")), soft_wrap=True)
    console.print(f"  {Path(project.settings).name}   the settings, with a comment to each key", soft_wrap=True)
    console.print(f"  {rules}/   {len(project.rules)} default rules, one file each", soft_wrap=True)
    console.print()
    console.print("Next:")
    folder = shlex.quote(project.folder)
    for number, step in enumerate(
        (
            "put addresses, accounts and containers into attrflow.toml, and secrets where it says",
            f"attrflow rules check -C {folder}",
            f"attrflow cycle --initial -C {folder}   imports and synchronizes; exports nothing while "
            "staging-mode = true",
        ),
        start=1,
    ):
        console.print(f"  {number}. {step}", soft_wrap=True)


def draw_default_rules(console: Console, added: DefaultRulesDocument) -> None:
    """Which rules were written for which connectors."""
    if not added.connectors:
        console.print("Every connector has rules: nothing was written.")
        return
    for path in added.rules:
        console.print(Text(f"  {path}", "dim"), soft_wrap=True)
    names = ", ".join(added.connectors)
    console.print(Text(f"{_count(len(added.rules), 'rule')} written for {names}."), soft_wrap=True)


def draw_rules_check(console: Console, check: RulesCheckDocument, *, place: str = "") -> None:
    """Every finding, then how many there are; `place` is what commands need to find the project."""
    for finding in errors_first(check.findings):
        console.print(diagnostic_text(finding), soft_wrap=True)
    if check.findings:
        console.print()
    for name in check.without_schema:
        console.print(
            Text(f"{name}: never imported, so that attribute names and types were not checked against it.", "dim"),
            soft_wrap=True,
        )
    for name in check.without_rules:
        text = (
            f"{name} has no rules, so that nothing of it is synchronized: `attrflow rules defaults{place}` writes them."
        )
        console.print(Text(text, "yellow"), soft_wrap=True)
    counts = f"{_count(check.errors, 'error')}, {_count(check.warnings, 'warning')}"
    if check.rules is None:
        console.print(Text(f"{counts}: the rules cannot be used.", "bold red"))
        return
    console.print(Text(f"{_count(check.rules, 'rule')}, {counts}", "green" if not check.warnings else "yellow"))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
