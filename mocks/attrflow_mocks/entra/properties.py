"""What Graph knows of its object types: property names, types, limits, and who may write them.

Names and types follow Graph's published schema; lengths and write rules its documentation. Knows
nothing of values that objects have.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = [
    "DEFAULT_PROPERTIES",
    "DELTA_NAVIGATIONS",
    "ENTITY_NAMES",
    "NOT_IN_DIRECTORY",
    "PROPERTIES",
    "Property",
    "property_named",
]


@dataclass(frozen=True, slots=True)
class Property:
    """One property of one object type."""

    name: str
    type: str
    """`string`, `boolean`, `integer`, `time`, `strings` (a list), `complex`, `complexes` (a list), or `any`."""
    write: str
    """Who may write it over Graph: `always`, `cloud` (not when synchronized), `unshadowed` (not when the
    value is synchronized), `create` (only at creation), `never`."""
    limit: int = 0
    """The greatest length of a string, 0 for none known."""


def _table(*rows: tuple[str, str, str]) -> dict[str, Property]:
    properties: dict[str, Property] = {}
    for kind, write, names in rows:
        for item in names.split():
            name, _, limit = item.partition(":")
            properties[name] = Property(name, kind, write, int(limit or 0))
    return properties


_USER = _table(
    ("string", "never", "id creationType externalUserState identityParentId"),
    ("time", "never", "createdDateTime deletedDateTime externalUserStateChangeDateTime"),
    (
        "time",
        "never",
        "lastPasswordChangeDateTime onPremisesLastSyncDateTime signInSessionsValidFromDateTime",
    ),
    ("string", "never", "legalAgeGroupClassification onPremisesDistinguishedName onPremisesDomainName"),
    ("string", "never", "onPremisesSamAccountName onPremisesSecurityIdentifier onPremisesUserPrincipalName"),
    ("string", "never", "securityIdentifier"),
    ("boolean", "never", "onPremisesSyncEnabled isManagementRestricted isResourceAccount"),
    ("strings", "never", "proxyAddresses imAddresses"),
    (
        "complexes",
        "never",
        "assignedLicenses assignedPlans provisionedPlans licenseAssignmentStates identities",
    ),
    ("complexes", "never", "onPremisesProvisioningErrors serviceProvisioningErrors"),
    ("string", "cloud", "displayName:256 givenName:64 surname:64 jobTitle:128 department:64 companyName:64"),
    ("string", "cloud", "city:128 state:128 country:128 postalCode:40 streetAddress:1024 officeLocation:128"),
    ("string", "cloud", "employeeId:16 employeeType faxNumber mail:113 mailNickname:64 preferredLanguage"),
    ("string", "cloud", "preferredDataLocation userPrincipalName:113 ageGroup consentProvidedForMinor"),
    ("string", "cloud", "onPremisesImmutableId"),
    ("boolean", "cloud", "accountEnabled showInAddressList"),
    ("time", "cloud", "employeeHireDate"),
    ("strings", "cloud", "businessPhones"),
    ("complex", "cloud", "onPremisesExtensionAttributes employeeOrgData"),
    ("string", "always", "mobilePhone:64 usageLocation:2 passwordPolicies"),
    ("complex", "always", "passwordProfile"),
    ("time", "always", "employeeLeaveDateTime"),
    ("strings", "always", "otherMails:250"),
    ("string", "unshadowed", "userType"),
)
_GROUP = _table(
    ("string", "never", "id onPremisesDomainName onPremisesNetBiosName"),
    ("string", "never", "onPremisesSamAccountName onPremisesSecurityIdentifier securityIdentifier mail"),
    ("time", "never", "createdDateTime deletedDateTime expirationDateTime onPremisesLastSyncDateTime"),
    ("time", "never", "renewedDateTime"),
    ("boolean", "never", "onPremisesSyncEnabled isManagementRestricted"),
    ("strings", "never", "proxyAddresses"),
    ("complexes", "never", "assignedLicenses onPremisesProvisioningErrors serviceProvisioningErrors"),
    ("string", "cloud", "displayName:256 description:1024 mailNickname:64 classification theme visibility"),
    ("string", "cloud", "membershipRule membershipRuleProcessingState preferredLanguage preferredDataLocation"),
    ("boolean", "cloud", "mailEnabled securityEnabled"),
    ("boolean", "create", "isAssignableToRole"),
    ("string", "create", "uniqueName:128"),
    ("strings", "cloud", "groupTypes"),
    ("strings", "create", "resourceBehaviorOptions resourceProvisioningOptions"),
)
_CONTACT = _table(
    ("string", "never", "id companyName department displayName givenName jobTitle mail mailNickname surname"),
    ("time", "never", "deletedDateTime onPremisesLastSyncDateTime"),
    ("boolean", "never", "onPremisesSyncEnabled"),
    ("strings", "never", "proxyAddresses"),
    ("complexes", "never", "addresses phones onPremisesProvisioningErrors serviceProvisioningErrors"),
)

_DEVICE = _table(
    ("string", "never", "id onPremisesSecurityIdentifier managementType mdmAppId enrollmentProfileName"),
    ("string", "never", "enrollmentType deviceCategory deviceOwnership profileType"),
    ("time", "never", "approximateLastSignInDateTime complianceExpirationDateTime deletedDateTime"),
    ("time", "never", "onPremisesLastSyncDateTime registrationDateTime"),
    ("boolean", "never", "onPremisesSyncEnabled isManagementRestricted isRooted"),
    ("strings", "never", "physicalIds systemLabels"),
    ("string", "create", "deviceId"),
    ("integer", "cloud", "deviceVersion"),
    ("complexes", "cloud", "alternativeSecurityIds"),
    ("string", "cloud", "displayName:256 deviceMetadata manufacturer model"),
    ("string", "cloud", "operatingSystem operatingSystemVersion trustType"),
    ("boolean", "always", "accountEnabled isCompliant isManaged"),
)
_APPLICATION = _table(
    ("string", "never", "id appId publisherDomain"),
    ("time", "never", "createdDateTime deletedDateTime"),
    ("string", "cloud", "displayName:256 description:1024 notes signInAudience"),
    ("string", "create", "uniqueName:128"),
    ("strings", "cloud", "identifierUris tags"),
)

PROPERTIES: Mapping[str, Mapping[str, Property]] = {
    "user": _USER,
    "group": _GROUP,
    "contact": _CONTACT,
    "device": _DEVICE,
    "application": _APPLICATION,
}
_FOLDED = {kind: {n.casefold(): p for n, p in names.items()} for kind, names in PROPERTIES.items()}

_USER_DEFAULT = (
    "businessPhones displayName givenName id jobTitle mail mobilePhone officeLocation"
    " preferredLanguage surname userPrincipalName"
)
_GROUP_HIDDEN = {"isManagementRestricted", "assignedLicenses"}
_DEVICE_HIDDEN = {"isManagementRestricted", "enrollmentType", "deviceCategory"}
DEFAULT_PROPERTIES: Mapping[str, tuple[str, ...]] = {
    "user": tuple(_USER_DEFAULT.split()),
    "group": tuple(name for name in _GROUP if name not in _GROUP_HIDDEN),
    "contact": tuple(_CONTACT),
    "device": tuple(name for name in _DEVICE if name not in _DEVICE_HIDDEN),
    "application": tuple(_APPLICATION),
}
DELTA_NAVIGATIONS: Mapping[str, tuple[str, ...]] = {
    "user": ("manager",),
    "group": ("members",),
    "contact": (),
    "device": (),
    "application": (),
}
"""Navigation properties that a delta query may select."""
ENTITY_NAMES: Mapping[str, str] = {
    "user": "user",
    "group": "group",
    "contact": "orgContact",
    "device": "device",
    "application": "application",
}
NOT_IN_DIRECTORY = frozenset(
    {
        *("aboutMe", "birthday", "hireDate", "interests", "mySite", "pastProjects", "preferredName"),
        *("responsibilities", "schools", "skills"),
    }
)
"""Properties of users that live in SharePoint: a known name, but no answer from the directory."""


def property_named(kind: str, name: str) -> Property | None:
    """The property of that name, in any case; any directory extension counts as one of type `any`."""
    known = _FOLDED[kind].get(name.casefold())
    if known is None and kind != "contact" and name.casefold().startswith("extension_"):
        return Property(name, "any", "unshadowed")
    return known
