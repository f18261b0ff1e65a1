"""The case: all that a detector may look at, and the diagnosis that it may make."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from attrflow.explain.attribute_way import AttributeWay
from attrflow.explain.documents import FlowRow
from attrflow.explain.facts import Facts
from attrflow.explain.hops import FlowHop, MetaverseHop, SpaceHop, Trace
from attrflow.explain.recorder import Observation
from attrflow.explain.resolve_object import Subject
from attrflow.model.connector_space import CSObject

__all__ = ["Case", "Detector", "Diagnosis", "Found", "Surroundings"]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What app knows besides the store: settings that decide whether anything runs at all."""

    staging_mode: bool | None = None
    """Whether the project is in staging mode; None where nobody says."""
    place: str = ""
    """What commands need behind them to find the project, such as ` -C demo`."""


@dataclass(frozen=True, slots=True)
class Case:
    """One question: an object, and an attribute of it or (`attribute` None) the object as a whole."""

    facts: Facts
    subject: Subject
    observation: Observation
    surroundings: Surroundings = Surroundings()
    attribute: str | None = None
    way: AttributeWay | None = None
    trace: Trace | None = None

    @property
    def name(self) -> str:
        """The object's name in a sentence."""
        return self.subject.document(self.facts).name

    @property
    def key(self) -> str:
        """How a command names the object: its UPN where it has one, else a DN or id, quoted where needed."""
        mvo = self.subject.mv
        upn = mvo.attributes.get("userPrincipalName") if mvo is not None else None
        if upn is not None and upn.values:
            text = str(upn.values[0])
        elif self.subject.found is not None:
            text = self.subject.found.dn
        elif self.subject.objects:
            text = self.subject.objects[0].dn
        else:
            text = f"#{mvo.id}" if mvo is not None else self.name
        return shlex.quote(text)

    @property
    def again(self) -> str:
        """The command that asks this question again."""
        return f"attrflow why {self.key}" + (f" {self.attribute}" if self.attribute is not None else "")

    def command(self, text: str) -> str:
        """A command as one can type it here."""
        return text + self.surroundings.place

    def sources(self) -> tuple[CSObject, ...]:
        """The directories' objects."""
        return self.subject.sources(self.facts)

    def cloud(self) -> tuple[CSObject, ...]:
        """The tenant's objects."""
        return self.subject.cloud(self.facts)

    def flow(self, direction: str) -> tuple[FlowRow, ...]:
        """The trace's rows of one direction; outbound only those to the tenant."""
        if self.trace is None:
            return ()
        return tuple(
            row
            for hop in self.trace.hops
            if isinstance(hop, FlowHop) and hop.direction == direction
            if hop.connector is None or self.facts.is_cloud(hop.connector)
            for row in hop.rows
        )

    def metaverse(self) -> MetaverseHop | None:
        """The trace's metaverse hop."""
        hops = self.trace.hops if self.trace is not None else ()
        return next((hop for hop in hops if isinstance(hop, MetaverseHop)), None)

    def spaces(self, side: str) -> tuple[SpaceHop, ...]:
        """The trace's connector-space hops of one side; targets only the tenant's."""
        hops = self.trace.hops if self.trace is not None else ()
        return tuple(
            hop
            for hop in hops
            if isinstance(hop, SpaceHop) and hop.side == side
            if side == "source" or self.facts.is_cloud(hop.connector)
        )

    def source_has_value(self) -> bool:
        """Whether the connector space of any directory holds a value to flow."""
        return any(
            not (a.pending if a.pending is not None else a.value).absent and a.name != "dn"
            for hop in self.spaces("source")
            for a in hop.attributes
        )

    def reaches_cloud(self) -> bool:
        """Whether some outbound mapping to the tenant gives the value."""
        return any(row.wins for row in self.flow("outbound"))


@dataclass(frozen=True, slots=True)
class Found:
    """What a detector found: the cause in plain words, what shows it, how to put it right."""

    cause: str
    evidence: tuple[str, ...] = ()
    fix: tuple[str, ...] = ()
    """Ways to put it right, the likeliest first."""
    commands: tuple[str, ...] = ()
    """What to type then."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One cause of the diagnosis table (behaviour.md §8), as it applies to this case."""

    id: str
    title: str
    attribute: str | None
    cause: str
    evidence: tuple[str, ...]
    fix: tuple[str, ...]
    commands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Detector:
    """A row of the diagnosis table. `about` says whether it looks at objects, at one attribute, or at both."""

    id: str
    title: str
    about: Literal["object", "attribute"]
    detect: Callable[[Case], Found | None]

    def diagnose(self, case: Case) -> Diagnosis | None:
        """The diagnosis, if this cause applies."""
        if self.about == "attribute" and case.attribute is None:
            return None
        found = self.detect(case)
        if found is None:
            return None
        attribute = case.attribute if self.about == "attribute" else None
        commands = tuple(case.command(text) for text in dict.fromkeys(found.commands))
        return Diagnosis(self.id, self.title, attribute, found.cause, found.evidence, found.fix, commands)
