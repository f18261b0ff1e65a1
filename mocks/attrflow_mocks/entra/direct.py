"""A client of a tenant without a socket: for scripts, scenarios and tests that need no wire.

Speaks to the responder with a good token and reads JSON; asserts nothing about what comes back but
that an answer does.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson

from attrflow_mocks.entra import graph, ingest
from attrflow_mocks.entra.answers import Request
from attrflow_mocks.entra.responder import Responder
from attrflow_mocks.entra.tenant import Tenant

__all__ = ["Answer", "DirectClient", "object_id", "source_anchor"]

_ORIGIN = "http://tenant.test"
_TOKEN_USE = timedelta(minutes=50)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return orjson.loads(self.body)

    @property
    def error(self) -> Any:
        """What is under `error` in the body."""
        return self.json["error"]


class DirectClient:
    """Sends requests to a responder as an application of the tenant."""

    def __init__(self, responder: Responder, application: str | None = None) -> None:
        self.responder = responder
        self._application = application or next(iter(responder.tenant.seed.applications))
        self._renew_at = responder.tenant.clock.now()
        self.headers: dict[str, str] = {"content-type": "application/json"}
        """Sent with every request; take `authorization` out to be nobody."""
        self._renew()

    def _renew(self) -> None:
        self._renew_at = self.tenant.clock.now() + _TOKEN_USE
        self.headers["authorization"] = f"Bearer {self.responder.tokens.issue(self._application)}"

    @property
    def tenant(self) -> Tenant:
        """The tenant behind the responder."""
        return self.responder.tenant

    def send(self, method: str, url: str, body: object = None, headers: Mapping[str, str] | None = None) -> Answer:
        """One request; `url` is a path with query, or an absolute link out of an answer.

        Raises:
            ConnectionError: a fault cut the connection.
        """
        if "authorization" in self.headers and self.tenant.clock.now() >= self._renew_at:
            self._renew()
        path, _, query = url.removeprefix(_ORIGIN).partition("?")
        given = {name.casefold(): value for name, value in (headers or {}).items()}
        raw = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
        request = Request(method, path, query, self.headers | given, raw, _ORIGIN)
        reply = self.responder.respond(request)
        if reply.response is None:
            raise ConnectionError(f"{request.operation}: the connection was dropped by a fault")
        return Answer(reply.response.status, reply.response.headers, reply.response.body)

    def graph(self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Answer:
        """One request to the strict face; the path is below its root."""
        return self.send(method, f"{graph.ROOT}/{path}", body, headers)

    def user(self, key: str, *names: str) -> dict[str, Any]:
        """Selected properties of a user.

        Raises:
            LookupError: there is no such user.
        """
        answer = self.graph("GET", f"users/{key}?$select={','.join(['id', *names])}")
        if answer.status != 200:
            raise LookupError(answer.body.decode())
        found: dict[str, Any] = answer.json
        return found

    def export(self, *items: Mapping[str, object]) -> list[dict[str, Any]]:
        """Send objects to the ingest face in one batch; the answers in order.

        Raises:
            ValueError: the batch as a whole was refused.
        """
        requests = [{"id": str(number), **item} for number, item in enumerate(items)]
        answer = self.send("POST", f"{ingest.ROOT}/objects:batch", {"requests": requests})
        if answer.status != 200:
            raise ValueError(answer.body.decode())
        return list(answer.json["responses"])

    def add(self, name: str, kind: str = "user", /, **attributes: object) -> dict[str, Any]:
        """Add one object through the ingest face; its source anchor is made from `name`."""
        item = {"operation": "add", "type": kind, "sourceAnchor": source_anchor(name)}
        return self.export({**item, "attributes": attributes})[0]

    def update(self, cloud_anchor: str, **attributes: object) -> dict[str, Any]:
        """Change one object through the ingest face."""
        kind = cloud_anchor.partition("_")[0].casefold()
        item = {"operation": "update", "type": kind, "cloudAnchor": cloud_anchor}
        return self.export({**item, "attributes": attributes})[0]

    def drain(self, url: str, headers: Mapping[str, str] | None = None) -> tuple[list[Any], str]:
        """All entries of a delta round of either face, and its delta link.

        Raises:
            ValueError: an answer other than 200.
        """
        values: list[Any] = []
        while True:
            answer = self.send("GET", url, headers=headers)
            if answer.status != 200:
                raise ValueError(answer.body.decode())
            document = answer.json
            values += document["value"]
            final = document.get("@odata.deltaLink") or document.get("deltaLink")
            if final is not None:
                return values, str(final)
            url = str(document.get("@odata.nextLink") or document["nextLink"])


def source_anchor(name: str) -> str:
    """A source anchor of the usual form, base64 of 16 bytes, made from a short name."""
    return base64.b64encode(name.encode().ljust(16, b"\0")[:16]).decode("ascii")


def object_id(cloud_anchor: str) -> str:
    """The id in a cloudAnchor."""
    return cloud_anchor.partition("_")[2]
