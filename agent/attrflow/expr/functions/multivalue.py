"""The functions on multi-valued attributes (expressions.md §3, Multi-valued; §4 for the two named ones).

They take the attribute as a whole. Values keep their stored order; positions count from 1.
"""

from __future__ import annotations

from attrflow.expr.errors import ExpressionError
from attrflow.expr.functions.binding import Form, Function, OnNull, Parameter
from attrflow.expr.functions.logic import compiled_by_form
from attrflow.expr.functions.units import fold
from attrflow.expr.limits import FEW, LARGE, MAX_ITEMS, MAX_TEXT, spend, spend_text
from attrflow.expr.options import DEFAULT_OPTIONS, ExpressionOptions
from attrflow.expr.results import describe
from attrflow.model.names import DistinguishedName, InvalidName, dn_key

__all__ = ["MULTIVALUE"]

_CASE = ("CaseSensitive", "CaseInsensitive")


def contains(
    values: tuple[object, ...] | None,
    search: str | DistinguishedName,
    case: str = "CaseSensitive",
    options: ExpressionOptions = DEFAULT_OPTIONS,
) -> int | None:
    """The position of the first text that contains the search, or of the first reference that equals it.

    0 when there is none; an absent attribute by option `contains_absent`.

    >>> contains(("smtp:a", "SMTP:b"), "SMTP:"), contains(("smtp:a",), "SMTP:", "CaseInsensitive")
    (2, 1)
    """
    if values is None:
        return 0 if options.contains_absent == "zero" else None
    if len(values) > FEW:
        spend(len(values))
    fold_case = case == "CaseInsensitive"
    if not fold_case and isinstance(search, str) and (place := _first_with(values, search)) is not None:
        return place
    needle = fold(search) if fold_case and isinstance(search, str) else search
    for position, value in enumerate(values, start=1):
        if isinstance(value, DistinguishedName):
            found = value.key == _key(search)
        elif isinstance(value, str) and isinstance(needle, str):
            spend_text(len(value))
            found = needle in (fold(value) if fold_case else value)
        else:
            raise ExpressionError("type-mismatch", f"Contains cannot look for {describe(search)} in {describe(value)}")
        if found:
            return position
    return 0


def _first_with(values: tuple[object, ...], needle: str) -> int | None:
    """The place of the first text with the needle in it, 0 for none; None where not all before it are texts.

    The usual case by itself, because rules ask it of every object.
    """
    for position, value in enumerate(values, start=1):
        if value.__class__ is not str:
            return None
        assert isinstance(value, str)
        if len(value) > LARGE:
            spend_text(len(value))
        if needle in value:
            return position
    return 0


def _key(search: str | DistinguishedName) -> str | None:
    if isinstance(search, DistinguishedName):
        return search.key
    try:
        return dn_key(search)
    except InvalidName:
        # A text that is no DN equals no reference.
        return None


def count(values: tuple[object, ...] | None) -> int:
    """The number of values; an absent attribute has none.

    >>> count(("a", "b")), count(None)
    (2, 0)
    """
    return 0 if values is None else len(values)


def item(values: tuple[object, ...] | None, index: int) -> object:
    """The value at a position.

    Raises:
        ExpressionError: `out-of-bounds`, there is no such value.

    >>> item(("a", "b"), 2)
    'b'
    """
    if values is None or not 1 <= index <= len(values):
        have = 0 if values is None else len(values)
        raise ExpressionError("out-of-bounds", f"Item {index} of an attribute with {have} value(s)")
    return values[index - 1]


def item_or_null(values: tuple[object, ...], index: int) -> object:
    """The value at a position, or NULL when there is none.

    >>> item_or_null(("a",), 1), item_or_null(("a",), 2)
    ('a', None)
    """
    return values[index - 1] if 1 <= index <= len(values) else None


def join(values: tuple[object, ...], delimiter: str = " ") -> str:
    """The texts in one, with a delimiter of any length between them.

    >>> join(("a", "b")), join(("a", "b"), "")
    ('a b', 'ab')
    """
    texts = [value for value in values if isinstance(value, str)]
    if len(texts) != len(values):
        raise ExpressionError("type-mismatch", "Join works on texts only")
    if sum(map(len, texts)) + len(delimiter) * len(texts) > MAX_TEXT:
        raise ExpressionError("limit-exceeded", f"Join would build more than {MAX_TEXT:,} characters")
    spend(len(values))
    return delimiter.join(texts)


def remove_duplicates(values: tuple[object, ...], options: ExpressionOptions = DEFAULT_OPTIONS) -> tuple[object, ...]:
    """Each value once, where it stood first; texts that differ in case are different (option `duplicates`).

    >>> remove_duplicates(("a", "A", "a"))
    ('a', 'A')
    """
    seen: set[tuple[type, object]] = set()
    result = []
    fold_case = options.duplicates == "case-insensitive"
    spend(len(values))
    for value in values:
        if isinstance(value, DistinguishedName):
            mark: tuple[type, object] = (DistinguishedName, value.key)
        else:
            mark = (type(value), value.casefold() if fold_case and isinstance(value, str) else value)
        if mark not in seen:
            seen.add(mark)
            result.append(value)
    return tuple(result)


def split(text: str, delimiter: str, limit: int = -1, options: ExpressionOptions = DEFAULT_OPTIONS) -> tuple[str, ...]:
    """The pieces between single-character delimiters (option `long_delimiter`), empty ones included.

    With a limit there are at most that many, and the last holds the remainder; -1 is no limit.

    >>> split("p;q", ";"), split("a;b;c", ";", 2)
    (('p', 'q'), ('a', 'b;c'))
    """
    if len(delimiter) > 1 and options.long_delimiter == "first":
        delimiter = delimiter[0]
    if len(delimiter) != 1 and (not delimiter or options.long_delimiter == "error"):
        raise ExpressionError("invalid-argument", "Split takes exactly one character as delimiter")
    if limit == 0 or limit < -1:
        raise ExpressionError("out-of-bounds", f"Split cannot return {limit} values at most")
    most = MAX_ITEMS if limit == -1 else limit - 1
    spend_text(len(text))
    pieces = text.split(delimiter, most)
    spend(len(pieces))
    if len(pieces) > MAX_ITEMS:
        raise ExpressionError("limit-exceeded", f"Split would build more than {MAX_ITEMS:,} values")
    return tuple(pieces)


_VALUES = Parameter("values", "mv")
_BOUND = (Parameter("variable", "var"), Parameter("values", "mv"), Parameter("expression", "var"))
MULTIVALUE: tuple[Function, ...] = (
    Function(
        "Contains",
        (
            Parameter("values", "mv", OnNull.GIVEN),
            Parameter("search", "str|ref", OnNull.ZERO),
            Parameter("case", "str", optional=True, words=_CASE),
        ),
        "num",
        contains,
        "The position of the first value that contains a text, or 0.",
        'Contains([proxyAddresses],"SMTP:")',
        lifted=False,
        options=("contains_absent",),
    ),
    Function(
        "Count",
        (Parameter("values", "mv", OnNull.GIVEN),),
        "num",
        count,
        "The number of values.",
        "Count([proxyAddresses])",
        lifted=False,
    ),
    Function(
        "Item",
        (Parameter("values", "mv", OnNull.GIVEN), Parameter("index", "num", OnNull.ERROR)),
        "var",
        item,
        "The value at a position; an error when there is none.",
        'Item([proxyAddresses],Contains([proxyAddresses],"SMTP:"))',
        lifted=False,
    ),
    Function(
        "ItemOrNull",
        (_VALUES, Parameter("index", "num")),
        "var",
        item_or_null,
        "The value at a position; NULL when there is none.",
        "ItemOrNull([proxyAddresses],5)",
        lifted=False,
    ),
    Function(
        "Join",
        (_VALUES, Parameter("delimiter", "str", optional=True)),
        "str",
        join,
        "The values in one text.",
        'Join([proxyAddresses],",")',
        lifted=False,
        grows=True,
    ),
    Function(
        "RemoveDuplicates",
        (_VALUES,),
        "mv",
        remove_duplicates,
        "Each value once.",
        "RemoveDuplicates([proxyAddresses])",
        lifted=False,
        options=("duplicates",),
    ),
    Function(
        "Split",
        (Parameter("text", "str"), Parameter("delimiter", "str"), Parameter("limit", "num", optional=True)),
        "mv",
        split,
        "The pieces of a text between delimiters.",
        'Split("SMTP:john@contoso.com,smtp:jd@contoso.com",",")',
        options=("long_delimiter",),
    ),
    Function(
        "Select",
        _BOUND,
        "mv",
        compiled_by_form,
        "A function's result for each value.",
        'Select($item,[otherPhone],Replace($item,"-",""))',
        lifted=False,
        form=Form.BINDER,
        lazy=(2,),
    ),
    Function(
        "Where",
        _BOUND,
        "mv",
        compiled_by_form,
        "The values for which a condition holds.",
        'Where($item,[proxyAddresses],InStr($item,"SMTP:")=1)',
        lifted=False,
        form=Form.BINDER,
        lazy=(2,),
    ),
    Function(
        "ImportedValue",
        (Parameter("attribute", "str"),),
        "var",
        compiled_by_form,
        "The value of an attribute as confirmed by import.",
        'ImportedValue("proxyAddresses")',
        lifted=False,
        form=Form.NAMED,
    ),
    Function(
        "ValueCount",
        (Parameter("attribute", "str"),),
        "num",
        compiled_by_form,
        "The number of values of an attribute, without loading them.",
        'ValueCount("member")',
        lifted=False,
        form=Form.NAMED,
    ),
)
