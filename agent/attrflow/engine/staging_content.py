"""Staging: what an imported object holds, and whom its references mean (behaviour.md §1.1, 1.8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from attrflow.engine.staging_names import step_aside
from attrflow.engine.working_set import WorkingSet
from attrflow.model.configuration import ConnectorConfiguration
from attrflow.model.connector_space import CSObject
from attrflow.model.delta import Image
from attrflow.model.entry import ImportedObject, ImportFinding, ReferenceTarget
from attrflow.model.names import InvalidName, parse_dn
from attrflow.model.references import NO_REFERENCES, ReferenceDelta, ReferenceIds, ReferenceSet, edited
from attrflow.ports.world import World

__all__ = ["imported_image", "unreadable_reference"]


def imported_image(
    working: WorkingSet,
    world: World,
    connector: ConnectorConfiguration,
    imported: ImportedObject,
    current: Image,
    named: Callable[[ReferenceTarget], int],
) -> Image:
    """The object's whole content: as imported, or (a partial change) what is known with the change on top.

    `named` says whom a reference means that names its target by an attribute.
    """

    def resolve(target: ReferenceTarget) -> int:
        return named(target) if target.by is not None else _resolve(working, world, connector, target)

    whole = imported.change == "whole"
    attributes = {} if whole else dict(current.attributes)
    for name, values in imported.attributes.items():
        if values:
            attributes[name] = values
        else:
            attributes.pop(name, None)
    references: dict[str, ReferenceSet] = {} if whole else dict(current.references)
    for name, incoming in imported.references.items():
        known = current.references.get(name, NO_REFERENCES)
        added = frozenset(resolve(target) for target in incoming.added)
        if incoming.whole:
            after = _replaced(known, added)
        else:
            removed = frozenset(resolve(target) for target in incoming.removed) - added
            after = edited(known, ReferenceDelta(frozenset(i for i in added if i not in known), removed))
        if after.count:
            references[name] = after
        else:
            references.pop(name, None)
    return Image(attributes, references)


def _replaced(known: ReferenceSet, ids: frozenset[int]) -> ReferenceSet:
    new = ReferenceIds(ids)
    if known.count == new.count and known.digest == new.digest:
        return known
    before = frozenset(known)
    return edited(known, ReferenceDelta(ids - before, before - ids)) if before else new


def _resolve(working: WorkingSet, world: World, connector: ConnectorConfiguration, target: ReferenceTarget) -> int:
    """The id of a reference's target: by anchor, else by DN, else a new placeholder (behaviour.md §1.1)."""
    name = connector.name
    if target.anchor is not None and (found := working.cs_by_anchor(name, target.anchor)) is not None:
        return found.id
    parsed = parse_dn(target.dn)
    if (found := working.cs_by_dn(name, parsed.key)) is not None:
        if target.anchor is None or found.anchor in (None, target.anchor):
            if found.kind == "placeholder" and found.anchor != target.anchor and target.anchor is not None:
                working.put_cs(found.id, replace(found, anchor=target.anchor))
            return found.id
        step_aside(working, found, None)  # the name belongs to another object now: found's rename is to come
    partition = connector.partition_of(parsed.key)
    placeholder = CSObject(
        id=world.new_id(),
        connector=name,
        partition=partition.name if partition is not None else "",
        dn=parsed.text,
        dn_key=parsed.key,
        kind="placeholder",
        anchor=target.anchor,
    )
    working.put_cs(placeholder.id, placeholder)
    return placeholder.id


def unreadable_reference(
    working: WorkingSet, connector: ConnectorConfiguration, imported: ImportedObject
) -> ImportFinding | None:
    """What is wrong with the first reference value that is no DN, unless its anchor is known anyway."""
    for attribute, references in imported.references.items():
        for target in (*references.added, *references.removed):
            known = target.anchor is not None and working.cs_by_anchor(connector.name, target.anchor)
            if known or target.by is not None:
                continue
            try:
                parse_dn(target.dn)
            except InvalidName as error:
                return ImportFinding("invalid-reference-value", str(error), attribute, imported.dn)
    return None
