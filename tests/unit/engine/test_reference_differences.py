"""A large reference attribute flows by what changed of it, with the same outcome as when all of it flows."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from attrflow.engine import flow, reference
from attrflow.model.entry import ImportedObject, ImportedReferences, Page, ReferenceTarget
from attrflow.model.metaverse import MVObject
from attrflow.model.provenance import Basis
from attrflow.model.references import ReferenceDelta, ReferenceIds, edited

from .lab import Lab
from .lab_entries import dn, group, refer, user

NAMES = [f"User {number}" for number in range(45)]
TEAM = dn("Team")


class Whole:
    """How many references were translated because a whole attribute was."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.translated = 0
        original = reference.flow_whole

        def counted(source: Iterable[int], translation: reference.Translation) -> reference.Flowed:
            ids = tuple(source)
            self.translated += len(ids) if len(ids) > 1 else 0
            return original(source if len(ids) > 1 else ids, translation)  # type: ignore[arg-type]  # as it came

        monkeypatch.setattr(flow, "flow_whole", counted)


@pytest.fixture
def lab() -> Lab:
    """A group of 40 of 45 users, synchronized, exported and confirmed."""
    lab = Lab()
    for number, name in enumerate(NAMES, start=1):
        lab.directories["contoso"].add(user(name, number))
    lab.directories["contoso"].add(group("Team", 100, member=tuple(dn(name) for name in NAMES[:40])))
    lab.settle()
    lab.settle("delta")
    return lab


@pytest.fixture
def whole(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Whole:
    """Counts from here on."""
    assert lab.store.mv_retry_ids() == ()
    return Whole(monkeypatch)


def tell(lab: Lab, *, added: Iterable[str] = (), removed: Iterable[str] = ()) -> None:
    """A delta import tells what changed of the group, as DirSync does."""
    directory = lab.directories["contoso"]
    came, went = tuple(added), tuple(removed)
    anchor = directory.find(TEAM)
    assert anchor is not None
    here = [d for d in directory.entries[anchor].references["member"] if d not in {dn(n) for n in went}]
    refer(directory, TEAM, "member", *here, *(dn(name) for name in came))
    parts = [tuple(ReferenceTarget(dn(n), directory.find(dn(n))) for n in names) for names in (came, went)]
    change = ImportedReferences(parts[0], parts[1], whole=False)
    lab.bring("contoso", Page((ImportedObject("partial", TEAM, anchor, "group", {}, {"member": change}),), "1"))


def team(lab: Lab) -> MVObject:
    return lab.mvo("contoso", TEAM)


def in_cloud(lab: Lab) -> set[str]:
    """The members of the cloud group by display name."""
    cloud = lab.cloud(TEAM)
    assert cloud is not None
    anchors = [lab.directories["entra"].find(member) for member in cloud.references.get("member", ())]
    return {lab.directories["entra"].entries[a].attributes["displayName"][0] for a in anchors if a}  # type: ignore[misc]  # text


def check(lab: Lab, whole: Whole, names: Iterable[str]) -> None:
    """The cloud group has these members once everything is exported, and nothing was translated as a whole."""
    lab.run("contoso", "delta-sync")
    lab.run("entra", "delta-sync", "export", "delta-import", "delta-sync")
    assert whole.translated == 0
    assert in_cloud(lab) == set(names)
    assert lab.pending() == {}
    before = team(lab)
    lab.options = type(lab.options)(skip_objects_at_rest=False)
    for one in ("contoso", "entra"):
        lab.run(one, "full-sync")
    assert team(lab) == before
    assert lab.pending() == {}


def test_what_is_flowed_keeps_the_digests_of_both_sides(lab: Lab) -> None:
    held, cso = team(lab).references["member"], lab.must("contoso", TEAM)
    assert cso.image is not None
    assert held.provenance.basis == Basis(cso.image.references["member"].digest, held.targets.digest)
    cloud = lab.linked("entra", TEAM)
    assert cloud is not None
    assert cloud.image is not None
    assert cloud.provenance["member"].basis == Basis(held.targets.digest, cloud.image.references["member"].digest)


def test_a_small_attribute_needs_no_basis(lab: Lab) -> None:
    refer(lab.directories["contoso"], TEAM, "member", dn(NAMES[0]))
    lab.settle("delta")
    assert team(lab).references["member"].provenance.basis is None


def test_one_more_member_is_one_reference_to_translate(lab: Lab, whole: Whole) -> None:
    tell(lab, added=(NAMES[40],))
    check(lab, whole, NAMES[:41])


def test_members_come_and_go_in_one_change(lab: Lab, whole: Whole) -> None:
    tell(lab, added=(NAMES[40], NAMES[41]), removed=(NAMES[0],))
    check(lab, whole, NAMES[1:42])


def test_several_changes_before_a_synchronization_are_one(lab: Lab, whole: Whole) -> None:
    tell(lab, added=(NAMES[40],))
    tell(lab, added=(NAMES[41],), removed=(NAMES[40],))
    check(lab, whole, [*NAMES[:40], NAMES[41]])


def test_a_member_who_leaves_the_company_leaves_the_group(lab: Lab, whole: Whole) -> None:
    lab.directories["contoso"].remove(dn(NAMES[3]))
    lab.run("contoso", "delta-import")
    check(lab, whole, [*NAMES[:3], *NAMES[4:40]])


def test_a_member_out_of_scope_is_held_and_comes_back(lab: Lab, whole: Whole) -> None:
    directory = lab.directories["contoso"]
    directory.set(dn(NAMES[3]), "adminDescription", ("User_out",))
    lab.run("contoso", "delta-import", "delta-sync")
    assert [h.target for h in lab.store.held_by(lab.must("contoso", TEAM).id)] == [lab.must("contoso", dn(NAMES[3])).id]
    lab.run("entra", "export", "delta-import", "delta-sync")
    assert in_cloud(lab) == {*NAMES[:3], *NAMES[4:40]}
    directory.set(dn(NAMES[3]), "adminDescription", ())
    lab.run("contoso", "delta-import")
    check(lab, whole, NAMES[:40])
    assert lab.store.held_by(lab.must("contoso", TEAM).id) == ()


def test_members_who_are_not_there_yet_are_held_and_released_together(lab: Lab, whole: Whole) -> None:
    late = [f"Late {number}" for number in range(3)]
    tell(lab, added=late)
    lab.run("contoso", "delta-sync")
    owner = lab.must("contoso", TEAM).id
    assert len(lab.store.held_by(owner)) == 3
    for number, name in enumerate(late):
        lab.directories["contoso"].add(user(name, 200 + number, displayName=(name,)))
    lab.run("contoso", "delta-import")
    check(lab, whole, [*NAMES[:40], *late])
    assert lab.store.held_by(owner) == ()


def test_what_is_held_stays_held_when_nothing_of_it_changed(lab: Lab, whole: Whole) -> None:
    tell(lab, added=("Nobody",))
    lab.run("contoso", "delta-sync")
    lab.directories["contoso"].set(TEAM, "displayName", ("Other",))
    lab.bring("contoso", Page((ImportedObject("partial", TEAM, lab.must("contoso", TEAM).anchor, "group"),), "1"))
    check(lab, whole, NAMES[:40])
    assert len(lab.store.held_by(lab.must("contoso", TEAM).id)) == 1


def test_a_member_removed_in_the_cloud_is_exported_again(lab: Lab, whole: Whole) -> None:
    cloud = lab.linked("entra", TEAM)
    assert cloud is not None
    anchor = lab.directories["entra"].find(cloud.dn)
    assert anchor is not None
    kept = lab.directories["entra"].entries[anchor].references["member"][1:]
    refer(lab.directories["entra"], cloud.dn, "member", *kept)
    lab.run("entra", "delta-import")
    lab.run("entra", "delta-sync", "export", "delta-import", "delta-sync")
    assert in_cloud(lab) == set(NAMES[:40])
    assert whole.translated == 40, "the base is not what was flowed: all is compared"


def test_an_error_in_between_loses_nothing(lab: Lab, whole: Whole) -> None:
    tell(lab, added=(NAMES[40],))
    lab.directories["contoso"].set(TEAM, "description", ("x", "y"))
    mvo = team(lab)
    lab.run("contoso", "delta-sync")
    assert team(lab).references["member"].targets.count == mvo.references["member"].targets.count + 1
    tell(lab, removed=(NAMES[40],))
    check(lab, whole, NAMES[:40])


@pytest.mark.parametrize("change", [({1, 2}, set()), (set(), {50}), ({1}, {50, 51}), (set(), set())])
def test_the_difference_is_told_only_of_sets_that_are_known(change: tuple[set[int], set[int]]) -> None:
    base = ReferenceIds(range(10, 60))
    added, removed = change
    now = edited(base, ReferenceDelta(frozenset(added), frozenset(removed)))
    forward = {id_: id_ + 1000 for id_ in range(1, 60)}
    translation = reference.Translation(
        lambda ids: {i: forward[i] for i in ids if i in forward},
        lambda ids: {i: i - 1000 for i in ids},
        (),
        lambda _attribute: base,
    )
    existing = ReferenceIds(id_ + 1000 for id_ in base)
    basis = Basis(base.digest, existing.digest)
    flowed = reference.flow_difference("member", now, translation, existing, basis)
    assert flowed is not None
    assert set(flowed.references) == set(reference.flow_whole(now, translation).references)
    assert (
        reference.flow_difference("member", now, translation, existing, Basis(basis.source + 1, basis.result)) is None
    )
    assert reference.flow_difference("member", now, translation, ReferenceIds([1]), basis) is None
