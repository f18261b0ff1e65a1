"""Which connector of a project is meant where an export names one of the customer's server.

A rule names its connector by the source server's GUID. `--map` decides first, then the same id in the
project, the same name, and last what is beyond doubt: one tenant in the export and one in the project.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from attrflow.importers.draft import Word
from attrflow.importers.findings import NOWHERE, Findings, Place
from attrflow.model.schema import Schema

__all__ = [
    "ENTRA_ID",
    "Container",
    "ExportedConnector",
    "ExportedPartition",
    "ExportedProfile",
    "ExportedStep",
    "Known",
    "Remapping",
    "connector_name",
]

ENTRA_ID: Final = "b891884f-051e-4a83-95af-2544101c9083"
"""The id that the Entra connector has on every server (behaviour.md §9.1, observed)."""

_ANY: Final = "*"
_GUID_LIKE: Final = r"[0-9a-f-]+"
_NAME_MAX: Final = 64


@dataclass(frozen=True, slots=True)
class Container:
    """A container of a partition that is selected or left out."""

    dn: str
    selected: bool


@dataclass(frozen=True, slots=True)
class ExportedPartition:
    """A partition of an exported connector; only selected ones are imported from."""

    name: str
    selected: bool
    containers: tuple[Container, ...]
    object_types: tuple[str, ...]
    parameters: Mapping[str, str] = field(default_factory=dict)
    id: str = ""
    """By which steps of run profiles name it: a GUID in lower case, without braces; empty where none is stated."""
    line: int = 0


@dataclass(frozen=True, slots=True)
class ExportedStep:
    """A step of an exported run profile."""

    type: str | None
    """As a settings file says it (`full-import`); None for what attrflow has no step for."""
    stated: str
    """Type and subtypes as the export says them."""
    partition: str
    """A partition's id or name; empty: all of them."""
    limits: Mapping[str, str] = field(default_factory=dict)
    """By the name that a settings file has for them, as they are written."""
    files: tuple[str, ...] = ()
    """`to-file`, `resume-from-file`: whether the step writes a file or reads one; both: it writes and goes on."""
    file: str = ""
    """The file's name."""
    parameters: tuple[str, ...] = ()
    """Names of the step's own parameters that have a value."""
    line: int = 0


@dataclass(frozen=True, slots=True)
class ExportedProfile:
    """A run profile of an exported connector."""

    name: str
    steps: tuple[ExportedStep, ...]
    line: int = 0


@dataclass(frozen=True, slots=True)
class ExportedConnector:
    """What a connector file says, without secrets, cookies and watermarks."""

    id: str
    name: str
    kind: str | None
    """`ad` or `entra`; None for a kind that attrflow has not."""
    partitions: tuple[ExportedPartition, ...] = ()
    attributes: tuple[str, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    forest: str | None = None
    account: str | None = None
    schema: Schema = field(default_factory=Schema)
    run_profiles: tuple[ExportedProfile, ...] = ()
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Known:
    """A connector of the project that rules are imported into."""

    name: str
    id: str
    kind: str


def connector_name(name: str, kind: str | None) -> str:
    """A name for a connector of the project from its name on the server.

    >>> connector_name("contoso.onmicrosoft.com - AAD", "entra"), connector_name("Hub (west)", "ad")
    ('entra', 'Hub-west')
    """
    if kind == "entra":
        return "entra"
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-._")[:_NAME_MAX].rstrip("-._")
    return plain or "connector"


class Remapping:
    """From what exports call a connector to its name in the project; tells each unknown one once."""

    def __init__(
        self,
        explicit: Mapping[str, str],
        exported: Sequence[ExportedConnector],
        project: Sequence[Known] | None,
        findings: Findings,
        asked: Collection[str] | None = None,
    ) -> None:
        """`explicit`: names by what exports call the connectors; `asked`: those of its keys that must decide something.

        Without `asked` all of them must.
        """
        self._explicit = {_key(key): name for key, name in explicit.items()}
        self._asked = {_key(key) for key in (explicit if asked is None else asked)}
        self._exported = {connector.id: connector for connector in exported}
        self._project = project
        self._findings = findings
        self._found: dict[str, str | None] = {}
        self._places: dict[str, Place] = {}
        self.used: set[str] = set()
        """The keys of `--map` that decided something."""
        self.unknown: dict[str, int] = {}
        """How many rules each connector has that is not in the project."""

    def name(self, word: Word | None) -> str | None:
        """The project's name of the connector; None, told once, where it has none."""
        key = _key(word.text) if word is not None else ""
        if key not in self._found:
            self._found[key] = self._look(key, word)
        if self._found[key] is None:
            self._places.setdefault(key, word.place if word is not None else NOWHERE)
            shown = key if re.fullmatch(_GUID_LIKE, key) else word.text if word is not None else ""
            self.unknown[shown] = self.unknown.get(shown, 0) + 1
        return self._found[key]

    def tell(self) -> None:
        """Say which connectors are not known, and which names of `--map` decided nothing."""
        for shown, count in self.unknown.items():
            exported = self._exported.get(_key(shown))
            named = f" ({exported.name!r})" if exported is not None else ""
            rules = "one rule belongs" if count == 1 else f"{count} rules belong"
            message = f"{rules} to the connector {shown or '(none stated)'}{named}, which is unknown: not imported"
            known = ", ".join(k.name for k in self._project) if self._project else ""
            there = f"; the project has {known}" if known else ""
            key = shown if re.fullmatch(_GUID_LIKE, shown) else "*"
            place = self._places.get(_key(shown), NOWHERE)
            self._findings.tell(place, "unknown-connector", message, help=f"--map '{key}=NAME'{there}")
        for key in self._explicit:
            if key in self._asked and key not in self.used:
                message = f"--map {key}: no rule belongs to such a connector"
                self._findings.warn(NOWHERE, "map-not-used", message)

    def _look(self, key: str, word: Word | None) -> str | None:
        for asked in (key, _key(self._exported[key].name) if key in self._exported else "", _ANY):
            if asked and asked in self._explicit:
                self.used.add(asked)
                return self._explicit[asked]
        if self._project is not None:
            return self._in_project(key)
        if word is None or not word.resolved:
            return None
        exported = self._exported.get(key)
        if exported is not None:
            return self._distinct(exported)
        return "entra" if key == ENTRA_ID else connector_name(key, None)

    def _in_project(self, key: str) -> str | None:
        assert self._project is not None
        exported = self._exported.get(key)
        for known in self._project:
            if known.id == key:
                return known.name
        if exported is not None:
            name = connector_name(exported.name, exported.kind).casefold()
            for known in self._project:
                if known.kind == exported.kind and known.name.casefold() in (name, exported.name.casefold()):
                    return known.name
        if key == ENTRA_ID or (exported is not None and exported.kind == "entra"):
            tenants = [known for known in self._project if known.kind == "entra"]
            if len(tenants) == 1:
                return tenants[0].name
        return None

    def _distinct(self, exported: ExportedConnector) -> str:
        """Its name, with the id's beginning behind it where another connector of the export has the same."""
        name = connector_name(exported.name, exported.kind)
        same = [
            other.id
            for other in self._exported.values()
            if connector_name(other.name, other.kind).casefold() == name.casefold()
        ]
        return name if same[0] == exported.id else f"{name}-{exported.id[:8]}"


def _key(text: str) -> str:
    return text.strip().strip("{}").casefold()
