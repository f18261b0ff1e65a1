"""The table of candidate mappings: Sync Rule, Data Source, target attribute; below each its status word."""

from __future__ import annotations

from attrflow.explain.documents import FlowRow, NodeValue
from attrflow.explain.hops import FlowHop
from attrflow.explain.text import Line, Style, cut, line, padded, quoted, wrapped

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


def flow_lines(hop: FlowHop, width: int) -> list[Line]:
    """The table, or the note that says why there is none."""
    lines: list[Line] = []
    if hop.rows:
        target = "Metaverse Attribute" if hop.direction == "inbound" else "Target Attribute"
        rule, source, destination = _widths(hop, width, target)
        lines.append(
            line(
                "  ",
                padded("dim", "Sync Rule", rule),
                "  ",
                padded("dim", "Data Source", source),
                "  ",
                ("dim", target),
            )
        )
        decided = any(row.wins for row in hop.rows)
        several = len({row.rule.connector for row in hop.rows}) > 1
        for row in hop.rows:
            lines += _row(row, (rule, source, destination), width, decided=decided, several=several)
    if hop.note is not None:
        lines += [line(("bad", part)) for part in wrapped(hop.note, width)]
    return lines


def _rule_name(row: FlowRow) -> str:
    return f"{row.rule.precedence if row.rule.precedence is not None else '':>3} {row.rule.name}"


def _widths(hop: FlowHop, width: int, target: str) -> tuple[int, int, int]:
    """Columns that fit their contents as far as the width allows; names before expressions."""
    room = width - 6
    destination = min(max(len(target), *(len(row.destination) for row in hop.rows)), 30)
    rule = min(max(20, *(len(_rule_name(row)) for row in hop.rows)), 40)
    wanted = max(11, *(len(" ".join(row.source.split())) + 2 * (row.flow == "constant") for row in hop.rows))
    source = min(wanted, max(room - destination - rule, 16))
    return min(rule, room - destination - source), source, destination


def _row(row: FlowRow, columns: tuple[int, int, int], width: int, *, decided: bool, several: bool) -> list[Line]:
    rule, source, destination = columns
    style, mark = STATUS_STYLES.get(row.status or "", ("dim", "·"))
    if decided and row.status in ("rule-out-of-scope", "rule-disabled"):
        style, mark = "dim", "·"  # another rule gave the value: nothing is wrong here
    strong: Style = "rule" if row.wins else ""
    shown_source = f'"{row.source}"' if row.flow == "constant" else " ".join(row.source.split())
    lines = [
        line(
            (style, mark),
            " ",
            padded(strong, _rule_name(row), rule),
            "  ",
            padded(strong, shown_source, source),
            "  ",
            (strong, cut(row.destination, destination)),
        )
    ]
    status = f"    {row.status or 'not evaluated'}" + (f" ({row.rule.connector})" if several else "")
    beside = _beside(row)
    room = width - 4 - rule
    first = cut(beside, room) if row.value.total else wrapped(beside, room)[0]
    value_style: Style = "value" if row.value.total else style
    lines.append(line("  ", padded(style, status, max(rule, len(status))), "  ", (value_style, first)))
    if not row.value.total and beside:
        lines += [line(" " * (rule + 4), (value_style, part)) for part in wrapped(beside, room)[1:]]
    elif row.detail:
        lines += [line(" " * (rule + 4), ("dim", part)) for part in wrapped(row.detail, room)]
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
        lines += [line("      ", ("dim", part)) for part in wrapped(text, width - 6)[:6]]
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
