"""The text functions that search, change case, replace and take words (expressions.md §3, Text).

Cutting and padding stand in `cutting`. Positions count from 1, "not found" is 0.
"""

from __future__ import annotations

import re

from attrflow.expr.errors import ExpressionError
from attrflow.expr.functions.binding import Function, OnNull, Parameter
from attrflow.expr.functions.units import find, find_last, fold, length
from attrflow.expr.limits import LARGE, MAX_TEXT, spend_text
from attrflow.expr.options import DEFAULT_OPTIONS, ExpressionOptions

__all__ = ["TEXT"]

_COMPARE = ("vbBinaryCompare", "vbTextCompare")
_LETTERS = re.compile(r"([^\w'\u2019]+)")
_MONIKERS = {"\\n": "\n", "\\r": "\r", "\\t": "\t"}


def in_str(
    text: str,
    match: str,
    start: int = 1,
    compare: str = "vbBinaryCompare",
    options: ExpressionOptions = DEFAULT_OPTIONS,
) -> int:
    """The first position of `match` at or after `start`; an empty match is found at `start`, as in VBA.

    >>> in_str("fabrikam", "k"), in_str("fabrikam", "K"), in_str("fabrikam", "K", 1, "vbTextCompare")
    (6, 0, 6)
    """
    if start < 1:
        raise ExpressionError("out-of-bounds", f"InStr starts at 1 or later, not at {start}")
    if start > length(text) or (not match and options.empty_match == "zero"):
        return 0
    if compare == "vbTextCompare":
        text, match = fold(text), fold(match)
    return find(text, match, start)


def in_str_rev(
    text: str,
    match: str,
    start: int = -1,
    compare: str = "vbBinaryCompare",
    options: ExpressionOptions = DEFAULT_OPTIONS,
) -> int:
    """The last position of `match` that lies wholly before or at `start`; -1 is the end of the text.

    >>> in_str_rev("fabrikam", "a"), in_str_rev("fabrikam", "a", 6)
    (7, 2)
    """
    if start == 0 or start < -1:
        raise ExpressionError("out-of-bounds", f"InStrRev starts at 1 or later, not at {start}")
    if not text or start > length(text):
        return 0
    end = length(text) if start == -1 else start
    if not match:
        return 0 if options.empty_match == "zero" else end
    if compare == "vbTextCompare":
        text, match = fold(text), fold(match)
    return find_last(text, match, end)


def l_case(text: str) -> str:
    """Every letter in lower case, whatever the language.

    >>> l_case("TeSt")
    'test'
    """
    return text.lower()


def u_case(text: str) -> str:
    """Every letter in upper case, whatever the language; one without an upper case becomes what Unicode says.

    >>> u_case("TeSt"), u_case("ß")
    ('TEST', 'SS')
    """
    return text.upper()


def p_case(text: str, options: ExpressionOptions = DEFAULT_OPTIONS) -> str:
    """The first letter of each word in upper case, the rest in lower case; words as option `pcase_words`.

    A word wholly in capitals stays, since it may be an acronym.

    >>> p_case("mary ann"), p_case("TEST"), p_case("jean-luc")
    ('Mary Ann', 'TEST', 'Jean-luc')
    """
    spend_text(10 * len(text))
    words = _LETTERS.split(text) if options.pcase_words == "letters" else text.split(" ")
    cased = [word if word.isupper() else word[:1].upper() + word[1:].lower() for word in words]
    return "".join(cased) if options.pcase_words == "letters" else " ".join(cased)


def _decoded(text: str) -> str:
    for moniker, character in _MONIKERS.items():
        text = text.replace(moniker, character)
    return text


def replace(text: str, old: str, new: str | None, options: ExpressionOptions = DEFAULT_OPTIONS) -> str:
    r"""Every `old` replaced by `new`; `\n`, `\r` and `\t` in both stand for the characters.

    Raises:
        ExpressionError: `invalid-argument`, the text to be replaced is empty (option `replace_empty`).

    >>> replace("(425) 555", "(", "")
    '425) 555'
    >>> replace("a\r\nb", r"\r\n", ", ")
    'a, b'
    """
    if not old and options.replace_empty == "unchanged":
        return text
    if not old:
        raise ExpressionError("invalid-argument", "Replace needs a text to replace, not an empty one")
    old, new = _decoded(old), _decoded(new or "")
    if len(text) + text.count(old) * (len(new) - len(old)) > MAX_TEXT:
        raise ExpressionError("limit-exceeded", f"Replace would build more than {MAX_TEXT:,} characters")
    spend_text(2 * len(text))
    return text.replace(old, new)


def replace_chars(text: str, pattern: str) -> str:
    """Characters replaced in one pass by a pattern `source:target,source:target`.

    White space in the pattern is ignored; a source is one character, a target any text.

    >>> replace_chars("Zoë", "ë:e"), replace_chars("a b", "a:xyz,b:")
    ('Zoe', 'xyz ')
    """
    table: dict[int, str] = {}
    compacted = "".join(pattern.split())
    for item in compacted.split(",") if compacted else ():
        source, separator, target = item.partition(":")
        if len(source) != 1 or not separator or ":" in target:
            raise ExpressionError(
                "invalid-argument", f"ReplaceChars cannot read {item!r}: one character, ':', its replacement"
            )
        table.setdefault(ord(source), target)
    longest = max((len(target) for target in table.values()), default=1)
    if (
        len(text) * longest > MAX_TEXT
        and len(text) + sum(text.count(chr(source)) * (len(target) - 1) for source, target in table.items()) > MAX_TEXT
    ):
        raise ExpressionError("limit-exceeded", f"ReplaceChars would build more than {MAX_TEXT:,} characters")
    spend_text(2 * len(text) + 10 * len(pattern))
    return text.translate(table)


def word(text: str, number: int, delimiters: str, options: ExpressionOptions = DEFAULT_OPTIONS) -> str:
    """The `number`-th word; any character of `delimiters` separates, two in a row give an empty word.

    A text without any delimiter is one word (option `undelimited_word`). Outside the words the result is empty.

    >>> word("one,two;three", 2, ",;"), word("one", 1, ","), word("Test;;Function", 2, ";")
    ('two', 'one', '')
    """
    if number < 1:
        return ""
    if len(text) > LARGE or len(delimiters) > LARGE:
        spend_text(3 * len(text) + 10 * len(delimiters))
    if len(delimiters) == 1:
        words = text.split(delimiters, number)
    elif delimiters:
        text = text.translate(dict.fromkeys(map(ord, delimiters[1:]), delimiters[0]))
        words = text.split(delimiters[0], number)
    else:
        words = [text]
    if len(words) == 1 and options.undelimited_word == "empty":
        return ""
    return words[number - 1] if number <= len(words) else ""


TEXT: tuple[Function, ...] = (
    Function(
        "InStr",
        (
            Parameter("text", "str", OnNull.ZERO),
            Parameter("match", "str", OnNull.ZERO),
            Parameter("start", "num", optional=True),
            Parameter("compare", "str", optional=True, words=_COMPARE),
        ),
        "num",
        in_str,
        "The first position of a text in another, or 0.",
        'InStr("The quick brown fox","quick")',
        options=("empty_match",),
    ),
    Function(
        "InStrRev",
        (
            Parameter("text", "str", OnNull.ZERO),
            Parameter("match", "str", OnNull.ZERO),
            Parameter("start", "num", optional=True),
            Parameter("compare", "str", optional=True, words=_COMPARE),
        ),
        "num",
        in_str_rev,
        "The last position of a text in another, or 0.",
        'InStrRev("abbcdbbbef","bb")',
        options=("empty_match",),
    ),
    Function("LCase", (Parameter("text", "str"),), "str", l_case, "Lower case.", 'LCase("TeSt")', grows=True),
    Function("UCase", (Parameter("text", "str"),), "str", u_case, "Upper case.", 'UCase("TeSt")', grows=True),
    Function(
        "PCase",
        (Parameter("text", "str"),),
        "str",
        p_case,
        "Each word begins in upper case.",
        'PCase("TEsT")',
        grows=True,
        options=("pcase_words",),
    ),
    Function(
        "Replace",
        (Parameter("text", "str"), Parameter("old", "str"), Parameter("new", "str", OnNull.GIVEN)),
        "str",
        replace,
        "Every occurrence of a text replaced by another.",
        'Replace([mail],"@contoso.com","@fabrikam.com")',
        grows=True,
        options=("replace_empty",),
    ),
    Function(
        "ReplaceChars",
        (Parameter("text", "str"), Parameter("pattern", "str")),
        "str",
        replace_chars,
        "Single characters replaced by a pattern.",
        'ReplaceChars("Räksmörgås","å:a,ä:a,ö:o")',
        grows=True,
    ),
    Function(
        "Word",
        (
            Parameter("text", "str", OnNull.BLANK),
            Parameter("number", "num", OnNull.BLANK),
            Parameter("delimiters", "str", OnNull.BLANK),
        ),
        "str",
        word,
        "One word of a text, by its number.",
        'Word("The quick brown fox",3," ")',
        options=("undelimited_word",),
    ),
)
