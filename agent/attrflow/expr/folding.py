"""Folding: what can be worked out when an expression is compiled, because all of it stands in the text.

The set-up wizard leaves such parts in default rules, `IIF("mS-DS-ConsistencyGuid"="mS-DS-ConsistencyGuid",
…, …)`, and people write masks and positions as sums. A part that fails is left as it is: it may never be
evaluated, and an error needs its place. Knows no function by name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrflow.expr.errors import ExpressionError
from attrflow.expr.inlining import NO_LITERAL, Piece
from attrflow.expr.pycode import Line

__all__ = ["chosen", "folded"]

_LONGEST = 4_096
"""Characters of a text that is kept in compiled code; a longer one is built again for each object."""


def folded(compute: Callable[..., object], pieces: Sequence[Piece], line: Line) -> Piece | None:
    """The result of a step as a literal; None unless all its arguments are literals and it succeeds.

    The step must be pure. Only texts, numbers, True, False and NULL are kept.
    """
    if not pieces or any(piece.literal is NO_LITERAL for piece in pieces):
        return None
    try:
        value = compute(*(piece.literal for piece in pieces))
    except ExpressionError:
        return None
    if not (value is None or isinstance(value, str | int)) or (isinstance(value, str) and len(value) > _LONGEST):
        return None
    return Piece(line.constant(value), truth=isinstance(value, bool), literal=value)


def chosen(test: Piece, then: Piece, otherwise: Piece) -> Piece | None:
    """The branch of an IIF whose condition is known from the text; None when it is not."""
    if test.literal is True:
        return then
    return otherwise if test.literal is False or test.literal is None else None
