"""Progress on a terminal and elsewhere."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from attrflow.cli import progress as showing
from attrflow.cli.options import ProgressForm
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


def plain(form: ProgressForm, steps: tuple[Progress, ...] = STEPS) -> list[str]:
    file = io.StringIO()
    with shown_progress(Console(file=file, width=200, force_terminal=True, color_system=None), form) as tell:
        for step in steps:
            tell(step)
    return file.getvalue().splitlines()


def test_for_programs_each_batch_is_a_document_with_rate_and_remaining_time() -> None:
    found = [json.loads(line) for line in plain(ProgressForm.jsonl)]
    assert len(found) == len(STEPS)
    assert {one["schema"] for one in found} == {"attrflow.progress/1"}
    half = found[1]
    assert (half["connector"], half["step"], half["done"], half["total"]) == ("contoso", "full-import", 500, 1000)
    assert half["rate"] > 0
    assert half["remaining_seconds"] is not None and half["remaining_seconds"] >= 0
    assert found[0]["remaining_seconds"] is None, "nothing is known before the first batch"
    assert (found[3]["finished"], found[3]["result"], found[3]["remaining_seconds"]) == (True, "success", None)
    assert found[4]["total"] is None


def test_no_progress_is_no_progress() -> None:
    assert plain(ProgressForm.none) == []


def test_a_long_step_tells_how_far_it_is_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    class Monotonic:
        now = 0.0

        def monotonic(self) -> float:
            self.now += 20.0
            return self.now

    monkeypatch.setattr(showing, "time", Monotonic())
    steps = tuple(Progress("contoso", "full-sync", "DC=a", done, 10_000) for done in range(0, 5000, 1000))
    told = plain(ProgressForm.lines, steps)
    assert told and all(line.startswith("contoso full-sync  ") for line in told)
    assert "of 10,000 objects" in told[0] and "left" in told[0]
