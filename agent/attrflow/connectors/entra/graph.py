"""The graph channel: users read from Microsoft Graph by delta query, under the product's names.

Only what `capabilities` declares readable is asked for. Groups and contacts are not read on this
channel yet, and an import says so. Writing is in `graph_export`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from attrflow.connectors.entra.capabilities import Capability, capability
from attrflow.connectors.entra.coding import Selection
from attrflow.connectors.entra.graph_values import attribute_values, selected_properties
from attrflow.connectors.entra.names import cloud_anchor, object_dn, reference_target, split_anchor
from attrflow.connectors.entra.walk import ListedPage, Walk
from attrflow.connectors.entra.wire import Wire
from attrflow.model.entry import (
    ImportedObject,
    ImportedReferences,
    ImportFinding,
    Page,
    ReferenceTarget,
)
from attrflow.model.schema import Schema
from attrflow.model.values import Values

__all__ = ["ODATA_TYPES", "GraphReader", "target_of"]

ODATA_TYPES = {
    "#microsoft.graph.user": "user",
    "#microsoft.graph.group": "group",
    "#microsoft.graph.orgContact": "contact",
}
_MANAGER = "manager"


def target_of(item: Mapping[str, object]) -> ReferenceTarget | None:
    """The target of a Graph reference, or None for kinds that the connector space does not hold."""
    kind = ODATA_TYPES.get(str(item.get("@odata.type", "#microsoft.graph.user")))
    id_ = item.get("id")
    return reference_target(cloud_anchor(kind, id_)) if kind and isinstance(id_, str) else None


class GraphReader:
    """Reads the users of one tenant."""

    def __init__(self, wire: Wire, selection: Selection, schema: Schema, page_size: int) -> None:
        self._wire = wire
        self._selection = selection
        self._page_size = page_size
        rows: list[Capability] = []
        for name in schema.object_types["user"].attributes:
            row = capability("user", name)
            if row.read != "none" and selection.wants("user", name):
                rows.append(row)
        self._manager = any(row.attribute == _MANAGER for row in rows)
        self._rows = tuple(row for row in rows if row.attribute != _MANAGER)
        self._select = ",".join(selected_properties("user", [row.attribute for row in self._rows]))

    def import_pages(self, watermark: str | None) -> Iterator[Page]:
        """All users, or what changed since the watermark; see `ports.connector`.

        A watermark remembers what was selected when it was made, because its token does: with another
        selection the import is a full one.
        """
        select = self._select + (f",{_MANAGER}" if self._manager else "")
        digest = hashlib.blake2b(select.encode(), digest_size=6).hexdigest()
        initial = f"users/delta?$select={select}"
        headers = {"Prefer": f"odata.maxpagesize={self._page_size}"}
        walk = Walk(self._wire, "GET users delta", initial, self._listed, headers=headers, tag=f"select={digest}|")
        notes = self._limits()
        for page in walk.pages(watermark):
            yield Page(
                page.objects if "user" in self._selection.object_types else (),
                page.watermark_after,
                page.complete,
                notes + page.findings,
            )
            notes = ()

    def _limits(self) -> tuple[ImportFinding, ...]:
        others = sorted(self._selection.object_types - {"user"})
        if not others:
            return ()
        detail = f"The graph channel reads users only; {' and '.join(others)} objects are not imported."
        return (ImportFinding("object-type-not-read", detail),)

    def _listed(self, document: dict[str, object], *, first_round: bool) -> ListedPage:
        objects: list[ImportedObject] = []
        findings: list[ImportFinding] = []
        items = document.get("value")
        for item in items if isinstance(items, list) else ():
            if not isinstance(item, dict) or not isinstance(item.get("id"), str):
                findings.append(ImportFinding("parse-error", "an entry of the users' delta has no id"))
            else:
                objects.append(self._object(item, whole=first_round))
        return ListedPage(
            tuple(objects),
            tuple(findings),
            document.get("@odata.nextLink"),
            document.get("@odata.deltaLink"),
        )

    def _object(self, item: Mapping[str, object], *, whole: bool) -> ImportedObject:
        anchor = cloud_anchor("user", str(item["id"]))
        if "@removed" in item:
            return ImportedObject("delete", object_dn(None, anchor), anchor, "user")
        source_anchor = item.get("onPremisesImmutableId")
        dn = object_dn(source_anchor if isinstance(source_anchor, str) else None, anchor)
        attributes: dict[str, Values] = {}
        findings: list[ImportFinding] = []
        for row in self._rows:
            try:
                if whole or _mentioned(row, item):
                    attributes[row.attribute] = self._values(row, item, anchor)
            except ValueError as error:
                findings.append(ImportFinding("invalid-attribute-value", str(error), row.attribute, dn))
        if whole:
            attributes = {name: values for name, values in attributes.items() if values}
        references = _managers(item) if self._manager else {}
        return ImportedObject(
            "whole" if whole else "partial", dn, anchor, "user", attributes, references, tuple(findings)
        )

    @staticmethod
    def _values(row: Capability, item: Mapping[str, object], anchor: str) -> Values:
        return (anchor,) if row.attribute == "cloudAnchor" else attribute_values(row, item)

    def read_object(self, anchor: str) -> ImportedObject | None:
        """The whole user with that cloudAnchor, or None."""
        kind = split_anchor(anchor)
        if kind is None or kind[0] != "user" or "user" not in self._selection.object_types:
            return None
        path = f"users/{quote(kind[1])}"
        answer = self._wire.get("GET user", f"{path}?$select={self._select}", accept=(404,))
        if answer.status == 404:
            return None
        item = self._wire.document(answer)
        if self._manager:
            manager = self._wire.get("GET manager", f"{path}/manager?$select=id", accept=(404,))
            item["manager@delta"] = [] if manager.status == 404 else [self._wire.document(manager)]
        return self._object(item, whole=True)


def _mentioned(row: Capability, item: Mapping[str, object]) -> bool:
    """Whether a change names the property, be it with null; what it does not name has not changed."""
    if row.read == "shadow-of":
        return "userPrincipalName" in item or "onPremisesUserPrincipalName" in item
    assert row.property is not None, f"{row.attribute} was selected without a property"
    return row.property.partition(".")[0] in item


def _managers(item: Mapping[str, object]) -> dict[str, ImportedReferences]:
    """The manager, where the item tells of it: there is one at most, so the change is the whole value."""
    links = item.get("manager@delta")
    if not isinstance(links, list):
        return {}
    present = [link for link in links if isinstance(link, dict) and "@removed" not in link]
    targets = tuple(target for link in present[-1:] if (target := target_of(link)) is not None)
    return {_MANAGER: ImportedReferences(added=targets, whole=True)}
