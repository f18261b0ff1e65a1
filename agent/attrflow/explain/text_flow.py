"""The table of candidate mappings: Sync Rule, Data Source, target attribute; below each its status word."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from attrflow.explain.documents import FlowRow, NodeValue
from attrflow.explain.hops import FlowHop
from attrflow.explain.text import Line, Segment, Style, cut, line, padded, quoted, wrapped

__all__ = ["STATUS_STYLES", "flow_lines"]

STATUS_STYLES: dict[str, tuple[Style, str]] = {
    "applied-changed": ("ok", "✔"),
    "applied-no-change": ("ok", "✔"),
    "merged": ("ok", "✔"),
    "execute-once-kept": ("ok", "✔"),
    "lower-precedence": ("dim", "·"),
    "null-no-contribution": ("dim", "·"),
    "source-absent": ("dim", "·"),
    "ignored-this-flow": ("warn", "·"),
    "awaiting-confirmation": ("warn", "…"),
    "rule-disabled": ("bad", "✖"),
    "rule-out-of-scope": ("bad", "✖"),
    "no-link": ("bad", "✖"),
    "authoritative-null": ("bad", "■"),
    "blocked-by-authoritative-null": ("bad", "✖"),
    "reference-held": ("bad", "✖"),
    "expression-error": ("bad", "✖"),
    "type-mismatch": ("bad", "✖"),
    "multi-to-single": ("bad", "✖"),
    "too-long": ("bad", "✖"),
    "source-attribute-not-imported": ("bad", "✖"),
    "target-attribute-not-selected": ("bad", "✖"),
}
"""The style and mark of each status word."""

_NODES = 8
"""Sub-results shown; the document has all of them."""
_SOURCE_LINES = 12


def flow_lines(hop: FlowHop, width: int) -> list[Line]:
    """The table, or the note that says why there is none."""
    lines: list[Line] = []
    if hop.rows:
        target = "Metaverse Attribute" if hop.direction == "inbound" else "Target Attribute"
        columns = _widths(hop, width, target)
        lines += _cells(columns, ("Sync Rule",), ("Data Source",), (target,), ("dim", " "), "dim")
        decided = any(row.wins for row in hop.rows)
        several = len({row.rule.connector for row in hop.rows}) > 1
        for row in hop.rows:
            lines += _row(row, columns, width, decided=decided, several=several)
    if hop.note is not None:
        lines += [line(("bad", part)) for part in wrapped(hop.note, width)]
    return lines


def _rule_name(row: FlowRow, width: int) -> list[str]:
    """The precedence and the whole name, on as many lines as it needs."""
    number = f"{row.rule.precedence if row.rule.precedence is not None else '':>3} "
    first, *more = wrapped(row.rule.name, width - len(number))
    return [number + first, *(" " * len(number) + part for part in more)]


def _source(row: FlowRow) -> str:
    return f'"{row.source}"' if row.flow == "constant" else " ".join(row.source.split())


def _widths(hop: FlowHop, width: int, target: str) -> tuple[int, int, int]:
    """Columns that fit their contents as far as the width allows; names are broken before expressions are cut."""
    wanted = [
        max(20, *(len(_rule_name(row, 999)[0]) for row in hop.rows)),
        max(11, *(len(_source(row)) for row in hop.rows)),
        max(len(target), *(len(row.destination) for row in hop.rows)),
    ]
    excess = sum(wanted) - (width - 6)
    for column, least in ((1, 36), (0, 28), (1, 26), (0, 24), (1, 16), (2, 16)):
        less = max(0, min(excess, wanted[column] - least))
        wanted[column] -= less
        excess -= less
    return wanted[0], wanted[1], wanted[2]


def _cells(
    columns: tuple[int, int, int],
    rule: Sequence[str],
    source: Sequence[str],
    destination: Sequence[str],
    mark: Segment,
    style: Style,
) -> list[Line]:
    """A row of the table, whose cells may have several lines."""
    lines: list[Line] = []
    for number, (left, middle, right) in enumerate(zip_longest(rule, source, destination, fillvalue="")):
        lines.append(
            line(
                mark if number == 0 else " ",
                " ",
                padded(style, left, columns[0]),
                "  ",
                padded(style, middle, columns[1]),
                "  ",
                (style, right),
            )
        )
    return lines


def _row(row: FlowRow, columns: tuple[int, int, int], width: int, *, decided: bool, several: bool) -> list[Line]:
    rule, source, destination = columns
    style, mark = STATUS_STYLES.get(row.status or "", ("dim", "·"))
    if decided and row.status in ("rule-out-of-scope", "rule-disabled"):
        style, mark = "dim", "·"  # another rule gave the value: nothing is wrong here
    strong: Style = "rule" if row.wins else ""
    shown_source = _source(row)
    # an expression that decides is shown whole below; a name is never cut
    sources = [cut(shown_source, source)] if row.flow == "expression" else wrapped(shown_source, source)
    lines = _cells(
        columns, _rule_name(row, rule), sources, wrapped(row.destination, destination), (style, mark), strong
    )
    status = f"    {row.status or 'not evaluated'}" + (f" ({row.rule.connector})" if several else "")
    beside = _beside(row)
    wide = max(rule, len(status))
    room = width - 4 - wide
    if row.value.total:
        told: list[Segment] = [
            ("value", cut(beside, room)),
            *(("dim", part) for part in wrapped(row.detail or "", room) if part),
        ]
    else:
        told = [(style, part) for part in wrapped(beside, room)]
    for number, (told_style, part) in enumerate(told):
        lines.append(line("  ", padded(style, "" if number else status, wide), "  ", (told_style, part)))
    if row.flow == "expression" and _tells(row):
        lines += _parts(row, width, cut_off=len(shown_source) > source)
    return lines


def _beside(row: FlowRow) -> str:
    """The value, or, where there is none, the reason."""
    if row.value.total:
        texts = [quoted(value) for value in row.value.values[:3]]
        more = row.value.total - len(texts)
        return ", ".join(texts) + (f" and {more} more" if more else "")
    return row.detail or ""


def _tells(row: FlowRow) -> bool:
    """Whether the expression's parts are worth showing: it decided something, or gave nothing where it might have."""
    return row.wins or row.status in ("null-no-contribution", "expression-error", "authoritative-null", "type-mismatch")


def _parts(row: FlowRow, width: int, *, cut_off: bool) -> list[Line]:
    lines: list[Line] = []
    if cut_off:
        text = " ".join(row.source.split())
        whole = wrapped(text, width - 6)
        lines += [line("      ", ("dim", part)) for part in whole[:_SOURCE_LINES]]
        if len(whole) > _SOURCE_LINES:
            lines.append(line("      ", ("dim", f"and {len(whole) - _SOURCE_LINES} more lines of the expression")))
    nodes = _worth(row.nodes)
    for node in nodes[:_NODES]:
        left = cut(node.text, width // 2)
        lines.append(line("      ", ("dim", f"{left}  =  "), ("dim", cut(node.value, width - len(left) - 11))))
    if len(nodes) > _NODES:
        lines.append(line("      ", ("dim", f"and {len(nodes) - _NODES} more parts")))
    return lines


def _worth(nodes: tuple[NodeValue, ...]) -> list[NodeValue]:
    """The parts, each text once, without the whole, whose value is above."""
    seen: dict[str, NodeValue] = {}
    for node in nodes:
        if node.depth > 0 and node.text not in seen:
            seen[node.text] = node
    return sorted(seen.values(), key=lambda n: (len(n.text) > 48, -n.depth))
