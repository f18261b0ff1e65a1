"""Names and addresses of one object settled against all others: calculation, conflicts, quarantine.

Takes the state that an object would have and gives it back with mailNickname, userPrincipalName,
proxyAddresses, mail and provisioning errors filled in. Commits nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from attrflow_mocks.entra.addresses import (
    SMTP,
    AddressInputs,
    calculate_proxies,
    derive_nickname,
    mail_of,
    malformed_user_name,
    prefix_of,
    user_name,
)
from attrflow_mocks.entra.objects import DirectoryObject, ProvisioningError
from attrflow_mocks.entra.state import TenantState

__all__ = ["AddressChange", "Conflict", "conflict_of", "resettle", "shadow_text", "shadow_texts"]

_SHARED_RECIPIENTS = frozenset({4, 16, 32, 8589934592, 17179869184, 34359738368})
"""msExchRecipientTypeDetails of shared, room and equipment mailboxes, here or remote."""


@dataclass(frozen=True, slots=True)
class AddressChange:
    """Which inputs of the calculations are new."""

    first: bool
    """Whether this is the first synchronization of the object."""
    nickname: bool = False
    user_name: bool = False
    addresses: bool = False


class Conflict(Exception):
    """A value that another object has, or that cannot be, where nothing may be quarantined."""

    def __init__(self, code: str, attribute: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.attribute = attribute
        self.message = message


def shadow_text(found: DirectoryObject, name: str) -> str | None:
    """An exported single string, or None; an empty string counts as none."""
    value = found.shadow.get(name)
    return value if isinstance(value, str) and value else None


def shadow_texts(found: DirectoryObject, name: str) -> tuple[str, ...]:
    """The exported strings of a multi-valued attribute."""
    value = found.shadow.get(name)
    return tuple(v for v in value if isinstance(v, str)) if isinstance(value, tuple) else ()


def conflict_of(tenant: TenantState, own: str, kind: str, value: str) -> DirectoryObject | None:
    """The other live object with that user name (`upn`) or address (`proxy`), in either of the two roles."""
    address = value[len(SMTP) :] if kind == "proxy" and value.casefold().startswith(SMTP) else value
    candidates = [tenant.store.holder(kind, value)]
    if kind == "upn":
        candidates.append(tenant.store.holder("proxy", SMTP + value))
    elif address != value:
        candidates.append(tenant.store.holder("upn", address))
    return next((found for found in candidates if found is not None and found.id != own), None)


def resettle(tenant: TenantState, draft: DirectoryObject, change: AddressChange) -> DirectoryObject:
    """The draft with its calculated properties.

    Raises:
        Conflict: a taken value while quarantine is switched off or does not apply, or a malformed name.
    """
    draft = _with_nickname(draft, change)
    if draft.kind == "user":
        draft = _with_user_name(tenant, draft, change)
        draft = _with_moera(tenant, draft)
    touched = change.first or change.addresses or change.user_name or bool(draft.errors)
    if not touched or (draft.synced is None and draft.moera is None):
        return draft
    return _with_proxies(tenant, draft)


def _set(draft: DirectoryObject, **values: object) -> DirectoryObject:
    merged: Mapping[str, object] = {**draft.properties, **values}
    return replace(draft, properties=merged)


def _with_nickname(draft: DirectoryObject, change: AddressChange) -> DirectoryObject:
    alias = shadow_text(draft, "alias")
    if alias and (change.first or change.nickname):
        return _set(draft, mailNickname=alias)
    if not change.first or draft.text("mailNickname"):
        return draft
    proxies, mail = shadow_texts(draft, "proxyAddresses"), shadow_text(draft, "mail")
    nickname = derive_nickname(None, proxies, mail, shadow_text(draft, "userPrincipalName"))
    if nickname is None and draft.kind != "user":
        nickname = derive_nickname(None, (), shadow_text(draft, "onPremisesSamAccountName"), None)
        nickname = nickname or derive_nickname(None, (), draft.text("displayName"), None)
    return _set(draft, mailNickname=nickname) if nickname else draft


def _with_user_name(tenant: TenantState, draft: DirectoryObject, change: AddressChange) -> DirectoryObject:
    held = [error for error in draft.errors if error.attribute == "UserPrincipalName"]
    if draft.synced is None or not (change.first or change.user_name or held):
        return draft
    exported = shadow_text(draft, "userPrincipalName")
    nickname = draft.text("mailNickname")
    if (exported and malformed_user_name(exported)) or (not exported and not nickname):
        raise Conflict(
            "IdentityDataValidationFailed",
            "userPrincipalName",
            f"userPrincipalName {exported or ''!r} is not of the form name@domain.",
        )
    if not change.first and draft.exchange and not tenant.features["synchronizeUpnForManagedUsersEnabled"]:
        return draft
    wanted = user_name(exported, nickname or prefix_of(exported or ""), tenant.initial_domain, tenant.is_verified)
    others = tuple(error for error in draft.errors if error.attribute != "UserPrincipalName")
    draft = replace(draft, errors=others)
    taken_by = conflict_of(tenant, draft.id, "upn", wanted)
    if taken_by is None:
        return _set(draft, userPrincipalName=wanted, onPremisesUserPrincipalName=exported)
    _refuse_group_clash(tenant, draft, wanted)
    if not tenant.features["quarantineUponUpnConflictEnabled"]:
        raise _taken(draft, taken_by, "userPrincipalName", wanted)
    error = next((e for e in held if e.value == wanted), None)
    error = error or ProvisioningError("UserPrincipalName", wanted, tenant.now())
    kept = draft.text("userPrincipalName") if error in held else None
    substitute = kept or _free_name(tenant, draft.id, f"{prefix_of(wanted)}+", "upn")
    draft = replace(draft, errors=(*others, error))
    return _set(draft, userPrincipalName=substitute, onPremisesUserPrincipalName=exported)


def _with_moera(tenant: TenantState, draft: DirectoryObject) -> DirectoryObject:
    nickname = draft.text("mailNickname")
    if draft.moera is not None or not nickname or not has_mailbox(draft):
        return draft
    moera = f"{nickname}@{tenant.initial_domain}"
    if conflict_of(tenant, draft.id, "proxy", SMTP + moera) is not None:
        moera = _free_name(tenant, draft.id, nickname, "proxy")
    return replace(draft, moera=moera)


def _with_proxies(tenant: TenantState, draft: DirectoryObject) -> DirectoryObject:
    exported = shadow_texts(draft, "proxyAddresses")
    mail = shadow_text(draft, "mail")
    if draft.synced is None:
        exported, mail = _cloud_addresses(draft)
    inputs = AddressInputs(exported, mail, draft.text("userPrincipalName"), draft.moera, has_mailbox(draft))
    wanted = calculate_proxies(inputs, tenant.is_verified)
    earlier = {error.value: error for error in draft.errors if error.attribute == "ProxyAddresses"}
    kept: list[str] = []
    errors = [error for error in draft.errors if error.attribute != "ProxyAddresses"]
    for value in wanted:
        smtp = value.casefold().startswith(SMTP)
        taken_by = conflict_of(tenant, draft.id, "proxy", value)
        if taken_by is None:
            kept.append(value)
            continue
        if not smtp or not tenant.features["quarantineUponProxyAddressesConflictEnabled"]:
            raise _taken(draft, taken_by, "proxyAddresses", value)
        _refuse_first_group_clash(tenant, draft, taken_by, value)
        errors.append(earlier.get(value) or ProvisioningError("ProxyAddresses", value, tenant.now()))
    draft = replace(draft, errors=tuple(errors))
    return _set(draft, proxyAddresses=kept, mail=mail_of(kept))


def _cloud_addresses(draft: DirectoryObject) -> tuple[tuple[str, ...], str | None]:
    """A cloud user's own addresses, without those that the licence brought."""
    own = {SMTP + (draft.text("userPrincipalName") or "").casefold(), SMTP + (draft.moera or "").casefold()}
    return tuple(value for value in draft.proxies() if value.casefold() not in own), None


def has_mailbox(draft: DirectoryObject) -> bool:
    """Whether the full address calculation applies: licence, remote mailbox or shared resource."""
    if draft.exchange or draft.shadow.get("msExchRemoteRecipientType"):
        return True
    return draft.shadow.get("msExchRecipientTypeDetails") in _SHARED_RECIPIENTS


def _free_name(tenant: TenantState, own: str, prefix: str, kind: str) -> str:
    while True:
        name = f"{prefix}{tenant.identifiers.integer(1000, 9999)}@{tenant.initial_domain}"
        if conflict_of(tenant, own, kind, name if kind == "upn" else SMTP + name) is None:
            return name


def _taken(draft: DirectoryObject, by: DirectoryObject, attribute: str, value: str) -> Conflict:
    new = draft.last_sync is None
    code = "InvalidSoftMatch" if new and by.source_anchor is not None else "AttributeValueMustBeUnique"
    return Conflict(code, attribute, f"{attribute} {value} is already in use by {by.kind} {by.id}.")


def _refuse_group_clash(tenant: TenantState, draft: DirectoryObject, wanted: str) -> None:
    """A group's primary address in both name and addresses of a user is an error, never quarantined."""
    group = tenant.store.holder("proxy", SMTP + wanted)
    if group is None or group.kind != "group" or f"SMTP:{wanted}".casefold() != group.proxies()[0].casefold():
        return
    exported = [value.casefold() for value in shadow_texts(draft, "proxyAddresses")]
    exported.append(SMTP + (shadow_text(draft, "mail") or "").casefold())
    if SMTP + wanted.casefold() in exported:
        raise Conflict("AttributeValueMustBeUnique", "proxyAddresses", f"{wanted} is the address of a group.")


def _refuse_first_group_clash(tenant: TenantState, draft: DirectoryObject, by: DirectoryObject, value: str) -> None:
    """Two groups with one address: the first try of the new one is an error, the next is quarantined."""
    if draft.kind != "group" or by.kind != "group" or draft.last_sync is not None or not draft.source_anchor:
        return
    mark = (draft.kind, draft.source_anchor)
    if mark in tenant.refused_once:
        return
    tenant.refused_once.add(mark)
    raise Conflict("AttributeValueMustBeUnique", "proxyAddresses", f"{value} is already in use by group {by.id}.")
