"""How moments are written: the .NET custom and standard formats, in the invariant culture.

The reference links to another product's formats, but its examples and the shipped rules are .NET's
(expressions.md §3, FormatDateTime). Nothing here shifts a zone: a moment is in UTC.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from operator import attrgetter

from attrflow.expr.errors import ExpressionError
from attrflow.expr.options import DEFAULT_OPTIONS, ExpressionOptions

__all__ = ["DAYS", "MONTHS", "format_date_time"]

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_LONGEST = 500
"""Characters of a format; each is read by itself, which takes longer than other work on texts."""
_STANDARD = {
    "d": "MM/dd/yyyy",
    "D": "dddd, dd MMMM yyyy",
    "f": "dddd, dd MMMM yyyy HH:mm",
    "F": "dddd, dd MMMM yyyy HH:mm:ss",
    "g": "MM/dd/yyyy HH:mm",
    "G": "MM/dd/yyyy HH:mm:ss",
    "m": "MMMM dd",
    "M": "MMMM dd",
    "o": "yyyy-MM-ddTHH:mm:ss.fffffffK",
    "O": "yyyy-MM-ddTHH:mm:ss.fffffffK",
    "r": "ddd, dd MMM yyyy HH:mm:ss GMT",
    "R": "ddd, dd MMM yyyy HH:mm:ss GMT",
    "s": "yyyy-MM-ddTHH:mm:ss",
    "t": "HH:mm",
    "T": "HH:mm:ss",
    "u": "yyyy-MM-dd HH:mm:ssZ",
    "U": "dddd, dd MMMM yyyy HH:mm:ss",
    "y": "yyyy MMMM",
    "Y": "yyyy MMMM",
}
_PIECE = re.compile(
    r"(?P<quoted>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")|\\(?P<escaped>.)|%(?P<single>[A-Za-z])"
    r"|(?P<letter>[dfFgHhKmMstyz])(?P=letter)*|(?P<other>.)",
    re.DOTALL,
)


def format_date_time(moment: datetime, pattern: str, options: ExpressionOptions = DEFAULT_OPTIONS) -> str:
    """The moment in a .NET format: one letter is a standard format, anything else a custom one.

    Option `single_letter_format` makes a custom format of one letter too.

    Raises:
        ExpressionError: `invalid-argument`, a quotation in the format is not closed, a standard format
            does not exist, or more than seven digits of a second are asked for.

    >>> from datetime import UTC
    >>> moment = datetime(2024, 2, 29, 13, 5, 9, tzinfo=UTC)
    >>> format_date_time(moment, "yyyyMMddHHmmss.0Z"), format_date_time(moment, "d MMM yyyy h:mm tt")
    ('20240229130509.0Z', '29 Feb 2024 1:05 PM')
    """
    if len(pattern) > _LONGEST:
        raise ExpressionError("limit-exceeded", f"a date format has {_LONGEST} characters at most")
    if not pattern or (len(pattern) == 1 and options.single_letter_format == "standard"):
        letter = pattern or "G"
        if letter not in _STANDARD:
            raise ExpressionError("invalid-argument", f"no date format is called {letter!r}")
        pattern = _STANDARD[letter]
        if letter in "rRu":
            # GMT and Z are fixed text here, and G, M and T would be read as letters of the pattern.
            pattern = pattern.replace("GMT", "'GMT'")
    if (plain := _plain(pattern)) is not None:
        template, fields = plain
        return template % fields(moment)
    out: list[str] = []
    for piece in _pieces(pattern):
        if isinstance(piece, str):
            out.append(piece)
        else:
            letter, count = piece
            out.append(_fraction(moment, letter, count, out) if letter in "fF" else _FIELDS[letter](moment, count))
    return "".join(out)


@lru_cache(maxsize=256)
def _pieces(pattern: str) -> tuple[str | tuple[str, int], ...]:
    """A format taken apart: literal text, and letters with how often they stand there."""
    return tuple(_piece(match) for match in _PIECE.finditer(pattern))


@lru_cache(maxsize=256)
def _plain(pattern: str) -> tuple[str, Callable[[datetime], tuple[int, ...]]] | None:
    """A format of numbers only, as rules have it, as one template and what fills it; None for any other."""
    template, names = "", []
    for piece in _pieces(pattern):
        if isinstance(piece, str):
            template += piece.replace("%", "%%")
        elif piece in _NUMBERS:
            number, name = _NUMBERS[piece]
            template += number
            names.append(name)
        else:
            return None
    return (template, attrgetter(*names)) if len(names) > 1 else None


_NUMBERS = {
    ("y", 4): ("%04d", "year"),
    ("M", 2): ("%02d", "month"),
    ("d", 2): ("%02d", "day"),
    ("H", 2): ("%02d", "hour"),
    ("m", 2): ("%02d", "minute"),
    ("s", 2): ("%02d", "second"),
}


def _piece(match: re.Match[str]) -> str | tuple[str, int]:
    if match["quoted"]:
        return re.sub(r"\\(.)", r"\1", match["quoted"][1:-1])
    if match["escaped"]:
        return match["escaped"]
    if match["letter"]:
        return match["letter"], len(match[0])
    if match["single"]:
        if match["single"] not in "fF" and match["single"] not in _FIELDS:
            raise ExpressionError("invalid-argument", f"the date format has no letter {match['single']!r}")
        return match["single"], 1
    if match["other"] in "'\"\\%":
        raise ExpressionError("invalid-argument", f"the date format has a {match['other']} without its partner")
    return match["other"]


def _fraction(moment: datetime, letter: str, count: int, before: list[str]) -> str:
    if count > 7:
        raise ExpressionError("invalid-argument", "a second has seven digits at most in a date format")
    digits = f"{moment.microsecond:06d}0"[:count]
    if letter == "f":
        return digits
    digits = digits.rstrip("0")
    if not digits and before and before[-1] == ".":
        before.pop()
    return digits


def _day(moment: datetime, count: int) -> str:
    if count <= 2:
        return f"{moment.day:0{count}d}"
    name = DAYS[moment.weekday()]
    return name[:3] if count == 3 else name


def _month(moment: datetime, count: int) -> str:
    if count <= 2:
        return f"{moment.month:0{count}d}"
    name = MONTHS[moment.month - 1]
    return name[:3] if count == 3 else name


def _year(moment: datetime, count: int) -> str:
    return f"{moment.year % 100:0{count}d}" if count <= 2 else f"{moment.year:0{count}d}"


def _zone(_: datetime, count: int) -> str:
    return {1: "+0", 2: "+00"}.get(count, "+00:00")


def _half(moment: datetime, count: int) -> str:
    return ("AM" if moment.hour < 12 else "PM")[: min(count, 2)]


_FIELDS: dict[str, Callable[[datetime, int], str]] = {
    "d": _day,
    "M": _month,
    "y": _year,
    "H": lambda moment, count: f"{moment.hour:0{min(count, 2)}d}",
    "h": lambda moment, count: f"{(moment.hour + 11) % 12 + 1:0{min(count, 2)}d}",
    "m": lambda moment, count: f"{moment.minute:0{min(count, 2)}d}",
    "s": lambda moment, count: f"{moment.second:0{min(count, 2)}d}",
    "t": _half,
    "z": _zone,
    "K": lambda _, count: "Z" * count,
    "g": lambda _, __: "A.D.",
}
