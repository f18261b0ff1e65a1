"""The tenant: its objects, domains, switches and applications, and the calls by which scripts change them.

State without HTTP. Everything that depends on time or chance comes from the clock and the identifiers
that it was given, so one script gives one outcome.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from attrflow_mocks.clock import Clock
from attrflow_mocks.entra.authority import switch_authority
from attrflow_mocks.entra.clients import Client, clients_of
from attrflow_mocks.entra.domains import drop_domain, settle_again, verify
from attrflow_mocks.entra.licenses import license_names, with_licenses
from attrflow_mocks.entra.licensing import DEFAULT_SEATS, MAILBOX_LICENSE, PRODUCTS, Subscription
from attrflow_mocks.entra.mapping import ALTERNATE_MOBILE
from attrflow_mocks.entra.objects import DirectoryObject, Domain
from attrflow_mocks.entra.presentation import present
from attrflow_mocks.entra.properties import PROPERTIES, property_named
from attrflow_mocks.entra.settle import AddressChange, resettle
from attrflow_mocks.entra.state import TenantState
from attrflow_mocks.entra.throttle import Limits
from attrflow_mocks.scenarios.seed import TenantSeed

__all__ = ["Tenant", "with_user_defaults"]

_RETRY_INTERVAL = timedelta(hours=1)
_BIN_LIFETIME = timedelta(days=30)
_SEED_MARKS = frozenset({"id", "directoryRoles", "onPremisesSyncEnabled"})


class Tenant(TenantState):
    """One Entra tenant, filled from a seed. Its methods take the lock themselves."""

    def __init__(self, seed: TenantSeed, clock: Clock | None = None, identifiers: int = 0) -> None:
        super().__init__(seed.tenant_id, seed.display_name, seed.initial_domain, clock or Clock(), identifiers)
        self.seed = seed
        self._retried = self.clock.now()
        self._load(seed)

    def reset(self, seed: TenantSeed | None = None) -> None:
        """Go back to the seed, or to a new one of the same tenant; every token handed out before is stale."""
        with self.lock:
            self.seed = seed or self.seed
            self.generation += 1
            self._retried = self.clock.now()
            self.clear()
            self._load(self.seed)

    # Domains

    def verify_domain(self, name: str) -> None:
        """Make a domain verified, and calculate every synchronized user's names again."""
        with self.lock:
            verify(self, name)

    def remove_domain(self, name: str) -> None:
        """Take a domain away, and calculate every synchronized user's names again.

        Raises:
            ValueError: the initial domain cannot be removed.
        """
        with self.lock:
            drop_domain(self, name)

    # Objects

    def user(self, name: str) -> DirectoryObject | None:
        """A live user by id or userPrincipalName."""
        with self.lock:
            return self.store.live(name, "user") or self.store.holder("upn", name)

    def assign_exchange(self, name: str, assigned: bool = True) -> DirectoryObject:
        """Give a user an Exchange Online licence, or take it away; the addresses follow.

        Raises:
            LookupError: there is no such live user.
            Conflict: an address that comes with the licence is taken, and quarantine is switched off.
        """
        with self.lock:
            found = self._required(name)
            product = PRODUCTS[MAILBOX_LICENSE]
            self.subscriptions.setdefault(product.id, Subscription(product, 0))
            held = license_names(found)
            added = {product.id: ()} if assigned and product.id not in held else {}
            removed = [sku for sku in held if sku in self.subscriptions] if not assigned else []
            draft = with_licenses(self, found, added, removed, by_portal=True)
            # A seed may say that somebody has a mailbox without a licence that the tenant knows.
            draft = replace(draft, exchange=assigned)
            return self.store.commit(resettle(self, draft, AddressChange(first=False, addresses=True)))

    def override_mobile(self, name: str, number: str | None) -> DirectoryObject:
        """Write a synchronized user's mobile number in the portal: what synchronization exports loses from now on.

        Raises:
            LookupError: there is no such live user.
        """
        return self._override(name, "mobile", "mobilePhone", number)

    def override_other_mobile(self, name: str, numbers: Sequence[str]) -> DirectoryObject:
        """Write a synchronized user's alternate mobile numbers in the portal, as `override_mobile` does the first.

        Raises:
            LookupError: there is no such live user.
        """
        return self._override(name, "otherMobile", ALTERNATE_MOBILE, list(numbers) or None)

    def _override(self, name: str, attribute: str, target: str, value: object) -> DirectoryObject:
        with self.lock:
            found = self._required(name)
            overrides = found.overrides | {attribute} if found.synced else found.overrides
            properties = {**found.properties, target: value}
            return self.store.commit(replace(found, properties=properties, overrides=overrides))

    def switch_authority(self, name: str, cloud: bool = True) -> DirectoryObject:
        """Let the cloud, or the directory again, master an object: a user by id or name, others by id.

        Raises:
            LookupError: there is no such live object.
            ValueError: it was never synchronized.
        """
        with self.lock:
            found = self.user(name) or self.store.live(name)
            if found is None:
                raise LookupError(f"there is no object {name!r} in the tenant; give an id or a userPrincipalName")
            return switch_authority(self, found, cloud)

    def register_client(self, client: Client) -> None:
        """Let an application ask for tokens, or change one that may."""
        with self.lock:
            self.clients[client.id] = client

    def make_admin(self, name: str, admin: bool = True) -> DirectoryObject:
        """Give a user a directory role, or take it away; an administrator is never soft-matched.

        Raises:
            LookupError: there is no such live user.
        """
        with self.lock:
            return self.store.commit(replace(self._required(name), admin=admin))

    def _required(self, name: str) -> DirectoryObject:
        found = self.user(name)
        if found is None:
            raise LookupError(f"there is no user {name!r} in the tenant; give an id or a userPrincipalName")
        return found

    def retry_provisioning_errors(self) -> int:
        """The service's hourly work: give back values whose conflict is gone; how many objects changed."""
        with self.lock:
            held = [found for found in self.store.all() if found.errors]
            return sum(settle_again(self, found) for found in held)

    def tick(self) -> None:
        """Let the work that goes by the clock happen: hourly retries, and the bin that empties itself."""
        now = self.clock.now()
        if now - self._retried < _RETRY_INTERVAL:
            return
        self._retried = now
        self.retry_provisioning_errors()
        for found in tuple(self.store.deleted()):
            if found.deleted is not None and now - found.deleted >= _BIN_LIFETIME:
                self.store.purge(found.id)

    def counts(self) -> dict[str, int]:
        """How many live users, groups and contacts there are, and how many objects are in the bin."""
        with self.lock:
            return self.store.counts()

    def dump(self) -> list[dict[str, object]]:
        """Every object with its Graph properties, references and shadow values, for tests and people."""
        with self.lock:
            return [self._dumped(found) for found in self.store.from_ordinal(0)]

    def _dumped(self, found: DirectoryObject) -> dict[str, object]:
        extensions = [name for name in found.properties if name.casefold().startswith("extension_")]
        links = self.store.links
        return {
            "type": found.kind,
            "deleted": not found.live,
            "sourceAnchor": found.source_anchor,
            "properties": present(found, [*PROPERTIES[found.kind], *extensions]),
            "shadow": dict(found.shadow),
            "alternateMobilePhones": found.properties.get(ALTERNATE_MOBILE) or [],
            "overrides": sorted(found.overrides),
            "references": {name: list(links.targets(found.id, name)) for name in links.attributes(found.id)},
        }

    # Loading

    def _load(self, seed: TenantSeed) -> None:
        for name in seed.verified_domains:
            self.domains.setdefault(name.casefold(), Domain(name))
        default = next((d for d in self.domains.values() if not d.initial), None)
        chosen = default or self.domains[seed.initial_domain.casefold()]
        self.domains[chosen.name.casefold()] = replace(chosen, default=True)
        for part_number, seats in {**DEFAULT_SEATS, **seed.licenses}.items():
            product = PRODUCTS[part_number]
            self.subscriptions[product.id] = Subscription(product, seats)
        self.clients = clients_of(seed.applications, seed.roles, seed.certificates)
        self.lag = seed.lag
        for user in seed.users:
            self.add_user(user)
        self.store.forget_history()
        if seed.throttling:
            self.limits = Limits.documented(self.store.counts()["user"])

    def add_user(self, values: Mapping[str, object]) -> DirectoryObject:
        """Put a cloud user there as if it always had been: Graph property names, read-only ones included.

        `id` is made up where not given; `directoryRoles` makes an administrator and `assignedLicenses`
        a user with a mailbox.

        Raises:
            ValueError: an unknown property, no userPrincipalName, or a value that another object has.
        """
        with self.lock:
            for name in values:
                if name not in _SEED_MARKS and property_named("user", name) is None:
                    raise ValueError(f"{values.get('userPrincipalName')!r}: Graph users have no property {name!r}")
            for name in values:
                self.imply_extension(name)
            if not values.get("userPrincipalName"):
                raise ValueError(f"seed user {dict(values)!r} has no userPrincipalName")
            special = {*_SEED_MARKS, "onPremisesImmutableId", "createdDateTime", "passwordProfile"}
            properties = {name: value for name, value in values.items() if name not in special}
            anchor, synced = values.get("onPremisesImmutableId"), values.get("onPremisesSyncEnabled")
            draft = self.store.draft(
                "user",
                str(values.get("id") or self.new_id()),
                created=self.now(),
                properties=with_user_defaults(properties),
                source_anchor=str(anchor) if anchor else None,
                synced=synced if isinstance(synced, bool) else None,
                exchange=bool(values.get("assignedLicenses")),
                admin=bool(values.get("directoryRoles")),
            )
            if draft.exchange:
                draft = resettle(self, draft, AddressChange(first=False, addresses=True))
            return self.store.commit(draft)


def with_user_defaults(properties: Mapping[str, object]) -> dict[str, object]:
    """The properties of a cloud user with what the service fills in by itself."""
    filled: dict[str, object] = {"accountEnabled": True, "userType": "Member", **properties}
    name = str(filled["userPrincipalName"])
    filled.setdefault("mailNickname", name.partition("@")[0])
    mail = filled.get("mail")
    if isinstance(mail, str) and not filled.get("proxyAddresses"):
        filled["proxyAddresses"] = [f"SMTP:{mail}"]
    return filled
