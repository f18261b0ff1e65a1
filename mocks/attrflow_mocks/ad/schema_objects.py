"""The objects under CN=Schema: one classSchema or attributeSchema for each class and attribute.

Laid once when a directory is built, with USNs below those of everything else and GUIDs that follow from
the names, so that what a seed's numbers give does not depend on how large the schema is.
"""

from __future__ import annotations

import uuid

from attrflow_mocks.ad.directory import Directory
from attrflow_mocks.ad.entry import Entry
from attrflow_mocks.ad.names import Rdn
from attrflow_mocks.ad.schema import Attribute, ObjectClass
from attrflow_mocks.ad.values import generalized_time

__all__ = ["lay_schema"]

_NAMESPACE = uuid.UUID("0d0f7a3c-5f0e-5c39-8c1b-7a35b7a7b9c4")
_FIRST_USN = 1024
_BASE_SYSTEM_FLAGS = {False: b"16", True: b"20"}
"""Part of the base schema; with the bit for an attribute that is computed."""


def lay_schema(directory: Directory) -> None:
    """Fill the schema partition, whose head must be there."""
    head = directory.require(directory.schema_dn)
    moment = generalized_time(directory.now())
    usn = _FIRST_USN
    laid: dict[Entry, None] = {}
    for attribute in directory.schema.attributes.values():
        usn += 1
        common = attribute.detail.common_name if attribute.detail else attribute.name
        laid[_put(directory, head, common, _attribute_values(attribute), usn, moment)] = None
    for item in directory.schema.classes.values():
        usn += 1
        values = _class_values(directory, item)
        laid[_put(directory, head, item.detail.common_name if item.detail else item.name, values, usn, moment)] = None
    directory.recent = {**laid, **directory.recent}


def _put(
    directory: Directory, head: Entry, common: str, values: dict[str, list[bytes]], usn: int, moment: bytes
) -> Entry:
    rdn = Rdn("CN", common)
    if rdn.key in head.children:  # an attribute and a class of one common name
        rdn = Rdn("CN", f"{common}-Class")
    entry = Entry(uuid.uuid5(_NAMESPACE, rdn.key), rdn, head)
    kind = "attributeSchema" if "attributeID" in values else "classSchema"
    item = directory.schema.classes[kind]
    entry.values = {
        "objectClass": [name.encode() for name in item.chain],
        "cn": [rdn.value.encode()],
        "name": [rdn.value.encode()],
        "objectCategory": [f"CN={item.category},{directory.schema_dn}".encode()],
        "objectGUID": [entry.guid.bytes_le],
        "instanceType": [b"4"],
        "showInAdvancedViewOnly": [b"TRUE"],
        "whenCreated": [moment],
        "whenChanged": [moment],
        "uSNCreated": [str(usn).encode()],
        "uSNChanged": [str(usn).encode()],
        **values,
    }
    entry.usn = usn
    entry.stamps = dict.fromkeys(entry.values, usn)
    directory.attach(entry)
    return entry


def _attribute_values(attribute: Attribute) -> dict[str, list[bytes]]:
    _, syntax, om_syntax, _ = attribute.syntax.value
    detail = attribute.detail
    guid = (detail.guid if detail else None) or uuid.uuid5(_NAMESPACE, f"attribute/{attribute.name}")
    flags = detail.search_flags if detail else 0
    values = {
        "lDAPDisplayName": attribute.name,
        "attributeID": attribute.oid,
        "attributeSyntax": syntax,
        "oMSyntax": str(om_syntax),
        "isSingleValued": _truth(attribute.single),
        "searchFlags": str(flags | (8 if attribute.preserved else 0)),
        "systemOnly": _truth(attribute.system),
    }
    if detail is not None and detail.partial:
        values["isMemberOfPartialAttributeSet"] = "TRUE"
    if attribute.link_id is not None:
        values["linkID"] = str(attribute.link_id)
    for name, bound in zip(("rangeLower", "rangeUpper"), attribute.bounds, strict=True):
        if bound is not None:
            values[name] = str(bound)
    system = attribute.computed or attribute.is_back_link
    return {
        "schemaIDGUID": [guid.bytes_le],
        "systemFlags": [_BASE_SYSTEM_FLAGS[system]],
        **{name: [value.encode()] for name, value in values.items()},
    }


def _truth(value: bool) -> str:
    return "TRUE" if value else "FALSE"


def _class_values(directory: Directory, item: ObjectClass) -> dict[str, list[bytes]]:
    guid = (item.detail.guid if item.detail else None) or uuid.uuid5(_NAMESPACE, f"class/{item.name}")
    values: dict[str, list[str]] = {
        "lDAPDisplayName": [item.name],
        "governsID": [item.oid],
        "objectClassCategory": [str(item.kind)],
        "rDNAttID": [item.rdn],
        "subClassOf": [item.parent or "top"],
        "defaultObjectCategory": [f"CN={item.category},{directory.schema_dn}"],
        "systemMustContain": sorted(item.must),
        "systemMayContain": sorted(item.may),
        "systemPossSuperiors": sorted(item.superiors),
        "systemAuxiliaryClass": list(item.auxiliary),
    }
    return {
        "schemaIDGUID": [guid.bytes_le],
        "systemFlags": [b"16"],
        **{name: [value.encode() for value in held] for name, held in values.items() if held},
    }
