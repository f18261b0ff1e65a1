"""The hops of a trace: frozen documents, one for each place that a value passes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from attrflow.explain.documents import (
    NOTHING,
    Finding,
    FlowRow,
    Held,
    RuleRef,
    Shown,
    Since,
    SubjectDocument,
    WayDocument,
)
from attrflow.explain.live import QuarantinedValue

__all__ = [
    "CloudHop",
    "DirectoryHop",
    "ErrorDocument",
    "FlowHop",
    "Hop",
    "LiveAttribute",
    "MetaverseHop",
    "Outcome",
    "SpaceAttribute",
    "SpaceHop",
    "SpaceState",
    "Trace",
]


@dataclass(frozen=True, slots=True)
class LiveAttribute:
    """One attribute as its directory holds it now. `unread` says why it could not be read."""

    name: str
    value: Shown = NOTHING
    unread: str | None = None
    differs: bool = False
    """Whether the connector space knows another value."""


@dataclass(frozen=True, slots=True)
class ErrorDocument:
    """An error that is stored on an object."""

    type: str
    step: str
    detail: str
    first_occurred: str
    last_occurred: str
    retry_count: int
    rule: RuleRef | None = None
    attribute: str | None = None
    cd_error_code: str | None = None


SpaceState = Literal[
    "imported",
    "import-pending",
    "not-imported",
    "confirmed",
    "unconfirmed",
    "in-flight",
    "pending-export",
    "pending-delete",
    "absent",
]
"""Where an attribute of a connector-space object stands."""


@dataclass(frozen=True, slots=True)
class SpaceAttribute:
    """One attribute of a connector-space object.

    `value` is what an import brought and a sync has processed. `pending` is what an import brought since
    (state `import-pending`) or what is exported or to be exported (the other states).
    """

    name: str
    value: Shown
    state: SpaceState
    pending: Shown | None = None
    since: Since | None = None
    rule: RuleRef | None = None
    """The outbound rule that flowed it."""
    held: tuple[Held, ...] = ()
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class DirectoryHop:
    """Hop 1: the values that a source directory holds now."""

    connector: str
    dn: str
    attributes: tuple[LiveAttribute, ...]
    note: str | None = None
    hop: Literal["directory"] = "directory"


@dataclass(frozen=True, slots=True)
class SpaceHop:
    """Hops 2 and 6: what a connector space holds. `cs_id` is None where it has no object."""

    side: Literal["source", "target"]
    connector: str
    cs_id: int | None
    dn: str | None
    object_type: str | None
    attributes: tuple[SpaceAttribute, ...]
    link: str | None = None
    """How the object is linked, and by which rule."""
    note: str | None = None
    error: ErrorDocument | None = None
    hop: Literal["connector-space"] = "connector-space"


@dataclass(frozen=True, slots=True)
class FlowHop:
    """Hops 3 and 5: the candidate mappings for the attribute, each with what became of it."""

    direction: Literal["inbound", "outbound"]
    connector: str | None
    """The target connector outbound; None inbound, where all connectors contribute."""
    attribute: str | None
    rows: tuple[FlowRow, ...]
    note: str | None = None
    hop: Literal["flow"] = "flow"


@dataclass(frozen=True, slots=True)
class MetaverseHop:
    """Hop 4: the value in the metaverse, who contributed it and since when."""

    mv_id: int | None
    object_type: str | None
    attribute: str | None
    value: Shown = NOTHING
    rule: RuleRef | None = None
    connector: str | None = None
    since: Since | None = None
    would_be: Shown | None = None
    """What the next synchronization makes of it, where that is another value."""
    held: tuple[Held, ...] = ()
    note: str | None = None
    hop: Literal["metaverse"] = "metaverse"


@dataclass(frozen=True, slots=True)
class CloudHop:
    """Hop 7: the value that the tenant shows now."""

    connector: str
    object: str | None
    attribute: str | None
    value: Shown = NOTHING
    name: str | None = None
    """What the service calls the attribute, where that is another name."""
    unread: str | None = None
    differs: bool = False
    note: str | None = None
    """What a reader must know of the value, such as that the service calculated it."""
    quarantined: tuple[QuarantinedValue, ...] = ()
    """Values that the service holds back, because other objects have them."""
    verified_domains: tuple[str, ...] | None = None
    """The tenant's verified domains, where the attribute depends on them and they could be read."""
    hop: Literal["cloud"] = "cloud"


Hop = DirectoryHop | SpaceHop | FlowHop | MetaverseHop | CloudHop

OutcomeWord = Literal["in-the-cloud", "on-its-way", "stopped", "no-value", "unknown"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How far the value came, in a word and a sentence."""

    word: OutcomeWord
    text: str


@dataclass(frozen=True, slots=True)
class Trace:
    """The way of one value of one object, hop by hop."""

    subject: SubjectDocument
    way: WayDocument
    hops: tuple[Hop, ...]
    outcome: Outcome
    findings: tuple[Finding, ...] = ()
