"""Is it so? The comparison of a step's expectations with what the laboratory holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from attrflow.cases.connector_space_check import check_connector_space
from attrflow.cases.differences import Difference, differ, differ_names, differ_values
from attrflow.cases.entry_check import check_cloud, check_directory
from attrflow.cases.expectations import Expectation
from attrflow.cases.naming import mv_names, wanted_mv_names
from attrflow.cases.session import Session
from attrflow.cases.status_check import check_status
from attrflow.model.metaverse import MVObject
from attrflow.model.provenance import Provenance
from attrflow.model.schema import AttributeType, Syntax
from attrflow.model.values import NO_VALUES, Values
from attrflow.ports.store import CSFilter
from attrflow.rules.positions import suggestion

__all__ = ["check"]

_EVERY = 1_000_000


def check(session: Session, expectation: Expectation) -> Iterator[Difference]:
    """What differs from one expectation; nothing where it is so."""
    return _CHECKS[expectation.kind](session, expectation.subject, expectation.wanted)


# -- the metaverse --------------------------------------------------------------------------------


def _metaverse(session: Session, name: str, wanted: bool | Mapping[str, Values]) -> Iterator[Difference]:
    mvo = session.mv(name)
    if isinstance(wanted, bool):
        if wanted != (mvo is not None):
            text = ("no metaverse object", "a metaverse object")
            yield Difference(f"{name} in the metaverse", text[wanted], text[not wanted], name)
        return
    if mvo is None:
        yield Difference(f"{name} in the metaverse", "a metaverse object", _why_unlinked(session, name), name)
        return
    for attribute, values in wanted.items():
        what = f"{attribute} of {name} in the metaverse"
        type_ = _mv_attribute(session, mvo, attribute)
        if type_ is None:
            yield _no_attribute(session, mvo, attribute, what)
        elif type_.syntax is Syntax.REFERENCE:
            got = mv_names(session, mvo, type_.name)
            yield from differ_names(what, wanted_mv_names(session, values), got, name, type_.name)
        else:
            held = mvo.attributes.get(type_.name)
            yield from differ_values(what, values, held.values if held else NO_VALUES, name, type_.name)


def _why_unlinked(session: Session, name: str) -> str:
    cso = session.cs(name)
    if cso is None:
        return "none: the connector space has no such object"
    if cso.import_error is not None:
        return f"none: {cso.import_error.type}: {cso.import_error.detail}"
    return "none: the object is not linked"


def _mv_attribute(session: Session, mvo: MVObject, attribute: str) -> AttributeType | None:
    type_ = session.metaverse.object_types.get(mvo.object_type)
    return type_.attribute(attribute) if type_ is not None else None


def _no_attribute(session: Session, mvo: MVObject, attribute: str, what: str) -> Difference:
    known = session.metaverse.object_types[mvo.object_type].attributes
    near = suggestion(attribute, known)
    return Difference(what, "an attribute", f"a {mvo.object_type} has no {attribute}" + (f"; {near}" if near else ""))


def _type(session: Session, name: str, wanted: str) -> Iterator[Difference]:
    mvo = session.mv(name)
    got = mvo.object_type if mvo is not None else _why_unlinked(session, name)
    yield from differ(f"the metaverse type of {name}", wanted, got, name)


def _winner(session: Session, name: str, wanted: Mapping[str, Sequence[str]]) -> Iterator[Difference]:
    mvo = session.mv(name)
    for attribute, rules in wanted.items():
        what = f"the rule that gave {attribute} of {name}"
        if mvo is None:
            yield Difference(what, ", ".join(rules), _why_unlinked(session, name), name, attribute)
            continue
        type_ = _mv_attribute(session, mvo, attribute)
        if type_ is None:
            yield _no_attribute(session, mvo, attribute, what)
            continue
        held = mvo.attributes.get(type_.name) or mvo.references.get(type_.name)
        got = _givers(session, held.provenance) if held is not None else []
        short = [rule.partition(": ")[2] if rule not in rules else rule for rule in got]
        yield from differ_names(what, rules, short if sorted(short) == sorted(rules) else got, name, type_.name)


def _givers(session: Session, provenance: Provenance) -> list[str]:
    origins = provenance.per_value or ((provenance.origin,) if provenance.origin is not None else ())
    return sorted({session.rule_name(origin.rule_id) for origin in origins})


# -- links ----------------------------------------------------------------------------------------


def _links(session: Session, name: str, wanted: Sequence[str]) -> Iterator[Difference]:
    mvo = session.mv(name)
    linked = session.store.linked(mvo.id) if mvo is not None else ()
    got = [cso.connector for cso in map(session.store.cs, linked) if cso is not None]
    yield from differ_names(f"the connectors that {name} is linked in", wanted, got, name)


def _together(session: Session, subject: str, wanted: Sequence[str]) -> Iterator[Difference]:
    found = {name: session.mv(name) for name in wanted}
    if any(mvo is None for mvo in found.values()) or len({mvo.id for mvo in found.values() if mvo is not None}) != 1:
        yield Difference(f"{subject} in the metaverse", "one object", _where(session, found))


def _apart(session: Session, subject: str, wanted: Sequence[str]) -> Iterator[Difference]:
    found = {name: session.mv(name) for name in wanted}
    ids = [mvo.id for mvo in found.values() if mvo is not None]
    if len(set(ids)) != len(wanted):
        yield Difference(f"{subject} in the metaverse", "an object for each", _where(session, found))


def _where(session: Session, found: Mapping[str, MVObject | None]) -> str:
    words = (f"{n}: #{mvo.id}" if mvo else f"{n}: {_why_unlinked(session, n)}" for n, mvo in found.items())
    return ", ".join(words)


def _held(session: Session, name: str, wanted: Mapping[str, Sequence[str]]) -> Iterator[Difference]:
    cso = session.cs(name)
    if cso is None:
        yield Difference(f"references held of {name}", "an object", "the connector space has none", name)
        return
    outbound = "@" in name and cso.link is not None
    owner = cso.link.mv_id if outbound and cso.link is not None else cso.id
    held = [h for h in session.store.held_by(owner, inbound=not outbound) if h.connector == cso.connector]
    by_attribute: dict[str, set[int]] = {}
    for one in held:
        by_attribute.setdefault(one.attribute, set()).add(one.target)
    for attribute in {**dict.fromkeys(wanted), **dict.fromkeys(by_attribute)}:
        expected: set[int | None] = set()
        for target in wanted.get(attribute, ()):
            mvo = session.mv(target) if outbound else None
            expected.add(mvo.id if mvo is not None else session.space_name(target, cso.connector))
        if expected != by_attribute.get(attribute, set()):
            got = [_space_dn(session, id_, outbound=outbound) for id_ in by_attribute.get(attribute, ())]
            what = f"references held in {attribute} of {name}"
            yield from differ_names(what, wanted.get(attribute, ()), got, name, attribute)


def _space_dn(session: Session, id_: int, *, outbound: bool) -> str:
    if outbound:
        linked = session.store.linked(id_)
        id_ = linked[0] if linked else id_
    cso = session.store.cs(id_)
    return cso.dn if cso is not None else f"#{id_}"


# -- runs and numbers -----------------------------------------------------------------------------


def _pending(session: Session, connector: str, wanted: Mapping[str, int]) -> Iterator[Difference]:
    got = {kind: count for kind, count in session.store.pending_export_counts(connector).items() if count}
    if dict(wanted) != got:
        yield Difference(f"pending exports to {connector}", _counts(wanted), _counts(got))


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{kind} {count}" for kind, count in sorted(counts.items())) or "none"


def _counters(session: Session, subject: str, wanted: Mapping[str, int]) -> Iterator[Difference]:
    record = session.results.get(subject)
    if record is None:
        yield Difference(f"the counters of {subject}", _counts(wanted), "it did not run")
        return
    totals: Counter[str] = Counter()
    for step in record.steps:
        totals.update(step.counters)
    got = {name: totals[name] for name in wanted}
    if dict(wanted) != got:
        yield Difference(f"the counters of {subject}", _counts(wanted), _counts(got) + f" (all: {_counts(totals)})")


def _result(session: Session, subject: str, wanted: str) -> Iterator[Difference]:
    record = session.results.get(subject)
    yield from differ(f"the result of {subject}", wanted, record.result if record is not None else "it did not run")


def _count(session: Session, subject: str, wanted: int) -> Iterator[Difference]:
    if subject == "mv":
        got = sum(count for key, count in session.store.counts().items() if key.startswith("mv:"))
    else:
        found = session.store.find_cs(CSFilter(connector=subject), limit=_EVERY)
        got = sum(1 for cso in found if cso.kind == "staging")
    yield from differ(f"the number of objects in {subject}", wanted, got)


_CHECKS: Mapping[str, Callable[[Session, str, Any], Iterator[Difference]]] = {
    "mv": _metaverse,
    "type": _type,
    "winner": _winner,
    "status": check_status,
    "links": _links,
    "together": _together,
    "apart": _apart,
    "cs": check_connector_space,
    "held": _held,
    "cloud": check_cloud,
    "directory": check_directory,
    "pending": _pending,
    "counters": _counters,
    "result": _result,
    "count": _count,
}
