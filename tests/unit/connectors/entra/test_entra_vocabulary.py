"""The Entra connector space's attributes: agent, mock and default rules, each written by itself, agree about them."""

from __future__ import annotations

from attrflow.app.library import default_rules
from attrflow.connectors.entra.vocabulary import VOCABULARY
from attrflow.rules.features import COMPLETE
from attrflow.rules.reading import attributes_needed
from attrflow.rules.ruleset import RuleSet
from attrflow_mocks.entra.attributes import SCHEMA

AD, ENTRA = "11111111-0000-0000-0000-000000000001", "11111111-0000-0000-0000-000000000002"


def test_the_mocks_ingest_face_declares_what_the_agent_knows() -> None:
    told = {kind: {a.name: (a.type, a.multi) for a in names.values()} for kind, names in SCHEMA.items()}
    known = {kind: {a.name: (a.syntax.value, a.multi) for a in names} for kind, names in VOCABULARY.items()}
    assert told == known


def test_whatever_the_default_rules_flow_is_declared() -> None:
    rules = RuleSet.of(default_rules([("ad", AD, "ad"), ("entra", ENTRA, "entra")], COMPLETE))
    needed = attributes_needed(rules, "entra")
    assert set(needed) == {"user", "group", "contact", "device"}
    missing = {(kind, name) for kind, names in needed.items() for name in names - SCHEMA[kind].keys() - {"dn"}}
    assert missing == set()
