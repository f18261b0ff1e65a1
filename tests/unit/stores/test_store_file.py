"""The store's file: which files are opened, which are refused and how it is said, and who may write."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from attrflow.model.changes import ChangeSet
from attrflow.model.configuration import SchedulerState
from attrflow.model.connector_space import CSObject
from attrflow.model.delta import Image
from attrflow.model.errors import StoreBusy, StoreError
from attrflow.model.metaverse import MVAttribute, MVObject
from attrflow.model.names import dn_key
from attrflow.model.provenance import MappingId, Origin, Provenance
from attrflow.model.references import ReferenceIds
from attrflow.stores import database
from attrflow.stores.migrations import LATEST, Migration
from attrflow.stores.sqlite import open_sqlite


def user(id_: int, **image: str) -> CSObject:
    """An object with single values."""
    attributes = {name: (value,) for name, value in image.items()}
    return CSObject(id_, "ad", "p", f"CN=u{id_}", f"cn=u{id_}\x00", "user", image=Image(attributes))


@contextmanager
def raw(path: Path) -> Iterator[sqlite3.Connection]:
    """The file as SQLite sees it, for breaking it."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


def filled(path: Path) -> Path:
    """A store with one user in it."""
    store = open_sqlite(path)
    store.commit(ChangeSet({1: user(1, mail="kari")}))
    store.close()
    return path


def check_refused(path: Path, sentence: str, *, read_only: bool = False) -> None:
    """Opening fails, and the message says why."""
    with pytest.raises(StoreError, match=sentence):
        open_sqlite(path, read_only=read_only)


def test_a_new_store_is_made_and_found_again(tmp_path: Path) -> None:
    path = filled(tmp_path / "a store's file?.sqlite")
    assert path.is_file()
    for read_only in (False, True):
        store = open_sqlite(path, read_only=read_only)
        assert store.cs(1) == user(1, mail="kari")
        store.close()


def test_an_empty_file_becomes_a_store(tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.touch()
    assert filled(path)


def test_a_reader_makes_no_file(tmp_path: Path) -> None:
    check_refused(tmp_path / "none", "there is no store at .*none", read_only=True)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param(b"not a database at all, but long enough to look at" * 40, "no SQLite file", id="text"),
        pytest.param(b"SQLite format 3\x00" + b"\xff" * 2000, "cannot be used", id="torn"),
    ],
)
@pytest.mark.parametrize("read_only", [True, False])
def test_what_is_no_store_is_refused_and_left_alone(
    tmp_path: Path, content: bytes, sentence: str, read_only: bool
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    check_refused(path, sentence, read_only=read_only)
    assert path.read_bytes() == content


def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    with raw(path) as connection:
        connection.execute("CREATE TABLE bookmark (url)")
    before = path.read_bytes()
    check_refused(path, "no attrflow store")
    check_refused(path, "no attrflow store", read_only=True)
    assert path.read_bytes() == before


def test_a_folder_is_refused(tmp_path: Path) -> None:
    check_refused(tmp_path, "is a folder")
    check_refused(tmp_path / "missing" / "store", "folder .*missing.* does not exist")


def test_a_store_from_the_future_is_refused(tmp_path: Path) -> None:
    path = filled(tmp_path / "store")
    with raw(path) as connection:
        connection.execute("INSERT INTO schema_version VALUES (?, 'from the future')", (LATEST + 1,))
    for read_only in (True, False):
        check_refused(path, f"newer attrflow .schema {LATEST + 1}, this one knows {LATEST}", read_only=read_only)


def test_a_migration_is_applied_with_its_record_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = filled(tmp_path / "store")
    bad = Migration(LATEST + 1, "bad", ("CREATE TABLE extra (x)", "INSERT INTO nowhere VALUES (1)"))
    good = Migration(LATEST + 1, "good", ("CREATE TABLE extra (x)", "INSERT INTO extra VALUES (1)"))
    monkeypatch.setattr(database, "LATEST", LATEST + 1)
    check_refused(path, "written by an older attrflow", read_only=True)
    monkeypatch.setattr(database, "MIGRATIONS", (bad,))
    check_refused(path, "no such table: nowhere")
    with raw(path) as connection:
        assert connection.execute("SELECT max(version) FROM schema_version").fetchone() == (LATEST,)
        assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'extra'").fetchone() == (0,)
    monkeypatch.setattr(database, "MIGRATIONS", (good,))
    open_sqlite(path).close()
    open_sqlite(path).close()
    with raw(path) as connection:
        assert connection.execute("SELECT x FROM extra").fetchall() == [(1,)]
        assert connection.execute("SELECT name FROM schema_version WHERE version = ?", (LATEST + 1,)).fetchone() == (
            "good",
        )


def test_a_store_of_the_first_version_is_brought_up_to_date_and_goes_on(tmp_path: Path) -> None:
    path = filled(tmp_path / "store")
    with raw(path) as connection:
        for table in ("scheduler_state", "due_reference", "settled"):
            connection.execute(f"DROP TABLE {table}")
        connection.execute("DELETE FROM schema_version WHERE version > 1")
    check_refused(path, "written by an older attrflow", read_only=True)
    store = open_sqlite(path)
    assert store.scheduler_state() == SchedulerState()
    assert store.count_cs("ad") > 0
    assert store.mv_retry_ids() == ()
    assert store.change_scheduler_state(lambda s: replace(s, last_run=1)).last_run == 1
    store.close()


def test_a_placeholder_of_a_tenant_gets_the_anchor_that_its_name_holds(tmp_path: Path) -> None:
    path = filled(tmp_path / "store")
    store = open_sqlite(path)
    names = {11: "CN={User_1}", 12: "CN={4B617269}", 13: "CN=Ola_1,DC=contoso,DC=test"}
    named = {id_: CSObject(id_, "entra", "default", dn, dn_key(dn), kind="placeholder") for id_, dn in names.items()}
    store.commit(ChangeSet(named))
    store.close()
    with raw(path) as connection:
        connection.execute("DELETE FROM schema_version WHERE version > 3")
    store = open_sqlite(path)
    assert {id_: (cso := store.cs(id_)) and cso.anchor for id_ in names} == {11: "User_1", 12: None, 13: None}
    store.close()


def test_a_reader_writes_nothing(tmp_path: Path) -> None:
    store = open_sqlite(filled(tmp_path / "store"), read_only=True)
    with pytest.raises(StoreError, match="for reading only"):
        store.commit(ChangeSet({2: user(2)}))
    with pytest.raises(StoreError, match="for reading only"), store.writer("run"):
        pass
    store.close()


def test_a_reader_sees_commits_and_joins_on_what_no_run_has_told(tmp_path: Path) -> None:
    path = filled(tmp_path / "store")
    writer, reader = open_sqlite(path), open_sqlite(path, read_only=True)
    writer.set_join_attributes({"ad": ["uid"]}, [])
    writer.commit(ChangeSet({2: user(2, mail="Bo", uid="x")}))
    for _ in range(2):
        reader.set_join_attributes({"ad": ["uid", "mail"]}, ["mail"])
        assert reader.cs_by_value("ad", None, "mail", "bo") == (2,)
        assert reader.cs_by_value("ad", "user", "uid", "x") == (2,)
        assert reader.mv_by_value(None, "mail", "bo") == ()
    writer.commit(ChangeSet({3: user(3, uid="x")}))
    assert reader.cs_by_value("ad", None, "uid", "x") == (2, 3)
    assert reader.highest_id() == 3
    reader.close()
    writer.close()


def test_the_lock_is_held_across_processes_and_goes_with_its_process(tmp_path: Path) -> None:
    path = filled(tmp_path / "store")
    code = (
        "import sys; from attrflow.stores.sqlite import open_sqlite\n"
        "with open_sqlite(sys.argv[1]).writer('run ad full-import'):\n"
        "    print('held', flush=True); sys.stdin.read()\n"
    )
    store = open_sqlite(path)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code, str(path)], text=True, **pipes) as child:  # type: ignore[call-overload]  # keywords by name
        try:
            assert child.stdout.readline() == "held\n"
            refusal = f"{path} is in use: run ad full-import .process {child.pid} on"
            with pytest.raises(StoreBusy, match=refusal), store.writer("apply"):
                pass
            assert store.cs(1) is not None, "readers never wait"
        finally:
            child.kill()
    with store.writer("apply"):
        pass
    assert (tmp_path / "store.lock").read_text() == ""
    store.close()


def test_two_stores_on_one_file_in_one_process_exclude_each_other(tmp_path: Path) -> None:
    path = filled(tmp_path / "store")
    one, two = open_sqlite(path), open_sqlite(path)
    with one.writer("run"), pytest.raises(StoreBusy), two.writer("apply"):
        pass
    one.close()
    two.close()


def test_a_writer_knows_what_another_one_did_before(tmp_path: Path) -> None:
    path = filled(tmp_path / "store")
    one, two = open_sqlite(path), open_sqlite(path)
    with two.writer("run"):
        two.set_join_attributes({"ad": ["mail"]}, [])
    with one.writer("run"):
        one.commit(ChangeSet({2: user(2, mail="Bo")}))
        assert one.cs_by_value("ad", None, "mail", "bo") == (2,)
    assert two.cs_by_value("ad", None, "mail", "bo") == (2,)
    one.close()
    two.close()


def test_an_origin_of_a_refused_batch_is_interned_anew(tmp_path: Path) -> None:
    path = filled(tmp_path / "store")
    provenance = Provenance(Origin("ad", "rule", MappingId("mail")), 1)
    mvo = MVObject(5, "person", {"mail": MVAttribute(("x",), provenance)})
    store = open_sqlite(path)
    taken = CSObject(2, "ad", "p", "CN=u1", "cn=u1\x00")
    with pytest.raises(StoreError, match="two objects"):
        store.commit(ChangeSet({2: taken}, {5: mvo}))
    store.commit(ChangeSet({}, {5: mvo}))
    store.close()
    store = open_sqlite(path)
    assert store.mv(5) == mvo
    store.close()


@pytest.mark.parametrize("value", ["\ud800", 2**70])
def test_what_cannot_be_stored_is_said_and_nothing_is_stored(tmp_path: Path, value: str | int) -> None:
    store = open_sqlite(tmp_path / "store")
    with pytest.raises(StoreError, match="cannot be stored"):
        store.commit(
            ChangeSet({1: user(1), 2: CSObject(2, "ad", "p", "CN=x", "cn=x\x00", image=Image({"x": (value,)}))})
        )
    with pytest.raises(StoreError, match="cannot be stored"):
        store.commit(ChangeSet({1: CSObject(1, "ad", "p", "CN=\ud800", "cn=\ud800\x00")}))
    assert store.cs(1) is None
    store.close()


def test_a_damaged_document_is_said(tmp_path: Path) -> None:
    path = filled(tmp_path / "store")
    with raw(path) as connection:
        connection.execute("UPDATE cs_object SET image = '{'")
    store = open_sqlite(path)
    with pytest.raises(StoreError, match="damaged"):
        store.cs(1)
    store.close()


def test_a_full_disk_is_said_and_nothing_is_lost(tmp_path: Path) -> None:
    store = open_sqlite(filled(tmp_path / "store"))
    store._database.run("PRAGMA max_page_count = 60")
    with pytest.raises(StoreError, match="the disk is full") as raised:
        for number in range(100):
            store.commit(ChangeSet({2 + number: user(2 + number, mail="x" * 4000)}))
    assert raised.value.help is not None
    assert store.cs(1) == user(1, mail="kari")
    store._database.run("PRAGMA max_page_count = 100000")
    store.commit(ChangeSet({999: user(999)}))
    assert store.highest_id() == 999
    store.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_without_write_permission_is_said(tmp_path: Path) -> None:
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        check_refused(tmp_path / "store", "cannot be opened")
    finally:
        tmp_path.chmod(stat.S_IRWXU)


def test_an_unchanged_object_is_not_written_again(tmp_path: Path) -> None:
    path = filled(tmp_path / "store")
    store = open_sqlite(path)
    group = CSObject(2, "ad", "p", "CN=g", "cn=g\x00", image=Image({}, {"member": ReferenceIds(range(100))}))
    store.commit(ChangeSet({2: group}))
    with raw(path) as connection:
        connection.executescript(
            """
            CREATE TRIGGER a BEFORE UPDATE ON cs_object BEGIN SELECT raise(ABORT, 'written'); END;
            CREATE TRIGGER b BEFORE DELETE ON reference BEGIN SELECT raise(ABORT, 'written'); END;
            CREATE TRIGGER c BEFORE INSERT ON reference BEGIN SELECT raise(ABORT, 'written'); END;
            """
        )
        stored = store.cs(2)
        store.commit(ChangeSet({1: user(1, mail="kari"), 2: stored}))
        store.commit(ChangeSet({2: group}))
        connection.executescript("DROP TRIGGER a; DROP TRIGGER b; DROP TRIGGER c;")
    store.close()
