"""Where a rule may stand, and which others make room."""

from __future__ import annotations

import pytest

from attrflow.rules.numbering import free_own_number, number_after, number_before
from attrflow.rules.rule import Rule


def rule(number: int, id_: str | None = None) -> Rule:
    return Rule(id_ or str(number), f"rule {number}", "", "inbound", "hq", "user", "person", "join", number)


RULES = [rule(n) for n in (0, 10, 11, 12, 15, 100, 101)]


@pytest.mark.parametrize(
    ("moved", "other", "number", "pushed"),
    [
        (None, 10, 9, {}),  # the free number beside it
        (None, 0, 0, {"0": 1}),  # nothing is below zero
        (None, 12, 12, {"12": 13}),  # as far as the next gap
        (None, 11, 11, {"11": 12, "12": 13}),
        (None, 100, 99, {}),
        ("11", 12, 11, {}),  # its own number is free for it
        ("101", 11, 11, {"11": 12, "12": 13}),
        ("101", 101 - 1, 99, {}),
    ],
)
def test_before(moved: str | None, other: int, number: int, pushed: dict[str, int]) -> None:
    assert number_before(RULES, moved, rule(other)) == (number, pushed)


@pytest.mark.parametrize(
    ("moved", "other", "number", "pushed"),
    [
        (None, 12, 13, {}),
        (None, 10, 11, {"11": 12, "12": 13}),
        (None, 101, 102, {}),
        (None, 100, 101, {"101": 102}),
        ("11", 10, 11, {}),
    ],
)
def test_after(moved: str | None, other: int, number: int, pushed: dict[str, int]) -> None:
    assert number_after(RULES, moved, rule(other)) == (number, pushed)


def test_before_one_of_a_tie_it_goes_before_both() -> None:
    number, pushed = number_before([rule(5, "a"), rule(5, "b")], None, rule(5, "b"))
    assert (number, pushed) == (5, {"a": 6, "b": 7})


def test_the_highest_free_number_of_ones_own() -> None:
    assert free_own_number(RULES) == 99
    assert free_own_number([rule(99), rule(98), rule(100)]) == 97
    assert free_own_number([rule(n) for n in range(100)]) is None
