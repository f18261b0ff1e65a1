"""Staging: which object an import is about, what becomes pending, and what counts."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest

from attrflow.model.changes import ChangeSet
from attrflow.model.configuration import EngineOptions
from attrflow.model.connector_space import CSObject
from attrflow.model.delta import AttributeDelta, Delta
from attrflow.model.entry import ImportedObject, ImportedReferences, ImportFinding, Page, ReferenceTarget
from attrflow.model.errors import ConnectionLost
from attrflow.model.values import Values
from attrflow.runs.run import RunResult

from .lab import Lab, dn, group, refer, user

PEOPLE = "OU=People,DC=contoso,DC=test"
PARTITION = "DC=contoso,DC=test"
KARI, OLA, STAFF = dn("Kari"), dn("Ola"), dn("Staff")

Change = Literal["whole", "partial", "delete", "left-scope"]


def brought(
    name: str, anchor: str | None, change: Change = "whole", *, type_: str | None = "user", **more: object
) -> ImportedObject:
    """An object as a connector brings it; `manager` and `member` are DNs, or ImportedReferences."""
    references: dict[str, ImportedReferences] = {}
    attributes: dict[str, Values] = {}
    if change == "whole" and type_ == "user":  # enough for the rules to make a person of it
        attributes.update(user("Somebody", int.from_bytes((anchor or "none").encode()[:4], "big")).attributes)
    for attribute, given in more.items():
        if isinstance(given, ImportedReferences):
            references[attribute] = given
        elif attribute in ("manager", "member"):
            assert isinstance(given, tuple)
            references[attribute] = ImportedReferences(tuple(ReferenceTarget(target) for target in given))
        else:
            assert isinstance(given, tuple)
            attributes[attribute] = given
    return ImportedObject(change, dn(name) if name else "", anchor, type_, attributes, references)


def counted(lab: Lab, result: RunResult) -> dict[str, int]:
    """The staging counters that are not zero."""
    return {name: n for name, n in lab.counters(result).items() if n}


def synced(lab: Lab, *objects: ImportedObject) -> None:
    """Import these objects as all there is, and synchronize them."""
    lab.bring("contoso", *objects, full=True)
    assert lab.run("contoso", "delta-sync").record.result == "success"


# -- add, update, no change -----------------------------------------------------------------------


def test_an_unknown_object_is_an_add_and_the_same_again_is_no_change() -> None:
    lab = Lab()
    assert counted(lab, lab.bring("contoso", brought("Kari", "a", title=("x",)))) == {"stage-add": 1}
    first = lab.must("contoso", KARI)
    assert first.pending_import is not None and first.pending_import.operation == "add"
    assert counted(lab, lab.bring("contoso", brought("Kari", "a", title=("x",)))) == {"stage-no-change": 1}
    assert lab.must("contoso", KARI) == first


def test_an_update_that_is_taken_back_before_a_sync_leaves_nothing_pending() -> None:
    lab = Lab()
    synced(lab, brought("Kari", "a", title=("x",)))
    lab.bring("contoso", brought("Kari", "a", title=("y",)))
    kari = lab.must("contoso", KARI)
    assert kari.pending_import == Delta("update", {"title": AttributeDelta("replace", ("y",))})
    assert counted(lab, lab.bring("contoso", brought("Kari", "a", title=("x",)))) == {"stage-update": 1}
    assert lab.must("contoso", KARI).pending_import is None


@pytest.mark.parametrize(
    ("before", "after", "counter"),
    [
        (("a", "b"), ("b", "a"), "stage-no-change"),
        (("a",), ("A",), "stage-update"),
        (("",), (), "stage-update"),
        (("a",), ("a ",), "stage-update"),
    ],
)
def test_a_reorder_is_no_change_and_a_change_of_case_or_blanks_is_one(
    before: tuple[str, ...], after: tuple[str, ...], counter: str
) -> None:
    lab = Lab()
    synced(lab, brought("Kari", "a", proxyAddresses=before))
    assert counted(lab, lab.bring("contoso", brought("Kari", "a", proxyAddresses=after))) == {counter: 1}


def test_what_a_whole_object_does_not_mention_is_gone_and_a_partial_one_says_nothing_of_it() -> None:
    lab = Lab()
    synced(lab, brought("Kari", "a", title=("x",), mail=("m",)))
    lab.bring("contoso", brought("Kari", "a", "partial", title=()))
    assert lab.must("contoso", KARI).pending_import == Delta("update", {"title": AttributeDelta("delete")})
    lab.bring("contoso", brought("Kari", "a", title=("x",)))
    assert lab.must("contoso", KARI).pending_import == Delta("update", {"mail": AttributeDelta("delete")})


def test_members_added_and_removed_by_partial_changes_add_up() -> None:
    lab = Lab()
    synced(
        lab,
        brought("Kari", "a"),
        brought("Ola", "b"),
        brought("Staff", "g", type_="group", member=(KARI,)),
    )
    kari, ola = lab.must("contoso", KARI), lab.must("contoso", OLA)
    more = ImportedReferences((ReferenceTarget(OLA),), whole=False)
    less = ImportedReferences((), (ReferenceTarget(KARI),), whole=False)
    lab.bring("contoso", brought("Staff", "g", "partial", type_=None, member=more))
    lab.bring("contoso", brought("Staff", "g", "partial", type_=None, member=less))
    staff = lab.must("contoso", STAFF)
    assert staff.pending_import is not None
    shift = staff.pending_import.references["member"]
    assert (shift.added, shift.removed) == (frozenset((ola.id,)), frozenset((kari.id,)))


# -- names and anchors ----------------------------------------------------------------------------


def test_an_object_is_found_by_its_anchor_and_a_new_dn_is_a_rename() -> None:
    lab = Lab()
    synced(lab, brought("Kari", "a"))
    before = lab.must("contoso", KARI)
    assert counted(lab, lab.bring("contoso", brought("Kari N", "a"))) == {"stage-rename": 1}
    after = lab.must("contoso", dn("Kari N"))
    assert after.id == before.id
    assert after.pending_import is not None and after.pending_import.old_dn == KARI
    assert lab.cs("contoso", KARI) is None


def test_a_change_of_case_in_a_dn_is_no_rename_but_is_shown() -> None:
    lab = Lab()
    synced(lab, brought("Kari", "a"))
    assert counted(lab, lab.bring("contoso", brought("KARI", "a"))) == {"stage-no-change": 1}
    assert lab.must("contoso", KARI).dn == dn("KARI")


def test_two_renames_before_a_sync_remember_the_first_name() -> None:
    lab = Lab()
    synced(lab, brought("Kari", "a"))
    lab.bring("contoso", brought("Kari N", "a"))
    lab.bring("contoso", brought("Kari O", "a"))
    pending = lab.must("contoso", dn("Kari O")).pending_import
    assert pending is not None and pending.old_dn == KARI


def test_a_dn_taken_by_another_anchor_makes_its_holder_transient_until_its_own_change_comes() -> None:
    lab = Lab()
    synced(lab, brought("Kari", "a", title=("x",)))
    old = lab.must("contoso", KARI)
    result = lab.bring("contoso", brought("Kari", "b", title=("y",)))
    assert counted(lab, result) == {"stage-add": 1}
    assert result.record.result == "completed-transient-objects"
    new, aside = lab.must("contoso", KARI), lab.store.cs(old.id)
    assert new.id != old.id and new.anchor == "b"
    assert aside is not None and aside.transient and aside.link == old.link
    result = lab.bring("contoso", brought("Kari Old", "a", title=("x",)))
    assert result.record.result == "success"
    back = lab.must("contoso", dn("Kari Old"))
    assert back.id == old.id and not back.transient
    assert back.pending_import is not None and back.pending_import.old_dn == KARI


def test_a_transient_that_a_full_import_does_not_see_is_obsolete() -> None:
    lab = Lab()
    synced(lab, brought("Kari", "a"))
    old = lab.must("contoso", KARI)
    result = lab.bring("contoso", brought("Kari", "b"), full=True)
    assert counted(lab, result) == {"stage-add": 1, "stage-delete": 1}
    assert result.record.result == "success"
    lab.run("contoso", "delta-sync")
    assert lab.store.cs(old.id) is None


def test_two_objects_that_swap_their_names_in_one_import_keep_their_identities() -> None:
    lab = Lab()
    synced(lab, brought("Kari", "a", title=("a",)), brought("Ola", "b", title=("b",)))
    kari, ola = lab.must("contoso", KARI), lab.must("contoso", OLA)
    result = lab.bring("contoso", brought("Ola", "a", title=("a",)), brought("Kari", "b", title=("b",)))
    assert counted(lab, result) == {"stage-rename": 2}
    assert lab.must("contoso", OLA).id == kari.id
    assert lab.must("contoso", KARI).id == ola.id
    assert [lab.must("contoso", d).transient for d in (KARI, OLA)] == [False, False]
    for name, was in ((OLA, KARI), (KARI, OLA)):
        pending = lab.must("contoso", name).pending_import
        assert pending == Delta("update", old_dn=was)


def test_three_objects_that_change_places_in_a_ring_keep_their_identities() -> None:
    lab = Lab()
    names = ["Kari", "Ola", "Per"]
    synced(lab, *(brought(n, n[0]) for n in names))
    ids = {n[0]: lab.must("contoso", dn(n)).id for n in names}
    lab.bring("contoso", *(brought(new, old[0]) for old, new in zip(names, names[1:] + names[:1], strict=True)))
    assert {
        old[0]: lab.must("contoso", dn(new)).id for old, new in zip(names, names[1:] + names[:1], strict=True)
    } == ids


def test_an_object_without_anchor_is_found_by_its_dn() -> None:
    lab = Lab()
    synced(lab, brought("Kari", None, title=("x",)))
    first = lab.must("contoso", KARI)
    assert counted(lab, lab.bring("contoso", brought("Kari", None, title=("y",)))) == {"stage-update": 1}
    assert lab.must("contoso", KARI).id == first.id
    assert counted(lab, lab.bring("contoso", brought("Kari", None, "delete"))) == {"stage-delete": 1}


def test_another_object_type_of_the_same_anchor_is_a_delete_add() -> None:
    lab = Lab()
    synced(lab, brought("Kari", "a", title=("x",), mail=("m",)))
    result = lab.bring("contoso", brought("Kari", "a", type_="contact", mail=("m",)))
    assert counted(lab, result) == {"stage-delete-add": 1}
    kari = lab.must("contoso", KARI)
    assert kari.object_type == "contact"
    assert kari.pending_import == Delta("delete-add", {"mail": AttributeDelta("add", ("m",))})


# -- placeholders and references ------------------------------------------------------------------


def test_a_reference_to_what_is_not_imported_makes_a_placeholder_that_the_object_replaces_in_place() -> None:
    lab = Lab()
    lab.bring("contoso", brought("Kari", "a", manager=(OLA,)))
    placeholder = lab.must("contoso", OLA)
    assert (placeholder.kind, placeholder.object_type, placeholder.anchor) == ("placeholder", None, None)
    assert counted(lab, lab.bring("contoso", brought("Ola", "b"))) == {"stage-add": 1}
    ola = lab.must("contoso", OLA)
    assert (ola.id, ola.kind, ola.anchor) == (placeholder.id, "staging", "b")


def test_an_object_may_refer_to_itself_in_its_first_import() -> None:
    lab = Lab()
    result = lab.bring("contoso", brought("Kari", "a", manager=(KARI,)))
    assert counted(lab, result) == {"stage-add": 1}
    kari = lab.must("contoso", KARI)
    assert kari.pending_import is not None
    assert kari.pending_import.references["manager"].added == {kari.id}


def test_a_reference_goes_by_the_anchor_first_and_by_the_name_second() -> None:
    lab = Lab()
    synced(lab, brought("Kari", "a"), brought("Ola", "b"))
    kari = lab.must("contoso", KARI)
    stale = ImportedReferences((ReferenceTarget(dn("Kari before"), "a"),))
    lab.bring("contoso", brought("Ola", "b", manager=stale))
    ola = lab.must("contoso", OLA)
    assert ola.pending_import is not None and ola.pending_import.references["manager"].added == {kari.id}


def test_a_reference_by_a_name_that_passed_to_another_object_waits_for_that_object() -> None:
    """The referrer comes first, then the new holder of the name, then the old holder under its new name."""
    lab = Lab()
    synced(lab, brought("Kari", "a"), brought("Ola", "b"))
    kari = lab.must("contoso", KARI)
    to_the_new = ImportedReferences((ReferenceTarget(KARI, "new"),))
    lab.bring("contoso", brought("Ola", "b", manager=to_the_new), brought("Kari", "new"), brought("Kari Old", "a"))
    ola, new = lab.must("contoso", OLA), lab.must("contoso", KARI)
    assert new.anchor == "new" and lab.must("contoso", dn("Kari Old")).id == kari.id
    assert ola.pending_import is not None and ola.pending_import.references["manager"].added == {new.id}


def test_a_rename_onto_a_placeholder_takes_its_referrers_over() -> None:
    lab = Lab()
    synced(lab, brought("Kari", "a", manager=(dn("Boss"),)), brought("Ola", "b"))
    placeholder, ola = lab.must("contoso", dn("Boss")), lab.must("contoso", OLA)
    lab.bring("contoso", brought("Boss", "b"))
    assert lab.must("contoso", dn("Boss")).id == ola.id
    assert lab.store.cs(placeholder.id) is None
    kari = lab.must("contoso", KARI)
    assert kari.image is not None and set(kari.image.references["manager"]) == {ola.id}


def test_a_cloud_object_is_the_one_that_references_named_before_it_came() -> None:
    """References name the cloudAnchor; the object's own DN is made of its sourceAnchor."""
    lab = Lab()
    target = ImportedReferences((ReferenceTarget("CN={User_2}", "User_2"),))
    kari = ImportedObject("whole", "CN={4B}", "User_1", "user", {"sourceAnchor": ("K",)}, {"manager": target})
    ola = ImportedObject("whole", "CN={4F}", "User_2", "user", {"sourceAnchor": ("O",)})
    lab.bring("entra", kari, ola, full=True)
    one, two = lab.must("entra", "CN={4B}"), lab.must("entra", "CN={4F}")
    assert one.pending_import is not None and one.pending_import.references["manager"].added == {two.id}
    assert lab.cs("entra", "CN={User_2}") is None
    assert dict(lab.store.counts()) == {"cs:entra:user": 2}


def test_a_change_between_the_two_forms_of_a_cloud_dn_is_no_rename() -> None:
    lab = Lab()
    lab.bring("entra", ImportedObject("whole", "CN={User_1}", "User_1", "user", {"department": ("x",)}))
    lab.run("entra", "delta-sync")
    later = ImportedObject("whole", "CN={4B}", "User_1", "user", {"department": ("x",)})
    assert counted(lab, lab.bring("entra", later)) == {"stage-no-change": 1}
    one = lab.must("entra", "CN={4B}")
    assert one.pending_import is None


# -- partial changes of what is not known ---------------------------------------------------------


def test_a_partial_change_of_an_unknown_object_is_read_whole() -> None:
    lab = Lab()
    lab.directories["contoso"].add(user("Kari", 1, title=("x",)))
    result = lab.bring("contoso", brought("Kari", "contoso-1", "partial", mail=("m",)))
    assert counted(lab, result) == {"stage-add": 1}
    kari = lab.must("contoso", KARI)
    assert kari.pending_import is not None and "title" in kari.pending_import.attributes


def test_what_cannot_be_read_whole_is_a_discovery_error_and_the_watermark_stays() -> None:
    lab = Lab()
    lab.run("contoso", "full-import")
    before = lab.store.watermark("contoso", PARTITION)
    page = Page((brought("Kari", "nobody", "partial", mail=("m",)),), "later")
    result = lab.bring("contoso", page)
    assert counted(lab, result) == {"stage-failure": 1}
    assert result.record.result == "completed-discovery-errors"
    (failed,) = lab.store.run_objects(result.record.number, 1, "stage-failure")
    assert failed.error == "need-full-object"
    assert lab.store.watermark("contoso", PARTITION) == before


def test_a_partial_change_of_what_is_pending_delete_is_read_whole_and_undeletes_it() -> None:
    lab = Lab()
    lab.directories["contoso"].add(user("Kari", 1))
    lab.run("contoso", "full-import", "full-sync")
    before = lab.must("contoso", KARI)
    lab.bring("contoso", brought("", "contoso-1", "delete"))
    result = lab.bring("contoso", brought("Kari", "contoso-1", "partial", mail=("m",)))
    assert counted(lab, result) == {"stage-update": 1}
    assert lab.must("contoso", KARI) == before, "it is as it was: nothing is pending"


def test_an_object_that_was_deleted_and_came_back_before_a_sync_only_differs_by_what_differs() -> None:
    lab = Lab()
    synced(lab, brought("Kari", "a", title=("x",), mail=("m",)))
    lab.bring("contoso", brought("", "a", "delete"))
    lab.bring("contoso", brought("Kari", "a", title=("y",), mail=("m",)))
    kari = lab.must("contoso", KARI)
    assert kari.pending_import == Delta("update", {"title": AttributeDelta("replace", ("y",))})
    lab.run("contoso", "delta-sync")
    assert lab.mv_of("contoso", KARI)["title"] == ("y",)


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
