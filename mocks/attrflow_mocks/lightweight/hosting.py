"""A mock slapd in a thread of its own, for tests and for programs without an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from attrflow_mocks.ad.hosting import loop_in_thread
from attrflow_mocks.ad.server import AdServer
from attrflow_mocks.clock import Clock
from attrflow_mocks.faults import FaultScript
from attrflow_mocks.identifiers import Identifiers
from attrflow_mocks.journal import Journal
from attrflow_mocks.lightweight.database import Database
from attrflow_mocks.lightweight.loading import load_database
from attrflow_mocks.scenarios.seed import DirectorySeed

__all__ = ["HostedDatabase", "running_database"]

_T = TypeVar("_T")
_PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class HostedDatabase:
    """A running mock: where it listens, and what it holds."""

    port: int
    database: Database
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
def running_database(
    source: DirectorySeed | Database, *, clock: Clock | None = None, identifiers: Identifiers | None = None
) -> Iterator[HostedDatabase]:
    """Serve a seed of the profile `openldap`, or a database, on a free port of 127.0.0.1 until the block ends.

    Raises:
        ValueError: the seed cannot be.
        ExceptionGroup: the mock itself failed while it answered somebody.
    """
    database = (
        source
        if isinstance(source, Database)
        else load_database(source, clock or Clock(), identifiers or Identifiers())
    )
    journal, faults = Journal(), FaultScript()
    server = AdServer(database, journal, faults)
    with loop_in_thread() as loop:
        asyncio.run_coroutine_threadsafe(server.start(), loop).result(_PATIENCE)
        try:
            yield HostedDatabase(server.port, database, journal, faults, server.identity.authority, loop)
        finally:
            asyncio.run_coroutine_threadsafe(server.close(), loop).result(_PATIENCE)
    failures = [error for error in server.failures if isinstance(error, Exception)]
    if failures:
        raise ExceptionGroup("the mock of OpenLDAP failed", failures)
