"""The commands about case files: `case run` and `case import`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from attrflow.cli.face import face_of
from attrflow.cli.options import NoColor, Output

if TYPE_CHECKING:
    from rich.console import Console

    from attrflow.app.operations.cases import CaseDocument, CaseFailureDocument, CasesDocument
    from attrflow.importers.state_files import StateKind

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


_Files = list[Path] | None


@_cases.command("import")
def _import(
    context: typer.Context,
    rules: Annotated[
        Path, typer.Argument(metavar="RULES", help="A project, a rules folder, or an export of the sync server.")
    ],
    object_: Annotated[
        str, typer.Option("--object", metavar="DN", help="The object: its DN, or another name that the files have.")
    ],
    ldif: Annotated[_Files, typer.Option("--ldif", metavar="FILE", help="LDIF, or CSV of csvde.")] = None,
    graph: Annotated[_Files, typer.Option("--graph", metavar="FILE", help="JSON from Graph.")] = None,
    csexport: Annotated[_Files, typer.Option("--csexport", metavar="FILE", help="XML of csexport.")] = None,
    csobject: Annotated[
        _Files, typer.Option("--csobject", metavar="FILE", help="Get-ADSyncCSObject, as JSON or CLIXML.")
    ] = None,
    mvobject: Annotated[
        _Files, typer.Option("--mvobject", metavar="FILE", help="Get-ADSyncMVObject, as JSON or CLIXML.")
    ] = None,
    into: Annotated[
        Path | None, typer.Option("--into", metavar="FILE", help="The case file to write; without it, it is printed.")
    ] = None,
    output: Output = None,
    no_color: NoColor = False,
) -> None:
    """Build a case of one object from a customer's rules and state, and say what is still missing."""
    face = face_of(context, None, output, no_color=no_color)
    from attrflow.app.operations.case_import import import_case  # noqa: PLC0415 - loads the engine
    from attrflow.cli.case_import_text import draw_case_import  # noqa: PLC0415 - loads rich

    given: list[tuple[StateKind, Path]] = []
    kinds: dict[StateKind, _Files] = {
        "ldif": ldif,
        "graph": graph,
        "csexport": csexport,
        "csobject": csobject,
        "mvobject": mvobject,
    }
    for kind, paths in kinds.items():
        given += [(kind, path) for path in paths or ()]
    document = import_case(rules, given, object_, into)
    if face.for_people and document.file is None:
        typer.echo(document.case, nl=False)
        draw_case_import(face.messages, document)
    else:
        face.show(document, lambda console: draw_case_import(console, document))
    if not document.passed or document.errors:
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
