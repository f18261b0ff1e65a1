"""The trace: seven hops, every candidate with its status word, and findings where facts and rules disagree."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.engine.lab import Lab
from tests.unit.engine.lab_entries import dn, group, user
from tests.unit.engine.lab_rules import expression, flow, rule
from tests.unit.explain.office import HIDDEN, LEAVERS, asked, office, rules, settled, traced

from attrflow.events import STATUS_WORDS
from attrflow.explain.documents import as_data
from attrflow.explain.hops import CloudHop, DirectoryHop, FlowHop, MetaverseHop, SpaceHop, Trace
from attrflow.explain.text import plain
from attrflow.explain.text_flow import STATUS_STYLES
from attrflow.explain.text_trace import trace_lines
from attrflow.model.changes import ChangeSet
from attrflow.model.delta import AttributeDelta, Delta
from attrflow.model.references import ReferenceIds
from attrflow.stores.sqlite import open_sqlite


def rows(trace: Trace, direction: str = "inbound") -> dict[str, str | None]:
    """Status words by rule name."""
    return {
        row.rule.name: row.status
        for hop in trace.hops
        if isinstance(hop, FlowHop) and hop.direction == direction
        for row in hop.rows
    }


def texts(trace: Trace) -> list[str]:
    """The value at each hop that has one, in order."""
    found = []
    for hop in trace.hops:
        if isinstance(hop, DirectoryHop | SpaceHop):
            found += [v.text for a in hop.attributes for v in (a.value.values or ())]
        elif isinstance(hop, MetaverseHop | CloudHop):
            found += [v.text for v in hop.value.values]
    return found


def test_a_value_is_followed_through_all_seven_hops() -> None:
    trace = traced(settled(), "kari.nordmann@contoso.test", "telephonenumber")
    assert [hop.hop for hop in trace.hops] == [
        "directory", "connector-space", "flow", "metaverse", "flow", "connector-space", "cloud",
    ]  # fmt: skip
    assert texts(trace) == ["  +47 22 00 00 00 "] * 2 + ["+47 22 00 00 00"] * 3
    assert rows(trace)["In from AD - User Common"] == "applied-no-change"
    assert rows(trace)["In from AD - User Common from Exchange"] == "rule-out-of-scope"
    assert trace.outcome.word == "in-the-cloud"
    assert trace.way.asked == "telephoneNumber"
    assert trace.findings == ()


def test_the_metaverse_names_connector_rule_and_time() -> None:
    hop = next(h for h in traced(settled(), "Kari Nordmann", "title").hops if isinstance(h, MetaverseHop))
    assert (hop.connector, hop.rule.name if hop.rule else "") == ("contoso", "In from AD - User Common")
    assert hop.since is not None
    assert (hop.since.what, (hop.since.at or "")[:10]) == ("contoso full-sync", "2026-01-05")


def test_expressions_show_what_their_parts_gave() -> None:
    trace = traced(settled(), "Kari Nordmann", "telephoneNumber")
    row = next(r for h in trace.hops if isinstance(h, FlowHop) for r in h.rows if r.wins)
    assert [(n.text, n.value, n.depth) for n in row.nodes] == [
        ("Trim([telephoneNumber])", '"+47 22 00 00 00"', 0),
        ("[telephoneNumber]", '"  +47 22 00 00 00 "', 1),
    ]


def test_a_rule_out_of_scope_says_which_clause_saw_what() -> None:
    trace = traced(settled(), "Ola Hansen", HIDDEN)
    (row,) = next(h.rows for h in trace.hops if isinstance(h, FlowHop) and h.direction == "inbound")
    assert (row.status, row.detail) == ("rule-out-of-scope", "mailNickname ISNOTNULL (has: no value)")
    assert trace.outcome.word == "stopped"


def test_references_are_shown_by_name() -> None:
    trace = traced(settled(), "Ola Hansen", "manager")
    assert texts(trace) == [dn("Kari Nordmann")] * 2 + ["Kari Nordmann"] * 3
    assert trace.outcome.word == "in-the-cloud"


def test_a_held_reference_says_why() -> None:
    trace = traced(settled(), "Ingrid Berg", "manager")
    hop = next(h for h in trace.hops if isinstance(h, MetaverseHop))
    (held,) = hop.held
    assert held.target.text == f"CN=Tor Vik,{LEAVERS}"
    assert held.reason == "OU=Leavers is not among the selected containers (OU=People), so it is not imported"
    assert rows(trace)["In from AD - User Common"] == "reference-held"


def test_nobody_asked_is_said_so() -> None:
    trace = traced(settled(), "Kari Nordmann", "title", live=False)
    first, last = trace.hops[0], trace.hops[-1]
    assert isinstance(first, DirectoryHop)
    assert first.attributes[0].unread == "the directory was not asked"
    assert isinstance(last, CloudHop)
    assert last.unread == "the tenant was not asked"
    assert trace.outcome.word == "in-the-cloud"


def test_a_directory_that_cannot_be_reached_does_not_stop_the_trace() -> None:
    trace = traced(settled(), "Kari Nordmann", "title", "contoso", "entra")
    assert "nobody answers at contoso" in plain(trace_lines(trace))
    assert trace.outcome.word == "in-the-cloud"


@pytest.mark.parametrize(
    ("asked", "source", "metaverse", "target"),
    [
        ("sn", "sn", "sn", "surname"),
        ("SURNAME", "sn", "sn", "surname"),
        ("alias", "mailNickname", "mailNickname", "alias"),
        ("samaccountname", "sAMAccountName", "accountName", "onPremisesSamAccountName"),
        ("displayName", "displayName", "displayName", "displayName"),
        ("cloudFiltered", "dn", "cloudFiltered", None),
        ("employeeType", "employeeType", "employeeType", None),
        ("objectGUID", "objectGUID", "sourceAnchor", "sourceAnchor"),
        ("mystery", "mystery", None, None),
    ],
)
def test_the_way_is_found_by_any_of_its_names(
    asked: str, source: str, metaverse: str | None, target: str | None
) -> None:
    way = traced(settled(), "Kari Nordmann", asked).way
    assert (way.sources[0], way.metaverse) == (source, metaverse)
    assert next(iter(way.targets["entra"]), None) == target


def test_a_name_that_nearly_fits_is_told() -> None:
    trace = traced(settled(), "Kari Nordmann", "telefoneNumber")
    assert trace.way.near[0] == "telephoneNumber"
    assert any("telephoneNumber" in f.text for f in trace.findings)


# -- where facts and rules disagree ---------------------------------------------------------------


def codes(trace: Trace) -> list[str]:
    """The findings' codes."""
    return [finding.code for finding in trace.findings]


def test_a_directory_that_changed_since_the_last_import() -> None:
    lab = office()
    lab.directories["contoso"].set(dn("Kari Nordmann"), "title", ("Chief",))
    assert codes(traced(lab, "Kari Nordmann", "title")) == ["changed-since-import"]


def test_a_pending_import_shows_both_values_and_what_would_become() -> None:
    lab = office()
    lab.directories["contoso"].set(dn("Kari Nordmann"), "title", ("Chief",))
    lab.run("contoso", "delta-import")
    trace = traced(lab, "Kari Nordmann", "title")
    space = next(h for h in trace.hops if isinstance(h, SpaceHop))
    (attribute,) = space.attributes
    assert attribute.state == "import-pending"
    assert attribute.pending is not None
    assert (attribute.value.values[0].text, attribute.pending.values[0].text) == ("Boss", "Chief")
    assert codes(trace) == ["stored-and-evaluated-differ"]
    assert 'The metaverse holds "Boss"; the next synchronization makes it "Chief".' in trace.findings[0].text
    assert rows(trace)["In from AD - User Common"] == "applied-changed"


def test_rules_that_changed_are_named_as_the_reason() -> None:
    lab = office()
    lab.use(rules(rule("In from AD - loud", 60, expression("title", "UCase([title])"))))
    trace = traced(lab, "Kari Nordmann", "title")
    assert codes(trace) == ["stored-and-evaluated-differ"]
    assert "The rules changed since run" in trace.findings[0].text


def test_a_rule_that_is_gone_is_still_named() -> None:
    lab = office()
    lab.use(rules())
    trace = traced(lab, "Per Lund", "employeeType")
    hop = next(h for h in trace.hops if isinstance(h, MetaverseHop))
    assert hop.rule is not None
    assert (hop.rule.name, hop.rule.gone, hop.rule.precedence) == ("In from AD - employeeType", True, None)
    assert hop.would_be is not None
    assert hop.would_be.absent


def test_a_cloud_that_was_edited_by_hand() -> None:
    lab = office()
    entry = lab.cloud(dn("Kari Nordmann"))
    assert entry is not None
    lab.directories["entra"].set(entry.dn, "title", ("Other",))
    trace = traced(lab, "Kari Nordmann", "title")
    assert codes(trace) == ["cloud-differs"]
    assert trace.outcome.word == "unknown"


@pytest.mark.parametrize("layer", ["unconfirmed", "escrowed", "unapplied"])
def test_every_layer_of_an_export_has_its_word(layer: str) -> None:
    lab = office()
    cso = lab.linked("entra", dn("Kari Nordmann"))
    assert cso is not None
    delta = Delta("update", {"title": AttributeDelta("replace", ("Later",))})
    layers = {
        "unconfirmed": replace(cso, unconfirmed=delta),
        "escrowed": replace(cso, escrowed=delta),
        "unapplied": replace(cso, unapplied=delta),
    }
    lab.store.commit(ChangeSet({cso.id: layers[layer]}))
    hop = [h for h in traced(lab, "Kari Nordmann", "title").hops if isinstance(h, SpaceHop)][-1]
    words = {"unconfirmed": "unconfirmed", "escrowed": "in-flight", "unapplied": "pending-export"}
    assert hop.attributes[0].state == words[layer]
    assert hop.attributes[0].pending is not None
    assert hop.attributes[0].pending.values[0].text == "Later"


def test_a_failing_object_tells_the_failing_mapping_and_what_was_not_evaluated() -> None:
    lab = office(rule("In from AD - broken", 40, expression("title", 'Error("no")')))
    trace = traced(lab, "Kari Nordmann", "title")
    words = rows(trace)
    assert words["In from AD - broken"] == "expression-error"
    assert "sync-fails" in codes(trace)
    assert trace.hops[3].hop == "metaverse"


def test_an_apply_once_mapping_keeps_what_it_gave() -> None:
    lab = office(rule("In from AD - once", 41, flow("title", "title", once=True)))
    lab.directories["contoso"].set(dn("Kari Nordmann"), "title", ("Chief",))
    lab.cycle("delta")
    assert rows(traced(lab, "Kari Nordmann", "title"))["In from AD - once"] == "execute-once-kept"


def test_a_target_attribute_that_is_not_selected() -> None:
    out = rule("Out to AAD - strange", 42, flow("noSuchThing", "title"), direction="outbound", connector="entra")
    lab = office(out)
    schema = lab.directories["entra"].schema
    for type_ in schema.object_types.values():
        type_.attributes.pop("noSuchThing", None)  # type: ignore[attr-defined]  # the laboratory's own dict
        type_._by_fold.pop("nosuchthing", None)  # type: ignore[attr-defined]  # the laboratory's own dict
    trace = traced(lab, "Kari Nordmann", "noSuchThing")
    assert rows(trace, "outbound")["Out to AAD - strange"] == "target-attribute-not-selected"


# -- objects that are not everywhere --------------------------------------------------------------


def test_an_object_outside_the_selected_containers_has_hops_that_say_so() -> None:
    trace = traced(settled(), "Nina Dahl", "title")
    assert trace.subject.kind == "directory"
    assert "is excluded" in plain(trace_lines(trace))
    assert trace.outcome.word in ("stopped", "no-value")


def test_an_object_that_is_imported_and_not_synchronized() -> None:
    lab = office()
    lab.directories["contoso"].add(user("Nils Ny", 9, title=("New",)))
    lab.run("contoso", "delta-import")
    trace = traced(lab, "Nils Ny", "title")
    assert trace.outcome.word == "stopped"
    assert "the next synchronization projects it" in trace.outcome.text
    assert rows(trace)["In from AD - User Common"] == "applied-changed"


def test_two_forests_of_one_person_stand_side_by_side() -> None:
    lab = Lab(rules())
    sid = (b"\x01" * 12,)
    lab.directories["contoso"].add(user("Two Homes", 1, objectSid=sid, title=("Here",)))
    lab.directories["fabrikam"].add(user("Two Homes", 2, forest="fabrikam", objectSid=sid, title=("There",)))
    lab.settle()
    trace = traced(lab, "Two Homes", "title")
    assert [(h.hop, getattr(h, "connector", None)) for h in trace.hops[:4]] == [
        ("directory", "contoso"), ("connector-space", "contoso"),
        ("directory", "fabrikam"), ("connector-space", "fabrikam"),
    ]  # fmt: skip
    assert {row.status for h in trace.hops if isinstance(h, FlowHop) for row in h.rows} >= {
        "applied-no-change", "lower-precedence",
    }  # fmt: skip
    assert "(fabrikam)" in plain(trace_lines(trace))


def test_a_large_group_is_counted_not_listed() -> None:
    lab = Lab(rules())
    contoso = lab.directories["contoso"]
    names = [f"Member {number:02}" for number in range(30)]
    for number, name in enumerate(names, start=1):
        contoso.add(user(name, number))
    contoso.add(group("All", 99, member=tuple(dn(name) for name in names)))
    lab.settle()
    trace = traced(lab, "All", "member")
    hop = next(h for h in trace.hops if isinstance(h, MetaverseHop))
    assert (len(hop.value.values), hop.value.total) == (20, 30)
    assert "and 24 more" in plain(trace_lines(trace))


def test_a_connector_that_is_no_longer_configured_is_told() -> None:
    lab = office()
    del lab.configurations["fabrikam"]
    lab.configurations["entra"] = lab.configurations.pop("entra")
    lab.configurations.pop("contoso")
    lab.use([r for r in rules() if r.connector == "entra"])
    trace = traced(lab, "Kari Nordmann", "title")
    assert codes(trace)[0] == "not-evaluated"
    assert texts(trace)


def test_a_store_on_disk_that_may_only_be_read_is_enough(tmp_path: Path) -> None:
    lab = office(settle=False)
    lab.store = open_sqlite(tmp_path / "store.db")
    lab.use(lab.ruleset.rules)
    lab.settle()
    lab.store.close()
    lab.store = open_sqlite(tmp_path / "store.db", read_only=True)
    assert traced(lab, "Ola Hansen", HIDDEN).outcome.word == "stopped"
    assert traced(lab, "ola hansen", "manager").outcome.word == "in-the-cloud"
    assert [d.id for d in asked(lab, "Ingrid Berg", "manager").diagnoses] == ["DIAG-35"]
    lab.store.close()


def test_looking_twice_gives_the_same() -> None:
    lab = settled()
    assert traced(lab, "Ola Hansen", HIDDEN) == traced(lab, "Ola Hansen", HIDDEN)


def test_the_document_is_plain_json() -> None:
    data = as_data(traced(settled(), "Kari Nordmann", "telephoneNumber"))
    again = json.loads(json.dumps(data))
    assert again == data
    assert again["hops"][2]["rows"][0]["rule"]["name"].startswith("In from AD")
    with pytest.raises(TypeError):
        as_data(ReferenceIds([1]))


def test_every_status_word_has_a_look() -> None:
    assert set(STATUS_STYLES) == set(STATUS_WORDS)
