"""A server's exported configuration becomes a project that runs against directories."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.unit.cli.cli_calls import call, document
from tests.unit.importers.exports import (
    BOOKS,
    CLOUD,
    TO_CS,
    ad_connector,
    entra_connector,
    metaverse,
    rule_as_xml,
    run_profile,
    run_step,
)

from attrflow.app.library import default_rules
from attrflow.app.operations.importing import import_project
from attrflow_mocks.hosted import HostedMocks
from attrflow_mocks.hosted_faces import MockAd, MockTenant

from .project import CLIENT_ID, CLIENT_SECRET, GROUPS, NC, PASSWORD, PEOPLE, TENANT_SEED, succeeded, told


def exported(folder: Path) -> Path:
    """The configuration of a server that has the default rules, in the form in which it exports them."""
    pending = "<apply-rules-subtype>apply-pending</apply-rules-subtype>"
    night = run_profile("Night shift", run_step("delta-import", TO_CS), run_step("apply-rules", pending))
    full = run_profile("A taste (1)", run_step("full-import", TO_CS, threshold="<object>1</object>"))
    directory = re.sub("<schema>.*</schema>", "", ad_connector(profiles=night + full), flags=re.DOTALL).replace(
        "DC=books,DC=test", NC
    )
    directory = directory.replace("OU=Readers", "OU=People").replace("printQueue", "group")
    directory = re.sub("<attribute-inclusion>.*</attribute-inclusion>", "", directory, flags=re.DOTALL)
    files = {
        "Connectors/1.xml": directory.replace(
            f"<inclusion>{PEOPLE}", f"<inclusion>{GROUPS}</inclusion><inclusion>{PEOPLE}"
        ),
        "Connectors/2.xml": entra_connector().replace("device", "group"),
        "GlobalSettings/MV.xml": metaverse(),
    }
    rules = default_rules([("corp", BOOKS, "ad"), ("entra", CLOUD.id, "entra")])
    for number, rule in enumerate(rules):
        files[f"SynchronizationRules/{number}.xml"] = rule_as_xml(rule, {"corp": BOOKS, "entra": CLOUD.id})
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_an_imported_project_brings_people_into_the_cloud(
    small_mocks: HostedMocks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_mocks.call(small_mocks.world.reset)
    made = import_project(tmp_path / "p", [exported(tmp_path / "export")], names={BOOKS: "corp"})
    assert (made.imported.errors, made.imported.unknown_connectors) == (0, {})
    assert made.imported.rules == made.imported.rules_stated > 20

    # What no export holds: addresses, accounts and secrets.
    ad, tenant = MockAd(small_mocks, "corp"), MockTenant(small_mocks)
    settings = Path(made.settings)
    text = settings.read_text().replace("ldap://books.test:389", ad.url).replace('tls = "starttls"', 'tls = "none"')
    text = text.replace("'BOOKS\\svc_sync'", '"svc-attrflow@corp.test"').replace(
        'channel = "graph"', 'channel = "ingest"'
    )
    text = text.replace("books.onmicrosoft.com", TENANT_SEED.tenant_id).replace(CLIENT_NOWHERE, CLIENT_ID)
    for key, url in (("graph", tenant.graph_url), ("login", tenant.login_url), ("ingest", tenant.ingest_url)):
        text = re.sub(rf'# {key}-url = ".*"', f'{key}-url = "{url}"', text)
    settings.write_text(text.replace("staging-mode = true", "staging-mode = false"))
    monkeypatch.setenv("ATTRFLOW_CORP_PASSWORD", PASSWORD)
    monkeypatch.setenv("ATTRFLOW_ENTRA_SECRET", CLIENT_SECRET)

    with told(Path(made.folder), small_mocks) as story:
        story.settled()
        succeeded(story.cycle())
        assert len(story.cloud.users()) > 3
        call("rules", "check", "-C", story.folder)
        ran = document("run", "corp", "Night shift", "-C", story.folder, name="run")
        assert (ran["result"], [step["type"] for step in ran["steps"]]) == ("success", ["delta-import", "delta-sync"])
        ran = document("run", "corp", "A taste -1", "-C", story.folder, code=1, name="run")
        assert (ran["result"], [step["type"] for step in ran["steps"]]) == ("stopped-object-limit", ["full-import"])


CLIENT_NOWHERE = "00000000-0000-0000-0000-000000000000"
