"""Scope filters: groups that are ORed, of clauses that are ANDed (behaviour.md §3.1).

Comparison follows the type of the value: numbers as numbers, booleans in any case, text without case
unless an option says otherwise. An empty string counts as absent.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass

from attrflow.engine.reading import Reading
from attrflow.model.configuration import EngineOptions
from attrflow.model.values import Value, Values
from attrflow.rules.rule import Rule, ScopeClause, ScopeGroup

__all__ = ["ScopeResult", "compile_scope", "failing_clauses"]

ScopeTest = Callable[[Reading], bool]


@dataclass(frozen=True, slots=True)
class ScopeResult:
    """Whether a rule is in scope, and the clauses that keep it out, one text a failing group."""

    in_scope: bool
    failing: tuple[str, ...] = ()


def compile_scope(rule: Rule, options: EngineOptions) -> ScopeTest:
    """The rule's filter as one function; a rule without groups is always in scope (documented)."""
    groups = tuple(tuple(_clause(clause, options) for clause in group) for group in rule.scope)
    if not groups:
        return lambda _reading: True
    if len(groups) == 1:
        return _every(groups[0])
    every = tuple(map(_every, groups))
    return lambda reading: any(test(reading) for test in every)


def _every(tests: tuple[ScopeTest, ...]) -> ScopeTest:
    """Whether all clauses of a group hold; without a generator, since every rule asks it of every object."""
    first, *rest = tests
    if not rest:
        return first
    others = _every(tuple(rest))
    return lambda reading: first(reading) and others(reading)


def failing_clauses(groups: tuple[ScopeGroup, ...], reading: Reading, options: EngineOptions) -> tuple[str, ...]:
    """For each group that is false, its first false clause with the value that it saw."""
    failing = []
    for group in groups:
        for clause in group:
            if not _clause(clause, options)(reading):
                seen = _present(reading.values(clause.attribute))
                shown = ", ".join(str(v) for v in seen[:3]) if seen else "no value"
                failing.append(f"{clause.attribute} {clause.operator} {clause.value}".rstrip() + f" (has: {shown})")
                break
        else:
            return ()
    return tuple(failing)


def _present(values: Values) -> Values:
    return tuple(value for value in values if value != "")


def _resolved(text: str, reading: Reading) -> str:
    """The clause's value with a parameter such as `%Connector.ID%` put in; unknown ones stay as written."""
    if text.startswith("%") and text.endswith("%") and len(text) > 2:
        return reading.parameter(text[1:-1]) or text
    return text


def _equal(value: Value, text: str, *, fold: bool) -> bool:
    if isinstance(value, bool):
        return text.strip().casefold() == ("true" if value else "false")
    if isinstance(value, int):
        number = _number(text)
        return number is not None and value == number
    if isinstance(value, str):
        return value.casefold() == text.casefold() if fold else value == text
    if isinstance(value, bytes):
        return _bytes(text) == value
    return False


def _number(text: str) -> int | None:
    try:
        return int(text.strip(), 16) if text.strip().casefold().startswith("0x") else int(text.strip())
    except ValueError:
        return None


def _bytes(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _ordered(value: Value, text: str) -> int | None:
    """-1, 0 or 1 as the value stands to the text; None where they cannot be ordered."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    if isinstance(value, int):
        number = _number(text)
        return None if number is None else (value > number) - (value < number)
    left, right = value.casefold(), text.casefold()
    return (left > right) - (left < right)


def _textual(value: Value, *, fold: bool) -> str:
    text = value if isinstance(value, str) else str(value) if not isinstance(value, bytes) else value.hex()
    return text.casefold() if fold else text


_ORDERS: dict[str, Callable[[int], bool]] = {
    "LESSTHAN": lambda order: order < 0,
    "LESSTHAN_OR_EQUAL": lambda order: order <= 0,
    "GREATERTHAN": lambda order: order > 0,
    "GREATERTHAN_OR_EQUAL": lambda order: order >= 0,
}

_SUBSTRINGS: dict[str, Callable[[str, str], bool]] = {
    "CONTAINS": lambda text, part: part in text,
    "STARTSWITH": lambda text, part: text.startswith(part),
    "ENDSWITH": lambda text, part: text.endswith(part),
}


def _clause(clause: ScopeClause, options: EngineOptions) -> ScopeTest:
    operator, name, text = clause.operator, clause.attribute, clause.value
    fold = not options.case_sensitive_scope
    if operator in ("ISNULL", "ISNOTNULL"):
        wanted = operator == "ISNOTNULL"
        return lambda reading: (bool(_present(reading.values(name))) or reading.references(name).count > 0) is wanted
    if operator in _ORDERS:
        holds = _ORDERS[operator]

        def ordered(reading: Reading) -> bool:
            orders = [_ordered(value, _resolved(text, reading)) for value in _present(reading.values(name))]
            return any(order is not None and holds(order) for order in orders)

        return ordered
    if operator in ("ISBITSET", "ISBITNOTSET"):
        return _bit_clause(name, text, operator == "ISBITSET", absent=options.bit_not_set_when_absent)
    if operator in ("ISMEMBEROF", "ISNOTMEMBEROF"):
        positive = operator == "ISMEMBEROF"
        return lambda reading: (reading.member_of(_resolved(text, reading)) is True) is positive
    positive = not (operator.startswith("NOT") or operator == "ISNOTIN")
    base = operator.removeprefix("NOT")
    if base in _SUBSTRINGS:
        matches = _SUBSTRINGS[base]

        def substring(reading: Reading) -> bool:
            part = _textual(_resolved(text, reading), fold=fold)
            found = any(matches(_textual(v, fold=fold), part) for v in _present(reading.values(name)))
            return found is positive

        return substring

    def equal(reading: Reading) -> bool:
        wanted = _resolved(text, reading)
        for value in reading.values(name):
            if value != "" and _equal(value, wanted, fold=fold):
                return positive
        return not positive

    return equal


def _bit_clause(name: str, text: str, positive: bool, *, absent: bool) -> ScopeTest:
    mask = _number(text)

    def bits(reading: Reading) -> bool:
        numbers = [v for v in reading.values(name) if isinstance(v, int) and not isinstance(v, bool)]
        if mask is None:
            return False
        if not numbers:
            return absent and not positive
        return any(number & mask == mask for number in numbers) is positive

    return bits
