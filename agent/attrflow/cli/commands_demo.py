"""The command `demo`: two mock forests and a mock tenant on this machine, a project between them, and a tour."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from attrflow.cli.face import Face, face_of
from attrflow.cli.options import NoColor, Output

if TYPE_CHECKING:
    from attrflow.app.operations.running import CycleDocument
    from attrflow.app.operations.touring import DemoDocument
    from attrflow.app.project import Project
    from attrflow.explain.text import Line

__all__ = ["add_to"]


def demo(
    context: typer.Context,
    folder: Annotated[
        Path, typer.Option("--dir", metavar="DIR", help="The project's folder; an earlier demo there is replaced.")
    ] = Path("attrflow-demo"),
    seed: Annotated[int, typer.Option("--seed", help="What the people of the directories follow from.")] = 1,
    output: Output = None,
    no_color: NoColor = False,
) -> None:
    """Try it: mock directories and a mock tenant, an initial cycle, one trace, and one why that ends in its fix."""
    face = face_of(context, None, output, no_color=no_color)
    from attrflow.app.operations.demo import demo_project  # noqa: PLC0415 - loads the engine

    face.messages.print("Starting two mock Active Directory forests and a mock Entra tenant ...", style="bold")
    with demo_project(folder, say=lambda text: face.messages.print(f"  {text}", soft_wrap=True), seed=seed) as project:
        document = _tour(face, project, folder)
    if not face.for_people:
        face.show(document, lambda _: None)
        return
    _farewell(face, folder)


def _tour(face: Face, project: Project, folder: Path) -> DemoDocument:
    from attrflow.app.operations import explaining  # noqa: PLC0415 - loads the engine
    from attrflow.app.operations.demo import ASKED, TRACED  # noqa: PLC0415 - the same
    from attrflow.app.operations.touring import DemoDocument  # noqa: PLC0415 - the same
    from attrflow.cli.proposals import place_of  # noqa: PLC0415 - the same
    from attrflow.cli.runs_text import draw_cycle  # noqa: PLC0415 - loads rich
    from attrflow.explain.text_trace import trace_lines  # noqa: PLC0415 - loads the engine
    from attrflow.explain.text_why import why_lines  # noqa: PLC0415 - the same

    _stop(face, "attrflow cycle --initial", "imports everything, synchronizes it, and exports it to the tenant")
    initial = _cycle(face, project, initial=True)
    if face.for_people:
        draw_cycle(face.console, initial)
    _stop(face, "attrflow cycle --delta", "imports what changed, which confirms the exports")
    confirming = _cycle(face, project, initial=False)

    _stop(face, f"attrflow trace {' '.join(TRACED)}", "one value on its way, hop by hop")
    traced = explaining.trace(project, *TRACED)
    _draw(face, partial(trace_lines, traced))

    _stop(face, f"attrflow why {' '.join(ASKED)}", "a fault that is planted in the directory")
    asked = explaining.why(project, *ASKED, place=place_of(folder))
    _draw(face, partial(why_lines, asked))
    return DemoDocument(
        str(folder.absolute()), initial, confirming, explaining.trace_document(traced), explaining.why_document(asked)
    )


def _cycle(face: Face, project: Project, *, initial: bool) -> CycleDocument:
    from attrflow.app.operations import running  # noqa: PLC0415 - loads the engine
    from attrflow.cli.progress import shown_progress  # noqa: PLC0415 - loads rich

    with shown_progress(face.messages) as progress:
        results = list(running.cycle(project, initial=initial, progress=progress))
    return running.cycle_document(project, results, initial=initial)


def _stop(face: Face, command: str, about: str) -> None:
    """The command that one could type oneself, and what it does."""
    from rich.text import Text  # noqa: PLC0415 - rich is loaded when something is shown

    if face.for_people:
        face.console.print()
        face.console.print(Text.assemble(("$ ", "dim"), (command, "bold cyan"), (f"   {about}", "dim")), soft_wrap=True)


def _draw(face: Face, lines: Callable[[int], Iterable[Line]]) -> None:
    from attrflow.cli.explain_text import draw_lines  # noqa: PLC0415 - loads rich

    if face.for_people:
        draw_lines(face.console, lines)


def _farewell(face: Face, folder: Path) -> None:
    from rich.text import Text  # noqa: PLC0415 - rich is loaded when something is shown

    from attrflow.cli.proposals import not_on_the_path, place_of  # noqa: PLC0415 - the same

    console = face.console
    console.print()
    console.print(Text.assemble("The project is in ", (str(folder.absolute()), "bold"), "."), soft_wrap=True)
    console.print("The mock servers have ended with the demo; what was stored can still be asked:")
    place = place_of(folder)
    for command in (
        "attrflow why ingrid.berg@contoso.test manager",
        "attrflow why per.lund@contoso.test employeeType",
        "attrflow why james.whitfield@contoso.test mobile",
        "attrflow why bo.ravn@havn-frakt.example",
        "attrflow mv show kari.nordmann@contoso.test",
        "attrflow runs",
    ):
        console.print(Text(f"  {command}{place}", "cyan"), soft_wrap=True)
    if (program := not_on_the_path()) is not None:
        console.print(f"attrflow is not on the search path: it is {program}", soft_wrap=True)


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(demo)
