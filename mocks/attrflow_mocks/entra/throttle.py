"""What a request costs, and the two buckets of the directory: resource units and writes.

The buckets are off unless limits are given: a test that wants a 429 orders it with a fault. They fill
by the tenant's clock, so a standing clock refills nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from attrflow_mocks.entra.answers import GraphError

__all__ = ["Limits", "Throttle", "cost_of", "too_many"]

_COSTS = (
    ("transitiveMembers", 5),
    ("domainNameReferences", 4),
    ("members", 3),
    ("getByIds", 3),
    ("memberOf", 2),
)
_SMALL_PAGE = 20


@dataclass(frozen=True, slots=True)
class Limits:
    """What an application may use in a tenant, as documented for a small one (under 50 users)."""

    units: int = 3500
    unit_seconds: float = 10.0
    writes: int = 3000
    write_seconds: float = 150.0


def cost_of(method: str, path: str, query: str) -> int:
    """Resource units of a request, never below one."""
    if method != "GET" and not path.endswith("getByIds"):
        return 1
    parts = path.strip("/").split("/")
    cost = next((cost for name, cost in _COSTS if name in parts), 2 if parts[-1] == "users" else 1)
    options = query.replace("%24", "$").casefold()
    cost -= "$select=" in options
    cost += "$expand=" in options
    for item in options.split("&"):
        name, _, value = item.partition("=")
        cost -= name == "$top" and value.isdecimal() and int(value) < _SMALL_PAGE
    return max(1, cost)


class Throttle:
    """The buckets of one application in one tenant."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits
        self._used: dict[str, float] = {}
        self._at: dict[str, datetime] = {}

    def spend(self, now: datetime, who: str, method: str, units: int) -> None:
        """Take a request's cost from the buckets.

        Raises:
            GraphError: 429 with Retry-After where one is empty.
        """
        if self.limits is None:
            return
        limits = self.limits
        self._take(now, "ResourceUnit", who, units, limits.units, limits.unit_seconds)
        if method != "GET":
            self._take(now, "Write", who, 1, limits.writes, limits.write_seconds)

    def _take(self, now: datetime, name: str, who: str, cost: int, size: int, seconds: float) -> None:
        key = f"{name} {who}"
        elapsed = (now - self._at.get(key, now)).total_seconds()
        used = max(0.0, self._used.get(key, 0.0) - elapsed * size / seconds)
        self._at[key] = now
        if used + cost > size:
            self._used[key] = used
            wait = (used + cost - size) * seconds / size
            raise too_many(max(1, round(wait + 0.5)), f"{name}LimitExceeded", who)
        self._used[key] = used + cost


def too_many(retry_after: float | None, information: str, who: str) -> GraphError:
    """The 429 of the directory; `retry_after` in seconds."""
    headers = {
        "x-ms-throttle-scope": f"Tenant_Application/ReadWrite/{who}",
        "x-ms-throttle-information": information,
    }
    if retry_after is not None:
        headers["retry-after"] = f"{retry_after:g}"
    return GraphError(429, "TooManyRequests", "Too many requests. Try again later.", headers=headers)
