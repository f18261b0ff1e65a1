"""What may be written over public Graph: checks of names, types, lengths and of who masters the object.

Answers with the properties to set, or raises Graph's error. Commits nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from attrflow_mocks.entra.addresses import SMTP, domain_of, prefix_of
from attrflow_mocks.entra.answers import GraphError
from attrflow_mocks.entra.extensions import takes
from attrflow_mocks.entra.graph_values import bad_request, checked, invalid
from attrflow_mocks.entra.objects import DirectoryObject
from attrflow_mocks.entra.properties import Property, property_named
from attrflow_mocks.entra.settle import conflict_of
from attrflow_mocks.entra.state import TenantState

__all__ = [
    "MASTERED",
    "bad_request",
    "changeable_group",
    "check_member",
    "check_names",
    "check_room",
    "conflict",
    "is_unified",
    "required",
    "writable",
]

MASTERED = (
    "Unable to update the specified properties for on-premises mastered Directory Sync objects or objects "
    "currently undergoing migration."
)
_EXTERNAL = "Unable to update the specified properties for objects that have originated within an external service."
_USER_NAME = re.compile(r"[A-Za-z0-9'.\-_!#^~]+")
_NICKNAME = re.compile(r"[\x21-\x7e]+")
_NICKNAME_FORBIDDEN = frozenset('@()\\[]";:<>,')
_NAVIGATIONS = frozenset({"members@odata.bind", "owners@odata.bind", "@odata.type", "manager@odata.bind"})
_LOCAL_LIMIT = 64
_CLASSIC = "Cannot Update a mail-enabled security groups and or distribution list."


def conflict(name: str, holder: DirectoryObject | None = None) -> GraphError:
    """The error for a value that another object has."""
    message = f"Another object with the same value for property {name} already exists."
    details = [("ObjectConflict", message, name)]
    if holder is not None:
        details.append(("ConflictingObjects", message, f"{holder.kind.capitalize()}_{holder.id}"))
    return bad_request(message, *details)


def check_room(tenant: TenantState) -> None:
    """Check that one more object may be created.

    Raises:
        GraphError: 403, the tenant holds as many as its quota allows.
    """
    if not tenant.has_room():
        message = (
            "The directory object quota limit for the Tenant has been exceeded. "
            f"It holds {len(tenant.store)} objects, those in the bin counted."
        )
        raise GraphError(403, "Directory_QuotaExceeded", message)


def required(kind: str, body: Mapping[str, object], *names: str) -> None:
    """Check that a create has its properties.

    Raises:
        GraphError: 400 for the first that is missing.
    """
    for name in names:
        if body.get(name) is None:
            entity = kind.capitalize()
            raise bad_request(f"A value is required for property '{name}' of resource '{entity}'.")


def writable(
    tenant: TenantState, kind: str, body: Mapping[str, object], found: DirectoryObject | None
) -> dict[str, object]:
    """The properties of a create (`found` is None) or patch, checked, in the schema's spelling.

    Raises:
        GraphError: 400 with Graph's message for the first property that may not be written so.
    """
    values: dict[str, object] = {}
    for name, value in body.items():
        if name in _NAVIGATIONS:
            continue
        known = property_named(kind, name)
        if known is None:
            raise bad_request(f"Invalid property '{name}'.")
        _check_right(tenant, known, found)
        if known.type == "any":
            values[_extension(tenant, known.name, kind, value)] = value
        else:
            values[known.name] = checked(known, value, kind)
    return values


def _extension(tenant: TenantState, name: str, kind: str, value: object) -> str:
    """A directory extension in its own spelling.

    Raises:
        GraphError: 400, unknown, not for that kind, or a value of another type.
    """
    extension = tenant.extensions.get(name.casefold())
    if extension is None or not extension.fits(kind):
        raise bad_request(f"The following extension properties are not available: {name}.")
    if not takes(extension, value):
        raise invalid(extension.name, kind)
    return extension.name


def _check_right(tenant: TenantState, known: Property, found: DirectoryObject | None) -> None:
    if known.write == "never" or (known.write == "create" and found is not None):
        raise bad_request(f"Property '{known.name}' is read-only and cannot be set.")
    if found is None or found.synced is None:
        return
    if found.synced is False:
        if known.name == "onPremisesExtensionAttributes" and not found.cloud_managed:
            raise bad_request(_EXTERNAL)
        return
    if found.kind in ("device", "application"):
        return
    shadowed = known.name.casefold() in {name.casefold() for name in found.shadow}
    mobile = known.name == "mobilePhone" and tenant.strict_mobile
    if known.write == "cloud" or (known.write == "unshadowed" and shadowed) or mobile:
        raise bad_request(MASTERED)


def check_names(tenant: TenantState, own: str, values: Mapping[str, object]) -> None:
    """Check userPrincipalName, mailNickname and mail: form, verified domain, and that they are free.

    Raises:
        GraphError: 400.
    """
    name = values.get("userPrincipalName")
    if isinstance(name, str):
        _check_user_name(tenant, name)
        holder = conflict_of(tenant, own, "upn", name)
        if holder is not None:
            raise conflict("userPrincipalName", holder)
    nickname = values.get("mailNickname")
    if isinstance(nickname, str) and (not _NICKNAME.fullmatch(nickname) or _NICKNAME_FORBIDDEN.intersection(nickname)):
        raise bad_request("Invalid value specified for property 'mailNickname' of resource 'User'.")
    mail = values.get("mail")
    if isinstance(mail, str):
        if "@" not in mail or not mail.isascii():
            raise bad_request("Invalid value specified for property 'mail' of resource 'User'.")
        holder = conflict_of(tenant, own, "proxy", SMTP + mail)
        if holder is not None:
            raise conflict("proxyAddresses", holder)
    anchor = values.get("onPremisesImmutableId")
    holder = tenant.store.holder("anchor:user", anchor) if isinstance(anchor, str) else None
    if holder is not None and holder.id != own:
        raise conflict("onPremisesImmutableId", holder)


def _check_user_name(tenant: TenantState, name: str) -> None:
    local = prefix_of(name)
    well_formed = name.count("@") == 1 and len(local) <= _LOCAL_LIMIT and _USER_NAME.fullmatch(local)
    if well_formed and tenant.is_verified(domain_of(name)):
        return
    message = "Property userPrincipalName is invalid."
    raise bad_request(message, ("InvalidValue", message, "userPrincipalName"))


def is_unified(group: DirectoryObject) -> bool:
    """Whether it is a Microsoft 365 group."""
    types = group.properties.get("groupTypes")
    return isinstance(types, (list, tuple)) and "Unified" in types


def changeable_group(found: DirectoryObject) -> DirectoryObject:
    """The group, if Graph may change it.

    Raises:
        GraphError: 400, for a synchronized one and for the classic mail-enabled kinds.
    """
    if found.synced:
        raise bad_request(MASTERED)
    if found.properties.get("mailEnabled") and not is_unified(found):
        raise bad_request(_CLASSIC)
    return found


def check_member(tenant: TenantState, group: DirectoryObject, target: DirectoryObject) -> None:
    """Check that an object can become a member of a group.

    Raises:
        GraphError: 400, already in it, or of a kind that the group cannot hold.
    """
    if tenant.store.links.has(group.id, "member", target.id):
        raise bad_request(
            "One or more added object references already exist for the following modified properties: 'members'."
        )
    if is_unified(group) and target.kind != "user":
        raise bad_request(f"A Microsoft 365 group cannot have a {target.kind} as a member.")
    if target.kind == "application" or (target.kind == "group" and not target.properties.get("securityEnabled")):
        raise bad_request(f"A security group cannot have this {target.kind} as a member.")
