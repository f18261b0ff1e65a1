"""Runs of a process that died: the next writer gives them their end in the history."""

from __future__ import annotations

from tests.unit.engine.lab import Lab

from attrflow.model.changes import ChangeSet, RunRecord, StepProgress, StepRecord
from attrflow.runs.run import ABANDONED, end_abandoned


def test_a_run_that_was_killed_ends_as_stopped_and_finished_ones_are_left_alone() -> None:
    lab = Lab()
    done = lab.run("contoso", "full-import").record
    run = lab.store.start_run(RunRecord(0, "contoso", "full-sync", "2026-01-05T08:00:00.000+00:00", "r", "c"), "r", "c")
    step = StepRecord(1, "full-sync", "DC=contoso,DC=test", "2026-01-05T08:00:00.000+00:00", counters={"x": 2})
    lab.store.commit(ChangeSet(), progress=StepProgress(run.number, step))
    end_abandoned(lab.environment())
    killed, before = lab.store.run(run.number), lab.store.run(done.number)
    assert killed is not None
    assert (killed.result, killed.steps[0].result) == (ABANDONED, ABANDONED)
    assert killed.ended is not None
    assert killed.steps[0].counters == {"x": 2}
    assert before is not None
    assert before.result == done.result


def test_a_run_that_died_before_its_first_step_ends_too() -> None:
    lab = Lab()
    run = lab.store.start_run(RunRecord(0, "contoso", "export", "2026-01-05T08:00:00.000+00:00", "r", "c"), "r", "c")
    end_abandoned(lab.environment())
    killed = lab.store.run(run.number)
    assert killed is not None
    assert killed.result == ABANDONED
