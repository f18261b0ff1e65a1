"""The mock tenant on a socket: uvicorn in this process, in an event loop of the caller's or a thread.

Listens before it starts, so that a client that connects at once waits instead of being refused.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from attrflow_mocks.clock import Clock
from attrflow_mocks.entra import graph, ingest
from attrflow_mocks.entra.application import CONNECTION, create_application
from attrflow_mocks.entra.recording import Recording
from attrflow_mocks.entra.responder import Responder
from attrflow_mocks.entra.tenant import Tenant
from attrflow_mocks.entra.throttle import Limits
from attrflow_mocks.faults import FaultScript
from attrflow_mocks.journal import Journal
from attrflow_mocks.scenarios.seed import TenantSeed

__all__ = ["EntraServer", "Running", "running"]

_BACKLOG = 512
_GRACE = 1
HEADER_SECONDS = 30.0
"""How long a new connection may take to send the head of its first request."""


class Protocol(H11Protocol):
    """HTTP/1.1 whose requests know their transport, so that a fault can cut it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn declares it
        """Put the transport where a request's handler finds it, and wait so long for the first request."""
        self.app_state = {**self.app_state, CONNECTION: transport}
        super().connection_made(transport)
        # asyncio sets it only for sockets made with an explicit protocol number; without, each answer waits 40 ms.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._first_request = self.loop.call_later(HEADER_SECONDS, self._give_up)

    def _give_up(self) -> None:
        """Close a connection whose first request never came to its end."""
        if self.cycle is None:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._first_request.cancel()
        super().connection_lost(exc)


class _Uvicorn(uvicorn.Server):
    """uvicorn that leaves the process's signals to whoever owns the process."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


class EntraServer:
    """Both faces and the token endpoint of one tenant on one port."""

    def __init__(
        self,
        tenant: Tenant,
        faults: FaultScript | None = None,
        journal: Journal | None = None,
        limits: Limits | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.tenant = tenant
        self.responder = Responder(tenant, faults, journal, limits, Recording.asked_for())
        self._socket = socket.create_server((host, port), backlog=_BACKLOG)
        self.host, self.port = self._socket.getsockname()[:2]
        config = uvicorn.Config(
            create_application(self.responder),
            http=Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=_GRACE,
        )
        self._server = _Uvicorn(config)

    @property
    def url(self) -> str:
        """The origin, such as `http://127.0.0.1:40001`."""
        return f"http://{self.host}:{self.port}"

    async def serve(self) -> None:
        """Serve until `stop` is called; closes the socket."""
        try:
            await self._server.serve(sockets=[self._socket])
        finally:
            self._socket.close()

    def stop(self) -> None:
        """Ask the server to end, from any thread."""
        self._server.should_exit = True

    def close(self) -> None:
        """Give the port back where the server was never started."""
        self._socket.close()


@dataclass(frozen=True, slots=True)
class Running:
    """A served tenant, for tests and scripts."""

    server: EntraServer
    tenant: Tenant

    @property
    def url(self) -> str:
        """The origin."""
        return self.server.url

    @property
    def graph_url(self) -> str:
        """The root of the strict face."""
        return self.server.url + graph.ROOT

    @property
    def ingest_url(self) -> str:
        """The root of the ingest face."""
        return self.server.url + ingest.ROOT

    @property
    def token_url(self) -> str:
        """The token endpoint."""
        return f"{self.server.url}/{self.tenant.tenant_id}/oauth2/v2.0/token"

    @property
    def faults(self) -> FaultScript:
        """The faults still to come."""
        return self.server.responder.faults

    @property
    def journal(self) -> Journal:
        """The requests so far."""
        return self.server.responder.journal

    def issue_token(self) -> str:
        """A token of the tenant's first application, without asking over HTTP."""
        return self.server.responder.tokens.issue(next(iter(self.tenant.seed.applications)))


@contextmanager
def running(
    seed: TenantSeed,
    *,
    clock: Clock | None = None,
    identifiers: int = 0,
    faults: FaultScript | None = None,
    limits: Limits | None = None,
    port: int = 0,
) -> Iterator[Running]:
    """A tenant served from a thread on loopback, until the block ends."""
    tenant = Tenant(seed, clock, identifiers)
    server = EntraServer(tenant, faults, limits=limits, port=port)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), name="mock-entra", daemon=True)
    thread.start()
    try:
        yield Running(server, tenant)
    finally:
        server.stop()
        thread.join()
