"""Operations on case files: read them, run them in memory or on the wire, and say what differed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from attrflow.app.memory_laboratory import MemoryLaboratory
from attrflow.app.shapes import shape
from attrflow.cases.document import read_case
from attrflow.cases.format import Case
from attrflow.cases.laboratory import CaseError, Laboratory
from attrflow.cases.runner import CaseResult, case_that_cannot_begin, run_case
from attrflow.model.diagnostics import Diagnostic
from attrflow.model.errors import NotFound, SettingsError

__all__ = [
    "CaseDocument",
    "CaseFailureDocument",
    "CasesDocument",
    "case_files",
    "load_case",
    "not_here",
    "run_cases",
]

CASE_FILE = "case.toml"
"""The case of a folder that holds other files beside it."""


@dataclass(frozen=True, slots=True)
class CaseFailureDocument:
    """One thing that is not as a case expects it."""

    step: int
    title: str
    line: int | None
    what: str
    expected: str
    got: str
    trace: str | None = None
    """The way of the attribute, as text."""


@dataclass(frozen=True, slots=True)
class CaseDocument:
    """What became of one case."""

    file: str
    title: str
    basis: str
    source: str
    outcome: str
    """`passed`, `failed` or `skipped`."""
    reason: str | None = None
    """Why it was skipped."""
    failures: tuple[CaseFailureDocument, ...] = ()


@dataclass(frozen=True, slots=True)
class CasesDocument:
    """What became of the cases of one call."""

    laboratory: str
    """`memory` or `wire`."""
    passed: int
    failed: int
    skipped: int
    cases: tuple[CaseDocument, ...]


shape("cases", CasesDocument)


def case_files(paths: Iterable[Path]) -> tuple[Path, ...]:
    """The case files that paths mean: a file itself, a folder's `case.toml`, or all TOML files below a folder.

    Raises:
        NotFound: there is nothing at a path, or no case in a folder.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            own = path / CASE_FILE
            inside = [own] if own.is_file() else sorted(path.rglob("*.toml"))
            if not inside:
                raise NotFound(f"There is no case in {path}.", help="A case is one TOML file.")
            found.update(dict.fromkeys(inside))
        elif path.is_file():
            found[path] = None
        else:
            raise NotFound(f"There is no file {path}.")
    return tuple(found)


def load_case(path: Path) -> Case:
    """The case of a file; paths in it are taken from its folder.

    Raises:
        SettingsError: the file cannot be read, or is no case; all errors at once, with their places.
    """
    case, diagnostics = _read(path)
    if case is None:
        errors = [d for d in diagnostics if d.severity == "error"]
        raise SettingsError(f"{path} is no case that can be run.", errors, help="Nothing was run.")
    return case


def _read(path: Path) -> tuple[Case | None, tuple[Diagnostic, ...]]:
    def files(name: str) -> Sequence[tuple[str, str]]:
        there = path.parent / name
        inside = sorted(there.rglob("*.toml")) if there.is_dir() else [there]
        return [(str(one), one.read_text(encoding="utf-8")) for one in inside]

    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return None, (Diagnostic("unreadable-file", f"the case cannot be read: {error}", file=str(path)),)
    return read_case(text, str(path), files)


def not_here(case: Case, *, wire: bool) -> str | None:
    """Why a case cannot run in this laboratory, or None where it can."""
    if wire and "memory" in case.needs:
        return "it needs what only directories in memory can do"
    if not wire and case.needs & {"wire", "ingest"}:
        return "it needs servers: run it with --wire"
    return None


def run_cases(
    paths: Iterable[Path], *, wire: bool = False, told: Callable[[CaseDocument], None] = lambda _case: None
) -> CasesDocument:
    """Run cases one after the other.

    Args:
        paths: as `case_files` takes them.
        wire: against mock servers over LDAP and HTTP instead of in memory.
        told: is called with each case as soon as it is done.

    Raises:
        SettingsError: at least one file is no case; nothing was run.
        NotFound: there is nothing at a path.
        LaboratoryError: the mock servers did not start.
    """
    cases: list[Case] = []
    errors: list[Diagnostic] = []
    for path in case_files(paths):
        case, diagnostics = _read(path)
        errors += [d for d in diagnostics if d.severity == "error"]
        cases += [case] if case is not None else []
    if errors:
        raise SettingsError("Not every file is a case that can be run.", errors, help="Nothing was run.")
    documents = []
    with _laboratories(wire) as laboratory:
        for case in cases:
            reason = not_here(case, wire=wire)
            documents.append(_document(case, None if reason is not None else _run(case, laboratory), reason))
            told(documents[-1])
    outcomes = [document.outcome for document in documents]
    return CasesDocument(
        "wire" if wire else "memory",
        outcomes.count("passed"),
        outcomes.count("failed"),
        outcomes.count("skipped"),
        tuple(documents),
    )


@contextmanager
def _laboratories(wire: bool) -> Iterator[Callable[[Case], Laboratory]]:
    if not wire:
        yield MemoryLaboratory
        return
    from attrflow.app.wire_laboratory import wire_servers  # noqa: PLC0415 - loads the clients of LDAP and HTTP

    with wire_servers() as servers:
        yield servers.laboratory


def _run(case: Case, laboratory: Callable[[Case], Laboratory]) -> CaseResult:
    try:
        return run_case(case, laboratory(case))
    except CaseError as error:
        return case_that_cannot_begin(case, error)


def _document(case: Case, result: CaseResult | None, reason: str | None) -> CaseDocument:
    outcome = "skipped" if result is None else "passed" if result.passed else "failed"
    failures = result.failures if result is not None else ()
    return CaseDocument(
        case.file or "",
        case.title,
        case.basis,
        case.source,
        outcome,
        reason,
        tuple(CaseFailureDocument(f.step, f.title, f.line, f.what, f.expected, f.got, f.trace) for f in failures),
    )
