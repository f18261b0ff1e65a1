"""Entries: what a connector brings in and takes out. The wire's own forms stay in the connector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from attrflow.model.delta import AttributeDelta
from attrflow.model.values import Values

__all__ = [
    "ExportChange",
    "ExportOutcome",
    "ImportFinding",
    "ImportedObject",
    "ImportedReferences",
    "OutgoingReferences",
    "Page",
    "ReferenceTarget",
    "WireAttempt",
]


@dataclass(frozen=True, slots=True)
class ReferenceTarget:
    """Where a reference value points, in the directory's terms: a DN and, where known, the anchor."""

    dn: str
    anchor: str | None = None
    by: str | None = None
    """The attribute of the target that has the value in `dn`, which then is a name and no DN (`memberUid`)."""


@dataclass(frozen=True, slots=True)
class ImportedReferences:
    """A reference attribute as imported: the whole list, or what a partial change added and removed."""

    added: tuple[ReferenceTarget, ...] = ()
    removed: tuple[ReferenceTarget, ...] = ()
    whole: bool = True


@dataclass(frozen=True, slots=True)
class ImportFinding:
    """A discovery error of one object, in the product's words (behaviour.md §4.5)."""

    code: str
    detail: str
    attribute: str | None = None
    dn: str | None = None


@dataclass(frozen=True, slots=True)
class ImportedObject:
    """One object, or one change of an object, as a connector read it.

    `whole`: all selected attributes are here, what is missing has no value. `partial`: only what
    changed, an attribute with no values was cleared. `delete`: the object is gone from the directory.
    `left-scope`: it is still there, but not in a selected container or of a selected type any more.
    For the last two only `anchor` (or, lacking one, `dn`) counts.
    """

    change: Literal["whole", "partial", "delete", "left-scope"]
    dn: str
    anchor: str | None
    object_type: str | None = None
    attributes: Mapping[str, Values] = field(default_factory=dict)
    references: Mapping[str, ImportedReferences] = field(default_factory=dict)
    findings: tuple[ImportFinding, ...] = ()


@dataclass(frozen=True, slots=True)
class WireAttempt:
    """One request that was really sent: a row of the run (DECISIONS 22)."""

    operation: str
    number: int
    """1 for the first attempt of the request, 2 for its first repetition, …"""
    result: str
    """The directory's own word: an HTTP status or an LDAP result name."""
    waited: float = 0.0
    """Seconds waited before this attempt."""


@dataclass(frozen=True, slots=True)
class Page:
    """A batch of imported objects.

    `watermark_after` may be stored once every object up to and including this page is committed.
    `complete` on the last page of a full import is the only licence to infer deletions (DECISIONS 6).
    """

    objects: tuple[ImportedObject, ...]
    watermark_after: str | None = None
    complete: bool = False
    findings: tuple[ImportFinding, ...] = ()
    expected: int | None = None
    """How many objects the whole import will bring, where the directory tells."""


@dataclass(frozen=True, slots=True)
class OutgoingReferences:
    """Values to add to and to remove from a reference attribute of the directory."""

    added: tuple[ReferenceTarget, ...] = ()
    removed: tuple[ReferenceTarget, ...] = ()


@dataclass(frozen=True, slots=True)
class ExportChange:
    """One object's export: everything the connector must know to write it, and nothing of the store."""

    cs_id: int
    operation: Literal["add", "update", "delete", "delete-add"]
    object_type: str
    dn: str
    anchor: str | None
    attributes: Mapping[str, AttributeDelta] = field(default_factory=dict)
    references: Mapping[str, OutgoingReferences] = field(default_factory=dict)
    new_dn: str | None = None
    source_anchor: str | None = None
    """The key for the look-up before a create is repeated, where the object has one."""
    uncertain: bool = False
    """An earlier export of this change has no known outcome: look the object up before creating it."""


@dataclass(frozen=True, slots=True)
class ExportOutcome:
    """What became of one export; `error` is None when the directory accepted the whole of it."""

    cs_id: int
    anchor: str | None = None
    dn: str | None = None
    error: str | None = None
    """An export error type of behaviour.md §4.5 or §7.6, such as `permission-issue`."""
    cd_error_code: str | None = None
    detail: str | None = None
    not_written: tuple[str, ...] = ()
    """Attributes that this channel cannot write; they stay pending with the reason in `detail`."""
