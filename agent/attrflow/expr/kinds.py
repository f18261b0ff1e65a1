"""Kinds: what is surely wrong between a value and the place it stands in, found without evaluating.

An attribute or a variable may be anything, so only what follows from literals, operators and functions
is judged; nothing is reported that could succeed for an object that has the attributes. Knows no attribute's syntax.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from attrflow.expr.ast import Binary, Call, Expression, Negate, Number, Parameter, Text, Word, children, walk
from attrflow.expr.functions import FUNCTIONS, Form, Function
from attrflow.expr.functions import Parameter as Accepts
from attrflow.expr.parser import LEVELS
from attrflow.expr.resolve import parameter_at
from attrflow.model.diagnostics import Diagnostic

__all__ = ["kind_problems"]

_HARMLESS = frozenset(("null", "word", "void"))
"""NULL has its own rules everywhere, flow words pass through, and Error gives no value at all."""
_WORDS = {
    "str": "text",
    "num": "a number",
    "bool": "True or False",
    "bin": "binary",
    "dt": "a date",
    "ref": "a reference",
}


@dataclass(frozen=True, slots=True)
class _Kind:
    """What is known of a value: the kinds it (or each of its values) can have, None for any.

    `many` says whether it has several values: True, False, or None when that is not known.
    """

    kinds: frozenset[str] | None = None
    many: bool | None = None

    def cannot_be(self, accepted: frozenset[str]) -> bool:
        return self.kinds is not None and not self.kinds & (accepted | _HARMLESS)

    def __str__(self) -> str:
        return " or ".join(_WORDS.get(kind, kind) for kind in sorted(self.kinds or ()) if kind not in _HARMLESS)


_ANY = _Kind()
_CONSTANTS = {"NULL": "null", "True": "bool", "False": "bool", "CRLF": "str"}
_SCALARS = frozenset(_WORDS)
_CONDITION = frozenset(("bool",))


def kind_problems(tree: Expression) -> Iterator[Diagnostic]:
    """Each place where the value is surely of a kind that the place cannot take.

    >>> from attrflow.expr.parser import parse
    >>> [problem.message for problem in kind_problems(parse('Left(Len([a]),1)').tree)]
    ['Left takes text as argument 1 (text), not a number']
    """
    nodes = list(walk(tree))
    known: dict[int, _Kind] = {}
    for node in reversed(nodes):
        # Parts come after their whole in the walk, so they are known first here.
        known[id(node)] = _kind_of(node, [known[id(part)] for part in children(node)])
    for node in nodes:
        parts = [known[id(part)] for part in children(node)]
        message = _binary_problem(node, *parts) if isinstance(node, Binary) else None
        if isinstance(node, Negate) and parts[0].cannot_be(frozenset(("num",))):
            message = f"'-' cannot take {parts[0]}"
        if message is not None:
            yield _problem(message, node)
        if isinstance(node, Call) and node.name in FUNCTIONS:
            yield from _call_problems(node, FUNCTIONS[node.name], parts)


def _problem(message: str, node: Expression) -> Diagnostic:
    return Diagnostic("type-mismatch", message, "error", node.span)


def _kind_of(node: Expression, parts: list[_Kind]) -> _Kind:
    if isinstance(node, Text | Parameter):
        return _Kind(frozenset(("str",)), many=False)
    if isinstance(node, Number):
        return _Kind(frozenset(("num",)), many=False)
    if isinstance(node, Word):
        return _Kind(frozenset((_CONSTANTS.get(node.name, "word"),)), many=False)
    if isinstance(node, Negate):
        return _Kind(frozenset(("num",)), parts[0].many)
    if isinstance(node, Binary):
        return _Kind(_result_of(node.operator), _lifts(parts))
    if isinstance(node, Call) and node.name in FUNCTIONS:
        return _called(FUNCTIONS[node.name], parts)
    return _ANY


def _result_of(operator: str) -> frozenset[str]:
    if operator == "&":
        return frozenset(("str", "bin"))
    return frozenset(("bool",)) if LEVELS[operator] < 3 else frozenset(("num",))


def _lifts(parts: list[_Kind]) -> bool | None:
    """Whether a step over these has several values."""
    if any(part.many for part in parts):
        return True
    return False if all(part.many is False for part in parts) else None


def _called(function: Function, parts: list[_Kind]) -> _Kind:
    if function.form is Form.IIF and len(parts) == 3 and parts[0].many is False:
        _, then, otherwise = parts
        if then.kinds is None or otherwise.kinds is None:
            return _ANY
        return _Kind(then.kinds | otherwise.kinds, then.many if then.many == otherwise.many else None)
    if function.result == "mv":
        # A NULL argument makes the result NULL, which has no values.
        return _Kind(None, many=None if function.parameters else True)
    if function.result == "var" or function.form in (Form.IIF, Form.SWITCH, Form.BINDER):
        return _ANY
    kinds = frozenset(function.result.split("|"))
    return _Kind(kinds, _lifts(parts) if function.lifted else False)


def _binary_problem(node: Binary, left: _Kind, right: _Kind) -> str | None:
    if node.operator in ("&&", "||"):
        accepted = _CONDITION
    elif node.operator == "&":
        accepted = frozenset(("str", "bin"))
    elif LEVELS[node.operator] == 3:
        accepted = frozenset(("num",))
    else:
        accepted = _SCALARS
        if left.kinds is not None and right.kinds is not None:
            surely = not (left.kinds | right.kinds) & _HARMLESS and not left.kinds & right.kinds
            return f"'{node.operator}' cannot compare {left} with {right}" if surely else None
    for side in (left, right):
        if side.cannot_be(accepted):
            help_ = "; & joins text" if node.operator == "+" and side.cannot_be(_SCALARS - {"str"}) else ""
            return f"'{node.operator}' cannot take {side}{help_}"
    return None


def _call_problems(node: Call, function: Function, parts: list[_Kind]) -> Iterator[Diagnostic]:
    for index, (argument, kind) in enumerate(zip(node.arguments, parts, strict=True)):
        parameter = parameter_at(function, index)
        if parameter is None or kind.kinds is None:
            continue
        if not _fits(parameter, kind, lifted=function.lifted):
            place = f"argument {index + 1} ({parameter.name})"
            yield _problem(f"{function.name} takes {parameter.expected} as {place}, not {kind}", argument)


def _fits(parameter: Accepts, kind: _Kind, *, lifted: bool) -> bool:
    accepted = frozenset(parameter.kinds.split("|"))
    if accepted & {"var", "scalar"}:
        return True
    if parameter.words and kind.kinds == frozenset(("word",)):
        return True
    if "mv" in accepted:
        return kind.many is not False or bool((kind.kinds or _HARMLESS) & _HARMLESS)
    if not lifted and kind.many is not False:
        return True
    return not kind.cannot_be(accepted)
