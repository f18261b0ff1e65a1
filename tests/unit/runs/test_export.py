"""Exports: escrow, outcomes, errors, the order of a step, crashes, the guard, and anchors that are taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest

from attrflow.connectors.memory import MemoryConnector, MemoryEntry
from attrflow.model.configuration import EngineOptions
from attrflow.model.connector_space import CSObject
from attrflow.model.delta import AttributeDelta, Delta
from attrflow.model.entry import ExportChange, ExportOutcome, ImportedObject, Page
from attrflow.model.errors import AuthenticationFailed, ConnectionLost
from attrflow.model.schema import Schema

from ..engine.lab import Lab, dn, group, refer, user  # noqa: TID252 - test folders are no packages with a name

KARI, OLA, STAFF = dn("Kari"), dn("Ola"), dn("Staff")

Answer = Callable[[ExportChange], ExportOutcome | Exception | None]
"""What to answer instead of the directory; None: let the directory write it."""


class Exporting:
    """A connector that writes down every change that it is given, and may answer otherwise than the directory."""

    def __init__(self, memory: MemoryConnector, seen: list[ExportChange], answer: Answer) -> None:
        self._memory = memory
        self._seen = seen
        self._answer = answer
        self.schema: Schema = memory.schema
        self.delta_support: str | None = None

    def import_pages(self, partition: str, watermark: str | None) -> Iterator[Page]:
        """The directory's."""
        return self._memory.import_pages(partition, watermark)

    def read_object(self, partition: str, anchor: str) -> ImportedObject | None:
        """The directory's."""
        return self._memory.read_object(partition, anchor)

    def export(self, changes: Sequence[ExportChange]) -> Iterator[ExportOutcome]:
        """Write, or answer as the test says."""
        for change in changes:
            self._seen.append(change)
            answer = self._answer(change)
            if isinstance(answer, Exception):
                raise answer
            if answer is not None:
                yield answer
            else:
                yield from self._memory.export((change,))

    def close(self) -> None:
        """Nothing to let go of."""


def watch(lab: Lab, answer: Answer = lambda _change: None) -> list[ExportChange]:
    """Put an exporting connector around the tenant; returns the list that fills with what is exported."""
    seen: list[ExportChange] = []
    lab.connecting["entra"] = lambda memory: Exporting(memory, seen, answer)
    return seen


def pending(*entries: MemoryEntry, options: EngineOptions | None = None) -> Lab:
    """A laboratory with these entries of contoso waiting for their export."""
    lab = Lab(options=options)
    for entry in entries:
        lab.directories["contoso"].add(entry)
    lab.cycle(export=False)
    return lab


def in_cloud(*entries: MemoryEntry, options: EngineOptions | None = None) -> Lab:
    """A laboratory with these entries of contoso in the cloud, confirmed."""
    lab = pending(*entries, options=options)
    lab.run("entra", "export")
    lab.cycle(export=False)
    return lab


def cloud(lab: Lab, name: str = KARI) -> CSObject:
    """The tenant's object of an on-premises one."""
    cso = lab.linked("entra", name)
    assert cso is not None, name
    return cso


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


def refused(change: ExportChange) -> ExportOutcome:
    """The directory refuses everything."""
    return ExportOutcome(change.cs_id, error="permission-issue", cd_error_code="403", detail="may not write")


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
    assert result.record.steps[0].detail == "wrong password Set another one."
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
    assert lab.counters(result) == {} and lab.pending() == {"delete": 3, "update": 1}
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
