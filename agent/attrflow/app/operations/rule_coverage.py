"""The operation behind `rules coverage`: what the objects of the store hit of the project's rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from attrflow.app.project import Project
from attrflow.app.shapes import shape
from attrflow.explain.coverage import Coverage, FlowCoverage, RuleCoverage, branches_of, measure_coverage
from attrflow.rules.rule import AttributeMapping, Rule

__all__ = [
    "BranchCoverageDocument",
    "FlowCoverageDocument",
    "RuleCoverageDocument",
    "RulesCoverageDocument",
    "rules_coverage",
]


@dataclass(frozen=True, slots=True)
class BranchCoverageDocument:
    """One branch of an IIF, and how often it was taken."""

    condition: str
    holds: bool
    result: str
    taken: int


@dataclass(frozen=True, slots=True)
class FlowCoverageDocument:
    """One flow, and how it fared."""

    destination: str
    ordinal: int
    evaluated: int
    won: int
    beaten: int
    branches: list[BranchCoverageDocument] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class RuleCoverageDocument:
    """One rule, and how it fared."""

    precedence: int
    rule: str
    connector: str
    direction: str
    disabled: bool
    tested: int
    """Objects that its scope filter was asked about."""
    in_scope: int
    linked: int
    won: int
    """Values that it decided."""
    flows: list[FlowCoverageDocument] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class RulesCoverageDocument:
    """Which rules, flows and branches the objects of the store hit."""

    objects: dict[str, int]
    """Objects of each connector that were looked at."""
    sampled: bool
    """Whether there are more objects than were looked at."""
    failed: int
    """Objects that fail as a whole, so that they hit nothing."""
    rules_never_in_scope: int
    rules_never_winning: int
    flows_never_winning: int
    branches_never_taken: int
    rules: list[RuleCoverageDocument] = field(default_factory=list)


shape("rules-coverage", RulesCoverageDocument)


def rules_coverage(
    project: Project,
    *,
    connector: str | None = None,
    limit: int | None = None,
    progress: Callable[[str, int, int], None] = lambda _connector, _done, _of: None,
) -> RulesCoverageDocument:
    """Synchronize what is in the store once more, observed and dropped, and count what is hit.

    Args:
        project: opened for reading.
        connector: only this connector's objects; the rules of the others are then hit by what follows from them.
        limit: how many objects of each connector at most.
        progress: told the connector, the objects done, and of how many.

    Raises:
        NotFound: there is no such connector.
    """
    names = (project.require_connector(connector),) if connector is not None else project.connector_names()
    program = project.program(observed=True)
    found = measure_coverage(project.store, program, project.world, names, limit=limit, progress=progress)
    rules = [_rule(project, rule, found) for rule in project.rules.ruleset.rules]
    enabled = [rule for rule in rules if not rule.disabled]
    flows = [flow for rule in enabled for flow in rule.flows]
    return RulesCoverageDocument(
        found.objects,
        any(found.objects[name] < project.store.count_cs(name) for name in names),
        found.failed,
        sum(not rule.in_scope for rule in enabled),
        sum(bool(rule.flows) and not rule.won for rule in enabled),
        sum(not flow.won for flow in flows),
        sum(not branch.taken for flow in flows for branch in flow.branches),
        rules,
    )


def _rule(project: Project, rule: Rule, found: Coverage) -> RuleCoverageDocument:
    coverage = found.rules.get(rule.id) or RuleCoverage()
    flows = [_flow(project, mapping, coverage) for mapping in rule.mappings]
    return RuleCoverageDocument(
        rule.precedence,
        rule.name,
        rule.connector,
        rule.direction,
        rule.disabled,
        coverage.tested,
        coverage.in_scope,
        coverage.linked,
        sum(flow.won for flow in flows),
        flows,
    )


def _flow(project: Project, mapping: AttributeMapping, coverage: RuleCoverage) -> FlowCoverageDocument:
    flow = coverage.flows.get(mapping.id) or FlowCoverage()
    branches = branches_of(mapping.source, project.settings.expression_options) if mapping.flow == "expression" else ()
    return FlowCoverageDocument(
        mapping.destination,
        mapping.id.ordinal,
        flow.evaluated,
        flow.won,
        flow.beaten,
        [BranchCoverageDocument(b.condition, b.holds, b.result, flow.nodes[b.node]) for b in branches],
    )
