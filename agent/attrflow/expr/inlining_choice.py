"""Inlining of what chooses: IIF, `&&`, `||` and Switch as Python's own conditions.

Each form takes the short way where a condition is one True or False, and hands everything else to the
function in `branching`. A part stands once in the code unless it is brief, or nested choices would double
their code at each level. Knows Python nodes and no function by name.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from attrflow.expr.inlining import Piece, Temporary
from attrflow.expr.pycode import Line

__all__ = ["inlined_iif", "inlined_logic", "inlined_switch"]


def inlined_iif(pieces: Sequence[Piece], line: Line, temporary: Temporary) -> ast.expr:
    """IIF whose condition is nearly always one True or False: the branches as they are, else `choose`."""
    test, then, otherwise = pieces
    if not (then.brief and otherwise.brief):
        return _either_branch(test.code, then, otherwise, line, temporary)
    outcome = temporary()
    rest = _either_branch(line.name(outcome), then, otherwise, line, temporary)
    is_true = line.compare(line.assign(outcome, test.code), ast.Is(), line.truth(value=True))
    return line.either(is_true, then.code, line.either(line.is_(outcome, value=False), otherwise.code, rest))


def _either_branch(test: ast.expr, then: Piece, otherwise: Piece, line: Line, temporary: Temporary) -> ast.expr:
    """IIF in which each branch stands once, whatever the condition is."""
    outcome, first, second = temporary(), temporary(), temporary()
    chosen = line.either(
        _wanted(line.outcome(outcome, line.assign(outcome, test)), outcome, line, value=True),
        then.code,
        line.constant(None),
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
    decided = line.compare(line.assign(outcome, left.code), ast.Is(), line.truth(value=not open_))
    wanted = _wanted(line.outcome(outcome, line.name(outcome)), outcome, line, value=open_)
    rest = line.assign(second, line.either(wanted, right.code, line.constant(None)))
    plain = line.logical(ast.And(), line.is_a(rest, "flag"), line.is_(outcome, value=open_))
    whole = line.call("conjunction" if conjunctive else "disjunction", [line.name(outcome), line.name(second)])
    return line.either(decided, line.truth(value=not open_), line.either(plain, line.name(second), whole))


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
