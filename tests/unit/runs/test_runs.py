"""Runs: what stops what, what a record says, and the order of a cycle."""

from __future__ import annotations

from copy import copy
from dataclasses import replace

import pytest
from tests.unit.engine.lab import Lab, Scripted
from tests.unit.engine.lab_entries import dn, user

from attrflow.model.configuration import Partition
from attrflow.model.entry import ImportedObject, Page
from attrflow.model.errors import ConnectionLost
from attrflow.runs.cycle import cycle_order, run_cycle
from attrflow.runs.environment import Progress
from attrflow.runs.run import run_profile

KARI = dn("Kari")


def test_a_cycle_imports_everything_then_syncs_everything_and_exports_to_entra_first() -> None:
    lab = Lab()
    assert list(cycle_order(lab.configurations, initial=False, staging_mode=False)) == [
        ("contoso", "delta-import"),
        ("fabrikam", "delta-import"),
        ("entra", "delta-import"),
        ("contoso", "delta-sync"),
        ("fabrikam", "delta-sync"),
        ("entra", "delta-sync"),
        ("entra", "export"),
        ("contoso", "export"),
        ("fabrikam", "export"),
    ]


def test_in_staging_mode_a_cycle_exports_nothing() -> None:
    lab = Lab()
    plan = list(cycle_order(lab.configurations, initial=True, staging_mode=True))
    assert {profile for _, profile in plan} == {"full-import", "full-sync"}


def test_a_cycle_goes_on_after_a_connector_that_failed_but_does_not_export_to_it() -> None:
    lab = Lab()
    lab.directories["contoso"].add(user("Kari", 1))
    lab.connecting["entra"] = lambda memory: Scripted(memory, [ConnectionLost("hung up")])
    plan = cycle_order(lab.configurations, initial=True, staging_mode=False)
    results = list(run_cycle(lab.environment(), plan))
    said = [(r.record.connector, r.record.profile, r.record.result) for r in results]
    assert ("entra", "full-import", "stopped-connectivity") in said
    assert ("entra", "export") not in [(c, p) for c, p, _ in said]
    assert ("contoso", "export", "success") in said
    assert {r.record.cycle for r in results[1:]} == {results[0].record.number}
    assert lab.pending() == {"add": 1}


def test_a_step_is_for_one_partition_and_a_discovery_error_stops_the_next_ones() -> None:
    lab = Lab()
    first, second = "DC=contoso,DC=test", "DC=child,DC=contoso,DC=test"
    configuration = lab.configurations["contoso"]
    changed = type(configuration)(
        configuration.name,
        configuration.id,
        configuration.kind,
        (*configuration.partitions, Partition(second)),
        configuration.object_types,
        configuration.attributes,
    )
    lab.configurations["contoso"] = changed
    good = lab.attempt("contoso", "full-import")
    assert [(s.partition, s.result) for s in good.record.steps] == [(first, "success"), (second, "success")]
    bad = ImportedObject("whole", "no name", "a", "user")
    lab.connecting["contoso"] = lambda memory: Scripted(memory, [Page((bad,), complete=True)])
    stopped = lab.attempt("contoso", "full-import")
    assert [(s.partition, s.result) for s in stopped.record.steps] == [(first, "completed-discovery-errors")]
    assert stopped.record.result == "completed-discovery-errors"


def test_a_run_is_in_the_history_with_its_counters_times_and_objects() -> None:
    lab = Lab()
    lab.directories["contoso"].add(user("Kari", 1))
    result = lab.run("contoso", "full-import")
    stored = lab.store.run(result.record.number)
    assert stored == result.record
    (step,) = result.record.steps
    assert (step.type, step.counters, step.result) == ("full-import", {"stage-add": 1}, "success")
    assert step.ended is not None and step.started <= step.ended
    (listed,) = lab.store.run_objects(result.record.number, 1)
    assert (listed.counter, listed.dn) == ("stage-add", KARI)
    assert listed.object_id == lab.must("contoso", KARI).id


def test_a_programmers_error_leaves_a_record_and_is_raised_again() -> None:
    lab = Lab()
    lab.connecting["contoso"] = lambda memory: Scripted(memory, [ZeroDivisionError("a bug")])
    with pytest.raises(ZeroDivisionError):
        lab.attempt("contoso", "full-import")
    (run,) = lab.store.runs()
    assert run.result == "stopped-extension-dll-exception" and run.ended is not None


def test_the_first_delta_import_reads_everything_and_says_so() -> None:
    lab = Lab()
    lab.directories["contoso"].add(user("Kari", 1))
    result = lab.run("contoso", "delta-import")
    (step,) = result.record.steps
    assert step.counters == {"stage-add": 1}
    assert step.detail is not None and "read everything" in step.detail
    assert lab.run("contoso", "delta-import").record.steps[0].counters == {}


def test_held_references_are_flowed_again_even_where_two_objects_wait_for_each_other() -> None:
    """Both are marked at once; the one that goes first must get another turn after the second."""
    lab = Lab()
    contoso = lab.directories["contoso"]
    contoso.add(user("Kari", 1, manager=(dn("Ola"),), sAMAccountName=None))
    contoso.add(user("Ola", 2, manager=(KARI,), sAMAccountName=None))
    lab.cycle()
    contoso.set(KARI, "sAMAccountName", ("kari",))
    contoso.set(dn("Ola"), "sAMAccountName", ("ola",))
    lab.run("contoso", "delta-import", "delta-sync")
    lab.run("entra", "export")
    kari, ola = lab.cloud(KARI), lab.cloud(dn("Ola"))
    assert kari is not None and ola is not None
    assert (kari.references["manager"], ola.references["manager"]) == ((ola.dn,), (kari.dn,))
    assert lab.store.mv_retry_ids() == ()


def test_an_exported_object_that_a_complete_full_import_does_not_bring_is_exported_again() -> None:
    lab = Lab()
    lab.directories["contoso"].add(user("Kari", 1))
    lab.cycle()
    lab.directories["entra"].entries.clear()
    lab.run("entra", "full-import", "full-sync")
    assert lab.pending() == {"add": 1}


def test_a_sync_before_the_first_import_of_a_connector_that_rules_flow_to_does_not_start() -> None:
    lab = Lab()
    lab.directories["contoso"].add(user("Kari", 1))
    lab.run("contoso", "full-import")
    program = copy(lab.program())
    program.schemas = {name: schema for name, schema in program.schemas.items() if name != "entra"}
    environment = replace(lab.environment(), program=lambda: program)
    record = run_profile(environment, "contoso", "full-sync").record
    assert record.result == "no-start-ma"
    assert "attrflow run entra full-import" in (record.steps[0].detail or "")
    assert lab.pending() == {}


def test_references_that_were_held_are_progress_too() -> None:
    lab = Lab()
    contoso = lab.directories["contoso"]
    contoso.add(user("Kari", 1, sAMAccountName=None))
    for number in range(2, 7):
        contoso.add(user(f"P{number}", number, manager=(KARI,)))
    lab.cycle()
    contoso.set(KARI, "sAMAccountName", ("kari",))
    lab.run("contoso", "delta-import")
    told: list[Progress] = []
    run_profile(replace(lab.environment(), progress=told.append), "contoso", "delta-sync")
    assert told[-1].done >= 6, "the one that changed, and the five that refer to it"
    assert all(one.total is None or one.done <= one.total for one in told)
