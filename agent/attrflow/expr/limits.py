"""Limits: what one evaluation may spend, so that no expression hangs or exhausts the process.

The size of a text, a list and a tree is bounded elsewhere (`results`, `parser`); this module counts the
work of what repeats: one step is one node evaluated for one of several values, or ten characters of a
large text. Only expressions that repeat or grow are metered, so the others pay nothing. A count, never a
clock: the same expression on the same object stops at the same place on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import Final

from attrflow.expr.errors import ExpressionError

__all__ = [
    "FEW",
    "LARGE",
    "MAX_ITEMS",
    "MAX_STEPS",
    "MAX_TEXT",
    "Meter",
    "metered",
    "spend",
    "spend_text",
    "within_size",
]

MAX_TEXT: Final = 10_000_000
"""The longest text (characters) or binary (bytes) that an expression may build."""
MAX_ITEMS: Final = 1_000_000
"""The most values that an expression may build."""
MAX_STEPS: Final = 5_000_000
"""The steps that one evaluation may take."""
FEW: Final = 64
"""The values up to which going over all of them counts as the one step that it is anyway."""
LARGE: Final = 4_096
"""The characters from which on the length of a text counts as work."""


class Meter:
    """The steps that are left to one evaluation."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MAX_STEPS


_METER: ContextVar[Meter | None] = ContextVar("attrflow-expression-meter", default=None)


def metered(function: Callable[..., object]) -> Callable[..., object]:
    """The function with a meter of its own for each call."""

    def run(context: object) -> object:
        token = _METER.set(Meter())
        try:
            return function(context)
        finally:
            _METER.reset(token)

    return run


def spend(steps: int) -> None:
    """Count steps, where the evaluation has a meter.

    Raises:
        ExpressionError: `limit-exceeded`, the evaluation has taken too many.
    """
    meter = _METER.get()
    if meter is not None:
        meter.left -= steps
        if meter.left < 0:
            raise ExpressionError("limit-exceeded", f"the expression takes more than {MAX_STEPS:,} steps")


def spend_text(length: int) -> None:
    """Count the work on a large text of this many characters; small ones are free."""
    if length > LARGE:
        spend(length // 10)


def within_size(what: str, row: Iterable[object]) -> None:
    """Refuse values that are too large together, so that many texts count as one.

    Raises:
        ExpressionError: `limit-exceeded`.
    """
    if sum(len(item) for item in row if isinstance(item, str | bytes)) > MAX_TEXT:
        raise ExpressionError("limit-exceeded", f"{what} would build more than {MAX_TEXT:,} characters")
