"""The recorder: one observed re-evaluation of one object, in a working set that is dropped.

It asks the engine what it would decide now, with what is stored now, and keeps the events in a form
that can be asked. Nothing is committed; ids, times and chance come from a world of its own, so that
looking at an object changes nothing, not even the next number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from attrflow.engine.plan import SyncPlan
from attrflow.engine.program import Program
from attrflow.engine.sync import synchronize_batch, synchronize_metaverse_batch
from attrflow.events import (
    Event,
    ExportStaged,
    Joined,
    JoinTried,
    MappingEvaluated,
    NodeEvaluated,
    ObjectFailed,
    PrecedenceDecided,
    Projected,
    ProvisioningDecided,
    Recording,
    ReferenceHeld,
    ScopeTested,
)
from attrflow.model.changes import ChangeSet
from attrflow.model.connector_space import CSObject
from attrflow.model.metaverse import MVObject
from attrflow.model.provenance import MappingId
from attrflow.ports.store import Store
from attrflow.ports.view import Reads, View
from attrflow.ports.world import World

__all__ = ["Apart", "Observation", "observe_connector_object", "observe_metaverse_object"]


class Apart:
    """A world beside the real one: its clock, but ids of its own and no dice, so that nothing is used up."""

    def __init__(self, world: World, last_id: int) -> None:
        self._now = world.now()
        self._last = last_id

    def now(self) -> datetime:
        """The time at which the observation began."""
        return self._now

    def new_id(self) -> int:
        """An id that no stored object has."""
        self._last += 1
        return self._last

    def guid(self) -> str:
        """A GUID that says that it is none."""
        return "00000000-0000-0000-0000-000000000000"

    def random(self, low: int, high: int) -> int:  # noqa: ARG002 - no dice are rolled to look at something
        """The lowest number."""
        return low


MappingKey = tuple[str, MappingId, int | None]


@dataclass(frozen=True, slots=True)
class Observation:
    """What the engine decided, by what it was about. Where it went round twice, the last word counts."""

    plan: SyncPlan
    view: View
    scopes: dict[tuple[str, int], ScopeTested] = field(default_factory=dict)
    """By rule id and object id."""
    mappings: dict[MappingKey, MappingEvaluated] = field(default_factory=dict)
    nodes: dict[int, list[NodeEvaluated]] = field(default_factory=dict)
    """By the id of the MappingEvaluated that they belong to."""
    winners: dict[tuple[str, str, str], PrecedenceDecided] = field(default_factory=dict)
    """By direction, connector (outbound only, else empty) and attribute."""
    joins: tuple[JoinTried | Joined | Projected, ...] = ()
    held: tuple[ReferenceHeld, ...] = ()
    provisioning: dict[str, ProvisioningDecided] = field(default_factory=dict)
    """By connector."""
    staged: dict[int, ExportStaged] = field(default_factory=dict)
    failure: ObjectFailed | None = None
    skipped: str | None = None
    """Why nothing was evaluated, where nothing could be."""

    def scope(self, rule_id: str, object_id: int) -> ScopeTested | None:
        """How a rule's scope filter answered for an object."""
        return self.scopes.get((rule_id, object_id))

    def mv_after(self, mv_id: int) -> MVObject | None:
        """The metaverse object as the next synchronization would leave it."""
        changed = self.plan.changes.mv_objects
        return changed[mv_id] if mv_id in changed else self.view.mv(mv_id)

    def cs_after(self, cs_id: int) -> CSObject | None:
        """The connector-space object as the next synchronization would leave it."""
        changed = self.plan.changes.cs_objects
        return changed[cs_id] if cs_id in changed else self.view.cs(cs_id)

    def evaluated(self, direction: str, destination: str) -> Iterator[MappingEvaluated]:
        """The mappings to an attribute that were evaluated."""
        return (
            event
            for event in self.mappings.values()
            if event.direction == direction and event.mapping.destination == destination
        )


def observe_metaverse_object(store: Store, program: Program, world: World, mv_id: int) -> Observation:
    """Flow a metaverse object again, all of its connector-space objects with it.

    Imports that no synchronization has processed yet are taken in first, as the next one would.
    """
    linked = store.linked(mv_id)
    strange = {cso.connector for cso in map(store.cs, linked) if cso is not None} - set(program.configurations)
    if strange:
        return _unconfigured(store, strange)
    pending = [i for i in linked if (cso := store.cs(i)) is not None and cso.pending_import is not None]
    view = store.prefetch(Reads(cs_ids=linked, mv_ids=(mv_id,), with_links=True, with_held=True))
    recording, apart = Recording(), Apart(world, store.highest_id())
    if pending:
        plan = synchronize_batch(view, pending, program, apart, run=_next_run(store), observer=recording)
    else:
        plan = synchronize_metaverse_batch(view, (mv_id,), program, apart, run=_next_run(store), observer=recording)
    return _sorted(plan, store, recording.events)


def observe_connector_object(store: Store, program: Program, world: World, cs_id: int) -> Observation:
    """Synchronize one connector-space object as the next run would."""
    cso = store.cs(cs_id)
    if cso is not None and cso.connector not in program.configurations:
        return _unconfigured(store, {cso.connector})
    view = store.prefetch(Reads(cs_ids=(cs_id,), with_links=True, with_held=True))
    recording, apart = Recording(), Apart(world, store.highest_id())
    plan = synchronize_batch(view, (cs_id,), program, apart, run=_next_run(store), observer=recording)
    return _sorted(plan, store, recording.events)


def _unconfigured(store: Store, connectors: set[str]) -> Observation:
    names = " and ".join(sorted(connectors))
    return Observation(SyncPlan(ChangeSet()), store, skipped=f"the object is in {names}, which is no longer configured")


def _next_run(store: Store) -> int:
    newest = store.runs(limit=1)
    return newest[0].number + 1 if newest else 1


def _sorted(plan: SyncPlan, view: View, events: list[Event]) -> Observation:
    scopes: dict[tuple[str, int], ScopeTested] = {}
    mappings: dict[MappingKey, MappingEvaluated] = {}
    nodes: dict[int, list[NodeEvaluated]] = {}
    winners: dict[tuple[str, str, str], PrecedenceDecided] = {}
    joins: list[JoinTried | Joined | Projected] = []
    held: dict[tuple[str, str, str, tuple[int, ...]], ReferenceHeld] = {}
    provisioning: dict[str, ProvisioningDecided] = {}
    staged: dict[int, ExportStaged] = {}
    failure: ObjectFailed | None = None
    for event in events:
        if isinstance(event, ScopeTested):
            scopes[event.rule_id, event.object] = event
        elif isinstance(event, MappingEvaluated):
            key = (event.rule_id, event.mapping, event.source_object)
            before = mappings.get(key)
            if before is not None and before.status == "applied-changed" and event.status == "applied-no-change":
                event = replace(event, status="applied-changed")  # noqa: PLW2901 - a second round sees its own first
            mappings[key] = event
        elif isinstance(event, NodeEvaluated):
            nodes.setdefault(event.parent, []).append(event)
        elif isinstance(event, PrecedenceDecided):
            outbound = event.connector if event.direction == "outbound" else ""
            winners[event.direction, outbound, event.attribute] = event
        elif isinstance(event, JoinTried | Joined | Projected):
            joins.append(event)
        elif isinstance(event, ReferenceHeld):
            held[event.direction, event.connector, event.attribute, event.targets] = event
        elif isinstance(event, ProvisioningDecided):
            provisioning[event.connector] = event
        elif isinstance(event, ExportStaged):
            staged[event.cs_id] = event
        elif isinstance(event, ObjectFailed):
            failure = event
    return Observation(
        plan, view, scopes, mappings, nodes, winners, tuple(joins), tuple(held.values()), provisioning, staged, failure
    )
