"""An application on a port: a taken port is told, and stopping frees it."""

from __future__ import annotations

import asyncio
import errno
import socket

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from attrflow_mocks.http_host import HttpHost


async def _hello(_: Request) -> PlainTextResponse:
    return PlainTextResponse("hello")


def application() -> Starlette:
    return Starlette(routes=[Route("/", _hello)])


async def ask(port: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: mocks\r\nConnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


def test_it_answers_from_start_to_stop_and_frees_the_port() -> None:
    async def run() -> int:
        host = HttpHost(application())
        await host.start()
        assert host.url == f"http://127.0.0.1:{host.port}"
        assert (await ask(host.port)).endswith(b"hello")
        await host.stop()
        with pytest.raises(ConnectionRefusedError):
            await ask(host.port)
        return host.port

    port = asyncio.run(run())
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", port))


def test_it_stops_though_a_client_keeps_its_connection() -> None:
    async def run() -> None:
        host = HttpHost(application())
        await host.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", host.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: mocks\r\n\r\n")
        await reader.readuntil(b"hello")
        await asyncio.wait_for(host.stop(), 5)
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()

    asyncio.run(run())


def test_a_taken_port_is_an_error_that_names_it() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=f"cannot listen on 127.0.0.1:{port}") as caught:
            HttpHost(application(), port=port)
    assert caught.value.errno == errno.EADDRINUSE


def test_a_host_that_stops_before_it_starts_leaves_nothing_open() -> None:
    asyncio.run(HttpHost(application()).stop())
