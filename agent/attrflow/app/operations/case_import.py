"""The operation behind `case import`: a customer's rules and files become a case that runs."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from attrflow.app.case_schemas import reference_attributes
from attrflow.app.import_writing import write_imported
from attrflow.app.memory_laboratory import MemoryLaboratory
from attrflow.app.operations.failing import DiagnosticDocument, diagnostic_document
from attrflow.app.reproduction.case_text import case_text
from attrflow.app.reproduction.circle import Circle
from attrflow.app.reproduction.draft import Draft
from attrflow.app.reproduction.drafting import draft_case
from attrflow.app.reproduction.duplicates import without_duplicates
from attrflow.app.reproduction.missing import what_is_missing
from attrflow.app.reproduction.recording import Recording, record
from attrflow.app.reproduction.rules_home import RulesHome, read_rules_home
from attrflow.app.reproduction.selection import Person, learn_connectors, select
from attrflow.app.shapes import shape
from attrflow.cases.document import read_case
from attrflow.cases.format import Case, ConnectorSpec
from attrflow.cases.runner import run_case
from attrflow.importers.customer_state import CustomerState
from attrflow.importers.findings import Findings, Place
from attrflow.importers.state_files import StateKind, read_state_file
from attrflow.model.errors import AttrflowError, NotFound, SettingsError
from attrflow.model.values import Values, display
from attrflow.rules.writing import write_rule

__all__ = ["CaseImportDocument", "DifferenceDocument", "MissingDocument", "import_case"]

_WHOLE_MAX: Final = 16 * 1024 * 1024
"""Octets of all files up to which they are kept in memory; beyond, only what belongs to the object is."""
_HEADER: Final = "# Written by `attrflow case import`"


@dataclass(frozen=True, slots=True)
class MissingDocument:
    """What the case would be more truthful with, and the read-only command that gets it."""

    what: str
    why: str
    where: str
    """`sync server`, `domain` or `Graph`: where the command runs."""
    command: str
    option: str
    """The option of `case import` that takes what the command writes."""


@dataclass(frozen=True, slots=True)
class DifferenceDocument:
    """One attribute that the server has otherwise than these rules make it. Values as people read them."""

    where: str
    """`metaverse`, `pending-export` or `error`."""
    attribute: str
    """The attribute; of an error what failed."""
    server: list[str] | None
    """None where no such change waits on the server, or it has no such error."""
    rules: list[str] | None
    """None where these rules would not change it, or do not fail."""


@dataclass(frozen=True, slots=True)
class CaseImportDocument:
    """What was read, the case that came of it, and what is still missing."""

    object: str
    file: str | None
    """Where the case was written; None where it was not to be."""
    passed: bool
    """Whether the case runs and holds."""
    reason: str | None
    """Why not, where it does not."""
    rules: int
    read: dict[str, int]
    """Objects that were read by what they are: `directory`, `connector-space`, `metaverse`, `graph`."""
    objects: list[str]
    """The short names of the case's objects; the first one is the one that was asked for."""
    missing: list[MissingDocument]
    differences: list[DifferenceDocument]
    notes: list[str]
    errors: int
    warnings: int
    findings: list[DiagnosticDocument] = field(default_factory=list)
    case: str = ""
    """The text of the case."""


shape("case-import", CaseImportDocument)


def import_case(
    rules: Path, files: Sequence[tuple[StateKind, Path]], name: str, into: Path | None = None
) -> CaseImportDocument:
    """Build a case of one object from a customer's rules and files, and run it once.

    Args:
        rules: a project, a rules folder or file, or an export of the sync server.
        files: what each file is said to be, and its path.
        name: the object's DN, or another name of it that the files have.
        into: the case file to write; nothing is written without it.

    Raises:
        NotFound: there is no such file, or no file has the object.
        Ambiguous: the name fits several objects.
        SettingsError: the rules cannot be used, or `into` is a file that somebody wrote.
        OSError: a file cannot be read or written.
    """
    home = read_rules_home(rules)
    if into is not None:
        _may_be_written(into)
    elif home.imported:
        raise SettingsError(
            "Rules from an export are written beside the case.", help="Name the case file: --into FILE."
        )
    findings = home.findings
    references = _references(home)
    read = _read(files, name, references, findings)
    state = without_duplicates(read, findings)
    learn_connectors(home, state)
    try:
        person, others = select(home, state, name)
    except NotFound as error:
        told = [one for one in findings.all if one.severity != "info"]
        if not told:
            raise
        raise SettingsError(error.message, told, help=error.help) from error  # the files may be why
    references |= {n.casefold() for space in state.spaces for image in space.images.values() for n in image.references}
    draft = draft_case(home, person, others, references, _source(rules, files))
    draft.missing = what_is_missing(home, person, others, references)
    _tell_outside(home, person)
    if not draft.objects:
        raise NotFound(
            f"Nothing is known of {name} but its name.", help=draft.missing[0].command if draft.missing else None
        )
    return _built(home, draft, state, into)


def _tell_outside(home: RulesHome, person: Person) -> None:
    """Tell where no partition of the connector holds the object: on the server it cannot be imported at all."""
    connector = person.connector
    if connector is None or not connector.contexts or connector.context_of(person.dn) is not None:
        return
    found = person.entry or person.space
    place = found.place if found is not None else Place("")
    partitions = ", ".join(context.name for context in connector.contexts)
    message = (
        f"{person.dn} is in no partition of {connector.name} ({partitions}): the case has its naming context instead"
    )
    home.findings.warn(
        place, "outside-partitions", message, help="if the rules are the customer's, this may be the cause"
    )


def _may_be_written(into: Path) -> None:
    if into.is_dir():
        raise SettingsError(f"{into} is a folder.", help="Name the case file: --into FILE.")
    if into.exists() and not into.read_text(encoding="utf-8", errors="replace").startswith(_HEADER):
        raise SettingsError(
            f"{into} is there already, and was not written by `case import`.", help="Name another file."
        )


def _source(rules: Path, files: Sequence[tuple[StateKind, Path]]) -> str:
    return ", ".join([rules.name, *(path.name for _, path in files)])


def _references(home: RulesHome) -> frozenset[str]:
    """The attributes, folded, that hold DNs in the directories of the case."""
    found: set[str] = set()
    for one in home.connectors.values():
        found |= reference_attributes(ConnectorSpec(one.name, one.schema, one.id or "", ""))
        for type_ in one.known.object_types.values():
            found |= {a.name.casefold() for a in type_.attributes.values() if a.syntax.value == "reference"}
    return frozenset(found)


# -- reading --------------------------------------------------------------------------------------


def _read(
    files: Sequence[tuple[StateKind, Path]], name: str, references: frozenset[str], findings: Findings
) -> CustomerState:
    """Everything, or of large files what belongs to the object, in as many passes as its names need."""
    for _, path in files:
        if not path.is_file():
            raise NotFound(f"There is no file {path}.")
    if sum(path.stat().st_size for _, path in files) <= _WHOLE_MAX:
        return _pass(files, findings, lambda _one: True)
    circle = Circle(name)
    found: dict[tuple[StateKind, Path], CustomerState] = {}
    at: dict[tuple[StateKind, Path], int] = {}
    """How many names were known when a file was read last: it is read again when there are more."""
    by_size = sorted(files, key=lambda one: one[1].stat().st_size)
    while pending := [one for one in by_size if at.get(one) != circle.size]:
        for one in pending:
            told = findings if one not in at else Findings()  # its findings are the same each time
            at[one] = circle.size
            found[one] = _pass([one], told, circle.fits)
            circle.learn((o for state in found.values() for o in _all(state)), references)
    whole = CustomerState()
    for state in map(found.__getitem__, files):
        whole.directory += state.directory
        whole.spaces += state.spaces
        whole.metaverse += state.metaverse
        whole.cloud += state.cloud
    return whole


def _all(state: CustomerState) -> list[object]:
    return [*state.directory, *state.spaces, *state.metaverse]


def _pass(files: Sequence[tuple[StateKind, Path]], findings: Findings, keep: Callable[[object], bool]) -> CustomerState:
    state = CustomerState()
    for kind, path in files:
        with path.open("rb") as stream:
            read_state_file(kind, stream, str(path), findings, state, keep=keep)
    return state


# -- building -------------------------------------------------------------------------------------


def _built(home: RulesHome, draft: Draft, state: CustomerState, into: Path | None) -> CaseImportDocument:
    folder = into.absolute().parent if into is not None else Path.cwd()
    written = into.with_name(f"{into.stem}.rules") if into is not None and home.imported else home.folder
    assert written is not None, "rules from exports need a file to stand beside"
    path = Path(os.path.relpath(written.absolute(), folder)).as_posix()
    name = str(into) if into is not None else "case.toml"
    texts = _rule_texts(home)

    def parsed(text: str) -> Case:
        case, diagnostics = read_case(text, name, lambda _path: texts)
        if case is None:
            errors = [d for d in diagnostics if d.severity == "error"]
            raise SettingsError("The case that was built cannot be read.", errors)
        return case

    text = case_text(home, draft, path, None)
    recording: Recording | None = None
    reason: str | None = None
    try:
        recording = record(parsed(text), draft)
        text = case_text(home, draft, path, recording.outcome)
        failures = run_case(case := parsed(text), MemoryLaboratory(case)).failures
        if failures:
            reason = "; ".join(f"{f.what}: expected {f.expected}, got {f.got}" for f in failures[:3])
    except AttrflowError as error:
        told = [str(d) for d in error.diagnostics[:3]] if isinstance(error, SettingsError) else []
        reason = " ".join([error.message, *told, error.help or ""]).strip()
    if reason is not None:
        home.findings.tell(Place(name), "case-does-not-run", f"the case does not run as it should: {reason}")
    if into is not None:
        into.parent.mkdir(parents=True, exist_ok=True)
        if home.imported:
            write_imported(home.imported, written, written, home.findings)
        into.write_text(text, encoding="utf-8")
    return _document(home, draft, state, recording, reason, into, text)


def _rule_texts(home: RulesHome) -> list[tuple[str, str]]:
    if home.folder is None:
        return [(f"{one.rule.name}.toml", write_rule(one.rule)) for one in home.imported]
    files = [home.folder] if home.folder.is_file() else sorted(home.folder.rglob("*.toml"))
    return [(str(file), file.read_text(encoding="utf-8")) for file in files]


def _document(
    home: RulesHome,
    draft: Draft,
    state: CustomerState,
    recording: Recording | None,
    reason: str | None,
    into: Path | None,
    text: str,
) -> CaseImportDocument:
    severities = [one.severity for one in home.findings.all]
    differences = recording.differences if recording is not None else []
    return CaseImportDocument(
        object=draft.name,
        file=str(into) if into is not None else None,
        passed=reason is None,
        reason=reason,
        rules=len(home.rules),
        read=dict(state.counts()),
        objects=list(draft.objects),
        missing=[MissingDocument(m.what, m.why, m.where, m.command, m.option) for m in draft.missing],
        differences=[DifferenceDocument(d.where, d.attribute, _shown(d.server), _shown(d.rules)) for d in differences],
        notes=[*draft.notes, *(recording.notes if recording is not None else ())],
        errors=severities.count("error"),
        warnings=severities.count("warning"),
        findings=[diagnostic_document(one) for one in home.findings.all],
        case=text,
    )


def _shown(values: Values | None) -> list[str] | None:
    return [display(value) for value in values] if values is not None else None
