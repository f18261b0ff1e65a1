"""What a request costs, and the buckets of the directory: resource units and writes.

The buckets are off unless limits are given (by a scenario, the control plane or a caller): a test that
wants a 429 orders it with a fault. They fill by the tenant's clock, so a standing clock refills nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from attrflow_mocks.entra.answers import GraphError, small_number

__all__ = ["Limits", "Throttle", "cost_of", "too_many"]

_COSTS = (
    ("transitiveMembers", 5),
    ("domainNameReferences", 4),
    ("isMemberOf", 4),
    ("checkMemberGroups", 4),
    ("checkMemberObjects", 4),
    ("members", 3),
    ("getByIds", 3),
    ("subscribedSkus", 3),
    ("getMemberGroups", 2),
    ("getMemberObjects", 2),
    ("memberOf", 2),
)
_READING_POSTS = frozenset(
    {"getByIds", "isMemberOf", "checkMemberGroups", "checkMemberObjects", "getMemberGroups", "getMemberObjects"}
)
_SMALL_PAGE = 20
_SMALL_TENANT, _LARGE_TENANT = 50, 500
_TENANT_WRITES, _TENANT_WRITE_SECONDS = 18_000, 300.0
_WORTH_TELLING = 0.8


@dataclass(frozen=True, slots=True)
class Limits:
    """What an application may use in a tenant, as documented for a small one (under 50 users)."""

    units: int = 3500
    unit_seconds: float = 10.0
    writes: int = 3000
    write_seconds: float = 150.0

    @classmethod
    def documented(cls, users: int) -> Limits:
        """The limits of a tenant with that many users."""
        return cls(units=3500 if users < _SMALL_TENANT else 5000 if users <= _LARGE_TENANT else 8000)


def is_write(method: str, path: str) -> bool:
    """Whether a request counts as a write; some POSTs only read."""
    return method != "GET" and path.rstrip("/").rpartition("/")[2].removesuffix("()") not in _READING_POSTS


def cost_of(method: str, path: str, query: str) -> int:
    """Resource units of a request, never below one."""
    parts = [part.rpartition(".")[2].removesuffix("()") for part in path.strip("/").split("/")]
    if is_write(method, path):
        return 1
    cost = next((cost for name, cost in _COSTS if name in parts), 2 if parts[-1] == "users" else 1)
    options = query.replace("%24", "$").casefold()
    cost -= "$select=" in options
    cost += "$expand=" in options
    for item in options.split("&"):
        name, _, value = item.partition("=")
        cost -= name == "$top" and (small_number(value) or _SMALL_PAGE) < _SMALL_PAGE
    return max(1, cost)


class Throttle:
    """The buckets of the applications of one tenant. `limits` here come before the tenant's own."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits
        self._used: dict[str, float] = {}
        self._at: dict[str, datetime] = {}

    def clear(self) -> None:
        """Fill all buckets up."""
        self._used.clear()
        self._at.clear()

    def spend(
        self, now: datetime, who: str, method: str, units: int, limits: Limits | None = None, path: str = ""
    ) -> float | None:
        """Take a request's cost from the buckets; how full the fullest is where that is worth telling.

        Raises:
            GraphError: 429 with Retry-After where one is empty.
        """
        applied = self.limits or limits
        if applied is None:
            return None
        used = [self._take(now, "ResourceUnit", who, units, applied.units, applied.unit_seconds)]
        if is_write(method, path):
            used.append(self._take(now, "Write", who, 1, applied.writes, applied.write_seconds))
            tenant = who.rpartition("/")[2]
            used.append(self._take(now, "Write", tenant, 1, _TENANT_WRITES, _TENANT_WRITE_SECONDS))
        fullest = max(used)
        return fullest if fullest >= _WORTH_TELLING else None

    def _take(self, now: datetime, name: str, who: str, cost: int, size: int, seconds: float) -> float:
        key = f"{name} {who}"
        elapsed = (now - self._at.get(key, now)).total_seconds()
        used = max(0.0, self._used.get(key, 0.0) - elapsed * size / seconds)
        self._at[key] = now
        if used + cost > size:
            self._used[key] = used
            wait = (used + cost - size) * seconds / size
            raise too_many(max(1, round(wait + 0.5)), f"{name}LimitExceeded", who)
        self._used[key] = used + cost
        return (used + cost) / size


def too_many(retry_after: float | None, information: str, who: str) -> GraphError:
    """The 429 of the directory; `retry_after` in seconds."""
    headers = {
        "x-ms-throttle-scope": f"Tenant_Application/ReadWrite/{who}",
        "x-ms-throttle-information": information,
    }
    if retry_after is not None:
        headers["retry-after"] = f"{retry_after:g}"
    return GraphError(429, "TooManyRequests", "Too many requests. Try again later.", headers=headers)
