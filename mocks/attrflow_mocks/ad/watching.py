"""Change notification (control 528): searches that stay open and are answered whenever something changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from attrflow_mocks.ad.directory import Directory
from attrflow_mocks.ad.entry import Entry
from attrflow_mocks.ad.errors import ldap_error, service_error
from attrflow_mocks.ad.filter_nodes import Present
from attrflow_mocks.ad.message import SearchRequest
from attrflow_mocks.ad.responses import search_entry
from attrflow_mocks.ad.search import Plan

__all__ = ["MAX_WATCHES", "Watches"]

MAX_WATCHES = 5
"""AD's MaxNotificationPerConn."""


@dataclass(frozen=True, slots=True)
class _Watch:
    base: Entry
    scope: int
    plan: Plan

    def covers(self, entry: Entry) -> bool:
        if self.scope == 0:
            return entry is self.base
        return entry.parent is self.base if self.scope == 1 else entry.is_below(self.base)


class Watches:
    """The open searches of one connection; `push` sends bytes once the change under way is complete."""

    def __init__(self, directory: Directory, push: Callable[[Callable[[], bytes | None]], None]) -> None:
        self._directory = directory
        self._push = push
        self._open: dict[int, _Watch] = {}

    def add(self, identifier: int, request: SearchRequest, plan: Plan) -> None:
        """Open one.

        Raises:
            LdapError: 11 too many; 53 another filter than (objectClass=*), or a subtree that is no partition.
        """
        everything = isinstance(request.filter, Present) and request.filter.attribute.lower() == "objectclass"
        base = plan.base
        if base is None or not everything or (request.scope == 2 and base.parent is not None):
            raise service_error(0x57)
        if len(self._open) >= MAX_WATCHES:
            raise ldap_error(11, 0x57, "too many searches of this connection wait for changes")
        self._open[identifier] = _Watch(base, request.scope, plan)
        self._directory.watchers[self] = self._changed

    def abandon(self, identifier: int) -> None:
        """Close one, if it is open."""
        self._open.pop(identifier, None)
        if not self._open:
            self.close()

    def close(self) -> None:
        """Close all."""
        self._open.clear()
        self._directory.watchers.pop(self, None)

    def _changed(self, entry: Entry) -> None:
        # The USN comes in the middle of a write: what is covered, and how it looks, is judged after it.
        for identifier in list(self._open):
            self._push(lambda number=identifier: self._answer(number, entry))  # type: ignore[misc]  # mypy infers no lambda with a default

    def _answer(self, identifier: int, entry: Entry) -> bytes | None:
        watch = self._open.get(identifier)
        if watch is None or not watch.covers(entry):
            return None
        access = watch.plan.sight.access
        if access is not None and not access.sees(entry):
            return None
        return search_entry(identifier, watch.plan.projection.name(entry), watch.plan.projection.project(entry))
