"""Inlining: the short Python for the steps that rules take most, with the full function behind it.

`Trim([x])` becomes "strip it if it is text, else ask the function", which spares a call for nearly every
object. Each form gives what the function gives, for plain expressions that neither repeat nor grow
(`limits`); everything else keeps the call. Knows Python nodes and the meaning of a dozen functions.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from attrflow.expr.functions.cutting import WHITE
from attrflow.expr.limits import MAX_TEXT
from attrflow.expr.options import DEFAULT_OPTIONS, ExpressionOptions
from attrflow.expr.pycode import Line

__all__ = [
    "INLINE_NAMES",
    "NO_LITERAL",
    "Piece",
    "Temporary",
    "inlined_call",
    "inlined_operator",
]

NO_LITERAL = object()
"""Stands in `Piece.literal` for a value that is known only when the expression runs."""
_BLANKS = (None, "", ())
_NULLS = (None, ())
_CBOOL_OF_NULL = False
"""What CBool gives for NULL."""
_BRIEF = 3
"""Python nodes above each other in code that may be repeated: a literal, an attribute that is read."""
INLINE_NAMES = {
    "blanks": _BLANKS,
    "flag": bool,
    "longest": MAX_TEXT,
    "never": object(),
    "nulls": _NULLS,
    "octets": bytes,
    "several": tuple,
    "size": len,
    "text": str,
    "white": WHITE,
    "whole": int,
}
"""What inlined code names, besides the functions behind it."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Python code for a node, and what is known of its value without evaluating it.

    `many`: may have several values. `word`: may be a flow word. `truth`: is surely True or False.
    `gapless`: surely has no NULL among several values, as what an attribute holds.
    """

    code: ast.expr
    height: int = 1
    many: bool = False
    word: bool = False
    truth: bool = False
    gapless: bool = False
    literal: object = NO_LITERAL

    @property
    def gaps(self) -> bool:
        """Whether several values with NULL among them may come out."""
        return self.many and not self.gapless

    @property
    def brief(self) -> bool:
        """Whether the code is so short that it may stand in two places."""
        return self.height <= _BRIEF


Temporary = Callable[[], str]
Fallback = Callable[[Sequence[ast.expr]], ast.expr]
"""The call of the full function with these arguments."""
_COMPARISONS: dict[str, ast.cmpop] = {
    "=": ast.Eq(),
    "<>": ast.NotEq(),
    "<": ast.Lt(),
    "<=": ast.LtE(),
    ">": ast.Gt(),
    ">=": ast.GtE(),
}


def inlined_call(
    name: str, pieces: Sequence[Piece], line: Line, temporary: Temporary, otherwise: Fallback
) -> ast.expr | None:
    """The short code of a call, or None when there is none."""
    if len(pieces) == 1:
        return _one(name, pieces[0], line, temporary, otherwise)
    if len(pieces) == 2 and pieces[1].literal is not NO_LITERAL:
        return _with_literal(name, pieces[0], pieces[1], line, temporary, otherwise)
    if len(pieces) == 2 and name == "Item":
        return _item(pieces[0], pieces[1], line, temporary, otherwise)
    return None


def _one(name: str, piece: Piece, line: Line, temporary: Temporary, otherwise: Fallback) -> ast.expr | None:
    if name == "CBool" and piece.truth:
        return piece.code
    if name in ("IsPresent", "IsNullOrEmpty", "IsNull") and piece.gapless:
        among: ast.cmpop = ast.NotIn() if name == "IsPresent" else ast.In()
        return line.compare(piece.code, among, line.name("nulls" if name == "IsNull" else "blanks"))
    value = temporary()
    if name == "CBool":
        is_flag = line.is_a(line.assign(value, piece.code), "flag")
        return _or_null(is_flag, line.name(value), _CBOOL_OF_NULL, value, [], line, otherwise)
    if name == "IsString":
        # Asked of what is text or binary; numbers and references go the long way.
        is_text = line.is_a(line.assign(value, piece.code), "text")
        is_binary = line.is_a(line.name(value), "octets")
        rest = line.either(is_binary, line.truth(value=False), otherwise([line.name(value)]))
        return line.either(is_text, line.truth(value=True), rest)
    if name == "Trim":
        short = line.method(value, "strip", [line.name("white")])
        return _or_null(line.is_a(line.assign(value, piece.code), "text"), short, None, value, [], line, otherwise)
    if name in ("LCase", "UCase"):
        short = line.method(value, "lower" if name == "LCase" else "upper", [])
        return _or_null(_ascii(piece, value, line), short, None, value, [], line, otherwise)
    return None


def _ascii(piece: Piece, value: str, line: Line) -> ast.expr:
    """Whether the value is text whose characters are all of one unit and one byte."""
    is_text = line.is_a(line.assign(value, piece.code), "text")
    return line.logical(ast.And(), is_text, line.method(value, "isascii", []))


def _with_literal(
    name: str, piece: Piece, second: Piece, line: Line, temporary: Temporary, otherwise: Fallback
) -> ast.expr | None:
    literal, value = second.literal, temporary()
    if name == "Left" and literal.__class__ is int and isinstance(literal, int) and literal >= 0:
        short = line.slice(value, 0, literal)
        return _or_null(_ascii(piece, value, line), short, "", value, [second.code], line, otherwise)
    if name == "InStr" and isinstance(literal, str) and literal:
        place = line.arithmetic(line.method(value, "find", [second.code]), ast.Add(), line.constant(1))
        return _or_null(_ascii(piece, value, line), place, 0, value, [second.code], line, otherwise)
    if name == "BitAnd" and literal.__class__ is int:
        is_number = line.is_a(line.assign(value, piece.code), "whole")
        both = line.arithmetic(line.name(value), ast.BitAnd(), second.code)
        return line.either(is_number, both, otherwise([line.name(value), second.code]))
    if name == "Item" and literal == 1 and literal.__class__ is int:
        several = line.is_a(line.assign(value, piece.code), "several")
        gapless = line.logical(ast.And(), several, line.name(value))
        return line.either(gapless, line.item(value, line.constant(0)), otherwise([line.name(value), second.code]))
    return None


def _item(values: Piece, index: Piece, line: Line, temporary: Temporary, otherwise: Fallback) -> ast.expr:
    """Item at a place that is found when the expression runs; the function has the words for a wrong one."""
    value, place = temporary(), temporary()
    # Both arguments are evaluated whatever the first one is: `&` of two truths, not `and`.
    kinds = line.arithmetic(
        line.is_a(line.assign(value, values.code), "several"),
        ast.BitAnd(),
        line.is_a(line.assign(place, index.code), "whole"),
    )
    within = line.logical(
        ast.And(),
        line.compare(line.name(place), ast.Gt(), line.constant(0)),
        line.compare(line.name(place), ast.LtE(), line.call("size", [line.name(value)])),
    )
    found = line.item(value, line.arithmetic(line.name(place), ast.Sub(), line.constant(1)))
    return line.either(line.logical(ast.And(), kinds, within), found, otherwise([line.name(value), line.name(place)]))


def _or_null(
    test: ast.expr,
    short: ast.expr,
    on_null: str | int | None,
    value: str,
    more: Sequence[ast.expr],
    line: Line,
    otherwise: Fallback,
) -> ast.expr:
    """The short code where the test holds, what NULL gives for NULL, else the full function."""
    absent = line.compare(line.name(value), ast.Is(), line.constant(None))
    rest = line.either(absent, line.constant(on_null), otherwise([line.name(value), *more]))
    return line.either(test, short, rest)


def inlined_operator(
    operator: str,
    left: Piece,
    right: Piece,
    line: Line,
    temporary: Temporary,
    otherwise: Fallback,
    options: ExpressionOptions = DEFAULT_OPTIONS,
) -> ast.expr | None:
    """The short code of a comparison or `&`, or None when there is none."""
    if operator == "&":
        return _joined(left, right, line, temporary, otherwise)
    if operator not in _COMPARISONS or right.literal is NO_LITERAL:
        return None
    literal = right.literal
    if isinstance(literal, bool) and operator not in ("=", "<>"):
        return None
    if isinstance(literal, bool) and left.truth:
        return left.code if literal is (operator == "=") else line.negation(left.code)
    if isinstance(literal, str) and (operator not in ("=", "<>") or options.string_equality != "case-sensitive"):
        return None
    class_ = {bool: "flag", int: "whole", str: "text"}.get(type(literal))
    if class_ is None:
        return None
    value = temporary()
    short = line.compare(line.name(value), _COMPARISONS[operator], right.code)
    is_same = line.is_a(line.assign(value, left.code), class_)
    absent = line.compare(line.name(value), ast.Is(), line.constant(None))
    on_null = line.constant(operator == "<>" and options.null_unequal)
    return line.either(is_same, short, line.either(absent, on_null, otherwise([line.name(value), right.code])))


def _joined(left: Piece, right: Piece, line: Line, temporary: Temporary, otherwise: Fallback) -> ast.expr:
    tests: list[ast.expr] = []
    sides: list[ast.expr] = []
    for piece in (left, right):
        if isinstance(piece.literal, str):
            sides.append(piece.code)
            continue
        value = temporary()
        tests.append(line.is_a(line.assign(value, piece.code), "text"))
        sides.append(line.name(value))
    whole = temporary()
    joined = line.assign(whole, line.arithmetic(sides[0], ast.Add(), sides[1]))
    fits = line.compare(line.call("size", [joined]), ast.LtE(), line.name("longest"))
    short = line.either(fits, line.name(whole), otherwise(sides))
    if not tests:
        return short
    # Both sides are evaluated whatever the left one is: `&` of two truths, not `and`.
    test = tests[0] if len(tests) == 1 else line.arithmetic(tests[0], ast.BitAnd(), tests[1])
    return line.either(test, short, otherwise(sides))
