"""The tenant under load and abuse: an error body or a closed connection, and it lives."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import Counter
from urllib.parse import quote

import httpx
import pytest

from attrflow_mocks.entra import application, server
from attrflow_mocks.entra.direct import DirectClient
from attrflow_mocks.entra.server import Running

CLIENTS = 200
PASSWORD = {"password": "Correct 1"}
EVENTUAL = {"ConsistencyLevel": "eventual"}


def alive(served: Running) -> None:
    headers = {"authorization": f"Bearer {served.issue_token()}"}
    answer = httpx.get(f"{served.graph_url}/organization", headers=headers, timeout=60)
    assert answer.status_code == 200


def test_two_hundred_clients_at_once_without_an_error(served: Running) -> None:
    headers = {"authorization": f"Bearer {served.issue_token()}"}
    # Reading the machine's certificates 200 times would take longer than everything else.
    context = ssl.create_default_context()

    async def one(number: int) -> Counter[int]:
        async with httpx.AsyncClient(base_url=served.graph_url, headers=headers, timeout=60, verify=context) as client:
            found: Counter[int] = Counter()
            body = {"accountEnabled": True, "displayName": f"U {number}", "mailNickname": f"u{number}",
                    "userPrincipalName": f"u{number}@contoso.com", "passwordProfile": PASSWORD}  # fmt: skip
            found[(await client.post("/users", json=body)).status_code] += 1
            found[(await client.get(f"/users/u{number}@contoso.com")).status_code] += 1
            found[(await client.patch(f"/users/u{number}@contoso.com", json={"jobTitle": "x"})).status_code] += 1
            return found

    async def all_of_them() -> Counter[int]:
        return sum(await asyncio.gather(*(one(number) for number in range(CLIENTS))), Counter())

    assert asyncio.run(all_of_them()) == {201: CLIENTS, 200: CLIENTS, 204: CLIENTS}
    assert served.tenant.counts()["user"] == CLIENTS + 2


def test_an_oversized_body_is_refused_before_it_is_read(served: Running) -> None:
    head = "POST /v1.0/users HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000000\r\n\r\n"
    with socket.create_connection((served.server.host, served.server.port), timeout=20) as connection:
        connection.sendall(head.encode())
        sent = 0
        try:
            while sent < 64 * 1024 * 1024:
                connection.sendall(b"x" * 65_536)
                sent += 65_536
        except (ConnectionError, TimeoutError):
            pass
        assert sent < 64 * 1024 * 1024, "the server read on and on"
    alive(served)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 200_000,
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
        b"\xff\xfe\x00",
        b'{"displayName": "\\ud800"}',
        b'{"id": ' + b"9" * 100_000 + b"}",
        b"null",
        b"",
    ],
    ids=["deep list", "deep object", "no text", "half a character", "long number", "null", "nothing"],
)
@pytest.mark.parametrize("path", ["/v1.0/users", "/v1.0/$batch", "/ingest/v1/objects:batch", "/v1.0/groups"])
def test_bodies_that_are_no_requests(client: DirectClient, path: str, body: bytes) -> None:
    answer = client.send("POST", path, body)
    assert answer.status == 400
    assert set(answer.json) == {"error"}


@pytest.mark.parametrize(
    "text",
    [
        "(" * 50_000,
        "not " * 50_000 + "accountEnabled eq true",
        " or ".join(["displayName eq 'x'"] * 10_000),
        "displayName eq '" + "x" * 1_000_000,
        "otherMails/any(" * 1000,
        "displayName in (" + ",".join(["'x'"] * 100_000) + ")",
        "a/b/c/d/e" * 1000,
        "\x00\ud83d" if False else "\x00",
        "$count eq $count",
        "displayName eq 99999999999999999999999999",
    ],
    ids=range(10),
)
def test_hostile_filters(client: DirectClient, text: str) -> None:
    answer = client.graph("GET", f"users?$filter={quote(text)}&$count=true", headers=EVENTUAL)
    assert answer.status in (200, 400)
    assert len(answer.body) < 10_000


@pytest.mark.parametrize(
    "query",
    ["&".join(["$select=id"] * 1000), "$skiptoken=AAAA", "$skiptoken=" + "A" * 100_000, "$search=" + quote('"' * 9999),
     "$expand=" + "manager(" * 1000, "$select=" + "id," * 10_000, "$top=" + "9" * 5000, "$top=%00",
     "$orderby=" + "displayName," * 500],
)  # fmt: skip
def test_hostile_options(client: DirectClient, query: str) -> None:
    assert client.graph("GET", f"users?{query}", headers=EVENTUAL).status == 400


@pytest.mark.parametrize(
    "path", ["users/" + "a" * 100_000, "users/%00", "users/..%2f..%2fetc", "%24batch/" * 300, "//"]
)
def test_hostile_paths(client: DirectClient, path: str) -> None:
    assert client.graph("GET", path).status in (400, 404, 405)


def test_tokens_that_are_nearly_ours(client: DirectClient) -> None:
    import base64  # noqa: PLC0415 - beside its one use
    import zlib  # noqa: PLC0415 - the same

    for text in (b"{", b"[]", b"null", b'{"n": "users"}', b'{"n": "users", "s": "x"}'):
        sealed = base64.urlsafe_b64encode(zlib.crc32(text).to_bytes(4, "big") + text).decode().rstrip("=")
        assert client.graph("GET", f"users/delta?$deltatoken={sealed}").status in (200, 400, 410)
        assert client.graph("GET", f"users?$skiptoken={sealed}").status == 400


def test_slow_clients_hold_up_nobody_and_are_closed(served: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEADER_SECONDS", 0.5)
    slow = [socket.create_connection((served.server.host, served.server.port), timeout=10) for _ in range(50)]
    try:
        for connection in slow:
            connection.sendall(b"GET /v1.0/users HTTP/1.1\r\nHost: ")
        alive(served)
        assert slow[0].recv(1000) == b"", "closed without an answer"
    finally:
        for connection in slow:
            connection.close()
    alive(served)


def test_a_body_that_does_not_come_is_answered_and_closed(served: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "_BODY_SECONDS", 0.3)
    head = b"POST /v1.0/users HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{"
    with socket.create_connection((served.server.host, served.server.port), timeout=20) as connection:
        connection.sendall(head)
        answer = b""
        while part := connection.recv(4096):
            answer += part
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"RequestTimeout"' in answer
    alive(served)


def test_clients_that_do_not_read_hold_up_nobody(served: Running) -> None:
    for number in range(200):
        served.tenant.add_user({"userPrincipalName": f"u{number}@contoso.com", "displayName": "U" * 250})
    ask = f"GET /v1.0/users?$top=999 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {served.issue_token()}\r\n\r\n"
    deaf = [socket.socket() for _ in range(5)]
    try:
        for connection in deaf:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            connection.connect((served.server.host, served.server.port))
            connection.sendall(ask.encode())
        alive(served)
    finally:
        for connection in deaf:
            connection.close()
    alive(served)


@pytest.mark.parametrize(
    "raw",
    [b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"A" * 100_000, b"POST / HTTP/1.1\r\n"
     b"Host: x\r\nContent-Length: -5\r\n\r\n", b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: x\r\n\r\nz\r\n"],
)  # fmt: skip
def test_what_is_no_http(served: Running, raw: bytes) -> None:
    with socket.create_connection((served.server.host, served.server.port), timeout=10) as connection:
        connection.sendall(raw)
        connection.shutdown(socket.SHUT_WR)
        answer = connection.recv(100)
    assert answer == b"" or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5"))
    alive(served)
