"""The expectation `status`: what becomes of each mapping to an attribute in one observed re-evaluation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from attrflow.cases.differences import Difference
from attrflow.cases.session import Session
from attrflow.explain.recorder import Observation, observe_connector_object, observe_metaverse_object

__all__ = ["check_status"]


def check_status(session: Session, name: str, wanted: Mapping[str, str | Mapping[str, str]]) -> Iterator[Difference]:
    """What differs of the status words of the mappings to each attribute."""
    observation = observed(session, name)
    if observation is None:
        yield Difference(f"mappings of {name}", "an object", "the connector space has none", name)
        return
    for attribute, words in wanted.items():
        got = _words(session, name, observation, attribute)
        what = f"the mappings to {attribute} of {name}"
        if isinstance(words, str):
            if words not in got.values():
                yield Difference(what, words, _text(got), name, attribute)
            continue
        for rule, word in words.items():
            found = got.get(rule) or next((w for r, w in got.items() if r.endswith(f": {rule}")), "not evaluated")
            if found != word:
                yield Difference(f"{what} by {rule}", word, f"{found} (all: {_text(got)})", name, attribute)


def observed(session: Session, name: str) -> Observation | None:
    """One observed re-evaluation of the object that a name means; nothing of it is kept."""
    cso = session.cs(name)
    if cso is None:
        return None
    program, world = session.program(observed=True), session.laboratory.world
    if cso.link is not None:
        return observe_metaverse_object(session.store, program, world, cso.link.mv_id)
    return observe_connector_object(session.store, program, world, cso.id)


def _words(session: Session, name: str, observation: Observation, attribute: str) -> dict[str, str]:
    """Status words by rule. A rule that was not evaluated at all says why: it is disabled or out of scope."""
    outbound = "@" in name
    connector = session.connector_of(name).name
    direction = "outbound" if outbound else "inbound"
    found: dict[str, str] = {}
    for rule in session.ruleset.rules:
        fits = rule.direction == direction and (not outbound or rule.connector == connector)
        if not fits or not any(m.destination.casefold() == attribute.casefold() for m in rule.mappings):
            continue
        scopes = [scope for (rule_id, _), scope in observation.scopes.items() if rule_id == rule.id]
        if rule.disabled:
            found[session.rule_name(rule.id)] = "rule-disabled"
        elif scopes and not any(scope.in_scope for scope in scopes):
            found[session.rule_name(rule.id)] = "rule-out-of-scope"
    for event in observation.mappings.values():
        same = event.mapping.destination.casefold() == attribute.casefold()
        if same and event.direction == direction and (not outbound or event.connector == connector):
            found[session.rule_name(event.rule_id)] = event.status
    return found


def _text(words: Mapping[str, str]) -> str:
    return "; ".join(f"{rule}: {word}" for rule, word in words.items()) or "no mapping"
