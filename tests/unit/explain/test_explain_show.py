"""Stored objects as documents and text: values with connector, rule and time; links, lineage, pending changes."""

from __future__ import annotations

import pytest
from tests.unit.engine.lab import Lab
from tests.unit.engine.lab_entries import dn, group, refer, user
from tests.unit.explain.office import LEAVERS, fits, observed, office, rules, settled

from attrflow.explain.documents import as_data
from attrflow.explain.facts import Facts
from attrflow.explain.show import CSRow, MVRow, search_cs, search_mv, show_cs, show_mv
from attrflow.explain.text import Line, plain
from attrflow.explain.text_show import cs_lines, mv_lines, search_lines
from attrflow.model.errors import Ambiguous, NotFound
from attrflow.ports.store import CSFilter


def facts(lab: Lab) -> Facts:
    """The laboratory's facts."""
    return Facts(lab.store, observed(lab))


def drawn(lines: list[Line]) -> str:
    """The text, which is not wider than a page."""
    text = plain(lines)
    fits(text)
    return text


def test_a_metaverse_object_names_who_gave_each_value() -> None:
    document = show_mv(facts(settled()), "Kari Nordmann")
    row = next(r for r in document.attributes if r.attribute == "telephoneNumber")
    assert (row.connector, row.rule.name if row.rule else "") == ("contoso", "In from AD - User Common")
    assert row.since is not None
    assert [c.connector for c in document.connectors] == ["contoso", "entra"]
    assert [c.link for c in document.connectors] == ["projection-rules", "provisioning-rules"]
    text = drawn(mv_lines(document))
    assert '"+47 22 00 00 00"' in text
    assert "contoso: In from AD - User Common" in text
    as_data(document)


def test_held_references_are_shown_on_both_sides() -> None:
    document = show_mv(facts(settled()), "Ingrid Berg")
    (held,) = document.held
    assert (held.attribute, held.inbound, held.held.target.text) == ("manager", True, f"CN=Tor Vik,{LEAVERS}")
    assert "Held references" in drawn(mv_lines(document))


def test_a_connector_space_object_shows_its_lineage() -> None:
    document = show_cs(facts(settled()), dn("Kari Nordmann"))
    lineage = [(a.rule.name, a.direction, a.action) for a in document.applied]
    assert lineage[:2] == [
        ("In from AD - employeeType", "inbound", "Join"),
        ("In from AD - User Join", "inbound", "Provision"),
    ]
    assert document.link is not None
    assert document.link.startswith("projected by In from AD - User Join")
    assert "Lineage" in drawn(cs_lines(document))


def test_pending_changes_show_old_and_new() -> None:
    lab = office()
    lab.directories["contoso"].set(dn("Kari Nordmann"), "title", ("Chief",))
    lab.run("contoso", "delta-import")
    document = show_cs(facts(lab), "Kari Nordmann", "contoso")
    (pending,) = document.pending
    (change,) = pending.changes
    assert (pending.layer, change.attribute, change.operation) == ("pending-import", "title", "replace")
    assert (change.old.values[0].text, change.new.values[0].text) == ("Boss", "Chief")
    lab.run("contoso", "delta-sync")
    document = show_cs(facts(lab), "Kari Nordmann", "entra")
    (pending,) = document.pending
    assert pending.layer == "pending-export"
    assert pending.changes[0].rule is not None
    assert pending.changes[0].rule.name == "Out to AAD - User Identity"
    assert next(r.rule for r in document.attributes if r.attribute == "title") is None
    text = drawn(cs_lines(document))
    assert '- "Boss"' in text
    assert '+ "Chief"' in text


def test_a_pending_change_of_many_values_shows_those_that_come_and_go() -> None:
    lab = Lab()
    contoso = lab.directories["contoso"]
    people = [f"P{number}" for number in range(1, 61)]
    for number, name in enumerate(people, start=1):
        contoso.add(user(name, number, displayName=(name,)))
    contoso.add(group("Staff", 100, member=tuple(dn(name) for name in people[:59])))
    contoso.set(dn("P1"), "proxyAddresses", ("SMTP:p1@contoso.test", "smtp:one@contoso.test"))
    lab.settle()
    refer(contoso, dn("Staff"), "member", *[dn(name) for name in people[1:]])
    contoso.set(dn("P1"), "proxyAddresses", ("SMTP:p1@contoso.test", "smtp:first@contoso.test"))
    lab.run("contoso", "delta-import")
    for connector, gone, come in (("contoso", dn("P1"), dn("P60")), ("entra", "P1", "P60")):
        (pending,) = show_cs(facts(lab), "Staff", connector).pending
        (change,) = pending.changes
        assert (change.attribute, change.operation) == ("member", "update")
        assert [v.text for v in change.old.values] == [gone]
        assert [v.text for v in change.new.values] == [come]
        assert (change.old.total, change.new.total) == (1, 1)
        (pending,) = show_cs(facts(lab), "P1", connector).pending
        (change,) = pending.changes
        assert [v.text for v in change.old.values] == ["smtp:one@contoso.test"]
        assert [v.text for v in change.new.values] == ["smtp:first@contoso.test"]
        lab.run("contoso", "delta-sync")


def test_an_object_in_several_spaces_asks_which() -> None:
    with pytest.raises(Ambiguous) as caught:
        show_cs(facts(settled()), "Kari Nordmann")
    assert [line.partition(":")[0] for line in caught.value.candidates] == ["contoso", "entra"]
    with pytest.raises(NotFound, match="no connector-space object in fabrikam"):
        show_cs(facts(settled()), "Kari Nordmann", "fabrikam")


def test_an_object_that_is_not_linked_has_no_metaverse_object() -> None:
    lab = office(settle=False)
    lab.run("contoso", "full-import")
    with pytest.raises(NotFound, match="has no metaverse object") as caught:
        show_mv(facts(lab), "Ola Hansen")
    assert "cs show" in (caught.value.help or "")
    assert show_cs(facts(lab), "Tor Vik").kind == "placeholder"
    drawn(cs_lines(show_cs(facts(lab), "Tor Vik")))


def test_searches_go_on_where_they_stopped() -> None:
    lab = Lab(rules())
    for number in range(1, 6):
        lab.directories["contoso"].add(user(f"Clone {number}", number))
    lab.settle()
    first = search_mv(facts(lab), "Clone", limit=3)
    assert first.next_after is not None
    second = search_mv(facts(lab), "Clone", after=first.next_after, limit=3)
    assert second.next_after is None
    names = [row.name for page in (first, second) for row in page.rows if isinstance(row, MVRow)]
    assert names == [f"Clone {number}" for number in range(1, 6)]
    assert "and more after" in drawn(search_lines(first))


def test_a_search_of_a_connector_space_shows_states() -> None:
    lab = office()
    lab.directories["contoso"].set(dn("Kari Nordmann"), "title", ("Chief",))
    lab.cycle("delta", export=False)
    page = search_cs(facts(lab), CSFilter(connector="entra", states=("pending-export",)))
    (row,) = page.rows
    assert isinstance(row, CSRow)
    assert (row.name, row.pending_export) == ("Kari Nordmann", "update")
    assert "export update" in drawn(search_lines(page))
    assert drawn(search_lines(search_cs(facts(lab), CSFilter(text="nobody at all")))) == " nothing found"
