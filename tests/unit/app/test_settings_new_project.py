"""What `init` and the demo write loads again, and is safe to leave in a folder."""

from __future__ import annotations

import stat
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from attrflow.app.new_project import write_new_project
from attrflow.app.secrets import SecretReference, resolve_secret
from attrflow.app.settings import load_settings, read_settings
from attrflow.app.settings_template import (
    NewConnector,
    NewDirectory,
    NewPartition,
    NewTenant,
    connector_text,
    example_connectors,
    settings_text,
)
from attrflow.app.world import SeededWorld
from attrflow.connectors.entra.settings import EntraSettings
from attrflow.connectors.ldap.settings import settings_of
from attrflow.model.errors import SettingsError
from attrflow.rules.features import Features

DIRECTORY = NewDirectory(
    "contoso.test",
    "ldap://127.0.0.1:3389",
    (NewPartition("DC=contoso,DC=test", "CONTOSO", include=('OU="a",DC=contoso,DC=test',)),),
    account="CONTOSO\\svc",
)
TENANT = NewTenant(
    "entra",
    "1e2feb89-414c-443c-9027-c4d1c386bbc4",
    "1e2feb89-414c-443c-9027-c4d1c386bbc5",
    "ingest",
    graph_url="http://127.0.0.1:8/v1.0",
    login_url="http://127.0.0.1:8",
    ingest_url="http://127.0.0.1:8/ingest/v1",
)


def test_the_example_loads_and_exports_nothing(tmp_path: Path) -> None:
    file = write_new_project(tmp_path / "new", "Lab", guid=SeededWorld(1).guid)
    settings = load_settings(file.parent)
    assert settings.warnings == ()
    assert settings.staging_mode is True
    assert [(c.name, c.kind) for c in settings.connectors.values()] == [("contoso", "ad"), ("entra", "entra")]
    assert settings.rules.is_dir()
    assert not settings.store.exists()
    assert settings_of(settings.connectors["contoso"]).tls == "starttls"
    assert EntraSettings.of(settings.connectors["entra"]).channel == "graph"
    assert settings.secrets["contoso"] == SecretReference("env", "ATTRFLOW_CONTOSO_PASSWORD")
    filled = file.read_text().replace("00000000-0000-0000-0000-000000000000", TENANT.tenant_id)
    assert read_settings(filled, tmp_path).connectors["entra"].settings["tenant_id"] == TENANT.tenant_id


def test_what_stands_as_a_comment_in_the_example_is_right_too() -> None:
    kept = ("# ca-file", "# filter", "# page-size", "# timeout", "# object-security", "# graph-url", "# login-url")
    examples = (*kept, "# ingest-url", "# badgeNumber", '# "Site.Code"')
    text = settings_text("Lab", example_connectors(), guid=SeededWorld(1).guid)
    lines = [line.removeprefix("# ") if line.startswith(examples) else line for line in text.splitlines()]
    assert sum(line not in text.splitlines() for line in lines) == 11
    settings = read_settings("\n".join(lines), Path("/lab"))
    assert settings.warnings == ()
    assert settings.metaverse_extra["person"]["badgeNumber"].multi is False
    assert settings.connectors["contoso"].parameters["Site.Code"] == "OSL"


def test_given_connectors_are_written_with_their_secrets_in_files_of_their_own(tmp_path: Path) -> None:
    secrets = {"contoso.test": "P@ss \\ 'word'", "entra": "s\u00e9cret"}
    given: list[NewConnector] = [DIRECTORY, TENANT]
    write_new_project(tmp_path, 'a "b"', given, guid=SeededWorld(1).guid, staging_mode=False, secrets=secrets)
    settings = load_settings(tmp_path)
    assert settings.warnings == ()
    assert (settings.name, settings.staging_mode) == ('a "b"', False)
    assert {name: resolve_secret(reference) for name, reference in settings.secrets.items()} == secrets
    for name in secrets:
        assert stat.S_IMODE((tmp_path / "secrets" / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    hq = settings.connectors["contoso.test"]
    assert settings_of(hq).account == "CONTOSO\\svc"
    assert hq.partitions[0].include == ('OU="a",DC=contoso,DC=test',)
    assert EntraSettings.of(settings.connectors["entra"]).ingest_url == TENANT.ingest_url
    assert "P@ss" not in (tmp_path / "attrflow.toml").read_text()
    assert "/secrets/" in (tmp_path / ".gitignore").read_text()


def test_a_project_is_never_overwritten_and_never_half_written(tmp_path: Path) -> None:
    guid = SeededWorld(1).guid
    bad = NewDirectory("hq", "http://dc1", (NewPartition("DC=contoso,DC=test", "CONTOSO"),))
    with pytest.raises(SettingsError, match="'url' must be an address"):
        write_new_project(tmp_path / "p", "Lab", [bad], guid=guid, secrets={})
    assert not (tmp_path / "p").exists()
    write_new_project(tmp_path / "p", "Lab", guid=guid)
    before = (tmp_path / "p" / "attrflow.toml").read_bytes()
    with pytest.raises(SettingsError, match="is there already"):
        write_new_project(tmp_path / "p", "Other", guid=guid)
    assert (tmp_path / "p" / "attrflow.toml").read_bytes() == before


def test_a_connector_can_be_added_to_a_text() -> None:
    guid = SeededWorld(1).guid
    openldap = NewDirectory("unix", "ldaps://ldap.test", (NewPartition("O=unix"),), kind="openldap", ca_file="ca.pem")
    text = settings_text("Lab", (), guid=guid) + "\n" + connector_text(openldap, guid=guid)
    unix = read_settings(text, Path("/lab")).connectors["unix"]
    assert unix.object_types == ("inetOrgPerson", "groupOfNames")
    assert unix.reference_by == {"memberUid": "uid"}
    assert "# filler-member = " in text
    assert unix.partitions[0].parameters == {"Domain.LDAP": "O=unix"}
    assert "object-security" not in text
    assert tomllib.loads(text)["connectors"]["unix"]["id"] == unix.id


def test_with_the_feature_devices_connectors_have_the_object_types_for_them() -> None:
    features = Features(devices=True)
    text = settings_text("Lab", [DIRECTORY, TENANT], guid=SeededWorld(1).guid, features=features)
    connectors = read_settings(text, Path("/lab")).connectors
    assert {"computer", "msDS-Device"} <= set(connectors["contoso.test"].object_types)
    assert connectors["entra"].object_types == ("user", "group", "contact", "device")
    named = settings_text("Lab", [replace(TENANT, object_types=("user",))], guid=SeededWorld(1).guid, features=features)
    assert read_settings(named, Path("/lab")).connectors["entra"].object_types == ("user",)
