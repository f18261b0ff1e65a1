"""An attribute graph drawn: as SVG, laid out here in three columns, and as DOT for Graphviz.

Left what is read from directories and cloud, in the middle the metaverse, right what is written. Boxes are object
types, lines are flows: whole for direct ones, dashed for expressions, dotted for constants. Every line and attribute
tells its rules when pointed at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from xml.sax.saxutils import escape

from attrflow.rules.attribute_graph import AttributeEdge, AttributeGraph, AttributeNode

__all__ = ["dot", "svg"]

_NUMBER: Final = re.compile(r"\d+")
_ROW: Final = 20
_HEAD: Final = 30
_GAP: Final = 18
_MARGIN: Final = 24
_TITLE: Final = 56
_PIXELS: Final = 7.0
"""Of one character of an attribute's name, at the size that is set below."""
_BETWEEN: Final = 300
_BEND: Final = 0.45
"""How far a line goes straight out of its box, as part of the way."""
_ALONG: Final = (0.5, 0.32, 0.68)
"""Where on their lines the numbers stand, in turn, so that they do not cover each other."""
_NARROWEST: Final = 110.0
_LABELLED: Final = 40
"""Up to so many lines have their rules' numbers written on them."""
_LONGEST: Final = 44
_COLOURS: Final = ("#2563eb", "#c2410c", "#15803d", "#7c3aed", "#be185d", "#0e7490", "#a16207", "#475569")
_DASHES: Final[Mapping[str, str]] = {"direct": "", "expression": "7 4", "constant": "2 4"}
_STYLE: Final = """\
text { font: 12px ui-monospace, "SFMono-Regular", Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #1f2937 }
.title { font-size: 16px; font-weight: 600 } .column { font-size: 13px; font-weight: 600; fill: #475569 }
.head { font-weight: 600; fill: #475569 } .no-attribute { font-style: italic; fill: #64748b }
.box { fill: #f8fafc; stroke: #cbd5e1 } .line { fill: none; stroke-width: 1.4; stroke-opacity: .65 }
.line:hover { stroke-width: 3.5; stroke-opacity: 1 } .legend { fill: #475569; font-size: 11px }
.number { font-size: 10px; fill: #334155; paint-order: stroke; stroke: #fff; stroke-width: 3px }"""


@dataclass(frozen=True, slots=True)
class _Box:
    """The attributes of one object type in one column."""

    head: str
    nodes: tuple[AttributeNode, ...]

    @property
    def height(self) -> int:
        return _HEAD + _ROW * len(self.nodes)


def svg(graph: AttributeGraph, title: str) -> str:
    """The graph as an SVG document that stands alone."""
    columns = _columns(graph)
    widths = [max((_box_width(box) for box in column), default=_NARROWEST) for column in columns]
    tall = max((_height(column) for column in columns), default=0)
    lefts = [float(_MARGIN)]
    for width in widths[:-1]:
        lefts.append(lefts[-1] + width + _BETWEEN)
    whole = max(lefts[-1] + widths[-1] + _MARGIN, 720.0)
    places: dict[tuple[int, AttributeNode], float] = {}
    boxes: list[str] = []
    for number, column in enumerate(columns):
        top = _TITLE + _HEAD + (tall - _height(column)) / 2
        for box in column:
            boxes += _drawn_box(box, lefts[number], top, widths[number])
            for row, node in enumerate(box.nodes):
                places[number, node] = top + _HEAD + _ROW * row + _ROW / 2 - 4
            top += box.height + _GAP
    height = _TITLE + _HEAD + tall + 64
    colours = _colours(graph)
    lines: list[str] = []
    numbers: list[str] = []
    for count, edge in enumerate(graph.edges):
        start, end = (0, 1) if edge.direction == "inbound" else (1, 2)
        x1, x2 = lefts[start] + widths[start], lefts[end]
        y1, y2 = places[start, edge.source], places[end, edge.target]
        lines.append(_drawn_line(edge, (x1, y1, x2, y2), colours))
        if len(graph.edges) <= _LABELLED:
            numbers.append(_drawn_numbers(edge, (x1, y1, x2, y2), _ALONG[count % len(_ALONG)]))
    heads = ("read", "metaverse", "written")
    columns_text = [
        f'<text class="column" x="{left:.0f}" y="{_TITLE + 12}">{head}</text>'
        for left, head in zip(lefts, heads, strict=True)
    ]
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole:.0f}" height="{height:.0f}" '
            f'viewBox="0 0 {whole:.0f} {height:.0f}" role="img">',
            f"<title>{escape(title)}</title>",
            f"<style>{_STYLE}</style>",
            '<rect width="100%" height="100%" fill="#ffffff"/>',
            f'<text class="title" x="{_MARGIN}" y="32">{escape(title)}</text>',
            *columns_text,
            *lines,
            *numbers,
            *boxes,
            *_legend(colours, height - 22),
            "</svg>",
            "",
        )
    )


def _columns(graph: AttributeGraph) -> list[list[_Box]]:
    """The boxes of each column; the outer ones in the order of what they are connected to, so that lines cross less."""
    middle = {edge.target for edge in graph.edges if edge.direction == "inbound"}
    middle |= {edge.source for edge in graph.edges if edge.direction == "outbound"}
    boxes = _boxes(middle, key=lambda node: _NUMBER.sub(lambda digits: digits[0].zfill(6), node.name.casefold()))
    rank = {node: float(row) for row, node in enumerate(node for box in boxes for node in box.nodes)}
    out: list[list[_Box]] = [boxes]
    for direction in ("inbound", "outbound"):
        ranks: dict[AttributeNode, list[float]] = {}
        for edge in graph.edges:
            if edge.direction == direction:
                inner, outer = (edge.target, edge.source) if direction == "inbound" else (edge.source, edge.target)
                ranks.setdefault(outer, []).append(rank[inner])
        mean = {node: (sum(found) / len(found), node.name.casefold()) for node, found in ranks.items()}
        out.append(_boxes(ranks, key=mean.__getitem__))
    return [out[1], out[0], out[2]]


def _boxes(nodes: Iterable[AttributeNode], key: Callable[[AttributeNode], Any]) -> list[_Box]:
    grouped: dict[tuple[str, str], list[AttributeNode]] = {}
    for node in sorted(nodes):
        grouped.setdefault((node.space, node.object_type), []).append(node)
    return [
        _Box(f"{space} {object_type}".strip(), tuple(sorted(found, key=key)))
        for (space, object_type), found in sorted(grouped.items())
    ]


def _height(column: Sequence[_Box]) -> int:
    return sum(box.height for box in column) + _GAP * max(len(column) - 1, 0)


def _box_width(box: _Box) -> float:
    longest = max(len(box.head), *(len(_shown(node)) for node in box.nodes))
    return max(longest * _PIXELS + 24, _NARROWEST)


def _shown(node: AttributeNode) -> str:
    text = f'"{node.name}"' if node.kind == "constant" else node.name
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _drawn_box(box: _Box, left: float, top: float, width: float) -> list[str]:
    drawn = [
        f'<rect class="box" x="{left:.0f}" y="{top:.1f}" width="{width:.0f}" height="{box.height}" rx="6"/>',
        f'<text class="head" x="{left + 12:.0f}" y="{top + 18:.1f}">{escape(box.head)}</text>',
    ]
    for row, node in enumerate(box.nodes):
        style = "" if node.kind == "attribute" else ' class="no-attribute"'
        y = top + _HEAD + _ROW * row + _ROW / 2
        title = f"<title>{escape(node.name)}</title>" if _shown(node) != node.name else ""
        drawn.append(f'<text{style} x="{left + 12:.0f}" y="{y:.1f}">{title}{escape(_shown(node))}</text>')
    return drawn


def _drawn_line(edge: AttributeEdge, way: tuple[float, float, float, float], colours: Mapping[str, str]) -> str:
    x1, y1, x2, y2 = way
    bend = (x2 - x1) * _BEND
    told = "\n".join(f"{flow.precedence} {flow.rule}: {flow.source}" for flow in edge.rules)
    kinds = {flow.flow for flow in edge.rules}
    dashes = _DASHES[min(kinds, key=list(_DASHES).index)]
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    path = f"M{x1:.1f} {y1:.1f}C{x1 + bend:.1f} {y1:.1f} {x2 - bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
    colour = colours[_space(edge)]
    return f'<path class="line" d="{path}" stroke="{colour}"{dashed}><title>{escape(told)}</title></path>'


def _drawn_numbers(edge: AttributeEdge, way: tuple[float, float, float, float], t: float) -> str:
    """The rules' numbers at a part of the way, on the curve."""
    x1, y1, x2, y2 = way
    bend, rest = (x2 - x1) * _BEND, 1 - t
    x = rest**3 * x1 + 3 * rest**2 * t * (x1 + bend) + 3 * rest * t**2 * (x2 - bend) + t**3 * x2
    y = (rest**3 + 3 * rest**2 * t) * y1 + (3 * rest * t**2 + t**3) * y2
    numbers = ", ".join(str(flow.precedence) for flow in edge.rules)
    return f'<text class="number" x="{x:.1f}" y="{y - 3:.1f}" text-anchor="middle">{numbers}</text>'


def _space(edge: AttributeEdge) -> str:
    return edge.source.space or edge.target.space


def _colours(graph: AttributeGraph) -> dict[str, str]:
    spaces = dict.fromkeys(sorted(_space(edge) for edge in graph.edges))
    return {space: _COLOURS[number % len(_COLOURS)] for number, space in enumerate(spaces)}


def _legend(colours: Mapping[str, str], y: float) -> list[str]:
    drawn: list[str] = []
    x = float(_MARGIN)
    for label, colour, dashes in (
        *((f"rules of {space}", colour, "") for space, colour in colours.items()),
        *((kind, "#475569", dashes) for kind, dashes in _DASHES.items()),
    ):
        dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
        drawn.append(f'<path class="line" d="M{x:.0f} {y:.0f}h28" stroke="{colour}"{dashed}/>')
        drawn.append(f'<text class="legend" x="{x + 34:.0f}" y="{y + 4:.0f}">{escape(label)}</text>')
        x += 34 + len(label) * 6.7 + 24
    return drawn


def dot(graph: AttributeGraph, title: str) -> str:
    """The graph in the language of Graphviz."""
    lines = [
        "digraph attrflow {",
        f"  label={_quoted(title)}; labelloc=t; rankdir=LR; ranksep=2.5;",
        '  node [shape=plaintext, fontname="monospace", fontsize=11]; edge [fontsize=9];',
    ]
    clusters: dict[tuple[str, str, str], dict[str, AttributeNode]] = {}
    for edge in graph.edges:
        for column, node in _placed(edge):
            clusters.setdefault((column, node.space, node.object_type), {})[_id(column, node)] = node
    for number, ((_, space, object_type), nodes) in enumerate(sorted(clusters.items())):
        head = f"{space or 'metaverse'} {object_type}"
        lines.append(f"  subgraph cluster_{number} {{ label={_quoted(head)};")
        lines += [f"    {id_} [label={_quoted(_shown(node))}];" for id_, node in nodes.items()]
        lines.append("  }")
    styles = {"direct": "solid", "expression": "dashed", "constant": "dotted"}
    colours = _colours(graph)
    for edge in graph.edges:
        (source_column, source), (target_column, target) = _placed(edge)
        told = "\n".join(f"{flow.precedence} {flow.rule}: {flow.source}" for flow in edge.rules)
        numbers = ", ".join(str(flow.precedence) for flow in edge.rules)
        lines.append(
            f"  {_id(source_column, source)} -> {_id(target_column, target)} [label={_quoted(numbers)}, "
            f"tooltip={_quoted(told)}, style={styles[edge.rules[0].flow]}, color={_quoted(colours[_space(edge)])}];"
        )
    return "\n".join((*lines, "}", ""))


def _placed(edge: AttributeEdge) -> tuple[tuple[str, AttributeNode], tuple[str, AttributeNode]]:
    columns = ("read", "metaverse") if edge.direction == "inbound" else ("metaverse", "written")
    return (columns[0], edge.source), (columns[1], edge.target)


def _id(column: str, node: AttributeNode) -> str:
    return _quoted(f"{column}/{node.space}/{node.object_type}/{node.kind}/{node.name}")


def _quoted(text: str) -> str:
    body = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{body}"'
