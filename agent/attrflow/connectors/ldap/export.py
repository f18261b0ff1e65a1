"""Exports: the changes of one object as LDAP writes, and what the directory says to each.

A refusal is the outcome of that object. Only a directory that cannot be used any more ends the
export: then the objects without an outcome are in flight, and the run reads them back. A create that
was cut off is repeated only after a look-up has shown that it is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import ldap3

from attrflow.connectors.ldap import controls
from attrflow.connectors.ldap.connection import SearchRequest, Session, WriteAnswer
from attrflow.connectors.ldap.dialogue import Dialogue
from attrflow.connectors.ldap.entries import EntryReader, values_of
from attrflow.connectors.ldap.failures import NO_SUCH_OBJECT
from attrflow.connectors.ldap.modifications import (
    Modifications,
    add_attributes,
    is_idempotent,
    modification_batches,
)
from attrflow.connectors.ldap.results import ExportError, WriteKind, export_error
from attrflow.connectors.ldap.schema import ServerSchema
from attrflow.connectors.ldap.values import read_name
from attrflow.model.entry import ExportChange, ExportOutcome
from attrflow.model.names import InvalidName, dn_key, parse_dn

__all__ = ["Exporter"]

_NEVER_READ_BACK = frozenset(("unicodepwd", "userpassword"))


class _Refused(Exception):
    """The directory said no to one write; carried to the object's outcome."""

    def __init__(self, error: ExportError) -> None:
        super().__init__(error.detail)
        self.error = error


class Exporter:
    """Writes changes to one directory."""

    def __init__(
        self, dialogue: Dialogue, schema: ServerSchema, reader: EntryReader, *, is_ad: bool, permissive: bool
    ) -> None:
        self._dialogue = dialogue
        self._schema = schema
        self._reader = reader
        self._is_ad = is_ad
        self._permissive = permissive

    def export(self, changes: Sequence[ExportChange]) -> Iterator[ExportOutcome]:
        """Write the changes one after the other; one outcome for each as it becomes known.

        Raises:
            ConnectorError: the directory cannot be used any more.
        """
        for change in changes:
            try:
                anchor, dn = self._write(change)
                error: ExportError | None = None
            except _Refused as refused:
                anchor, dn, error = change.anchor, change.dn, refused.error
            except InvalidName as invalid:
                anchor, dn = change.anchor, change.dn
                error = ExportError("invalid-dn", "34 invalidDNSyntax", str(invalid))
            yield ExportOutcome(
                cs_id=change.cs_id,
                anchor=anchor,
                dn=dn,
                error=error.type if error else None,
                cd_error_code=error.cd_error_code if error else None,
                detail=error.detail if error else None,
            )

    def _write(self, change: ExportChange) -> tuple[str | None, str]:
        """Do what the change says; the object's anchor and DN afterwards."""
        if change.operation == "delete":
            self._delete(change)
            return change.anchor, change.dn
        if change.operation == "delete-add":
            self._delete(change)
        if change.operation in ("add", "delete-add"):
            return self._add(change), change.new_dn or change.dn
        dn = change.dn
        if change.new_dn is not None and change.new_dn != change.dn:
            self._rename(change, change.new_dn)
            dn = change.new_dn
        for batch in modification_batches(self._schema, change.attributes, change.references):
            self._modify(change, dn, batch)
        return change.anchor, dn

    # -- one write each ----------------------------------------------------------------------------

    def _add(self, change: ExportChange) -> str | None:
        dn = change.new_dn or change.dn
        parse_dn(dn)
        values = add_attributes(change.object_type, change.attributes, change.references)
        answer = self._dialogue.write(
            "add",
            _sender("the add", lambda c: c.add(dn, attributes=values)),
            repeatable=False,
            look_up=lambda: self._arrived(dn, values),
            uncertain=change.uncertain,
        )
        if answer.result != 0:
            container = parse_dn(dn).parent
            name = container.text if container is not None else dn
            raise self._refusal("add", answer, name, references=bool(change.references))
        return self._anchor_of(dn)

    def _delete(self, change: ExportChange) -> None:
        """Delete; an object that is not there any more is what was wanted."""
        name = self._name(change, change.dn)
        answer = self._dialogue.write("delete", _sender("the delete", lambda c: c.delete(name)), repeatable=True)
        if answer.result not in (0, NO_SUCH_OBJECT):
            raise self._refusal("delete", answer, name)

    def _rename(self, change: ExportChange, new_dn: str) -> None:
        new, old = parse_dn(new_dn), parse_dn(change.dn)
        superior = new.parent
        moved = superior is not None and (old.parent is None or superior.key != old.parent.key)
        name = self._name(change, change.dn)
        answer = self._dialogue.write(
            "rename",
            _sender(
                "the rename",
                lambda c: c.modify_dn(
                    name, new.rdn, new_superior=superior.text if moved and superior is not None else None
                ),
            ),
            repeatable=False,
            look_up=lambda: self._renamed(change, new_dn),
            uncertain=change.uncertain,
        )
        if answer.result != 0:
            raise self._refusal("rename", answer, name)

    def _modify(self, change: ExportChange, dn: str, batch: Modifications) -> None:
        name = self._name(change, dn)
        permissive = [controls.permissive_modify()] if self._permissive else None
        answer = self._dialogue.write(
            "modify",
            _sender("the modify", lambda c: c.modify(name, batch, controls=permissive)),
            repeatable=self._permissive or is_idempotent(batch),
            look_up=lambda: self._modified(dn, batch),
            uncertain=change.uncertain and not self._permissive,
        )
        if answer.result != 0:
            raise self._refusal("modify", answer, name, references=bool(change.references))

    def _name(self, change: ExportChange, dn: str) -> str:
        """What the write names: in AD the GUID, so that a container's rename meanwhile does no harm."""
        parse_dn(dn)
        return f"<GUID={change.anchor}>" if self._is_ad and change.anchor else dn

    def _refusal(self, kind: WriteKind, answer: WriteAnswer, dn: str, *, references: bool = False) -> _Refused:
        exists: bool | None = None
        if answer.result == NO_SUCH_OBJECT:
            looked = parse_dn(dn).parent if kind == "add" else parse_dn(dn)
            exists = looked is not None and self._entry(looked.text, ("objectClass",), ask=True) is not None
        return _Refused(export_error(kind, answer.result, answer.text, target_exists=exists, references=references))

    # -- looking ---------------------------------------------------------------------------------------

    def _entry(self, dn: str, attributes: Sequence[str], *, ask: bool) -> tuple[bytes, dict[str, list[bytes]]] | None:
        """DN and attributes of one entry, or None; `ask` repeats, a look-up within a write must not."""
        request = SearchRequest(dn, dn, scope=ldap3.BASE, attributes=tuple(attributes))
        answer = self._dialogue.ask(request, "read") if ask else self._dialogue.search_once(request)
        if answer.done.result != 0 or not answer.entries:
            return None
        return answer.entries[0].dn, answer.entries[0].attributes

    def _anchor_of(self, dn: str) -> str | None:
        found = self._entry(dn, (self._reader.anchor_attribute,), ask=True)
        return self._reader.anchor(found[1], None) if found is not None else None

    def _arrived(self, dn: str, values: dict[str, list[bytes]]) -> WriteAnswer | None:
        """Success when the entry is there with all that we sent; somebody else's entry is no success."""
        found = self._entry(dn, tuple(values), ask=False)
        if found is None:
            return None
        for name, sent in values.items():
            if name.casefold() not in _NEVER_READ_BACK and not set(sent) <= set(values_of(found[1], name)):
                return None
        return WriteAnswer(0, "")

    def _renamed(self, change: ExportChange, new_dn: str) -> WriteAnswer | None:
        found = self._entry(new_dn, (self._reader.anchor_attribute,), ask=False)
        if found is None or self._reader.anchor(found[1], None) != change.anchor:
            return None
        return WriteAnswer(0, "")

    def _modified(self, dn: str, batch: Modifications) -> WriteAnswer | None:
        """Success when the entry shows every value that was added and none that was removed."""
        found = self._entry(dn, tuple(batch), ask=False)
        if found is None:
            return None
        for name, operations in batch.items():
            present = _comparable(values_of(found[1], name))
            for operation, sent in operations:
                wanted = _comparable(sent)
                if operation == ldap3.MODIFY_ADD and not wanted <= present:
                    return None
                if operation == ldap3.MODIFY_DELETE and wanted & present:
                    return None
                if operation == ldap3.MODIFY_REPLACE and wanted != present:
                    return None
        return WriteAnswer(0, "")


def _sender(what: str, operation: Callable[[ldap3.Connection], object]) -> Callable[[Session], WriteAnswer]:
    return partial(_send, what, operation)


def _send(what: str, operation: Callable[[ldap3.Connection], object], session: Session) -> WriteAnswer:
    return session.write(what, operation)


def _comparable(values: Sequence[bytes]) -> set[bytes | str]:
    """Values as they compare after a round trip: DNs by their key, since servers print them anew."""
    return {_comparable_value(value) for value in values}


def _comparable_value(value: bytes) -> bytes | str:
    try:
        return dn_key(read_name(value)[0])
    except (InvalidName, UnicodeDecodeError):
        return value
