"""Staging: deletes, the end of a full import, discovery errors, and confirmation."""

from __future__ import annotations

from dataclasses import replace

import pytest

from attrflow.model.changes import ChangeSet
from attrflow.model.configuration import EngineOptions
from attrflow.model.connector_space import CSObject
from attrflow.model.delta import AttributeDelta, Delta
from attrflow.model.entry import ImportedObject, ImportFinding, Page
from attrflow.model.errors import ConnectionLost

from .lab import Lab
from .lab_entries import dn, group, refer, user
from .staging_lab import KARI, OLA, PARTITION, STAFF, brought, counted, synced

# -- deletes --------------------------------------------------------------------------------------


def test_a_tombstone_of_an_unknown_anchor_is_no_change_even_where_the_name_is_known() -> None:
    lab = Lab()
    synced(lab, brought("Kari", "a"))
    assert counted(lab, lab.bring("contoso", brought("Kari", "other", "delete"))) == {"stage-no-change": 1}
    assert lab.must("contoso", KARI).pending_import is None


def test_a_new_object_that_goes_before_any_sync_leaves_nothing_behind() -> None:
    lab = Lab()
    lab.bring("contoso", brought("Kari", "a"))
    assert counted(lab, lab.bring("contoso", brought("", "a", "delete"))) == {"stage-delete": 1}
    assert lab.cs("contoso", KARI) is None


def referred(lab: Lab) -> tuple[CSObject, CSObject]:
    """Kari, whose manager is Ola, both synchronized."""
    synced(lab, brought("Kari", "a", manager=(OLA,)), brought("Ola", "b"))
    return lab.must("contoso", KARI), lab.must("contoso", OLA)


def test_what_left_the_scope_stays_as_a_placeholder_where_something_refers_to_it() -> None:
    lab = Lab()
    _, ola = referred(lab)
    assert counted(lab, lab.bring("contoso", brought("", "b", "left-scope"))) == {"stage-delete": 1}
    lab.run("contoso", "delta-sync")
    left = lab.must("contoso", OLA)
    assert (left.id, left.kind, left.image, left.link) == (ola.id, "placeholder", None, None)
    kari = lab.must("contoso", KARI)
    assert kari.image is not None and set(kari.image.references["manager"]) == {ola.id}
    lab.bring("contoso", brought("Ola", "b"))
    lab.run("contoso", "delta-sync")
    assert set(lab.mvo("contoso", KARI).references["manager"].targets) == {lab.mvo("contoso", OLA).id}


def test_what_is_deleted_goes_with_the_references_to_it() -> None:
    lab = Lab()
    _, ola = referred(lab)
    lab.bring("contoso", brought("", "b", "delete"))
    lab.run("contoso", "delta-sync")
    assert lab.store.cs(ola.id) is None
    kari = lab.must("contoso", KARI)
    assert kari.image is not None and "manager" not in kari.image.references
    assert "manager" not in lab.mvo("contoso", KARI).references


def test_a_placeholder_goes_with_the_last_reference_to_it() -> None:
    lab = Lab()
    synced(lab, brought("Kari", "a", manager=(dn("Boss"),)), brought("Ola", "b", manager=(dn("Boss"),)))
    lab.bring("contoso", brought("Kari", "a"))
    lab.run("contoso", "delta-sync")
    assert lab.must("contoso", dn("Boss")).kind == "placeholder"
    lab.bring("contoso", brought("", "b", "delete"))
    lab.run("contoso", "delta-sync")
    assert lab.cs("contoso", dn("Boss")) is None


# -- the end of a full import ---------------------------------------------------------------------


def three(lab: Lab) -> None:
    """Three objects, synchronized."""
    synced(lab, brought("Kari", "a"), brought("Ola", "b"), brought("Per", "c"))


def test_a_complete_full_import_takes_the_unseen_for_obsolete_and_the_counters_add_up() -> None:
    lab = Lab()
    three(lab)
    result = lab.bring("contoso", brought("Kari", "a", title=("x",)), brought("Eva", "d"), full=True)
    assert counted(lab, result) == {"stage-update": 1, "stage-add": 1, "stage-delete": 2}
    ola = lab.must("contoso", OLA)
    assert ola.pending_import is not None and ola.pending_import.operation == "obsolete"


def test_a_full_import_that_does_not_say_it_is_complete_deletes_nothing() -> None:
    lab = Lab()
    three(lab)
    result = lab.bring("contoso", brought("Kari", "a"), full=True, complete=False)
    assert counted(lab, result) == {"stage-no-change": 1}
    (step,) = result.record.steps
    assert step.detail is not None and "nothing was taken for deleted" in step.detail


def test_a_full_import_with_an_object_that_cannot_be_read_deletes_nothing() -> None:
    lab = Lab()
    three(lab)
    bad = ImportedObject("whole", KARI, "a", "user", findings=(ImportFinding("invalid-attribute-value", "no UTF-8"),))
    result = lab.bring("contoso", bad, brought("Ola", "b"), full=True)
    assert counted(lab, result) == {"stage-failure": 1, "stage-no-change": 1}
    assert result.record.result == "completed-discovery-errors"
    assert lab.must("contoso", dn("Per")).pending_import is None


def test_a_full_import_with_a_finding_of_no_object_deletes_nothing() -> None:
    lab = Lab()
    three(lab)
    page = Page((), "later", complete=True, findings=(ImportFinding("read-error", "a page could not be read"),))
    result = lab.bring("contoso", page, full=True)
    assert counted(lab, result) == {"stage-failure": 1}
    assert lab.must("contoso", KARI).pending_import is None


def test_an_import_that_stops_half_way_keeps_what_came_deletes_nothing_and_moves_no_watermark() -> None:
    lab = Lab()
    everyone = (brought("Kari", "a"), brought("Ola", "b"), brought("Per", "c"))
    lab.bring("contoso", Page(everyone, "all", complete=True), full=True)
    lab.run("contoso", "delta-sync")
    before = lab.store.watermark("contoso", PARTITION)
    assert before is not None and before.value == "all"
    first = Page((brought("Kari", "a", title=("x",)),), "half")
    result = lab.bring("contoso", first, ConnectionLost("the directory hung up"), full=True)
    assert result.record.result == "stopped-connectivity"
    assert counted(lab, result) == {"stage-update": 1}
    assert lab.must("contoso", KARI).pending_import is not None
    assert lab.must("contoso", OLA).pending_import is None
    assert lab.store.watermark("contoso", PARTITION) == before


def test_an_import_that_fails_before_its_first_page_changes_nothing() -> None:
    lab = Lab()
    three(lab)
    result = lab.bring("contoso", ConnectionLost("the directory hung up"), full=True)
    assert result.record.result == "stopped-connectivity"
    assert counted(lab, result) == {}


def test_a_provisioned_object_that_a_full_import_does_not_bring_yet_is_not_obsolete() -> None:
    lab = Lab()
    lab.directories["contoso"].add(user("Kari", 1))
    lab.cycle(export=False)
    result = lab.run("entra", "full-import")
    assert counted(lab, result) == {}
    assert lab.pending() == {"add": 1}


# -- discovery errors -----------------------------------------------------------------------------


def test_an_object_with_a_discovery_error_keeps_what_it_had_and_the_error_counts_its_repetitions() -> None:
    lab = Lab()
    synced(lab, brought("Kari", "a", title=("x",)))
    finding = ImportFinding("invalid-attribute-value", "title is no UTF-8", "title")
    bad = ImportedObject("whole", KARI, "a", "user", findings=(finding,))
    for _ in range(3):
        lab.bring("contoso", bad)
    kari = lab.must("contoso", KARI)
    assert kari.image is not None and kari.image.attributes["title"] == ("x",)
    error = kari.import_error
    assert error is not None
    assert (error.type, error.step, error.attribute, error.retry_count) == (
        "invalid-attribute-value",
        "staging",
        "title",
        2,
    )
    assert error.first_occurred < error.last_occurred
    lab.run("contoso", "delta-sync")
    assert lab.must("contoso", KARI).import_error == error, "a sync does not heal what the directory says"
    lab.bring("contoso", brought("Kari", "a", title=("x",)))
    assert lab.must("contoso", KARI).import_error is None


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        (ImportedObject("whole", "no name", "a", "user"), "invalid-dn"),
        (brought("Kari", "a", manager=("no name",)), "invalid-reference-value"),
        (ImportedObject("partial", KARI, None, "user"), "need-full-object"),
    ],
)
def test_what_cannot_be_staged_is_a_failure_of_that_object_only(broken: ImportedObject, code: str) -> None:
    lab = Lab()
    result = lab.bring("contoso", broken, brought("Ola", "b"), full=True)
    assert counted(lab, result) == {"stage-failure": 1, "stage-add": 1}
    (failed,) = lab.store.run_objects(result.record.number, 1, "stage-failure")
    assert failed.error == code
    assert dict(lab.store.counts()) == {"cs:contoso:user": 1}


def test_more_failures_than_the_limit_stop_the_step() -> None:
    lab = Lab(options=EngineOptions(error_limit=2))
    bad = [ImportedObject("whole", f"no name {n}", f"a{n}", "user") for n in range(4)]
    result = lab.bring("contoso", *bad, full=True)
    assert result.record.result == "stopped-error-limit"


# -- confirmation ---------------------------------------------------------------------------------


def exported(lab: Lab) -> str:
    """Kari and a group with her in the cloud, exported and not confirmed; the DN of her cloud entry."""
    lab.directories["contoso"].add(user("Kari", 1, title=("x",), department=("d",)))
    lab.directories["contoso"].add(group("Staff", 2, member=(KARI,)))
    lab.cycle()
    kari = lab.linked("entra", KARI)
    assert kari is not None and kari.unconfirmed is not None and kari.unapplied is None
    return kari.dn


def test_a_value_that_comes_back_is_confirmed() -> None:
    lab = Lab()
    name = exported(lab)
    result = lab.run("entra", "delta-import")
    assert result.record.result == "success"
    kari = lab.must("entra", name)
    assert kari.unconfirmed is None
    assert "exported-change-not-reimported" not in lab.counters(result)


def test_a_value_that_comes_back_differently_is_a_warning_and_is_staged_again_by_the_next_delta_sync() -> None:
    lab = Lab()
    name = exported(lab)
    lab.directories["entra"].set(name, "title", ("changed by the service",))
    result = lab.run("entra", "delta-import")
    assert result.record.result == "completed-warnings"
    (warned,) = lab.store.run_objects(result.record.number, 1, "exported-change-not-reimported")
    assert (warned.dn, warned.detail) == (name, "title")
    lab.run("entra", "delta-sync")
    again = lab.must("entra", name).unapplied
    assert again is not None and again.attributes == {"title": AttributeDelta("replace", ("x",))}


def test_a_reference_that_does_not_come_back_is_a_warning_and_is_staged_again() -> None:
    lab = Lab()
    exported(lab)
    staff = lab.linked("entra", STAFF)
    assert staff is not None
    refer(lab.directories["entra"], staff.dn, "member")
    result = lab.run("entra", "delta-import")
    (warned,) = lab.store.run_objects(result.record.number, 1, "exported-change-not-reimported")
    assert warned.detail == "member"
    lab.run("entra", "delta-sync")
    again = lab.must("entra", staff.dn).unapplied
    assert again is not None and again.references["member"].added


def test_a_partial_import_confirms_only_what_it_speaks_of() -> None:
    lab = Lab()
    name = exported(lab)
    lab.run("entra", "delta-import", "delta-sync")
    lab.directories["contoso"].set(KARI, "title", ("new",))
    lab.directories["contoso"].set(KARI, "department", ("new",))
    lab.run("contoso", "delta-import", "delta-sync")
    lab.run("entra", "export")
    anchor = lab.must("entra", name).anchor
    lab.bring("entra", ImportedObject("partial", name, anchor, "user", {"title": ("new",)}))
    left = lab.must("entra", name).unconfirmed
    assert left is not None and set(left.attributes) == {"department"}
    lab.bring("entra", ImportedObject("partial", name, anchor, "user", {"department": ("new",)}))
    assert lab.must("entra", name).unconfirmed is None


def test_an_exported_object_is_confirmed_by_its_name_where_the_answer_gave_no_anchor() -> None:
    lab = Lab()
    name = exported(lab)
    kari = lab.must("entra", name)
    lab.store.commit(ChangeSet({kari.id: replace(kari, anchor=None)}))
    lab.run("entra", "delta-import")
    confirmed = lab.must("entra", name)
    assert (confirmed.id, confirmed.anchor, confirmed.unconfirmed) == (kari.id, kari.anchor, None)


def test_an_exported_delete_that_the_directory_undid_is_a_warning_and_is_staged_again() -> None:
    lab = Lab()
    name = exported(lab)
    lab.run("entra", "delta-import", "delta-sync")
    there = lab.directories["entra"].entries[lab.must("entra", name).anchor or ""]
    anchor = lab.must("entra", name).anchor or ""
    lab.directories["contoso"].remove(KARI)
    lab.run("contoso", "delta-import", "delta-sync")
    lab.run("entra", "export")
    lab.directories["entra"].put(anchor, there)
    result = lab.run("entra", "delta-import")
    assert result.record.result == "completed-warnings"
    assert lab.must("entra", name).unapplied == Delta("delete")


def test_an_export_that_waits_is_staged_again_where_an_undelete_comes_before_a_sync() -> None:
    lab = Lab()
    cloud = exported(lab)
    lab.cycle()
    lab.directories["contoso"].set(KARI, "title", ("y",))
    lab.run("contoso", "delta-import", "delta-sync")
    waits = lab.must("entra", cloud)
    assert waits.anchor is not None and waits.unapplied is not None
    entry = lab.directories["entra"].entries[waits.anchor]
    lab.bring("entra", ImportedObject("delete", cloud, waits.anchor, "user"))
    lab.bring("entra", ImportedObject("whole", cloud, waits.anchor, "user", dict(entry.attributes)))
    lab.run("entra", "delta-sync")
    assert lab.must("entra", cloud).unapplied == waits.unapplied
