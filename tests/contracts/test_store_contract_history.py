"""The store contract: runs, steps, what they counted and sent, watermarks, and batches as a whole."""

from __future__ import annotations

from dataclasses import replace

import pytest

from attrflow.model.changes import ChangeSet, RunObject, StepProgress, StepRecord, Watermark
from attrflow.model.entry import WireAttempt
from attrflow.model.errors import StoreError
from attrflow.ports.store import Store

from .store_objects import put, remove, start_run, user

STEP = StepRecord(1, "delta-sync", "default", "2026-03-01T08:00:01Z")


def test_a_run_gets_the_next_number_and_comes_back(store: Store) -> None:
    first = start_run(store)
    second = start_run(store, "aad", cycle=first.number)
    assert (first.number, second.number) == (1, 2)
    assert store.run(1) == first
    assert store.run(2) == second
    assert store.run(3) is None
    assert store.runs() == (second, first)
    assert store.runs(limit=1) == (second,)
    assert store.runs(connector="ad") == (first,)
    assert store.ruleset("rules-1") == "the rules"
    assert store.configuration("configuration-1") == "the configuration"
    assert store.ruleset("other") is None
    assert store.configuration("rules-1") is None


def test_the_end_of_a_run_is_written(store: Store) -> None:
    run = start_run(store)
    store.commit(ChangeSet(), progress=StepProgress(run.number, STEP))
    store.finish_run(replace(run, ended="2026-03-01T09:00:00Z", result="success", cycle=1))
    kept = store.run(run.number)
    assert kept == replace(run, ended="2026-03-01T09:00:00Z", result="success", cycle=1, steps=(STEP,))


def test_a_run_that_was_never_started_is_refused(store: Store) -> None:
    run = start_run(store)
    with pytest.raises(StoreError, match="no run 7"):
        store.finish_run(replace(run, number=7))
    with pytest.raises(StoreError, match="no run 7"):
        store.commit(
            ChangeSet({1: user(1)}), progress=StepProgress(7, STEP), watermark=Watermark("ad", "default", "x", 7)
        )
    assert store.cs(1) is None
    assert store.watermark("ad", "default") is None
    assert store.highest_id() == 0


def test_progress_replaces_the_step_and_adds_its_objects(store: Store) -> None:
    run = start_run(store).number
    one = RunObject("add", 1, "CN=a")
    two = RunObject("update", None, "CN=b", "unexpected-error", "why")
    three = RunObject("add", 3, "CN=c")
    slow, quick = WireAttempt("POST /users", 1, "429"), WireAttempt("POST /users", 2, "201", 1.5)
    store.commit(ChangeSet(), progress=StepProgress(run, STEP, (one, two), (slow,)))
    done = replace(STEP, counters={"add": 2, "update": 1}, ended="2026", result="success", detail="fine")
    store.commit(ChangeSet(), progress=StepProgress(run, done, (three,), (quick,)))
    other = replace(STEP, number=2, type="export")
    store.commit(ChangeSet(), progress=StepProgress(run, other))
    kept = store.run(run)
    assert kept is not None
    assert kept.steps == (done, other)
    assert store.run_objects(run, 1) == (one, two, three)
    assert store.run_objects(run, 1, "add") == (one, three)
    assert store.run_objects(run, 1, "add", skip=1) == (three,)
    assert store.run_objects(run, 1, limit=2) == (one, two)
    assert store.count_run_objects(run, 1) == 3
    assert store.count_run_objects(run, 1, "add") == 2
    assert store.run_objects(run, 2) == ()
    assert store.wire_attempts(run, 1) == (slow, quick)
    assert store.wire_attempts(run, 1, skip=1, limit=5) == (quick,)
    assert store.wire_attempts(run, 2) == ()


def test_the_last_finished_step_of_a_type_is_found(store: Store) -> None:
    assert store.last_step("ad", "delta-sync") is None
    done = replace(STEP, ended="2026")
    for connector, step in (("ad", done), ("ad", STEP), ("aad", done)):
        store.commit(ChangeSet(), progress=StepProgress(start_run(store, connector).number, step))
    found = store.last_step("ad", "delta-sync")
    assert found is not None
    assert found[0].number == 1
    assert found[1] == done
    store.commit(ChangeSet(), progress=StepProgress(2, replace(done, number=2)))
    found = store.last_step("ad", "delta-sync")
    assert found is not None
    assert (found[0].number, found[1].number) == (2, 2)
    assert store.last_step("ad", "export") is None


def test_a_watermark_is_kept_by_partition_and_moves(store: Store) -> None:
    assert store.watermark("ad", "DC=a") is None
    for value, run in (("one", 1), ("two", 2)):
        store.commit(ChangeSet(), watermark=Watermark("ad", "DC=a", value, run))
    store.commit(ChangeSet(), watermark=Watermark("ad", "DC=b", "three", 2))
    assert store.watermark("ad", "DC=a") == Watermark("ad", "DC=a", "two", 2)
    assert store.watermark("ad", "DC=b") == Watermark("ad", "DC=b", "three", 2)
    assert store.watermark("aad", "DC=a") is None


def test_a_tombstone_names_the_run_that_made_it(store: Store) -> None:
    put(store, user(1))
    run = start_run(store).number
    store.commit(ChangeSet({1: None}), progress=StepProgress(run, STEP))
    (stone,) = store.tombstones("user1")
    assert stone.run == run
    assert stone.document["dn"] == user(1).dn


def test_a_refused_batch_leaves_no_history(store: Store) -> None:
    put(store, user(1), user(2))
    remove(store, cs=(2,))
    run = start_run(store).number
    progress = StepProgress(run, STEP, (RunObject("add", 3, "CN=c"),), (WireAttempt("a", 1, "b"),))
    with pytest.raises(StoreError):
        store.commit(ChangeSet({3: user(3), 2: user(2), 1: None}), progress=progress)
    kept = store.run(run)
    assert kept is not None
    assert kept.steps == ()
    assert store.run_objects(run, 1) == ()
    assert store.cs(1) is not None
    assert store.cs(3) is None
    assert len(store.tombstones("")) == 1
