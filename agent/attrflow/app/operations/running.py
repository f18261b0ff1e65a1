"""Operations that run: profiles and cycles, and the history of what ran."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from attrflow.app.project import Project
from attrflow.app.shapes import shape
from attrflow.model.changes import RunObject, RunRecord, StepRecord
from attrflow.model.configuration import ConnectorConfiguration, GuardKind
from attrflow.model.entry import WireAttempt
from attrflow.model.errors import NotFound, SettingsError
from attrflow.runs.cycle import cycle_order, run_cycle
from attrflow.runs.environment import Progress, never, silent
from attrflow.runs.profile import STEP_TYPES, Profile, most_severe, profile_key, profile_steps
from attrflow.runs.run import RunResult, end_abandoned, run_profile

__all__ = [
    "CycleDocument",
    "RunDetailDocument",
    "RunDocument",
    "RunsDocument",
    "cycle",
    "run",
    "run_detail",
    "run_document",
    "runs",
]


@dataclass(frozen=True, slots=True)
class StepDocument:
    """One step as the history shows it."""

    number: int
    type: str
    partition: str
    result: str
    started: str
    ended: str | None
    counters: dict[str, int]
    detail: str | None


@dataclass(frozen=True, slots=True)
class RunDocument:
    """One run with its steps and counters."""

    number: int
    connector: str
    profile: str
    result: str
    started: str
    ended: str | None
    steps: list[StepDocument]
    cycle: int | None = None


@dataclass(frozen=True, slots=True)
class RunsDocument:
    """The newest runs first."""

    runs: list[RunDocument]


@dataclass(frozen=True, slots=True)
class CycleDocument:
    """A cycle: its runs in order, and the most severe result."""

    kind: str
    result: str
    staging_mode: bool
    runs: list[RunDocument]


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


for _name, _type in (
    ("run", RunDocument),
    ("runs", RunsDocument),
    ("cycle", CycleDocument),
    ("run-detail", RunDetailDocument),
):
    shape(_name, _type)


def run_document(record: RunRecord) -> RunDocument:
    """A run record as a document."""
    return RunDocument(
        record.number,
        record.connector,
        record.profile,
        record.result,
        record.started,
        record.ended,
        [_step_document(step) for step in record.steps],
        record.cycle,
    )


def _step_document(step: StepRecord) -> StepDocument:
    return StepDocument(
        step.number, step.type, step.partition, step.result, step.started, step.ended, dict(step.counters), step.detail
    )


def run(
    project: Project,
    connector: str,
    profile: str,
    *,
    progress: Callable[[Progress], None] = silent,
    allowed: Mapping[GuardKind, int | None] | None = None,
    stop: Callable[[], bool] = never,
) -> RunResult:
    """Run one profile on one connector, holding the store.

    Raises:
        NotFound: there is no such connector; SettingsError: no such profile; StoreBusy: another run holds the store.
    """
    wanted = known_profile(project.settings.connectors[project.require_connector(connector)], profile)
    environment = project.environment(progress, allowed=allowed, stop=stop)
    with project.store.writer(f"run {connector} {wanted}"):
        end_abandoned(environment)
        return run_profile(environment, connector, wanted)


def known_profile(connector: ConnectorConfiguration, text: str) -> Profile:
    """The profile that a text names, in the product's spelling or ours.

    Raises:
        SettingsError: the connector has no such profile; the help lists those that it has.
    """
    if profile_steps(connector, text) is not None:
        return profile_key(text)
    own = [name for name in connector.profiles if profile_key(name) not in STEP_TYPES]
    raise SettingsError(
        f"There is no run profile {text!r} on {connector.name}.",
        help=f"It is one of: {', '.join((*own, *STEP_TYPES))}.",
    )


def cycle(project: Project, *, initial: bool, progress: Callable[[Progress], None] = silent) -> Iterator[RunResult]:
    """Run a cycle, holding the store; results come as the runs end."""
    order = cycle_order(project.settings.connectors, initial=initial, staging_mode=project.settings.staging_mode)
    with project.store.writer(f"cycle --{'initial' if initial else 'delta'}"):
        environment = project.environment(progress)
        end_abandoned(environment)
        yield from run_cycle(environment, order)


def cycle_document(project: Project, results: list[RunResult], *, initial: bool) -> CycleDocument:
    """A finished cycle as a document."""
    return CycleDocument(
        "initial" if initial else "delta",
        most_severe([result.record.result for result in results]),
        project.settings.staging_mode,
        [run_document(result.record) for result in results],
    )


def runs(project: Project, *, limit: int, connector: str | None = None) -> RunsDocument:
    """The run history, newest first."""
    if connector is not None:
        project.require_connector(connector)
    return RunsDocument([run_document(r) for r in project.store.runs(limit=limit, connector=connector)])


def run_detail(project: Project, number: int, *, counter: str | None = None, limit: int = 1000) -> RunDetailDocument:
    """One run: its steps, the objects behind its counters, its requests, and what it left pending.

    Raises:
        NotFound: there is no run of that number, or no such counter in it.
    """
    record = project.store.run(number)
    if record is None:
        newest = project.store.runs(limit=1)
        known = f"the newest is {newest[0].number}" if newest else "nothing has run yet"
        raise NotFound(f"There is no run {number}: {known}.")
    counters = {name for step in record.steps for name in step.counters}
    if counter is not None and counter not in counters:
        raise NotFound(f"Run {number} counted no {counter}.", help=f"It counted: {', '.join(sorted(counters))}.")
    objects: list[RunObjectDocument] = []
    attempts: list[WireAttemptDocument] = []
    left_out = 0
    for step in record.steps:
        found = project.store.run_objects(number, step.number, counter, limit=limit)
        objects.extend(_run_object(step.number, item) for item in found)
        listed = sum(n for name, n in step.counters.items() if counter in (None, name))
        left_out += max(0, listed - len(found)) if len(found) == limit else 0
        attempts.extend(_attempt(step.number, a) for a in project.store.wire_attempts(number, step.number, limit=limit))
    pending = dict(project.store.pending_export_counts(record.connector))
    return RunDetailDocument(run_document(record), objects, attempts, left_out, pending)


def _run_object(step: int, item: RunObject) -> RunObjectDocument:
    return RunObjectDocument(step, item.counter, item.dn, item.object_id, item.error, item.detail)


def _attempt(step: int, attempt: WireAttempt) -> WireAttemptDocument:
    return WireAttemptDocument(step, attempt.operation, attempt.number, attempt.result, attempt.waited)
