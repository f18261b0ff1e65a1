"""Runs record the rules that they really used, also where an import learns a schema whose spelling rules take."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.engine.lab import Lab
from tests.unit.engine.lab_entries import user

from attrflow.model.schema import Schema
from attrflow.rules.ruleset import RuleSet
from attrflow.runs.environment import Environment
from attrflow.runs.profile import Profile
from attrflow.runs.run import run_profile


def learning(lab: Lab) -> tuple[Environment, RuleSet]:
    """What runs are given where the first import has one rule written otherwise, and those rules."""
    first, *rest = lab.ruleset.rules
    respelt = RuleSet.of([replace(first, description="as the schema spells it"), *rest])

    def learn(_connector: str, _schema: Schema) -> None:
        lab.ruleset = respelt

    return replace(lab.environment(), learn_schema=learn), respelt


@pytest.mark.parametrize("profile", ["full-import", "full-import-full-sync"])
def test_the_run_that_learns_and_those_after_it_record_the_rules_as_they_are_then(profile: Profile) -> None:
    lab = Lab()
    lab.directories["contoso"].add(user("Kari", 1))
    environment, respelt = learning(lab)
    started = environment.ruleset()
    assert started.hash != respelt.hash
    before = run_profile(environment, "contoso", "full-sync").record
    records = [run_profile(environment, "contoso", one).record for one in (profile, "full-sync")]
    assert before.ruleset_hash == started.hash
    assert [record.ruleset_hash for record in records] == [respelt.hash, respelt.hash]
    kept = [lab.store.run(record.number) for record in records]
    assert [record and record.ruleset_hash for record in kept] == [respelt.hash, respelt.hash]
    assert lab.store.ruleset(respelt.hash) == respelt.text
    assert lab.store.scheduler_state().ruleset_hash == respelt.hash
