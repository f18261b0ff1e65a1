"""The commands about case files: `case run`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from attrflow.cli.face import face_of
from attrflow.cli.options import NoColor, Output

if TYPE_CHECKING:
    from rich.console import Console

    from attrflow.app.operations.cases import CaseDocument, CaseFailureDocument, CasesDocument

__all__ = ["add_to"]

_cases = typer.Typer(
    no_args_is_help=True, help="Run case files: what a synchronization is given, and what must come of it."
)


@_cases.command("run")
def _run(
    context: typer.Context,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Case files, or folders with a case.toml or many of them.")
    ],
    wire: Annotated[
        bool, typer.Option("--wire", help="Against mock servers over LDAP and HTTP instead of in memory.")
    ] = False,
    output: Output = None,
    no_color: NoColor = False,
) -> None:
    """Run cases, in memory or on the wire, and print what differed and the trace behind it."""
    face = face_of(context, None, output, no_color=no_color)
    from attrflow.app.operations.cases import run_cases  # noqa: PLC0415 - loads the engine

    document = run_cases(files, wire=wire)
    face.show(document, lambda console: _draw(console, document))
    if document.failed:
        raise typer.Exit(1)


def _draw(console: Console, document: CasesDocument) -> None:
    for case in document.cases:
        if case.outcome != "passed":
            _draw_case(console, case)
    skipped = f", {document.skipped} skipped" if document.skipped else ""
    style = "red" if document.failed else "green"
    console.print(f"{document.passed} passed, {document.failed} failed{skipped}", style=style)


def _draw_case(console: Console, case: CaseDocument) -> None:
    if case.outcome == "skipped":
        console.print(f"skipped {case.file}: {case.reason}", style="dim", soft_wrap=True)
        return
    console.print(f"FAILED {case.file}", style="bold red", soft_wrap=True)
    console.print(f"  {case.title} ({case.basis}, {case.source})", soft_wrap=True)
    for failure in case.failures:
        _draw_failure(console, case.file, failure)
    console.print()


def _draw_failure(console: Console, file: str, failure: CaseFailureDocument) -> None:
    place = f"{file}:{failure.line}" if failure.line is not None else file
    step = failure.title if failure.title == f"step {failure.step}" else f"step {failure.step}, {failure.title}"
    console.print(f"  {place}: {step}", style="dim", soft_wrap=True)
    console.print(f"    {failure.what}", style="bold", soft_wrap=True)
    console.print(f"      expected  {failure.expected}", style="green", soft_wrap=True)
    console.print(f"      got       {failure.got}", style="red", soft_wrap=True)
    if failure.trace is not None:
        for line in failure.trace.splitlines():
            console.print(f"      {line}", soft_wrap=True)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(_cases, name="case")
