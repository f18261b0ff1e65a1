"""The nouns of a case: connectors, objects, steps, expectations. Data only; nothing is read or run here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from attrflow.cases.expectations import Expectation
from attrflow.cases.given import Given
from attrflow.model.schema import AttributeType, Schema
from attrflow.model.values import Values
from attrflow.rules.rule import Rule

__all__ = ["Case", "ConnectorSpec", "Edit", "EditVerb", "ObjectSpec", "Path", "RuleChange", "Step"]

Path = tuple[str | int, ...]
"""Where something stands in the case file."""

EditVerb = Literal["add", "set", "add-values", "remove-values", "rename", "move", "delete", "undelete"]


@dataclass(frozen=True, slots=True)
class ConnectorSpec:
    """One connector as the case describes it."""

    name: str
    schema: Literal["ad", "openldap", "entra", "memory"]
    id: str
    naming_context: str
    containers: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    object_types: tuple[str, ...] = ()
    selected: tuple[str, ...] = ()
    attributes: tuple[AttributeType, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ObjectSpec:
    """One object of a directory. Values of reference attributes are short names or DNs."""

    handle: str
    connector: str
    type: str
    dn: str
    attributes: Mapping[str, Values] = field(default_factory=dict)
    at_start: bool = True
    anchor: str | None = None
    quarantined: Mapping[str, Values] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Edit:
    """One change in a directory. `object` is a short name, or `NAME@CONNECTOR` for its counterpart there."""

    verb: EditVerb
    object: str
    attributes: Mapping[str, Values] = field(default_factory=dict)
    dn: str = ""


@dataclass(frozen=True, slots=True)
class RuleChange:
    """A change of the rules: names that are switched, and rules that come."""

    disable: tuple[str, ...] = ()
    enable: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    add: tuple[Rule, ...] = ()
    replace: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One step: edits, changes of the project, runs, and what must be so afterwards, in that order."""

    number: int
    title: str
    path: Path
    edits: tuple[Edit, ...] = ()
    advance: float = 0.0
    rules: RuleChange | None = None
    options: Mapping[str, object] = field(default_factory=dict)
    containers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    selected: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lose_connection: Mapping[str, int] = field(default_factory=dict)
    refuse: Mapping[str, str] = field(default_factory=dict)
    forget: bool = False
    runs: tuple[str, ...] = ()
    """`CONNECTOR PROFILE`, or `cycle initial` and `cycle delta`."""
    expectations: tuple[Expectation, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """A case file, read."""

    title: str
    basis: str
    source: str
    steps: tuple[Step, ...]
    needs: frozenset[str] = frozenset()
    seed: int = 1
    clock: datetime | None = None
    connectors: Mapping[str, ConnectorSpec] = field(default_factory=dict)
    metaverse: Schema | None = None
    options: Mapping[str, object] = field(default_factory=dict)
    default_rules: bool = True
    rules: tuple[Rule, ...] = ()
    disable: tuple[str, ...] = ()
    objects: Mapping[str, ObjectSpec] = field(default_factory=dict)
    given: Given = field(default_factory=Given)
    file: str | None = None
    text: str = field(default="", repr=False)

    @property
    def tenant(self) -> str | None:
        """The name of the connector to Entra, or None."""
        return next((c.name for c in self.connectors.values() if c.schema == "entra"), None)
