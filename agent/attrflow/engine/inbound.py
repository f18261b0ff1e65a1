"""Inbound synchronization: link upkeep, join, projection, flow into the metaverse (behaviour.md §3.0, 3 to 7)."""

from __future__ import annotations

from dataclasses import replace

from attrflow.engine.decision import Existing, Resolved, Source
from attrflow.engine.join import find_metaverse_object, has_join_value
from attrflow.engine.plan import ObjectFailure
from attrflow.engine.precedence import resolve
from attrflow.engine.program import Candidates, CompiledRule
from attrflow.engine.reading import Reading
from attrflow.engine.reference import Holding, to_metaverse
from attrflow.engine.work import Narrowed, Work, applied_ids, applied_rules, for_type, provisioned_by
from attrflow.events import Disconnected, Joined, LinkKept, Projected, Recalled
from attrflow.model.connector_space import CSObject, Disconnection, Link, refused_no_more
from attrflow.model.metaverse import MVAttribute, MVObject, MVReferences
from attrflow.model.provenance import Provenance
from attrflow.model.references import NO_REFERENCES, ReferenceSet, difference, edited
from attrflow.model.values import NO_VALUES, same_values

__all__ = ["LinkChange", "disconnect", "flow_metaverse", "keeps_alive", "lets_go", "upkeep_link"]

LinkChange = str
"""`kept`, `joined`, `projected`, `remains` (still a disconnector), `filtered` (was disconnected) or `released`.

A released object was disconnected, and rules for another type of metaverse object may link it anew.
"""


def upkeep_link(work: Work, cso: CSObject) -> tuple[CSObject, LinkChange, int | None]:
    """Keep, make or break the link of a connector-space object.

    Returns:
        The object, what happened, and the metaverse object that it belongs (or belonged) to.

    Raises:
        ObjectFailure: the join is ambiguous.
    """
    reading = work.cs_reading(cso)
    rules = work.inbound_scope(cso, reading)
    if cso.link is not None:
        mv_id = cso.link.mv_id
        mvo = work.working.mv(mv_id)
        assert mvo is not None, "a link names a metaverse object that is there"
        if lets_go(cso, for_type(rules, mvo.object_type)):
            change = "released" if any(map(_holds_links, rules)) else "filtered"
            return disconnect(work, cso, "filtered-disconnector", None), change, mv_id
        if work.account is not None:
            work.account.note(LinkKept, mv_id=mv_id)
        return cso, "kept", mv_id
    if cso.transient or cso.state == "explicit" or (cso.unapplied is not None and cso.unapplied.operation == "delete"):
        return cso, "remains", None
    _check_single_join(work, rules)
    match = find_metaverse_object(rules, reading, work.working, work.program.options, work.account)
    if match is not None:
        _refuse_second(work, cso, match.target, match.rule)
        joined = _linked(work, cso, Link(match.target, "join-rules", match.rule.rule.id, work.moment.run))
        if work.account is not None:
            work.account.note(Joined, direction="inbound", rule_id=match.rule.rule.id, target=match.target)
        return joined, "joined", match.target
    rule = next(
        (r for r in rules if r.rule.link == "provision" and _may_project(work, r, reading)),
        None,
    )
    if rule is None:
        if work.account is not None:
            work.account.note(Projected, rule_id=None, mv_id=None, reason=_why_not(rules))
        return cso, "remains", None
    mv_id = work.moment.world.new_id()
    work.working.put_mv(mv_id, MVObject(mv_id, rule.rule.target_type))
    if work.account is not None:
        work.account.note(Projected, rule_id=rule.rule.id, mv_id=mv_id, reason="no object to join")
    return (
        _linked(work, cso, Link(mv_id, "projection-rules", rule.rule.id, work.moment.run)),
        "projected",
        mv_id,
    )


def _may_project(work: Work, rule: CompiledRule, reading: Reading) -> bool:
    """Whether a Provision rule in scope projects: one join attribute needs a value, if there are any (OPEN-26)."""
    return has_join_value(rule, reading) if rule.rule.join else work.program.options.project_without_join_criteria


def _linked(work: Work, cso: CSObject, link: Link) -> CSObject:
    cso = replace(cso, link=link, disconnection=None)
    work.working.put_cs(cso.id, cso)
    return cso


def lets_go(cso: CSObject, rules: tuple[CompiledRule, ...]) -> bool:
    """Whether the inbound side breaks the link: it once held a join- or provision-bearing rule, and holds none now.

    A link that an outbound Provision rule made is judged by the outbound side alone.
    """
    held = any(rule.direction == "inbound" and rule.keeps_link for rule in applied_rules(cso))
    return cso.state == "normal" and held and not any(map(_holds_links, rules)) and provisioned_by(cso) is None


def _holds_links(rule: CompiledRule) -> bool:
    return bool(rule.rule.join) or rule.rule.link == "provision"


def _check_single_join(work: Work, rules: tuple[CompiledRule, ...]) -> None:
    joining = [rule.rule for rule in rules if rule.rule.join]
    if work.program.options.strict_single_join and len(joining) > 1:
        names = ", ".join(rule.name for rule in joining)
        raise ObjectFailure(
            "sync-rule-error-several-join-rules",
            "join/projection",
            f"more than one rule with join criteria is in scope: {names}",
            rule_id=joining[1].id,
        )


def _refuse_second(work: Work, cso: CSObject, mv_id: int, rule: CompiledRule) -> None:
    for other_id in work.working.linked(mv_id):
        other = work.working.cs(other_id)
        if other is not None and other.connector == cso.connector and other.id != cso.id:
            raise ObjectFailure(
                "ambiguous-import-flow-from-multiple-connectors",
                "join/projection",
                f"{rule.rule.name} joins the object to the one that {other.dn} of the same connector is joined to; "
                "give one of the two another value of the join attribute",
                rule_id=rule.rule.id,
            )


def _why_not(rules: tuple[CompiledRule, ...]) -> str:
    provision = [rule for rule in rules if rule.rule.link == "provision"]
    if not provision:
        return "no Provision rule is in scope"
    if not provision[0].rule.join:
        return f"{provision[0].rule.name} is in scope, but has no join criteria (option project-without-join-criteria)"
    names = ", ".join(clause.cs for group in provision[0].rule.join for clause in group)
    return f"{provision[0].rule.name} is in scope, but no join attribute has a value ({names})"


def disconnect(work: Work, cso: CSObject, cause: str, rule_id: str | None) -> CSObject:
    """Take the object's link away; what it contributed is recalled when the metaverse object is flowed."""
    assert cso.link is not None, "only a linked object can be disconnected"
    if work.account is not None:
        about = work.account.about(cso.id, cso.connector)
        about.note(Disconnected, mv_id=cso.link.mv_id, cause=cause, rule_id=rule_id)
        mvo = work.working.mv(cso.link.mv_id)
        if mvo is not None:
            stored = [*((n, a.provenance) for n, a in mvo.attributes.items())]
            stored += [(n, r.provenance) for n, r in mvo.references.items()]
            names = tuple(n for n, p in stored if p.origin is not None and p.origin.connector == cso.connector)
            about.note(Recalled, mv_id=mvo.id, attributes=names)
    cso = replace(
        cso,
        link=None,
        applied_rules=(),
        unapplied=None,  # what rules of a link that is gone wanted to write
        disconnection=Disconnection(cause, rule_id, work.moment.run),
    )
    cso = refused_no_more(cso)
    work.working.put_cs(cso.id, cso)
    work.working.release(cso.id, cso.connector, inbound=True)
    return cso


def keeps_alive(rules: tuple[CompiledRule, ...]) -> bool:
    """Whether rules in scope of one linked object keep its metaverse object alive (behaviour.md §2, documented)."""
    return any(rule.rule.link in ("provision", "sticky-join") for rule in rules)


def flow_metaverse(
    work: Work, mvo: MVObject, *, creating: bool
) -> tuple[MVObject, dict[int, tuple[CompiledRule, ...]]]:
    """Resolve every attribute of a metaverse object over all contributions of all objects linked to it.

    Returns:
        The object as it should be, and the inbound rules in scope by connector-space id.

    Raises:
        ObjectFailure: a mapping fails.
    """
    sources: list[Source] = []
    scopes: dict[int, tuple[CompiledRule, ...]] = {}
    due = work.working.due_by(mvo.id)
    linked: list[CSObject] = []
    for cs_id in work.working.linked(mvo.id):
        cso = work.working.cs(cs_id)
        assert cso is not None, "a link names an object that is there"
        reading = work.cs_reading(cso)
        primary = work.account is not None and work.account.object == cs_id
        scopes[cs_id] = work.flowing_scope(cso, reading, mvo.object_type, told=not primary)
        sources.append(Source(reading, to_metaverse(work.working, cso, due), cs_id))
        linked.append(cso)
    if any(applied_ids(cso, "inbound") != tuple(r.rule.id for r in scopes[cso.id]) for cso in linked):
        work.narrowed = None  # other rules than before: what they contribute is not known
    plan = work.program.plan(tuple(scopes.values()))
    attributes: dict[str, MVAttribute] = {}
    references: dict[str, MVReferences] = {}
    holding = [Holding(work.working, cso.id, cso.connector, inbound=True) for cso in linked]
    heard = plan.heard([source.reading.names() for source in sources], mvo.attributes, mvo.references)
    for destination, candidates in plan.candidates.items():
        if destination not in heard and work.account is None:
            continue
        stored, referring = mvo.attributes.get(destination), mvo.references.get(destination)
        if work.narrowed is not None and _untouched(work.narrowed, candidates, linked, stored, referring):
            _keep(destination, stored, referring, attributes, references)
            for one in holding:
                one.leave(destination)
            continue
        resolved = resolve(
            destination,
            candidates,
            sources,
            _existing(stored, referring),
            creating=creating,
            options=work.program.options,
            account=work.account,
        )
        for index, held in resolved.held:
            holding[index].take(destination, held)
        if resolved.action == "keep":
            _keep(destination, stored, _without_basis(referring), attributes, references)
        elif resolved.action == "set":
            if resolved.values:
                attributes[destination] = _attribute(stored, resolved, work.moment.run)
            if resolved.references.count:
                references[destination] = _references(referring, resolved, work.moment.run)
    for one in holding:
        one.close()
    if attributes == mvo.attributes and references == mvo.references:
        return mvo, scopes
    changed = replace(mvo, attributes=attributes, references=references)
    work.working.put_mv(mvo.id, changed)
    return changed, scopes


def _keep(
    destination: str,
    stored: MVAttribute | None,
    referring: MVReferences | None,
    attributes: dict[str, MVAttribute],
    references: dict[str, MVReferences],
) -> None:
    """Let stay what the attribute holds."""
    if stored is not None:
        attributes[destination] = stored
    if referring is not None:
        references[destination] = referring


def _without_basis(referring: MVReferences | None) -> MVReferences | None:
    """What is kept without being flowed misses what becomes of its targets, so it is flowed as a whole next time."""
    if referring is None or referring.provenance.basis is None:
        return referring
    return replace(referring, provenance=replace(referring.provenance, basis=None))


def _untouched(
    narrowed: Narrowed,
    candidates: Candidates,
    linked: list[CSObject],
    stored: MVAttribute | None,
    referring: MVReferences | None,
) -> bool:
    """Whether nothing that changed flows into the attribute, and what gave its value may still give it (OPEN-16)."""
    if any(narrowed.concerns(linked[index].id, mapping) for index, mapping in candidates):
        return False
    givers = {mapping.origin for _, mapping in candidates}
    known = (held.provenance.origin for held in (stored, referring) if held is not None)
    return all(origin in givers for origin in known)


def _existing(stored: MVAttribute | None, referring: MVReferences | None) -> Existing:
    provenance = stored.provenance if stored is not None else referring.provenance if referring is not None else None
    return Existing(
        stored.values if stored is not None else NO_VALUES,
        referring.targets if referring is not None else NO_REFERENCES,
        provenance.origin if provenance is not None else None,
        provenance.basis if provenance is not None else None,
    )


def _attribute(stored: MVAttribute | None, resolved: Resolved, run: int) -> MVAttribute:
    """The attribute to store: the one that is there when neither value nor origin changed (DECISIONS 15)."""
    if (
        stored is not None
        and stored.provenance.origin == resolved.origin
        and stored.provenance.per_value == resolved.per_value
        and same_values(stored.values, resolved.values)
    ):
        return stored
    return MVAttribute(resolved.values, Provenance(resolved.origin, run, resolved.per_value))


def _references(referring: MVReferences | None, resolved: Resolved, run: int) -> MVReferences:
    before: ReferenceSet = referring.targets if referring is not None else NO_REFERENCES
    shift = difference(before, resolved.references)
    now = Provenance(resolved.origin, run, resolved.per_value, resolved.basis)
    if referring is None or shift:
        return MVReferences(edited(before, shift), now)
    told = referring.provenance
    if (told.origin, told.per_value) == (now.origin, now.per_value):
        now = replace(now, since_run=told.since_run)  # the same value of the same contributor, perhaps on another basis
    return referring if now == told else replace(referring, provenance=now)
