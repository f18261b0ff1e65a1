"""The socket under the sessions: asyncio, plain or TLS, one task per connection."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress

from attrflow_mocks.ad.ber import ProtocolError
from attrflow_mocks.ad.certificates import ServerIdentity, make_identity
from attrflow_mocks.ad.conversation import Close, Conversation, Delay, Output, StartTls
from attrflow_mocks.ad.directory import Directory
from attrflow_mocks.ad.message import Framer
from attrflow_mocks.ad.responder import Session
from attrflow_mocks.faults import FaultScript
from attrflow_mocks.journal import Journal
from attrflow_mocks.lightweight.database import Database
from attrflow_mocks.lightweight.session import LightSession

__all__ = ["MESSAGE_PATIENCE", "AdServer"]

_CHUNK = 64 * 1024
_BACKLOG = 1024
"""Connections that may wait to be taken up: clients come in crowds."""
MESSAGE_PATIENCE = 60.0
_IDLE = 900.0
"""AD's MaxConnIdleTime: so many seconds a connection may say nothing."""
_TLS_GOODBYE = 2.0
"""How long a closing server waits for the client's own end of TLS, in seconds."""
_CLIENT_GONE = (ConnectionError, ssl.SSLError, TimeoutError)
"""What reading and writing raise when the client went away or does not trust us: its right."""


class AdServer:
    """A mock domain controller listening on one port."""

    def __init__(
        self,
        directory: Directory | Database,
        journal: Journal,
        faults: FaultScript,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: bool = False,
        identity: ServerIdentity | None = None,
        catalog: bool = False,
        patience: float = MESSAGE_PATIENCE,
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
            catalog: Answer as the Global Catalog does.
            patience: Seconds that a message may take from its first byte to its last.
        """
        self.directory = directory
        self.journal = journal
        self.faults = faults
        self.identity = identity or make_identity((f"dc1.{directory.dns_name}",))
        self.failures: list[BaseException] = []
        """Errors of the mock itself that ended a connection; tests look that there are none."""
        self._host, self._port, self._tls = host, port, tls
        self._catalog, self._patience = catalog, patience
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
            backlog=_BACKLOG,
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
        loop = asyncio.get_running_loop()

        def push(make: Callable[[], bytes | None]) -> None:
            loop.call_soon(self._push, writer, make)

        session = self._conversation(push)
        try:
            await self._exchange(session, reader, writer)
        finally:
            session.close()

    def _conversation(self, push: Callable[[Callable[[], bytes | None]], None]) -> Conversation:
        """The kind of conversation that the directory's profile has."""
        directory, journal, faults, secure = self.directory, self.journal, self.faults, self._tls
        if isinstance(directory, Database):
            return LightSession(directory, journal, faults, secure=secure, push=push)
        return Session(directory, journal, faults, secure=secure, catalog=self._catalog, push=push)

    def _push(self, writer: asyncio.StreamWriter, make: Callable[[], bytes | None]) -> None:
        """Send what nobody asked for just now: an entry of a search that waits for changes."""
        data = make()
        if data is not None and not writer.is_closing():
            writer.write(data)

    async def _exchange(
        self, session: Conversation, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        framer = Framer()
        deadline: float | None = None
        while True:
            try:
                frame = framer.next()
            except ProtocolError as error:
                await self._send(session.reject(error), writer)
                return
            if frame is None:
                now = asyncio.get_running_loop().time()
                if not framer.pending:
                    deadline = now + _IDLE
                elif deadline is None or deadline - now > self._patience:
                    deadline = now + self._patience  # of the whole message, however many bytes trickle in
                async with asyncio.timeout_at(deadline):
                    data = await reader.read(_CHUNK)
                if not data:
                    return
                framer.feed(data)
                continue
            deadline = None
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
                    await asyncio.sleep(0)  # a long answer does not hold up the other connections
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
