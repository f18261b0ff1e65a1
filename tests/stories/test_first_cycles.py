"""The first three cycles of contoso-small: everything arrives, is confirmed, and then there is nothing to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from attrflow.runs.run import RunResult
from attrflow_mocks.hosted import HostedMocks
from attrflow_mocks.world import World

from .project import Story, counters, new_project, only, succeeded, told

UNITS = ("People", "Groups", "Contacts", "Service Accounts")


@dataclass
class ThreeCycles:
    story: Story
    first: list[RunResult]
    second: list[RunResult]
    third: list[RunResult]


@pytest.fixture(scope="module")
def contoso(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ThreeCycles]:
    folder: Path = tmp_path_factory.mktemp("contoso") / "project"
    with HostedMocks(World.of("contoso-small")) as mocks:
        new_project(folder, mocks, UNITS)
        with told(folder, mocks) as story:
            yield ThreeCycles(story, story.cycle(initial=True), story.cycle(), story.cycle())


def all_but_the_planted_refusal(results: list[RunResult]) -> None:
    """Every run succeeds, but that the tenant refuses one contact, who has 16 certificates on purpose."""
    exporting = only(results, "entra", "export")
    succeeded([result for result in results if result is not exporting])
    assert exporting.record.result == "completed-export-errors"
    assert exporting.record.steps[0].counters["export-failure"] == 1


def test_the_initial_cycle_brings_everybody_but_one_to_the_cloud(contoso: ThreeCycles) -> None:
    all_but_the_planted_refusal(contoso.first)
    assert counters([only(contoso.first, "entra", "export")])["entra", "export"]["export-add"] == 222
    assert len(contoso.story.cloud.users()) == 193
    assert len(contoso.story.cloud.listed("groups")) == 20
    assert len(contoso.story.cloud.listed("contacts")) == 9


def test_the_refused_contact_says_which_attribute_is_too_large(contoso: ThreeCycles) -> None:
    (refused,) = [cso for cso in contoso.story.objects("entra") if cso.export_error is not None]
    assert refused.export_error is not None
    assert refused.export_error.type == "LargeObject"
    assert "userCertificate" in refused.export_error.detail


def test_the_telephone_number_of_kari_arrives_trimmed(contoso: ThreeCycles) -> None:
    kari = contoso.story.cloud.required("kari.nordmann@contoso.test", "businessPhones")
    assert kari["businessPhones"] == ["+47 22 00 00 00"]


def test_groups_arrive_with_their_members_and_nested_groups(contoso: ThreeCycles) -> None:
    assert "Sales" in contoso.story.cloud.members("Customer Teams")
    assert contoso.story.cloud.members("Empty Shelf") == []


def test_the_second_cycle_confirms_what_the_first_exported(contoso: ThreeCycles) -> None:
    all_but_the_planted_refusal(contoso.second)
    found = counters(contoso.second)
    assert found["entra", "delta-import"] == {"stage-add": 222}
    assert found["entra", "export"] == {"export-failure": 1}


def test_the_third_cycle_does_nothing_but_try_the_refused_one_again(contoso: ThreeCycles) -> None:
    all_but_the_planted_refusal(contoso.third)
    assert counters(contoso.third) == {("entra", "export"): {"export-failure": 1}}


def test_what_stands_in_an_unselected_unit_stays_out(contoso: ThreeCycles) -> None:
    assert contoso.story.cloud.user("nina.dahl@contoso.test") is None
    ingrid = contoso.story.cloud.required("ingrid.berg@contoso.test")
    assert contoso.story.cloud.get(f"users/{ingrid['id']}/manager") is None, "her manager is in OU=Leavers"
