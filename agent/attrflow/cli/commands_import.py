"""The commands that take a customer's exported configuration in: `rules import`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from attrflow.cli.face import face_of
from attrflow.cli.options import NoColor, Output
from attrflow.model.errors import SettingsError

__all__ = ["Mapped", "add_to"]

_WRONG = 2

Mapped = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="GUID=CONNECTOR",
        help="Which connector is meant by a GUID or name of the export; '*' is every other. May stand several times.",
    ),
]


def _import(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", help="Exported files, or folders of them.")],
    into: Annotated[
        Path | None,
        typer.Option(
            "--into", metavar="DIR", help="A project, or a folder for rule files; without it nothing is written."
        ),
    ] = None,
    mapped: Mapped = None,
    output: Output = None,
    no_color: NoColor = False,
) -> None:
    """Read rules from the product's exports and write them as rule files; exit code 2 where a finding is an error."""
    face = face_of(context, None, output, no_color=no_color)
    from attrflow.app.imported import read_map  # noqa: PLC0415 - loads the importers
    from attrflow.app.operations.importing import import_rules  # noqa: PLC0415 - the same
    from attrflow.cli.import_text import draw_import  # noqa: PLC0415 - loads rich

    try:
        document = import_rules(paths, into, read_map(mapped or ()))
    except OSError as error:
        raise SettingsError(f"{error.filename or into} cannot be written: {error.strerror}") from error
    face.show(document, lambda console: draw_import(console, document))
    raise typer.Exit(_WRONG if document.errors else 0)


def add_to(rules: typer.Typer) -> None:
    """Add the commands to the group `rules`."""
    rules.command("import")(_import)
