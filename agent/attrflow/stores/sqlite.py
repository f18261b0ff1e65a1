"""The store on disk: one SQLite file that holds everything, written by one process at a time.

A batch is one transaction: objects, keys, references, held references, history and watermark. The
parts are in the modules beside this one; `agent/docs/store.md` shows the file to people.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from os import PathLike
from pathlib import Path

from attrflow.model.changes import ChangeSet, StepProgress, Watermark
from attrflow.model.connector_space import CSObject
from attrflow.model.errors import StoreError
from attrflow.model.metaverse import MVObject
from attrflow.stores.claims import conflict
from attrflow.stores.database import Database, open_database
from attrflow.stores.lock import hold_file
from attrflow.stores.sqlite_commit import Batch
from attrflow.stores.sqlite_history import SqliteHistory, write_progress, write_watermark
from attrflow.stores.sqlite_keeping import SqliteKeeping
from attrflow.stores.sqlite_rest import at_rest, write_settled
from attrflow.stores.sqlite_search import SqliteSearch

__all__ = ["SqliteStore", "open_sqlite"]


class SqliteStore(SqliteSearch, SqliteHistory, SqliteKeeping):
    """A `ports.store.Store` in a file. Made by `open_sqlite`; used by one thread at a time."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.path = database.path

    def commit(
        self, changes: ChangeSet, *, progress: StepProgress | None = None, watermark: Watermark | None = None
    ) -> None:
        try:
            with self._database.writing():
                self._write(changes, progress, watermark)
        except sqlite3.IntegrityError as error:
            self._origins.forget()
            sentence = conflict(self, changes) or f"the batch contradicts itself or the store: {error}"
            raise StoreError(sentence, help="nothing of this batch was stored") from error
        except UnicodeEncodeError as error:
            self._origins.forget()
            raise StoreError(f"a text cannot be stored: {error}", help="strings must be valid Unicode") from error
        except BaseException:
            self._origins.forget()  # rows of new origins went with the transaction
            raise

    def _write(self, changes: ChangeSet, progress: StepProgress | None, watermark: Watermark | None) -> None:
        if changes:
            batch = Batch(self._database, self._origins, self._joins)
            batch.prepare(changes, self._gone(changes), 0 if progress is None else progress.run)
            batch.write(changes.held, changes.due, max([0, *changes.cs_objects, *changes.mv_objects]))
            gone = [id_ for id_, new in changes.mv_objects.items() if new is None]
            if gone or changes.settled:
                write_settled(self._database, changes.settled, gone)
        if progress is not None:
            write_progress(self._database, progress)
        if watermark is not None:
            write_watermark(self._database, watermark)

    def _gone(self, changes: ChangeSet) -> list[CSObject | MVObject]:
        """The objects that the changes delete, as they are now, in the order of the changes."""
        cs = self.cs_many([id_ for id_, new in changes.cs_objects.items() if new is None])
        mv = self.mv_many([id_ for id_, new in changes.mv_objects.items() if new is None])
        return [
            *[cs[id_] for id_ in changes.cs_objects if id_ in cs],
            *[mv[id_] for id_ in changes.mv_objects if id_ in mv],
        ]

    @contextmanager
    def writer(self, purpose: str) -> Iterator[None]:
        if self._database.read_only:
            raise StoreError(f"the store {self.path} was opened for reading only")
        with hold_file(self.path.with_name(self.path.name + ".lock"), str(self.path), purpose):
            self._joins.reload()  # another process may have written since this one opened the file
            self._origins.forget()
            yield

    def close(self) -> None:
        self._database.close()

    def set_join_attributes(self, cs: Mapping[str, Collection[str]], mv: Collection[str]) -> None:
        self._joins.tell(cs, mv, (self.cs_many, self.mv_many))

    def at_rest(self, cs_ids: Collection[int], program: str) -> Mapping[int, tuple[str, ...]]:
        with self._database.reading():
            return at_rest(self._database, cs_ids, program)


def open_sqlite(path: str | PathLike[str], *, read_only: bool = False) -> SqliteStore:
    """Open a store, and make it when it is new and may be written.

    Args:
        path: the file; `<path>-wal`, `<path>-shm` and `<path>.lock` stand beside it.
        read_only: never writes and never waits for a writer. Commits of other processes are seen.

    Raises:
        StoreError: the file cannot be opened, is no attrflow store, or has another schema version
            than this attrflow can bring up to date.
    """
    database = open_database(Path(path), read_only=read_only)
    try:
        return SqliteStore(database)
    except BaseException:
        database.close()
        raise
