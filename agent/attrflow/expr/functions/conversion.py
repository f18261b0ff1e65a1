"""The conversion functions and the tests whether they would succeed (expressions.md §3, Conversion).

GUIDs, SIDs and encodings stand in `encoding`; dates in `moment`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any

from attrflow.expr.errors import ExpressionError
from attrflow.expr.functions.binding import Function, OnNull, Parameter
from attrflow.expr.functions.encoding import c_guid
from attrflow.expr.functions.moment import c_date
from attrflow.expr.options import DEFAULT_OPTIONS, ExpressionOptions
from attrflow.model.names import DistinguishedName, InvalidName, parse_dn
from attrflow.model.values import INTEGER_MAX, INTEGER_MIN, Reference

__all__ = ["CONVERSION"]

_LONGEST_NAME = 20_000
"""Beyond what any directory stores; names are kept once parsed, so a longer one would stay in memory."""


def c_bool(value: str | int | bool, options: ExpressionOptions = DEFAULT_OPTIONS) -> bool:
    """False for 0 and False, True for other numbers; the texts True and False (option `cbool_text`).

    >>> c_bool(2), c_bool(False), c_bool(" true ")
    (True, False, True)
    """
    if not isinstance(value, str):
        return bool(value)
    word = value.strip().lower()
    if word not in ("true", "false") or options.cbool_text == "error":
        raise ExpressionError(
            "invalid-conversion",
            "CBool reads the texts True and False only" if options.cbool_text != "error" else "CBool reads no text",
        )
    return word == "true"


def c_num(value: str | int | bytes, options: ExpressionOptions = DEFAULT_OPTIONS) -> int:
    """A whole number in decimal digits with an optional sign; bytes are read unsigned (option `byte_order`).

    >>> c_num(" -42 "), c_num(b"\\x01\\x02")
    (-42, 513)
    """
    if isinstance(value, int):
        return value
    if isinstance(value, bytes):
        if not 1 <= len(value) <= 8:
            raise ExpressionError("invalid-conversion", f"CNum reads 1 to 8 bytes, not {len(value)}")
        number = int.from_bytes(value, options.byte_order)
    else:
        digits = value.strip()
        unsigned = digits[1:] if digits[:1] in ("+", "-") else digits
        if not unsigned.isascii() or not unsigned.isdigit() or len(unsigned) > 40:
            raise ExpressionError("invalid-conversion", "CNum reads whole numbers in decimal digits only")
        number = int(digits)
    if not INTEGER_MIN <= number <= INTEGER_MAX:
        raise ExpressionError("invalid-conversion", "CNum reads numbers of 64 bits at most")
    return number


# The rules of one object ask for the same name many times in a row.
@lru_cache(maxsize=1024)
def c_ref(text: str) -> DistinguishedName | None:
    """The reference that a distinguished name stands for; an empty text is none.

    >>> str(c_ref("CN=Kari,OU=Sales,DC=contoso,DC=test"))
    'CN=Kari,OU=Sales,DC=contoso,DC=test'
    """
    if len(text) > _LONGEST_NAME:
        raise ExpressionError("invalid-conversion", f"CRef reads names of {_LONGEST_NAME:,} characters at most")
    if not text.strip():
        return None
    try:
        return parse_dn(text)
    except InvalidName as error:
        raise ExpressionError("invalid-conversion", f"CRef cannot read this distinguished name: {error}") from None


def c_str(value: str | int | bool | DistinguishedName | Reference) -> str:
    """A number in decimal, the text of a reference, True or False; a text stays.

    >>> c_str(5), c_str(True), c_str("x")
    ('5', 'True', 'x')
    """
    if isinstance(value, Reference):
        raise ExpressionError(
            "type-mismatch", "CStr cannot make text of a reference whose distinguished name is not known here"
        )
    return str(value)


def _succeeds(convert: Callable[[Any], object], value: object) -> bool:
    try:
        convert(value)
    except ExpressionError:
        return False
    return True


def is_numeric(value: object) -> bool:
    """Whether CNum would succeed.

    >>> is_numeric("12"), is_numeric("12a"), is_numeric(True)
    (True, False, False)
    """
    return not isinstance(value, bool) and isinstance(value, str | int | bytes) and _succeeds(c_num, value)


def is_date(value: object) -> bool:
    """Whether CDate would succeed.

    >>> is_date("2001-01-01"), is_date("soon")
    (True, False)
    """
    return isinstance(value, datetime) or (isinstance(value, str) and _succeeds(c_date, value))


def is_guid(value: object) -> bool:
    """Whether CGuid would succeed.

    >>> is_guid("{01020304-0506-0708-090a-0b0c0d0e0f10}"), is_guid("x")
    (True, False)
    """
    return isinstance(value, str) and _succeeds(c_guid, value)


def is_string(value: object, options: ExpressionOptions = DEFAULT_OPTIONS) -> bool:
    """Whether CStr would succeed: True for texts, numbers, booleans and references, False for binary.

    NULL by option `is_string_null`.

    >>> is_string("x"), is_string(b"x"), is_string(None)
    (True, False, False)
    """
    return options.is_string_null if value is None else isinstance(value, str | int | DistinguishedName)


def c_bin(number: int, size: int, options: ExpressionOptions = DEFAULT_OPTIONS) -> bytes:
    """A number as that many bytes, in the order of option `byte_order`.

    >>> c_bin(513, 4)
    b'\\x01\\x02\\x00\\x00'
    """
    if not 1 <= size <= 8:
        raise ExpressionError("out-of-bounds", f"CBin makes 1 to 8 bytes, not {size}")
    try:
        return number.to_bytes(size, options.byte_order, signed=number < 0)
    except OverflowError:
        raise ExpressionError("out-of-bounds", f"the number does not fit {size} byte(s)") from None


_ANY = (Parameter("value", "scalar", OnNull.FALSE),)
CONVERSION: tuple[Function, ...] = (
    Function(
        "CBool",
        (Parameter("value", "bool|num|str", OnNull.FALSE),),
        "bool",
        c_bool,
        "A number or text as True or False; NULL is False.",
        "CBool([a]=[b])",
        options=("cbool_text",),
    ),
    Function(
        "CNum",
        (Parameter("value", "str|num|bin"),),
        "num",
        c_num,
        "A text as a number.",
        'CNum("5")',
        options=("byte_order",),
    ),
    Function(
        "CRef",
        (Parameter("text", "str"),),
        "ref",
        c_ref,
        "A text as a reference.",
        'CRef("CN=LC,DC=contoso,DC=com")',
    ),
    Function(
        "CStr",
        (Parameter("value", "str|num|ref|bool"),),
        "str",
        c_str,
        "A value as text.",
        "CStr([employeeNumber])",
    ),
    Function(
        "CBin",
        (Parameter("number", "num"), Parameter("size", "num")),
        "bin",
        c_bin,
        "A number as bytes.",
        "CBin(Len([blob]),4)",
        options=("byte_order",),
    ),
    Function("IsNumeric", _ANY, "bool", is_numeric, "Whether CNum would succeed.", 'IsNumeric("12")'),
    Function("IsDate", _ANY, "bool", is_date, "Whether CDate would succeed.", 'IsDate("2001-01-01")'),
    Function("IsGuid", _ANY, "bool", is_guid, "Whether CGuid would succeed.", 'IsGuid("x")'),
    Function(
        "IsString",
        (Parameter("value", "scalar", OnNull.GIVEN),),
        "bool",
        is_string,
        "Whether CStr would succeed.",
        "IsString([objectGUID])",
        options=("is_string_null",),
    ),
)
