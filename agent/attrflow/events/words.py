"""The closed vocabulary of engine events. Adding a word needs a decision record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from attrflow.model.delta import Delta
from attrflow.model.provenance import MappingId
from attrflow.model.values import Values

__all__ = [
    "STATUS_WORDS",
    "Disconnected",
    "Event",
    "ExportStaged",
    "GuardTripped",
    "JoinTried",
    "Joined",
    "LinkKept",
    "Looped",
    "MappingEvaluated",
    "NodeEvaluated",
    "ObjectFailed",
    "PrecedenceDecided",
    "Projected",
    "ProvisioningDecided",
    "Recalled",
    "ReferenceHeld",
    "ScopeTested",
    "Status",
]

Direction = Literal["inbound", "outbound"]

Status = Literal[
    "applied-changed",
    "applied-no-change",
    "lower-precedence",
    "null-no-contribution",
    "authoritative-null",
    "blocked-by-authoritative-null",
    "ignored-this-flow",
    "execute-once-kept",
    "merged",
    "source-absent",
    "source-attribute-not-imported",
    "awaiting-confirmation",
    "reference-held",
    "expression-error",
    "type-mismatch",
    "multi-to-single",
    "too-long",
    "rule-out-of-scope",
    "rule-disabled",
    "no-link",
    "target-attribute-not-selected",
]
"""What became of one mapping (behaviour.md §5.1)."""

STATUS_WORDS: tuple[str, ...] = get_args(Status)


@dataclass(frozen=True, slots=True)
class Event:
    """What every event says: its id, its parent's id (0 for none), and the object it is about.

    `object` is the connector-space id for inbound decisions and the metaverse id for outbound ones;
    `connector` is the connector whose rules were asked.
    """

    id: int
    parent: int
    object: int
    connector: str


@dataclass(frozen=True, slots=True)
class ScopeTested(Event):
    """A rule's scope filter was asked; `failing` names the clause that decided, group by group."""

    direction: Direction
    rule_id: str
    in_scope: bool
    failing: tuple[str, ...] = ()
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class LinkKept(Event):
    """The object was linked already and stays so."""

    mv_id: int


@dataclass(frozen=True, slots=True)
class JoinTried(Event):
    """One join group was tried: what was searched and which candidates were found."""

    direction: Direction
    rule_id: str
    group: int
    searched: tuple[tuple[str, str, Values], ...]
    """(source attribute, target attribute, source values) for each clause."""
    candidates: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Joined(Event):
    """The object was linked to an object that was there."""

    direction: Direction
    rule_id: str
    target: int


@dataclass(frozen=True, slots=True)
class Projected(Event):
    """A metaverse object was made for the object, or (`mv_id` None) was not, and why."""

    rule_id: str | None
    mv_id: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Disconnected(Event):
    """The object lost its link; `cause` is the trigger's word."""

    mv_id: int
    cause: str
    rule_id: str | None


@dataclass(frozen=True, slots=True)
class MappingEvaluated(Event):
    """One mapping was evaluated, or could not be; `status` is its final word."""

    direction: Direction
    rule_id: str
    mapping: MappingId
    source: str
    """The data source as the rule states it: attribute name, constant or expression."""
    status: Status
    values: Values = ()
    detail: str | None = None
    source_object: int | None = None


@dataclass(frozen=True, slots=True)
class NodeEvaluated(Event):
    """One node of an expression gave a value; the parent is the MappingEvaluated it belongs to."""

    node: int
    text: str
    value: str


@dataclass(frozen=True, slots=True)
class PrecedenceDecided(Event):
    """An attribute was resolved: who won, and its value before and after."""

    direction: Direction
    attribute: str
    winner: tuple[str, MappingId] | None
    before: Values
    after: Values


@dataclass(frozen=True, slots=True)
class ReferenceHeld(Event):
    """Reference values do not flow yet: their targets have no counterpart."""

    direction: Direction
    attribute: str
    targets: tuple[int, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Recalled(Event):
    """The values that this object contributed were withdrawn."""

    mv_id: int
    attributes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProvisioningDecided(Event):
    """What outbound synchronization decided about the target object, and the rule behind it."""

    decision: Literal["provision", "join", "keep", "deprovision", "disconnect", "rename", "none"]
    rule_id: str | None
    cs_id: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class ExportStaged(Event):
    """A pending export was computed for a connector-space object."""

    cs_id: int
    delta: Delta | None


@dataclass(frozen=True, slots=True)
class GuardTripped(Event):
    """A guard refused an export, such as the accidental-delete threshold."""

    guard: str
    detail: str


@dataclass(frozen=True, slots=True)
class ObjectFailed(Event):
    """The object's synchronization failed as a whole; nothing of it is committed."""

    type: str
    step: str
    detail: str
    rule_id: str | None = None
    attribute: str | None = None


@dataclass(frozen=True, slots=True)
class Looped(Event):
    """An outbound change altered what inbound rules read, so the object goes round again."""

    round: int
