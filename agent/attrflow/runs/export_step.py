"""An export step: pending exports to the directory, each batch escrowed before and settled after (behaviour.md §1.6).

First what an earlier run left without a known outcome is looked up and written again; then the
accidental-delete guard is asked; then deletes, contents, and the references that had to wait.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrflow.engine.export import Part, escrow_batch, export_order, exports_now, resume_batch, settle_batch
from attrflow.engine.plan import ExportBatch
from attrflow.engine.reads import export_reads
from attrflow.model.entry import ExportOutcome
from attrflow.ports.connector import Connector
from attrflow.ports.view import Reads
from attrflow.runs.environment import Environment
from attrflow.runs.guard import guard_export
from attrflow.runs.step import Step

__all__ = ["export_step"]

EXPORT_BATCH = 100
"""Objects in escrow at a time: what one request of the ingest channel takes."""


def export_step(environment: Environment, step: Step, connector: Connector, partition: str) -> str:
    """Export one partition and return the step's result.

    Raises:
        ConnectorError: the directory cannot be used, or hung up; what is in escrow is resolved by the next export.
        StepStopped: the guard refused, or too many objects failed.
    """
    store = environment.store
    environment.learn_schema(step.connector, connector.schema)
    guard_export(environment, step)
    step.total = sum(store.pending_export_counts(step.connector, partition).values())
    _resume(environment, step, connector)
    for part in export_order(deletes_first=environment.options.export_deletes_first):
        _export_part(environment, step, connector, partition, part)
    if step.counters.get("export-failure"):
        return "completed-export-errors"
    return "success"


def _resume(environment: Environment, step: Step, connector: Connector) -> None:
    configuration = environment.configurations[step.connector]
    ids = environment.store.escrowed(step.connector)
    if not ids:
        return
    step.note(f"{len(ids)} exports of an earlier run had no known outcome: they were looked up and written again.")
    for start in range(0, len(ids), EXPORT_BATCH):
        chunk = ids[start : start + EXPORT_BATCH]
        view = environment.store.prefetch(Reads(cs_ids=chunk))
        view.announce(export_reads(view, chunk))
        _write(environment, step, connector, resume_batch(view, chunk, configuration, connector.schema))


def _export_part(environment: Environment, step: Step, connector: Connector, partition: str, part: Part) -> None:
    configuration = environment.configurations[step.connector]
    after = 0
    size = step.batch_size(EXPORT_BATCH)
    while found := environment.store.pending_exports(step.connector, partition, after=after, limit=size):
        after = found[-1]
        ids = tuple(step.next_batch(_of_part(environment, found, part)))
        if not ids:
            continue
        view = environment.store.prefetch(Reads(cs_ids=ids))
        view.announce(export_reads(view, ids))
        batch = escrow_batch(view, ids, part, configuration, connector.schema)
        if batch.changes or batch.blocked:
            _write(environment, step, connector, batch)
        elif batch.escrow:
            step.commit(batch.escrow, {}, ())


def _of_part(environment: Environment, ids: tuple[int, ...], part: Part) -> tuple[int, ...]:
    """The objects that a part has anything to do for."""
    view = environment.store.prefetch(Reads(cs_ids=ids))
    return tuple(id_ for id_ in ids if (cso := view.cs(id_)) is not None and exports_now(cso, part))


def _write(environment: Environment, step: Step, connector: Connector, batch: ExportBatch) -> None:
    step.commit(batch.escrow, {"export-failure": len(batch.blocked)} if batch.blocked else {}, batch.blocked)
    outcomes: list[ExportOutcome] = []
    try:
        for outcome in connector.export(batch.changes):
            outcomes.append(outcome)
    finally:
        if outcomes:
            _settle(environment, step, outcomes)


def _settle(environment: Environment, step: Step, outcomes: Iterable[ExportOutcome]) -> None:
    known = tuple(outcomes)
    anchors = [(step.connector, outcome.anchor) for outcome in known if outcome.anchor is not None]
    view = environment.store.prefetch(Reads(cs_ids=[outcome.cs_id for outcome in known], anchors=anchors))
    now = environment.world.now().isoformat(timespec="milliseconds")
    plan = settle_batch(view, known, now)
    step.commit(plan.changes, plan.counters, plan.objects, processed=len(known))
