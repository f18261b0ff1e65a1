"""The commands about a project as a whole: `init`, `rules check`, `demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from attrflow.cli.face import face_of
from attrflow.cli.options import NoColor, Output, ProjectFolder
from attrflow.model.errors import SettingsError

__all__ = ["add_init_to", "add_rules_to"]

_rules = typer.Typer(no_args_is_help=True, help="The project's synchronization rules.")

_WRONG = 2


def init(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where; it is made if it is not there.")],
    name: Annotated[str | None, typer.Option("--name", help="The project's name; else the folder's.")] = None,
    output: Output = None,
    no_color: NoColor = False,
) -> None:
    """Make a project: a commented attrflow.toml and the default rules of its connectors as files."""
    face = face_of(context, None, output, no_color=no_color)
    from attrflow.app.operations.projects import init_project  # noqa: PLC0415 - loads the rule library
    from attrflow.cli.project_text import draw_project  # noqa: PLC0415 - loads rich

    try:
        document = init_project(folder, name)
    except OSError as error:
        raise SettingsError(
            f"{error.filename or folder} cannot be written: {error.strerror}", help="Name another folder."
        ) from error
    face.show(document, lambda console: draw_project(console, document))


@_rules.command("check")
def _check(
    context: typer.Context, project: ProjectFolder = None, output: Output = None, no_color: NoColor = False
) -> None:
    """Check settings and rules and print every finding, with file, line and column; exit code 2 for errors."""
    face = face_of(context, project, output, no_color=no_color)
    from attrflow.app.operations.checking import rules_check  # noqa: PLC0415 - loads the rules
    from attrflow.cli.project_text import draw_rules_check  # noqa: PLC0415 - loads rich

    document = rules_check(face.folder())
    face.show(document, lambda console: draw_rules_check(console, document, place=face.place))
    raise typer.Exit(_WRONG if document.errors else 0)


@_rules.command("defaults")
def _defaults(
    context: typer.Context, project: ProjectFolder = None, output: Output = None, no_color: NoColor = False
) -> None:
    """Write the default rules of connectors that have none, as after one was added to attrflow.toml."""
    face = face_of(context, project, output, no_color=no_color)
    from attrflow.app.operations.projects import add_default_rules  # noqa: PLC0415 - loads the rule library
    from attrflow.cli.project_text import draw_default_rules  # noqa: PLC0415 - loads rich

    folder = face.folder()
    try:
        document = add_default_rules(folder)
    except OSError as error:
        raise SettingsError(f"{error.filename or folder} cannot be written: {error.strerror}") from error
    face.show(document, lambda console: draw_default_rules(console, document))


def add_init_to(app: typer.Typer) -> None:
    """Add `init`."""
    app.command()(init)


def add_rules_to(app: typer.Typer) -> None:
    """Add `rules`."""
    app.add_typer(_rules, name="rules")
