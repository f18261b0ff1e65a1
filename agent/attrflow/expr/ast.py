"""The tree of an expression: frozen nodes with spans. Two trees are equal whatever their spans are.

Knows no meaning of names: whether a function exists is for the checker. (Not to be confused with
Python's own `ast`, which `lowering` builds.)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from attrflow.model.diagnostics import Span

__all__ = [
    "NOWHERE",
    "Attribute",
    "Binary",
    "Call",
    "Expression",
    "Hole",
    "Negate",
    "Number",
    "Parameter",
    "Text",
    "Variable",
    "Word",
    "children",
    "height",
    "walk",
]

NOWHERE = Span(0, 0, 1, 1)


@dataclass(frozen=True, slots=True)
class Text:
    """A text literal, decoded."""

    value: str
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Number:
    """A number literal; a minus sign before the digits is part of it. `hexadecimal` is its spelling."""

    value: int
    hexadecimal: bool = False
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Word:
    """A bare name: a constant (NULL, True, IgnoreThisFlow) or the word of an option (CaseSensitive)."""

    name: str
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Attribute:
    """`[name]`."""

    name: str
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Parameter:
    """`%name%`."""

    name: str
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Variable:
    """`$name`."""

    name: str
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Negate:
    """`-operand`, where the operand is no number literal."""

    operand: Expression
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Binary:
    """`left operator right`; `enclosed` says that the text had parentheses around it."""

    operator: str
    left: Expression
    right: Expression
    span: Span = field(default=NOWHERE, compare=False)
    enclosed: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """`name(arguments)`."""

    name: str
    arguments: tuple[Expression, ...]
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Hole:
    """Where the text has no valid part; stands only in `Parsed.partial`. `parts` is what was read there."""

    parts: tuple[Expression, ...] = ()
    span: Span = field(default=NOWHERE, compare=False)


Expression = Text | Number | Word | Attribute | Parameter | Variable | Negate | Binary | Call | Hole


def children(node: Expression) -> tuple[Expression, ...]:
    """The parts of a node, left to right."""
    if isinstance(node, Call):
        return node.arguments
    if isinstance(node, Binary):
        return (node.left, node.right)
    if isinstance(node, Negate):
        return (node.operand,)
    if isinstance(node, Hole):
        return node.parts
    return ()


def walk(tree: Expression) -> Iterator[Expression]:
    """Every node, parents before their parts, left to right: the order in which nodes are numbered."""
    pending = [tree]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(reversed(children(node)))


def height(tree: Expression) -> int:
    """How many nodes stand on the longest way from the root to a leaf."""
    highest = 0
    pending = [(tree, 1)]
    while pending:
        node, level = pending.pop()
        highest = max(highest, level)
        pending.extend((child, level + 1) for child in children(node))
    return highest
