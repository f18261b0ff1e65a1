"""The Entra connector: one tenant for one run, on the channel that its settings name.

It puts the parts together and keeps their lifetimes; what a channel does is in its own modules.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from attrflow.connectors.entra.capabilities import graph_schema
from attrflow.connectors.entra.coding import Selection
from attrflow.connectors.entra.graph import GraphReader
from attrflow.connectors.entra.graph_export import GraphWriter
from attrflow.connectors.entra.ingest import IngestReader
from attrflow.connectors.entra.ingest_export import IngestWriter
from attrflow.connectors.entra.names import PARTITION
from attrflow.connectors.entra.readback import CloudReader, CloudValue
from attrflow.connectors.entra.sdk import AzureTokens, SdkSender
from attrflow.connectors.entra.settings import LOGIN_URL, EntraSettings, origin
from attrflow.connectors.entra.tokens import TokenClient, TokenSource
from attrflow.connectors.entra.wire import HttpSender, Wire, new_client
from attrflow.connectors.retry import Retrying
from attrflow.model.configuration import ConnectorConfiguration
from attrflow.model.entry import ExportChange, ExportOutcome, ImportedObject, Page
from attrflow.model.errors import NotFound
from attrflow.model.schema import Schema

__all__ = ["EntraConnector"]


class EntraConnector:
    """One Entra tenant; implements `ports.connector.Connector`.

    Opening fetches a token, and on the ingest channel the schema, so that a wrong address or secret
    stops the run before its first step. Not for use by several threads at once.
    """

    def __init__(
        self,
        configuration: ConnectorConfiguration,
        attributes: Mapping[str, Collection[str]],
        *,
        client_secret: str,
        retrying: Retrying,
    ) -> None:
        """Open the connector.

        Args:
            configuration: its `settings` are described in `entra.settings`.
            attributes: the attributes to import by object type; a type not named brings all.
            client_secret: the application's secret; it never leaves the token objects.
            retrying: the run's patience, shared by all requests.

        Raises:
            SettingsError: the settings make no sense.
            MissingExtra: the graph channel needs packages that are not installed.
            ConnectorError: the tenant cannot be reached, or refuses the credentials.
        """
        self._settings = EntraSettings.of(configuration)
        self._secret = client_secret
        self._retrying = retrying
        self._selection = Selection(frozenset(configuration.object_types), attributes)
        self._wires: list[Wire] = []
        self._graph: Wire | None = None
        self._reader: IngestReader | GraphReader
        self._writer: IngestWriter | GraphWriter
        try:
            if self._settings.ingest_url is not None:
                self._open_ingest(self._settings.ingest_url)
            else:
                self._open_graph()
        except BaseException:
            self.close()
            raise

    def _open_ingest(self, url: str) -> None:
        wire = Wire("the ingest face", url, HttpSender(new_client(url)), self._tokens(url), self._retrying)
        self._wires.append(wire)
        reader = IngestReader(wire, self._selection, self._settings.page_size)
        self._reader, self._writer, self._schema = reader, IngestWriter(wire, reader), reader.schema

    def _open_graph(self) -> None:
        wire = self._graph_wire()
        wire.open()
        self._schema = graph_schema(self._selection)
        self._reader = GraphReader(wire, self._selection, self._schema, self._settings.page_size)
        self._writer = GraphWriter(wire, self._schema)

    def _graph_wire(self) -> Wire:
        if self._graph is None:
            url = self._settings.graph_url
            sender = SdkSender(url)
            self._graph = Wire("Microsoft Graph", url, sender, self._tokens(url), self._retrying)
            self._wires.append(self._graph)
        return self._graph

    def _tokens(self, service_url: str) -> TokenSource:
        settings, scope = self._settings, f"{origin(service_url)}/.default"
        if settings.login_url == LOGIN_URL and service_url == settings.graph_url:
            return AzureTokens(settings.tenant_id, settings.client_id, self._secret, scope)
        return TokenClient(
            new_client(settings.login_url),
            login_url=settings.login_url,
            tenant_id=settings.tenant_id,
            client_id=settings.client_id,
            client_secret=self._secret,
            scope=scope,
            retrying=self._retrying,
        )

    @property
    def schema(self) -> Schema:
        """Object types and attributes under the product's names."""
        return self._schema

    @property
    def delta_support(self) -> str | None:
        """None: both channels have real delta imports."""
        return None

    def import_pages(self, partition: str, watermark: str | None) -> Iterator[Page]:
        """All objects in scope, or what changed since the watermark; see `ports.connector`.

        A watermark that is not accepted any more makes the import a full one, which a page finding says.
        """
        _check_partition(partition)
        return self._reader.import_pages(watermark)

    def read_object(self, partition: str, anchor: str) -> ImportedObject | None:
        """The whole object with that cloudAnchor, or None."""
        _check_partition(partition)
        return self._reader.read_object(anchor)

    def export(self, changes: Sequence[ExportChange]) -> Iterator[ExportOutcome]:
        """Write the changes; see `ports.connector`."""
        return self._writer.export(changes)

    def cloud_value(self, object_anchor: str, cs_attribute: str) -> CloudValue:
        """What the cloud finally holds for an attribute, read over Graph on either channel."""
        return self.cloud_values(object_anchor, (cs_attribute,))[cs_attribute]

    def cloud_values(self, object_anchor: str, cs_attributes: Collection[str]) -> Mapping[str, CloudValue]:
        """As `cloud_value`, for several attributes of one object with one request for the short ones."""
        return CloudReader(self._graph_wire()).cloud_values(object_anchor, cs_attributes)

    def verified_domains(self) -> frozenset[str] | None:
        """The tenant's verified domains in lower case; None where the account may not read them."""
        return CloudReader(self._graph_wire()).verified_domains()

    def close(self) -> None:
        """Let go of connections and of the SDK's event loop."""
        while self._wires:
            self._wires.pop().close()
        self._graph = None


def _check_partition(partition: str) -> None:
    if partition != PARTITION:
        raise NotFound(f'An Entra connector has one partition, "{PARTITION}"; there is no "{partition}".')
