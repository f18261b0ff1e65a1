"""The commands about a customer's configuration: `rules import`, `init --from`, and back with `rules export`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from attrflow.cli.face import Face
from attrflow.cli.faced import faced
from attrflow.cli.options import ConnectorOption
from attrflow.model.errors import SettingsError

__all__ = ["Mapped", "add_to", "init_from"]

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
    face: Face,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", help="Exported files, or folders of them.")],
    into: Annotated[
        Path | None,
        typer.Option(
            "--into", metavar="DIR", help="A project, or a folder for rule files; without it nothing is written."
        ),
    ] = None,
    mapped: Mapped = None,
) -> None:
    """Read rules from the product's exports and write them as rule files; exit code 2 where a finding is an error."""
    from attrflow.app.imported import read_map  # noqa: PLC0415 - loads the importers
    from attrflow.app.operations.importing import import_rules  # noqa: PLC0415 - the same
    from attrflow.cli.import_text import draw_import  # noqa: PLC0415 - loads rich

    try:
        document = import_rules(paths, into, read_map(mapped or ()))
    except OSError as error:
        raise SettingsError(f"{error.filename or into} cannot be written: {error.strerror}") from error
    face.show(document, lambda console: draw_import(console, document))
    raise typer.Exit(_WRONG if document.errors else 0)


def init_from(face: Face, folder: Path, exported: Sequence[Path], name: str | None, mapped: Sequence[str]) -> None:
    """`init --from`: a project made of an exported configuration; exit code 2 where a finding is an error."""
    from attrflow.app.imported import read_map  # noqa: PLC0415 - loads the importers
    from attrflow.app.operations.importing import import_project  # noqa: PLC0415 - the same
    from attrflow.cli.import_text import draw_project_import  # noqa: PLC0415 - loads rich

    try:
        document = import_project(folder, exported, name, read_map(mapped))
    except OSError as error:
        raise SettingsError(f"{error.filename or folder} cannot be written: {error.strerror}") from error
    face.show(document, lambda console: draw_project_import(console, document))
    raise typer.Exit(_WRONG if document.imported.errors else 0)


def _export(
    face: Face,
    rules: Annotated[
        list[str] | None, typer.Argument(metavar="RULE", help="Rules by name, precedence, id or file; else all.")
    ] = None,
    to: Annotated[Path | None, typer.Option("--to", metavar="FILE", help="The script; else standard output.")] = None,
    connector: ConnectorOption = None,
    own: Annotated[bool, typer.Option("--own", help="Without default rules, of which a server has its own.")] = False,
    mapped: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="CONNECTOR=GUID", help="A connector's GUID on the server; else the project's."),
    ] = None,
) -> None:
    """Write rules as PowerShell that an administrator of the product reviews and runs."""
    from attrflow.app.imported import read_map  # noqa: PLC0415 - loads the importers
    from attrflow.app.operations.exporting import export_rules  # noqa: PLC0415 - the same
    from attrflow.cli.import_text import draw_export  # noqa: PLC0415 - loads rich

    try:
        document = export_rules(face.folder(), rules or (), to, read_map(mapped or ()), connector=connector, own=own)
    except OSError as error:
        raise SettingsError(f"{error.filename or to} cannot be written: {error.strerror}") from error
    if face.for_people and to is None:
        typer.echo(document.text, nl=False)
        draw_export(face.messages, document)
    else:
        face.show(document, lambda console: draw_export(console, document))
    raise typer.Exit(_WRONG if document.errors else 0)


def add_to(rules: typer.Typer) -> None:
    """Add the commands to the group `rules`."""
    rules.command("import")(faced(_import, project=False))
    rules.command("export")(faced(_export))
