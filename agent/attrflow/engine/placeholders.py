"""What others refer to and is gone: the placeholder that stays of it, and the references that go (DECISIONS 20).

Knows the working set and nothing of rules: staging, synchronization and export all take objects out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from attrflow.engine.working_set import WorkingSet
from attrflow.model.connector_space import CSObject, import_hologram
from attrflow.model.delta import EMPTY_IMAGE, Delta, Image, compose
from attrflow.model.metaverse import DueReference
from attrflow.model.names import dn_key
from attrflow.model.references import ReferenceDelta, edited

__all__ = [
    "forget_references",
    "leave_referrers",
    "move_referrers",
    "removed_targets",
    "sweep_placeholders",
    "take_out",
    "targets_of",
]


def take_out(working: WorkingSet, cso: CSObject, *, stays: bool = False) -> None:
    """Take the object out of the connector space; where something refers to it, leave a placeholder.

    `stays`: its directory still holds it, out of sight, so the placeholder is the one that has its anchor.
    """
    targets = tuple(targets_of(cso))
    if working.cs_referrers(cso.id):
        moved_to = cso.pending_import.new_dn if stays and cso.pending_import is not None else None
        placeholder = CSObject(
            id=cso.id,
            connector=cso.connector,
            partition=cso.partition,
            dn=cso.dn,
            dn_key=cso.dn_key,
            kind="placeholder",
            anchor=cso.anchor if stays else None,
            transient=cso.transient,
        )
        working.put_cs(cso.id, placeholder if moved_to is None else _moved(working, placeholder, moved_to))
    else:
        working.put_cs(cso.id, None)
    working.release(cso.id, cso.connector, inbound=True)
    sweep_placeholders(working, targets)


def _moved(working: WorkingSet, placeholder: CSObject, dn: str) -> CSObject:
    """The placeholder at the DN that its object left for, if no other object is known to have that."""
    key = dn_key(dn)
    holder = working.cs_by_dn(placeholder.connector, key)
    if holder is not None and holder.id != placeholder.id:
        if holder.kind != "placeholder" or holder.anchor is not None:
            return placeholder
        move_referrers(working, holder.id, placeholder.id)
        working.put_cs(holder.id, None)
    return replace(placeholder, dn=dn, dn_key=key, transient=False)


def leave_referrers(working: WorkingSet, target: int, multi: Callable[[str | None], frozenset[str]]) -> None:
    """Take a deleted object out of what is known to refer to it, as its directory did (behaviour.md §1.8).

    No import tells so of the referrers. It is pending on them from here on, and not from the synchronization
    of the delete: an undelete may come before that, and it brings none of these references back. `multi` says
    which attributes of an object type hold many values.
    """
    for referrer_id in working.cs_referrers(target):
        referrer = working.cs(referrer_id)
        if referrer is None or (
            referrer.pending_import and referrer.pending_import.operation in ("delete", "obsolete")
        ):
            continue
        held = import_hologram(referrer).references
        gone = {name: ReferenceDelta(removed=frozenset((target,))) for name, ids in held.items() if target in ids}
        if gone:
            below, many = referrer.image or EMPTY_IMAGE, multi(referrer.object_type)
            pending = compose(referrer.pending_import, Delta("update", references=gone), below, multi=many)
            working.put_cs(referrer_id, replace(referrer, pending_import=pending))


def move_referrers(working: WorkingSet, old: int, new: int) -> None:
    """Let everything that refers to `old` refer to `new` instead, in the images and in every delta."""
    for referrer_id in working.cs_referrers(old):
        referrer = working.cs(referrer_id)
        if referrer is None:
            continue
        image = referrer.image
        if image is not None:
            references = {
                name: edited(targets, ReferenceDelta(frozenset((new,)), frozenset((old,))))
                if old in targets
                else targets
                for name, targets in image.references.items()
            }
            image = Image(image.attributes, references)
        deltas = {}
        for layer in ("pending_import", "unconfirmed", "escrowed", "unapplied"):
            delta = getattr(referrer, layer)
            if delta is not None:
                shifts = {
                    name: ReferenceDelta(_swapped(shift.added, old, new), _swapped(shift.removed, old, new))
                    for name, shift in delta.references.items()
                }
                deltas[layer] = replace(delta, references=shifts)
        working.put_cs(referrer_id, replace(referrer, image=image, **deltas))


def _swapped(ids: frozenset[int], old: int, new: int) -> frozenset[int]:
    return (ids - {old}) | {new} if old in ids else ids


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


# -- references to what is deleted ----------------------------------------------------------------


def forget_references(working: WorkingSet, gone: CSObject) -> None:
    """Take an object that our own export deleted and made anew out of what its directory is known to hold of others.

    The directory forgot the references with the object that was there, and what refers to it outward is to be
    flowed again (behaviour.md §1.8); what is still to be written stands for the new one.
    """
    for referrer_id in working.cs_referrers(gone.id):
        referrer = working.cs(referrer_id)
        if referrer is None:
            continue
        image = referrer.image
        if image is not None:
            shift = ReferenceDelta(removed=frozenset((gone.id,)))
            references = {
                n: edited(targets, shift) if gone.id in targets else targets for n, targets in image.references.items()
            }
            image = Image(image.attributes, {name: targets for name, targets in references.items() if targets.count})
        pending, unconfirmed = _without(referrer.pending_import, gone.id), _without(referrer.unconfirmed, gone.id)
        changed = replace(referrer, image=image, pending_import=pending, unconfirmed=unconfirmed)
        working.put_cs(referrer_id, changed)
        if changed.link is not None and gone.link is not None:
            owner, target = changed.link.mv_id, gone.link.mv_id
            working.owe(DueReference(owner, target, gone.connector, inbound=False, before=gone.id))


def _without(delta: Delta | None, target: int) -> Delta | None:
    if delta is None or not any(target in s.added or target in s.removed for s in delta.references.values()):
        return delta
    kept = {
        name: ReferenceDelta(shift.added - {target}, shift.removed - {target})
        for name, shift in delta.references.items()
    }
    rest = replace(delta, references={name: shift for name, shift in kept.items() if shift})
    return rest if rest.changes_content or rest.operation != "update" else None
