"""Searching and walking in the SQLite store: what runs go over in batches, and what people look for."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from attrflow.model.connector_space import CSObject
from attrflow.model.metaverse import MVObject
from attrflow.ports.store import CSFilter, CSState, Tombstone
from attrflow.stores.codec import parsed, stored_key
from attrflow.stores.keys import searched_dn_key, searched_text
from attrflow.stores.sqlite_view import SqliteView, after_prefix
from attrflow.stores.statements import CS_SELECT, LOOKUP_PART, LOOKUP_WHOLE, MV_SELECT

__all__ = ["SqliteSearch"]

_UNSEEN_PAGE = 5000

_STATES: Mapping[CSState, str] = {
    "connector": "mv_id IS NOT NULL",
    "disconnector": "mv_id IS NULL AND kind = 'staging'",
    "pending-import": "pending_import IS NOT NULL",
    "pending-export": "unapplied IS NOT NULL",
    "import-error": "import_error IS NOT NULL",
    "export-error": "export_error IS NOT NULL",
    "placeholder": "kind = 'placeholder'",
    "transient": "transient = 1 AND kind = 'staging'",
    "escrowed": "escrowed IS NOT NULL",
}

_WITH_DN = """
SELECT id FROM cs_object WHERE transient = 0 AND dn_key = :dn_key
UNION ALL SELECT id FROM cs_object WHERE transient = 1 AND dn_key = :dn_key
"""
_BELOW = """
SELECT id FROM cs_object WHERE transient = 0 AND dn_key >= :low AND dn_key < :high
UNION ALL SELECT id FROM cs_object WHERE transient = 1 AND dn_key >= :low AND dn_key < :high
"""

_LINKED_TO = "SELECT c.mv_id FROM cs_object c WHERE c.mv_id IS NOT NULL"

_CS_IDS = """
SELECT id FROM cs_object
WHERE connector = ?1 AND id > ?3 AND kind = 'staging' AND (?2 IS NULL OR partition = ?2)
ORDER BY id LIMIT ?4
"""
_CS_PENDING_IDS = """
SELECT id FROM cs_object
WHERE connector = ?1 AND id > ?3 AND kind = 'staging' AND (?2 IS NULL OR partition = ?2)
    AND (pending_import IS NOT NULL OR import_error IS NOT NULL)
ORDER BY id LIMIT ?4
"""
_MV_RETRY_IDS = """
SELECT id FROM mv_object WHERE retry IS NOT NULL AND id > ?1
UNION SELECT owner FROM due_reference WHERE owner > ?1
ORDER BY 1 LIMIT ?2
"""
_CS_KNOWN_IDS = """
SELECT id FROM cs_object
WHERE connector = ?1 AND id > ?3 AND kind = 'staging' AND partition = ?2
    AND (image IS NOT NULL OR pending_import IS NOT NULL OR unconfirmed IS NOT NULL)
ORDER BY id LIMIT ?4
"""
_PENDING_EXPORTS = """
SELECT id FROM cs_object
WHERE connector = ?1 AND id > ?3 AND (?2 IS NULL OR partition = ?2) AND unapplied IS NOT NULL
ORDER BY id LIMIT ?4
"""
_PENDING_EXPORT_COUNTS = """
SELECT json_extract(unapplied, '$.operation'), count(*) FROM cs_object
WHERE connector = ?1 AND (?2 IS NULL OR partition = ?2) AND unapplied IS NOT NULL GROUP BY 1
"""
_CS_COUNT = """
SELECT count(*) FROM cs_object WHERE connector = ?1 AND kind = 'staging' AND (?2 IS NULL OR partition = ?2)
"""
_CS_PENDING_COUNT = _CS_COUNT + " AND (pending_import IS NOT NULL OR import_error IS NOT NULL)"
_BACKLOG = """
SELECT 'pending-import', count(*) FROM cs_object
WHERE connector = ?1 AND (pending_import IS NOT NULL OR import_error IS NOT NULL) AND pending_import IS NOT NULL
UNION ALL SELECT 'import-error', count(*) FROM cs_object
WHERE connector = ?1 AND (pending_import IS NOT NULL OR import_error IS NOT NULL) AND import_error IS NOT NULL
UNION ALL SELECT 'pending-export', count(*) FROM cs_object WHERE connector = ?1 AND unapplied IS NOT NULL
UNION ALL SELECT 'export-error', count(*) FROM cs_object WHERE connector = ?1 AND export_error IS NOT NULL
UNION ALL SELECT 'escrowed', count(*) FROM cs_object WHERE connector = ?1 AND escrowed IS NOT NULL
UNION ALL SELECT 'retry', count(*) FROM mv_object WHERE retry IS NOT NULL
"""
_CS_COUNTS = """
SELECT connector, CASE kind WHEN 'placeholder' THEN kind ELSE coalesce(object_type, 'unknown') END, count(*)
FROM cs_object GROUP BY 1, 2
"""
_TOMBSTONES = """
SELECT id, space, name, connector, object_type, run, document FROM tombstone
WHERE texts LIKE ? ESCAPE '\\' ORDER BY sequence DESC LIMIT ?
"""


class SqliteSearch(SqliteView):
    """The searching half of `SqliteStore`."""

    # -- what a run walks over ---------------------------------------------------------------------

    def cs_ids(
        self,
        connector: str,
        partition: str | None = None,
        *,
        after: int = 0,
        limit: int = 500,
        pending_only: bool = False,
    ) -> tuple[int, ...]:
        sql = _CS_PENDING_IDS if pending_only else _CS_IDS
        return self._ids(sql, (connector, partition, after, limit))

    def count_cs(self, connector: str, partition: str | None = None, *, pending_only: bool = False) -> int:
        sql = _CS_PENDING_COUNT if pending_only else _CS_COUNT
        return int(self._database.rows(sql, (connector, partition))[0][0])

    def mv_retry_ids(self, *, after: int = 0, limit: int = 500) -> tuple[int, ...]:
        return self._ids(_MV_RETRY_IDS, (after, limit))

    def cs_unseen(
        self, connector: str, partition: str, seen: Collection[int], *, after: int = 0, limit: int = 500
    ) -> tuple[int, ...]:
        found: list[int] = []
        while len(found) < limit:
            page = self._ids(_CS_KNOWN_IDS, (connector, partition, after, _UNSEEN_PAGE))
            found.extend(id_ for id_ in page if id_ not in seen)
            if len(page) < _UNSEEN_PAGE:
                break
            after = page[-1]
        return tuple(found[:limit])

    def pending_exports(
        self, connector: str, partition: str | None = None, *, after: int = 0, limit: int = 500
    ) -> tuple[int, ...]:
        return self._ids(_PENDING_EXPORTS, (connector, partition, after, limit))

    def pending_export_counts(self, connector: str, partition: str | None = None) -> Mapping[str, int]:
        return dict(self._database.rows(_PENDING_EXPORT_COUNTS, (connector, partition)))

    def escrowed(self, connector: str) -> tuple[int, ...]:
        return self._ids(
            "SELECT id FROM cs_object WHERE connector = ? AND escrowed IS NOT NULL ORDER BY id", (connector,)
        )

    def backlog(self, connector: str) -> Mapping[str, int]:
        return {name: count for name, count in self._database.rows(_BACKLOG, (connector,)) if count}

    def _ids(self, sql: str, parameters: tuple[object, ...]) -> tuple[int, ...]:
        return tuple(id_ for (id_,) in self._database.rows(sql, parameters))

    # -- search, for people ------------------------------------------------------------------------

    def counts(self) -> Mapping[str, int]:
        with self._database.reading():
            cs = self._database.rows(_CS_COUNTS)
            mv = self._database.rows("SELECT object_type, count(*) FROM mv_object GROUP BY 1")
        found = {f"cs:{connector}:{type_}": count for connector, type_, count in cs}
        return found | {f"mv:{type_}": count for type_, count in mv}

    def find_cs(self, filter_: CSFilter, *, after: int = 0, limit: int = 100) -> tuple[CSObject, ...]:
        conditions = ["id > :after", *(f"({_STATES[state]})" for state in filter_.states)]
        parameters: dict[str, object] = {"after": after, "limit": limit}
        if filter_.connector is not None:
            conditions.append("connector = :connector")
            parameters["connector"] = filter_.connector
        if filter_.object_type is not None:
            conditions.append("object_type = :object_type")
            parameters["object_type"] = filter_.object_type
        if filter_.below is not None:
            conditions.append(f"id IN ({_BELOW})")
            parameters["low"] = stored_key(filter_.below)
            parameters["high"] = after_prefix(stored_key(filter_.below))
        if filter_.text.strip():
            conditions.append(_matching("id", filter_.text, filter_.whole, parameters))
        sql = CS_SELECT + " WHERE " + " AND ".join(conditions) + " ORDER BY id LIMIT :limit"
        return tuple(self._many_cs(sql, parameters))

    def find_mv(
        self,
        text: str,
        object_type: str | None = None,
        *,
        whole: bool = False,
        after: int = 0,
        limit: int = 100,
    ) -> tuple[MVObject, ...]:
        conditions = ["id > :after"]
        parameters: dict[str, object] = {"after": after, "limit": limit}
        if object_type is not None:
            conditions.append("object_type = :object_type")
            parameters["object_type"] = object_type
        if text.strip():
            own = f"id IN ({LOOKUP_WHOLE if whole else LOOKUP_PART})"
            linked = _matching("c.id", text, whole, parameters)
            of_linked = f"id IN ({_LINKED_TO} AND {linked})"
            conditions.append(f"({own} OR {of_linked})")
        sql = MV_SELECT + " WHERE " + " AND ".join(conditions) + " ORDER BY id LIMIT :limit"
        return tuple(self._mv_of(row) for row in self._database.rows(sql, parameters))

    def tombstones(self, text: str, *, limit: int = 20) -> tuple[Tombstone, ...]:
        rows = self._database.rows(_TOMBSTONES, (_pattern(text.strip().casefold()), limit))
        return tuple(Tombstone(*(*row[:6], parsed(row[6]))) for row in rows)


def _matching(column: str, text: str, whole: bool, parameters: dict[str, object]) -> str:
    """The condition that a connector-space object's id is found by the text, and its parameters."""
    folded = searched_text(text)
    parameters["text"] = folded
    if not whole:
        parameters["pattern"] = _pattern(folded)
    condition = f"{column} IN ({LOOKUP_WHOLE if whole else LOOKUP_PART})"
    if (key := searched_dn_key(text)) is None:
        return condition
    parameters["dn_key"] = stored_key(key)
    return f"({condition} OR {column} IN ({_WITH_DN}))"


def _pattern(folded: str) -> str:
    """A LIKE pattern for texts that hold `folded`, in which only itself is special to nobody."""
    escaped = folded.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
