"""One run drilled into: the objects behind its counters, what it sent on the wire, and what is left to do.

Objects that nothing happened to are not stored by runs that look at everything: they are found as those that are
under no other counter (DECISIONS 18), which holds as long as no later run changed what is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from attrflow.app.operations.running import RequiredDocument, RunDocument, required_documents, run_document
from attrflow.app.project import Project
from attrflow.app.shapes import shape
from attrflow.model.changes import RunObject, RunRecord, StepRecord
from attrflow.model.connector_space import CSObject
from attrflow.model.entry import WireAttempt
from attrflow.model.errors import NotFound
from attrflow.ports.store import Store
from attrflow.ports.view import Reads

__all__ = ["RunDetailDocument", "RunObjectDocument", "WireAttemptDocument", "run_detail"]

_BATCH = 500
_LISTED = 1_000_000
"""More objects than a step has: all that it lists."""


@dataclass(frozen=True, slots=True)
class RunObjectDocument:
    """One object that a step counted."""

    step: int
    counter: str
    dn: str
    object_id: int | None
    error: str | None
    detail: str | None


@dataclass(frozen=True, slots=True)
class WireAttemptDocument:
    """One request that a step sent."""

    step: int
    operation: str
    number: int
    result: str
    waited: float


@dataclass(frozen=True, slots=True)
class RunDetailDocument:
    """One run drilled into: the objects behind its counters, and what was sent on the wire."""

    run: RunDocument
    objects: list[RunObjectDocument] = field(default_factory=list)
    attempts: list[WireAttemptDocument] = field(default_factory=list)
    objects_left_out: int = 0
    pending_exports: dict[str, int] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)
    """What is left to do on the connector now: objects by `pending-import`, `import-error`, `pending-export`,
    `export-error`, `escrowed`; and metaverse objects of all connectors by `retry`."""
    notes: list[str] = field(default_factory=list)
    required: list[RequiredDocument] = field(default_factory=list)
    """What the next cycle has to do in full on the connector, if anything: what a stopped run leaves of that, too."""


shape("run-detail", RunDetailDocument)


def run_detail(project: Project, number: int, *, counter: str | None = None, limit: int = 1000) -> RunDetailDocument:
    """One run: its steps, the objects behind its counters, its requests, and what is left to do.

    Raises:
        NotFound: there is no run of that number, or no such counter in it.
    """
    store = project.store
    record = store.run(number)
    if record is None:
        newest = store.runs(limit=1)
        known = f"the newest is {newest[0].number}" if newest else "nothing has run yet"
        raise NotFound(f"There is no run {number}: {known}.")
    counters = {name for step in record.steps for name in step.counters}
    if counter is not None and counter not in counters:
        counted = f"It counted: {', '.join(sorted(counters))}." if counters else "It counted nothing."
        raise NotFound(f"Run {number} counted no {counter}.", help=counted)
    detail = RunDetailDocument(
        run_document(record),
        pending_exports=dict(store.pending_export_counts(record.connector)),
        left=dict(store.backlog(record.connector)),
    )
    left_out = 0
    for step in record.steps:
        found = _objects(store, record, step, counter, limit, detail.notes)
        detail.objects.extend(_run_object(step.number, item) for item in found)
        counted_here = sum(n for name, n in step.counters.items() if counter in (None, name))
        left_out += max(0, counted_here - len(found)) if len(found) == limit else 0
        sent = store.wire_attempts(number, step.number, limit=limit)
        detail.attempts.extend(_attempt(step.number, attempt) for attempt in sent)
    if not record.steps and record.ended is not None:
        detail.notes.append("Its steps were purged from the history; values still name the run.")
    required = [one for one in required_documents(project) if one.connector == record.connector]
    return replace(
        detail, objects_left_out=left_out, required=[one for one in required if one.full_import or one.full_sync]
    )


def _objects(
    store: Store, record: RunRecord, step: StepRecord, counter: str | None, limit: int, notes: list[str]
) -> list[RunObject]:
    """What a step lists; where it only counted, what is under no other counter now."""
    found = list(store.run_objects(record.number, step.number, counter, limit=limit))
    counted = step.counters.get(counter, 0) if counter is not None else 0
    if counter is None or found or not counted:
        return found
    rest: list[RunObject] = []
    total = 0
    for cso in _others(store, record, step, counter):
        total += 1
        if total <= limit:
            rest.append(RunObject(counter, cso.id, cso.dn))
    note = f"{counter} is counted, not stored: shown are the objects under no other counter of the step"
    if total != counted:
        note += f"; later runs changed what is there, so these are {total:,} and not {counted:,}"
    notes.append(note + ".")
    return rest


def _others(store: Store, record: RunRecord, step: StepRecord, counter: str) -> Iterator[CSObject]:
    """The objects of the partition that fit a no-change counter, and that the step lists under none of its family."""
    target, _, word = counter.rpartition(":")
    listed = {
        item.object_id
        for name in step.counters
        if _family(name) == _family(counter)
        for item in store.run_objects(record.number, step.number, name, limit=_LISTED)
    }
    after = 0
    while ids := store.cs_ids(record.connector, step.partition, after=after, limit=_BATCH):
        after = ids[-1]
        view = store.prefetch(Reads(cs_ids=ids, with_links=bool(target)))
        for cso in (view.cs(id_) for id_ in ids if id_ not in listed):
            if cso is None or (word == "connector-no-flow" and cso.link is None):
                continue
            if word == "disconnector-remains" and cso.link is not None:
                continue
            if target and not any(
                (other := view.cs(id_)) is not None and other.connector == target
                for id_ in (view.linked(cso.link.mv_id) if cso.link is not None else ())
            ):
                continue
            yield cso


def _family(counter: str) -> str:
    """Counters of which an object is under one: of staging, of inbound, of outbound to one connector."""
    connector, colon, word = counter.rpartition(":")
    if colon:
        return f"{connector}:"
    return word.partition("-")[0] if word.startswith(("stage-", "export-", "guarded-")) else "inbound"


def _run_object(step: int, item: RunObject) -> RunObjectDocument:
    return RunObjectDocument(step, item.counter, item.dn, item.object_id, item.error, item.detail)


def _attempt(step: int, attempt: WireAttempt) -> WireAttemptDocument:
    return WireAttemptDocument(step, attempt.operation, attempt.number, attempt.result, attempt.waited)
