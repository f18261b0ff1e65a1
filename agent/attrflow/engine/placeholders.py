"""Placeholders: what stays of an object that others refer to, and goes with the last of them (DECISIONS 20).

Knows the working set and nothing of rules: staging, synchronization and export all take objects out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attrflow.engine.working_set import WorkingSet
from attrflow.model.connector_space import CSObject
from attrflow.model.delta import Delta

__all__ = ["removed_targets", "sweep_placeholders", "take_out", "targets_of"]


def take_out(working: WorkingSet, cso: CSObject) -> None:
    """Take the object out of the connector space; where something refers to it, leave a placeholder."""
    targets = tuple(targets_of(cso))
    if working.cs_referrers(cso.id):
        placeholder = CSObject(
            id=cso.id,
            connector=cso.connector,
            partition=cso.partition,
            dn=cso.dn,
            dn_key=cso.dn_key,
            kind="placeholder",
            transient=cso.transient,
        )
        working.put_cs(cso.id, placeholder)
    else:
        working.put_cs(cso.id, None)
    working.release(cso.id, cso.connector, inbound=True)
    sweep_placeholders(working, targets)


def sweep_placeholders(working: WorkingSet, ids: Iterable[int]) -> None:
    """Delete those of the ids that are placeholders nobody refers to and nothing stands below."""
    for cs_id in ids:
        cso = working.cs(cs_id)
        if cso is None or cso.kind != "placeholder" or working.cs_referrers(cs_id):
            continue
        if next(working.descendants(cso.connector, cso.dn_key), None) is None:
            working.put_cs(cs_id, None)


def removed_targets(delta: Delta | None) -> Iterator[int]:
    """The ids that a delta takes out of reference attributes."""
    if delta is not None:
        for shift in delta.references.values():
            yield from shift.removed


def targets_of(cso: CSObject) -> Iterator[int]:
    """Every id that any layer of the object's tower refers to."""
    if cso.image is not None:
        for references in cso.image.references.values():
            yield from references
    for delta in (cso.pending_import, cso.unconfirmed, cso.escrowed, cso.unapplied):
        if delta is not None:
            for shift in delta.references.values():
                yield from shift.added
