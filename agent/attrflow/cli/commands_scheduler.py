"""The commands of the scheduler: `scheduler run`, `status`, `suspend`, `resume`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from attrflow.cli.commands_run import word_exit_code
from attrflow.cli.face import Face, face_of
from attrflow.cli.options import NoColor, Output, ProgressForm, ProgressOption, ProjectFolder

if TYPE_CHECKING:
    from attrflow.app.operations.running import CycleDocument
    from attrflow.app.operations.scheduling import SchedulerDocument, Waiting

__all__ = ["add_to"]

_scheduler = typer.Typer(no_args_is_help=True, help="Cycles as they are due.")


@_scheduler.command("run")
def _run(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="One cycle at once, due or not, and no more.")] = False,
    progress: ProgressOption = ProgressForm.auto,
    project: ProjectFolder = None,
    output: Output = None,
    no_color: NoColor = False,
) -> None:
    """Run cycles as they are due, in the foreground, until Ctrl-C or SIGTERM; with -o json one document a line."""
    face = face_of(context, project, output, no_color=no_color)
    from attrflow.app.operations.scheduling import run_scheduler  # noqa: PLC0415 - loads the engine
    from attrflow.app.world import SystemWorld  # noqa: PLC0415 - the same
    from attrflow.cli.progress import shown_progress  # noqa: PLC0415 - loads rich

    code = 0
    with shown_progress(face.messages, progress) as told, face.stoppable(progress) as stop:
        cycles = run_scheduler(
            face.folder(),
            SystemWorld(0),
            once=once,
            progress=told,
            stop=stop,
            told=lambda waiting: _tell_waiting(face, waiting),
        )
        for document in cycles:
            _show_cycle(face, document)
            code = word_exit_code(document.result)
    raise typer.Exit(code if once else 0)


def _show_cycle(face: Face, document: CycleDocument) -> None:
    if face.for_people:
        from attrflow.cli.runs_text import draw_cycle  # noqa: PLC0415 - loads rich

        draw_cycle(face.console, document, place=face.place)
        return
    import orjson  # noqa: PLC0415 - not loaded for text

    from attrflow.app.shapes import envelope  # noqa: PLC0415 - the same

    typer.echo(orjson.dumps(envelope(document)).decode())


def _tell_waiting(face: Face, waiting: Waiting) -> None:
    from attrflow.cli.failures import tell_error  # noqa: PLC0415 - loads rich
    from attrflow.cli.words import short_time  # noqa: PLC0415 - not loaded for help

    if waiting.error is not None:
        tell_error(face, waiting.error)
        face.messages.print("The cycle is tried again in a minute.")
    elif waiting.suspended_since is not None:
        face.messages.print(
            f"Suspended since {short_time(waiting.suspended_since)} UTC: "
            f"`attrflow scheduler resume{face.place}` ends that.",
            soft_wrap=True,
        )
    elif waiting.until is not None:
        face.messages.print(f"The next cycle is due at {short_time(waiting.until)} UTC.", soft_wrap=True)


@_scheduler.command("status")
def _status(
    context: typer.Context, project: ProjectFolder = None, output: Output = None, no_color: NoColor = False
) -> None:
    """When the next cycle is due, what it will do in full and why, and how the last one ended."""
    face = face_of(context, project, output, no_color=no_color)
    from attrflow.app.operations.scheduling import scheduler_status  # noqa: PLC0415 - loads the engine

    with face.opened(read_only=True) as opened:
        _show(face, scheduler_status(opened))


@_scheduler.command("suspend")
def _suspend(
    context: typer.Context,
    because: Annotated[str | None, typer.Option("--because", help="Why, for whoever asks.")] = None,
    project: ProjectFolder = None,
    output: Output = None,
    no_color: NoColor = False,
) -> None:
    """Keep cycles from starting; one that runs comes to its end. Commands by hand work as before."""
    face = face_of(context, project, output, no_color=no_color)
    from attrflow.app.operations.scheduling import suspend_scheduler  # noqa: PLC0415 - loads the engine

    with face.opened() as opened:
        _show(face, suspend_scheduler(opened, because))


@_scheduler.command("resume")
def _resume(
    context: typer.Context, project: ProjectFolder = None, output: Output = None, no_color: NoColor = False
) -> None:
    """Let cycles start again when they are due; one that was missed is due at once."""
    face = face_of(context, project, output, no_color=no_color)
    from attrflow.app.operations.scheduling import resume_scheduler  # noqa: PLC0415 - loads the engine

    with face.opened() as opened:
        _show(face, resume_scheduler(opened))


def _show(face: Face, document: SchedulerDocument) -> None:
    from attrflow.cli.scheduler_text import draw_scheduler  # noqa: PLC0415 - loads rich

    face.show(document, lambda console: draw_scheduler(console, document, place=face.place))


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(_scheduler, name="scheduler")
