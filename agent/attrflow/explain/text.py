"""Plain text with meaning: lines of segments, each a style word and a text.

Faces give the words colours; `plain` leaves them out. Nothing here knows a terminal: widths are
counted in characters, and lines are laid out for as many columns as a face says, `NARROWEST` at least.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Literal

from attrflow.explain.documents import Finding, Shown, ShownValue, Since

__all__ = [
    "NARROWEST",
    "WIDTH",
    "Line",
    "Segment",
    "Style",
    "cut",
    "finding_lines",
    "line",
    "padded",
    "plain",
    "quoted",
    "rule_line",
    "shown_segments",
    "since_text",
    "time_text",
    "title_line",
    "wrapped",
]

WIDTH = 100
"""Columns, where a face does not say how many it has."""
NARROWEST = 80
"""Columns that every layout needs."""

_VALUE_LINES = 3

Style = Literal["", "title", "head", "name", "value", "rule", "ok", "bad", "warn", "dim", "frame", "number", "command"]
"""What a text is: `name` an attribute's or object's, `value` a value, `frame` the drawing around it."""

Segment = tuple[Style, str]
Line = tuple[Segment, ...]


def line(*segments: Segment | str) -> Line:
    """A line of segments; a bare text has no style."""
    return tuple(("", s) if isinstance(s, str) else s for s in segments)


def plain(lines: Iterable[Line]) -> str:
    """The lines as text, without blanks at their ends."""
    return "\n".join("".join(text for _, text in segments).rstrip() for segments in lines)


def cut(text: str, width: int) -> str:
    """The text on one line, with an ellipsis where it is longer than the width."""
    text = " ".join(text.split()) if "\n" in text else text
    return text if len(text) <= width else text[: width - 1] + "…"


def padded(style: Style, text: str, width: int) -> Segment:
    """A segment of exactly that width."""
    return (style, cut(text, width).ljust(width))


def wrapped(text: str, width: int) -> list[str]:
    """The text broken at blanks; a word that is longer than the width is broken too."""
    return textwrap.wrap(text, width, break_on_hyphens=False) or [""]


def quoted(value: ShownValue) -> str:
    """A value as it stands in text: strings in quotes, so that blanks show; line breaks as \\n."""
    if value.kind == "text":
        return '"' + value.text.replace("\r", "\\r").replace("\n", "\\n") + '"'
    return value.text


def shown_segments(shown: Shown, width: int, *, limit: int = 6) -> list[Line]:
    """Values, each on a line of its own or, if it is long, on up to three; what is left out is counted."""
    if shown.absent:
        return [line(("dim", "no value"))]
    lines = []
    for value in shown.values[:limit]:
        text = quoted(value)
        note = f"  {value.note}" if value.note is not None and len(text) + len(value.note) + 2 <= width else ""
        if len(text) <= width:
            lines.append(line(("value", text), ("dim", note)))
        else:
            lines += [line(("value", part)) for part in _pieces(cut(text, _VALUE_LINES * width), width)]
    more = shown.total - min(limit, len(shown.values))
    if more > 0:
        lines.append(line(("dim", f"and {more} more")))
    return lines


def _pieces(text: str, width: int) -> list[str]:
    """A value in pieces of the width, blanks and all, since they are part of it; after a comma if one is near.

    >>> _pieces("CN=Lars Eide,DC=contoso,DC=test", 25)
    ['CN=Lars Eide,DC=contoso,', 'DC=test']
    """
    pieces = []
    while len(text) > width:
        comma = text.rfind(",", width - width // 3, width) + 1
        pieces.append(text[: comma or width])
        text = text[comma or width :]
    return [*pieces, text]


def time_text(at: str | None) -> str:
    """An ISO time as people read it: to the minute, UTC."""
    return f"{at[:10]} {at[11:16]}" if at is not None else ""


def since_text(since: Since | None) -> str:
    """A run with its time."""
    if since is None:
        return ""
    return f"run {since.run}" + (f", {time_text(since.at)}" if since.at is not None else "")


def title_line(left: str, right: str, width: int = WIDTH) -> Line:
    """A heading with something at the right edge."""
    gap = width - len(left) - len(right) - 2
    if gap < 2:
        return line(" ", ("title", left), "  ", ("dim", right))
    return line(" ", ("title", left), " " * gap, ("dim", right))


def rule_line(width: int = WIDTH) -> Line:
    """A line across."""
    return line(" ", ("frame", "─" * (width - 2)))


def finding_lines(findings: Iterable[Finding], width: int = WIDTH) -> list[Line]:
    """Findings, each with its mark."""
    marks: dict[str, tuple[Style, str]] = {"error": ("bad", "✖"), "warning": ("warn", "!"), "note": ("dim", "i")}
    lines: list[Line] = []
    for finding in findings:
        style, mark = marks[finding.severity]
        for number, text in enumerate(wrapped(finding.text, width - 5)):
            lines.append(line(" ", (style, mark if number == 0 else " "), " ", (style, text)))
    return lines
