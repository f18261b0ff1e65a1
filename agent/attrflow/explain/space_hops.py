"""Hops 2 and 6: an attribute in a connector space, on the source side and on the target side."""

from __future__ import annotations

from collections.abc import Iterable

from attrflow.explain.attribute_way import AttributeWay
from attrflow.explain.containers import keeps_out
from attrflow.explain.documents import NOTHING, Held, Shown, ShownValue
from attrflow.explain.facts import Facts
from attrflow.explain.hops import ErrorDocument, SpaceAttribute, SpaceHop, SpaceState
from attrflow.explain.recorder import Observation
from attrflow.explain.resolve_object import DirectoryFind
from attrflow.model.connector_space import CSObject, StoredError, import_hologram
from attrflow.model.delta import EMPTY_IMAGE, Delta, Image, apply_delta
from attrflow.model.metaverse import HeldReference
from attrflow.model.reference_names import named_by, names_borne
from attrflow.model.values import Reference

__all__ = [
    "error_document",
    "found_hop",
    "held_document",
    "inbound_held",
    "link_text",
    "missing_target_hop",
    "outbound_held",
    "source_hop",
    "target_hop",
    "touches",
]


def source_hop(facts: Facts, cso: CSObject, way: AttributeWay) -> SpaceHop:
    """The source attributes of a directory's object: as last synchronized, and what was imported since."""
    attributes = tuple(_source_attribute(facts, cso, name, way) for name in way.sources)
    note = None
    if cso.kind == "placeholder":
        note = f"Known only because other objects refer to it: {_why_placeholder(facts, cso)}."
    elif cso.pending_import is not None:
        note = f"An imported {_operation(cso.pending_import)} waits for synchronization."
    error = cso.import_error
    return SpaceHop(
        "source",
        cso.connector,
        cso.id,
        cso.dn,
        cso.object_type,
        attributes,
        link_text(facts, cso),
        note,
        error_document(facts, error) if error is not None else None,
    )


def found_hop(found: DirectoryFind) -> SpaceHop:
    """The hop of an object that is in a directory and in no connector space."""
    why = found.excluded_by or found.reason or "no import has brought it"
    note = f"There is no such object in the connector space: {why}."
    return SpaceHop("source", found.connector, None, None, found.object_type, (), note=note)


def _operation(delta: Delta) -> str:
    words = {"add": "new object", "delete": "deletion", "obsolete": "departure from the selected containers"}
    return words.get(delta.operation, "change")


def _source_attribute(facts: Facts, cso: CSObject, name: str, way: AttributeWay) -> SpaceAttribute:
    if name == "dn":
        return SpaceAttribute(name, Shown((ShownValue("text", cso.dn),), 1), "imported")
    image = cso.image or EMPTY_IMAGE
    value = facts.in_image(image, name, cso.connector)
    provenance = cso.provenance.get(name)
    since = facts.since(provenance.since_run) if provenance is not None else None
    held = inbound_held(facts, cso, way.metaverse)
    if touches(cso.pending_import, name):
        pending = facts.in_image(import_hologram(cso), name, cso.connector)
        return SpaceAttribute(name, value, "import-pending", pending, since, held=held)
    if not value.absent:
        return SpaceAttribute(name, value, "imported", since=since, held=held)
    detail = None
    type_ = facts.program.cs_type(cso.connector, cso.object_type)
    if type_ is not None and type_.attribute(name) is None:
        detail = f"{cso.connector} does not import it"
        return SpaceAttribute(name, NOTHING, "not-imported", detail=detail)
    return SpaceAttribute(name, NOTHING, "absent")


def touches(delta: Delta | None, name: str) -> bool:
    """Whether a layer says anything of an attribute."""
    if delta is None:
        return False
    whole = delta.operation in ("replace", "delete", "obsolete", "delete-add")
    return whole or name in delta.attributes or name in delta.references


def target_hop(facts: Facts, cso: CSObject, way: AttributeWay) -> SpaceHop:
    """The attribute in a target's connector space: confirmed, exported, or to be exported."""
    names = way.targets(cso.connector)
    attributes = tuple(_target_attribute(facts, cso, name) for name in names)
    error = cso.export_error or cso.import_error
    return SpaceHop(
        "target",
        cso.connector,
        cso.id,
        cso.dn,
        cso.object_type,
        attributes,
        link_text(facts, cso),
        _target_note(cso),
        error_document(facts, error) if error is not None else None,
    )


def _target_note(cso: CSObject) -> str | None:
    if cso.unapplied is not None and cso.unapplied.operation != "update":
        words = {"add": "Its creation", "delete": "Its deletion", "delete-add": "Its replacement"}
        return f"{words.get(cso.unapplied.operation, 'A change')} waits for export."
    if cso.escrowed is not None:
        return "An export of it was sent and its outcome is not known yet."
    if cso.image is None and cso.unconfirmed is not None:
        return "Created by an export; no import has confirmed it yet."
    return None


def _target_attribute(facts: Facts, cso: CSObject, name: str) -> SpaceAttribute:
    known = import_hologram(cso)
    value = facts.in_image(known, name, cso.connector)
    origin = cso.provenance.get(name)
    rule = facts.rule(origin.origin.rule_id, origin.since_run) if origin is not None and origin.origin else None
    since = facts.since(origin.since_run) if origin is not None else None
    held = outbound_held(facts, cso, name)
    image: Image = known
    state: SpaceState = "confirmed" if not value.absent else "absent"
    pending: Shown | None = None
    layers: tuple[tuple[Delta | None, SpaceState], ...] = (
        (cso.unconfirmed, "unconfirmed"),
        (cso.escrowed, "in-flight"),
        (cso.unapplied, "pending-export"),
    )
    for layer, word in layers:
        image = apply_delta(layer, image)
        if touches(layer, name):
            state, pending = word, facts.in_image(image, name, cso.connector)
    if cso.unapplied is not None and cso.unapplied.operation == "delete":
        state, pending = "pending-delete", NOTHING
    return SpaceAttribute(name, value, state, pending, since, rule, held)


def missing_target_hop(facts: Facts, observation: Observation, connector: str, mv_id: int | None) -> SpaceHop:
    """The hop of a target that holds no object for the metaverse object, and why as far as is known."""
    note = f"There is no object in {connector}."
    decision = observation.provisioning.get(connector)
    if mv_id is None:
        note = f"There is no object in {connector}, because there is none in the metaverse."
    elif decision is not None and decision.decision == "provision":
        note = f"There is no object in {connector} yet: the next synchronization provisions it."
    elif decision is not None and decision.decision == "none":
        note = f"There is no object in {connector}: {decision.reason}."
    else:
        for rule in facts.ruleset.rules:
            if rule.connector == connector and rule.direction == "outbound" and rule.link == "provision":
                scope = observation.scope(rule.id, mv_id)
                if scope is not None and not scope.in_scope:
                    why = " or ".join(scope.failing) or "it is disabled"
                    note = f"There is no object in {connector}: {rule.name} is out of scope: {why}."
    return SpaceHop("target", connector, None, None, None, (), note=note)


# -- links, errors, held references ---------------------------------------------------------------


def link_text(facts: Facts, cso: CSObject) -> str | None:
    """How an object is linked, in words; for an unlinked one, why it lost its link."""
    if cso.link is not None:
        words = {
            "projection-rules": "projected",
            "join-rules": "joined",
            "provisioning-rules": "provisioned",
            "joiner-rule": "joined by hand",
        }
        text = words.get(cso.link.origin, cso.link.origin)
        if cso.link.rule_id is not None:
            text += f" by {facts.rule(cso.link.rule_id, cso.link.since_run).name}"
        return f"{text}, since run {cso.link.since_run}"
    if cso.kind == "placeholder":
        return None
    if cso.disconnection is not None:
        return f"disconnector since run {cso.disconnection.run}: {cso.disconnection.cause}"
    return "disconnector"


def error_document(facts: Facts, error: StoredError) -> ErrorDocument:
    """A stored error for people."""
    return ErrorDocument(
        error.type,
        error.step,
        error.detail,
        error.first_occurred,
        error.last_occurred,
        error.retry_count,
        facts.rule(error.rule_id) if error.rule_id is not None else None,
        error.attribute,
        error.cd_error_code,
    )


def inbound_held(facts: Facts, cso: CSObject, destination: str | None) -> tuple[Held, ...]:
    """The references of a source object that do not reach the metaverse attribute, with the reasons."""
    return _held(facts, (h for h in facts.store.held_by(cso.id, inbound=True) if h.attribute == destination))


def outbound_held(facts: Facts, cso: CSObject, destination: str) -> tuple[Held, ...]:
    """The references that do not reach a target's attribute, with the reasons."""
    if cso.link is None:
        return ()
    held = facts.store.held_by(cso.link.mv_id, inbound=False)
    return _held(facts, (h for h in held if h.connector == cso.connector and h.attribute == destination))


def _held(facts: Facts, held: Iterable[HeldReference]) -> tuple[Held, ...]:
    return tuple(held_document(facts, reference) for reference in held)


def held_document(facts: Facts, held: HeldReference) -> Held:
    """One held reference, and why it does not flow."""
    target = facts.value(Reference(held.target), "cs" if held.inbound else "mv")
    if not held.inbound:
        return Held(target, f"it has no object in {held.connector}")
    cso = facts.store.cs(held.target)
    if cso is None:
        return Held(target, "it is not in the connector space any more")
    if cso.kind == "placeholder":
        return Held(target, _why_placeholder(facts, cso))
    if cso.import_error is not None:
        return Held(target, f"its synchronization failed ({cso.import_error.type})")
    if cso.pending_import is not None and cso.image is None:
        return Held(target, "it is imported but not synchronized yet")
    return Held(target, "it is in the connector space, but not linked to a metaverse object")


def _why_placeholder(facts: Facts, cso: CSObject) -> str:
    if (named := named_by(cso.dn)) is not None:
        return _why_nobody(facts, cso.connector, *named)
    configuration = facts.program.configurations.get(cso.connector)
    why = keeps_out(configuration, cso.dn) if configuration is not None else None
    if why is not None:
        return f"{why}, so it is not imported"
    return f"{cso.connector} has not imported it: no such object, no rights to read it, or a type that is not selected"


def _why_nobody(facts: Facts, connector: str, by: str, name: str) -> str:
    """Why a name leads to no object: none that is imported bears it, or several do."""
    searched = facts.store.cs_by_value(connector, None, by, name.casefold())
    found = map(facts.store.cs, searched)
    bearers = [cso.dn for cso in found if cso is not None and name.casefold() in names_borne(cso, by)]
    if len(bearers) > 1:
        return f"it is the {by} of {' and of '.join(bearers)}: nobody is meant by a name that several bear"
    return f"no object of {connector} that is imported has this {by}"
