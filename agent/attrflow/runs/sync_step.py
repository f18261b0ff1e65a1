"""A synchronization step: connector-space objects through the engine, batch by batch; the plan is applied here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

from attrflow.engine.plan import SyncPlan
from attrflow.engine.program import Program
from attrflow.engine.reads import Forecast
from attrflow.engine.sync import synchronize_batch, synchronize_metaverse_batch
from attrflow.model.changes import ChangeSet, RunObject
from attrflow.ports.view import Reads, View
from attrflow.runs.environment import BATCH_SIZE, Environment
from attrflow.runs.step import Step, StepStopped

__all__ = ["sync_step"]

UNLISTED = frozenset({"connector-no-flow", "disconnector-remains"})
"""Counters that are numbers only where every object is counted: drilled by complement (DECISIONS 18)."""


def sync_step(
    environment: Environment, step: Step, partition: str, *, full: bool, imported: Collection[int] = ()
) -> str:
    """Synchronize one partition's objects: all of them, or those with a pending import or a stored error.

    A full synchronization counts the objects at rest without evaluating them (DECISIONS 14).
    `imported` are the objects that the same step imported: synchronized also where nothing of them changed.
    Then whatever these changes owe to others is flowed: references that were held for objects that are
    linked now, and provisioning to be tried again. Returns the step's result.

    Raises:
        StepStopped: too many objects failed, the schema of a connector that rules flow to is not known yet, or
            rules have equal precedence and an option refuses that.
    """
    program = environment.program()
    _require_schemas(program)
    _require_order(program)
    options, forecast = environment.options, Forecast(program)
    for batch in _batches(environment, step, partition, full=full, imported=imported):
        given = tuple(step.next_batch(batch))
        resting = environment.store.at_rest(given, program.digest) if full and options.skip_objects_at_rest else {}
        counted = Counter(name for counters in resting.values() for name in counters)
        ids = tuple(id_ for id_ in given if id_ not in resting)
        if not ids:
            step.commit(ChangeSet(), counted, processed=len(given))
            continue
        view = environment.store.prefetch(Reads(cs_ids=ids, with_links=True, with_referrers=True))
        view.announce(forecast.of(view, ids))
        due = ids if full or options.retry_failed_objects else _unfailed(view, ids)
        narrow = not full and options.delta_sync_changed_flows_only
        plan = synchronize_batch(view, due, program, environment.world, run=step.run, narrow=narrow)
        _apply(step, plan, len(given), listed=not full, resting=counted)
    _retry(environment, step, program, forecast)
    return "completed-sync-errors" if step.counters.get("flow-failure") else "success"


def _batches(
    environment: Environment, step: Step, partition: str, *, full: bool, imported: Collection[int]
) -> Iterator[Sequence[int]]:
    """The objects to synchronize, batch by batch, in id order; those that were only imported come last."""
    store, size = environment.store, step.batch_size(BATCH_SIZE)
    expected = store.count_cs(step.connector, partition, pending_only=not full)
    step.begin_phase(max(expected, len(imported)))
    left = set() if full else set(imported)
    after = 0
    while ids := store.cs_ids(step.connector, partition, after=after, limit=size, pending_only=not full):
        after = ids[-1]
        left.difference_update(ids)
        yield ids
    rest = sorted(left)
    for start in range(0, len(rest), size):
        yield rest[start : start + size]


def _require_schemas(program: Program) -> None:
    """What a connector can hold is known from its first import on; without it every export would be staged empty."""
    unknown = [name for name in program.outbound_connectors if name not in program.schemas]
    if unknown:
        raise StepStopped(
            "no-start-ma",
            f"The schema of {', '.join(unknown)} is not known yet, so nothing could be flowed to it: run "
            f"`attrflow run {unknown[0]} full-import` first.",
        )


def _require_order(program: Program) -> None:
    """Where an option says so, rules of equal precedence are an error; else the rule id decides (OPEN-6)."""
    if not program.options.refuse_equal_precedence:
        return
    names: dict[int, list[str]] = {}
    for rule in program.ruleset.rules:
        if not rule.disabled:
            names.setdefault(rule.precedence, []).append(rule.name)
    tied = {precedence: found for precedence, found in names.items() if len(found) > 1}
    if tied:
        shown = "; ".join(f"{precedence}: {', '.join(found)}" for precedence, found in sorted(tied.items()))
        raise StepStopped(
            "no-start-ma",
            f"Rules have equal precedence ({shown}). Give each a number of its own, or let the rule id "
            "decide with refuse-equal-precedence = false.",
        )


def _unfailed(view: View, ids: tuple[int, ...]) -> tuple[int, ...]:
    """The objects without a stored synchronization error: an import that changes a failed one forgets it (OPEN-20)."""
    found = ((id_, view.cs(id_)) for id_ in ids)
    return tuple(
        id_ for id_, cso in found if cso is None or cso.import_error is None or cso.import_error.step == "staging"
    )


def _retry(environment: Environment, step: Step, program: Program, forecast: Forecast) -> None:
    """Flow the metaverse objects that are marked, until none is left or only those that fail.

    One may be marked again by what follows from another: each is tried as often as one object's rounds go.
    """
    tried: Counter[int] = Counter()
    if marked := environment.store.backlog(step.connector).get("retry"):
        step.begin_phase(marked)
    while True:
        after, worked = 0, False
        while ids := environment.store.mv_retry_ids(after=after, limit=BATCH_SIZE):
            after = ids[-1]
            step.heed()
            due = [id_ for id_ in ids if tried[id_] < environment.options.loop_limit]
            if not due:
                continue
            step.advance(len(due))
            worked = True
            tried.update(due)
            view = environment.store.prefetch(Reads(mv_ids=due, with_links=True, with_referrers=True))
            view.announce(forecast.of_metaverse(view, due))
            plan = synchronize_metaverse_batch(view, due, program, environment.world, run=step.run)
            tried.update(dict.fromkeys(plan.failed, environment.options.loop_limit))
            _apply(step, plan, 0, listed=True)
        if not worked:
            return


def _apply(
    step: Step, plan: SyncPlan, processed: int, *, listed: bool, resting: Mapping[str, int] | None = None
) -> None:
    """Commit a plan. `listed`: also the objects that nothing happened to, which few are in a delta run.

    `resting` is what the objects of the batch count that were passed over.
    """
    objects = []
    for outcome in plan.outcomes:
        error = outcome.error
        for counter in outcome.counters:
            if listed or counter.rsplit(":", 1)[-1] not in UNLISTED:
                objects.append(
                    RunObject(
                        counter,
                        outcome.object_id,
                        outcome.dn,
                        error.type if error is not None else None,
                        error.detail if error is not None else None,
                    )
                )
    step.commit(plan.changes, Counter(plan.counters) + Counter(resting or {}), objects, processed=processed)
