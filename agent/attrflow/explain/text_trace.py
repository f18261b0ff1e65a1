"""A trace as text: one block for each hop, joined by arrows, with aligned tables of rules."""

from __future__ import annotations

from attrflow.explain.documents import Held, Shown
from attrflow.explain.hops import (
    CloudHop,
    DirectoryHop,
    ErrorDocument,
    Hop,
    MetaverseHop,
    SpaceAttribute,
    SpaceHop,
    Trace,
)
from attrflow.explain.text import (
    WIDTH,
    Line,
    Segment,
    Style,
    cut,
    finding_lines,
    line,
    padded,
    shown_segments,
    since_text,
    time_text,
    title_line,
    wrapped,
)
from attrflow.explain.text_flow import flow_lines

__all__ = ["held_lines", "hop_lines", "hop_mark", "trace_lines"]

INDENT = 6
_NAME = 28

_OUTCOMES: dict[str, tuple[Style, str]] = {
    "in-the-cloud": ("ok", "✔"),
    "on-its-way": ("warn", "…"),
    "no-value": ("warn", "○"),
    "stopped": ("bad", "✖"),
    "unknown": ("warn", "?"),
}


def trace_lines(trace: Trace, width: int = WIDTH) -> list[Line]:
    """The whole trace, for so many columns."""
    subject = trace.subject
    right = f"{subject.object_type or 'object'} #{subject.mv_id}" if subject.mv_id is not None else subject.kind
    lines = [line(), title_line(f"{trace.way.asked} of {subject.name}", right, width)]
    lines += [line(" ", *way) for way in _way(trace, width)]
    lines.append(line())
    lines += hop_lines(trace.hops, width)
    style, mark = _OUTCOMES[trace.outcome.word]
    lines.append(line())
    for number, text in enumerate(wrapped(trace.outcome.text, width - 4)):
        lines.append(line(" ", (style, mark if number == 0 else " "), " ", (style, text)))
    lines += finding_lines(trace.findings, width)
    return lines


def _way(trace: Trace, width: int) -> list[Line]:
    """The names on the way, with arrows, broken where they do not fit."""
    way = trace.way
    sources = list(way.sources[:4]) + ([f"{len(way.sources) - 4} more"] if len(way.sources) > 4 else [])
    parts: list[Line] = [line(("name", ", ".join(sources) or "(constant)"))]
    if way.metaverse is not None:
        parts.append(line(("frame", " ──▶ "), ("dim", "metaverse "), ("name", way.metaverse)))
    for connector, names in way.targets.items():
        last: Segment = ("name", names[0]) if names else ("bad", "nothing")
        parts.append(line(("frame", " ──▶ "), ("dim", f"{connector} "), last))
    lines: list[Line] = []
    current: Line = ()
    for part in parts:
        if current and sum(len(t) for _, t in (*current, *part)) > width - 2:
            lines.append(current)
            current = line("  ")
        current = (*current, *part)
    return [*lines, current]


def hop_lines(hops: tuple[Hop, ...], width: int = WIDTH) -> list[Line]:
    """The hops, numbered, with an arrow from each to the next."""
    lines: list[Line] = []
    for number, hop in enumerate(hops, start=1):
        last = number == len(hops)
        style, mark, title, right, body = _block(hop, width - INDENT - 1)
        lines.append(_header(number, style, mark, title, right, width))
        if not _fits(title, right, width):
            body = [*_note(right, width - INDENT - 1), *body]
        bar = " " if last else "│"
        lines += [line(("frame", f"   {bar}"), "  ", *inner) for inner in body]
        if not last:
            lines.append(line(("frame", "   ▼")))
    return lines


def hop_mark(hop: Hop) -> tuple[Style, str]:
    """The mark of a hop: a full circle where the value is there, an empty one where there is none, a cross."""
    style, mark, *_ = _block(hop, WIDTH)
    return style, mark


def _fits(title: str, right: str, width: int) -> bool:
    """Whether both stand in the line of the header; else what belongs to the right has lines of its own."""
    return len(title) + len(right) <= width - 10


def _header(number: int, style: Style, mark: str, title: str, right: str, width: int) -> Line:
    """The number stands in the gutter, the mark over the line that leads on."""
    right = right if _fits(title, right, width) else ""
    gap = width - 7 - len(title) - len(right)
    return line(
        ("number", f"{number:>2}"), " ", (style, mark), "  ", ("head", title), " " * max(gap, 1), ("dim", right)
    )


Block = tuple[Style, str, str, str, list[Line]]


def _block(hop: Hop, inner: int) -> Block:
    if isinstance(hop, DirectoryHop):
        return _directory(hop, inner)
    if isinstance(hop, SpaceHop):
        return _space(hop, inner)
    if isinstance(hop, MetaverseHop):
        return _metaverse(hop, inner)
    if isinstance(hop, CloudHop):
        return _cloud(hop, inner)
    wins = any(row.wins for row in hop.rows)
    inbound = hop.direction == "inbound"
    title = "import attribute flow" if inbound else f"export attribute flow to {hop.connector}"
    right = "connector space ──▶ metaverse" if inbound else f"metaverse ──▶ {hop.connector}"
    return "ok" if wins else "bad", "●" if wins else "✖", title, right, flow_lines(hop, inner)


def _directory(hop: DirectoryHop, inner: int) -> Block:
    body: list[Line] = []
    read = False
    for attribute in hop.attributes:
        if attribute.unread is not None:
            continue
        read = True
        body += _named(attribute.name, attribute.value, inner)
        if attribute.differs:
            body.append(line(" " * (_NAME + 2), ("warn", "another value than the last import brought")))
    for why in dict.fromkeys(a.unread for a in hop.attributes if a.unread is not None):
        body += _note(f"Not read: {why.rstrip('.')}.", inner)
    if hop.note is not None:
        body += _note(hop.note, inner, "warn")
    present = any(not a.value.absent for a in hop.attributes)
    mark: tuple[Style, str] = ("ok", "●") if present else ("warn", "○") if read else ("dim", "○")
    return *mark, f"{hop.connector} directory", hop.dn, body


def _named(name: str, shown: Shown, inner: int, after: Segment | None = None) -> list[Line]:
    """An attribute's name with its values beside it."""
    name_width = max(_NAME, len(name))
    values = shown_segments(shown, max(inner - name_width - 2, 16))
    lines = [
        line(padded("name" if i == 0 else "", name if i == 0 else "", name_width), "  ", *v)
        for i, v in enumerate(values)
    ]
    if after is not None:
        room = inner - sum(len(t) for _, t in lines[0]) - 2
        if len(after[1]) <= room:
            lines[0] = (*lines[0], ("", " " * (room - len(after[1]) + 2)), after)
        else:
            lines.append(line(" " * (name_width + 2), after))
    return lines


def _note(text: str, inner: int, style: Style = "dim") -> list[Line]:
    return [line((style, part)) for part in wrapped(text, inner)]


_STATES: dict[str, tuple[Style, str]] = {
    "import-pending": ("warn", "imported, waits for synchronization"),
    "not-imported": ("bad", "not imported"),
    "confirmed": ("ok", "confirmed"),
    "unconfirmed": ("warn", "exported, not confirmed yet"),
    "in-flight": ("warn", "being exported, outcome not known"),
    "pending-export": ("warn", "waits for export"),
    "pending-delete": ("bad", "the object is to be deleted"),
}


def _space(hop: SpaceHop, inner: int) -> Block:
    body: list[Line] = []
    for attribute in hop.attributes:
        body += _space_attribute(attribute, hop.side, inner)
    if hop.cs_id is not None and not hop.attributes:
        body += _note("No rule writes anything of it here.", inner, "bad")
    if hop.link is not None:
        body += _note(hop.link[0].upper() + hop.link[1:] + ".", inner)
    if hop.note is not None:
        body += _note(hop.note, inner, "warn" if hop.cs_id is not None else "bad")
    if hop.error is not None:
        body += _error(hop.error, inner)
    there = any(not a.value.absent or (a.pending is not None and not a.pending.absent) for a in hop.attributes)
    held = any(a.held for a in hop.attributes)
    if hop.error is not None or held or hop.cs_id is None or (not there and hop.side == "target"):
        mark: tuple[Style, str] = ("bad", "✖")
    else:
        mark = ("ok", "●") if there else ("warn", "○")
    right = f"{hop.object_type or ''} #{hop.cs_id}" if hop.cs_id is not None else ""
    if hop.dn is not None and hop.side == "target":
        # nobody reads the DN of a cloud object, which is an encoded anchor; `cs show` has it in full
        right = f"{cut(hop.dn, 44) if hop.dn.startswith('CN={') else hop.dn}  {right}"
    return *mark, f"{hop.connector} connector space", right, body


def _space_attribute(attribute: SpaceAttribute, side: str, inner: int) -> list[Line]:
    style, word = _STATES.get(attribute.state, ("", ""))
    dated = since_text(attribute.since)
    shown = attribute.value
    if attribute.pending is None:
        tail = word if side == "target" or attribute.state == "not-imported" else ""
        note = "  ".join(part for part in (tail, dated) if part)
        mark: Segment = ("ok" if tail == "confirmed" else style or "dim", note)
        lines = _named(attribute.name, shown, inner, mark if note else None)
    else:
        own: Segment | None = ("dim", dated) if dated and side == "source" and not shown.absent else None
        lines = _named(attribute.name, shown, inner, own)
        flowed: Segment | None = ("dim", dated) if dated and side == "target" else None
        newer = _named(f"  {word}", attribute.pending, inner, flowed)
        lines += [line(("warn", segments[0][1]), *segments[1:]) for segments in newer]
    if attribute.detail is not None:
        lines += [line(" " * (_NAME + 2), ("dim", part)) for part in wrapped(attribute.detail, inner - _NAME - 2)]
    return lines + held_lines(attribute.held, inner)


def held_lines(held: tuple[Held, ...], inner: int) -> list[Line]:
    """References that do not flow, with the reasons."""
    lines: list[Line] = []
    for one in held[:6]:
        lines.append(line(("bad", "held  "), ("value", cut(one.target.text, inner - 6))))
        lines += [line("      ", ("bad", part)) for part in wrapped(one.reason, inner - 6)]
    if len(held) > 6:
        lines.append(line(("dim", f"and {len(held) - 6} more held references")))
    return lines


def _error(error: ErrorDocument, inner: int) -> list[Line]:
    what = f"{error.type}  at {error.step}, {error.retry_count + 1}×, since {time_text(error.first_occurred)}"
    lines = [line(("bad", part)) for part in wrapped(what, inner)]
    lines += _note(error.detail, inner, "bad")
    return lines


def _metaverse(hop: MetaverseHop, inner: int) -> Block:
    body: list[Line] = []
    if hop.mv_id is not None and hop.attribute is not None:
        body += _named(hop.attribute, hop.value, inner)
        if hop.rule is not None:
            number = f" ({hop.rule.precedence})" if hop.rule.precedence is not None else " (no longer among the rules)"
            by = wrapped(hop.rule.name + number, inner - _NAME - 2)
            for row, part in enumerate(by):
                body.append(line(padded("dim", "" if row else "  contributed by", _NAME), "  ", ("rule", part)))
            body.append(
                line(
                    padded("dim", "  connector, since", _NAME),
                    "  ",
                    f"{hop.connector}, ",
                    ("dim", since_text(hop.since)),
                )
            )
        if hop.would_be is not None:
            for value in shown_segments(hop.would_be, inner - _NAME - 2):
                body.append(line(padded("warn", "  next synchronization", _NAME), "  ", *value))
        body += held_lines(hop.held, inner)
    if hop.note is not None:
        body += _note(hop.note, inner, "bad")
    title = "metaverse" if hop.mv_id is None else f"metaverse {hop.object_type}"
    right = f"#{hop.mv_id}" if hop.mv_id is not None else ""
    there = not hop.value.absent
    return "ok" if there else "bad", "●" if there else "✖", title, right, body


def _cloud(hop: CloudHop, inner: int) -> Block:
    body: list[Line] = []
    if hop.unread is None and hop.attribute is not None:
        body += _named(hop.name or hop.attribute, hop.value, inner)
        if hop.differs:
            body += _note("Another value than attrflow knows.", inner, "warn")
        if hop.note is not None:
            body += _note(hop.note[0].upper() + hop.note[1:] + ".", inner, "warn" if hop.quarantined else "dim")
    elif hop.unread is not None:
        body += _note(f"Not read: {hop.unread.rstrip('.')}.", inner)
    read = hop.unread is None
    if hop.differs or hop.quarantined:
        return "warn", "●" if not hop.value.absent else "○", f"{hop.connector} cloud value", hop.object or "", body
    mark: tuple[Style, str] = ("ok", "●") if not hop.value.absent else ("bad", "✖") if read else ("dim", "○")
    return *mark, f"{hop.connector} cloud value", hop.object or "", body
