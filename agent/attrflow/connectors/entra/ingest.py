"""The ingest channel: schema, import and single reads from a synchronization face over HTTP.

`{ingest_url}/schema`, `/delta` and `/objects` (DECISIONS 21). Writing is in `ingest_export`. Every
delta round brings whole objects, so that an import is exact throughout.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from attrflow.connectors.entra.answers import ServiceError
from attrflow.connectors.entra.coding import MalformedEntry, Selection, imported_object, schema_of
from attrflow.connectors.entra.names import split_anchor
from attrflow.connectors.entra.walk import ListedPage, Walk
from attrflow.connectors.entra.wire import Wire
from attrflow.model.entry import ImportedObject, ImportFinding, Page, WireAttempt
from attrflow.model.errors import ConnectorError
from attrflow.model.schema import Schema

__all__ = ["IngestReader"]


class IngestReader:
    """Reads one tenant through its ingest face; made by asking it for its schema."""

    def __init__(self, wire: Wire, selection: Selection, page_size: int) -> None:
        self._wire = wire
        self._selection = selection
        self._page_size = page_size
        document = wire.document(wire.get("GET schema", "schema"))
        try:
            self.schema: Schema = schema_of(document, selection)
        except MalformedEntry as error:
            raise ConnectorError(
                f"The ingest face at {wire.base} answers with no usable schema: {error}.",
                help="Check ingest-url: it must be the address that ends in /ingest/v1.",
            ) from error

    def import_pages(self, watermark: str | None) -> Iterator[Page]:
        """All objects, or what changed since the watermark; see `ports.connector`."""
        walk = Walk(self._wire, "GET ingest delta", f"delta?pageSize={self._page_size}", self._listed)
        return walk.pages(watermark)

    def _listed(self, document: dict[str, object], *, first_round: bool) -> ListedPage:
        del first_round  # every round brings whole objects
        entries = document.get("value")
        objects: list[ImportedObject] = []
        findings: list[ImportFinding] = []
        for entry in entries if isinstance(entries, list) else ():
            try:
                found = imported_object(entry, self.schema, self._selection)
            except MalformedEntry as error:
                findings.append(ImportFinding("parse-error", str(error)))
                continue
            if found is not None:
                objects.append(found)
        return ListedPage(tuple(objects), tuple(findings), document.get("nextLink"), document.get("deltaLink"))

    def read_object(self, anchor: str) -> ImportedObject | None:
        """The whole object with that cloudAnchor, or None.

        A face that cannot look up by cloudAnchor (status 400) is listed from the start until the object
        comes: slow, but right.
        """
        kind = split_anchor(anchor)
        if kind is None or kind[0] not in self._selection.object_types:
            return None
        link = f"objects?cloudAnchor={quote(anchor, safe='')}&type={kind[0]}"
        answer = self._wire.get("GET ingest object", link, accept=(404,))
        if answer.status == 404:
            return None
        return imported_object(self._wire.document(answer), self.schema, self._selection)

    def holder(self, object_type: str, source_anchor: str) -> tuple[str, bool] | None:
        """One attempt: the cloudAnchor of the object with a source anchor, and whether it is synchronized.

        For use inside of a request that is repeated as a whole; the attempt is reported here.

        Raises:
            ServiceError, httpx.TransportError: as `Wire.once`.
        """
        link = f"objects?sourceAnchor={quote(source_anchor, safe='')}&type={object_type}"
        answer = self._wire.once("GET", link, accept=(404,))
        self._wire.retrying.report(WireAttempt("GET ingest object (look-up)", 1, str(answer.status)))
        if answer.status == 404:
            return None
        entry = answer.document()
        attributes = entry.get("attributes")
        if not isinstance(anchor := entry.get("id"), str) or not isinstance(attributes, dict):
            raise ServiceError(answer.status, "NoEntry", "The look-up did not answer with an entry.")
        return anchor, attributes.get("cloudMastered") is not True
