"""The mock tenant inside respx: httpx requests to Microsoft's hosts are answered in this process, without a socket.

Imported only by the fixture `graph_respx`, since it needs respx. It imports no httpx of its own: requests,
responses and errors are those of the httpx that respx has.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import respx
from respx import models

from attrflow_mocks.entra.answers import Request
from attrflow_mocks.entra.recording import Recording
from attrflow_mocks.entra.responder import Responder
from attrflow_mocks.faults import Fault
from attrflow_mocks.world import World

__all__ = ["GRAPH_URL", "LOGIN_URL", "GraphInProcess", "StaticCredential", "mounted"]

GRAPH_URL = "https://graph.microsoft.com"
LOGIN_URL = "https://login.microsoftonline.com"
_FAR_FUTURE = 4_102_444_800
_HTTPX: Any = vars(models)["httpx"]


class StaticCredential:
    """A credential in azure-core's form whose token the mock knows; it asks nobody.

    azure-identity has transports of its own, which respx does not see: its credentials would ask the real host.
    """

    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *_scopes: str, **_options: object) -> Any:
        """The token, as azure.core.credentials.AccessToken; a tuple of the same shape where that is not installed."""
        try:
            from azure.core.credentials import AccessToken  # noqa: PLC0415 - only with the SDK
        except ImportError:
            return self._token, _FAR_FUTURE
        return AccessToken(self._token, _FAR_FUTURE)


class GraphInProcess:
    """What the fixture hands to a test: the tenant, its responder, and hands to change it."""

    def __init__(self, world: World, responder: Responder, router: respx.MockRouter) -> None:
        self.world = world
        self.responder = responder
        self.router = router
        self.tenant = world.required_tenant()
        self.base_url = f"{GRAPH_URL}/v1.0"
        self.tenant_id = self.tenant.tenant_id
        self.client_id, self.client_secret = next(iter(world.scenario.tenant.applications.items()))

    @property
    def token(self) -> str:
        """A new bearer token of the tenant's first application."""
        return self.responder.tokens.issue(self.client_id)

    @property
    def credential(self) -> StaticCredential:
        """The same in azure-core's form, for msgraph-sdk."""
        return StaticCredential(self.token)

    def fault(self, fault: Fault) -> None:
        """Order a fault."""
        self.world.faults.add(fault)

    def advance(self, seconds: float) -> None:
        """Move the tenant's clock on."""
        self.world.clock.advance(seconds)


@contextmanager
def mounted(world: World) -> Iterator[GraphInProcess]:
    """Answer httpx from this world's tenant while the block lasts; a request to any other host is an error."""
    responder = Responder(world.required_tenant(), world.faults, world.journal, recording=Recording.asked_for())
    router = respx.MockRouter(assert_all_called=False, assert_all_mocked=True)

    def answer(request: Any) -> Any:
        return _answered(responder, request)

    for host in (GRAPH_URL, LOGIN_URL):
        router.route(host=host.partition("://")[2]).mock(side_effect=answer)
    with router:
        yield GraphInProcess(world, responder, router)


def _answered(responder: Responder, request: Any) -> Any:
    """One httpx request answered; a delay is not waited for, and a cut connection is httpx's error."""
    raw = request.url.raw_path.decode("ascii")
    target, _, query = raw.partition("?")
    headers = {name.casefold(): value for name, value in request.headers.items()}
    origin = f"{request.url.scheme}://{request.url.host}"
    reply = responder.respond(Request(request.method, target, query, headers, request.read(), origin))
    if reply.response is None or reply.cut is not None:
        raise _HTTPX.ReadError(f"{request.method} {request.url}: a fault cut the connection", request=request)
    kept = {name: value for name, value in reply.response.headers.items() if name != "content-length"}
    return _HTTPX.Response(reply.response.status, headers=kept, content=reply.response.body)
