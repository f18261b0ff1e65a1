"""Who holds which licence: the user's properties that follow from licences given and taken.

Works on drafts and commits nothing; addresses that come with a mailbox are `settle`'s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from attrflow_mocks.entra.licensing import has_mailbox_plan
from attrflow_mocks.entra.objects import DirectoryObject, instant
from attrflow_mocks.entra.state import TenantState

__all__ = ["LicenseRefused", "consumed", "license_names", "with_licenses"]


class LicenseRefused(Exception):
    """A licence that cannot be given or taken; the text is the service's."""


def license_names(found: DirectoryObject) -> dict[str, tuple[str, ...]]:
    """The ids of a user's products, with the plans that are switched off in each."""
    held = found.properties.get("assignedLicenses")
    names: dict[str, tuple[str, ...]] = {}
    for one in held if isinstance(held, (list, tuple)) else ():
        if isinstance(one, dict):
            names[str(one.get("skuId")).casefold()] = tuple(str(plan) for plan in one.get("disabledPlans") or ())
    return names


def consumed(tenant: TenantState, sku: str) -> int:
    """How many seats of a product are taken, by users in the bin too: they keep their licences."""
    everyone = (*tenant.store.all("user"), *tenant.store.deleted("user"))
    return sum(sku in license_names(user) for user in everyone)


def with_licenses(
    tenant: TenantState,
    found: DirectoryObject,
    added: Mapping[str, Sequence[str]],
    removed: Sequence[str],
    *,
    by_portal: bool = False,
) -> DirectoryObject:
    """The user with licences added (id of the product to its disabled plans) and removed.

    With `by_portal` nobody asks for a usage location or free seats.

    Raises:
        LicenseRefused: no usage location, an unknown product, no free seat, or one that the user has not.
    """
    held = license_names(found)
    if added and not by_portal and not found.text("usageLocation"):
        raise LicenseRefused("License assignment cannot be done for user with invalid usage location.")
    for sku in (*added, *removed):
        if sku not in tenant.subscriptions:
            raise LicenseRefused(f"License {sku} does not correspond to a valid company License.")
    for sku in removed:
        if held.pop(sku, None) is None:
            raise LicenseRefused("User does not have a corresponding license.")
    for sku, disabled in added.items():
        seats = tenant.subscriptions[sku].seats
        if sku not in held and not by_portal and consumed(tenant, sku) >= seats:
            raise LicenseRefused(f"Subscription with SKU {sku} does not have any available licenses.")
        held[sku] = tuple(disabled)
    return _written(tenant, found, held)


def _written(tenant: TenantState, found: DirectoryObject, held: Mapping[str, Sequence[str]]) -> DirectoryObject:
    now = instant(tenant.now())
    assigned = [{"disabledPlans": list(disabled), "skuId": sku} for sku, disabled in held.items()]
    states = [
        {"skuId": sku, "disabledPlans": list(disabled), "assignedByGroup": None, "state": "Active", "error": "None",
         "lastUpdatedDateTime": now}
        for sku, disabled in held.items()
    ]  # fmt: skip
    plans = [
        plan
        for sku, disabled in held.items()
        for plan in tenant.subscriptions[sku].product.plans
        if sku in tenant.subscriptions and plan.id not in disabled
    ]
    properties = {
        **found.properties,
        "assignedLicenses": assigned,
        "licenseAssignmentStates": states,
        "assignedPlans": [
            {"assignedDateTime": now, "capabilityStatus": "Enabled", "service": p.service, "servicePlanId": p.id}
            for p in plans
        ],
        "provisionedPlans": [
            {"capabilityStatus": "Enabled", "provisioningStatus": "Success", "service": p.service} for p in plans
        ],
    }
    mailbox = has_mailbox_plan(tenant.subscriptions, assigned)
    return replace(found, properties=properties, exchange=mailbox)
