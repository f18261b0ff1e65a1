"""The scheduler's clockwork: what is due when, what is kept of a cycle, how long history lasts, what is stale."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.engine.lab import Lab
from tests.unit.engine.lab_entries import user

from attrflow.model.configuration import SchedulerState
from attrflow.runs.cycle import due_order, run_cycle
from attrflow.runs.schedule import (
    begin_cycle,
    end_cycle,
    purge_daily,
    purge_history,
    resume,
    seconds_until_due,
    stale_warnings,
    suspend,
    wait,
)

DAY = 86400


def cycle(lab: Lab, *, kind: str = "delta", interval: int = 30) -> None:
    environment = lab.environment()
    begin_cycle(environment, kind, interval)
    plan = due_order(environment, initial=kind == "initial", staging_mode=False)
    end_cycle(environment, [result.record for result in run_cycle(environment, plan)])


def test_the_next_cycle_is_due_an_interval_after_the_start_of_this_one() -> None:
    lab = Lab()
    started = lab.world.now()
    assert seconds_until_due(SchedulerState(), started) == 0
    begin_cycle(lab.environment(), "delta", 30)
    lab.world.advance(600)
    state = lab.store.scheduler_state()
    assert seconds_until_due(state, lab.world.now()) == 1200
    assert (state.last_kind, state.last_ended, state.last_result) == ("delta", None, None)
    lab.world.advance(3600)
    assert seconds_until_due(state, lab.world.now()) == 0


def test_a_cycle_leaves_its_kind_result_and_first_run() -> None:
    lab = Lab()
    lab.directories["contoso"].add(user("Kari", 1))
    cycle(lab, kind="initial", interval=5)
    state = lab.store.scheduler_state()
    assert (state.last_kind, state.last_result, state.last_run) == ("initial", "success", 1)
    assert state.last_started is not None and state.last_ended is not None


def test_a_suspension_keeps_when_it_began_and_a_resumption_ends_it() -> None:
    lab = Lab()
    since = suspend(lab.store, lab.world.now(), "an upgrade").suspended_since
    lab.world.advance(60)
    again = suspend(lab.store, lab.world.now(), "still")
    assert (again.suspended_since, again.suspended_because) == (since, "still")
    assert resume(lab.store).suspended_since is None


@pytest.mark.parametrize(("seconds", "waited"), [(0.5, 0.5), (3, 3), (10, 10), (1800, 10)])
def test_a_wait_ends_when_somebody_should_look_again(seconds: float, waited: float) -> None:
    lab = Lab()
    before = lab.world.now()
    wait(lab.world, seconds, lambda: False)
    assert lab.world.now() - before == timedelta(seconds=waited)


def test_a_wait_ends_at_once_when_somebody_asks() -> None:
    lab = Lab()
    before = lab.world.now()
    wait(lab.world, 10, lambda: (lab.world.now() - before).total_seconds() >= 3)
    assert lab.world.now() - before == timedelta(seconds=3)


def test_history_is_purged_once_a_day_and_leaves_the_last_week() -> None:
    lab = Lab()
    lab.directories["contoso"].add(user("Kari", 1))
    for _ in range(10):
        cycle(lab)
        purge_daily(lab.environment(), 7)
        lab.world.advance(DAY)
    oldest = lab.store.runs(limit=1000)[-1]
    named = {step.started for run in lab.store.runs(limit=1000) for step in run.steps}
    assert min(named) >= (lab.world.now() - timedelta(days=9)).isoformat(timespec="milliseconds")
    assert oldest.number == 1, "values still name the first run"
    assert purge_daily(lab.environment(), 7) != {}, "a day has gone by"
    assert purge_daily(lab.environment(), 1) == {}, "it was done today"


def test_history_of_zero_days_is_kept_for_ever() -> None:
    lab = Lab()
    lab.directories["contoso"].add(user("Kari", 1))
    cycle(lab)
    cycle(lab)
    lab.world.advance(400 * DAY)
    assert purge_daily(lab.environment(), 0) == {}
    assert purge_history(lab.environment(), 7) != {}


@pytest.mark.parametrize(("days", "warned"), [(6.9, False), (7.1, True), (40, True)])
def test_a_synchronization_that_is_more_than_a_week_ago_is_warned_of(days: float, warned: bool) -> None:
    lab = Lab()
    lab.directories["contoso"].add(user("Kari", 1))
    cycle(lab)
    now = lab.world.now() + timedelta(days=days)
    found = stale_warnings(lab.store, lab.configurations, now)
    assert len(found) == (3 if warned else 0)
    if warned:
        assert f"contoso was synchronized {int(days)} days ago" in found[0]


def test_a_store_that_never_synchronized_is_not_warned_of() -> None:
    lab = Lab()
    assert stale_warnings(lab.store, lab.configurations, lab.world.now()) == []


def test_a_request_to_stop_ends_the_cycle() -> None:
    lab = Lab()
    lab.directories["contoso"].add(user("Kari", 1))
    looks = iter(range(3))
    environment = replace(lab.environment(), stop=lambda: next(looks, None) is None)
    results = list(run_cycle(environment, due_order(environment, initial=True, staging_mode=False)))
    assert results[-1].record.result == "stopped-user-termination"
    assert len(results) < 6
