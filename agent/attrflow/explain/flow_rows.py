"""Hops 3 and 5: every candidate mapping for an attribute, with its status word (behaviour.md §5.1).

Mappings that were evaluated carry the engine's word. Those that were not get theirs here: the rule is
disabled or out of scope (with the clause that failed and what it saw), or there is no link to flow over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from attrflow.engine.program import Program
from attrflow.events import MappingEvaluated, NodeEvaluated, ScopeTested
from attrflow.explain.attribute_way import AttributeWay, Candidate
from attrflow.explain.documents import NOTHING, FlowRow, NodeValue
from attrflow.explain.facts import Facts
from attrflow.explain.hops import FlowHop
from attrflow.explain.recorder import Observation
from attrflow.expr import parse
from attrflow.expr.ast import Expression, Number, Text, Word, children
from attrflow.model.connector_space import CSObject
from attrflow.model.references import NO_REFERENCES

__all__ = ["export_flow_hop", "import_flow_hop"]

_WINNING = frozenset({"applied-changed", "applied-no-change", "merged", "execute-once-kept"})


def import_flow_hop(
    facts: Facts, observation: Observation, way: AttributeWay, objects: tuple[CSObject, ...]
) -> FlowHop:
    """The candidate mappings into the metaverse attribute, of all linked objects."""
    rows = []
    for candidate in way.inbound:
        for cso in objects:
            rule = candidate.rule
            if rule.connector == cso.connector and rule.source_type == cso.object_type:
                rows.append(_inbound_row(facts, observation, candidate, cso))
    note = None
    if way.metaverse is None:
        note = f"No rule reads {way.asked}: it has no way into the metaverse."
    elif not rows:
        note = f"No rule of these connectors and object types flows {way.metaverse} into the metaverse."
    return FlowHop("inbound", None, way.metaverse, tuple(rows), note)


def _inbound_row(facts: Facts, observation: Observation, candidate: Candidate, cso: CSObject) -> FlowRow:
    event = observation.mappings.get((candidate.rule.id, candidate.mapping.id, cso.id))
    if event is not None:
        winner = observation.winners.get(("inbound", "", candidate.mapping.destination))
        row = _evaluated(facts, observation, candidate, event, winner.winner if winner is not None else None)
        if row.status == "source-absent" and not _imported(facts.program, cso, candidate.mapping.source):
            detail = f"{candidate.mapping.source} is not among the attributes that {cso.connector} imports"
            return replace(row, status="source-attribute-not-imported", detail=detail)
        return row
    status, why = _unevaluated(observation.scope(candidate.rule.id, cso.id), candidate, observation)
    if status is None and why is None:
        after = observation.cs_after(cso.id)
        if after is None or after.link is None:
            status, why = "no-link", "the object is not linked to a metaverse object"
    return _row(facts, candidate, status, why, cso.id)


def export_flow_hop(
    facts: Facts,
    observation: Observation,
    way: AttributeWay,
    connector: str,
    mv_id: int | None,
    target_type: str | None = None,
) -> FlowHop:
    """The candidate mappings of the metaverse attribute to one target connector.

    With the type of the object that is there, only the rules that could flow to it.
    """
    rows = []
    for candidate in way.outbound:
        if candidate.rule.connector == connector and mv_id is not None:
            if target_type is not None and candidate.rule.target_type != target_type:
                continue
            rows.append(_outbound_row(facts, observation, candidate, connector, mv_id))
    note = None
    if way.metaverse is None:
        note = f"No rule reads {way.asked}: nothing of it can flow out."
    elif mv_id is None:
        note = "There is no metaverse object to flow from."
    elif not rows:
        note = f"No outbound rule flows {way.metaverse} to {connector}."
    return FlowHop("outbound", connector, way.metaverse, tuple(rows), note)


def _outbound_row(facts: Facts, observation: Observation, candidate: Candidate, connector: str, mv_id: int) -> FlowRow:
    event = observation.mappings.get((candidate.rule.id, candidate.mapping.id, mv_id))
    if event is not None:
        winner = observation.winners.get(("outbound", connector, candidate.mapping.destination))
        return _evaluated(facts, observation, candidate, event, winner.winner if winner is not None else None)
    status, detail = _unevaluated(observation.scope(candidate.rule.id, mv_id), candidate, observation)
    if status is None and detail is None:
        decision = observation.provisioning.get(connector)
        why = f": {decision.reason}" if decision is not None and decision.decision == "none" else ""
        status, detail = "no-link", f"there is no object in {connector} to flow to{why}"
    return _row(facts, candidate, status, detail, mv_id)


def _evaluated(
    facts: Facts, observation: Observation, candidate: Candidate, event: MappingEvaluated, winner: object
) -> FlowRow:
    side = "mv" if candidate.rule.direction == "inbound" else "cs"
    return FlowRow(
        facts.ref(candidate.rule),
        candidate.mapping.flow,
        candidate.mapping.source,
        candidate.mapping.destination,
        facts.shown(event.values, NO_REFERENCES, side),
        event.status,
        event.detail,
        event.source_object,
        wins=winner == (candidate.rule.id, candidate.mapping.id) and event.status in _WINNING,
        nodes=tuple(_nodes(candidate, observation.nodes.get(event.id, []))),
    )


def _unevaluated(
    scope: ScopeTested | None, candidate: Candidate, observation: Observation
) -> tuple[str | None, str | None]:
    """The word and detail of a mapping that was not evaluated; both None where its rule is in scope."""
    if candidate.rule.disabled or (scope is not None and scope.disabled):
        return "rule-disabled", None
    if scope is not None and not scope.in_scope:
        return "rule-out-of-scope", " or ".join(scope.failing) or None
    if candidate.rule.link == "join-no-flow":
        return None, "the rule only joins (link type join-no-flow): its mappings never flow"
    if observation.skipped is not None:
        return None, f"not evaluated: {observation.skipped}"
    if observation.failure is not None:
        return None, "not evaluated: the object's synchronization failed before"
    return None, None


def _row(facts: Facts, candidate: Candidate, status: str | None, detail: str | None, object_id: int) -> FlowRow:
    mapping = candidate.mapping
    return FlowRow(
        facts.ref(candidate.rule),
        mapping.flow,
        mapping.source,
        mapping.destination,
        NOTHING,
        status,
        detail,
        object_id,
    )


def _imported(program: Program, cso: CSObject, attribute: str) -> bool:
    """Whether an import of the connector brings the attribute, by its inclusion list and its schema."""
    selected = program.configurations[cso.connector].attributes
    if selected and attribute.casefold() not in {name.casefold() for name in selected}:
        return False
    type_ = program.cs_type(cso.connector, cso.object_type)
    return attribute == "dn" or type_ is None or type_.attribute(attribute) is not None


def _nodes(candidate: Candidate, events: list[NodeEvaluated]) -> Iterator[NodeValue]:
    """What the parts of the expression gave, the whole before its parts; literals are left out."""
    tree = parse(candidate.mapping.source).tree
    if tree is None or not events:
        return
    shapes = list(_shapes(tree))
    for event in sorted(events, key=lambda e: e.node):
        node, depth = shapes[event.node]
        if not isinstance(node, Text | Number | Word):
            yield NodeValue(event.text, event.value, depth)


def _shapes(tree: Expression) -> Iterator[tuple[Expression, int]]:
    """Every node with its depth, in the order in which nodes are numbered."""
    pending = [(tree, 0)]
    while pending:
        node, depth = pending.pop()
        yield node, depth
        pending.extend((child, depth + 1) for child in reversed(children(node)))
