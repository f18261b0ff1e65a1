"""The section `engine`: what a synchronization reads, evaluates and writes, and how long it takes.

Directories are in memory, so nothing but engine, runs and store is measured; the store is the SQLite file.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

from tests.bench.rows import Row, timed
from tests.unit.engine.lab import Lab
from tests.unit.engine.lab_entries import dn, group, refer, user
from tests.unit.engine.lab_views import Views

from attrflow.connectors.memory import MemoryEntry
from attrflow.engine.precedence import resolve
from attrflow.engine.settle import settle
from attrflow.model.changes import ChangeSet, StepProgress, Watermark
from attrflow.model.connector_space import CSObject
from attrflow.model.entry import ImportedObject, ImportedReferences, Page, ReferenceTarget
from attrflow.model.metaverse import MVObject
from attrflow.ports.view import Reads
from attrflow.runs.run import RunResult
from attrflow.stores.database import Parameters, open_database
from attrflow.stores.database import Row as TableRow
from attrflow.stores.prefetch import PrefetchedView
from attrflow.stores.sqlite import SqliteStore

__all__ = ["rows"]

LARGE = 49_998
"""Members of the large group at most: with one more the default rules still keep it in the cloud (below 50,000)."""
VAST_FROM = 50_000
"""Users from which on a group of 250,000 is measured too."""


class CountingStore(SqliteStore):
    """The SQLite store, counting the objects that it reads and writes and the references that it translates."""

    def __init__(self, path: Path, counts: Counter[str]) -> None:
        super().__init__(open_database(path, read_only=False))
        self.counts_now = counts
        self.views = Views()

    def prefetch(self, reads: Reads) -> PrefetchedView:
        return self.views.keep(super().prefetch(reads))

    def _one_cs(self, row: TableRow | None) -> CSObject | None:
        self.counts_now["read"] += row is not None
        return super()._one_cs(row)

    def _many_cs(self, sql: str, parameters: Parameters) -> list[CSObject]:
        found = super()._many_cs(sql, parameters)
        self.counts_now["read"] += len(found)
        return found

    def _mv_of(self, row: TableRow) -> MVObject:
        self.counts_now["read"] += 1
        return super()._mv_of(row)

    def links_of(self, cs_ids: Collection[int]) -> Mapping[int, int]:
        self.counts_now["references"] += len(cs_ids)
        return super().links_of(cs_ids)

    def counterparts_many(self, mv_ids: Collection[int]) -> Mapping[int, Mapping[str, int]]:
        self.counts_now["references"] += len(mv_ids)
        return super().counterparts_many(mv_ids)

    def commit(
        self, changes: ChangeSet, *, progress: StepProgress | None = None, watermark: Watermark | None = None
    ) -> None:
        self.counts_now["written"] += len(changes.cs_objects) + len(changes.mv_objects)
        super().commit(changes, progress=progress, watermark=watermark)


class Bench:
    """A forest of users, groups and a manager chain, a tenant, and what is counted while they are synchronized."""

    def __init__(self, folder: Path, objects: int) -> None:
        self.counts: Counter[str] = Counter()
        self.rows: list[Row] = []
        self.store = CountingStore(folder / "bench.sqlite", self.counts)
        self.lab = Lab(store=self.store)
        del self.lab.configurations["fabrikam"]
        self.directory = self.lab.directories["contoso"]
        self.users = [f"User {number}" for number in range(objects)]
        for number, name in enumerate(self.users):
            self.directory.add(_person(name, number, self.users))
        everyone = [dn(name) for name in self.users]
        self.large = everyone[: min(LARGE, objects // 2)]
        self.groups = {"Small": everyone[:50], "Large": self.large}
        for number in range(objects // 100):
            self.groups[f"Team {number}"] = everyone[number * 100 : number * 100 + 20]
        for number, (name, members) in enumerate(self.groups.items()):
            self.directory.add(_group(name, 10_000_000 + number, members))

    def measure(
        self, name: str, work: Callable[[], object], reference: tuple[str, float] | None = None
    ) -> tuple[float, Counter[str]]:
        """Time the work and report it with what it read, evaluated and wrote; at once too, for a run of an hour."""
        self.store.views.unannounced()
        self.counts.clear()
        seconds, _ = timed(work)
        counts = Counter(self.counts)
        counts["unannounced"] = self.store.views.unannounced()
        ratio = None if reference is None else seconds / reference[1]
        self.rows.append(Row(name, seconds, "s", reference[0] if reference is not None else None, ratio))
        for what, unit in (
            ("read", "objects"),
            ("evaluated", "objects"),
            ("resolved", "attributes"),
            ("references", "references"),
            ("unannounced", "questions"),
            ("written", "objects"),
        ):
            self.rows.append(Row(f"  {what}", counts[what], unit))
        sys.stderr.write(f"{name}: {seconds:.2f} s, {dict(counts)}\n")
        return seconds, counts

    def run(self, connector: str, profile: str) -> RunResult:
        """One run that must succeed."""
        result = self.lab.run(connector, profile)
        assert result.record.result == "success", result.record
        return result

    def delta(self) -> None:
        """What a delta cycle does after its imports from the forest."""
        self.run("contoso", "delta-sync")
        self.run("entra", "delta-sync")

    def confirm(self) -> None:
        """Export, and the import and synchronization that confirm it."""
        self.run("entra", "export")
        self.run("entra", "delta-import")
        self.run("entra", "delta-sync")

    def join(self, name: str, member: str) -> None:
        """A delta import brings one more member of a group, as DirSync tells of it."""
        anchor, target = self.directory.find(dn(name)), ReferenceTarget(dn(member), self.directory.find(dn(member)))
        added = {"member": ImportedReferences((target,), whole=False)}
        self.groups[name] = [*self.groups[name], dn(member)]
        refer(self.directory, dn(name), "member", *self.groups[name])
        change = ImportedObject("partial", dn(name), anchor, "group", {}, added)
        self.lab.bring("contoso", Page((change,), str(self.directory.position)))


def _guid(number: int) -> bytes:
    """GUIDs as a directory makes them: in base64 no two differ in case only, which joins look away from."""
    return hashlib.blake2b(number.to_bytes(8, "big"), digest_size=16).digest()


def _person(name: str, number: int, users: Sequence[str]) -> MemoryEntry:
    manager = (dn(users[(number - 1) // 8]),) if number else ()
    entry = user(
        name,
        number + 1,
        objectGUID=(_guid(number),),
        manager=manager,
        givenName=("User",),
        sn=(str(number),),
        displayName=(name,),
        mail=(f"user.{number}@contoso.test",),
        mailNickname=(f"user.{number}",),
        telephoneNumber=(f" +47 22 {number:06} ",),
        department=(f"Department {number % 40}",),
        company=("Contoso",),
        title=(f"Title {number % 90}",),
        physicalDeliveryOfficeName=(f"Room {number % 300}",),
        l=("Oslo",),
        co=("Norway",),
        c=("NO",),
        streetAddress=(f"Street {number}",),
        postalCode=(f"{number % 10_000:04}",),
        proxyAddresses=(f"SMTP:user.{number}@contoso.test", f"smtp:u{number}@contoso.test"),
    )
    return entry if number else replace(entry, references={})


def _group(name: str, number: int, members: Sequence[str]) -> MemoryEntry:
    return group(name, number, objectGUID=(_guid(number),), member=tuple(members))


@contextmanager
def _counting(counts: Counter[str]) -> Iterator[None]:
    """Count objects that are evaluated and attributes that are resolved, where the engine does it."""

    def counted(name: str, work: Callable[..., object]) -> Callable[..., object]:
        def wrapped(*args: object, **options: object) -> object:
            counts[name] += 1
            return work(*args, **options)

        return wrapped

    with (
        patch("attrflow.engine.sync.settle", counted("evaluated", settle)),
        patch("attrflow.engine.inbound.resolve", counted("resolved", resolve)),
        patch("attrflow.engine.outbound.resolve", counted("resolved", resolve)),
    ):
        yield


def rows(objects: int) -> Sequence[Row]:
    """Measure a forest of so many users."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), objects)
        with _counting(bench.counts):
            _measure(bench)
        bench.lab.store.close()
        return bench.rows


def _measure(bench: Bench) -> None:
    users = len(bench.users)
    bench.measure(f"full import of {users} users", lambda: bench.run("contoso", "full-import"))
    bench.run("entra", "full-import")
    full, _ = bench.measure("full sync, everything new", lambda: bench.run("contoso", "full-sync"))
    against = ("full sync, everything new", full)
    bench.measure("export, everything new", lambda: bench.run("entra", "export"), against)
    bench.measure("confirming import", lambda: bench.run("entra", "delta-import"), against)
    bench.measure("delta sync of what was confirmed", lambda: bench.run("entra", "delta-sync"), against)
    bench.run("contoso", "full-sync")
    bench.measure("full sync, nothing changed", lambda: bench.run("contoso", "full-sync"), against)
    for name in bench.users[: users // 100]:
        bench.directory.set(dn(name), "department", ("Reorganized",))
    bench.measure("import of 1 %", lambda: bench.run("contoso", "delta-import"), against)
    bench.measure("delta sync of 1 %", bench.delta, against)
    bench.confirm()
    bench.measure("delta sync, nothing changed", bench.delta, against)
    outsider = bench.users[-1]
    bench.join("Small", outsider)
    small, _ = bench.measure("one member more in a group of 50", bench.delta)
    bench.join("Large", outsider)
    bench.measure(
        f"one member more in a group of {len(bench.large)}", bench.delta, ("one member more in a group of 50", small)
    )
    bench.confirm()
    _release(bench, min(10_000, users), against)
    if users >= VAST_FROM:
        _vast(bench, 250_000, against)
    bench.directory.remove(bench.large[0])
    bench.run("contoso", "delta-import")
    bench.measure("a leaver, who was a member of the large group", bench.delta, ("one member more", small))


def _release(bench: Bench, held: int, against: tuple[str, float]) -> None:
    """A group whose members come later: its references are held, and released all at once."""
    late = [f"Late {number}" for number in range(held)]
    bench.directory.add(_group("Waiting", 20_000_000, [dn(name) for name in late]))
    bench.run("contoso", "delta-import")
    bench.measure(f"sync of a group whose {held} members are missing", bench.delta, against)
    for number, name in enumerate(late):
        bench.directory.add(user(name, 30_000_000 + number, objectGUID=(_guid(30_000_000 + number),)))
    bench.run("contoso", "delta-import")
    bench.measure(f"sync of the {held}, releasing their references", bench.delta, against)


def _vast(bench: Bench, members: int, against: tuple[str, float]) -> None:
    """A group at the cloud's limit, all of whose members but one are names that nobody has imported."""
    bench.groups["Vast"] = [dn(bench.users[0]), *(dn(f"Stranger {number}") for number in range(members - 1))]
    anchor = bench.directory.add(_group("Vast", 40_000_000, ()))
    targets = tuple(ReferenceTarget(name, None) for name in bench.groups["Vast"])
    whole = {"member": ImportedReferences(targets)}
    entry = bench.directory.entries[anchor]
    brought = ImportedObject("whole", entry.dn, anchor, "group", entry.attributes, whole)
    page = Page((brought,), str(bench.directory.position))
    bench.measure(f"import of a group of {members} strangers", lambda: bench.lab.bring("contoso", page), against)
    bench.measure("sync of it: all but one are held", bench.delta, against)
    outsider = ReferenceTarget(dn(bench.users[-1]), bench.directory.find(dn(bench.users[-1])))
    added = {"member": ImportedReferences((outsider,), whole=False)}
    change = ImportedObject("partial", entry.dn, anchor, "group", {}, added)
    bench.lab.bring("contoso", Page((change,), str(bench.directory.position)))
    bench.measure("one member more in it, whom everybody knows", bench.delta, against)
