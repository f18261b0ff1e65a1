"""The commands that look into the metaverse and the connector spaces: `mv` and `cs`, `search` and `show`."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from attrflow.cli.face import face_of
from attrflow.cli.options import (
    ConnectorOption,
    LimitOption,
    ListOutput,
    NoColor,
    ObjectArgument,
    Output,
    ProjectFolder,
)

__all__ = ["add_to"]

_mv = typer.Typer(no_args_is_help=True, help="The metaverse.")
_cs = typer.Typer(no_args_is_help=True, help="The connector spaces.")

_Text = Annotated[
    str, typer.Argument(metavar="[TEXT]", help="Part of a DN, UPN, mail address, account name, GUID or name.")
]
_Type = Annotated[str | None, typer.Option("--type", help="Only objects of this type.")]


@_mv.command("search")
def _mv_search(
    context: typer.Context,
    text: _Text = "",
    object_type: _Type = None,
    limit: LimitOption = 50,
    project: ProjectFolder = None,
    output: ListOutput = None,
    no_color: NoColor = False,
) -> None:
    """Metaverse objects by a part of a name; all of them without one."""
    face = face_of(context, project, output, no_color=no_color)
    from attrflow.app.operations.looking import mv_search  # noqa: PLC0415 - loads the engine
    from attrflow.cli.search_text import draw_mv_search  # noqa: PLC0415 - loads rich

    with face.opened(read_only=True) as opened:
        document = mv_search(opened, text, object_type=object_type, limit=limit)
    face.show_list(document, document.objects, lambda console: draw_mv_search(console, document))


@_mv.command("show")
def _mv_show(
    context: typer.Context,
    object_: ObjectArgument,
    project: ProjectFolder = None,
    output: Output = None,
    no_color: NoColor = False,
) -> None:
    """A metaverse object: every value with the connector, rule and run that it comes from, and its links."""
    face = face_of(context, project, output, no_color=no_color)
    from attrflow.app.operations.looking import mv_show  # noqa: PLC0415 - loads the engine
    from attrflow.cli.explain_text import draw_lines  # noqa: PLC0415 - loads rich
    from attrflow.explain.text_show import mv_lines  # noqa: PLC0415 - loads the engine

    with face.opened(read_only=True) as opened:
        document = mv_show(opened, object_)
    face.show(document, lambda console: draw_lines(console, partial(mv_lines, document)))


@_cs.command("search")
def _cs_search(
    context: typer.Context,
    text: _Text = "",
    connector: ConnectorOption = None,
    object_type: _Type = None,
    state: Annotated[
        list[str] | None,
        typer.Option(
            "--state",
            help="Only objects in this state: connector, disconnector, pending-import, pending-export, import-error, "
            "export-error, placeholder, transient or escrowed. Given twice, both must hold.",
        ),
    ] = None,
    below: Annotated[str | None, typer.Option("--below", metavar="DN", help="Only this container's.")] = None,
    limit: LimitOption = 50,
    project: ProjectFolder = None,
    output: ListOutput = None,
    no_color: NoColor = False,
) -> None:
    """Connector-space objects by a part of a name, by container and by state."""
    face = face_of(context, project, output, no_color=no_color)
    from attrflow.app.operations.looking import cs_search  # noqa: PLC0415 - loads the engine
    from attrflow.cli.search_text import draw_cs_search  # noqa: PLC0415 - loads rich

    with face.opened(read_only=True) as opened:
        document = cs_search(
            opened,
            text,
            connector=connector,
            object_type=object_type,
            states=tuple(state or ()),
            below=below,
            limit=limit,
        )
    face.show_list(document, document.objects, lambda console: draw_cs_search(console, document))


@_cs.command("show")
def _cs_show(
    context: typer.Context,
    object_: ObjectArgument,
    connector: ConnectorOption = None,
    project: ProjectFolder = None,
    output: Output = None,
    no_color: NoColor = False,
) -> None:
    """A connector-space object: its values, link, applied rules, errors, and the changes that wait."""
    face = face_of(context, project, output, no_color=no_color)
    from attrflow.app.operations.looking import cs_show  # noqa: PLC0415 - loads the engine
    from attrflow.cli.explain_text import draw_lines  # noqa: PLC0415 - loads rich
    from attrflow.explain.text_show import cs_lines  # noqa: PLC0415 - loads the engine

    with face.opened(read_only=True) as opened:
        document = cs_show(opened, object_, connector=connector)
    face.show(document, lambda console: draw_lines(console, partial(cs_lines, document)))


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(_mv, name="mv")
    app.add_typer(_cs, name="cs")
