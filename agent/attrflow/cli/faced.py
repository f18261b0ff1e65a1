"""What goes with every command, said once: a command takes a face, and its options for that are put behind its own.

A command says only what is its own. Which project it is about, how it answers and whether in colours becomes the
face that it is given first.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, Concatenate, Final, ParamSpec, get_type_hints

import typer

from attrflow.cli.face import Face, face_of
from attrflow.cli.options import ListOutput, NoColor, Output, ProjectFolder

__all__ = ["faced"]

Own = ParamSpec("Own")

_CONTEXT: Final = inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)


def faced(
    command: Callable[Concatenate[Face, Own], None], *, project: bool = True, lists: bool = False
) -> Callable[..., None]:
    """The command as Typer reads it: with its own parameters, then `--project`, `--output` and `--no-color`.

    Args:
        command: takes the face first.
        project: whether it is about a project.
        lists: whether it lists, so that there is also one JSON document a line.
    """
    hints = get_type_hints(command, include_extras=True)
    _, *own = inspect.signature(command).parameters.values()

    def run(context: typer.Context, **given: Any) -> None:
        folder: Path | None = given.pop("project", None)
        face = face_of(context, folder, given.pop("output"), no_color=given.pop("no_color"))
        command(face, **given)  # type: ignore[call-arg]  # Typer gives what the signature below names

    shared = [
        *([_option("project", ProjectFolder, None)] if project else ()),
        _option("output", ListOutput if lists else Output, None),
        _option("no_color", NoColor, default=False),
    ]
    parameters = [_CONTEXT, *(one.replace(annotation=hints[one.name]) for one in own), *shared]
    run.__name__, run.__doc__ = command.__name__, command.__doc__
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # read before the real one
    return run


def _option(name: str, annotation: Any, default: object) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default, annotation=annotation)
