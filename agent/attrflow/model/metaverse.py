"""The metaverse: one object, every value with its provenance (behaviour.md §2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from attrflow.model.provenance import Provenance
from attrflow.model.references import ReferenceSet
from attrflow.model.values import Values

__all__ = ["DueReference", "HeldReference", "MVAttribute", "MVObject", "MVReferences"]


@dataclass(frozen=True, slots=True)
class MVAttribute:
    """The values of one metaverse attribute and who contributed them."""

    values: Values
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class MVReferences:
    """The targets (metaverse ids) of one reference attribute and who contributed them."""

    targets: ReferenceSet
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class MVObject:
    """One metaverse object. `retry` says why a later sync must look at it again without any change."""

    id: int
    object_type: str
    attributes: Mapping[str, MVAttribute] = field(default_factory=dict)
    references: Mapping[str, MVReferences] = field(default_factory=dict)
    retry: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class HeldReference:
    """A reference value that cannot flow yet, because its target has no counterpart on the other side.

    Inbound, `owner` and `target` are connector-space ids and `connector` is theirs; outbound they are
    metaverse ids and `connector` is the one that the target has no object in.
    """

    owner: int
    attribute: str
    target: int
    connector: str
    inbound: bool


@dataclass(frozen=True, slots=True)
class DueReference:
    """A reference whose target was linked, unlinked or deleted since the object that refers to it last flowed.

    `owner` is the metaverse object that is to flow again. Inbound, `target` is the connector-space object
    whose link changed, and `before` the metaverse object that it was linked to; outbound, `target` is a
    metaverse object and `before` the object that it had in `connector`. `before` is None where there was none.
    """

    owner: int
    target: int
    connector: str
    inbound: bool
    before: int | None = None
    dropped: bool = False
    """The target was deleted, and taken out of the reference attributes that named it."""
