"""The console that all text goes through, and the pieces that several pages are made of."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import IO, Any, NoReturn, cast

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

__all__ = ["listing", "new_console"]

WIDTH_OF_PIPES = 100
"""Columns where the output is no terminal and COLUMNS says nothing."""


_BLANKS = re.compile(r"[ ]+$", re.MULTILINE)


class _Console(Console):
    """A console that lets the main command decide what a broken pipe means."""

    def on_broken_pipe(self) -> NoReturn:
        """Called by rich while it handles the exception."""
        raise BrokenPipeError


class _Trimmed:
    """A stream that is no terminal: lines lose the blanks that fill up tables, so that they compare and copy well."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, text: str) -> int:
        """Write the text; rich writes whole lines."""
        self._file.write(_BLANKS.sub("", text))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def new_console(file: IO[str], *, no_color: bool) -> Console:
    """A console on a stream: no markup and no guessing of colours, since directories hold anything."""
    columns = os.environ.get("COLUMNS", "")
    width = None if file.isatty() else int(columns) if columns.isdecimal() and int(columns) else WIDTH_OF_PIPES
    stream = file if file.isatty() else cast("IO[str]", _Trimmed(file))
    return _Console(file=stream, width=width, no_color=no_color or None, highlight=False, markup=False, emoji=False)


def listing(*columns: str, right: Sequence[str] = (), keep: Sequence[str] = ()) -> Table:
    """A table with these headings.

    Args:
        columns: the headings.
        right: the columns that stand right-aligned, as numbers do.
        keep: the columns whose cells are never broken into lines; others are folded, never cut.
    """
    table = Table(
        box=SIMPLE_HEAD, header_style="bold", pad_edge=False, show_edge=False, padding=(0, 1), collapse_padding=True
    )
    for column in columns:
        table.add_column(
            column,
            justify="right" if column in right else "left",
            no_wrap=column in keep,
            overflow="fold",
        )
    return table
