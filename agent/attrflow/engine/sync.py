"""Synchronization: the order of steps for one object, and the loop over a batch (behaviour.md §3.0).

Used by runs, which commit the plan, and by explain, which drops it. An object is committed whole or
not at all: it works on a fork of the working set, which is absorbed only when every step succeeded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

from attrflow.engine.account import Account
from attrflow.engine.inbound import LinkChange, disconnect, upkeep_link
from attrflow.engine.placeholders import removed_targets, sweep_placeholders, take_out
from attrflow.engine.plan import ObjectFailure, ObjectOutcome, SyncPlan
from attrflow.engine.program import DN, Program
from attrflow.engine.reading import Moment
from attrflow.engine.settle import settle
from attrflow.engine.work import Narrowed, Work
from attrflow.engine.working_set import WorkingSet
from attrflow.events import ObjectFailed, Observer
from attrflow.model.connector_space import CSObject, StoredError, import_hologram, refused_no_more
from attrflow.model.delta import Delta, Image
from attrflow.model.metaverse import DueReference, MVObject
from attrflow.model.references import ReferenceDelta, edited
from attrflow.ports.view import View
from attrflow.ports.world import World

__all__ = ["synchronize_batch", "synchronize_metaverse_batch"]


def synchronize_batch(
    view: View,
    ids: Iterable[int],
    program: Program,
    world: World,
    *,
    run: int,
    observer: Observer | None = None,
    narrow: bool = False,
) -> SyncPlan:
    """Synchronize connector-space objects, inbound and outbound, in the order given.

    With `narrow` only mappings are evaluated whose source changed, where that is known (OPEN-16).
    """

    def one(work: Work, cs_id: int) -> None:
        cso = work.working.cs(cs_id)
        if cso is not None and cso.kind == "staging":
            work.narrow = narrow
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
            settle(work, mv_id, creating=False)

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
    failed: set[int] = set()
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
            if work.kept is not None:
                _absorb(working, work.kept, program)
                cso = _inbound_kept(working, cso)
            _failed(working, cso, failure, moment, account)
            counters["flow-failure"] += 1
            failed.add(id_)
            dn = cso.dn if cso is not None else f"#{id_}"
            outcomes.append(ObjectOutcome(cs_id if cs_id is not None else id_, dn, ("flow-failure",), failure))
            continue
        if work.kept is not None:
            fork.absorb(work.working)
        _absorb(working, fork, program)
        counters.update(work.counters)
        if work.counters and cso is not None:
            outcomes.append(ObjectOutcome(cso.id, cso.dn, tuple(work.counters)))
    events = tuple(getattr(observer, "events", ())) if observer is not None else ()
    return SyncPlan(working.changes(), tuple(outcomes), dict(counters), events, frozenset(failed))


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
        settle(work, mv_id, creating=False)
        work.counters.append("connector-delete-add-processed")
        cso = work.working.cs(cso.id) or cso
    narrowed = _narrowed(work, cso)
    cso = _folded(work, cso)
    before = work.working.mv(cso.link.mv_id) if cso.link is not None else None
    cso, change, mv_id_now = upkeep_link(work, cso)
    work.narrowed = narrowed if change == "kept" else None
    if change == "released" and mv_id_now is not None:  # what it is linked to now is of another type
        left = "leave" if settle(work, mv_id_now, creating=False) else "remove"
        before = None
        cso, change, mv_id_now = upkeep_link(work, work.working.cs(cso.id) or cso)
        if mv_id_now is None:
            work.counters.insert(0, f"connector-filtered-{left}-mv")
            return
    alive = True
    if mv_id_now is not None:
        alive = settle(work, mv_id_now, creating=change == "projected")
    after = work.working.mv(mv_id_now) if mv_id_now is not None else None
    work.counters.insert(0, _counter(change, before, after, alive=alive))


def _narrowed(work: Work, cso: CSObject) -> Narrowed | None:
    """What an import changed of a linked object, where only that is to be evaluated; None: everything is."""
    delta = cso.pending_import
    if not work.narrow or cso.link is None or delta is None or delta.operation != "update" or cso.import_error:
        return None
    mvo = work.working.mv(cso.link.mv_id)
    if mvo is None or mvo.retry or work.working.due_by(mvo.id):
        return None
    renamed = {DN} if delta.old_dn is not None else set()
    return Narrowed(cso.id, cso.connector, frozenset({*delta.attributes, *delta.references, *renamed}), mvo)


def _inbound_kept(working: WorkingSet, cso: CSObject | None) -> CSObject | None:
    """The object that an outbound error is kept on, where the inbound result stays (OPEN-18).

    Where the object itself is gone it is one that is still linked, and the metaverse object is tried again.
    """
    if cso is None:
        return None
    now = working.cs(cso.id)
    if now is not None and now.kind == "staging":
        return replace(now, import_error=cso.import_error)
    mv_id = cso.link.mv_id if cso.link is not None else None
    mvo = working.mv(mv_id) if mv_id is not None else None
    if mvo is None:
        return None
    working.put_mv(mvo.id, replace(mvo, retry=mvo.retry | {"provisioning"}))
    return next(map(working.cs, working.linked(mvo.id)), None)


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
            _drop_reference(work.working, referrer_id, cso.id, mv_id)
    take_out(work.working, cso, stays=keep_references)
    if mv_id is None:
        return
    alive = settle(work, mv_id, creating=False)
    work.counters.insert(0, f"connector-delete-{'leave' if alive else 'remove'}-mv")


def _drop_reference(working: WorkingSet, referrer_id: int, target: int, before: int | None) -> None:
    """Take a deleted object out of everything that a referrer's tower says (behaviour.md §1.8).

    `before` is the metaverse object that it was linked to.
    """
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
    working.put_cs(referrer_id, refused_no_more(changed))
    if changed.link is not None:
        due = DueReference(changed.link.mv_id, target, changed.connector, inbound=True, before=before, dropped=True)
        working.owe(due)


# -- what a batch owes to others ------------------------------------------------------------------


def _absorb(working: WorkingSet, fork: WorkingSet, program: Program) -> None:
    """Take over what one object's synchronization changed.

    Whoever refers to an object whose link changed must flow that reference again; what flows it later in the
    batch calls that done.
    """
    for cs_id in fork.changed_cs:
        before, after = working.cs(cs_id), fork.cs(cs_id)
        old = before.link.mv_id if before is not None and before.link is not None else None
        new = after.link.mv_id if after is not None and after.link is not None else None
        one = before or after
        if old == new or one is None:
            continue
        referrers = fork.cs_referrers(cs_id)
        for owner in set(fork.links_of(referrers).values()) if referrers else ():
            fork.owe(DueReference(owner, cs_id, one.connector, inbound=True, before=old))
        if one.connector in program.outbound_connectors:
            _owe_metaverse_referrers(fork, one.connector, old, cs_id)
            _owe_metaverse_referrers(fork, one.connector, new, None)
    working.absorb(fork)


def _owe_metaverse_referrers(working: WorkingSet, connector: str, mv_id: int | None, had: int | None) -> None:
    if mv_id is not None:
        for owner in working.mv_referrers(mv_id):
            working.owe(DueReference(owner, mv_id, connector, inbound=False, before=had))
