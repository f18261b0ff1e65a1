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
    "inlined_call",
    "inlined_iif",
    "inlined_logic",
    "inlined_operator",
    "inlined_switch",
]

NO_LITERAL = object()
"""Stands in `Piece.literal` for a value that is known only when the expression runs."""
_BLANKS = (None, "", ())
_NULLS = (None, ())
INLINE_NAMES = {
    "blanks": _BLANKS,
    "flag": bool,
    "longest": MAX_TEXT,
    "never": object(),
    "nulls": _NULLS,
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
    return None


def _one(name: str, piece: Piece, line: Line, temporary: Temporary, otherwise: Fallback) -> ast.expr | None:
    if name == "CBool" and piece.truth:
        return piece.code
    if name in ("IsPresent", "IsNullOrEmpty", "IsNull") and piece.gapless:
        among: ast.cmpop = ast.NotIn() if name == "IsPresent" else ast.In()
        return line.compare(piece.code, among, line.name("nulls" if name == "IsNull" else "blanks"))
    value = temporary()
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
        return line.either(gapless, line.item(value, 0), otherwise([line.name(value), second.code]))
    return None


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


def inlined_iif(pieces: Sequence[Piece], line: Line, temporary: Temporary) -> ast.expr:
    """IIF whose condition is nearly always one True or False: the branches as they are, else `choose`."""
    test, then, otherwise = pieces
    outcome, first, second = temporary(), temporary(), temporary()
    chosen = line.either(
        _wanted(line.outcome(outcome, test.code), outcome, line, value=True), then.code, line.constant(None)
    )
    left = line.either(_wanted(line.name(outcome), outcome, line, value=False), otherwise.code, line.constant(None))
    both = line.call("choose", [line.name(outcome), line.name(first), line.name(second)])
    return line.either(
        line.both_then(line.assign(first, chosen), line.is_(outcome, value=True)),
        line.name(first),
        line.either(
            line.both_then(line.assign(second, left), line.is_(outcome, value=False)),
            line.name(second),
            both,
        ),
    )


def _wanted(code: ast.expr, outcome: str, line: Line, *, value: bool) -> ast.expr:
    """Whether the branch of `value` is wanted; `code` gives the outcome, and its name is known after it."""
    several = line.logical(
        ast.And(),
        line.negation(line.is_(outcome, value=not value)),
        line.call("wants_true" if value else "wants_false", [line.name(outcome)]),
    )
    return line.logical(ast.Or(), line.compare(code, ast.Is(), line.constant(value)), several)


def inlined_logic(left: Piece, right: Piece, line: Line, temporary: Temporary, *, conjunctive: bool) -> ast.expr:
    """`&&` or `||` whose sides are nearly always one True or False, else `conjunction` or `disjunction`."""
    outcome, second = temporary(), temporary()
    open_ = conjunctive
    wanted = _wanted(line.outcome(outcome, left.code), outcome, line, value=open_)
    rest = line.assign(second, line.either(wanted, right.code, line.constant(None)))
    plain = line.logical(ast.And(), line.is_a(rest, "flag"), line.is_(outcome, value=open_))
    whole = line.call("conjunction" if conjunctive else "disjunction", [line.name(outcome), line.name(second)])
    return line.either(plain, line.name(second), whole)


def inlined_switch(tests: Sequence[Piece], values: Sequence[Piece], line: Line, temporary: Temporary) -> ast.expr:
    """Switch over plain values: all conditions, then a chain where each is True or False, else `switch`."""
    names = [temporary() for _ in tests]
    plain: ast.expr | None = None
    for name, test in zip(names, tests, strict=True):
        flag = line.is_a(line.assign(name, test.code), "flag")
        plain = flag if plain is None else line.arithmetic(plain, ast.BitAnd(), flag)
    assert plain is not None, "a Switch has at least one pair"
    chain = line.constant(None)
    for name, value in zip(reversed(names), reversed(values), strict=True):
        chain = line.either(line.name(name), value.code, chain)
    conditions = line.tuple([line.name(name) for name in names])
    branches = line.tuple([line.function([], value.code) for value in values])
    return line.either(plain, chain, line.call("switch", [conditions, branches]))
