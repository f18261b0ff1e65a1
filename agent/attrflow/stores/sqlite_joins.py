"""Join attributes in the SQLite store: which they are, their index, and what it finds.

A reader that may not write the file keeps its own additions in the connection's temporary tables, as of
the moment when they were told; so a what-if can join on attributes that no run has used yet.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TypeVar

import orjson

from attrflow.model.connector_space import CSObject
from attrflow.model.metaverse import MVObject
from attrflow.stores.bulk import CSValue, MVValue
from attrflow.stores.database import Database
from attrflow.stores.keys import cs_join_keys, mv_join_keys

__all__ = ["METAVERSE", "JoinAttributes"]

METAVERSE = ""
"""The metaverse's name among the spaces of `join_key`; no connector can be called so."""
_PAGE = 1000

_FIND = """
SELECT owner FROM join_key WHERE folded = ? AND attribute = ? AND space = ? ORDER BY owner
"""
_FIND_CS = """
SELECT k.owner FROM join_key k JOIN cs_object o ON o.id = k.owner
WHERE k.folded = ? AND k.attribute = ? AND k.space = ? AND o.object_type = ? ORDER BY k.owner
"""
_FIND_MV = """
SELECT k.owner FROM join_key k JOIN mv_object o ON o.id = k.owner
WHERE k.folded = ? AND k.attribute = ? AND k.space = ? AND o.object_type = ? ORDER BY k.owner
"""
_FIND_MANY = """
SELECT folded, owner FROM join_key
WHERE folded IN (SELECT value FROM json_each(?)) AND attribute = ? AND space = ? ORDER BY owner
"""
_FIND_CS_MANY = """
SELECT k.folded, k.owner FROM join_key k JOIN cs_object o ON o.id = k.owner
WHERE k.folded IN (SELECT value FROM json_each(?)) AND k.attribute = ? AND k.space = ? AND o.object_type = ?
ORDER BY k.owner
"""
_FIND_MV_MANY = """
SELECT k.folded, k.owner FROM join_key k JOIN mv_object o ON o.id = k.owner
WHERE k.folded IN (SELECT value FROM json_each(?)) AND k.attribute = ? AND k.space = ? AND o.object_type = ?
ORDER BY k.owner
"""
_INSERT = "INSERT INTO main.join_key (owner, attribute, folded, space) VALUES (?, ?, ?, ?)"
_INSERT_EXTRA = "INSERT INTO temp.extra_join_key (owner, attribute, folded, space) VALUES (?, ?, ?, ?)"

_EXTRA = (
    "DROP VIEW IF EXISTS temp.join_key",
    "DROP TABLE IF EXISTS temp.extra_join_key",
    """
    CREATE TEMP TABLE extra_join_key (
        owner INTEGER NOT NULL, attribute TEXT NOT NULL, folded TEXT NOT NULL, space TEXT NOT NULL
    )
    """,
    "CREATE INDEX temp.extra_join_key_value ON extra_join_key (folded, attribute, space)",
    """
    CREATE TEMP VIEW join_key AS
    SELECT owner, attribute, folded, space FROM main.join_key
    UNION ALL SELECT owner, attribute, folded, space FROM temp.extra_join_key
    """,
)

Load = tuple[Callable[[Collection[int]], Mapping[int, CSObject]], Callable[[Collection[int]], Mapping[int, MVObject]]]
"""How connector-space and metaverse objects are loaded by ids."""


class JoinAttributes:
    """The attributes that joins ask for, by space, and the index of their values."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._told: dict[str, frozenset[str]] = {}
        self._extra: dict[str, frozenset[str]] = {}
        self.reload()

    def reload(self) -> None:
        """Read again what the store was told of, perhaps by another process."""
        told: dict[str, set[str]] = {}
        for space, attribute in self._database.rows("SELECT space, attribute FROM join_attribute"):
            told.setdefault(space, set()).add(attribute)
        self._told = {space: frozenset(names) for space, names in told.items()}

    def of(self, space: str) -> frozenset[str]:
        """The attributes, case-folded, that are indexed in the file for a connector or the metaverse."""
        return self._told.get(space, frozenset())

    def cs_by_value(self, connector: str, object_type: str | None, attribute: str, folded: str) -> tuple[int, ...]:
        return self._find(_FIND_CS, connector, object_type, attribute, folded)

    def mv_by_value(self, object_type: str | None, attribute: str, folded: str) -> tuple[int, ...]:
        return self._find(_FIND_MV, METAVERSE, object_type, attribute, folded)

    def cs_at_values(self, keys: Collection[CSValue]) -> dict[CSValue, tuple[int, ...]]:
        """The same for many: one statement for each connector, type and attribute."""
        found: dict[CSValue, tuple[int, ...]] = {}
        for (connector, object_type, attribute), texts in _together((key[:3], key[3]) for key in keys).items():
            for text, ids in self._find_many(_FIND_CS_MANY, connector, object_type, attribute, texts).items():
                found[connector, object_type, attribute, text] = ids
        return found

    def mv_at_values(self, keys: Collection[MVValue]) -> dict[MVValue, tuple[int, ...]]:
        """The same for many: one statement for each type and attribute."""
        found: dict[MVValue, tuple[int, ...]] = {}
        for (object_type, attribute), texts in _together((key[:2], key[2]) for key in keys).items():
            for text, ids in self._find_many(_FIND_MV_MANY, METAVERSE, object_type, attribute, texts).items():
                found[object_type, attribute, text] = ids
        return found

    def _find_many(
        self, typed: str, space: str, object_type: str | None, attribute: str, texts: Collection[str]
    ) -> dict[str, tuple[int, ...]]:
        name = self._known(space, attribute)
        found: dict[str, list[int]] = {}
        array = orjson.dumps([text for text in texts if "\x00" not in text]).decode()
        if object_type is None:
            rows = self._database.rows(_FIND_MANY, (array, name, space))
        else:
            rows = self._database.rows(typed, (array, name, space, object_type))
        for text, owner in rows:
            found.setdefault(text, []).append(owner)
        one = _FIND_CS if typed == _FIND_CS_MANY else _FIND_MV
        for text in texts:
            if "\x00" in text:  # json_each would end it there
                found[text] = list(self._find(one, space, object_type, attribute, text))
        return {text: tuple(ids) for text, ids in found.items()}

    def _known(self, space: str, attribute: str) -> str:
        name = attribute.casefold()
        known = name in self.of(space) or name in self._extra.get(space, ())
        assert known, f"{attribute} is no join attribute of {space or 'the metaverse'}"
        return name

    def _find(self, typed: str, space: str, object_type: str | None, attribute: str, folded: str) -> tuple[int, ...]:
        name = self._known(space, attribute)
        if object_type is None:
            rows = self._database.rows(_FIND, (folded, name, space))
        else:
            rows = self._database.rows(typed, (folded, name, space, object_type))
        return tuple(id_ for (id_,) in rows)

    def tell(self, cs: Mapping[str, Collection[str]], mv: Collection[str], load: Load) -> None:
        """Index what is new and forget what is not asked for any more."""
        wanted = {space: frozenset(n.casefold() for n in names) for space, names in cs.items()}
        wanted[METAVERSE] = frozenset(name.casefold() for name in mv)
        if self._database.read_only:
            self._tell_reader(wanted, load)
            return
        with self._database.writing():
            self.reload()
            for space in {*wanted, *self._told}:
                self._change(space, wanted.get(space, frozenset()), load)
        self.reload()

    def _change(self, space: str, wanted: frozenset[str], load: Load) -> None:
        gone = [(space, name) for name in self.of(space) - wanted]
        self._database.run_many("DELETE FROM join_key WHERE space = ? AND attribute = ?", gone)
        self._database.run_many("DELETE FROM join_attribute WHERE space = ? AND attribute = ?", gone)
        new = wanted - self.of(space)
        self._database.run_many("INSERT INTO join_attribute VALUES (?, ?)", [(space, name) for name in new])
        self._index(_INSERT, space, new, load)

    def _tell_reader(self, wanted: Mapping[str, frozenset[str]], load: Load) -> None:
        self.reload()
        self._extra = {space: names - self.of(space) for space, names in wanted.items()}
        for statement in _EXTRA:
            self._database.run(statement)
        for space, names in self._extra.items():
            self._index(_INSERT_EXTRA, space, names, load)

    def _index(self, insert: str, space: str, names: frozenset[str], load: Load) -> None:
        """Walk over all objects of a space and insert the keys of the named attributes."""
        if not names:
            return
        load_cs, load_mv = load
        after = 0
        while ids := self._ids(space, after):
            if space == METAVERSE:
                keys = [(id_, mv_join_keys(mvo, names)) for id_, mvo in load_mv(ids).items()]
            else:
                keys = [(id_, cs_join_keys(cso, names)) for id_, cso in load_cs(ids).items()]
            self._database.run_many(
                insert, [(id_, name, folded, space) for id_, found in keys for name, folded in found]
            )
            after = ids[-1]

    def _ids(self, space: str, after: int) -> list[int]:
        if space == METAVERSE:
            rows = self._database.rows("SELECT id FROM mv_object WHERE id > ? ORDER BY id LIMIT ?", (after, _PAGE))
        else:
            rows = self._database.rows(
                "SELECT id FROM cs_object WHERE connector = ? AND id > ? ORDER BY id LIMIT ?",
                (space, after, _PAGE),
            )
        return [id_ for (id_,) in rows]


K = TypeVar("K")


def _together(keys: Iterable[tuple[K, str]]) -> dict[K, set[str]]:
    """The values to look for by where to look for them."""
    found: dict[K, set[str]] = {}
    for place, text in keys:
        found.setdefault(place, set()).add(text)
    return found
