"""Telling an observer how one attribute was decided: every mapping with its status word, and who won."""

from __future__ import annotations

from collections.abc import Sequence

from attrflow.engine.account import Account
from attrflow.engine.decision import Existing, Offer, Resolved, Source
from attrflow.events import MappingEvaluated, NodeEvaluated, PrecedenceDecided, ReferenceHeld
from attrflow.expr import FlowWord
from attrflow.model.references import ReferenceSet, difference
from attrflow.model.values import NO_VALUES, Reference, Values, display, same_values

__all__ = ["tell_attribute", "tell_offer"]


def tell_attribute(
    account: Account,
    destination: str,
    offers: list[Offer],
    winner: Offer | None,
    resolved: Resolved,
    existing: Existing,
    sources: Sequence[Source],
    merging: str | None,
) -> None:
    """Tell of every mapping what it offered and how it ended, of references what is held, and who won.

    The status words of the offers are settled here, once the decision is known.
    """
    same = resolved.action != "set" or (
        same_values(resolved.values, existing.values) and not difference(existing.references, resolved.references)
    )
    for offer in offers:
        if offer.contribution is not None and offer.contribution.word == "value":
            if merging is not None and offer.status not in (
                "lower-precedence",
                "blocked-by-authoritative-null",
            ):
                offer.status = "merged"
            elif offer is winner and offer.status != "execute-once-kept":
                offer.status = "applied-no-change" if same else "applied-changed"
        tell_offer(account, offer, sources[offer.index])
        if offer.contribution is not None and offer.contribution.held.targets:
            account.note(
                ReferenceHeld,
                direction=offer.mapping.rule.direction,
                attribute=destination,
                targets=tuple(sorted(offer.contribution.held.targets)),
                reason="the target has no counterpart on the other side",
            )
    after = {"set": _shown(resolved.values, resolved.references), "clear": NO_VALUES}.get(
        resolved.action, _shown(existing.values, existing.references)
    )
    won = (winner.mapping.rule.id, winner.mapping.mapping.id) if winner is not None else None
    account.note(
        PrecedenceDecided,
        direction=offers[0].mapping.rule.direction,
        attribute=destination,
        winner=won,
        before=_shown(existing.values, existing.references),
        after=after,
    )


def _shown(values: Values, references: ReferenceSet) -> Values:
    return values or tuple(Reference(target) for target in sorted(references))


def tell_offer(account: Account, offer: Offer, source: Source) -> None:
    """Tell of one mapping, with the nodes of its expression inside it."""
    mapping = offer.mapping.mapping
    values = NO_VALUES
    if offer.contribution is not None:
        values = _shown(offer.contribution.values, offer.contribution.references)
    id_ = account.note(
        MappingEvaluated,
        direction=offer.mapping.rule.direction,
        rule_id=offer.mapping.rule.id,
        mapping=mapping.id,
        source=mapping.source,
        status=offer.status,
        values=values,
        detail=offer.detail,
        source_object=source.object_id,
    )
    if offer.nodes and offer.mapping.compiled is not None:
        inside = account.inside(id_)
        for node, value in offer.nodes:
            text = offer.mapping.compiled.nodes[node].text
            inside.note(NodeEvaluated, node=node, text=text, value=_text(value))


def _text(value: object) -> str:
    """The value of an expression's node as a person reads it; text in quotes, so that blanks show."""
    if value is None:
        return "NULL"
    if isinstance(value, FlowWord):
        return value.value
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple):
        return "[" + ", ".join(_text(item) for item in value) + "]"
    if isinstance(value, int | bytes | Reference):
        return display(value)
    return str(value)
