"""References across the join: connector-space ids to metaverse ids and back (behaviour.md §1.8).

A reference whose target has no counterpart on the other side is held: it flows later, when the
target gets one, without any change on the referring object.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrflow.engine.flow import Translate
from attrflow.engine.working_set import WorkingSet

__all__ = ["to_connector", "to_metaverse"]


def to_metaverse(working: WorkingSet) -> Translate:
    """Connector-space targets become the metaverse objects that they are linked to."""

    def translate(targets: Iterable[int]) -> tuple[frozenset[int], tuple[int, ...]]:
        found: set[int] = set()
        held: list[int] = []
        for target in targets:
            cso = working.cs(target)
            if cso is not None and cso.link is not None:
                found.add(cso.link.mv_id)
            else:
                held.append(target)
        return frozenset(found), tuple(sorted(held))

    return translate


def to_connector(working: WorkingSet, connector: str) -> Translate:
    """Metaverse targets become their objects in the connector's space."""

    def translate(targets: Iterable[int]) -> tuple[frozenset[int], tuple[int, ...]]:
        found: set[int] = set()
        held: list[int] = []
        for target in targets:
            counterpart = next(
                (
                    cso.id
                    for cso in map(working.cs, working.linked(target))
                    if cso is not None and cso.connector == connector
                ),
                None,
            )
            if counterpart is None:
                held.append(target)
            else:
                found.add(counterpart)
        return frozenset(found), tuple(sorted(held))

    return translate
