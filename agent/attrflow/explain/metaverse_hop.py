"""Hop 4: the value in the metaverse as stored, beside what the next synchronization would make of it."""

from __future__ import annotations

from attrflow.events import Projected
from attrflow.explain.attribute_way import AttributeWay
from attrflow.explain.documents import Held, Shown
from attrflow.explain.facts import Facts
from attrflow.explain.hops import MetaverseHop
from attrflow.explain.recorder import Observation
from attrflow.explain.resolve_object import Subject
from attrflow.explain.space_hops import inbound_held
from attrflow.model.metaverse import MVObject
from attrflow.model.provenance import Provenance
from attrflow.model.references import NO_REFERENCES, difference
from attrflow.model.values import NO_VALUES, same_values

__all__ = ["metaverse_hop", "provenance_of", "same_attribute"]


def metaverse_hop(facts: Facts, observation: Observation, subject: Subject, way: AttributeWay) -> MetaverseHop:
    """The metaverse attribute of the way; a note says why there is no object or no value."""
    mvo, name = subject.mv, way.metaverse
    if mvo is None:
        return MetaverseHop(None, None, name, note=_why_no_object(observation, subject))
    if name is None:
        return MetaverseHop(mvo.id, mvo.object_type, None, note=f"No metaverse attribute has to do with {way.asked}.")
    provenance = provenance_of(mvo, name)
    origin = provenance.origin if provenance is not None else None
    after = observation.mv_after(mvo.id) if observation.failure is None else mvo
    would_be: Shown | None = None
    if after is None:
        would_be = Shown()
    elif not same_attribute(mvo, after, name):
        would_be = facts.in_metaverse(after, name)
    held: tuple[Held, ...] = ()
    for cso in subject.objects:
        held += inbound_held(facts, cso, name)
    return MetaverseHop(
        mvo.id,
        mvo.object_type,
        name,
        facts.in_metaverse(mvo, name),
        facts.rule(origin.rule_id, provenance.since_run) if origin is not None and provenance is not None else None,
        origin.connector if origin is not None else None,
        facts.since(provenance.since_run) if provenance is not None else None,
        would_be,
        held,
        "The next synchronization deletes this object." if after is None else None,
    )


def provenance_of(mvo: MVObject, attribute: str) -> Provenance | None:
    """Where a stored metaverse attribute comes from; None where it has no value."""
    if (held := mvo.attributes.get(attribute)) is not None:
        return held.provenance
    referring = mvo.references.get(attribute)
    return referring.provenance if referring is not None else None


def same_attribute(left: MVObject, right: MVObject, attribute: str) -> bool:
    """Whether two states of a metaverse object hold the same values of an attribute."""
    ours, theirs = left.attributes.get(attribute), right.attributes.get(attribute)
    if not same_values(
        ours.values if ours is not None else NO_VALUES, theirs.values if theirs is not None else NO_VALUES
    ):
        return False
    here, there = left.references.get(attribute), right.references.get(attribute)
    return not difference(
        here.targets if here is not None else NO_REFERENCES, there.targets if there is not None else NO_REFERENCES
    )


def _why_no_object(observation: Observation, subject: Subject) -> str:
    if subject.cs is None:
        return "There is no object in the metaverse: no connector space holds it."
    if subject.cs.kind == "placeholder":
        return "There is no object in the metaverse: the connector space knows only its name."
    if observation.failure is not None:
        return f"There is no object in the metaverse: its synchronization fails ({observation.failure.type})."
    for event in observation.joins:
        if event.object == subject.cs.id and isinstance(event, Projected):
            if event.mv_id is not None:
                return "There is no object in the metaverse yet: the next synchronization projects it."
            return f"There is no object in the metaverse: {event.reason}."
    return "There is no object in the metaverse."
