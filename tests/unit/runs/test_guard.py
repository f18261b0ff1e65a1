"""The guard against accidental exports: exactly what stops them, by kind, count and share, and what lets them pass."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.engine.lab import Lab
from tests.unit.engine.lab_entries import dn, group, refer, user

from attrflow.model.configuration import EngineOptions, GuardKind, GuardLimit, Partition
from attrflow.runs.guard import guard_limits
from attrflow.runs.run import RunResult, run_profile

PEOPLE = 5
STAFF, CREW = dn("Staff"), dn("Crew")


def company(guards: dict[GuardKind, GuardLimit] | None = None, *, threshold: int = 500) -> Lab:
    """Five people and two groups, in the cloud and confirmed; the tenant's guards."""
    lab = Lab(options=EngineOptions(export_deletion_threshold=threshold))
    contoso = lab.directories["contoso"]
    everybody = [dn(f"P{n}") for n in range(1, PEOPLE + 1)]
    for number in range(1, PEOPLE + 1):
        contoso.add(user(f"P{number}", number))
    contoso.add(group("Staff", 50, member=tuple(everybody)))
    contoso.add(group("Crew", 51, member=tuple(everybody[:2])))
    lab.settle()
    lab.configurations["entra"] = replace(lab.configurations["entra"], guards=guards or {})
    return lab


def export(lab: Lab, **allowed: int | None) -> RunResult:
    """Bring the changes to the tenant; keywords are what is allowed, with `_` for `-`."""
    kinds: dict[GuardKind, int | None] = {k.replace("_", "-"): n for k, n in allowed.items()}  # type: ignore[misc]  # kinds
    return run_profile(replace(lab.environment(), allowed=kinds), "entra", "export")


def change(lab: Lab, kind: GuardKind, count: int) -> None:
    """So many changes of a kind, each of another person, or of the memberships of Staff."""
    contoso = lab.directories["contoso"]
    people = [dn(f"P{n}") for n in range(1, count + 1)]
    if kind == "membership-removals":
        refer(contoso, STAFF, "member", *[dn(f"P{n}") for n in range(count + 1, PEOPLE + 1)])
    for one in people:
        if kind == "deletes":
            contoso.remove(one)
        elif kind == "disables":
            contoso.set(one, "userAccountControl", (514,))
        elif kind == "identity-changes":
            contoso.set(one, "userPrincipalName", (f"new.{one[3:5]}@contoso.test",))
    if kind == "deletes":  # as a directory does it, the members go too: here they are taken out by hand
        left = [dn(f"P{n}") for n in range(count + 1, PEOPLE + 1)]
        refer(contoso, STAFF, "member", *left)
        refer(contoso, CREW, "member", *[one for one in left if one == dn("P2")])
    lab.cycle("delta", export=False)


KINDS: tuple[GuardKind, ...] = ("deletes", "disables", "identity-changes", "membership-removals")
WORDS = {"deletes": "stopped-deletion-threshold-exceeded"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("limit", "passes"), [(2, False), (3, True), (4, True), (0, True)])
def test_more_of_a_kind_than_its_limit_exports_nothing_at_all(kind: GuardKind, limit: int, passes: bool) -> None:
    lab = company({kind: GuardLimit(limit)})
    change(lab, kind, 3)
    before = lab.pending()
    result = export(lab)
    if passes:
        assert (result.record.result, lab.pending()) == ("success", {})
        return
    assert result.record.result == WORDS.get(kind, "stopped-export-threshold-exceeded")
    assert lab.pending() == before
    assert set(lab.counters(result)) == {f"guarded-{kind}"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("percent", "passes"), [(42, False), (43, True), (60, True), (0, True)])
def test_a_share_is_of_the_objects_that_the_directory_holds_or_of_the_members_concerned(
    kind: GuardKind, percent: int, passes: bool
) -> None:
    """Three of seven objects are 42.86 %; three of five members are 60 %."""
    if kind == "membership-removals":
        percent, passes = {42: (59, False), 43: (60, True), 60: (61, True), 0: (0, True)}[percent]
    lab = company({kind: GuardLimit(0, percent)})
    change(lab, kind, 3)
    assert (export(lab).record.result == "success") == passes


def test_what_is_held_back_is_listed_by_the_history() -> None:
    lab = company({"membership-removals": GuardLimit(2), "disables": GuardLimit(0)})
    change(lab, "membership-removals", 3)
    result = export(lab)
    (one,) = lab.store.run_objects(result.record.number, 1)
    assert (one.counter, one.detail) == ("guarded-membership-removals", "Staff, 3 of 5 members")


def test_what_is_held_back_is_listed_by_a_name_that_people_know() -> None:
    lab = company({"deletes": GuardLimit(2)})
    change(lab, "deletes", 3)
    listed = lab.store.run_objects(export(lab).record.number, 1)
    assert sorted(one.detail or "" for one in listed) == [f"p{n}@contoso.test" for n in (1, 2, 3)]


def test_the_message_says_how_much_of_each_kind_what_would_pass_and_what_to_do() -> None:
    lab = company({"deletes": GuardLimit(1), "membership-removals": GuardLimit(2, 10)})
    change(lab, "deletes", 2)
    result = export(lab)
    detail = result.record.steps[0].detail
    number = result.record.number
    assert detail == (
        "2 deletes are staged, the threshold is 1; 4 removals of members are staged, the threshold is 2 and the "
        "threshold is 10 % of 7 members of these groups: nothing was exported. Look at them with "
        f"`attrflow runs show {number} --counter guarded-deletes` and "
        f"`attrflow runs show {number} --counter guarded-membership-removals`; if they are meant, let them pass once "
        "with `attrflow run entra export --allow deletes=2 --allow membership-removals=4`."
    )
    assert result.record.result == "stopped-deletion-threshold-exceeded"


@pytest.mark.parametrize(("most", "passes"), [(None, True), (3, True), (2, False)])
def test_a_limit_is_raised_for_one_run_and_not_switched_off(most: int | None, passes: bool) -> None:
    lab = company({"deletes": GuardLimit(1, 1)})
    change(lab, "deletes", 3)
    assert (export(lab, deletes=most).record.result == "success") == passes
    if not passes:
        assert export(lab).record.result == "stopped-deletion-threshold-exceeded"


def test_to_allow_one_kind_allows_no_other() -> None:
    lab = company({"deletes": GuardLimit(1), "disables": GuardLimit(1)})
    change(lab, "deletes", 2)
    contoso = lab.directories["contoso"]
    for number in (4, 5):
        contoso.set(dn(f"P{number}"), "userAccountControl", (514,))
    lab.cycle("delta", export=False)
    result = export(lab, deletes=2)
    assert result.record.result == "stopped-export-threshold-exceeded"
    assert "--allow deletes=2 --allow disables=2" in (result.record.steps[0].detail or "")
    assert export(lab, deletes=2, disables=2).record.result == "success"


def test_the_projects_threshold_holds_where_a_connector_says_nothing() -> None:
    lab = company(threshold=7)
    assert guard_limits(lab.environment(), "entra") == {"deletes": GuardLimit(7)}
    lab.configurations["entra"] = replace(lab.configurations["entra"], guards={"deletes": GuardLimit(None, 5)})
    assert guard_limits(lab.environment(), "entra") == {"deletes": GuardLimit(7, 5)}
    lab.configurations["entra"] = replace(lab.configurations["entra"], guards={"deletes": GuardLimit(0)})
    assert guard_limits(lab.environment(), "entra") == {}


def test_deletes_are_counted_over_all_partitions() -> None:
    lab = company({"deletes": GuardLimit(2)})
    change(lab, "deletes", 3)
    entra = lab.configurations["entra"]
    lab.configurations["entra"] = replace(entra, partitions=(Partition("other"), *entra.partitions))
    result = export(lab)
    assert [step.partition for step in result.record.steps] == ["other"], "the first step has nothing, and is stopped"
    assert result.record.result == "stopped-deletion-threshold-exceeded"


@pytest.mark.parametrize(
    ("guards", "result"),
    [
        ({"deletes": GuardLimit(1, 1)}, "success"),
        ({"identity-changes": GuardLimit(2)}, "stopped-export-threshold-exceeded"),
        ({"identity-changes": GuardLimit(3)}, "success"),
        ({"identity-changes": GuardLimit(0, 42)}, "stopped-export-threshold-exceeded"),
    ],
)
def test_a_delete_add_is_no_delete_but_a_change_of_identity(guards: dict[GuardKind, GuardLimit], result: str) -> None:
    lab = company(guards)
    contoso = lab.directories["contoso"]
    people = [dn(f"P{n}") for n in (1, 2, 3)]
    for names in ((), ("p",)):  # without a logon name they leave the cloud; with one again before that is exported
        for number, one in enumerate(people, start=1):
            contoso.set(one, "sAMAccountName", tuple(f"{name}{number}" for name in names))
        lab.cycle("delta", export=False)
    assert lab.pending()["delete-add"] == 3
    exported = export(lab)
    assert exported.record.result == result
    if result != "success":
        assert lab.counters(exported) == {"guarded-identity-changes": 3}


def test_people_that_are_enabled_and_new_ones_that_are_disabled_do_not_count() -> None:
    lab = company({"disables": GuardLimit(0, 1), "identity-changes": GuardLimit(0, 1)})
    contoso = lab.directories["contoso"]
    contoso.add(user("New", 9, userAccountControl=(514,)))
    contoso.set(dn("P1"), "title", ("x",))
    lab.cycle("delta", export=False)
    assert export(lab).record.result == "success"
