"""The scenario openldap-small: the default rules for OpenLDAP over the mock, without a slapd."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.cli.cli_calls import call

from attrflow.app.settings_template import NewDirectory, NewPartition
from attrflow_mocks.hosted import HostedMocks
from attrflow_mocks.hosted_faces import MockOpenLdap, MockTenant
from attrflow_mocks.world import World

from .project import Story, counters, make_project, succeeded, tenant_connector, told

SELECTED = tuple(f"ou={unit},dc=nordlys,dc=test" for unit in ("people", "groups", "services"))
GROUPS = ["sales", "engineering", "everybody", "project-aurora"]


@pytest.fixture(scope="module")
def mock() -> Iterator[MockOpenLdap]:
    with HostedMocks(World.of("openldap-small")) as mocks:
        yield MockOpenLdap(mocks)


@pytest.fixture(scope="module")
def story(mock: MockOpenLdap, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder: Path = tmp_path_factory.mktemp("nordlys") / "project"
    partition = NewPartition(mock.naming_context, fqdn="nordlys.test", include=SELECTED)
    directory = NewDirectory("nordlys", mock.url, (partition,), "openldap", tls="none", account=mock.account)
    make_project(folder, {"nordlys": (directory, mock.password), "entra": tenant_connector(MockTenant(mock.mocks))})
    with told(folder, mock.mocks) as found:
        yield found


def test_people_and_groups_reach_the_cloud(story: Story) -> None:
    results = succeeded(story.cycle(initial=True))
    assert counters(results)["nordlys", "full-import"] == {"stage-add": 44}
    assert len(story.cloud.users()) == 39, "forty are selected, and one has no uid"
    assert [one["displayName"] for one in story.cloud.listed("groups")] == GROUPS


def test_values_arrive_by_the_default_rules(story: Story) -> None:
    astrid = story.cloud.required("astrid.solberg@nordlys.test", "businessPhones", "department", "jobTitle")
    assert (astrid["businessPhones"], astrid["department"]) == (["+47 22 00 00 10"], "Sales")
    assert story.cloud.manager("astrid.solberg@nordlys.test") == "Turid Moe"
    assert story.cloud.required("frode.lunde@nordlys.test", "accountEnabled")["accountEnabled"] is False
    assert story.cloud.required("ine.tveit@nordlys.test", "mail")["mail"] is None
    assert story.cloud.members("everybody") == ["Turid Moe", "engineering", "sales"]
    assert story.cloud.members("project-aurora") == ["Astrid Solberg", "Magnus Eng"]


def test_every_planted_fault_is_diagnosed(story: Story, mock: MockOpenLdap) -> None:
    planted = mock.world.scenario.planted
    assert len(planted) == 7
    for fault in planted:
        told_why = call("why", fault["object"], fault["attribute"], "-C", story.folder).stdout
        assert fault["diagnosis"] in told_why, fault["id"]


def test_what_happens_travels_by_delta_cycles(story: Story, mock: MockOpenLdap) -> None:
    succeeded(story.cycle())
    before = story.cloud.required("ine.tveit@nordlys.test")["id"]
    for act in ("mover", "locked", "gone"):
        mock.perform(act)
    results = succeeded(story.cycle())
    assert counters(results)["nordlys", "delta-import"] == {
        "stage-no-change": 40, "stage-rename": 1, "stage-update": 2, "stage-delete": 1,
    }  # fmt: skip
    assert story.cloud.required("ine.tveit@nordlys.test")["id"] == before
    assert story.cloud.required("magnus.eng@nordlys.test", "accountEnabled")["accountEnabled"] is False
    assert story.cloud.user("frode.lunde@nordlys.test") is None
    assert "Ine Tveit" in story.cloud.members("engineering")
    succeeded(story.cycle())
    story.nothing_is_under_way()
