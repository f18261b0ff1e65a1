"""Objects at rest in the SQLite store: the state that a synchronization left, told again by its hashes.

The digest of a metaverse object at rest covers its own row, the rows of all that is linked to it, and the
program; whoever writes one of them ends the rest without knowing of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping

import orjson

from attrflow.model.changes import Settled
from attrflow.stores.codec import json_text, parsed
from attrflow.stores.database import Database

__all__ = ["at_rest", "write_settled"]

_MAY_REST = """
SELECT c.id, c.mv_id FROM cs_object c JOIN mv_object m ON m.id = c.mv_id
WHERE c.id IN (SELECT value FROM json_each(?)) AND c.pending_import IS NULL AND c.import_error IS NULL
    AND m.retry IS NULL AND NOT EXISTS (SELECT 1 FROM due_reference d WHERE d.owner = c.mv_id)
"""
_SETTLED = "SELECT mv_id, digest, counters FROM settled WHERE mv_id IN (SELECT value FROM json_each(?))"
_MV_HASHES = "SELECT id, hash FROM mv_object WHERE id IN (SELECT value FROM json_each(?))"
_CS_HASHES = """
SELECT mv_id, hash FROM cs_object WHERE mv_id IN (SELECT value FROM json_each(?)) ORDER BY mv_id, id
"""


def at_rest(database: Database, cs_ids: Collection[int], program: str) -> Mapping[int, tuple[str, ...]]:
    """As `ports.store.Store.at_rest`; the caller holds a read transaction."""
    linked: dict[int, int] = dict(database.rows(_MAY_REST, (_array(cs_ids),)))
    settled = {
        mv_id: (digest, counters)
        for mv_id, digest, counters in database.rows(_SETTLED, (_array(set(linked.values())),))
    }
    now = {mv_id: _digest(program, hashes) for mv_id, hashes in _hashes(database, settled.keys()).items()}
    found = {}
    for cs_id, mv_id in linked.items():
        if mv_id in settled and settled[mv_id][0] == now[mv_id]:
            found[cs_id] = tuple(parsed(settled[mv_id][1]))
    return found


def write_settled(database: Database, settled: Mapping[int, Settled], gone: Collection[int]) -> None:
    """Remember the states that are written now; a metaverse object that is gone rests no more."""
    database.run_many("DELETE FROM settled WHERE mv_id = ?", [(mv_id,) for mv_id in gone])
    rows = []
    for mv_id, hashes in _hashes(database, settled.keys()).items():
        one = settled[mv_id]
        rows.append((mv_id, _digest(one.program, hashes), json_text(one.counters)))
    database.run_many("INSERT OR REPLACE INTO settled VALUES (?, ?, ?)", rows)


def _hashes(database: Database, mv_ids: Collection[int]) -> dict[int, list[bytes]]:
    """The hash of each metaverse object's row, and of all that is linked to it, by id."""
    ids = _array(mv_ids)
    found: dict[int, list[bytes]] = {id_: [hash_] for id_, hash_ in database.rows(_MV_HASHES, (ids,))}
    for mv_id, hash_ in database.rows(_CS_HASHES, (ids,)):
        if mv_id in found:
            found[mv_id].append(hash_)
    return found


def _digest(program: str, hashes: list[bytes]) -> bytes:
    return hashlib.blake2b(b"".join([program.encode(), *hashes]), digest_size=16).digest()


def _array(ids: Collection[int]) -> str:
    return orjson.dumps(list(ids)).decode()
