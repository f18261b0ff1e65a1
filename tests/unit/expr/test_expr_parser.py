"""The lexer, the parser and the printer: what is refused and where, and that printing loses nothing."""

from __future__ import annotations

import pytest

from attrflow.expr import parse, print_expression
from attrflow.expr.ast import Binary, Call, Negate, Number, Text, Word, height, walk


def check(text: str, code: str, start: int, end: int) -> None:
    """The text is refused with one finding of this code at this place."""
    parsed = parse(text)
    assert parsed.tree is None
    (finding,) = parsed.diagnostics
    assert finding.severity == "error"
    assert finding.span is not None
    assert (finding.code, finding.span.start, finding.span.end) == (code, start, end)


@pytest.mark.parametrize(
    ("text", "code", "start", "end"),
    [
        ("", "syntax", 0, 0),
        ("   ", "syntax", 3, 3),
        ("Trim([a]", "syntax", 8, 8),
        ("Trim([a]))", "syntax", 9, 10),
        ("Trim([a],)", "syntax", 9, 10),
        ("Trim(,[a])", "syntax", 5, 6),
        ("[a] [b]", "syntax", 4, 7),
        ("1 +", "syntax", 3, 3),
        ("= 1", "syntax", 0, 1),
        ("()", "syntax", 1, 2),
        ("1 < = 2", "syntax", 4, 5),
        ("[]", "empty-name", 0, 2),
        ("% %", "empty-name", 0, 3),
        ("[mail", "unterminated-name", 0, 5),
        ("%Domain", "unterminated-name", 0, 7),
        ('"abc', "unterminated-text", 0, 4),
        ("1.5", "fraction", 0, 3),
        ("$ a", "unexpected-character", 0, 1),
        ("[a] | [b]", "unexpected-character", 4, 5),
        ("“a”", "unexpected-character", 0, 1),
        ("'a'", "unexpected-character", 0, 1),
        ("[a] # b", "unexpected-character", 4, 5),
        ("9223372036854775808", "number-too-large", 0, 19),
        ("1" * 5000, "number-too-large", 0, 5000),
        ("&H8000000000000000", "number-too-large", 0, 18),
    ],
)
def test_refused_at_the_right_place(text: str, code: str, start: int, end: int) -> None:
    check(text, code, start, end)


def test_a_backslash_before_the_closing_quote_is_explained() -> None:
    (finding,) = parse(r'Word([a],2,"\")').diagnostics
    assert finding.help == r'write "\\" for one backslash'


def test_the_place_counts_lines_and_columns_from_one() -> None:
    (finding,) = parse("IIF(True,\n  Trim([a]],\n1)").diagnostics
    assert finding.span is not None
    assert (finding.span.line, finding.span.column) == (2, 11)


def test_an_unclosed_call_names_its_parenthesis() -> None:
    (finding,) = parse("IIF(True,\n  Trim([a],\n1").diagnostics
    assert "line 2, column 7" in finding.message


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("2+3*4", "(2 + 3) * 4"),
        ("2*3+4", "2 * 3 + 4"),
        ("2-(3-4)", "2 - (3 - 4)"),
        ("(2-3)-4", "2 - 3 - 4"),
        ("((([a])))", "[a]"),
        ('[a]&"x"="y"', '[a] & "x" = "y"'),
        ('[a]&("x"="y")', '[a] & ("x" = "y")'),
        ("True||False&&True", "(True || False) && True"),
        ("True||(False&&True)", "True || (False && True)"),
        ("- 5", "-5"),
        ("-(5)", "-(5)"),
        ("- -[a]", "--[a]"),
        ("-([a]+1)", "-([a] + 1)"),
        ("&hFF", None),
        ("&Hff", "&HFF"),
        ("-&H10", "-&H10"),
        ('"a""b\\"c\\\\d\\n"', '"a""b""c\\\\d\\\\n"'),
        ("IIF (True , 1,2)", "IIF(True, 1, 2)"),
        ("Now( )", "Now()"),
        ("[a b-c]", "[a b-c]"),
    ],
)
def test_printed(text: str, printed: str | None) -> None:
    tree = parse(text).tree
    assert (tree is None) == (printed is None)
    if tree is not None and printed is not None:
        assert print_expression(tree) == printed
        assert parse(printed).tree == tree


def test_amp_h_is_a_number_only_where_a_value_is_expected() -> None:
    assert parse("1 + &HA").tree == Binary("+", Number(1), Number(10, hexadecimal=True))
    assert parse('"a"&HA').tree == Binary("&", Text("a"), Word("HA"))
    assert parse("Len(&HA)").tree == Call("Len", (Number(10, hexadecimal=True),))


def test_the_smallest_number_can_be_written() -> None:
    assert parse("-9223372036854775808").tree == Number(-(2**63))
    assert parse("--1").tree == Negate(Number(-1))


def test_parentheses_belong_to_the_place_of_what_they_enclose() -> None:
    tree = parse("([a] || [b]) && [c]").tree
    assert isinstance(tree, Binary)
    assert (tree.left.span.start, tree.left.span.end) == (0, 12)
    assert (tree.span.start, tree.span.end) == (0, 19)


@pytest.mark.parametrize(("before", "after"), [("(", ")"), ("Trim(", ")"), ("-", ""), ("IIF(True,1,", ")")])
def test_two_hundred_levels_and_no_more(before: str, after: str) -> None:
    assert parse(before * 200 + "[a]" + after * 200).tree is not None
    (finding,) = parse(before * 201 + "[a]" + after * 201).diagnostics
    assert finding.code == "too-deep"


def test_a_long_chain_passes_and_a_too_long_one_is_refused() -> None:
    tree = parse(" || ".join(["[a]"] * 290)).tree
    assert tree is not None
    assert height(tree) == 290
    assert [finding.code for finding in parse("+".join(["1"] * 5000)).diagnostics] == ["too-deep"]


def test_nodes_are_walked_parents_first_left_to_right() -> None:
    tree = parse("IIF([a] = 1, [b], -[c])").tree
    assert tree is not None
    assert [type(node).__name__ for node in walk(tree)] == [
        "Call",
        "Binary",
        "Attribute",
        "Number",
        "Attribute",
        "Negate",
        "Attribute",
    ]
