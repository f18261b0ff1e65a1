"""Coverage: what is counted, that an object counts once, and that looking changes nothing."""

from __future__ import annotations

from tests.unit.engine.lab import Lab

from attrflow.explain.coverage import Coverage, branches_of, measure_coverage
from attrflow.expr import DEFAULT_OPTIONS
from attrflow.model.provenance import MappingId
from attrflow.rules.rule import Rule

from .office import observed, settled

CONNECTORS = ("contoso", "fabrikam", "entra")


def measured(lab: Lab, limit: int | None = None) -> Coverage:
    return measure_coverage(lab.store, observed(lab), lab.world, CONNECTORS, limit=limit)


def rule_of(lab: Lab, name: str, connector: str = "contoso") -> Rule:
    rules = observed(lab).ruleset.rules
    (found,) = (rule for rule in rules if rule.name == name and rule.connector == connector)
    return found


def test_branches_are_numbered_as_the_observer_hears_them() -> None:
    found = branches_of('IIF(IsPresent([a]) && [b] = 2, IIF([c] = "x", "y", [d]), NULL)', DEFAULT_OPTIONS)
    assert [(b.condition, b.holds, b.result, b.node) for b in found] == [
        ("IsPresent([a]) && [b] = 2", True, 'IIF([c] = "x", "y", [d])', 7),
        ("IsPresent([a]) && [b] = 2", False, "NULL", 13),
        ('[c] = "x"', True, '"y"', 11),
        ('[c] = "x"', False, "[d]", 12),
    ]
    assert branches_of("not an ( expression", DEFAULT_OPTIONS) == ()
    assert branches_of("Trim([a])", DEFAULT_OPTIONS) == ()


def test_an_object_counts_once_however_much_is_linked_to_it() -> None:
    lab = settled()
    users = sum(cso.object_type == "user" for cso in map(lab.store.cs, lab.store.cs_ids("contoso")) if cso is not None)
    found = measured(lab)
    join = found.rules[rule_of(lab, "In from AD - User Join").id]
    assert join.tested == users > 0
    out = found.rules[rule_of(lab, "Out to AAD - User Join", "entra").id]
    assert out.tested == users
    assert 0 < out.in_scope <= users
    assert found.objects == {name: lab.store.count_cs(name) for name in CONNECTORS}
    assert found.failed == 0


def test_winners_losers_and_branches_are_told_apart() -> None:
    lab = settled()
    found = measured(lab)
    common = found.rules[rule_of(lab, "In from AD - User Common").id]
    name = common.flows[MappingId("displayName")]
    assert 0 < name.won <= name.evaluated
    account = common.flows[MappingId("accountEnabled")]
    assert account.beaten > 0
    display = rule_of(lab, "In from AD - User Common").mapping(MappingId("displayName"))
    assert display is not None
    taken = {b.holds: name.nodes[b.node] for b in branches_of(display.source, DEFAULT_OPTIONS)}
    assert taken == {True: name.evaluated, False: 0}  # nobody in the office has a displayName
    assert rule_of(lab, "In from AD - InetOrgPerson Join").id not in found.rules


def test_a_sample_looks_at_no_more() -> None:
    lab = settled()
    assert measured(lab, limit=1).objects == {"contoso": 1, "fabrikam": 0, "entra": 1}


def test_looking_changes_nothing() -> None:
    lab = settled()

    def state() -> object:
        return lab.store.highest_id(), lab.store.counts(), [lab.store.cs(i) for i in lab.store.cs_ids("contoso")]

    before = state()
    measured(lab)
    assert state() == before
