"""How text fits narrow terminals: nothing is cut, and what belongs together stays together."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from attrflow.app.operations.run_details import RunDetailDocument, RunObjectDocument, WireAttemptDocument
from attrflow.app.operations.running import CycleDocument, RunDocument, StepDocument
from attrflow.cli.console import new_console
from attrflow.cli.explain_text import draw_lines
from attrflow.cli.proposals import place_of, runnable
from attrflow.cli.runs_text import draw_cycle, draw_run, draw_run_detail
from attrflow.explain.text import line

STARTED, ENDED = "2026-01-05T08:00:00.000+00:00", "2026-01-05T08:00:01.500+00:00"
COUNTERS = {
    "disconnector-projected-flow": 12,
    "disconnector-joined-flow": 3,
    "disconnector-remains": 4,
    "connector-no-flow": 1200,
    "entra:provisioned-add-flow": 12,
    "flow-failure": 1,
}


def console(width: int) -> tuple[Console, io.StringIO]:
    file = io.StringIO()
    return Console(file=file, width=width, color_system=None, highlight=False, markup=False), file


def step(result: str = "success", counters: dict[str, int] | None = None, detail: str | None = None) -> StepDocument:
    return StepDocument(1, "full-sync", "DC=a", result, STARTED, ENDED, counters or {}, detail)


def run(*steps: StepDocument, result: str = "success") -> RunDocument:
    return RunDocument(7, "corp", "full-sync", result, STARTED, ENDED, list(steps), 5)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_label_is_never_parted_from_its_count(width: int) -> None:
    page, file = console(width)
    draw_run(page, run(step(counters=COUNTERS)))
    told = file.getvalue()
    assert "Connectors without Flow Updates 1,200" in told
    assert "Flow Errors 1" in told
    assert all(len(row) <= width for row in told.splitlines())


def test_several_partitions_are_told_apart_and_one_is_not_named() -> None:
    page, file = console(80)
    draw_run(page, run(step()))
    assert "DC=a" not in file.getvalue()
    draw_run(page, run(step(), step(result="completed-sync-errors", detail="What to do.")))
    assert file.getvalue().count("DC=a") == 2
    assert "What to do." in file.getvalue()


def test_errors_come_before_counters_and_objects_only_when_asked_for() -> None:
    detail = RunDetailDocument(
        run(step(counters=COUNTERS), result="completed-sync-errors"),
        [
            RunObjectDocument(1, "disconnector-projected-flow", "CN=Ann,DC=a", 1, None, None),
            RunObjectDocument(1, "flow-failure", "CN=Bob,DC=a", 2, "mv-constraint-violation", "It is too long."),
        ],
        [WireAttemptDocument(1, "search", 1, "success", 0.0), WireAttemptDocument(1, "PATCH", 2, "200", 1.5)],
        3,
    )
    page, file = console(80)
    draw_run_detail(page, detail, everything=False, counter=None)
    told = file.getvalue()
    assert told.index("mv-constraint-violation") < told.index("Projections")
    assert "It is too long." in told
    assert "CN=Ann" not in told
    assert "3 more objects are not shown" in told
    assert "1.5 s" in told and "search" not in told
    draw_run_detail(page, detail, everything=True, counter=None)
    assert "CN=Ann" in file.getvalue() and "search" in file.getvalue()


def test_a_cycle_ends_with_its_result() -> None:
    page, file = console(80)
    draw_cycle(page, CycleDocument("delta", "no-start-credentials", True, [run()]))
    assert file.getvalue().splitlines()[-3].startswith("delta cycle  no-start-credentials  1 run")
    assert "Staging mode" in file.getvalue()


@pytest.mark.parametrize(("columns", "laid_out"), [(40, 80), (80, 80), (93, 93), (120, 120), (200, 120)])
def test_lines_are_laid_out_for_the_width_within_what_reads_well(columns: int, laid_out: int) -> None:
    page, file = console(columns)
    draw_lines(page, lambda width: [line(str(width)), line("a", " " * (width - 2), "b", "   ")])
    width, row = file.getvalue().splitlines()
    assert (int(width), len(row)) == (laid_out, laid_out)


def test_proposed_commands_name_the_project_where_they_must() -> None:
    text = "Run `attrflow cycle --initial` first, or `attrflow init x`; see `attrflow runs`."
    assert runnable(text, " -C demo") == (
        "Run `attrflow cycle --initial -C demo` first, or `attrflow init x`; see `attrflow runs -C demo`."
    )
    assert runnable(text, "") == text


def test_a_project_that_is_found_from_here_needs_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = tmp_path / "my project"
    project.mkdir()
    (project / "attrflow.toml").touch()
    monkeypatch.chdir(tmp_path)
    assert place_of(Path("my project")) == " -C 'my project'"
    monkeypatch.chdir(project)
    assert place_of(project) == ""


def test_what_is_no_terminal_gets_no_blanks_at_line_ends_and_no_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    file = io.StringIO()
    page = new_console(file, no_color=False)
    assert page.width == 100
    page.print("[bold]CN=Ann[/bold] :smile:   ")
    assert file.getvalue() == "[bold]CN=Ann[/bold] :smile:\n"
