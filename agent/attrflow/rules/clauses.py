"""One line each: how a scope clause and a join clause are written in a rule file.

    adminDescription NOTSTARTSWITH User_          attribute OPERATOR value
    mailNickname ISNOTNULL                        attribute OPERATOR
    department EQUAL " with blanks at its ends "  the quotes are not part of the value
    objectSid = msExchMasterAccountSid            connector-space attribute = metaverse attribute
    sourceAnchor = sourceAnchor (case-sensitive)

A text that is no clause gives a `ClauseError`, which the reader of the document turns into a finding.
"""

from __future__ import annotations

import re

from attrflow.rules.positions import suggestion
from attrflow.rules.rule import (
    OPERATOR_ALIASES,
    OPERATORS,
    VALUELESS_OPERATORS,
    JoinClause,
    ScopeClause,
    canonical_operator,
)

__all__ = [
    "ClauseError",
    "read_join_clause",
    "read_scope_clause",
    "write_join_clause",
    "write_scope_clause",
]

_CASE_SENSITIVE = "(case-sensitive)"
_SCOPE = re.compile(r"\s*(\S+)(?:\s+(\S+)(.*))?", re.DOTALL)
_JOIN = re.compile(r"\s*([^\s=()]+)\s*=\s*([^\s=()]+)\s*(\(\s*case-sensitive\s*\))?\s*", re.IGNORECASE)


class ClauseError(ValueError):
    """The text is no clause: a code, what was expected, and a suggestion where there is one."""

    def __init__(self, code: str, message: str, help: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.help = help


def read_scope_clause(text: str) -> ScopeClause:
    """The clause that the line says.

    Raises:
        ClauseError: the line is no scope clause.

    >>> read_scope_clause("userAccountControl isNotBitSet 2")
    ScopeClause(attribute='userAccountControl', operator='ISBITNOTSET', value='2')
    """
    match = _SCOPE.fullmatch(text)
    if match is None or match[2] is None:
        raise ClauseError(
            "bad-clause",
            f"expected 'attribute OPERATOR value', found {text!r}",
            "for example 'department EQUAL Sales' or 'mailNickname ISNOTNULL'",
        )
    operator = canonical_operator(match[2])
    if operator is None:
        near = suggestion(match[2], (*OPERATORS, *OPERATOR_ALIASES))
        raise ClauseError(
            "unknown-operator",
            f"{match[2]!r} is no scope operator",
            near or "the operators are " + ", ".join(OPERATORS),
        )
    value = match[3].strip()
    if len(value) >= 2 and value[0] == value[-1] == '"':
        value = value[1:-1]
    return ScopeClause(match[1], operator, value)


def write_scope_clause(clause: ScopeClause) -> str:
    """The clause as a line.

    Raises:
        ValueError: the attribute's name or the operator holds white space, so the line could not be read.
    """
    _one_word(clause.attribute)
    value = clause.value
    if value != value.strip() or (len(value) >= 2 and value[0] == value[-1] == '"'):
        value = f'"{value}"'
    if not value and clause.operator not in VALUELESS_OPERATORS:
        value = '""'
    head = f"{clause.attribute} {clause.operator}"
    return f"{head} {value}" if value else head


def read_join_clause(text: str) -> JoinClause:
    """The clause that the line says.

    Raises:
        ClauseError: the line is no join clause.

    >>> read_join_clause("objectSid = msExchMasterAccountSid")
    JoinClause(cs='objectSid', mv='msExchMasterAccountSid', case_sensitive=False)
    """
    match = _JOIN.fullmatch(text)
    if match is None:
        raise ClauseError(
            "bad-clause",
            f"expected 'connector-space attribute = metaverse attribute', found {text!r}",
            f"for example 'mail = mail'; add {_CASE_SENSITIVE} where case counts",
        )
    return JoinClause(match[1], match[2], match[3] is not None)


def write_join_clause(clause: JoinClause) -> str:
    """The clause as a line; errors as `write_scope_clause`."""
    line = f"{_one_word(clause.cs)} = {_one_word(clause.mv)}"
    return f"{line} {_CASE_SENSITIVE}" if clause.case_sensitive else line


def _one_word(name: str) -> str:
    if not name or re.search(r"[\s=()]", name):
        raise ValueError(f"{name!r} is no attribute name: it is empty or holds a blank, '=' or a bracket")
    return name
