"""Operations that explain: the way of one value, and why something does not sync. They change nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from attrflow.app.operations.live import LiveDirectories, live_directories
from attrflow.app.operations.tagged import tagged_union
from attrflow.app.project import Project
from attrflow.app.shapes import shape
from attrflow.explain.diagnoses import Diagnosis, Surroundings
from attrflow.explain.documents import Finding, SubjectDocument, WayDocument, as_data
from attrflow.explain.hops import CloudHop, DirectoryHop, FlowHop, MetaverseHop, Outcome, SpaceHop, Trace
from attrflow.explain.trace import trace as trace_way
from attrflow.explain.why import Why
from attrflow.explain.why import why as why_not
from attrflow.model.errors import NotFound

__all__ = ["TraceDocument", "WhyDocument", "trace", "trace_document", "why", "why_document"]

T = TypeVar("T")

if TYPE_CHECKING:
    HopDocument = Any
else:
    # Built from explain's types when this module is loaded: nothing that a type checker could follow.
    HopDocument = tagged_union("hop", DirectoryHop, SpaceHop, FlowHop, MetaverseHop, CloudHop)


@dataclass(frozen=True, slots=True)
class TraceDocument:
    """The way of one value of one object; every hop says in `hop` what it is."""

    subject: SubjectDocument
    way: WayDocument
    hops: list[HopDocument]
    outcome: Outcome
    findings: list[Finding]


@dataclass(frozen=True, slots=True)
class WhyDocument:
    """Why an object, or one attribute of it, is not in the cloud; the first diagnosis is the primary one."""

    subject: SubjectDocument
    attribute: str | None
    verdict: str
    headline: str
    diagnoses: list[Diagnosis]
    attributes: list[Diagnosis]
    findings: list[Finding]
    trace: TraceDocument | None = None


shape("trace", TraceDocument)
shape("why", WhyDocument)


def trace_document(found: Trace) -> TraceDocument:
    """A trace as a document."""
    return msgspec.convert(as_data(found), TraceDocument)


def trace(project: Project, object_text: str, attribute: str, *, live: bool = True) -> Trace:
    """The way of one value; `live` also reads it in the directories as it is there now.

    Raises:
        NotFound: no object has that name.
        Ambiguous: several objects have it.
    """
    with _readers(project, live=live) as readers:
        return _asked(
            readers,
            lambda: trace_way(
                project.store,
                project.program(observed=True),
                project.world,
                object_text,
                attribute,
                directory_value=readers.directory_value if readers is not None else None,
                cloud_value=readers.cloud_value if readers is not None else None,
                find_in_directory=readers.find if readers is not None else None,
            ),
        )


def why_document(found: Why) -> WhyDocument:
    """A why as a document."""
    return msgspec.convert(as_data(found), WhyDocument)


def why(project: Project, object_text: str, attribute: str | None = None, *, live: bool = True, place: str = "") -> Why:
    """Why an object, or one attribute of it, is not in the cloud; errors and `live` as `trace`.

    `place` is what the commands that are proposed need behind them to find the project, such as ` -C demo`.
    """
    with _readers(project, live=live) as readers:
        return _asked(
            readers,
            lambda: why_not(
                project.store,
                project.program(observed=True),
                project.world,
                object_text,
                attribute,
                directory_value=readers.directory_value if readers is not None else None,
                cloud_value=readers.cloud_value if readers is not None else None,
                find_in_directory=readers.find if readers is not None else None,
                surroundings=Surroundings(staging_mode=project.settings.staging_mode, place=place),
            ),
        )


@contextmanager
def _readers(project: Project, *, live: bool) -> Iterator[LiveDirectories | None]:
    if not live:
        yield None
        return
    with live_directories(project) as readers:
        yield readers


def _asked(readers: LiveDirectories | None, explain: Callable[[], T]) -> T:
    """An explanation; where nothing has the name, it is said which directories could not be asked for it."""
    try:
        return explain()
    except NotFound as error:
        if readers is None:
            more = ["without --offline the directories are looked into as well"]
        else:
            more = [f"{name} could not be asked: {reason.message}" for name, reason in readers.unreachable.items()]
        parts = ([error.help] if error.help is not None else []) + more
        raise NotFound(error.message, help="\n".join(parts) or None) from error
