"""Operations of the scheduler: its loop, suspending and resuming it, and what it knows."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from attrflow.app.operations.running import (
    CycleDocument,
    RequiredDocument,
    cycle,
    cycle_document,
    required_documents,
)
from attrflow.app.project import Project, opened_project
from attrflow.app.settings import load_settings
from attrflow.app.shapes import shape
from attrflow.model.configuration import SchedulerState
from attrflow.model.errors import AttrflowError, SchedulerSuspended
from attrflow.ports.world import Clock
from attrflow.runs.environment import Progress, never, silent
from attrflow.runs.schedule import resume, seconds_until_due, stale_warnings, suspend, wait
from attrflow.stores.lock import Holder, hold_file, read_holder
from attrflow.stores.sqlite import open_sqlite

__all__ = [
    "SchedulerDocument",
    "Waiting",
    "resume_scheduler",
    "run_scheduler",
    "scheduler_status",
    "suspend_scheduler",
]

RETRY_SECONDS = 60.0
"""How soon a cycle that could not start is tried again: the store was busy, or the project was wrong."""


@dataclass(frozen=True, slots=True)
class HolderDocument:
    """A process that holds something, what for, and since when."""

    process: int
    host: str
    purpose: str
    since: str


@dataclass(frozen=True, slots=True)
class LastCycleDocument:
    """The last cycle, the scheduler's or one by hand; `ended` is None while it runs, or where it was killed."""

    kind: str
    started: str
    ended: str | None
    result: str | None
    run: int | None


@dataclass(frozen=True, slots=True)
class SchedulerDocument:
    """What the scheduler is about to do."""

    running: HolderDocument | None
    """The process of `attrflow scheduler run`, if there is one."""
    busy: HolderDocument | None
    """Who writes to the store now."""
    suspended_since: str | None
    suspended_because: str | None
    staging_mode: bool
    interval_minutes: int
    history_days: int
    next_cycle: str | None
    """When it is due; None: as soon as the scheduler runs."""
    last: LastCycleDocument | None
    connectors: list[RequiredDocument]
    warnings: list[str]


shape("scheduler", SchedulerDocument)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why the scheduler waits: `until` the next cycle, because it is suspended, or since an error kept it."""

    until: str | None = None
    suspended_since: str | None = None
    error: AttrflowError | None = None


def scheduler_status(project: Project) -> SchedulerDocument:
    """What the scheduler knows and will do; also what changed since the last run."""
    store, settings = project.store, project.settings
    state = store.scheduler_state()
    last = None
    if state.last_kind is not None and state.last_started is not None:
        last = LastCycleDocument(
            state.last_kind, state.last_started, state.last_ended, state.last_result, state.last_run
        )
    return SchedulerDocument(
        running=_document(read_holder(_lock(settings.store))),
        busy=_document(read_holder(settings.store.with_name(settings.store.name + ".lock"))),
        suspended_since=state.suspended_since,
        suspended_because=state.suspended_because,
        staging_mode=settings.staging_mode,
        interval_minutes=settings.interval_minutes,
        history_days=settings.history_days,
        next_cycle=state.next_cycle,
        last=last,
        connectors=required_documents(project),
        warnings=stale_warnings(store, settings.connectors, project.world.now()),
    )


def _document(holder: Holder | None) -> HolderDocument | None:
    return None if holder is None else HolderDocument(holder.pid, holder.host, holder.purpose, holder.since)


def suspend_scheduler(project: Project, because: str | None) -> SchedulerDocument:
    """Keep cycles from starting; one that runs comes to its end."""
    suspend(project.store, project.world.now(), because)
    return scheduler_status(project)


def resume_scheduler(project: Project) -> SchedulerDocument:
    """Let cycles start again when they are due."""
    resume(project.store)
    return scheduler_status(project)


def run_scheduler(
    folder: Path,
    clock: Clock,
    *,
    once: bool = False,
    progress: Callable[[Progress], None] = silent,
    stop: Callable[[], bool] = never,
    told: Callable[[Waiting], None] = lambda _waiting: None,
) -> Generator[CycleDocument, None, None]:
    """Run cycles as they are due, until somebody asks to stop; a document as each cycle ends.

    The project is read anew before each cycle, so that what was edited meanwhile holds. An error keeps one
    cycle from running and not the scheduler. With `once` one cycle runs at once, due or not.

    Raises:
        StoreBusy: another scheduler runs on this store; with `once`, also: another run holds it.
        SchedulerSuspended: with `once`, somebody suspended the scheduler.
        SettingsError: with `once`, or at the beginning, the project is wrong.
    """
    store = load_settings(folder).store
    said: Waiting | None = None
    with _alone(store):
        while not stop():
            waiting, seconds = _due(store, clock)
            if once and waiting is not None and waiting.suspended_since is not None:
                raise SchedulerSuspended(
                    f"The scheduler is suspended since {waiting.suspended_since}: no cycle was run.",
                    help="`attrflow scheduler resume` lets it run again.",
                )
            if waiting is None or once:
                try:
                    yield _cycle(folder, progress, stop)
                except AttrflowError as error:
                    if once:
                        raise
                    waiting, seconds = Waiting(error=error), RETRY_SECONDS
                    told(waiting)
                    _wait_whole(clock, seconds, stop)
                    continue
                if once:
                    return
                continue
            if waiting != said:
                told(waiting)
                said = waiting
            wait(clock, seconds, stop)


def _due(store: Path, clock: Clock) -> tuple[Waiting | None, float]:
    """Why there is nothing to do yet, and for how long at most; None: a cycle is due."""
    if not store.exists():
        return None, 0.0
    with _reading(store) as state:
        if state.suspended_since is not None:
            return Waiting(suspended_since=state.suspended_since), RETRY_SECONDS
        seconds = seconds_until_due(state, clock.now())
        return (Waiting(until=state.next_cycle), seconds) if seconds > 0 else (None, 0.0)


@contextmanager
def _reading(path: Path) -> Iterator[SchedulerState]:
    store = open_sqlite(path)
    try:
        yield store.scheduler_state()
    finally:
        store.close()


def _cycle(folder: Path, progress: Callable[[Progress], None], stop: Callable[[], bool]) -> CycleDocument:
    with opened_project(folder) as project:
        initial = not project.store.runs(limit=1)
        results = list(cycle(project, initial=initial, progress=progress, stop=stop))
        return cycle_document(project, results, initial=initial)


def _wait_whole(clock: Clock, seconds: float, stop: Callable[[], bool]) -> None:
    left = seconds
    while left > 0 and not stop():
        wait(clock, left, stop)
        left -= 10.0


def _lock(store: Path) -> Path:
    return store.with_name(store.name + ".scheduler.lock")


@contextmanager
def _alone(store: Path) -> Iterator[None]:
    """No second scheduler on one store; the store itself is held only while a cycle runs."""
    with hold_file(_lock(store), str(store), "scheduler run"):
        yield
