"""Faults on order: what a mock does wrong, when, and how often. One script for every mock.

A fault names the target (`ldap`, `graph`, `ingest`, `token`), the operations that it hits (a
shell-style pattern such as `search` or `GET /v1.0/users*`), how many matching requests pass first,
and how many it hits. What the kinds mean is the mocks' business; this module only says whose turn
it is.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

__all__ = ["KINDS", "KINDS_OF", "TARGETS", "Fault", "FaultScript"]

TARGETS = ("ldap", "graph", "ingest", "token")

KINDS: Mapping[str, str] = {
    "drop": "close the connection before an answer is sent",
    "drop-after": "close the connection after `bytes` bytes of the answer, or after `entries` LDAP entries",
    "drop-done": "carry the request out, then close the connection without an answer",
    "status": "answer with HTTP `status` (with `retry_after` seconds when given), carrying nothing out",
    "result": "answer with LDAP result code `status` (51 busy, 52 unavailable, 3 time, 4 size limit)",
    "delay": "answer after `seconds` seconds",
    "expire": "treat the token or the cookie as expired",
    "stale": "answer a read from before the last change of each object (tenant), from the last snapshot (LDAP)",
    "duplicate": "give every entry of a list or a delta page twice (tenant only)",
    "truncate": "send the first `entries` entries of an LDAP page and say that it was the last one",
    "wrong-cookie": "answer an LDAP page or DirSync with a cookie that the server does not know",
    "referral": "answer an LDAP request with a referral to another server",
}

_ANYWHERE = frozenset({"drop", "drop-after", "drop-done", "delay", "expire"})
_LISTS = frozenset({"status", "stale", "duplicate"})
KINDS_OF: Mapping[str, frozenset[str]] = {
    "ldap": _ANYWHERE | {"result", "stale", "truncate", "wrong-cookie", "referral"},
    "graph": _ANYWHERE | _LISTS,
    "ingest": _ANYWHERE | _LISTS,
    "token": _ANYWHERE | {"status"},
}
"""What each target can do wrong; another kind would strike and change nothing, so it cannot be ordered."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault; `times` counts down as it strikes."""

    target: str
    operation: str
    kind: str
    times: int = 1
    skip: int = 0
    status: int = 0
    retry_after: float | None = None
    seconds: float = 0.0
    bytes: int = 0
    entries: int = 0
    chance: float = 1.0
    """How likely it strikes when its turn has come, drawn from the script's seed; a miss does not count, and the
    next fault that matches has its turn."""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown fault kind {self.kind!r}: one of {', '.join(KINDS)}")
        if self.target not in TARGETS:
            raise ValueError(f"unknown target {self.target!r}: one of {', '.join(TARGETS)}")
        if self.kind not in KINDS_OF[self.target]:
            known = ", ".join(kind for kind in KINDS if kind in KINDS_OF[self.target])
            raise ValueError(f"the target {self.target!r} has no fault of kind {self.kind!r}: one of {known}")
        if not 0 < self.chance <= 1:
            raise ValueError(f"`chance` lies between 0 and 1, not at {self.chance}")


class FaultScript:
    """The faults still to come, asked once per request, first match first."""

    def __init__(self, faults: Iterable[Fault] = (), seed: int = 1) -> None:
        """A script; what its faults leave to chance follows from `seed`."""
        self._faults = list(faults)
        self._seed = seed
        self._random = random.Random(seed)  # noqa: S311 - repeatable, not secret

    @property
    def seed(self) -> int:
        """What its chances follow from."""
        return self._seed

    def reseed(self, seed: int) -> None:
        """Begin a new row of chances."""
        self._seed = seed
        self._random = random.Random(seed)  # noqa: S311 - repeatable, not secret

    def add(self, fault: Fault) -> None:
        """Append one fault."""
        self._faults.append(fault)

    def clear(self) -> None:
        """Drop what is left of the script."""
        self._faults.clear()
        self.reseed(self._seed)

    def pending(self) -> tuple[Fault, ...]:
        """What has not struck yet."""
        return tuple(self._faults)

    def strike(self, target: str, operation: str) -> Fault | None:
        """The fault that hits this request, or None; call it once for each request."""
        for index, fault in enumerate(self._faults):
            if fault.target != target or not fnmatchcase(operation, fault.operation):
                continue
            if fault.skip > 0:
                self._faults[index] = replace(fault, skip=fault.skip - 1)
                return None
            if fault.chance < 1 and self._random.random() >= fault.chance:
                continue
            if fault.times <= 1:
                del self._faults[index]
            else:
                self._faults[index] = replace(fault, times=fault.times - 1)
            return fault
        return None
