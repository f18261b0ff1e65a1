"""What a tenant consists of at one moment: objects, domains, switches, time and chance.

The floor on which calculation, matching and provisioning stand; `tenant.Tenant` adds loading and the
calls that scripts make.
"""

from __future__ import annotations

import threading
from datetime import datetime

from attrflow_mocks.clock import Clock
from attrflow_mocks.entra.clients import Client
from attrflow_mocks.entra.extensions import ExtensionProperty
from attrflow_mocks.entra.licensing import Subscription
from attrflow_mocks.entra.objects import Domain, default_features
from attrflow_mocks.entra.store import Store
from attrflow_mocks.entra.throttle import Limits
from attrflow_mocks.identifiers import Identifiers

__all__ = ["TenantState"]


class TenantState:
    """The state of one tenant. Hold `lock` while reading or changing it from a thread of your own."""

    def __init__(self, tenant_id: str, display_name: str, initial_domain: str, clock: Clock, seed: int) -> None:
        self.tenant_id = tenant_id
        self.display_name = display_name
        self.initial_domain = initial_domain
        """The domain that came with the tenant, such as `contoso.onmicrosoft.com`."""
        self.clock = clock
        self.lock = threading.RLock()
        self.generation = 0
        """Grows with each reset; delta and page tokens of an earlier one are stale."""
        self._seed = seed
        self.clear()

    def clear(self) -> None:
        """Become an empty tenant that has only its initial domain."""
        self.store = Store(self.clock.now)
        self.identifiers = Identifiers(self._seed)
        self.features = default_features()
        self.domains: dict[str, Domain] = {self.initial_domain.casefold(): Domain(self.initial_domain, initial=True)}
        self.last_sync: datetime | None = None
        self.strict_mobile = False
        """Whether Graph refuses to write mobilePhone of synchronized users, as its property page says."""
        self.refused_once: set[tuple[str, str]] = set()
        """Type and anchor of new groups whose address conflict was an error once."""
        self.clients: dict[str, Client] = {}
        """Who may ask for tokens, by client id."""
        self.subscriptions: dict[str, Subscription] = {}
        """What was bought, by the id of the product."""
        self.extensions: dict[str, ExtensionProperty] = {}
        """Directory extensions by their folded name."""
        self.alert_threshold: int | None = 500
        self.prevention = "enabledForCount"
        """Accidental-deletion prevention: `disabled`, `enabledForCount` or `enabledForPercentage`."""
        self.object_quota: int | None = None
        """How many objects the tenant holds at most, those in the bin counted; None: no limit."""
        self.object_size: int | None = None
        """How many bytes the exported values of one object may have together; None: no limit."""
        self.lag = 0.0
        """Seconds until lists, counts and deltas have heard of a change."""
        self.limits: Limits | None = None
        """What an application may use; None: no throttling."""

    def is_verified(self, domain: str) -> bool:
        """Whether addresses and user names may end in that domain."""
        known = self.domains.get(domain.casefold())
        return known is not None and known.verified

    def imply_extension(self, name: str) -> None:
        """Make a directory extension known that came in with a value, as the set-up of synchronization does."""
        if name.casefold().startswith("extension_"):
            implied = ExtensionProperty(f"implied:{name.casefold()}", "", name, implied=True)
            self.extensions.setdefault(name.casefold(), implied)

    def has_room(self) -> bool:
        """Whether the quota lets one more object in."""
        return self.object_quota is None or len(self.store) < self.object_quota

    def new_id(self) -> str:
        """A new object id."""
        return str(self.identifiers.guid())

    def now(self) -> datetime:
        """The tenant's time, to the second, as directories keep it."""
        return self.clock.now().replace(microsecond=0)
