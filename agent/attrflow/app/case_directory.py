"""A directory in memory for cases: the connector's `MemoryDirectory`, edited as an administrator would.

Objects are found by the short names of the case. Like AD it keeps references valid: they follow a
rename, and a deleted target leaves them, neither of which is a change of the referring entry.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from attrflow.cases.format import ConnectorSpec, Edit, ObjectSpec
from attrflow.cases.laboratory import CaseError, DirectoryEntry, Target
from attrflow.cases.objects import absolute_dn
from attrflow.cases.syntax import in_syntax
from attrflow.connectors.memory import MemoryConnector, MemoryDirectory, MemoryEntry
from attrflow.model.configuration import ConnectorConfiguration
from attrflow.model.entry import ExportChange, ExportOutcome, ImportedObject, Page, ReferenceTarget
from attrflow.model.errors import ConnectionLost
from attrflow.model.names import dn_key, is_within, parse_dn
from attrflow.model.schema import Schema, Syntax
from attrflow.model.values import NO_VALUES, Values, canonical

__all__ = ["CaseConnector", "CaseDirectory"]


class CaseDirectory(MemoryDirectory):
    """The directory of one connector of a case."""

    def __init__(self, spec: ConnectorSpec, schema: Schema) -> None:
        super().__init__(schema, prefix=spec.name)
        self.spec = spec
        self.anchors: dict[str, str] = {}
        """The key of each entry by the object's short name; it stays when the entry is deleted."""
        self.planted: dict[str, str] = {}
        """The anchor that is shown for a key, where the case plants one."""
        self.deleted: dict[str, MemoryEntry] = {}
        self.refused: dict[str, str] = {}
        """Error types by the dn_key of entries that refuse every export."""
        self.quarantined: dict[str, dict[str, Values]] = {}
        """By key: values that the tenant holds back. An import returns them, the entry has what people see."""
        self.lost_after: int | None = None

    # -- what a tenant does by itself -------------------------------------------------------------

    def add(self, entry: MemoryEntry) -> str:
        """Add an entry; a tenant gives it its cloudAnchor and says where it is mastered."""
        anchor = super().add(entry)
        if self.spec.schema == "entra":
            own: dict[str, Values] = {"cloudAnchor": (f"{entry.object_type.capitalize()}_{anchor}",)}
            if "sourceAnchor" in entry.attributes:
                own["cloudMastered"] = (False,)
            self.entries[anchor] = replace(entry, attributes={**own, **entry.attributes})
        return anchor

    def remove(self, dn: str) -> None:
        """Delete the entry with that DN; references to it go with it."""
        key = self.find(dn)
        assert key is not None, f"no entry {dn}"
        self._delete(key)

    # -- whom is meant ----------------------------------------------------------------------------

    def key(self, target: Target) -> str | None:
        """The key of an entry that is there, or None."""
        if target.handle is not None:
            key = self.anchors.get(target.handle)
        elif target.anchor is not None:
            key = target.anchor
        else:
            key = self.find(target.dn or "")
        return key if key in self.entries else None

    def required(self, target: Target) -> str:
        """The key of an entry.

        Raises:
            CaseError: it is not there.
        """
        key = self.key(target)
        if key is None:
            raise CaseError(f"{self.spec.name} holds no entry {target.handle or target.dn or target.anchor}.")
        return key

    def entry(self, target: Target) -> DirectoryEntry | None:
        """What the directory holds."""
        key = self.key(target)
        if key is None:
            return None
        entry = self.entries[key]
        references = {name: tuple(map(ReferenceTarget, dns)) for name, dns in entry.references.items()}
        return DirectoryEntry(entry.dn, entry.object_type, entry.attributes, references)

    # -- edits ------------------------------------------------------------------------------------

    def place(self, spec: ObjectSpec, names: Mapping[str, str]) -> None:
        """Add an object of the case; `names` are the DNs of the other ones."""
        attributes, references = self._typed(spec.type, spec.attributes, names)
        key = self.add(MemoryEntry(spec.dn, spec.type, attributes, references))
        self.anchors[spec.handle] = key
        if spec.anchor is not None:
            self.planted[key] = spec.anchor
        if spec.quarantined:
            self.quarantined[key] = self._typed(spec.type, spec.quarantined, names)[0]

    def edit(self, target: Target, edit: Edit, names: Mapping[str, str]) -> None:
        """Apply one edit.

        Raises:
            CaseError: there is no such entry.
        """
        if edit.verb == "undelete":
            self._undelete(target)
            return
        key = self.required(target)
        if edit.verb == "delete":
            self._delete(key)
        elif edit.verb in ("rename", "move"):
            self._move(key, self._new_dn(self.entries[key].dn, edit))
        else:
            self.put(key, self._changed(self.entries[key], edit, names))

    def _new_dn(self, dn: str, edit: Edit) -> str:
        parent = parse_dn(dn).parent
        if edit.verb == "rename":
            return f"{edit.dn},{parent.text}" if parent is not None else edit.dn
        wanted = absolute_dn(edit.dn, self.spec)
        whole = parse_dn(edit.dn).rdn.casefold().startswith("cn=")
        return wanted if whole else f"{parse_dn(dn).rdn},{wanted}"

    def _move(self, key: str, new_dn: str) -> None:
        old = self.entries[key]
        self.put(key, replace(old, dn=new_dn))
        above = dn_key(old.dn)
        moved = {above: new_dn}
        for other, entry in list(self.entries.items()):
            if other != key and is_within(dn_key(entry.dn), above) and dn_key(entry.dn) != above:
                dn = entry.dn[: len(entry.dn) - len(old.dn)] + new_dn
                moved[dn_key(entry.dn)] = dn
                self.entries[other] = replace(entry, dn=dn)  # not in the log: only the container changed
        self._references_follow(moved)

    def _delete(self, key: str) -> None:
        entry = self.entries[key]
        self.deleted[key] = entry
        self.remove_key(key)
        self._references_follow({dn_key(entry.dn): None})

    def remove_key(self, key: str) -> None:
        """Take out one entry, whatever others have the same DN."""
        del self.entries[key]
        self._log.append(key)

    def _undelete(self, target: Target) -> None:
        key = self.anchors.get(target.handle or "")
        if key is None or key not in self.deleted:
            raise CaseError(f"{target.handle} was not deleted in {self.spec.name}.")
        self.put(key, self.deleted.pop(key))

    def _references_follow(self, moved: Mapping[str, str | None]) -> None:
        if self.spec.schema == "openldap":
            return
        for key, entry in list(self.entries.items()):
            if any(dn_key(dn) in moved for dns in entry.references.values() for dn in dns):
                references = {name: tuple(_followed(dns, moved)) for name, dns in entry.references.items()}
                self.entries[key] = replace(entry, references={n: dns for n, dns in references.items() if dns})

    def _changed(self, entry: MemoryEntry, edit: Edit, names: Mapping[str, str]) -> MemoryEntry:
        attributes, references = dict(entry.attributes), dict(entry.references)
        values, dns = self._typed(entry.object_type, edit.attributes, names)
        for name in edit.attributes:
            spelt = self._spelt(entry.object_type, name)
            given, targets = values.get(spelt, NO_VALUES), dns.get(spelt, ())
            attributes[spelt] = _edited(edit.verb, attributes.get(spelt, NO_VALUES), given)
            references[spelt] = _edited_dns(edit.verb, references.get(spelt, ()), targets)
        return replace(
            entry,
            attributes={name: held for name, held in attributes.items() if held},
            references={name: held for name, held in references.items() if held},
        )

    def _spelt(self, type_: str, name: str) -> str:
        known = self.schema.attribute(type_, name)
        return known.name if known is not None else name

    def _typed(
        self, type_: str, given: Mapping[str, Values], names: Mapping[str, str]
    ) -> tuple[dict[str, Values], dict[str, tuple[str, ...]]]:
        """Values as the schema has them, and references as DNs."""
        attributes: dict[str, Values] = {}
        references: dict[str, tuple[str, ...]] = {}
        for name, values in given.items():
            known = self.schema.attribute(type_, name)
            spelt = known.name if known is not None else name
            if known is not None and known.syntax is Syntax.REFERENCE:
                references[spelt] = tuple(names.get(str(v)) or absolute_dn(str(v), self.spec) for v in values)
            else:
                attributes[spelt] = tuple(in_syntax(known.syntax if known is not None else None, v) for v in values)
        return attributes, references


def _followed(dns: Sequence[str], moved: Mapping[str, str | None]) -> Iterator[str]:
    for dn in dns:
        now = moved.get(dn_key(dn), dn)
        if now is not None:
            yield now


def _edited(verb: str, before: Values, given: Values) -> Values:
    if verb == "set":
        return given
    shift = {canonical(value) for value in given}
    kept = tuple(value for value in before if canonical(value) not in shift)
    return kept + given if verb == "add-values" else kept


def _edited_dns(verb: str, before: tuple[str, ...], given: tuple[str, ...]) -> tuple[str, ...]:
    if verb == "set":
        return given
    shift = {dn_key(dn) for dn in given}
    kept = tuple(dn for dn in before if dn_key(dn) not in shift)
    return kept + given if verb == "add-values" else kept


class CaseConnector(MemoryConnector):
    """The connector to such a directory, with the faults that a case plants."""

    def __init__(self, configuration: ConnectorConfiguration, directory: CaseDirectory) -> None:
        super().__init__(configuration, directory)
        self._case = directory
        self._chosen = {name.casefold() for name in configuration.attributes}

    def import_pages(self, partition: str, watermark: str | None) -> Iterator[Page]:
        """As the connector does, but for planted anchors, and a connection that is lost half-way.

        Raises:
            ConnectionLost: the case wants it so.
        """
        lost_after, self._case.lost_after = self._case.lost_after, None
        done = 0
        for page in super().import_pages(partition, watermark):
            objects = tuple(self._shown(one) for one in page.objects)
            if lost_after is not None and done + len(objects) > lost_after:
                yield Page(objects[: lost_after - done])
                raise ConnectionLost(f"{self._case.spec.name} hung up after {lost_after} objects.")
            done += len(objects)
            yield replace(page, objects=objects)
        if lost_after is not None:
            raise ConnectionLost(f"{self._case.spec.name} hung up at the end.")

    def read_object(self, partition: str, anchor: str) -> ImportedObject | None:
        """As the connector does, but for planted anchors."""
        key = next((k for k, shown in self._case.planted.items() if shown == anchor), anchor)
        found = super().read_object(partition, key)
        return self._shown(found) if found is not None else None

    def export(self, changes: Sequence[ExportChange]) -> Iterator[ExportOutcome]:
        """As the connector does, but for entries that refuse."""
        for change in changes:
            error = self._case.refused.get(dn_key(change.dn))
            if error is not None:
                yield ExportOutcome(change.cs_id, error=error, detail=f"{change.dn} refuses every export")
            else:
                for name in change.attributes:
                    self._case.quarantined.get(change.anchor or "", {}).pop(name, None)  # another value came
                yield from super().export((change,))

    def _shown(self, one: ImportedObject) -> ImportedObject:
        shown = replace(one, anchor=self._case.planted.get(one.anchor or "", one.anchor))
        held_back = self._case.quarantined.get(one.anchor or "")
        if held_back and one.change == "whole":
            shown = replace(shown, attributes={**shown.attributes, **held_back})
        if not self._chosen:
            return shown
        return replace(
            shown,
            attributes={n: v for n, v in shown.attributes.items() if n.casefold() in self._chosen},
            references={n: r for n, r in shown.references.items() if n.casefold() in self._chosen},
        )
