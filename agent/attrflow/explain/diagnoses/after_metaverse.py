"""Causes after the metaverse: provisioning, export attribute flow, export. DIAG-38 to 48 (behaviour.md §8.3, 8.4)."""

from __future__ import annotations

from attrflow.events import ScopeTested
from attrflow.explain.diagnoses.case import Case, Found
from attrflow.explain.diagnoses.words import clauses_of, joined, rule_text, value_text
from attrflow.explain.metaverse_hop import provenance_of
from attrflow.explain.space_hops import touches
from attrflow.expr import parse
from attrflow.expr.ast import Binary, Call, Expression, walk
from attrflow.model.connector_space import CSObject
from attrflow.rules.rule import Rule

__all__ = [
    "anchor_missing",
    "cloud_filtered",
    "cloud_mastered",
    "export_waits",
    "no_outbound_mapping",
    "outbound_scope_false",
    "waiting_export",
]


def _provisioning(case: Case) -> list[tuple[Rule, ScopeTested]]:
    """The outbound Provision rules to a tenant that are out of scope, where none is in scope."""
    mvo = case.subject.mv
    if mvo is None:
        return []
    tested = [
        (rule, scope)
        for rule in case.facts.ruleset.rules
        if rule.direction == "outbound" and rule.link == "provision" and case.facts.is_cloud(rule.connector)
        if (scope := case.observation.scope(rule.id, mvo.id)) is not None and not rule.disabled
    ]
    return [] if any(scope.in_scope for _, scope in tested) else tested


def _failing(case: Case, attribute: str) -> list[tuple[Rule, ScopeTested]]:
    return [
        (rule, scope)
        for rule, scope in _provisioning(case)
        if any(clause.attribute.casefold() == attribute for clause in clauses_of(rule, scope.failing))
    ]


def cloud_filtered(case: Case) -> Found | None:
    """DIAG-38: cloudFiltered is True, so that no outbound Provision rule is in scope."""
    failing = _failing(case, "cloudfiltered")
    mvo = case.subject.mv
    if not failing or mvo is None:
        return None
    provenance = provenance_of(mvo, "cloudFiltered")
    origin = provenance.origin if provenance is not None else None
    by = case.facts.rule(origin.rule_id, provenance.since_run if provenance else None) if origin is not None else None
    evidence = [f"{rule.name} is out of scope: {' or '.join(scope.failing)}." for rule, scope in failing]
    if by is not None:
        evidence.append(f"cloudFiltered comes from {by.name}.")
    conditions = _true_conditions(case)
    evidence += [f"Its condition that holds: {condition}." for condition in conditions]
    because = f", because {conditions[0]}" if conditions else ""
    return Found(
        f"cloudFiltered of {case.name} is True{because}. The default rules keep such objects out of the cloud.",
        tuple(evidence),
        (
            "change the value that the condition looks at",
            "or, if such objects belong into the cloud, put a rule of your own before the one that sets cloudFiltered",
        ),
        ("attrflow cycle --delta", case.again),
    )


def _true_conditions(case: Case) -> list[str]:
    """Of the alternatives that the expression's condition lists, those that are true for this object."""
    found: list[str] = []
    for event in case.observation.evaluated("inbound", "cloudFiltered"):
        rule = case.facts.ruleset.rule(event.rule_id)
        mapping = rule.mapping(event.mapping) if rule is not None else None
        tree = parse(mapping.source).tree if mapping is not None and mapping.flow == "expression" else None
        if tree is None or event.status not in ("applied-changed", "applied-no-change"):
            continue
        condition = tree.arguments[0] if isinstance(tree, Call) and tree.name == "IIF" else tree
        deciding = [id(node) for node in _alternatives(condition)]
        numbers = {number for number, node in enumerate(walk(tree)) if id(node) in deciding}
        nodes = case.observation.nodes.get(event.id, [])
        found += [node.text for node in nodes if node.node in numbers and node.value == "True"]
    return list(dict.fromkeys(found))


def _alternatives(condition: Expression) -> list[Expression]:
    """The parts of a condition of which one is enough."""
    if isinstance(condition, Binary) and condition.operator == "||":
        return _alternatives(condition.left) + _alternatives(condition.right)
    return [condition]


def anchor_missing(case: Case) -> Found | None:
    """DIAG-39: the object has no sourceAnchor."""
    failing = _failing(case, "sourceanchor")
    if not failing:
        return None
    return Found(
        f"{case.name} has no sourceAnchor in the metaverse, and nothing is provisioned to the cloud without one.",
        tuple(f"{rule.name} is out of scope: {' or '.join(scope.failing)}." for rule, scope in failing),
        ("synchronize the account that the object belongs to, or fill the attribute that sourceAnchor is taken from",),
        (f"attrflow trace {case.key} sourceAnchor", case.again),
    )


def outbound_scope_false(case: Case) -> Found | None:
    """DIAG-41: another clause of the outbound Provision rules is false."""
    known = ("cloudfiltered", "sourceanchor", "cloudmastered")
    failing = _provisioning(case)
    if not failing or case.cloud() or any(_failing(case, name) for name in known):
        return None
    rule, scope = _nearest(case, failing)
    names = [clause.attribute for clause in clauses_of(rule, scope.failing)]
    return Found(
        f"{case.name} is in the metaverse, but no outbound Provision rule is in scope for it: "
        f"{rule.name} asks for {' or '.join(scope.failing)}.",
        tuple(f"{r.name} is out of scope: {' or '.join(s.failing)}." for r, s in failing),
        (f"correct what {joined(dict.fromkeys(names))} comes from",) if names else (),
        (*(f"attrflow trace {case.key} {name}" for name in dict.fromkeys(names)), case.again),
    )


def _nearest(case: Case, failing: list[tuple[Rule, ScopeTested]]) -> tuple[Rule, ScopeTested]:
    """The rule that is meant for the object: of its own type where one is, else the first."""
    types = {(cso.object_type or "").casefold() for cso in case.sources()}
    return next((pair for pair in failing if pair[0].target_type.casefold() in types), failing[0])


def cloud_mastered(case: Case) -> Found | None:
    """DIAG-42: the object is mastered in the cloud, so that nothing flows out."""
    failing = _failing(case, "cloudmastered")
    if not failing:
        return None
    return Found(
        f"cloudMastered of {case.name} is True: the object is edited in the cloud, and nothing of it flows out.",
        tuple(f"{rule.name} is out of scope: {' or '.join(scope.failing)}." for rule, scope in failing),
        ("edit the object in the cloud, or give its source of authority back to the directory",),
        (case.again,),
    )


def no_outbound_mapping(case: Case) -> Found | None:
    """DIAG-43: the value is in the metaverse, and no outbound rule carries it to the cloud."""
    hop = case.metaverse()
    if hop is None or hop.attribute is None or hop.value.absent or case.way is None:
        return None
    rows = case.flow("outbound")
    if any(row.status != "target-attribute-not-selected" for row in rows):
        return None
    clouds = [name for name in case.facts.program.configurations if case.facts.is_cloud(name)]
    if not clouds:
        return None
    cloud = clouds[0]
    by = f", contributed by {hop.rule.name} of {hop.connector}" if hop.rule is not None else ""
    evidence = [f"The metaverse holds {hop.attribute} = {value_text(hop.value)}{by}."]
    if rows:
        evidence += [f"{rule_text(r)} flows it to {r.destination}, which is not selected on {cloud}." for r in rows]
        cause = f"{hop.attribute} is in the metaverse, but its target attribute is not selected on {cloud}."
        fix: tuple[str, ...] = (f"select {rows[0].destination} among the attributes of {cloud}",)
    else:
        evidence.append(f"No outbound rule of {cloud} reads {hop.attribute}.")
        cause = (
            f"{hop.attribute} is in the metaverse{by}, and no outbound rule carries it to {cloud}: "
            "an inbound rule alone ends there."
        )
        fix = (_outbound_fix(case, cloud, hop.attribute, hop.object_type or "person"),)
    source = hop.connector or cloud
    return Found(
        cause,
        tuple(evidence),
        fix,
        (f"attrflow run {source} full-sync", f"attrflow run {cloud} export", case.again),
    )


def _outbound_fix(case: Case, cloud: str, attribute: str, mv_type: str) -> str:
    cso = next(iter(case.cloud()), None)
    type_ = case.facts.program.cs_type(cloud, cso.object_type if cso is not None else "user")
    there = type_.attribute(attribute) if type_ is not None else None
    shown = cso.object_type if cso is not None else "user"
    rule = f"add an outbound rule to {cloud} ({mv_type} to {shown}, link type Join)"
    if there is not None:
        return f'{rule} with the flow {there.name} = "{attribute}"'
    return (
        f"{rule} that flows {attribute} to an attribute that the cloud has, such as "
        f'extensionAttribute1 = "{attribute}", or to a directory extension'
    )


def export_waits(case: Case) -> Found | None:
    """DIAG-48: an export is pending and has not run."""
    waiting = [cso for cso in case.cloud() if cso.unapplied is not None and cso.export_error is None]
    if case.way is not None:
        waiting = [c for c in waiting if any(touches(c.unapplied, name) for name in case.way.targets(c.connector))]
    if not waiting:
        return None
    staging = case.surroundings.staging_mode
    cso = waiting[0]
    what = waiting_export(cso)
    subject = case.attribute or (f"{what[0].upper()}{what[1:]}" if what.startswith("the ") else what)
    why = " The project is in staging mode, which exports nothing." if staging else ""
    fix = (
        "export"
        if not staging
        else "switch staging mode off (staging-mode = false in attrflow.toml), or export by hand"
    )
    return Found(
        f"{subject} waits for export to {cso.connector}: it is a pending export, and no export has run since.{why}",
        tuple(f"{c.connector}: pending export, {waiting_export(c)}" for c in waiting),
        (fix,),
        (f"attrflow run {cso.connector} export", case.again),
    )


def waiting_export(cso: CSObject) -> str:
    """What is pending for an object, in a sentence; only for one with a pending export."""
    delta = cso.unapplied
    assert delta is not None, "only such objects wait"
    if delta.operation != "update":
        words = {"add": "creation", "delete": "deletion", "delete-add": "replacement"}
        return f"the object's {words.get(delta.operation, delta.operation)}"
    return joined(sorted((*delta.attributes, *delta.references))) or "a rename"
