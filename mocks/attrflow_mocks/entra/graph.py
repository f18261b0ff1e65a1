"""The strict face: what public Microsoft Graph does at `/v1.0`, and refuses to do.

Leads a request to its handler; the handlers are in `graph_users`, `graph_groups` and `graph_tenant`.
"""

from __future__ import annotations

from attrflow_mocks.entra import graph_groups, graph_tenant, graph_users
from attrflow_mocks.entra.answers import GraphError, Request, Response
from attrflow_mocks.entra.odata import read_options
from attrflow_mocks.entra.routing import Context, Route, find_route, segments
from attrflow_mocks.entra.state import TenantState

__all__ = ["ROOT", "ROUTES", "answer_graph"]

ROOT = "/v1.0"
ROUTES: tuple[Route, ...] = (*graph_users.ROUTES, *graph_groups.ROUTES, *graph_tenant.ROUTES)
"""All operations of the strict face but `$batch`, which is `batch`'s."""


def answer_graph(tenant: TenantState, request: Request) -> Response:
    """Answer one request to the strict face.

    Raises:
        GraphError: whatever Graph refuses.
    """
    parts = segments(request.target.removeprefix(ROOT))
    if not parts or not parts[0]:
        raise GraphError(404, "BadRequest", f"Nothing is at {ROOT}; name a resource, such as {ROOT}/users.")
    route, values = find_route(ROUTES, request.method, parts)
    context = Context(tenant, request, read_options(request), ROOT)
    response: Response = route.handler(context, *values)
    return response
