"""What `mv show`, `cs show` and the searches answer with: frozen documents, nothing of the store in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from attrflow.explain.documents import Held, RuleRef, Shown, Since
from attrflow.explain.hops import ErrorDocument

__all__ = [
    "AppliedRuleRow",
    "CSDocument",
    "CSRow",
    "ChangeRow",
    "ConnectorRow",
    "HeldRow",
    "MVDocument",
    "MVRow",
    "PendingDocument",
    "SearchPage",
    "ValueRow",
]


@dataclass(frozen=True, slots=True)
class ValueRow:
    """One attribute: its values, who gave them and since when."""

    attribute: str
    value: Shown
    connector: str | None
    rule: RuleRef | None
    since: Since | None
    contributors: tuple[RuleRef, ...] = ()
    """The rule of each value, where several merged."""


@dataclass(frozen=True, slots=True)
class ConnectorRow:
    """One link of a metaverse object."""

    connector: str
    cs_id: int
    dn: str
    object_type: str | None
    link: str
    rule: RuleRef | None
    since: Since
    state: str


@dataclass(frozen=True, slots=True)
class HeldRow:
    """A reference that does not flow."""

    attribute: str
    connector: str
    inbound: bool
    held: Held


@dataclass(frozen=True, slots=True)
class MVDocument:
    """A metaverse object."""

    mv_id: int
    object_type: str
    name: str
    attributes: tuple[ValueRow, ...]
    connectors: tuple[ConnectorRow, ...]
    held: tuple[HeldRow, ...]
    retry: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AppliedRuleRow:
    """A rule that was in scope at the last synchronization (the lineage tab)."""

    rule: RuleRef
    direction: str
    action: str
    """`Provision`, `Join`, `StickyJoin` or `JoinNoFlow`, as the product writes the link types."""


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One attribute of a pending change: what it was and becomes; of an `update` the values that go and come."""

    attribute: str
    operation: str
    old: Shown
    new: Shown
    rule: RuleRef | None = None
    """The outbound rule that flows the new value, for a pending export."""
    since: Since | None = None


@dataclass(frozen=True, slots=True)
class PendingDocument:
    """A layer of changes of a connector-space object."""

    layer: Literal["pending-import", "unconfirmed", "escrowed", "pending-export"]
    operation: str
    changes: tuple[ChangeRow, ...]
    new_dn: str | None = None
    old_dn: str | None = None


@dataclass(frozen=True, slots=True)
class CSDocument:
    """A connector-space object."""

    cs_id: int
    connector: str
    partition: str
    dn: str
    object_type: str | None
    anchor: str | None
    kind: str
    transient: bool
    state: str
    mv_id: int | None
    mv_name: str | None
    link: str | None
    attributes: tuple[ValueRow, ...]
    pending: tuple[PendingDocument, ...]
    applied: tuple[AppliedRuleRow, ...]
    import_error: ErrorDocument | None
    export_error: ErrorDocument | None
    held: tuple[HeldRow, ...]


@dataclass(frozen=True, slots=True)
class MVRow:
    """A metaverse object in a list."""

    mv_id: int
    object_type: str
    name: str
    upn: str | None
    connectors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CSRow:
    """A connector-space object in a list."""

    cs_id: int
    connector: str
    dn: str
    object_type: str | None
    linked: bool
    mv_id: int | None
    name: str
    pending_import: str | None
    pending_export: str | None
    error: str | None
    kind: str
    explicit: bool


@dataclass(frozen=True, slots=True)
class SearchPage:
    """A part of what was found; `next_after` asks for the rest and is None where there is none."""

    rows: tuple[MVRow, ...] | tuple[CSRow, ...]
    next_after: int | None
