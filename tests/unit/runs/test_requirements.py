"""What the next cycle must do in full: which events ask for it, of whom, and what takes it away (behaviour.md §3.6)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import pytest
from tests.unit.engine.lab import Lab
from tests.unit.engine.lab_entries import dn, user

from attrflow.model.changes import ChangeSet, RunRecord
from attrflow.model.configuration import ConnectorConfiguration, EngineOptions, Partition, Required, RunStep
from attrflow.model.provenance import MappingId
from attrflow.rules.rule import AttributeMapping, Rule
from attrflow.runs.cycle import due_order
from attrflow.runs.environment import Environment
from attrflow.runs.requirements import note_changes, required_now
from attrflow.runs.run import run_profile

HOME = "DC=contoso,DC=test"


def lab_at_rest(options: EngineOptions | None = None) -> Lab:
    lab = Lab(options=options)
    lab.directories["contoso"].add(user("Kari", 1))
    lab.cycle()
    assert lab.store.scheduler_state().required == {}, "a first cycle requires nothing"
    return lab


def rule_of(lab: Lab, direction: str, source: str, connector: str, *, link: str | None = None) -> Rule:
    fits = (
        r
        for r in lab.ruleset.rules
        if (r.direction, r.source_type, r.connector) == (direction, source, connector) and link in (None, r.link)
    )
    return next(fits)


def swap(lab: Lab, old: Rule, new: Rule | None) -> None:
    """Use the rules with one of them changed, or gone."""
    kept = [rule for rule in lab.ruleset.rules if rule.id != old.id]
    lab.use([*kept, new] if new is not None else kept)


def required(lab: Lab) -> dict[str, Required]:
    """What is required once a run has seen the rules."""
    lab.attempt("fabrikam", "export")
    return dict(lab.store.scheduler_state().required)


def syncs(found: dict[str, Required]) -> set[str]:
    return {name for name, one in found.items() if one.full_sync is not None}


CHANGES: dict[str, Callable[[Rule], Rule | None]] = {
    "disabled": lambda rule: replace(rule, disabled=True),
    "removed": lambda _rule: None,
    "changed": lambda rule: replace(rule, mappings=rule.mappings[:-1]),
}


@pytest.mark.parametrize("word", CHANGES)
def test_a_changed_inbound_rule_asks_for_a_full_sync_of_its_connector(word: str) -> None:
    lab = lab_at_rest()
    rule = rule_of(lab, "inbound", "user", "contoso")
    swap(lab, rule, CHANGES[word](rule))
    assert required(lab) == {"contoso": Required(None, f"the rule {rule.name!r} was {word}")}


@pytest.mark.parametrize("word", CHANGES)
@pytest.mark.parametrize(("contributors", "asked"), [(True, {"contoso", "fabrikam", "entra"}), (False, {"entra"})])
def test_a_changed_outbound_rule_asks_for_all_that_project_its_type_or_for_its_own_connector(
    word: str, contributors: bool, asked: set[str]
) -> None:
    lab = lab_at_rest(EngineOptions(outbound_change_syncs_contributors=contributors))
    rule = rule_of(lab, "outbound", "person", "entra", link="join")
    swap(lab, rule, CHANGES[word](rule))
    assert syncs(required(lab)) == asked


def test_an_outbound_rule_of_groups_does_not_concern_those_that_project_only_persons() -> None:
    lab = Lab(rules=[r for r in Lab().ruleset.rules if (r.connector, r.target_type) != ("fabrikam", "group")])
    lab.cycle()
    rule = rule_of(lab, "outbound", "group", "entra")
    swap(lab, rule, replace(rule, disabled=True))
    assert syncs(required(lab)) == {"contoso", "entra"}


def test_an_added_and_an_enabled_rule_are_told() -> None:
    lab = lab_at_rest()
    rule = rule_of(lab, "inbound", "user", "contoso", link="join")
    off = replace(rule, id="00000000-0000-0000-0000-0000000000aa", name="Mine", precedence=3, disabled=True)
    lab.use([*lab.ruleset.rules, off])
    assert required(lab) == {}, "a rule that is off changes nothing"
    swap(lab, off, replace(off, disabled=False))
    assert required(lab) == {"contoso": Required(None, "the rule 'Mine' was enabled")}
    other = replace(off, id="00000000-0000-0000-0000-0000000000ab", name="Other", precedence=4, disabled=False)
    lab.use([*lab.ruleset.rules, other])
    assert required(lab)["contoso"].full_sync == "the rule 'Mine' was enabled", "the first reason stays"


def test_precedence_counts_as_an_order() -> None:
    lab = lab_at_rest()
    lab.use(replace(rule, precedence=rule.precedence + 1000) for rule in lab.ruleset.rules)
    assert required(lab) == {}
    last = [rule for rule in lab.ruleset.rules if rule.connector == "contoso" and rule.direction == "inbound"][-1]
    swap(lab, last, replace(last, precedence=1))
    assert required(lab) == {"contoso": Required(None, f"the rule {last.name!r} was given another precedence")}


@pytest.mark.parametrize(
    "change",
    [
        lambda rule: replace(rule, description="other", name=rule.name + " 2", library="x@1#2", tag=None),
        lambda rule: replace(rule, password_sync=not rule.password_sync),
    ],
)
def test_what_changes_no_value_asks_for_nothing(change: Callable[[Rule], Rule]) -> None:
    lab = lab_at_rest()
    rule = rule_of(lab, "inbound", "user", "contoso")
    swap(lab, rule, change(rule))
    assert required(lab) == {}


def test_an_attribute_that_a_rule_reads_now_must_be_imported() -> None:
    lab = lab_at_rest()
    rule = rule_of(lab, "inbound", "user", "contoso", link="join")
    flow = AttributeMapping(MappingId("employeeID"), "direct", "employeeNumber")
    swap(lab, rule, replace(rule, mappings=(*rule.mappings, flow)))
    found = required(lab)["contoso"]
    assert found == Required("the attribute employeeNumber of user is read now", f"the rule {rule.name!r} was changed")


def test_an_attribute_that_the_connector_does_not_select_is_not_read_by_a_full_import_either() -> None:
    lab = lab_at_rest()
    lab.configurations["contoso"] = replace(lab.configurations["contoso"], attributes=("sAMAccountName",))
    rule = rule_of(lab, "inbound", "user", "contoso", link="join")
    flow = AttributeMapping(MappingId("employeeID"), "direct", "employeeNumber")
    swap(lab, rule, replace(rule, mappings=(*rule.mappings, flow)))
    assert required(lab)["contoso"].full_import is None


def test_rules_that_are_not_known_any_more_ask_for_everything() -> None:
    lab = lab_at_rest()
    lab.store.change_scheduler_state(lambda s: replace(s, ruleset_hash="gone"))
    assert syncs(required(lab)) == {"contoso", "fabrikam", "entra"}


def test_a_store_of_before_takes_its_newest_run_for_what_was_seen() -> None:
    lab = Lab()
    rule = rule_of(lab, "inbound", "user", "contoso")
    at = lab.world.now().isoformat()
    run = RunRecord(0, "contoso", "full-import", at, lab.ruleset.hash, "c")
    lab.store.start_run(run, lab.ruleset.text, "{}")
    lab.store.commit(ChangeSet())
    assert lab.store.scheduler_state().ruleset_hash is None
    swap(lab, rule, None)
    assert syncs(required(lab)) == {"contoso"}


# -- settings --------------------------------------------------------------------------------------


def configured(lab: Lab, options: EngineOptions | None = None, **changed: Any) -> Environment:
    """The environment with its settings as a text, and contoso's changed."""
    one = replace(lab.configurations["contoso"], **changed)
    configurations = {**lab.configurations, "contoso": one}
    document = {
        "connectors": [asdict(c) for c in configurations.values()],
        "options": asdict(options or EngineOptions()),
        "metaverse": {},
    }
    text = json.dumps(document, sort_keys=True)
    return replace(
        lab.environment(),
        configurations=configurations,
        configuration_text=text,
        configuration_hash=str(hash(text)),
    )


def part(**changed: Any) -> tuple[Partition, ...]:
    base = Lab().configurations["contoso"].partitions[0]
    return (replace(base, **changed),)


READ = "that are read changed"
SETTINGS: dict[str, tuple[dict[str, Any], Required]] = {
    "an object type more": (
        {"object_types": ("user", "group", "contact", "computer")},
        Required(f"the object types {READ}"),
    ),
    "an object type less": ({"object_types": ("user", "group")}, Required(f"the object types {READ}")),
    "the same types in another order": ({"object_types": ("contact", "group", "user")}, Required()),
    "attributes selected": ({"attributes": ("mail",)}, Required(f"the attributes {READ}")),
    "a container more": (
        {"partitions": part(include=(f"OU=People,{HOME}", f"OU=More,{HOME}"))},
        Required(f"the containers of {HOME} changed"),
    ),
    "a container excluded": (
        {"partitions": part(exclude=(f"OU=Not,OU=People,{HOME}",))},
        Required(f"the containers of {HOME} changed"),
    ),
    "a filter": ({"settings": {"filter": "(a=b)"}}, Required("the filter changed")),
    "other names that refer": (
        {"reference_by": {"memberUid": "uid"}},
        Required("what names other objects changed (reference-by)"),
    ),
    "a filler": ({"settings": {"filler_member": "cn=x"}}, Required("the filler-member changed")),
    "another page size": ({"settings": {"page_size": 5}}, Required()),
    "a parameter": ({"parameters": {"Site": "OSL"}}, Required(None, "a parameter changed")),
    "a parameter of a domain": (
        {"partitions": part(parameters={"Domain.FQDN": "x.test"})},
        Required(None, f"a parameter of {HOME} changed"),
    ),
    "profiles and guards": ({"profiles": {"x": (RunStep("export", HOME),)}}, Required()),
    "a partition more": ({"partitions": (*part(), Partition("DC=child,DC=contoso,DC=test"))}, Required()),
}


@pytest.mark.parametrize("what", SETTINGS)
def test_what_a_connector_reads_changed(what: str) -> None:
    changed, expected = SETTINGS[what]
    lab = lab_at_rest()
    run_profile(configured(lab), "contoso", "delta-import")
    found = note_changes(configured(lab, **changed)).required
    assert found == ({"contoso": expected} if expected else {})


@pytest.mark.parametrize(
    ("options", "asked"),
    [
        (EngineOptions(join_on_any_value=False), {"contoso", "fabrikam", "entra"}),
        (EngineOptions(length_limit=100), {"contoso", "fabrikam", "entra"}),
        (EngineOptions(export_deletion_threshold=3), set()),
        (EngineOptions(error_limit=3), set()),
    ],
)
def test_an_option_that_decides_values_asks_for_a_full_sync_of_all(options: EngineOptions, asked: set[str]) -> None:
    lab = lab_at_rest()
    run_profile(configured(lab), "contoso", "delta-import")
    assert syncs(dict(note_changes(configured(lab, options)).required)) == asked


# -- what a cycle makes of it ----------------------------------------------------------------------


def test_a_cycle_upgrades_the_steps_and_consumes_what_was_required() -> None:
    lab = lab_at_rest()
    state = {"contoso": Required("a container was added"), "entra": Required(None, "a rule changed")}
    lab.store.change_scheduler_state(lambda s: replace(s, required=state))
    order = due_order(lab.environment(), initial=False, staging_mode=True)
    assert order == [
        ("contoso", "full-import"),
        ("fabrikam", "delta-import"),
        ("entra", "delta-import"),
        ("contoso", "delta-sync"),
        ("fabrikam", "delta-sync"),
        ("entra", "full-sync"),
    ]
    for connector, profile in order:
        lab.run(connector, profile)
    assert lab.store.scheduler_state().required == {}


def test_a_run_that_was_stopped_or_does_not_cover_every_partition_consumes_nothing() -> None:
    lab = lab_at_rest()
    lab.store.change_scheduler_state(lambda s: replace(s, required={"contoso": Required("x", "y")}))
    one = lab.configurations["contoso"]
    lab.configurations["contoso"] = replace(one, partitions=(*one.partitions, Partition("DC=child,DC=contoso,DC=test")))
    limited = {
        "full-import": (RunStep("full-import", HOME),),
        "full-sync": (RunStep("full-sync", HOME, object_limit=0),),
    }
    lab.configurations["contoso"] = replace(lab.configurations["contoso"], profiles=limited)
    lab.run("contoso", "full-import", "full-sync")
    assert lab.store.scheduler_state().required == {"contoso": Required("x", "y")}
    lab.configurations["contoso"] = replace(lab.configurations["contoso"], profiles={})
    lab.run("contoso", "full-import-full-sync")
    assert lab.store.scheduler_state().required == {}


def test_asking_what_would_be_required_keeps_nothing() -> None:
    lab = lab_at_rest()
    rule = rule_of(lab, "inbound", "user", "contoso")
    swap(lab, rule, None)
    before = lab.store.scheduler_state()
    assert syncs(dict(required_now(lab.environment(), before).required)) == {"contoso"}
    assert lab.store.scheduler_state() == before


def test_a_changed_rule_reaches_unchanged_objects_by_the_next_delta_cycle() -> None:
    lab = lab_at_rest()
    rule = rule_of(lab, "inbound", "user", "contoso", link="join")
    constant = AttributeMapping(MappingId("department"), "constant", "From the rule")
    swap(lab, rule, replace(rule, mappings=(*[m for m in rule.mappings if m.destination != "department"], constant)))
    for connector, profile in due_order(lab.environment(), initial=False, staging_mode=True):
        lab.run(connector, profile)
    assert lab.mv_of("contoso", dn("Kari"))["department"] == ("From the rule",)


def test_connectors_that_are_gone_are_forgotten() -> None:
    lab = lab_at_rest()
    lab.store.change_scheduler_state(lambda s: replace(s, required={"old": Required("x")}, ruleset_hash="gone"))
    assert "old" not in required(lab)
    assert isinstance(lab.configurations["contoso"], ConnectorConfiguration)
