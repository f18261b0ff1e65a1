"""Staging: what a connector brought in becomes pending imports, and exports are confirmed (behaviour.md §1.4, §1.6).

Pure: objects in, changes out. An object is found by its anchor, else by its DN; references become
ids, with placeholders for targets that are not imported (yet). What an earlier export wrote is
confirmed attribute by attribute; what did not come back is noted, and flowed again by the next sync.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from attrflow.engine.confirmation import DELETE, confirm
from attrflow.engine.placeholders import leave_referrers
from attrflow.engine.plan import StagePlan
from attrflow.engine.staging_batch import StagingBatch
from attrflow.engine.staging_content import imported_image, unreadable_reference
from attrflow.engine.staging_names import settle_names
from attrflow.engine.working_set import JoinAttributes
from attrflow.model.configuration import ConnectorConfiguration, EngineOptions
from attrflow.model.connector_space import CSObject, StoredError, import_hologram, refused_no_more
from attrflow.model.delta import EMPTY_IMAGE, Delta, compose, image_difference
from attrflow.model.entry import ImportedObject, ImportFinding
from attrflow.model.names import InvalidName, parse_dn
from attrflow.model.provenance import Provenance
from attrflow.model.schema import Schema
from attrflow.ports.view import View
from attrflow.ports.world import World

__all__ = ["stage_batch", "stage_obsolete"]

COUNTERS = {
    "add": "stage-add",
    "replace": "stage-update",
    "update": "stage-update",
    "delete": "stage-delete",
    "obsolete": "stage-delete",
    "delete-add": "stage-delete-add",
}


def stage_batch(
    view: View,
    objects: Iterable[ImportedObject],
    connector: ConnectorConfiguration,
    partition: str,
    schema: Schema,
    joins: JoinAttributes,
    world: World,
    *,
    run: int,
    brought: Collection[int] | None = None,
    options: EngineOptions | None = None,
) -> StagePlan:
    """Stage imported objects, in the order given. Σ of the staging counters is the number of objects.

    `brought` are the ids that this full import has brought so far, each of which may come only once;
    None for a delta import, where an object comes as often as it changed. `options` are the project's; the
    defaults where there are none.
    """
    batch = StagingBatch(view, joins, connector, partition, schema, world, run)
    batch.brought = brought
    batch.options = options or batch.options
    for imported in objects:
        _stage_and_name(batch, imported)
    return batch.plan()


def stage_obsolete(
    view: View,
    ids: Iterable[int],
    connector: ConnectorConfiguration,
    joins: JoinAttributes,
    world: World,
    *,
    run: int,
) -> StagePlan:
    """Stage as `obsolete` what a complete full import has not seen (behaviour.md §1.4, step 6)."""
    batch = StagingBatch(view, joins, connector, "", Schema(), world, run)
    for cs_id in ids:
        cso = batch.working.cs(cs_id)
        if cso is not None and cso.kind == "staging":
            batch.naming.changed(cso, None)
            _gone(batch, cso, Delta("obsolete"))
    return batch.plan()


def _stage_and_name(batch: StagingBatch, imported: ImportedObject) -> None:
    """Stage one object; where the names change by which others refer to it, they refer to who bears them now."""
    naming, name, given = batch.naming, batch.connector.name, None
    if not naming.needed:
        _stage(batch, imported)
        return
    known = batch.working.cs_by_anchor(name, imported.anchor) if imported.anchor is not None else None
    holder = _by_dn(batch, imported.dn)  # who has its DN steps aside, or is the object itself, without an anchor yet
    if imported.change in ("delete", "left-scope"):
        naming.changed(known, None)  # its names stand in the directory still
    elif known is not None:
        naming.make_moves(known.id)
        known = batch.working.cs(known.id)
    elif holder is None:
        given = naming.give_name(imported)
    _stage(batch, imported)
    naming.take_back(given)
    staged = batch.working.cs_by_anchor(name, imported.anchor) if imported.anchor is not None else None
    if holder is not None:
        naming.changed(holder, batch.working.cs(holder.id))
    if staged is not None and (holder is None or holder.id != staged.id):
        naming.changed(known, staged)
    batch.warn(staged.id if staged is not None else None, imported.dn)


def _stage(batch: StagingBatch, imported: ImportedObject) -> None:
    name = batch.connector.name
    by_anchor = batch.working.cs_by_anchor(name, imported.anchor) if imported.anchor is not None else None
    if imported.change in ("delete", "left-scope"):
        cso = by_anchor or (None if imported.anchor is not None else _by_dn(batch, imported.dn))
        if cso is None or cso.kind == "placeholder":
            batch.count("stage-no-change", None, imported.dn)
            if cso is not None and imported.change == "delete":
                _left(batch, cso)
        else:
            _gone(batch, cso, Delta("delete") if imported.change == "delete" else _left_scope(cso, imported.dn))
        return
    staged = by_anchor if by_anchor is not None and by_anchor.kind == "staging" else None
    if imported.findings:
        _refuse(batch, imported, staged)
        return
    try:
        parse_dn(imported.dn)
    except InvalidName as error:
        batch.count("stage-failure", None, imported.dn, "invalid-dn", str(error))
        return
    finding = _duplicate(batch, imported, staged) or unreadable_reference(batch.working, batch.connector, imported)
    if finding is not None:
        _refuse(batch, replace(imported, findings=(finding,)), staged)
        return
    if imported.change == "partial" and _lacks_the_rest(imported, staged):
        if imported.anchor is not None:
            batch.need_whole.append(imported.anchor)
        else:
            batch.count(
                "stage-failure",
                None,
                imported.dn,
                "need-full-object",
                "a partial change of an unknown object",
            )
        return
    target, renamed_from = settle_names(
        batch.working, batch.world, batch.connector, batch.partition, imported, by_anchor, batch.options
    )
    batch.working.put_cs(target.id, target)  # an object may refer to itself
    _stage_content(batch, imported, target, staged, renamed_from)


def _left_scope(cso: CSObject, dn: str) -> Delta:
    """Obsolete, with the DN that the object has now, where that is told: its placeholder will stand there."""
    try:
        return Delta("obsolete", new_dn=dn if dn and parse_dn(dn).key != cso.dn_key else None)
    except InvalidName:
        return Delta("obsolete")


def _duplicate(batch: StagingBatch, imported: ImportedObject, known: CSObject | None) -> ImportFinding | None:
    """A second object with the anchor of one that this full import brought already: not a rename of it."""
    if known is None or not batch.came_before(known) or parse_dn(imported.dn).key == known.dn_key:
        return None
    detail = f"it has the anchor of {known.dn}: two objects of one directory must not share one"
    return ImportFinding("duplicate-object", detail, dn=imported.dn)


def _lacks_the_rest(imported: ImportedObject, known: CSObject | None) -> bool:
    """Whether there is nothing that a partial change could be a change of (behaviour.md §1.4, 7b)."""
    if known is None or imported.object_type not in (None, known.object_type):
        return True
    if known.pending_import is None:
        return known.image is None
    return known.pending_import.operation in ("delete", "obsolete")


def _by_dn(batch: StagingBatch, dn: str) -> CSObject | None:
    try:
        return batch.working.cs_by_dn(batch.connector.name, parse_dn(dn).key)
    except InvalidName:
        return None


def _refuse(batch: StagingBatch, imported: ImportedObject, cso: CSObject | None) -> None:
    """A discovery error: the object keeps what it had, the error stands on it and in the run."""
    finding = imported.findings[0]
    batch.count("stage-failure", cso.id if cso is not None else None, imported.dn, finding.code, finding.detail)
    if cso is None:
        return
    batch.seen.add(cso.id)
    before = cso.import_error
    again = before is not None and before.type == finding.code
    error = StoredError(
        finding.code,
        "staging",
        finding.detail,
        before.first_occurred if again and before is not None else batch.now,
        batch.now,
        before.retry_count + 1 if again and before is not None else 0,
        attribute=finding.attribute,
    )
    batch.working.put_cs(cso.id, replace(cso, import_error=error))


def _gone(batch: StagingBatch, cso: CSObject, delta: Delta) -> None:
    """Deleted, out of scope, or unseen: a delete to synchronize; an object that no sync ever saw just goes."""
    batch.seen.add(cso.id)
    batch.count(COUNTERS[delta.operation], cso.id, cso.dn)
    if delta.operation == "delete":
        _left(batch, cso)
    unsynchronized = cso.image is None and cso.link is None and cso.unconfirmed is None
    if unsynchronized and not batch.working.cs_referrers(cso.id):
        batch.working.put_cs(cso.id, None)
        return
    batch.working.put_cs(
        cso.id,
        refused_no_more(
            replace(cso, pending_import=delta, unconfirmed=None, escrowed=None, unapplied=None, import_error=None)
        ),
    )


def _left(batch: StagingBatch, cso: CSObject) -> None:
    leave_referrers(batch.working, cso.id, batch.multi_valued)


def _stage_content(
    batch: StagingBatch, imported: ImportedObject, cso: CSObject, before: CSObject | None, renamed_from: str | None
) -> None:
    batch.seen.add(cso.id)
    undeleted = cso.pending_import is not None and cso.pending_import.operation in ("delete", "obsolete")
    if undeleted:
        cso = replace(cso, pending_import=None)
        mvo = batch.working.mv(cso.link.mv_id) if cso.link is not None else None
        if mvo is not None:  # its delete took the exports that waited: the next sync compares again
            batch.working.put_mv(mvo.id, replace(mvo, retry=mvo.retry | {"export"}))
    known = cso.image is not None or cso.pending_import is not None
    below = cso.image or EMPTY_IMAGE
    current = import_hologram(cso)
    promised = _is_replaced(cso)  # its type is that of what is to come, and the directory still holds what is to go
    retyped = known and before is not None and not promised and imported.object_type not in (None, before.object_type)
    type_name = cso.object_type if promised else imported.object_type or cso.object_type
    before_it = EMPTY_IMAGE if retyped else current
    wanted = imported_image(batch.working, batch.world, batch.connector, imported, before_it, batch.naming.resolve)
    multi = batch.multi_valued(type_name)
    step = image_difference(EMPTY_IMAGE if retyped or not known else current, wanted, multi=multi)
    unconfirmed, missing = confirm(cso, wanted, imported)
    if missing and (cso.link is not None or DELETE in missing):
        batch.not_reimported(cso, missing)
    if retyped:
        pending: Delta | None = Delta(
            "delete-add", (step or Delta("update")).attributes, (step or Delta("update")).references
        )
    elif not known:
        pending = Delta("add", (step or Delta("update")).attributes, (step or Delta("update")).references)
    elif step is None and renamed_from is None:
        pending = cso.pending_import
    else:
        shift = Delta("update", step.attributes if step else {}, step.references if step else {}, old_dn=renamed_from)
        pending = compose(cso.pending_import, shift, below, multi=multi)
    provenance = cso.provenance
    if step is not None:
        provenance = {**provenance}
        for attribute in (*step.attributes, *step.references):
            stated = provenance.get(attribute)
            if stated is None or stated.origin is None or cso.unconfirmed is None:
                provenance[attribute] = Provenance(None, batch.run)
    changes = step is not None or renamed_from is not None
    anew = not batch.options.retry_failed_objects  # then a change is what has a failed object tried again
    forgotten = cso.import_error is not None and (cso.import_error.step == "staging" or (anew and changes))
    undone = DELETE in missing and cso.link is None and cso.unapplied is None
    staged = replace(
        cso,
        unapplied=Delta("delete") if undone else cso.unapplied,
        object_type=type_name,
        pending_import=pending,
        unconfirmed=unconfirmed,
        provenance=provenance,
        import_error=None if forgotten else cso.import_error,
    )
    if not known:
        counter = "stage-add"
    elif retyped:
        counter = "stage-delete-add"
    elif renamed_from is not None:
        counter = "stage-rename"
    else:
        counter = "stage-update" if step is not None or undeleted else "stage-no-change"
    batch.count(counter, cso.id, cso.dn)
    if staged != before:
        batch.working.put_cs(cso.id, staged)


def _is_replaced(cso: CSObject) -> bool:
    """Whether an export that is not done yet deletes the object and adds another under its name."""
    return any(delta is not None and delta.operation == "delete-add" for delta in (cso.unapplied, cso.escrowed))
