"""The trace: the way of one value, hop by hop (behaviour.md §5.6).

Directory value, connector space, import attribute flow, metaverse, export attribute flow, the
target's connector space, cloud value: stored facts beside one observed re-evaluation (DECISIONS 16).
"""

from __future__ import annotations

from attrflow.engine.plan import SyncPlan
from attrflow.engine.program import Program
from attrflow.explain.attribute_way import AttributeWay, find_way
from attrflow.explain.documents import WayDocument
from attrflow.explain.facts import Facts
from attrflow.explain.findings import findings_of
from attrflow.explain.flow_rows import export_flow_hop, import_flow_hop
from attrflow.explain.hops import DirectoryHop, Hop, Trace
from attrflow.explain.live import CloudReader, DirectoryReader
from attrflow.explain.live_hops import cloud_hop, directory_hop
from attrflow.explain.metaverse_hop import metaverse_hop
from attrflow.explain.outcome import outcome_of
from attrflow.explain.recorder import Observation, observe_connector_object, observe_metaverse_object
from attrflow.explain.resolve_object import FindInDirectory, Subject, resolve_object
from attrflow.explain.space_hops import found_hop, missing_target_hop, source_hop, target_hop
from attrflow.model.changes import ChangeSet
from attrflow.model.connector_space import CSObject
from attrflow.ports.store import Store
from attrflow.ports.world import World

__all__ = ["observe", "trace", "trace_subject", "way_of"]


def trace(
    store: Store,
    program: Program,
    world: World,
    object_text: str,
    attribute: str,
    *,
    directory_value: DirectoryReader | None = None,
    cloud_value: CloudReader | None = None,
    find_in_directory: FindInDirectory | None = None,
) -> Trace:
    """The way of one value.

    Args:
        store: read only.
        program: the rules in effect, compiled observed, or expressions show no sub-results.
        world: its clock is read; its ids and dice are not touched.
        object_text: a DN, UPN, mail address, account name, GUID, `#id` or part of a name.
        attribute: a name of a directory, the metaverse or the cloud, in any case.
        directory_value: reads a source attribute where it lives; without it hop 1 is "not read".
        cloud_value: reads a cloud attribute where it lives; without it hop 7 is "not read".
        find_in_directory: looks up what the store does not know.

    Raises:
        NotFound: no object has that name.
        Ambiguous: several objects have it.
    """
    facts = Facts(store, program)
    subject = resolve_object(facts, object_text, find_in_directory)
    observation = observe(store, program, world, subject)
    facts = Facts(store, program, observation)
    return trace_subject(facts, subject, observation, attribute, directory_value, cloud_value)


def observe(store: Store, program: Program, world: World, subject: Subject) -> Observation:
    """The observed re-evaluation of a subject; an empty one for what no connector space holds."""
    if subject.mv is not None:
        return observe_metaverse_object(store, program, world, subject.mv.id)
    if subject.cs is not None and subject.cs.kind == "staging":
        return observe_connector_object(store, program, world, subject.cs.id)
    return Observation(SyncPlan(ChangeSet()), store)


def way_of(facts: Facts, subject: Subject, observation: Observation, attribute: str) -> AttributeWay:
    """The way of an attribute for a subject; for an unlinked one by the type that its rules would make of it."""
    return find_way(facts.program, attribute, subject.objects, _mv_type(facts, subject, observation))


def _mv_type(facts: Facts, subject: Subject, observation: Observation) -> str | None:
    if subject.mv is not None:
        return subject.mv.object_type
    for cso in subject.objects:
        after = observation.cs_after(cso.id)
        if after is not None and after.link is not None and (mvo := observation.mv_after(after.link.mv_id)) is not None:
            return mvo.object_type
        rules = facts.program.inbound(cso.connector, cso.object_type or "")
        provision = next((r.rule for r in rules if r.rule.link == "provision"), None)
        if provision is not None:
            return provision.target_type
    return None


def trace_subject(
    facts: Facts,
    subject: Subject,
    observation: Observation,
    attribute: str,
    directory_value: DirectoryReader | None = None,
    cloud_value: CloudReader | None = None,
) -> Trace:
    """The way of one value of a subject that was resolved and observed already."""
    way = way_of(facts, subject, observation, attribute)
    sources = _sources(facts, subject, way)
    hops: list[Hop] = []
    if subject.found is not None:
        note = None if directory_value is None else "Values are read for objects of the connector space only."
        hops.append(DirectoryHop(subject.found.connector, subject.found.dn, (), note))
        hops.append(found_hop(subject.found))
        sources = ()
    for cso in sources:
        hops.append(directory_hop(facts, cso, way, directory_value))
        hops.append(source_hop(facts, cso, way))
    hops.append(import_flow_hop(facts, observation, way, subject.objects))
    hops.append(metaverse_hop(facts, observation, subject, way))
    mv_id = subject.mv.id if subject.mv is not None else None
    for connector in _targets(facts, way):
        cso_there = next((c for c in subject.objects if c.connector == connector), None)
        type_ = cso_there.object_type if cso_there is not None else None
        hops.append(export_flow_hop(facts, observation, way, connector, mv_id, type_))
        if cso_there is not None:
            hops.append(target_hop(facts, cso_there, way))
        else:
            hops.append(missing_target_hop(facts, observation, connector, mv_id))
        if facts.is_cloud(connector):
            hops.append(cloud_hop(facts, connector, cso_there, way, cloud_value))
    targets = {connector: way.targets(connector) for connector in _targets(facts, way)}
    document = WayDocument(way.asked, way.sources, way.metaverse, targets, way.also, way.near)
    findings = findings_of(facts, subject, observation, way, tuple(hops))
    return Trace(subject.document(facts), document, tuple(hops), outcome_of(facts, tuple(hops)), findings)


def _sources(facts: Facts, subject: Subject, way: AttributeWay) -> tuple[CSObject, ...]:
    """The objects that the value can come from: the directories', or the cloud's where only its rules give it."""
    directories = subject.sources(facts)
    giving = {c.rule.connector for c in way.inbound}
    if giving and not any(cso.connector in giving for cso in directories):
        return tuple(cso for cso in subject.objects if cso.connector in giving) or directories
    return directories


def _targets(facts: Facts, way: AttributeWay) -> tuple[str, ...]:
    """The tenants, and the other connectors that a rule writes the value to."""
    clouds = [name for name in facts.program.configurations if facts.is_cloud(name)]
    return tuple(dict.fromkeys((*(c for c in way.outbound_connectors if not facts.is_cloud(c)), *clouds)))
