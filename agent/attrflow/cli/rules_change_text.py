"""What commands did to rule files, as text, and the walk-throughs that `rules new` knows."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from attrflow.app.operations.rule_defaults import RulesStatusDocument
from attrflow.app.operations.rule_new import WalkthroughsDocument
from attrflow.app.rulebook_edits import RulesChangeDocument
from attrflow.cli.proposals import runnable

__all__ = ["draw_change", "draw_status", "draw_walkthroughs"]

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


_STATES = {
    "as-shipped": ("as shipped", ""),
    "changed": ("changed in its own file", "yellow"),
    "outdated": ("the library has it otherwise now", "cyan"),
    "changed-outdated": ("changed, and the library has it otherwise now", "yellow"),
    "imported": ("imported: the customer's own text", ""),
    "lost": ("lost", "red"),
    "left-over": ("not asked for by [features]", "cyan"),
}


def draw_status(console: Console, document: RulesStatusDocument, *, place: str = "") -> None:
    """Every default rule that is not simply as shipped, then how many there are of each kind."""
    for row in document.rules:
        words, style = _STATES[row.state]
        marks = ["disabled"] if row.disabled else []
        marks += [f"cloned as {row.cloned_as!r}"] if row.cloned_as is not None else []
        if row.state in ("as-shipped", "imported") and not marks:
            continue
        number = "" if row.precedence is None else str(row.precedence)
        line = Text.assemble(f"{number:>5} ", (row.rule, "bold"), (f"  {row.connector}  ", "dim"), (words, style))
        if marks:
            line.append(f", {', '.join(marks)}", "yellow")
        console.print(line, soft_wrap=True)
    counts = ", ".join(f"{count} {_STATES[state][0]}" for state, count in document.states.items())
    console.print(Text(f"{counts or 'no default rules'}; {document.own} of the project's own", "dim"), soft_wrap=True)
    if any("outdated" in state for state in document.states):
        said = "`attrflow rules upgrade --dry-run` says what an upgrade would do."
        console.print(Text(runnable(said, place), "dim"), soft_wrap=True)
    if "lost" in document.states:
        said = "`attrflow rules restore --lost` brings lost rules back."
        console.print(Text(runnable(said, place), "dim"), soft_wrap=True)
