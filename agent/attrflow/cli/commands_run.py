"""The commands that run something, and the history of what ran: `run`, `cycle`, `runs`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from attrflow.cli.face import Face, face_of
from attrflow.cli.failures import INTERRUPTED
from attrflow.cli.options import (
    ConnectorOption,
    LimitOption,
    ListOutput,
    NoColor,
    Output,
    ProgressForm,
    ProgressOption,
    ProjectFolder,
)

if TYPE_CHECKING:
    from rich.console import Console

    from attrflow.model.configuration import GuardKind
    from attrflow.runs.run import RunResult

__all__ = ["add_to", "exit_code", "word_exit_code"]

_runs = typer.Typer(no_args_is_help=False)


def run(
    context: typer.Context,
    connector: Annotated[str, typer.Argument(metavar="CONNECTOR", help="A connector of the project.")],
    profile: Annotated[
        str,
        typer.Argument(
            metavar="PROFILE",
            help="What to run: full-import, delta-import, full-sync, delta-sync, export, two of them in one step such "
            "as full-import-delta-sync, or a profile of the connector's own. The product's names fit too.",
        ),
    ],
    allow: Annotated[
        list[str] | None,
        typer.Option(
            "--allow",
            metavar="KIND[=N]",
            help="Let this one export pass the guard: deletes, disables, identity-changes or membership-removals, "
            "any number of them or up to N.",
        ),
    ] = None,
    allow_deletes: Annotated[bool, typer.Option("--allow-deletes", help="As --allow deletes.")] = False,
    drop: Annotated[
        Path | None,
        typer.Option("--drop", metavar="FILE", help="Write what would be imported or exported to a file; do no more."),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option("--resume", metavar="FILE", help="Import what such a file holds, without the directory."),
    ] = None,
    progress: ProgressOption = ProgressForm.auto,
    project: ProjectFolder = None,
    output: Output = None,
    no_color: NoColor = False,
) -> None:
    """Run one profile on one connector: full-import, delta-import, full-sync, delta-sync, export or its own."""
    face = face_of(context, project, output, no_color=no_color)
    if drop is not None and resume is not None:
        raise typer.BadParameter("a run writes a file or reads one, not both", param_hint="--drop")
    allowed = _allowed([*(allow or ()), *(["deletes"] * allow_deletes)])
    from attrflow.app.operations import running  # noqa: PLC0415 - loads the engine
    from attrflow.cli.progress import shown_progress  # noqa: PLC0415 - loads rich
    from attrflow.cli.runs_text import draw_run  # noqa: PLC0415 - loads rich

    with face.opened() as opened, shown_progress(face.messages, progress) as told, face.stoppable(progress) as stop:
        result = running.run(
            opened, connector, profile, progress=told, allowed=allowed, stop=stop, drop=drop, resume=resume
        )
    document = running.run_document(result.record)

    face.show(document, lambda console: draw_run(console, document, place=face.place))
    _tell_help(face, [result])
    raise typer.Exit(exit_code(result))


def cycle(
    context: typer.Context,
    initial: Annotated[
        bool, typer.Option("--initial/--delta", help="Import and synchronize everything, or what changed.")
    ] = False,
    progress: ProgressOption = ProgressForm.auto,
    project: ProjectFolder = None,
    output: Output = None,
    no_color: NoColor = False,
) -> None:
    """Run the scheduler's cycle on all connectors: imports, synchronizations, and exports out of staging mode."""
    face = face_of(context, project, output, no_color=no_color)
    from attrflow.app.operations import running  # noqa: PLC0415 - loads the engine
    from attrflow.cli.progress import shown_progress  # noqa: PLC0415 - loads rich
    from attrflow.cli.runs_text import draw_cycle  # noqa: PLC0415 - loads rich

    with face.opened() as opened:
        with shown_progress(face.messages, progress) as told, face.stoppable(progress) as stop:
            results = list(running.cycle(opened, initial=initial, progress=told, stop=stop))
        document = running.cycle_document(opened, results, initial=initial)

    face.show(document, lambda console: draw_cycle(console, document, place=face.place))
    _tell_help(face, results)
    raise typer.Exit(max((exit_code(result) for result in results), default=0))


def _allowed(texts: Sequence[str]) -> dict[GuardKind, int | None]:
    """What `--allow` says, by kind."""
    from attrflow.model.configuration import GUARDS  # noqa: PLC0415 - not loaded for help

    found: dict[GuardKind, int | None] = {}
    for text in texts:
        name, equals, number = text.partition("=")
        kind = next((one for one in GUARDS if one == name), None)
        if kind is None or (equals and not number.isdecimal()):
            raise typer.BadParameter(
                f"{text!r} is none of {', '.join(GUARDS)}, with =N or without", param_hint="--allow"
            )
        found[kind] = int(number) if equals else None
    return found


def exit_code(result: RunResult) -> int:
    """0 for a success or warnings; 1 where objects failed or the run was stopped; else its error's own."""
    word = result.record.result
    if word.startswith("no-start-") and result.error is not None:
        return result.error.exit_code
    return word_exit_code(word)


def word_exit_code(word: str) -> int:
    """The exit code of a result's word, where no error says more."""
    if word == "stopped-user-termination":
        return INTERRUPTED
    return 1 if word.startswith(("stopped-", "no-start-")) or word.endswith("-errors") else 0


@_runs.callback(invoke_without_command=True)
def _list_runs(
    context: typer.Context,
    connector: ConnectorOption = None,
    limit: LimitOption = 20,
    project: ProjectFolder = None,
    output: ListOutput = None,
    no_color: NoColor = False,
) -> None:
    """The run history, newest first; `runs show NUMBER` drills into one."""
    face = face_of(context, project, output, no_color=no_color)
    if context.invoked_subcommand is not None:
        return
    from attrflow.app.operations import running  # noqa: PLC0415 - loads the engine
    from attrflow.cli.runs_text import draw_runs  # noqa: PLC0415 - loads rich

    with face.opened(read_only=True) as opened:
        document = running.runs(opened, limit=limit, connector=connector)

    face.show_list(document, document.runs, lambda console: draw_runs(console, document, place=face.place))


@_runs.command("show")
def _show_run(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="The run's number.")],
    counter: Annotated[
        str | None, typer.Option("--counter", help="Only the objects behind this counter, such as stage-add.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also objects without errors, and requests that were answered at once.")
    ] = False,
    limit: LimitOption = 1000,
    project: ProjectFolder = None,
    output: Output = None,
    no_color: NoColor = False,
) -> None:
    """One run: its steps, the objects behind its counters, errors first, its requests, and what is left to do."""
    face = face_of(context, project, output, no_color=no_color)
    from attrflow.app.operations.run_details import run_detail  # noqa: PLC0415 - loads the engine
    from attrflow.cli.runs_text import draw_run_detail  # noqa: PLC0415 - loads rich

    with face.opened(read_only=True) as opened:
        document = run_detail(opened, number, counter=counter, limit=limit)

    def draw(console: Console) -> None:
        draw_run_detail(console, document, everything=everything, counter=counter, place=face.place)

    face.show(document, draw)


def _tell_help(face: Face, results: Sequence[RunResult]) -> None:
    """What failed runs should be followed by."""
    for result in results:
        if face.for_people and exit_code(result):
            number = result.record.number
            face.messages.print(f"`attrflow runs show {number}{face.place}` shows what went wrong.", soft_wrap=True)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(run)
    app.command()(cycle)
    app.add_typer(_runs, name="runs")
