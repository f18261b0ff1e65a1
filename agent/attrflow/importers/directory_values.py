"""What LDIF and CSV leave open about a directory's attributes: which are octets, which are secret, what an object is.

Both formats know texts only. Names are as AD and OpenLDAP spell them; they compare without case.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

__all__ = ["MULTI_VALUED", "is_binary", "is_secret", "object_type"]

_BINARY: Final = frozenset(
    name.casefold()
    for name in [
        "objectGUID",
        "objectSid",
        "sIDHistory",
        "mS-DS-ConsistencyGuid",
        "msExchMailboxGuid",
        "msExchArchiveGUID",
        "msExchMasterAccountSid",
        "msRTCSIP-OriginatorSid",
        "msExchSafeSendersHash",
        "msExchBlockedSendersHash",
        "msExchSafeRecipientsHash",
        "thumbnailPhoto",
        "jpegPhoto",
        "thumbnailLogo",
        "userCertificate",
        "userSMIMECertificate",
        "cACertificate",
        "logonHours",
        "userParameters",
        "securityIdentifier",
        "nTSecurityDescriptor",
        "replPropertyMetaData",
        "auditingPolicy",
        "msDS-GenerationId",
        "protocolSettings",
        "msExchMailboxSecurityDescriptor",
        "tokenGroups",
        "audio",
    ]
)
_SECRET: Final = frozenset(
    name.casefold()
    for name in [
        "userPassword",
        "unicodePwd",
        "dBCSPwd",
        "ntPwdHistory",
        "lmPwdHistory",
        "supplementalCredentials",
        "ms-Mcs-AdmPwd",
        "msLAPS-Password",
        "msLAPS-EncryptedPassword",
        "msLAPS-EncryptedPasswordHistory",
        "msDS-ManagedPassword",
        "msFVE-RecoveryPassword",
        "sambaNTPassword",
        "sambaLMPassword",
        "krbPrincipalKey",
        "olcRootPW",
        "pwdHistory",
    ]
)
MULTI_VALUED: Final = frozenset(
    name.casefold()
    for name in [
        "objectClass",
        "proxyAddresses",
        "showInAddressBook",
        "member",
        "memberOf",
        "directReports",
        "managedObjects",
        "servicePrincipalName",
        "url",
        "otherTelephone",
        "otherMobile",
        "otherPager",
        "otherHomePhone",
        "otherIpPhone",
        "otherFacsimileTelephoneNumber",
        "otherMailbox",
        "postOfficeBox",
        "userCertificate",
        "userSMIMECertificate",
        "sIDHistory",
        "dSCorePropagationData",
        "authOrig",
        "unauthOrig",
        "dLMemSubmitPerms",
        "dLMemRejectPerms",
        "publicDelegates",
        "publicDelegatesBL",
        "msExchDelegateListLink",
        "altSecurityIdentities",
        "textEncodedORAddress",
        "protocolSettings",
        "msExchPoliciesIncluded",
        "msExchPoliciesExcluded",
        "carLicense",
        "departmentNumber",
        "employeeType",
        "houseIdentifier",
        "uid",
        "roomNumber",
        "secretary",
        "seeAlso",
    ]
)
"""Attributes of which a CSV field holds several values with a semicolon between them."""

_TYPES: Final = (
    "computer",
    "inetOrgPerson",
    "user",
    "contact",
    "group",
    "foreignSecurityPrincipal",
    "msDS-Device",
    "groupOfNames",
    "groupOfUniqueNames",
    "posixGroup",
    "organizationalUnit",
)
"""Object types by how much they say: an object is the first one that it has as a class."""
_GENERAL: Final = ("top", "person", "organizationalperson", "mailrecipient", "securityprincipal")


def is_binary(name: str) -> bool:
    """Whether an attribute holds octets, also where they happen to be text.

    >>> is_binary("objectguid"), is_binary("mail")
    (True, False)
    """
    return name.casefold() in _BINARY


def is_secret(name: str) -> bool:
    """Whether an attribute is a password or a key: its values are not taken over."""
    return name.casefold() in _SECRET


def object_type(classes: Iterable[str]) -> str:
    """The object type of an entry with these classes; empty where they say nothing.

    >>> object_type(["top", "person", "organizationalPerson", "user"]), object_type(["inetOrgPerson", "posixAccount"])
    ('user', 'inetOrgPerson')
    """
    named: Collection[str] = list(classes)
    folded = {name.casefold() for name in named}
    for type_ in _TYPES:
        if type_.casefold() in folded:
            return type_
    return next((name for name in reversed(list(named)) if name.casefold() not in _GENERAL), "")
