"""The explained tree of an evaluation: every part of the expression with what it gave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from attrflow.app.operations.expression_values import encoded, shown, type_name
from attrflow.expr import Compiled, Expression, ExpressionError
from attrflow.expr.ast import Number, Text, Variable, Word, children, walk

__all__ = ["NodeRow", "explained", "tree_lines"]


@dataclass(frozen=True, slots=True)
class NodeRow:
    """One part of an expression. `value` is the last one where it was evaluated several times."""

    depth: int
    text: str
    start: int
    end: int
    evaluated: int
    """How many times; 0 for a branch that was not taken."""
    type: str | None = None
    value: Any = None
    shown: str | None = None
    failed: str | None = None
    begun: bool = False
    """Whether a part of it was evaluated, though it came to no value itself."""
    literal: bool = False
    """A constant, which explains nothing that its text does not say."""


def explained(
    compiled: Compiled, seen: Mapping[int, list[object]], error: ExpressionError | None = None
) -> list[NodeRow]:
    """The rows of an observed evaluation, parents before their parts."""
    rows = []
    for (number, node), depth in _numbered(compiled.tree):
        told = compiled.nodes[number]
        values = seen.get(number, [])
        failed = error.message if error is not None and error.span == told.span and not values else None
        rows.append(
            NodeRow(
                depth,
                told.text,
                told.span.start,
                told.span.end,
                len(values),
                type_name(values[-1]) if values else None,
                encoded(values[-1]) if values else None,
                shown(values[-1]) if values else None,
                failed,
                not values and _touched(number, node, seen, error),
                isinstance(node, Text | Number | Word | Variable),
            )
        )
        if failed is not None:
            error = None
    return rows


def _touched(number: int, node: Expression, seen: Mapping[int, list[object]], error: ExpressionError | None) -> bool:
    """Whether something below a node was evaluated, or failed."""
    below = list(walk(node))
    if any(number + index in seen for index in range(len(below))):
        return True
    return error is not None and any(part.span == error.span for part in below)


def _numbered(tree: Expression) -> Iterator[tuple[tuple[int, Expression], int]]:
    pending = [(tree, 0)]
    number = 0
    while pending:
        node, depth = pending.pop()
        yield (number, node), depth
        number += 1
        pending.extend((child, depth + 1) for child in reversed(children(node)))


def tree_lines(rows: list[NodeRow], width: int = 60) -> Iterator[str]:
    """The rows as indented lines: the part, an arrow, its value; constants and untaken parts' parts left out."""
    untaken: int | None = None
    for row in rows:
        if untaken is not None and row.depth > untaken:
            continue
        untaken = None
        if row.literal and row.depth:
            continue
        text = row.text if len(row.text) <= width else f"{row.text[: width - 1]}…"
        line = f"{'  ' * row.depth}{text}"
        if row.failed is not None:
            yield f"{line}  ✗ {row.failed}"
        elif row.begun:
            yield f"{line}  ✗"
        elif row.evaluated:
            times = f"  ({row.evaluated} times)" if row.evaluated > 1 else ""
            yield f"{line}  → {row.shown}{times}"
        else:
            untaken = row.depth
            yield f"{line}  · not evaluated"
