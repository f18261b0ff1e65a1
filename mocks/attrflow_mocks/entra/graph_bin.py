"""The recycle bin on the strict face: what lies in it, bringing it back, removing it for good."""

from __future__ import annotations

from attrflow_mocks.entra.answers import Response, json_body, json_response
from attrflow_mocks.entra.bin import restore
from attrflow_mocks.entra.graph_objects import COLLECTIONS, count_of, listing, not_found, typed
from attrflow_mocks.entra.graph_write import conflict
from attrflow_mocks.entra.objects import DirectoryObject, instant
from attrflow_mocks.entra.odata import matching, selected
from attrflow_mocks.entra.routing import Context, Route
from attrflow_mocks.entra.settle import Conflict

__all__ = ["ROUTES"]

_BIN = "directory/deletedItems"


def _list(context: Context, kind: str) -> Response:
    names = selected(context.options, kind)
    if not context.options.get("select"):
        names = tuple(dict.fromkeys([*names, "deletedDateTime"]))
    found = list(matching(context.tenant.store.deleted(kind), context.options, kind))
    return listing(context, found, COLLECTIONS[kind], kind, names, by_creation=True)


def _deleted(context: Context, key: str) -> DirectoryObject:
    found = context.tenant.store.get(key.casefold())
    if found is None or found.live:
        raise not_found(key)
    return found


def get_deleted(context: Context, key: str) -> Response:
    where = f"{context.url}/$metadata#directoryObjects/$entity"
    found = _deleted(context, key)
    document = typed(context, found) | {"deletedDateTime": instant(found.deleted)}
    return json_response(200, {"@odata.context": where, **document})


def restore_deleted(context: Context, key: str) -> Response:
    found = _deleted(context, key)
    drop = bool(context.request.body) and json_body(context.request).get("autoReconcileProxyConflict") is True
    try:
        back = restore(context.tenant, found, drop_taken_proxies=drop)
    except Conflict as taken:
        raise conflict(taken.attribute) from None
    where = f"{context.url}/$metadata#directoryObjects/$entity"
    return json_response(200, {"@odata.context": where, **typed(context, back)})


def purge_deleted(context: Context, key: str) -> Response:
    context.tenant.store.purge(_deleted(context, key).id)
    return Response(204)


def _counted(kind: str) -> Route:
    def count(context: Context) -> Response:
        return count_of(context, kind, context.tenant.store.deleted(kind))

    return Route("GET", f"{_BIN}/{kind}/$count", count, f"Count {COLLECTIONS[kind]} in the bin")


ROUTES = (
    _counted("user"),
    _counted("group"),
    Route("GET", f"{_BIN}/user", lambda context: _list(context, "user"), "List users in the bin"),
    Route("GET", f"{_BIN}/group", lambda context: _list(context, "group"), "List Microsoft 365 groups in the bin"),
    Route("GET", f"{_BIN}/application", lambda context: _list(context, "application"), "List applications in the bin"),
    Route(
        "GET",
        f"{_BIN}/device",
        lambda context: _list(context, "device"),
        "List devices in the bin",
        "Always empty: devices are deleted for good, as they were before soft deletion of devices came.",
    ),
    Route("GET", f"{_BIN}/{{id}}", get_deleted, "Read an object in the bin"),
    Route("POST", f"{_BIN}/{{id}}/restore", restore_deleted, "Bring an object back"),
    Route("DELETE", f"{_BIN}/{{id}}", purge_deleted, "Remove an object in the bin for good"),
)
