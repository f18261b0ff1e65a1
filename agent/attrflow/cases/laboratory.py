"""The laboratory: what a case needs of the world, so that it can run in memory or against servers.

`app` has the implementations. This module is the protocol and its nouns; it knows no directory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from attrflow.cases.format import Edit
from attrflow.model.configuration import ConnectorConfiguration
from attrflow.model.entry import ReferenceTarget, WireAttempt
from attrflow.model.errors import AttrflowError
from attrflow.model.schema import Schema
from attrflow.model.values import Values
from attrflow.ports.connector import Connector
from attrflow.ports.store import Store
from attrflow.ports.world import World
from attrflow.rules.rule import Rule
from attrflow.rules.ruleset import RuleSet

__all__ = ["CaseError", "CaseWorld", "DirectoryEntry", "Laboratory", "Target"]


class CaseError(AttrflowError):
    """A case cannot be run: it asks for what its laboratory cannot do, or speaks of what is not there."""

    code = "case-error"
    exit_code = 2


class CaseWorld(World, Protocol):
    """A world whose clock the case moves."""

    def advance(self, seconds: float) -> None:
        """Move the clock on."""


@dataclass(frozen=True, slots=True)
class Target:
    """An entry of a directory: by the object's short name, by its anchor, or by its DN, whichever is known."""

    connector: str
    handle: str | None = None
    anchor: str | None = None
    dn: str | None = None


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """What a directory holds of one object."""

    dn: str
    type: str
    attributes: Mapping[str, Values] = field(default_factory=dict)
    references: Mapping[str, tuple[ReferenceTarget, ...]] = field(default_factory=dict)


class Laboratory(Protocol):
    """Directories, a store and a world for one case."""

    @property
    def store(self) -> Store:
        """The store, empty at first."""

    @property
    def world(self) -> CaseWorld:
        """The case's clock and ids."""

    @property
    def configurations(self) -> Mapping[str, ConnectorConfiguration]:
        """The connectors as the case describes them, with how they are reached."""

    @property
    def metaverse(self) -> Schema:
        """The default metaverse."""

    def default_rules(self) -> tuple[Rule, ...]:
        """The default rules of the case's connectors."""

    def use_rules(self, ruleset: RuleSet) -> None:
        """From now on these rules are in effect: they say which attributes are read and written."""

    def configure(self, configuration: ConnectorConfiguration) -> None:
        """From now on this is the configuration of the connector of that name."""

    def forget(self) -> None:
        """Go on with an empty store."""

    def schema(self, connector: str) -> Schema:
        """The schema of a connected directory, as far as it is known."""

    def learn_schema(self, connector: str, schema: Schema) -> None:
        """Keep what a directory said of its schema."""

    def open_connector(self, connector: str, told: Callable[[WireAttempt], None]) -> Connector:
        """Connect to a directory."""

    def edit(self, target: Target, edit: Edit) -> None:
        """Change a directory, as an administrator would.

        Raises:
            CaseError: the directory cannot do that.
        """

    def entry(self, target: Target) -> DirectoryEntry | None:
        """What a directory holds, selected or not; None where it holds nothing."""

    def dn(self, handle: str) -> str:
        """The DN that an object of the case has in its directory now, or had last."""

    def anchor(self, handle: str) -> str | None:
        """The anchor of an object of the case, where the laboratory gave it one."""

    def lose_connection(self, connector: str, after: int) -> None:
        """The next import of the connector breaks off after so many objects.

        Raises:
            CaseError: the laboratory has no hand in that.
        """

    def refuse(self, target: Target, error: str) -> None:
        """Exports of the object are refused with this error type from now on; an empty one takes it back.

        Raises:
            CaseError: the laboratory has no hand in that.
        """
