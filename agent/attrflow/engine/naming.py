"""Staging: references that name their targets, as `memberUid` does by `uid` (behaviour.md §1.8).

A name leads to the object that bears it. Where nobody bears it, or more than one does, it leads to a placeholder
for the name, so that the reference is held. When the bearers change, because an object comes, goes, is renamed or
leaves the scope, what refers by the name is moved, as a pending import: to a synchronization it is what the
directory would have said of the membership. Nothing is scanned: bearers are found by the index that joins use,
and what refers to an object or a placeholder by the referrers that the store knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from attrflow.engine.placeholders import sweep_placeholders
from attrflow.engine.working_set import WorkingSet
from attrflow.model.configuration import ConnectorConfiguration
from attrflow.model.connector_space import CSObject, import_hologram
from attrflow.model.delta import EMPTY_IMAGE, Delta, Image, compose
from attrflow.model.entry import ImportedObject, ReferenceTarget
from attrflow.model.names import dn_key
from attrflow.model.reference_names import name_dn, names_borne
from attrflow.model.references import ReferenceDelta
from attrflow.model.values import display, folded
from attrflow.ports.world import World

__all__ = ["AMBIGUOUS", "Naming"]

AMBIGUOUS = "ambiguous-reference-name"
"""The warning about a name that more than one object bears: nobody is meant by it."""


class Naming:
    """The names of one batch: what they lead to, and what is to move because their bearers changed."""

    def __init__(
        self,
        working: WorkingSet,
        world: World,
        connector: ConnectorConfiguration,
        multi: Callable[[str | None], frozenset[str]],
    ) -> None:
        """`multi` says which attributes of an object type hold many values."""
        self._working = working
        self._world = world
        self._connector = connector.name
        self._multi = multi
        self._referring: dict[str, tuple[str, ...]] = {}
        for attribute, by in connector.reference_by.items():
            self._referring[by] = (*self._referring.get(by, ()), attribute)
        self._moves: dict[tuple[int, str], ReferenceDelta] = {}
        self._holograms: dict[int, tuple[CSObject, Image]] = {}
        self.ambiguous: dict[tuple[str, str], tuple[str, ...]] = {}
        """What was met of names that several bear: by attribute and name, their DNs. The caller empties it."""
        self.read_again: set[tuple[str, str]] = set()
        """(partition, anchor) of objects of which only their directory can say by which name they refer."""

    @property
    def needed(self) -> bool:
        """Whether references of this connector name their targets at all."""
        return bool(self._referring)

    # -- resolving --------------------------------------------------------------------------------

    def resolve(self, target: ReferenceTarget) -> int:
        """The id that a name leads to: its only bearer, else its placeholder, which is made where there is none."""
        by = target.by
        assert by is not None, "only names are resolved here"
        found = self._bearers(by, folded(target.dn))
        if len(found) == 1:
            return found[0].id
        if found:
            self.ambiguous[by, target.dn] = tuple(cso.dn for cso in found)
        return self._placeholder(by, target.dn).id

    def give_name(self, imported: ImportedObject) -> CSObject | None:
        """Let the placeholder of a name that nobody bears yet await an object that is new, by its anchor.

        The object takes the placeholder's id, so that a name which many refer to is resolved without touching them.
        Returns the placeholder as it was, for `take_back`.
        """
        if imported.anchor is None or self._working.cs_by_anchor(self._connector, imported.anchor) is not None:
            return None
        for by in self._referring:
            for value in imported.attributes.get(by, ()):
                found = self._known_placeholder(by, display(value))
                if found is not None and not self._bearers(by, folded(value)):
                    self._working.put_cs(found.id, replace(found, anchor=imported.anchor))
                    return found
        return None

    def take_back(self, placeholder: CSObject | None) -> None:
        """Let the placeholder await nobody again, where its object was not staged after all."""
        now = self._working.cs(placeholder.id) if placeholder is not None else None
        if placeholder is not None and now is not None and now.kind == "placeholder":
            self._working.put_cs(placeholder.id, placeholder)

    def _bearers(self, by: str, name: str) -> tuple[CSObject, ...]:
        found = (self._working.cs(i) for i in self._working.cs_by_value(self._connector, None, by, name))
        return tuple(cso for cso in found if cso is not None and name in names_borne(cso, by))

    def _known_placeholder(self, by: str, name: str) -> CSObject | None:
        found = self._working.cs_by_dn(self._connector, dn_key(name_dn(by, name)))
        return found if found is not None and found.kind == "placeholder" else None

    def _placeholder(self, by: str, name: str) -> CSObject:
        found = self._known_placeholder(by, name)
        if found is None:
            dn = name_dn(by, name)
            found = CSObject(self._world.new_id(), self._connector, "", dn, dn_key(dn), kind="placeholder")
            self._working.put_cs(found.id, found)
        return found

    # -- changes of the bearers -------------------------------------------------------------------

    def changed(self, before: CSObject | None, after: CSObject | None) -> None:
        """An object is staged: move what refers by the names that it bears no more, or only now."""
        if not self._referring or before is after:
            return
        for by in self._referring:
            old, new = names_borne(before, by), names_borne(after, by)
            for name in old.keys() - new.keys():
                assert before is not None, "it bore a name"
                self._lost(by, old[name], before, only=len(old) == 1)
            for name in new.keys() - old.keys():
                assert after is not None, "it bears a name"
                self._gained(by, new[name], after)

    def _lost(self, by: str, name: str, cso: CSObject, *, only: bool) -> None:
        others = [other for other in self._bearers(by, folded(name)) if other.id != cso.id]
        if not others:
            self._move_from(cso, by, name, only=only)
        elif len(others) == 1 and (placeholder := self._known_placeholder(by, name)) is not None:
            self._move(placeholder.id, by, lambda: others[0].id)

    def _gained(self, by: str, name: str, cso: CSObject) -> None:
        others = [other for other in self._bearers(by, folded(name)) if other.id != cso.id]
        placeholder = self._known_placeholder(by, name)
        if not others:
            if placeholder is not None:
                self._move(placeholder.id, by, lambda: cso.id)
            return
        moved = False
        if len(others) == 1:
            moved = self._move_from(others[0], by, name, only=len(names_borne(others[0], by)) == 1)
        if moved or placeholder is not None:
            self.ambiguous[by, name] = tuple(other.dn for other in (*others, cso))

    def _move_from(self, cso: CSObject, by: str, name: str, *, only: bool) -> bool:
        """Move what refers to an object by a name to the name's placeholder; returns whether anything may have.

        Where the object bears several names, nobody kept by which of them it was meant: its referrers are read again.
        """
        if only:
            return self._move(cso.id, by, lambda: self._placeholder(by, name).id)
        found = list(self._referrers(cso.id, by))
        for referrer, _ in found:
            if referrer.anchor is not None:
                self.read_again.add((referrer.partition, referrer.anchor))
        return bool(found)

    def _move(self, source: int, by: str, target: Callable[[], int]) -> bool:
        """Note that what refers to `source` by a name is to refer to `target`, which is asked for only then."""
        moved = False
        for referrer, attribute in list(self._referrers(source, by)):
            key = (referrer.id, attribute)
            shift = ReferenceDelta(frozenset((target(),)), frozenset((source,)))
            before = self._moves.get(key)
            self._moves[key] = shift if before is None else before.then(shift)
            moved = True
        return moved

    def _referrers(self, target: int, by: str) -> Iterator[tuple[CSObject, str]]:
        """The objects and attributes that refer to `target` by a name, as they will once the moves are made."""
        noted = {owner for (owner, _), shift in self._moves.items() if target in shift.added}
        for owner in {*self._working.cs_referrers(target), *noted}:
            cso = self._working.cs(owner)
            if cso is None or (cso.pending_import and cso.pending_import.operation in ("delete", "obsolete")):
                continue
            for attribute in self._referring[by]:
                shift = self._moves.get((owner, attribute), ReferenceDelta())
                held = self._hologram(cso).references.get(attribute)
                if target in shift.added or (held is not None and target in held and target not in shift.removed):
                    yield cso, attribute

    def _hologram(self, cso: CSObject) -> Image:
        """What the directory is known to hold of a referrer, computed once while it stays as it is."""
        known = self._holograms.get(cso.id)
        if known is None or known[0] is not cso:
            known = self._holograms[cso.id] = (cso, import_hologram(cso))
        return known[1]

    # -- making the moves -------------------------------------------------------------------------

    def make_moves(self, owner: int | None = None) -> None:
        """Make the moves that were noted, of one object only where it is named: before it is staged itself.

        One pending import an object takes all that a batch moved, whatever number of members that is.
        """
        due = [key for key in self._moves if owner is None or key[0] == owner]
        shifts: dict[int, dict[str, ReferenceDelta]] = {}
        for key in due:
            shifts.setdefault(key[0], {})[key[1]] = self._moves.pop(key)
        for owner_id, by_attribute in shifts.items():
            cso = self._working.cs(owner_id)
            if cso is None or (cso.pending_import and cso.pending_import.operation in ("delete", "obsolete")):
                continue
            below, multi = cso.image or EMPTY_IMAGE, self._multi(cso.object_type)
            pending = compose(cso.pending_import, Delta("update", references=by_attribute), below, multi=multi)
            self._working.put_cs(owner_id, replace(cso, pending_import=pending))
            sweep_placeholders(self._working, {i for shift in by_attribute.values() for i in shift.removed})
