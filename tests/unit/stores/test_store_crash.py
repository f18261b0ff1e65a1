"""A writer that is killed at any moment leaves a store in which objects, history and watermark agree."""

from __future__ import annotations

import select
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from attrflow.ports.store import CSFilter
from attrflow.stores.sqlite import open_sqlite

CHILD = Path(__file__).with_name("crash_child.py")
PER_BATCH = 20


@pytest.mark.parametrize("moment", [0.0, 0.013, 0.047, 0.111, 0.17])
def test_a_killed_writer_leaves_whole_batches(tmp_path: Path, moment: float) -> None:
    path = tmp_path / "store.sqlite"
    with subprocess.Popen([sys.executable, CHILD, path], stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "committed\n"
            select.select([child.stdout], [], [], moment)  # nothing more is printed: it is killed in the middle
        finally:
            child.kill()
    check_whole(path)


def check_whole(path: Path) -> None:
    """The file is sound, and everything in it tells of the same number of batches."""
    store = open_sqlite(path)
    with store.writer("the next run"):
        watermark = store.watermark("ad", "p")
        assert watermark is not None
        objects = int(watermark.value) * PER_BATCH
        assert objects > 0
        assert store.counts() == {"cs:ad:user": objects, "cs:ad:group": 1}
        assert store.highest_id() == objects + 1
        run = store.run(1)
        assert run is not None
        assert run.steps[0].counters == {"add": objects}
        assert store.count_run_objects(1, 1, "add") == objects
        group = store.cs(1)
        assert group is not None
        assert group.image is not None
        assert frozenset(group.image.references["member"]) == frozenset(range(2, objects + 2))
        assert group.image.references["member"].count == objects
        last = store.cs(objects + 1)
        assert last is not None
        assert store.find_cs(CSFilter(text=f"{objects + 1}@x", whole=True)) == (last,)
        assert store.cs_referrers(objects + 1) == (1,)
    store.close()
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()
