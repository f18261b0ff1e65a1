"""Committing a batch to the SQLite store: first everything is worked out, then everything is written.

The caller holds one write transaction around it. Reference differences are taken while the rows still
stand as the batch has read them, so nothing is read here after the first write.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from attrflow.model.changes import ChangeSet
from attrflow.model.connector_space import CSObject
from attrflow.model.errors import StoreError
from attrflow.model.metaverse import DueReference, HeldReference, MVObject
from attrflow.stores.codec import IMAGE_LAYER, MV_LAYER, cs_row, json_text, mv_row, parsed
from attrflow.stores.database import Database, Row
from attrflow.stores.keys import cs_keys, mv_join_keys, mv_lookup_keys
from attrflow.stores.origins import InternedOrigins
from attrflow.stores.references import ReferenceRows, delta_changes, set_changes
from attrflow.stores.shown import cs_tombstone, mv_tombstone, tombstone_texts
from attrflow.stores.sqlite_joins import METAVERSE, JoinAttributes
from attrflow.stores.statements import (
    CS_INSERT,
    CS_UPDATE,
    DUE_DELETE,
    DUE_INSERT,
    HELD_DELETE,
    HELD_INSERT,
    MV_INSERT,
    MV_UPDATE,
)

__all__ = ["Batch"]

_CS_NOW = """
SELECT id, hash, reference_sets, connector, dn_key, anchor, transient FROM cs_object
WHERE id IN (SELECT value FROM json_each(?))
"""
_MV_NOW = "SELECT id, hash, reference_sets FROM mv_object WHERE id IN (SELECT value FROM json_each(?))"
_CS_HASH, _MV_HASH, _SETS = 25, 5, 21

LookupRow = tuple[int, str, str]
"""(owner, kind, folded text)."""
JoinRow = tuple[int, str, str, str]
"""(owner, attribute, folded value, space)."""


@dataclass(slots=True)
class _Rows:
    """What is written of one kind of object."""

    inserted: list[tuple[object, ...]] = field(default_factory=list)
    updated: list[tuple[object, ...]] = field(default_factory=list)


class Batch:
    """The rows of one commit. `prepare` reads and works out; `write` writes."""

    def __init__(self, database: Database, origins: InternedOrigins, joins: JoinAttributes) -> None:
        self._database = database
        self._origins = origins
        self._joins = joins
        self._cs = _Rows()
        self._mv = _Rows()
        self._released: list[tuple[int]] = []
        """Objects whose DN or anchor changes: they give up the old one before anybody takes a new one."""
        self._references = ReferenceRows()
        self._changed: set[int] = set()
        """Objects that were there before and are written: their keys may have changed."""
        self._lookups: set[LookupRow] = set()
        self._join_keys: set[JoinRow] = set()
        self._deleted: list[tuple[int]] = []
        self._graves: list[tuple[object, ...]] = []
        self._key_deletions: tuple[list[LookupRow], list[JoinRow]] = ([], [])

    def prepare(
        self,
        changes: ChangeSet,
        gone: Collection[CSObject | MVObject],
        run: int,
    ) -> None:
        """Work out all rows. `gone` are the objects, as they are now, that the changes delete."""
        cs_now = self._now(_CS_NOW, changes.cs_objects)
        mv_now = self._now(_MV_NOW, changes.mv_objects)
        for cso in changes.cs_objects.values():
            if cso is not None:
                self._prepare_cs(cso, cs_now.get(cso.id))
        for mvo in changes.mv_objects.values():
            if mvo is not None:
                self._prepare_mv(mvo, mv_now.get(mvo.id))
        self._refuse_buried([row[0] for rows in (self._cs, self._mv) for row in rows.inserted])
        self._deleted = [
            (id_,)
            for objects in (changes.cs_objects, changes.mv_objects)
            for id_, new in objects.items()
            if new is None
        ]
        self._bury(gone, run)
        self._compare_keys()

    def _now(self, sql: str, objects: Mapping[int, CSObject | MVObject | None]) -> dict[int, Row]:
        wanted = [id_ for id_, new in objects.items() if new is not None]
        return {row[0]: row for row in self._database.rows(sql, (orjson.dumps(wanted).decode(),))}

    def _prepare_cs(self, cso: CSObject, now: Row | None) -> None:
        row = cs_row(cso, self._origins)
        if now is None:
            self._cs.inserted.append(row)
        elif now[1] == row[_CS_HASH]:
            return
        else:
            self._cs.updated.append(row)
            self._changed.add(cso.id)
            if now[3:] != (row[1], row[5], row[6], row[8]):
                self._released.append((cso.id,))
        lookups, join_keys = cs_keys(cso, self._joins.of(cso.connector))
        self._lookups.update((cso.id, kind, text) for kind, text in lookups)
        self._join_keys.update((cso.id, name, folded, cso.connector) for name, folded in join_keys)
        old = _sets(None if now is None else now[2])
        new = _sets(row[_SETS])
        if old or new:
            held = {} if cso.image is None else cso.image.references
            before = {name: (count, digest) for name, (count, digest) in old.get("image", {}).items()}
            set_changes(self._database, self._references, cso.id, IMAGE_LAYER, before, held)
            deltas = (cso.pending_import, cso.unconfirmed, cso.escrowed, cso.unapplied)
            delta_changes(self._database, self._references, cso.id, old, new, deltas)

    def _prepare_mv(self, mvo: MVObject, now: Row | None) -> None:
        row = mv_row(mvo, self._origins)
        if now is None:
            self._mv.inserted.append(row)
        elif now[1] == row[_MV_HASH]:
            return
        else:
            self._mv.updated.append(row)
            self._changed.add(mvo.id)
        self._lookups.update((mvo.id, kind, text) for kind, text in mv_lookup_keys(mvo))
        join_keys = mv_join_keys(mvo, self._joins.of(METAVERSE))
        self._join_keys.update((mvo.id, name, folded, METAVERSE) for name, folded in join_keys)
        before = {name: (data[0], data[1]) for name, data in _sets(None if now is None else now[2]).items()}
        if before or mvo.references:
            held = {name: references.targets for name, references in mvo.references.items()}
            set_changes(self._database, self._references, mvo.id, MV_LAYER, before, held)

    def _refuse_buried(self, new_ids: list[Any]) -> None:
        row = self._database.row(
            "SELECT id FROM tombstone WHERE id IN (SELECT value FROM json_each(?)) LIMIT 1",
            (orjson.dumps(new_ids).decode(),),
        )
        if row is not None:
            raise StoreError(f"the id {row[0]} belonged to a deleted object and cannot be used again")

    def _bury(self, gone: Collection[CSObject | MVObject], run: int) -> None:
        for one in gone:
            grave = cs_tombstone(one, run) if isinstance(one, CSObject) else mv_tombstone(one, run)
            self._graves.append(
                (
                    *(grave.id, grave.space, grave.name, grave.connector, grave.object_type, grave.run),
                    json_text(grave.document),
                    tombstone_texts(one, grave.name),
                )
            )

    def _compare_keys(self) -> None:
        """Leave only the keys that are new, and find those that are gone, of objects that were there before."""
        owners = (orjson.dumps(list(self._changed)).decode(),)
        lookups = self._database.rows(
            "SELECT owner, kind, folded FROM lookup WHERE owner IN (SELECT value FROM json_each(?))", owners
        )
        keys = self._database.rows(
            "SELECT owner, attribute, folded, space FROM join_key WHERE owner IN (SELECT value FROM json_each(?))",
            owners,
        )
        self._key_deletions = (
            [row for row in lookups if row not in self._lookups],
            [row for row in keys if row not in self._join_keys],
        )
        self._lookups.difference_update(lookups)
        self._join_keys.difference_update(keys)

    def write(self, held: Mapping[HeldReference, bool], due: Mapping[DueReference, bool], highest_id: int) -> None:
        """Write the rows, deletions first.

        Raises:
            sqlite3.IntegrityError: two objects claim one DN or anchor.
        """
        many = self._database.run_many
        self._write_beside(HELD_DELETE, HELD_INSERT, {_held_row(one): now for one, now in held.items()})
        self._write_beside(DUE_DELETE, DUE_INSERT, {_due_row(one): now for one, now in due.items()})
        self._delete()
        many("UPDATE cs_object SET transient = 1, anchor = NULL WHERE id = ?", self._released)
        many(CS_UPDATE, self._cs.updated)
        many(CS_INSERT, self._cs.inserted)
        many(MV_UPDATE, self._mv.updated)
        many(MV_INSERT, self._mv.inserted)
        many(
            "DELETE FROM reference WHERE owner = ? AND layer = ? AND attribute = ? AND target = ?",
            self._references.deleted,
        )
        many("INSERT INTO reference VALUES (?, ?, ?, ?, ?)", self._references.inserted)
        lookups, keys = self._key_deletions
        many("DELETE FROM lookup WHERE owner = ? AND kind = ? AND folded = ?", lookups)
        many("DELETE FROM join_key WHERE owner = ? AND attribute = ? AND folded = ? AND space = ?", keys)
        many("INSERT INTO lookup VALUES (?, ?, ?)", sorted(self._lookups))
        many("INSERT INTO join_key VALUES (?, ?, ?, ?)", sorted(self._join_keys))
        self._database.run("UPDATE id_sequence SET highest = max(highest, ?)", (highest_id,))

    def _write_beside(self, delete: str, insert: str, rows: Mapping[Row, bool]) -> None:
        """Write the rows that are so now, and delete those that are no more; all columns are the key."""
        self._database.run_many(delete, [row for row, now in rows.items() if not now])
        self._database.run_many(insert, [row for row, now in rows.items() if now])

    def _delete(self) -> None:
        for statement in (
            "DELETE FROM cs_object WHERE id = ?",
            "DELETE FROM mv_object WHERE id = ?",
            "DELETE FROM reference WHERE owner = ?",
            "DELETE FROM held_reference WHERE owner = ?",
            "DELETE FROM due_reference WHERE owner = ?",
            "DELETE FROM lookup WHERE owner = ?",
            "DELETE FROM join_key WHERE owner = ?",
        ):
            self._database.run_many(statement, self._deleted)
        self._database.run_many(
            "INSERT INTO tombstone (id, space, name, connector, object_type, run, document, texts) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            self._graves,
        )


def _held_row(one: HeldReference) -> Row:
    return (one.owner, one.connector, one.inbound, one.attribute, one.target)


def _due_row(one: DueReference) -> Row:
    return (one.owner, one.target, one.connector, one.inbound, one.before or 0, one.dropped)


def _sets(text: object) -> Mapping[str, Any]:
    return parsed(text) if isinstance(text, str) else {}
