"""Whole cycles in memory: what comes to rest, what a lost store costs, and that delta sync equals full sync."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.engine.lab import Lab
from tests.unit.engine.lab_entries import contact, dn, group, refer, rename, user

from attrflow.connectors.memory import MemoryEntry
from attrflow.model.connector_space import CSObject
from attrflow.model.metaverse import MVObject
from attrflow.ports.store import Store
from attrflow.stores.sqlite import open_sqlite

KARI, OLA, STAFF, PARTNER = dn("Kari"), dn("Ola"), dn("Staff"), dn("Partner")


def company(store: Store | None = None) -> Lab:
    """A manager, a report, a group with both, and a contact."""
    lab = Lab(store=store)
    ad = lab.directories["contoso"]
    ad.add(user("Kari", 1, manager=(OLA,), telephoneNumber=(" 22 00 ",)))
    ad.add(user("Ola", 2))
    ad.add(group("Staff", 3, member=(KARI, OLA)))
    ad.add(contact("Partner", 4))
    return lab


def snapshot(lab: Lab) -> dict[str, object]:
    """The metaverse and the cloud by names, without ids and runs."""
    names = {
        i: min(f"{c.connector}:{c.dn}" for c in map(lab.store.cs, lab.store.linked(i)) if c is not None)
        for i in (mvo.id for mvo in lab.store.find_mv("", limit=1000))
    }

    def space(cs_id: int) -> str:
        cso = lab.store.cs(cs_id)
        assert cso is not None, f"something refers to #{cs_id}, which is gone"
        return f"{cso.connector}:{cso.dn}"

    def shown(mvo: MVObject) -> object:
        values = {n: sorted(map(repr, a.values)) for n, a in mvo.attributes.items()}
        origins = {n: a.provenance.origin for n, a in mvo.attributes.items()}
        targets = {n: sorted(names[t] for t in r.targets) for n, r in mvo.references.items()}
        return mvo.object_type, values, origins, targets

    def pending(cso: CSObject) -> object:
        delta = cso.unapplied
        if delta is None:
            return None
        shifts = {n: (sorted(map(space, s.added)), sorted(map(space, s.removed))) for n, s in delta.references.items()}
        return delta.operation, dict(sorted(delta.attributes.items())), shifts

    metaverse = {names[mvo.id]: shown(mvo) for mvo in lab.store.find_mv("", limit=1000)}
    exports = {f"{c.connector}:{c.dn}": pending(c) for c in _all_cs(lab) if c.unapplied is not None}
    links = {f"{c.connector}:{c.dn}": names[c.link.mv_id] for c in _all_cs(lab) if c.link is not None}
    rules = {f"{c.connector}:{c.dn}": c.applied_rules for c in _all_cs(lab)}
    return {"metaverse": metaverse, "exports": exports, "links": links, "rules": rules}


def _all_cs(lab: Lab) -> list[CSObject]:
    found = [lab.store.cs(i) for name in lab.configurations for i in lab.store.cs_ids(name, limit=10_000)]
    return [cso for cso in found if cso is not None]


def cloud(lab: Lab) -> dict[str, MemoryEntry]:
    """The tenant's entries by DN."""
    return {e.dn: e for e in lab.directories["entra"].entries.values()}


def test_a_cycle_brings_everything_in_scope_to_the_cloud_with_its_references() -> None:
    lab = company()
    lab.cycle()
    kari, ola, staff = lab.cloud(KARI), lab.cloud(OLA), lab.cloud(STAFF)
    assert kari is not None and ola is not None and staff is not None
    assert kari.attributes["telephoneNumber"] == ("22 00",)
    assert kari.references["manager"] == (ola.dn,)
    assert set(staff.references["member"]) == {kari.dn, ola.dn}
    partner = lab.cloud(PARTNER)
    assert partner is not None and partner.object_type == "contact"


@pytest.mark.parametrize("kind", ["full", "delta"])
def test_the_cycle_after_the_confirming_one_changes_nothing_and_exports_nothing(kind: str) -> None:
    lab = company()
    lab.settle()
    before, there = snapshot(lab), cloud(lab)
    results = lab.cycle(kind)
    assert lab.pending() == {}
    assert lab.counters(results["entra export"]) == {}
    assert snapshot(lab) == before
    assert cloud(lab) == there
    for name, result in results.items():
        assert result.record.result == "success", name
        flowing = {c for c in lab.counters(result) if c.endswith("-flow") and not c.endswith("no-flow")}
        assert not flowing, (name, flowing)


def test_a_confirming_import_leaves_no_layer_above_the_image() -> None:
    lab = company()
    lab.settle()
    for cso in _all_cs(lab):
        assert (cso.pending_import, cso.unconfirmed, cso.escrowed, cso.unapplied) == (None, None, None, None), cso.dn
        assert cso.import_error is None and cso.export_error is None


def test_a_lost_store_is_rebuilt_by_importing_again_without_a_single_export() -> None:
    lab = company()
    lab.settle()
    before, there = snapshot(lab), cloud(lab)
    lab.forget()
    lab.cycle(export=False)
    assert lab.pending() == {}
    assert snapshot(lab)["links"] == before["links"]
    assert snapshot(lab)["metaverse"] == before["metaverse"]
    assert cloud(lab) == there


def test_after_a_lost_store_a_deletion_on_premises_still_stages_the_delete_in_the_cloud() -> None:
    lab = company()
    lab.settle()
    lab.forget()
    lab.cycle()
    lab.directories["contoso"].remove(KARI)
    lab.cycle("delta", export=False)
    assert lab.pending()["delete"] == 1


def test_without_the_sync_of_entra_first_a_lost_store_still_exports_nothing() -> None:
    lab = company()
    lab.settle()
    lab.forget()
    for name in lab.configurations:
        lab.run(name, "full-import")
    lab.run("contoso", "full-sync")
    assert lab.pending() == {}, "the outbound join found the cloud's objects"


def test_a_deletion_goes_through_the_cloud_and_out_of_the_store() -> None:
    lab = company()
    lab.settle()
    there = cloud(lab)
    lab.directories["contoso"].remove(KARI)
    refer(lab.directories["contoso"], STAFF, "member", OLA)
    lab.settle("delta")
    assert len(cloud(lab)) == len(there) - 1
    assert lab.pending() == {}
    assert not [c for c in _all_cs(lab) if "Kari" in c.dn]
    assert len(_all_cs(lab)) == 6


def test_a_value_that_names_nothing_any_more_is_taken_out_of_the_cloud_and_its_placeholder_goes() -> None:
    """The directory in memory keeps references to deleted entries, as no real one does: placeholders come of them."""
    lab = company()
    lab.settle()
    lab.directories["contoso"].remove(KARI)
    refer(lab.directories["contoso"], STAFF, "member", OLA)
    lab.settle("full")
    lab.settle("full")
    staff, ola = lab.cloud(STAFF), lab.cloud(OLA)
    assert staff is not None and ola is not None
    assert staff.references["member"] == (ola.dn,)
    assert dict(lab.store.counts()).get("cs:entra:placeholder") is None
    assert lab.pending() == {}


def edit(lab: Lab, dice: random.Random, serial: int) -> None:
    """One random change of one directory."""
    name = dice.choice(["contoso", "contoso", "fabrikam", "entra"])
    directory = lab.directories[name]
    anchors = sorted(directory.entries)
    kind = dice.choice(["set", "set", "clear", "manager", "member", "add", "remove", "rename", "filter", "sid"])
    if name == "entra":
        if anchors:
            anchor = dice.choice(anchors)
            here = directory.entries[anchor]
            if kind == "remove":
                directory.remove(here.dn)
            else:
                directory.put(anchor, replace(here, attributes={**here.attributes, "department": (str(serial),)}))
        return
    people = [directory.entries[a] for a in anchors if directory.entries[a].object_type == "user"]
    if kind == "add" or not people:
        serial = serial * 100 + directory.position
        directory.add(user(f"New{serial}", serial, forest=name, department=(f"d{serial}",)))
        return
    here = dice.choice(people)
    dns = [e.dn for e in directory.entries.values()]
    if kind == "set":
        directory.set(here.dn, dice.choice(["department", "title", "mail", "telephoneNumber"]), (f"v{serial % 5}",))
    elif kind == "clear":
        directory.set(here.dn, dice.choice(["department", "title", "sAMAccountName"]), ())
    elif kind == "manager":
        refer(directory, here.dn, "manager", dice.choice(dns))
    elif kind == "member":
        groups = [e.dn for e in directory.entries.values() if e.object_type == "group"]
        if groups:
            refer(directory, dice.choice(groups), "member", *dice.sample(dns, dice.randint(0, len(dns))))
    elif kind == "remove":
        directory.remove(here.dn)
        for other in list(directory.entries.values()):
            for attribute, targets in other.references.items():
                if here.dn in targets:
                    refer(directory, other.dn, attribute, *(t for t in targets if t != here.dn))
    elif kind == "rename":
        rename(directory, here.dn, dn(f"Moved{serial}.{directory.position}", name))
    elif kind == "filter":
        directory.set(here.dn, "adminDescription", dice.choice([(), ("User_filtered",)]))
    elif kind == "sid":
        forest = "fabrikam" if name == "contoso" else "contoso"
        sids = [
            e.attributes["objectSid"] for e in lab.directories[forest].entries.values() if "objectSid" in e.attributes
        ]
        if sids:
            directory.set(here.dn, "msExchMasterAccountSid", dice.choice(sids))


@pytest.mark.parametrize("seed", range(6))
def test_after_any_edits_a_full_sync_finds_nothing_that_delta_syncs_left_undone(seed: int) -> None:
    check_delta_equals_full(company(), seed)


def test_the_same_on_a_store_that_keeps_things(tmp_path: Path) -> None:
    """The memory hands the same objects back; a file hands back what was written."""
    store = open_sqlite(tmp_path / "store.sqlite")
    try:
        check_delta_equals_full(company(store), seed=6)
    finally:
        store.close()


def check_delta_equals_full(lab: Lab, seed: int) -> None:
    """Edit and run delta cycles at random, then compare with a full sync of everything."""
    lab.directories["fabrikam"].add(user("Kari", 1, forest="fabrikam", mobile=("900",)))
    lab.settle()
    dice = random.Random(seed)  # noqa: S311 - repeatable on purpose
    for serial in range(100, 112):
        for _ in range(dice.randint(1, 3)):
            edit(lab, dice, serial * 100 + len(lab.directories["contoso"].entries))
        lab.cycle("delta", export=dice.random() < 0.7)
    lab.cycle("delta", export=False)
    by_delta = snapshot(lab)
    for name in lab.configurations:
        lab.run(name, "full-sync")
    assert snapshot(lab) == by_delta
