"""Deltas and reference sets: layers compose as they apply."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attrflow.model.connector_space import AppliedRule, CSObject, export_hologram, import_hologram, is_export_only
from attrflow.model.delta import (
    EMPTY_IMAGE,
    AttributeDelta,
    Delta,
    Image,
    ObjectOperation,
    apply_delta,
    attribute_delta,
    compose,
    image_difference,
)
from attrflow.model.references import (
    NO_REFERENCES,
    EditedReferences,
    ReferenceDelta,
    ReferenceIds,
    ReferenceSet,
    difference,
    edited,
)
from attrflow.model.values import Value, Values, reference_digest, same_values

VALUE: st.SearchStrategy[Value] = st.sampled_from([True, 1, "1", "a", "A", b"a"])
VALUES: st.SearchStrategy[Values] = st.lists(VALUE, max_size=4).map(tuple)
NAMES = st.sampled_from(["mail", "proxyAddresses"])
MULTI = frozenset({"proxyAddresses"})
IDS = st.frozensets(st.integers(1, 6))
SHIFT = st.tuples(IDS, IDS).map(lambda pair: ReferenceDelta(pair[0], pair[1] - pair[0]))
IMAGE = st.builds(
    Image,
    st.dictionaries(NAMES, VALUES.filter(bool)),
    st.dictionaries(st.just("member"), IDS.filter(bool).map(ReferenceIds)),
)
ATTRIBUTE = st.one_of(
    st.builds(AttributeDelta, st.sampled_from(["add", "replace"]), VALUES),
    st.builds(AttributeDelta, st.just("update"), VALUES, VALUES),
    st.builds(AttributeDelta, st.just("delete")),
)


def deltas(*operations: ObjectOperation) -> st.SearchStrategy[Delta]:
    """Deltas of these object operations; a deletion carries nothing."""
    content = [o for o in operations if o not in ("delete", "obsolete")]
    bare = [o for o in operations if o in ("delete", "obsolete")]
    made = st.builds(
        Delta,
        st.sampled_from(content),
        st.dictionaries(NAMES, ATTRIBUTE),
        st.dictionaries(st.just("member"), SHIFT),
    )
    return st.one_of(made, st.sampled_from(bare).map(Delta)) if bare else made


def same(left: Image, right: Image) -> bool:
    """Whether two images hold the same."""
    names = {*left.attributes, *right.attributes, *left.references, *right.references}
    return all(
        same_values(left.attributes.get(n, ()), right.attributes.get(n, ()))
        and set(left.references.get(n, NO_REFERENCES)) == set(right.references.get(n, NO_REFERENCES))
        for n in names
    )


@given(IMAGE, deltas("update", "replace", "delete", "obsolete", "delete-add"), deltas("update", "replace", "delete"))
def test_two_deltas_in_one_do_what_they_do_one_after_the_other(below: Image, first: Delta, second: Delta) -> None:
    one = apply_delta(compose(first, second, below, multi=MULTI), below)
    assert same(one, apply_delta(second, apply_delta(first, below)))


@given(deltas("add"), deltas("update", "replace", "delete"))
def test_an_add_and_what_follows_it_are_an_add_or_nothing(first: Delta, second: Delta) -> None:
    one = compose(first, second, EMPTY_IMAGE, multi=MULTI)
    assert same(apply_delta(one, EMPTY_IMAGE), apply_delta(second, apply_delta(first, EMPTY_IMAGE)))
    assert one is None if second.operation == "delete" else one is not None


@given(IMAGE, IMAGE)
def test_the_difference_of_two_images_turns_one_into_the_other(below: Image, wanted: Image) -> None:
    delta = image_difference(below, wanted, multi=MULTI)
    assert same(apply_delta(delta, below), wanted)
    assert (delta is None) is same(below, wanted)


@given(VALUES, VALUES, st.booleans())
def test_the_difference_of_two_attributes_turns_one_into_the_other(before: Values, after: Values, multi: bool) -> None:
    change = attribute_delta(before, after, multi=multi)
    assert same_values(change.apply(before) if change is not None else before, after)


def test_what_was_deleted_and_comes_back_as_it_was_leaves_nothing_pending() -> None:
    below = Image({"mail": ("a",)})
    back = Delta("update", {"mail": AttributeDelta("add", ("a",))})
    assert compose(Delta("delete"), back, below, multi=MULTI) is None


def test_a_rename_outlives_content_that_cancels_out() -> None:
    below = Image({"mail": ("a",)})
    there = Delta("update", {"mail": AttributeDelta("replace", ("b",))}, old_dn="CN=old")
    back = Delta("update", {"mail": AttributeDelta("replace", ("a",))}, old_dn="CN=middle")
    assert compose(there, back, below, multi=MULTI) == Delta("update", old_dn="CN=old")


def test_a_hologram_shows_a_deletion_as_nothing_and_an_export_above_it_as_that_export() -> None:
    cso = CSObject(
        1,
        "ad",
        "DC=test",
        "CN=a,DC=test",
        "k",
        image=Image({"mail": ("a",), "title": ("t",)}),
        pending_import=Delta("update", {"mail": AttributeDelta("replace", ("b",))}),
        unapplied=Delta("update", {"mail": AttributeDelta("delete")}),
    )
    assert import_hologram(cso).attributes == {"mail": ("b",), "title": ("t",)}
    assert export_hologram(cso).attributes == {"title": ("t",)}
    assert not is_export_only(cso)


@pytest.mark.parametrize("text", ["inbound/join+join/a", "outbound/provision/b", "inbound/sticky-join/c/d"])
def test_an_applied_rule_survives_its_text(text: str) -> None:
    assert str(AppliedRule.parse(text)) == text


# -- reference sets -------------------------------------------------------------------------------


@given(IDS, st.lists(SHIFT, max_size=5))
def test_a_set_edited_many_times_knows_its_count_and_digest(ids: frozenset[int], shifts: list[ReferenceDelta]) -> None:
    wanted, here = set(ids), EditedReferences(ReferenceIds(ids), ReferenceDelta())
    current: ReferenceSet = here
    for shift in shifts:
        current = edited(current, shift)
        wanted = (wanted - shift.removed) | shift.added
    assert set(current) == wanted
    assert len(list(current)) == current.count == len(wanted)
    assert current.digest == reference_digest(wanted)
    assert all((i in current) is (i in wanted) for i in range(8))


@given(IDS, SHIFT, SHIFT)
def test_two_shifts_in_one_do_what_they_do_one_after_the_other(
    ids: frozenset[int], first: ReferenceDelta, second: ReferenceDelta
) -> None:
    base = ReferenceIds(ids)
    assert set(edited(base, first.then(second))) == set(edited(edited(base, first), second))


@given(IDS, SHIFT, SHIFT)
def test_a_difference_is_exact_whatever_the_sets_are_built_of(
    ids: frozenset[int], first: ReferenceDelta, second: ReferenceDelta
) -> None:
    base = ReferenceIds(ids)
    kinds: list[ReferenceSet] = [base, ReferenceIds(ids), EditedReferences(base, first), EditedReferences(base, second)]
    for old in kinds:
        for new in kinds:
            shift = difference(old, new)
            assert shift == ReferenceDelta(frozenset(new) - frozenset(old), frozenset(old) - frozenset(new))
            assert set(edited(old, shift)) == set(new)


def test_an_edit_that_changes_nothing_is_the_set_itself() -> None:
    base = ReferenceIds((1, 2))
    assert edited(base, ReferenceDelta()) is base


def test_a_member_of_many_is_told_apart_without_reading_the_others() -> None:
    class Unreadable(ReferenceIds):
        def __iter__(self):  # type: ignore[no-untyped-def]  # never called
            raise AssertionError("the set was loaded")

    base = Unreadable(range(50_000))
    changed = edited(base, ReferenceDelta(frozenset((60_000,)), frozenset((7,))))
    assert difference(base, changed) == ReferenceDelta(frozenset((60_000,)), frozenset((7,)))
    assert changed.count == 50_000
