"""The socket under the sessions: asyncio, plain or TLS, one task per connection."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import suppress

from attrflow_mocks.ad.ber import ProtocolError
from attrflow_mocks.ad.certificates import ServerIdentity, make_identity
from attrflow_mocks.ad.directory import Directory
from attrflow_mocks.ad.message import Framer
from attrflow_mocks.ad.responder import Close, Delay, Output, Session, StartTls
from attrflow_mocks.faults import FaultScript
from attrflow_mocks.journal import Journal

__all__ = ["AdServer"]

_CHUNK = 64 * 1024
_TLS_GOODBYE = 2.0
"""How long a closing server waits for the client's own end of TLS, in seconds."""
_CLIENT_GONE = (ConnectionError, ssl.SSLError, TimeoutError)
"""What reading and writing raise when the client went away or does not trust us: its right."""


class AdServer:
    """A mock domain controller listening on one port."""

    def __init__(
        self,
        directory: Directory,
        journal: Journal,
        faults: FaultScript,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: bool = False,
        identity: ServerIdentity | None = None,
    ) -> None:
        """Prepare a server.

        Args:
            directory: The state to serve; change it only on the loop that runs the server.
            journal: Where requests are written down.
            faults: What goes wrong on order (target `ldap`).
            host: The address to listen on.
            port: The port, or 0 for a free one.
            tls: TLS from the first byte (LDAPS); without it StartTLS is there for who asks.
            identity: Certificates, made new when None.
        """
        self.directory = directory
        self.journal = journal
        self.faults = faults
        self.identity = identity or make_identity((f"dc1.{directory.dns_name}",))
        self.failures: list[BaseException] = []
        """Errors of the mock itself that ended a connection; tests look that there are none."""
        self._host, self._port, self._tls = host, port, tls
        self._context: ssl.SSLContext = self.identity.context()
        self._closing = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    @property
    def port(self) -> int:
        """The port that the server listens on; to be asked after `start`."""
        if self._server is None:
            raise RuntimeError("the server is not started: await start() first")
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def start(self) -> None:
        """Listen."""
        self._closing.clear()
        context = self._context if self._tls else None
        self._server = await asyncio.start_server(
            self._connected,
            self._host,
            self._port,
            ssl=context,
            ssl_shutdown_timeout=_TLS_GOODBYE if context is not None else None,
        )

    async def close(self) -> None:
        """Stop listening and end all connections."""
        if self._server is None:
            return
        self._server.close()
        self._closing.set()
        for writer in self._connections.values():
            writer.transport.abort()
        # No task is cancelled: reads, writes and delays all end by themselves now.
        await asyncio.gather(*self._connections)
        await self._server.wait_closed()
        self._server = None

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections[task] = writer
        try:
            await self._converse(reader, writer)
        except _CLIENT_GONE:
            writer.transport.abort()
        except Exception as error:  # kept, and raised by who hosts the server
            self.failures.append(error)
        writer.close()
        with suppress(*_CLIENT_GONE):
            await writer.wait_closed()
        self._connections.pop(task, None)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = Session(self.directory, self.journal, self.faults, secure=self._tls)
        framer = Framer()
        while True:
            try:
                frame = framer.next()
            except ProtocolError as error:
                await self._send(session.reject(error), writer)
                return
            if frame is None:
                data = await reader.read(_CHUNK)
                if not data:
                    return
                framer.feed(data)
                continue
            last = await self._send(session.receive(frame), writer)
            if isinstance(last, Close):
                return
            if isinstance(last, StartTls):
                if framer.pending:
                    return  # bytes sent ahead in clear text must not be taken as sent through TLS
                await writer.start_tls(self._context)
                session.secure = True

    async def _send(self, outputs: Iterator[Output], writer: asyncio.StreamWriter) -> Close | StartTls | None:
        """Send what a session yields, a chunk at a time; stops at the instruction that ends the flow."""
        waiting: list[bytes] = []
        size = 0
        for output in outputs:
            if isinstance(output, bytes):
                waiting.append(output)
                size += len(output)
                if size >= _CHUNK:
                    writer.write(b"".join(waiting))
                    await writer.drain()
                    waiting, size = [], 0
                continue
            if waiting:
                writer.write(b"".join(waiting))
                await writer.drain()
                waiting, size = [], 0
            if not isinstance(output, Delay):
                return output
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), output.seconds)
        if waiting:
            writer.write(b"".join(waiting))
            await writer.drain()
        return None
