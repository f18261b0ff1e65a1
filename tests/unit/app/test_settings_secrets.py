"""Secrets are found where the reference says, and a missing one is told by its place, never by its value."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from attrflow.app.secrets import SecretReference, resolve_secret, write_secret
from attrflow.app.settings import load_settings
from attrflow.model.errors import AttrflowError, MissingExtra, SettingsError

CANARY = "hunter2"


def refused(reference: SecretReference, match: str, kind: type[AttrflowError] = SettingsError) -> None:
    with pytest.raises(kind, match=match) as caught:
        resolve_secret(reference)
    assert caught.value.help
    assert CANARY not in f"{caught.value!r}{caught.value.help}{caught.value.__cause__!r}"


def test_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    reference = SecretReference("env", "ATTRFLOW_TEST_SECRET")
    monkeypatch.delenv("ATTRFLOW_TEST_SECRET", raising=False)
    refused(reference, "variable ATTRFLOW_TEST_SECRET is not set")
    monkeypatch.setenv("ATTRFLOW_TEST_SECRET", "")
    refused(reference, "variable ATTRFLOW_TEST_SECRET is empty")
    monkeypatch.setenv("ATTRFLOW_TEST_SECRET", f" {CANARY} ")
    assert resolve_secret(reference) == f" {CANARY} "
    assert CANARY not in f"{reference!r}{reference}"


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_from_a_file_without_the_line_end(tmp_path: Path, end: str) -> None:
    file = tmp_path / "secret"
    file.write_bytes(f" {CANARY} {end}".encode())
    assert resolve_secret(SecretReference("file", str(file))) == f" {CANARY} "


def test_a_file_that_gives_none(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    reference = SecretReference("file", str(file))
    refused(reference, "is not there")
    refused(SecretReference("file", str(tmp_path)), "cannot be read")
    file.write_bytes(b"\n")
    refused(reference, "is empty")
    file.write_bytes(CANARY.encode() + b"\xff")
    refused(reference, "not text in UTF-8")


def test_from_the_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    reference = SecretReference("keyring", "attrflow/svc/hq")
    monkeypatch.setitem(sys.modules, "keyring", None)
    refused(reference, "pip install keyring", MissingExtra)
    keyring = ModuleType("keyring")
    held = {("attrflow/svc", "hq"): CANARY}
    monkeypatch.setattr(keyring, "get_password", lambda service, user: held.get((service, user)), raising=False)
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    assert resolve_secret(reference) == CANARY
    held.clear()
    refused(reference, "keyring entry attrflow/svc/hq is not there or empty")


def test_a_secret_file_is_never_overwritten(tmp_path: Path) -> None:
    write_secret(tmp_path / "secrets" / "hq", CANARY)
    with pytest.raises(FileExistsError):
        write_secret(tmp_path / "secrets" / "hq", "other")
    assert resolve_secret(SecretReference("file", str(tmp_path / "secrets" / "hq"))) == CANARY


def test_a_secret_in_the_project_that_others_can_read_is_warned_of(tmp_path: Path) -> None:
    write_secret(tmp_path / "hq", CANARY)
    (tmp_path / "attrflow.toml").write_text(
        "[connectors.hq]\nkind = 'openldap'\nid = '0f6b2a9e-5f1c-4d7e-9a53-2f4d1c8b7a60'\nurl = 'ldaps://h'\n"
        "account = 'cn=a'\npassword = { file = 'hq' }\npartitions = [{ dn = 'O=a' }]\n"
    )
    assert load_settings(tmp_path).warnings == ()
    (tmp_path / "hq").chmod(0o644)
    (warning,) = load_settings(tmp_path).warnings
    assert (warning.code, warning.severity) == ("exposed-secret", "warning")
    assert warning.span is not None
    assert warning.span.line == 6
