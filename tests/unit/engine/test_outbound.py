"""Outbound synchronization: provision, deprovision, join and rename."""

from __future__ import annotations

import pytest

from attrflow.connectors.memory import MemoryEntry
from attrflow.model.delta import AttributeDelta, Delta
from attrflow.model.references import ReferenceDelta
from attrflow.rules.rule import AttributeMapping, Rule

from .lab import Lab
from .lab_entries import contact, dn, group, user
from .lab_rules import constant, expression, flow, rule
from .outbound_lab import KARI, OLA, cloud_name, filtered, plain, settled, write, writing

# -- provisioning and deprovisioning --------------------------------------------------------------


def test_a_new_person_in_scope_is_provisioned_with_everything_that_flows() -> None:
    lab = Lab()
    lab.directories["contoso"].add(user("Kari", 1, title=("x",)))
    result = lab.cycle(export=False)["contoso sync"]
    assert lab.counters(result) == {"disconnector-projected-flow": 1, "entra:provisioned-add-flow": 1}
    kari = lab.linked("entra", KARI)
    assert kari is not None and kari.unapplied is not None
    assert kari.unapplied.operation == "add"
    assert kari.unapplied.attributes["title"] == AttributeDelta("add", ("x",))
    assert any(text.startswith("outbound/provision") for text in kari.applied_rules)


def test_who_becomes_filtered_later_is_deleted_in_the_cloud() -> None:
    lab = settled(user("Kari", 1))
    name = cloud_name(lab)
    filtered(lab)
    lab.cycle("delta", export=False)
    gone = lab.must("entra", name)
    assert gone.unapplied == Delta("delete") and gone.link is None
    assert gone.disconnection is not None and gone.disconnection.cause == "provisioning-rule-out-of-scope"
    assert lab.must("contoso", KARI).link is not None, "the person stays"
    lab.settle("delta")
    assert lab.directories["entra"].entries == {}
    assert lab.cs("entra", name) is None


def test_who_was_filtered_from_the_first_sync_keeps_the_cloud_object_that_was_there() -> None:
    lab = settled(user("Kari", 1))
    name = cloud_name(lab)
    lab.forget()
    filtered(lab)
    lab.directories["entra"].set(name, "cloudMastered", (False,))
    lab.cycle()
    lab.cycle()
    kept = lab.must("entra", name)
    assert kept.link is not None and kept.unapplied is None
    assert not any(text.startswith("outbound/") for text in kept.applied_rules)
    lab.directories["contoso"].remove(KARI)
    lab.cycle("delta")
    kept = lab.must("entra", name)
    assert kept.link is None and kept.unapplied is None
    assert len(lab.directories["entra"].entries) == 1


def test_the_end_of_a_person_deletes_the_cloud_object_only_where_a_provision_rule_was_applied() -> None:
    joining = rule(
        "joins", 20, flow("title", "title"), direction="outbound", connector="entra", join=["employeeID = employeeID"]
    )
    projecting = rule("projects", 1, flow("employeeID", "employeeID"), flow("title", "title"), link="provision")
    lab = Lab([projecting, joining])
    lab.directories["contoso"].add(user("Kari", 1, employeeID=("7",), title=("x",)))
    lab.directories["entra"].add(MemoryEntry("CN={User_1}", "user", {"employeeID": ("7",)}))
    lab.settle()
    assert next(iter(lab.directories["entra"].entries.values())).attributes["title"] == ("x",)
    lab.directories["contoso"].remove(KARI)
    lab.cycle("delta")
    kept = lab.must("entra", "CN={User_1}")
    assert kept.link is None and kept.unapplied is None
    assert next(iter(lab.directories["entra"].entries.values())).attributes["title"] == ("x",)


def test_what_was_never_exported_just_goes() -> None:
    for leave in (filtered, lambda lab: lab.directories["contoso"].remove(KARI)):
        lab = Lab()
        lab.directories["contoso"].add(user("Kari", 1))
        lab.cycle(export=False)
        leave(lab)
        result = lab.cycle("delta", export=False)["contoso sync"]
        assert lab.pending() == {}
        assert lab.counters(result)["entra:provisioned-disconnect"] == 1
        assert not lab.store.cs_ids("entra")


def test_a_pending_change_of_a_link_that_ends_is_not_written_any_more() -> None:
    joining = rule(
        "joins", 20, flow("title", "title"), direction="outbound", connector="entra", join=["employeeID = employeeID"]
    )
    lab = Lab(
        [rule("projects", 1, flow("employeeID", "employeeID"), flow("title", "title"), link="provision"), joining]
    )
    lab.directories["contoso"].add(user("Kari", 1, employeeID=("7",), title=("x",)))
    lab.directories["entra"].add(MemoryEntry("CN={User_1}", "user", {"employeeID": ("7",)}))
    lab.cycle(export=False)
    assert lab.pending() == {"update": 1}
    lab.directories["contoso"].remove(KARI)
    lab.cycle("delta", export=False)
    assert lab.pending() == {}


@pytest.mark.parametrize("exported", [True, False])
def test_a_contact_that_becomes_a_user_is_deleted_and_added(exported: bool) -> None:
    lab = Lab()
    lab.directories["contoso"].add(contact("Kari", 1))
    if exported:
        lab.settle()
    else:
        lab.cycle(export=False)
    anchor = lab.directories["contoso"].find(KARI)
    assert anchor is not None
    lab.directories["contoso"].put(anchor, user("Kari", 1))
    lab.cycle("delta", export=False)
    assert lab.pending() == {"delete-add" if exported else "add": 1}
    lab.cycle("delta")
    lab.cycle("delta")
    (entry,) = lab.directories["entra"].entries.values()
    assert entry.object_type == "user"
    assert lab.pending() == {}
    kari = lab.linked("entra", KARI)
    assert kari is not None and kari.object_type == "user" and kari.unconfirmed is None


def test_a_change_of_source_object_type_promotes_the_same_person_from_contact_to_user() -> None:
    def promoting(kind: str) -> list[Rule]:
        common: list[AttributeMapping] = [
            flow("accountName", "sAMAccountName"),
            flow("sourceObjectType", "employeeType"),
        ]
        named = expression("dn", '"CN={" & [accountName] & "}"')
        outbound = [
            rule(
                f"out {target}",
                20 + number,
                named,
                flow("displayName", "accountName"),
                direction="outbound",
                connector="entra",
                target=target,
                link="provision",
                scope=[f"sourceObjectType EQUAL {target}"],
            )
            for number, target in enumerate(("user", "contact"))
        ]
        return [rule("projects", 1, *common, link="provision"), *outbound]

    lab = Lab(promoting("x"))
    lab.directories["contoso"].add(user("Kari", 1, employeeType=("contact",)))
    lab.settle()
    mv_id = lab.mvo("contoso", KARI).id
    lab.directories["contoso"].set(KARI, "employeeType", ("user",))
    lab.cycle("delta", export=False)
    assert lab.pending() == {"delete-add": 1}
    lab.cycle("delta")
    lab.cycle("delta")
    (entry,) = lab.directories["entra"].entries.values()
    assert (entry.object_type, entry.attributes) == ("user", {"displayName": ("kari",)})
    assert lab.mvo("contoso", KARI).id == mv_id and lab.pending() == {}


def test_who_is_in_scope_again_before_the_delete_is_exported_is_a_delete_add() -> None:
    lab = settled(user("Kari", 1))
    filtered(lab)
    lab.cycle("delta", export=False)
    lab.directories["contoso"].set(KARI, "sAMAccountName", ("kari",))
    lab.cycle("delta", export=False)
    assert lab.pending() == {"delete-add": 1}


def test_who_is_in_scope_again_after_the_delete_was_exported_is_added_anew() -> None:
    """Also before an import has confirmed the delete."""
    lab = settled(user("Kari", 1))
    filtered(lab)
    lab.run("contoso", "delta-import", "delta-sync")
    lab.run("entra", "export")
    lab.directories["contoso"].set(KARI, "sAMAccountName", ("kari",))
    lab.run("contoso", "delta-import", "delta-sync")
    assert lab.pending() == {"add": 1}
    lab.run("entra", "export")
    lab.settle("delta")
    assert lab.cloud(KARI) is not None and lab.pending() == {}


def test_what_is_added_anew_after_its_delete_was_exported_is_in_no_list_of_members_yet() -> None:
    """The directory took the members out with the object that was there, and no import tells so of the group."""
    lab = Lab()
    lab.directories["contoso"].add(user("Kari", 1))
    lab.directories["contoso"].add(group("Staff", 2, member=(KARI,)))
    lab.settle()
    filtered(lab)
    lab.run("contoso", "delta-import", "delta-sync")
    lab.run("entra", "export")
    lab.directories["contoso"].set(KARI, "sAMAccountName", ("kari",))
    lab.run("contoso", "delta-import", "delta-sync")
    staff, kari = lab.linked("entra", dn("Staff")), lab.linked("entra", KARI)
    assert staff is not None and staff.image is not None and kari is not None
    assert staff.image.references == {} and staff.unconfirmed is None
    assert staff.unapplied == Delta("update", references={"member": ReferenceDelta(added=frozenset({kari.id}))})


def test_a_clone_of_a_disabled_provision_rule_takes_over_without_a_delete() -> None:
    def rules(first: bool) -> list[Rule]:
        mappings = (flow("displayName", "accountName"), expression("dn", '"CN={" & [accountName] & "}"'))
        return [
            rule("projects", 1, flow("accountName", "sAMAccountName"), link="provision"),
            *(
                rule(name, n, *mappings, direction="outbound", connector="entra", link="provision", disabled=off)
                for name, n, off in (("default", 20, not first), ("clone", 19, first))
            ),
        ]

    lab = Lab(rules(True))
    lab.directories["contoso"].add(user("Kari", 1))
    lab.settle()
    lab.use(rules(False))
    lab.cycle()
    assert lab.pending() == {} and len(lab.directories["entra"].entries) == 1


def test_when_the_last_outbound_rule_of_a_connector_is_disabled_what_it_provisioned_is_deleted() -> None:
    def rules(off: bool) -> list[Rule]:
        mappings = (flow("displayName", "accountName"), expression("dn", '"CN={" & [accountName] & "}"'))
        out = rule("out", 20, *mappings, direction="outbound", connector="entra", link="provision", disabled=off)
        return [rule("projects", 1, flow("accountName", "sAMAccountName"), link="provision"), out]

    lab = Lab(rules(False))
    lab.directories["contoso"].add(user("Kari", 1))
    lab.settle()
    lab.use(rules(True))
    lab.run("contoso", "delta-sync")
    assert lab.pending() == {}
    lab.run("contoso", "full-sync")
    assert lab.pending() == {"delete": 1}


def test_a_cloud_object_that_somebody_deleted_is_made_again() -> None:
    lab = settled(user("Kari", 1))
    lab.directories["entra"].remove(cloud_name(lab))
    lab.cycle("delta", export=False)
    assert lab.pending() == {"add": 1}


# -- joining --------------------------------------------------------------------------------------


def test_an_existing_cloud_object_with_the_source_anchor_is_joined_and_not_made_twice() -> None:
    lab = Lab()
    lab.directories["contoso"].add(user("Kari", 1, title=("x",)))
    lab.directories["entra"].add(MemoryEntry("CN={User_1}", "user", {"sourceAnchor": ("AAAAAAAAAAAAAAAAAAAAAQ==",)}))
    lab.cycle(export=False)
    kari = lab.linked("entra", KARI)
    assert kari is not None and kari.anchor == "User_-1" and kari.link is not None
    assert kari.link.origin == "join-rules"
    assert lab.pending() == {"update": 1}
    lab.settle()
    assert len(lab.directories["entra"].entries) == 1
    lab.directories["contoso"].remove(KARI)
    lab.cycle("delta", export=False)
    assert lab.pending() == {"delete": 1}, "the Provision rule was applied, whoever made the link"


def test_an_object_that_stands_at_the_computed_name_is_joined() -> None:
    lab = Lab(writing(flow("title", "title")), plain="plain")
    lab.directories["contoso"].add(user("Kari", 1, title=("x",)))
    lab.directories["plain"].add(MemoryEntry(plain("KARI"), "user", {"title": ("old",)}))
    write(lab, "full")
    (entry,) = lab.directories["plain"].entries.values()
    assert entry.attributes["title"] == ("x",)


def test_a_computed_name_that_another_linked_object_holds_is_an_error_of_that_object() -> None:
    lab = Lab(writing(), plain="plain")
    lab.directories["contoso"].add(user("Kari", 1))
    lab.directories["contoso"].add(user("Ola", 2, sAMAccountName=("kari",)))
    results = lab.cycle(export=False)
    assert lab.counters(results["contoso sync"])["flow-failure"] == 1
    error = lab.must("contoso", OLA).import_error
    assert error is not None and "linked already" in error.detail


def test_a_computed_name_that_an_object_of_another_type_holds_is_an_error_of_that_object() -> None:
    lab = Lab(writing(), plain="plain")
    lab.directories["plain"].add(MemoryEntry(plain("kari"), "contact", {}))
    lab.directories["contoso"].add(user("Kari", 1))
    lab.run("plain", "full-import")
    result = lab.run("contoso", "full-import", "full-sync")
    assert lab.counters(result) == {"flow-failure": 1}
    error = lab.must("contoso", KARI).import_error
    assert error is not None and "contact" in error.detail


def test_a_computed_name_outside_every_partition_is_an_error_of_that_object() -> None:
    wrong = [rule("projects", 1, flow("accountName", "sAMAccountName"), link="provision")]
    out = rule(
        "writes", 20, constant("dn", "CN=x,DC=nowhere"), direction="outbound", connector="plain", link="provision"
    )
    lab = Lab([*wrong, out], plain="plain")
    lab.directories["contoso"].add(user("Kari", 1))
    lab.cycle(export=False)
    error = lab.must("contoso", KARI).import_error
    assert error is not None and error.type == "missing-partition-for-run-step"


def test_a_provision_rule_without_a_name_for_what_it_makes_is_an_error() -> None:
    out = rule("writes", 20, flow("title", "title"), direction="outbound", connector="plain", link="provision")
    lab = Lab([rule("projects", 1, flow("title", "title"), link="provision"), out], plain="plain")
    lab.directories["contoso"].add(user("Kari", 1))
    lab.cycle(export=False)
    error = lab.must("contoso", KARI).import_error
    assert error is not None and "no rule in scope flows its dn" in error.detail


def test_a_computed_name_that_changes_is_a_rename() -> None:
    lab = Lab(writing(flow("title", "title")), plain="plain")
    lab.directories["contoso"].add(user("Kari", 1))
    write(lab, "full")
    write(lab)
    anchor = lab.must("plain", plain("kari")).anchor
    lab.directories["contoso"].set(KARI, "sAMAccountName", ("kari.n",))
    lab.cycle("delta", export=False)
    pending = lab.must("plain", plain("kari")).unapplied
    assert pending == Delta("update", new_dn=plain("kari.n"))
    result = lab.run("plain", "export")
    assert lab.counters(result) == {"export-rename": 1}
    assert lab.must("plain", plain("kari.n")).anchor == anchor
    write(lab)
    write(lab)
    assert lab.pending("plain") == {} and lab.must("plain", plain("kari.n")).unconfirmed is None
    assert [e.dn for e in lab.directories["plain"].entries.values()] == [plain("kari.n")]


def test_a_rename_onto_a_name_that_only_references_know_takes_them_over() -> None:
    lab = Lab(writing(flow("title", "title")), plain="plain")
    lab.use([*writing(flow("title", "title")), rule("reads", 5, flow("manager", "manager"), connector="plain")])
    lab.directories["contoso"].add(user("Kari", 1))
    write(lab, "full")
    lab.directories["plain"].add(MemoryEntry(plain("other"), "user", {}, {"manager": (plain("kari.n"),)}))
    write(lab)
    assert lab.must("plain", plain("kari.n")).kind == "placeholder"
    lab.directories["contoso"].set(KARI, "sAMAccountName", ("kari.n",))
    write(lab)
    kari, other = lab.must("plain", plain("kari.n")), lab.must("plain", plain("other"))
    assert kari.kind == "staging" and other.image is not None
    assert set(other.image.references["manager"]) == {kari.id}
