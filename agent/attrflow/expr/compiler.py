"""The compiler: a tree to something that can be evaluated, plain or observed.

The plain variant pays nothing for observation, nor for the places of errors: those are found in the
traceback afterwards (`pycode`). Compile a tree that the checker has passed; one with an unknown name
compiles too, and fails whenever it is evaluated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import FunctionType, TracebackType
from typing import NamedTuple, cast

from attrflow.expr.ast import Call, Expression, walk
from attrflow.expr.context import EvaluationContext
from attrflow.expr.errors import ErrorCode, ExpressionError
from attrflow.expr.limits import metered
from attrflow.expr.lowering import Lowering
from attrflow.expr.options import DEFAULT_OPTIONS, ExpressionOptions
from attrflow.expr.printer import print_expression
from attrflow.expr.pycode import FILE_NAME, evaluation_code, function_code, names_in
from attrflow.expr.resolve import name_problems
from attrflow.expr.results import Aligned, Result, compact
from attrflow.expr.usage import DN, usage_of
from attrflow.model.diagnostics import Diagnostic, Span

__all__ = ["Compiled", "NodeText", "compile_expression"]


class NodeText(NamedTuple):
    """Where a node stands in the expression's text, and what it reads like."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Compiled:
    """An expression that can be evaluated. Nodes are numbered from 0, parents before their parts."""

    tree: Expression
    observed: bool
    options: ExpressionOptions
    evaluate: Callable[[EvaluationContext], Result]
    """The value for one object; an empty tuple is a multi-valued result without values.

    Raises `ExpressionError` when the expression fails, with `span` saying where.
    """
    _nodes: dict[int, NodeText] = field(default_factory=dict)

    @property
    def nodes(self) -> Mapping[int, NodeText]:
        """Span and printed text of every node, by its number; made when first asked for."""
        if not self._nodes:
            for number, node in enumerate(walk(self.tree)):
                self._nodes[number] = NodeText(node.span, print_expression(node))
        return self._nodes


def _placing(tree: Expression) -> Callable[[ExpressionError], None]:
    """What gives an error its place, which functions do not know."""

    def placed(error: ExpressionError) -> None:
        if error.span is None:
            error.span = _place(tree, error.__traceback__)

    return placed


def _place(tree: Expression, traceback: TracebackType | None) -> Span:
    number = 0
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == FILE_NAME:
            number = traceback.tb_lineno - 1
        traceback = traceback.tb_next
    for position, node in enumerate(walk(tree)):
        if position == number:
            return node.span
    return tree.span


def compile_expression(
    tree: Expression, *, observed: bool = False, options: ExpressionOptions = DEFAULT_OPTIONS
) -> Compiled:
    """Compile a tree. The observed variant calls `context.observe` for each node that is evaluated.

    >>> from attrflow.expr.parser import parse
    >>> compile_expression(parse('2+3*4').tree).evaluate(None)
    20
    """
    problem = next(name_problems(tree), None)
    if problem is not None:
        return Compiled(tree, observed, options, _failing(problem))
    repeats = _repeats(tree)
    counted, inline = usage_of(tree).counted - {DN}, not observed and not repeats
    lowering = Lowering(options, observed, counted, inline=inline, keep=inline)
    whole = lowering.whole(tree)
    if lowering.parts and inline:
        # Values that are kept in one function are not seen in another.
        lowering = Lowering(options, observed, counted, inline=inline)
        whole = lowering.whole(tree)
    code = evaluation_code(whole.code, gaps=whole.gaps)
    parts = {name: function_code(part) for name, part in lowering.parts.items()}
    # Only what is named: hundreds of large dictionaries would not stay in the processor's caches.
    used = names_in(code).union(*map(names_in, parts.values()))
    names = {name: value for name, value in {**lowering.names, **_EVALUATION}.items() if name in used}
    names["placed"] = _placing(tree)
    for name, part in parts.items():
        names[name] = FunctionType(part, names)
    function = FunctionType(code, names, "expression")
    evaluate = metered(function) if repeats else function
    return Compiled(tree, observed, options, cast(Callable[[EvaluationContext], Result], evaluate))


_EVALUATION = {"Aligned": Aligned, "ExpressionError": ExpressionError, "compact": compact}


_REPEATING = frozenset(
    ("Join", "PadLeft", "PadRight", "Replace", "ReplaceChars", "Select", "Split", "Where", "With"),
)
"""Functions by which work or size can multiply; without them both are bounded by text and object."""
_MANY_NODES = 100
"""From here on the sum of many small steps over a large attribute is counted too."""


def _repeats(tree: Expression) -> bool:
    nodes = list(walk(tree))
    return len(nodes) > _MANY_NODES or any(isinstance(node, Call) and node.name in _REPEATING for node in nodes)


def _failing(problem: Diagnostic) -> Callable[[EvaluationContext], Result]:
    def fail(_: EvaluationContext) -> Result:
        message = f"{problem.message} ({problem.help})" if problem.help else problem.message
        raise ExpressionError(cast(ErrorCode, problem.code), message, problem.span)

    return fail
