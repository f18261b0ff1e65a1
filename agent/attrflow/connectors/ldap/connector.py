"""The connector that runs use: one directory over LDAP, opened when it is made (ports.connector)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from ldap3.utils.conv import escape_filter_chars

from attrflow.connectors.ldap import controls
from attrflow.connectors.ldap.connection import Session
from attrflow.connectors.ldap.dialogue import Dialogue
from attrflow.connectors.ldap.dirsync import DirSync
from attrflow.connectors.ldap.entries import EntryReader
from attrflow.connectors.ldap.export import Exporter
from attrflow.connectors.ldap.full_import import FullImport
from attrflow.connectors.ldap.lookup import FoundEntry, Lookup
from attrflow.connectors.ldap.naming import names_in, referring, with_names
from attrflow.connectors.ldap.schema import read_root_dse, read_schema
from attrflow.connectors.ldap.scope import Scope
from attrflow.connectors.ldap.settings import settings_of
from attrflow.connectors.retry import Retrying
from attrflow.model.configuration import ConnectorConfiguration
from attrflow.model.entry import ExportChange, ExportOutcome, ImportedObject, ImportFinding, Page
from attrflow.model.errors import SearchFailed, SettingsError
from attrflow.model.schema import Schema

__all__ = ["LdapConnector"]

_FULL_EVERY_TIME = (
    "OpenLDAP has no DirSync, so every delta import reads the whole partition: "
    "that is the only way to see deletions there without a replication log"
)
_NO_WATERMARK = "full"
"""What stands for a watermark where a delta import is a full one."""


class LdapConnector:
    """One AD or OpenLDAP directory for one run."""

    def __init__(
        self,
        configuration: ConnectorConfiguration,
        attributes: Mapping[str, Collection[str]],
        *,
        password: str,
        retrying: Retrying,
    ) -> None:
        """Connect, bind and read the schema.

        Args:
            configuration: kind `ad` or `openldap`; `settings` as `ldap.settings` reads them.
            attributes: by object type the attributes that rules need and the configuration selects.
            password: of the account in the settings; appears in no message.
            retrying: the run's patience.

        Raises:
            ConnectorError: the directory cannot be used.
            SettingsError: the settings make no sense.
        """
        settings = settings_of(configuration)
        if not configuration.object_types:
            raise SettingsError(
                f"connector {configuration.name!r} has no object types",
                help=f"list them in object-types under [connectors.{configuration.name}]",
            )
        self._configuration = configuration
        self._is_ad = settings.kind == "ad"
        self._session = Session(settings, password)
        self._dialogue = Dialogue(self._session, retrying)
        self._dialogue.open()
        try:
            root = read_root_dse(self._session, self._dialogue.ask)
            stated = read_schema(self._session, root, self._dialogue.ask)
            named_by = names_in(stated, configuration)
            self._server_schema = referring(stated, named_by)
        except BaseException:
            self._dialogue.close()
            raise
        self._scope = Scope(configuration, self._server_schema, settings.filter)
        self._reader = EntryReader(
            settings.kind,
            self._server_schema,
            with_names(attributes, named_by, configuration.object_types),
            named_by=named_by,
            filler=settings.filler_member,
        )
        self._full = FullImport(
            self._dialogue, self._scope, self._reader, is_ad=self._is_ad, page_size=settings.page_size
        )
        self._dirsync = DirSync(
            self._dialogue,
            self._scope,
            self._reader,
            self._full,
            object_security=settings.object_security,
            extra_filter=settings.filter,
        )
        self._exporter = Exporter(
            self._dialogue,
            self._server_schema,
            self._reader,
            is_ad=self._is_ad,
            permissive=controls.PERMISSIVE_MODIFY in root.controls,
        )
        self._schema = self._server_schema.model(configuration.object_types)

    @property
    def schema(self) -> Schema:
        """The included object types that the server knows, with their attributes."""
        return self._schema

    @property
    def unknown_attributes(self) -> Mapping[str, tuple[str, ...]]:
        """By object type: attributes that rules need and that the server's schema does not have."""
        return self._reader.unknown

    @property
    def delta_support(self) -> str | None:
        """None for AD; for OpenLDAP why its delta imports are full ones."""
        return None if self._is_ad else _FULL_EVERY_TIME

    def import_pages(self, partition: str, watermark: str | None) -> Iterator[Page]:
        """All objects in scope (watermark None, or OpenLDAP), or what changed since the watermark.

        Raises:
            ConnectorError: the directory cannot be used, or the connection broke for good.
        """
        chosen = self._configuration.partition(partition)
        if not self._is_ad:
            yield from self._full.pages(chosen, _NO_WATERMARK)
        elif watermark is not None:
            yield from self._dirsync.pages(chosen, watermark)
        else:
            yield from self._full.pages(chosen, self._dirsync.first_cookie(chosen))

    def read_object(self, partition: str, anchor: str) -> ImportedObject | None:
        """The whole object with this anchor, or None when it is not there or not in scope any more.

        Raises:
            SearchFailed: it is there, but cannot be read.
        """
        chosen = self._configuration.partition(partition)
        filter_ = self._scope.search_filter()
        if self._is_ad:
            found = self._full.read(chosen, f"<GUID={anchor}>", filter_)
        else:
            found = self._full.read(chosen, chosen.name, f"(&(entryUUID={escape_filter_chars(anchor)}){filter_})")
        if isinstance(found, ImportFinding):
            raise SearchFailed(f"{found.dn or anchor} cannot be read: {found.detail}", cd_error=found.code)
        return found

    def find(self, text: str) -> tuple[FoundEntry, ...]:
        """Entries by DN, GUID or whole name, anywhere in the directory, imported or not; see `ldap.lookup`."""
        return Lookup(self._dialogue, self._server_schema, self._scope, self._configuration).find(text)

    def export(self, changes: Sequence[ExportChange]) -> Iterator[ExportOutcome]:
        """Write the changes; one outcome for each, as it becomes known."""
        return self._exporter.export(changes)

    def close(self) -> None:
        """Let go of the connection."""
        self._dialogue.close()
