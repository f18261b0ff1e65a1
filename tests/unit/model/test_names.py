"""Distinguished names: RFC 4514's edges, and the key by which they compare."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attrflow.model.configuration import Partition
from attrflow.model.names import InvalidName, dn_key, escape_value, is_within, parse_dn

SAME = [
    ("case of types and values", "CN=Kari,OU=People,DC=test", "cn=KARI,ou=people,dc=TEST"),
    ("blanks around commas and equals signs", "CN=Kari,DC=test", " CN = Kari ,  DC=test "),
    ("runs of inner blanks", "CN=Kari  Nordmann,DC=test", "CN=Kari Nordmann,DC=test"),
    ("an escape and the plain character", r"CN=K\61ri,DC=test", "CN=Kari,DC=test"),
    ("a hex pair and the escaped character", r"CN=Doe\2C Jane,DC=test", r"CN=Doe\, Jane,DC=test"),
    ("UTF-8 in hex pairs and the letter", r"CN=K\C3\A5re,DC=test", "CN=Kåre,DC=test"),
    ("quotes and escapes", 'CN="Doe, Jane",DC=test', r"CN=Doe\, Jane,DC=test"),
    ("the order of a multi-valued RDN", "CN=Kari+UID=k1,DC=test", "uid=K1+cn=kari,DC=test"),
    ("an escaped trailing blank, which names do not tell apart", r"CN=Kari\ ,DC=test", "CN=Kari,DC=test"),
    ("the separator of RFC 2253", "CN=Kari;DC=test", "CN=Kari,DC=test"),
]
DIFFERENT = [
    ("an escaped comma is no separator", r"CN=Doe\, OU=People,DC=test", "CN=Doe,OU=People,DC=test"),
    ("an escaped plus is no second part", r"CN=a\+ou=b,DC=test", "CN=a+OU=b,DC=test"),
    ("another type", "CN=Kari,DC=test", "OU=Kari,DC=test"),
    ("a line break is no blank", "CN=a\\0Ab,DC=test", "CN=a b,DC=test"),
    ("an accent counts", "CN=Kare,DC=test", "CN=Kåre,DC=test"),
]


@pytest.mark.parametrize(("left", "right"), [pytest.param(a, b, id=why) for why, a, b in SAME])
def test_names_are_one_name_whatever_their_spelling(left: str, right: str) -> None:
    assert dn_key(left) == dn_key(right)


@pytest.mark.parametrize(("left", "right"), [pytest.param(a, b, id=why) for why, a, b in DIFFERENT])
def test_names_that_differ_have_different_keys(left: str, right: str) -> None:
    assert dn_key(left) != dn_key(right)


@pytest.mark.parametrize(
    ("text", "position"),
    [("Kari", 0), ("CN=Kari,People", 8), ("=Kari,DC=test", 0), ("CN=Kari,", 0), ("CN=Kari\\", 7), ("CN=#0,DC=test", 3)],
)
def test_what_is_no_name_says_where_it_stops_being_one(text: str, position: int) -> None:
    with pytest.raises(InvalidName) as raised:
        parse_dn(text)
    assert raised.value.position == position


def test_a_name_keeps_its_spelling_and_gives_its_parts_as_they_were_spelt() -> None:
    name = parse_dn(r"CN=Doe\, Jane\ , OU=A\;B ,DC=test")
    assert str(name) == r"CN=Doe\, Jane\ , OU=A\;B ,DC=test"
    assert name.rdn == r"CN=Doe\, Jane" + "\\ "
    assert name.rdns[0] == (("CN", "Doe, Jane "),)
    assert name.component(2) == ("OU", r"A\;B")
    assert name.component(1, from_root=True) == ("DC", "test")
    assert name.component(4) is None
    assert name.parent is not None and str(name.parent) == r"OU=A\;B ,DC=test"


@pytest.mark.parametrize("text", [r"CN=a\,,DC=x", r"CN=a\\,DC=x", "CN=,DC=x", "CN=a,CN=a"])
def test_the_leaf_ends_at_the_first_comma_that_separates(text: str) -> None:
    name = parse_dn(text)
    assert name.parent is not None
    assert f"{name.rdn},{name.parent}" == text


def test_a_replication_conflict_is_one_component_with_a_line_break() -> None:
    name = parse_dn(r"CN=Kari\0ACNF:2d9c2e4f-0000-4000-8000-000000000001,OU=People,DC=test")
    assert name.rdns[0] == (("CN", "Kari\nCNF:2d9c2e4f-0000-4000-8000-000000000001"),)
    assert name.component(1) == ("CN", r"Kari\0ACNF:2d9c2e4f-0000-4000-8000-000000000001")
    assert is_within(name.key, dn_key("OU=people,DC=test"))


def test_the_root_is_a_name_of_no_component() -> None:
    root = parse_dn("")
    assert (root.rdns, root.key, root.rdn, root.parent) == ((), "", "", None)


def test_a_container_holds_itself_and_what_is_below_but_not_its_namesake() -> None:
    people = dn_key("OU=People,DC=test")
    assert is_within(people, people)
    assert is_within(dn_key("CN=Kari,OU=A,OU=people,DC=test"), people)
    assert not is_within(dn_key("CN=Kari,OU=People2,DC=test"), people)
    assert not is_within(dn_key("DC=test"), people)


@given(st.text(max_size=12))
def test_every_value_survives_escaping(value: str) -> None:
    name = parse_dn(f"CN={escape_value(value)},DC=test")
    assert name.rdns == ((("CN", value),), (("DC", "test"),))


@given(st.lists(st.text(alphabet='aA ,+=\\"#;\n\x00å', max_size=4), min_size=1, max_size=3))
def test_a_name_is_within_each_of_its_parents(values: list[str]) -> None:
    name = parse_dn(",".join(f"CN={escape_value(v)}" for v in values))
    parent = name.parent
    while parent is not None:
        assert is_within(name.key, parent.key)
        assert name.key != parent.key
        parent = parent.parent


IN_SCOPE = [
    ("OU=People", True),
    ("CN=Kari,OU=People", True),
    ("CN=Kari,OU=Old,OU=People", False),
    ("CN=Kari,OU=Kept,OU=Old,OU=People", True),
    ("CN=Kari,OU=Elsewhere", False),
]


@pytest.mark.parametrize(("below", "selected"), IN_SCOPE)
def test_the_deepest_container_above_an_object_decides_its_scope(below: str, selected: bool) -> None:
    base = "DC=test"
    partition = Partition(
        base, (f"OU=People,{base}", f"OU=Kept,OU=Old,OU=People,{base}"), (f"OU=Old,OU=People,{base}",)
    )
    assert partition.in_scope(dn_key(f"{below},{base}")) is selected


def test_a_partition_without_containers_is_in_scope_as_a_whole_and_others_are_not() -> None:
    assert Partition("DC=test").in_scope(dn_key("CN=Kari,DC=test"))
    assert not Partition("DC=test").in_scope(dn_key("CN=Kari,DC=other"))
    assert not Partition("DC=test", (), ("OU=Old,DC=test",)).in_scope(dn_key("CN=Kari,OU=Old,DC=test"))
