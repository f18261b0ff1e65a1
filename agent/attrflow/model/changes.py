"""Changes: what a batch does to the store, in the model's nouns (DECISIONS 3), and what a run records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from attrflow.model.connector_space import CSObject
from attrflow.model.entry import WireAttempt
from attrflow.model.metaverse import DueReference, HeldReference, MVObject

__all__ = ["ChangeSet", "RunObject", "RunRecord", "Settled", "StepProgress", "StepRecord", "Watermark"]


@dataclass(frozen=True, slots=True)
class Settled:
    """A metaverse object at rest: synchronizing it again changes nothing while its inputs are what they are.

    The store remembers the state of the object and of all that is linked to it (DECISIONS 14).
    """

    program: str
    """The digest of the rules, configuration and schemas that it was synchronized with."""
    counters: tuple[str, ...]
    """What a synchronization that changes nothing counts."""


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """New states by id; None is a deletion. Of references that are held or due: which are so now, and which no more."""

    cs_objects: Mapping[int, CSObject | None] = field(default_factory=dict)
    mv_objects: Mapping[int, MVObject | None] = field(default_factory=dict)
    held: Mapping[HeldReference, bool] = field(default_factory=dict)
    due: Mapping[DueReference, bool] = field(default_factory=dict)
    settled: Mapping[int, Settled] = field(default_factory=dict)
    """Metaverse objects that a synchronization brought to rest, by id: the states that are written here are its."""

    def __bool__(self) -> bool:
        return bool(self.cs_objects or self.mv_objects or self.held or self.due or self.settled)

    def then(self, later: ChangeSet) -> ChangeSet:
        """Both changes as one; the later state of an object wins."""
        return ChangeSet(
            {**self.cs_objects, **later.cs_objects},
            {**self.mv_objects, **later.mv_objects},
            {**self.held, **later.held},
            {**self.due, **later.due},
            {**self.settled, **later.settled},
        )


@dataclass(frozen=True, slots=True)
class Watermark:
    """How far a partition has been imported: the directory's opaque word, and the run that got there."""

    connector: str
    partition: str
    value: str
    run: int


@dataclass(frozen=True, slots=True)
class RunObject:
    """One object under one counter of a step, with its error where it has one."""

    counter: str
    object_id: int | None
    dn: str
    error: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One step of a run as the history shows it (behaviour.md §4.3). Times are ISO 8601, UTC."""

    number: int
    type: str
    """`full-import`, `delta-import`, `full-sync`, `delta-sync` or `export`."""
    partition: str
    started: str
    ended: str | None = None
    result: str = "in-progress"
    """The product's status word (behaviour.md §4.4)."""
    counters: Mapping[str, int] = field(default_factory=dict)
    detail: str | None = None
    """What went wrong and what to do, where something did."""


@dataclass(frozen=True, slots=True)
class StepProgress:
    """What one committed batch adds to a step: its record so far, its objects and its wire attempts."""

    run: int
    step: StepRecord
    objects: tuple[RunObject, ...] = ()
    attempts: tuple[WireAttempt, ...] = ()


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run of one profile on one connector."""

    number: int
    connector: str
    profile: str
    started: str
    ruleset_hash: str
    configuration_hash: str
    ended: str | None = None
    result: str = "in-progress"
    steps: tuple[StepRecord, ...] = ()
    cycle: int | None = None
    """The run number that opened the cycle that this run belongs to, or None."""
