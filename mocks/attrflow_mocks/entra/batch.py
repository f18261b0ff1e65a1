"""JSON batching: up to 20 requests in one, in the order that `dependsOn` asks for.

Carries nothing out itself: each item goes back through the same door as a single request.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import orjson

from attrflow_mocks.entra.answers import GraphError, Request, Response, json_body, json_response

__all__ = ["answer_batch"]

_LIMIT = 20


@dataclass(frozen=True, slots=True)
class _Item:
    id: str
    request: Request
    depends: tuple[str, ...]


def answer_batch(request: Request, base: str, carry_out: Callable[[Request], Response]) -> Response:
    """Answer `POST $batch`.

    Raises:
        GraphError: 400 where the batch as a whole is wrong; what fails inside it is in the answer.
    """
    items = _read(request, base)
    done: dict[str, Response] = {}
    for item in _sorted(items):
        failed = [name for name in item.depends if done[name].status >= 400]
        done[item.id.casefold()] = _dependency_failed() if failed else carry_out(item.request)
    answers = [_answer(item, done[item.id.casefold()]) for item in items]
    return json_response(200, {"responses": answers})


def _wrong(message: str) -> GraphError:
    return GraphError(400, "BadRequest", message)


def _read(request: Request, base: str) -> list[_Item]:
    raw = json_body(request).get("requests")
    if not isinstance(raw, list):
        raise _wrong("Invalid batch payload format: 'requests' must be a list.")
    if len(raw) > _LIMIT:
        message = f"Number of batch request steps exceeds the maximum value of {_LIMIT}."
        raise GraphError(400, "MaximumValueExceeded", message)
    items = [_item(request, base, entry) for entry in raw]
    names = [item.id.casefold() for item in items]
    if len(set(names)) < len(names):
        raise _wrong("Request identifiers in a batch must be unique.")
    for item in items:
        unknown = [name for name in item.depends if name not in names]
        if unknown:
            raise _wrong(f"Request {item.id} depends on {unknown[0]}, which is not in the batch.")
    return items


def _item(outer: Request, base: str, entry: object) -> _Item:
    if not isinstance(entry, dict):
        raise _wrong("Invalid batch payload format: each request must be an object.")
    name, method, url = entry.get("id"), entry.get("method"), entry.get("url")
    if not isinstance(name, str) or not name or not isinstance(method, str) or not isinstance(url, str):
        raise _wrong("Each request in a batch needs 'id', 'method' and 'url'.")
    # msgraph-core sends its own absolute addresses; the service takes them where they are its own.
    url = url.removeprefix(f"{outer.origin}{base}/")
    if "://" in url or url.lstrip("/").casefold().startswith("$batch"):
        raise _wrong(f"Request {name}: the url must be relative, and no batch within a batch.")
    given = entry.get("headers")
    headers = {str(k).casefold(): str(v) for k, v in given.items()} if isinstance(given, dict) else {}
    body = b""
    if entry.get("body") is not None:
        if "content-type" not in headers:
            raise _wrong(f"Request {name}: a body needs a Content-Type header in the same request.")
        body = orjson.dumps(entry["body"])
    path, _, query = url.partition("?")
    depends = entry.get("dependsOn") or []
    if not isinstance(depends, list):
        raise _wrong(f"Request {name}: 'dependsOn' takes a list of ids.")
    inner = Request(
        method=method.upper(),
        target=f"{base}/{path.lstrip('/')}",
        query=query,
        headers={**_inherited(outer.headers), **headers},
        body=body,
        origin=outer.origin,
    )
    return _Item(name, inner, tuple(str(other).casefold() for other in depends))


def _inherited(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name in ("authorization", "client-request-id")}


def _sorted(items: list[_Item]) -> list[_Item]:
    """Items behind those that they depend on, else as they came."""
    waiting, ready, done = list(items), [], set[str]()
    while waiting:
        free = [item for item in waiting if done.issuperset(item.depends)]
        if not free:
            raise _wrong(f"The requests {', '.join(item.id for item in waiting)} depend on each other.")
        item = free[0]
        waiting.remove(item)
        ready.append(item)
        done.add(item.id.casefold())
    return ready


def _dependency_failed() -> Response:
    error = {"code": "FailedDependency", "message": "A request that this one depends on has failed."}
    return json_response(424, {"error": error})


def _answer(item: _Item, response: Response) -> dict[str, object]:
    kept = ("content-type", "location", "retry-after", "x-ms-resource-unit", "cache-control")
    headers = {
        "-".join(part.capitalize() for part in name.split("-")): value
        for name, value in response.headers.items()
        if name in kept or name.startswith("x-ms-throttle")
    }
    answer: dict[str, object] = {"id": item.id, "status": response.status, "headers": headers}
    if response.body:
        json = response.headers.get("content-type", "").startswith("application/json")
        text = orjson.loads(response.body) if json else base64.b64encode(response.body).decode("ascii")
        answer["body"] = text
    return answer
