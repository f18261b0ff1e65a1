"""The tenant's door as a web application: a Starlette app around the responder, and how it cuts connections.

A dropped connection is a real one: the transport, which `server.Protocol` puts into the request's
state, is closed under the client's hands.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from urllib.parse import quote

import orjson
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.requests import Request as WebRequest
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from attrflow_mocks.entra.answers import Request, Response
from attrflow_mocks.entra.responder import Reply, Responder

__all__ = ["CONNECTION", "create_application"]

_BODY_SECONDS = 30.0
_GRAPH_BODY = 4 * 1024 * 1024
_INGEST_BODY = 64 * 1024 * 1024
"""The largest bodies, in bytes: Graph's own limit, and room for a hundred objects with photos."""
CONNECTION = "attrflow.connection"
"""The key of the request's state that holds its asyncio transport."""
_METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS"]


class _Door:
    """The one endpoint: every method and path goes to the responder."""

    def __init__(self, responder: Responder) -> None:
        self._responder = responder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            request = await asyncio.wait_for(_read(scope, receive), _BODY_SECONDS)
        except _Refused as refused:
            await _refuse(refused, scope, receive, send)
            return
        except TimeoutError:
            await _refuse(_Refused(408, "RequestTimeout", "The body did not come in time."), scope, receive, send)
            return
        except ClientDisconnect:
            return
        reply = self._responder.respond(request)
        if reply.delay > 0:
            await asyncio.sleep(reply.delay)
        if reply.response is None:
            _transport(scope).abort()
            await _gone(receive)
            return
        await _send(reply, scope, receive, send)


class _Refused(Exception):
    """A request that is not even read to its end."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


async def _refuse(refused: _Refused, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with an error body and end the connection: what is still to come is not read."""
    body = orjson.dumps({"error": {"code": refused.code, "message": refused.message}})
    response = Response(refused.status, body, {"content-type": "application/json", "connection": "close"})
    await _send(Reply(response), scope, receive, send)


async def _read(scope: Scope, receive: Receive) -> Request:
    web = WebRequest(scope, receive)
    limit = _INGEST_BODY if scope["path"].startswith("/ingest/") else _GRAPH_BODY
    parts: list[bytes] = []
    size = 0
    async for part in web.stream():
        size += len(part)
        if size > limit:
            raise _Refused(413, "RequestEntityTooLarge", f"The body has more than {limit} bytes.")
        parts.append(part)
    body = b"".join(parts)
    raw = scope.get("raw_path")
    target = raw.decode("latin-1") if isinstance(raw, bytes) else quote(scope["path"])
    headers: Mapping[str, str] = {name.casefold(): value for name, value in web.headers.items()}
    host = headers.get("host") or "127.0.0.1"
    query = scope["query_string"].decode("latin-1")
    return Request(scope["method"], target, query, headers, body, f"{scope['scheme']}://{host}")


async def _send(reply: Reply, scope: Scope, receive: Receive, send: Send) -> None:
    response = reply.response
    assert response is not None
    headers = {"content-length": str(len(response.body)), **response.headers}
    if response.status == 204:
        del headers["content-length"]
    raw = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": response.status, "headers": raw})
    if reply.cut is None or reply.cut >= len(response.body):
        await send({"type": "http.response.body", "body": response.body})
        return
    await send({"type": "http.response.body", "body": response.body[: reply.cut], "more_body": True})
    _transport(scope).close()
    await _gone(receive)


def _transport(scope: Scope) -> asyncio.Transport:
    transport = scope["state"][CONNECTION]
    assert isinstance(transport, asyncio.Transport)
    return transport


async def _gone(receive: Receive) -> None:
    """Wait until the server has seen the connection end; then it asks for no answer any more."""
    while (await receive())["type"] != "http.disconnect":
        pass


def create_application(responder: Responder) -> Starlette:
    """The ASGI application of one tenant."""
    return Starlette(routes=[Route("/{path:path}", _Door(responder), methods=_METHODS)])
