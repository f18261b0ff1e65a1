"""What `case import` says to people: what was read, where the server differs from its rules, what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape

from attrflow.cli.diagnostics_text import diagnostic_text, errors_first

if TYPE_CHECKING:
    from rich.console import Console

    from attrflow.app.operations.case_import import CaseImportDocument

__all__ = ["draw_case_import"]

_WORDS = {
    "directory": "from the directory",
    "connector-space": "from connector spaces",
    "metaverse": "of the metaverse",
}
_ABSENT = {
    "metaverse": ("no value", "no value"),
    "pending-export": ("no such change waits", "no change"),
    "error": ("no error", "no error"),
}
"""What stands for nothing, on the server and with these rules."""
_SHOWN_MAX = 3


def draw_case_import(console: Console, document: CaseImportDocument) -> None:
    """The whole report."""
    for finding in errors_first(document.findings):
        console.print(diagnostic_text(finding), soft_wrap=True)
    read = ", ".join(f"{n} {_WORDS.get(kind, f'from {kind.capitalize()}')}" for kind, n in document.read.items() if n)
    console.print(f"{document.rules} rules; objects: {read or 'none'}", soft_wrap=True)
    for note in document.notes:
        console.print(f"  {note}", style="dim", markup=False, soft_wrap=True)
    if document.differences:
        console.print("\nWhat the server has otherwise than these rules make it:", style="bold")
        for one in document.differences:
            console.print(f"  {one.where:14}  {one.attribute}", style="bold", markup=False, soft_wrap=True)
            console.print(
                f"    the server   {_values(one.server, _ABSENT[one.where][0])}", markup=False, soft_wrap=True
            )
            console.print(f"    these rules  {_values(one.rules, _ABSENT[one.where][1])}", markup=False, soft_wrap=True)
    if document.missing:
        console.print("\nStill missing, and the read-only command that gets it:", style="bold")
        for lack in document.missing:
            console.print(f"  {lack.what}: {lack.why}", markup=False, soft_wrap=True)
            console.print(
                f"    {lack.where}> {lack.command}", style="cyan", markup=False, highlight=False, soft_wrap=True
            )
            console.print(f"    then add {lack.option} FILE", style="dim", markup=False, soft_wrap=True)
    console.print()
    if document.file is not None:
        state = "it runs and holds" if document.passed else "it does NOT run as it should"
        style = "green" if document.passed else "red"
        console.print(
            f"{escape(document.file)}: {state}; attrflow case run {escape(document.file)}", style=style, soft_wrap=True
        )
    elif not document.passed:
        console.print("The case does NOT run as it should.", style="red")


def _values(values: list[str] | None, absent: str) -> str:
    if values is None:
        return absent
    if not values:
        return "no value"
    shown = ", ".join(f'"{value}"' for value in values[:_SHOWN_MAX])
    return shown + (f" and {len(values) - _SHOWN_MAX} more" if len(values) > _SHOWN_MAX else "")
