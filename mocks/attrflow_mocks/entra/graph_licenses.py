"""Licences on the strict face: what was bought, who has it, handing it out and taking it back.

A plan with Exchange Online brings a mailbox, and with it addresses; `settle` works those out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from attrflow_mocks.entra.answers import Response, json_body, json_response
from attrflow_mocks.entra.graph_objects import entity, find, not_found
from attrflow_mocks.entra.graph_write import bad_request, conflict
from attrflow_mocks.entra.licenses import LicenseRefused, consumed, license_names, with_licenses
from attrflow_mocks.entra.licensing import Product, Subscription
from attrflow_mocks.entra.odata import selected
from attrflow_mocks.entra.routing import Context, Route
from attrflow_mocks.entra.settle import AddressChange, Conflict, resettle

__all__ = ["ROUTES"]


def _plans(product: Product, disabled: Sequence[object] = ()) -> list[dict[str, object]]:
    return [
        {
            "servicePlanId": plan.id,
            "servicePlanName": plan.name,
            "provisioningStatus": "Disabled" if plan.id in disabled else "Success",
            "appliesTo": "User",
        }
        for plan in product.plans
    ]


def _sku(context: Context, bought: Subscription) -> dict[str, object]:
    tenant, product = context.tenant, bought.product
    return {
        "accountId": tenant.tenant_id,
        "accountName": tenant.initial_domain.partition(".")[0],
        "appliesTo": "User",
        "capabilityStatus": "Enabled",
        "consumedUnits": consumed(tenant, product.id),
        "id": f"{tenant.tenant_id}_{product.id}",
        "skuId": product.id,
        "skuPartNumber": product.part_number,
        "subscriptionIds": [],
        "prepaidUnits": {"enabled": bought.seats, "lockedOut": 0, "suspended": 0, "warning": 0},
        "servicePlans": _plans(product),
    }


def subscribed_skus(context: Context) -> Response:
    values = [_sku(context, bought) for bought in context.tenant.subscriptions.values()]
    return json_response(200, {"@odata.context": f"{context.url}/$metadata#subscribedSkus", "value": values})


def subscribed_sku(context: Context, key: str) -> Response:
    bought = context.tenant.subscriptions.get(key.casefold().removeprefix(f"{context.tenant.tenant_id}_"))
    if bought is None:
        raise not_found(key)
    where = f"{context.url}/$metadata#subscribedSkus/$entity"
    return json_response(200, {"@odata.context": where, **_sku(context, bought)})


def license_details(context: Context, key: str) -> Response:
    found = find(context, "user", key)
    values = []
    for sku, disabled in license_names(found).items():
        bought = context.tenant.subscriptions.get(sku)
        if bought is not None:
            values.append(
                {
                    "id": f"{found.id}_{sku}",
                    "skuId": sku,
                    "skuPartNumber": bought.product.part_number,
                    "servicePlans": _plans(bought.product, disabled),
                }
            )
    where = f"{context.url}/$metadata#users('{found.id}')/licenseDetails"
    return json_response(200, {"@odata.context": where, "value": values})


def assign_license(context: Context, key: str) -> Response:
    tenant, found = context.tenant, find(context, "user", key)
    body = json_body(context.request)
    adding, removing = body.get("addLicenses"), body.get("removeLicenses")
    if not isinstance(adding, list) or not isinstance(removing, list):
        raise bad_request("'addLicenses' and 'removeLicenses' take lists, empty ones too.")
    added = dict(_read(item) for item in adding)
    try:
        draft = with_licenses(tenant, found, added, [str(sku).casefold() for sku in removing])
        if draft.exchange != found.exchange:
            draft = resettle(tenant, draft, AddressChange(first=False, addresses=True))
    except LicenseRefused as refused:
        raise bad_request(str(refused)) from None
    except Conflict as taken:
        raise conflict(taken.attribute) from None
    tenant.store.commit(replace(draft))
    names = selected(context.options, "user")
    return json_response(200, entity(context, draft, names))


def _read(item: object) -> tuple[str, tuple[str, ...]]:
    if not isinstance(item, Mapping) or not isinstance(item.get("skuId"), str):
        raise bad_request("Each of 'addLicenses' needs a 'skuId'.")
    disabled = item.get("disabledPlans") or []
    if not isinstance(disabled, list):
        raise bad_request("'disabledPlans' takes a list of plan ids.")
    return str(item["skuId"]).casefold(), tuple(str(plan).casefold() for plan in disabled)


ROUTES = (
    Route("GET", "subscribedSkus", subscribed_skus, "List subscriptions"),
    Route("GET", "subscribedSkus/{id}", subscribed_sku, "Read a subscription"),
    Route("POST", "users/{id}/assignLicense", assign_license, "Give a user licences, or take them away"),
    Route("GET", "users/{id}/licenseDetails", license_details, "List a user's licences"),
)
