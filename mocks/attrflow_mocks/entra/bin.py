"""The recycle bin: what changes about a user that goes there and comes back.

A binned object keeps its source anchor, its links and its addresses, but holds no unique name: a user's
userPrincipalName gets its own id in front, so that the name is free again.
"""

from __future__ import annotations

from dataclasses import replace

from attrflow_mocks.entra.objects import DirectoryObject
from attrflow_mocks.entra.settle import Conflict, conflict_of
from attrflow_mocks.entra.state import TenantState

__all__ = ["out_of_bin", "restore", "to_bin"]


def to_bin(tenant: TenantState, found: DirectoryObject) -> DirectoryObject:
    """Soft-delete a user, a Microsoft 365 group or an application."""
    if found.kind != "user":
        return tenant.store.commit(replace(found, deleted=tenant.now()))
    name = found.id.replace("-", "") + (found.text("userPrincipalName") or "")
    properties = {**found.properties, "userPrincipalName": name}
    return tenant.store.commit(replace(found, deleted=tenant.now(), properties=properties))


def out_of_bin(found: DirectoryObject) -> DirectoryObject:
    """The state of a binned object before it went there; a live one as it is. Commits nothing."""
    if found.live:
        return found
    if found.kind != "user":
        return replace(found, deleted=None)
    name = (found.text("userPrincipalName") or "").removeprefix(found.id.replace("-", ""))
    return replace(found, deleted=None, properties={**found.properties, "userPrincipalName": name})


def restore(tenant: TenantState, found: DirectoryObject, drop_taken_proxies: bool = False) -> DirectoryObject:
    """Bring an object back from the bin.

    Raises:
        Conflict: one of its unique names, its SID, or (unless they may be dropped) one of its addresses is
            taken by now.
    """
    draft = out_of_bin(found)
    for unique in ("uniqueName", "appId"):
        value = draft.text(unique)
        if value is not None and tenant.store.holder(unique, value) is not None:
            raise Conflict("ObjectConflict", unique, _taken(unique))
    name = draft.text("userPrincipalName") or ""
    if name and conflict_of(tenant, draft.id, "upn", name) is not None:
        raise Conflict("ObjectConflict", "userPrincipalName", _taken("userPrincipalName"))
    sid = draft.text("onPremisesSecurityIdentifier")
    if sid is not None and tenant.store.holder("sid", sid) is not None:
        raise Conflict("ObjectConflict", "onPremisesSecurityIdentifier", _taken("onPremisesSecurityIdentifier"))
    free = [p for p in draft.proxies() if conflict_of(tenant, draft.id, "proxy", p) is None]
    if len(free) < len(draft.proxies()):
        if not drop_taken_proxies:
            raise Conflict("ObjectConflict", "proxyAddresses", _taken("proxyAddresses"))
        draft = replace(draft, properties={**draft.properties, "proxyAddresses": free})
    return tenant.store.commit(draft)


def _taken(name: str) -> str:
    return f"Another object with the same value for property {name} already exists."
