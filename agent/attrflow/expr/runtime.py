"""What compiled expressions call besides operators and functions: questions to the context.

Each name in `RUNTIME` is a global of the compiled code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from attrflow.expr.branching import (
    choose,
    condition,
    conjunction,
    disjunction,
    select,
    switch,
    wants_false,
    wants_true,
    where,
)
from attrflow.expr.context import EvaluationContext
from attrflow.expr.errors import ExpressionError
from attrflow.expr.results import FlowWord, compact, describe

__all__ = ["RUNTIME"]

_SEVERAL = ("one", "two")
"""Stands for several values whose content nobody looks at."""


def observed(context: EvaluationContext, node_id: int, value: object) -> object:
    """The value, after the context has been told."""
    context.observe(node_id, compact(value))
    return value


def parameter(context: EvaluationContext, name: str) -> str:
    """The configuration parameter of this name.

    Raises:
        ExpressionError: `unknown-parameter`.
    """
    value = context.parameter(name)
    if value is None:
        raise ExpressionError("unknown-parameter", f"there is no parameter %{name}% for this connector")
    return value


def parameter_or_null(context: EvaluationContext, name: str) -> str | None:
    """The configuration parameter of this name, NULL when there is none (option `unknown_parameter`)."""
    return context.parameter(name)


def no_word(value: object) -> object:
    """The value, which must not speak about the flow here (option `nested_flow_word`).

    Raises:
        ExpressionError: `type-mismatch`.
    """
    if isinstance(value, FlowWord):
        raise ExpressionError("type-mismatch", f"{value.value} stands only in a branch of IIF, Switch or With")
    return value


def by_count(context: EvaluationContext, name: str, call: Callable[[object], object]) -> object:
    """A counting function (`usage.COUNTING`) of an attribute whose values need not be loaded."""
    number = context.count(name)
    if number == 0:
        return call(None)
    if number == 1:
        return call(context.attribute(name))
    return call(_SEVERAL)


def number_of(context: EvaluationContext, name: str, call: Callable[[object], object]) -> object:
    """Count of an attribute whose values need not be loaded; a single one may be no list at all."""
    number = context.count(name)
    return call(context.attribute(name)) if number == 1 else number


def random_number(context: EvaluationContext, low: object, high: object) -> object:
    """RandomNum, drawn by the context.

    Raises:
        ExpressionError: `type-mismatch`, or `out-of-bounds` when the first number is the greater one.
    """
    for bound in (low, high):
        if isinstance(bound, FlowWord):
            return bound
        if bound is not None and bound.__class__ is not int:
            raise ExpressionError("type-mismatch", f"RandomNum takes numbers, not {describe(bound)}")
    if low is None or high is None:
        return None
    assert isinstance(low, int)
    assert isinstance(high, int)
    if low > high:
        raise ExpressionError("out-of-bounds", f"RandomNum has nothing between {low} and {high}")
    return context.random(low, high)


RUNTIME: Mapping[str, object] = {
    "by_count": by_count,
    "choose": choose,
    "condition": condition,
    "conjunction": conjunction,
    "disjunction": disjunction,
    "no_word": no_word,
    "number_of": number_of,
    "observed": observed,
    "parameter": parameter,
    "parameter_or_null": parameter_or_null,
    "random_number": random_number,
    "select": select,
    "switch": switch,
    "wants_false": wants_false,
    "wants_true": wants_true,
    "where": where,
}
