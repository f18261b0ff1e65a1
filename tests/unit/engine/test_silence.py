"""Silence: which expressions can be passed over for an object that lacks every attribute they read."""

from __future__ import annotations

import pytest

from attrflow.engine.silence import silence_of
from attrflow.expr import compile_expression, parse


def check(text: str, expected: set[str] | None) -> None:
    """The attributes without which the expression gives nothing, or None where that cannot be said."""
    tree = parse(text).tree
    assert tree is not None
    silent = silence_of(tree, compile_expression(tree))
    assert silent == (frozenset(expected) if expected is not None else None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Trim([title])", {"title"}),
        ("IIF(IsNullOrEmpty([info]), NULL, Left(Trim([info]), 448)) ", {"info"}),
        ("IIF(IsPresent([a]), [b], [c])", {"a", "b", "c"}),
        ("Left([title], 5)", {"title"}),  # "" for NULL, and an empty text contributes nothing
    ],
)
def test_an_expression_that_gives_nothing_for_nothing_is_silent(text: str, expected: set[str]) -> None:
    check(text, expected)


@pytest.mark.parametrize(
    "text",
    [
        '"User"',  # reads nothing: it always speaks
        'IIF(IsPresent([title]), [title], "none")',  # speaks when there is nothing
        "IIF(IsPresent([title]), NULL, IgnoreThisFlow)",  # a word is more than nothing
        'IIF(IsPresent([title]), [title], Error("no title"))',  # fails when there is nothing
        'ValueCount("member")',  # nothing counts as 0, which is a value
        'ImportedValue("mail")',  # what an import confirmed may be there although the newest state lacks it
        "Trim([title]) & %Domain.FQDN%",  # a parameter may speak alone
        "CStr(Now()) & [title]",  # impure
        "[dn]",  # always there
    ],
)
def test_an_expression_that_may_speak_for_an_empty_object_is_not(text: str) -> None:
    check(text, None)
