"""Devices on the strict face: read, create, change, delete, deltas. A deleted device is gone for good."""

from __future__ import annotations

from dataclasses import replace

from attrflow_mocks.entra.answers import Response, json_body
from attrflow_mocks.entra.graph_delta import delta_of
from attrflow_mocks.entra.graph_objects import count_of, find, list_kind, show
from attrflow_mocks.entra.graph_write import bad_request, check_room, conflict, required, writable
from attrflow_mocks.entra.routing import Context, Route

__all__ = ["ROUTES"]

_TRUST = frozenset({"Workplace", "AzureAd", "ServerAd"})
_NEEDED = (
    *("accountEnabled", "alternativeSecurityIds", "deviceId", "displayName", "operatingSystem"),
    "operatingSystemVersion",
)


def create_device(context: Context) -> Response:
    tenant, body = context.tenant, json_body(context.request)
    required("device", body, *_NEEDED)
    values = writable(tenant, "device", body, None)
    if values.get("trustType") not in (None, *_TRUST):
        raise bad_request("Invalid value specified for property 'trustType' of resource 'Device'.")
    holder = tenant.store.holder("deviceId", str(values["deviceId"]))
    if holder is not None:
        raise conflict("deviceId", holder)
    stamp = tenant.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    values |= {"registrationDateTime": stamp, "approximateLastSignInDateTime": None}
    check_room(tenant)
    draft = tenant.store.draft("device", tenant.new_id(), created=tenant.now(), properties=values)
    found = tenant.store.commit(draft)
    created = show(context, found, status=201)
    return Response(201, created.body, {**created.headers, "location": f"{context.url}/devices/{found.id}"})


def patch_device(context: Context, key: str) -> Response:
    tenant, found = context.tenant, find(context, "device", key)
    values = writable(tenant, "device", json_body(context.request), found)
    draft = tenant.store.commit(replace(found, properties={**found.properties, **values}))
    if "return=representation" in context.request.header("prefer").casefold():
        return show(context, draft)
    return Response(204)


def delete_device(context: Context, key: str) -> Response:
    context.tenant.store.purge(find(context, "device", key).id)
    return Response(204)


ROUTES = (
    Route("GET", "devices", lambda context: list_kind(context, "device"), "List devices"),
    Route("POST", "devices", create_device, "Register a device"),
    Route("GET", "devices/delta", lambda context: delta_of(context, "device"), "Track changes of devices"),
    Route("GET", "devices/$count", lambda context: count_of(context, "device"), "Count devices"),
    Route(
        "GET",
        "devices/{id}",
        lambda context, key: show(context, find(context, "device", key)),
        "Read a device by id or deviceId",
    ),
    Route("PATCH", "devices/{id}", patch_device, "Change a device"),
    Route("DELETE", "devices/{id}", delete_device, "Delete a device for good"),
)
