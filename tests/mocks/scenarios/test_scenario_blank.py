"""The scenario blank has nobody in it: what a script adds is all there is."""

from __future__ import annotations

from attrflow_mocks.scenarios.loader import load, names


def test_two_empty_forests_and_an_empty_tenant() -> None:
    assert "blank" in names()
    scenario = load("blank")
    assert [d.naming_context for d in scenario.directories] == ["DC=contoso,DC=test", "DC=fabrikam,DC=test"]
    assert all(not d.entries and d.accounts for d in scenario.directories)
    assert not scenario.tenant.users
    assert set(scenario.tenant.verified_domains) == {"contoso.test", "fabrikam.test"}
