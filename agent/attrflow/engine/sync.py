"""Synchronization: the order of steps for one object, and the loop over a batch (behaviour.md §3.0).

Used by runs, which commit the plan, and by explain, which drops it. An object is committed whole or
not at all: it works on a fork of the working set, which is absorbed only when every step succeeded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

from attrflow.engine.account import Account
from attrflow.engine.inbound import LinkChange, disconnect, flow_metaverse, keeps_alive, upkeep_link
from attrflow.engine.outbound import flow_connector
from attrflow.engine.placeholders import removed_targets, sweep_placeholders, take_out
from attrflow.engine.plan import ObjectFailure, ObjectOutcome, SyncPlan
from attrflow.engine.program import CompiledRule, Program
from attrflow.engine.provision import deprovision
from attrflow.engine.reading import Moment
from attrflow.engine.work import Work, provisioned_by
from attrflow.engine.working_set import WorkingSet
from attrflow.events import Looped, ObjectFailed, Observer
from attrflow.model.connector_space import AppliedRule, CSObject, StoredError, import_hologram
from attrflow.model.delta import Delta, Image
from attrflow.model.metaverse import MVObject
from attrflow.model.references import ReferenceDelta, edited
from attrflow.ports.view import View
from attrflow.ports.world import World

__all__ = ["synchronize_batch", "synchronize_metaverse_batch"]

REFERENCE_RETRY = "reference"
"""A metaverse object's retry word: a target of one of its references was linked or unlinked."""


def synchronize_batch(
    view: View,
    ids: Iterable[int],
    program: Program,
    world: World,
    *,
    run: int,
    observer: Observer | None = None,
) -> SyncPlan:
    """Synchronize connector-space objects, inbound and outbound, in the order given."""

    def one(work: Work, cs_id: int) -> None:
        cso = work.working.cs(cs_id)
        if cso is not None and cso.kind == "staging":
            _synchronize(work, cso)

    return _batch(view, ids, program, world, run, observer, one, inbound=True)


def synchronize_metaverse_batch(
    view: View,
    ids: Iterable[int],
    program: Program,
    world: World,
    *,
    run: int,
    observer: Observer | None = None,
) -> SyncPlan:
    """Flow metaverse objects again that a change elsewhere concerns: held references, retried provisioning."""

    def one(work: Work, mv_id: int) -> None:
        mvo = work.working.mv(mv_id)
        if mvo is not None:
            if mvo.retry:
                work.working.put_mv(mv_id, replace(mvo, retry=frozenset()))
            _settle(work, mv_id, creating=False)

    return _batch(view, ids, program, world, run, observer, one, inbound=False)


def _batch(
    view: View,
    ids: Iterable[int],
    program: Program,
    world: World,
    run: int,
    observer: Observer | None,
    one: Callable[[Work, int], None],
    *,
    inbound: bool,
) -> SyncPlan:
    working = WorkingSet(view, program.joins)
    outcomes: list[ObjectOutcome] = []
    counters: Counter[str] = Counter()
    for id_ in ids:
        cs_id = id_ if inbound else next(iter(working.linked(id_)), None)
        cso = working.cs(cs_id) if cs_id is not None else None
        account = Account(observer, id_, cso.connector if cso is not None else "") if observer is not None else None
        moment = Moment(world.now(), world, run)
        fork = working.fork()
        work = Work(fork, program, moment, account)
        try:
            one(work, id_)
        except ObjectFailure as failure:
            _failed(working, cso, failure, moment, account)
            counters["flow-failure"] += 1
            dn = cso.dn if cso is not None else f"#{id_}"
            outcomes.append(ObjectOutcome(cs_id if cs_id is not None else id_, dn, ("flow-failure",), failure))
            continue
        working.absorb(fork)
        counters.update(work.counters)
        if work.counters and cso is not None:
            outcomes.append(ObjectOutcome(cso.id, cso.dn, tuple(work.counters)))
    _mark_referrers(working)
    events = tuple(getattr(observer, "events", ())) if observer is not None else ()
    return SyncPlan(working.changes(), tuple(outcomes), dict(counters), events)


def _failed(
    working: WorkingSet, cso: CSObject | None, failure: ObjectFailure, moment: Moment, account: Account | None
) -> None:
    """Keep the error on the object, with when it first occurred and how often it was met before."""
    if account is not None:
        account.note(
            ObjectFailed,
            type=failure.type,
            step=failure.step,
            detail=failure.detail,
            rule_id=failure.rule_id,
            attribute=failure.attribute,
        )
    if cso is None:
        return
    now = moment.at.isoformat(timespec="milliseconds")
    before = cso.import_error
    again = before is not None and before.type == failure.type
    error = StoredError(
        type=failure.type,
        step=failure.step,
        detail=failure.detail,
        first_occurred=before.first_occurred if again and before is not None else now,
        last_occurred=now,
        retry_count=before.retry_count + 1 if again and before is not None else 0,
        rule_id=failure.rule_id,
        attribute=failure.attribute,
    )
    working.put_cs(cso.id, replace(cso, import_error=error))


# -- one connector-space object -------------------------------------------------------------------


def _synchronize(work: Work, cso: CSObject) -> None:
    operation = cso.pending_import.operation if cso.pending_import is not None else None
    if operation in ("delete", "obsolete"):
        _delete(work, cso, keep_references=operation == "obsolete")
        return
    if operation == "delete-add" and cso.link is not None:
        mv_id = cso.link.mv_id
        cso = disconnect(work, cso, "delete-add", None)
        _settle(work, mv_id, creating=False)
        work.counters.append("connector-delete-add-processed")
        cso = work.working.cs(cso.id) or cso
    cso = _folded(work, cso)
    before = work.working.mv(cso.link.mv_id) if cso.link is not None else None
    cso, change, mv_id_now = upkeep_link(work, cso)
    alive = True
    if mv_id_now is not None:
        alive = _settle(work, mv_id_now, creating=change == "projected")
    after = work.working.mv(mv_id_now) if mv_id_now is not None else None
    work.counters.insert(0, _counter(change, before, after, alive=alive))


def _folded(work: Work, cso: CSObject) -> CSObject:
    """The object with its pending import taken into the image, and without a stored synchronization error."""
    error = cso.import_error if cso.import_error is not None and cso.import_error.step == "staging" else None
    if cso.pending_import is None and cso.import_error is error:
        return cso
    image = import_hologram(cso) if cso.pending_import is not None else cso.image
    left = tuple(removed_targets(cso.pending_import))
    cso = replace(cso, image=image, pending_import=None, import_error=error)
    work.working.put_cs(cso.id, cso)
    sweep_placeholders(work.working, left)
    return cso


def _counter(change: LinkChange, before: MVObject | None, after: MVObject | None, *, alive: bool) -> str:
    """The product's word for what inbound synchronization did (behaviour.md §4.3)."""
    flowed = "flow" if before != after else "no-flow"
    if change == "projected":
        return "disconnector-projected-flow" if alive else "disconnector-projected-remove-mv"
    if change == "joined":
        return f"disconnector-joined-{flowed}" if alive else "disconnector-joined-remove-mv"
    if change == "filtered":
        return "connector-filtered-leave-mv" if alive else "connector-filtered-remove-mv"
    if change == "kept":
        return f"connector-{flowed}" if alive else "connector-flow-remove-mv"
    return "disconnector-remains"


def _delete(work: Work, cso: CSObject, *, keep_references: bool) -> None:
    """The object is gone from its directory, or left the scope: recall, and the metaverse deletion test."""
    mv_id = cso.link.mv_id if cso.link is not None else None
    if cso.link is not None:
        cso = disconnect(work, cso, "obsolete" if keep_references else "delete", None)
    if not keep_references:
        for referrer_id in work.working.cs_referrers(cso.id):
            _drop_reference(work.working, referrer_id, cso.id)
    take_out(work.working, cso)
    if mv_id is None:
        return
    alive = _settle(work, mv_id, creating=False)
    work.counters.insert(0, f"connector-delete-{'leave' if alive else 'remove'}-mv")


def _drop_reference(working: WorkingSet, referrer_id: int, target: int) -> None:
    """Take a deleted object out of everything that a referrer's tower says (behaviour.md §1.8)."""
    referrer = working.cs(referrer_id)
    if referrer is None:
        return
    gone = ReferenceDelta(removed=frozenset((target,)))
    image = referrer.image
    if image is not None:
        references = {name: edited(targets, gone) for name, targets in image.references.items()}
        image = Image(image.attributes, {name: targets for name, targets in references.items() if targets.count})

    def without(delta: Delta | None) -> Delta | None:
        if delta is None or not any(target in s.added or target in s.removed for s in delta.references.values()):
            return delta
        kept = {
            name: ReferenceDelta(shift.added - {target}, shift.removed - {target})
            for name, shift in delta.references.items()
        }
        rest = replace(delta, references={name: shift for name, shift in kept.items() if shift})
        return rest if rest.changes_content or rest.operation != "update" else None

    changed = replace(
        referrer,
        image=image,
        pending_import=without(referrer.pending_import),
        unconfirmed=without(referrer.unconfirmed),
        escrowed=without(referrer.escrowed),
        unapplied=without(referrer.unapplied),
    )
    working.put_cs(referrer_id, changed)
    if changed.link is not None:
        _mark(working, changed.link.mv_id)


# -- one metaverse object -------------------------------------------------------------------------


def _settle(work: Work, mv_id: int, *, creating: bool) -> bool:
    """Flow in, test for deletion, flow out; again while outbound changes what inbound rules read.

    Returns whether the metaverse object lives on.

    Raises:
        ObjectFailure: a step failed, or the rounds do not come to rest.
    """
    limit = work.program.options.loop_limit
    for round_ in range(1, limit + 1):
        mvo = work.working.mv(mv_id)
        assert mvo is not None, "a link names a metaverse object that is there"
        mvo, inbound = flow_metaverse(work, mvo, creating=creating and round_ == 1)
        if not any(keeps_alive(rules) for rules in inbound.values()):
            _remove(work, mvo)
            return False
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
            _record_applied(work, mv_id, inbound, outbound)
            return True
        if work.account is not None:
            work.account.note(Looped, round=round_)
    raise ObjectFailure(
        "unexpected-error",
        "provisioning",
        f"inbound and outbound rules still change each other's input after {limit} rounds",
    )


def _contributes(work: Work, cs_id: int, inbound: dict[int, tuple[CompiledRule, ...]]) -> bool:
    """Whether inbound rules read the object, as it was or as it is now: only then its change calls for a round."""
    if inbound.get(cs_id):
        return True
    cso = work.working.cs(cs_id)
    return cso is not None and bool(work.inbound_scope(cso, work.cs_reading(cso), told=False))


def _outbound_connectors(work: Work, linked: tuple[int, ...]) -> tuple[str, ...]:
    """Connectors with outbound rules, and those where a rule that is gone or disabled provisioned an object."""
    found = dict.fromkeys(work.program.outbound_connectors)
    for cs_id in linked:
        cso = work.working.cs(cs_id)
        if cso is not None and cso.connector not in found and provisioned_by(cso) is not None:
            found[cso.connector] = None
    return tuple(found)


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
        work.working.hold(mvo.id, connector, (), inbound=False)
    work.working.put_mv(mvo.id, None)


def _record_applied(
    work: Work,
    mv_id: int,
    inbound: dict[int, tuple[CompiledRule, ...]],
    outbound: dict[str, tuple[CompiledRule, ...]],
) -> None:
    for cs_id in work.working.linked(mv_id):
        cso = work.working.cs(cs_id)
        assert cso is not None, "a link names an object that is there"
        compiled = inbound.get(cs_id)
        if compiled is None:  # provisioned in the last round: its inbound rules were not asked yet
            compiled = work.inbound_scope(cso, work.cs_reading(cso), told=False)
        out = [r for r in outbound.get(cso.connector, ()) if r.rule.target_type == cso.object_type]
        applied = tuple(
            str(AppliedRule(r.rule.direction, r.rule.link, bool(r.rule.join), r.rule.id)) for r in (*compiled, *out)
        )
        if applied != cso.applied_rules:
            work.working.put_cs(cs_id, replace(cso, applied_rules=applied))


# -- what a batch owes to others ------------------------------------------------------------------


def _mark_referrers(working: WorkingSet) -> None:
    """Objects that refer to one whose link changed must flow their references again, whoever they are."""
    changed_targets: set[int] = set()
    for cs_id in working.changed_cs:
        before, after = working.base.cs(cs_id), working.cs(cs_id)
        old = before.link.mv_id if before is not None and before.link is not None else None
        new = after.link.mv_id if after is not None and after.link is not None else None
        if old == new:
            continue
        changed_targets.update(mv_id for mv_id in (old, new) if mv_id is not None)
        for referrer_id in working.cs_referrers(cs_id):
            referrer = working.cs(referrer_id)
            if referrer is not None and referrer.link is not None:
                _mark(working, referrer.link.mv_id)
    for mv_id in changed_targets:
        for referrer_id in working.mv_referrers(mv_id):
            _mark(working, referrer_id)


def _mark(working: WorkingSet, mv_id: int) -> None:
    mvo = working.mv(mv_id)
    if mvo is not None and REFERENCE_RETRY not in mvo.retry:
        working.put_mv(mv_id, replace(mvo, retry=mvo.retry | {REFERENCE_RETRY}))
