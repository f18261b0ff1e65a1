"""Settling one metaverse object: flow in, the deletion test, flow out, until nothing moves (behaviour.md §3.0, 7 to 9).

Knows nothing of pending imports and batches; whose change it was that brought it here is the caller's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from attrflow.engine.inbound import disconnect, flow_metaverse, keeps_alive, lets_go
from attrflow.engine.outbound import flow_connector
from attrflow.engine.plan import ObjectFailure
from attrflow.engine.program import CompiledRule
from attrflow.engine.provision import deprovision
from attrflow.engine.work import Work, applied_rules, provisioned_by
from attrflow.events import Looped
from attrflow.model.changes import Settled
from attrflow.model.connector_space import AppliedRule, is_export_only
from attrflow.model.metaverse import MVObject

__all__ = ["settle"]


def settle(work: Work, mv_id: int, *, creating: bool) -> bool:
    """Flow in, test for deletion, flow out; again while outbound changes what inbound rules read.

    Returns whether the metaverse object lives on.

    Raises:
        ObjectFailure: a step failed, or the rounds do not come to rest.
    """
    limit = work.program.options.loop_limit
    for round_ in range(1, limit + 1):
        mvo = work.working.mv(mv_id)
        assert mvo is not None, "a link names a metaverse object that is there"
        if round_ > 1:
            work.narrowed = None
        work.may_join = False
        mvo, inbound = flow_metaverse(work, mvo, creating=creating and round_ == 1)
        if not any(keeps_alive(rules) for rules in inbound.values()):
            _remove(work, mvo)
            return False
        if round_ == 1 and not work.program.options.outbound_error_rolls_back:
            _keep_inbound(work, inbound)
        linked = work.working.linked(mv_id)
        before = {id_: work.working.cs(id_) for id_ in linked}
        outbound: dict[str, tuple[CompiledRule, ...]] = {}
        counted = len(work.counters)
        for connector in _outbound_connectors(work, linked):
            outbound[connector] = flow_connector(work, mvo, connector, inbound)
        now = work.working.linked(mv_id)
        changed = [id_ for id_ in {*now, *linked} if work.working.cs(id_) is not before.get(id_)]
        if not any(_contributes(work, id_, inbound) for id_ in changed):
            if round_ > 1 and not changed:
                del work.counters[counted:]  # the last round only saw that nothing changes any more
            links_stand = _record_applied(work, mvo, inbound, outbound)
            for due in work.working.due_by(mv_id):
                work.working.owe(due, now=False)
            if links_stand:
                _note_rest(work, mvo, outbound)
            return True
        if work.account is not None:
            work.account.note(Looped, round=round_)
    raise ObjectFailure(
        "unexpected-error",
        "provisioning",
        f"inbound and outbound rules still change each other's input after {limit} rounds",
    )


def _keep_inbound(work: Work, inbound: dict[int, tuple[CompiledRule, ...]]) -> None:
    """From here on an error rolls back what outbound rules did only (OPEN-18)."""
    for cs_id, rules in inbound.items():
        cso = work.working.cs(cs_id)
        assert cso is not None, "a link names an object that is there"
        outbound = tuple(str(rule) for rule in applied_rules(cso) if rule.direction == "outbound")
        work.working.put_cs(cs_id, replace(cso, applied_rules=(*_applied(rules), *outbound)))
    if work.kept is not None:
        work.kept.absorb(work.working)
    work.kept = work.kept or work.working
    work.working = work.kept.fork()


def _contributes(work: Work, cs_id: int, inbound: dict[int, tuple[CompiledRule, ...]]) -> bool:
    """Whether inbound rules read the object, as it was or as it is now: only then its change calls for a round."""
    if inbound.get(cs_id):
        return True
    cso = work.working.cs(cs_id)
    return cso is not None and bool(work.inbound_scope(cso, work.cs_reading(cso), told=False))


def _applied(rules: Iterable[CompiledRule]) -> tuple[str, ...]:
    return tuple(str(AppliedRule(r.rule.direction, r.rule.link, bool(r.rule.join), r.rule.id)) for r in rules)


def _outbound_connectors(work: Work, linked: tuple[int, ...]) -> tuple[str, ...]:
    """Connectors with outbound rules, and those where a rule that is gone or disabled provisioned an object."""
    found = dict.fromkeys(work.program.outbound_connectors)
    for cs_id in linked:
        cso = work.working.cs(cs_id)
        if cso is not None and cso.connector not in found and provisioned_by(cso) is not None:
            found[cso.connector] = None
    return tuple(found)


def _note_rest(work: Work, mvo: MVObject, outbound: dict[str, tuple[CompiledRule, ...]]) -> None:
    """Note that nothing changes here until an input does, where that is known (DECISIONS 14).

    Never so: what depends on time, chance, or objects that are neither linked nor flowed as references.
    """
    program = work.program
    if work.narrow or work.may_join or not program.options.skip_objects_at_rest:
        return
    counters = ["connector-no-flow"]
    for cs_id in work.working.linked(mvo.id):
        cso = work.working.cs(cs_id)
        assert cso is not None, "a link names an object that is there"
        if not program.is_steady("inbound", cso.connector, cso.object_type or ""):
            return
        if outbound.get(cso.connector) and not is_export_only(cso):
            counters.append(f"{cso.connector}:connector-no-flow")
    if all(program.is_steady("outbound", connector, mvo.object_type) for connector in outbound):
        work.working.settle(mvo.id, Settled(program.digest, tuple(counters)))


def _remove(work: Work, mvo: MVObject) -> None:
    """The last rule that kept the metaverse object alive is gone: deletes are staged by what was applied (§3.9)."""
    for cs_id in work.working.linked(mvo.id):
        cso = work.working.cs(cs_id)
        if cso is None:
            continue
        provisioned = provisioned_by(cso)
        if provisioned is not None:
            deprovision(work, cso, "metaverse-object-deleted", provisioned.id)
        else:
            disconnect(work, cso, "metaverse-object-deleted", None)
    for connector in work.program.outbound_connectors:
        work.working.release(mvo.id, connector, inbound=False)
    work.working.put_mv(mvo.id, None)


def _record_applied(
    work: Work,
    mvo: MVObject,
    inbound: dict[int, tuple[CompiledRule, ...]],
    outbound: dict[str, tuple[CompiledRule, ...]],
) -> bool:
    """Note which rules are in scope now; whether every link stands, or one is still to be broken."""
    stand = True
    for cs_id in work.working.linked(mvo.id):
        cso = work.working.cs(cs_id)
        assert cso is not None, "a link names an object that is there"
        compiled = inbound.get(cs_id)
        if compiled is None:  # provisioned in the last round: its inbound rules were not asked yet
            compiled = work.flowing_scope(cso, work.cs_reading(cso), mvo.object_type, told=False)
        out = [r for r in outbound.get(cso.connector, ()) if r.rule.target_type == cso.object_type]
        if lets_go(cso, compiled):  # its own synchronization is still to break the link, by what was applied to it
            kept = tuple(str(rule) for rule in applied_rules(cso) if rule.direction == "inbound")
            applied = (*kept, *_applied(out))
            stand = False
        else:
            applied = _applied((*compiled, *out))
        if applied != cso.applied_rules:
            work.working.put_cs(cs_id, replace(cso, applied_rules=applied))
    return stand
