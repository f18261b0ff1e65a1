"""A mock domain controller in a thread of its own, for tests and for programs without an event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from attrflow_mocks.ad.directory import Directory
from attrflow_mocks.ad.loading import load_directory
from attrflow_mocks.ad.server import AdServer
from attrflow_mocks.clock import Clock
from attrflow_mocks.faults import FaultScript
from attrflow_mocks.identifiers import Identifiers
from attrflow_mocks.journal import Journal
from attrflow_mocks.scenarios.seed import DirectorySeed

__all__ = ["Hosted", "loop_in_thread", "running"]

_T = TypeVar("_T")
_PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Hosted:
    """A running mock: where it listens, and what it holds."""

    port: int
    tls_port: int
    """LDAPS, with the same directory behind it."""
    catalog_port: int
    """The Global Catalog."""
    directory: Directory
    """Read it freely while no client writes; change it through `call`."""
    journal: Journal
    faults: FaultScript
    authority: str
    """The PEM text of the authority that signed the server's certificate."""
    _loop: asyncio.AbstractEventLoop = field(repr=False)

    def call(self, function: Callable[[], _T]) -> _T:
        """Run a function on the server's loop, so between two requests, and return what it returns."""

        async def run() -> _T:
            return function()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(_PATIENCE)


@contextmanager
def running(
    source: DirectorySeed | Directory,
    *,
    journal: Journal | None = None,
    faults: FaultScript | None = None,
    clock: Clock | None = None,
    identifiers: Identifiers | None = None,
    recycle_bin: bool = False,
) -> Iterator[Hosted]:
    """Serve a seed or a directory on free ports of 127.0.0.1 until the block ends.

    `clock`, `identifiers` and `recycle_bin` are for seeds; a directory has its own.

    Raises:
        ValueError: the seed cannot be.
        ExceptionGroup: the mock itself failed while it answered somebody.
    """
    if isinstance(source, Directory):
        directory = source
    else:
        directory = load_directory(source, clock or Clock(), identifiers or Identifiers(), recycle_bin=recycle_bin)
    journal, faults = journal or Journal(), faults or FaultScript()
    plain = AdServer(directory, journal, faults)
    secure = AdServer(directory, journal, faults, tls=True, identity=plain.identity)
    catalog = AdServer(directory, journal, faults, identity=plain.identity, catalog=True)
    with loop_in_thread() as loop:

        def finish(coroutine: Coroutine[object, object, None]) -> None:
            asyncio.run_coroutine_threadsafe(coroutine, loop).result(_PATIENCE)

        finish(plain.start())
        try:
            finish(secure.start())
            finish(catalog.start())
            authority = plain.identity.authority
            yield Hosted(plain.port, secure.port, catalog.port, directory, journal, faults, authority, loop)
        finally:
            finish(plain.close())
            finish(secure.close())
            finish(catalog.close())
    failures = [
        error for error in (*plain.failures, *secure.failures, *catalog.failures) if isinstance(error, Exception)
    ]
    if failures:
        raise ExceptionGroup("the mock Active Directory failed", failures)


@contextmanager
def loop_in_thread() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop in a thread of its own, until the block ends."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="mock-ad", daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_PATIENCE)
        loop.close()
