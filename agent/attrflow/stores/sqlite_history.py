"""The run history in the SQLite store: runs, steps, what they counted and sent, and watermarks."""

from __future__ import annotations

from dataclasses import replace

from attrflow.model.changes import RunObject, RunRecord, StepProgress, StepRecord, Watermark
from attrflow.model.entry import WireAttempt
from attrflow.model.errors import StoreError
from attrflow.stores.codec import json_text, parsed
from attrflow.stores.database import Database, Row

__all__ = ["SqliteHistory", "write_progress", "write_watermark"]

_RUN = """
SELECT number, connector, profile, started, ruleset_hash, configuration_hash, ended, result, cycle FROM run
"""
_STEP = "SELECT number, type, partition, started, ended, result, counters, detail FROM run_step"
_LAST_STEP = """
SELECT run, number FROM run_step WHERE type = ?2 AND ended IS NOT NULL
    AND run IN (SELECT number FROM run WHERE connector = ?1)
ORDER BY run DESC, number DESC LIMIT 1
"""
_UPSERT_STEP = """
INSERT INTO run_step (run, number, type, partition, started, ended, result, counters, detail)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (run, number) DO UPDATE SET type = excluded.type, partition = excluded.partition,
    started = excluded.started, ended = excluded.ended, result = excluded.result,
    counters = excluded.counters, detail = excluded.detail
"""
_RUN_OBJECTS = """
SELECT counter, object, dn, error, detail FROM run_object
WHERE run = ?1 AND step = ?2 AND (?3 IS NULL OR counter = ?3) ORDER BY sequence LIMIT ?5 OFFSET ?4
"""
_RUN_OBJECT_COUNT = """
SELECT count(*) FROM run_object WHERE run = ?1 AND step = ?2 AND (?3 IS NULL OR counter = ?3)
"""
_ATTEMPTS = """
SELECT operation, number, result, waited FROM wire_attempt
WHERE run = ? AND step = ? ORDER BY sequence LIMIT ? OFFSET ?
"""


class SqliteHistory:
    """The history half of `SqliteStore`."""

    _database: Database

    def start_run(self, run: RunRecord, ruleset_text: str, configuration_text: str) -> RunRecord:
        with self._database.writing():
            self._database.run("INSERT OR IGNORE INTO ruleset VALUES (?, ?)", (run.ruleset_hash, ruleset_text))
            self._database.run(
                "INSERT OR IGNORE INTO configuration VALUES (?, ?)",
                (run.configuration_hash, configuration_text),
            )
            (number,) = self._database.rows("SELECT coalesce(max(number), 0) + 1 FROM run")[0]
            self._database.run(
                "INSERT INTO run (number, connector, profile, started, ended, result, ruleset_hash, "
                "configuration_hash, cycle) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(number, run.connector, run.profile, run.started, run.ended, run.result),
                    *(run.ruleset_hash, run.configuration_hash, run.cycle),
                ),
            )
        return replace(run, number=number, steps=())

    def take_rules(self, run: RunRecord, ruleset_hash: str, ruleset_text: str) -> RunRecord:
        with self._database.writing():
            check_run(self._database, run.number)
            self._database.run("INSERT OR IGNORE INTO ruleset VALUES (?, ?)", (ruleset_hash, ruleset_text))
            self._database.run("UPDATE run SET ruleset_hash = ? WHERE number = ?", (ruleset_hash, run.number))
        return replace(run, ruleset_hash=ruleset_hash)

    def finish_run(self, run: RunRecord) -> None:
        with self._database.writing():
            check_run(self._database, run.number)
            self._database.run(
                "UPDATE run SET ended = ?, result = ?, cycle = ? WHERE number = ?",
                (run.ended, run.result, run.cycle, run.number),
            )

    def runs(self, *, limit: int = 50, connector: str | None = None) -> tuple[RunRecord, ...]:
        sql = _RUN + " WHERE ?1 IS NULL OR connector = ?1 ORDER BY number DESC LIMIT ?2"
        with self._database.reading():
            return tuple(self._record(row) for row in self._database.rows(sql, (connector, limit)))

    def run(self, number: int) -> RunRecord | None:
        with self._database.reading():
            row = self._database.row(_RUN + " WHERE number = ?", (number,))
            return None if row is None else self._record(row)

    def _record(self, row: Row) -> RunRecord:
        number, connector, profile, started, ruleset, configuration, ended, result, cycle = row
        steps = self._database.rows(_STEP + " WHERE run = ? ORDER BY number", (number,))
        return RunRecord(
            number=number,
            connector=connector,
            profile=profile,
            started=started,
            ruleset_hash=ruleset,
            configuration_hash=configuration,
            ended=ended,
            result=result,
            steps=tuple(StepRecord(*(*step[:6], parsed(step[6]), step[7])) for step in steps),
            cycle=cycle,
        )

    def run_objects(
        self, number: int, step: int, counter: str | None = None, *, skip: int = 0, limit: int = 1000
    ) -> tuple[RunObject, ...]:
        rows = self._database.rows(_RUN_OBJECTS, (number, step, counter, skip, limit))
        return tuple(RunObject(*row) for row in rows)

    def count_run_objects(self, number: int, step: int, counter: str | None = None) -> int:
        return int(self._database.rows(_RUN_OBJECT_COUNT, (number, step, counter))[0][0])

    def wire_attempts(self, number: int, step: int, *, skip: int = 0, limit: int = 1000) -> tuple[WireAttempt, ...]:
        rows = self._database.rows(_ATTEMPTS, (number, step, limit, skip))
        return tuple(WireAttempt(*row) for row in rows)

    def ruleset(self, hash_: str) -> str | None:
        row = self._database.row("SELECT text FROM ruleset WHERE hash = ?", (hash_,))
        return None if row is None else str(row[0])

    def configuration(self, hash_: str) -> str | None:
        row = self._database.row("SELECT text FROM configuration WHERE hash = ?", (hash_,))
        return None if row is None else str(row[0])

    def watermark(self, connector: str, partition: str) -> Watermark | None:
        row = self._database.row(
            "SELECT connector, partition, value, run FROM watermark WHERE connector = ? AND partition = ?",
            (connector, partition),
        )
        return None if row is None else Watermark(*row)

    def last_step(self, connector: str, type_: str) -> tuple[RunRecord, StepRecord] | None:
        with self._database.reading():
            found = self._database.row(_LAST_STEP, (connector, type_))
            if found is None:
                return None
            number, step_number = found
            run = self._record(self._database.rows(_RUN + " WHERE number = ?", (number,))[0])
        return run, next(step for step in run.steps if step.number == step_number)


def check_run(database: Database, number: int) -> None:
    """Refuse a run that was never started.

    Raises:
        StoreError: there is no such run.
    """
    if database.row("SELECT 1 FROM run WHERE number = ?", (number,)) is None:
        raise StoreError(f"there is no run {number} in this store", help="start the run first")


def write_progress(database: Database, progress: StepProgress) -> None:
    """Write a step's record, and add its objects and attempts, in the transaction that is open."""
    run, step = progress.run, progress.step
    check_run(database, run)
    database.run(
        _UPSERT_STEP,
        (
            *(run, step.number, step.type, step.partition, step.started, step.ended, step.result),
            *(json_text(step.counters), step.detail),
        ),
    )
    database.run_many(
        "INSERT INTO run_object (run, step, counter, object, dn, error, detail) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(run, step.number, o.counter, o.object_id, o.dn, o.error, o.detail) for o in progress.objects],
    )
    database.run_many(
        "INSERT INTO wire_attempt (run, step, operation, number, result, waited) VALUES (?, ?, ?, ?, ?, ?)",
        [(run, step.number, a.operation, a.number, a.result, a.waited) for a in progress.attempts],
    )


def write_watermark(database: Database, watermark: Watermark) -> None:
    """Write how far a partition has been imported, in the transaction that is open."""
    database.run(
        "INSERT INTO watermark (connector, partition, value, run) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (connector, partition) DO UPDATE SET value = excluded.value, run = excluded.run",
        (watermark.connector, watermark.partition, watermark.value, watermark.run),
    )
