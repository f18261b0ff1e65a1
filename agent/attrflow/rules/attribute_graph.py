"""Which attribute flows where: every flow of a rule set as an edge between attributes of two spaces.

Flows that several rules have between the same attributes are one edge with several rules. Drawing is done elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace

from attrflow.rules.reading import expression_reads
from attrflow.rules.rule import AttributeMapping, FlowType, Rule

__all__ = ["AttributeEdge", "AttributeGraph", "AttributeNode", "FlowRule", "attribute_graph"]


@dataclass(frozen=True, slots=True, order=True)
class AttributeNode:
    """An attribute in one place, or what stands for a source that is none."""

    space: str
    """A connector's name, or empty for the metaverse."""
    object_type: str
    name: str
    kind: str = "attribute"
    """attribute; constant or expression for a source that reads no attribute."""


@dataclass(frozen=True, slots=True)
class FlowRule:
    """One flow behind an edge."""

    precedence: int
    rule: str
    flow: FlowType
    source: str


@dataclass(frozen=True, slots=True)
class AttributeEdge:
    """From one attribute to another, by one or more rules."""

    direction: str
    source: AttributeNode
    target: AttributeNode
    rules: tuple[FlowRule, ...]


@dataclass(frozen=True, slots=True)
class AttributeGraph:
    """All edges, inbound first, by their attributes."""

    edges: tuple[AttributeEdge, ...] = field(default_factory=tuple)


def attribute_graph(
    rules: Iterable[Rule],
    *,
    attributes: Collection[str] = (),
    object_type: str | None = None,
    connector: str | None = None,
) -> AttributeGraph:
    """The graph of the enabled rules.

    Args:
        rules: by precedence.
        attributes: names; only the whole ways through the metaverse on which one of them lies. Empty: all.
        object_type: only rules that have this type on either side.
        connector: only this connector's rules.
    """
    edges: dict[tuple[AttributeNode, AttributeNode], AttributeEdge] = {}
    for rule in rules:
        types = {rule.source_type.casefold(), rule.target_type.casefold()}
        left_out = rule.disabled or rule.link == "join-no-flow"
        if left_out or (object_type is not None and object_type.casefold() not in types):
            continue
        if connector is not None and rule.connector != connector:
            continue
        for mapping in rule.mappings:
            for edge in _edges(rule, mapping):
                known = edges.get((edge.source, edge.target))
                merged = replace(known, rules=(*known.rules, *edge.rules)) if known is not None else edge
                edges[edge.source, edge.target] = merged
    found = sorted(edges.values(), key=lambda e: (e.direction, e.target, e.source))
    return AttributeGraph(tuple(_ways(found, {name.casefold() for name in attributes}) if attributes else found))


def _edges(rule: Rule, mapping: AttributeMapping) -> Iterable[AttributeEdge]:
    inbound = rule.direction == "inbound"
    here, there = (rule.connector, "") if inbound else ("", rule.connector)
    target = AttributeNode(there, rule.target_type, mapping.destination)
    flow = FlowRule(rule.precedence, rule.name, mapping.flow, mapping.source)
    for name, kind in _sources(mapping):
        yield AttributeEdge(rule.direction, AttributeNode(here, rule.source_type, name, kind), target, (flow,))


def _sources(mapping: AttributeMapping) -> list[tuple[str, str]]:
    if mapping.flow == "direct":
        return [(mapping.source, "attribute")]
    if mapping.flow == "constant":
        return [(mapping.source, "constant")]
    reads = sorted(expression_reads(mapping.source).attributes)
    return [(name, "attribute") for name in reads] or [(" ".join(mapping.source.split()), "expression")]


def _ways(edges: list[AttributeEdge], names: set[str]) -> Iterable[AttributeEdge]:
    """The edges into and out of every metaverse attribute on whose way one of the names lies."""
    through = {
        (node.object_type, node.name.casefold())
        for edge in edges
        for node in (edge.source, edge.target)
        if not node.space and names & {edge.source.name.casefold(), edge.target.name.casefold()}
    }
    for edge in edges:
        middle = edge.target if edge.direction == "inbound" else edge.source
        if (middle.object_type, middle.name.casefold()) in through:
            yield edge
