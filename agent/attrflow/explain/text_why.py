"""A why as text: the answer first, then each cause with its evidence, its fix and the commands to type."""

from __future__ import annotations

from attrflow.explain.diagnoses.case import Diagnosis
from attrflow.explain.hops import FlowHop, Hop, MetaverseHop, SpaceHop, Trace
from attrflow.explain.text import (
    WIDTH,
    Line,
    Segment,
    Style,
    finding_lines,
    line,
    padded,
    rule_line,
    title_line,
    wrapped,
)
from attrflow.explain.text_trace import hop_mark, trace_lines
from attrflow.explain.why import Why

__all__ = ["why_lines"]

_LABEL = 10
_VERDICTS: dict[str, tuple[Style, str]] = {
    "cause-found": ("bad", "✖"),
    "in-the-cloud": ("ok", "✔"),
    "on-its-way": ("warn", "…"),
    "no-value": ("warn", "○"),
    "no-known-cause": ("warn", "?"),
}


def why_lines(why: Why, width: int = WIDTH) -> list[Line]:
    """The whole answer for so many columns. Where no cause is known, the trace follows in full."""
    subject = why.subject
    asked = f"{why.attribute} of {subject.name}" if why.attribute is not None else subject.name
    right = f"{subject.object_type or 'object'} #{subject.mv_id}" if subject.mv_id is not None else subject.kind
    lines = [line(), title_line(f"why {asked}", right, width)]
    if why.trace is not None:
        lines += _strip(why.trace, width)
    lines.append(line())
    style, mark = _VERDICTS[why.verdict]
    for number, text in enumerate(wrapped(why.headline, width - 4)):
        lines.append(line(" ", (style, mark if number == 0 else " "), " ", (style, text)))
    for diagnosis in why.diagnoses:
        repeated = diagnosis.cause in why.headline
        lines += [line(), *_diagnosis(diagnosis, width, repeated=repeated)]
    if why.attributes:
        lines += [line(), line(" ", ("head", "Attributes that do not arrive"))]
        for diagnosis in why.attributes:
            lines += [line(), *_diagnosis(diagnosis, width, repeated=False)]
    if why.findings:
        lines += [line(), *finding_lines(why.findings, width)]
    if why.trace is not None and why.verdict == "no-known-cause":
        lines += [line(), rule_line(width), *trace_lines(why.trace, width)]
    return lines


def _diagnosis(diagnosis: Diagnosis, width: int, *, repeated: bool) -> list[Line]:
    about = f"  {diagnosis.attribute}" if diagnosis.attribute is not None else ""
    lines = [line(" ", ("bad", diagnosis.id), "  ", ("head", diagnosis.title), ("name", about))]
    if not repeated:
        lines += _labelled("cause", (diagnosis.cause,), width)
    lines += _labelled("evidence", diagnosis.evidence, width, "dim")
    lines += _labelled("fix", tuple(text[0].upper() + text[1:] + "." for text in diagnosis.fix), width, "ok")
    for number, command in enumerate(diagnosis.commands):  # never broken: they are there to be copied
        lines.append(line("   ", padded("dim", "" if number else "then", _LABEL), "  ", ("command", f"$ {command}")))
    return lines


def _labelled(label: str, texts: tuple[str, ...], width: int, style: Style = "") -> list[Line]:
    lines = []
    for number, text in enumerate(texts):
        for part_number, part in enumerate(wrapped(text, width - _LABEL - 5)):
            first = number == 0 and part_number == 0
            lines.append(line("   ", padded("dim", label if first else "", _LABEL), "  ", (style, part)))
    return lines


def _strip(trace: Trace, width: int) -> list[Line]:
    """The way in one strip: each place with its mark."""
    current: list[Segment] = [("", " ")]
    lines: list[Line] = []
    for number, hop in enumerate(trace.hops):
        style, mark = hop_mark(hop)
        part: list[Segment] = [("frame", " ── ")] if number else []
        part += [(style, mark), ("dim", f" {_place(hop)}")]
        if sum(len(t) for _, t in (*current, *part)) > width:
            lines.append(tuple(current))
            current = [("", "   ")]
        current += part
    return [*lines, tuple(current)]


def _place(hop: Hop) -> str:
    if isinstance(hop, FlowHop):
        return "import flow" if hop.direction == "inbound" else "export flow"
    if isinstance(hop, MetaverseHop):
        return "metaverse"
    if isinstance(hop, SpaceHop):
        return f"{hop.connector} CS"
    return hop.connector if hop.hop == "directory" else "cloud"
