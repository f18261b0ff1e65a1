"""Domains that become verified or go, and the names of synchronized users that follow at once.

Takes no lock: callers hold it.
"""

from __future__ import annotations

from dataclasses import replace

from attrflow_mocks.entra.objects import DirectoryObject, Domain
from attrflow_mocks.entra.settle import AddressChange, Conflict, resettle
from attrflow_mocks.entra.state import TenantState

__all__ = ["drop_domain", "settle_again", "verify"]


def verify(tenant: TenantState, name: str) -> Domain:
    """Make a domain verified, a new one too, and calculate every synchronized object's names again."""
    known = tenant.domains.get(name.casefold())
    domain = replace(known, verified=True) if known else Domain(name)
    tenant.domains[name.casefold()] = domain
    _recalculate(tenant)
    return domain


def drop_domain(tenant: TenantState, name: str) -> None:
    """Take a domain away, and calculate every synchronized object's names again.

    Raises:
        ValueError: the initial domain cannot be removed.
    """
    if name.casefold() == tenant.initial_domain.casefold():
        raise ValueError(f"{name} is the initial domain of the tenant; it cannot be removed")
    tenant.domains.pop(name.casefold(), None)
    _recalculate(tenant)


def _recalculate(tenant: TenantState) -> None:
    for found in tuple(tenant.store.all()):
        if found.synced:
            settle_again(tenant, found)


def settle_again(tenant: TenantState, found: DirectoryObject) -> bool:
    """Calculate names and addresses anew; False where nothing changes.

    Where a conflict may not be quarantined the object stays as it is, as the service has nobody to tell.
    """
    try:
        again = resettle(tenant, found, AddressChange(first=False, user_name=True, addresses=True))
    except Conflict:
        return False
    tenant.store.commit(again)
    return again != found
