"""What the tests of the command line share: a call of it, and documents held to their shapes."""

from __future__ import annotations

import json
from typing import Any
from unittest.mock import patch

import msgspec
from typer import testing
from typer.main import get_command
from typer.testing import CliRunner, Result

from attrflow.app.shapes import SHAPES, json_schema, render_json
from attrflow.cli.main import app

_COMMAND = get_command(app)
"""Made once: typer reads the signature of every command for it, which takes longer than most calls."""


def call(*arguments: object, code: int = 0) -> Result:
    """A call of `attrflow` with these arguments, which must end with that exit code."""
    with patch.object(testing, "_get_command", lambda _: _COMMAND):
        result = CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "200"})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, f"exit code {result.exit_code}\n{result.stdout}\n{result.stderr}"
    return result


def document(*arguments: object, code: int = 0, name: str) -> dict[str, Any]:
    """The document that a call prints with `-o json`, after it was held to the shape of that name."""
    return shaped(call(*arguments, "-o", "json", code=code).stdout, name)


def shaped(text: str, name: str) -> dict[str, Any]:
    """A document of that name: all of it is what the shape says, no more and no less."""
    found: dict[str, Any] = json.loads(text)
    assert found["schema"] == f"attrflow.{name}/1"
    content = {key: value for key, value in found.items() if key != "schema"}
    assert json.loads(render_json(msgspec.convert(content, SHAPES[name]))) == found
    schema = json_schema(name)
    assert set(schema["required"]) <= set(found) <= set(schema["properties"])
    return found


def lines(text: str) -> list[str]:
    """The lines of a text with single blanks, so that layout makes no difference."""
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]
