"""The graph channel: users and devices read from Microsoft Graph by delta query, under the product's names.

Only what `capabilities` declares readable is asked for. Groups and contacts are not read on this
channel yet, and an import says so. Writing is in `graph_export`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
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
    "#microsoft.graph.device": "device",
}
_MANAGER = "manager"
_COLLECTIONS = {"user": "users", "device": "devices"}
"""What is read, in this order."""
_BETWEEN = "\n"
"""Stands between the watermarks of several collections; no link holds one."""
_RESTARTED = "full-import-instead"


def target_of(item: Mapping[str, object]) -> ReferenceTarget | None:
    """The target of a Graph reference, or None for kinds that the connector space does not hold."""
    kind = ODATA_TYPES.get(str(item.get("@odata.type", "#microsoft.graph.user")))
    id_ = item.get("id")
    return reference_target(cloud_anchor(kind, id_)) if kind and isinstance(id_, str) else None


class _Collection:
    """One collection of Graph: what is selected of its objects, and how one of them reads."""

    def __init__(self, kind: str, wire: Wire, selection: Selection, schema: Schema, page_size: int) -> None:
        self.kind = kind
        self._wire = wire
        self._page_size = page_size
        rows: list[Capability] = []
        for name in schema.object_types[kind].attributes:
            row = capability(kind, name)
            if row.read != "none" and selection.wants(kind, name):
                rows.append(row)
        self._manager = any(row.attribute == _MANAGER for row in rows)
        self._rows = tuple(row for row in rows if row.attribute != _MANAGER)
        self._select = ",".join(selected_properties(kind, [row.attribute for row in self._rows]))

    def pages(self, watermark: str | None) -> Iterator[Page]:
        """All objects, or what changed since the watermark.

        A watermark remembers what was selected when it was made, because its token does: with another
        selection the import is a full one.
        """
        select = self._select + (f",{_MANAGER}" if self._manager else "")
        digest = hashlib.blake2b(select.encode(), digest_size=6).hexdigest()
        collection = _COLLECTIONS[self.kind]
        initial = f"{collection}/delta?$select={select}"
        headers = {"Prefer": f"odata.maxpagesize={self._page_size}"}
        operation, tag = f"GET {collection} delta", f"select={digest}|"
        return Walk(self._wire, operation, initial, self._listed, headers=headers, tag=tag).pages(watermark)

    def _listed(self, document: dict[str, object], *, first_round: bool) -> ListedPage:
        objects: list[ImportedObject] = []
        findings: list[ImportFinding] = []
        items = document.get("value")
        for item in items if isinstance(items, list) else ():
            if not isinstance(item, dict) or not isinstance(item.get("id"), str):
                findings.append(ImportFinding("parse-error", f"an entry of the {self.kind}s' delta has no id"))
            else:
                objects.append(self.imported(item, whole=first_round))
        return ListedPage(
            tuple(objects),
            tuple(findings),
            document.get("@odata.nextLink"),
            document.get("@odata.deltaLink"),
        )

    def imported(self, item: Mapping[str, object], *, whole: bool) -> ImportedObject:
        """The object of an item, or its change."""
        anchor = cloud_anchor(self.kind, str(item["id"]))
        if "@removed" in item:
            return ImportedObject("delete", object_dn(None, anchor), anchor, self.kind)
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
            "whole" if whole else "partial", dn, anchor, self.kind, attributes, references, tuple(findings)
        )

    def read(self, id_: str) -> ImportedObject | None:
        """The whole object of that id, or None."""
        path = f"{_COLLECTIONS[self.kind]}/{quote(id_)}"
        answer = self._wire.get(f"GET {self.kind}", f"{path}?$select={self._select}", accept=(404,))
        if answer.status == 404:
            return None
        item = self._wire.document(answer)
        if self._manager:
            manager = self._wire.get("GET manager", f"{path}/manager?$select=id", accept=(404,))
            item["manager@delta"] = [] if manager.status == 404 else [self._wire.document(manager)]
        return self.imported(item, whole=True)

    @staticmethod
    def _values(row: Capability, item: Mapping[str, object], anchor: str) -> Values:
        return (anchor,) if row.attribute == "cloudAnchor" else attribute_values(row, item)


class GraphReader:
    """Reads the users and devices of one tenant."""

    def __init__(self, wire: Wire, selection: Selection, schema: Schema, page_size: int) -> None:
        self._selection = selection
        kinds = [kind for kind in _COLLECTIONS if kind in selection.object_types] or ["user"]
        self._collections = {kind: _Collection(kind, wire, selection, schema, page_size) for kind in kinds}

    def import_pages(self, watermark: str | None) -> Iterator[Page]:
        """All objects, or what changed since the watermark; see `ports.connector`.

        Several collections have one watermark together. Where one of them has to be listed anew, all are:
        what a full import does not bring is taken for deleted.
        """
        notes = self._limits()
        marks: list[str] | None = None
        if watermark is not None:
            marks = watermark.split(_BETWEEN)
            if len(marks) != len(self._collections):
                marks = None
                detail = "A full import was made instead of a delta import: the object types that are read have changed"
                notes = (*notes, ImportFinding(_RESTARTED, detail))
        for page in self._pages(marks):
            yield replace(page, findings=notes + page.findings)
            notes = ()

    def _pages(self, marks: list[str] | None) -> Iterator[Page]:
        reached: list[str] = []
        whole = marks is None
        for position, collection in enumerate(self._collections.values()):
            last = position == len(self._collections) - 1
            for page in collection.pages(marks[position] if marks is not None else None):
                restarted = any(finding.code == _RESTARTED for finding in page.findings)
                if restarted and not whole and len(self._collections) > 1:
                    yield Page((), findings=page.findings)
                    yield from self._pages(None)
                    return
                whole = whole or restarted
                reached += [page.watermark_after] if page.watermark_after is not None else []
                at_end = last and page.watermark_after is not None
                yield Page(
                    page.objects if collection.kind in self._selection.object_types else (),
                    _BETWEEN.join(reached) if at_end else None,
                    whole and at_end,
                    page.findings,
                )

    def _limits(self) -> tuple[ImportFinding, ...]:
        others = sorted(self._selection.object_types - _COLLECTIONS.keys())
        if not others:
            return ()
        read = " and ".join(_COLLECTIONS[kind] for kind in self._collections)
        detail = f"The graph channel reads {read} only; {' and '.join(others)} objects are not imported."
        return (ImportFinding("object-type-not-read", detail),)

    def read_object(self, anchor: str) -> ImportedObject | None:
        """The whole object with that cloudAnchor, or None."""
        kind = split_anchor(anchor)
        if kind is None or kind[0] not in self._selection.object_types or kind[0] not in self._collections:
            return None
        return self._collections[kind[0]].read(kind[1])


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
