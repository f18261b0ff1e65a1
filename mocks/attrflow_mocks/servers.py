"""All servers of one world in one event loop: a port for each directory, one for the tenant, one for control.

It starts, stops and announces. What the servers answer is theirs, and who owns the process is `serve`'s
or `hosted`'s.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from attrflow_mocks.control import control_application
from attrflow_mocks.http_host import HttpHost
from attrflow_mocks.world import World

if TYPE_CHECKING:
    from attrflow_mocks.ad.server import AdServer
    from attrflow_mocks.entra.server import EntraServer

__all__ = ["ANNOUNCE_SCHEMA", "Ports", "Servers", "is_loopback"]

ANNOUNCE_SCHEMA = "attrflow-mocks.announce/1"


@dataclass(frozen=True, slots=True)
class Ports:
    """Where to listen; 0 is any free port. Further directories take the ports after `ldap`."""

    host: str = "127.0.0.1"
    ldap: int = 0
    http: int = 0
    control: int = 0


class Servers:
    """The servers of one world, from `start` to `stop`."""

    def __init__(self, world: World, ports: Ports | None = None) -> None:
        self.world = world
        self.ports = ports or Ports()
        # The one value that does not follow from the seed: whoever else is on this machine must not guess it.
        self.token = secrets.token_urlsafe(24)
        self.directories: dict[str, AdServer] = {}
        self.secure: dict[str, AdServer] = {}
        """LDAPS, and (of Active Directory) the Global Catalog in the clear; always on free ports."""
        self.catalogs: dict[str, AdServer] = {}
        self.tenant: EntraServer | None = None
        self.control: HttpHost | None = None
        self._stack = contextlib.AsyncExitStack()

    async def start(self) -> None:
        """Listen on all ports.

        Raises:
            OSError: a port is taken; nothing listens then.
        """
        async with contextlib.AsyncExitStack() as stack:
            await self._start(stack)
            self._stack = stack.pop_all()

    async def _start(self, stack: contextlib.AsyncExitStack) -> None:
        world, ports = self.world, self.ports
        if world.directories:
            await self._start_directories(stack)
        if world.tenant is not None:
            from attrflow_mocks.entra.server import EntraServer  # noqa: PLC0415 - not for directories alone

            with _listening(ports.host, ports.http):
                self.tenant = EntraServer(world.tenant, world.faults, world.journal, host=ports.host, port=ports.http)
            issue = self.tenant.responder.tokens.issue
            world.sign_in = lambda client, user: issue(client, user=user)
            # It listens already: who connects before the task runs waits in the backlog.
            task = asyncio.create_task(self.tenant.serve())
            stack.push_async_callback(_end, self.tenant, task)
        self.control = HttpHost(control_application(world, self.token), ports.host, ports.control)
        await self.control.start()
        stack.push_async_callback(self.control.stop)

    async def _start_directories(self, stack: contextlib.AsyncExitStack) -> None:
        from attrflow_mocks.ad.certificates import make_identity  # noqa: PLC0415 - not for a tenant alone
        from attrflow_mocks.ad.directory import Directory  # noqa: PLC0415 - the same
        from attrflow_mocks.ad.server import AdServer  # noqa: PLC0415 - the same

        world, ports = self.world, self.ports
        identity = make_identity(tuple(f"dc1.{one.dns_name}" for one in world.directories.values()))
        for offset, (name, directory) in enumerate(world.directories.items()):
            port = ports.ldap + offset if ports.ldap else 0
            server = AdServer(directory, world.journal, world.faults, ports.host, port, identity=identity)
            with _listening(ports.host, port):
                await server.start()
            stack.push_async_callback(server.close)
            self.directories[name] = server
            more = [(self.secure, {"tls": True})]
            more += [(self.catalogs, {"catalog": True})] if isinstance(directory, Directory) else []
            for beside, options in more:
                beside[name] = AdServer(
                    directory, world.journal, world.faults, ports.host, identity=identity, **options
                )
                await beside[name].start()
                stack.push_async_callback(beside[name].close)

    async def stop(self) -> None:
        """Close all connections and ports, the last opened first."""
        await self._stack.aclose()

    @property
    def host(self) -> str:
        """An address at which a client on this machine reaches the servers."""
        # A server on all addresses is reached by loopback.
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.ports.host, self.ports.host)

    def announcement(self) -> dict[str, object]:
        """Where everything is and how to sign in, as `--announce` prints it."""
        assert self.control is not None
        host = self.host
        return {
            "schema": ANNOUNCE_SCHEMA,
            "pid": os.getpid(),
            "scenario": self.world.scenario.name,
            "control": {"url": _url(host, self.control.port), "token": self.token},
            "directories": [self._directory(name, server, host) for name, server in self.directories.items()],
            "tenant": self._tenant(host),
        }

    def _directory(self, name: str, server: AdServer, host: str) -> dict[str, object]:
        seed = self.world.seeds[name]
        account, password = next(iter(seed.accounts.items()), ("", ""))
        return {
            "name": name,
            "host": host,
            "port": server.port,
            "ldaps_port": self.secure[name].port,
            "global_catalog_port": self.catalogs[name].port if name in self.catalogs else None,
            "naming_context": seed.naming_context,
            "netbios": seed.netbios,
            "profile": seed.profile,
            "account": account,
            "password": password,
            # For StartTLS: the authority that the server's certificate is from, as PEM text.
            "authority": server.identity.authority,
        }

    def _tenant(self, host: str) -> dict[str, object] | None:
        if self.tenant is None:
            return None
        seed = self.world.scenario.tenant
        client_id, secret = next(iter(seed.applications.items()), ("", ""))
        url = _url(host, self.tenant.port)
        return {
            "tenant_id": seed.tenant_id,
            "client_id": client_id,
            "client_secret": secret,
            "graph_url": f"{url}/v1.0",
            "login_url": url,
            "ingest_url": f"{url}/ingest/v1",
        }


async def _end(server: EntraServer, task: asyncio.Task[None]) -> None:
    server.stop()
    await task


@contextlib.contextmanager
def _listening(host: str, port: int) -> Iterator[None]:
    """Have a port that cannot be had told with its number."""
    try:
        yield
    except OSError as error:
        # asyncio puts words of its own around the reason; a bad host name has no errno of the system.
        number = error.errno or 0
        reason = os.strerror(number) if number > 0 else error.strerror
        raise OSError(error.errno, f"cannot listen on {host}:{port}: {reason}") from error


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server on `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
