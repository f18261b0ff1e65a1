"""Exports: escrow, outcomes, errors, and the order of a step."""

from __future__ import annotations

from tests.unit.engine.lab_entries import group, refer, user

from attrflow.model.connector_space import CSObject
from attrflow.model.delta import AttributeDelta, Delta
from attrflow.model.entry import ExportChange, ExportOutcome

from .export_lab import KARI, OLA, STAFF, cloud, in_cloud, pending, refused, watch

# -- the way of one export ------------------------------------------------------------------------


def test_what_is_written_waits_for_its_confirmation_and_then_is_part_of_the_image() -> None:
    lab = pending(user("Kari", 1, title=("x",)))
    staged = cloud(lab).unapplied
    assert staged is not None and staged.operation == "add"
    result = lab.run("entra", "export")
    assert lab.counters(result) == {"export-add": 1} and result.record.result == "success"
    kari = cloud(lab)
    assert (kari.unapplied, kari.escrowed) == (None, None)
    assert kari.unconfirmed is not None and kari.unconfirmed.attributes == staged.attributes
    assert kari.anchor == "User_-1", "the answer to the create gives it"
    lab.run("entra", "delta-import", "delta-sync")
    kari = cloud(lab)
    assert kari.unconfirmed is None and kari.image is not None
    assert kari.image.attributes["title"] == ("x",)
    assert lab.counters(lab.run("entra", "export")) == {}


def test_what_is_handed_over_is_in_escrow_before_the_directory_sees_it() -> None:
    lab = pending(user("Kari", 1))
    during: list[CSObject | None] = []

    def look(change: ExportChange) -> None:
        during.append(lab.store.cs(change.cs_id))

    watch(lab, look)
    lab.run("entra", "export")
    (seen,) = during
    assert seen is not None and seen.escrowed is not None and seen.unapplied is None


def test_a_create_carries_the_source_anchor_as_key_for_a_look_up() -> None:
    lab = pending(user("Kari", 1))
    seen = watch(lab)
    lab.run("entra", "export")
    (change,) = seen
    assert (change.operation, change.object_type, change.anchor) == ("add", "user", None)
    assert (change.source_anchor, change.uncertain) == (lab.mv_of("contoso", KARI)["sourceAnchor"][0], False)


def test_a_changed_list_goes_whole_to_entra() -> None:
    lab = in_cloud(user("Kari", 1, proxyAddresses=("SMTP:a", "smtp:b")))
    lab.directories["contoso"].set(KARI, "proxyAddresses", ("SMTP:a", "smtp:c"))
    lab.cycle("delta", export=False)
    staged = cloud(lab).unapplied
    assert staged is not None and staged.attributes["proxyAddresses"].operation == "update"
    seen = watch(lab)
    lab.run("entra", "export")
    change = seen[0].attributes["proxyAddresses"]
    assert change.operation == "replace" and sorted(map(str, change.added)) == ["SMTP:a", "smtp:c"]


# -- errors ---------------------------------------------------------------------------------------


def test_an_export_error_keeps_the_change_pending_and_counts_its_repetitions() -> None:
    lab = pending(user("Kari", 1))
    staged = cloud(lab).unapplied
    watch(lab, refused)
    for _ in range(3):
        result = lab.run("entra", "export")
        assert lab.counters(result) == {"export-failure": 1}
        assert result.record.result == "completed-export-errors"
    kari = cloud(lab)
    assert kari.unapplied == staged and kari.escrowed is None and kari.anchor is None
    error = kari.export_error
    assert error is not None
    assert (error.type, error.cd_error_code, error.retry_count) == ("permission-issue", "403", 2)
    assert error.first_occurred < error.last_occurred
    del lab.connecting["entra"]
    lab.run("entra", "export")
    assert cloud(lab).export_error is None


def test_an_object_whose_content_fails_is_tried_once_a_run_also_where_it_has_references() -> None:
    lab = pending(user("Kari", 1), group("Staff", 2, member=(KARI,)))
    seen = watch(lab, lambda change: refused(change) if change.object_type == "group" else None)
    result = lab.run("entra", "export")
    assert lab.counters(result) == {"export-add": 1, "export-failure": 1}
    assert [c.object_type for c in seen].count("group") == 1


def test_an_error_of_one_object_stops_no_other() -> None:
    lab = pending(user("Kari", 1), user("Ola", 2))
    kari = cloud(lab)
    watch(lab, lambda change: refused(change) if change.cs_id == kari.id else None)
    assert lab.counters(lab.run("entra", "export")) == {"export-failure": 1, "export-add": 1}


def test_a_change_that_is_withdrawn_after_an_error_is_not_exported() -> None:
    lab = in_cloud(user("Kari", 1, title=("x",)))
    lab.directories["contoso"].set(KARI, "title", ("y",))
    lab.cycle("delta", export=False)
    watch(lab, refused)
    lab.run("entra", "export")
    del lab.connecting["entra"]
    lab.directories["contoso"].set(KARI, "title", ("x",))
    lab.cycle("delta", export=False)
    assert lab.pending() == {}
    assert lab.counters(lab.run("entra", "export")) == {}


def test_what_the_channel_cannot_write_stays_pending_with_the_rest_written() -> None:
    lab = pending(user("Kari", 1, title=("x",)), group("Staff", 2, member=(KARI,)))

    def partly(change: ExportChange) -> ExportOutcome:
        return ExportOutcome(
            change.cs_id, anchor=f"User_{change.cs_id}", not_written=("title",), detail="no title here"
        )

    seen = watch(lab, partly)
    lab.run("entra", "export")
    kari = cloud(lab)
    assert kari.unapplied == Delta("update", {"title": AttributeDelta("add", ("x",))})
    assert kari.unconfirmed is not None and "title" not in kari.unconfirmed.attributes
    assert cloud(lab, STAFF).unapplied is None, "the references went though something else could not"
    assert len(seen) == 3


# -- the order of a step --------------------------------------------------------------------------


def test_deletes_go_first_then_contents_and_references_to_what_is_new_last() -> None:
    lab = in_cloud(user("Ola", 2), group("Staff", 3, member=(OLA,)))
    lab.directories["contoso"].add(user("Kari", 1))
    refer(lab.directories["contoso"], STAFF, "member", KARI)
    lab.directories["contoso"].set(STAFF, "description", ("new",))
    lab.directories["contoso"].set(OLA, "sAMAccountName", ())
    lab.cycle("delta", export=False)
    seen = watch(lab)
    lab.run("entra", "export")
    assert [(c.operation, bool(c.attributes), bool(c.references)) for c in seen] == [
        ("delete", False, False),
        ("update", True, False),
        ("add", True, False),
        ("update", False, True),
    ]


def test_a_reference_to_what_is_there_already_goes_with_the_content() -> None:
    lab = in_cloud(user("Kari", 1))
    lab.directories["contoso"].add(group("Staff", 2, member=(KARI,)))
    lab.cycle("delta", export=False)
    seen = watch(lab)
    lab.run("entra", "export")
    (change,) = seen
    assert change.operation == "add"
    assert [t.anchor for t in change.references["member"].added] == [cloud(lab).anchor]


def test_a_reference_to_what_could_not_be_made_waits_and_is_an_error_of_the_referrer() -> None:
    lab = pending(user("Kari", 1), user("Ola", 2), group("Staff", 3, member=(KARI, OLA)))
    kari = cloud(lab)
    watch(lab, lambda change: refused(change) if change.cs_id == kari.id else None)
    result = lab.run("entra", "export")
    failures = lab.store.run_objects(result.record.number, 1, "export-failure")
    assert {f.error for f in failures} == {"permission-issue", "dn-attributes-failure"}
    staff = cloud(lab, STAFF)
    assert staff.unapplied is not None and staff.unapplied.references["member"].added == {kari.id}
    there = lab.cloud(STAFF)
    ola = lab.cloud(OLA)
    assert there is not None and ola is not None and there.references["member"] == (ola.dn,)
    del lab.connecting["entra"]
    assert lab.run("entra", "export").record.result == "success"
    there = lab.cloud(STAFF)
    assert there is not None and len(there.references["member"]) == 2
    assert lab.pending() == {}


def test_two_new_objects_that_refer_to_each_other_are_made_first_and_tied_then() -> None:
    lab = pending(user("Kari", 1, manager=(OLA,)), user("Ola", 2, manager=(KARI,)))
    result = lab.run("entra", "export")
    assert lab.counters(result) == {"export-add": 2, "export-update": 2}
    kari, ola = lab.cloud(KARI), lab.cloud(OLA)
    assert kari is not None and ola is not None
    assert (kari.references["manager"], ola.references["manager"]) == ((ola.dn,), (kari.dn,))
