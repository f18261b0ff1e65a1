"""Subscriptions: what a tenant has bought, which plans are in it, and which plan brings a mailbox.

Ids and names are those of Microsoft's published list of product names. Knows no users.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["DEFAULT_SEATS", "MAILBOX_LICENSE", "PRODUCTS", "Plan", "Product", "Subscription", "has_mailbox_plan"]


@dataclass(frozen=True, slots=True)
class Plan:
    """One service in a product."""

    id: str
    name: str
    service: str


@dataclass(frozen=True, slots=True)
class Product:
    """What can be bought: a stock-keeping unit."""

    id: str
    part_number: str
    plans: tuple[Plan, ...]


@dataclass(frozen=True, slots=True)
class Subscription:
    """What was bought of a product."""

    product: Product
    seats: int


_SKUS = (
    Product(
        "6fd2c87f-b296-42f0-b197-1e91e994b900",
        "ENTERPRISEPACK",
        (
            Plan("efb87545-963c-4e0d-99df-69c6916d9eb0", "EXCHANGE_S_ENTERPRISE", "exchange"),
            Plan("5dbe027f-2339-4123-9542-606e4d348a72", "SHAREPOINTENTERPRISE", "SharePoint"),
            Plan("57ff2da0-773e-42df-b2af-ffb7a2317929", "TEAMS1", "TeamspaceAPI"),
        ),
    ),
    Product(
        "4b9405b0-7788-4568-add1-99614e613b69",
        "EXCHANGESTANDARD",
        (Plan("9aaf7827-d63c-4b61-89c3-182f06f82e5c", "EXCHANGE_S_STANDARD", "exchange"),),
    ),
    Product(
        "078d2b04-f1bd-4111-bbd4-b4b1b354cef4",
        "AAD_PREMIUM",
        (Plan("41781fb2-bc02-4b7c-bd55-b576c07bb09d", "AAD_PREMIUM", "AADPremiumService"),),
    ),
)
PRODUCTS: Mapping[str, Product] = {product.part_number: product for product in _SKUS}
DEFAULT_SEATS: Mapping[str, int] = dict.fromkeys(PRODUCTS, 25)
"""What a tenant has bought unless its seed says otherwise."""
MAILBOX_LICENSE = "EXCHANGESTANDARD"
"""The product that a script's `assign_exchange` hands out."""


def has_mailbox_plan(subscriptions: Mapping[str, Subscription], licenses: Sequence[object]) -> bool:
    """Whether one of a user's assigned licences (as Graph shows them) brings an Exchange Online mailbox."""
    for license_ in licenses:
        if not isinstance(license_, dict):
            continue
        bought = subscriptions.get(str(license_.get("skuId")))
        disabled = license_.get("disabledPlans") or ()
        if bought and any(p.service == "exchange" and p.id not in disabled for p in bought.product.plans):
            return True
    return False
