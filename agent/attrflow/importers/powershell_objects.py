"""Objects of Get-ADSyncCSObject and Get-ADSyncMVObject, as JSON or CLIXML -> connector-space and metaverse objects.

Both have their whole state in a property SerializedXml, in the form that csexport writes; where it is
there, it is what counts. Property names compare without case, since each way of writing changes them.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, BinaryIO, Final

from attrflow.importers.clixml import read_clixml
from attrflow.importers.csexport import RECORD, space_object
from attrflow.importers.customer_state import Contribution, Entry, MetaverseRecord, Sibling, SpaceObject
from attrflow.importers.entry_xml import clean_guid, typed_value
from attrflow.importers.findings import Findings, Place
from attrflow.importers.json_items import json_items
from attrflow.importers.metaverse_xml import MV_RECORD, metaverse_record
from attrflow.importers.text_lines import first_octets, whole_text
from attrflow.importers.xml_records import xml_records
from attrflow.model.names import InvalidName, dn_key
from attrflow.model.values import Value

__all__ = ["read_metaverse_objects", "read_space_objects"]

Item = Mapping[str, Any]
_SPACE: Final = frozenset(
    (
        *("serializedxml", "connectorid", "connectoridentifier", "connectorname", "connectortype"),
        *("connectedmvobjectid", "distinguishedname", "dn", "objectid", "objecttype", "anchorvalue", "attributes"),
        *("partitionid", "partitionname", "istransient", "isplaceholder", "isconnector", "hassyncerror"),
        *("hasexporterror", "lineage", "exporterror", "synchronizationerror", "importerror"),
    )
)
_STORED: Final = {"hassyncerror": "a synchronization error", "hasexporterror": "an export error"}
_METAVERSE: Final = frozenset(("serializedxml", "objectid", "identifier", "objecttype", "attributes", "lineage"))
_WRAPPING: Final = ("pscomputername", "runspaceid", "psshowcomputername")
"""What PowerShell adds to an object that comes from another computer."""
_DEPTH: Final = "write it with ConvertTo-Json -Depth 10, or with Export-Clixml -Depth 10"


def _items(stream: BinaryIO, file: str, findings: Findings) -> Iterator[tuple[int, Item]]:
    """The objects of a file, with folded names."""
    beginning = first_octets(stream).lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")
    found: Iterator[tuple[int, Any]]
    if beginning.startswith(b"<"):
        found = read_clixml(stream, file, findings)
    else:
        found = json_items(whole_text(stream, file, findings), file, findings)
    for line, item in found:
        if isinstance(item, dict):
            yield line, _folded(item)
        elif item is not None:
            message = f"an object was expected, not {str(item)[:40]!r}; left out"
            findings.tell(Place(file, line), "wrong-format", message)


def _folded(item: Item) -> Item:
    return {key.casefold(): value for key, value in item.items()}


def _text(item: Item, *names: str) -> str | None:
    for name in names:
        value = item.get(name.casefold())
        if isinstance(value, str) and value.strip():
            return value.strip()
    return None


def read_space_objects(stream: BinaryIO, file: str, findings: Findings) -> Iterator[SpaceObject]:
    """The connector-space objects of a file."""
    told: set[str] = set()
    for line, item in _items(stream, file, findings):
        found = _space(item, Place(file, line), findings, told)
        if found is not None:
            _tell_unknown(item, _SPACE, Place(file, line), findings, told)
            yield found


def _tell_unknown(item: Item, known: frozenset[str], place: Place, findings: Findings, told: set[str]) -> None:
    """Tell the properties that nothing here reads, each name once."""
    for name, value in item.items():
        if name not in known and name not in _WRAPPING and name not in told and value not in (None, "", [], {}):
            told.add(name)
            shown = " ".join(str(value).split())[:60]
            findings.note(place, "unknown-key", f"{name!r} is no known property of such an object; not used: {shown}")


def _space(item: Item, place: Place, findings: Findings, told: set[str]) -> SpaceObject | None:
    xml = _text(item, "SerializedXml")
    connector = clean_guid(_text(item, "ConnectorId", "ConnectorIdentifier"))
    name = _text(item, "ConnectorName")
    mv_id = clean_guid(_text(item, "ConnectedMVObjectId"))
    if xml is not None:
        inner = Findings()
        nodes = list(xml_records(io.BytesIO(xml.encode("utf-8")), place.file, inner, (RECORD,), roots=("cs-objects",)))
        _told_at(inner, place, findings)
        for node in nodes:
            inner = Findings()
            found = space_object(node, place, inner, told)
            _told_at(inner, place, findings)
            if found is not None:
                return replace(
                    found,
                    connector_id=found.connector_id or connector,
                    connector_name=found.connector_name or name,
                    mv_id=found.mv_id or mv_id,
                    place=place,
                )
    dn = _text(item, "DistinguishedName", "DN")
    if dn is None:
        keys = ", ".join(list(item)[:6])
        message = (
            f"no connector-space object: it has neither SerializedXml nor DistinguishedName (but {keys}); left out"
        )
        findings.tell(
            place, "wrong-format", message, help="write it with Get-ADSyncCSObject … | ConvertTo-Json -Depth 10"
        )
        return None
    try:
        dn_key(dn)
    except InvalidName as error:
        findings.tell(place, "invalid-dn", f"{error}; the object is left out")
        return None
    if xml is None:
        message = f"{dn} has no SerializedXml: pending changes and errors are not known, only its attributes"
        stored = [word for name, word in _STORED.items() if _true(item.get(name))]
        if stored:
            message += f"; it says that it has {' and '.join(stored)}"
        findings.warn(
            place,
            "incomplete",
            message,
            help="do not choose properties: Get-ADSyncCSObject … | ConvertTo-Json -Depth 10",
        )
    entry = _entry(item, dn, place, findings)
    known = item.get("attributes") is not None
    return SpaceObject(
        dn=dn,
        type=_text(item, "ObjectType") or "",
        id=clean_guid(_text(item, "ObjectId")),
        connector_id=connector,
        connector_name=name,
        anchor=_text(item, "AnchorValue"),
        images={"synchronized": entry} if known else {},
        mv_id=mv_id,
        linked=mv_id is not None,
        transient=_true(item.get("istransient")),
        place=place,
    )


def _true(value: object) -> bool:
    return value is True or str(value).casefold() == "true"


def _told_at(inner: Findings, place: Place, findings: Findings) -> None:
    """Findings about XML within a property, at the place of its object: lines inside of it help nobody."""
    for one in inner.all:
        findings.tell(place, one.code, f"SerializedXml: {one.message}", one.severity, help=one.help)


def read_metaverse_objects(stream: BinaryIO, file: str, findings: Findings) -> Iterator[MetaverseRecord]:
    """The metaverse objects of a file; also one that is the metaverse's own XML."""
    beginning = first_octets(stream).replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    if beginning.startswith(b"<") and b"mv-object" in beginning:
        for node in xml_records(stream, file, findings, (MV_RECORD,), roots=("mv-objects",)):
            yield metaverse_record(node, Place(file), findings)
        return
    told: set[str] = set()
    for line, item in _items(stream, file, findings):
        found = _metaverse(item, Place(file, line), findings)
        if found is not None:
            _tell_unknown(item, _METAVERSE, Place(file, line), findings, told)
            yield found


def _metaverse(item: Item, place: Place, findings: Findings) -> MetaverseRecord | None:
    xml = _text(item, "SerializedXml")
    from_xml: MetaverseRecord | None = None
    if xml is not None:
        inner = Findings()
        for node in xml_records(
            io.BytesIO(xml.encode("utf-8")), place.file, inner, (MV_RECORD,), roots=("mv-objects",)
        ):
            from_xml = metaverse_record(node, place, inner)
        _told_at(inner, place, findings)
    listed = item.get("attributes")
    if from_xml is None and listed is None:
        keys = ", ".join(list(item)[:6])
        message = f"no metaverse object: it has neither SerializedXml nor Attributes (but {keys}); left out"
        findings.tell(
            place, "wrong-format", message, help="write it with Get-ADSyncMVObject … | ConvertTo-Json -Depth 10"
        )
        return None
    type_ = _text(item, "ObjectType") or (from_xml.type if from_xml is not None else "") or "person"
    contributions = dict(from_xml.attributes) if from_xml is not None else {}
    for name, one, values in _attributes(item, f"the {type_} of the metaverse", place, findings):
        known = contributions.get(name)
        if known is None:
            rule = _text(one, "SyncRuleName", "RuleName", "LineageId", "SyncRuleId", "RuleId")
            giver = _text(one, "ContributingConnectorName", "ConnectorName", "ContributingConnectorId", "ConnectorId")
            reference = (_text(one, "Type", "AttributeType") or "").casefold() == "reference"
            contributions[name] = Contribution(values, rule, giver, reference)
    links = tuple(_siblings(item)) or (from_xml.links if from_xml is not None else ())
    id_ = clean_guid(_text(item, "ObjectId", "Identifier")) or (from_xml.id if from_xml is not None else None)
    return MetaverseRecord(id_, type_, contributions, links, place=place)


def _siblings(item: Item) -> Iterator[Sibling]:
    lineage = item.get("lineage")
    for one in lineage if isinstance(lineage, list) else [lineage]:
        if isinstance(one, dict):
            link = _folded(one)
            dn = _text(link, "ConnectedCsObjectDN", "DistinguishedName")
            if dn is not None:
                id_ = clean_guid(_text(link, "ConnectedCsObjectId", "ObjectId"))
                connector = clean_guid(_text(link, "ConnectorId"))
                yield Sibling(dn, id_, connector, _text(link, "ConnectorName"), _text(link, "LineageType"))


def _entry(item: Item, what: str, place: Place, findings: Findings) -> Entry:
    attributes, references = {}, {}
    for name, one, values in _attributes(item, what, place, findings):
        if (_text(one, "Type", "AttributeType") or "").casefold() == "reference":
            references[name] = tuple(map(str, values))
        elif values:
            attributes[name] = values
    return Entry(attributes, references)


def _attributes(
    item: Item, what: str, place: Place, findings: Findings
) -> Iterator[tuple[str, Item, tuple[Value, ...]]]:
    """The attributes of an object: name, the attribute as a table, values."""
    listed = item.get("attributes")
    if listed is None:
        return
    if isinstance(listed, str):
        message = f"{what}: Attributes was cut off at the depth of ConvertTo-Json: {listed[:40]!r}"
        findings.tell(place, "truncated-json", message, help=_DEPTH)
        return
    if isinstance(listed, dict):
        listed = [{"Name": name, "Values": values} for name, values in listed.items()]
    for one in listed:
        table = _folded(one) if isinstance(one, dict) else {}
        name = _text(table, "Name")
        if name is None:
            message = f"{what}: an attribute was cut off or has no name: {str(one)[:60]!r}"
            findings.tell(place, "truncated-json", message, help=_DEPTH)
            continue
        values = table.get("values", table.get("value"))
        if isinstance(values, str) and (values.startswith("System.") or "values" in table):
            message = (
                f"{what}, {name}: the values stand as one text, {values[:40]!r}: cut off at the depth of ConvertTo-Json"
            )
            findings.tell(place, "truncated-json", message, help=_DEPTH)
            if values.startswith("System."):
                continue
        yield name, table, tuple(_values(values, table, f"{what}, {name},", place, findings))


def _values(given: Any, table: Item, what: str, place: Place, findings: Findings) -> Iterator[Value]:
    type_ = _text(table, "Type", "AttributeType") or ""
    if isinstance(given, list) and given and type_.casefold() == "binary" and all(isinstance(v, int) for v in given):
        given = [bytes(given)]
    for one in given if isinstance(given, list) else [given]:
        if isinstance(one, dict):  # a value with its properties, as CLIXML has it
            one = _folded(one).get("value")  # noqa: PLW2901 - the value itself
        if isinstance(one, bool | int | bytes):
            yield one
        elif isinstance(one, list) and all(isinstance(v, int) and 0 <= v < 256 for v in one):
            yield bytes(one)
        elif isinstance(one, str):
            try:
                yield typed_value(one, type_)
            except ValueError as error:
                message = f"{what} has a value that is no {type_} ({error}): {one[:40]!r}; left out"
                findings.tell(place, "wrong-value", message)
        elif one is not None:
            findings.tell(place, "wrong-value", f"{what} has a value of no known kind: {str(one)[:40]!r}; left out")
