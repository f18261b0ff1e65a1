"""Interned origins: each contributor of values is one row, and documents name it by a number."""

from __future__ import annotations

from attrflow.model.errors import StoreError
from attrflow.model.provenance import MappingId, Origin
from attrflow.stores.database import Database

__all__ = ["InternedOrigins"]


class InternedOrigins:
    """The `origin` table with a cache. `forget` after a rollback, which takes new rows back."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ids: dict[Origin, int] = {}
        self._origins: dict[int, Origin] = {}

    def forget(self) -> None:
        """Empty the cache."""
        self._ids.clear()
        self._origins.clear()

    def id_of(self, origin: Origin) -> int:
        """The number of an origin; a new one gets a row, in the transaction that is open."""
        id_ = self._ids.get(origin)
        if id_ is None:
            mapping = origin.mapping
            columns = (origin.connector, origin.rule_id, mapping.destination, mapping.ordinal)
            row = self._database.row(
                "SELECT id FROM origin WHERE connector = ? AND rule_id = ? AND destination = ? AND ordinal = ?",
                columns,
            )
            id_ = row[0] if row else self._insert(columns)
            self._keep(id_, origin)
        return id_

    def origin(self, id_: int) -> Origin:
        """The origin with that number."""
        origin = self._origins.get(id_)
        if origin is None:
            row = self._database.row("SELECT connector, rule_id, destination, ordinal FROM origin WHERE id = ?", (id_,))
            if row is None:
                raise StoreError(
                    f"the store {self._database.path} is damaged: a value names the origin {id_}, which does not exist",
                    help="restore a copy of the store, or delete it and run full imports again",
                )
            origin = Origin(row[0], row[1], MappingId(row[2], row[3]))
            self._keep(id_, origin)
        return origin

    def _insert(self, columns: tuple[str, str, str, int]) -> int:
        return self._database.run(
            "INSERT INTO origin (connector, rule_id, destination, ordinal) VALUES (?, ?, ?, ?)", columns
        )

    def _keep(self, id_: int, origin: Origin) -> None:
        self._ids[origin] = id_
        self._origins[id_] = origin
