"""Scope filters: every operator on absent, typed and many values (behaviour.md §3.1)."""

from __future__ import annotations

import pytest

from attrflow.app.world import SeededWorld
from attrflow.engine.reading import CSReading, Moment
from attrflow.engine.scope import compile_scope, failing_clauses
from attrflow.model.configuration import EngineOptions
from attrflow.model.connector_space import CSObject
from attrflow.model.delta import Image
from attrflow.model.references import ReferenceIds
from attrflow.model.values import Values

from .lab import Lab
from .lab_entries import dn, group, user
from .lab_rules import rule

PARAMETERS = {"Connector.ID": "11111111-0000-0000-0000-000000000001", "Domain.FQDN": "contoso.test"}


def check(clause: str, values: Values, expected: bool, options: EngineOptions | None = None) -> None:
    """The clause on attribute `a` with these values is true or not."""
    options = options or EngineOptions()
    world = SeededWorld()
    cso = CSObject(1, "contoso", "DC=contoso,DC=test", dn("Kari"), "k", image=Image({"a": values} if values else {}))
    reading = CSReading(cso, None, PARAMETERS, Moment(world.now(), world, 1), Lab().store)
    scoped = rule("scoped", 1, scope=[f"a {clause}"])
    assert compile_scope(scoped, options)(reading) is expected
    assert bool(failing_clauses(scoped.scope, reading, options)) is not expected


ABSENT: list[tuple[str, bool]] = [
    ("EQUAL x", False),
    ("NOTEQUAL x", True),
    ("LESSTHAN 5", False),
    ("LESSTHAN_OR_EQUAL 5", False),
    ("GREATERTHAN 5", False),
    ("GREATERTHAN_OR_EQUAL 5", False),
    ("CONTAINS x", False),
    ("NOTCONTAINS x", True),
    ("STARTSWITH x", False),
    ("NOTSTARTSWITH User_", True),
    ("ENDSWITH x", False),
    ("NOTENDSWITH x", True),
    ("ISNULL", True),
    ("ISNOTNULL", False),
    ("ISIN x", False),
    ("ISNOTIN x", True),
    ("ISBITSET 2", False),
    ("ISBITNOTSET 2", True),
    ("ISMEMBEROF CN=nobody,DC=contoso,DC=test", False),
    ("ISNOTMEMBEROF CN=nobody,DC=contoso,DC=test", True),
]


@pytest.mark.parametrize(("clause", "expected"), ABSENT)
def test_an_absent_attribute_makes_the_positive_operators_false_and_the_negative_ones_true(
    clause: str, expected: bool
) -> None:
    check(clause, (), expected)


@pytest.mark.parametrize(("clause", "expected"), ABSENT)
def test_an_empty_text_counts_as_absent(clause: str, expected: bool) -> None:
    check(clause, ("",), expected)


TYPED: list[tuple[str, Values, bool]] = [
    ("EQUAL X", ("x",), True),
    ("EQUAL x ", ("x",), True),
    ("EQUAL x", (" x",), False),
    ("NOTEQUAL X", ("x",), False),
    ("EQUAL True", (True,), True),
    ("EQUAL TRUE", (True,), True),
    ("EQUAL true", ("TRUE",), True),
    ("NOTEQUAL True", (False,), True),
    ("EQUAL False", (False,), True),
    ("EQUAL 1", (True,), False),
    ("EQUAL 512", (512,), True),
    ("EQUAL 0512", (512,), True),
    ("EQUAL 0x200", (512,), True),
    ("EQUAL -2", (-2,), True),
    ("EQUAL x", (512,), False),
    ("NOTEQUAL x", (512,), True),
    ("EQUAL AQI=", (b"\x01\x02",), True),
    ("EQUAL no base64", (b"\x01\x02",), False),
    ("LESSTHAN 50000", (6000,), True),
    ("LESSTHAN 50000", (50000,), False),
    ("LESSTHAN_OR_EQUAL 50000", (50000,), True),
    ("GREATERTHAN 9", (10,), True),
    ("GREATERTHAN 9", ("10",), False),
    ("GREATERTHAN_OR_EQUAL m", ("M",), True),
    ("LESSTHAN b", ("A",), True),
    ("LESSTHAN 5", (True,), False),
    ("LESSTHAN x", (1,), False),
    ("GREATERTHAN x", (1,), False),
    ("CONTAINS ARI", ("Kari",), True),
    ("NOTCONTAINS ari", ("KARI",), False),
    ("CONTAINS 12", (5123,), True),
    ("STARTSWITH user_", ("User_1",), True),
    ("NOTSTARTSWITH User_", ("user_1",), False),
    ("NOTSTARTSWITH User_", ("my User_1",), True),
    ("ENDSWITH @CONTOSO.test", ("k@contoso.TEST",), True),
    ("NOTENDSWITH .test", ("k@contoso.org",), True),
    ("ISNOTNULL", (False,), True),
    ("ISNOTNULL", (0,), True),
    ("ISIN b", ("a", "B"), True),
    ("ISNOTIN b", ("a", "c"), True),
    ("ISNOTIN b", ("a", "b"), False),
    ("EQUAL b", ("a", "b"), True),
    ("NOTEQUAL b", ("a", "b"), False),
    ("ISBITSET 2", (514,), True),
    ("ISBITSET 2", (512,), False),
    ("ISBITSET 3", (2,), False),
    ("ISBITNOTSET 2", (512,), True),
    ("ISBITNOTSET 2", (514,), False),
    ("ISBITNOTSET 3", (2,), True),
    ("ISBITSET 2147483648", (-2147483646,), True),
    ("ISBITSET two", (2,), False),
    ("EQUAL %Connector.ID%", ("11111111-0000-0000-0000-000000000001",), True),
    ("ENDSWITH %Domain.FQDN%", ("kari@contoso.test",), True),
    ("EQUAL %Unknown%", ("%Unknown%",), True),
]


@pytest.mark.parametrize(("clause", "values", "expected"), TYPED)
def test_comparison_follows_the_type_of_the_value(clause: str, values: Values, expected: bool) -> None:
    check(clause, values, expected)


def test_options_decide_what_no_source_does() -> None:
    check("ISBITNOTSET 2", (), False, EngineOptions(bit_not_set_when_absent=False))
    check("EQUAL x", ("X",), False, EngineOptions(case_sensitive_scope=True))
    check("STARTSWITH x", ("Xy",), False, EngineOptions(case_sensitive_scope=True))
    check("EQUAL TRUE", (True,), True, EngineOptions(case_sensitive_scope=True))


GROUPS = [
    (["a EQUAL x; b EQUAL y"], False),
    (["a EQUAL x; b ISNULL"], True),
    (["a EQUAL no", "a EQUAL x"], True),
    (["a EQUAL no", "b EQUAL y"], False),
    ([], True),
]


@pytest.mark.parametrize(("groups", "expected"), GROUPS)
def test_clauses_are_anded_groups_are_ored_and_no_group_is_always_in_scope(groups: list[str], expected: bool) -> None:
    world = SeededWorld()
    cso = CSObject(1, "contoso", "", dn("Kari"), "k", image=Image({"a": ("x",)}))
    reading = CSReading(cso, None, {}, Moment(world.now(), world, 1), Lab().store)
    assert compile_scope(rule("scoped", 1, scope=groups), EngineOptions())(reading) is expected


def test_a_failing_filter_names_the_first_false_clause_of_each_group_and_what_it_saw() -> None:
    world = SeededWorld()
    cso = CSObject(1, "contoso", "", dn("Kari"), "k", image=Image({"a": ("x",)}))
    reading = CSReading(cso, None, {}, Moment(world.now(), world, 1), Lab().store)
    scoped = rule("scoped", 1, scope=["a EQUAL x; b ISNOTNULL", "a EQUAL y; b EQUAL z"])
    assert failing_clauses(scoped.scope, reading, EngineOptions()) == (
        "b ISNOTNULL (has: no value)",
        "a EQUAL y (has: x)",
    )


def test_a_reference_attribute_is_present_when_it_has_targets() -> None:
    world = SeededWorld()
    cso = CSObject(1, "contoso", "", dn("Kari"), "k", image=Image({}, {"a": ReferenceIds((7,))}))
    reading = CSReading(cso, None, {}, Moment(world.now(), world, 1), Lab().store)
    assert compile_scope(rule("present", 1, scope=["a ISNOTNULL"]), EngineOptions())(reading)
    assert not compile_scope(rule("absent", 1, scope=["a ISNULL"]), EngineOptions())(reading)


@pytest.mark.parametrize(
    ("operator", "name", "expected"),
    [
        ("ISMEMBEROF", "Staff", True),
        ("ISNOTMEMBEROF", "Staff", False),
        ("ISMEMBEROF", "STAFF", True),
        ("ISMEMBEROF", "Others", False),
        ("ISNOTMEMBEROF", "Others", True),
    ],
)
def test_membership_is_asked_of_the_group_of_the_same_connector_space(operator: str, name: str, expected: bool) -> None:
    lab = Lab()
    for entry in (user("Kari", 1), group("Staff", 2, member=(dn("Kari"),)), group("Others", 3)):
        lab.directories["contoso"].add(entry)
    lab.run("contoso", "full-import")
    reading = CSReading(lab.must("contoso", dn("Kari")), None, {}, Moment(lab.world.now(), lab.world, 1), lab.store)
    scoped = rule("member", 1, scope=[f"x {operator} {dn(name)}"])
    assert compile_scope(scoped, EngineOptions())(reading) is expected
