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

from attrflow.expr.ast import Expression, walk
from attrflow.expr.context import EvaluationContext
from attrflow.expr.errors import ErrorCode, ExpressionError
from attrflow.expr.lowering import Lowering
from attrflow.expr.options import DEFAULT_OPTIONS, ExpressionOptions
from attrflow.expr.printer import print_expression
from attrflow.expr.pycode import FILE_NAME, function_code
from attrflow.expr.resolve import name_problems
from attrflow.expr.results import Result, compact
from attrflow.expr.usage import usage_of
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
    _function: Callable[[EvaluationContext], object]
    _nodes: dict[int, NodeText] = field(default_factory=dict)

    def evaluate(self, context: EvaluationContext) -> Result:
        """The value for one object. An empty tuple is a multi-valued result without values.

        Raises:
            ExpressionError: the expression failed, with `span` saying where.
        """
        try:
            result = self._function(context)
        except ExpressionError as error:
            if error.span is None:
                error.span = self._place(error.__traceback__)
            raise
        return cast(Result, compact(result))

    @property
    def nodes(self) -> Mapping[int, NodeText]:
        """Span and printed text of every node, by its number; made when first asked for."""
        if not self._nodes:
            for number, node in enumerate(walk(self.tree)):
                self._nodes[number] = NodeText(node.span, print_expression(node))
        return self._nodes

    def _place(self, traceback: TracebackType | None) -> Span:
        number = 0
        while traceback is not None:
            if traceback.tb_frame.f_code.co_filename == FILE_NAME:
                number = traceback.tb_lineno - 1
            traceback = traceback.tb_next
        for position, node in enumerate(walk(self.tree)):
            if position == number:
                return node.span
        return self.tree.span


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
    lowering = Lowering(options, observed, usage_of(tree).counted - {"dn"})
    whole = lowering.whole(tree)
    names = lowering.names
    for name, part in lowering.parts.items():
        names[name] = FunctionType(function_code(part), names)
    function = FunctionType(function_code(whole), names, "expression")
    return Compiled(tree, observed, options, function)


def _failing(problem: Diagnostic) -> Callable[[EvaluationContext], object]:
    def fail(_: EvaluationContext) -> object:
        message = f"{problem.message} ({problem.help})" if problem.help else problem.message
        raise ExpressionError(cast(ErrorCode, problem.code), message, problem.span)

    return fail
