"""What the journal keeps of a request to the tenant: query, telling headers and body; never a secret."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

import orjson

from attrflow_mocks.entra.answers import Request

__all__ = ["describe"]

_KEPT = 4096
"""How many characters of a body are kept; `bodyCut` says that there were more."""
_READ = 256 * 1024
"""A larger body is not looked into, so nothing of it is kept but its size."""
_HEADERS = ("accept", "client-request-id", "consistencylevel", "content-type", "if-match", "prefer", "user-agent")
_SECRETS = frozenset({"password", "client_secret", "client_assertion", "secrettext"})
_MASK = "(not kept)"
_NESTED = 40


def describe(request: Request, fault: str | None) -> dict[str, object]:
    """The request for the journal; `fault` is the kind of the fault that struck it."""
    detail: dict[str, object] = {"query": request.query, "bodySize": len(request.body)}
    headers = {name: request.headers[name] for name in _HEADERS if name in request.headers}
    if headers:
        detail["headers"] = headers
    text = _body(request)
    if text:
        detail["body"] = text[:_KEPT]
    if len(text) > _KEPT or len(request.body) > _READ:
        detail["bodyCut"] = True
    if fault is not None:
        detail["fault"] = fault
    return detail


def _body(request: Request) -> str:
    if not request.body or len(request.body) > _READ:
        return ""
    if "form-urlencoded" in request.header("content-type") or request.path.endswith("/token"):
        pairs = parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
        return urlencode([(name, _MASK if name in _SECRETS else value) for name, value in pairs], safe="() /:")
    try:
        return orjson.dumps(_masked(orjson.loads(request.body), 0)).decode()
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return request.body.decode("utf-8", "replace")


def _masked(value: object, depth: int) -> object:
    if depth > _NESTED:
        return "…"
    if isinstance(value, dict):
        return {
            name: _MASK if name.casefold() in _SECRETS and isinstance(item, str) else _masked(item, depth + 1)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [_masked(item, depth + 1) for item in value]
    return value
