"""The command that compares two configurations: `rules diff`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from attrflow.cli.face import Face
from attrflow.cli.faced import faced
from attrflow.model.errors import AttrflowError

__all__ = ["add_to"]

_DIFFERENT = 1
_TROUBLE = 2


def _diff(
    face: Face,
    left: Annotated[Path, typer.Argument(metavar="A", help="A project, a folder of rules, or an export.")],
    right: Annotated[Path, typer.Argument(metavar="B", help="Another one.")],
    names: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="EXPORTED=NAME", help="What a connector of an export is called here."),
    ] = None,
) -> None:
    """Compare two configurations by meaning; exit code 0 where they are the same, 1 where not, 2 for trouble."""
    from attrflow.app.imported import read_map  # noqa: PLC0415 - loads the importers
    from attrflow.app.operations.rule_diff import diff_rules  # noqa: PLC0415 - loads the rules
    from attrflow.cli.failures import tell_error  # noqa: PLC0415 - only where something went wrong
    from attrflow.cli.rules_diff_text import draw_diff  # noqa: PLC0415 - loads rich

    try:
        document = diff_rules(left, right, read_map(names or ()))
    except AttrflowError as error:
        # As with diff(1): a missing file is trouble, and 1 means that they differ.
        tell_error(face, error, exit_code=_TROUBLE)
        raise typer.Exit(_TROUBLE) from error
    face.show(document, lambda console: draw_diff(console, document))
    raise typer.Exit(0 if document.same else _DIFFERENT)


def add_to(group: typer.Typer) -> None:
    """Add this command to the group of rule commands."""
    group.command("diff")(faced(_diff, project=False))
