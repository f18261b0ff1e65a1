"""The commands that explain one object: `trace` and `why`."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from attrflow.cli.face import face_of
from attrflow.cli.options import AttributeArgument, NoColor, ObjectArgument, Output, ProjectFolder

__all__ = ["add_to"]

_Offline = Annotated[bool, typer.Option("--offline", help="Ask no directory: only what attrflow has stored.")]


def trace(
    context: typer.Context,
    object_: ObjectArgument,
    attribute: AttributeArgument,
    offline: _Offline = False,
    project: ProjectFolder = None,
    output: Output = None,
    no_color: NoColor = False,
) -> None:
    """The way of one value: directory, connector space, rules, metaverse, rules, Entra connector space, cloud."""
    face = face_of(context, project, output, no_color=no_color)
    from attrflow.app.operations import explaining  # noqa: PLC0415 - loads the engine
    from attrflow.cli.explain_text import draw_lines  # noqa: PLC0415 - loads rich
    from attrflow.explain.text_trace import trace_lines  # noqa: PLC0415 - loads the engine

    with face.opened(read_only=True) as opened:
        found = explaining.trace(opened, object_, attribute, live=not offline)
    document = explaining.trace_document(found)
    face.show(document, lambda console: draw_lines(console, partial(trace_lines, found)))


def why(
    context: typer.Context,
    object_: ObjectArgument,
    attribute: Annotated[
        str | None, typer.Argument(metavar="[ATTRIBUTE]", help="One attribute; else the object as a whole.")
    ] = None,
    offline: _Offline = False,
    project: ProjectFolder = None,
    output: Output = None,
    no_color: NoColor = False,
) -> None:
    """Why an object, or one attribute of it, does not reach the cloud: the cause, what shows it, and the fix."""
    face = face_of(context, project, output, no_color=no_color)
    from attrflow.app.operations import explaining  # noqa: PLC0415 - loads the engine
    from attrflow.cli.explain_text import draw_lines  # noqa: PLC0415 - loads rich
    from attrflow.explain.text_why import why_lines  # noqa: PLC0415 - loads the engine

    with face.opened(read_only=True) as opened:
        found = explaining.why(opened, object_, attribute, live=not offline, place=face.place)
    document = explaining.why_document(found)
    face.show(document, lambda console: draw_lines(console, partial(why_lines, found)))


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(trace)
    app.command()(why)
