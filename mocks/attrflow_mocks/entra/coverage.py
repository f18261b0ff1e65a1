"""The coverage page: which operations of Graph the strict face does, which differ, and which are not there.

Made from the routes, so that it cannot say more than there is; `python -m attrflow_mocks.entra.coverage` prints it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping

from attrflow_mocks.entra.graph import ROUTES
from attrflow_mocks.entra.routing import Route

__all__ = ["page"]

_HEAD = """# What the mock tenant does of Microsoft Graph

Generated from the routes: `python -m attrflow_mocks.entra.coverage > mocks/coverage-entra.md`; a test keeps it fresh.
Version 1.0 only. Everything that is listed checks application roles, answers errors in Graph's shape and costs
resource units. *Done* means: as documented, as far as this project knows.
"""
_OTHERS = """
## Beside the operations

| what | state |
|------|-------|
| `POST $batch` | done: 20 requests, `dependsOn`, each with its own throttling and permissions |
| `$select` `$filter` `$search` `$orderby` `$expand` `$count` | done, with the rules of `ConsistencyLevel` |
| `$expand` | done: one property, one level (manager on any), at most 20 items |
| delta queries | done: replay, 410 with `Location`, `Prefer: return=minimal` |
| delta tokens | done: `syncStateNotFound` after seven days, `resyncRequired` where the tenant was reset or set back |
| soft deletion | done for users, Microsoft 365 groups and applications, 30 days by the tenant's clock |
| throttling | done: resource units and writes per application and tenant, off unless asked for |
| eventual consistency | done as a lag of lists, counts and deltas, relationships included, 0 unless asked for |
| quota of objects | done: 403 `Directory_QuotaExceeded`, none unless asked for |
| token endpoint | done: client credentials by secret or certificate, versions 1 and 2, discovery |
| access tokens | differs: not signed; the control plane gives those of a signed-in administrator |
"""
_MISSING: Mapping[str, str] = {
    "administrativeUnits": "none are kept",
    "directoryRoles": "an administrator is a mark on the user, set by seed and control plane",
    "servicePrincipals": "an application's principal goes with it",
    "users/{id}/photo, mailbox settings, messages, calendars, drives": "they live outside the directory",
    "groups/{id}/threads, sites, plans": "they live outside the directory",
    "directory/deletedItems/servicePrincipal, administrativeUnit": "the tenant has no such objects",
    "auditLogs, reports, identity governance, conditional access": "no part of synchronization",
    "subscriptions (change notifications)": "use delta queries",
    "If-Match, 412 PreconditionFailed": "no object that is kept has an etag",
    "beta": "version 1.0 only",
    "invitations, B2C and external identities": "guests can be seeded, not invited",
    "synchronization jobs (bulkUpload, provisionOnDemand)": "the sync face of this mock is its own: `/ingest/v1`",
}


def page() -> str:
    """The page as Markdown."""
    lines = [_HEAD]
    for title, routes in _grouped().items():
        lines += [f"## {title}", "", "| operation | state | what |", "|-----------|-------|------|"]
        lines += [_row(route) for route in routes]
        lines.append("")
    lines.append(_OTHERS.strip())
    lines += ["", "## Not there", "", "| what | instead |", "|------|---------|"]
    lines += [f"| {what} | {instead} |" for what, instead in _MISSING.items()]
    return "\n".join(lines) + "\n"


def _grouped() -> dict[str, list[Route]]:
    found: dict[str, list[Route]] = {}
    for route in sorted(ROUTES, key=_order):
        found.setdefault(_title(route), []).append(route)
    return found


def _title(route: Route) -> str:
    parts = route.pattern.split("/")
    return "/".join(parts[:2]) if parts[0] == "directory" else parts[0]


def _order(route: Route) -> tuple[str, str, int]:
    methods = ("GET", "POST", "PATCH", "PUT", "DELETE")
    return _title(route), route.pattern, methods.index(route.method)


def _row(route: Route) -> str:
    state = f"differs: {route.differs}" if route.differs else "done"
    return f"| `{route.method} /{route.pattern}` | {state} | {route.summary} |"


def main() -> Iterator[str]:
    """What the module prints."""
    yield page()


if __name__ == "__main__":
    sys.stdout.writelines(main())
