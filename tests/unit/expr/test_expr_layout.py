"""Editing keeps the layout of everything that did not change."""

from __future__ import annotations

import pytest

from attrflow.expr import Expression, parse, print_edited, replaced
from attrflow.expr.ast import Attribute, Binary, Call, Negate, Number, Text

RULE = """
IIF( IsPresent([mail]) ,
     Left( [mail] , &H1C0 ),      ( ([cn]) )
   )
"""


def tree_of(text: str) -> Expression:
    tree = parse(text).tree
    assert tree is not None, text
    return tree


def check(text: str, old: Expression, new: Expression, expected: str) -> None:
    """Replacing every `old` by `new` gives this text, which parses to the edited tree."""
    parsed = parse(text)
    assert parsed.tree is not None
    edited = replaced(parsed.tree, lambda node: new if node == old else None)
    assert print_edited(parsed, edited) == expected
    assert parse(expected).tree == edited


def test_what_is_not_changed_is_the_text_itself() -> None:
    assert print_edited(parse(RULE), tree_of(RULE)) == RULE


@pytest.mark.parametrize(
    ("text", "old", "new", "expected"),
    [
        (RULE, Attribute("cn"), Attribute("sn"), RULE.replace("( ([cn]) )", "[sn]")),
        (RULE, Number(448, hexadecimal=True), Number(20), RULE.replace("&H1C0", "20")),
        (RULE, Attribute("mail"), Call("Trim", (Attribute("mail"),)), RULE.replace("[mail]", "Trim([mail])")),
        ("[a]  &  [b]", Attribute("b"), Text("x"), '[a]  &  "x"'),
        ("[a]  &  [b]", Attribute("b"), Binary("&", Attribute("c"), Text("x")), '[a] & ([c] & "x")'),
        ("- [a]", Attribute("a"), Binary("+", Attribute("b"), Number(1)), "-([b] + 1)"),
        ("-[a]", Negate(Attribute("a")), Number(1), "1"),
    ],
)
def test_one_change_is_one_change_of_the_text(text: str, old: Expression, new: Expression, expected: str) -> None:
    check(text, old, new, expected)


def test_a_part_that_moves_into_a_new_call_keeps_its_text() -> None:
    parsed = parse("Trim( [a]&[b] )")
    assert isinstance(parsed.tree, Call)
    wrapped = Call("Left", (parsed.tree, Number(5)))
    assert print_edited(parsed, wrapped) == "Left(Trim( [a]&[b] ), 5)"


def test_arguments_added_and_taken_away() -> None:
    parsed = parse("Left( [a],[b] )")
    assert isinstance(parsed.tree, Call)
    edited = Call("Mid", (*parsed.tree.arguments, Number(1)))
    assert print_edited(parsed, edited) == "Mid([a], [b], 1)"
