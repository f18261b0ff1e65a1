"""One pass over a wrong text tells everything that is wrong with it, in words of its own."""

from __future__ import annotations

import pytest

from attrflow.expr import check, parse
from attrflow.expr.lexer import MAX_DIAGNOSTICS


def told(text: str) -> list[tuple[int, str]]:
    """Where, and the code of each finding, in order."""
    checked = check(parse(text))
    assert not checked.ok
    assert parse(text).tree is None or all(d.code.startswith("unknown") for d in checked.diagnostics)
    return [(d.span.start, d.code) for d in checked.diagnostics if d.span is not None]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Trim([mail) & [cn", [(5, "unterminated-name"), (14, "unterminated-name")]),
        ("isnull([a],, Trimm([b]", [(0, "unknown-function"), (11, "syntax"), (13, "unknown-function"), (22, "syntax")]),
        ("IIF([a] == 1; Left([b] 3); 2]", [(8, "unexpected-character"), (12, "unexpected-character"), (23, "syntax"),
                                            (25, "unexpected-character"), (28, "unexpected-character")]),
        ("“a” & ‘b’ & trim([c])", [(0, "unexpected-character"), (6, "unexpected-character"), (12, "unknown-function")]),
        ("[a]&amp;&amp;[b] &gt; &quot;x&quot;", [(3, "xml-entity"), (17, "xml-entity"), (22, "xml-entity")]),
        ("[a] and Not [b] or [c]", [(4, "syntax"), (8, "syntax"), (16, "syntax")]),
        ("Trim([a])) & [b], [c]", [(9, "syntax"), (16, "syntax")]),
        ("1.5 + 99999999999999999999", [(0, "fraction"), (6, "number-too-large")]),
        ("[a] // why\n& %No", [(4, "comment"), (13, "unterminated-name")]),
        ('"a\n& trim([b]) & "c"', [(18, "syntax"), (18, "unknown-name"), (19, "unterminated-text")]),
    ],
)  # fmt: skip
def test_everything_wrong_is_told_in_one_pass(text: str, expected: list[tuple[int, str]]) -> None:
    assert told(text) == expected


@pytest.mark.parametrize(
    ("text", "help_"),
    [
        ("[a] != 1", "unequal is <>"),
        ("[a] == 1", "values are compared with ="),
        ("[a] | [b]", "the logical or is ||"),
        ("[a] And [b]", "the logical and is &&"),
        ("Not [a]", "compare with = False"),
        ("NULL()", "write NULL without parentheses"),
        ("Now", "write Now()"),
        ("ToUpper([a])", "did you mean UCase?"),
        ("Concatenate([a],[b])", "texts are joined with &"),
        ("Iif([a],1,2)", "did you mean IIF? Names are case-sensitive"),
        ("[a]&amp;[b]", "write &"),
        ("[a] # x", 'the language has no comments, and a date is CDate("…")'),
        ("{[a]}", "parentheses are ( and )"),
    ],
)
def test_frequent_slips_have_their_own_words(text: str, help_: str) -> None:
    assert check(parse(text)).diagnostics[0].help == help_


def test_an_entity_inside_a_text_is_only_doubtful() -> None:
    parsed = parse('"Smith &amp; Sons"')
    assert parsed.tree is not None
    assert [(d.code, d.severity) for d in parsed.diagnostics] == [("xml-entity", "warning")]


def test_what_could_be_read_is_kept_with_holes() -> None:
    parsed = parse("Left([a], ) & [b")
    assert parsed.tree is None
    assert parsed.partial is not None


@pytest.mark.parametrize(
    "text", ["= " * 5000, "[a] " * 5000, "(" * 150 + "= , ) " * 500, "[" * 5000, "not " * 5000, "“" * 999]
)
def test_a_text_full_of_errors_ends_with_a_handful(text: str) -> None:
    found = check(parse(text)).diagnostics
    assert 0 < len(found) <= 3 * MAX_DIAGNOSTICS


@pytest.mark.parametrize("text", ['"' + "a" * 100_000 + '"', "Switch(" + ",".join(["True,1"] * 3000) + ")"])
def test_a_text_that_is_too_long_is_refused(text: str) -> None:
    assert [d.code for d in parse(text).diagnostics] == ["too-long"]
