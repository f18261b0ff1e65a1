"""One object as it is stored: every value with connector, rule and time; links, rules applied, pending changes.

Documents for `mv search`, `mv show`, `cs search` and `cs show` (behaviour.md §5.2). Stored facts only.
"""

from __future__ import annotations

import shlex
from typing import Literal

from attrflow.explain.documents import Shown
from attrflow.explain.facts import Facts
from attrflow.explain.metaverse_hop import provenance_of
from attrflow.explain.resolve_object import Subject, resolve_object
from attrflow.explain.show_documents import (
    AppliedRuleRow,
    ChangeRow,
    ConnectorRow,
    CSDocument,
    CSRow,
    HeldRow,
    MVDocument,
    MVRow,
    PendingDocument,
    SearchPage,
    ValueRow,
)
from attrflow.explain.space_hops import error_document, held_document, link_text, touches
from attrflow.model.connector_space import AppliedRule, CSObject, import_hologram
from attrflow.model.delta import EMPTY_IMAGE, Delta, Image, apply_delta
from attrflow.model.errors import Ambiguous, NotFound
from attrflow.model.metaverse import MVObject
from attrflow.model.provenance import Provenance
from attrflow.model.references import ReferenceIds
from attrflow.ports.store import CSFilter

__all__ = [
    "AppliedRuleRow",
    "CSDocument",
    "CSRow",
    "ChangeRow",
    "ConnectorRow",
    "HeldRow",
    "MVDocument",
    "MVRow",
    "PendingDocument",
    "SearchPage",
    "ValueRow",
    "cs_document",
    "mv_document",
    "search_cs",
    "search_mv",
    "show_cs",
    "show_mv",
]


# -- searches -------------------------------------------------------------------------------------


def search_mv(
    facts: Facts, text: str = "", object_type: str | None = None, *, after: int = 0, limit: int = 100
) -> SearchPage:
    """Metaverse objects by DN, UPN, mail, account name, GUID or part of a name; all for an empty text."""
    found = facts.store.find_mv(text, object_type, after=after, limit=limit + 1)
    rows = tuple(_mv_row(facts, mvo) for mvo in found[:limit])
    return SearchPage(rows, found[limit - 1].id if len(found) > limit else None)


def _mv_row(facts: Facts, mvo: MVObject) -> MVRow:
    upn = mvo.attributes.get("userPrincipalName") or mvo.attributes.get("mail")
    connectors = tuple(dict.fromkeys(cso.connector for cso in facts.linked(mvo.id)))
    name = facts.mv_name(mvo)
    return MVRow(mvo.id, mvo.object_type, name, str(upn.values[0]) if upn and upn.values else None, connectors)


def search_cs(facts: Facts, filter_: CSFilter, *, after: int = 0, limit: int = 100) -> SearchPage:
    """Connector-space objects that fit a filter."""
    found = facts.store.find_cs(filter_, after=after, limit=limit + 1)
    rows = tuple(_cs_row(facts, cso) for cso in found[:limit])
    return SearchPage(rows, found[limit - 1].id if len(found) > limit else None)


def _cs_row(facts: Facts, cso: CSObject) -> CSRow:
    error = cso.import_error or cso.export_error
    return CSRow(
        cso.id,
        cso.connector,
        cso.dn,
        cso.object_type,
        cso.link is not None,
        cso.link.mv_id if cso.link is not None else None,
        facts.cs_name(cso),
        cso.pending_import.operation if cso.pending_import is not None else None,
        cso.unapplied.operation if cso.unapplied is not None else None,
        error.type if error is not None else None,
        cso.kind,
        cso.state != "normal",
    )


# -- one metaverse object -------------------------------------------------------------------------


def show_mv(facts: Facts, text: str) -> MVDocument:
    """The metaverse object that a text means.

    Raises:
        NotFound: there is none, or the object is not linked to one.
        Ambiguous: several fit.
    """
    subject = resolve_object(facts, text)
    if subject.mv is None:
        shown = subject.document(facts)
        raise NotFound(
            f"{shown.name} has no metaverse object",
            help=f"`attrflow cs show {shlex.quote(shown.dn or shown.name)}` shows what there is",
        )
    return mv_document(facts, subject.mv)


def mv_document(facts: Facts, mvo: MVObject) -> MVDocument:
    """A metaverse object with everything that belongs to it."""
    names = {*mvo.attributes, *mvo.references}
    rows = [_value_row(facts, name, facts.in_metaverse(mvo, name), provenance_of(mvo, name)) for name in names]
    rows.sort(key=lambda row: row.attribute.casefold())
    linked = facts.linked(mvo.id)
    connectors = []
    for cso in linked:
        assert cso.link is not None, "linked objects have a link"
        rule = facts.rule(cso.link.rule_id, cso.link.since_run) if cso.link.rule_id is not None else None
        since = facts.since(cso.link.since_run)
        connectors.append(
            ConnectorRow(cso.connector, cso.id, cso.dn, cso.object_type, cso.link.origin, rule, since, cso.state)
        )
    held_rows = [row for cso in linked for row in _held_rows(facts, cso.id, inbound=True)]
    held_rows += _held_rows(facts, mvo.id, inbound=False)
    return MVDocument(
        mvo.id,
        mvo.object_type,
        facts.mv_name(mvo),
        tuple(rows),
        tuple(connectors),
        tuple(held_rows),
        tuple(sorted(mvo.retry | ({"reference"} if facts.store.due_by(mvo.id) else set()))),
    )


def _value_row(facts: Facts, name: str, value: Shown, provenance: Provenance | None) -> ValueRow:
    origin = provenance.origin if provenance is not None else None
    run = provenance.since_run if provenance is not None else None
    several = provenance.per_value or () if provenance is not None else ()
    return ValueRow(
        name,
        value,
        origin.connector if origin is not None else None,
        facts.rule(origin.rule_id, run) if origin is not None else None,
        facts.since(run) if run is not None else None,
        tuple(facts.rule(one.rule_id, run) for one in several) if len(set(several)) > 1 else (),
    )


def _held_rows(facts: Facts, owner: int, *, inbound: bool) -> list[HeldRow]:
    return [
        HeldRow(one.attribute, one.connector, one.inbound, held_document(facts, one))
        for one in facts.store.held_by(owner, inbound=inbound)
    ]


# -- one connector-space object -------------------------------------------------------------------


def show_cs(facts: Facts, text: str, connector: str | None = None) -> CSDocument:
    """The connector-space object that a text means; of a linked object that of the connector.

    Raises:
        NotFound: there is none.
        Ambiguous: several fit, or the object is in several connector spaces and none is named.
    """
    subject: Subject = resolve_object(facts, text)
    objects = [cso for cso in subject.objects if connector in (None, cso.connector)]
    named = [cso for cso in objects if text.strip().casefold() in (cso.dn.casefold(), f"#{cso.id}")]
    found = named or objects
    if not found:
        where = f" in {connector}" if connector is not None else ""
        raise NotFound(f"{subject.document(facts).name} has no connector-space object{where}")
    if len(found) > 1:
        lines = [f"{cso.connector}: {cso.dn}" for cso in found]
        raise Ambiguous(
            f"{subject.document(facts).name} is in {len(found)} connector spaces",
            lines,
            help=f"Name the connector, such as --connector {found[0].connector}.",
        )
    return cs_document(facts, found[0])


def cs_document(facts: Facts, cso: CSObject) -> CSDocument:
    """A connector-space object with everything that belongs to it."""
    known = import_hologram(cso)
    names = sorted({*known.attributes, *known.references}, key=str.casefold)
    mvo = facts.store.mv(cso.link.mv_id) if cso.link is not None else None
    return CSDocument(
        cso.id,
        cso.connector,
        cso.partition,
        cso.dn,
        cso.object_type,
        cso.anchor,
        cso.kind,
        cso.transient,
        cso.state,
        mvo.id if mvo is not None else None,
        facts.mv_name(mvo) if mvo is not None else None,
        link_text(facts, cso),
        tuple(
            _value_row(facts, name, facts.in_image(known, name, cso.connector), _of_known(cso, name)) for name in names
        ),
        tuple(_pending(facts, cso)),
        tuple(_applied(facts, cso)),
        error_document(facts, cso.import_error) if cso.import_error is not None else None,
        error_document(facts, cso.export_error) if cso.export_error is not None else None,
        tuple(_held_rows(facts, cso.id, inbound=True)),
    )


def _of_known(cso: CSObject, name: str) -> Provenance | None:
    """The provenance of the known value: while another one waits for export, what is stored is that one's."""
    return None if touches(cso.unapplied, name) else cso.provenance.get(name)


def _pending(facts: Facts, cso: CSObject) -> list[PendingDocument]:
    below = cso.image or EMPTY_IMAGE
    layers: tuple[tuple[Literal["pending-import", "unconfirmed", "escrowed", "pending-export"], Delta | None], ...] = (
        ("pending-import", cso.pending_import),
        ("unconfirmed", cso.unconfirmed),
        ("escrowed", cso.escrowed),
        ("pending-export", cso.unapplied),
    )
    found = []
    for layer, delta in layers:
        if delta is not None:
            above = apply_delta(delta, below)
            rows = tuple(_changes(facts, cso, delta, below, above))
            found.append(PendingDocument(layer, delta.operation, rows, delta.new_dn, delta.old_dn))
            below = above
    return found


def _changes(facts: Facts, cso: CSObject, delta: Delta, below: Image, above: Image) -> list[ChangeRow]:
    rows = []
    for name in sorted({*delta.attributes, *delta.references}, key=str.casefold):
        change = delta.attributes.get(name)
        operation = change.operation if change is not None else "update"
        provenance = cso.provenance.get(name) if delta is cso.unapplied else None
        origin = provenance.origin if provenance is not None else None
        run = provenance.since_run if provenance is not None else None
        rows.append(
            ChangeRow(
                name,
                operation,
                *_shift(facts, cso.connector, delta, name, below, above),
                facts.rule(origin.rule_id, run) if origin is not None else None,
                facts.since(run) if run is not None else None,
            )
        )
    return rows


def _shift(facts: Facts, connector: str, delta: Delta, name: str, below: Image, above: Image) -> tuple[Shown, Shown]:
    """What the attribute was and what it becomes; where single values come and go, only those."""
    shift, change = delta.references.get(name), delta.attributes.get(name)
    if shift is not None:
        below, above = (Image({}, {name: ReferenceIds(ids)}) for ids in (shift.removed, shift.added))
    elif change is not None and change.operation == "update":
        below, above = (Image({name: values}, {}) for values in (change.removed, change.added))
    return facts.in_image(below, name, connector), facts.in_image(above, name, connector)


_ACTIONS = {"provision": "Provision", "join": "Join", "sticky-join": "StickyJoin", "join-no-flow": "JoinNoFlow"}


def _applied(facts: Facts, cso: CSObject) -> list[AppliedRuleRow]:
    newest = max((p.since_run for p in cso.provenance.values()), default=None)
    run = cso.link.since_run if cso.link is not None else newest
    rows = []
    for text in cso.applied_rules:
        applied = AppliedRule.parse(text)
        rule = facts.rule(applied.id, run)
        rows.append(AppliedRuleRow(rule, applied.direction, _ACTIONS.get(applied.link, applied.link)))
    return rows
