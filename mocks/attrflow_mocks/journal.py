"""The request journal: what a client really sent, in order, for tests and for people."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

__all__ = ["Journal", "Request"]


@dataclass(frozen=True, slots=True)
class Request:
    """One request as a mock received it. Passwords and tokens are never kept."""

    number: int
    at: str
    """UTC, ISO 8601."""
    target: str
    """`ldap`, `graph`, `ingest` or `token`."""
    operation: str
    """Such as `search`, `modify`, or `GET /v1.0/users/delta`."""
    detail: Mapping[str, object]
    result: int
    """LDAP result code or HTTP status; -1 where the connection was dropped on purpose."""


class Journal:
    """The last `limit` requests; `total` counts all, so nothing is cut off unnoticed."""

    def __init__(self, limit: int = 20_000) -> None:
        self._requests: deque[Request] = deque(maxlen=limit)
        self.total = 0

    def record(self, at: str, target: str, operation: str, detail: Mapping[str, object], result: int) -> None:
        """Keep one request."""
        self.total += 1
        self._requests.append(Request(self.total, at, target, operation, detail, result))

    def clear(self) -> None:
        """Forget all requests and start counting at one again."""
        self._requests.clear()
        self.total = 0

    def __iter__(self) -> Iterator[Request]:
        return iter(tuple(self._requests))

    def __len__(self) -> int:
        return len(self._requests)
