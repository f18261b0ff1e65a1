"""`[expression-options]`: every option can be set, and what is wrong is told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from attrflow.app.settings import configuration_hash, read_settings
from attrflow.app.settings_expressions import expression_options_text
from attrflow.expr import DEFAULT_OPTIONS, OPTIONS, Option
from attrflow.model.errors import SettingsError

FOLDER = Path("/project")


def other(row: Option) -> tuple[object, str]:
    """A value that is not the default, and how it is written."""
    if row.choices:
        value = next(choice for choice in row.choices if choice != row.default)
        return value, f'"{value}"'
    return not row.default, str(not row.default).lower()


@pytest.mark.parametrize("row", OPTIONS.values(), ids=list(OPTIONS))
def test_every_option_can_be_set(row: Option) -> None:
    value, written = other(row)
    settings = read_settings(f"[expression-options]\n{row.key} = {written}\n", FOLDER)
    assert getattr(settings.expression_options, row.field) == value
    assert configuration_hash(settings) != configuration_hash(read_settings("", FOLDER))


def test_without_the_table_the_defaults_hold() -> None:
    assert read_settings("", FOLDER).expression_options == DEFAULT_OPTIONS


def test_what_is_wrong_is_told_with_its_place() -> None:
    text = '[expression-options]\nstring_equality = "x"\nnull-concat = "emtpy"\nshort-circuit = 1\n'
    with pytest.raises(SettingsError) as caught:
        read_settings(text, FOLDER)
    told = [
        (d.code, d.span.line, d.help) for d in caught.value.diagnostics if d.span is not None and d.severity == "error"
    ]
    assert told == [
        ("unknown-key", 2, "did you mean string-equality?"),
        ("wrong-value", 3, "did you mean empty?"),
        ("wrong-type", 4, None),
    ]


def test_a_new_project_names_every_option_at_its_default() -> None:
    text = expression_options_text()
    assert read_settings(text, FOLDER).expression_options == DEFAULT_OPTIONS
    active = "\n".join(
        line.removeprefix("# ") for line in text.splitlines() if not line.startswith(("#   ", "# How", "# which"))
    )
    assert read_settings(active, FOLDER).expression_options == DEFAULT_OPTIONS
    assert all(f"# {row.key} = " in text for row in OPTIONS.values())
    assert max(map(len, text.splitlines())) <= 120
