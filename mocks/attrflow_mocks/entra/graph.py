"""The strict face: what public Microsoft Graph does at `/v1.0`, and refuses to do.

Leads a request to its handler, if the token's roles open it; the handlers are in the modules `graph_…`.
"""

from __future__ import annotations

from datetime import timedelta

from attrflow_mocks.entra import (
    graph_applications,
    graph_bin,
    graph_devices,
    graph_domains,
    graph_groups,
    graph_licenses,
    graph_relations,
    graph_synchronization,
    graph_tenant,
    graph_users,
)
from attrflow_mocks.entra.answers import GraphError, Request, Response
from attrflow_mocks.entra.clients import Grant
from attrflow_mocks.entra.history import BEFORE_LAST_CHANGE, Horizon
from attrflow_mocks.entra.odata import read_options
from attrflow_mocks.entra.permissions import DELEGATED_ONLY, roles_for
from attrflow_mocks.entra.routing import Context, Route, Router, segments
from attrflow_mocks.entra.state import TenantState

__all__ = ["ROOT", "ROUTES", "answer_graph"]

ROOT = "/v1.0"
ROUTES: tuple[Route, ...] = (
    *graph_users.ROUTES,
    *graph_groups.ROUTES,
    *graph_devices.ROUTES,
    *graph_applications.ROUTES,
    *graph_relations.ROUTES,
    *graph_licenses.ROUTES,
    *graph_bin.ROUTES,
    *graph_synchronization.ROUTES,
    *graph_domains.ROUTES,
    *graph_tenant.ROUTES,
)
"""All operations of the strict face but `$batch`, which is `batch`'s."""
_ROUTER = Router(ROUTES)


def answer_graph(tenant: TenantState, request: Request, grant: Grant | None = None, *, stale: bool = False) -> Response:
    """Answer one request to the strict face; a `stale` read shows objects as before their last change.

    Raises:
        GraphError: whatever Graph refuses.
    """
    parts = segments(request.target.removeprefix(ROOT))
    if not parts or not parts[0]:
        raise GraphError(404, "BadRequest", f"Nothing is at {ROOT}; name a resource, such as {ROOT}/users.")
    route, values = _ROUTER.find(request.method, parts)
    _check_roles(route, grant)
    context = Context(tenant, request, read_options(request, tenant.extensions), ROOT, grant)
    with tenant.store.as_of(_horizon(tenant, route, stale=stale)):
        response: Response = route.handler(context, *values)
    return response


def _check_roles(route: Route, grant: Grant | None) -> None:
    if grant is None:
        return
    allowed = grant.roles & roles_for(route.method, route.pattern)
    alone = (route.method, route.pattern) in DELEGATED_ONLY and not grant.delegated
    if alone or not allowed:
        raise GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def _horizon(tenant: TenantState, route: Route, *, stale: bool) -> Horizon | None:
    if stale and route.reads:
        return BEFORE_LAST_CHANGE
    if tenant.lag > 0 and route.indexed:
        return tenant.clock.now() - timedelta(seconds=tenant.lag)
    return None
