"""Evaluation, program flow and arithmetic of bits (expressions.md §3, Evaluation, Program flow, Math).

The lazy ones (IIF, Switch, With, Select, Where) and those that ask the context (Now, Guid, RandomNum)
are compiled by forms of their own; their rows here say so and hold what documentation and checker need.
"""

from __future__ import annotations

from attrflow.expr.errors import ExpressionError
from attrflow.expr.functions.binding import Form, Function, OnNull, Parameter
from attrflow.expr.options import DEFAULT_OPTIONS, ExpressionOptions
from attrflow.expr.results import describe

__all__ = ["LOGIC"]


def is_null(value: object) -> bool:
    """Whether the value is absent.

    >>> is_null(None), is_null(""), is_null(())
    (True, False, True)
    """
    return value is None or value == ()


def is_empty(value: object) -> bool:
    """Whether the value is there and is an empty text.

    >>> is_empty(""), is_empty(None)
    (True, False)
    """
    return value == ""


def is_null_or_empty(value: object) -> bool:
    """Whether the value is absent or an empty text.

    >>> is_null_or_empty(""), is_null_or_empty(None), is_null_or_empty(False)
    (True, True, False)
    """
    return value is None or value in ("", ())


def is_present(value: object) -> bool:
    """The opposite of IsNullOrEmpty; False and 0 are present.

    >>> is_present(False), is_present(""), is_present(("a",))
    (True, False, True)
    """
    return not is_null_or_empty(value)


def _bits(left: int | None, right: int | None, options: ExpressionOptions) -> tuple[int, int] | None:
    if left is None or right is None:
        return (left or 0, right or 0) if options.null_arithmetic == "zero" else None
    return left, right


def bit_and(left: int | None, right: int | None, options: ExpressionOptions = DEFAULT_OPTIONS) -> int | None:
    """The bits that are set in both numbers, in 64-bit two's complement; NULL by option `null_arithmetic`.

    >>> bit_and(66050, 2), bit_and(-2147483646, -2147483648)
    (2, -2147483648)
    """
    pair = _bits(left, right, options)
    return None if pair is None else pair[0] & pair[1]


def bit_or(left: int | None, right: int | None, options: ExpressionOptions = DEFAULT_OPTIONS) -> int | None:
    """The bits that are set in either number; NULL as for BitAnd.

    >>> bit_or(0, 6)
    6
    """
    pair = _bits(left, right, options)
    return None if pair is None else pair[0] | pair[1]


def is_bit_set(value: int, flag: int, options: ExpressionOptions = DEFAULT_OPTIONS) -> bool:
    """Whether any bit of the mask `flag` (option `bit_mask`: all bits) is set in `value`.

    >>> is_bit_set(0xF, 4), is_bit_set(8, 4)
    (True, False)
    """
    return value & flag == flag if options.bit_mask == "all" else value & flag != 0


def error(message: object) -> object:
    """Fails the object with the rule author's own message.

    >>> error("SourceAnchor attribute has changed.")
    Traceback (most recent call last):
        ...
    attrflow.expr.errors.ExpressionError: SourceAnchor attribute ... [sync-rule-error-function-triggered]
    """
    text = message if isinstance(message, str) else "" if message is None else f"Error({describe(message)})"
    raise ExpressionError("sync-rule-error-function-triggered", text)


def compiled_by_form(*_: object) -> object:
    """Stands in the rows of functions that are compiled by a form of their own; is never called."""
    raise AssertionError("compiled by a form of its own")


_ANY = (Parameter("value", "var", OnNull.GIVEN),)
_BITS = (Parameter("value", "num", OnNull.GIVEN), Parameter("mask", "num", OnNull.GIVEN))
_RESULT = Parameter("value", "var", OnNull.GIVEN)
LOGIC: tuple[Function, ...] = (
    Function("IsNull", _ANY, "bool", is_null, "Whether it is absent.", "IsNull([displayName])", lifted=False),
    Function(
        "IsEmpty",
        _ANY,
        "bool",
        is_empty,
        "Whether it is an empty text.",
        "IsEmpty([displayName])",
        lifted=False,
    ),
    Function(
        "IsNullOrEmpty",
        _ANY,
        "bool",
        is_null_or_empty,
        "Whether it is absent or an empty text.",
        "IsNullOrEmpty([displayName])",
        lifted=False,
    ),
    Function(
        "IsPresent",
        _ANY,
        "bool",
        is_present,
        "Whether it is there and no empty text.",
        'IIF(IsPresent([mail]),"yes","no")',
        lifted=False,
    ),
    Function(
        "BitAnd",
        _BITS,
        "num",
        bit_and,
        "The bits that both have.",
        "BitAnd(&HF,&HF7)",
        options=("null_arithmetic",),
    ),
    Function(
        "BitOr",
        _BITS,
        "num",
        bit_or,
        "The bits that either has.",
        "BitOr(&HF0,&HF)",
        options=("null_arithmetic",),
    ),
    Function(
        "IsBitSet",
        (Parameter("value", "num", OnNull.FALSE), Parameter("mask", "num", OnNull.FALSE)),
        "bool",
        is_bit_set,
        "Whether a bit of the mask is set.",
        "IsBitSet(&HF,4)",
        options=("bit_mask",),
    ),
    Function(
        "Error",
        (Parameter("message", "var", OnNull.GIVEN),),
        "void",
        error,
        "Fails the object with this message.",
        'IIF(IsPresent([accountName]),[accountName],Error("AccountName is required"))',
        lifted=False,
    ),
    Function(
        "IIF",
        (Parameter("condition", "bool"), _RESULT, Parameter("otherwise", "var", OnNull.GIVEN)),
        "var",
        compiled_by_form,
        "One of two values, by a condition; only the chosen one is evaluated.",
        'IIF([employeeType]="Intern","t-"&[alias],[alias])',
        form=Form.IIF,
        lazy=(1, 2),
    ),
    Function(
        "Switch",
        (Parameter("condition", "bool"), _RESULT),
        "var",
        compiled_by_form,
        "The value of the first condition that is true; NULL if none is.",
        'Switch([city]="London","English",[city]="Rome","Italian",True,Error("Unknown city"))',
        form=Form.SWITCH,
        lazy=(-1,),
        variadic=True,
    ),
    Function(
        "With",
        (Parameter("variable", "var"), Parameter("value", "var"), Parameter("expression", "var")),
        "var",
        compiled_by_form,
        "An expression in which a variable stands for a value.",
        "With($unExpired,Where($item,[dates],$item>0),IIF(Count($unExpired)>0,$unExpired,NULL))",
        lifted=False,
        form=Form.BINDER,
        lazy=(2,),
    ),
    Function(
        "RandomNum",
        (Parameter("start", "num"), Parameter("end", "num")),
        "num",
        compiled_by_form,
        "A random whole number between two, both included.",
        "RandomNum(100,999)",
        form=Form.WORLD,
        pure=False,
    ),
    Function("Guid", (), "str", compiled_by_form, "A new random GUID.", "Guid()", form=Form.WORLD, pure=False),
)
