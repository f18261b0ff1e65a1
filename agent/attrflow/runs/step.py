"""One step of a run as it goes: counters, objects, attempts, and its record in the history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from attrflow.model.changes import ChangeSet, RunObject, StepProgress, StepRecord, Watermark
from attrflow.model.configuration import RunStep
from attrflow.model.entry import WireAttempt
from attrflow.runs.environment import Environment, Progress

__all__ = ["STOPPED_BY_USER", "Step", "StepStopped"]

STOPPED_BY_USER = "stopped-user-termination"
T = TypeVar("T")


class StepStopped(Exception):
    """The step ends early with a result of the product; caught by `run`, never seen outside."""

    def __init__(self, result: str, detail: str) -> None:
        super().__init__(detail)
        self.result = result
        self.detail = detail


class Step:
    """Gathers what a step does, and commits it batch by batch together with its history."""

    def __init__(self, environment: Environment, run: int, number: int, connector: str, settings: RunStep) -> None:
        self.environment = environment
        self.run = run
        self.connector = connector
        self.number = number
        self.settings = settings
        self.type = settings.type
        self.partition = settings.partition
        self.counters: Counter[str] = Counter()
        self.errors = 0
        self.notes: list[str] = []
        self.done = 0
        self.total: int | None = None
        self._phase_from = 0
        self._cut = False
        self._started = self._now()
        self._attempts: list[WireAttempt] = []

    def _now(self) -> str:
        return self.environment.world.now().isoformat(timespec="milliseconds")

    def batch_size(self, usual: int) -> int:
        """Objects a batch: the step's own setting, else what is usual."""
        return self.settings.batch_size or usual

    def begin_phase(self, expected: int | None) -> None:
        """Another part of a combined step begins, with objects of its own to count against the limit."""
        self._phase_from = self.done
        self.total = None if expected is None else self.done + expected

    def next_batch(self, items: Sequence[T]) -> Sequence[T]:
        """What the object limit leaves of the batch that is about to begin; between batches a step may be stopped.

        Raises:
            StepStopped: somebody asked the run to stop, or as many objects as the limit allows were processed.
        """
        if items:
            self.heed()
        limit = self.settings.object_limit
        if not limit or not items:
            return items
        left = limit - (self.done - self._phase_from)
        if left <= 0:
            raise self._limit_reached()
        self._cut = len(items) > left
        return items[:left]

    def _limit_reached(self) -> StepStopped:
        limit = self.settings.object_limit
        return StepStopped(
            "stopped-object-limit", f"{limit:,} objects were processed, which is this step's object-limit"
        )

    def advance(self, count: int) -> None:
        """So many more objects are at work: for the progress of what commits nothing by the object."""
        self.done += count
        self.tell()

    def heed(self) -> None:
        """End the step if somebody asked for it; everything so far is committed.

        Raises:
            StepStopped: somebody did.
        """
        if self.environment.stop():
            raise StepStopped(STOPPED_BY_USER, "stopped by the user; what was committed stays, the next run goes on")

    def attempted(self, attempts: Iterable[WireAttempt]) -> None:
        """Take note of requests on the wire; they are written with the next commit."""
        self._attempts.extend(attempts)

    def note(self, sentence: str) -> None:
        """A sentence for the step's detail, once."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    def record(self, result: str = "in-progress", *, ended: bool = False) -> StepRecord:
        """The step as the history shows it now."""
        return StepRecord(
            self.number,
            self.type,
            self.partition,
            self._started,
            self._now() if ended else None,
            result,
            dict(self.counters),
            " ".join(self.notes) or None,
        )

    def commit(
        self,
        changes: ChangeSet,
        counters: Mapping[str, int],
        objects: Iterable[RunObject] = (),
        *,
        processed: int = 0,
        watermark: Watermark | None = None,
    ) -> None:
        """Write one batch: objects, history and watermark in one transaction; then tell the progress.

        Raises:
            StepStopped: more objects failed than the error limit allows, or the object limit cut this batch.
        """
        self.counters.update(counters)
        listed = tuple(objects)
        self.errors += sum(1 for o in listed if o.error is not None and o.counter.endswith("-failure"))
        attempts = tuple(self._attempts)
        progress = StepProgress(self.run, self.record(), listed, attempts)
        self.environment.store.commit(changes, progress=progress, watermark=watermark)
        del self._attempts[: len(attempts)]  # the producer's thread may have added more meanwhile
        self.done += processed
        self.tell()
        own = self.settings.error_limit
        limit = self.environment.options.error_limit if own is None else own
        if limit and self.errors > limit:
            raise StepStopped("stopped-error-limit", f"{self.errors} objects failed; the limit is {limit}")
        if self._cut and processed:
            raise self._limit_reached()

    def finish(self, result: str, detail: str | None = None) -> StepRecord:
        """End the step with a result and write its record."""
        if detail is not None:
            self.note(detail)
        record = self.record(result, ended=True)
        attempts = tuple(self._attempts)
        self.environment.store.commit(ChangeSet(), progress=StepProgress(self.run, record, (), attempts))
        del self._attempts[: len(attempts)]
        self.tell(finished=True, result=result)
        return record

    def tell(self, *, finished: bool = False, result: str | None = None) -> None:
        """Tell the progress callback how far the step is."""
        total = None if self.total is None else max(self.total, self.done)  # what is done may make more to do
        self.environment.progress(
            Progress(self.connector, self.type, self.partition, self.done, total, finished, result)
        )
