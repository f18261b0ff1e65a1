"""Reading single objects and many of them from the SQLite store: the `View` half, and `prefetch`.

Each question is one statement, or statements in one read transaction, so an answer is of one moment.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager

import orjson

from attrflow.model.connector_space import CSObject
from attrflow.model.metaverse import DueReference, HeldReference, MVObject
from attrflow.model.references import ReferenceSet
from attrflow.ports.view import Reads
from attrflow.stores.bulk import CSValue, MVValue
from attrflow.stores.codec import cs_object, mv_object, stored_key
from attrflow.stores.database import Database, Parameters, Row
from attrflow.stores.origins import InternedOrigins
from attrflow.stores.prefetch import PrefetchedView
from attrflow.stores.references import StoredReferences
from attrflow.stores.sqlite_joins import JoinAttributes
from attrflow.stores.statements import CS_SELECT, MV_SELECT

__all__ = ["SqliteView", "after_prefix"]

_PAGE = 500

_AMONG = "IN (SELECT value FROM json_each(?))"
_CS_BY_ID = CS_SELECT + " WHERE id = ?"
_CS_BY_ANCHOR = CS_SELECT + " WHERE connector = ? AND anchor = ?"
_CS_BY_DN = CS_SELECT + " WHERE connector = ? AND transient = 0 AND dn_key = ?"
# The plus keeps SQLite from walking over the whole connector instead of the subtree.
_CS_BELOW = CS_SELECT + " WHERE +connector = ? AND transient = 0 AND dn_key > ? AND dn_key < ? ORDER BY dn_key LIMIT ?"
_CS_BY_IDS = CS_SELECT + " WHERE id " + _AMONG
_CS_BY_ANCHORS = CS_SELECT + " WHERE connector = ? AND anchor " + _AMONG
_CS_BY_DNS = CS_SELECT + " WHERE connector = ? AND transient = 0 AND dn_key " + _AMONG
_MV_BY_ID = MV_SELECT + " WHERE id = ?"
_MV_BY_IDS = MV_SELECT + " WHERE id " + _AMONG
_LINKS = """
SELECT id, mv_id FROM cs_object WHERE mv_id IS NOT NULL AND id IN (SELECT value FROM json_each(?))
"""
_COUNTERPARTS = """
SELECT mv_id, connector, min(id) FROM cs_object
WHERE mv_id IN (SELECT value FROM json_each(?)) GROUP BY mv_id, connector
"""
_HELD_BY_MANY = """
SELECT owner, attribute, target, connector, inbound FROM held_reference
WHERE owner IN (SELECT value FROM json_each(?)) ORDER BY owner, attribute, target, connector
"""
_HELD_FOR_MANY = """
SELECT owner, attribute, target, connector, inbound FROM held_reference
WHERE target IN (SELECT value FROM json_each(?)) AND inbound = ? ORDER BY owner, attribute, target, connector
"""
_HELD_ATTRIBUTES_MANY = """
SELECT DISTINCT owner, connector, attribute, inbound FROM held_reference
WHERE owner IN (SELECT value FROM json_each(?))
"""
_DUE_BY_MANY = """
SELECT owner, target, connector, inbound, before, dropped FROM due_reference
WHERE owner IN (SELECT value FROM json_each(?))
"""
_SETS_OF_MANY = """
SELECT r.owner, r.layer, r.attribute, r.target FROM json_each(?) k JOIN reference r
ON r.owner = k.value ->> 0 AND r.layer = k.value ->> 1 AND r.attribute = k.value ->> 2
"""
_REFERRERS_MANY = """
SELECT DISTINCT target, owner FROM reference
WHERE target IN (SELECT value FROM json_each(?1)) AND (layer = 0) = ?2 ORDER BY owner
"""


class SqliteView:
    """The reading half of `SqliteStore`: objects by id, anchor, DN and value, and who refers to whom."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._origins = InternedOrigins(database)
        self._joins = JoinAttributes(database)

    # -- one object, one key -----------------------------------------------------------------------

    def cs(self, id_: int) -> CSObject | None:
        return self._one_cs(self._database.row(_CS_BY_ID, (id_,)))

    def cs_by_anchor(self, connector: str, anchor: str) -> CSObject | None:
        return self._one_cs(self._database.row(_CS_BY_ANCHOR, (connector, anchor)))

    def cs_by_dn(self, connector: str, dn_key: str) -> CSObject | None:
        return self._one_cs(self._database.row(_CS_BY_DN, (connector, stored_key(dn_key))))

    def cs_by_value(self, connector: str, object_type: str | None, attribute: str, folded: str) -> tuple[int, ...]:
        return self._joins.cs_by_value(connector, object_type, attribute, folded)

    def mv(self, id_: int) -> MVObject | None:
        row = self._database.row(_MV_BY_ID, (id_,))
        return None if row is None else self._mv_of(row)

    def mv_by_value(self, object_type: str | None, attribute: str, folded: str) -> tuple[int, ...]:
        return self._joins.mv_by_value(object_type, attribute, folded)

    def linked(self, mv_id: int) -> tuple[int, ...]:
        rows = self._database.rows("SELECT id FROM cs_object WHERE mv_id = ? ORDER BY id", (mv_id,))
        return tuple(id_ for (id_,) in rows)

    def cs_referrers(self, target: int) -> tuple[int, ...]:
        return self.referrers_many((target,), mv=False).get(target, ())

    def mv_referrers(self, target: int) -> tuple[int, ...]:
        return self.referrers_many((target,), mv=True).get(target, ())

    def held_by(self, owner: int, *, inbound: bool | None = None) -> tuple[HeldReference, ...]:
        held = self.held_by_many((owner,)).get(owner, ())
        return tuple(row for row in held if inbound in (None, row.inbound))

    def held_for(self, target: int, *, inbound: bool) -> tuple[HeldReference, ...]:
        return tuple(self.held_for_many((target,), inbound=inbound).get(target, ()))

    def held_attributes(self, owner: int, *, inbound: bool) -> frozenset[tuple[str, str]]:
        return self.held_attributes_many((owner,)).get((owner, inbound), frozenset())

    def due_by(self, owner: int) -> tuple[DueReference, ...]:
        return tuple(self.due_by_many((owner,)).get(owner, ()))

    def links_of(self, cs_ids: Collection[int]) -> Mapping[int, int]:
        return dict(self._database.rows(_LINKS, (_array(cs_ids),)))

    def counterparts(self, mv_ids: Collection[int], connector: str) -> Mapping[int, int]:
        found = self.counterparts_many(mv_ids)
        return {mv_id: there[connector] for mv_id, there in found.items() if connector in there}

    def descendants(self, connector: str, dn_key: str) -> Iterator[CSObject]:
        """Read a page at a time, so a commit between two pages is seen."""
        low = stored_key(dn_key)
        high = after_prefix(low)
        while True:
            rows = self._database.rows(_CS_BELOW, (connector, low, high, _PAGE))
            for row in rows:
                yield cs_object(row, self._origins, self._set)
            if len(rows) < _PAGE:
                return
            low = rows[-1][5]

    # -- many keys at once -------------------------------------------------------------------------

    def prefetch(self, reads: Reads) -> PrefetchedView:
        view = PrefetchedView(self)
        view.announce(reads)
        return view

    def reading(self) -> AbstractContextManager[None]:
        return self._database.reading()

    def cs_many(self, ids: Collection[int]) -> Mapping[int, CSObject]:
        return {cso.id: cso for cso in self._many_cs(_CS_BY_IDS, (_array(ids),))}

    def cs_at_anchors(self, pairs: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], CSObject]:
        found: dict[tuple[str, str], CSObject] = {}
        for connector, anchors in _by_connector(pairs).items():
            plain = [anchor for anchor in anchors if "\x00" not in anchor]
            for cso in self._many_cs(_CS_BY_ANCHORS, (connector, _array(plain))):
                found[(connector, str(cso.anchor))] = cso
            for anchor in anchors:
                if "\x00" in anchor and (cso_or_none := self.cs_by_anchor(connector, anchor)):
                    found[(connector, anchor)] = cso_or_none  # json_each would end the text at U+0000
        return found

    def cs_at_dn_keys(self, pairs: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], CSObject]:
        found: dict[tuple[str, str], CSObject] = {}
        for connector, keys in _by_connector(pairs).items():
            for cso in self._many_cs(_CS_BY_DNS, (connector, _array(stored_key(key) for key in keys))):
                found[(connector, cso.dn_key)] = cso
        return found

    def cs_at_values(self, keys: Collection[CSValue]) -> Mapping[CSValue, tuple[int, ...]]:
        return self._joins.cs_at_values(keys)

    def mv_at_values(self, keys: Collection[MVValue]) -> Mapping[MVValue, tuple[int, ...]]:
        return self._joins.mv_at_values(keys)

    def mv_many(self, ids: Collection[int]) -> Mapping[int, MVObject]:
        rows = self._database.rows(_MV_BY_IDS, (_array(ids),))
        return {row[0]: self._mv_of(row) for row in rows}

    def linked_many(self, mv_ids: Collection[int]) -> Mapping[int, tuple[int, ...]]:
        rows = self._database.rows(
            "SELECT mv_id, id FROM cs_object WHERE mv_id IN (SELECT value FROM json_each(?)) ORDER BY id",
            (_array(mv_ids),),
        )
        return _grouped(rows)

    def held_by_many(self, owners: Collection[int]) -> Mapping[int, list[HeldReference]]:
        found: dict[int, list[HeldReference]] = {}
        for row in self._database.rows(_HELD_BY_MANY, (_array(owners),)):
            found.setdefault(row[0], []).append(_held(row))
        return found

    def held_for_many(self, targets: Collection[int], *, inbound: bool) -> Mapping[int, list[HeldReference]]:
        found: dict[int, list[HeldReference]] = {}
        for row in self._database.rows(_HELD_FOR_MANY, (_array(targets), int(inbound))):
            found.setdefault(row[2], []).append(_held(row))
        return found

    def held_attributes_many(self, owners: Collection[int]) -> Mapping[tuple[int, bool], frozenset[tuple[str, str]]]:
        found: dict[tuple[int, bool], set[tuple[str, str]]] = {}
        for owner, connector, attribute, inbound in self._database.rows(_HELD_ATTRIBUTES_MANY, (_array(owners),)):
            found.setdefault((owner, bool(inbound)), set()).add((connector, attribute))
        return {key: frozenset(names) for key, names in found.items()}

    def due_by_many(self, owners: Collection[int]) -> Mapping[int, list[DueReference]]:
        found: dict[int, list[DueReference]] = {}
        for owner, target, connector, inbound, before, dropped in self._database.rows(_DUE_BY_MANY, (_array(owners),)):
            due = DueReference(owner, target, connector, bool(inbound), before or None, bool(dropped))
            found.setdefault(owner, []).append(due)
        return found

    def counterparts_many(self, mv_ids: Collection[int]) -> Mapping[int, Mapping[str, int]]:
        found: dict[int, dict[str, int]] = {}
        for mv_id, connector, cs_id in self._database.rows(_COUNTERPARTS, (_array(mv_ids),)):
            found.setdefault(mv_id, {})[connector] = cs_id
        return found

    def fill(self, sets: Iterable[ReferenceSet]) -> None:
        wanted = {(one.owner, one.layer, one.attribute): one for one in sets if isinstance(one, StoredReferences)}
        found: dict[tuple[int, int, str], list[int]] = {key: [] for key in wanted}
        for owner, layer, attribute, target in self._database.rows(_SETS_OF_MANY, (_array(list(wanted)),)):
            found[owner, layer, attribute].append(target)
        for key, ids in found.items():
            wanted[key].fill(ids)

    def referrers_many(self, targets: Collection[int], *, mv: bool) -> Mapping[int, tuple[int, ...]]:
        return _grouped(self._database.rows(_REFERRERS_MANY, (_array(targets), int(mv))))

    def highest_id(self) -> int:
        return int(self._database.rows("SELECT highest FROM id_sequence")[0][0])

    # -- rows to nouns -----------------------------------------------------------------------------

    def _one_cs(self, row: Row | None) -> CSObject | None:
        return None if row is None else cs_object(row, self._origins, self._set)

    def _mv_of(self, row: Row) -> MVObject:
        return mv_object(row, self._origins, self._set)

    def _many_cs(self, sql: str, parameters: Parameters) -> list[CSObject]:
        return [cs_object(row, self._origins, self._set) for row in self._database.rows(sql, parameters)]

    def _set(self, owner: int, layer: int, attribute: str, count: int, digest: str) -> ReferenceSet:
        return StoredReferences(self._database, owner, layer, attribute, count, digest)


def _array(items: Iterable[int] | Iterable[str] | Iterable[tuple[int, int, str]]) -> str:
    """The keys as one JSON array: no limit on their number, one statement in the cache."""
    return orjson.dumps(list(items)).decode()


def _by_connector(pairs: Collection[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for connector, key in set(pairs):
        found.setdefault(connector, []).append(key)
    return found


def _grouped(rows: list[Row]) -> dict[int, tuple[int, ...]]:
    found: dict[int, list[int]] = {}
    for key, id_ in rows:
        found.setdefault(key, []).append(id_)
    return {key: tuple(ids) for key, ids in found.items()}


def _held(row: Row) -> HeldReference:
    return HeldReference(row[0], row[1], row[2], row[3], bool(row[4]))


def after_prefix(prefix: str) -> str:
    """The least text behind all texts that begin with a stored dn_key, whose RDNs end with U+0001."""
    return prefix[:-1] + "\x02" if prefix else "\U0010ffff"
