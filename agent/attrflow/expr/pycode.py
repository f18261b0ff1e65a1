"""Python syntax nodes, each with a line number that is the number of the expression's node plus one.

So a Python traceback says which part of an expression failed, and the code that succeeds pays nothing
for it. Knows nothing of the expression language.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from types import CodeType

__all__ = ["FILE_NAME", "Line", "function_code"]

FILE_NAME = "<attrflow expression>"


class Line:
    """Builds Python nodes that belong to one line."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number

    @property
    def _place(self) -> dict[str, int]:
        return {"lineno": self.number, "col_offset": 0, "end_lineno": self.number, "end_col_offset": 0}

    def name(self, name: str) -> ast.expr:
        """A name that is read."""
        return ast.Name(name, ast.Load(), **self._place)

    def constant(self, value: str | int | bool | None) -> ast.expr:
        """A literal."""
        return ast.Constant(value, None, **self._place)

    def call(self, function: str, arguments: Sequence[ast.expr]) -> ast.expr:
        """`function(arguments)`."""
        return ast.Call(self.name(function), list(arguments), [], **self._place)

    def call_of(self, function: ast.expr, arguments: Sequence[ast.expr]) -> ast.expr:
        """A call of what an expression gives."""
        return ast.Call(function, list(arguments), [], **self._place)

    def method(self, target: str, method: str, arguments: Sequence[ast.expr]) -> ast.expr:
        """`target.method(arguments)`."""
        attribute = ast.Attribute(self.name(target), method, ast.Load(), **self._place)
        return ast.Call(attribute, list(arguments), [], **self._place)

    def assign(self, name: str, value: ast.expr) -> ast.expr:
        """`(name := value)`."""
        return ast.NamedExpr(ast.Name(name, ast.Store(), **self._place), value, **self._place)

    def either(self, test: ast.expr, then: ast.expr, otherwise: ast.expr) -> ast.expr:
        """`then if test else otherwise`."""
        return ast.IfExp(test, then, otherwise, **self._place)

    def logical(self, operator: ast.boolop, left: ast.expr, right: ast.expr) -> ast.expr:
        """`left and right` or `left or right`."""
        return ast.BoolOp(operator, [left, right], **self._place)

    def tuple(self, items: Sequence[ast.expr]) -> ast.expr:
        """`(items)`."""
        return ast.Tuple(list(items), ast.Load(), **self._place)

    def function(self, parameters: Sequence[str], body: ast.expr) -> ast.expr:
        """`lambda parameters: body`."""
        names = [ast.arg(parameter, None, None, **self._place) for parameter in parameters]
        arguments = ast.arguments([], names, None, [], [], None, [])
        return ast.Lambda(arguments, body, **self._place)


def function_code(function: ast.expr) -> CodeType:
    """The code of a lambda node."""
    whole = compile(ast.Expression(function), FILE_NAME, "eval")
    (code,) = (constant for constant in whole.co_consts if isinstance(constant, CodeType))
    return code
