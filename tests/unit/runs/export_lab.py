"""What the export tests share: a tenant whose answers a test decides."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from tests.unit.engine.lab import Lab
from tests.unit.engine.lab_entries import dn

from attrflow.connectors.memory import MemoryConnector, MemoryEntry
from attrflow.model.configuration import EngineOptions
from attrflow.model.connector_space import CSObject
from attrflow.model.entry import ExportChange, ExportOutcome, ImportedObject, Page
from attrflow.model.schema import Schema

KARI, OLA, STAFF = dn("Kari"), dn("Ola"), dn("Staff")

Answer = Callable[[ExportChange], ExportOutcome | Exception | None]
"""What to answer instead of the directory; None: let the directory write it."""


class Exporting:
    """A connector that writes down every change that it is given, and may answer otherwise than the directory."""

    def __init__(self, memory: MemoryConnector, seen: list[ExportChange], answer: Answer) -> None:
        self._memory = memory
        self._seen = seen
        self._answer = answer
        self.schema: Schema = memory.schema
        self.delta_support: str | None = None

    def import_pages(self, partition: str, watermark: str | None) -> Iterator[Page]:
        """The directory's."""
        return self._memory.import_pages(partition, watermark)

    def read_object(self, partition: str, anchor: str) -> ImportedObject | None:
        """The directory's."""
        return self._memory.read_object(partition, anchor)

    def export(self, changes: Sequence[ExportChange]) -> Iterator[ExportOutcome]:
        """Write, or answer as the test says."""
        for change in changes:
            self._seen.append(change)
            answer = self._answer(change)
            if isinstance(answer, Exception):
                raise answer
            if answer is not None:
                yield answer
            else:
                yield from self._memory.export((change,))

    def close(self) -> None:
        """Nothing to let go of."""


def watch(lab: Lab, answer: Answer = lambda _change: None) -> list[ExportChange]:
    """Put an exporting connector around the tenant; returns the list that fills with what is exported."""
    seen: list[ExportChange] = []
    lab.connecting["entra"] = lambda memory: Exporting(memory, seen, answer)
    return seen


def pending(*entries: MemoryEntry, options: EngineOptions | None = None) -> Lab:
    """A laboratory with these entries of contoso waiting for their export."""
    lab = Lab(options=options)
    for entry in entries:
        lab.directories["contoso"].add(entry)
    lab.cycle(export=False)
    return lab


def in_cloud(*entries: MemoryEntry, options: EngineOptions | None = None) -> Lab:
    """A laboratory with these entries of contoso in the cloud, confirmed."""
    lab = pending(*entries, options=options)
    lab.run("entra", "export")
    lab.cycle(export=False)
    return lab


def cloud(lab: Lab, name: str = KARI) -> CSObject:
    """The tenant's object of an on-premises one."""
    cso = lab.linked("entra", name)
    assert cso is not None, name
    return cso


def refused(change: ExportChange) -> ExportOutcome:
    """The directory refuses everything."""
    return ExportOutcome(change.cs_id, error="permission-issue", cd_error_code="403", detail="may not write")
