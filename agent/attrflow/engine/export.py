"""Export: pending exports become escrowed ones and changes to write, and outcomes settle them (behaviour.md §1.6).

`unapplied → escrowed → unconfirmed`; an error leads back to `unapplied` with the error on the object.
References whose targets the directory does not hold yet wait for the last part of the step.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

from attrflow.engine.placeholders import forget_references, move_referrers, take_out
from attrflow.engine.plan import ExportBatch, SettlePlan
from attrflow.engine.staging_names import step_aside
from attrflow.engine.working_set import JoinAttributes, WorkingSet
from attrflow.model.changes import RunObject
from attrflow.model.configuration import ConnectorConfiguration
from attrflow.model.connector_space import CSObject, StoredError, export_hologram, import_hologram, is_export_only
from attrflow.model.delta import EMPTY_IMAGE, AttributeDelta, Delta, Image, apply_delta, compose, image_difference
from attrflow.model.entry import ExportChange, ExportOutcome, OutgoingReferences, ReferenceTarget
from attrflow.model.names import InvalidName, dn_key
from attrflow.model.reference_names import exported_name
from attrflow.model.references import ReferenceDelta
from attrflow.model.schema import Schema
from attrflow.ports.view import View

__all__ = ["Part", "escrow_batch", "export_order", "exports_now", "resume_batch", "settle_batch"]

Part = Literal["deletes", "content", "references"]


def export_order(*, deletes_first: bool) -> tuple[Part, ...]:
    """The order of an export step: what references point to is made before them, and deletes free names (OPEN-12)."""
    return ("deletes", "content", "references") if deletes_first else ("content", "references", "deletes")


def exports_now(cso: CSObject, part: Part) -> bool:
    """Whether a part of the export step has anything to do for the object."""
    delta = cso.unapplied
    if delta is None:
        return False
    if part == "deletes":
        return delta.operation == "delete"
    if delta.operation == "delete":
        return False
    content = delta.operation != "update" or bool(delta.attributes or delta.new_dn)
    if part == "content":
        return content
    return bool(delta.references) and delta.operation == "update" and not (content and cso.export_error is not None)


def escrow_batch(
    view: View, ids: Iterable[int], part: Part, connector: ConnectorConfiguration, schema: Schema
) -> ExportBatch:
    """Put the pending exports of these objects in escrow and say what to write."""
    working = WorkingSet(view, JoinAttributes())
    changes: list[ExportChange] = []
    blocked: list[RunObject] = []
    for cs_id in ids:
        cso = working.cs(cs_id)
        if cso is None or not exports_now(cso, part):
            continue
        delta = cso.unapplied
        assert delta is not None, "exports_now saw it"
        ready, waiting = _split_references(working, delta, connector)
        if part == "references" and waiting:
            why = _why_waiting(working, waiting, connector)
            blocked.append(RunObject("export-failure", cs_id, cso.dn, "dn-attributes-failure", why))
        if part == "references" and not ready:
            continue
        if part == "references":  # attributes that are still here are those that the channel cannot write
            now, later = Delta("update", references=ready), replace(delta, references=waiting)
        else:
            now, later = replace(delta, references=ready), Delta("update", references=waiting)
        rest = later if later.changes_content else None
        if _says_nothing(working, now):  # the targets that it takes out are gone from the directory, and with them this
            lists, imported = _lists(cso), import_hologram(cso)
            unconfirmed = compose(cso.unconfirmed, now, imported, multi=lists)
            working.put_cs(cs_id, replace(cso, unconfirmed=unconfirmed, unapplied=rest))
            continue
        escrowed = replace(cso, escrowed=now, unapplied=rest)
        working.put_cs(cs_id, escrowed)
        changes.append(_change(working, escrowed, now, connector, schema))
    return ExportBatch(working.changes(), tuple(changes), tuple(blocked))


def resume_batch(view: View, ids: Iterable[int], connector: ConnectorConfiguration, schema: Schema) -> ExportBatch:
    """What is in escrow from a run that ended before it knew the outcome: to be written again, after a look-up."""
    working = WorkingSet(view, JoinAttributes())
    changes = []
    for cs_id in ids:
        cso = working.cs(cs_id)
        if cso is not None and cso.escrowed is not None:
            changes.append(replace(_change(working, cso, cso.escrowed, connector, schema), uncertain=True))
    return ExportBatch(working.changes(), tuple(changes))


def _split_references(
    working: WorkingSet, delta: Delta, connector: ConnectorConfiguration
) -> tuple[dict[str, ReferenceDelta], dict[str, ReferenceDelta]]:
    """References whose targets the directory holds, and those that must wait; values to remove never wait.

    Where targets are named by an attribute, one that lacks it waits too.
    """
    ready: dict[str, ReferenceDelta] = {}
    waiting: dict[str, ReferenceDelta] = {}
    for name, shift in delta.references.items():
        by = connector.reference_by.get(name)
        there = frozenset(
            i
            for i in shift.added
            if _exists(found := working.cs(i)) and (by is None or (found and exported_name(found, by)) is not None)
        )
        if there or shift.removed:
            ready[name] = ReferenceDelta(there, shift.removed)
        if shift.added - there:
            waiting[name] = ReferenceDelta(shift.added - there)
    return ready, waiting


def _why_waiting(working: WorkingSet, waiting: dict[str, ReferenceDelta], connector: ConnectorConfiguration) -> str:
    absent, nameless = set(), set()
    for attribute, shift in waiting.items():
        for id_ in shift.added:
            shown = f"{attribute} → {_name(working, id_)}"
            if _exists(working.cs(id_)):
                nameless.add(f"{shown} has no {connector.reference_by[attribute]} to be named by")
            else:
                absent.add(shown)
    told = [f"the directory does not hold what is referred to: {', '.join(sorted(absent))}"] if absent else []
    return "; ".join((*told, *sorted(nameless)))


def _exists(cso: CSObject | None) -> bool:
    """Whether the directory holds the object, as far as is known."""
    if cso is None or cso.kind == "placeholder":
        return False
    gone = any(d is not None and d.operation == "delete" for d in (cso.unconfirmed, cso.escrowed))
    return not gone and (cso.anchor is not None or cso.image is not None or cso.unconfirmed is not None)


def _may_be_named(cso: CSObject | None) -> bool:
    """Whether a reference to the object can still stand in the directory, imported itself or not."""
    return cso is not None and (cso.kind == "placeholder" or _exists(cso))


def _says_nothing(working: WorkingSet, delta: Delta) -> bool:
    """Whether a delta only takes references out whose targets are deleted: a directory did so by itself."""
    if delta.operation != "update" or delta.attributes or delta.new_dn or not delta.references:
        return False
    return not any(s.added or _nameable(working, s.removed) for s in delta.references.values())


def _name(working: WorkingSet, cs_id: int) -> str:
    cso = working.cs(cs_id)
    return cso.dn if cso is not None else f"#{cs_id}"


def _change(
    working: WorkingSet, cso: CSObject, delta: Delta, connector: ConnectorConfiguration, schema: Schema
) -> ExportChange:
    attributes = dict(delta.attributes)
    if connector.kind == "entra":  # its channels write whole lists
        after = apply_delta(delta, _below_escrow(cso))
        for name, change in delta.attributes.items():
            if change.operation == "update":
                attributes[name] = AttributeDelta("replace", after.attributes.get(name, ()))
    type_ = schema.object_types.get(cso.object_type or "")
    if type_ is not None:
        attributes = {n: c for n, c in attributes.items() if not ((a := type_.attribute(n)) and a.read_only)}
    references = {
        name: _outgoing(working, shift, connector.reference_by.get(name)) for name, shift in delta.references.items()
    }
    references = {name: outgoing for name, outgoing in references.items() if outgoing.added or outgoing.removed}
    source_anchor = export_hologram(cso).attributes.get("sourceAnchor")
    operation: Literal["add", "update", "delete", "delete-add"]
    operation = delta.operation if delta.operation in ("add", "delete", "delete-add") else "update"
    return ExportChange(
        cs_id=cso.id,
        operation=operation,
        object_type=cso.object_type or "",
        dn=cso.dn,
        anchor=cso.anchor,
        attributes=attributes,
        references=references,
        new_dn=delta.new_dn,
        source_anchor=str(source_anchor[0]) if source_anchor else None,
    )


def _below_escrow(cso: CSObject) -> Image:
    if cso.escrowed is not None and cso.escrowed.operation in ("add", "delete-add"):
        return EMPTY_IMAGE
    return apply_delta(cso.unconfirmed, import_hologram(cso))


def _nameable(working: WorkingSet, ids: frozenset[int]) -> frozenset[int]:
    """Without what is deleted already: the directory took references to it away with it."""
    return frozenset(i for i in ids if _may_be_named(working.cs(i)))


def _outgoing(working: WorkingSet, shift: ReferenceDelta, by: str | None) -> OutgoingReferences:
    removed = _nameable(working, shift.removed)
    return OutgoingReferences(_targets(working, shift.added, by), _targets(working, removed, by))


def _targets(working: WorkingSet, ids: frozenset[int], by: str | None) -> tuple[ReferenceTarget, ...]:
    """How the directory names what references lead to: by DN and anchor, or by the value of an attribute of theirs."""
    found = (working.cs(i) for i in sorted(ids))
    if by is not None:
        names = (exported_name(cso, by) for cso in found if cso is not None)
        return tuple(ReferenceTarget(name, by=by) for name in names if name is not None)
    return tuple(ReferenceTarget(cso.dn, cso.anchor) for cso in found if cso is not None)


# -- settling -------------------------------------------------------------------------------------


def settle_batch(view: View, outcomes: Iterable[ExportOutcome], now: str) -> SettlePlan:
    """Turn outcomes into the new state of the exported objects; `now` is ISO 8601, UTC."""
    working = WorkingSet(view, JoinAttributes())
    counters: Counter[str] = Counter()
    objects: list[RunObject] = []
    for outcome in outcomes:
        cso = working.cs(outcome.cs_id)
        if cso is None or cso.escrowed is None:
            continue
        operation = cso.escrowed.operation
        if outcome.error is not None:
            _put_back(working, cso, outcome.error, outcome.detail or "", outcome.cd_error_code, now)
            counters["export-failure"] += 1
            objects.append(RunObject("export-failure", cso.id, cso.dn, outcome.error, outcome.detail))
            continue
        counter = "export-rename" if cso.escrowed.new_dn is not None else f"export-{operation}"
        conflict = _accept(working, cso, outcome, now)
        if conflict is not None:
            counters["export-failure"] += 1
            objects.append(RunObject("export-failure", cso.id, cso.dn, "duplicate-anchor", conflict))
            continue
        counters[counter] += 1
        detail = f"not written: {', '.join(outcome.not_written)}: {outcome.detail}" if outcome.not_written else None
        objects.append(RunObject(counter, cso.id, cso.dn, None, detail))
    return SettlePlan(working.changes(), dict(counters), tuple(objects))


def _put_back(working: WorkingSet, cso: CSObject, error: str, detail: str, cd_error_code: str | None, now: str) -> None:
    """An export error blocks the whole object: what was in escrow is pending again."""
    before = cso.export_error
    again = before is not None and before.type == error
    stored = StoredError(
        type=error,
        step="export",
        detail=detail,
        first_occurred=before.first_occurred if again and before is not None else now,
        last_occurred=now,
        retry_count=before.retry_count + 1 if again and before is not None else 0,
        cd_error_code=cd_error_code,
    )
    pending = compose(cso.escrowed, cso.unapplied, _below_escrow(cso), multi=_lists(cso))
    failed = replace(cso, escrowed=None, unapplied=pending, export_error=stored)
    if failed.link is None and pending is None and is_export_only(failed):
        take_out(working, failed)  # it was deprovisioned while its add was in escrow
    else:
        working.put_cs(cso.id, failed)


def _accept(working: WorkingSet, cso: CSObject, outcome: ExportOutcome, now: str) -> str | None:
    """The directory took it: what was in escrow waits for confirmation. Returns a conflict of anchors, if any."""
    delta = cso.escrowed
    assert delta is not None, "settled from escrow"
    anchor = outcome.anchor or cso.anchor
    twin = working.cs_by_anchor(cso.connector, anchor) if anchor is not None and anchor != cso.anchor else None
    if twin is not None and twin.id != cso.id:
        if twin.link is not None:
            detail = f"the directory matched it with {twin.dn}, which is linked to another object"
            _put_back(working, cso, "duplicate-anchor", detail, None, now)
            return detail
        cso = _adopt(working, cso, twin)
    if delta.operation == "delete" and cso.image is None and cso.pending_import is None:
        take_out(working, cso)  # no import ever brought it: there is nothing that one could confirm
        return None
    cso = _named(working, replace(cso, anchor=anchor), outcome.dn or delta.new_dn)
    left = {name: change for name, change in delta.attributes.items() if name in outcome.not_written}
    written = replace(delta, attributes={n: c for n, c in delta.attributes.items() if n not in left})
    unapplied = cso.unapplied
    if left and (unapplied is None or unapplied.operation == "update"):
        later = unapplied or Delta("update")
        unapplied = replace(later, attributes={**left, **later.attributes})
    if delta.operation == "delete-add":
        working.put_cs(cso.id, cso)
        forget_references(working, cso)
        cso = replace(working.cs(cso.id) or cso, image=None, pending_import=None, unconfirmed=None)
        written = replace(written, operation="add")
    if written.operation == "add" and cso.image is not None:
        written = replace(written, operation="update")  # it was there already, with more than was written
    imported, lists = import_hologram(cso), _lists(cso)
    confirming = compose(cso.unconfirmed, written, imported, multi=lists)
    if confirming is not None and confirming.operation == "update":  # less what an import has shown meanwhile
        left_over = image_difference(imported, apply_delta(confirming, imported), multi=lists) or Delta("update")
        left_over = replace(left_over, new_dn=confirming.new_dn)
        confirming = left_over if left_over.changes_content else None
    settled = replace(cso, escrowed=None, unconfirmed=confirming, unapplied=unapplied, export_error=None)
    working.put_cs(cso.id, settled)
    return None


def _named(working: WorkingSet, cso: CSObject, dn: str | None) -> CSObject:
    """The object under the name that the directory gave it; a placeholder that stood there is merged into it."""
    if dn is None:
        return cso
    try:
        key = dn_key(dn)
    except InvalidName:
        return cso
    holder = working.cs_by_dn(cso.connector, key)
    if holder is not None and holder.id != cso.id:
        working.put_cs(cso.id, cso)
        step_aside(working, holder, cso)
        cso = working.cs(cso.id) or cso
    return replace(cso, dn=dn, dn_key=key)


def _adopt(working: WorkingSet, cso: CSObject, twin: CSObject) -> CSObject:
    """The service matched our add with an object that was imported already: its image and referrers are ours."""
    move_referrers(working, twin.id, cso.id)
    working.put_cs(twin.id, None)
    current = working.cs(cso.id) or cso
    return replace(current, image=twin.image, pending_import=twin.pending_import)


def _lists(cso: CSObject) -> frozenset[str]:
    """Attributes that are changed value by value in any layer: they are the multi-valued ones."""
    deltas = (d for d in (cso.unconfirmed, cso.escrowed, cso.unapplied) if d is not None)
    return frozenset(n for d in deltas for n, c in d.attributes.items() if c.operation == "update" or len(c.added) > 1)
