"""A request in, a reply out, no socket: faults, tokens, throttling, the right face, errors and the journal.

A reply can say that the connection is to be cut; doing so is the server's business.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import orjson

from attrflow_mocks.entra import graph, ingest
from attrflow_mocks.entra.answers import GraphError, Request, Response, json_response
from attrflow_mocks.entra.batch import answer_batch
from attrflow_mocks.entra.clients import INGEST_ROLE
from attrflow_mocks.entra.journalling import describe
from attrflow_mocks.entra.provision import Refusal
from attrflow_mocks.entra.recording import Recording
from attrflow_mocks.entra.tenant import Tenant
from attrflow_mocks.entra.throttle import Limits, Throttle, cost_of, too_many
from attrflow_mocks.entra.tokens import (
    DISCOVERY_PATH,
    INSTANCE_PATH,
    KEYS_PATH,
    TOKEN_PATH,
    TOKEN_PATH_V1,
    TokenIssuer,
)
from attrflow_mocks.faults import Fault, FaultScript
from attrflow_mocks.identifiers import Identifiers
from attrflow_mocks.journal import Journal

__all__ = ["Reply", "Responder"]

_TOKEN_PATHS = (DISCOVERY_PATH, KEYS_PATH, TOKEN_PATH, TOKEN_PATH_V1)
_STATUS_CODES = {
    400: "Request_BadRequest",
    401: "InvalidAuthenticationToken",
    403: "Authorization_RequestDenied",
    404: "Request_ResourceNotFound",
    409: "Directory_ConcurrencyViolation",
    410: "resyncRequired",
    500: "InternalServerError",
    502: "BadGateway",
    503: "ServiceUnavailable",
    504: "GatewayTimeout",
}
_DROPPED = -1


@dataclass(frozen=True, slots=True)
class Reply:
    """What is to happen on the wire."""

    response: Response | None
    """None: close the connection without an answer."""
    delay: float = 0.0
    """Seconds to wait first."""
    cut: int | None = None
    """Close the connection after that many bytes of the body."""


class _Cut(Exception):  # the connection goes; unwinds from inside a batch
    pass


class Responder:
    """One tenant's door, for both faces and the token endpoint."""

    def __init__(
        self,
        tenant: Tenant,
        faults: FaultScript | None = None,
        journal: Journal | None = None,
        limits: Limits | None = None,
        recording: Recording | None = None,
    ) -> None:
        self.tenant = tenant
        self.faults = faults if faults is not None else FaultScript()
        self.journal = journal if journal is not None else Journal()
        self.throttle = Throttle(limits)
        self._recording = recording
        # Ids of requests and tokens have a source of their own: object ids follow from the script alone.
        self._identifiers = Identifiers(1)
        self.tokens = TokenIssuer(tenant, Identifiers(2))

    def respond(self, request: Request) -> Reply:
        """Answer one request, whatever it is; never raises for what a client may send."""
        with self.tenant.lock:
            self.tenant.tick()
            target = _target(request)
            fault = self.faults.strike(target, request.operation)
            reply = self._reply(target, request, fault)
            status = _DROPPED if reply.response is None else reply.response.status
            detail = describe(request, fault.kind if fault is not None else None)
            at = f"{self.tenant.clock.now():%Y-%m-%dT%H:%M:%S.%fZ}"
            self.journal.record(at, target, request.operation, detail, status)
            return reply

    def _reply(self, target: str, request: Request, fault: Fault | None) -> Reply:
        kind = fault.kind if fault is not None else ""
        if kind == "drop":
            return Reply(None)
        try:
            response = self._answer(target, request, fault)
        except _Cut:
            return Reply(None)
        if kind == "drop-done":
            return Reply(None)
        if fault is not None and kind == "delay":
            return Reply(response, delay=fault.seconds)
        if fault is not None and kind == "drop-after":
            return Reply(response, cut=fault.bytes)
        return Reply(response)

    def _answer(self, target: str, request: Request, fault: Fault | None) -> Response:
        request_id = str(self._identifiers.guid())
        client_id = request.header("client-request-id") or request_id
        try:
            if fault is not None and fault.kind == "status":
                raise self._ordered(request, fault)
            response = self._carry_out(target, request, fault)
        except GraphError as error:
            date = f"{self.tenant.clock.now():%Y-%m-%dT%H:%M:%S}"
            response = error.response(date, request_id, client_id)
            if target == "ingest":
                body = {"error": {"code": error.code, "message": error.message}}
                response = replace(response, body=orjson.dumps(body))
        except Refusal as refusal:
            body = {"error": {"code": refusal.code, "message": refusal.message}}
            response = json_response(refusal.status, body, {"content-type": "application/json"})
        headers = {
            "date": f"{self.tenant.clock.now():%a, %d %b %Y %H:%M:%S GMT}",
            "request-id": request_id,
            "client-request-id": client_id,
            "cache-control": "no-cache",
        }
        if target == "graph":
            diagnostic = {"ServerInfo": {"DataCenter": "attrflow", "Ring": "mock", "RoleInstance": "0"}}
            headers["odata-version"] = "4.0"
            headers["x-ms-ags-diagnostic"] = orjson.dumps(diagnostic).decode("ascii")
            headers["x-ms-resource-unit"] = str(cost_of(request.method, request.path, request.query))
        if self._recording is not None and target != "token":
            self._recording.note(target, request, response, fault.kind if fault is not None else None)
        return replace(response, headers={**headers, **response.headers})

    def _ordered(self, request: Request, fault: Fault) -> GraphError:
        if fault.status == 429:
            who = f"{self.tokens.application(request)}/{self.tenant.tenant_id}"
            return too_many(fault.retry_after, "ResourceUnitLimitExceeded", who)
        headers = {} if fault.retry_after is None else {"retry-after": f"{fault.retry_after:g}"}
        code = _STATUS_CODES.get(fault.status, "UnknownError")
        message = "Access token is empty." if fault.status == 401 else f"Ordered by a fault: {fault.status}."
        return GraphError(fault.status or 503, code, message, headers=headers)

    def _carry_out(self, target: str, request: Request, fault: Fault | None) -> Response:
        kind = fault.kind if fault is not None else ""
        expire = kind == "expire"
        if target == "token":
            return self._token(request, expire)
        grant = self.tokens.check(request, expire and not _carries_state(request))
        if expire and _carries_state(request):
            raise _stale(request)
        if target == "ingest":
            if INGEST_ROLE not in grant.roles:
                raise GraphError(403, "Authorization_RequestDenied", f"The sync face needs the role {INGEST_ROLE}.")
            response = ingest.answer_ingest(self.tenant, request, stale=kind == "stale")
            return repeated(response) if kind == "duplicate" else response
        if request.path == f"{graph.ROOT}/$batch":
            if request.method != "POST":
                raise GraphError(405, "Request_BadRequest", "A batch is sent by POST.")
            return answer_batch(request, graph.ROOT, self._inner)
        units = cost_of(request.method, request.path, request.query)
        who = f"{grant.application}/{self.tenant.tenant_id}"
        now, limits = self.tenant.clock.now(), self.tenant.limits
        fullness = self.throttle.spend(now, who, request.method, units, limits, request.path)
        if not request.path.startswith(graph.ROOT + "/"):
            raise GraphError(400, "BadRequest", f"Invalid version or resource: {request.path}. Use {graph.ROOT}.")
        response = graph.answer_graph(self.tenant, request, grant, stale=kind == "stale")
        if fullness is not None:
            response = replace(
                response, headers={**response.headers, "x-ms-throttle-limit-percentage": f"{fullness:.1f}"}
            )
        return repeated(response) if kind == "duplicate" else response

    def _inner(self, request: Request) -> Response:
        """One item of a batch: faults hit it under its own name; a delay is not waited for."""
        fault = self.faults.strike("graph", request.operation)
        if fault is not None and fault.kind == "drop":
            raise _Cut
        response = self._answer("graph", request, fault)
        if fault is not None and fault.kind in ("drop-done", "drop-after"):
            raise _Cut  # an item has no bytes of its own on the wire: the whole answer goes
        return response

    def _token(self, request: Request, expire: bool) -> Response:
        path = request.path
        if request.method == "GET" and path == INSTANCE_PATH:
            return self.tokens.instance_discovery(request)
        handlers: tuple[tuple[str, str, Callable[[str], Response]], ...] = (
            ("GET", DISCOVERY_PATH, lambda tenant: self.tokens.discovery(request, tenant)),
            ("GET", KEYS_PATH, lambda tenant: self.tokens.keys(request, tenant)),
            ("POST", TOKEN_PATH, lambda tenant: self.tokens.token(request, tenant, expire)),
            ("POST", TOKEN_PATH_V1, lambda tenant: self.tokens.token(request, tenant, expire, first_version=True)),
        )
        for method, suffix, handler in handlers:
            tenant = path.removesuffix(suffix).strip("/")
            if request.method == method and path.endswith(suffix) and tenant and "/" not in tenant:
                return handler(tenant)
        raise GraphError(404, "BadRequest", f"The token endpoint has no {request.operation}.")


def _target(request: Request) -> str:
    path = request.path
    if path.startswith("/ingest/"):
        return "ingest"
    if path == INSTANCE_PATH or path.endswith(_TOKEN_PATHS):
        return "token"
    return "graph"


def repeated(response: Response) -> Response:
    """An answer with a list whose entries come twice, as delta queries may give them.

    The copies come in the other order; answers without a list stay as they are.
    """
    if not response.headers.get("content-type", "").startswith("application/json"):
        return response
    document = orjson.loads(response.body)
    values = document.get("value") if isinstance(document, dict) else None
    if not isinstance(values, list):
        return response
    document["value"] = [*values, *reversed(values)]
    return replace(response, body=orjson.dumps(document))


def _carries_state(request: Request) -> bool:
    query = request.query.casefold()
    return any(name in query for name in ("deltatoken=", "skiptoken=", "pagetoken="))


def _stale(request: Request) -> GraphError:
    if "skiptoken=" in request.query.casefold() and "/delta" not in request.path:
        message = "The specified page token value has expired and can no longer be included in your request."
        return GraphError(400, "Directory_ExpiredPageToken", message)
    message = "The delta token is no longer valid; start the query again."
    headers = {}
    if request.path.startswith(graph.ROOT):
        headers["location"] = f"{request.origin}{request.target}?$deltatoken="
    return GraphError(410, "resyncRequired", message, headers=headers)
