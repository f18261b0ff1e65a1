"""Operations that run: profiles and cycles, and the history of what ran."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from attrflow.app.drop_files import drop_lines, dropping_to
from attrflow.app.project import Project
from attrflow.app.shapes import shape
from attrflow.model.changes import RunRecord, StepRecord
from attrflow.model.configuration import ConnectorConfiguration, GuardKind, Required
from attrflow.model.errors import SettingsError
from attrflow.runs.cycle import due_order, run_cycle
from attrflow.runs.environment import Progress, never, silent
from attrflow.runs.profile import STEP_TYPES, Profile, most_severe, profile_key, profile_steps
from attrflow.runs.requirements import required_now
from attrflow.runs.run import RunResult, end_abandoned, run_profile
from attrflow.runs.schedule import begin_cycle, end_cycle, last_syncs, purge_daily

__all__ = [
    "CycleDocument",
    "ProgressDocument",
    "RequiredDocument",
    "RunDocument",
    "RunsDocument",
    "StepDocument",
    "cycle",
    "known_profile",
    "required_documents",
    "run",
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
class RequiredDocument:
    """What the next cycle does in full on a connector, and why; and its last synchronization."""

    connector: str
    full_import: str | None
    full_sync: str | None
    last_synchronized: str | None = None


@dataclass(frozen=True, slots=True)
class RunsDocument:
    """The newest runs first, and what the next cycle will do in full."""

    runs: list[RunDocument]
    required: list[RequiredDocument] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CycleDocument:
    """A cycle: its runs in order, and the most severe result."""

    kind: str
    result: str
    staging_mode: bool
    runs: list[RunDocument]


@dataclass(frozen=True, slots=True)
class ProgressDocument:
    """How far a step is, one line of `--progress jsonl`; a total of None is not known."""

    connector: str
    step: str
    partition: str
    done: int
    total: int | None
    elapsed_seconds: float
    rate: float
    """Objects a second."""
    remaining_seconds: float | None
    finished: bool
    result: str | None


for _name, _type in (
    ("progress", ProgressDocument),
    ("run", RunDocument),
    ("runs", RunsDocument),
    ("cycle", CycleDocument),
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
    drop: Path | None = None,
    resume: Path | None = None,
) -> RunResult:
    """Run one profile on one connector, holding the store.

    With `drop` its imports and exports are written to a file and nothing else is done; with `resume` its
    imports are read from such a file.

    Raises:
        NotFound: there is no such connector; SettingsError: no such profile, or a file cannot be used;
            StoreBusy: another run holds the store.
    """
    wanted = known_profile(project.settings.connectors[project.require_connector(connector)], profile)
    environment = project.environment(progress, allowed=allowed, stop=stop)
    with project.store.writer(f"run {connector} {wanted}"), dropping_to(drop) as write:
        end_abandoned(environment)
        lines = partial(drop_lines, resume) if resume is not None else None
        result = run_profile(replace(environment, drop=write, resume=lines), connector, wanted)
        if write is not None:
            ended = result.record.result
            write.keep = not ended.startswith(("no-start-", "stopped-")) or ended == "stopped-object-limit"
        return result


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


def cycle(
    project: Project,
    *,
    initial: bool,
    progress: Callable[[Progress], None] = silent,
    stop: Callable[[], bool] = never,
) -> Iterator[RunResult]:
    """Run a cycle, holding the store; results come as the runs end.

    The scheduler's state follows, and once a day the run history is purged.

    Raises:
        StoreBusy: another run holds the store.
    """
    kind = "initial" if initial else "delta"
    with project.store.writer(f"cycle --{kind}"):
        environment = project.environment(progress, stop=stop)
        end_abandoned(environment)
        staging = project.settings.staging_mode
        begin_cycle(environment, kind, project.settings.interval_minutes)
        results: list[RunResult] = []
        try:
            for result in run_cycle(environment, due_order(environment, initial=initial, staging_mode=staging)):
                results.append(result)
                yield result
        finally:
            end_cycle(environment, [result.record for result in results])
        purge_daily(environment, project.settings.history_days)


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
    found = [run_document(r) for r in project.store.runs(limit=limit, connector=connector)]
    return RunsDocument(found, [one for one in required_documents(project) if one.full_import or one.full_sync])


def required_documents(project: Project) -> list[RequiredDocument]:
    """What the next cycle does in full, also for what changed since the last run; every connector."""
    store, configurations = project.store, project.settings.connectors
    state = required_now(project.reading_environment(), store.scheduler_state())
    found = []
    for last in last_syncs(store, configurations):
        one = state.required.get(last.connector, Required())
        found.append(RequiredDocument(last.connector, one.full_import, one.full_sync, last.ended))
    return found
