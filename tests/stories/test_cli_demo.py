"""The demo, as a user types it: everything is shown, the project stays, the servers end."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest
from tests.unit.cli.cli_calls import call, lines, shaped

from attrflow_mocks.scenarios.loader import load


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "attrflow-demo"


def test_the_demo_shows_a_cycle_a_trace_and_a_cause_with_its_fix(folder: Path) -> None:
    result = call("demo", "--dir", folder)
    told = lines(result.stdout)
    assert "initial cycle completed-export-errors 9 runs" in told, "Bo Ravn's sixteen certificates are refused"
    assert '✔ telephoneNumber is "+47 22 00 00 00" in the cloud.' in told
    assert any("DIAG-22" in line for line in told)
    assert any("mailNickname" in line for line in told)
    assert any(str(folder) in line for line in told)
    ports = [int(port) for port in re.findall(r"://127\.0\.0\.1:(\d+)", result.stderr)]
    assert len(ports) == 3
    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)


def test_every_planted_fault_is_diagnosed_from_what_was_stored(folder: Path) -> None:
    for fault in load("contoso-small").planted:
        if fault["diagnosis"] in ("DIAG-03", "DIAG-52"):
            continue  # what was never imported is in the directory, which domains are verified knows the tenant: ended
        told = call("why", fault["object"], fault["attribute"], "--offline", "-C", folder).stdout
        assert fault["diagnosis"] in told


def test_a_demo_replaces_an_earlier_one_and_may_be_read_by_programs(folder: Path) -> None:
    found = shaped(call("demo", "--dir", folder, "-o", "json").stdout, "demo")
    assert found["confirming"]["result"] == "completed-export-errors"
    assert found["trace"]["outcome"]["word"] == "in-the-cloud"
    assert found["why"]["diagnoses"][0]["id"] == "DIAG-22"


def test_a_demo_leaves_a_folder_that_it_did_not_make_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear Kari", encoding="utf-8")
    assert "no demo made it" in call("demo", "--dir", tmp_path, code=2).stderr
    assert (tmp_path / "letter.txt").read_text(encoding="utf-8") == "Dear Kari"
