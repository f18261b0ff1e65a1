"""Reading values where they live, for operations that explain: directories over LDAP, the cloud over Graph.

Each directory is connected once, when the first value of it is asked for, and let go at the end. What
cannot be read is said as a sentence; it stops no explanation, whose facts are stored ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from attrflow.app.project import Project
from attrflow.explain.containers import keeps_out
from attrflow.explain.live import LiveRead, QuarantinedValue
from attrflow.explain.resolve_object import DirectoryFind
from attrflow.model.connector_space import CSObject
from attrflow.model.entry import ImportedObject, ImportedReferences, ReferenceTarget, WireAttempt
from attrflow.model.errors import AttrflowError
from attrflow.ports.connector import Connector
from attrflow.rules.reading import attributes_needed

if TYPE_CHECKING:
    from attrflow.connectors.entra.connector import EntraConnector
    from attrflow.connectors.ldap.connector import LdapConnector

__all__ = ["LiveDirectories", "live_directories"]

_CLOUD_TYPES = ("User", "Group", "Contact", "Device")
_BY_DOMAIN = frozenset({"userprincipalname", "mail", "proxyaddresses"})
"""Attributes whose values the tenant changes where their domain is not verified."""


@contextmanager
def live_directories(project: Project) -> Iterator[LiveDirectories]:
    """The project's directories, connected as they are asked for, for as long as the block lasts."""
    live = LiveDirectories(project)
    try:
        yield live
    finally:
        live.close()


class LiveDirectories:
    """Readers that `explain` is given; made by `live_directories`."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._open: dict[str, Connector | AttrflowError] = {}
        self._read: dict[int, ImportedObject | None] = {}
        self._verified: dict[str, frozenset[str] | None] = {}

    def close(self) -> None:
        """Let go of all connections."""
        for connector in self._open.values():
            if not isinstance(connector, AttrflowError):
                connector.close()
        self._open.clear()

    @property
    def unreachable(self) -> dict[str, AttrflowError]:
        """The directories that were asked for and could not be connected, with the reason."""
        return {name: found for name, found in self._open.items() if isinstance(found, AttrflowError)}

    def directory_value(self, cso: CSObject, attribute: str) -> LiveRead:
        """An attribute as the directory of a connector-space object holds it now.

        Raises:
            ConnectorError: the directory cannot be used.
            SettingsError: the settings make no sense, or the secret cannot be had.
        """
        if cso.anchor is None:
            return LiveRead(unread="the object was never imported, so that nothing identifies it there")
        if not self._imports(cso, attribute):
            return LiveRead(unread=f"{attribute} is not imported: no rule in effect reads or writes it")
        found = self._object(cso)
        if found is None:
            return LiveRead(found=False)
        wanted = attribute.casefold()
        values = next((v for name, v in found.attributes.items() if name.casefold() == wanted), ())
        refers = next((r for name, r in found.references.items() if name.casefold() == wanted), ImportedReferences())
        return LiveRead(values, refers.added)

    def cloud_value(self, cso: CSObject, attribute: str) -> LiveRead:
        """An attribute as Graph shows it now; errors as `directory_value`, and MissingExtra."""
        if cso.anchor is None:
            return LiveRead(unread="the object was never exported")
        connector = cast("EntraConnector", self._connected(cso.connector))
        shown = connector.cloud_values(cso.anchor, (attribute,))[attribute]
        if shown.state == "no-object":
            return LiveRead(found=False, name=shown.property)
        if shown.state == "not-readable":
            return LiveRead(unread=shown.note, name=shown.property)
        if self._refers(cso, attribute):
            targets = tuple(self._target(cso, str(id_)) for id_ in shown.values)
            return LiveRead(references=targets, name=shown.property, note=shown.note)
        return LiveRead(
            shown.values,
            name=shown.property,
            note=shown.note,
            calculated=shown.calculated,
            quarantined=tuple(QuarantinedValue(one.value, one.category) for one in shown.quarantined),
            verified_domains=self._domains(connector, cso.connector) if attribute.casefold() in _BY_DOMAIN else None,
        )

    def find(self, text: str) -> tuple[DirectoryFind, ...]:
        """What all directories hold under a name, selected or not; one that cannot be asked is `unreachable`."""
        finds: list[DirectoryFind] = []
        for configuration in self._project.settings.connectors.values():
            if configuration.kind == "entra":
                continue
            try:
                entries = cast("LdapConnector", self._connected(configuration.name)).find(text)
            except AttrflowError as error:
                self._failed(configuration.name, error)
                continue
            for entry in entries:
                reason = None if entry.selected else f"its object type {entry.object_type} is not selected"
                out = keeps_out(configuration, entry.dn)
                finds.append(DirectoryFind(configuration.name, entry.dn, out, entry.object_type, entry.name, reason))
        return tuple(finds)

    # -- inside --------------------------------------------------------------------------------------

    def _connected(self, name: str) -> Connector:
        if name not in self._open:
            try:
                self._open[name] = self._project.open_connector(name, _untold)
            except AttrflowError as error:
                self._open[name] = error
        found = self._open[name]
        if isinstance(found, AttrflowError):
            raise found
        return found

    def _failed(self, name: str, error: AttrflowError) -> None:
        """The directory does not answer any more: it is not asked again."""
        before = self._open.get(name)
        if before is not None and not isinstance(before, AttrflowError):
            before.close()
        self._open[name] = error

    def _object(self, cso: CSObject) -> ImportedObject | None:
        if cso.id not in self._read:
            assert cso.anchor is not None, "asked before"
            self._read[cso.id] = self._connected(cso.connector).read_object(cso.partition, cso.anchor)
        return self._read[cso.id]

    def _domains(self, connector: EntraConnector, name: str) -> frozenset[str] | None:
        if name not in self._verified:
            self._verified[name] = connector.verified_domains()
        return self._verified[name]

    def _imports(self, cso: CSObject, attribute: str) -> bool:
        needed = attributes_needed(self._project.rules.ruleset, cso.connector).get(cso.object_type or "", frozenset())
        chosen = self._project.settings.connectors[cso.connector].attributes
        wanted = attribute.casefold()
        return any(name.casefold() == wanted for name in needed) and (
            not chosen or any(name.casefold() == wanted for name in chosen)
        )

    def _refers(self, cso: CSObject, attribute: str) -> bool:
        """Whether the attribute refers to other objects, by the schema that the tenant stated."""
        type_ = self._project.schema(cso.connector).attribute(cso.object_type or "", attribute)
        return type_ is not None and type_.syntax.value == "reference"

    def _target(self, cso: CSObject, id_: str) -> ReferenceTarget:
        """Graph names a target by its id alone; whose it is says the connector space."""
        for kind in _CLOUD_TYPES:
            anchor = f"{kind}_{id_}"
            if self._project.store.cs_by_anchor(cso.connector, anchor) is not None:
                return ReferenceTarget(id_, anchor)
        return ReferenceTarget(id_)


def _untold(_attempt: WireAttempt) -> None:
    """What is sent to look at something belongs to no run."""
