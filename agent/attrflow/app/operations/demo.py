"""The demo: two forests and a tenant that stand on this machine for a minute, and a project between them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from attrflow.app.laboratory import Announcement, mocks
from attrflow.app.operations.projects import init_project
from attrflow.app.project import Project, opened_project
from attrflow.app.settings import load_settings
from attrflow.app.settings_template import NewConnector, NewDirectory, NewPartition, NewTenant
from attrflow.model.errors import SettingsError
from attrflow.model.provenance import MappingId
from attrflow.rules.rule import AttributeMapping, Rule, named_guid
from attrflow.rules.writing import write_rule

__all__ = ["ASKED", "SCENARIO", "SELECTED", "TRACED", "demo_project"]

SCENARIO = "contoso-small"
TRACED = ("kari.nordmann@contoso.test", "telephoneNumber")
ASKED = ("ola.hansen@contoso.test", "msExchHideFromAddressLists")
SELECTED = ("People", "Groups", "Contacts", "Service Accounts")
"""The organizational units that the demo selects: all but `Leavers`."""

_MARKER = ".attrflow-demo"
_CUSTOM_PRECEDENCE = 50


@contextmanager
def demo_project(folder: Path, *, say: Callable[[str], None], seed: int = 1) -> Iterator[Project]:
    """Start the mock directories and tenant, make the project in `folder`, and open it while the block lasts.

    An earlier demo in that folder is replaced; anything else there is left alone.

    Raises:
        SettingsError: the folder holds something that is no demo.
        LaboratoryError: a mock server did not start.
    """
    folder = folder.absolute()
    if folder.exists() and any(folder.iterdir()) and not (folder / _MARKER).exists():
        raise SettingsError(f"{folder} is there already, and no demo made it.", help="Name another with --dir DIR.")
    with mocks(SCENARIO, seed) as announced:
        assert announced.tenant is not None, "a tenant was asked for"
        for directory in announced.directories:
            say(f"mock AD {directory.name}: {directory.url}, {directory.naming_context}")
        say(f"mock Entra tenant: {announced.tenant.graph_url}")
        if folder.exists():
            shutil.rmtree(folder)
        _write(folder, announced)
        with opened_project(folder) as project:
            yield project


def _write(folder: Path, announced: Announcement) -> None:
    connectors, secrets = _connectors(announced)
    init_project(folder, "attrflow-demo", connectors, staging_mode=False, secrets=secrets)
    (folder / _MARKER).touch()
    settings = load_settings(folder)
    rule = _inbound_only(announced.directories[0].name)
    path = settings.rules / rule.connector / f"{rule.precedence} {rule.name}.toml"
    path.write_text(write_rule(rule), encoding="utf-8")


def _connectors(announced: Announcement) -> tuple[list[NewConnector], dict[str, str]]:
    assert announced.tenant is not None, "a tenant was asked for"
    connectors: list[NewConnector] = []
    secrets: dict[str, str] = {}
    for directory in announced.directories:
        include = tuple(f"OU={name},{directory.naming_context}" for name in SELECTED)
        partition = NewPartition(directory.naming_context, directory.netbios, directory.fqdn, include)
        connectors.append(NewDirectory(directory.name, directory.url, (partition,), account=directory.account))
        secrets[directory.name] = directory.password
    tenant = announced.tenant
    connectors.append(
        NewTenant(
            "entra",
            tenant.tenant_id,
            tenant.client_id,
            channel="ingest",
            graph_url=tenant.graph_url,
            login_url=tenant.login_url,
            ingest_url=tenant.ingest_url,
        )
    )
    secrets["entra"] = tenant.client_secret
    return connectors, secrets


def _inbound_only(connector: str) -> Rule:
    """One of the planted faults: a custom rule that brings employeeType in, and nothing takes it out."""
    return Rule(
        id=named_guid("attrflow-demo", connector, "employeeType"),
        name="In from AD - User employeeType",
        description="Brings employeeType into the metaverse. No outbound rule carries it on: ask `attrflow why`.",
        direction="inbound",
        connector=connector,
        source_type="user",
        target_type="person",
        link="join",
        precedence=_CUSTOM_PRECEDENCE,
        scope=(),
        join=(),
        mappings=(AttributeMapping(MappingId("employeeType"), "direct", "employeeType"),),
    )
