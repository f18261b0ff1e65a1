"""Causes on the way into the metaverse, for the object as a whole: DIAG-03 to 18 and 36 (behaviour.md §8.1, §8.2)."""

from __future__ import annotations

from attrflow.events import JoinTried, Projected
from attrflow.explain.containers import keeps_out
from attrflow.explain.diagnoses.case import Case, Found
from attrflow.explain.diagnoses.words import clauses_of, joined, satisfy
from attrflow.explain.space_hops import touches
from attrflow.explain.text import time_text
from attrflow.model.connector_space import CSObject
from attrflow.model.names import InvalidName, parse_dn
from attrflow.model.values import display

__all__ = [
    "container_excluded",
    "import_waits",
    "no_join_value",
    "provisioning_out_of_scope",
    "stored_sync_error",
    "type_not_included",
]

_CONTAINERS = frozenset({"organizationalunit", "container", "domaindns"})
"""The types that an AD connector reads for the sake of what is below them."""


def container_excluded(case: Case) -> Found | None:
    """DIAG-03: the object stands in a container that is not selected."""
    found, cso = case.subject.found, case.subject.cs
    if found is not None and found.excluded_by is not None:
        connector, dn, why = found.connector, found.dn, found.excluded_by
        evidence = (f"{connector} holds {dn}.", f"The connector space has no such object: {why}.")
    elif cso is not None and cso.kind == "placeholder":
        connector, dn = cso.connector, cso.dn
        configuration = case.facts.program.configurations.get(connector)
        kept_out = keeps_out(configuration, dn) if configuration is not None else None
        if kept_out is None:
            return None
        why = kept_out
        referrers = [c.dn for c in map(case.facts.store.cs, case.facts.store.cs_referrers(cso.id)) if c is not None]
        evidence = (
            f"{connector} knows {dn} only because {joined(referrers[:3])} refers to it.",
            f"The object itself is not imported: {why}.",
        )
    else:
        return None
    parent = _parent(dn)
    configuration = case.facts.program.configurations.get(connector)
    selected = [c for p in configuration.partitions for c in p.include] if configuration is not None else []
    such = f" (selected: {', '.join(selected[:4])})" if selected else ""
    return Found(
        f"{dn} is not in the connector space of {connector}, because {why}. "
        "What is not imported reaches neither the metaverse nor the cloud.",
        evidence,
        (
            f"move the object in {connector} into a container that is selected{such}",
            f"or select {parent} for {connector} in attrflow.toml, if everything in it is to be synchronized",
        ),
        (f"attrflow run {connector} full-import", "attrflow cycle --delta", case.again),
    )


def _parent(dn: str) -> str:
    try:
        parent = parse_dn(dn).parent
    except InvalidName:
        return dn
    return parent.text if parent is not None else dn


def type_not_included(case: Case) -> Found | None:
    """DIAG-04: the directory has the object, in a selected container, but its type is not imported."""
    found = case.subject.found
    if found is None or found.excluded_by is not None or case.subject.cs is not None:
        return None
    configuration = case.facts.program.configurations.get(found.connector)
    if configuration is None or found.object_type is None or found.object_type in configuration.object_types:
        return None
    return Found(
        f"{found.dn} is a {found.object_type}, and {found.connector} imports only "
        f"{joined(configuration.object_types)}.",
        (f"{found.connector} holds {found.dn}.",),
        (f"add {found.object_type} to the object types of {found.connector}, with rules for it",),
        (f"attrflow run {found.connector} full-import", "attrflow cycle --delta", case.again),
    )


def import_waits(case: Case) -> Found | None:
    """DIAG-15: a change is imported, and no synchronization has processed it yet."""
    waiting = [cso for cso in case.subject.objects if cso.pending_import is not None and cso.import_error is None]
    if case.way is not None:
        names = case.way.sources
        waiting = [cso for cso in waiting if any(touches(cso.pending_import, name) for name in names)]
    if not waiting:
        return None
    commands = tuple(
        f"attrflow run {connector} delta-sync" for connector in dict.fromkeys(c.connector for c in waiting)
    )
    about = f" of {case.attribute}" if case.attribute is not None else ""
    return Found(
        f"A change{about} was imported from {joined(dict.fromkeys(c.connector for c in waiting))}, "
        "and no synchronization has run since. The metaverse still holds what was there before.",
        tuple(evidence for cso in waiting for evidence in _waiting(case, cso)),
        ("synchronize; if that should happen by itself, see whether the scheduler is running",),
        (*commands, case.again),
    )


def _waiting(case: Case, cso: CSObject) -> list[str]:
    assert cso.pending_import is not None, "only such objects wait"
    delta = cso.pending_import
    if delta.operation != "update":
        return [f"{cso.connector}: pending import, {delta.operation}: {cso.dn}"]
    names = [*delta.attributes, *delta.references]
    if case.way is not None:
        names = [name for name in names if name in case.way.sources]
    return [f"{cso.connector}: pending import of {joined(names)} on {cso.dn}"]


def stored_sync_error(case: Case) -> Found | None:
    """DIAG-16: an earlier synchronization of the object failed, so nothing of it is applied."""
    failed = [cso for cso in case.subject.objects if cso.import_error is not None]
    if not failed:
        return None
    evidence, fix = [], []
    for cso in failed:
        error = cso.import_error
        assert error is not None, "only such objects failed"
        rule = case.facts.rule(error.rule_id).name if error.rule_id is not None else None
        where = f"rule {rule}" if rule is not None else error.step
        if error.attribute is not None:
            where += f", attribute {error.attribute}"
        evidence.append(f"{cso.connector}: {error.type} ({where}): {error.detail}")
        evidence.append(f"It failed {error.retry_count + 1} times, first {time_text(error.first_occurred)}.")
        if rule is not None:
            fix.append(f"correct the value that the rule {rule} reads, or the rule")
    if case.observation.failure is None and case.subject.mv is not None:
        fix.append("synchronize again: with the rules in effect now the object does not fail any more")
    connectors = dict.fromkeys(cso.connector for cso in failed)
    first = failed[0].import_error
    assert first is not None, "only such objects failed"
    return Found(
        f"The last synchronization of the object failed ({first.type}), and an object is applied whole or not at all: "
        "no attribute of it flows until the error is gone.",
        tuple(evidence),
        tuple(dict.fromkeys(fix)) or ("remove what the error names",),
        (*(f"attrflow run {connector} delta-sync" for connector in connectors), case.again),
    )


def provisioning_out_of_scope(case: Case) -> Found | None:
    """DIAG-17: no inbound Provision rule is in scope, so the object stays a disconnector."""
    cso = case.subject.cs
    if cso is None or cso.kind == "placeholder" or not _not_projected(case, "no Provision rule is in scope"):
        return None
    evidence, fix = [], []
    for compiled in case.facts.program.inbound(cso.connector, cso.object_type or ""):
        rule = compiled.rule
        if rule.link != "provision":
            continue
        scope = case.observation.scope(rule.id, cso.id)
        if rule.disabled:
            evidence.append(f"{rule.name} is disabled.")
            fix.append(f"enable {rule.name}")
        elif scope is not None and not scope.in_scope:
            evidence.append(f"{rule.name} is out of scope: {' or '.join(scope.failing)}.")
            fix += [satisfy(clause, cso) for clause in clauses_of(rule, scope.failing)]
    if not evidence:
        evidence.append(f"{cso.connector} has no Provision rule for objects of type {cso.object_type}.")
        if case.facts.kind(cso.connector) == "ad" and (cso.object_type or "").casefold() in _CONTAINERS:
            evidence.append("Containers are imported so that a delta import sees a renamed one; none needs a rule.")
            fix.append(f"ask about an object below it: {cso.dn} is a container")
        fix.append(f"{'or ' if fix else ''}write an inbound rule for {cso.object_type} with link type Provision")
    return Found(
        f"{cso.dn} is in the connector space, but no inbound Provision rule is in scope for it: "
        "it is a disconnector and has no object in the metaverse.",
        tuple(evidence),
        tuple(dict.fromkeys(fix)),
        ("attrflow cycle --delta", case.again),
    )


def _not_projected(case: Case, reason: str) -> bool:
    return any(isinstance(e, Projected) and e.mv_id is None and reason in e.reason for e in case.observation.joins)


def no_join_value(case: Case) -> Found | None:
    """DIAG-18: a Provision rule is in scope, but none of its join attributes has a value."""
    cso = case.subject.cs
    if cso is None or not _not_projected(case, "no join attribute has a value"):
        return None
    tried = [event for event in case.observation.joins if isinstance(event, JoinTried)]
    names = dict.fromkeys(source for event in tried for source, _, _ in event.searched)
    searched = (
        f"join group {e.group}: "
        + ", ".join(f"{s} = {', '.join(map(display, v)) or 'no value'}" for s, _, v in e.searched)
        for e in tried
    )
    return Found(
        f"{cso.dn} cannot be projected: the rule in scope joins on {joined(names)}, and none of them has a value.",
        tuple(searched),
        (f"give the object a value of {next(iter(names), 'a join attribute')} in {cso.connector}",),
        ("attrflow cycle --delta", case.again),
    )
