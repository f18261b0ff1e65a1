"""Runs a case that was just drafted, in memory, and says what its second step can expect.

Where the rules give something else than the server has, that is what the engineer wants to see first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from attrflow.app.memory_laboratory import MemoryLaboratory
from attrflow.app.reproduction.case_text import Outcome
from attrflow.app.reproduction.draft import Draft
from attrflow.app.reproduction.toml_text import Inline, toml_value
from attrflow.cases.format import Case
from attrflow.cases.naming import space_names
from attrflow.cases.session import Session
from attrflow.model.connector_space import CSObject, export_hologram
from attrflow.model.values import NO_VALUES, Values, same_values

__all__ = ["Difference", "Recording", "record"]

_FINE = ("success", "completed-no-objects", "completed-warnings")


@dataclass(frozen=True, slots=True)
class Difference:
    """One attribute that is otherwise on the server than these rules make it."""

    where: str
    """`metaverse`, `pending-export` or `error`."""
    attribute: str
    """The attribute; of an error what failed."""
    server: Values | None
    """None where the server has no such change waiting, or no such error."""
    rules: Values | None


@dataclass(slots=True)
class Recording:
    """What a run gave."""

    outcome: Outcome
    differences: list[Difference] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def record(case: Case, draft: Draft) -> Recording:
    """Run the case to the end of its full synchronization.

    Raises:
        AttrflowError: the rules or the starting state cannot be used.
    """
    session = Session(case, MemoryLaboratory(case))
    results: dict[str, str] = {}
    for step in case.steps:
        session.prepare(step)
        for line in step.runs:
            for result in session.run(line):
                if result.record.result not in _FINE:
                    results[line] = result.record.result
    return _recorded(session, draft, results)


def _recorded(session: Session, draft: Draft, results: Mapping[str, str]) -> Recording:
    subject = draft.subject
    mvo = session.mv(subject)
    differences: list[Difference] = []
    values: dict[str, Values] = {}
    notes: dict[str, str] = {}
    if mvo is not None:
        own = {name: held.values for name, held in mvo.attributes.items()}
        names = draft.server_mv or own
        for name in names:
            rules = next((v for n, v in own.items() if n.casefold() == name.casefold()), NO_VALUES)
            values[name] = rules
            if draft.server_mv and not _same(names[name], rules):
                notes[name] = f"the server has {toml_value(tuple(names[name]), name)}"
                differences.append(Difference("metaverse", name, names[name], rules))
        if draft.server_mv:
            known = {name.casefold() for name in draft.server_mv}
            differences += [
                Difference("metaverse", n, NO_VALUES, v) for n, v in own.items() if n.casefold() not in known
            ]
    cloud = _cloud_object(session, draft)
    exported = _exported(session, cloud)
    if draft.server_export is not None:
        differences += _compared(draft.server_export, exported)
    own_cso = session.cs(subject)
    notes_told = _errors(draft, own_cso, differences)
    outcome = Outcome(
        values,
        notes,
        _cloud_expectation(cloud, exported),
        _own_expectation(own_cso),
        results,
        mvo is not None,
    )
    return Recording(outcome, differences, notes_told)


def _errors(draft: Draft, cso: CSObject | None, differences: list[Difference]) -> list[str]:
    """Whether the object fails with these rules as it does on the server; one that fails keeps what it had."""
    stored = draft.given_cs.get(draft.subject, {}).get("error")
    server = str(stored["type"]) if isinstance(stored, Mapping) else None
    met = cso.import_error if cso is not None else None
    if met is not None and met.type == server:
        return [f"The object fails with these rules as on the server, and nothing of it is applied: {met.detail}"]
    if (met.type if met is not None else None) != server and (server is not None or met is not None):
        ours = (f"{met.type}: {met.detail}",) if met is not None else None
        differences.append(Difference("error", "synchronization", (server,) if server is not None else None, ours))
    return []


def _cloud_object(session: Session, draft: Draft) -> CSObject | None:
    own = draft.cloud()
    if own is not None:
        return session.cs(own)
    return session.cs(f"{draft.subject}@{session.case.tenant}") if session.case.tenant is not None else None


def _exported(session: Session, cso: CSObject | None) -> dict[str, Values]:
    """The pending export as values after it; references by the names of the case."""
    if cso is None or cso.unapplied is None:
        return {}
    image = export_hologram(cso)
    found: dict[str, Values] = {name: image.attributes.get(name, NO_VALUES) for name in cso.unapplied.attributes}
    for name in cso.unapplied.references:
        ids = image.references.get(name)
        found[name] = tuple(_names(session, ids, cso.connector)) if ids is not None else NO_VALUES
    return found


def _names(session: Session, ids: Iterable[int], connector: str) -> Iterator[str]:
    """Targets by the short names of the connector's own objects; else by their counterparts' names, or by DN."""
    own = {}
    for handle, spec in session.case.objects.items():
        cso = session.cs(handle) if spec.connector == connector else None
        if cso is not None:
            own[cso.id] = handle
    for id_ in ids:
        yield own[id_] if id_ in own else space_names(session, [id_], connector)[0]


def _compared(server: Mapping[str, Values], rules: Mapping[str, Values]) -> list[Difference]:
    found = []
    for name in dict.fromkeys((*server, *rules)):
        theirs, ours = server.get(name), rules.get(name)
        if theirs is None or ours is None or not _same(theirs, ours):
            found.append(Difference("pending-export", name, theirs, ours))
    return found


def _same(left: Values, right: Values) -> bool:
    return same_values(tuple(left), tuple(right))


def _cloud_expectation(cso: CSObject | None, exported: Mapping[str, Values]) -> dict[str, object]:
    if cso is None:
        return {}
    found: dict[str, object] = {"pending-export": cso.unapplied.operation if cso.unapplied is not None else "none"}
    if exported and cso.unapplied is not None and cso.unapplied.operation == "update":
        found["export"] = Inline(exported) if len(exported) == 1 else dict(exported)
    if cso.export_error is not None:
        found["export-error"] = cso.export_error.type
    return found


def _own_expectation(cso: CSObject | None) -> dict[str, object]:
    if cso is None:
        return {}
    return {"linked": cso.link is not None, "error": cso.import_error.type if cso.import_error is not None else "none"}
