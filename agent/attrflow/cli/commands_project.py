"""The command that makes a project: `init`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from attrflow.cli.commands_import import Mapped, init_from
from attrflow.cli.face import face_of
from attrflow.cli.options import NoColor, Output
from attrflow.model.errors import SettingsError

__all__ = ["add_init_to"]


def init(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where; it is made if it is not there.")],
    name: Annotated[str | None, typer.Option("--name", help="The project's name; else the folder's.")] = None,
    features: Annotated[
        list[str] | None,
        typer.Option(
            "--feature",
            metavar="KEY[=VALUE]",
            help="What the default rules follow from, as in [features]: lync, apps=all, anchor=mS-DS-ConsistencyGuid.",
        ),
    ] = None,
    exported: Annotated[
        list[Path] | None,
        typer.Option(
            "--from",
            metavar="PATH",
            help="A server's exported configuration: connectors, metaverse and rules come from it.",
        ),
    ] = None,
    mapped: Mapped = None,
    output: Output = None,
    no_color: NoColor = False,
) -> None:
    """Make a project: a commented attrflow.toml and the default rules of its connectors as files.

    With --from it is made of an exported configuration, and has the rules of that server.
    """
    face = face_of(context, None, output, no_color=no_color)
    if exported:
        if features:
            raise SettingsError("--feature does not go with --from: the export says what the rules are")
        init_from(face, folder, exported, name, mapped or ())
        return
    if mapped:
        raise SettingsError("--map goes with --from: it names the connectors of an export")
    from attrflow.app.operations.projects import init_project  # noqa: PLC0415 - loads the rule library
    from attrflow.cli.project_text import draw_project  # noqa: PLC0415 - loads rich

    try:
        given = {key.strip(): value for key, _, value in (text.partition("=") for text in features or ())}
        document = init_project(folder, name, features=given)
    except OSError as error:
        raise SettingsError(
            f"{error.filename or folder} cannot be written: {error.strerror}", help="Name another folder."
        ) from error
    face.show(document, lambda console: draw_project(console, document))


def add_init_to(app: typer.Typer) -> None:
    """Add `init`."""
    app.command()(init)
