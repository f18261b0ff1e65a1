"""Precedence: which contribution becomes the value of one attribute (behaviour.md §3.5).

The same for both directions: candidates come in precedence order; a value wins, NULL passes on,
AuthoritativeNull stops, IgnoreThisFlow passes on and, if nobody else contributes, keeps what is
there. Merged attributes take all contributors. When observed, candidates that lost are evaluated
too, so that a trace can say what they would have given; their errors then fail nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrflow.engine.account import Account
from attrflow.engine.decision import Existing, Offer, Resolved, Source
from attrflow.engine.flow import Contribution, contribute
from attrflow.engine.plan import ObjectFailure
from attrflow.engine.program import Candidates, CompiledMapping
from attrflow.engine.reference import NOTHING_HELD, Held
from attrflow.engine.telling import tell_attribute, tell_offer
from attrflow.events import Status
from attrflow.model.configuration import EngineOptions
from attrflow.model.provenance import Basis, Origin
from attrflow.model.references import ReferenceIds, ReferenceSet
from attrflow.model.values import Value, Values, canonical

__all__ = ["resolve"]


def resolve(
    destination: str,
    candidates: Candidates,
    sources: Sequence[Source],
    existing: Existing,
    *,
    creating: bool,
    options: EngineOptions,
    merge_base: Existing | None = None,
    account: Account | None = None,
    by_difference: bool = True,
) -> Resolved:
    """Decide one attribute; `creating` says that the target object is being made in this very sync.

    Raises:
        ObjectFailure: a mapping that had to be evaluated failed, or merge types are mixed.
    """
    step = "import-flow" if candidates[0][1].rule.direction == "inbound" else "export-flow"
    merging = _merge_type(destination, candidates, step)
    given = None
    if existing.basis is not None and merging is None and account is None and by_difference:
        given = (existing.references, existing.basis)
    offers: list[Offer] = []
    winner: Offer | None = None
    stopped = False
    for index, mapping in candidates:
        decided = stopped or (winner is not None and merging is None)
        if decided and account is None:
            break
        offer = _offer(
            index,
            mapping,
            sources[index],
            existing,
            creating,
            options,
            step,
            losing=decided,
            account=account,
            given=given if mapping.origin == existing.origin else None,
        )
        offers.append(offer)
        if decided:
            _mark_loser(offer, winner)
            continue
        if offer.contribution is None:
            continue
        if offer.contribution.word == "authoritative-null":
            stopped = merging is None or options.authoritative_null_stops_merge
        elif offer.contribution.word == "value" and (winner is None or merging is not None):
            winner = winner or offer
    if given is not None and _mixed(offers):
        return resolve(
            destination, candidates, sources, existing, creating=creating, options=options, by_difference=False
        )
    resolved = _decide(offers, winner, stopped, merging, existing, merge_base or Existing(), options)
    if account is not None:
        tell_attribute(account, destination, offers, winner, resolved, existing, sources, merging)
    return resolved


def _mixed(offers: list[Offer]) -> bool:
    """Whether of two mappings of one object one tells all that it holds, the other only what changed of that."""
    held = [
        (o.index, o.contribution.held) for o in offers if o.contribution is not None and o.contribution.held.targets
    ]
    parts = {index for index, one in held if not one.whole}
    return any(one.whole and index in parts for index, one in held)


def _merge_type(destination: str, candidates: Candidates, step: str) -> str | None:
    if len(candidates) == 1:
        (only,) = candidates
        return only[1].mapping.merge if only[1].mapping.merge.startswith("merge") else None
    kinds = {"update" if m.mapping.merge == "replace" else m.mapping.merge for _, m in candidates}
    if len(kinds) > 1:
        names = ", ".join(sorted({f"{m.rule.name} ({m.mapping.merge})" for _, m in candidates}))
        raise ObjectFailure(
            "sync-rule-error-mixed-merge-types",
            step,
            f"rules with different merge types flow to {destination}: {names}; give all of them the same",
            attribute=destination,
        )
    (kind,) = kinds
    return None if kind == "update" else kind


def _offer(
    index: int,
    mapping: CompiledMapping,
    source: Source,
    existing: Existing,
    creating: bool,
    options: EngineOptions,
    step: str,
    *,
    losing: bool,
    account: Account | None,
    given: tuple[ReferenceSet, Basis] | None,
) -> Offer:
    if mapping.rule.direction == "outbound" and (mapping.target is None or mapping.target.read_only):
        return Offer(index, mapping, "target-attribute-not-selected")
    waits = options.once_waits_for_a_value and not existing.present
    if mapping.mapping.execute_once and not creating and not waits:
        return _kept_once(index, mapping, existing)
    if account is not None:
        source.reading.observed.clear()
    try:
        contribution = contribute(mapping, source.reading, source.translation, options.length_limit, step, given)
    except ObjectFailure as failure:
        nodes = list(source.reading.observed)
        if losing:
            return Offer(index, mapping, "expression-error", detail=failure.detail, nodes=nodes)
        if account is not None:
            tell_offer(account, Offer(index, mapping, _failure_status(failure), None, failure.detail, nodes), source)
        raise
    nodes = list(source.reading.observed) if account is not None else []
    return Offer(index, mapping, contribution.status, contribution, contribution.detail, nodes)


def _kept_once(index: int, mapping: CompiledMapping, existing: Existing) -> Offer:
    """An apply-once mapping of an object that was there already: its own value stays, nothing new comes.

    A directory's value that has no origin here was imported: it stays too, if no other rule flows.
    """
    kept: Contribution | None = None
    if existing.present and existing.origin == mapping.origin:
        kept = Contribution("value", existing.values, existing.references, status="execute-once-kept")
    elif mapping.rule.direction == "outbound" and existing.origin is None:
        kept = Contribution("ignore", status="execute-once-kept")
    return Offer(index, mapping, "execute-once-kept", kept)


def _failure_status(failure: ObjectFailure) -> Status:
    words: dict[str, Status] = {
        "flow-multi-values-to-single-value": "multi-to-single",
        "mv-constraint-violation": "too-long",
        "sync-rule-error-type-mismatch": "type-mismatch",
    }
    return words.get(failure.type, "expression-error")


def _mark_loser(offer: Offer, winner: Offer | None) -> None:
    if offer.contribution is None or offer.contribution.word != "value":
        return
    if winner is None:
        offer.status = "blocked-by-authoritative-null"
    else:
        offer.status = "lower-precedence"
        offer.detail = f"{winner.mapping.rule.name} ({winner.mapping.rule.precedence}) won"


def _decide(
    offers: list[Offer],
    winner: Offer | None,
    stopped: bool,
    merging: str | None,
    existing: Existing,
    merge_base: Existing,
    options: EngineOptions,
) -> Resolved:
    held: tuple[tuple[int, Held], ...] = ()
    for offer in offers:
        if offer.contribution is not None and offer.contribution.held is not NOTHING_HELD:
            held = (*held, (offer.index, offer.contribution.held))
    if merging is not None and (winner is not None or (merge_base.present and not stopped)):
        return _merged(offers, merging, merge_base, held, stopped=stopped)
    if winner is not None and winner.contribution is not None:
        won = winner.contribution
        return Resolved("set", won.values, won.references, winner.mapping.origin, held=held, basis=won.basis)
    if stopped:
        return Resolved("clear", held=held)
    words = {offer.contribution.word for offer in offers if offer.contribution is not None}
    ignoring = "ignore" in words and "null" not in words  # a NULL beside it says that there is no value
    only_unselected = all(o.status == "target-attribute-not-selected" for o in offers)
    if only_unselected:
        return Resolved("keep", held=held)
    if ignoring and (options.ignored_flow_survives_recall or _still_there(offers, existing)):
        return Resolved("keep", held=held)
    return Resolved("clear", held=held)


def _still_there(offers: list[Offer], existing: Existing) -> bool:
    """Whether what the attribute holds may stay: in the metaverse only what a rule in scope gave (OPEN-7)."""
    if offers[0].mapping.rule.direction == "outbound" or existing.origin is None:
        return True
    return existing.origin in {offer.mapping.origin for offer in offers}


def _merged(
    offers: list[Offer], merging: str, base: Existing, held: tuple[tuple[int, Held], ...], *, stopped: bool
) -> Resolved:
    """The union of all contributors, equal values once; with -case-insensitive also those that differ in case.

    `base` is what the directory holds already and keeps; it counts as the first contributor's.
    """
    seen: set[object] = set()
    values: list[Value] = []
    origins: list[Origin] = []
    targets: dict[int, Origin] = {}
    first: Origin | None = None

    def key(value: Value) -> object:
        if merging == "merge-case-insensitive" and isinstance(value, str):
            return value.casefold()
        return canonical(value)

    def take(given: Values, references: ReferenceSet, origin: Origin) -> None:
        for value in given:
            if key(value) not in seen:
                seen.add(key(value))
                values.append(value)
                origins.append(origin)
        for target in references:
            targets.setdefault(target, origin)

    for offer in offers:
        if offer.contribution is None:
            continue
        if offer.contribution.word == "authoritative-null" and stopped:
            break
        if offer.contribution.word == "value":
            first = first or offer.mapping.origin
            take(offer.contribution.values, offer.contribution.references, offer.mapping.origin)
    if first is not None:
        take(base.values, base.references, first)
    if not values and not targets:
        return Resolved("keep" if first is None and base.present else "clear", held=held)
    each = tuple(origins) or tuple(targets[target] for target in sorted(targets))
    return Resolved("set", tuple(values), ReferenceIds(targets), first, each, held)
