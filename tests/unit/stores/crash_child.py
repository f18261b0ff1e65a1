"""A process that commits batches to a store until it is killed: batch n makes objects, history and watermark n.

Started by `test_store_crash.py` as `python crash_child.py STORE`; prints a line when the first is in.
"""

from __future__ import annotations

import sys

from attrflow.model.changes import ChangeSet, RunObject, RunRecord, StepProgress, StepRecord, Watermark
from attrflow.model.connector_space import CSObject
from attrflow.model.delta import Image
from attrflow.model.references import ReferenceDelta, ReferenceIds, ReferenceSet, edited
from attrflow.stores.sqlite import open_sqlite

PER_BATCH = 20
GROUP = 1


def group(members: ReferenceSet) -> CSObject:
    """The group that gets all objects of each batch as members."""
    return CSObject(GROUP, "ad", "p", "CN=group", "cn=group\x00", "group", image=Image({}, {"member": members}))


def main(path: str) -> None:
    """Commit batch after batch, for ever."""
    store = open_sqlite(path)
    with store.writer("crash test"):
        run = store.start_run(RunRecord(0, "ad", "full-import", "2026", "r", "c"), "rules", "configuration").number
        store.commit(ChangeSet({GROUP: group(ReferenceIds())}))
        number = 0
        while True:
            number += 1
            ids = range(2 + (number - 1) * PER_BATCH, 2 + number * PER_BATCH)
            new = {
                i: CSObject(i, "ad", "p", f"CN={i}", f"cn={i}\x00", "user", f"a{i}", image=Image({"mail": (f"{i}@x",)}))
                for i in ids
            }
            stored = store.cs(GROUP)
            assert stored is not None
            assert stored.image is not None
            members = edited(
                stored.image.references.get("member", ReferenceIds()), ReferenceDelta(frozenset(ids), frozenset())
            )
            store.commit(
                ChangeSet({**new, GROUP: group(members)}),
                progress=StepProgress(
                    run,
                    StepRecord(1, "full-import", "p", "2026", counters={"add": number * PER_BATCH}),
                    tuple(RunObject("add", i, f"CN={i}") for i in ids),
                ),
                watermark=Watermark("ad", "p", str(number), run),
            )
            if number == 1:
                sys.stdout.write("committed\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
