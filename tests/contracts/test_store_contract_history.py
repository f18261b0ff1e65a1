"""The store contract: runs, steps, what they counted and sent, watermarks, and batches as a whole."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from attrflow.model.changes import ChangeSet, RunObject, RunRecord, StepProgress, StepRecord, Watermark
from attrflow.model.configuration import Required, SchedulerState
from attrflow.model.connector_space import Disconnection, Link, StoredError
from attrflow.model.delta import AttributeDelta, Delta
from attrflow.model.entry import WireAttempt
from attrflow.model.errors import StoreError
from attrflow.model.metaverse import MVAttribute
from attrflow.model.provenance import Provenance
from attrflow.ports.store import Store

from .store_objects import BASE, ORIGIN, person, put, remove, start_run, user

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


# -- what is left, and what is kept for how long ---------------------------------------------------


def test_what_is_left_to_do_is_counted_by_connector(store: Store) -> None:
    error = StoredError("unexpected-error", "staging", "why", "2026", "2026")
    pending = Delta("update", {"title": AttributeDelta("replace", ("x",))})
    put(
        store,
        user(1, pending_import=pending),
        user(2, import_error=error, unapplied=pending),
        user(3, escrowed=pending, export_error=error),
        user(4, connector="hr", unapplied=pending),
        replace(person(9), retry=frozenset({"reference"})),
    )
    assert store.backlog("ad") == {
        "pending-import": 1,
        "import-error": 1,
        "pending-export": 1,
        "export-error": 1,
        "escrowed": 1,
        "retry": 1,
    }
    assert store.backlog("hr") == {"pending-export": 1, "retry": 1}
    assert store.backlog("none") == {"retry": 1}
    assert (store.count_cs("ad"), store.count_cs("ad", pending_only=True)) == (3, 2)
    assert (store.count_cs("ad", BASE), store.count_cs("ad", "DC=other")) == (3, 0)


def test_a_run_may_go_on_with_other_rules_than_it_was_started_with(store: Store) -> None:
    run = store.start_run(RunRecord(0, "ad", "full-import", "2026-03-01T08:00:00Z", "old", "c"), "old rules", "c")
    taken = store.take_rules(run, "new", "new rules")
    assert taken == replace(run, ruleset_hash="new")
    store.finish_run(taken)
    assert store.run(run.number) == taken
    assert (store.ruleset("old"), store.ruleset("new")) == ("old rules", "new rules")
    with pytest.raises(StoreError):
        store.take_rules(replace(run, number=99), "new", "new rules")


def test_the_schedulers_state_is_kept_as_it_was_left(store: Store) -> None:
    assert store.scheduler_state() == SchedulerState()
    state = SchedulerState(
        suspended_since="2026-03-01T08:00:00Z",
        suspended_because="an upgrade",
        next_cycle="2026-03-01T08:30:00Z",
        last_kind="delta",
        last_run=4,
        last_result="success",
        ruleset_hash="r",
        required={"ad": Required("a container was added", None), "hr": Required(full_sync="a rule changed")},
    )
    assert store.change_scheduler_state(lambda _: state) == state
    assert store.scheduler_state() == state
    assert store.change_scheduler_state(lambda s: replace(s, suspended_since=None)).suspended_since is None


def test_a_change_of_the_state_that_fails_changes_nothing(store: Store) -> None:
    store.change_scheduler_state(lambda s: replace(s, last_kind="delta"))

    def fail(_state: SchedulerState) -> SchedulerState:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.change_scheduler_state(fail)
    assert store.scheduler_state().last_kind == "delta"


def history(store: Store) -> None:
    """Four runs, a day apart, each with a step, an object and a request; 1 to 3 are old on March 4th."""
    for day, (type_, connector) in enumerate(
        [("full-import", "ad"), ("delta-sync", "ad"), ("delta-sync", "ad"), ("export", "aad")], start=1
    ):
        at = f"2026-03-0{day}T08:00:00Z"
        run = store.start_run(
            RunRecord(0, connector, type_, at, f"rules-{day}", f"configuration-{day}"), f"rules {day}", "c"
        )
        step = StepRecord(1, type_, "default", at, at, "success", {"x": 1})
        seen = (RunObject("x", 1, "CN=a"),)
        store.commit(ChangeSet(), progress=StepProgress(run.number, step, seen, (WireAttempt("GET", 1, "200"),)))
        store.finish_run(replace(run, ended=at, result="success"))


def test_a_purge_takes_old_runs_and_leaves_the_newest_step_of_each_kind(store: Store) -> None:
    history(store)
    gone = store.purge("2026-03-04T00:00:00Z")
    assert [run.number for run in store.runs()] == [4, 3, 1], "1 and 3 hold the last step of their kind"
    assert gone == {"run": 1, "run_step": 1, "run_object": 1, "wire_attempt": 1, "ruleset": 1, "configuration": 1}
    assert store.run_objects(2, 1) == ()
    assert store.run_objects(3, 1) != ()
    assert (store.ruleset("rules-2"), store.ruleset("rules-3")) == (None, "rules 3")
    assert store.purge("2026-03-04T00:00:00Z") == {}


def test_a_purge_leaves_the_run_that_a_value_names_and_its_rules_and_takes_its_details(store: Store) -> None:
    history(store)
    put(store, replace(person(1, mail=("a@b",)), attributes={"mail": MVAttribute(("a@b",), Provenance(ORIGIN, 2))}))
    assert "run" not in store.purge("2026-03-04T00:00:00Z")
    kept = store.run(2)
    assert kept is not None
    assert (kept.steps, store.run_objects(2, 1)) == ((), ())
    assert store.ruleset("rules-2") == "rules 2"
    store.commit(ChangeSet(mv_objects={1: None}))
    assert store.purge("2026-03-04T00:00:00Z")["run"] == 1


@pytest.mark.parametrize("what", ["provenance", "link", "disconnection"])
def test_a_purge_leaves_the_run_that_a_connector_space_object_names(store: Store, what: str) -> None:
    history(store)
    named: dict[str, Any] = {
        "provenance": {"title": Provenance(None, 2)},
        "link": Link(7, "join-rules", None, 2),
        "disconnection": Disconnection("scope", None, 2),
    }
    put(store, user(1, **{what: named[what]}))
    assert "run" not in store.purge("2026-03-04T00:00:00Z")
    assert store.run(2) is not None


def test_a_purge_leaves_what_has_not_ended_and_the_rules_that_the_scheduler_saw_last(store: Store) -> None:
    run = store.start_run(RunRecord(0, "ad", "export", "2026-03-01T08:00:00Z", "open", "c"), "open", "c")
    history(store)
    store.change_scheduler_state(lambda s: replace(s, ruleset_hash="rules-2"))
    gone = store.purge("2026-03-09T00:00:00Z")
    assert store.run(run.number) is not None
    assert store.ruleset("rules-2") == "rules 2"
    assert "ruleset" not in gone


def test_a_purge_takes_what_is_left_of_objects_that_its_runs_deleted(store: Store) -> None:
    history(store)
    put(store, user(1, "Kari"), user(2, "Ola"))
    done = StepRecord(2, "delta-sync", "default", "2026", "2026", "success")
    store.commit(ChangeSet({1: None}), progress=StepProgress(2, done))
    store.commit(ChangeSet({2: None}), progress=StepProgress(4, done))
    store.purge("2026-03-04T00:00:00Z")
    assert [grave.id for grave in store.tombstones("")] == [2]
    assert store.highest_id() >= 2
