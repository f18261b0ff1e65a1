"""`scripts/bench mocks`: how fast the mock tenant answers, beside a server of ready bytes in the same run.

The reference is an ASGI application on the same uvicorn that answers with the same page made once: what HTTP and
the client cost. Nothing of it is a test: figures of one machine, to be compared with each other.
"""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx
from tests.bench.rows import Row

from attrflow_mocks.clock import Clock
from attrflow_mocks.entra.server import Running, running
from attrflow_mocks.hosted import HostedMocks
from attrflow_mocks.scenarios.seed import TenantSeed
from attrflow_mocks.world import World

__all__ = ["rows"]

_TENANT = "7d0a4f0e-2c1b-4e57-9a36-0d9e9f0a1b2c"
_CLIENT = "0f3c2c5a-6e8a-4d9f-9d53-5b8a1f0c7e11"
_SELECT = "id,displayName,userPrincipalName,mail,jobTitle,department,accountEnabled,proxyAddresses"
_BATCH = 20
_BATCHES = 50


def rows(objects: int) -> Iterator[Row]:
    """The rows of the section, with that many users in the tenant."""
    users = tuple(
        {"userPrincipalName": f"u{n}@contoso.com", "displayName": f"User {n}", "mail": f"u{n}@contoso.com",
         "jobTitle": "Tester", "department": "Bench"}
        for n in range(objects)
    )  # fmt: skip
    seed = TenantSeed(_TENANT, "Bench", "bench.onmicrosoft.com", ["contoso.com"], {_CLIENT: "s"}, users)
    began = time.perf_counter()
    with running(seed, clock=Clock(datetime(2026, 11, 22, 7, tzinfo=UTC))) as served:
        yield Row("mocks: users seeded", objects / (time.perf_counter() - began), "users/s")
        with _client(served) as client:
            page = client.get("/users", params={"$top": "999", "$select": _SELECT}).content
            reference = _reference(page)
            walked = _rate(lambda: _walk(client), objects)
            yield Row("mocks: Graph pages of 999", walked / 999, "pages/s")
            yield Row("mocks: users read", walked, "users/s", "time of ready bytes", reference / walked)
            count = min(objects, 500)
            single = _rate(lambda: _singles(client, count), count)
            yield Row("mocks: single users read", single, "users/s")
            written = _rate(lambda: _batches(client, objects), _BATCH * _BATCHES)
            yield Row("mocks: $batch writes", written, "writes/s", "time of a single read", single / written)
    with HostedMocks(World.of("contoso-small")) as mocks:
        mocks.call(mocks.world.reset)  # the first one brings the seed to life once more
        taken = _rate(lambda: [mocks.call(mocks.world.reset) for _ in range(10)], 10)
        yield Row("mocks: resets of contoso-small", taken, "resets/s")


@contextmanager
def _client(served: Running) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {served.issue_token()}"}
    with httpx.Client(base_url=served.graph_url, headers=headers, timeout=120) as client:
        yield client


def _rate(work: Callable[[], object], amount: int) -> float:
    began = time.perf_counter()
    work()
    return amount / (time.perf_counter() - began)


def _walk(client: httpx.Client) -> int:
    document = client.get("/users", params={"$top": "999", "$select": _SELECT}).json()
    total = len(document["value"])
    while "@odata.nextLink" in document:
        document = client.get(document["@odata.nextLink"]).json()
        total += len(document["value"])
    return total


def _singles(client: httpx.Client, count: int) -> None:
    for number in range(count):
        client.get(f"/users/u{number}@contoso.com").raise_for_status()


def _batches(client: httpx.Client, objects: int) -> None:
    for number in range(_BATCHES):
        requests = [
            {"id": str(item), "method": "PATCH", "url": f"/users/u{(number * _BATCH + item) % objects}@contoso.com",
             "headers": {"Content-Type": "application/json"}, "body": {"jobTitle": f"T{number}"}}
            for item in range(_BATCH)
        ]  # fmt: skip
        answer = client.post("/$batch", json={"requests": requests}).json()
        assert {one["status"] for one in answer["responses"]} == {204}


def _reference(page: bytes) -> float:
    """Users a second where the page is ready bytes: HTTP, the client and its JSON, nothing else."""
    from attrflow_mocks.http_host import HttpHost  # noqa: PLC0415 - beside its one use

    size = len(json.loads(page)["value"])

    async def application(scope: object, receive: object, send: Callable[..., Awaitable[None]]) -> None:
        del scope, receive
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(page)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": page})

    import asyncio  # noqa: PLC0415 - the same
    import threading  # noqa: PLC0415 - the same

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    host = HttpHost(application)
    asyncio.run_coroutine_threadsafe(host.start(), loop).result()
    try:
        with httpx.Client(timeout=120) as client:
            return _rate(lambda: [client.get(host.url).json() for _ in range(5)], 5 * size)
    finally:
        asyncio.run_coroutine_threadsafe(host.stop(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
