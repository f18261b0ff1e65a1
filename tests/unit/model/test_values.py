"""Values: what is equal, how they compare in joins, and their JSON form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attrflow.model.values import (
    INTEGER_MAX,
    INTEGER_MIN,
    Reference,
    Value,
    Values,
    folded,
    from_json,
    reference_digest,
    same_values,
    values_from_json,
    values_to_json,
)

value: st.SearchStrategy[Value] = st.one_of(
    st.sampled_from([True, False, 0, 1, "", "1", "True", "a", "A", b"", b"a"]),
    st.integers(INTEGER_MIN, INTEGER_MAX),
    st.text(max_size=3),
    st.binary(max_size=3),
    st.builds(Reference, st.integers(1, 9)),
)
values: st.SearchStrategy[Values] = st.lists(value, max_size=4).map(tuple)

SAME = [
    ("a reorder is no change", ("a", "b"), ("b", "a"), True),
    ("a change of case is one", ("a",), ("A",), False),
    ("True, 1 and '1' are three values", (True,), (1,), False),
    ("True, 1 and '1' in another order are the same three", (True, 1, "1"), (1, "1", True), True),
    ("a value twice is not the value once", ("a", "a", "b"), ("a", "b", "b"), False),
    ("an empty text is a value", ("",), (), False),
    ("text is no bytes", ("a",), (b"a",), False),
    ("a reference is no number", (Reference(1),), (1,), False),
    ("a blank more is a change", ("a ",), ("a",), False),
    ("letters are not normalised", ("\u00e5",), ("a\u030a",), False),
]


@pytest.mark.parametrize(("left", "right", "same"), [pytest.param(a, b, s, id=why) for why, a, b, s in SAME])
def test_equality_is_by_type_and_value_without_order(left: Values, right: Values, same: bool) -> None:
    assert same_values(left, right) is same
    assert same_values(right, left) is same


@given(values, st.randoms(use_true_random=False))
def test_any_reorder_is_the_same(given_values: Values, dice: object) -> None:
    shuffled = list(given_values)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    assert same_values(given_values, tuple(shuffled))


@given(values)
def test_every_value_survives_its_json_form(given_values: Values) -> None:
    back = values_from_json(values_to_json(given_values))
    assert back == given_values
    assert [type(v) for v in back] == [type(v) for v in given_values]


@pytest.mark.parametrize("data", [1.5, None, [], {}, {"b64": 1}, {"b64": "?"}, {"ref": "x"}, {"b64": "", "ref": 1}])
def test_what_is_no_value_is_refused(data: object) -> None:
    with pytest.raises(ValueError, match=r"value|base64|padding"):
        from_json(data)


@pytest.mark.parametrize(
    ("left", "right"), [("TRUE", True), ("false", False), ("7", 7), ("STRASSE", "straße"), ("01FF", b"\x01\xff")]
)
def test_joins_compare_text_in_any_case_booleans_and_numbers(left: Value, right: Value) -> None:
    assert folded(left) == folded(right)


@given(st.sets(st.integers(-5, 2**62)), st.sets(st.integers(-5, 2**62)))
def test_the_digest_of_disjoint_sets_adds_up(left: set[int], right: set[int]) -> None:
    right -= left
    assert (reference_digest(left) + reference_digest(right)) % (1 << 128) == reference_digest(left | right)
