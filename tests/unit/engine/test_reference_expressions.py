"""Expressions that read or give references: by name inside, by id outside (expressions.md §2)."""

from __future__ import annotations

import pytest

from attrflow.engine.reading import CSReading
from attrflow.model.values import Values
from attrflow.rules.rule import Rule

from .inbound_lab import KARI, OLA, error_of, projecting
from .lab import Lab
from .lab_entries import dn, group, user
from .lab_rules import expression, flow, rule

STAFF = dn("Staff")


def company(*more: Rule) -> Lab:
    """Kari reports to Ola; both are members of Staff."""
    groups = rule("groups", 5, source="group", target="group", link="provision", join=["sAMAccountName = accountName"])
    lab = Lab([*projecting(*more), groups])
    contoso = lab.directories["contoso"]
    contoso.add(user("Ola", 2))
    contoso.add(user("Kari", 1, manager=(OLA,)))
    contoso.add(group("Staff", 3, member=(KARI, OLA)))
    lab.cycle(export=False)
    return lab


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("DNComponent([manager],1)", ("Ola",)),
        ('DNComponentRev([manager],1,"DC")', ("People",)),
        ("CStr([manager])", (OLA,)),
        (f'IIF([manager] = CRef("{OLA.lower()}"),"boss","other")', ("boss",)),
        ('ImportedValue("manager") = [manager]', ()),
        ('CStr(ValueCount("manager")) & CStr(IsPresent([manager]))', ("1True",)),
    ],
)
def test_a_reference_can_be_taken_apart(text: str, expected: Values) -> None:
    if text.startswith("ImportedValue"):
        text, expected = f'IIF({text},"same","other")', ("same",)
    lab = company(rule("more", 9, expression("title", text)))
    assert lab.mv_of("contoso", KARI).get("title", ()) == expected


@pytest.mark.parametrize(
    "text",
    ["IIF(IsPresent([manager]),[manager],NULL)", f'CRef("{OLA.upper()}")', "CRef(CStr([manager]))"],
)
def test_what_flows_to_a_reference_is_the_object_of_that_name(text: str) -> None:
    lab = company(rule("more", 9, expression("manager", text)))
    assert set(lab.mvo("contoso", KARI).references["manager"].targets) == {lab.mvo("contoso", OLA).id}


def test_a_name_that_nothing_has_refers_to_nothing_and_fails_nothing() -> None:
    lab = company(rule("more", 9, expression("manager", 'CRef("CN=Nobody,DC=contoso,DC=test")')))
    assert "manager" not in lab.mvo("contoso", KARI).references
    assert lab.must("contoso", KARI).import_error is None


def test_text_does_not_flow_to_a_reference() -> None:
    lab = company(rule("more", 9, expression("manager", '"CN=x"')))
    error = error_of(lab)
    assert error.type == "sync-rule-error-type-mismatch"
    assert "CRef makes one" in error.detail


def test_the_members_of_a_group_can_be_asked_for_by_name() -> None:
    text = f'CStr(Contains([member],"{OLA.lower()}") > 0) & CStr(Count(Where($m,[member],DNComponent($m,1) = "Kari")))'
    more = rule("more", 9, expression("description", text), source="group", target="group")
    lab = company(more)
    assert lab.mv_of("contoso", STAFF)["description"] == ("True1",)


def test_a_direct_flow_of_references_never_asks_for_names(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(self: CSReading, target: int) -> object:
        raise AssertionError(f"{self.cso.dn}: the name of {target} was asked for")

    monkeypatch.setattr(CSReading, "named", refused)
    lab = company(rule("more", 9, flow("member", "member"), source="group", target="group"))
    assert lab.mvo("contoso", STAFF).references["member"].targets.count == 2
