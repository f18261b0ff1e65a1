"""Names: which function, constant, option word or variable a name stands for, or why it is none.

Shared by the checker, which collects all problems, and the compiler, whose result fails with the first
one: the product refuses an expression with a wrong name whatever branch the name stands in.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator

from attrflow.expr.ast import Call, Expression, Text, Variable, Word, children
from attrflow.expr.functions import FUNCTIONS, Form, Function, Parameter
from attrflow.expr.results import AUTHORITATIVE_NULL, IGNORE_THIS_FLOW
from attrflow.expr.slips import OTHER_DIALECTS
from attrflow.model.diagnostics import Diagnostic

__all__ = ["CONSTANTS", "closest", "name_problems", "parameter_at"]

_LONGEST = 64
"""Characters of a name that is compared with others; the comparison takes long, and no name is longer."""
CONSTANTS: dict[str, object] = {
    "NULL": None,
    "True": True,
    "False": False,
    "CRLF": "\r\n",
    "IgnoreThisFlow": IGNORE_THIS_FLOW,
    "AuthoritativeNull": AUTHORITATIVE_NULL,
}


def closest(name: str, known: Collection[str]) -> str | None:
    """The known name that was probably meant: first by case, then by spelling.

    >>> closest("isnullorempty", FUNCTIONS), closest("Trimm", FUNCTIONS), closest("xyz", FUNCTIONS)
    ('IsNullOrEmpty', 'Trim', None)
    """
    if len(name) > _LONGEST:
        return None
    folded = name.casefold()
    for candidate in known:
        if candidate.casefold() == folded:
            return candidate
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
    return near[0] if near else None


def parameter_at(function: Function | None, index: int) -> Parameter | None:
    """The parameter that the argument at this position (0-based) belongs to."""
    if function is None or not function.parameters:
        return None
    if function.variadic:
        return function.parameters[index % len(function.parameters)]
    return function.parameters[index] if index < len(function.parameters) else None


def name_problems(tree: Expression) -> Iterator[Diagnostic]:
    """Everything wrong with names and argument counts, in the order of the text."""
    pending: list[tuple[Expression, frozenset[str], Parameter | None]] = [(tree, frozenset(), None)]
    while pending:
        node, bound, parameter = pending.pop()
        parts: list[tuple[Expression, frozenset[str], Parameter | None]]
        if isinstance(node, Call):
            function = FUNCTIONS.get(node.name)
            problem = _call_problem(node, function)
            inner = _bound_inside(node, function, bound)
            parts = [
                (argument, inner if index == 2 else bound, parameter_at(function, index))
                for index, argument in enumerate(node.arguments)
            ]
            if function is not None and function.form is Form.BINDER:
                parts = parts[1:]
        else:
            problem = _leaf_problem(node, bound, parameter)
            parts = [(child, bound, None) for child in children(node)]
        if problem is not None:
            yield problem
        pending.extend(reversed(parts))


def _bound_inside(call: Call, function: Function | None, bound: frozenset[str]) -> frozenset[str]:
    if function is not None and function.form is Form.BINDER and call.arguments:
        variable = call.arguments[0]
        if isinstance(variable, Variable):
            return bound | {variable.name}
    return bound


def _call_problem(call: Call, function: Function | None) -> Diagnostic | None:
    if function is None:
        return _unknown_function(call)
    given, least, most = len(call.arguments), function.minimum, function.maximum
    if given < least or (most is not None and given > most):
        wanted = str(least) if least == most else f"{least} to {most}" if most else f"at least {least}"
        message = f"{function.name} takes {wanted} argument(s), not {given}"
        return _problem("wrong-argument-count", message, call, function.signature)
    if function.form is Form.SWITCH and given % 2:
        return _problem("wrong-argument-count", "Switch takes pairs of a condition and a value", call)
    if function.form is Form.BINDER and not isinstance(call.arguments[0], Variable):
        return _problem("invalid-argument", f"the first argument of {function.name} is a variable, as $item", call)
    if function.form is Form.NAMED and not isinstance(call.arguments[0], Text):
        return _problem("invalid-argument", f'{function.name} takes an attribute name in quotes, as "member"', call)
    return None


def _unknown_function(call: Call) -> Diagnostic:
    if call.name in CONSTANTS and not call.arguments:
        message = f"{call.name} is a constant, not a function"
        return _problem("unknown-function", message, call, f"write {call.name} without parentheses")
    meant = closest(call.name, FUNCTIONS)
    dialect = OTHER_DIALECTS.get(call.name.lower())
    help_: str | None
    if meant is not None and meant.casefold() == call.name.casefold():
        help_ = f"did you mean {meant}? Names are case-sensitive"
    elif dialect is not None:
        help_ = f"did you mean {dialect}?" if dialect in FUNCTIONS else dialect
    else:
        help_ = f"did you mean {meant}?" if meant else "`attrflow expr functions` lists them"
    return _problem("unknown-function", f"there is no function {call.name}", call, help_)


def _leaf_problem(node: Expression, bound: frozenset[str], parameter: Parameter | None) -> Diagnostic | None:
    if isinstance(node, Variable) and node.name not in bound:
        message = f"the variable ${node.name} is not bound here by Select, Where or With"
        return _problem("unbound-variable", message, node)
    words = parameter.words if parameter is not None else ()
    if isinstance(node, Text) and words and node.value not in words:
        return _problem("invalid-argument", f"{node.value!r} is none of {', '.join(words)}", node)
    if isinstance(node, Word) and node.name not in CONSTANTS and node.name not in words:
        meant = closest(node.name, [*CONSTANTS, *words])
        if meant is None and node.name in FUNCTIONS:
            message = f"{node.name} is a function, not a constant"
            return _problem(
                "unknown-name", message, node, f"write {FUNCTIONS[node.name].signature.partition(' ->')[0]}"
            )
        help_ = f"did you mean {meant}?" if meant else f"a text stands in quotes, an attribute as [{node.name}]"
        return _problem("unknown-name", f"there is no constant {node.name}", node, help_)
    return None


def _problem(code: str, message: str, node: Expression, help_: str | None = None) -> Diagnostic:
    return Diagnostic(code, message, "error", node.span, None, help_)
