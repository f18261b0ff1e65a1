"""A plan that contradicts itself is refused, in words that say where."""

from __future__ import annotations

import random

import msgspec
import pytest

from attrflow_mocks.scenarios.builder import build_directory
from attrflow_mocks.scenarios.loader import load_pools
from attrflow_mocks.scenarios.names import ascii_slug, escape_rdn, unit_dn
from attrflow_mocks.scenarios.people import invent_names
from attrflow_mocks.scenarios.plan import DirectoryPlan, Pools

PERSON = {"given": "A", "surname": "B", "unit": "People", "title": "T"}
BASE = {
    "naming-context": "DC=x,DC=test",
    "netbios": "X",
    "domain": "x.test",
    "company": "X",
    "offices": ["Oslo"],
    "accounts": {},
    "units": [
        {"path": "People", "people": 3, "titles": ["Clerk"]},
        {"path": "Groups"},
        {"path": "Contacts"},
    ],
}


def plan(**changes: object) -> DirectoryPlan:
    return msgspec.convert({**BASE, **changes}, DirectoryPlan)


def check(text: str, **changes: object) -> None:
    with pytest.raises(ValueError, match=text):
        build_directory("x", plan(**changes), load_pools(), 1)


def test_a_plain_plan_is_built() -> None:
    seed = build_directory("x", plan(), load_pools(), 1)
    assert [entry.object_class for entry in seed.entries] == ["organizationalUnit"] * 3 + ["user"] * 3


def test_contradictions_are_told() -> None:
    two = [{**PERSON, "login": login} for login in ("a", "b", "c", "d")]
    check("counts 3 people and names 4", people=two)
    check("unknown \\['Atlantis'\\]", offices=["Atlantis"])
    check("no unit 'Nowhere'", people=[{**PERSON, "login": "a", "unit": "Nowhere"}])
    check("no office 'Rome'", people=[{**PERSON, "login": "a", "office": "Rome"}])
    check("'boss' of the manager", people=[{**PERSON, "login": "a", "manager": "boss"}])
    check("same login", people=two[:1] * 2)
    check(
        "in a circle",
        people=[{**PERSON, "login": "a", "manager": "b"}, {**PERSON, "login": "b", "manager": "a"}],
    )
    check("'ghost' of group 'G'", groups=[{"name": "G", "kind": "security", "people": ["ghost"]}])
    check("contains 'H'", groups=[{"name": "G", "kind": "security", "groups": ["H"]}])
    check(
        "groups contain each other in a circle",
        groups=[
            {"name": "G", "kind": "security", "groups": ["H"]},
            {"name": "H", "kind": "security", "groups": ["G"]},
        ],
    )
    long = "a" * 21
    check(
        "two accounts would be named",
        people=[{**PERSON, "login": f"{long}1"}, {**PERSON, "login": f"{long}2", "given": "C"}],
    )


def test_a_misspelt_key_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="netbois"):
        plan(netbois="X")


def test_names_run_out_loudly() -> None:
    pools = Pools(("A",), ("B", "C"), load_pools().offices)
    names = invent_names(pools, random.Random(1))  # noqa: S311 - names for a test
    assert {next(names)[2], next(names)[2]} == {"a.b", "a.c"}
    with pytest.raises(ValueError, match="no more names"):
        next(names)


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Øystein Kjær", "oystein.kjaer"),
        ("Lund-Andersen", "lund-andersen"),
        ("  Å ", "a"),
        ("李", ""),
        ("O'Neil", "o.neil"),
    ],
)
def test_slugs(text: str, slug: str) -> None:
    assert ascii_slug(text) == slug


@pytest.mark.parametrize(
    ("value", "escaped"),
    [
        ("a,b", r"a\,b"),
        ("#a", r"\#a"),
        (" a ", r"\ a\ "),
        (" ", r"\ "),
        ("a\\", "a\\\\"),
        ('"<>;+=', r"\"\<\>\;\+="),
        ("a#b c", "a#b c"),
        ("Åse", "Åse"),
    ],
)
def test_rdn_values_are_escaped(value: str, escaped: str) -> None:
    assert escape_rdn(value) == escaped


def test_units_nest_from_the_root_down() -> None:
    assert unit_dn("A/B,C", "DC=x") == r"OU=B\,C,OU=A,DC=x"
