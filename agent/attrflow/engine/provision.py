"""Provisioning and deprovisioning of connector-space objects by outbound rules (behaviour.md §3.7, §3.9)."""

from __future__ import annotations

from dataclasses import replace

from attrflow.engine.account import Account
from attrflow.engine.decision import Existing, Source
from attrflow.engine.inbound import disconnect
from attrflow.engine.join import find_connector_object
from attrflow.engine.placeholders import forget_references, take_out
from attrflow.engine.plan import ObjectFailure
from attrflow.engine.precedence import resolve
from attrflow.engine.program import DN, CompiledRule
from attrflow.engine.reading import MVReading
from attrflow.engine.reference import to_connector
from attrflow.engine.staging_names import step_aside
from attrflow.engine.work import Work
from attrflow.events import Joined, ProvisioningDecided
from attrflow.model.connector_space import CSObject, Disconnection, Link, is_export_only
from attrflow.model.delta import Delta
from attrflow.model.metaverse import MVObject
from attrflow.model.names import InvalidName, parse_dn

__all__ = ["computed_dn", "deprovision", "link_or_provision"]


def link_or_provision(
    work: Work, mvo: MVObject, connector: str, rules: tuple[CompiledRule, ...], reading: MVReading
) -> CSObject | None:
    """The object of an unlinked metaverse object in a connector: joined, provisioned, or None.

    A Provision rule first looks whether the DN that it computes is taken by an unlinked object (reverse
    join), then tries the join criteria, then provisions. Join rules alone only join.

    Raises:
        ObjectFailure: the join is ambiguous, or no DN can be computed, or the DN is somebody else's.
    """
    account = work.account.about(mvo.id, connector) if work.account is not None else None
    rule = next((r for r in rules if r.rule.link == "provision"), None)
    if rule is not None:
        dn = computed_dn(work, mvo, connector, rule.rule.target_type, rules, reading)
        if dn is not None and (taken := _reverse_join(work, mvo, connector, dn, rule, account)) is not None:
            return taken
    match = find_connector_object(rules, reading, work.working, connector, work.program.options, account)
    if match is not None:
        target = work.working.cs(match.target)
        assert target is not None, "a search finds objects that are there"
        return _join(work, mvo, target, match.rule, account)
    if rule is None:
        work.may_join = work.may_join or any(r.rule.join for r in rules)
        if account is not None and rules:
            _decided(account, "none", rules[0].rule.id, None, "only Join rules are in scope, and nothing matches")
        return None
    if dn is None:
        raise ObjectFailure(
            "cannot-parse-dn-component",
            "provisioning",
            f"{rule.rule.name} provisions a {rule.rule.target_type}, but no rule in scope flows its dn",
            rule_id=rule.rule.id,
        )
    return _provision(work, mvo, connector, dn, rule, account)


def computed_dn(
    work: Work, mvo: MVObject, connector: str, type_: str, rules: tuple[CompiledRule, ...], reading: MVReading
) -> str | None:
    """The DN that the rules in scope flow to `dn`, or None when none does."""
    candidates = work.program.plan((tuple(r for r in rules if r.rule.target_type == type_),)).candidates.get(DN)
    if not candidates:
        return None
    source = Source(reading, to_connector(work.working, mvo, connector), mvo.id)
    resolved = resolve(DN, candidates, [source], Existing(), creating=True, options=work.program.options)
    return str(resolved.values[0]) if resolved.values else None


def _reverse_join(
    work: Work, mvo: MVObject, connector: str, dn: str, rule: CompiledRule, account: Account | None
) -> CSObject | None:
    try:
        taken = work.working.cs_by_dn(connector, parse_dn(dn).key)
    except InvalidName as error:
        raise ObjectFailure("invalid-dn", "provisioning", str(error), rule_id=rule.rule.id) from error
    if taken is None or taken.kind == "placeholder":
        return None
    if taken.link is not None:
        raise ObjectFailure(
            "sync-generic-failure",
            "provisioning",
            f"{rule.rule.name} computes the DN {dn}, which belongs to an object that is linked already",
            rule_id=rule.rule.id,
        )
    exported = taken.unconfirmed is not None and taken.unconfirmed.operation == "delete"
    if exported or (taken.unapplied is not None and taken.unapplied.operation == "delete"):
        promoted = replace(
            _emptied(taken) if exported else taken,
            object_type=rule.rule.target_type,
            unapplied=Delta("add") if exported else Delta("delete-add", replaces=taken.object_type),
            link=Link(mvo.id, "provisioning-rules", rule.rule.id, work.moment.run),
            disconnection=None,
            provenance={},
        )
        work.working.put_cs(promoted.id, promoted)
        if exported:
            forget_references(work.working, promoted)
        work.counters.append(f"{connector}:provisioned-{'add' if exported else 'delete-add'}-flow")
        if account is not None:
            reason = "its delete is exported" if exported else "the DN is free once its staged delete is exported"
            _decided(account, "provision", rule.rule.id, promoted.id, reason)
        return promoted
    if taken.object_type != rule.rule.target_type or taken.state == "explicit":
        return None
    return _join(work, mvo, taken, rule, account)


def _emptied(deleted: CSObject) -> CSObject:
    """An object whose delete was exported, without anything of what it was: the directory holds nothing of it."""
    return replace(deleted, anchor=None, image=None, pending_import=None, unconfirmed=None, export_error=None)


def _join(work: Work, mvo: MVObject, target: CSObject, rule: CompiledRule, account: Account | None) -> CSObject:
    if target.link is not None:
        raise ObjectFailure(
            "ambiguous-export-flow-to-single-valued-attribute",
            "join/projection",
            f"{rule.rule.name} joins to {target.dn}, which is linked to another metaverse object",
            rule_id=rule.rule.id,
        )
    joined = replace(target, link=Link(mvo.id, "join-rules", rule.rule.id, work.moment.run), disconnection=None)
    work.working.put_cs(joined.id, joined)
    if account is not None:
        account.note(Joined, direction="outbound", rule_id=rule.rule.id, target=joined.id)
        _decided(account, "join", rule.rule.id, joined.id, "the join criteria find one object")
    return joined


def _provision(
    work: Work, mvo: MVObject, connector: str, dn: str, rule: CompiledRule, account: Account | None
) -> CSObject:
    name = parse_dn(dn)
    configuration = work.program.configurations[connector]
    partition = configuration.partition_of(name.key)
    if partition is None:
        raise ObjectFailure(
            "missing-partition-for-run-step",
            "provisioning",
            f"{rule.rule.name} computes the DN {dn}, which is in no partition of {connector}",
            rule_id=rule.rule.id,
        )
    taken = work.working.cs_by_dn(connector, name.key)
    if taken is not None and taken.kind == "staging":
        raise ObjectFailure(
            "sync-generic-failure",
            "provisioning",
            f"{rule.rule.name} computes the DN {dn}, which a {taken.object_type} that nothing joins has already; "
            "delete that object, or let a rule join it",
            rule_id=rule.rule.id,
        )
    if taken is not None and taken.anchor is not None:  # what is referred to is another, out of sight
        step_aside(work.working, taken, None)
        taken = None
    cs_id = taken.id if taken is not None else work.moment.world.new_id()
    cso = CSObject(
        id=cs_id,
        connector=connector,
        partition=partition.name,
        dn=dn,
        dn_key=name.key,
        object_type=rule.rule.target_type,
        unapplied=Delta("add"),
        link=Link(mvo.id, "provisioning-rules", rule.rule.id, work.moment.run),
    )
    work.working.put_cs(cs_id, cso)
    work.counters.append(f"{connector}:provisioned-add-flow")
    if account is not None:
        _decided(account, "provision", rule.rule.id, cs_id, "nothing to join")
    return cso


def deprovision(work: Work, cso: CSObject, cause: str, rule_id: str | None) -> None:
    """Stage the object's delete and unlink it; an object that was never exported just goes."""
    account = work.account.about(cso.link.mv_id, cso.connector) if work.account is not None and cso.link else None
    there = cso.unapplied.replaces if cso.unapplied is not None else None
    if cso.link is not None:
        cso = disconnect(work, cso, cause, rule_id)
    if is_export_only(cso):
        take_out(work.working, cso)
        work.counters.append(f"{cso.connector}:provisioned-disconnect")
        reason = "it was never exported"
    else:
        staged = replace(
            cso,
            object_type=there or cso.object_type,  # what was to come in its place never came
            unapplied=Delta("delete"),
            disconnection=Disconnection(cause, rule_id, work.moment.run),
        )
        work.working.put_cs(cso.id, staged)
        work.counters.append(f"{cso.connector}:connector-delete")
        reason = "its delete is staged"
    if account is not None:
        _decided(account, "deprovision", rule_id, cso.id, f"{cause}: {reason}")


def _decided(account: Account, decision: str, rule_id: str | None, cs_id: int | None, reason: str) -> None:
    account.note(ProvisioningDecided, decision=decision, rule_id=rule_id, cs_id=cs_id, reason=reason)
