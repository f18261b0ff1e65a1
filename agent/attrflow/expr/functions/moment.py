"""Dates and times: CDate, DateAdd, the numbers of AD, and their text (expressions.md §3, Date/time).

All moments are in UTC. How they are written stands in `moment_format`. A moment has microseconds; the
last digit of a number of 100 ns ticks is cut off. The present comes through the context.
"""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime, timedelta

from attrflow.expr.errors import ExpressionError
from attrflow.expr.functions.binding import Form, Function, Parameter
from attrflow.expr.functions.logic import compiled_by_form
from attrflow.expr.functions.moment_format import MONTHS, format_date_time
from attrflow.expr.options import DEFAULT_OPTIONS, ExpressionOptions

__all__ = ["MOMENT", "c_date"]

_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_LATEST = 2_650_467_743_999_999_999
"""The last tick of the year 9999, the end of the calendar of .NET."""

_DATES = (
    re.compile(r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})"),
    re.compile(r"(?P<month>\d{1,2})[-/.](?P<day>\d{1,2})[-/.](?P<year>\d{4})"),
    re.compile(r"(?P<name>[A-Za-z]{3,9})\.? (?P<day>\d{1,2}),? (?P<year>\d{4})"),
    re.compile(r"(?P<day>\d{1,2})[ -](?P<name>[A-Za-z]{3,9})[ -](?P<year>\d{4})"),
)
_TIME = re.compile(
    r"(?:[T ]\s*(?P<hour>\d{1,2})(?::(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.(?P<fraction>\d{1,9}))?)?)?"
    r"\s*(?P<half>[AaPp][Mm])?)?"
    r"\s*(?P<zone>Z|z|GMT|UTC|[+-]\d{1,2}(?::?\d{2})?)?"
)
_UNITS: dict[str, timedelta] = {
    "y": timedelta(days=1),
    "d": timedelta(days=1),
    "w": timedelta(days=1),
    "ww": timedelta(days=7),
    "h": timedelta(hours=1),
    "n": timedelta(minutes=1),
    "s": timedelta(seconds=1),
}
_MONTHS = {"yyyy": 12, "q": 3, "m": 1}


def c_date(text: str | datetime) -> datetime:
    """The moment that a text names: a date, perhaps a time, perhaps a zone; without one it is UTC.

    A moment stays as it is.

    Raises:
        ExpressionError: `invalid-conversion`, the text is no date.

    >>> c_date("2013-01-10 4:00 PM -8").isoformat(), c_date("12/25/2007").isoformat()
    ('2013-01-11T00:00:00+00:00', '2007-12-25T00:00:00+00:00')
    """
    if isinstance(text, datetime):
        return text
    trimmed = " ".join(text.split()) if len(text) <= 100 else ""
    for pattern in _DATES:
        date = pattern.match(trimmed)
        time = _TIME.fullmatch(trimmed, date.end()) if date else None
        if date and time:
            try:
                return _assembled(date, time)
            except (ValueError, OverflowError):
                break
    raise ExpressionError("invalid-conversion", "CDate cannot read this as a date")


def _assembled(date: re.Match[str], time: re.Match[str]) -> datetime:
    parts = date.groupdict()
    month = _month(parts["name"]) if parts.get("name") else int(parts["month"])
    hour = int(time["hour"] or 0)
    if time["half"]:
        if not 1 <= hour <= 12:
            raise ValueError("an hour with AM or PM is from 1 to 12")
        hour = hour % 12 + (12 if time["half"].lower() == "pm" else 0)
    elif time["hour"] and not time["minute"]:
        raise ValueError("an hour alone needs AM or PM")
    moment = datetime(
        int(parts["year"]),
        month,
        int(parts["day"]),
        hour,
        int(time["minute"] or 0),
        int(time["second"] or 0),
        int((time["fraction"] or "0").ljust(6, "0")[:6]),
        tzinfo=UTC,
    )
    return moment - _offset(time["zone"])


def _month(name: str) -> int:
    for number, full in enumerate(MONTHS, start=1):
        if name.lower() in (full.lower(), full[:3].lower()):
            return number
    raise ValueError("no month has this name")


def _offset(zone: str | None) -> timedelta:
    if not zone or zone[0] not in "+-":
        return timedelta()
    digits = zone[1:].replace(":", "")
    hours, minutes = (int(digits), 0) if len(digits) <= 2 else (int(digits[:-2]), int(digits[-2:]))
    if hours > 14 or minutes > 59:
        raise ValueError("no zone is so far from UTC")
    shift = timedelta(hours=hours, minutes=minutes)
    return shift if zone[0] == "+" else -shift


def date_add(interval: str, number: int, moment: datetime) -> datetime:
    """The moment `number` intervals later (earlier when negative); month ends are clipped.

    >>> date_add("m", 1, c_date("2023-01-31")).date().isoformat()
    '2023-02-28'
    >>> date_add("n", -30, c_date("2023-01-01")).isoformat()
    '2022-12-31T23:30:00+00:00'
    """
    try:
        if interval in _UNITS:
            return moment + number * _UNITS[interval]
        if interval in _MONTHS:
            months = moment.year * 12 + moment.month - 1 + number * _MONTHS[interval]
            year, month = divmod(months, 12)
            day = min(moment.day, calendar.monthrange(year, month + 1)[1])
            return moment.replace(year=year, month=month + 1, day=day)
    except (OverflowError, ValueError):
        raise ExpressionError("out-of-bounds", "DateAdd leaves the years 1 to 9999") from None
    known = ", ".join((*_MONTHS, *_UNITS))
    raise ExpressionError("invalid-argument", f"DateAdd knows the intervals {known}")


def date_from_num(number: int, options: ExpressionOptions = DEFAULT_OPTIONS) -> datetime | None:
    """The moment of a number of 100 ns ticks since 1601, as AD keeps it; 0 is 1601-01-01.

    Options `filetime_zero` and `filetime_never` can make NULL of the two numbers that name no moment.

    Raises:
        ExpressionError: `out-of-bounds`, negative or beyond the year 9999 (such as AD's "never").

    >>> date_from_num(129699324000000000).isoformat()
    '2012-01-01T23:00:00+00:00'
    """
    if number == 0 and options.filetime_zero == "null":
        return None
    if not 0 <= number <= _LATEST:
        if options.filetime_never == "null":
            return None
        raise ExpressionError("out-of-bounds", "DateFromNum reads ticks from the year 1601 to the year 9999")
    return _EPOCH + timedelta(microseconds=number // 10)


def num_from_date(moment: datetime) -> int:
    """The ticks of a moment, the opposite of DateFromNum.

    >>> num_from_date(c_date("2012-01-01 23:00"))
    129699324000000000
    """
    if moment < _EPOCH:
        raise ExpressionError("out-of-bounds", "NumFromDate counts from the year 1601 on")
    return (moment - _EPOCH) // timedelta(microseconds=1) * 10


_NUMBER = (Parameter("number", "num"),)
_MOMENT = (Parameter("date", "dt"),)
MOMENT: tuple[Function, ...] = (
    Function(
        "CDate",
        (Parameter("text", "str|dt"),),
        "dt",
        c_date,
        "A text as a moment in UTC.",
        'CDate("2013-01-10 4:00 PM -8")',
    ),
    Function(
        "DateAdd",
        (Parameter("interval", "str"), Parameter("number", "num"), Parameter("date", "dt")),
        "dt",
        date_add,
        "A moment some intervals later.",
        'DateAdd("m",3,CDate("2001-01-01"))',
    ),
    Function(
        "DateFromNum",
        _NUMBER,
        "dt",
        date_from_num,
        "A number of AD as a moment.",
        "DateFromNum(129699324000000000)",
        options=("filetime_zero", "filetime_never"),
    ),
    Function(
        "NumFromDate",
        _MOMENT,
        "num",
        num_from_date,
        "A moment as a number of AD.",
        'NumFromDate(CDate("2012-01-01 23:00"))',
    ),
    Function(
        "FormatDateTime",
        (Parameter("date", "dt"), Parameter("format", "str")),
        "str",
        format_date_time,
        "A moment as text.",
        'FormatDateTime(CDate("12/25/2007"),"yyyy-MM-dd")',
        grows=True,
        options=("single_letter_format",),
    ),
    Function("Now", (), "dt", compiled_by_form, "The present moment.", "Now()", form=Form.WORLD, pure=False),
)
