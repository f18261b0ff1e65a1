"""Python syntax nodes, each with a line number that is the number of the expression's node plus one.

So a Python traceback says which part of an expression failed, and the code that succeeds pays nothing
for it. Knows nothing of the expression language.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from types import CodeType

__all__ = ["FILE_NAME", "Line", "evaluation_code", "function_code", "names_in"]

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

    def truth(self, *, value: bool) -> ast.expr:
        """`True` or `False`."""
        return self.constant(value)

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

    def compare(self, left: ast.expr, operator: ast.cmpop, right: ast.expr) -> ast.expr:
        """`left operator right`, a comparison."""
        return ast.Compare(left, [operator], [right], **self._place)

    def is_a(self, value: ast.expr, class_: str) -> ast.expr:
        """`value.__class__ is class_`."""
        kind = ast.Attribute(value, "__class__", ast.Load(), **self._place)
        return self.compare(kind, ast.Is(), self.name(class_))

    def is_(self, name: str, *, value: bool) -> ast.expr:
        """`name is value`."""
        return self.compare(self.name(name), ast.Is(), self.constant(value))

    def both_then(self, first: ast.expr, test: ast.expr) -> ast.expr:
        """The test, after the first has been evaluated; `never` is what nothing gives."""
        return self.logical(ast.Or(), self.compare(first, ast.Is(), self.name("never")), test)

    def presence(self, attribute: str, number: str, blanks: str, *, present: bool) -> ast.expr:
        """Whether an attribute holds something, from the number of its values and, of one, the value."""
        count = self.assign(number, self.method("context", "count", [self.constant(attribute)]))
        value = self.method("context", "attribute", [self.constant(attribute)])
        one = self.compare(self.name(number), ast.Eq(), self.constant(1))
        if present:
            held = self.logical(ast.And(), one, self.compare(value, ast.NotIn(), self.name(blanks)))
            return self.logical(ast.Or(), self.compare(count, ast.Gt(), self.constant(1)), held)
        empty = self.logical(ast.And(), one, self.compare(value, ast.In(), self.name(blanks)))
        return self.logical(ast.Or(), self.compare(count, ast.Eq(), self.constant(0)), empty)

    def outcome(self, name: str, code: ast.expr) -> ast.expr:
        """The value of this name as a condition, to which the name stands from then on; `code` gives the value."""
        checked = self.assign(name, self.call("condition", [self.name(name)]))
        return self.either(self.is_a(code, "flag"), self.name(name), checked)

    def negation(self, value: ast.expr) -> ast.expr:
        """`not value`."""
        return ast.UnaryOp(ast.Not(), value, **self._place)

    def arithmetic(self, left: ast.expr, operator: ast.operator, right: ast.expr) -> ast.expr:
        """`left operator right`, of numbers or texts."""
        return ast.BinOp(left, operator, right, **self._place)

    def item(self, name: str, index: ast.expr) -> ast.expr:
        """`name[index]`."""
        return ast.Subscript(self.name(name), index, ast.Load(), **self._place)

    def slice(self, name: str, start: int, end: int) -> ast.expr:
        """`name[start:end]`."""
        part = ast.Slice(self.constant(start), self.constant(end), None, **self._place)
        return ast.Subscript(self.name(name), part, ast.Load(), **self._place)

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


def evaluation_code(value: ast.expr, *, gaps: bool) -> CodeType:
    """The code of a function of `context` that gives a value without gaps, and errors with their place.

    `gaps`: whether the value may have some, which are then taken out. The code names `ExpressionError`,
    `placed`, `Aligned` and `compact`. The module around the function is only compiled, never run.
    """
    line = Line(1)
    place: dict[str, int] = {"lineno": 1, "col_offset": 0, "end_lineno": 1, "end_col_offset": 0}
    aligned = line.is_a(line.assign("result", value), "Aligned")
    whole = line.either(aligned, line.call("compact", [line.name("result")]), line.name("result")) if gaps else value
    told: list[ast.stmt] = [
        ast.Expr(line.call("placed", [line.name("error")]), **place),
        ast.Raise(None, None, **place),
    ]
    body: list[ast.stmt] = [
        ast.Try(
            [ast.Return(whole, **place)],
            [ast.ExceptHandler(line.name("ExpressionError"), "error", told, **place)],
            [],
            [],
            **place,
        ),
    ]
    arguments = ast.arguments([], [ast.arg("context", None, None, **place)], None, [], [], None, [])
    function = ast.FunctionDef("expression", arguments, body, [], None, None, **place)
    module = compile(ast.Module([function], []), FILE_NAME, "exec")
    (code,) = (constant for constant in module.co_consts if isinstance(constant, CodeType))
    return code


def names_in(code: CodeType) -> frozenset[str]:
    """The names that code looks up, that of functions within it included."""
    inner = (constant for constant in code.co_consts if isinstance(constant, CodeType))
    return frozenset(code.co_names).union(*map(names_in, inner))
