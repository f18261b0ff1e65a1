"""How moments are written: the .NET custom and standard formats, in the invariant culture.

The reference links to another product's formats, but its examples and the shipped rules are .NET's
(expressions.md §3, FormatDateTime). Nothing here shifts a zone: a moment is in UTC.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from attrflow.expr.errors import ExpressionError

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


def format_date_time(moment: datetime, pattern: str) -> str:
    """The moment in a .NET format: one letter is a standard format, anything else a custom one.

    Raises:
        ExpressionError: `invalid-argument`, a quotation in the format is not closed, a standard format
            does not exist, or more than seven digits of a second are asked for.

    >>> from datetime import UTC
    >>> moment = datetime(2024, 2, 29, 13, 5, 9, tzinfo=UTC)
    >>> format_date_time(moment, "yyyyMMddHHmmss.0Z"), format_date_time(moment, "d MMM yyyy h:mm tt")
    ('20240229130509.0Z', '29 Feb 2024 1:05 PM')
    """
    if len(pattern) <= 1:
        letter = pattern or "G"
        if letter not in _STANDARD:
            raise ExpressionError("invalid-argument", f"no date format is called {letter!r}")
        pattern = _STANDARD[letter]
        if letter in "rRu":
            # GMT and Z are fixed text here, and G, M and T would be read as letters of the pattern.
            pattern = pattern.replace("GMT", "'GMT'")
    out: list[str] = []
    for match in _PIECE.finditer(pattern):
        out.append(_piece(moment, match, out))
    return "".join(out)


def _piece(moment: datetime, match: re.Match[str], before: list[str]) -> str:
    if match["quoted"]:
        return re.sub(r"\\(.)", r"\1", match["quoted"][1:-1])
    if match["escaped"]:
        return match["escaped"]
    if match["single"]:
        return _field(moment, match["single"], 1, before)
    if match["letter"]:
        return _field(moment, match["letter"], len(match[0]), before)
    if match["other"] in "'\"\\%":
        raise ExpressionError("invalid-argument", f"the date format has a {match['other']} without its partner")
    return match["other"]


def _field(moment: datetime, letter: str, count: int, before: list[str]) -> str:
    if letter in "fF":
        return _fraction(moment, letter, count, before)
    if letter not in _FIELDS:
        raise ExpressionError("invalid-argument", f"the date format has no letter {letter!r}")
    return _FIELDS[letter](moment, count)


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
