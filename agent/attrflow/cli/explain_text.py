"""Explain's lines on a terminal: laid out for its width, with sober colours for their style words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from rich.console import Console
from rich.text import Text

from attrflow.explain.text import NARROWEST, Line, Style

__all__ = ["draw_lines"]

_COLOURS: Mapping[Style, str] = {
    "": "",
    "title": "bold",
    "head": "bold",
    "name": "cyan",
    "value": "bold",
    "rule": "",
    "ok": "green",
    "bad": "red",
    "warn": "yellow",
    "dim": "dim",
    "frame": "dim",
    "number": "dim",
    "command": "bold cyan",
}
_WIDEST = 120


def draw_lines(console: Console, lines: Callable[[int], Iterable[Line]]) -> None:
    """Lay lines out for the width of the console, within what a layout needs and eyes can follow, and print them.

    A terminal that is still narrower breaks them as it likes; nothing is cut.
    """
    for segments in lines(min(max(console.width, NARROWEST), _WIDEST)):
        text = Text.assemble(*((words, _COLOURS[style]) for style, words in segments))
        text.rstrip()
        console.print(text, soft_wrap=True)
