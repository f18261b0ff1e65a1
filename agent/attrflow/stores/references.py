"""Reference sets on disk: rows of (owner, layer, attribute, target, sign), read only when somebody must.

A `StoredReferences` stands for the committed state that it was loaded with. Before it reads rows it
compares its digest with the owner's document; when a later commit has changed the set, it raises instead
of showing another state, so no difference is ever computed from a mixture. What it has read once it
keeps, and goes on showing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from attrflow.model.delta import Delta
from attrflow.model.errors import StoreError
from attrflow.model.references import EditedReferences, ReferenceDelta, ReferenceSet
from attrflow.stores.codec import CS_DELTAS, IMAGE_LAYER, MV_LAYER, parsed
from attrflow.stores.database import Database

__all__ = ["ReferenceRows", "StoredReferences", "delta_changes", "set_changes"]

_PROBES_MAX = 32
"""Single look-ups of one set after which it is loaded as a whole."""

_DOCUMENTS = {
    MV_LAYER: "SELECT reference_sets FROM mv_object WHERE id = ?",
    IMAGE_LAYER: "SELECT reference_sets FROM cs_object WHERE id = ?",
}


class StoredReferences:
    """A set of ids in the store, with the count and digest that its owner's document had."""

    __slots__ = ("_database", "_digest", "_ids", "_probes", "attribute", "count", "layer", "owner")

    def __init__(self, database: Database, owner: int, layer: int, attribute: str, count: int, digest: str) -> None:
        self._database = database
        self._digest = digest
        self._ids: frozenset[int] | None = None
        self._probes = 0
        self.owner = owner
        self.layer = layer
        self.attribute = attribute
        self.count = count

    @property
    def digest(self) -> int:
        """The order-free digest of the ids."""
        return int(self._digest, 16)

    def __contains__(self, id_: object) -> bool:
        if self._ids is None:
            self._probes += 1
            if self._probes <= _PROBES_MAX:
                return self._probe(id_)
            self._ids = frozenset(self._load())
        return id_ in self._ids

    def __iter__(self) -> Iterator[int]:
        """The ids, ascending."""
        if self._ids is not None:
            return iter(sorted(self._ids))
        ids = self._load()
        self._ids = frozenset(ids)
        return iter(ids)

    def __repr__(self) -> str:
        return f"StoredReferences(owner={self.owner}, {self.attribute!r}, count={self.count})"

    def fill(self, ids: Iterable[int]) -> None:
        """Take in the ids, read in the moment in which the set was made."""
        self._ids = frozenset(ids)

    def stands_on(self, owner: int, layer: int, attribute: str, digest: str) -> bool:
        """Whether this is the set of that owner's attribute, as its document has it now."""
        return (self.owner, self.layer, self.attribute, self._digest) == (owner, layer, attribute, digest)

    def _probe(self, id_: object) -> bool:
        with self._database.reading():
            self._check_current()
            row = self._database.row(
                "SELECT 1 FROM reference WHERE owner = ? AND layer = ? AND attribute = ? AND target = ?",
                (self.owner, self.layer, self.attribute, id_),
            )
        return row is not None

    def _load(self) -> list[int]:
        with self._database.reading():
            self._check_current()
            return stored_ids(self._database, self.owner, self.layer, self.attribute)

    def _check_current(self) -> None:
        row = self._database.row(_DOCUMENTS[self.layer], (self.owner,))
        sets = parsed(row[0]) if row and row[0] else {}
        current = sets.get("image", {}) if self.layer == IMAGE_LAYER else sets
        if self.attribute not in current or current[self.attribute][1] != self._digest:
            raise StoreError(
                f"the references {self.attribute!r} of object #{self.owner} have changed since they were read",
                help="read the object again",
            )


def stored_ids(database: Database, owner: int, layer: int, attribute: str) -> list[int]:
    """The targets of one attribute in one layer, ascending."""
    rows = database.rows(
        "SELECT target FROM reference WHERE owner = ? AND layer = ? AND attribute = ? ORDER BY target",
        (owner, layer, attribute),
    )
    return [target for (target,) in rows]


@dataclass(slots=True)
class ReferenceRows:
    """What a commit writes: rows to delete, by key, and rows to insert."""

    deleted: list[tuple[int, int, str, int]] = field(default_factory=list)
    inserted: list[tuple[int, int, str, int, int]] = field(default_factory=list)

    def take(self, owner: int, layer: int, attribute: str, shift: ReferenceDelta) -> None:
        """Write the difference of one set."""
        self.deleted.extend((owner, layer, attribute, target) for target in shift.removed)
        self.inserted.extend((owner, layer, attribute, target, 1) for target in sorted(shift.added))


def set_changes(
    database: Database,
    rows: ReferenceRows,
    owner: int,
    layer: int,
    old: Mapping[str, tuple[int, str]],
    new: Mapping[str, ReferenceSet],
) -> None:
    """What turns the stored sets of a layer into `new`; `old` gives the stored counts and digests.

    Raises:
        StoreError: `new` stands on a stored set that a commit has changed since it was read.
    """
    for attribute in {**old, **new}:
        count, digest = old.get(attribute, (0, ""))
        wanted = new.get(attribute)
        if wanted is None:
            gone = frozenset(stored_ids(database, owner, layer, attribute))
            rows.take(owner, layer, attribute, ReferenceDelta(frozenset(), gone))
        elif wanted.count != count or f"{wanted.digest:032x}" != digest:
            shift = _edit(wanted, owner, layer, attribute, digest)
            if shift is None:
                before = frozenset(stored_ids(database, owner, layer, attribute)) if count else frozenset()
                after = frozenset(wanted)
                shift = ReferenceDelta(after - before, before - after)
            rows.take(owner, layer, attribute, shift)


def _edit(wanted: ReferenceSet, owner: int, layer: int, attribute: str, digest: str) -> ReferenceDelta | None:
    """The delta, where `wanted` is an edit of just the set that is stored: nothing needs to be loaded."""
    if (
        isinstance(wanted, EditedReferences)
        and isinstance(wanted.base, StoredReferences)
        and wanted.base.stands_on(owner, layer, attribute, digest)
    ):
        return wanted.delta
    return None


def delta_changes(
    database: Database,
    rows: ReferenceRows,
    owner: int,
    old: Mapping[str, object],
    new: Mapping[str, object],
    deltas: tuple[Delta | None, ...],
) -> None:
    """What turns the stored reference rows of the delta layers into those of `deltas`.

    `old` and `new` are the documents' counts and digests by layer name: equal ones are left alone.
    """
    for number, (name, delta) in enumerate(zip(CS_DELTAS, deltas, strict=True), start=IMAGE_LAYER + 1):
        if old.get(name) == new.get(name):
            continue
        before: set[tuple[str, int, int]] = set()
        if name in old:
            before = set(
                database.rows(
                    "SELECT attribute, target, sign FROM reference WHERE owner = ? AND layer = ?",
                    (owner, number),
                )
            )
        after = {
            (attribute, target, sign)
            for attribute, shift in ({} if delta is None else delta.references).items()
            for sign, targets in ((1, shift.added), (-1, shift.removed))
            for target in targets
        }
        rows.deleted.extend((owner, number, attribute, target) for attribute, target, _ in before - after)
        rows.inserted.extend(
            (owner, number, attribute, target, sign) for attribute, target, sign in sorted(after - before)
        )
