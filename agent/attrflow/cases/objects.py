"""The objects of a case file, and what a directory would set of them by itself.

A reviewer should see what a case is about, not the attributes that every AD user has. What is filled in
follows from the object's short name, its place and its number, so it is the same in memory and on the wire.
"""

from __future__ import annotations

import io
import uuid
import zlib
from collections.abc import Mapping
from typing import Any

from attrflow.cases.format import ConnectorSpec, ObjectSpec
from attrflow.cases.keys import OBJECT_KEYS
from attrflow.cases.reader import Path, Reader, sid_bytes
from attrflow.importers.findings import Findings
from attrflow.importers.ldif import read_ldif
from attrflow.model.names import InvalidName, dn_key, is_within, parse_dn
from attrflow.model.values import Values
from attrflow.rules.positions import suggestion
from attrflow.rules.rule import named_guid

__all__ = ["absolute_dn", "read_ldif_objects", "read_objects"]

_DEFAULT_TYPES = {"ad": "user", "openldap": "inetOrgPerson", "entra": "user", "memory": "user"}
_FIRST_RID = 1001
_NORMAL_ACCOUNT = 512
_GLOBAL_SECURITY_GROUP = -2147483646


def absolute_dn(dn: str, connector: ConnectorSpec) -> str:
    """The DN with the naming context, where it was written without.

    Raises:
        InvalidName: it is no DN.
    """
    if connector.schema == "entra" or is_within(dn_key(dn), dn_key(connector.naming_context)):
        return dn
    return f"{dn},{connector.naming_context}"


def read_objects(
    reader: Reader, table: Mapping[str, Any], path: Path, connectors: Mapping[str, ConnectorSpec]
) -> dict[str, ObjectSpec]:
    """The objects of the table `objects`."""
    found: dict[str, ObjectSpec] = {}
    for handle, content in table.items():
        here = (*path, handle)
        if "@" in handle or "," in handle:
            reader.tell(here, "wrong-value", f"{handle!r} cannot be a short name: no '@' and no ','", at_key=True)
        one = reader.as_table(content, here, example='[objects.kari] with attributes = { mail = "…" }')
        reader.unknown(one, here, OBJECT_KEYS, "an object")
        name = reader.text(one["connector"], (*here, "connector"), of="'connector'") if "connector" in one else ""
        connector = connectors.get(name) if name else next(iter(connectors.values()), None)
        if connector is None:
            near = suggestion(name, connectors) or "the connectors are " + ", ".join(connectors)
            reader.tell((*here, "connector"), "unknown-connector", f"no connector is named {name!r}", help=near)
            continue
        found[handle] = _object(reader, handle, one, here, connector, len(found))
    return found


def _object(
    reader: Reader, handle: str, table: Mapping[str, Any], path: Path, connector: ConnectorSpec, number: int
) -> ObjectSpec:
    default = _DEFAULT_TYPES[connector.schema]
    type_ = reader.text(table["type"], (*path, "type"), of="'type'", default=default) if "type" in table else default
    dn = f"CN={{{handle}}}" if connector.schema == "entra" else f"CN={handle},OU=People"
    if "dn" in table:
        dn = reader.text(table["dn"], (*path, "dn"), of="'dn'", default=dn)
    try:
        dn = absolute_dn(dn, connector)
    except InvalidName as error:
        reader.tell((*path, "dn"), "invalid-dn", str(error))
        dn = f"CN=unreadable,{connector.naming_context}"
    given = reader.attributes(
        reader.table(table, path, "attributes", example='attributes = { mail = "…" }'), (*path, "attributes")
    )
    without = reader.texts(table["without"], (*path, "without"), of="'without'") if "without" in table else ()
    attributes = completed(handle, type_, dn, given, connector, number, without)
    present = reader.flag(table["at-start"], (*path, "at-start"), of="'at-start'") if "at-start" in table else True
    anchor = reader.text(table["anchor"], (*path, "anchor"), of="'anchor'") if "anchor" in table else None
    held_back = reader.table(table, path, "quarantined", example='quarantined = { userPrincipalName = "…" }')
    if held_back and connector.schema != "entra":
        reader.tell((*path, "quarantined"), "wrong-value", "only a tenant holds values back", at_key=True)
    quarantined = reader.attributes(held_back, (*path, "quarantined"))
    return ObjectSpec(handle, connector.name, type_, dn, attributes, present, anchor, quarantined)


def completed(
    handle: str,
    type_: str,
    dn: str,
    given: Mapping[str, Values],
    connector: ConnectorSpec,
    number: int,
    without: tuple[str, ...] = (),
) -> dict[str, Values]:
    """The attributes with what the directory sets by itself, but for those in `without`."""
    named = {name.casefold() for name in (*given, *without)}
    own = _set_by_directory(handle, type_, dn, connector, number)
    filled = {name: values for name, values in own.items() if name.casefold() not in named}
    return {name: values for name, values in {**filled, **given}.items() if values}


def _set_by_directory(handle: str, type_: str, dn: str, connector: ConnectorSpec, number: int) -> dict[str, Values]:
    guid = uuid.UUID(named_guid("case", connector.name, handle))
    component = parse_dn(dn).component(1)
    name = component[1].replace("\\", "") if component is not None else handle
    if connector.schema == "openldap":
        return {"cn": (name,), "entryUUID": (guid.bytes,)}
    if connector.schema != "ad":
        return {}
    own: dict[str, Values] = {"objectGUID": (guid.bytes_le,)}
    if type_.casefold() != "organizationalunit":
        own["cn"] = (name,)
    if type_.casefold() not in ("user", "group", "inetorgperson", "computer"):
        return own
    domain = zlib.crc32(connector.name.encode())
    own["objectSid"] = (sid_bytes(f"S-1-5-21-{domain}-1-2-{_FIRST_RID + number}"),)
    own["sAMAccountName"] = (handle[:20],)
    if type_.casefold() == "group":
        own["groupType"] = (_GLOBAL_SECURITY_GROUP,)
    else:
        own["userPrincipalName"] = (f"{handle}@{_fqdn(connector.naming_context)}",)
        own["userAccountControl"] = (_NORMAL_ACCOUNT,)
    return own


def _fqdn(naming_context: str) -> str:
    return ".".join(part.partition("=")[2] for part in naming_context.split(","))


def read_ldif_objects(
    reader: Reader, text: str, path: Path, connector: ConnectorSpec, taken: Mapping[str, ObjectSpec]
) -> dict[str, ObjectSpec]:
    """The objects of an LDIF text; the short name of each is the value of its RDN."""
    found: dict[str, ObjectSpec] = {}
    findings = Findings()
    for one in read_ldif(io.BytesIO(text.encode("utf-8")), "", findings):
        component = parse_dn(one.dn).component(1)
        handle = component[1].replace("\\", "") if component is not None else one.dn
        if handle in taken or handle in found:
            reader.tell(path, "duplicate-name", f"two objects are named {handle!r}; write one of them inline")
            continue
        dn = absolute_dn(one.dn, connector)
        number = len(taken) + len(found)
        attributes = completed(handle, one.type, dn, one.attributes, connector, number)
        found[handle] = ObjectSpec(handle, connector.name, one.type, dn, attributes)
    for finding in findings.all:  # a case is exact: what an importer reads with a warning is a fault here
        if finding.severity != "info":
            line = f"line {finding.span.line}: " if finding.span is not None else ""
            reader.tell(path, "invalid-ldif", f"{line}{finding.message}", help=finding.help)
    return found
