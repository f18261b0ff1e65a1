"""Staging: which object an import is about, and what becomes pending."""

from __future__ import annotations

import pytest

from attrflow.model.delta import AttributeDelta, Delta
from attrflow.model.entry import ImportedObject, ImportedReferences, Page, ReferenceTarget

from .lab import Lab
from .lab_entries import dn, user
from .staging_lab import KARI, OLA, PARTITION, STAFF, brought, counted, synced

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
