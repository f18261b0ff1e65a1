"""What an expression can give: scalars, several values, NULL and the two words about the flow.

`None` is NULL. A tuple is a multi-valued result. `Aligned` is a tuple that still has gaps (NULL for
some of the values), which exists only inside an evaluation, so that the results of two lifted steps
stay beside the values that they came from (expressions.md §2, lifting). Knows no function.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import Enum

from attrflow.model.names import DistinguishedName
from attrflow.model.values import Reference

__all__ = [
    "AUTHORITATIVE_NULL",
    "IGNORE_THIS_FLOW",
    "Aligned",
    "FlowWord",
    "Many",
    "Result",
    "Scalar",
    "aligned",
    "compact",
    "describe",
]


class FlowWord(Enum):
    """A result that speaks about the flow instead of being a value."""

    IGNORE_THIS_FLOW = "IgnoreThisFlow"
    AUTHORITATIVE_NULL = "AuthoritativeNull"

    def __repr__(self) -> str:
        return self.value


IGNORE_THIS_FLOW = FlowWord.IGNORE_THIS_FLOW
AUTHORITATIVE_NULL = FlowWord.AUTHORITATIVE_NULL

Scalar = str | int | bool | bytes | datetime | DistinguishedName | Reference
Many = tuple[Scalar, ...]
Result = Scalar | Many | FlowWord | None


class Aligned(tuple[object, ...]):
    """Several values of which some are NULL; never leaves an evaluation."""

    __slots__ = ()


def aligned(values: Iterable[object]) -> tuple[object, ...]:
    """The values as a tuple, marked when some are NULL.

    >>> type(aligned(["a", "b"])).__name__, type(aligned(["a", None])).__name__
    ('tuple', 'Aligned')
    """
    row = tuple(values)
    return Aligned(row) if None in row else row


def compact(value: object) -> object:
    """The value without gaps: NULL drops out of a multi-valued result.

    >>> compact(aligned(["a", None]))
    ('a',)
    """
    if value.__class__ is Aligned:
        assert isinstance(value, tuple)
        return tuple(item for item in value if item is not None)
    return value


_NAMES: dict[type, str] = {
    str: "text",
    int: "a number",
    bool: "True or False",
    bytes: "binary",
    datetime: "a date",
    DistinguishedName: "a reference",
    Reference: "a reference",
    type(None): "NULL",
    tuple: "several values",
    Aligned: "several values",
    FlowWord: "a flow word",
}


def describe(value: object) -> str:
    """The kind of a value in words, for messages; never the value itself, which may be personal data.

    >>> describe("x"), describe(True), describe(("a",))
    ('text', 'True or False', 'several values')
    """
    return _NAMES.get(value.__class__, value.__class__.__name__)
