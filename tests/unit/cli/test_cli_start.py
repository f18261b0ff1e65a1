"""What must not happen before it is needed, and what happens on wrong command lines and broken pipes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from attrflow.cli.reference import REGENERATE, reference_page

from .cli_calls import call

HEAVY = ("ldap3", "httpx", "msgraph", "sqlite3", "attrflow.engine", "attrflow.app", "attrflow.rules", "attrflow.expr")
REFERENCE = Path(__file__).parents[3] / "agent" / "docs" / "reference" / "commands.md"


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_help_and_version_load_nothing_heavy(option: str) -> None:
    program = f"""
import sys
from attrflow.cli.main import app
try:
    app([{option!r}])
except SystemExit as end:
    assert not end.code
print([name for name in {HEAVY!r} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_version_says_the_version() -> None:
    assert re.fullmatch(r"attrflow \d+\.\d+\.\d+\S*\n", call("--version").stdout)


def test_a_wrong_command_line_is_told_on_standard_error() -> None:
    result = call("runs", "-o", "sideways", code=2)
    assert result.stdout == ""
    assert "sideways" in result.stderr
    assert "jsonl" in result.stderr


def test_what_a_guard_lets_pass_is_told_from_what_it_does_not_know() -> None:
    result = call("run", "entra", "export", "--allow", "delete=5", code=2)
    assert "deletes, disables, identity-changes, membership-removals" in " ".join(
        result.stderr.replace("│", " ").split()
    )


def test_the_reference_page_is_current() -> None:
    assert REFERENCE.read_text(encoding="utf-8") == reference_page(), f"run: {REGENERATE}"


def test_every_command_has_a_sentence_and_every_parameter_a_help() -> None:
    for line in reference_page().splitlines():
        assert not re.fullmatch(r"\| .* \|  \|", line), line


def test_a_reader_that_goes_away_is_met_with_silence() -> None:
    program = "from attrflow.cli.main import main; main()"
    command = [sys.executable, "-c", program, "init", "--help"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    with process.stderr:
        said = process.stderr.read()
    process.wait()
    assert said == b""
