"""Groups of OpenLDAP whose members are not DNs: posixGroup by logon name, groupOfUniqueNames with bit strings, and
groups that are held open by a filler. Each story runs on the mock and on a real slapd, with the same writes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import ldap3
import pytest
from tests.unit.cli.cli_calls import call

from attrflow.app.settings_template import NewDirectory, NewPartition
from attrflow_mocks.hosted import HostedMocks
from attrflow_mocks.hosted_faces import MockOpenLdap, MockTenant
from attrflow_mocks.openldap import SlapdMissingError, running_slapd
from attrflow_mocks.scenarios.seed import DirectorySeed, EntrySeed, Scenario, TenantSeed
from attrflow_mocks.world import World

from .project import TENANT_SEED, Story, counters, make_project, only, succeeded, tenant_connector, told

SUFFIX = "dc=example,dc=test"
PEOPLE, GROUPS = f"ou=people,{SUFFIX}", f"ou=groups,{SUFFIX}"
ADMIN, PASSWORD = f"cn=admin,{SUFFIX}", "admin"
FILLER = f"cn=nobody,{SUFFIX}"
TENANT = TenantSeed(
    TENANT_SEED.tenant_id, "Example", "example.onmicrosoft.com", ("example.test",), TENANT_SEED.applications
)
ROOT = EntrySeed(SUFFIX, "organization", {"objectClass": ("top", "dcObject", "organization"), "o": ("Example",)})
TYPES = ("inetOrgPerson", "groupOfNames", "groupOfUniqueNames", "posixGroup")


@dataclass
class Posix:
    """A directory that is written over LDAP, and a project that reads it."""

    wire: ldap3.Connection
    story: Story

    def add(self, dn: str, classes: tuple[str, ...], **attributes: str | list[str]) -> None:
        """Add an entry."""
        assert self.wire.add(dn, list(classes), attributes), self.wire.result

    def person(self, login: str, name: str | None = None) -> str:
        """Add a person; returns the DN."""
        dn = f"uid={login},{PEOPLE}"
        shown = name or login.capitalize()
        classes = ("inetOrgPerson",)
        self.add(dn, classes, uid=login, cn=shown, sn=shown, mail=f"{(name or login).lower()}@example.test")
        return dn

    def posix_group(self, name: str, *logins: str, number: int = 5000) -> str:
        """Add a posixGroup; returns the DN."""
        dn = f"cn={name},{GROUPS}"
        more = {"memberUid": list(logins)} if logins else {}
        self.add(dn, ("posixGroup",), gidNumber=str(number), **more)
        return dn

    def modify(self, dn: str, attribute: str, operation: str, *values: str) -> None:
        """Change one attribute."""
        assert self.wire.modify(dn, {attribute: [(operation, list(values))]}), self.wire.result

    def members(self, name: str) -> list[str]:
        """Who is a member in the cloud."""
        return self.story.cloud.members(name)

    def cycle(self, *, initial: bool = False) -> None:
        """A cycle, all of which succeeds."""
        succeeded(self.story.cycle(initial=initial))


def _mock(stack: ExitStack) -> tuple[HostedMocks, str]:
    seed = DirectorySeed("ldap", SUFFIX, "LDAP", {ADMIN: PASSWORD}, (ROOT,), "openldap")
    mocks = stack.enter_context(HostedMocks(World(Scenario("posix", "Posix groups", (seed,), TENANT))))
    return mocks, MockOpenLdap(mocks).url


def _slapd(stack: ExitStack) -> tuple[HostedMocks, str]:
    try:
        slapd = stack.enter_context(running_slapd(overlays=()))
    except SlapdMissingError as error:
        if os.environ.get("ATTRFLOW_FORBID_SKIP") == "1":
            pytest.fail(f"{error} (ATTRFLOW_FORBID_SKIP is 1)", pytrace=False)
        pytest.skip(str(error))
    return stack.enter_context(HostedMocks(World(Scenario("posix", "Posix groups", (), TENANT)))), slapd.url


@pytest.fixture(params=["mock", pytest.param("slapd", marks=pytest.mark.openldap)])
def posix(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Posix]:
    with ExitStack() as stack:
        mocks, url = (_mock if request.param == "mock" else _slapd)(stack)
        wire = ldap3.Connection(ldap3.Server(url, get_info=ldap3.NONE), ADMIN, PASSWORD, auto_bind=True)
        stack.callback(wire.socket.close)
        stack.callback(wire.unbind)
        folder = tmp_path / "project"
        partition = NewPartition(SUFFIX, fqdn="example.test", include=(PEOPLE, GROUPS))
        directory = NewDirectory("ldap", url, (partition,), "openldap", tls="none", account=ADMIN, object_types=TYPES)
        connectors = {"ldap": (directory, PASSWORD), "entra": tenant_connector(MockTenant(mocks))}
        make_project(folder, connectors, features={"ldap-groups": "groupOfUniqueNames, posixGroup"})
        found = Posix(wire, stack.enter_context(told(folder, mocks)))
        for dn in (PEOPLE, GROUPS):
            found.add(dn, ("organizationalUnit",))
        yield found


def test_members_by_logon_name_reach_the_cloud_and_follow_what_becomes_of_the_names(posix: Posix) -> None:
    kari, _ = posix.person("kari"), posix.person("Ola")
    staff = posix.posix_group("staff", "kari", "ola", "ghost")
    posix.posix_group("later", "kn", number=5001)
    posix.cycle(initial=True)
    assert posix.members("staff") == ["Kari", "Ola"], "uid compares without case, and nobody is ghost"
    assert posix.members("later") == []
    assert posix.story.cloud.listed("groups?$filter=displayName eq 'staff'")[0]["securityEnabled"] is True
    posix.cycle()

    # Kari gets another uid: out of one group, into the other, and no group was written.
    assert posix.wire.modify_dn(kari, "uid=kn"), posix.wire.result
    posix.cycle()
    assert (posix.members("staff"), posix.members("later")) == (["Ola"], ["Kari"])

    # A new person has the old name, another the name that nobody had.
    posix.person("kari", "Karianne")
    posix.person("ghost", "Gunn")
    posix.cycle()
    assert (posix.members("staff"), posix.members("later")) == (["Gunn", "Karianne", "Ola"], ["Kari"])

    # One leaves the group, one the directory.
    posix.modify(staff, "memberUid", ldap3.MODIFY_DELETE, "ola")
    assert posix.wire.delete(f"uid=ghost,{PEOPLE}"), posix.wire.result
    posix.cycle()
    assert posix.members("staff") == ["Karianne"]
    posix.cycle()
    posix.story.nothing_is_under_way()


def test_a_name_of_two_people_is_a_warning_and_nobody_is_meant_by_it(posix: Posix) -> None:
    posix.person("kari")
    posix.posix_group("staff", "kari")
    posix.cycle(initial=True)
    assert posix.members("staff") == ["Kari"]
    posix.add(f"ou=inner,{PEOPLE}", ("organizationalUnit",))
    twin = f"uid=kari,ou=inner,{PEOPLE}"
    posix.add(twin, ("inetOrgPerson",), uid="kari", cn="Twin", sn="Twin", mail="twin@example.test")
    results = posix.story.cycle()
    imported = only(results, "ldap", "delta-import")
    assert imported.record.result == "completed-warnings"
    assert counters([imported])["ldap", "delta-import"]["ambiguous-reference-name"] == 2, "told of both"
    shown = call("runs", "show", str(imported.record.number), "-C", posix.story.folder).stdout
    assert "Ambiguous Reference Names" in shown
    assert posix.members("staff") == []
    said = " ".join(call("trace", f"cn=staff,{GROUPS}", "member", "-C", posix.story.folder).stdout.split())
    assert "it is the uid of" in said and "nobody is meant by a name that several bear" in said
    assert posix.wire.delete(twin), posix.wire.result
    posix.story.cycle()  # warns once more: a full import hears of the delete at its end
    assert posix.members("staff") == ["Kari"]
    posix.cycle()


def test_a_trace_shows_the_names_as_the_directory_holds_them_and_why_says_what_is_missing(posix: Posix) -> None:
    posix.person("kari")
    posix.posix_group("staff", "KARI", "ghost")
    posix.cycle(initial=True)
    posix.story.close()
    traced = " ".join(call("trace", f"cn=staff,{GROUPS}", "member", "-C", posix.story.folder).stdout.split())
    assert '"KARI"' in traced or " KARI " in traced, "the directory's own spelling"
    assert "ghost" in traced
    assert "no object of ldap that is imported has this uid" in traced
    said = call("why", f"cn=staff,{GROUPS}", "member", "-C", posix.story.folder).stdout
    assert "ghost" in said and "et exactly one object that ldap imports have the uid ghost" in " ".join(said.split())


def test_bit_strings_are_cut_and_the_filler_is_no_member(posix: Posix) -> None:
    posix.story.edit_settings(
        '# filler-member = "cn=nobody,dc=example,dc=test"', 'filler-member = "CN=Nobody, dc=example,dc=test"'
    )
    kari, ola = posix.person("kari"), posix.person("ola")
    posix.add(f"cn=unique,{GROUPS}", ("groupOfUniqueNames",), uniqueMember=[f"{kari}#'0101'B", ola, FILLER])
    empty = f"cn=empty,{GROUPS}"
    posix.add(empty, ("groupOfNames",), member=FILLER)
    posix.add(f"cn=rootless,{GROUPS}", ("groupOfNames",), member=["", kari])
    posix.cycle(initial=True)
    assert posix.members("unique") == ["Kari", "Ola"]
    assert posix.members("empty") == []
    assert posix.members("rootless") == ["Kari"]
    store = posix.story.project.store
    assert all(store.held_by(one.id) == () for one in posix.story.objects("ldap")), "nothing waits for the filler"
    posix.modify(empty, "member", ldap3.MODIFY_ADD, ola)
    posix.modify(empty, "member", ldap3.MODIFY_DELETE, FILLER)
    posix.cycle()
    assert posix.members("empty") == ["Ola"]
    posix.cycle()
    posix.story.nothing_is_under_way()


def test_a_mistake_in_reference_by_is_told_before_anything_is_read(posix: Posix) -> None:
    def refused(names: str, code: int = 2) -> str:
        posix.story.edit_settings('reference-by = { memberUid = "uid" }', f"reference-by = {names}")
        answer = call("run", "ldap", "full-import", "-C", posix.story.folder, code=code)
        posix.story.edit_settings(f"reference-by = {names}", 'reference-by = { memberUid = "uid" }')
        return " ".join((answer.stdout + answer.stderr).split())

    assert "the directory's schema has no attribute 'loginName'" in refused('{ memberUid = "loginName" }')
    assert "spells 'memberuid' as 'memberUid'" in refused('{ memberuid = "uid" }')
    assert "its values are DNs, which are references already" in refused('{ member = "uid" }')
    assert "cannot name objects by itself" in refused('{ memberUid = "memberUid" }')
