"""`attrflow-mocks openldap up|down|logs`: a slapd that stays, is found again, and goes with everything it had."""

from __future__ import annotations

import json
import os
import signal
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


def need_slapd() -> None:
    try:
        find_slapd()
    except SlapdMissingError as error:
        pytest.skip(str(error))


def test_up_down_and_logs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    need_slapd()
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


def runs(pid: int) -> bool:
    """Whether a process is there and no zombie; who adopted it may be slow to bury it."""
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize("then", ["down", "up"])
def test_what_a_killed_keeper_left_behind_goes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, then: str) -> None:
    need_slapd()
    monkeypatch.setenv("ATTRFLOW_MOCKS_STATE", str(tmp_path))
    said = json.loads(run("openldap", "up", "--users", "3", "--groups", "1"))
    os.kill(said["keeper"], signal.SIGKILL)
    os.waitpid(said["keeper"], 0)
    assert runs(said["pid"]) and Path(said["folder"]).is_dir(), "slapd goes on without its keeper"
    output = run("openldap", then)
    assert not runs(said["pid"]) and not Path(said["folder"]).exists()
    assert then == "up" or "openldap is down" in output
    run("openldap", "down")
    assert "was not up" in run("openldap", "down")
