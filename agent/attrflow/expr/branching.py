"""Conditions and choices: `&&`, `||`, IIF, Switch, Select and Where, on values that are already there.

Which parts are evaluated at all is decided by the code that `lowering` builds; this module says which
are wanted (`wants_true`, `wants_false`) and puts the outcome together, value by value when a condition
has several (expressions.md §2, lifting). Knows no attribute.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrflow.expr.errors import ExpressionError
from attrflow.expr.limits import MAX_ITEMS, spend, within_size
from attrflow.expr.results import FlowWord, aligned, compact, describe

__all__ = [
    "choose",
    "condition",
    "conjunction",
    "disjunction",
    "select",
    "switch",
    "wants_false",
    "wants_true",
    "where",
]

Condition = bool | FlowWord | tuple[bool, ...]


def condition(value: object) -> Condition:
    """The value as a condition: NULL counts as False, several values give several conditions.

    Raises:
        ExpressionError: `type-mismatch`, it is neither True nor False.

    >>> condition(None), condition((True, False))
    (False, (True, False))
    """
    if value is True or value is False or isinstance(value, FlowWord):
        return value
    if value is None:
        return False
    if isinstance(value, tuple):
        spend(len(value))
        return tuple(_single(item) for item in value)
    raise ExpressionError("type-mismatch", f"a condition is True or False, not {describe(value)}")


def _single(value: object) -> bool:
    if value is None:
        return False
    if isinstance(value, bool):
        return value
    raise ExpressionError("type-mismatch", f"a condition is True or False, not {describe(value)}")


def wants_true(outcome: Condition) -> bool:
    """Whether the part that belongs to True is needed."""
    return outcome is True or (isinstance(outcome, tuple) and True in outcome)


def wants_false(outcome: Condition) -> bool:
    """Whether the part that belongs to False is needed."""
    return outcome is False or (isinstance(outcome, tuple) and False in outcome)


def choose(outcome: Condition, then: object, otherwise: object) -> object:
    """IIF: one branch as it is, or branches put together by position when there are several conditions.

    >>> choose((True, False), None, ("SIP:a", "SMTP:b"))
    (None, 'SMTP:b')
    """
    if outcome is True:
        return then
    if outcome is False:
        return otherwise
    if isinstance(outcome, FlowWord):
        return outcome
    row: list[object] = []
    spend(len(outcome))
    for index, flag in enumerate(outcome):
        item = _part(then if flag else otherwise, index, len(outcome), "IIF")
        if isinstance(item, FlowWord):
            return item
        row.append(item)
    return aligned(row)


def _part(branch: object, index: int, length: int, what: str) -> object:
    """What a branch gives for one of several conditions."""
    if not isinstance(branch, tuple):
        return branch
    if len(branch) != length:
        raise ExpressionError("type-mismatch", f"{what} has {length} conditions but a branch with {len(branch)} values")
    return branch[index]


def conjunction(left: Condition, right: object) -> Condition:
    """`left && right`, where the right side was evaluated only if the left wanted it."""
    if left is False or isinstance(left, FlowWord):
        return left
    return _both(left, condition(right), "&&", all)


def disjunction(left: Condition, right: object) -> Condition:
    """`left || right`, where the right side was evaluated only if the left wanted it."""
    if left is True or isinstance(left, FlowWord):
        return left
    return _both(left, condition(right), "||", any)


def _both(left: Condition, right: Condition, symbol: str, decide: Callable[[Sequence[bool]], bool]) -> Condition:
    if isinstance(right, FlowWord):
        return right
    if isinstance(left, bool):
        # Reached only when the left side leaves the decision to the right.
        return right
    assert isinstance(left, tuple)
    return tuple(decide((flag, bool(_part(right, index, len(left), f"'{symbol}'")))) for index, flag in enumerate(left))


def switch(conditions: tuple[object, ...], values: tuple[Callable[[], object], ...]) -> object:
    """Switch: all conditions were evaluated, the value of the first true one is evaluated now.

    Value by value when a condition has several, as IIF.
    """
    outcomes = [condition(item) for item in conditions]
    for outcome in outcomes:
        if isinstance(outcome, FlowWord):
            return outcome
    lengths = {len(outcome) for outcome in outcomes if isinstance(outcome, tuple)}
    if not lengths:
        for outcome, value in zip(outcomes, values, strict=True):
            if outcome is True:
                return value()
        return None
    if len(lengths) > 1:
        raise ExpressionError("type-mismatch", "the conditions of Switch have different numbers of values")
    return _switch_many(outcomes, values, lengths.pop())


def _switch_many(outcomes: list[Condition], values: tuple[Callable[[], object], ...], length: int) -> object:
    chosen: dict[int, object] = {}
    spend(length * len(outcomes))
    row: list[object] = []
    for index in range(length):
        item: object = None
        for number, outcome in enumerate(outcomes):
            if _part(outcome, index, length, "Switch") is True:
                if number not in chosen:
                    chosen[number] = values[number]()
                item = _part(chosen[number], index, length, "Switch")
                break
        if isinstance(item, FlowWord):
            return item
        row.append(item)
    return aligned(row)


def _items(what: str, values: object) -> tuple[object, ...] | FlowWord | None:
    values = compact(values)
    if values is None or isinstance(values, FlowWord | tuple):
        return values
    raise ExpressionError("type-mismatch", f"{what} works on several values, not on {describe(values)}")


def select(values: object, function: Callable[[object], object], weight: int = 1) -> object:
    """Select: the function's result for each value, in `weight` steps each; NULL results drop out.

    >>> select(("ab", "c"), lambda item: None if item == "c" else item)
    ('ab',)
    """
    items = _items("Select", values)
    if not isinstance(items, tuple):
        return items
    spend(len(items) * weight)
    row: list[object] = []
    for item in items:
        result = function(item)
        if isinstance(result, FlowWord):
            return result
        if isinstance(result, tuple):
            raise ExpressionError("type-mismatch", "the function of Select gives several values for one")
        if result is not None:
            row.append(result)
    if len(row) > MAX_ITEMS:
        raise ExpressionError("limit-exceeded", f"Select would build more than {MAX_ITEMS:,} values")
    within_size("Select", row)
    return tuple(row)


def where(values: object, function: Callable[[object], object], weight: int = 1) -> object:
    """Where: the values for which the condition is True, in `weight` steps each, in their order.

    >>> where((1, 2, 3), lambda item: item != 2)
    (1, 3)
    """
    items = _items("Where", values)
    if not isinstance(items, tuple):
        return items
    spend(len(items) * weight)
    row: list[object] = []
    for item in items:
        outcome = condition(function(item))
        if isinstance(outcome, FlowWord):
            return outcome
        if isinstance(outcome, tuple):
            raise ExpressionError("type-mismatch", "the condition of Where gives several values for one")
        if outcome:
            row.append(item)
    return tuple(row)
