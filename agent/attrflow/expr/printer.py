"""The printer: a tree back to text, such that `parse(print_expression(tree))` gives the same tree.

Parentheses stand where the grammar needs them and, beyond that, where operators of one level are mixed
in a way that people read differently (`&&` with `||`, `2+3*4`). Knows no function by name.
"""

from __future__ import annotations

from attrflow.expr.ast import (
    Attribute,
    Binary,
    Call,
    Expression,
    Hole,
    Negate,
    Number,
    Parameter,
    Text,
    Variable,
)
from attrflow.expr.parser import LEVELS

__all__ = ["is_mixed", "print_expression"]

_SUMS = frozenset("+-&")
_PRODUCTS = frozenset("*/")


def is_mixed(left: str, operator: str) -> bool:
    """Whether `a left b operator c`, read left to right, differs from what most people would read.

    >>> is_mixed("+", "*"), is_mixed("*", "+"), is_mixed("||", "&&"), is_mixed("-", "+")
    (True, False, True, False)
    """
    if LEVELS[operator] == 1:
        return left != operator and LEVELS[left] == 1
    if operator in _PRODUCTS:
        return left in _SUMS
    return left == "&" and operator in ("+", "-")


def print_expression(tree: Expression) -> str:
    """The text of a tree.

    >>> from attrflow.expr.parser import parse
    >>> print_expression(parse('IIF( [a]="x"||[b]=1 , NULL,Left( [c] ,&HF))').tree)
    'IIF([a] = "x" || [b] = 1, NULL, Left([c], &HF))'
    """
    if isinstance(tree, Text):
        # A doubled quote is read under every option; a backslash before a quote is not.
        return '"' + tree.value.replace("\\", "\\\\").replace('"', '""') + '"'
    if isinstance(tree, Number):
        sign = "-" if tree.value < 0 else ""
        return f"{sign}&H{abs(tree.value):X}" if tree.hexadecimal else str(tree.value)
    if isinstance(tree, Attribute):
        return f"[{tree.name}]"
    if isinstance(tree, Parameter):
        return f"%{tree.name}%"
    if isinstance(tree, Variable):
        return f"${tree.name}"
    if isinstance(tree, Call):
        parts = []
        for argument in tree.arguments:
            parts.append(print_expression(argument))
        return f"{tree.name}({', '.join(parts)})"
    if isinstance(tree, Negate):
        operand = print_expression(tree.operand)
        # A number after the sign would become part of the literal.
        enclosed = isinstance(tree.operand, Binary) or (isinstance(tree.operand, Number) and tree.operand.value >= 0)
        return f"-({operand})" if enclosed else f"-{operand}"
    if isinstance(tree, Binary):
        return _binary(tree)
    if isinstance(tree, Hole):
        return ", ".join([print_expression(part) for part in tree.parts])
    return tree.name


def _binary(tree: Binary) -> str:
    level = LEVELS[tree.operator]
    left, right = print_expression(tree.left), print_expression(tree.right)
    if isinstance(tree.left, Binary) and (
        LEVELS[tree.left.operator] < level or is_mixed(tree.left.operator, tree.operator)
    ):
        left = f"({left})"
    if isinstance(tree.right, Binary) and LEVELS[tree.right.operator] <= level:
        right = f"({right})"
    return f"{left} {tree.operator} {right}"
