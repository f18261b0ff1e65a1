"""The Entra connector space's attributes by object type: the product's names, their syntax, one or many.

Only the graph channel needs it: the ingest face declares its schema itself. Graph knows none of these
names; what it has for each is in `capabilities`. Source: "Attributes synchronized by Microsoft Entra
Connect", and behaviour.md §6.4 for the product's own names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from attrflow.model.schema import AttributeType, Syntax

__all__ = ["VOCABULARY"]

_UGC, _UC, _UG, _U, _G = (
    ("user", "group", "contact"),
    ("user", "contact"),
    ("user", "group"),
    ("user",),
    ("group",),
)

_SINGLE: Mapping[Syntax, tuple[tuple[tuple[str, ...], str], ...]] = {
    Syntax.STRING: (
        (_UGC, "sourceAnchor cloudAnchor displayName alias mail commonName description info"),
        (_UGC, "legacyExchangeDN cloudLegacyExchangeDN targetAddress sourceObjectType preferredDataLocation"),
        (_UGC, "msDsPhoneticDisplayName msExchLitigationHoldDate msExchLitigationHoldOwner"),
        (_UGC, "msExchRetentionComment msExchRetentionUrl"),
        (_UGC, " ".join(f"extensionAttribute{number}" for number in range(1, 16))),
        (_UC, "givenName surname middleName initials title department company telephoneNumber mobile"),
        (_UC, "facsimileTelephoneNumber homePhone ipPhone pager telephoneAssistant wWWHomePage"),
        (_UC, "physicalDeliveryOfficeName streetAddress city state postalCode country countryLetterCode"),
        (_UC, "msExchAssistantName msRtcSipDeploymentLocator msRtcSipLine msRtcSipPrimaryUserAddress"),
        (_UG, "dnsDomainName netBiosName onPremisesSamAccountName onPremisesDistinguishedName"),
        (_UG, "preferredLanguage"),
        (_U, "userPrincipalName onPremisesUserPrincipalName usageLocation userType"),
        (_U, "lastPasswordChangeTimestamp msExchImmutableId msExchResourceDisplay msRtcSipOwnerUrn"),
        (_U, "msExchElcExpirySuspensionStart msExchElcExpirySuspensionEnd msExchTeamMailboxExpiration"),
        (_U, "msExchTeamMailboxSharePointUrl cloudMSExchTeamMailboxExpiration"),
        (_U, "cloudMSExchTeamMailboxSharePointUrl"),
    ),
    Syntax.INTEGER: (
        (_UGC, "msDsHabSeniorityIndex msExchModerationFlags msExchRecipientDisplayType"),
        (_UGC, "msExchRecipientTypeDetails"),
        (_UC, "countryCode msRtcSipOptionFlags"),
        (_G, "msExchGroupDepartRestriction msExchGroupJoinRestriction"),
        (_U, "cloudMSExchArchiveStatus cloudMSExchRecipientDisplayType msExchElcMailboxFlags"),
        (_U, "msExchAuditAdmin msExchAuditDelegate msExchAuditDelegateAdmin msExchAuditOwner"),
        (_U, "msExchMailboxAuditLogAgeLimit msExchRemoteRecipientType msExchResourceCapacity"),
        (_U, "msRtcSipApplicationOptions"),
    ),
    Syntax.BOOLEAN: (
        (_UGC, "cloudMastered mailEnabled msExchEnableModeration msExchHideFromAddressLists"),
        (_UGC, "blockOnPremisesSync msExchRequireAuthToSendTo"),
        (_UC, "msRtcSipUserEnabled"),
        (_G, "hideDLMembership msOrgIsOrganizational oOFReplyToOriginator reportToOriginator"),
        (_G, "reportToOwner securityEnabled"),
        (_U, "accountEnabled msExchBypassAudit msExchMailboxAuditEnable"),
    ),
    Syntax.BINARY: (
        (_UC, "thumbnailPhoto msExchBlockedSendersHash msExchSafeRecipientsHash msExchSafeSendersHash"),
        (_UG, "onPremiseSecurityIdentifier"),
        (_U, "cloudMSExchBlockedSendersHash cloudMSExchSafeRecipientsHash cloudMSExchSafeSendersHash"),
        (_U, "msExchArchiveGuid msExchMailboxGuid"),
    ),
    Syntax.REFERENCE: (
        (_UGC, "altRecipient assistant"),
        (_UC, "manager"),
        (_U, "msExchTeamMailboxSharePointLinkedBy"),
        (_G, "managedBy"),
    ),
}
_MULTI: Mapping[Syntax, tuple[tuple[tuple[str, ...], str], ...]] = {
    Syntax.STRING: (
        (_UGC, "proxyAddresses msExchSenderHintTranslations"),
        (_UGC, " ".join(f"msExchExtensionCustomAttribute{number}" for number in range(1, 6))),
        (_UC, "otherFacsimileTelephoneNumber otherHomePhone otherIpPhone otherMobile otherPager"),
        (_UC, "otherTelephone postOfficeBox url"),
        (_G, "msExchLabeledURI"),
        (_U, "otherMails signInNames msExchArchiveName msExchResourceMetadata msExchUserHoldPolicies"),
        (_U, "msExchResourceSearchProperties cloudMSExchUCVoiceMailSettings cloudMSExchUserHoldPolicies"),
    ),
    Syntax.BINARY: (
        (_UC, "userCertificate userSMIMECertificate"),
        (_U, "searchableDeviceKey"),
    ),
    Syntax.REFERENCE: (
        (_UGC, "authOrig unauthOrig dLMemRejectPerms dLMemSubmitPerms publicDelegates"),
        (_UGC, "cloudPublicDelegates msExchBypassModerationLink msExchBypassModerationFromDLMembersLink"),
        (_UGC, "msExchModeratedByLink"),
        (_G, "member owner msExchCoManagedByLink"),
        (_U, "msExchDelegateListLink msExchTeamMailboxOwners"),
        (_U, "cloudMSExchDelegateListLink cloudMSExchTeamMailboxOwners"),
    ),
}
_DEVICE: tuple[tuple[Syntax, bool, str], ...] = (
    (Syntax.STRING, False, "sourceAnchor cloudAnchor displayName deviceOSType deviceOSVersion"),
    (Syntax.STRING, False, "deviceTrustType approximateLastLogonTimestamp cloudDeviceOSType"),
    (Syntax.STRING, False, "cloudDeviceOSVersion cloudDisplayName"),
    (Syntax.STRING, True, "alternativeSecurityId devicePhysicalIds"),
    (Syntax.INTEGER, False, "deviceObjectVersion dirSyncOverrides"),
    (Syntax.BOOLEAN, False, "accountEnabled cloudAccountEnabled cloudCreated cloudMastered isCompliant isManaged"),
    (Syntax.BINARY, False, "deviceId onPremiseSecurityIdentifier"),
    (Syntax.BINARY, True, "userCertificate stkDeviceKey"),
    (Syntax.REFERENCE, False, "registeredOwnerReference"),
    (Syntax.REFERENCE, True, "registeredUsersReference"),
)
_READ_ONLY = frozenset({"blockOnPremisesSync", "cloudAnchor", "cloudMastered"})


def _attributes(object_type: str) -> Iterator[AttributeType]:
    if object_type == "device":
        for syntax, multi, names in _DEVICE:
            yield from (AttributeType(name, syntax, multi, name in _READ_ONLY) for name in names.split())
        return
    for multi, table in ((False, _SINGLE), (True, _MULTI)):
        for syntax, rows in table.items():
            for types, names in rows:
                for name in names.split() if object_type in types else ():
                    yield AttributeType(name, syntax, multi=multi, read_only=name in _READ_ONLY)


VOCABULARY: Mapping[str, tuple[AttributeType, ...]] = {
    object_type: tuple(_attributes(object_type)) for object_type in ("user", "group", "contact", "device")
}
"""The attributes of each object type."""
