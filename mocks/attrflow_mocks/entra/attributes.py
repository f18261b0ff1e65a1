"""The ingest face's schema: attribute names of the Entra connector space, their types, and value coding.

Attribute names are the product's own. Names that begin with `extension_`, `msExch` or `msRtcSip` are
open: any of them is taken, with the type of the value given. Knows nothing of objects or of Graph.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass

from attrflow_mocks.entra.objects import ShadowValue, Value, parse_cloud_anchor

__all__ = ["SCHEMA", "Attribute", "CodingError", "attribute_named", "decode", "encode", "schema_document"]


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of one object type."""

    name: str
    type: str
    """`string`, `integer`, `boolean`, `binary`, `reference`, or `any` for an open name."""
    multi: bool


class CodingError(Exception):
    """A value on the ingest face that does not have its attribute's type."""

    def __init__(self, attribute: str, message: str) -> None:
        super().__init__(message)
        self.attribute = attribute
        self.message = message


# type, one or many values, object types (user, group, contact, device), names.
_TABLE: tuple[tuple[str, bool, str, str], ...] = (
    ("reference", True, "cgu", "authOrig dLMemRejectPerms dLMemSubmitPerms publicDelegates unauthOrig"),
    ("reference", True, "cgu", "cloudPublicDelegates msExchBypassModerationFromDLMembersLink"),
    ("reference", True, "cgu", "msExchBypassModerationLink msExchModeratedByLink"),
    ("reference", True, "g", "member msExchCoManagedByLink owner"),
    ("reference", True, "u", "msExchDelegateListLink msExchTeamMailboxOwners"),
    ("reference", True, "u", "cloudMSExchDelegateListLink cloudMSExchTeamMailboxOwners"),
    ("reference", True, "d", "registeredUsersReference"),
    ("reference", False, "d", "registeredOwnerReference"),
    ("reference", False, "cgu", "altRecipient assistant"),
    ("reference", False, "cu", "manager"),
    ("reference", False, "u", "msExchTeamMailboxSharePointLinkedBy"),
    ("reference", False, "g", "managedBy"),
    ("string", True, "cgu", "proxyAddresses msExchSenderHintTranslations"),
    ("string", True, "cgu", " ".join(f"msExchExtensionCustomAttribute{n}" for n in range(1, 6))),
    (
        "string",
        True,
        "cu",
        "otherFacsimileTelephoneNumber otherHomePhone otherIpPhone otherMobile otherPager",
    ),
    ("string", True, "cu", "otherTelephone postOfficeBox url"),
    ("string", True, "g", "msExchLabeledURI"),
    ("string", True, "u", "otherMails signInNames msExchArchiveName msExchResourceMetadata"),
    ("string", True, "u", "msExchResourceSearchProperties msExchUserHoldPolicies"),
    ("string", True, "u", "cloudMSExchUCVoiceMailSettings cloudMSExchUserHoldPolicies"),
    (
        "string",
        False,
        "cgu",
        "sourceAnchor cloudAnchor displayName alias mail legacyExchangeDN targetAddress",
    ),
    ("string", False, "cgu", "cloudLegacyExchangeDN commonName description info msDsPhoneticDisplayName"),
    ("string", False, "cgu", "msExchLitigationHoldDate msExchLitigationHoldOwner msExchRetentionComment"),
    ("string", False, "cgu", "msExchRetentionUrl preferredDataLocation sourceObjectType"),
    ("string", False, "cgu", " ".join(f"extensionAttribute{n}" for n in range(1, 16))),
    ("string", False, "cu", "city company country countryLetterCode department facsimileTelephoneNumber"),
    ("string", False, "cu", "givenName homePhone initials ipPhone middleName mobile msExchAssistantName"),
    ("string", False, "cu", "msRtcSipDeploymentLocator msRtcSipLine msRtcSipPrimaryUserAddress pager"),
    ("string", False, "cu", "physicalDeliveryOfficeName postalCode state streetAddress surname"),
    ("string", False, "cu", "telephoneAssistant telephoneNumber title wWWHomePage"),
    ("string", False, "gu", "dnsDomainName netBiosName onPremisesSamAccountName onPremisesDistinguishedName"),
    ("string", False, "g", "preferredLanguage"),
    ("string", False, "u", "lastPasswordChangeTimestamp msExchElcExpirySuspensionEnd msExchImmutableId"),
    ("string", False, "u", "msExchElcExpirySuspensionStart msExchResourceDisplay msRtcSipOwnerUrn"),
    ("string", False, "u", "msExchTeamMailboxExpiration msExchTeamMailboxSharePointUrl"),
    ("string", False, "u", "onPremisesUserPrincipalName preferredLanguage usageLocation userPrincipalName"),
    ("string", False, "u", "userType"),
    ("string", False, "u", "cloudMSExchTeamMailboxExpiration cloudMSExchTeamMailboxSharePointUrl"),
    ("string", True, "d", "alternativeSecurityId devicePhysicalIds"),
    ("string", False, "d", "sourceAnchor cloudAnchor displayName deviceOSType deviceOSVersion deviceTrustType"),
    ("string", False, "d", "approximateLastLogonTimestamp cloudDeviceOSType cloudDeviceOSVersion"),
    ("string", False, "d", "cloudDisplayName"),
    ("integer", False, "cgu", "msExchModerationFlags msExchRecipientTypeDetails msDsHabSeniorityIndex"),
    ("integer", False, "cgu", "msExchRecipientDisplayType"),
    ("integer", False, "cu", "countryCode msRtcSipOptionFlags"),
    ("integer", False, "g", "msExchGroupDepartRestriction msExchGroupJoinRestriction"),
    ("integer", False, "u", "cloudMSExchArchiveStatus cloudMSExchRecipientDisplayType msExchAuditAdmin"),
    ("integer", False, "u", "msExchAuditDelegate msExchAuditDelegateAdmin msExchAuditOwner"),
    ("integer", False, "u", "msExchElcMailboxFlags msExchMailboxAuditLogAgeLimit msExchRemoteRecipientType"),
    ("integer", False, "u", "msExchResourceCapacity msRtcSipApplicationOptions"),
    ("integer", False, "d", "deviceObjectVersion dirSyncOverrides"),
    ("binary", True, "cu", "userCertificate userSMIMECertificate"),
    ("binary", True, "u", "searchableDeviceKey"),
    ("binary", True, "d", "userCertificate stkDeviceKey"),
    ("binary", False, "d", "deviceId onPremiseSecurityIdentifier"),
    ("binary", False, "cu", "msExchBlockedSendersHash msExchSafeRecipientsHash msExchSafeSendersHash"),
    ("binary", False, "cu", "thumbnailPhoto"),
    ("binary", False, "gu", "onPremiseSecurityIdentifier"),
    ("binary", False, "u", "cloudMSExchBlockedSendersHash cloudMSExchSafeRecipientsHash"),
    ("binary", False, "u", "cloudMSExchSafeSendersHash msExchArchiveGuid msExchMailboxGuid"),
    (
        "boolean",
        False,
        "cgu",
        "cloudMastered mailEnabled msExchEnableModeration msExchHideFromAddressLists",
    ),
    ("boolean", False, "cgu", "blockOnPremisesSync msExchRequireAuthToSendTo"),
    ("boolean", False, "cu", "msRtcSipUserEnabled"),
    ("boolean", False, "g", "hideDLMembership msOrgIsOrganizational oOFReplyToOriginator"),
    ("boolean", False, "g", "reportToOriginator reportToOwner securityEnabled"),
    ("boolean", False, "u", "accountEnabled msExchBypassAudit msExchMailboxAuditEnable"),
    ("boolean", False, "d", "accountEnabled cloudAccountEnabled cloudCreated cloudMastered isCompliant isManaged"),
)
_LETTERS = {"c": "contact", "d": "device", "g": "group", "u": "user"}
_OPEN = ("extension_", "msexch", "msrtcsip")


def _build() -> dict[str, dict[str, Attribute]]:
    schema: dict[str, dict[str, Attribute]] = {"user": {}, "group": {}, "contact": {}, "device": {}}
    for kind, multi, letters, names in _TABLE:
        for name in names.split():
            for letter in letters:
                schema[_LETTERS[letter]][name] = Attribute(name, kind, multi)
    return schema


SCHEMA: Mapping[str, Mapping[str, Attribute]] = _build()
_FOLDED = {kind: {name.casefold(): item for name, item in names.items()} for kind, names in SCHEMA.items()}


def attribute_named(kind: str, name: str) -> Attribute | None:
    """The attribute of that name (in any case) on that object type; an open name gives type `any`."""
    known = _FOLDED[kind].get(name.casefold())
    if known is not None:
        return known
    return Attribute(name, "any", multi=False) if name.casefold().startswith(_OPEN) else None


def schema_document() -> dict[str, object]:
    """The schema as `GET /ingest/v1/schema` gives it."""
    return {
        "objectTypes": {
            kind: {"attributes": {a.name: {"type": a.type, "multi": a.multi} for a in names.values()}}
            for kind, names in SCHEMA.items()
        }
    }


def decode(attribute: Attribute, raw: object) -> ShadowValue:
    """A JSON value as a value of the attribute; references come as their cloudAnchor text.

    Raises:
        CodingError: the value has another type, or more values than the attribute may hold.
    """
    if isinstance(raw, list):
        values = tuple(_decode_one(attribute, item) for item in raw)
        if attribute.multi or attribute.type == "any":
            return values
        if len(values) == 1:
            return values[0]
        raise CodingError(attribute.name, f"{attribute.name} takes one value, {len(values)} were given.")
    value = _decode_one(attribute, raw)
    return (value,) if attribute.multi else value


def _decode_one(attribute: Attribute, raw: object) -> Value:
    value, found = _plain(attribute, raw)
    if attribute.type not in ("any", found):
        raise CodingError(attribute.name, f"{attribute.name} takes a {attribute.type}, not a {found}.")
    return value


def _plain(attribute: Attribute, raw: object) -> tuple[Value, str]:
    if isinstance(raw, bool):
        return raw, "boolean"
    if isinstance(raw, int):
        return raw, "integer"
    if isinstance(raw, str):
        return raw, "string"
    if isinstance(raw, dict) and set(raw) == {"b64"} and isinstance(raw["b64"], str):
        try:
            return base64.b64decode(raw["b64"], validate=True), "binary"
        except binascii.Error as error:
            raise CodingError(attribute.name, f"{attribute.name} is not valid base64: {error}.") from None
    if isinstance(raw, dict) and set(raw) == {"ref"} and isinstance(raw["ref"], str):
        if parse_cloud_anchor(raw["ref"]) is None:
            raise CodingError(attribute.name, f"{attribute.name}: {raw['ref']!r} is not a cloudAnchor.")
        return raw["ref"], "reference"
    raise CodingError(
        attribute.name,
        f"{attribute.name} takes a string, an integer, a boolean, {{'b64': …}} or {{'ref': …}}.",
    )


def encode(value: ShadowValue) -> object:
    """A stored value as the ingest face writes it; tuples become lists, bytes become `{"b64": …}`."""
    if isinstance(value, tuple):
        return [encode(item) for item in value]
    if isinstance(value, bytes):
        return {"b64": base64.b64encode(value).decode("ascii")}
    return value
