"""One run of one profile on one connector: a step for each partition, and its record in the history."""

from __future__ import annotations

from dataclasses import dataclass, replace

from attrflow.model.changes import ChangeSet, RunRecord, StepProgress, StepRecord
from attrflow.model.configuration import RunStep
from attrflow.model.entry import WireAttempt
from attrflow.model.errors import AttrflowError, ConnectorError, SettingsError, StoreError
from attrflow.ports.connector import Connector
from attrflow.runs.dropping import ResumedConnector, drop_export, drop_import
from attrflow.runs.environment import Environment
from attrflow.runs.export_step import export_step
from attrflow.runs.import_step import import_step
from attrflow.runs.profile import Profile, most_severe, profile_key, profile_steps, stops_profile
from attrflow.runs.requirements import consume, note_changes, remember
from attrflow.runs.step import STOPPED_BY_USER, Step, StepStopped
from attrflow.runs.sync_step import sync_step

__all__ = ["RunResult", "end_abandoned", "run_profile"]


ABANDONED = "stopped-server-down"
"""The result of a run whose process was killed: the product's word for a service that went down."""
ABANDONED_MAX = 50
"""How many of the newest runs are looked through for one that was abandoned."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """A finished run, and what stopped it, if anything did."""

    record: RunRecord
    error: AttrflowError | None = None


def run_profile(
    environment: Environment, connector_name: str, profile: Profile, *, cycle: int | None = None
) -> RunResult:
    """Run a profile; the caller holds the store for writing.

    What the directory or the data do wrong ends up in the record and in `error`. A programmer's error
    or Ctrl-C leaves a record too, and is raised again.
    """
    configuration = environment.configurations[connector_name]
    steps = profile_steps(configuration, profile)
    assert steps is not None, "whoever asks for a run has looked the profile up"
    profile = profile_key(profile)
    note_changes(environment)
    started = environment.world.now().isoformat(timespec="milliseconds")
    rules = environment.ruleset()
    run = environment.store.start_run(
        RunRecord(0, connector_name, profile, started, rules.hash, environment.configuration_hash, cycle=cycle),
        rules.text,
        environment.configuration_text,
    )
    remember(environment)
    work = _Run(environment, run)
    try:
        for number, settings in enumerate(steps, start=1):
            if not work.step(number, settings):
                break
    finally:
        work.close()
        ended = environment.world.now().isoformat(timespec="milliseconds")
        finished = replace(
            work.run, ended=ended, result=most_severe([s.result for s in work.records]), steps=tuple(work.records)
        )
        environment.store.finish_run(finished)
    consume(environment, finished)
    return RunResult(finished, work.error)


def end_abandoned(environment: Environment) -> None:
    """Give the runs of a process that died their end; the caller holds the store, so nobody else is running.

    What such a run had committed stays, and the next run goes on from there.
    """
    ended = environment.world.now().isoformat(timespec="milliseconds")
    detail = "The process that ran this step ended before the step did; what was committed stays."
    for run in environment.store.runs(limit=ABANDONED_MAX):
        if run.ended is not None:
            continue
        steps = []
        for step in run.steps:
            if step.ended is None:
                step = replace(step, ended=ended, result=ABANDONED, detail=detail)  # noqa: PLW2901 - its last state
                environment.store.commit(ChangeSet(), progress=StepProgress(run.number, step))
            steps.append(step)
        result = most_severe([ABANDONED, *(step.result for step in steps)])
        environment.store.finish_run(replace(run, ended=ended, result=result, steps=tuple(steps)))


class _Run:
    """One run as it goes; the connector is opened once and shared by the steps that want it alike."""

    def __init__(self, environment: Environment, run: RunRecord) -> None:
        self.environment = environment
        self.run = run
        self.records: list[StepRecord] = []
        self.error: AttrflowError | None = None
        self._connector: Connector | None = None
        self._tuned: dict[str, object] = {}
        self._step: Step | None = None

    def connector(self, settings: RunStep) -> Connector:
        """The connector, opened when the first step needs it, and anew for one that has settings of its own."""
        wanted = {"page_size": settings.page_size, "timeout_seconds": settings.timeout_seconds}
        tuned: dict[str, object] = {name: value for name, value in wanted.items() if value is not None}
        if self._connector is not None and tuned != self._tuned:
            self.close()
        if self._connector is None:
            environment, name = self.environment, self.run.connector
            if tuned and environment.open_tuned is not None:
                self._connector = environment.open_tuned(name, self._attempted, tuned)
            else:
                self._connector = environment.open_connector(name, self._attempted)
            self._tuned = tuned
        return self._connector

    def _attempted(self, attempt: WireAttempt) -> None:
        """A request was sent: it belongs to the step that runs now (the producer's thread calls this too)."""
        if self._step is not None:
            self._step.attempted((attempt,))

    def close(self) -> None:
        """Let go of the connector."""
        if self._connector is not None:
            self._connector.close()
            self._connector = None

    def step(self, number: int, settings: RunStep) -> bool:
        """Run one step; returns whether the next one may run."""
        step = Step(self.environment, self.run.number, number, self.run.connector, settings)
        self._step = step
        step.tell()
        try:
            result = self._work(step, settings)
            self.records.append(step.finish(result))
        except StepStopped as stopped:
            self.records.append(step.finish(stopped.result, stopped.detail))
        except ConnectorError as error:
            self.error = error
            started = step.done > 0 or step.counters
            result = "stopped-connectivity" if started and error.status.startswith("no-start") else error.status
            self.records.append(step.finish(result, _sentence(error)))
        except KeyboardInterrupt:
            self.records.append(step.finish(STOPPED_BY_USER, "stopped by the user"))
            raise
        except StoreError as error:
            self.error = error
            # Where not even this can be written, the next run gives this one its end (`end_abandoned`).
            self.records.append(step.finish(_store_result(error), _sentence(error)))
        except AttrflowError as error:
            self.error = error
            self.records.append(step.finish("no-start-ma", _sentence(error)))
        except Exception as error:
            self.records.append(step.finish("stopped-extension-dll-exception", f"{type(error).__name__}: {error}"))
            raise
        return not stops_profile(self.records[-1].result)

    def _work(self, step: Step, settings: RunStep) -> str:
        """What the step's type says; a combined one synchronizes also what came in unchanged."""
        environment, type_, partition = self.environment, settings.type, settings.partition
        step.heed()
        if type_ in ("full-sync", "delta-sync"):
            _refuse_files(environment, "A synchronization")
            return sync_step(environment, step, partition, full=type_ == "full-sync")
        if type_ == "export" and environment.drop is not None:
            return drop_export(environment, step, environment.drop)
        if type_ == "export":
            _refuse_files(environment, "An export")
            return export_step(environment, step, self.connector(settings), partition)
        full = type_.startswith("full-import")
        if environment.drop is not None:
            return drop_import(environment, step, self.connector(settings), environment.drop, full=full)
        source = self.connector(settings) if environment.resume is None else self._resumed(step)
        imported = import_step(environment, step, source, partition, full=full)
        self._take_rules()
        if not type_.endswith("-sync"):
            return imported.result
        synced = sync_step(environment, step, partition, full=type_.endswith("full-sync"), imported=imported.ids)
        return most_severe([imported.result, synced])

    def _take_rules(self) -> None:
        """Record the rules that are in effect now: an import that learned a schema may have them respelt."""
        environment, rules = self.environment, self.environment.ruleset()
        if rules.hash != self.run.ruleset_hash:
            note_changes(environment)
            self.run = environment.store.take_rules(self.run, rules.hash, rules.text)
            remember(environment)

    def _resumed(self, step: Step) -> Connector:
        assert self.environment.resume is not None, "the caller looked"
        return ResumedConnector(self.environment.resume, self.environment.schema(self.run.connector), step)


def _refuse_files(environment: Environment, what: str) -> None:
    """A step that a file can neither take nor give anything.

    Raises:
        SettingsError: a file was named all the same.
    """
    if environment.resume is not None or environment.drop is not None:
        raise SettingsError(
            f"{what} is not written to or read from a file like this: nothing was done.",
            help="--drop is for imports and exports, --resume for imports.",
        )


def _store_result(error: StoreError) -> str:
    """The product's word for a database that cannot be written (behaviour.md §4.4)."""
    return "stopped-disk-full" if "disk is full" in error.message else "stopped-database-connection-lost"


def _sentence(error: AttrflowError) -> str:
    """What went wrong, the findings about the project's texts where they are the cause, and what to do."""
    found = [str(d) for d in error.diagnostics if d.severity == "error"] if isinstance(error, SettingsError) else []
    parts = (part.rstrip() for part in (error.message, "; ".join(found), error.help) if part)
    return " ".join(part if part.endswith((".", "?", "!")) else f"{part}." for part in parts)
