"""The text functions that cut, trim, pad and measure (expressions.md §3, Text). Positions count from 1."""

from __future__ import annotations

from attrflow.expr.errors import ExpressionError
from attrflow.expr.functions.binding import Function, OnNull, Parameter
from attrflow.expr.functions.units import cut, length
from attrflow.expr.limits import LARGE, MAX_TEXT, spend_text
from attrflow.expr.options import DEFAULT_OPTIONS, ExpressionOptions

__all__ = ["CUTTING", "WHITE"]

WHITE = (
    " \t\n\v\f\r\x85\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""What .NET's Char.IsWhiteSpace names; Python's strip would also take U+001C to U+001F."""


def trim(text: str) -> str:
    """The text without white space at both ends.

    >>> trim("  +47 22 00 00 00 "), trim(chr(0x1F) + "a")
    ('+47 22 00 00 00', '\\x1fa')
    """
    if len(text) > LARGE:
        spend_text(len(text))
    return text.strip(WHITE)


def l_trim(text: str) -> str:
    """The text without white space at its beginning.

    >>> l_trim(" a ")
    'a '
    """
    spend_text(len(text))
    return text.lstrip(WHITE)


def r_trim(text: str) -> str:
    """The text without white space at its end.

    >>> r_trim(" a ")
    ' a'
    """
    spend_text(len(text))
    return text.rstrip(WHITE)


def left(text: str, count: int) -> str:
    """The first `count` characters; a negative count gives the whole text.

    >>> left("Redmond", 3), left("Redmond", 0), left("Redmond", -1), left("Redmond", 99)
    ('Red', '', 'Redmond', 'Redmond')
    """
    return text if count < 0 or count >= length(text) else cut(text, 0, count)


def right(text: str, count: int) -> str:
    """The last `count` characters; a negative count gives the whole text.

    >>> right("Redmond", 4), right("Redmond", 0), right("Redmond", -1)
    ('mond', '', 'Redmond')
    """
    size = length(text)
    return text if count < 0 or count >= size else cut(text, size - count, size)


def mid(text: str | bytes, start: int, count: int | None = None) -> str | bytes:
    """`count` characters (or bytes) from `start` on; the rest without `count`.

    A negative count, or a start outside the text, gives the whole input.

    >>> mid("Redmond", 4, 2), mid("Redmond", 20, 2), mid("Redmond", 4), mid("Redmond", 4, 0)
    ('mo', 'Redmond', 'mond', '')
    """
    size = len(text) if isinstance(text, bytes) else length(text)
    spend_text(size)
    if count == 0:
        return text[:0]
    if start < 1 or start > size or (count is not None and count < 0):
        return text
    end = size if count is None else min(size, start - 1 + count)
    return text[start - 1 : end] if isinstance(text, bytes) else cut(text, start - 1, end)


def len_(value: str | bytes | None, options: ExpressionOptions = DEFAULT_OPTIONS) -> int | None:
    """The number of characters (UTF-16 units) of a text, or of bytes; NULL by option `len_null`.

    >>> len_("John Doe"), len_(b"abc")
    (8, 3)
    """
    if value is None:
        return 0 if options.len_null == "zero" else None
    return len(value) if isinstance(value, bytes) else length(value)


def _padding(name: str, text: str, size: int, character: str) -> str:
    if length(character) != 1:
        raise ExpressionError("invalid-argument", f"{name} pads with exactly one character")
    if size > MAX_TEXT:
        raise ExpressionError("limit-exceeded", f"{name} would build more than {MAX_TEXT:,} characters")
    spend_text(size)
    return character * max(0, size - length(text))


def pad_left(text: str, size: int, character: str) -> str:
    """The text filled up at its beginning; never cut.

    >>> pad_left("42", 5, "0"), pad_left("123456", 5, "0")
    ('00042', '123456')
    """
    return _padding("PadLeft", text, size, character) + text


def pad_right(text: str, size: int, character: str) -> str:
    """The text filled up at its end; never cut.

    >>> pad_right("42", 5, "0")
    '42000'
    """
    return text + _padding("PadRight", text, size, character)


_COUNTED = (Parameter("text", "str", OnNull.BLANK), Parameter("count", "num"))
_PADDED = (
    Parameter("text", "str", OnNull.BLANK),
    Parameter("length", "num"),
    Parameter("character", "str", OnNull.ERROR),
)
CUTTING: tuple[Function, ...] = (
    Function("Trim", (Parameter("text", "str"),), "str", trim, "White space cut at both ends.", 'Trim(" Test ")'),
    Function(
        "LTrim",
        (Parameter("text", "str"),),
        "str",
        l_trim,
        "White space cut at the beginning.",
        'LTrim(" Test ")',
    ),
    Function("RTrim", (Parameter("text", "str"),), "str", r_trim, "White space cut at the end.", 'RTrim(" Test ")'),
    Function("Left", _COUNTED, "str", left, "The first characters.", 'Left("John Doe",3)'),
    Function("Right", _COUNTED, "str", right, "The last characters.", 'Right("John Doe",3)'),
    Function(
        "Mid",
        (
            Parameter("text", "str|bin", OnNull.BLANK),
            Parameter("start", "num"),
            Parameter("count", "num", optional=True),
        ),
        "str|bin",
        mid,
        "Characters or bytes from a position on.",
        'Mid("John Doe",3,5)',
    ),
    Function(
        "Len",
        (Parameter("value", "str|bin", OnNull.GIVEN),),
        "num",
        len_,
        "The length.",
        'Len("John Doe")',
        options=("len_null",),
    ),
    Function("PadLeft", _PADDED, "str", pad_left, "Filled up at the beginning.", 'PadLeft("User",10,"0")'),
    Function("PadRight", _PADDED, "str", pad_right, "Filled up at the end.", 'PadRight("User",10,"0")'),
)
