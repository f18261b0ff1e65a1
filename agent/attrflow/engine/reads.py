"""Reads: what a batch is going to look up, named beforehand so that the store answers all of it at once (DECISIONS 2).

A forecast. The values that a new object joins by come from the object, and those that it is joined or
provisioned by elsewhere from the few mappings that give them. What the forecast misses is fetched when it
is asked for, and counted; so it decides nothing but the number of questions.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn

from attrflow.engine.decision import Existing, Source
from attrflow.engine.join import joining_values
from attrflow.engine.plan import ObjectFailure
from attrflow.engine.precedence import resolve
from attrflow.engine.program import DN, Candidates, CompiledRule, Program
from attrflow.engine.reading import CSReading, Moment, MVReading, Reading
from attrflow.engine.reference import Translation
from attrflow.model.connector_space import CSObject
from attrflow.model.metaverse import MVAttribute, MVObject
from attrflow.model.names import InvalidName, dn_key
from attrflow.model.provenance import Provenance
from attrflow.model.schema import AttributeType, Syntax
from attrflow.model.values import Values, folded
from attrflow.ports.view import Reads, View
from attrflow.rules.rule import ANY_TYPE

__all__ = ["Forecast", "export_reads"]


class _NoWorld:
    """Neither time nor chance: mappings that ask for them are not forecast."""

    def now(self) -> NoReturn:
        raise AssertionError("a forecast asked for the time")

    def new_id(self) -> NoReturn:
        raise AssertionError("a forecast asked for an id")

    def guid(self) -> NoReturn:
        raise AssertionError("a forecast asked for a GUID")

    def random(self, low: int, high: int) -> NoReturn:
        raise AssertionError(f"a forecast rolled dice from {low} to {high}")


_NEVER = Moment(datetime(1970, 1, 1, tzinfo=UTC), _NoWorld(), 0)
_NOWHERE = Translation(lambda _ids: {}, lambda _ids: {})
_UNKNOWN = Provenance(None, 0)


@dataclass(frozen=True, slots=True)
class _Outward:
    """How metaverse objects of one type find theirs in one connector."""

    connector: str
    joining: tuple[CompiledRule, ...]
    names: tuple[Candidates, ...]
    """What flows the DN of each type of object that rules provision."""
    needed: frozenset[str]
    """The metaverse attributes that both read."""


@dataclass(frozen=True, slots=True)
class _Inward:
    """How objects of one connector and type find their metaverse object, and what they would make."""

    joining: tuple[tuple[str | None, str, str], ...]
    """The metaverse type or None for any, its attribute, and the object's own."""
    becoming: tuple[tuple[str, tuple[CompiledRule, ...], tuple[_Outward, ...]], ...]
    """The type that rules project to, the rules that give what is looked up by, and where it is looked for."""


class _Found:
    """The questions found so far."""

    def __init__(self) -> None:
        self.cs_values: set[tuple[str, str | None, str, str]] = set()
        self.mv_values: set[tuple[str | None, str, str]] = set()
        self.dn_keys: set[tuple[str, str]] = set()

    def name(self, connector: str, dn: str) -> None:
        """A name that an object is going to have, if it is one."""
        with suppress(InvalidName):
            self.dn_keys.add((connector, dn_key(dn)))

    def reads(self) -> Reads:
        return Reads(
            dn_keys=self.dn_keys,
            cs_values=self.cs_values,
            mv_values=self.mv_values,
            with_links=True,
            with_referrers=True,
        )


class Forecast:
    """What objects of one program's rules will look up; made once for a step."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._outwards: dict[str, tuple[_Outward, ...]] = {}
        self._needed: dict[str, frozenset[str]] = {}
        self._inwards: dict[tuple[str, str], _Inward] = {}

    def of(self, view: View, cs_ids: Iterable[int]) -> Reads:
        """What the synchronization of these objects, which the view has at hand, will look up."""
        found = _Found()
        for cs_id in cs_ids:
            cso = view.cs(cs_id)
            if cso is None or cso.kind != "staging":
                continue
            if cso.link is not None:
                self._of_metaverse(view, cso.link.mv_id, found)
            elif cso.pending_import is None or cso.pending_import.operation not in ("delete", "obsolete"):
                self._of_unlinked(view, cso, found)
        return found.reads()

    def of_metaverse(self, view: View, mv_ids: Iterable[int]) -> Reads:
        """What flowing these metaverse objects again will look up."""
        found = _Found()
        for mv_id in mv_ids:
            self._of_metaverse(view, mv_id, found)
        return found.reads()

    def _of_metaverse(self, view: View, mv_id: int, found: _Found) -> None:
        """By the values that it has now: what changes them is not looked at."""
        mvo = view.mv(mv_id)
        if mvo is None:
            return
        outwards = self._outward(mvo.object_type)
        if outwards:
            linked = {cso.connector for id_ in view.linked(mv_id) if (cso := view.cs(id_)) is not None}
            self._look_outward(mvo, [one for one in outwards if one.connector not in linked], found)

    def _of_unlinked(self, view: View, cso: CSObject, found: _Found) -> None:
        inward = self._inward(cso.connector, cso.object_type or "")
        if not inward.joining and not inward.becoming:
            return
        program = self._program
        type_ = program.cs_type(cso.connector, cso.object_type)
        reading = CSReading(cso, type_, program.parameters(cso.connector, cso.partition), _NEVER, view)
        for mv_type, theirs, ours in inward.joining:
            for value in joining_values(reading.values(ours), program.options):
                found.mv_values.add((mv_type, theirs, folded(value)))
        for mv_type, giving, outwards in inward.becoming:
            self._look_outward(self._made_of(reading, mv_type, giving), outwards, found)

    def _made_of(self, reading: CSReading, mv_type: str, giving: tuple[CompiledRule, ...]) -> MVObject:
        """The metaverse object that this one would make, with no more than the attributes that are looked up by."""
        candidates = self._program.plan((tuple(rule for rule in giving if rule.in_scope(reading)),)).candidates
        attributes: dict[str, MVAttribute] = {}
        for name in self._needed[mv_type]:
            if name in candidates and (values := self._resolved(name, candidates[name], reading)):
                attributes[name] = MVAttribute(values, _UNKNOWN)
        return MVObject(0, mv_type, attributes)

    def _look_outward(self, mvo: MVObject, outwards: Iterable[_Outward], found: _Found) -> None:
        program = self._program
        for outward in outwards:
            type_ = program.mv_type(mvo.object_type)
            reading = MVReading(mvo, type_, program.parameters(outward.connector), _NEVER)
            for candidates in outward.names:
                for name in self._resolved(DN, candidates, reading):
                    found.name(outward.connector, str(name))
            for rule in outward.joining:
                for clause in (clause for group in rule.rule.join for clause in group):
                    for value in joining_values(reading.values(clause.mv), program.options):
                        found.cs_values.add((outward.connector, rule.rule.target_type, clause.cs, folded(value)))

    def _resolved(self, name: str, candidates: Candidates, reading: Reading) -> Values:
        """What the mappings give, or nothing where that cannot be said yet."""
        if not all(mapping.steady and not _refers(mapping.target) for _, mapping in candidates):
            return ()
        try:
            source = Source(reading, _NOWHERE, 0)
            return resolve(name, candidates, [source], Existing(), creating=True, options=self._program.options).values
        except ObjectFailure:
            return ()  # the object itself will fail by it, and tell

    def _inward(self, connector: str, object_type: str) -> _Inward:
        key = (connector, object_type)
        if key not in self._inwards:
            rules = tuple(rule for rule in self._program.inbound(*key) if not rule.rule.disabled)
            joining = (
                (None if rule.rule.target_type == ANY_TYPE else rule.rule.target_type, clause.mv, clause.cs)
                for rule in rules
                for group in rule.rule.join
                for clause in group
            )
            becoming = []
            for mv_type in {r.rule.target_type for r in rules if r.rule.link == "provision"} - {ANY_TYPE}:
                outwards = tuple(one for one in self._outward(mv_type) if one.connector != connector)
                needed = self._needed[mv_type]
                giving = tuple(
                    rule
                    for rule in rules
                    if rule.rule.target_type in (ANY_TYPE, mv_type)
                    and any(mapping.mapping.destination in needed for mapping in rule.mappings)
                )
                if outwards:
                    becoming.append((mv_type, giving, outwards))
            self._inwards[key] = _Inward(tuple(dict.fromkeys(joining)), tuple(becoming))
        return self._inwards[key]

    def _outward(self, mv_type: str) -> tuple[_Outward, ...]:
        if mv_type not in self._outwards:
            found = [self._outward_to(connector, mv_type) for connector in self._program.outbound_connectors]
            self._outwards[mv_type] = tuple(one for one in found if one.joining or one.names)
            self._needed[mv_type] = frozenset[str]().union(*(one.needed for one in found))
        return self._outwards[mv_type]

    def _outward_to(self, connector: str, mv_type: str) -> _Outward:
        rules = tuple(rule for rule in self._program.outbound(connector, mv_type) if not rule.rule.disabled)
        joining = tuple(rule for rule in rules if rule.rule.join)
        types = dict.fromkeys(rule.rule.target_type for rule in rules if rule.rule.link == "provision")
        plans = (self._program.plan((tuple(r for r in rules if r.rule.target_type == type_),)) for type_ in types)
        names = tuple(plan.candidates[DN] for plan in plans if DN in plan.candidates)
        needed = {clause.mv for rule in joining for group in rule.rule.join for clause in group}
        needed.update(read for candidates in names for _, mapping in candidates for read in mapping.reads)
        return _Outward(connector, joining, names, frozenset(needed))


def _refers(target: AttributeType | None) -> bool:
    return target is not None and target.syntax is Syntax.REFERENCE


def export_reads(view: View, cs_ids: Iterable[int]) -> Reads:
    """What exporting these objects, which the view has at hand, will look up: whatever their references name."""
    targets: set[int] = set()
    for cs_id in cs_ids:
        if (cso := view.cs(cs_id)) is not None:
            for delta in (cso.escrowed, cso.unapplied):
                if delta is not None:
                    for shift in delta.references.values():
                        targets |= shift.added | shift.removed
    return Reads(cs_ids=targets)
