"""What the SQLite store keeps besides objects, and for how long: the scheduler's state, and what a purge takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict

import msgspec
import orjson

from attrflow.model.configuration import SchedulerState
from attrflow.model.errors import StoreError
from attrflow.stores.database import Database

__all__ = ["SqliteKeeping"]

_KEPT_WHOLE = """
SELECT max(number) FROM run
UNION SELECT max(s.run) FROM run_step s JOIN run ON run.number = s.run
WHERE s.ended IS NOT NULL GROUP BY run.connector, s.type
"""
_NAMED = """
SELECT json_extract(a.value, '$[2]') FROM mv_object o, json_each(o.attributes) a
UNION SELECT json_extract(a.value, '$[3]') FROM mv_object o, json_each(o.reference_sets) a
UNION SELECT json_extract(a.value, '$[1]') FROM cs_object o, json_each(o.provenance) a
UNION SELECT link_since_run FROM cs_object WHERE link_since_run IS NOT NULL
UNION SELECT json_extract(disconnection, '$[2]') FROM cs_object WHERE disconnection IS NOT NULL
UNION SELECT run FROM watermark
"""
_OF_RUNS = (
    ("run_object", "run IN (SELECT value FROM json_each(?1))"),
    ("wire_attempt", "run IN (SELECT value FROM json_each(?1))"),
    ("run_step", "run IN (SELECT value FROM json_each(?1))"),
    ("tombstone", "run IN (SELECT value FROM json_each(?1))"),
)
_TEXTS = (
    ("ruleset", "hash NOT IN (SELECT ruleset_hash FROM run) AND hash IS NOT ?1"),
    ("configuration", "hash NOT IN (SELECT configuration_hash FROM run) AND hash IS NOT ?1"),
)


class SqliteKeeping:
    """The keeping part of `SqliteStore`."""

    _database: Database

    def scheduler_state(self) -> SchedulerState:
        row = self._database.row("SELECT document FROM scheduler_state")
        if row is None:
            return SchedulerState()
        try:
            return msgspec.json.decode(row[0], type=SchedulerState)
        except msgspec.MsgspecError as error:
            raise StoreError(f"the scheduler's state in the store cannot be read: {error}") from error

    def change_scheduler_state(self, change: Callable[[SchedulerState], SchedulerState]) -> SchedulerState:
        with self._database.writing():
            before = self.scheduler_state()
            after = change(before)
            if after != before:
                self._database.run(
                    "INSERT INTO scheduler_state (id, document) VALUES (1, ?) "
                    "ON CONFLICT (id) DO UPDATE SET document = excluded.document",
                    (orjson.dumps(asdict(after)).decode(),),
                )
        return after

    def purge(self, before: str) -> Mapping[str, int]:
        database = self._database
        with database.writing():
            state = self.scheduler_state()
            kept = {number for (number,) in database.rows(_KEPT_WHOLE)}
            old = database.rows("SELECT number FROM run WHERE ended IS NOT NULL AND started < ?", (before,))
            doomed = {number for (number,) in old} - kept
            gone: dict[str, int] = {}
            for table, condition in _OF_RUNS:
                gone[table] = self._delete(table, condition, _json(doomed))
            named = {number for (number,) in database.rows(_NAMED)} if doomed else set()
            gone["run"] = self._delete("run", "number IN (SELECT value FROM json_each(?1))", _json(doomed - named))
            for (table, condition), hash_ in zip(_TEXTS, (state.ruleset_hash, state.configuration_hash), strict=True):
                gone[table] = self._delete(table, condition, hash_)
        return {table: count for table, count in gone.items() if count}

    def _delete(self, table: str, condition: str, parameter: object) -> int:
        self._database.run(f"DELETE FROM {table} WHERE {condition}", (parameter,))  # noqa: S608 - our own words
        return int(self._database.rows("SELECT changes()")[0][0])


def _json(numbers: set[int]) -> str:
    return orjson.dumps(sorted(numbers)).decode()
