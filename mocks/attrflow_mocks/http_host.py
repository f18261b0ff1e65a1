"""An ASGI application on a port of its own, inside a loop that belongs to someone else.

It knows uvicorn and no application. The port is bound before anything runs, so that a taken port is
an OSError of the caller and not a line in a log.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

__all__ = ["HttpHost", "bind"]


class _Server(uvicorn.Server):
    """uvicorn without its hands on the process: signals are the caller's, and `ready` can be awaited."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to whoever owns the process."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening, and say so."""
        await super().startup(sockets)
        self.ready.set()


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 is any free one.

    Raises:
        OSError: the port is taken, or the host is not of this machine; the text names both.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Handed on to the connections; without it each answer waits for an acknowledgement, 40 ms.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise OSError(error.errno, f"cannot listen on {host}:{port}: {error.strerror}") from error
    return listener


class HttpHost:
    """Serves one application from `start` to `stop`."""

    def __init__(self, application: ASGIApp, host: str = "127.0.0.1", port: int = 0) -> None:
        self._listener = bind(host, port)
        self.host = host
        self.port: int = self._listener.getsockname()[1]
        config = uvicorn.Config(
            application,
            http="h11",
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            timeout_graceful_shutdown=2,
        )
        self._server = _Server(config)
        self._task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """The root URL, without a slash at its end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    async def start(self) -> None:
        """Return when requests are answered.

        Raises:
            RuntimeError: uvicorn ended before it began.
        """
        self._task = asyncio.create_task(self._server.serve(sockets=[self._listener]))
        ready = asyncio.create_task(self._server.ready.wait())
        await asyncio.wait({self._task, ready}, return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            ready.cancel()
            await self._task
            raise RuntimeError("the HTTP server ended at its start")

    async def stop(self) -> None:
        """Answer what is under way, close, and return when the port is free."""
        self._server.should_exit = True
        if self._task is not None:
            await self._task
        self._listener.close()
