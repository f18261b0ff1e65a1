"""The run history of the store in memory: runs, steps, what they counted and sent, and watermarks."""

from __future__ import annotations

from dataclasses import replace

from attrflow.model.changes import RunObject, RunRecord, StepProgress, StepRecord, Watermark
from attrflow.model.entry import WireAttempt
from attrflow.model.errors import StoreError

__all__ = ["MemoryHistory"]


class MemoryHistory:
    """The history half of `MemoryStore`."""

    def __init__(self) -> None:
        self._runs: dict[int, RunRecord] = {}
        self._steps: dict[int, dict[int, StepRecord]] = {}
        self._run_objects: dict[tuple[int, int], list[RunObject]] = {}
        self._attempts: dict[tuple[int, int], list[WireAttempt]] = {}
        self._texts: dict[tuple[str, str], str] = {}
        self._watermarks: dict[tuple[str, str], Watermark] = {}

    def start_run(self, run: RunRecord, ruleset_text: str, configuration_text: str) -> RunRecord:
        """Write a new run under the next number; the texts are kept once per hash."""
        started = replace(run, number=max(self._runs, default=0) + 1, steps=())
        self._runs[started.number] = started
        self._texts.setdefault(("ruleset", run.ruleset_hash), ruleset_text)
        self._texts.setdefault(("configuration", run.configuration_hash), configuration_text)
        return started

    def take_rules(self, run: RunRecord, ruleset_hash: str, ruleset_text: str) -> RunRecord:
        """Write that a run goes on with other rules than it was started with, and return it so."""
        self._check_run(run.number)
        self._runs[run.number] = replace(self._runs[run.number], ruleset_hash=ruleset_hash)
        self._texts.setdefault(("ruleset", ruleset_hash), ruleset_text)
        return replace(run, ruleset_hash=ruleset_hash)

    def finish_run(self, run: RunRecord) -> None:
        """Write the run's end, result and cycle."""
        self._check_run(run.number)
        kept = self._runs[run.number]
        self._runs[run.number] = replace(kept, ended=run.ended, result=run.result, cycle=run.cycle)

    def _check_run(self, number: int) -> None:
        if number not in self._runs:
            raise StoreError(f"there is no run {number} in this store", help="start the run first")

    def _write_progress(self, progress: StepProgress) -> None:
        key = (progress.run, progress.step.number)
        self._steps.setdefault(progress.run, {})[progress.step.number] = progress.step
        self._run_objects.setdefault(key, []).extend(progress.objects)
        self._attempts.setdefault(key, []).extend(progress.attempts)

    def runs(self, *, limit: int = 50, connector: str | None = None) -> tuple[RunRecord, ...]:
        """The newest runs first, with their steps."""
        fitting = [n for n, run in self._runs.items() if connector is None or run.connector == connector]
        return tuple(self._with_steps(number) for number in sorted(fitting, reverse=True)[:limit])

    def run(self, number: int) -> RunRecord | None:
        """One run with its steps, or None."""
        return self._with_steps(number) if number in self._runs else None

    def _with_steps(self, number: int) -> RunRecord:
        steps = self._steps.get(number, {})
        return replace(self._runs[number], steps=tuple(steps[key] for key in sorted(steps)))

    def run_objects(
        self, number: int, step: int, counter: str | None = None, *, skip: int = 0, limit: int = 1000
    ) -> tuple[RunObject, ...]:
        """The objects that a step counted, in the order they were processed."""
        return tuple(self._counted(number, step, counter)[skip : skip + limit])

    def count_run_objects(self, number: int, step: int, counter: str | None = None) -> int:
        """How many objects a step counted."""
        return len(self._counted(number, step, counter))

    def _counted(self, number: int, step: int, counter: str | None) -> list[RunObject]:
        counted = self._run_objects.get((number, step), [])
        return [row for row in counted if counter is None or row.counter == counter]

    def wire_attempts(self, number: int, step: int, *, skip: int = 0, limit: int = 1000) -> tuple[WireAttempt, ...]:
        """What a step really sent, in order."""
        return tuple(self._attempts.get((number, step), [])[skip : skip + limit])

    def ruleset(self, hash_: str) -> str | None:
        """The text of a rule set that a run used."""
        return self._texts.get(("ruleset", hash_))

    def configuration(self, hash_: str) -> str | None:
        """The text of a configuration that a run used."""
        return self._texts.get(("configuration", hash_))

    def watermark(self, connector: str, partition: str) -> Watermark | None:
        """How far the partition has been imported, or None before the first import."""
        return self._watermarks.get((connector, partition))

    def last_step(self, connector: str, type_: str) -> tuple[RunRecord, StepRecord] | None:
        """The newest finished step of a type on a connector."""
        for run in self.runs(limit=len(self._runs), connector=connector):
            for step in reversed(run.steps):
                if step.type == type_ and step.ended is not None:
                    return run, step
        return None
