"""Conditions that are always True or always False, and the branches that nothing can reach.

What is known is carried down the tree: constants, whether something is present, and what other
conditions around a branch have decided already. Only certainty is told: a condition that may be either
way for some object is never reported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from attrflow.expr.ast import Binary, Call, Expression, Number, Text, Word, walk
from attrflow.expr.functions import FUNCTIONS, Form
from attrflow.expr.options import DEFAULT_OPTIONS, ExpressionOptions
from attrflow.model.diagnostics import Diagnostic

__all__ = ["condition_problems"]

_ABSENT, _EMPTY, _HELD = "absent", "empty", "held"
_STATES = frozenset((_ABSENT, _EMPTY, _HELD))
_PRESENCE: dict[str, frozenset[str]] = {
    "IsPresent": frozenset((_HELD,)),
    "IsNullOrEmpty": frozenset((_ABSENT, _EMPTY)),
    "IsNull": frozenset((_ABSENT,)),
    "IsEmpty": frozenset((_EMPTY,)),
}
_NEVER_NEGATIVE = frozenset(("Contains", "Count", "InStr", "InStrRev", "ValueCount"))
Facts = Mapping[Expression, bool | frozenset[str]]
"""What is decided where one stands: conditions by their truth, operands of presence tests by their states."""


def condition_problems(tree: Expression, options: ExpressionOptions = DEFAULT_OPTIONS) -> Iterator[Diagnostic]:
    """Each condition that is always the same, with what can never be reached because of it.

    >>> from attrflow.expr.parser import parse
    >>> next(condition_problems(parse('IIF(Left([a],3)="ABCD",1,2)').tree)).message
    'this condition is always False: Left gives 3 characters at most, the text has 4'
    """
    pending: list[tuple[Expression, Facts]] = [(tree, {})]
    while pending:
        node, facts = pending.pop()
        parts: list[tuple[Expression, Facts]]
        if isinstance(node, Call) and node.name == "IIF" and len(node.arguments) == 3:
            test, then, otherwise = node.arguments
            yield from _told(test, facts, options, (then, otherwise))
            parts = [
                (test, facts),
                (then, _with(facts, test, value=True)),
                (otherwise, _with(facts, test, value=False)),
            ]
        elif isinstance(node, Call) and node.name == "Switch":
            told, parts = _switch(node, facts, options)
            yield from told
        elif isinstance(node, Binary) and node.operator in ("&&", "||"):
            yield from _sides(node, facts, options)
            parts = [(node.left, facts), (node.right, _with(facts, node.left, value=node.operator == "&&"))]
        else:
            parts = [(part, _without_variable(facts, node, index)) for index, part in enumerate(_parts(node))]
        pending.extend(reversed(parts))


def _parts(node: Expression) -> tuple[Expression, ...]:
    if isinstance(node, Call):
        return node.arguments
    return (node.left, node.right) if isinstance(node, Binary) else ()


def _without_variable(facts: Facts, node: Expression, index: int) -> Facts:
    """Inside With, Select and Where a variable means something new."""
    function = FUNCTIONS.get(node.name) if isinstance(node, Call) else None
    if function is None or function.form is not Form.BINDER or index != 2 or not facts:
        return facts
    assert isinstance(node, Call)
    bound = node.arguments[0]
    return {known: fact for known, fact in facts.items() if all(part != bound for part in walk(known))}


def _told(
    test: Expression, facts: Facts, options: ExpressionOptions, branches: tuple[Expression, Expression]
) -> Iterator[Diagnostic]:
    known = _truth(test, facts, options)
    if known is not None:
        value, why = known
        yield _always(test, value, why)
        yield _unreachable(branches[value])


def _sides(node: Binary, facts: Facts, options: ExpressionOptions) -> Iterator[Diagnostic]:
    """Sides of && and || that decide nothing or everything; a whole that is decided is told by its parent."""
    left = _truth(node.left, facts, options)
    if left is not None:
        value, why = left
        yield _always(node.left, value, why)
        if value is (node.operator == "||"):
            yield _unreachable(node.right)
    elif right := _truth(node.right, _with(facts, node.left, value=node.operator == "&&"), options):
        yield _always(node.right, *right)


def _switch(
    node: Call, facts: Facts, options: ExpressionOptions
) -> tuple[list[Diagnostic], list[tuple[Expression, Facts]]]:
    told: list[Diagnostic] = []
    parts: list[tuple[Expression, Facts]] = []
    decided: Expression | None = None
    last = len(node.arguments) // 2 * 2 - 2
    for index in range(0, last + 2, 2):
        test, value = node.arguments[index : index + 2]
        # Conditions are all evaluated, so they are read without what the earlier ones decide.
        parts += [(test, {}), (value, _with(facts, test, value=True))]
        if decided is not None:
            told.append(_unreachable(value))
            continue
        known = _truth(test, facts, options)
        if known is not None and known[0] is False:
            told += [_always(test, *known), _unreachable(value)]
        elif known is not None:
            decided = test
            if index != last:
                told.append(_always(test, *known))
        facts = _with(facts, test, value=False)
    return told, parts


def _with(facts: Facts, test: Expression, *, value: bool) -> Facts:
    """The facts, and that a condition has this value."""
    found: dict[Expression, bool | frozenset[str]] = dict(facts)
    pending = [(test, value)]
    while pending:
        node, truth = pending.pop()
        if any(isinstance(part, Call) and not FUNCTIONS[part.name].pure for part in walk(node) if _known(part)):
            continue
        found[node] = truth
        if isinstance(node, Binary) and node.operator == ("&&" if truth else "||"):
            pending += [(node.left, truth), (node.right, truth)]
        elif (inner := _compared_with_truth(node)) is not None:
            pending.append((inner[0], inner[1] is truth))
        elif (presence := _presence(node)) is not None:
            operand, states = presence
            before = found.get(operand, _STATES)
            possible = before if isinstance(before, frozenset) else _STATES
            found[operand] = possible & (states if truth else _STATES - states)
    return found


def _known(node: Expression) -> bool:
    return isinstance(node, Call) and node.name in FUNCTIONS


def _compared_with_truth(node: Expression) -> tuple[Expression, bool] | None:
    """`condition = True` and its like as the condition and the value at which the whole is True."""
    if not isinstance(node, Binary) or node.operator not in ("=", "<>") or not isinstance(node.right, Word):
        return None
    if node.right.name not in ("True", "False") or not _is_condition(node.left):
        return None
    return node.left, (node.right.name == "True") is (node.operator == "=")


def _is_condition(node: Expression) -> bool:
    return isinstance(node, Call) and node.name in _PRESENCE and len(node.arguments) == 1


def _presence(node: Expression) -> tuple[Expression, frozenset[str]] | None:
    if isinstance(node, Call) and len(node.arguments) == 1 and node.name in _PRESENCE:
        return node.arguments[0], _PRESENCE[node.name]
    return None


def _truth(node: Expression, facts: Facts, options: ExpressionOptions) -> tuple[bool, str] | None:
    """Whether a condition is surely True or False here, and why."""
    if isinstance(node, Word) and node.name in ("True", "False"):
        return node.name == "True", "it is a constant"
    if isinstance(known := facts.get(node), bool):
        return known, "a condition around it has decided this"
    if (inner := _compared_with_truth(node)) is not None:
        decided = _truth(inner[0], facts, options)
        return None if decided is None else (decided[0] is inner[1], decided[1])
    if (presence := _presence(node)) is not None:
        return _presence_truth(*presence, facts)
    if not isinstance(node, Binary):
        return None
    if node.operator in ("&&", "||"):
        return _combined(node, facts, options)
    return _compared(node, facts, options)


def _presence_truth(operand: Expression, states: frozenset[str], facts: Facts) -> tuple[bool, str] | None:
    why = "a condition around it has decided this"
    possible = facts.get(operand, _STATES)
    if isinstance(operand, Text):
        possible, why = frozenset((_HELD if operand.value else _EMPTY,)), "it asks about a constant"
    elif isinstance(operand, Number):
        possible, why = frozenset((_HELD,)), "it asks about a constant"
    if not isinstance(possible, frozenset) or not possible:
        return None
    if possible <= states:
        return True, why
    return None if possible & states else (False, why)


def _combined(node: Binary, facts: Facts, options: ExpressionOptions) -> tuple[bool, str] | None:
    deciding = node.operator == "||"
    left = _truth(node.left, facts, options)
    right = _truth(node.right, _with(facts, node.left, value=not deciding), options)
    for side in (left, right):
        if side is not None and side[0] is deciding:
            return side
    return left if left is not None and right is not None else None


def _compared(node: Binary, facts: Facts, options: ExpressionOptions) -> tuple[bool, str] | None:
    equality = node.operator in ("=", "<>")
    fold = options.string_equality == "case-insensitive"
    if isinstance(node.left, Text) and isinstance(node.right, Text) and equality:
        left, right = node.left.value, node.right.value
        same = left.casefold() == right.casefold() if fold else left == right
        return same is (node.operator == "="), "it compares two constants"
    if isinstance(node.left, Number) and isinstance(node.right, Number):
        order = (node.left.value > node.right.value) - (node.left.value < node.right.value)
        holds = {"=": order == 0, "<>": order != 0, "<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0}
        return (holds[node.operator], "it compares two constants") if node.operator in holds else None
    never = _never_equal(node, facts, fold=fold) if equality else _count(node)
    if never is None or (node.operator == "<>" and not options.null_unequal):
        return None
    return (node.operator == "<>" if equality else never.startswith("+")), never.lstrip("+")


def _never_equal(node: Binary, facts: Facts, *, fold: bool) -> str | None:
    """Why the two sides of an equality can never be equal."""
    left, right = node.left, node.right
    if isinstance(right, Text):
        for known, truth in facts.items():
            if truth is True and isinstance(known, Binary) and known.operator == "=" and known.left == left:
                other = known.right
                if isinstance(other, Text) and other.value.casefold() != right.value.casefold():
                    return "a condition around it says that it equals something else"
    if not isinstance(left, Call) or not left.arguments:
        return None
    if isinstance(right, Text):
        size = left.arguments[1] if len(left.arguments) == 2 else None
        if left.name in ("Left", "Right") and isinstance(size, Number) and 0 <= size.value < len(right.value):
            return f"{left.name} gives {size.value} characters at most, the text has {len(right.value)}"
        cased = {"LCase": right.value.lower(), "UCase": right.value.upper()}.get(left.name, right.value)
        if not fold and cased != right.value:
            return f"{left.name} never gives this text, write {cased!r}"
    if isinstance(right, Number):
        mask = left.arguments[1] if left.name == "BitAnd" and len(left.arguments) == 2 else None
        if isinstance(mask, Number) and mask.value >= 0 and right.value & ~mask.value:
            return f"BitAnd with {mask.value} never gives {right.value}"
        if left.name in _NEVER_NEGATIVE and right.value < 0:
            return f"{left.name} is never negative"
    return None


def _count(node: Binary) -> str | None:
    """Why a comparison of a count is always the same; a plus sign before it says always True."""
    if not isinstance(node.left, Call) or node.left.name not in _NEVER_NEGATIVE or not isinstance(node.right, Number):
        return None
    least, limit = f"{node.left.name} is never negative", node.right.value
    if (node.operator == ">=" and limit <= 0) or (node.operator == ">" and limit < 0):
        return f"+{least}"
    return least if (node.operator == "<" and limit <= 0) or (node.operator == "<=" and limit < 0) else None


def _always(test: Expression, value: bool, why: str) -> Diagnostic:
    message = f"this condition is always {value}: {why}"
    return Diagnostic("constant-condition", message, "warning", test.span, None, None)


def _unreachable(branch: Expression) -> Diagnostic:
    message = "this part is never used, because of a condition before it"
    return Diagnostic("unreachable", message, "warning", branch.span, None, None)
