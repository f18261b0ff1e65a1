"""`python -m attrflow_mocks.serve`: a scenario on ports, until somebody ends it.

With `--announce` it is a child of a program: one JSON line on standard output says where everything is,
and the end of standard input, which also comes when the parent dies, ends it. Without, it is for people.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import errno
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from attrflow_mocks.scenarios.loader import DEFAULT_SEED, ScenarioNotFoundError
from attrflow_mocks.servers import Ports, Servers, is_loopback
from attrflow_mocks.world import PARTS, World

__all__ = ["main", "parse_arguments", "serve"]


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(
        prog="attrflow-mocks serve",
        description="Serve the directories and the tenant of a scenario on this machine.",
    )
    parser.add_argument("--scenario", default="contoso-small", help="which one (default: %(default)s)")
    parser.add_argument("--part", choices=PARTS, default="all", help="only the directories, or only the tenant")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="what people and ids follow from")
    parser.add_argument("--clock", type=_instant, help="a UTC time such as 2026-01-31T08:00:00Z to stand still at")
    parser.add_argument("--announce", action="store_true", help="one JSON line, then serve until stdin ends")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--ldap-port", type=_port, default=0, metavar="N", help="of the first directory; then N+1")
    parser.add_argument("--http-port", type=_port, default=0, metavar="N", help="of the tenant")
    parser.add_argument("--control-port", type=_port, default=0, metavar="N", help="of the control plane")
    return parser.parse_args(argv)


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give 1 to 65535, or 0 for any free one")
    return int(text)


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as 2026-01-31T08:00:00Z") from error
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until ended. Returns 0, or 2 when it could not begin, after one sentence on stderr."""
    options = parse_arguments(argv)
    try:
        world = World.of(options.scenario, seed=options.seed, part=options.part, start=options.clock)
        asyncio.run(serve(world, _ports(options), announce=options.announce))
    except (ScenarioNotFoundError, OSError, ValueError) as error:
        _say(f"attrflow-mocks: {_sentence(error)}", sys.stderr.write)
        return 2
    return 0


def _ports(options: argparse.Namespace) -> Ports:
    return Ports(options.host, options.ldap_port, options.http_port, options.control_port)


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        taken = error.errno == errno.EADDRINUSE
        return f"{error.strerror}; give another port, or 0 for any free one" if taken else error.strerror
    return str(error)


async def serve(world: World, ports: Ports, *, announce: bool) -> None:
    """Serve `world` until a signal, or with `announce` the end of standard input.

    Raises:
        OSError: a port is taken.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    if not is_loopback(ports.host):
        _say(
            f"WARNING: {ports.host} is not a loopback address. Whoever reaches this machine can read and "
            "change these directories; their passwords are public. Use it in a closed test network only.",
            sys.stderr.write,
        )
    servers = Servers(world, ports)
    await servers.start()
    try:
        if announce:
            _say(json.dumps(servers.announcement()), sys.stdout.write)
            threading.Thread(target=_await_end_of_input, args=(loop, stop), daemon=True).start()
        else:
            _say(_for_people(servers), sys.stdout.write)
        await stop.wait()
    finally:
        await servers.stop()


def _await_end_of_input(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Read standard input to its end in a thread of its own: an event loop cannot watch a file."""
    with contextlib.suppress(OSError):  # closed before it began: that is its end, too
        while os.read(0, 65_536):
            pass
    with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile: what is asked for has happened
        loop.call_soon_threadsafe(stop.set)


def _for_people(servers: Servers) -> str:
    said = servers.announcement()
    world = servers.world
    said_host = servers.host
    lines = [f"{world.scenario.title} (seed {world.seed})", ""]
    for name, server in servers.directories.items():
        seed = world.seeds[name]
        account, password = next(iter(seed.accounts.items()), ("anonymous", ""))
        lines.append(f"{name:<10} ldap://{said_host}:{server.port}  {seed.naming_context}")
        lines.append(f"{'':<10} sign in as {account}, password {password}")
    tenant = said["tenant"]
    if isinstance(tenant, dict):
        lines.append(f"{'tenant':<10} {tenant['graph_url']}  (Graph)   {tenant['ingest_url']}  (sync face)")
        lines.append(f"{'':<10} tenant {tenant['tenant_id']}, sign in at {tenant['login_url']}")
        lines.append(f"{'':<10} client {tenant['client_id']}, secret {tenant['client_secret']}")
    control = said["control"]
    assert isinstance(control, dict)
    lines.append(f"{'control':<10} {control['url']}  token {control['token']}")
    return "\n".join([*lines, "", "Ctrl-C ends it."])


def _say(text: str, write: Callable[[str], int]) -> None:
    write(f"{text}\n")
    sys.stdout.flush()
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
