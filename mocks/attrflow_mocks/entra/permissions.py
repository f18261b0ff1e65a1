"""Which application roles open which operation of the strict face, after Graph's permission reference.

A table by the shape of the route. Knows no tenant; what happens on a refusal is the caller's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

__all__ = ["DELEGATED_ONLY", "READERS", "roles_for"]

_DIRECTORY_READ = "Directory.Read.All Directory.ReadWrite.All"
_USER_READ = f"User.Read.All User.ReadWrite.All {_DIRECTORY_READ}"
_MEMBER_READ = f"GroupMember.Read.All GroupMember.ReadWrite.All Group.Read.All Group.ReadWrite.All {_DIRECTORY_READ}"
_USER_WRITE = "User.ReadWrite.All Directory.ReadWrite.All"
_GROUP_WRITE = "Group.ReadWrite.All Directory.ReadWrite.All"
_DEVICE_READ = f"Device.Read.All Device.ReadWrite.All {_DIRECTORY_READ}"
_APP_READ = f"Application.Read.All Application.ReadWrite.All {_DIRECTORY_READ}"
_CONTACT_READ = f"OrgContact.Read.All {_DIRECTORY_READ}"
_DOMAIN_READ = f"Domain.Read.All Domain.ReadWrite.All {_DIRECTORY_READ}"
_SYNC = "OnPremDirectorySynchronization"

# Methods, a pattern over the route's pattern, roles of which one is enough. The first match decides.
_TABLE: tuple[tuple[str, str, str], ...] = (
    ("GET", r"subscribedSkus.*", f"LicenseAssignment.Read.All Organization.Read.All {_DIRECTORY_READ}"),
    ("POST", r"users/\{id\}/assignLicense", f"LicenseAssignment.ReadWrite.All {_USER_WRITE}"),
    ("GET", r"users/\{id\}/licenseDetails", f"LicenseAssignment.Read.All {_USER_READ}"),
    ("POST", r"users/\{id\}/revokeSignInSessions", f"User.RevokeSessions.All {_USER_WRITE}"),
    ("*", r"users/\{id\}/onPremisesSyncBehavior", "User-OnPremisesSyncBehavior.ReadWrite.All"),
    ("*", r"groups/\{id\}/onPremisesSyncBehavior", "Group-OnPremisesSyncBehavior.ReadWrite.All"),
    ("*", r"contacts/\{id\}/onPremisesSyncBehavior", "Contacts-OnPremisesSyncBehavior.ReadWrite.All"),
    ("POST", r"(users|groups|contacts|devices|directoryObjects)/\{id\}/(get|check)Member\w+", _MEMBER_READ),
    ("POST", r"contacts/\{id\}/retryServiceProvisioning", "Directory.ReadWrite.All"),
    ("GET", r"\w+/\{id\}/(transitiveM|m)emberOf.*", f"{_USER_READ} {_MEMBER_READ}"),
    ("GET", r"users.*", _USER_READ),
    ("PATCH", r"users/\{id\}", f"User-PasswordProfile.ReadWrite.All {_USER_WRITE}"),
    ("*", r"users.*", _USER_WRITE),
    ("GET", r"groups.*", _MEMBER_READ),
    ("*", r"groups/\{id\}/members.*", f"GroupMember.ReadWrite.All {_GROUP_WRITE}"),
    ("*", r"groups.*", _GROUP_WRITE),
    ("GET", r"contacts.*", _CONTACT_READ),
    ("GET", r"devices.*", _DEVICE_READ),
    ("*", r"devices.*", "Device.ReadWrite.All Directory.ReadWrite.All"),
    ("GET", r"applications.*", _APP_READ),
    ("*", r"applications.*", "Application.ReadWrite.All Directory.ReadWrite.All"),
    ("POST", r"directoryObjects/getAvailableExtensionProperties", _APP_READ),
    ("POST", r"directoryObjects/(getByIds|validateProperties)", f"{_USER_READ} {_MEMBER_READ} {_DEVICE_READ}"),
    ("GET", r"directoryObjects.*", _DIRECTORY_READ),
    ("*", r"directoryObjects.*", "Directory.ReadWrite.All"),
    ("GET", r"directory/deletedItems/application", _APP_READ),
    ("GET", r"directory/deletedItems/group(/\$count)?", f"Group.Read.All Group.ReadWrite.All {_DIRECTORY_READ}"),
    ("GET", r"directory/deletedItems/.*", _USER_READ),
    ("*", r"directory/deletedItems/.*", "User.DeleteRestore.All User.ReadWrite.All Group.ReadWrite.All"
     " Application.ReadWrite.All Directory.ReadWrite.All"),
    ("GET", r"directory/onPremisesSynchronization.*", f"{_SYNC}.Read.All {_SYNC}.ReadWrite.All"),
    ("PATCH", r"directory/onPremisesSynchronization.*", f"{_SYNC}.ReadWrite.All"),
    ("GET", r"domains.*", _DOMAIN_READ),
    ("*", r"domains.*", "Domain.ReadWrite.All"),
    ("GET", r"organization.*", f"Organization.Read.All Organization.ReadWrite.All {_DIRECTORY_READ}"),
    ("*", r"organization.*", "Organization.ReadWrite.All"),
)  # fmt: skip
DELEGATED_ONLY = frozenset({("PATCH", "directory/onPremisesSynchronization/{id}")})
"""Operations that no application may do by itself, whatever its roles."""
READERS: Mapping[str, frozenset[str]] = {
    "user": frozenset([*_USER_READ.split(), "User.ReadBasic.All"]),
    "group": frozenset(_MEMBER_READ.split()),
    "contact": frozenset(_CONTACT_READ.split()),
    "device": frozenset(_DEVICE_READ.split()),
    "application": frozenset(_APP_READ.split()),
}
"""Roles that show the properties of an object in a list of several kinds; without one only its id is shown."""


@cache
def roles_for(method: str, pattern: str) -> frozenset[str]:
    """The roles of which one opens the operation; empty where only other methods have any.

    >>> sorted(roles_for("GET", "contacts/{id}"))
    ['Directory.Read.All', 'Directory.ReadWrite.All', 'OrgContact.Read.All']
    """
    for methods, shape, roles in _TABLE:
        if methods in ("*", method) and re.fullmatch(shape, pattern):
            return frozenset(roles.split())
    return frozenset()
