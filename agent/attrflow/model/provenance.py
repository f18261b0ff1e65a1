"""Provenance: where a stored value comes from (DECISIONS 15).

Every value in the metaverse and in a connector space names the connector, rule and mapping that
contributed it, and the run since which it stands.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Basis", "MappingId", "Origin", "Provenance"]


@dataclass(frozen=True, slots=True, order=True)
class MappingId:
    """A mapping's identity: its destination attribute and its ordinal among its rule's mappings to it."""

    destination: str
    ordinal: int = 0


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """The contributor of a value: a connector, and the rule and mapping that flowed it."""

    connector: str
    rule_id: str
    mapping: MappingId


@dataclass(frozen=True, slots=True)
class Basis:
    """What a large reference attribute was flowed from, and what came of it, as digests of the two sets.

    While both sets are known to be what they were but for a known difference, only the difference has to flow
    (decision 0007).
    """

    source: int
    result: int


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who set an attribute, and since which run it stands.

    `origin` is None for a connector-space value that an import brought. A merged attribute names one
    origin per value in `per_value`, in the order of its values; for references, of ascending target ids.
    """

    origin: Origin | None
    since_run: int
    per_value: tuple[Origin, ...] | None = None
    basis: Basis | None = None
    """Of a reference attribute that flows by its differences."""
