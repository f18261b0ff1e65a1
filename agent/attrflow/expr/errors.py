"""The one exception of this package: an expression that fails while it is evaluated.

What is wrong with the *text* of an expression is a `Diagnostic`, never an exception. This module knows
no function and no operator; it only names the ways to fail.
"""

from __future__ import annotations

from typing import Literal

from attrflow.model.diagnostics import Span

__all__ = ["ErrorCode", "ExpressionError"]

ErrorCode = Literal[
    "arithmetic-overflow",
    "division-by-zero",
    "invalid-argument",
    "invalid-conversion",
    "limit-exceeded",
    "out-of-bounds",
    "sync-rule-error-function-triggered",
    "type-mismatch",
    "unbound-variable",
    "unknown-function",
    "unknown-name",
    "unknown-parameter",
    "wrong-argument-count",
]


class ExpressionError(Exception):
    """The evaluation failed, which fails the whole object in the product (expressions.md §2, Errors).

    `span` is where in the expression's text; it is filled in by `Compiled.evaluate` for errors raised
    inside functions, which know their arguments but not their place.
    """

    def __init__(self, code: ErrorCode, message: str, span: Span | None = None) -> None:
        super().__init__(message)
        self.code: ErrorCode = code
        self.message = message
        self.span = span

    def __str__(self) -> str:
        return f"{self.message} [{self.code}]"
