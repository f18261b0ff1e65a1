"""Servers in a thread: what a test asks runs between requests, and a failed start leaves nothing behind."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from attrflow_mocks.hosted import HostedMocks
from attrflow_mocks.servers import Ports
from attrflow_mocks.world import World


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    """Servers that other tests share may run all the while; what a test here starts ends with it."""
    before = threads()
    yield
    assert threads() == before


def threads() -> set[int | None]:
    return {thread.ident for thread in threading.enumerate() if thread.name == "attrflow-mocks"}


def two_free_ports() -> int:
    """The first of two ports in a row that are free."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


def test_calls_run_in_the_servers_thread_and_raise_here() -> None:
    with HostedMocks(World.of("contoso-small", part="directories")) as mocks:
        assert mocks.call(lambda: threading.current_thread().name) == "attrflow-mocks"
        with pytest.raises(LookupError, match="no directory is named 'x'"):
            mocks.call(lambda: mocks.world.directory("x"))


def test_directories_take_the_ports_after_the_first() -> None:
    first = two_free_ports()
    with HostedMocks(World.of("contoso-small", part="directories"), Ports(ldap=first)) as mocks:
        assert [server.port for server in mocks.servers.directories.values()] == [first, first + 1]


def test_a_start_that_fails_halfway_closes_what_was_open() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        mocks = HostedMocks(World.of("contoso-small"), Ports(control=port))
        with pytest.raises(OSError, match=f"cannot listen on 127.0.0.1:{port}"), mocks:
            pass
    for server in mocks.servers.directories.values():
        with pytest.raises(RuntimeError, match="not started"):
            _ = server.port


def test_ipv6_loopback_is_served_too() -> None:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    with HostedMocks(World.of("contoso-small", part="directories"), Ports(host="::1")) as mocks:
        assert mocks.servers.control is not None
        assert mocks.servers.control.url.startswith("http://[::1]:")
        with socket.create_connection(("::1", mocks.servers.control.port)):
            pass
