"""References: held until their target is on the other side, and taken back with it (behaviour.md §1.8)."""

from __future__ import annotations

import pytest

from attrflow.connectors.memory import MemoryEntry

from .lab import Lab
from .lab_entries import dn, group, refer, user

KARI, OLA, STAFF, TEAM = dn("Kari"), dn("Ola"), dn("Staff"), dn("Team")


def company(*entries: MemoryEntry) -> Lab:
    """Entries of contoso, in the cloud and confirmed."""
    lab = Lab()
    for entry in entries:
        lab.directories["contoso"].add(entry)
    lab.settle()
    return lab


def check(lab: Lab, referrer: str, attribute: str, *targets: str) -> None:
    """Metaverse and cloud say the same: the referrer's attribute names exactly these targets."""
    found = lab.mvo("contoso", referrer).references.get(attribute)
    wanted = {lab.mvo("contoso", target).id for target in targets}
    assert (set(found.targets) if found is not None else set()) == wanted
    entry = lab.cloud(referrer)
    assert entry is not None
    there = {cloud.dn for cloud in map(lab.cloud, targets) if cloud is not None}
    assert len(there) == len(targets)
    assert set(entry.references.get(attribute, ())) == there


def nothing_is_held(lab: Lab, *names: str) -> None:
    """Neither side holds a reference of these objects."""
    for name in names:
        assert lab.store.held_by(lab.must("contoso", name).id) == ()
        assert lab.store.held_by(lab.mvo("contoso", name).id) == ()


@pytest.mark.parametrize("names", [(1, 2), (2, 1)])
def test_a_manager_reaches_the_cloud_whatever_comes_first(names: tuple[int, int]) -> None:
    both = {1: user("Kari", 1, manager=(OLA,)), 2: user("Ola", 2)}
    lab = company(*(both[n] for n in names))
    check(lab, KARI, "manager", OLA)
    nothing_is_held(lab, KARI, OLA)


def test_a_manager_imported_after_the_report_flows_without_a_change_of_the_report() -> None:
    lab = company(user("Kari", 1, manager=(OLA,)))
    (held,) = lab.store.held_by(lab.must("contoso", KARI).id)
    assert (held.attribute, held.inbound, held.target) == ("manager", True, lab.must("contoso", OLA).id)
    check(lab, KARI, "manager")
    lab.directories["contoso"].add(user("Ola", 2))
    lab.cycle("delta")
    check(lab, KARI, "manager", OLA)
    nothing_is_held(lab, KARI, OLA)
    lab.settle("delta")
    assert lab.pending() == {}


def test_a_manager_who_is_kept_from_the_cloud_is_held_on_the_way_out() -> None:
    lab = company(user("Kari", 1, manager=(OLA,)), user("Ola", 2, sAMAccountName=None))
    kari, ola = lab.mvo("contoso", KARI), lab.mvo("contoso", OLA)
    (held,) = lab.store.held_by(kari.id)
    assert (held.attribute, held.inbound, held.connector, held.target) == ("manager", False, "entra", ola.id)
    assert set(kari.references["manager"].targets) == {ola.id}
    lab.directories["contoso"].set(OLA, "sAMAccountName", ("ola",))
    lab.settle("delta")
    check(lab, KARI, "manager", OLA)
    nothing_is_held(lab, KARI, OLA)


def test_when_the_manager_leaves_the_cloud_the_reference_is_taken_back_and_held() -> None:
    lab = company(user("Kari", 1, manager=(OLA,)), user("Ola", 2))
    lab.directories["contoso"].set(OLA, "sAMAccountName", ())
    lab.settle("delta")
    kari = lab.linked("entra", KARI)
    assert kari is not None and kari.image is not None and "manager" not in kari.image.references
    assert [h.attribute for h in lab.store.held_by(lab.mvo("contoso", KARI).id)] == ["manager"]
    assert lab.pending() == {}


def test_when_the_manager_leaves_the_scope_the_reference_is_held_on_the_way_in() -> None:
    lab = company(user("Kari", 1, manager=(OLA,)), user("Ola", 2))
    contoso = lab.directories["contoso"]
    anchor = contoso.find(OLA)
    assert anchor is not None
    moved = contoso.entries[anchor]
    contoso.put(anchor, MemoryEntry("CN=Ola,OU=Away,DC=contoso,DC=test", "user", moved.attributes))
    lab.settle("delta")
    assert "manager" not in lab.mvo("contoso", KARI).references
    (held,) = lab.store.held_by(lab.must("contoso", KARI).id)
    target = lab.store.cs(held.target)
    assert target is not None and target.kind == "placeholder"
    contoso.put(anchor, moved)
    lab.settle("delta")
    check(lab, KARI, "manager", OLA)
    nothing_is_held(lab, KARI, OLA)


def test_members_added_and_removed_flow_as_a_difference() -> None:
    lab = company(user("Kari", 1), user("Ola", 2), user("Per", 3), group("Staff", 4, member=(KARI, OLA)))
    refer(lab.directories["contoso"], STAFF, "member", OLA, dn("Per"))
    lab.cycle("delta", export=False)
    staff = lab.linked("entra", STAFF)
    assert staff is not None and staff.unapplied is not None
    kari, per = lab.linked("entra", KARI), lab.linked("entra", dn("Per"))
    assert kari is not None and per is not None
    shift = staff.unapplied.references["member"]
    assert (set(shift.added), set(shift.removed)) == ({per.id}, {kari.id})
    assert not staff.unapplied.attributes
    lab.settle("delta")
    check(lab, STAFF, "member", OLA, dn("Per"))


def test_a_group_without_members_any_more_has_none_in_the_cloud() -> None:
    lab = company(user("Kari", 1), group("Staff", 2, member=(KARI,)))
    refer(lab.directories["contoso"], STAFF, "member")
    lab.settle("delta")
    check(lab, STAFF, "member")
    assert lab.pending() == {}


def test_a_deleted_member_goes_from_the_group_everywhere() -> None:
    lab = company(user("Kari", 1), user("Ola", 2), group("Staff", 3, member=(KARI, OLA)))
    lab.directories["contoso"].remove(KARI)
    lab.settle("delta")
    staff = lab.linked("entra", STAFF)
    ola = lab.linked("entra", OLA)
    assert staff is not None and staff.image is not None and ola is not None
    assert set(staff.image.references["member"]) == {ola.id}
    assert staff.unapplied is None and lab.pending() == {}
    assert set(lab.mvo("contoso", STAFF).references["member"].targets) == {lab.mvo("contoso", OLA).id}
    nothing_is_held(lab, STAFF, OLA)


def test_a_group_may_be_a_member_of_a_group_and_of_itself() -> None:
    lab = company(
        user("Kari", 1),
        group("Staff", 2, member=(KARI, TEAM, STAFF)),
        group("Team", 3, member=(STAFF,)),
    )
    check(lab, STAFF, "member", KARI, TEAM, STAFF)
    check(lab, TEAM, "member", STAFF)
    assert lab.pending() == {}


def test_managers_in_a_ring_all_reach_the_cloud_in_one_cycle() -> None:
    names = ["A", "B", "C"]
    lab = Lab()
    for number, name in enumerate(names):
        lab.directories["contoso"].add(user(name, number + 1, manager=(dn(names[(number + 1) % 3]),)))
    lab.cycle()
    for number, name in enumerate(names):
        check(lab, dn(name), "manager", dn(names[(number + 1) % 3]))
    lab.settle()
    assert lab.pending() == {}


def test_a_reference_reaches_from_a_forest_to_a_person_of_both() -> None:
    """Kari's manager is Ola of contoso, who is the same person as Ola of fabrikam."""
    lab = Lab()
    lab.directories["contoso"].add(user("Kari", 1, manager=(OLA,)))
    lab.directories["contoso"].add(user("Ola", 2))
    lab.directories["fabrikam"].add(user("Ola", 2, forest="fabrikam"))
    lab.settle()
    check(lab, KARI, "manager", OLA)
    lab.directories["contoso"].remove(OLA)
    lab.settle("delta")
    assert "manager" not in lab.mvo("contoso", KARI).references
    assert lab.linked("entra", dn("Ola", "fabrikam"), "fabrikam") is not None


def test_a_rename_of_a_member_changes_no_membership() -> None:
    lab = company(user("Kari", 1), group("Staff", 2, member=(KARI,)))
    contoso = lab.directories["contoso"]
    anchor = contoso.find(KARI)
    assert anchor is not None
    here = contoso.entries[anchor]
    contoso.put(anchor, MemoryEntry(dn("Kari N"), "user", here.attributes))
    refer(contoso, STAFF, "member", dn("Kari N"))
    lab.cycle("delta", export=False)
    assert lab.pending() == {}
    check(lab, STAFF, "member", dn("Kari N"))


def test_a_large_group_that_loses_one_member_stages_one_value() -> None:
    people = [user(f"P{n}", n) for n in range(1, 60)]
    lab = company(*people, group("Staff", 99, member=tuple(p.dn for p in people)))
    refer(lab.directories["contoso"], STAFF, "member", *(p.dn for p in people[1:]))
    lab.cycle("delta", export=False)
    staff = lab.linked("entra", STAFF)
    assert staff is not None and staff.unapplied is not None
    shift = staff.unapplied.references["member"]
    assert (len(shift.added), len(shift.removed)) == (0, 1)
