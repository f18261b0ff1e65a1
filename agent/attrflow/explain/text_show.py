"""Stored objects and search results as text: attributes grouped by who gave them, links, pending changes."""

from __future__ import annotations

from collections.abc import Iterable

from attrflow.explain.hops import ErrorDocument
from attrflow.explain.show_documents import (
    CSDocument,
    CSRow,
    HeldRow,
    MVDocument,
    MVRow,
    PendingDocument,
    SearchPage,
    ValueRow,
)
from attrflow.explain.text import (
    WIDTH,
    Line,
    Segment,
    Style,
    cut,
    line,
    padded,
    shown_segments,
    since_text,
    time_text,
    title_line,
    wrapped,
)

__all__ = ["cs_lines", "mv_lines", "search_lines"]

_NAME = 30
_EDGE = _NAME + 6
"""What a line of values needs besides the value."""


def mv_lines(document: MVDocument, width: int = WIDTH) -> list[Line]:
    """A metaverse object: its values by contributor, its connectors, what is held."""
    lines = [line(), title_line(document.name, f"metaverse {document.object_type} #{document.mv_id}", width)]
    lines += _values(document.attributes, width)
    lines += _heading("Connectors")
    for row in document.connectors:
        rule = f" by {row.rule.name}" if row.rule is not None else ""
        state = f", {row.state}" if row.state != "normal" else ""
        first, *more = wrapped(row.dn, width - 20)
        lines.append(line("   ", padded("name", row.connector, 14), "  ", first))
        lines += [line(" " * 19, part) for part in more]
        how = wrapped(f"{row.object_type} #{row.cs_id}, {row.link}{rule}, {since_text(row.since)}{state}", width - 20)
        lines += [line(" " * 19, ("dim", part)) for part in how]
    lines += _held(document.held, width)
    if document.retry:
        text = "To be flowed again by the next synchronization: " + ", ".join(document.retry)
        lines += [line(), *(line("   ", ("warn", part)) for part in wrapped(text, width - 4))]
    return lines


def cs_lines(document: CSDocument, width: int = WIDTH) -> list[Line]:
    """A connector-space object: its values, its lineage, its pending changes and errors."""
    right = f"{document.connector} {document.object_type or document.kind} #{document.cs_id}"
    lines = [line(), title_line(cut(document.dn, width - len(right) - 5), right, width)]
    whole = document.dn if len(document.dn) > width - len(right) - 5 else None
    facts = [("dn", whole), ("anchor", document.anchor), ("partition", document.partition), ("link", document.link)]
    if document.mv_id is not None:
        facts.append(("metaverse", f"{document.mv_name} (#{document.mv_id})"))
    if document.kind != "staging" or document.transient or document.state != "normal":
        words = [document.kind, "transient" if document.transient else "", document.state]
        facts.append(("kind", ", ".join(word for word in words if word and word != "normal")))
    for name, text in facts:
        if text:
            for row_number, part in enumerate(wrapped(text, width - 18)):
                lines.append(line("   ", padded("dim", "" if row_number else name, 12), "  ", part))
    for error in (document.import_error, document.export_error):
        if error is not None:
            lines += _error(error, width)
    lines += _values(document.attributes, width)
    for pending in document.pending:
        lines += _pending(pending, width)
    if document.applied:
        lines += _heading("Lineage")
        for row in document.applied:
            number = f"{row.rule.precedence}" if row.rule.precedence is not None else "gone"
            first, *more = wrapped(row.rule.name, width - 34)
            lines.append(
                line(
                    "   ",
                    padded("dim", number, 4),
                    "  ",
                    padded("rule", first, width - 34),
                    "  ",
                    padded("", row.direction, 9),
                    "  ",
                    row.action,
                )
            )
            lines += [line(" " * 9, ("rule", part)) for part in more]
    return lines + _held(document.held, width)


def _heading(text: str) -> list[Line]:
    return [line(), line(" ", ("head", text))]


def _values(rows: Iterable[ValueRow], width: int) -> list[Line]:
    """Attributes under a line that says who gave them and since when."""
    groups: dict[str, list[ValueRow]] = {}
    for row in sorted(rows, key=lambda r: (_precedence(r), r.attribute.casefold())):
        groups.setdefault(_contributor(row), []).append(row)
    lines: list[Line] = []
    for heading, members in groups.items():
        lines += [line(), *(line(" ", ("dim", part)) for part in wrapped(heading, width - 2))]
        for row in members:
            for number, value in enumerate(shown_segments(row.value, width - _EDGE)):
                lines.append(line("   ", padded("name", row.attribute if number == 0 else "", _NAME), "  ", *value))
            if row.contributors:
                names = ", ".join(dict.fromkeys(f"{r.connector}: {r.name}" for r in row.contributors))
                lines += [
                    line(" " * (_NAME + 5), ("dim", part)) for part in wrapped(f"merged from {names}", width - _EDGE)
                ]
    return lines


def _precedence(row: ValueRow) -> tuple[int, str]:
    if row.rule is None:
        return (10_000, str(row.since.run if row.since is not None else ""))
    return (row.rule.precedence if row.rule.precedence is not None else 9_999, row.rule.id)


def _contributor(row: ValueRow) -> str:
    if row.since is None and row.rule is None:
        return "another value waits for export"
    since = f"since {since_text(row.since)}" if row.since is not None else "since an unknown run"
    if row.rule is None:
        return f"imported, {since}"
    number = f" ({row.rule.precedence})" if row.rule.precedence is not None else " (no longer among the rules)"
    return f"{row.connector}: {row.rule.name}{number}, {since}"


_LAYERS = {
    "pending-import": "Pending import",
    "unconfirmed": "Exported, not confirmed yet",
    "escrowed": "Being exported, outcome not known",
    "pending-export": "Pending export",
}


def _pending(pending: PendingDocument, width: int) -> list[Line]:
    lines = [line(), line(" ", ("head", _LAYERS[pending.layer]), ("warn", f"  {pending.operation}"))]
    if pending.new_dn is not None:
        lines.append(line("   ", ("dim", "moves to  "), ("value", pending.new_dn)))
    if pending.old_dn is not None:
        lines.append(line("   ", ("dim", "came from "), ("value", pending.old_dn)))
    for change in pending.changes:
        rows: list[tuple[str, Style, list[Line]]] = []
        if not change.old.absent:
            rows.append(("-", "bad", shown_segments(change.old, width - _EDGE - 2)))
        if not change.new.absent:
            rows.append(("+", "ok", shown_segments(change.new, width - _EDGE - 2)))
        name = change.attribute
        for mark, style, values in rows:
            for value in values:
                lines.append(line("   ", padded("name", name, _NAME), "  ", (style, mark), " ", *value))
                name = ""
        if change.rule is not None:
            by = f"{change.rule.name}, {since_text(change.since)}"
            lines += [line(" " * (_NAME + 7), ("dim", part)) for part in wrapped(by, width - _EDGE - 2)]
    return lines


def _error(error: ErrorDocument, width: int) -> list[Line]:
    what = f"{error.type} at {error.step}, {error.retry_count + 1}×, since {time_text(error.first_occurred)}"
    lines = [line(), line(" ", ("bad", f"✖ {what}"))]
    return lines + [line("   ", ("bad", part)) for part in wrapped(error.detail, width - 4)]


def _held(rows: Iterable[HeldRow], width: int) -> list[Line]:
    lines: list[Line] = []
    for row in rows:
        if not lines:
            lines += _heading("Held references")
        way = f"from {row.connector}" if row.inbound else f"to {row.connector}"
        lines.append(
            line("   ", padded("name", row.attribute, _NAME), "  ", ("value", cut(row.held.target.text, width - _EDGE)))
        )
        lines += [
            line(" " * (_NAME + 5), ("dim", part)) for part in wrapped(f"{way}: {row.held.reason}", width - _EDGE)
        ]
    return lines


def search_lines(page: SearchPage, width: int = WIDTH) -> list[Line]:
    """What a search found, one line for each object or more where a name is long."""
    if not page.rows:
        return [line(" ", ("dim", "nothing found"))]
    lines: list[Line] = []
    for row in page.rows:
        lines += _mv_row(row, width) if isinstance(row, MVRow) else _cs_row(row, width)
    if page.next_after is not None:
        lines.append(line(" ", ("dim", f"and more after #{page.next_after}")))
    return lines


def _mv_row(row: MVRow, width: int) -> list[Line]:
    head = [line(" ", padded("dim", f"#{row.mv_id}", 8), ("name", row.name), "  ", ("dim", row.object_type))]
    about = "  ".join(part for part in (row.upn or "", ", ".join(row.connectors)) if part)
    return head + [line(" " * 9, ("dim", part)) for part in wrapped(about, width - 9)]


def _cs_row(row: CSRow, width: int) -> list[Line]:
    words = [row.kind if row.kind != "staging" else "" if row.linked else "disconnector"]
    words += [f"import {row.pending_import}" if row.pending_import else ""]
    words += [f"export {row.pending_export}" if row.pending_export else "", row.error or ""]
    state = ", ".join(word for word in words if word)
    first, *more = wrapped(row.name, width - 9)
    lines = [line(" ", padded("dim", f"#{row.cs_id}", 8), ("name", first))]
    lines += [line(" " * 9, ("name", part)) for part in more]
    after: Segment = ("bad" if row.error else "warn", state)
    return [*lines, line(" " * 9, ("dim", row.connector), *((("", "  "), after) if state else ()))]
