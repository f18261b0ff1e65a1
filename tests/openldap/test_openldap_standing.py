"""`attrflow-mocks openldap up|down|logs`: a slapd that stays, is found again, and goes with everything it had."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from attrflow_mocks.command import app
from attrflow_mocks.openldap import SlapdMissingError, find_slapd

pytestmark = pytest.mark.openldap


def run(*arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code == code, done.output
    return done.output


def test_up_down_and_logs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    try:
        find_slapd()
    except SlapdMissingError as error:
        pytest.skip(str(error))
    monkeypatch.setenv("ATTRFLOW_MOCKS_STATE", str(tmp_path))
    assert "was never up" in run("openldap", "logs", code=2)
    assert "was not up" in run("openldap", "down")
    said = json.loads(run("openldap", "up", "--users", "3", "--groups", "1"))
    try:
        assert "is up already" in run("openldap", "up", code=2)
        assert said["url"] in run("openldap", "logs")
        folder = Path("/proc", str(said["pid"]))
        assert folder.exists()
    finally:
        assert "is down" in run("openldap", "down")
    assert not folder.exists()
    assert "was not up" in run("openldap", "down")


def test_a_start_that_fails_tells_its_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ATTRFLOW_MOCKS_STATE", str(tmp_path))
    assert "begins with none of" in run("openldap", "up", "--suffix", "cn=x", code=2)
    assert "takes run, up, down, logs" in run("openldap", "sideways", code=2)
