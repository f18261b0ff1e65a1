"""An import step: a directory's pages become pending imports, batch by batch (behaviour.md §1.4, DECISIONS 6).

A producer thread reads the directory while this one writes the store. The watermark is committed with
the last object that it covers, so that a crash repeats the import; deletions are inferred only from a
full import whose last page says that it is complete and that had no discovery error.
"""

from __future__ import annotations

import queue
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from attrflow.engine.naming import AMBIGUOUS
from attrflow.engine.plan import StagePlan
from attrflow.engine.stage import stage_batch, stage_obsolete
from attrflow.model.changes import ChangeSet, RunObject, Watermark
from attrflow.model.configuration import ConnectorConfiguration
from attrflow.model.entry import ImportedObject, ImportFinding, Page
from attrflow.model.names import InvalidName, dn_key
from attrflow.model.reference_names import name_dn
from attrflow.model.schema import Schema
from attrflow.model.values import display, folded
from attrflow.ports.connector import Connector
from attrflow.ports.store import CSFilter
from attrflow.ports.view import Reads
from attrflow.runs.environment import BATCH_SIZE, Environment
from attrflow.runs.step import Step

__all__ = ["Imported", "import_step"]

QUEUE_DEPTH = 2
"""Pages read ahead of the store (DECISIONS 6)."""
WAKE_SECONDS = 0.2
"""How long either side waits for the other before it looks whether the run is to stop."""
RESTARTED = "full-import-instead"
"""A connector's finding: the watermark is not accepted any more, what follows is a full import."""
_WARNINGS = ("exported-change-not-reimported", AMBIGUOUS)
"""Counters of what went well and is not what somebody would expect."""
NOTES = frozenset({RESTARTED, "object-type-not-read"})
"""Findings about the import as a whole: they are no discovery errors."""


@dataclass(frozen=True, slots=True)
class Imported:
    """How an import ended, and the ids of the objects that it touched."""

    result: str
    ids: set[int]


def import_step(environment: Environment, step: Step, connector: Connector, partition: str, *, full: bool) -> Imported:
    """Import one partition.

    Raises:
        ConnectorError: the directory cannot be used, or hung up; what was committed stays, nothing is inferred.
        StepStopped: too many objects failed, a limit was reached, or somebody asked for it.
    """
    configuration = environment.configurations[step.connector]
    schema = connector.schema
    environment.learn_schema(step.connector, schema)
    watermark = None if full else environment.store.watermark(step.connector, partition)
    whole = full or watermark is None or connector.delta_support is not None
    if not full and connector.delta_support is not None:
        step.note(connector.delta_support)
    elif not full and watermark is None:
        step.note("No import of this partition is known yet: this delta import read everything.")
    work = _Import(environment, step, connector, configuration, partition, schema, whole=whole)
    complete, reached = work.read(None if whole or watermark is None else watermark.value)
    work.read_whole_again()
    if work.whole and complete and not work.failures:
        work.obsolete_the_unseen()
    elif work.whole and not complete:
        step.note("The directory did not confirm that everything was read: nothing was taken for deleted.")
    elif work.whole and work.failures:
        step.note("Some objects could not be read: nothing was taken for deleted.")
    work.read_names_again()
    if reached is not None:
        work.keep_mark(reached)
    return Imported(work.result(), work.seen)


class _Import:
    """One import as it goes."""

    def __init__(
        self,
        environment: Environment,
        step: Step,
        connector: Connector,
        configuration: ConnectorConfiguration,
        partition: str,
        schema: Schema,
        *,
        whole: bool,
    ) -> None:
        self.environment = environment
        self.step = step
        self.connector = connector
        self.configuration = configuration
        self.partition = partition
        self.schema = schema
        self.whole = whole
        self.seen: set[int] = set()
        self.failures = 0
        self.received = 0
        self.need_whole: Counter[str] = Counter()
        """Anchors of objects to read whole, and how many parts of each came in."""
        self.read_again: set[tuple[str, str]] = set()
        """Partition and anchor of objects whose references by name only their directory can tell apart."""
        self.unresolved = 0
        self._mark: str | None = None
        # A directory seldom tells how much will come: as much as is known already is a fair guess for people.
        step.total = environment.store.count_cs(configuration.name, partition) or None if whole else None

    def read(self, watermark: str | None) -> tuple[bool, str | None]:
        """Stage every page; returns whether the import is complete, and the watermark that it reached."""
        complete, reached = False, None
        size = self.step.batch_size(BATCH_SIZE)
        for page in _read_ahead(self.connector, self.partition, watermark, self.step):
            self._findings(page.findings)
            self._expect(page)
            for start in range(0, len(page.objects), size):
                self.stage(self.step.next_batch(page.objects[start : start + size]))
            complete = complete or page.complete
            reached = page.watermark_after or reached
            if page.watermark_after is not None and not self.whole:
                self.read_whole_again()
                self.keep_mark(page.watermark_after)
        return complete, reached

    def _expect(self, page: Page) -> None:
        step = self.step
        if page.expected is not None:
            step.total = page.expected
        elif step.total is not None and step.done + len(page.objects) > step.total:
            step.total = None  # there is more than was known: nobody can say how much

    def keep_mark(self, reached: str) -> None:
        """Keep how far the import came: with a delta after each page, so that one that is stopped goes on there."""
        if self.unresolved or reached == self._mark:
            return
        mark = Watermark(self.configuration.name, self.partition, reached, self.step.run)
        self.environment.store.commit(ChangeSet(), watermark=mark)
        self._mark = reached

    def _findings(self, findings: Sequence[ImportFinding]) -> None:
        """Objects that could not be read fail; what the connector has to say of the import is noted."""
        for finding in findings:
            if finding.code in NOTES:
                self.step.note(finding.detail)
            if finding.code == RESTARTED:
                self.whole = True
                self.seen.clear()
        failed = [f for f in findings if f.code not in NOTES]
        objects = [RunObject("stage-failure", None, f.dn or "", f.code, f.detail) for f in failed]
        if objects:
            self.failures += len(objects)
            self.received += len(objects)
            self.step.commit(ChangeSet(), {"stage-failure": len(objects)}, objects, processed=len(objects))

    def stage(self, objects: Sequence[ImportedObject], *, again: bool = False) -> None:
        """Stage and commit one batch; `again`: these were counted as received when a part of them came in."""
        plan = self._plan(objects, self.partition)
        self._keep(plan, 0 if again else len(objects))
        self.need_whole.update(plan.need_whole)

    def _plan(self, objects: Sequence[ImportedObject], partition: str) -> StagePlan:
        environment = self.environment
        return stage_batch(
            environment.store.prefetch(_reads(self.configuration, objects)),
            objects,
            self.configuration,
            partition,
            self.schema,
            environment.joins,
            environment.world,
            run=self.step.run,
            brought=self.seen if self.whole else None,
            options=environment.options,
        )

    def _keep(self, plan: StagePlan, processed: int) -> None:
        self.seen |= plan.seen
        self.read_again |= plan.read_again
        self.received += processed
        self.failures += plan.counters.get("stage-failure", 0)
        self.step.commit(plan.changes, plan.counters, plan.objects, processed=processed)

    def read_whole_again(self) -> None:
        """Objects that a delta import brought only a part of, and that are new here, are read whole (§1.4, 7b)."""
        wanted, self.need_whole = self.need_whole, Counter()
        for anchor, parts in wanted.items():
            whole = self.connector.read_object(self.partition, anchor)
            if whole is not None:
                self.stage((whole,), again=True)
                if parts > 1:  # each was received, and the first of them brought the whole object
                    known = self.environment.store.cs_by_anchor(self.configuration.name, anchor)
                    rest = RunObject("stage-no-change", known.id if known is not None else None, whole.dn)
                    listed = () if self.whole else (rest,) * (parts - 1)
                    self.step.commit(ChangeSet(), {"stage-no-change": parts - 1}, listed)
                continue
            self.unresolved += 1
            self.failures += parts
            failed = RunObject(
                "stage-failure",
                None,
                anchor,
                "need-full-object",
                "only a part of the object came in, and reading it whole found nothing; the import will be repeated",
            )
            self.step.commit(ChangeSet(), {"stage-failure": parts}, (failed,) * parts)

    def read_names_again(self) -> None:
        """Read objects again that refer by a name to what bore several, and staged before one of them was taken away.

        What has not changed thereby is counted by nobody: the import brought it already.
        """
        wanted, self.read_again = self.read_again, set()
        for partition, anchor in sorted(wanted):
            whole = self.connector.read_object(partition, anchor)
            if whole is None:
                continue  # it is gone since: the next import tells
            plan = self._plan((whole,), partition)
            counters = {name: n for name, n in plan.counters.items() if name != "stage-no-change"}
            listed = [one for one in plan.objects if one.counter in counters]
            self._keep(replace(plan, counters=counters, objects=tuple(listed)), 0)

    def obsolete_the_unseen(self) -> None:
        """Every object of the partition that a complete full import did not bring is obsolete (§1.4, 6)."""
        environment, name = self.environment, self.configuration.name
        after = 0
        while ids := environment.store.cs_unseen(name, self.partition, self.seen, after=after, limit=BATCH_SIZE):
            after = ids[-1]
            view = environment.store.prefetch(Reads(cs_ids=ids))
            plan = stage_obsolete(
                view, ids, self.configuration, environment.joins, environment.world, run=self.step.run
            )
            self._keep(plan, 0)

    def result(self) -> str:
        """The product's word for how the import ended."""
        if self.failures:
            return "completed-discovery-errors"
        if self._transients():
            return "completed-transient-objects"
        if any(self.step.counters.get(warning) for warning in _WARNINGS):
            return "completed-warnings"
        return "success"

    def _transients(self) -> bool:
        """Whether an object of the partition still waits for its new DN or its delete (§1.5)."""
        transients = CSFilter(connector=self.configuration.name, states=("transient",))
        after = 0
        while found := self.environment.store.find_cs(transients, after=after):
            after = found[-1].id
            if any(
                cso.partition == self.partition
                and (cso.pending_import is None or cso.pending_import.operation not in ("delete", "obsolete"))
                for cso in found
            ):
                return True
        return False


def _reads(connector: ConnectorConfiguration, objects: Sequence[ImportedObject]) -> Reads:
    """All that staging these objects will look up, named before it is asked (DECISIONS 2)."""
    anchors: set[tuple[str, str]] = set()
    keys: set[tuple[str, str]] = set()
    values: set[tuple[str, str | None, str, str]] = set()

    def name(dn: str, anchor: str | None) -> None:
        if anchor is not None:
            anchors.add((connector.name, anchor))
        try:
            keys.add((connector.name, dn_key(dn)))
        except InvalidName:
            return  # staging reports it with the object

    def by_value(attribute: str, value: str) -> None:
        values.add((connector.name, None, attribute, folded(value)))
        name(name_dn(attribute, value), None)

    naming = set(connector.reference_by.values())
    for imported in objects:
        name(imported.dn, imported.anchor)
        for attribute in naming:
            for value in imported.attributes.get(attribute, ()):
                by_value(attribute, display(value))
        for references in imported.references.values():
            for target in (*references.added, *references.removed):
                if target.by is not None:
                    by_value(target.by, target.dn)
                else:
                    name(target.dn, target.anchor)
    return Reads(anchors=anchors, dn_keys=keys, cs_values=values)


def _read_ahead(connector: Connector, partition: str, watermark: str | None, step: Step) -> Iterator[Page]:
    """The connector's pages, read by a thread of their own; its exception is raised here, after the pages before it.

    A request to stop is heeded while nothing comes in, too.
    """
    pages: queue.Queue[Page | BaseException | None] = queue.Queue(maxsize=QUEUE_DEPTH)
    stop = threading.Event()

    def put(item: Page | BaseException | None) -> bool:
        while not stop.is_set():
            try:
                pages.put(item, timeout=WAKE_SECONDS)
            except queue.Full:
                continue
            return True
        return False

    def produce() -> None:
        try:
            for page in connector.import_pages(partition, watermark):
                if not put(page):
                    return
        except BaseException as error:
            put(error)
        else:
            put(None)

    thread = threading.Thread(target=produce, name=f"import-{partition}", daemon=True)
    thread.start()
    try:
        while True:
            try:
                item = pages.get(timeout=WAKE_SECONDS)
            except queue.Empty:
                step.heed()
                continue
            if item is None:
                return
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stop.set()
        thread.join(timeout=30)
