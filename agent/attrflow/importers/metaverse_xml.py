"""The metaverse's own XML (SerializedXml of Get-ADSyncMVObject, and a saved metaverse search) -> metaverse objects."""

from __future__ import annotations

from typing import Final

from attrflow.importers.customer_state import Contribution, MetaverseRecord, Sibling
from attrflow.importers.entry_xml import clean_guid, entry_of
from attrflow.importers.findings import Findings, Place
from attrflow.importers.xml_records import Node

__all__ = ["MV_RECORD", "metaverse_record"]

MV_RECORD: Final = "mv-object"


def metaverse_record(node: Node, file: Place, findings: Findings) -> MetaverseRecord:
    """The object of an `mv-object` element."""
    place = file.at(node.line) if not file.line else file
    id_ = clean_guid(node.said("mv-guid", "id", "mv-id"))
    what = f"the metaverse object {id_}"
    entry_node = node.child("entry")
    if entry_node is None:
        findings.tell(place, "wrong-format", f"{what} has no entry: no attribute of it is known")
        return MetaverseRecord(id_, node.said("object-type") or "person", place=place)
    entry = entry_of(entry_node, what, file, findings)
    givers = {child.attributes.get("name", ""): child for child in entry_node.children}
    attributes = {
        name: Contribution(values, *_giver(givers.get(name)), reference=False)
        for name, values in entry.attributes.items()
    }
    for name, targets in entry.references.items():
        attributes[name] = Contribution(targets, *_giver(givers.get(name)), reference=True)
    links = []
    for link in (one for container in node.children for one in container.all("cs-mv-value")):
        dn = link.said("cs-dn")
        if dn is not None:
            ids = clean_guid(link.said("cs-guid")), clean_guid(link.said("ma-guid"))
            links.append(Sibling(dn, *ids, link.said("ma-name"), link.said("lineage-type")))
    type_ = entry_node.said("primary-objectclass", "primary-object-class") or node.said("object-type") or "person"
    return MetaverseRecord(id_, type_, attributes, tuple(links), place=place)


def _giver(node: Node | None) -> tuple[str | None, str | None]:
    """The rule and the connector that gave an attribute, from it or its first value."""
    if node is None:
        return None, None
    value = next(iter(node.all("value")), None) or next(iter(node.all("dn-value")), None) or node
    rule = node.said("lineage-id", "rule-id") or value.said("lineage-id", "rule-id")
    connector = node.said("ma-id", "ma-guid", "ma-name") or value.said("ma-id", "ma-guid", "ma-name")
    return clean_guid(rule), clean_guid(connector) if connector and "-" in connector else connector
