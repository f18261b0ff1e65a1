"""What commands did to rule files, as text, and the walk-throughs that `rules new` knows."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from attrflow.app.operations.rule_new import WalkthroughsDocument
from attrflow.app.rulebook_edits import RulesChangeDocument
from attrflow.cli.proposals import runnable

__all__ = ["draw_change", "draw_walkthroughs"]

_ACT = 11


def draw_change(console: Console, document: RulesChangeDocument, *, place: str = "") -> None:
    """One line a rule, then what is to be known and done."""
    for change in document.changes:
        style = "dim" if change.act in ("renumbered", "kept") else "green"
        line = Text.assemble((f"{change.act:<{_ACT}}", style), (change.file or change.rule, "bold"))
        if change.detail:
            line.append(f"   {change.detail}", "dim")
        console.print(line, soft_wrap=True)
    for note in document.notes:
        console.print(Text(runnable(note, place)), soft_wrap=True)
    for connector in document.full_sync:
        text = f"It reaches objects that do not change with `attrflow run {connector} full-sync`."
        console.print(Text(runnable(text, place), "dim"), soft_wrap=True)


def draw_walkthroughs(console: Console, document: WalkthroughsDocument) -> None:
    """Each walk-through with its blanks."""
    for walkthrough in document.templates:
        console.print(Text.assemble((walkthrough.name, "bold cyan"), f"   {walkthrough.title}"), soft_wrap=True)
        for blank in walkthrough.blanks:
            default = "" if blank.default is None else f" (else {blank.default!r})" if blank.default else " (or empty)"
            console.print(Text(f"    --set {blank.name}=…   {blank.help}{default}", "dim"), soft_wrap=True)
