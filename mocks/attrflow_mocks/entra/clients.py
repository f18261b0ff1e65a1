"""Applications that may ask for tokens, and what a token stands for. Nouns; the token endpoint uses them.

Not to be mixed up with the application objects of the directory, which hold directory extensions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

__all__ = ["INGEST_ROLE", "ROLES", "Client", "Grant", "clients_of"]

INGEST_ROLE = "Mock.Ingest.ReadWrite.All"
"""The role of the sync face; the real service has none of this name."""
ROLES = (
    *("Application.Read.All", "Application.ReadWrite.All", "Contacts-OnPremisesSyncBehavior.ReadWrite.All"),
    *("Device.Read.All", "Device.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"),
    *("Domain.Read.All", "Domain.ReadWrite.All", "Group-OnPremisesSyncBehavior.ReadWrite.All"),
    *("Group.Read.All", "Group.ReadWrite.All", "GroupMember.Read.All", "GroupMember.ReadWrite.All"),
    *("LicenseAssignment.Read.All", "LicenseAssignment.ReadWrite.All"),
    *("OnPremDirectorySynchronization.Read.All", "OnPremDirectorySynchronization.ReadWrite.All"),
    *("OrgContact.Read.All", "Organization.Read.All", "Organization.ReadWrite.All"),
    *("User-OnPremisesSyncBehavior.ReadWrite.All", "User-PasswordProfile.ReadWrite.All"),
    *("User.DeleteRestore.All", "User.Read.All", "User.ReadBasic.All", "User.ReadWrite.All"),
    *("User.RevokeSessions.All", INGEST_ROLE),
)
"""Every application role that the mock knows; a client has all of them unless its seed says which."""


@dataclass(frozen=True, slots=True)
class Client:
    """One application registration, as the token endpoint knows it."""

    id: str
    secret: str | None = None
    roles: tuple[str, ...] = ROLES
    certificates: tuple[str, ...] = ()
    """PEM certificates whose keys may sign client assertions."""
    secret_expired: bool = False
    enabled: bool = True
    """Whether its service principal is there and enabled; without, tokens open nothing."""

    def __post_init__(self) -> None:
        unknown = sorted(set(self.roles) - set(ROLES))
        if unknown:
            raise ValueError(f"client {self.id}: no role is named {', '.join(unknown)}; there are: {', '.join(ROLES)}")


@dataclass(frozen=True, slots=True)
class Grant:
    """What an issued token stands for."""

    application: str
    expires: datetime
    roles: frozenset[str] = frozenset(ROLES)
    user: str | None = None
    """The id of the signed-in administrator, None for an application by itself."""

    @property
    def delegated(self) -> bool:
        """Whether a person is signed in."""
        return self.user is not None


def clients_of(
    secrets: Mapping[str, str], roles: Mapping[str, Sequence[str]], certificates: Mapping[str, Sequence[str]]
) -> dict[str, Client]:
    """The clients of a seed by id, in the order of its secrets.

    Raises:
        ValueError: a role that the mock does not know.
    """
    names = dict.fromkeys([*secrets, *certificates])
    return {
        name: Client(name, secrets.get(name), tuple(roles.get(name, ROLES)), tuple(certificates.get(name, ())))
        for name in names
    }
