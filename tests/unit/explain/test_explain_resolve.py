"""What a person means by an object's name."""

from __future__ import annotations

import pytest
from tests.unit.engine.lab import Lab
from tests.unit.engine.lab_entries import dn, user
from tests.unit.explain.office import Readers, observed, office, rules, settled, with_unit

from attrflow.explain.facts import Facts
from attrflow.explain.resolve_object import resolve_object
from attrflow.model.errors import Ambiguous, NotFound


def named(lab: Lab, text: str) -> str:
    """The name of what the text means."""
    facts = Facts(lab.store, observed(lab))
    return resolve_object(facts, text).document(facts).name


@pytest.mark.parametrize(
    "text",
    [
        "kari.nordmann@contoso.test",
        "KARI.NORDMANN",
        " Kari Nordmann ",
        "nordm",
        "cn=kari nordmann, ou=people,dc=contoso,dc=test",
        "01000000-0000-0000-0000-000000000000"[:0] + "00000000-0000-0000-0000-000000000001",
        "AAAAAAAAAAAAAAAAAAAAAQ==",
        "contoso-1",
    ],
)
def test_an_object_is_found_by_any_of_its_names(text: str) -> None:
    assert named(settled(), text) == "Kari Nordmann"


def test_an_id_names_a_metaverse_or_a_connector_space_object() -> None:
    lab = settled()
    mvo, cso = lab.mvo("contoso", dn("Ola Hansen")), lab.must("contoso", dn("Ola Hansen"))
    assert named(lab, f"#{mvo.id}") == named(lab, f"#{cso.id}") == "Ola Hansen"


def test_a_whole_name_comes_before_a_part_of_another() -> None:
    lab = Lab(rules())
    lab.directories["contoso"].add(user("Ann", 1))
    lab.directories["contoso"].add(user("Anna", 2))
    lab.settle()
    assert named(lab, "Ann") == "Ann"


def test_a_container_yields_to_what_rules_are_about() -> None:
    lab = with_unit("Ola Hansens")
    assert named(lab, "Ola Hansen") == "Ola Hansen"
    assert named(lab, "ola h") == "Ola Hansen"
    unit = "OU=Ola Hansens,OU=People,DC=contoso,DC=test"
    assert named(lab, "Hansens") == named(lab, unit) == unit


def test_an_ambiguous_name_lists_candidates_that_tell_apart() -> None:
    with pytest.raises(Ambiguous) as caught:
        named(settled(), "contoso.test")
    assert len(caught.value.candidates) == 5
    assert any("ola.hansen@contoso.test" in line and dn("Ola Hansen") in line for line in caught.value.candidates)
    assert "#id" in (caught.value.help or "")


def test_very_many_candidates_are_counted_as_more() -> None:
    lab = Lab(rules())
    for number in range(1, 25):
        lab.directories["contoso"].add(user(f"Clone {number}", number))
    lab.settle()
    with pytest.raises(Ambiguous, match="more than 20 objects fit 'Clone'; here are 20 of them") as caught:
        named(lab, "Clone")
    assert len(caught.value.candidates) == 20


@pytest.mark.parametrize(
    ("text", "near"), [("Kari Normann", "Kari Nordmann"), ("ola.hansson@contoso.test", "Ola Hansen")]
)
def test_a_name_that_nearly_fits_is_suggested(text: str, near: str) -> None:
    with pytest.raises(NotFound) as caught:
        named(settled(), text)
    assert near in (caught.value.help or "")


def test_a_deleted_object_is_remembered() -> None:
    lab = office()
    lab.directories["contoso"].remove(dn("Per Lund"))
    lab.settle("delta")
    with pytest.raises(NotFound) as caught:
        named(lab, "per.lund@contoso.test")
    assert "was deleted in run" in (caught.value.help or "")


def test_nothing_at_all_is_not_everything() -> None:
    with pytest.raises(NotFound, match="No object is named"):
        named(settled(), "  ")


def test_a_placeholder_is_completed_from_its_directory() -> None:
    lab = settled()
    facts = Facts(lab.store, observed(lab))
    subject = resolve_object(facts, "Tor Vik", Readers(lab).find)
    assert subject.document(facts).kind == "placeholder"
