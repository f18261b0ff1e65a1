"""Requests and responses without a socket, and the errors that become responses.

Both faces and the token endpoint are written against these; only `application` knows a web framework.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote

import orjson

__all__ = ["JSON_TYPE", "GraphError", "Request", "Response", "json_body", "json_response", "small_number"]

_DIGITS = 9
JSON_TYPE = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came."""

    method: str
    target: str
    """The path as sent, still percent-encoded, without the query."""
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = b""
    origin: str = "http://127.0.0.1"
    """Scheme and host that the client used; links in answers begin with it."""

    @property
    def path(self) -> str:
        """The path with percent-encoding undone, for people and fault patterns."""
        return unquote(self.target)

    @property
    def operation(self) -> str:
        """`METHOD /path`, as journal and fault script name it."""
        return f"{self.method} {self.path}"

    def header(self, name: str) -> str:
        """One header's value, empty where it is not there."""
        return self.headers.get(name.lower(), "")


@dataclass(frozen=True, slots=True)
class Response:
    """One answer."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class GraphError(Exception):
    """An answer in Graph's error shape.

    `details` are `(code, message, target)`.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        details: Sequence[tuple[str, str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details
        self.headers = dict(headers or {})

    def response(self, date: str, request_id: str, client_request_id: str) -> Response:
        """The error as a response; `date` is UTC without zone and fraction."""
        inner = {"date": date, "request-id": request_id, "client-request-id": client_request_id}
        error: dict[str, object] = {"code": self.code, "message": self.message}
        if self.details:
            error["details"] = [{"code": c, "message": m, "target": t} for c, m, t in self.details]
        error["innerError"] = inner
        return json_response(self.status, {"error": error}, self.headers)


def json_response(status: int, document: object, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer."""
    return Response(status, orjson.dumps(document), {"content-type": JSON_TYPE, **(headers or {})})


def json_body(request: Request) -> dict[str, object]:
    """The request's body as a JSON object.

    Raises:
        GraphError: 400 where it is not one, or is sent as something else.
    """
    kind = request.header("content-type").casefold()
    try:
        document = orjson.loads(request.body) if not kind or "json" in kind else None
    except orjson.JSONDecodeError:
        document = None
    if not isinstance(document, dict):
        raise GraphError(
            400,
            "BadRequest",
            "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of "
            "valid JSON format.",
        )
    return document


def small_number(text: str) -> int | None:
    """A number of up to nine digits, None where the text is not one: longer ones are an attack on `int`."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _DIGITS else None
