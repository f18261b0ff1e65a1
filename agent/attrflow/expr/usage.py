"""What an expression reads: its true dependency list, taken from the tree.

The list of source attributes that rule files carry is not complete, and some names stand in text
literals (`ImportedValue("x")`, `ValueCount("x")`), so only the tree knows (expressions.md §4).
"""

from __future__ import annotations

from dataclasses import dataclass

from attrflow.expr.ast import Attribute, Call, Expression, Parameter, Text, children
from attrflow.expr.functions import FUNCTIONS

__all__ = ["COUNTING", "DN", "Usage", "usage_of"]

DN = "dn"
"""The pseudo-attribute `[dn]`: the object's distinguished name, one text."""

COUNTING = frozenset(("IsPresent", "IsNull", "IsNullOrEmpty", "IsEmpty", "Count"))
"""Functions that can answer from the number of values, and look at a value only when it is the only one."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What an expression reads.

    `counted` are attributes of which at most one value is looked at; they are in `attributes` too, as
    are those in `imported`. `pure`: the same input always gives the same result.
    """

    attributes: frozenset[str]
    counted: frozenset[str]
    imported: frozenset[str]
    parameters: frozenset[str]
    pure: bool


def usage_of(tree: Expression) -> Usage:
    """The attributes, parameters and kinds of reading in a tree.

    >>> from attrflow.expr.parser import parse
    >>> usage = usage_of(parse('IIF(ValueCount("member")>5,[cn],ImportedValue("sn"))').tree)
    >>> sorted(usage.attributes), sorted(usage.counted), sorted(usage.imported)
    (['cn', 'member', 'sn'], ['member'], ['sn'])
    """
    values: set[str] = set()
    counted: set[str] = set()
    imported: set[str] = set()
    parameters: set[str] = set()
    pure = True
    pending: list[tuple[Expression, bool]] = [(tree, False)]
    while pending:
        node, counts = pending.pop()
        if isinstance(node, Attribute):
            (counted if counts else values).add(node.name)
        elif isinstance(node, Parameter):
            parameters.add(node.name)
        elif isinstance(node, Call):
            pure = pure and (node.name not in FUNCTIONS or FUNCTIONS[node.name].pure)
            for argument in node.arguments[:1]:
                if isinstance(argument, Text) and node.name == "ImportedValue":
                    imported.add(argument.value)
                elif isinstance(argument, Text) and node.name == "ValueCount":
                    counted.add(argument.value)
        inside = isinstance(node, Call) and node.name in COUNTING and len(node.arguments) == 1
        pending.extend((child, inside) for child in children(node))
    return Usage(
        frozenset(values | counted | imported),
        frozenset(counted - values - imported),
        frozenset(imported),
        frozenset(parameters),
        pure,
    )
