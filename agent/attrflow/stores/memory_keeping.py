"""What the store in memory keeps besides objects, and for how long: the scheduler's state, and what a purge takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from attrflow.model.configuration import SchedulerState
from attrflow.model.connector_space import CSObject
from attrflow.model.metaverse import MVObject
from attrflow.ports.store import Tombstone
from attrflow.stores.memory_history import MemoryHistory

__all__ = ["MemoryKeeping"]


class MemoryKeeping(MemoryHistory):
    """The keeping part of `MemoryStore`."""

    _cs: dict[int, CSObject]
    _mv: dict[int, MVObject]
    _graves: dict[int, tuple[Tombstone, str]]

    def __init__(self) -> None:
        super().__init__()
        self._scheduler = SchedulerState()

    def scheduler_state(self) -> SchedulerState:
        """What the scheduler knows."""
        return self._scheduler

    def change_scheduler_state(self, change: Callable[[SchedulerState], SchedulerState]) -> SchedulerState:
        """Replace the state by what `change` makes of it."""
        self._scheduler = change(self._scheduler)
        return self._scheduler

    def backlog(self, connector: str) -> Mapping[str, int]:
        """What is left to do, by its word."""
        found: Counter[str] = Counter()
        for cso in self._cs.values():
            if cso.connector == connector:
                found["pending-import"] += cso.pending_import is not None
                found["import-error"] += cso.import_error is not None
                found["pending-export"] += cso.unapplied is not None
                found["export-error"] += cso.export_error is not None
                found["escrowed"] += cso.escrowed is not None
        found["retry"] = sum(bool(mvo.retry) for mvo in self._mv.values())
        return {name: count for name, count in found.items() if count}

    def purge(self, before: str) -> Mapping[str, int]:
        """Delete the history of runs that started before a time, but what current values name."""
        kept = self._kept_whole()
        doomed = {n for n, run in self._runs.items() if run.ended is not None and run.started < before} - kept
        gone: Counter[str] = Counter()
        for number in doomed:
            gone["run_step"] += len(self._steps.pop(number, {}))
        for key in [key for key in self._run_objects if key[0] in doomed]:
            gone["run_object"] += len(self._run_objects.pop(key))
            gone["wire_attempt"] += len(self._attempts.pop(key, []))
        for number in doomed - set(self._named()):
            del self._runs[number]
            gone["run"] += 1
        for id_ in [id_ for id_, (grave, _texts) in self._graves.items() if grave.run in doomed]:
            del self._graves[id_]
            gone["tombstone"] += 1
        state = self._scheduler
        texts = {("ruleset", run.ruleset_hash) for run in self._runs.values()}
        texts |= {("configuration", run.configuration_hash) for run in self._runs.values()}
        texts |= {("ruleset", state.ruleset_hash or ""), ("configuration", state.configuration_hash or "")}
        for kind, hash_ in [key for key in self._texts if key not in texts]:
            del self._texts[kind, hash_]
            gone[kind] += 1
        return {name: count for name, count in gone.items() if count}

    def _kept_whole(self) -> set[int]:
        newest: dict[tuple[str, str], int] = {}
        for number, steps in self._steps.items():
            for step in steps.values():
                if step.ended is not None:
                    key = (self._runs[number].connector, step.type)
                    newest[key] = max(newest.get(key, 0), number)
        return {*newest.values(), max(self._runs, default=0)}

    def _named(self) -> Iterator[int]:
        for mvo in self._mv.values():
            yield from (held.provenance.since_run for held in mvo.attributes.values())
            yield from (held.provenance.since_run for held in mvo.references.values())
        for cso in self._cs.values():
            yield from (held.since_run for held in cso.provenance.values())
            if cso.link is not None:
                yield cso.link.since_run
            if cso.disconnection is not None:
                yield cso.disconnection.run
        yield from (mark.run for mark in self._watermarks.values())
