"""A directory in memory, without opinions: for cases, what-if and tests (DECISIONS 5).

It holds entries, gives them anchors, remembers what changed, and takes every export. It has no limits,
no matching and no calculated values: what a service would do is the mocks' business.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace

from attrflow.model.configuration import ConnectorConfiguration
from attrflow.model.entry import (
    ExportChange,
    ExportOutcome,
    ImportedObject,
    ImportedReferences,
    Page,
    ReferenceTarget,
)
from attrflow.model.names import dn_key
from attrflow.model.schema import Schema
from attrflow.model.values import NO_VALUES, Values

__all__ = ["MemoryConnector", "MemoryDirectory", "MemoryEntry"]

PAGE_SIZE = 500


@dataclass(frozen=True, slots=True)
class MemoryEntry:
    """One entry: its name, type, short values, and reference values as DNs."""

    dn: str
    object_type: str
    attributes: Mapping[str, Values] = field(default_factory=dict)
    references: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class _Entries(MutableMapping[str, MemoryEntry]):
    """Entries by anchor, and their anchors by DN: every look-up costs the same, whatever the directory's size."""

    def __init__(self) -> None:
        self._entries: dict[str, MemoryEntry] = {}
        self._keys: dict[str, str] = {}
        self._named: dict[str, dict[str, None]] = {}

    def at(self, key: str) -> str | None:
        """The anchor of the entry with that dn_key; of two of one name the one that had it first."""
        return next(iter(self._named.get(key, ())), None)

    def __getitem__(self, anchor: str) -> MemoryEntry:
        return self._entries[anchor]

    def __setitem__(self, anchor: str, entry: MemoryEntry) -> None:
        key = dn_key(entry.dn)
        if self._keys.get(anchor) != key:
            self._unname(anchor)
            self._keys[anchor] = key
            self._named.setdefault(key, {})[anchor] = None
        self._entries[anchor] = entry

    def __delitem__(self, anchor: str) -> None:
        del self._entries[anchor]
        self._unname(anchor)

    def _unname(self, anchor: str) -> None:
        if (key := self._keys.pop(anchor, None)) is not None:
            del self._named[key][anchor]
            if not self._named[key]:
                del self._named[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


class MemoryDirectory:
    """Entries by anchor, and a log of what changed, so that delta imports are real ones."""

    def __init__(self, schema: Schema, *, prefix: str = "anchor") -> None:
        self.schema = schema
        self.entries = _Entries()
        self._log: list[str] = []
        self._prefix = prefix
        self._last = 0

    def add(self, entry: MemoryEntry) -> str:
        """Add an entry and return its anchor."""
        self._last += 1
        anchor = f"{self._prefix}-{self._last}"
        self._keep(anchor, entry)
        return anchor

    def find(self, dn: str) -> str | None:
        """The anchor of the entry with that DN, or None."""
        return self.entries.at(dn_key(dn))

    def put(self, anchor: str, entry: MemoryEntry) -> None:
        """Replace an entry: a change of attributes, a rename, or both."""
        self._keep(anchor, entry)

    def _keep(self, anchor: str, entry: MemoryEntry) -> None:
        self.entries[anchor] = entry
        self._log.append(anchor)

    def set(self, dn: str, attribute: str, values: Values) -> None:
        """Set one attribute of the entry with that DN; no values clear it."""
        anchor = self.find(dn)
        assert anchor is not None, f"no entry {dn}"
        entry = self.entries[anchor]
        attributes = {**entry.attributes, attribute: values}
        self.put(anchor, replace(entry, attributes={n: v for n, v in attributes.items() if v}))

    def remove(self, dn: str) -> None:
        """Delete the entry with that DN."""
        anchor = self.find(dn)
        assert anchor is not None, f"no entry {dn}"
        del self.entries[anchor]
        self._log.append(anchor)

    @property
    def position(self) -> int:
        """How many changes there were: what a watermark holds."""
        return len(self._log)

    def changed_since(self, position: int) -> tuple[str, ...]:
        """Anchors of what changed, each once, in order."""
        return tuple(dict.fromkeys(self._log[position:]))


class MemoryConnector:
    """The connector to a directory in memory."""

    def __init__(self, configuration: ConnectorConfiguration, directory: MemoryDirectory) -> None:
        self._configuration = configuration
        self._directory = directory

    @property
    def schema(self) -> Schema:
        """The directory's schema."""
        return self._directory.schema

    @property
    def delta_support(self) -> str | None:
        """Delta imports are real ones."""
        return None

    def import_pages(self, partition: str, watermark: str | None) -> Iterator[Page]:
        """Entries in scope, or what changed since a position in the log."""
        directory = self._directory
        after = str(directory.position)
        if watermark is None:
            found = [self._whole(anchor) for anchor in tuple(directory.entries) if self._in_scope(partition, anchor)]
        else:
            found = [self._changed(partition, anchor) for anchor in directory.changed_since(int(watermark))]
        for start in range(0, len(found) or 1, PAGE_SIZE):
            last = start + PAGE_SIZE >= len(found)
            yield Page(
                tuple(found[start : start + PAGE_SIZE]),
                after if last else None,
                complete=last and watermark is None,
                expected=len(found),
            )

    def read_object(self, partition: str, anchor: str) -> ImportedObject | None:
        """The whole object, or None."""
        if anchor in self._directory.entries and self._in_scope(partition, anchor):
            return self._whole(anchor)
        return None

    def export(self, changes: Sequence[ExportChange]) -> Iterator[ExportOutcome]:
        """Take every change."""
        for change in changes:
            yield self._write(change)

    def close(self) -> None:
        """Nothing to let go of."""

    def _in_scope(self, partition: str, anchor: str) -> bool:
        entry = self._directory.entries[anchor]
        scope = self._configuration.partition(partition)
        return entry.object_type in self._configuration.object_types and scope.in_scope(dn_key(entry.dn))

    def _changed(self, partition: str, anchor: str) -> ImportedObject:
        if anchor not in self._directory.entries:
            return ImportedObject("delete", "", anchor)
        if not self._in_scope(partition, anchor):
            return ImportedObject("left-scope", self._directory.entries[anchor].dn, anchor)
        return self._whole(anchor)

    def _whole(self, anchor: str) -> ImportedObject:
        entry = self._directory.entries[anchor]
        references = {
            name: ImportedReferences(tuple(ReferenceTarget(dn, self._directory.find(dn)) for dn in targets))
            for name, targets in entry.references.items()
        }
        return ImportedObject("whole", entry.dn, anchor, entry.object_type, entry.attributes, references)

    def _write(self, change: ExportChange) -> ExportOutcome:
        directory = self._directory
        anchor = change.anchor if change.anchor in directory.entries else None
        if change.operation in ("delete", "delete-add") and anchor is not None:
            directory.remove(directory.entries[anchor].dn)
            anchor = None
        if change.operation == "delete":
            return ExportOutcome(change.cs_id)
        if change.operation == "update" and anchor is None:
            return ExportOutcome(change.cs_id, error="cd-missing-object", detail=f"no entry {change.dn}")
        before = directory.entries[anchor] if anchor is not None else MemoryEntry(change.dn, change.object_type)
        attributes = dict(before.attributes)
        for name, delta in change.attributes.items():
            attributes[name] = delta.apply(attributes.get(name, NO_VALUES))
        references = {name: list(targets) for name, targets in before.references.items()}
        for name, shift in change.references.items():
            gone = {dn_key(target.dn) for target in shift.removed}
            kept = [dn for dn in references.get(name, []) if dn_key(dn) not in gone]
            references[name] = kept + [target.dn for target in shift.added]
        entry = MemoryEntry(
            change.new_dn or before.dn,
            change.object_type,
            {name: values for name, values in attributes.items() if values},
            {name: tuple(targets) for name, targets in references.items() if targets},
        )
        if anchor is None:
            anchor = directory.add(entry)
        else:
            directory.put(anchor, entry)
        return ExportOutcome(change.cs_id, anchor=anchor, dn=entry.dn)
