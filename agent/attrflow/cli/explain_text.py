"""Explain's lines on a terminal: its style words as sober colours, broken where the terminal is narrower."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from rich.console import Console
from rich.text import Text

from attrflow.explain.text import Line, Style

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
_EDGE = re.compile(r"[ │]*")
_GAP = 2
"""Blanks that stay between what stood at the left edge and what stood at the right one."""
_NARROWEST = 30


def draw_lines(console: Console, lines: Iterable[Line]) -> None:
    """Print lines as they are laid out. A terminal that is narrower gets them broken; nothing is cut."""
    for segments in lines:
        for text in _fitted(console, segments):
            text.rstrip()
            console.print(text, soft_wrap=True)


def _fitted(console: Console, segments: Line) -> Iterator[Text]:
    text = _text(segments)
    width = max(console.width, _NARROWEST)
    if len(text) <= width:
        yield text
        return
    text = _text(_closer(segments, len(text) - width))
    edge = _EDGE.match(text.plain)
    indent = edge.end() if edge is not None else 0
    for part in text[indent:].wrap(console, width - indent):
        yield Text.assemble((text.plain[:indent], "dim"), part)


def _text(segments: Line) -> Text:
    return Text.assemble(*((words, _COLOURS[style]) for style, words in segments))


def _closer(segments: Line, excess: int) -> Line:
    """The line with its widest gap closed as far as needed: what it pushed to the right edge moves left."""
    gaps = [
        (len(words), index)
        for index, (_, words) in enumerate(segments)
        if not words.strip() and any(before.strip(" │") for _, before in segments[:index])
    ]
    if not gaps:
        return segments
    length, index = max(gaps)
    kept = (segments[index][0], " " * max(length - excess, min(length, _GAP)))
    return (*segments[:index], kept, *segments[index + 1 :])
