"""The face of one call: where results and messages go, in which form, and which project they are about.

Results go to standard output, everything else to standard error, so that a pipe gets results only.
It knows nothing of any single command.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from attrflow.app.project import Project
    from attrflow.cli.options import ProgressForm

__all__ = ["Face", "face_of"]


class Face:
    """How one call of attrflow speaks; made by the main command, completed by the options of the others."""

    def __init__(self, project: Path | None = None, *, no_color: bool = False) -> None:
        self.project = project
        self.no_color = no_color
        self.output = "text"

    # -- where it goes ----------------------------------------------------------------------------

    @property
    def console(self) -> Console:
        """Standard output, for people."""
        return self._console(sys.stdout)

    @property
    def messages(self) -> Console:
        """Standard error, for people: progress, warnings, errors."""
        return self._console(sys.stderr)

    def _console(self, file: IO[str]) -> Console:
        from attrflow.cli.console import new_console  # noqa: PLC0415 - rich is not loaded for JSON

        return new_console(file, no_color=self.no_color)

    # -- results ----------------------------------------------------------------------------------

    @property
    def for_people(self) -> bool:
        """Whether the result is wanted as text."""
        return self.output == "text"

    def show(self, document: object, draw: Callable[[Console], None]) -> None:
        """Show one result: the document as JSON, or what `draw` makes of it."""
        if self.for_people:
            draw(self.console)
            return
        from attrflow.app.shapes import render_json  # noqa: PLC0415 - not loaded for text

        typer.echo(render_json(document))

    def show_list(self, document: object, rows: Iterable[object], draw: Callable[[Console], None]) -> None:
        """Show a list: also as one document a line."""
        if self.output != "jsonl":
            self.show(document, draw)
            return
        import orjson  # noqa: PLC0415 - not loaded for text

        from attrflow.app.shapes import envelope  # noqa: PLC0415 - the same

        for row in rows:
            typer.echo(orjson.dumps(envelope(row)).decode("utf-8"))

    # -- signals ----------------------------------------------------------------------------------

    @contextmanager
    def stoppable(self, progress: ProgressForm) -> Iterator[Callable[[], bool]]:
        """Whether Ctrl-C or SIGTERM came while the block is at work; the first lets it end by itself."""
        from attrflow.cli.stopping import stoppable  # noqa: PLC0415 - only for what takes long

        with stoppable(quiet=progress == "jsonl") as stop:
            yield stop

    # -- the project ------------------------------------------------------------------------------

    def folder(self) -> Path:
        """The project's folder: the one that was named, or the nearest one from here upwards.

        Raises:
            SettingsError: there is none.
        """
        from attrflow.app.settings import find_project  # noqa: PLC0415 - not loaded for help

        return self.project if self.project is not None else find_project(Path.cwd())

    @property
    def place(self) -> str:
        """What commands that a text proposes need behind them to find the project; empty where nothing."""
        from attrflow.cli.proposals import place_of  # noqa: PLC0415 - not loaded for help

        return place_of(self.project) if self.project is not None else ""

    @contextmanager
    def opened(self, *, read_only: bool = False) -> Iterator[Project]:
        """The project, opened; errors as `app.project.opened_project`. Warnings about its texts are told."""
        from attrflow.app.project import opened_project  # noqa: PLC0415 - not loaded for help

        with opened_project(self.folder(), read_only=read_only) as project:
            if self.for_people and not read_only:
                for diagnostic in project.settings.warnings:
                    self.messages.print(str(diagnostic), style="yellow", soft_wrap=True)
            yield project


def face_of(
    context: typer.Context, project: Path | None = None, output: str | None = None, *, no_color: bool = False
) -> Face:
    """The face of this call with a command's own options; what a command does not say, the main command said."""
    face: Face = context.obj
    face.project = project if project is not None else face.project
    face.output = str(output) if output is not None else face.output
    face.no_color = face.no_color or no_color
    return face
