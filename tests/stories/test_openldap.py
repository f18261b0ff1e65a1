"""OpenLDAP to Entra: a real slapd, the default rules, the mock tenant."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import ldap3
import pytest

from attrflow.app.settings_template import NewDirectory, NewPartition
from attrflow.runs.run import RunResult
from attrflow_mocks.hosted import HostedMocks
from attrflow_mocks.hosted_faces import MockTenant
from attrflow_mocks.openldap import RunningSlapd, SlapdMissingError, example_ldif, running_slapd
from attrflow_mocks.scenarios.seed import Scenario, TenantSeed
from attrflow_mocks.world import World

from .project import TENANT_SEED, Story, counters, detail, make_project, only, succeeded, tenant_connector, told

pytestmark = pytest.mark.openldap

SUFFIX = "dc=example,dc=test"
TENANT = TenantSeed(
    TENANT_SEED.tenant_id, "Example", "example.onmicrosoft.com", ("example.test",), TENANT_SEED.applications
)
USERS, GROUPS = 20, 4


@dataclass
class Example:
    """A project on a slapd, after three cycles."""

    slapd: RunningSlapd
    story: Story
    first: list[RunResult]
    second: list[RunResult]
    third: list[RunResult]

    def edit(self, change: Callable[[ldap3.Connection], object]) -> None:
        """Do something as the administrator."""
        server = ldap3.Server(self.slapd.host, port=self.slapd.port, get_info=ldap3.NONE)
        connection = ldap3.Connection(
            server, self.slapd.admin_dn, self.slapd.password, auto_bind=True, check_names=False
        )
        wire = connection.socket
        try:
            change(connection)
            assert connection.result["description"] == "success", connection.result
        finally:
            connection.unbind()
            wire.close()

    def read(self, filter_: str, *attributes: str) -> list[tuple[str, dict[str, list[str]]]]:
        """DNs and attributes of the entries that match."""
        found: list[tuple[str, dict[str, list[str]]]] = []

        def search(connection: ldap3.Connection) -> None:
            connection.search(SUFFIX, filter_, attributes=list(attributes))
            for entry in connection.response:
                raw = {name: [v.decode() for v in values] for name, values in entry["raw_attributes"].items()}
                found.append((entry["dn"], raw))

        self.edit(search)
        return found


@pytest.fixture(scope="module")
def slapd() -> Iterator[RunningSlapd]:
    try:
        block = running_slapd(example_ldif(USERS, GROUPS))
        running = block.__enter__()
    except SlapdMissingError as error:
        if os.environ.get("ATTRFLOW_FORBID_SKIP") == "1":
            pytest.fail(f"{error} (ATTRFLOW_FORBID_SKIP is 1)", pytrace=False)
        pytest.skip(str(error))
    try:
        yield running
    finally:
        block.__exit__(None, None, None)


@pytest.fixture(scope="module")
def example(slapd: RunningSlapd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Example]:
    folder: Path = tmp_path_factory.mktemp("openldap") / "project"
    with HostedMocks(World(Scenario("example", "A tenant for OpenLDAP", (), TENANT))) as mocks:
        partition = NewPartition(SUFFIX, fqdn="example.test")
        directory = NewDirectory("ldap", slapd.url, (partition,), "openldap", tls="none", account=slapd.admin_dn)
        make_project(folder, {"ldap": (directory, slapd.password), "entra": tenant_connector(MockTenant(mocks))})
        with told(folder, mocks) as story:
            yield Example(slapd, story, story.cycle(initial=True), story.cycle(), story.cycle())


def test_people_and_groups_reach_the_cloud(example: Example) -> None:
    succeeded(example.first)
    assert counters([only(example.first, "ldap", "full-import")])["ldap", "full-import"] == {
        "stage-add": USERS + GROUPS
    }
    people = example.read("(objectClass=inetOrgPerson)", "cn")
    assert example.story.cloud.users() == sorted(attributes["cn"][0] for _, attributes in people)
    assert len(example.story.cloud.listed("groups")) == GROUPS


def test_values_arrive_by_the_default_rules(example: Example) -> None:
    people = example.read("(objectClass=inetOrgPerson)", "mail", "telephoneNumber", "title", "ou", "givenName", "sn")
    for _, attributes in people:
        user = example.story.cloud.required(
            attributes["mail"][0], "businessPhones", "jobTitle", "department", "givenName", "surname"
        )
        shown = [user["businessPhones"], user["jobTitle"], user["department"], user["givenName"], user["surname"]]
        phones = [attributes["telephoneNumber"][0].strip()]
        assert shown == [phones, *(attributes[name][0] for name in ("title", "ou", "givenName", "sn"))]


def test_managers_and_members_arrive_as_references(example: Example) -> None:
    names = {dn: attributes["cn"][0] for dn, attributes in example.read("(cn=*)", "cn")}
    for _, attributes in example.read("(manager=*)", "mail", "manager"):
        assert example.story.cloud.manager(attributes["mail"][0]) == names[attributes["manager"][0]]
    groups = example.read("(objectClass=groupOfNames)", "cn", "member")
    assert any("group-1" in example.story.cloud.members(attributes["cn"][0]) for _, attributes in groups), "nested"
    for _, attributes in groups:
        members = sorted(names[dn] for dn in attributes["member"])
        assert example.story.cloud.members(attributes["cn"][0]) == members


def test_a_delta_import_says_that_it_is_a_full_one(example: Example) -> None:
    imported = only(example.second, "ldap", "delta-import")
    assert "every delta import reads the whole partition" in detail(imported)
    assert counters([imported])["ldap", "delta-import"] == {"stage-no-change": USERS + GROUPS}


def test_the_second_cycle_confirms_and_the_third_does_nothing(example: Example) -> None:
    succeeded(example.second)
    succeeded(example.third)
    found = counters(example.third)
    assert found == {("ldap", "delta-import"): {"stage-no-change": USERS + GROUPS}}
    example.story.nothing_is_under_way()


def test_what_changes_in_openldap_travels_by_a_delta_cycle(example: Example) -> None:
    story = example.story
    dn, attributes = example.read("(objectClass=inetOrgPerson)", "mail")[0]
    mail = attributes["mail"][0]
    changes = {"title": [(ldap3.MODIFY_REPLACE, ["Captain"])], "telephoneNumber": [(ldap3.MODIFY_DELETE, [])]}
    example.edit(lambda connection: connection.modify(dn, changes))
    results = succeeded(story.cycle())
    assert counters(results)["ldap", "delta-import"]["stage-update"] == 1
    user = story.cloud.required(mail, "jobTitle", "businessPhones")
    assert (user["jobTitle"], user["businessPhones"]) == ("Captain", [])


def test_a_renamed_person_keeps_its_cloud_object(example: Example) -> None:
    dn, attributes = example.read("(objectClass=inetOrgPerson)", "mail")[1]
    before = example.story.cloud.required(attributes["mail"][0])["id"]
    example.edit(lambda connection: connection.modify_dn(dn, "uid=renamed"))
    succeeded(example.story.cycle())
    assert example.story.cloud.required(attributes["mail"][0])["id"] == before
    assert len(example.story.cloud.users()) == len(example.read("(objectClass=inetOrgPerson)", "cn"))


def test_a_deleted_person_is_deleted_in_the_cloud(example: Example) -> None:
    story = example.story
    dn, attributes = example.read("(objectClass=inetOrgPerson)", "mail", "cn")[-1]
    example.edit(lambda connection: connection.delete(dn))
    results = succeeded(story.cycle())
    assert counters(results)["ldap", "delta-import"]["stage-delete"] == 1
    assert counters(results)["entra", "export"]["export-delete"] == 1
    assert story.cloud.user(attributes["mail"][0]) is None
    assert story.cloud.binned() == [attributes["cn"][0]]
    succeeded(story.cycle())
    story.nothing_is_under_way()
