"""Findings: where what is stored and what would be decided now do not agree, and why (DECISIONS 16)."""

from __future__ import annotations

from attrflow.explain.attribute_way import AttributeWay
from attrflow.explain.documents import Finding
from attrflow.explain.facts import Facts
from attrflow.explain.hops import CloudHop, DirectoryHop, Hop, MetaverseHop
from attrflow.explain.recorder import Observation
from attrflow.explain.resolve_object import Subject
from attrflow.expr import parse, usage_of
from attrflow.model.connector_space import export_hologram
from attrflow.model.delta import Image
from attrflow.model.references import NO_REFERENCES, difference
from attrflow.model.values import NO_VALUES, same_values

__all__ = ["findings_of", "why_it_differs"]


def findings_of(
    facts: Facts, subject: Subject, observation: Observation, way: AttributeWay, hops: tuple[Hop, ...]
) -> tuple[Finding, ...]:
    """What a reader should know before anything else, gravest first."""
    found: list[Finding] = []
    if observation.failure is not None:
        failure = observation.failure
        text = f"Synchronizing this object fails at {failure.step}: {failure.type}: {failure.detail}"
        found.append(Finding("sync-fails", "error", text))
    if observation.skipped is not None:
        text = f"The rules were not evaluated: {observation.skipped}."
        found.append(Finding("not-evaluated", "warning", text))
    for cso in subject.objects:
        for error in (cso.import_error, cso.export_error):
            if error is not None:
                text = f"{cso.connector} keeps the error {error.type} on the object: {error.detail}"
                found.append(Finding("stored-error", "error", text))
    for hop in hops:
        if isinstance(hop, MetaverseHop) and hop.would_be is not None and not _by_chance(way):
            found.append(_would_be(facts, subject, hop))
        elif isinstance(hop, DirectoryHop):
            changed = [a.name for a in hop.attributes if a.differs]
            if changed:
                text = f"{hop.connector} holds another {', '.join(changed)} now than at its last import."
                found.append(Finding("changed-since-import", "warning", text))
        elif isinstance(hop, CloudHop) and hop.differs:
            text = f"The tenant shows another value of {hop.attribute} than attrflow exported or imported last."
            found.append(Finding("cloud-differs", "warning", text))
    found.extend(_export_would_change(facts, subject, observation, way, found))
    if way.near:
        found.append(Finding("unknown-attribute", "note", f"Similar names: {', '.join(way.near)}."))
    elif way.also:
        also = ", ".join(way.also[:6]) + (f" and {len(way.also) - 6} more" if len(way.also) > 6 else "")
        found.append(Finding("other-ways", "note", f"{way.asked} also has to do with {also}."))
    return tuple(found)


def _by_chance(way: AttributeWay) -> bool:
    """Whether a mapping gives another value each time, so that a difference says nothing."""
    for candidate in way.inbound:
        if candidate.mapping.flow == "expression":
            tree = parse(candidate.mapping.source).tree
            if tree is not None and not usage_of(tree).pure:
                return True
    return False


def _would_be(facts: Facts, subject: Subject, hop: MetaverseHop) -> Finding:
    now = _text(hop)
    why = why_it_differs(facts, subject)
    if hop.note is not None and hop.would_be is not None and hop.would_be.absent:
        return Finding("stored-and-evaluated-differ", "warning", f"{hop.note} {why}")
    text = f"The metaverse holds {now}; the next synchronization makes it {_values(hop)}. {why}"
    return Finding("stored-and-evaluated-differ", "warning", text)


def _text(hop: MetaverseHop) -> str:
    return "no value" if hop.value.absent else ", ".join(f'"{v.text}"' for v in hop.value.values[:3])


def _values(hop: MetaverseHop) -> str:
    assert hop.would_be is not None, "asked only where the values differ"
    return "empty" if hop.would_be.absent else ", ".join(f'"{v.text}"' for v in hop.would_be.values[:3])


def why_it_differs(facts: Facts, subject: Subject) -> str:
    """Why stored values are not those that the rules give now, in a sentence with the way to put it right."""
    waiting = [cso.connector for cso in subject.objects if cso.pending_import is not None]
    if waiting:
        return f"An import of {' and '.join(dict.fromkeys(waiting))} waits for synchronization."
    for connector in dict.fromkeys(cso.connector for cso in subject.objects):
        if (since := facts.rules_changed_since(connector)) is not None:
            return f"The rules changed since run {since.run} ({since.what}): a full synchronization is needed."
    if subject.mv is not None and (subject.mv.retry or facts.store.due_by(subject.mv.id)):
        return "The object is marked to be flowed again by the next synchronization."
    return "Nothing has synchronized the object since its input or its rules changed."


def _export_would_change(
    facts: Facts, subject: Subject, observation: Observation, way: AttributeWay, found: list[Finding]
) -> list[Finding]:
    """Targets whose pending export is not what the rules give now, where the metaverse agrees."""
    if observation.failure is not None or any(f.code == "stored-and-evaluated-differ" for f in found):
        return []
    told = []
    for cso in subject.objects:
        after = observation.cs_after(cso.id)
        name = way.target(cso.connector)
        if name is None or after is None or cso.link is None:
            continue
        if not _same(export_hologram(cso), export_hologram(after), name):
            text = f"The next synchronization changes what is exported to {cso.connector} as {name}. "
            told.append(Finding("export-would-change", "warning", text + why_it_differs(facts, subject)))
    return told


def _same(left: Image, right: Image, name: str) -> bool:
    if not same_values(left.attributes.get(name, NO_VALUES), right.attributes.get(name, NO_VALUES)):
        return False
    return not difference(left.references.get(name, NO_REFERENCES), right.references.get(name, NO_REFERENCES))
