"""What people write in expressions by mistake, and what is said about it.

Typographic quotes, XML entities, comments, other languages' operators and functions. Knows no grammar.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

__all__ = [
    "COMMENT",
    "ENTITY",
    "OTHER_DIALECTS",
    "SMART_QUOTES",
    "WORD_OPERATORS",
    "WRONG_OPERATORS",
    "comment_end",
    "decoded_entities",
    "stray",
]

SMART_QUOTES = "\u201c\u201d\u201e\u201f\u00ab\u00bb\u2018\u2019"
ENTITY = re.compile(r"(?:&(?:amp|lt|gt|quot|apos|#[0-9]{1,6}|#x[0-9A-Fa-f]{1,5});)+")
COMMENT = re.compile(r"//|/\*")

WRONG_OPERATORS: Mapping[str, tuple[str, str]] = {
    "==": ("=", "values are compared with ="),
    "!=": ("<>", "unequal is <>"),
    "=<": ("<=", "at most is <="),
    "=>": (">=", "at least is >="),
    "!": ("", "compare with = False"),
    "|": ("||", "the logical or is ||"),
}
"""The operators of other languages: what is meant (empty: nothing that could stand there), and the help."""

WORD_OPERATORS: Mapping[str, tuple[str, str]] = {
    "and": ("&&", "the logical and is &&"),
    "andalso": ("&&", "the logical and is &&"),
    "or": ("||", "the logical or is ||"),
    "orelse": ("||", "the logical or is ||"),
    "is": ("=", "values are compared with ="),
    "eq": ("=", "values are compared with ="),
    "ne": ("<>", "unequal is <>"),
    "like": ("=", 'InStr([attribute], "text") > 0 finds a text inside another'),
    "mod": ("-", "there is no remainder; BitAnd looks at single bits"),
}
"""Words that stand where an operator is expected, by their lower case."""

OTHER_DIALECTS: Mapping[str, str] = {
    "append": "texts are joined with &",
    "concat": "texts are joined with &",
    "concatenate": "texts are joined with &",
    "tolower": "LCase",
    "lowercase": "LCase",
    "toupper": "UCase",
    "uppercase": "UCase",
    "propercase": "PCase",
    "leftpad": "PadLeft",
    "rightpad": "PadRight",
    "removespaces": "Trim",
    "if": "IIF",
    "iff": "IIF",
    "not": "compare with = False",
    "and": "the logical and is &&",
    "or": "the logical or is ||",
    "eq": "values are compared with =",
    "coalesce": "IIF(IsNullOrEmpty([a]),[b],[a])",
    "substring": "Mid",
    "length": "Len",
    "indexof": "InStr",
    "dateformat": "FormatDateTime",
    "datetimeformat": "FormatDateTime",
    "formatdate": "FormatDateTime",
    "random": "RandomNum",
    "newguid": "Guid",
    "isnothing": "IsNull",
    "cint": "CNum",
    "clng": "CNum",
    "isnullorwhitespace": "IsNullOrEmpty(Trim([a]))",
    "normalizediacritics": "ReplaceChars, with the characters named",
    "selectuniquevalue": "this engine has nothing like it; rules see one object",
}
"""Functions of sibling languages by their lower case, and what to write here."""


def decoded_entities(text: str) -> str:
    """What XML entities stand for.

    >>> decoded_entities("&amp;&amp;"), decoded_entities("&lt;&gt;")
    ('&&', '<>')
    """
    return html.unescape(text)


def comment_end(text: str, start: int) -> int:
    """Where what looks like a comment ends: its line, or its closing mark."""
    closing = "*/" if text.startswith("/*", start) else "\n"
    end = text.find(closing, start + 2)
    return len(text) if end < 0 else end + (2 if closing == "*/" else 0)


def stray(character: str) -> tuple[str, str | None]:
    """What is said about a character that no token begins with, and the help."""
    if character in SMART_QUOTES:
        return "a typographic quote is no quote", 'use the straight quote "'
    if character == "'":
        return "a text stands between double quotes", "use \" instead of '"
    if character == "$":
        return "'$' begins a variable, but no name follows", "write $item"
    if character == "]":
        return "']' has no '[' before it", None
    if character in "{}":
        return f"'{character}' is not part of the language", "parentheses are ( and )"
    if character == ";":
        return "';' is not part of the language", "arguments are separated by ,"
    if character == "#":
        return "'#' is not part of the language", 'the language has no comments, and a date is CDate("…")'
    return f"{character!r} (U+{ord(character):04X}) is not part of the language", None
