"""Plans: what the engine answers with (ARCHITECTURE.md). Running applies them, preview shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from attrflow.events import Event
from attrflow.model.changes import ChangeSet, RunObject
from attrflow.model.entry import ExportChange

__all__ = ["ExportBatch", "ObjectFailure", "ObjectOutcome", "SettlePlan", "StagePlan", "SyncPlan"]


class ObjectFailure(Exception):
    """The object at hand fails as a whole: caught by `sync`, turned into an outcome, never seen outside."""

    def __init__(
        self, type_: str, step: str, detail: str, *, rule_id: str | None = None, attribute: str | None = None
    ) -> None:
        super().__init__(detail)
        self.type = type_
        self.step = step
        self.detail = detail
        self.rule_id = rule_id
        self.attribute = attribute


@dataclass(frozen=True, slots=True)
class ObjectOutcome:
    """What became of one object: its counters, and its error where it failed."""

    object_id: int
    dn: str
    counters: tuple[str, ...] = ()
    error: ObjectFailure | None = None


@dataclass(frozen=True, slots=True)
class SyncPlan:
    """The synchronization of a batch: changes to commit, outcomes, counters, and events if observed."""

    changes: ChangeSet
    outcomes: tuple[ObjectOutcome, ...] = ()
    counters: Mapping[str, int] = field(default_factory=dict)
    events: tuple[Event, ...] = ()
    failed: frozenset[int] = frozenset()
    """Which of the ids that were asked for failed."""


@dataclass(frozen=True, slots=True)
class StagePlan:
    """The staging of a batch of imported objects."""

    changes: ChangeSet
    counters: Mapping[str, int]
    objects: tuple[RunObject, ...] = ()
    seen: frozenset[int] = frozenset()
    """Connector-space ids that the batch touched: what a full import has seen."""
    need_whole: tuple[str, ...] = ()
    """Anchors of objects that only a part of came in: read them whole and stage them again."""
    read_again: frozenset[tuple[str, str]] = frozenset()
    """(partition, anchor) of objects that refer by names and of which only their directory can say by which."""


@dataclass(frozen=True, slots=True)
class ExportBatch:
    """A batch handed to the directory: the escrow to commit first, then what to write."""

    escrow: ChangeSet
    changes: tuple[ExportChange, ...]
    blocked: tuple[RunObject, ...] = ()
    """Objects that cannot be exported yet, with the reason: references to what the directory lacks."""


@dataclass(frozen=True, slots=True)
class SettlePlan:
    """What the outcomes of an export batch do to the connector space."""

    changes: ChangeSet
    counters: Mapping[str, int]
    objects: tuple[RunObject, ...] = ()
