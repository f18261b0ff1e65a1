"""What the operators do with values: comparison, `&`, arithmetic (expressions.md §1 and §2).

Each operator works on two scalars, is quick for the kinds it expects, and falls to `_lifted` for
everything else: flow words pass through, several values are mapped, NULL follows its rule, and the rest
is a type mismatch. Knows no function by name.
"""

from __future__ import annotations

import operator as python_operator
from collections.abc import Callable
from datetime import datetime
from typing import Any

from attrflow.expr.errors import ExpressionError
from attrflow.expr.limits import LARGE, MAX_TEXT, spend, spend_text, within_size
from attrflow.expr.options import ExpressionOptions
from attrflow.expr.results import FlowWord, aligned, describe
from attrflow.model.names import DistinguishedName
from attrflow.model.values import INTEGER_MAX, INTEGER_MIN, Reference

__all__ = ["Operator", "negation_for", "operator_for", "pair"]

Operator = Callable[[object, object], object]
_COMPARABLE = frozenset((str, int, bool, bytes, datetime, Reference))
_ORDERED = frozenset((str, int, datetime))
_ORDERINGS: dict[str, Callable[[Any, Any], bool]] = {
    "<": python_operator.lt,
    "<=": python_operator.le,
    ">": python_operator.gt,
    ">=": python_operator.ge,
}


def operator_for(symbol: str, options: ExpressionOptions) -> Operator:
    """The function of a binary operator other than `&&` and `||`.

    >>> operator_for("=", ExpressionOptions())("a", "A")
    False
    >>> operator_for("&", ExpressionOptions())(("a", "b"), "@x")
    ('a@x', 'b@x')
    """
    if symbol in ("=", "<>"):
        return _equality(symbol, options)
    if symbol in _ORDERINGS:
        return _ordering(symbol)
    if symbol == "&":
        return _concatenation(options)
    return _arithmetic(symbol, options)


def _lifted(symbol: str, scalar: Operator, left: object, right: object) -> object | None:
    """Flow words and several values; None when the two are plain scalars or NULL."""
    if isinstance(left, FlowWord):
        return left
    if isinstance(right, FlowWord):
        return right
    if isinstance(left, tuple) or isinstance(right, tuple):
        rows = pair(f"'{symbol}'", (left, right))
        spend(len(rows))
        row = [scalar(a, b) for a, b in rows]
        if symbol == "&":
            within_size("'&'", row)
        return aligned(row)
    return None


def pair(what: str, arguments: tuple[object, ...]) -> list[tuple[object, ...]]:
    """The rows over which a step maps: several values go by position, a scalar goes with each of them.

    Raises:
        ExpressionError: `type-mismatch`, two arguments have several values but not equally many.
    """
    lengths = {len(argument) for argument in arguments if isinstance(argument, tuple)}
    if len(lengths) > 1:
        shown = " and ".join(str(length) for length in sorted(lengths))
        raise ExpressionError("type-mismatch", f"{what} cannot pair {shown} values with each other")
    (length,) = lengths
    columns = [argument if isinstance(argument, tuple) else (argument,) * length for argument in arguments]
    return list(zip(*columns, strict=True))


def _mismatch(symbol: str, left: object, right: object, help_: str = "") -> ExpressionError:
    return ExpressionError("type-mismatch", f"'{symbol}' cannot take {describe(left)} and {describe(right)}{help_}")


def _equality(symbol: str, options: ExpressionOptions) -> Operator:
    positive = symbol == "="
    fold = options.string_equality == "case-insensitive"
    unequal = options.null_unequal

    def compare(left: object, right: object) -> object:
        if left.__class__ is right.__class__ and left.__class__ in _COMPARABLE:
            if fold and isinstance(left, str) and isinstance(right, str):
                return (left.casefold() == right.casefold()) is positive
            return (left == right) is positive
        if (lifted := _lifted(symbol, compare, left, right)) is not None:
            return lifted
        if left is None and right is None:
            return options.null_equals_null if positive else unequal and not options.null_equals_null
        if left is None or right is None:
            return not positive and unequal
        if isinstance(left, DistinguishedName) and isinstance(right, DistinguishedName):
            return (left.key == right.key) is positive
        raise _mismatch(symbol, left, right)

    return compare


def _ordering(symbol: str) -> Operator:
    order = _ORDERINGS[symbol]

    def compare(left: object, right: object) -> object:
        if left.__class__ is right.__class__ and left.__class__ in _ORDERED:
            return order(left, right)
        if (lifted := _lifted(symbol, compare, left, right)) is not None:
            return lifted
        if left is None or right is None:
            return False
        raise _mismatch(symbol, left, right)

    return compare


def _concatenation(options: ExpressionOptions) -> Operator:
    null_is_empty = options.null_concat == "empty"

    def join(left: object, right: object) -> object:
        if isinstance(left, str) and isinstance(right, str):
            return _bounded(left + right)
        if (lifted := _lifted("&", join, left, right)) is not None:
            return lifted
        if isinstance(left, bytes) and isinstance(right, bytes):
            return _bounded(left + right)
        for one, other in ((left, right), (right, left)):
            if one is None and (other is None or isinstance(other, str | bytes)):
                if not null_is_empty:
                    return None
                return "" if other is None else other
        raise _mismatch("&", left, right, "; CStr makes text of a number, a reference or True and False")

    return join


def _bounded(whole: str | bytes) -> str | bytes:
    if len(whole) > LARGE:
        if len(whole) > MAX_TEXT:
            raise ExpressionError("limit-exceeded", f"'&' would build more than {MAX_TEXT:,} characters")
        spend_text(len(whole))
    return whole


def _divide(left: int, right: int) -> int:
    """Division, cut towards zero: whether the language has it is open, and it has no fractions."""
    if right == 0:
        raise ExpressionError("division-by-zero", "a number is divided by zero")
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


_ARITHMETIC: dict[str, Callable[[int, int], int]] = {
    "+": python_operator.add,
    "-": python_operator.sub,
    "*": python_operator.mul,
    "/": _divide,
}


def _arithmetic(symbol: str, options: ExpressionOptions) -> Operator:
    compute = _ARITHMETIC[symbol]
    null_is_zero = options.null_arithmetic == "zero"

    def calculate(left: object, right: object) -> object:
        if left.__class__ is int and right.__class__ is int:
            assert isinstance(left, int)
            assert isinstance(right, int)
            return _in_range(symbol, compute(left, right))
        if (lifted := _lifted(symbol, calculate, left, right)) is not None:
            return lifted
        if (left is None or left.__class__ is int) and (right is None or right.__class__ is int):
            return calculate(left or 0, right or 0) if null_is_zero else None
        texts = isinstance(left, str) or isinstance(right, str)
        raise _mismatch(symbol, left, right, "; & joins text" if symbol == "+" and texts else "")

    return calculate


def _in_range(symbol: str, number: int) -> int:
    if INTEGER_MIN <= number <= INTEGER_MAX:
        return number
    raise ExpressionError("arithmetic-overflow", f"the result of '{symbol}' does not fit 64 bits")


def negation_for(options: ExpressionOptions) -> Callable[[object], object]:
    """The function of unary minus; NULL goes by option `null_arithmetic`, as in `0 - NULL`.

    >>> negate = negation_for(ExpressionOptions())
    >>> negate(5), negate(None), negate((1, 2))
    (-5, None, (-1, -2))
    """
    on_null = 0 if options.null_arithmetic == "zero" else None

    def negate(value: object) -> object:
        if value.__class__ is int:
            assert isinstance(value, int)
            return _in_range("-", -value)
        if isinstance(value, tuple):
            spend(len(value))
            return aligned([negate(item) for item in value])
        if value is None:
            return on_null
        if isinstance(value, FlowWord):
            return value
        raise ExpressionError("type-mismatch", f"'-' cannot take {describe(value)}")

    return negate
