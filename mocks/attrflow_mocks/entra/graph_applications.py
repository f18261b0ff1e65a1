"""Application objects on the strict face, and the directory extensions that they own.

An extension can be used as soon as it is there: in `$select`, `$filter`, deltas and PATCH. When it is
deleted its values stay on the objects and cannot be reached any more, as in Graph.
"""

from __future__ import annotations

import re
from dataclasses import replace

from attrflow_mocks.entra.answers import Response, json_body, json_response
from attrflow_mocks.entra.bin import to_bin
from attrflow_mocks.entra.extensions import DATA_TYPES, MULTI_TYPES, TARGETS, ExtensionProperty, extension_name
from attrflow_mocks.entra.graph_delta import delta_of
from attrflow_mocks.entra.graph_objects import count_of, find, list_kind, not_found, show
from attrflow_mocks.entra.graph_write import bad_request, check_room, conflict, required, writable
from attrflow_mocks.entra.objects import DirectoryObject
from attrflow_mocks.entra.routing import Context, Route

__all__ = ["ROUTES"]

_LIMIT = 100
_NAME = re.compile(r"[A-Za-z]\w*")
_TYPE = "#microsoft.graph.extensionProperty"


def create_application(context: Context) -> Response:
    tenant, body = context.tenant, json_body(context.request)
    required("application", body, "displayName")
    values = writable(tenant, "application", body, None)
    unique = values.get("uniqueName")
    holder = tenant.store.holder("uniqueName", unique) if isinstance(unique, str) else None
    if holder is not None:
        raise conflict("uniqueName", holder)
    values = {"signInAudience": "AzureADMyOrg", **values, "appId": tenant.new_id()}
    check_room(tenant)
    draft = tenant.store.draft("application", tenant.new_id(), created=tenant.now(), properties=values)
    found = tenant.store.commit(draft)
    created = show(context, found, status=201)
    return Response(201, created.body, {**created.headers, "location": f"{context.url}/applications/{found.id}"})


def patch_application(context: Context, key: str) -> Response:
    tenant, found = context.tenant, find(context, "application", key)
    values = writable(tenant, "application", json_body(context.request), found)
    tenant.store.commit(replace(found, properties={**found.properties, **values}))
    return Response(204)


def delete_application(context: Context, key: str) -> Response:
    to_bin(context.tenant, find(context, "application", key))
    return Response(204)


# Directory extensions


def _extensions(context: Context, application: DirectoryObject) -> list[ExtensionProperty]:
    return [one for one in context.tenant.extensions.values() if one.application == application.id]


def _shown(context: Context, one: ExtensionProperty) -> dict[str, object]:
    owner = context.tenant.store.get(one.application) if one.application else None
    return {
        "id": one.id,
        "deletedDateTime": None,
        "appDisplayName": owner.text("displayName") if owner is not None else None,
        "dataType": one.data_type,
        "isMultiValued": one.multi,
        "isSyncedFromOnPremises": one.implied,
        "name": one.name,
        "targetObjects": list(one.targets),
    }


def list_extensions(context: Context, key: str) -> Response:
    application = find(context, "application", key)
    where = f"{context.url}/$metadata#applications('{application.id}')/extensionProperties"
    values = [_shown(context, one) for one in _extensions(context, application)]
    return json_response(200, {"@odata.context": where, "value": values})


def create_extension(context: Context, key: str) -> Response:
    tenant, application = context.tenant, find(context, "application", key)
    body = json_body(context.request)
    required("extensionProperty", body, "name", "dataType", "targetObjects")
    name, data_type, targets = body["name"], body["dataType"], body["targetObjects"]
    multi = body.get("isMultiValued", False)
    unknown = sorted(set(body) - {"name", "dataType", "targetObjects", "isMultiValued", "@odata.type"})
    if unknown:
        raise bad_request(f"Invalid property '{unknown[0]}'.")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise bad_request("Invalid value specified for property 'name' of resource 'ExtensionProperty'.")
    if data_type not in DATA_TYPES or not isinstance(multi, bool) or (multi and data_type not in MULTI_TYPES):
        raise bad_request("Invalid value specified for property 'dataType' of resource 'ExtensionProperty'.")
    if not isinstance(targets, list) or not targets or not set(map(str, targets)) <= set(TARGETS):
        raise bad_request("Invalid value specified for property 'targetObjects' of resource 'ExtensionProperty'.")
    if len(_extensions(context, application)) >= _LIMIT:
        raise bad_request(f"An application can have at most {_LIMIT} extension properties.")
    full = extension_name(str(application.properties["appId"]), name)
    held = tenant.extensions.get(full.casefold())
    if held is not None and not held.implied:
        raise bad_request("An extension property exists with the name " + full + ".")
    chosen = tuple(str(target) for target in targets)
    one = ExtensionProperty(tenant.new_id(), application.id, full, str(data_type), multi, chosen)
    tenant.extensions[full.casefold()] = one
    where = f"{context.url}/$metadata#applications('{application.id}')/extensionProperties/$entity"
    return json_response(201, {"@odata.context": where, **_shown(context, one)})


def _extension(context: Context, key: str, identifier: str) -> ExtensionProperty:
    application = find(context, "application", key)
    found = next((one for one in _extensions(context, application) if one.id == identifier.casefold()), None)
    if found is None:
        raise not_found(identifier)
    return found


def get_extension(context: Context, key: str, identifier: str) -> Response:
    return json_response(200, _shown(context, _extension(context, key, identifier)))


def delete_extension(context: Context, key: str, identifier: str) -> Response:
    del context.tenant.extensions[_extension(context, key, identifier).name.casefold()]
    return Response(204)


def available_extensions(context: Context) -> Response:
    body = json_body(context.request) if context.request.body else {}
    synced = body.get("isSyncedFromOnPremises")
    values = [
        {"@odata.type": _TYPE, **_shown(context, one)}
        for one in context.tenant.extensions.values()
        if synced is None or one.implied is synced
    ]
    return json_response(200, {"@odata.context": f"{context.url}/$metadata#directoryObjects", "value": values})


_ONE = "applications/{id}"
ROUTES = (
    Route("GET", "applications", lambda context: list_kind(context, "application"), "List applications"),
    Route("POST", "applications", create_application, "Register an application"),
    Route("GET", "applications/delta", lambda context: delta_of(context, "application"), "Track applications"),
    Route("GET", "applications/$count", lambda context: count_of(context, "application"), "Count applications"),
    Route(
        "GET",
        _ONE,
        lambda context, key: show(context, find(context, "application", key)),
        "Read an application by id, appId or uniqueName",
        "Only the properties that describe it; credentials, roles and reply addresses are not kept.",
    ),
    Route("PATCH", _ONE, patch_application, "Change an application"),
    Route("DELETE", _ONE, delete_application, "Move an application to the bin"),
    Route("GET", f"{_ONE}/extensionProperties", list_extensions, "List an application's directory extensions"),
    Route("POST", f"{_ONE}/extensionProperties", create_extension, "Add a directory extension"),
    Route("GET", f"{_ONE}/extensionProperties/{{id}}", get_extension, "Read a directory extension"),
    Route("DELETE", f"{_ONE}/extensionProperties/{{id}}", delete_extension, "Remove a directory extension"),
    Route(
        "POST",
        "directoryObjects/getAvailableExtensionProperties",
        available_extensions,
        "List all directory extensions",
        "Extensions that came in over the sync face are all listed as strings.",
    ),
)
