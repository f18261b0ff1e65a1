"""The default rules at work: what the features make of objects, over whole cycles in memory."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from attrflow.app.library import default_rules
from attrflow.connectors.memory import MemoryEntry
from attrflow.rules.features import ALL_APPS, COMPLETE, Features

from .lab import CONTOSO_ID, ENTRA_ID, FABRIKAM_ID, Lab
from .lab_entries import contact, dn, group, user

CONNECTORS = (("contoso", CONTOSO_ID, "ad"), ("fabrikam", FABRIKAM_ID, "ad"), ("entra", ENTRA_ID, "entra"))
GUID = "mS-DS-ConsistencyGuid"
KARI = dn("Kari Nordmann")


def lab(features: Features, *, graph: bool = False) -> Lab:
    return Lab(default_rules(CONNECTORS, features, graph=("entra",) if graph else ()))


def entry_of(made: Lab, name: str, connector: str = "contoso") -> MemoryEntry:
    (found,) = (e for e in made.directories[connector].entries.values() if e.dn == name)
    return found


def test_the_complete_set_says_the_same_to_the_cloud_as_the_compact_one() -> None:
    clouds = []
    for features in (Features(), replace(COMPLETE, hybrid_exchange=False, devices=False), Features(apps=ALL_APPS)):
        made = lab(features)
        kari = user("Kari Nordmann", 1, mail=("kari@contoso.test",), mailNickname=("kari",), telephoneNumber=(" 1 ",))
        made.directories["contoso"].add(kari)
        made.directories["contoso"].add(group("Sales", 9, member=(KARI,)))
        made.directories["contoso"].add(contact("Partner", 5, mail=("p@partner.test",)))
        made.settle()
        found = [made.cloud(name) for name in (KARI, dn("Sales"), dn("Partner"))]
        clouds.append([(e.attributes, e.references) if e is not None else None for e in found])
        assert made.pending() == {}
    assert None not in clouds[0]
    assert clouds[0] == clouds[1] == clouds[2]


def test_the_anchor_is_written_back_in_the_cycle_that_makes_the_user() -> None:
    made = lab(Features(anchor=GUID))
    made.directories["contoso"].add(user("Kari Nordmann", 1))
    made.directories["contoso"].add(user("Moved Here", 2, mS__DS__ConsistencyGuid=(b"\7" * 16,)))
    made.cycle()
    made.run("contoso", "export")
    assert entry_of(made, KARI).attributes[GUID] == (entry_of(made, KARI).attributes["objectGUID"][0],)
    assert made.mv_of("contoso", dn("Moved Here"))["sourceAnchor"] == (base64.b64encode(b"\7" * 16).decode(),)
    made.cycle()
    assert (made.pending("contoso"), made.pending("entra")) == ({}, {})


def test_another_sign_in_name() -> None:
    made = lab(Features(upn_attribute="mail"))
    made.directories["contoso"].add(user("Kari Nordmann", 1, mail=("kari@contoso.test",)))
    made.settle()
    cloud = made.cloud(KARI)
    assert cloud is not None
    assert cloud.attributes["userPrincipalName"] == ("kari@contoso.test",)
    assert cloud.attributes["onPremisesUserPrincipalName"] == ("kari.nordmann@contoso.test",)


def test_only_direct_members_of_the_group_come_in() -> None:
    made = lab(Features(group_filter={"contoso": dn("Pilots")}))
    made.directories["contoso"].add(user("Kari Nordmann", 1))
    made.directories["contoso"].add(user("Ola Hansen", 2))
    made.directories["contoso"].add(group("Pilots", 9, member=(KARI,)))
    made.directories["fabrikam"].add(user("Eva Dahl", 3, forest="fabrikam"))
    made.settle()
    linked = {
        name: made.must("contoso", dn(name)).link is not None for name in ("Kari Nordmann", "Ola Hansen", "Pilots")
    }
    assert linked == {"Kari Nordmann": True, "Ola Hansen": False, "Pilots": False}
    assert made.must("fabrikam", dn("Eva Dahl", "fabrikam")).link is not None


@pytest.mark.parametrize("join", ["mail", "employeeID"])
def test_users_of_two_forests_are_matched_by_what_was_chosen(join: str) -> None:
    made = lab(Features(join=join))
    kari, same = user("Kari Nordmann", 1), user("Kari N", 2, forest="fabrikam")
    made.directories["contoso"].add(replace(kari, attributes={**kari.attributes, join: ("k@x.test",)}))
    made.directories["fabrikam"].add(replace(same, attributes={**same.attributes, join: ("K@x.test",)}))
    made.settle()
    one, other = made.must("contoso", KARI).link, made.must("fabrikam", dn("Kari N", "fabrikam")).link
    assert one is not None
    assert other is not None
    assert one.mv_id == other.mv_id


def test_over_graph_the_first_synchronization_stages_no_add_for_a_group_that_is_there() -> None:
    """AD is synchronized before Entra, so that the outbound rules must find the group by the same criteria."""
    made = lab(Features(), graph=True)
    sales = group("Sales", 9)
    made.directories["contoso"].add(sales)
    sid = sales.attributes["objectSid"]
    there = {"displayName": ("Sales",), "onPremiseSecurityIdentifier": sid, "cloudAnchor": ("Group_1",)}
    made.directories["entra"].add(MemoryEntry("CN={Group_1}", "group", {**there, "cloudMastered": (False,)}, {}))
    made.run("entra", "full-import")
    made.run("contoso", "full-import", "full-sync")
    linked = made.linked("entra", dn("Sales"))
    assert linked is not None
    assert linked.dn == "CN={Group_1}"
    assert "add" not in made.pending()
