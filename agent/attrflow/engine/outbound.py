"""Outbound synchronization: one metaverse object to one connector (behaviour.md §3.7, §3.8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from attrflow.engine.account import Account
from attrflow.engine.decision import Existing, Resolved, Source
from attrflow.engine.inbound import disconnect
from attrflow.engine.precedence import resolve
from attrflow.engine.program import DN, Candidates, CompiledRule
from attrflow.engine.provision import computed_dn, deprovision, link_or_provision
from attrflow.engine.reading import MVReading
from attrflow.engine.reference import Holding, to_connector
from attrflow.engine.work import Narrowed, Work, applied_ids, provisioned_by
from attrflow.events import ExportStaged, ProvisioningDecided
from attrflow.model.connector_space import CSObject, export_hologram, import_hologram, is_export_only, refused_no_more
from attrflow.model.delta import EMPTY_IMAGE, Delta, Image, apply_delta, image_difference
from attrflow.model.metaverse import MVObject
from attrflow.model.names import InvalidName, parse_dn
from attrflow.model.provenance import Provenance
from attrflow.model.references import NO_REFERENCES, ReferenceSet, difference, edited
from attrflow.model.values import NO_VALUES, Values, same_values

__all__ = ["flow_connector"]


def flow_connector(
    work: Work, mvo: MVObject, connector: str, inbound: dict[int, tuple[CompiledRule, ...]]
) -> tuple[CompiledRule, ...]:
    """Bring the metaverse object's counterpart in one connector to what the rules say.

    `inbound` are the inbound rules in scope by connector-space id: a link that they hold is theirs.
    Returns the outbound rules that apply to it: none where nothing is linked, or where no rule holds the link.

    Raises:
        ObjectFailure: a mapping fails, a join is ambiguous, or provisioning is not possible.
    """
    reading = work.mv_reading(mvo, connector)
    rules = work.outbound_scope(mvo, connector, reading)
    account = work.account.about(mvo.id, connector) if work.account is not None else None
    cso = _counterpart(work, mvo.id, connector)
    if cso is not None:
        cso = _keep_or_let_go(work, cso, rules, inbound.get(cso.id, ()), account)
    if cso is None:
        cso = link_or_provision(work, mvo, connector, rules, reading)
    if cso is not None and not _is_leaving(cso):
        own = tuple(rule for rule in rules if rule.rule.target_type == cso.object_type)
        if any(_links(rule) for rule in own):
            _export_flow(work, mvo, cso, own, reading, account)
            return own
    work.working.release(mvo.id, connector, inbound=False)
    return ()


def _is_leaving(cso: CSObject) -> bool:
    """Whether the directory does not hold the object any more, which its own synchronization will act on."""
    return cso.pending_import is not None and cso.pending_import.operation in ("delete", "obsolete")


def _counterpart(work: Work, mv_id: int, connector: str) -> CSObject | None:
    for cs_id in work.working.linked(mv_id):
        cso = work.working.cs(cs_id)
        if cso is not None and cso.connector == connector:
            return cso
    return None


def _links(rule: CompiledRule) -> bool:
    return bool(rule.rule.join) or rule.rule.link == "provision"


def _provisions(rule: CompiledRule) -> bool:
    return rule.rule.link == "provision"


def _keep_or_let_go(
    work: Work,
    cso: CSObject,
    rules: tuple[CompiledRule, ...],
    inbound: tuple[CompiledRule, ...],
    account: Account | None,
) -> CSObject | None:
    """The linked object if it stays linked, else None: deprovisioned or disconnected (behaviour.md §3.7)."""
    own = [rule for rule in rules if rule.rule.target_type == cso.object_type]
    provisioned = provisioned_by(cso)
    holding = _links if work.program.options.join_rules_keep_provisioned else _provisions
    if provisioned is not None and not any(map(holding, own)):
        deprovision(work, cso, "provisioning-rule-out-of-scope", provisioned.id)
        return None
    if any(_links(rule) for rule in own) or any(_links(rule) for rule in inbound) or cso.state != "normal":
        if account is not None:
            rule_id = own[0].rule.id if own else None
            account.note(ProvisioningDecided, decision="keep", rule_id=rule_id, cs_id=cso.id, reason="linked")
        return cso
    disconnect(work, cso, "no-rule-holds-the-link", None)
    return None


def _export_flow(
    work: Work,
    mvo: MVObject,
    cso: CSObject,
    rules: tuple[CompiledRule, ...],
    reading: MVReading,
    account: Account | None,
) -> None:
    """Resolve every attribute that the rules flow, and stage only the difference to the newest known state."""
    top, base = export_hologram(cso), _below_unapplied(cso)
    due = work.working.due_by(mvo.id)
    source = Source(reading, to_connector(work.working, mvo, cso.connector, due), mvo.id)
    attributes, references = dict(top.attributes), dict(top.references)
    provenance = dict(cso.provenance)
    holding = Holding(work.working, mvo.id, cso.connector, inbound=False)
    creating = _is_new(cso)
    touched = _touched(work.narrowed, mvo, cso, rules)
    plan = work.program.plan((rules,))
    heard = plan.heard((reading.names(),), top.attributes, top.references)
    for destination, candidates in plan.candidates.items():
        if destination == DN or (destination not in heard and account is None):
            continue
        known = cso.provenance.get(destination)
        existing = Existing(
            top.attributes.get(destination, NO_VALUES),
            top.references.get(destination, NO_REFERENCES),
            known.origin if known is not None else None,
            known.basis if known is not None else None,
        )
        if touched is not None and not touched(destination, candidates):
            holding.leave(destination)
            continue
        merging = candidates[0][1].mapping.merge.startswith("merge")
        resolved = resolve(
            destination,
            candidates,
            [source],
            existing,
            creating=creating,
            options=work.program.options,
            merge_base=existing if merging else None,
            account=account,
        )
        for _, held in resolved.held:
            holding.take(destination, held)
        _apply(destination, resolved, existing, attributes, references, provenance, work.moment.run)
    holding.close()
    delta = _staged(work, mvo, cso, rules, reading, base, Image(attributes, references))
    changed = delta != cso.unapplied
    if changed or provenance != cso.provenance:
        work.working.put_cs(cso.id, refused_no_more(replace(cso, unapplied=delta, provenance=provenance)))
    if not is_export_only(cso):
        work.counters.append(f"{cso.connector}:connector-{'flow' if changed else 'no-flow'}")
    if account is not None:
        account.note(ExportStaged, cs_id=cso.id, delta=delta)


def _touched(
    narrowed: Narrowed | None, mvo: MVObject, cso: CSObject, rules: tuple[CompiledRule, ...]
) -> Callable[[str, Candidates], bool] | None:
    """Which attributes a synchronization of what changed evaluates (OPEN-16); None: all of them."""
    if narrowed is None or _is_new(cso) or applied_ids(cso, "outbound") != tuple(r.rule.id for r in rules):
        return None
    changed = narrowed.changed_in(mvo)
    imported = narrowed.names if narrowed.cs_id == cso.id else frozenset[str]()

    def touched(destination: str, candidates: Candidates) -> bool:
        return destination in imported or any(not changed.isdisjoint(mapping.reads) for _, mapping in candidates)

    return touched


def _is_new(cso: CSObject) -> bool:
    """Whether the object was provisioned just now: nothing has flowed to it yet."""
    return cso.unapplied is not None and cso.unapplied.operation in ("add", "delete-add") and not cso.provenance


def _below_unapplied(cso: CSObject) -> Image:
    if cso.unapplied is not None and cso.unapplied.operation in ("add", "delete-add"):
        return EMPTY_IMAGE
    return apply_delta(cso.escrowed, apply_delta(cso.unconfirmed, import_hologram(cso)))


def _apply(
    destination: str,
    resolved: Resolved,
    existing: Existing,
    attributes: dict[str, Values],
    references: dict[str, ReferenceSet],
    provenance: dict[str, Provenance],
    run: int,
) -> None:
    known = provenance.get(destination)
    if resolved.action == "keep":
        if known is not None and known.basis is not None:  # what becomes of its targets is not flowed
            provenance[destination] = replace(known, basis=None)
        return
    if resolved.values:
        attributes[destination] = resolved.values
    else:
        attributes.pop(destination, None)
    shift = difference(existing.references, resolved.references)
    if shift:
        references[destination] = edited(existing.references, shift)
    if not resolved.references.count:
        references.pop(destination, None)
    same = not shift and same_values(existing.values, resolved.values)
    if resolved.action == "clear":
        if existing.present:
            provenance[destination] = Provenance(resolved.origin, run)
        return
    since = known.since_run if known is not None and same and existing.origin == resolved.origin else run
    if known is None or since != known.since_run or resolved.basis != known.basis:
        per_value = resolved.per_value if since == run or known is None else known.per_value
        provenance[destination] = Provenance(resolved.origin, since, per_value, resolved.basis)


def _staged(
    work: Work,
    mvo: MVObject,
    cso: CSObject,
    rules: tuple[CompiledRule, ...],
    reading: MVReading,
    base: Image,
    wanted: Image,
) -> Delta | None:
    """The pending export: an add (or delete-add) with everything, or an update with the difference."""
    type_ = work.program.cs_type(cso.connector, cso.object_type)
    multi = frozenset(a.name for a in type_.attributes.values() if a.multi) if type_ is not None else frozenset()
    delta = image_difference(base, wanted, multi=multi)
    if cso.unapplied is not None and cso.unapplied.operation in ("add", "delete-add"):
        content = delta or Delta("update")
        return replace(cso.unapplied, attributes=content.attributes, references=content.references)
    new_dn = _rename(work, mvo, cso, rules, reading)
    if new_dn is None:
        return delta
    return Delta("update", delta.attributes if delta else {}, delta.references if delta else {}, new_dn=new_dn)


def _rename(
    work: Work, mvo: MVObject, cso: CSObject, rules: tuple[CompiledRule, ...], reading: MVReading
) -> str | None:
    """The DN to move to. Entra's two forms of a DN are no rename (DECISIONS 21)."""
    if work.program.configurations[cso.connector].kind == "entra":
        return None
    dn = computed_dn(work, mvo, cso.connector, cso.object_type or "", rules, reading)
    if dn is None:
        return None
    try:
        return dn if parse_dn(dn).key != cso.dn_key else None
    except InvalidName:
        return None
