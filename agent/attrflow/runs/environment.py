"""What a run is given: the store, the world, the configuration, and how to reach the directories."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from attrflow.engine.program import Program
from attrflow.engine.working_set import JoinAttributes
from attrflow.model.configuration import ConnectorConfiguration, EngineOptions, GuardKind
from attrflow.model.entry import WireAttempt
from attrflow.model.schema import Schema
from attrflow.ports.connector import Connector
from attrflow.ports.store import Store
from attrflow.ports.world import World
from attrflow.rules.ruleset import RuleSet, join_attributes

__all__ = ["BATCH_SIZE", "Environment", "Progress", "never", "silent"]

BATCH_SIZE = 500
"""Objects a commit: what SQLite with synchronous=FULL does best (measured)."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a step is, for people: a callback's argument, not an event."""

    connector: str
    step: str
    partition: str
    done: int
    total: int | None
    finished: bool = False
    result: str | None = None


def silent(_progress: Progress) -> None:
    """A progress callback that shows nothing."""


def never() -> bool:
    """Nobody asks the run to stop."""
    return False


@dataclass(frozen=True, slots=True)
class Environment:
    """Everything that runs need; put together by `app`."""

    store: Store
    world: World
    options: EngineOptions
    configurations: Mapping[str, ConnectorConfiguration]
    ruleset: Callable[[], RuleSet]
    """The rules in effect: others than at the start once an import learns a schema, whose spelling they take."""
    configuration_hash: str
    configuration_text: str
    open_connector: Callable[[str, Callable[[WireAttempt], None]], Connector]
    """Connect to a directory by the connector's name; every request on the wire is told to the second argument."""
    learn_schema: Callable[[str, Schema], None]
    """Keep what a directory said of its schema; programs are built from it."""
    schema: Callable[[str], Schema]
    program: Callable[[], Program]
    progress: Callable[[Progress], None] = silent
    allowed: Mapping[GuardKind, int | None] = field(default_factory=dict)
    """What an export may hold this once although the guard would stop it, None for any number; never kept."""
    stop: Callable[[], bool] = never
    """Whether somebody asked the run to stop; it then ends with the batch that is under way."""
    open_tuned: Callable[[str, Callable[[WireAttempt], None], Mapping[str, object]], Connector] | None = None
    """As `open_connector`, with settings of the adapter that a step has for itself."""
    drop: Callable[[Mapping[str, Any]], None] | None = None
    """Where an import or export is written to as lines, instead of being staged or sent (`dropping`)."""
    resume: Callable[[], Iterator[tuple[int, Mapping[str, Any]]]] | None = None
    """The numbered lines of a drop file, from which an import is read instead of from its directory."""

    @property
    def joins(self) -> JoinAttributes:
        """What the rules in effect join on."""
        return JoinAttributes(*join_attributes(self.ruleset(), self.configurations.values()))
