"""The short schemas of cases: which attributes a directory in memory has, and of which kind.

An attribute that a rule or an object names is there; its kind is what the case says, else what this
module knows of it, else the kind of the metaverse attribute of that name, else a string.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from attrflow.cases.format import Case, ConnectorSpec
from attrflow.connectors.entra.vocabulary import VOCABULARY
from attrflow.model.schema import AttributeType, ObjectType, Schema, Syntax

__all__ = ["memory_schema", "memory_type", "reference_attributes"]

_AD: Final[Mapping[tuple[Syntax, bool], str]] = {
    (Syntax.BINARY, False): (
        "objectGUID objectSid msExchMasterAccountSid msRTCSIP-OriginatorSid mS-DS-ConsistencyGuid thumbnailPhoto"
    ),
    (Syntax.BINARY, True): "userCertificate userSMIMECertificate sIDHistory",
    (Syntax.INTEGER, False): (
        "userAccountControl groupType countryCode pwdLastSet msExchRecipientTypeDetails msExchRemoteRecipientType "
        "msExchRecipientDisplayType adminCount uSNChanged instanceType"
    ),
    (Syntax.BOOLEAN, False): "isCriticalSystemObject msExchHideFromAddressLists",
    (Syntax.STRING, True): (
        "proxyAddresses description url postOfficeBox otherTelephone otherMobile otherPager otherHomePhone "
        "otherIpPhone otherFacsimileTelephoneNumber servicePrincipalName"
    ),
    (Syntax.REFERENCE, False): "manager assistant managedBy secretary",
    (Syntax.REFERENCE, True): "member memberOf directReports",
}
_OPENLDAP: Final[Mapping[tuple[Syntax, bool], str]] = {
    (Syntax.BINARY, False): "entryUUID",
    (Syntax.STRING, False): "displayName preferredLanguage pwdPolicySubentry pwdAccountLockedTime nsAccountLock",
    (Syntax.STRING, True): (
        "cn uid mail o ou sn givenName description title telephoneNumber mobile pager street l st postalCode "
        "facsimileTelephoneNumber homePhone initials physicalDeliveryOfficeName"
    ),
    (Syntax.REFERENCE, True): "manager member memberUid uniqueMember owner secretary seeAlso",
}
_ENTRA: Final = {a.name.casefold(): a for attributes in VOCABULARY.values() for a in attributes}


def memory_schema(spec: ConnectorSpec, case: Case, needed: Mapping[str, Iterable[str]], metaverse: Schema) -> Schema:
    """The schema of a connector's directory: everything that rules need, objects have or the case declares."""
    own = {a.name.casefold(): a for a in spec.attributes}
    known = {**_table(spec), **own}
    used = {name for o in case.objects.values() if o.connector == spec.name for name in o.attributes}
    used |= {name for step in case.steps for edit in step.edits for name in edit.attributes}
    types = {type_: set(used) | {a.name for a in spec.attributes} for type_ in spec.object_types}
    for type_, names in needed.items():
        types.setdefault(type_, set()).update(names)
    if spec.schema == "entra":
        for names in types.values():
            names.update(("cloudAnchor", "cloudMastered", "sourceAnchor"))
    types.pop("*", None)
    return Schema({type_: _object_type(type_, names, known, metaverse) for type_, names in sorted(types.items())})


def reference_attributes(spec: ConnectorSpec) -> frozenset[str]:
    """The names, case-folded, of attributes that hold references in a connector's directory."""
    known = {**_table(spec), **{a.name.casefold(): a for a in spec.attributes}}
    return frozenset(name for name, attribute in known.items() if attribute.syntax is Syntax.REFERENCE)


def memory_type(schema: str, name: str, metaverse: Schema) -> AttributeType:
    """What an attribute is taken for in a connector of that short schema, where the case declares nothing."""
    return _known(schema).get(name.casefold()) or _like_metaverse(name, metaverse)


def _table(spec: ConnectorSpec) -> dict[str, AttributeType]:
    return _known(spec.schema)


def _known(schema: str) -> dict[str, AttributeType]:
    if schema == "entra":
        return dict(_ENTRA)
    table = {"ad": _AD, "openldap": _OPENLDAP}.get(schema, {})
    return {
        name.casefold(): AttributeType(name, syntax, multi)
        for (syntax, multi), names in table.items()
        for name in names.split()
    }


def _object_type(type_: str, names: Iterable[str], known: Mapping[str, AttributeType], metaverse: Schema) -> ObjectType:
    found: dict[str, AttributeType] = {}
    for name in sorted(set(names) - {"dn"}):
        attribute = known.get(name.casefold()) or _like_metaverse(name, metaverse)
        found.setdefault(attribute.name, attribute)
    return ObjectType(type_, found)


def _like_metaverse(name: str, metaverse: Schema) -> AttributeType:
    for type_ in ("person", "group"):
        mv_type = metaverse.object_types.get(type_)
        attribute = mv_type.attribute(name) if mv_type is not None else None
        if attribute is not None:
            return AttributeType(name, attribute.syntax, attribute.multi)
    return AttributeType(name)
