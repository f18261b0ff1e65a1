"""The operation behind `rules graph`: which attribute flows where, as data and as a drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from attrflow.app.graph_drawing import dot, svg
from attrflow.app.rulebook import open_rulebook
from attrflow.app.shapes import shape
from attrflow.model.errors import NotFound
from attrflow.rules.attribute_graph import AttributeEdge, AttributeNode, attribute_graph

__all__ = ["GraphFlowDocument", "GraphRuleDocument", "RulesGraphDocument", "rules_graph"]


@dataclass(frozen=True, slots=True)
class GraphRuleDocument:
    """One rule's flow."""

    precedence: int
    rule: str
    flow: str
    source: str


@dataclass(frozen=True, slots=True)
class GraphFlowDocument:
    """A line of the graph: from an attribute of one space to one of another."""

    direction: str
    source_space: str
    source_type: str
    source: str
    source_kind: str
    """attribute, constant, or expression where that reads no attribute."""
    target_space: str
    target_type: str
    target: str
    rules: list[GraphRuleDocument]


@dataclass(frozen=True, slots=True)
class RulesGraphDocument:
    """Which attribute flows where."""

    flows: list[GraphFlowDocument]
    format: str
    drawing: str


shape("rules-graph", RulesGraphDocument)


def rules_graph(
    folder: Path,
    *,
    form: str = "svg",
    attributes: Sequence[str] = (),
    object_type: str | None = None,
    connector: str | None = None,
) -> RulesGraphDocument:
    """The graph of a project's enabled rules.

    Args:
        folder: the project's.
        form: svg or dot.
        attributes: only the ways on which one of these attributes lies.
        object_type: only rules with this type on either side.
        connector: only this connector's rules.

    Raises:
        SettingsError: the settings or rules are wrong; NotFound: no flow fits, or there is no such connector.
    """
    book = open_rulebook(folder)
    if connector is not None:
        book.require_connector(connector)
    graph = attribute_graph(book.ruleset.rules, attributes=attributes, object_type=object_type, connector=connector)
    if not graph.edges:
        raise NotFound("No flow of an enabled rule fits.", help="`attrflow rules list --attribute NAME` looks wider.")
    words = [", ".join(attributes)] if attributes else []
    words += [*([f"of {object_type}"] if object_type else []), *([f"by {connector}"] if connector else [])]
    title = f"{book.settings.name}: {' '.join(words) or 'every attribute'}"
    drawing = svg(graph, title) if form == "svg" else dot(graph, title)
    return RulesGraphDocument([_flow(edge) for edge in graph.edges], form, drawing)


def _flow(edge: AttributeEdge) -> GraphFlowDocument:
    return GraphFlowDocument(
        edge.direction,
        _space(edge.source),
        edge.source.object_type,
        edge.source.name,
        edge.source.kind,
        _space(edge.target),
        edge.target.object_type,
        edge.target.name,
        [GraphRuleDocument(f.precedence, f.rule, f.flow, f.source) for f in edge.rules],
    )


def _space(node: AttributeNode) -> str:
    return node.space or "metaverse"
