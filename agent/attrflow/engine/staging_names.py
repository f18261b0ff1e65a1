"""Staging: which connector-space object an imported one is, when anchors and DNs disagree (behaviour.md §1.4, 1.5)."""

from __future__ import annotations

from dataclasses import replace

from attrflow.engine.placeholders import move_referrers
from attrflow.engine.working_set import WorkingSet
from attrflow.model.configuration import ConnectorConfiguration, EngineOptions
from attrflow.model.connector_space import CSObject, is_export_only
from attrflow.model.delta import Delta
from attrflow.model.entry import ImportedObject
from attrflow.model.names import escape_value, parse_dn
from attrflow.ports.world import World

__all__ = ["move_below", "settle_names", "step_aside"]


def settle_names(
    working: WorkingSet,
    world: World,
    connector: ConnectorConfiguration,
    partition: str,
    imported: ImportedObject,
    by_anchor: CSObject | None,
    options: EngineOptions,
) -> tuple[CSObject, str | None]:
    """The object to stage into, with its new DN and anchor, and the DN that it had where that changed.

    Whoever holds the DN under another anchor steps aside: a placeholder is merged, an object that was
    never exported is removed and its metaverse object retried, and one with an anchor becomes transient.
    What stands below an object that moves goes with it by its key, and by its shown DN as OPEN-22 says.
    """
    name = parse_dn(imported.dn)
    holder = working.cs_by_dn(connector.name, name.key)
    if by_anchor is not None and by_anchor.kind == "staging":
        if holder is not None and holder.id != by_anchor.id:
            step_aside(working, holder, by_anchor)
            by_anchor = working.cs(by_anchor.id) or by_anchor
        if by_anchor.dn_key == name.key and not by_anchor.transient:
            if by_anchor.dn == imported.dn:
                return by_anchor, None
            outdated = connector.kind != "entra" and parse_dn(by_anchor.dn).key != name.key  # its container moved
            return replace(by_anchor, dn=imported.dn), by_anchor.dn if outdated else None
        moved = replace(by_anchor, dn=imported.dn, dn_key=name.key, transient=False, partition=partition)
        renamed = by_anchor.dn if connector.kind != "entra" else None
        if by_anchor.transient and by_anchor.pending_import is not None:
            renamed = by_anchor.pending_import.old_dn or renamed
        working.put_cs(moved.id, moved)
        move_below(working, by_anchor, moved, shown=options.rename_descendants_at_once)
        return working.cs(moved.id) or moved, renamed
    awaited = by_anchor  # what references named before it came
    if holder is not None and holder.kind == "staging":
        exported = holder.unconfirmed is not None or holder.escrowed is not None
        if holder.anchor is None and (exported or imported.anchor is None):  # the import confirms our own add
            holder = _merged(working, awaited, holder)
            return replace(holder, anchor=imported.anchor, dn=imported.dn), None
    if holder is not None and (awaited is None or holder.id != awaited.id):
        unknown = holder.kind == "placeholder" and holder.anchor is None
        if unknown and awaited is None:
            awaited = holder
        else:
            step_aside(working, holder, awaited)
            awaited = awaited and working.cs(awaited.id)
    new = _new(world, connector, partition, imported, name.key, id_=awaited.id if awaited is not None else None)
    if awaited is not None and awaited.dn_key != new.dn_key:
        working.put_cs(new.id, new)
        move_below(working, awaited, new, shown=options.rename_descendants_at_once)
    return new, None


def _merged(working: WorkingSet, old: CSObject | None, new: CSObject) -> CSObject:
    """`new`, with everything that referred to the placeholder `old` referring to it."""
    if old is None or old.id == new.id:
        return new
    move_referrers(working, old.id, new.id)
    working.put_cs(old.id, None)
    return working.cs(new.id) or new


def _new(
    world: World,
    connector: ConnectorConfiguration,
    partition: str,
    imported: ImportedObject,
    key: str,
    id_: int | None = None,
) -> CSObject:
    return CSObject(
        id=id_ if id_ is not None else world.new_id(),
        connector=connector.name,
        partition=partition,
        dn=imported.dn,
        dn_key=key,
        object_type=imported.object_type,
        anchor=imported.anchor,
    )


def step_aside(working: WorkingSet, holder: CSObject, newcomer: CSObject | None) -> None:
    """Let go of the DN: `newcomer` (None: an object that is not there yet) takes it.

    A placeholder that nothing but its DN is known of was meant to be the newcomer, which takes its references.
    """
    if holder.kind == "placeholder" and holder.anchor is None and newcomer is not None:
        _merged(working, holder, newcomer)
        return
    if is_export_only(holder) and holder.anchor is None:
        if holder.link is not None and (mvo := working.mv(holder.link.mv_id)) is not None:
            working.put_mv(mvo.id, replace(mvo, retry=mvo.retry | {"provisioning"}))
        working.put_cs(holder.id, None)
        return
    aside = f"CN={escape_value(f'transient-{holder.id}+{holder.anchor or holder.id}')}"
    pending = holder.pending_import
    if holder.image is not None and (pending is None or pending.operation == "update"):
        kept = pending or Delta("update")
        pending = replace(kept, old_dn=kept.old_dn or holder.dn)  # what the rename to come tells people
    transient = replace(holder, dn=aside, dn_key=parse_dn(aside).key, transient=True, pending_import=pending)
    working.put_cs(holder.id, transient)
    move_below(working, holder, transient, shown=False)


def move_below(working: WorkingSet, before: CSObject, after: CSObject, *, shown: bool) -> None:
    """Let what stands below an object go with it: the keys, by which references and scope resolve, and with `shown`
    also the DNs, as renames that were imported.

    A placeholder that was made for the new name of one of them is merged into it.
    """
    for child in tuple(working.descendants(before.connector, before.dn_key)):
        key = after.dn_key + child.dn_key[len(before.dn_key) :]
        holder = working.cs_by_dn(child.connector, key)
        if child.id == after.id or (holder is not None and holder.id == child.id):
            continue
        if holder is not None:
            step_aside(working, holder, child)
        moved = replace(working.cs(child.id) or child, dn_key=key, partition=after.partition)
        if shown or moved.kind == "placeholder":
            moved = _shown_below(moved, after, levels=key.count("\x00") - after.dn_key.count("\x00"))
        working.put_cs(moved.id, moved)


def _shown_below(child: CSObject, container: CSObject, *, levels: int) -> CSObject:
    """The object with its DN below the container's, which is a rename to synchronize if it has been imported."""
    name = parse_dn(child.dn)
    parts = (name.component(level) for level in range(1, levels + 1))
    dn = ",".join((*("=".join(part) for part in parts if part is not None), container.dn))
    pending = child.pending_import
    if child.image is not None and (pending is None or pending.operation == "update"):
        kept = pending or Delta("update")
        pending = replace(kept, old_dn=kept.old_dn or child.dn)
    return replace(child, dn=dn, pending_import=pending)
