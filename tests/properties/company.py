"""A laboratory whose forests, tenant and written directory a simulation edits, reads in part, and makes fail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from tests.properties.rule_sets import FORESTS, TARGET
from tests.properties.watching import Watch
from tests.unit.engine.lab import Lab
from tests.unit.engine.lab_entries import dn

from attrflow.connectors.memory import MemoryConnector, MemoryDirectory, MemoryEntry
from attrflow.model.entry import (
    ExportChange,
    ExportOutcome,
    ImportedObject,
    ImportedReferences,
    Page,
    ReferenceTarget,
)
from attrflow.model.errors import ConnectionLost
from attrflow.model.names import dn_key
from attrflow.model.values import Values
from attrflow.ports.connector import Connector
from attrflow.rules.rule import Rule
from attrflow.runs.profile import Profile
from attrflow.runs.run import RunResult

__all__ = ["NAMES", "Company", "Tidy", "mend", "place", "shuffled"]

NAMES = 4
"""Users by forest; the same name in both forests is the same person."""


class Tidy(MemoryDirectory):
    """A directory that takes references to a deleted entry away, as AD and Entra do, and knows what changed."""

    def __init__(self, plainly: MemoryDirectory, prefix: str) -> None:
        super().__init__(plainly.schema, prefix=prefix)
        self.touched: list[tuple[str, frozenset[str] | None]] = []
        """By change: the anchor, and the attributes that changed; None where the whole entry is new."""
        self.gone: list[tuple[str, MemoryEntry]] = []

    def add(self, entry: MemoryEntry) -> str:
        """Add an entry and return its anchor."""
        anchor = super().add(entry)
        self.touched.append((anchor, None))
        return anchor

    def remove(self, dn: str) -> None:  # the parent's name
        """Delete an entry, and every reference to it."""
        anchor = self.find(dn)
        assert anchor is not None, f"no entry {dn}"
        self.gone.append((anchor, self.entries[anchor]))
        super().remove(dn)
        self.touched.append((anchor, frozenset()))
        follow(self, dn, None)

    def come_back(self, pick: int) -> None:
        """Undelete an entry, without references, unless another one has its name or mail address meanwhile."""
        anchor, entry = self.gone.pop(pick % len(self.gone))
        mails = {str(v).casefold() for e in self.entries.values() for v in e.attributes.get("mail", ())}
        if self.find(entry.dn) is None and not any(str(v).casefold() in mails for v in entry.attributes["mail"]):
            self.entries[anchor] = replace(entry, references={})
            self._log.append(anchor)
            self.touched.append((anchor, None))

    def put(self, anchor: str, entry: MemoryEntry) -> None:
        """Change an entry; references follow a rename."""
        old = self.entries[anchor]
        super().put(anchor, entry)
        self.touched.append((anchor, frozenset(_changed(old, entry))))
        if old.dn != entry.dn:
            follow(self, old.dn, entry.dn)

    def swap(self, one: str, other: str) -> None:
        """Let two entries change their DNs, as nobody sees them in between."""
        left, right = self.find(one), self.find(other)
        assert left is not None and right is not None
        self.put(left, replace(self.entries[left], dn="CN=between,DC=nowhere"))
        self.put(right, replace(self.entries[right], dn=one))
        self.put(left, replace(self.entries[left], dn=other))

    def changed_in(self, anchor: str, position: int) -> frozenset[str] | None:
        """What changed of an entry since a position in the log; None where the whole of it is new."""
        found: set[str] = set()
        for touched, names in self.touched[position:]:
            if touched == anchor and names is None:
                return None
            if touched == anchor and names is not None:
                found |= names
        return frozenset(found)


def _changed(old: MemoryEntry, new: MemoryEntry) -> Iterator[str]:
    for name in {*old.attributes, *new.attributes}:
        if old.attributes.get(name) != new.attributes.get(name):
            yield name
    for name in {*old.references, *new.references}:
        if old.references.get(name) != new.references.get(name):
            yield name


class Wire(MemoryConnector):
    """A connector whose delta imports bring only what changed (if `sparse`), and whose exports may fail."""

    def __init__(self, lab: Company, name: str) -> None:
        self.tidy = lab.directories[name]
        super().__init__(lab.configurations[name], self.tidy)
        self._lab = lab
        self._sparse = name in lab.sparse
        self._watermark = 0

    def import_pages(self, partition: str, watermark: str | None) -> Iterator[Page]:
        """As the parent; a delta import of an entry that was there brings what changed of it."""
        self._watermark = int(watermark or 0)
        return super().import_pages(partition, watermark)

    def _changed(self, partition: str, anchor: str) -> ImportedObject:
        brought = super()._changed(partition, anchor)
        assert isinstance(self.tidy, Tidy)
        names = self.tidy.changed_in(anchor, self._watermark)
        if not self._sparse or brought.change != "whole" or names is None:
            return brought
        entry = self.tidy.entries[anchor]
        references = {
            n: ImportedReferences(tuple(ReferenceTarget(t, self.tidy.find(t)) for t in entry.references.get(n, ())))
            for n in names & {"manager", "member"}
        }
        attributes = {n: entry.attributes.get(n, ()) for n in names - references.keys()}
        return replace(brought, change="partial", attributes=attributes, references=references)

    def export(self, changes: Sequence[ExportChange]) -> Iterator[ExportOutcome]:
        """Write, refuse what is refused, and hang up after so many: that one is written, and nobody is told."""
        for change in changes:
            if change.source_anchor is not None and change.source_anchor.casefold() in self._lab.refused:
                yield ExportOutcome(change.cs_id, error="permission-issue", detail="refused")
                continue
            outcome = self._found(change) or next(iter(super().export([change])))
            if self._lab.hangs_up_after == 0:
                self._lab.hangs_up_after = None
                raise ConnectionLost("hung up")
            if self._lab.hangs_up_after is not None:
                self._lab.hangs_up_after -= 1
            yield outcome

    def _found(self, change: ExportChange) -> ExportOutcome | None:
        """What an earlier run wrote without learning of it, as a connector looks it up before it writes again."""
        if not change.uncertain:
            return None
        if change.operation == "add" and (anchor := self.tidy.find(change.dn)) is not None:
            return ExportOutcome(change.cs_id, anchor=anchor, dn=self.tidy.entries[anchor].dn)
        if change.operation == "delete-add" and change.anchor not in self.tidy.entries:
            anchor = self.tidy.find(change.dn)
            return ExportOutcome(change.cs_id, anchor=anchor, dn=change.dn) if anchor is not None else None
        return None


class Company(Lab):
    """Rules of a test's own on two forests, a tenant, and (where rules write there) a directory; watched at each run.

    `sparse` are the connectors whose delta imports bring what changed only.
    """

    def __init__(self, rules: Iterable[Rule], *, sparse: frozenset[str], order: tuple[str, ...] = ()) -> None:
        given = tuple(rules)
        super().__init__(given, plain=TARGET if any(one.connector == TARGET for one in given) else None)
        for name, plainly in tuple(self.directories.items()):
            self.directories[name] = Tidy(plainly, "User_" if name == "entra" else name)
        self.order = order or tuple(self.configurations)
        self.sparse = sparse
        self.writable = ("entra", TARGET) if TARGET in self.configurations else ("entra",)
        self.refused: set[str] = set()
        """Source anchors of what no directory takes an export of, case-folded."""
        self.hangs_up_after: int | None = None
        self.watch = Watch(self)

    def connector(self, name: str) -> Connector:
        """The connector to a directory, with whatever a test put around it."""
        wire = Wire(self, name)
        return self.connecting[name](wire) if name in self.connecting else wire

    def attempt(self, connector: str, profile: Profile) -> RunResult:
        """Run one profile, whatever becomes of it; nothing may come of it that no run may do."""
        result = super().attempt(connector, profile)
        self.watch.look(connector, profile, result.record.result)
        return result

    def rebuilt(self, order: tuple[str, ...] = ()) -> Company:
        """Another store on the same directories."""
        other = Company(self.ruleset.rules, sparse=self.sparse, order=order or self.order)
        other.directories = self.directories
        return other

    def go(self, importing: Profile, syncing: Profile, *, export: bool) -> list[RunResult]:
        """One cycle over all connectors in this laboratory's order; results in the order of the runs."""
        results = [self.run(name, importing) for name in self.order]
        results += [self.run(name, syncing) for name in self.order]
        return results + ([self.run(name, "export") for name in self.writable] if export else [])

    def delta(self, *, export: bool = True) -> list[RunResult]:
        """A delta cycle."""
        return self.go("delta-import", "delta-sync", export=export)

    def full(self, *, export: bool = True) -> list[RunResult]:
        """An initial cycle."""
        return self.go("full-import", "full-sync", export=export)

    def all_pending(self) -> dict[str, dict[str, int]]:
        """What waits for export, by connector."""
        return {name: waiting for name in self.writable if (waiting := self.pending(name))}


# -- edits ----------------------------------------------------------------------------------------


def address(forest: str, number: int) -> str:
    """The mail address of a person: the forests spell it each in its own way."""
    return f"u{number}@test" if forest != "fabrikam" else f"U{number}@Test"


def place(
    directory: MemoryDirectory, forest: str, number: int, values: dict[str, Values], *, name: str | None = None
) -> None:
    """Add a user, whose mail address follows from its number; whoever has it or the name already stays."""
    mail, called = address(forest, number), dn(name or f"u{number}", forest)
    taken = name is None and any(e.attributes.get("mail") == (mail,) for e in directory.entries.values())
    if not taken and directory.find(called) is None:
        given = {name: held for name, held in values.items() if held}
        directory.add(MemoryEntry(called, "user", {"cn": (name or f"u{number}",), "mail": (mail,), **given}))


def mend(lab: Company) -> None:
    """Take away what makes objects fail: refusals, rivals, a value that rules refuse, and `_of_another_type`."""
    lab.refused.clear()
    for directory in (lab.directories[forest] for forest in FORESTS):
        for entry in tuple(directory.entries.values()):
            if str(entry.attributes.get("cn", ("",))[0]).startswith("r"):
                directory.remove(entry.dn)
                continue
            for name, values in entry.attributes.items():
                if values == ("wrong",):
                    directory.set(entry.dn, name, ("a",))
    for directory in (lab.directories[name] for name in lab.writable):
        for stranger in tuple(_of_another_type(directory)):
            directory.remove(stranger.dn)


def _of_another_type(directory: MemoryDirectory) -> Iterator[MemoryEntry]:
    """Whom somebody made of a person (`Simulation.appear`) who is there as an entry of another type too.

    Rules make contacts of some people and users of others, and no outbound rule joins an entry of another type,
    so that an inbound one finds two entries of one person. Two of one type are the engine's fault, and stay.
    """
    for entry in directory.entries.values():
        anchors = {str(v).casefold() for v in entry.attributes.get("sourceAnchor", ())}
        others = (e for e in directory.entries.values() if e.object_type != entry.object_type)
        twice = any(str(v).casefold() in anchors for e in others for v in e.attributes.get("sourceAnchor", ()))
        if twice and entry.dn.startswith(("CN=s", "CN={s")):
            yield entry


def follow(directory: MemoryDirectory, old: str, new: str | None) -> None:
    """Let references follow a rename or a deletion; no change of the entries that refer, as in AD."""
    for anchor, entry in list(directory.entries.items()):
        moved = {
            name: tuple(here for target in targets if (here := new if dn_key(target) == dn_key(old) else target))
            for name, targets in entry.references.items()
        }
        directory.entries[anchor] = replace(entry, references={name: held for name, held in moved.items() if held})


def shuffled(directory: MemoryDirectory, order: Iterable[str]) -> None:
    """Show the entries in another order."""
    entries = {anchor: directory.entries[anchor] for anchor in order}
    directory.entries.clear()
    directory.entries.update(entries)
