"""Progress on a terminal and elsewhere."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from attrflow.cli.progress import shown_progress
from attrflow.runs.environment import Progress

STEPS = (
    Progress("contoso", "full-import", "DC=contoso,DC=test", 0, None),
    Progress("contoso", "full-import", "DC=contoso,DC=test", 500, 1000),
    Progress("contoso", "full-import", "DC=contoso,DC=test", 1000, 1000),
    Progress("contoso", "full-import", "DC=contoso,DC=test", 1000, 1000, True, "success"),
    Progress("entra", "export", "default", 0, None),
    Progress("entra", "export", "default", 0, None, True, "no-start-connection"),
)


def told(*, terminal: bool) -> str:
    file = io.StringIO()
    console = Console(file=file, width=100, force_terminal=terminal, highlight=False, color_system=None)
    with shown_progress(console) as tell:
        for step in STEPS:
            tell(step)
    return file.getvalue()


def test_without_a_terminal_each_finished_step_is_one_plain_line() -> None:
    first, second = told(terminal=False).splitlines()
    assert first.startswith("contoso full-import DC=contoso,DC=test  success  1,000 objects in ")
    assert second.startswith("entra export  no-start-connection  0 objects in ")
    assert "\x1b" not in first + second


def test_on_a_terminal_there_is_a_bar_that_leaves_a_line_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")  # on a dumb one there is no bar to draw
    text = told(terminal=True)
    assert "━" in text
    assert "success" in text
    assert "no-start-connection" in text


def test_a_step_that_is_run_twice_starts_anew() -> None:
    file = io.StringIO()
    with shown_progress(Console(file=file, width=100)) as tell:
        for _ in range(2):
            tell(Progress("a", "export", "default", 1, 1, True, "success"))
    assert file.getvalue().count("1 object in") == 2
