"""One object in several files: the one that says most counts, and where they disagree it is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from attrflow.app.reproduction.circle import key_of
from attrflow.importers.customer_state import CloudObject, CustomerState, DirectoryObject, MetaverseRecord, SpaceObject
from attrflow.importers.findings import NOWHERE, Findings

__all__ = ["without_duplicates"]

T = TypeVar("T", DirectoryObject, SpaceObject, MetaverseRecord, CloudObject)


def without_duplicates(state: CustomerState, findings: Findings) -> CustomerState:
    """The state with each object once."""
    return CustomerState(
        _once(state.directory, lambda one: key_of(one.dn), lambda one: len(one.attributes), findings),
        _once(state.spaces, lambda one: one.id or key_of(one.dn), _layers, findings),
        _once(state.metaverse, lambda one: one.id, lambda one: len(one.attributes), findings),
        _once(state.cloud, lambda one: one.id, lambda one: len(one.properties), findings),
    )


def _layers(space: SpaceObject) -> int:
    """How much a file says of a connector-space object: one without its tower says least."""
    errors = sum(error is not None for error in (space.import_error, space.export_error))
    return len(space.images) + len(space.changes) + errors + len(space.siblings)


def _once(
    objects: Sequence[T], identity: Callable[[T], str | None], weight: Callable[[T], int], findings: Findings
) -> list[T]:
    found: dict[str, T] = {}
    nameless: list[T] = []
    for one in objects:
        key = identity(one)
        if key is None:
            nameless.append(one)
            continue
        first = found.setdefault(key, one)
        if first is one or replace(first, place=NOWHERE) == replace(one, place=NOWHERE):
            continue
        counts, other = (first, one) if weight(first) >= weight(one) else (one, first)
        found[key] = counts
        name = getattr(one, "dn", None) or key
        message = f"{name} stands in {other.place.file} otherwise than in {counts.place.file}; the latter counts"
        help = "files of different times make a case that never was: ask for all of them anew"
        findings.warn(one.place, "duplicate-object", message, help=help)
    return list(found.values()) + nameless
