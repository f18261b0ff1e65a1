"""The command `attrflow-mocks`, from its help to a slapd that dies with it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from attrflow_mocks.command import app
from attrflow_mocks.openldap import SlapdMissingError, find_slapd

PATHS = os.pathsep.join(path for path in sys.path if path)


def run(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == code, result.output
    return result.output


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", "from attrflow_mocks.command import main; main()", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": PATHS},
    )


def line(process: subprocess.Popen[str]) -> Any:
    assert process.stdout is not None
    return json.loads(process.stdout.readline())


def test_scenarios_are_listed_and_shown() -> None:
    assert "contoso-small  Contoso and Fabrikam" in run("scenarios")
    assert json.loads(run("scenarios", "-o", "json"))["scenarios"][0]["name"] == "access-rights"
    shown = run("scenarios", "contoso-small")
    assert "contoso: 150 user, 14 group, 7 contact" in shown
    assert "DIAG-22 ola.hansen@contoso.test" in shown
    document = json.loads(run("scenarios", "contoso-small", "-o", "json"))
    assert [fault["diagnosis"] for fault in document["planted"]][:4] == [
        "DIAG-22",
        "DIAG-35",
        "DIAG-43",
        "DIAG-03",
    ]


def test_mistakes_are_one_sentence() -> None:
    assert "there are: access-rights, blank, contoso-small" in run("scenarios", "nowhere", code=2)
    assert "text or json" in run("scenarios", "-o", "yaml", code=2)
    assert "no control plane" in run("journal", "--url", "http://127.0.0.1:1", "--token", "x", code=2)
    assert "is no control URL" in run("journal", "--url", "nonsense", "--token", "x", code=2)


def test_serve_passes_its_options_on_and_the_journal_shows_what_came() -> None:
    with start("serve", "--announce", "--part", "tenant") as process:
        said = line(process)
        control = said["control"]
        where = ("--url", control["url"], "--token", control["token"])
        assert run("journal", *where) == "0 requests, 0 kept\n"
        assert json.loads(run("journal", *where, "-o", "json", "--target", "graph"))["requests"] == []
        assert "send the token" in run("journal", "--url", control["url"], "--token", "x", code=2)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(20) == 0


def test_serve_help_is_serves_own() -> None:
    with start("serve", "--help") as process:
        out, _ = process.communicate(timeout=20)
    assert "--announce" in out
    assert process.returncode == 0


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.openldap
@pytest.mark.parametrize("way", ["end of input", "signal"])
def test_a_slapd_lives_as_long_as_its_command(way: str) -> None:
    try:
        find_slapd()
    except SlapdMissingError as error:
        if os.environ.get("ATTRFLOW_FORBID_SKIP") == "1":
            raise
        pytest.skip(str(error))
    with start("openldap", "--users", "3", "--groups", "1", "--announce") as process:
        said = line(process)
        assert said["schema"] == "attrflow-mocks.openldap/1"
        assert said["url"] == f"ldap://127.0.0.1:{said['port']}"
        if way == "signal":
            process.send_signal(signal.SIGTERM)
        else:
            assert process.stdin is not None
            process.stdin.close()
        assert process.wait(20) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert gone(said["pid"])


@pytest.mark.openldap
def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    assert "No such file" in run("openldap", "--ldif", str(tmp_path / "none.ldif"), code=2)
