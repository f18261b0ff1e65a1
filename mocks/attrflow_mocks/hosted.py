"""The servers of a world in a thread, for tests and for programs that are not asynchronous themselves."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from types import TracebackType
from typing import TypeVar

from attrflow_mocks.servers import Ports, Servers
from attrflow_mocks.world import World

__all__ = ["HostedMocks"]

T = TypeVar("T")


class HostedMocks:
    """`with HostedMocks(world) as mocks:` serves it; `call` runs code between two requests."""

    def __init__(self, world: World, ports: Ports | None = None) -> None:
        self.world = world
        self.servers = Servers(world, ports)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="attrflow-mocks", daemon=True)

    def __enter__(self) -> HostedMocks:
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self.servers.start(), self._loop).result()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            asyncio.run_coroutine_threadsafe(self.servers.stop(), self._loop).result()
        finally:
            self._end()

    def call(self, action: Callable[[], T]) -> T:
        """The result of `action`, run in the servers' own thread; what it raises is raised here."""

        async def run() -> T:
            return action()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result()

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()
