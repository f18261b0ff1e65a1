"""Exports: crashes, the accidental-delete guard, and anchors that are taken."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.engine.lab import Lab
from tests.unit.engine.lab_entries import dn, user

from attrflow.connectors.memory import MemoryConnector, MemoryEntry
from attrflow.model.configuration import EngineOptions
from attrflow.model.connector_space import CSObject
from attrflow.model.delta import AttributeDelta
from attrflow.model.entry import ExportChange, ExportOutcome
from attrflow.model.errors import AuthenticationFailed, ConnectionLost

from .export_lab import KARI, OLA, Answer, cloud, in_cloud, pending, refused, watch

# -- crashes --------------------------------------------------------------------------------------


def lost_after(count: int) -> Answer:
    """The connection breaks at change number `count` (0-based); what came before was written."""
    number = iter(range(1_000))
    return lambda _change: ConnectionLost("hung up") if next(number) >= count else None


@pytest.mark.parametrize("written", [True, False])
def test_an_export_without_a_known_outcome_is_looked_up_and_written_again(written: bool) -> None:
    """The connection breaks at the second of three: before or after the directory took it."""
    lab = pending(user("Kari", 1), user("Ola", 2), user("Per", 3))
    kari, ola, per = cloud(lab), cloud(lab, OLA), cloud(lab, dn("Per"))

    def broken(change: ExportChange) -> Exception | None:
        if change.cs_id == kari.id:
            return None
        if written:
            list(MemoryConnector(lab.configurations["entra"], lab.directories["entra"]).export((change,)))
        return ConnectionLost("hung up")

    watch(lab, broken)
    result = lab.attempt("entra", "export")
    assert result.record.result == "stopped-connectivity"
    assert lab.counters(result) == {"export-add": 1}
    assert cloud(lab).unconfirmed is not None
    for name, before in ((OLA, ola), (dn("Per"), per)):
        assert cloud(lab, name).escrowed == before.unapplied
    seen = watch(lab, lambda change: _found(lab, change))
    result = lab.run("entra", "export")
    assert result.record.result == "success"
    assert [(c.cs_id, c.uncertain) for c in seen] == [(ola.id, True), (per.id, True)]
    assert len(lab.directories["entra"].entries) == 3
    (step,) = result.record.steps
    assert step.detail is not None and "2 exports of an earlier run" in step.detail
    lab.settle("delta")
    assert lab.pending() == {} and not lab.store.escrowed("entra")


def _found(lab: Lab, change: ExportChange) -> ExportOutcome | None:
    """What a connector does with an uncertain create: the look-up comes first."""
    anchor = lab.directories["entra"].find(change.dn)
    return ExportOutcome(change.cs_id, anchor=anchor) if change.uncertain and anchor is not None else None


def test_what_was_written_without_an_answer_and_is_imported_before_the_next_export_is_the_same_object() -> None:
    lab = pending(user("Kari", 1))
    before = cloud(lab)

    def written(change: ExportChange) -> Exception:
        list(MemoryConnector(lab.configurations["entra"], lab.directories["entra"]).export((change,)))
        return ConnectionLost("hung up")

    watch(lab, written)
    lab.attempt("entra", "export")
    watch(lab, lambda change: _found(lab, change))
    lab.cycle("delta")
    assert cloud(lab).id == before.id
    assert len(lab.directories["entra"].entries) == 1
    lab.settle("delta")
    kari = cloud(lab)
    assert (kari.escrowed, kari.unconfirmed, kari.unapplied) == (None, None, None)
    assert len(lab.store.cs_ids("entra")) == 1


def test_a_person_who_is_filtered_while_her_add_has_no_known_outcome_is_deleted_after_it() -> None:
    lab = pending(user("Kari", 1))
    watch(lab, lost_after(0))
    lab.attempt("entra", "export")
    name = cloud(lab).dn
    lab.directories["contoso"].set(KARI, "sAMAccountName", ())
    lab.run("contoso", "delta-import", "delta-sync")
    seen = watch(lab)
    lab.run("entra", "export")
    assert [c.operation for c in seen] == ["add", "delete"]
    assert lab.directories["entra"].entries == {}
    lab.settle("delta")
    assert lab.cs("entra", name) is None and lab.pending() == {}


def test_the_same_add_when_it_turns_out_to_have_failed_leaves_nothing_behind() -> None:
    lab = pending(user("Kari", 1))
    watch(lab, lost_after(0))
    lab.attempt("entra", "export")
    lab.directories["contoso"].set(KARI, "sAMAccountName", ())
    lab.run("contoso", "delta-import", "delta-sync")
    watch(lab, refused)
    lab.run("entra", "export")
    assert lab.store.cs_ids("entra") == () and lab.pending() == {}


def test_a_delete_exported_before_any_import_saw_the_object_takes_it_out_at_once() -> None:
    lab = pending(user("Kari", 1))
    lab.run("entra", "export")
    lab.directories["contoso"].remove(KARI)
    lab.run("contoso", "delta-import", "delta-sync")
    assert lab.counters(lab.run("entra", "export")) == {"export-delete": 1}
    assert lab.store.cs_ids("entra") == () and lab.directories["entra"].entries == {}


def test_a_directory_that_refuses_the_account_starts_no_export_and_changes_nothing() -> None:
    lab = pending(user("Kari", 1))

    def refuse(_memory: MemoryConnector) -> MemoryConnector:
        raise AuthenticationFailed("wrong password", help="Set another one.")

    lab.connecting["entra"] = refuse
    result = lab.attempt("entra", "export")
    assert result.record.result == "no-start-credentials"
    assert result.record.steps[0].detail == "wrong password. Set another one."
    assert lab.pending() == {"add": 1} and not lab.store.escrowed("entra")


# -- the accidental-delete guard ------------------------------------------------------------------


def leaving(count: int, threshold: int) -> Lab:
    """A tenant from which `count` of five persons are to be deleted, while another has a change."""
    options = EngineOptions(export_deletion_threshold=threshold)
    lab = in_cloud(*(user(f"P{n}", n) for n in range(1, 6)), options=options)
    for n in range(1, count + 1):
        lab.directories["contoso"].remove(dn(f"P{n}"))
    lab.directories["contoso"].set(dn("P5"), "title", ("x",))
    lab.cycle("delta", export=False)
    return lab


@pytest.mark.parametrize(("threshold", "passes"), [(2, False), (3, True), (0, True)])
def test_more_deletes_than_the_threshold_export_nothing_at_all(threshold: int, passes: bool) -> None:
    lab = leaving(3, threshold)
    result = lab.attempt("entra", "export")
    if passes:
        assert lab.counters(result) == {"export-delete": 3, "export-update": 1}
        return
    assert result.record.result == "stopped-deletion-threshold-exceeded"
    assert lab.counters(result) == {"guarded-deletes": 3} and lab.pending() == {"delete": 3, "update": 1}
    detail = result.record.steps[0].detail
    assert detail is not None and "3 deletes are staged, the threshold is 2" in detail


def test_deletes_that_are_allowed_for_one_run_pass_the_guard() -> None:
    lab = leaving(3, 2)
    lab.allow_deletes = True
    assert lab.counters(lab.run("entra", "export")) == {"export-delete": 3, "export-update": 1}


# -- anchors that are taken -----------------------------------------------------------------------


def twins(linked: bool) -> tuple[Lab, CSObject, CSObject]:
    """Kari's add is pending; the service will match it with an object that was imported before."""
    lab = Lab()
    lab.directories["entra"].add(MemoryEntry("CN={User_-1}", "user", {"department": ("cloud only",)}))
    lab.directories["contoso"].add(user("Kari", 1, title=("x",)))
    if linked:
        lab.directories["contoso"].add(user("Ola", 2))
    lab.cycle(export=False)
    twin = lab.must("entra", "CN={User_-1}")
    if linked:
        ola = cloud(lab, OLA)
        watch(
            lab,
            lambda change: ExportOutcome(change.cs_id, anchor="User_-7") if change.cs_id == ola.id else refused(change),
        )
        lab.run("entra", "export")
        twin = cloud(lab, OLA)
    return lab, cloud(lab), twin


def test_an_anchor_of_an_object_that_nobody_is_linked_to_is_adopted_with_its_content() -> None:
    lab, kari, twin = twins(linked=False)

    def matched(change: ExportChange) -> ExportOutcome:
        directory = lab.directories["entra"]
        before = directory.entries["User_-1"]
        new = {n: c.apply(before.attributes.get(n, ())) for n, c in change.attributes.items()}
        directory.put("User_-1", replace(before, dn=change.dn, attributes={**before.attributes, **new}))
        return ExportOutcome(change.cs_id, anchor="User_-1", dn=change.dn)

    watch(lab, matched)
    result = lab.run("entra", "export")
    assert lab.counters(result) == {"export-add": 1}
    ours = cloud(lab)
    assert (ours.id, ours.anchor) == (kari.id, "User_-1")
    assert lab.store.cs(twin.id) is None
    assert ours.image is not None and ours.image.attributes["department"] == ("cloud only",)
    lab.run("contoso", "full-sync")
    staged = cloud(lab).unapplied
    assert staged is not None and staged.attributes == {"department": AttributeDelta("delete")}
    lab.run("entra", "export", "delta-import", "delta-sync")
    assert cloud(lab).unconfirmed is None and len(lab.store.cs_ids("entra")) == 1


def test_an_anchor_of_an_object_that_is_linked_elsewhere_is_an_error_of_the_exported_one() -> None:
    lab, kari, twin = twins(linked=True)
    watch(lab, lambda change: ExportOutcome(change.cs_id, anchor="User_-7"))
    result = lab.run("entra", "export")
    assert lab.counters(result) == {"export-failure": 1}
    error = cloud(lab).export_error
    assert error is not None and error.type == "duplicate-anchor" and error.last_occurred
    assert cloud(lab).anchor is None and cloud(lab).unapplied == kari.unapplied
    assert lab.store.cs(twin.id) == twin


def test_a_delete_add_takes_the_new_anchor_and_forgets_the_old_content() -> None:
    lab = in_cloud(user("Kari", 1, title=("x",)))
    old = cloud(lab).anchor
    lab.directories["contoso"].set(KARI, "sAMAccountName", ())
    lab.cycle("delta", export=False)
    lab.directories["contoso"].set(KARI, "sAMAccountName", ("kari",))
    lab.cycle("delta", export=False)
    assert lab.counters(lab.run("entra", "export")) == {"export-delete-add": 1}
    kari = cloud(lab)
    assert kari.anchor not in (None, old) and kari.image is None
    lab.settle("delta")
    kari = cloud(lab)
    assert kari.image is not None and kari.unconfirmed is None and lab.pending() == {}
