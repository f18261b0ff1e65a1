"""One SQLite file: opening it, telling whether it is ours, bringing it up to date, and its errors.

Everything that SQLite complains about leaves here as a `StoreError` with a sentence. Knows the schema's
version and nothing of what the tables mean.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrflow.model.errors import StoreBusy, StoreError
from attrflow.stores.migrations import APPLICATION_ID, LATEST, MIGRATIONS

__all__ = ["Database", "Parameters", "Row", "open_database"]

Row = tuple[Any, ...]
"""Any: SQLite's columns are typed by their value."""
Parameters = Sequence[object] | Mapping[str, object]

_WAIT_SECONDS = 5.0
"""How long to wait for another connection's commit; commits take milliseconds."""

_SENTENCES = {
    "SQLITE_FULL": ("the disk is full", "make room and run it again; what was committed is safe"),
    "SQLITE_IOERR": ("the disk reports an error", "check the disk, then run it again"),
    "SQLITE_READONLY": ("it may not be written", "check the rights of the file and its folder"),
    "SQLITE_PERM": ("it may not be opened", "check the rights of the file and its folder"),
    "SQLITE_CANTOPEN": ("it cannot be opened", "check the path and the rights of its folder"),
    "SQLITE_CORRUPT": ("it is damaged", "restore a copy, or delete it and run full imports again"),
    "SQLITE_NOTADB": ("it is no SQLite file", "name an attrflow store, or a new file"),
}


class Database:
    """A connection for one thread at a time. Transactions are explicit; each statement else is its own."""

    def __init__(self, path: Path, connection: sqlite3.Connection, *, read_only: bool) -> None:
        self.path = path
        self.read_only = read_only
        self._connection = connection

    def rows(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """All rows of a query."""
        try:
            return self._connection.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            raise self.explain(error) from error

    def row(self, sql: str, parameters: Parameters = ()) -> Row | None:
        """The first row of a query, or None."""
        try:
            found: Row | None = self._connection.execute(sql, parameters).fetchone()
        except sqlite3.Error as error:
            raise self.explain(error) from error
        return found

    def run(self, sql: str, parameters: Parameters = ()) -> int:
        """Run a statement; the id of the row that it inserted last, where it inserted one."""
        try:
            return self._connection.execute(sql, parameters).lastrowid or 0
        except sqlite3.IntegrityError:
            raise
        except sqlite3.Error as error:
            raise self.explain(error) from error

    def run_many(self, sql: str, rows: Iterable[Parameters]) -> None:
        """Run a statement once for each row.

        Raises:
            sqlite3.IntegrityError: a constraint does not hold; the caller knows what it means.
        """
        try:
            self._connection.executemany(sql, rows)
        except sqlite3.IntegrityError:
            raise
        except sqlite3.Error as error:
            raise self.explain(error) from error

    @contextmanager
    def writing(self) -> Iterator[None]:
        """All that the block writes is committed together, or not at all."""
        if self.read_only:
            raise StoreError(f"the store {self.path} was opened for reading only")
        self.run("BEGIN IMMEDIATE")
        try:
            yield
            self.run("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self.run("ROLLBACK")
            raise

    @contextmanager
    def reading(self) -> Iterator[None]:
        """All that the block reads is of one moment. Blocks may be nested, also inside `writing`."""
        if self._connection.in_transaction:
            yield
            return
        self.run("BEGIN")
        try:
            yield
        finally:
            if self._connection.in_transaction:
                self.run("COMMIT")

    def close(self) -> None:
        """Close the connection; the last one to go folds the write-ahead log into the file."""
        self._connection.close()

    def explain(self, error: sqlite3.Error) -> StoreError:
        """SQLite's complaint as a sentence for people."""
        name = getattr(error, "sqlite_errorname", "") or ""
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            return StoreBusy(
                f"the store {self.path} has been locked by another process for {_WAIT_SECONDS:g} seconds",
                help="wait until the other process has ended, or end it",
            )
        for prefix, (what, help_) in _SENTENCES.items():
            if name.startswith(prefix):
                return StoreError(f"the store {self.path} cannot be used: {what} ({error})", help=help_)
        return StoreError(f"the store {self.path} cannot be used: {error}")


def open_database(path: Path, *, read_only: bool) -> Database:
    """Open a store's file, make it when it is new, and bring it to the latest schema version.

    Raises:
        StoreError: there is no such file (for reading) or folder, it is no attrflow store, it was
            written by a newer attrflow, or (for reading) by an older one.
    """
    if read_only and not path.is_file():
        raise StoreError(f"there is no store at {path}", help="make one with `attrflow init`")
    if not path.parent.is_dir():
        raise StoreError(f"the folder {path.parent} for the store does not exist", help="make it first")
    if path.is_dir():
        raise StoreError(f"{path} is a folder, not a store", help="name the file inside it")
    database = _connect(path, read_only=read_only)
    try:
        _prepare(database)
    except BaseException:
        database.close()
        raise
    return database


def _connect(path: Path, *, read_only: bool) -> Database:
    uri = path.absolute().as_uri() + ("?mode=ro" if read_only else "?mode=rwc")
    try:
        connection = sqlite3.connect(
            uri,
            uri=True,
            timeout=_WAIT_SECONDS,
            isolation_level=None,
            cached_statements=256,
            check_same_thread=False,  # the console hands its connection from thread to thread
        )
    except sqlite3.Error as error:
        raise StoreError(
            f"the store {path} cannot be opened: {error}", help="check the path and the rights of its folder"
        ) from error
    return Database(path, connection, read_only=read_only)


def _prepare(database: Database) -> None:
    version = _version(database)
    if version < LATEST and database.read_only:
        raise StoreError(
            f"the store {database.path} was written by an older attrflow (schema {version}, now {LATEST})",
            help="open it once for writing, by any `attrflow run`, and it is brought up to date",
        )
    database.run("PRAGMA foreign_keys = ON")
    database.run("PRAGMA cache_size = -65536")
    database.run("PRAGMA temp_store = MEMORY")
    if database.read_only:
        return
    database.run("PRAGMA journal_mode = WAL")
    database.run("PRAGMA synchronous = FULL")
    database.run("PRAGMA wal_autocheckpoint = 4000")
    if version < LATEST:
        with database.writing():
            _migrate(database, _version(database))  # another process may have been quicker


def _version(database: Database) -> int:
    """The schema version of the file, 0 for a new one; refuses what is not ours or from the future."""
    application = database.rows("PRAGMA application_id")[0][0]
    if application != APPLICATION_ID:
        (tables,) = database.rows("SELECT count(*) FROM sqlite_master")[0]
        if tables or application:
            raise StoreError(
                f"{database.path} is a SQLite file, but no attrflow store",
                help="name an attrflow store, or a new file",
            )
        return 0
    version = int(database.rows("SELECT max(version) FROM schema_version")[0][0])
    if version > LATEST:
        raise StoreError(
            f"the store {database.path} was written by a newer attrflow (schema {version}, this one knows {LATEST})",
            help="update attrflow, or name another store",
        )
    return version


def _migrate(database: Database, version: int) -> None:
    if version == 0:
        database.run(f"PRAGMA application_id = {APPLICATION_ID}")
        database.run("CREATE TABLE schema_version (version INTEGER PRIMARY KEY, name TEXT NOT NULL)")
    for migration in MIGRATIONS:
        if migration.version > version:
            for statement in migration.statements:
                database.run(statement)
            database.run("INSERT INTO schema_version VALUES (?, ?)", (migration.version, migration.name))
