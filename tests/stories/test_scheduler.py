"""The scheduler: cycles as they are due, what it does in full and why, suspended, alone, and stopped cleanly."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import pytest
from tests.unit.cli.cli_calls import call, document, lines

from attrflow.app import world
from attrflow.app.operations.scheduling import Waiting, run_scheduler
from attrflow.app.world import SystemWorld
from attrflow.stores.lock import hold_file
from attrflow_mocks.faults import Fault

from .project import Story, dn_of, struck

PATIENCE = 30.0


class FastTime:
    """The time module, for which nobody waits: sleeping moves the clock on."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def time(self) -> float:
        return time.time() + self.ahead

    def sleep(self, seconds: float) -> None:
        self.ahead += seconds


@pytest.fixture
def fast() -> Iterator[FastTime]:
    clock = FastTime()
    with patch.object(world, "time", clock):
        yield clock


def profiles(story: Story, since: int = 0) -> list[str]:
    return [f"{c} {p}" for c, p, _ in story.history()[since:]]


def test_the_first_cycle_is_an_initial_one_and_the_next_comes_half_an_hour_later(story: Story, fast: FastTime) -> None:
    told: list[Waiting] = []
    cycles = run_scheduler(story.folder, SystemWorld(0), told=told.append)
    first = next(cycles)
    assert (first.kind, first.result) == ("initial", "success")
    begun = fast.time()
    second = next(cycles)
    assert (second.kind, second.result) == ("delta", "success")
    assert 1700 < fast.time() - begun < 1900
    assert [one.until is not None for one in told] == [True], "said once, and not every ten seconds"
    cycles.close()
    assert profiles(story, 6) == [f"{c} {p}" for p in ("delta-import", "delta-sync") for c in ("corp", "entra")] + [
        "entra export",
        "corp export",
    ], "what the first import taught of the schema is no change of the rules"


def test_the_interval_is_the_projects_and_what_was_edited_meanwhile_holds(story: Story, fast: FastTime) -> None:
    story.edit_settings("interval-minutes = 30", "interval-minutes = 5")
    cycles = run_scheduler(story.folder, SystemWorld(0))
    next(cycles)
    begun = fast.time()
    rule = next(path for path in sorted((story.folder / "rules" / "corp").glob("*.toml")) if "Common" in path.name)
    text = rule.read_text(encoding="utf-8")
    assert "disabled" not in text
    rule.write_text(
        text.replace('direction = "inbound"', 'direction = "inbound"\ndisabled = true', 1), encoding="utf-8"
    )
    status = document("scheduler", "status", "-C", story.folder, name="scheduler")
    assert "was disabled" in next(one["full_sync"] for one in status["connectors"] if one["connector"] == "corp")
    assert "full synchronization of corp" in " ".join(lines(call("runs", "-C", story.folder).stdout))
    next(cycles)
    assert fast.time() - begun < 400
    cycles.close()
    assert "corp full-sync" in profiles(story, 6) and "entra delta-sync" in profiles(story, 6)
    after = document("scheduler", "status", "-C", story.folder, name="scheduler")
    assert all(one["full_sync"] is None for one in after["connectors"])


def test_an_error_of_the_project_keeps_one_cycle_from_running_and_not_the_scheduler(
    story: Story, fast: FastTime
) -> None:
    told: list[Waiting] = []
    cycles = run_scheduler(story.folder, SystemWorld(0), told=told.append)
    next(cycles)
    rule = next(iter(sorted((story.folder / "rules" / "corp").glob("*.toml"))))
    text = rule.read_text(encoding="utf-8")
    rule.write_text("nonsense", encoding="utf-8")

    def mend(waiting: Waiting) -> None:
        told.append(waiting)
        if waiting.error is not None:
            rule.write_text(text, encoding="utf-8")

    cycles.close()
    cycles = run_scheduler(story.folder, SystemWorld(0), told=mend)
    assert next(cycles).result == "success"
    assert [one.error.code for one in told if one.error is not None] == ["invalid-settings"]


def test_more_deletes_than_the_threshold_stop_the_schedulers_export_too(settled: Story, fast: FastTime) -> None:
    settled.edit_settings("export-deletion-threshold = 500", "export-deletion-threshold = 1")
    for name in ("Ida", "Liv"):
        settled.ad.delete(dn_of(name))
    fast.sleep(3600)
    cycle = next(run_scheduler(settled.folder, SystemWorld(0)))
    assert cycle.result == "stopped-deletion-threshold-exceeded"
    assert "Ida" in settled.cloud.users()


def test_a_suspended_scheduler_waits_until_it_is_resumed(settled: Story, fast: FastTime) -> None:
    told = call("scheduler", "suspend", "--because", "an upgrade", "-C", settled.folder).stdout
    assert "suspended since" in told and "an upgrade" in told
    refused = call("scheduler", "run", "--once", "-C", settled.folder, code=4)
    assert "The scheduler is suspended since" in refused.stderr
    waits: list[Waiting] = []

    def resume(waiting: Waiting) -> None:
        waits.append(waiting)
        call("scheduler", "resume", "-C", settled.folder)

    cycles = run_scheduler(settled.folder, SystemWorld(0), told=resume)
    assert next(cycles).kind == "delta"
    assert waits[0].suspended_since is not None
    cycles.close()


def test_one_cycle_at_once_is_shown_and_ends(settled: Story) -> None:
    result = call("scheduler", "run", "--once", "-C", settled.folder)
    assert lines(result.stdout)[-1] == "delta cycle success 6 runs"
    status = lines(call("scheduler", "status", "-C", settled.folder).stdout)
    assert status[0].startswith("Scheduler not running; `attrflow scheduler run")
    assert status[2].startswith("Last cycle success delta, ")
    rows = call("scheduler", "run", "--once", "-C", settled.folder, "-o", "json").stdout.splitlines()
    assert len(rows) == 1 and '"schema":"attrflow.cycle/1"' in rows[0]


def test_a_second_scheduler_is_told_who_runs_the_first_and_commands_by_hand_go_on(settled: Story) -> None:
    lock = settled.folder / "attrflow.sqlite.scheduler.lock"
    with hold_file(lock, "x", "scheduler run"):
        refused = call("scheduler", "run", "-C", settled.folder, code=4)
        assert "scheduler run (process" in refused.stderr and "since" in refused.stderr
        status = document("scheduler", "status", "-C", settled.folder, name="scheduler")
        assert status["running"]["purpose"] == "scheduler run"
        assert call("run", "corp", "delta-import", "-C", settled.folder).stdout
    assert document("scheduler", "status", "-C", settled.folder, name="scheduler")["running"] is None


# -- signals ---------------------------------------------------------------------------------------


@contextmanager
def agent(story: Story, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """An attrflow of its own."""
    story.close()
    command = [sys.executable, "-c", "from attrflow.cli.main import main; main()", *arguments, "-C", str(story.folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE)


def test_sigterm_ends_an_idle_scheduler_with_success(settled: Story) -> None:
    with agent(settled, "scheduler", "run") as process:
        assert process.stderr is not None
        assert "The next cycle is due at" in process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    assert settled.history()[-1][2] == "success"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_in_the_middle_ends_the_run_with_its_word_and_the_next_goes_on(
    settled: Story, number: signal.Signals
) -> None:
    settled.ad.modify(dn_of("Kari"), {"title": ["Boss"]})
    slow = Fault("ingest", "POST /ingest/v1/objects:batch", "delay", seconds=1.0)
    with struck(settled.tenant.mocks, slow) as event, agent(settled, "cycle", "--delta") as process:
        assert event.wait(PATIENCE)
        process.send_signal(number)
        assert process.wait(PATIENCE) in (0, 130)
    assert settled.cloud.required("Kari", "jobTitle")["jobTitle"] == "Boss", "the batch that was under way is whole"
    assert settled.project.store.escrowed("entra") == ()
    assert all(result != "in-progress" for _, _, result in settled.history())
    settled.cycle()
    settled.nothing_is_under_way()


def test_a_signal_while_the_directory_keeps_silent_ends_the_import(settled: Story) -> None:
    slow = Fault("ldap", "dirsync", "delay", seconds=4.0)
    with struck(settled.tenant.mocks, slow) as event, agent(settled, "run", "corp", "delta-import") as process:
        assert event.wait(PATIENCE)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 130
    assert settled.history()[-1] == ("corp", "delta-import", "stopped-user-termination")
