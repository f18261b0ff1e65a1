"""Runs a case in its laboratory, step by step, and says what differed and why.

The first step with a difference is the last one: what comes after it would only repeat it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from attrflow.cases.checks import check
from attrflow.cases.differences import Difference
from attrflow.cases.format import Case, Path, Step
from attrflow.cases.laboratory import Laboratory
from attrflow.cases.session import Session
from attrflow.explain.text import plain
from attrflow.explain.text_trace import trace_lines
from attrflow.explain.trace import trace
from attrflow.model.errors import AttrflowError, SettingsError
from attrflow.rules.positions import locate
from attrflow.runs.run import RunResult

__all__ = ["CaseResult", "Failure", "case_that_cannot_begin", "run_case"]

_FINE = ("success", "completed-no-objects", "completed-warnings")
_ERRORS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that is not as the case expects it."""

    step: int
    title: str
    line: int | None
    """Where in the case file it is expected."""
    what: str
    expected: str
    got: str
    trace: str | None = None
    """The way of the attribute, where one is concerned."""


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What became of a case."""

    case: Case
    failures: tuple[Failure, ...]

    @property
    def passed(self) -> bool:
        """Whether everything was as expected."""
        return not self.failures


def run_case(case: Case, laboratory: Laboratory) -> CaseResult:
    """Run the case from its beginning to its end, or to the first step that differs."""
    step: Step | None = None
    try:
        session = Session(case, laboratory)
        for step in case.steps:
            failures = tuple(_step(session, step))
            if failures:
                return CaseResult(case, failures)
    except AttrflowError as error:
        return CaseResult(case, (_stopped(case, step, error),))
    return CaseResult(case, ())


def case_that_cannot_begin(case: Case, error: AttrflowError) -> CaseResult:
    """The result of a case whose laboratory could not be made ready for it."""
    return CaseResult(case, (_stopped(case, None, error),))


def _step(session: Session, step: Step) -> Iterator[Failure]:
    session.prepare(step)
    expected = {e.subject for e in step.expectations if e.kind == "result"}
    for line in step.runs:
        for result in session.run(line):
            subject = f"{result.record.connector} {result.record.profile}"
            if result.record.result not in _FINE and subject not in expected:
                difference = Difference(f"the result of {subject}", "success", _run_text(session, result))
                yield _failure(session, step, (*step.path, "run"), difference)
    for expectation in step.expectations:
        for difference in check(session, expectation):
            place = (*expectation.path, difference.attribute) if difference.attribute else expectation.path
            yield _failure(session, step, place, difference)


def _failure(session: Session, step: Step, path: Path, difference: Difference) -> Failure:
    line = locate(session.case.text, path, "key").line if session.case.text else None
    shown = None
    if difference.name is not None and difference.attribute is not None:
        shown = _trace(session, difference.name, difference.attribute)
    return Failure(step.number, step.title, line, difference.what, difference.expected, difference.got, shown)


def _trace(session: Session, name: str, attribute: str) -> str:
    """The way of an attribute, as far as it can be shown."""
    cso = session.cs(name)
    if cso is None:
        return "No trace: the connector space has no such object."
    try:
        found = trace(session.store, session.program(observed=True), session.laboratory.world, f"#{cso.id}", attribute)
    except AttrflowError as error:
        return f"No trace: {error.message}."
    return plain(trace_lines(found))


def _run_text(session: Session, result: RunResult) -> str:
    """What a run says of itself, and of the first objects that failed."""
    record = result.record
    parts = [record.result]
    for step in record.steps:
        parts += [step.detail] if step.detail else []
        objects = [o for o in session.store.run_objects(record.number, step.number) if o.error is not None]
        parts += [f"{o.dn}: {o.error}: {o.detail}" for o in objects[:_ERRORS_SHOWN]]
        parts += [f"and {len(objects) - _ERRORS_SHOWN} more"] if len(objects) > _ERRORS_SHOWN else []
    return "; ".join(parts)


def _stopped(case: Case, step: Step | None, error: AttrflowError) -> Failure:
    """The case could not go on."""
    found = [str(d) for d in error.diagnostics] if isinstance(error, SettingsError) else []
    got = " ".join([error.message, *found, error.help or ""]).strip()
    line = locate(case.text, step.path, "key").line if step is not None and case.text else None
    number, title = (step.number, step.title) if step is not None else (0, "before the first step")
    return Failure(number, title, line, "the case", "to go on", got)
