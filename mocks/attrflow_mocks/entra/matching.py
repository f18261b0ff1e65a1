"""Whether an incoming new object is one that the tenant already has: hard match, soft match, or none.

After the documented order: source anchor first, then the primary SMTP address, then the user name; devices by deviceId.
Changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from attrflow_mocks.entra.addresses import SMTP, primary_address
from attrflow_mocks.entra.objects import DirectoryObject
from attrflow_mocks.entra.settle import Conflict, shadow_text, shadow_texts
from attrflow_mocks.entra.state import TenantState

__all__ = ["Match", "find_match"]


@dataclass(frozen=True, slots=True)
class Match:
    """The object that an incoming one is, and how that was found."""

    found: DirectoryObject
    how: str
    """`anchor` (already synchronized, or restored), `hard` (taken over by anchor), `soft`."""


def find_match(tenant: TenantState, incoming: DirectoryObject) -> Match | None:
    """The object that an incoming new one matches, None where it must be created.

    Raises:
        Conflict: the match is blocked, or what would match is of another kind or not to be taken over.
    """
    match = _by_anchor(tenant, incoming)
    if match is not None:
        return match
    if incoming.kind == "user":
        _refuse_known_sid(tenant, incoming)
    if incoming.kind == "device":
        return _registered(tenant, incoming)
    if tenant.features["blockSoftMatchEnabled"]:
        return None
    return _soft(tenant, incoming)


def _by_anchor(tenant: TenantState, incoming: DirectoryObject) -> Match | None:
    if incoming.source_anchor is None:
        return None
    found = tenant.store.holder(f"anchor:{incoming.kind}", incoming.source_anchor)
    if found is None:
        return None
    if found.synced or found.cloud_managed or not found.live:
        return Match(found, "anchor")
    if tenant.features["blockCloudObjectTakeoverThroughHardMatchEnabled"]:
        raise Conflict(
            "InvalidHardMatch",
            "sourceAnchor",
            f"{found.kind} {found.id} has this source anchor but is not synchronized, and taking over cloud "
            "objects by hard match is blocked (blockCloudObjectTakeoverThroughHardMatchEnabled).",
        )
    return Match(found, "hard")


def _registered(tenant: TenantState, incoming: DirectoryObject) -> Match | None:
    """A device that registered itself before its computer was synchronized: both have the computer's objectGUID."""
    id_ = incoming.text("deviceId")
    found = tenant.store.holder("deviceId", id_) if id_ else None
    return Match(found, "soft") if found is not None and found.source_anchor is None else None


def _refuse_known_sid(tenant: TenantState, incoming: DirectoryObject) -> None:
    sid = incoming.text("onPremisesSecurityIdentifier")
    holder = tenant.store.holder("sid", sid) if sid else None
    if holder is not None and holder.source_anchor is not None:
        raise Conflict(
            "AttributeValueMustBeUnique",
            "onPremiseSecurityIdentifier",
            f"onPremiseSecurityIdentifier {sid} belongs to user {holder.id} with another source anchor.",
        )


def _soft(tenant: TenantState, incoming: DirectoryObject) -> Match | None:
    """The first candidate decides, by match or refusal; one with an anchor of its own is no candidate."""
    for found, attribute in _candidates(tenant, incoming):
        if found.source_anchor is not None or found.synced is not None:
            continue
        if found.kind != incoming.kind:
            raise Conflict(
                "ObjectTypeMismatch",
                attribute,
                f"{attribute} matches {found.kind} {found.id}, but the incoming object is a {incoming.kind}.",
            )
        if not found.admin:
            return Match(found, "soft")
        if not _quarantines(tenant, attribute):
            raise Conflict(
                "ExistingAdminRoleConflict",
                attribute,
                f"{attribute} matches user {found.id}, who holds a directory role and is never taken over.",
            )
    return None


def _candidates(tenant: TenantState, incoming: DirectoryObject) -> list[tuple[DirectoryObject, str]]:
    found: list[tuple[DirectoryObject | None, str]] = []
    primary = primary_address(shadow_texts(incoming, "proxyAddresses")) or shadow_text(incoming, "mail")
    if primary:
        holder = tenant.store.holder("proxy", SMTP + primary)
        own = primary_address(holder.proxies()) if holder is not None else None
        if own is not None and own.casefold() == primary.casefold():
            found.append((holder, "proxyAddresses"))
    user_name = shadow_text(incoming, "userPrincipalName")
    if incoming.kind == "user" and user_name and tenant.features["softMatchOnUpnEnabled"]:
        found.append((tenant.store.holder("upn", user_name), "userPrincipalName"))
    return [(candidate, attribute) for candidate, attribute in found if candidate is not None]


def _quarantines(tenant: TenantState, attribute: str) -> bool:
    switch = {
        "proxyAddresses": "quarantineUponProxyAddressesConflictEnabled",
        "userPrincipalName": "quarantineUponUpnConflictEnabled",
    }
    return tenant.features[switch[attribute]]
