"""What the stories share: mocks on the wire, a project folder that points at them, and eyes on both ends.

The servers run in a thread of this process. What a story asserts it reads where a person would look:
in Graph over HTTP, in the run history, in the store.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from unittest.mock import patch

from attrflow.app.operations import running
from attrflow.app.operations.projects import init_project
from attrflow.app.operations.run_details import run_detail
from attrflow.app.project import Project, opened_project
from attrflow.app.settings_template import NewConnector, NewDirectory, NewPartition, NewTenant
from attrflow.model.connector_space import CSObject
from attrflow.model.delta import EMPTY_IMAGE
from attrflow.ports.store import CSFilter
from attrflow.runs.run import RunResult
from attrflow_mocks.ad.directory import Directory
from attrflow_mocks.faults import Fault
from attrflow_mocks.hosted import HostedMocks
from attrflow_mocks.hosted_faces import MockAd, MockTenant
from attrflow_mocks.scenarios.seed import DirectorySeed, EntrySeed, Scenario, TenantSeed

from .cloud import Cloud

NC = "DC=corp,DC=test"
PEOPLE, GROUPS, AWAY = f"OU=People,{NC}", f"OU=Groups,{NC}", f"OU=Away,{NC}"
ACCOUNT, PASSWORD = "svc-attrflow@corp.test", "Mock-Pass-Corp-1"
CLIENT_ID, CLIENT_SECRET = "5a3a5b1e-0000-4000-8000-000000000001", "Mock-Secret-Corp-1"
TENANT_SEED = TenantSeed(
    "5a3a5b1e-0000-4000-8000-0000000000aa",
    "Corp",
    "corp.onmicrosoft.com",
    ("corp.test",),
    {CLIENT_ID: CLIENT_SECRET},
)


def dn_of(name: str, container: str = PEOPLE) -> str:
    """The DN of a person, or of a group with the container `GROUPS`."""
    return f"CN={name},{container}"


def person(name: str, container: str = PEOPLE, **attributes: str | tuple[str, ...]) -> EntrySeed:
    """A user with what every user has, and more."""
    address = f"{name.lower()}@corp.test"
    values: dict[str, str | tuple[str, ...]] = {
        "displayName": name,
        "sn": name,
        "sAMAccountName": name.lower(),
        "userPrincipalName": address,
        "mail": address,
        "userAccountControl": "512",
        **attributes,
    }
    wrapped = {key: value if isinstance(value, tuple) else (value,) for key, value in values.items()}
    return EntrySeed(dn_of(name, container), "user", wrapped)


def group(name: str, *members: str) -> EntrySeed:
    """A global security group with these people."""
    values = {
        "displayName": (name,),
        "sAMAccountName": (name,),
        "groupType": ("-2147483646",),
        "member": tuple(dn_of(member) for member in members),
    }
    return EntrySeed(dn_of(name, GROUPS), "group", values)


def scenario(entries: Iterable[EntrySeed]) -> Scenario:
    """One domain with the units People, Groups and Away, and a tenant that is empty."""
    units = [EntrySeed(dn, "organizationalUnit") for dn in (PEOPLE, GROUPS, AWAY)]
    seed = DirectorySeed("corp", NC, "CORP", {ACCOUNT: PASSWORD}, (*units, *entries))
    return Scenario("corp", "A small company", (seed,), TENANT_SEED)


SMALL = scenario(
    (
        person("Kari", telephoneNumber="  +47 22 00 00 00 ", title="Head"),
        person("Ola", manager=dn_of("Kari"), title="Clerk", department="Sales"),
        person("Ida", manager=dn_of("Kari")),
        person("Per", telephoneNumber="+47 22 00 00 01"),
        person("Liv"),
        person("Nils"),
        person("Tor", AWAY),
        group("Staff", "Kari", "Ola", "Ida"),
    )
)
"""Six people in People, one in Away (which is not selected), one group."""
EVERYBODY = ["Ida", "Kari", "Liv", "Nils", "Ola", "Per"]


@dataclass
class Story:
    """A project folder and the directories it points at."""

    folder: Path
    mocks: HostedMocks
    tenant: MockTenant
    cloud: Cloud
    directories: dict[str, MockAd] = field(default_factory=dict)
    _opened: ExitStack = field(default_factory=ExitStack)
    _project: Project | None = None

    @property
    def ad(self) -> MockAd:
        """The first directory."""
        return next(iter(self.directories.values()))

    @property
    def project(self) -> Project:
        """The project, opened when it is first asked for and kept open, as a scheduler keeps it."""
        if self._project is None:
            self._project = self._opened.enter_context(opened_project(self.folder))
        return self._project

    def close(self) -> None:
        """Close the project; it is opened anew when it is asked for again."""
        self._opened.close()
        self._project = None

    def cycle(self, *, initial: bool = False) -> list[RunResult]:
        """Run a cycle to its end."""
        return list(running.cycle(self.project, initial=initial))

    def run(self, connector: str, profile: str, *, allow_deletes: bool = False) -> RunResult:
        """Run one profile."""
        return running.run(self.project, connector, profile, allowed={"deletes": None} if allow_deletes else None)

    def settled(self) -> None:
        """The initial cycle and the one that confirms it; both must succeed."""
        for initial in (True, False):
            succeeded(self.cycle(initial=initial))

    def edit_settings(self, old: str, new: str) -> None:
        """Replace a text of attrflow.toml that is there once; what runs next reads it."""
        self.close()
        file = self.folder / "attrflow.toml"
        text = file.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
        file.write_text(text.replace(old, new), encoding="utf-8")

    def set_secret(self, connector: str, secret: str) -> None:
        """Replace a connector's secret; what runs next reads it."""
        self.close()
        (self.folder / "secrets" / connector).write_text(secret, encoding="utf-8")

    def objects(self, connector: str) -> list[CSObject]:
        """Everything in a connector space but placeholders."""
        found = self.project.store.find_cs(CSFilter(connector), limit=10_000)
        return [one for one in found if one.kind == "staging"]

    def space(self, connector: str) -> list[object]:
        """What the store has of a connector space, to be compared with what it has later."""
        return [
            (replace(one, image=None), image.attributes, {n: sorted(r) for n, r in image.references.items()})
            for one in self.objects(connector)
            if (image := one.image or EMPTY_IMAGE)
        ]

    def watermark(self, connector: str) -> str | None:
        """How far the connector's only partition has been imported."""
        partition = self.project.settings.connectors[connector].partitions[0].name
        found = self.project.store.watermark(connector, partition)
        return None if found is None else found.value

    def wire(self, number: int) -> list[tuple[str, int, str]]:
        """What a run sent: operation, attempt and result of each request."""
        sent = run_detail(self.project, number).attempts
        return [(attempt.operation, attempt.number, attempt.result) for attempt in sent]

    def history(self) -> list[tuple[str, str, str]]:
        """The run history, oldest first: connector, profile, result."""
        found = running.runs(self.project, limit=100).runs
        return [(run.connector, run.profile, run.result) for run in reversed(found)]

    def nothing_is_under_way(self) -> None:
        """No object waits for anything: no pending import or export, nothing in escrow, no error."""
        for connector in self.project.settings.connectors:
            for one in self.project.store.find_cs(CSFilter(connector), limit=10_000):
                layers = (one.pending_import, one.unconfirmed, one.escrowed, one.unapplied)
                assert layers == (None,) * 4, one
                assert (one.import_error, one.export_error) == (None, None), one


def make_project(
    folder: Path,
    connectors: Mapping[str, tuple[NewConnector, str]],
    *,
    staging_mode: bool = False,
    features: Mapping[str, str] | None = None,
) -> None:
    """A project of these connectors, each with its secret, and the default rules that the features choose."""
    init_project(
        folder,
        "stories",
        [connector for connector, _ in connectors.values()],
        staging_mode=staging_mode,
        features=features,
        secrets={name: secret for name, (_, secret) in connectors.items() if secret},
    )


def directory_connector(mock: MockAd, include: tuple[str, ...]) -> tuple[NewConnector, str]:
    """An AD connector of the mock, with these units selected."""
    fqdn = mock.naming_context.replace("DC=", "").replace(",", ".")
    partition = NewPartition(mock.naming_context, mock.netbios, fqdn, include)
    return NewDirectory(mock.name, mock.url, (partition,), tls="none", account=mock.account), mock.password


def tenant_connector(mock: MockTenant) -> tuple[NewConnector, str]:
    """The connector `entra` on the ingest channel of the mock."""
    connector = NewTenant(
        "entra",
        mock.tenant_id,
        mock.client_id,
        "ingest",
        graph_url=mock.graph_url,
        login_url=mock.login_url,
        ingest_url=mock.ingest_url,
    )
    return connector, mock.client_secret


def new_project(folder: Path, mocks: HostedMocks, units: tuple[str, ...], *, staging_mode: bool = False) -> None:
    """A project of all directories of the mocks, with these units selected, and of their tenant."""
    connectors = {
        name: directory_connector(mock, tuple(f"OU={unit},{mock.naming_context}" for unit in units))
        for name, mock in ((name, MockAd(mocks, name)) for name in mocks.world.directories)
    }
    make_project(folder, {**connectors, "entra": tenant_connector(MockTenant(mocks))}, staging_mode=staging_mode)


@contextmanager
def told(folder: Path, mocks: HostedMocks) -> Iterator[Story]:
    """The story of a project folder and of the mocks that it points at; closes what it opened."""
    tenant = MockTenant(mocks)
    domains = [name for name, held in mocks.world.directories.items() if isinstance(held, Directory)]
    directories = {name: MockAd(mocks, name) for name in domains}
    story = Story(folder, mocks, tenant, Cloud(tenant), directories)
    try:
        yield story
    finally:
        story.close()
        story.cloud.close()


@contextmanager
def struck(mocks: HostedMocks, fault: Fault) -> Iterator[threading.Event]:
    """Orders a fault; the event is set when it strikes."""
    script, event = mocks.world.faults, threading.Event()
    strike = script.strike

    def watched(target: str, operation: str) -> Fault | None:
        found = strike(target, operation)
        if found is not None:
            event.set()
        return found

    mocks.call(lambda: script.add(fault))
    with patch.object(script, "strike", watched):
        yield event


# -- what results say ------------------------------------------------------------------------------


def counters(results: Iterable[RunResult]) -> dict[tuple[str, str], dict[str, int]]:
    """The counters by connector and profile, of those runs that counted anything."""
    found = {}
    for result in results:
        total: dict[str, int] = {}
        for step in result.record.steps:
            for name, number in step.counters.items():
                if number:
                    total[name] = total.get(name, 0) + number
        if total:
            found[result.record.connector, result.record.profile] = total
    return found


def words(results: Iterable[RunResult]) -> dict[tuple[str, str], str]:
    """The result words by connector and profile."""
    return {(one.record.connector, one.record.profile): one.record.result for one in results}


def succeeded(results: list[RunResult]) -> list[RunResult]:
    """The results, when all of them are successes."""
    for one in results:
        details = [step.detail for step in one.record.steps]
        assert (one.record.result, one.error) == ("success", None), (one.record, details)
    return results


def only(results: Iterable[RunResult], connector: str, profile: str) -> RunResult:
    """The one result of a profile on a connector."""
    (found,) = (one for one in results if (one.record.connector, one.record.profile) == (connector, profile))
    return found


def detail(result: RunResult) -> str:
    """What the steps say in words."""
    return " ".join(step.detail or "" for step in result.record.steps)
