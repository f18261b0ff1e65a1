"""What runs and explain ask of a store. Engine, rules and expr never see this module."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

from attrflow.model.changes import ChangeSet, RunObject, RunRecord, StepProgress, StepRecord, Watermark
from attrflow.model.configuration import SchedulerState
from attrflow.model.connector_space import CSObject
from attrflow.model.entry import WireAttempt
from attrflow.model.metaverse import MVObject
from attrflow.ports.view import Prefetched, Reads, View

__all__ = ["CSFilter", "Store", "Tombstone"]

CSState = Literal[
    "connector",
    "disconnector",
    "pending-import",
    "pending-export",
    "import-error",
    "export-error",
    "placeholder",
    "transient",
    "escrowed",
]


@dataclass(frozen=True, slots=True)
class CSFilter:
    """A search of a connector space. Empty fields do not restrict; `states` must all hold."""

    connector: str | None = None
    text: str = ""
    """A DN, an anchor, or part of a name: matched against the look-up keys, case-insensitively."""
    below: str | None = None
    """A dn_key: only the object itself and what stands below it."""
    object_type: str | None = None
    states: tuple[CSState, ...] = ()
    whole: bool = False
    """Only objects with `text` as a whole key, not as a part of one: what `trace NAME` asks first."""


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What is left of a deleted object: its last document as the views show it, and the run."""

    id: int
    space: Literal["cs", "mv"]
    name: str
    connector: str | None
    object_type: str | None
    run: int
    document: Mapping[str, object]


class Store(View, Protocol):
    """Everything attrflow remembers. One writer, which holds `writer()`; readers never lock."""

    def prefetch(self, reads: Reads) -> Prefetched:
        """A view that has what was named at hand and falls through to the store for the rest."""

    def commit(
        self, changes: ChangeSet, *, progress: StepProgress | None = None, watermark: Watermark | None = None
    ) -> None:
        """All of it, or nothing: objects, links, keys, references, history and watermark together.

        Deletions leave a tombstone with the run of `progress` (0 without one). Reference sets that were
        read from the store before the commit and are read after it either still show what they
        showed or raise StoreError; they never show the new state.

        Raises:
            StoreError: two objects would hold the same DN (transients hold none) or anchor on a
                connector, an id of a deleted object is used again, the run of `progress` was never
                started, or the store cannot be written. Nothing is changed then.
        """

    def writer(self, purpose: str) -> AbstractContextManager[None]:
        """Hold the store for writing.

        Raises:
            StoreBusy: somebody else holds it; the message says who, what for and since when.
        """

    def close(self) -> None:
        """Release the store's files."""

    def set_join_attributes(self, cs: Mapping[str, Collection[str]], mv: Collection[str]) -> None:
        """Which attributes `cs_by_value` (by connector) and `mv_by_value` are asked for; indexes what is new.

        What was told before and is not named now can no longer be asked for. Names compare without case.
        """

    def highest_id(self) -> int:
        """The highest object id that was ever used, tombstones included; 0 for an empty store."""

    # -- what a run walks over -------------------------------------------------------------------

    def cs_ids(
        self,
        connector: str,
        partition: str | None = None,
        *,
        after: int = 0,
        limit: int = 500,
        pending_only: bool = False,
    ) -> tuple[int, ...]:
        """Staging objects in id order; `pending_only`: with a pending import or a stored import error."""

    def count_cs(self, connector: str, partition: str | None = None, *, pending_only: bool = False) -> int:
        """How many ids `cs_ids` would give in all."""

    def mv_retry_ids(self, *, after: int = 0, limit: int = 500) -> tuple[int, ...]:
        """Metaverse objects whose `retry` is not empty, or that have references due, in id order."""

    def at_rest(self, cs_ids: Collection[int], program: str) -> Mapping[int, tuple[str, ...]]:
        """Those of the linked objects that a synchronization with this program would not change.

        Their metaverse object was settled with it, and neither that nor anything linked to it was written
        since; none of them has a pending import, a stored error or a reason to be tried again. With each comes
        what such a synchronization counts (`Settled.counters`).
        """

    def cs_unseen(
        self, connector: str, partition: str, seen: Collection[int], *, after: int = 0, limit: int = 500
    ) -> tuple[int, ...]:
        """Staging objects that the directory should show, as an import or export left them, but are not in `seen`."""

    def pending_exports(
        self, connector: str, partition: str | None = None, *, after: int = 0, limit: int = 500
    ) -> tuple[int, ...]:
        """Objects with an unapplied export, in id order."""

    def pending_export_counts(self, connector: str, partition: str | None = None) -> Mapping[str, int]:
        """How many unapplied exports there are by object operation."""

    def escrowed(self, connector: str) -> tuple[int, ...]:
        """Objects whose export was handed to the directory without a known outcome."""

    def backlog(self, connector: str) -> Mapping[str, int]:
        """What is left to do on a connector: objects by `pending-import`, `import-error`, `pending-export`,
        `export-error` and `escrowed`; and of all connectors the metaverse objects by `retry`. Zeros are left out.
        """

    def counts(self) -> Mapping[str, int]:
        """Objects by `cs:<connector>:<type>` and `mv:<type>`; placeholders as type `placeholder`."""

    # -- search, for people ----------------------------------------------------------------------

    def find_cs(self, filter_: CSFilter, *, after: int = 0, limit: int = 100) -> tuple[CSObject, ...]:
        """Connector-space objects that fit, in id order."""

    def find_mv(
        self,
        text: str,
        object_type: str | None = None,
        *,
        whole: bool = False,
        after: int = 0,
        limit: int = 100,
    ) -> tuple[MVObject, ...]:
        """Metaverse objects by DN of a linked object, UPN, mail, sAMAccountName, GUID or part of a name.

        `whole`: the text must be a whole key, not a part of one.
        """

    def tombstones(self, text: str, *, limit: int = 20) -> tuple[Tombstone, ...]:
        """Deleted objects by name, newest first."""

    # -- history ---------------------------------------------------------------------------------

    def start_run(self, run: RunRecord, ruleset_text: str, configuration_text: str) -> RunRecord:
        """Write a new run and return it with its number; the texts are kept once per hash."""

    def take_rules(self, run: RunRecord, ruleset_hash: str, ruleset_text: str) -> RunRecord:
        """Write that a run goes on with other rules than it was started with, and return it so."""

    def finish_run(self, run: RunRecord) -> None:
        """Write the run's end and result."""

    def runs(self, *, limit: int = 50, connector: str | None = None) -> tuple[RunRecord, ...]:
        """The newest runs first, with their steps."""

    def run(self, number: int) -> RunRecord | None:
        """One run with its steps, or None."""

    def run_objects(
        self, number: int, step: int, counter: str | None = None, *, skip: int = 0, limit: int = 1000
    ) -> tuple[RunObject, ...]:
        """The objects that a step counted, in the order they were processed."""

    def count_run_objects(self, number: int, step: int, counter: str | None = None) -> int:
        """How many `run_objects` there are without a limit, so that nothing is cut off silently."""

    def wire_attempts(self, number: int, step: int, *, skip: int = 0, limit: int = 1000) -> tuple[WireAttempt, ...]:
        """What a step really sent."""

    def ruleset(self, hash_: str) -> str | None:
        """The text of a rule set that a run used."""

    def configuration(self, hash_: str) -> str | None:
        """The text of a configuration that a run used."""

    def watermark(self, connector: str, partition: str) -> Watermark | None:
        """How far the partition has been imported, or None before the first import."""

    def last_step(self, connector: str, type_: str) -> tuple[RunRecord, StepRecord] | None:
        """The newest finished step of a type on a connector."""

    def purge(self, before: str) -> Mapping[str, int]:
        """Delete the history of runs that started before a time (ISO 8601, UTC); how many rows went, by table.

        Steps, objects and requests of such a run go, and what is left of the objects that it deleted; the
        run itself and the texts that it names stay while a current value names it. The newest run, the
        newest finished step of each type and connector, and runs without an end stay whole.
        """

    # -- the scheduler ---------------------------------------------------------------------------

    def scheduler_state(self) -> SchedulerState:
        """What the scheduler knows; the beginning, where nothing was kept yet."""

    def change_scheduler_state(self, change: Callable[[SchedulerState], SchedulerState]) -> SchedulerState:
        """Replace the state by what `change` makes of it, in one transaction; returns the new one.

        Needs no `writer()`: a scheduler can be suspended while a cycle runs.
        """
