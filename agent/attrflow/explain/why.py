"""Why: what keeps an object, or one attribute of it, from the cloud, and how to put it right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from attrflow.engine.program import Program
from attrflow.explain.attribute_way import mapping_reads
from attrflow.explain.diagnoses import DETECTORS, Case, Diagnosis, Surroundings, diagnose
from attrflow.explain.documents import Finding, SubjectDocument
from attrflow.explain.facts import Facts
from attrflow.explain.findings import findings_of
from attrflow.explain.hops import Trace
from attrflow.explain.live import CloudReader, DirectoryReader
from attrflow.explain.recorder import Observation
from attrflow.explain.resolve_object import FindInDirectory, resolve_object
from attrflow.explain.trace import observe, trace_subject, way_of
from attrflow.model.connector_space import CSObject, import_hologram
from attrflow.ports.store import Store
from attrflow.ports.world import World
from attrflow.rules.rule import Rule

__all__ = ["Why", "why"]

Verdict = Literal["cause-found", "in-the-cloud", "on-its-way", "no-value", "no-known-cause"]


@dataclass(frozen=True, slots=True)
class Why:
    """The answer: a verdict and a sentence, the causes (the first is the primary one), and what shows them."""

    subject: SubjectDocument
    attribute: str | None
    verdict: Verdict
    headline: str
    diagnoses: tuple[Diagnosis, ...]
    attributes: tuple[Diagnosis, ...] = ()
    """Asked for an object as a whole: attributes of it that do not arrive, with their primary causes."""
    findings: tuple[Finding, ...] = ()
    trace: Trace | None = None
    """Asked for an attribute: its way."""


def why(
    store: Store,
    program: Program,
    world: World,
    object_text: str,
    attribute: str | None = None,
    *,
    directory_value: DirectoryReader | None = None,
    cloud_value: CloudReader | None = None,
    find_in_directory: FindInDirectory | None = None,
    surroundings: Surroundings | None = None,
) -> Why:
    """Why an object, or an attribute of it, is not in the cloud; arguments as `trace.trace`.

    Raises:
        NotFound: neither the store nor a directory knows the object.
        Ambiguous: several objects have that name.
    """
    facts = Facts(store, program)
    subject = resolve_object(facts, object_text, find_in_directory)
    observation = observe(store, program, world, subject)
    facts = Facts(store, program, observation)
    case = Case(facts, subject, observation, surroundings or Surroundings())
    if attribute is None:
        return _of_object(case, cloud_value)
    found = trace_subject(facts, subject, observation, attribute, directory_value, cloud_value)
    way = way_of(facts, subject, observation, attribute)
    return _of_attribute(Case(facts, subject, observation, case.surroundings, found.way.asked, way, found))


def _of_attribute(case: Case) -> Why:
    trace = case.trace
    assert trace is not None, "an attribute's case has its trace"
    diagnoses = diagnose(case)
    verdict, headline = _verdict(diagnoses, trace)
    subject = case.subject.document(case.facts)
    findings = _unexplained(trace.findings, diagnoses)
    return Why(subject, case.attribute, verdict, headline, diagnoses, (), findings, trace)


_EXPLAINS = {
    "sync-fails": {"DIAG-16", "DIAG-30"},
    "stored-error": {"DIAG-16", "DIAG-50"},
    "cloud-differs": {"DIAG-51", "DIAG-52", "DIAG-55"},
}


def _unexplained(findings: tuple[Finding, ...], diagnoses: tuple[Diagnosis, ...]) -> tuple[Finding, ...]:
    """The findings that no diagnosis says again with its cause and its fix."""
    found = {diagnosis.id for diagnosis in diagnoses}
    return tuple(finding for finding in findings if not _EXPLAINS.get(finding.code, set()) & found)


def _verdict(diagnoses: tuple[Diagnosis, ...], trace: Trace) -> tuple[Verdict, str]:
    if diagnoses:
        if trace.outcome.word == "in-the-cloud":
            return "in-the-cloud", f"It does synchronize: {trace.outcome.text} But there is more to know."
        return "cause-found", diagnoses[0].cause
    if trace.outcome.word == "in-the-cloud":
        return "in-the-cloud", f"It does synchronize: {trace.outcome.text}"
    if trace.outcome.word == "on-its-way":
        return "on-its-way", trace.outcome.text
    if trace.outcome.word == "no-value":
        return "no-value", f"Nothing is wrong: {trace.outcome.text[0].lower()}{trace.outcome.text[1:]}"
    return "no-known-cause", f"No known cause explains it. {trace.outcome.text} The trace shows how far it comes."


def _of_object(case: Case, cloud_value: CloudReader | None) -> Why:
    diagnoses = diagnose(case)
    problems = tuple(_attribute_problems(case)) if case.subject.mv is not None else ()
    problems += tuple(_changed_by_the_cloud(case, cloud_value)) if cloud_value is not None else ()
    way_findings = _findings(case)
    verdict, headline = _object_verdict(case, diagnoses, problems)
    subject = case.subject.document(case.facts)
    return Why(subject, None, verdict, headline, diagnoses, problems, _unexplained(way_findings, diagnoses))


def _findings(case: Case) -> tuple[Finding, ...]:
    mvo = case.subject.mv
    if mvo is None:
        return ()
    way = way_of(case.facts, case.subject, case.observation, "displayName")
    found = findings_of(case.facts, case.subject, case.observation, way, ())
    return tuple(f for f in found if f.code in ("sync-fails", "stored-error"))


def _object_verdict(
    case: Case, diagnoses: tuple[Diagnosis, ...], problems: tuple[Diagnosis, ...]
) -> tuple[Verdict, str]:
    cloud = next(iter(case.cloud()), None)
    there = cloud is not None and cloud.image is not None
    if diagnoses and not there:
        return "cause-found", diagnoses[0].cause
    if cloud is not None and there:
        run = max((p.since_run for p in cloud.provenance.values()), default=None)
        since = f" Its newest value flowed in run {run}." if run is not None else ""
        attributes = f" {len(problems)} of its attributes do not arrive." if len(problems) > 1 else ""
        attributes = " One of its attributes does not arrive." if len(problems) == 1 else attributes
        if diagnoses:
            return "cause-found", f"{case.name} is in the cloud, but: {diagnoses[0].cause}"
        verdict: Verdict = "cause-found" if problems else "in-the-cloud"
        return verdict, f"{case.name} is in the cloud, confirmed by an import.{since}{attributes}"
    if cloud is not None and cloud.unconfirmed is not None:
        return "on-its-way", f"{case.name} was exported to {cloud.connector}; no import has confirmed it yet."
    if case.subject.found is not None and case.subject.mv is None:
        return "no-known-cause", _found_only(case)
    return "no-known-cause", f"No known cause explains why {case.name} is not in the cloud."


def _found_only(case: Case) -> str:
    found = case.subject.found
    assert found is not None, "asked only for what a directory holds"
    reason = found.reason or "its container and type are selected, so an import should bring it"
    return f"{found.connector} holds {found.dn}, but it was not imported: {reason}. Run a full import, then ask again."


# -- attributes of an object that do not arrive ---------------------------------------------------


def _attribute_problems(case: Case) -> Iterator[Diagnosis]:
    """The primary cause of each attribute that does not arrive, in the order of their names."""
    seen: set[tuple[str, str]] = set()
    for name in sorted(_suspects(case)):
        found = trace_subject(case.facts, case.subject, case.observation, name)
        way = way_of(case.facts, case.subject, case.observation, name)
        asked = Case(case.facts, case.subject, case.observation, case.surroundings, found.way.asked, way, found)
        for detector in DETECTORS:
            if detector.about == "attribute" and (diagnosis := detector.diagnose(asked)) is not None:
                if (diagnosis.id, name) not in seen:
                    seen.add((diagnosis.id, name))
                    yield diagnosis
                break


_CHANGED = ("userPrincipalName", "proxyAddresses")
"""What the cloud is known to change, hold back or drop by itself."""
_BY_THE_CLOUD = frozenset({"DIAG-51", "DIAG-52", "DIAG-55"})


def _changed_by_the_cloud(case: Case, cloud_value: CloudReader) -> Iterator[Diagnosis]:
    """What became of names and addresses in the cloud, which no run shows."""
    if case.subject.mv is None or all(cso.anchor is None for cso in case.cloud()):
        return
    for name in _CHANGED:
        found = trace_subject(case.facts, case.subject, case.observation, name, None, cloud_value)
        way = way_of(case.facts, case.subject, case.observation, name)
        asked = Case(case.facts, case.subject, case.observation, case.surroundings, found.way.asked, way, found)
        for detector in DETECTORS:
            if detector.id in _BY_THE_CLOUD and (diagnosis := detector.diagnose(asked)) is not None:
                yield diagnosis


def _suspects(case: Case) -> set[str]:
    """Metaverse attributes worth a look: held, left behind by a scope, or flowed in by hand and never out."""
    mvo = case.subject.mv
    assert mvo is not None, "only objects in the metaverse have attributes there"
    names = {held.attribute for cso in case.subject.objects for held in case.facts.store.held_by(cso.id, inbound=True)}
    outbound = {
        name
        for rule in case.facts.ruleset.rules
        if rule.direction == "outbound" and rule.source_type == mvo.object_type and case.facts.is_cloud(rule.connector)
        for mapping in rule.mappings
        for name in mapping_reads(mapping)
    }
    present = {*mvo.attributes, *mvo.references}
    for cso in case.sources():
        for rule in case.facts.ruleset.rules:
            if rule.direction == "inbound" and (rule.connector, rule.source_type) == (cso.connector, cso.object_type):
                names |= _left_behind(case.observation, cso, rule, outbound, present)
    return names


def _left_behind(
    observation: Observation, cso: CSObject, rule: Rule, outbound: set[str], present: set[str]
) -> set[str]:
    scope = observation.scope(rule.id, cso.id)
    if scope is None:
        return set()
    if scope.in_scope:
        own = rule.library is None and rule.tag is None
        return {m.destination for m in rule.mappings if m.destination in present - outbound} if own else set()
    known = import_hologram(cso)
    return {
        mapping.destination
        for mapping in rule.mappings
        if mapping.destination in outbound - present
        and (reads := mapping_reads(mapping))
        and all(name in known.attributes or name in known.references for name in reads)
    }
