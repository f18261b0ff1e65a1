"""Users and contacts on the strict face: read, create, patch, delete, manager, and the recycle bin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from attrflow_mocks.entra.addresses import SMTP
from attrflow_mocks.entra.answers import GraphError, Response, json_body, json_response
from attrflow_mocks.entra.bin import restore, to_bin
from attrflow_mocks.entra.graph_objects import (
    delta_of,
    find,
    list_kind,
    listing,
    not_found,
    read_reference,
    show,
    typed,
)
from attrflow_mocks.entra.graph_write import MASTERED, bad_request, check_names, conflict, required, writable
from attrflow_mocks.entra.objects import DirectoryObject, instant
from attrflow_mocks.entra.odata import selected
from attrflow_mocks.entra.routing import Context, Route
from attrflow_mocks.entra.settle import Conflict
from attrflow_mocks.entra.store import References

__all__ = ["ROUTES"]

_NOT_STORED = frozenset({"passwordProfile", "onPremisesImmutableId"})


def list_users(context: Context) -> Response:
    return list_kind(context, "user")


def count_kind(context: Context, kind: str) -> Response:
    if not context.options.eventual:
        raise GraphError(400, "Request_BadRequest", "$count is not currently supported.")
    total = sum(1 for _ in context.tenant.store.all(kind))
    return Response(200, str(total).encode(), {"content-type": "text/plain"})


def get_user(context: Context, key: str) -> Response:
    return show(context, find(context, "user", key))


def create_user(context: Context) -> Response:
    tenant, body = context.tenant, json_body(context.request)
    required("user", body, "accountEnabled", "displayName", "mailNickname", "passwordProfile", "userPrincipalName")
    values = writable(tenant, "user", body, None)
    profile = values["passwordProfile"]
    if not isinstance(profile, dict) or not profile.get("password"):
        raise bad_request("A value is required for property 'passwordProfile.password' of resource 'User'.")
    check_names(tenant, "", values)
    anchor = values.get("onPremisesImmutableId")
    draft = tenant.store.draft("user", tenant.new_id(), created=tenant.now())
    draft = _with(draft, {"userType": "Member", **values})
    found = tenant.store.commit(replace(draft, source_anchor=str(anchor) if anchor else None))
    created = show(context, found, status=201)
    return Response(201, created.body, {**created.headers, "location": f"{context.url}/users/{found.id}"})


def patch_user(context: Context, key: str) -> Response:
    tenant, body = context.tenant, json_body(context.request)
    found = find(context, "user", key)
    values = writable(tenant, "user", body, found)
    check_names(tenant, found.id, values)
    draft = _with(found, values)
    if "onPremisesImmutableId" in values:
        anchor = values["onPremisesImmutableId"]
        draft = replace(draft, source_anchor=str(anchor) if anchor else None)
    if "mobilePhone" in values and found.synced:
        draft = replace(draft, overrides=found.overrides | {"mobile"})
    tenant.store.commit(draft)
    if "return=representation" in context.request.header("prefer").casefold():
        return show(context, draft)
    return Response(204)


def _with(found: DirectoryObject, values: Mapping[str, object]) -> DirectoryObject:
    properties = {**found.properties, **{n: v for n, v in values.items() if n not in _NOT_STORED}}
    extended = values.get("onPremisesExtensionAttributes")
    before = found.properties.get("onPremisesExtensionAttributes")
    if isinstance(extended, dict) and isinstance(before, dict):
        properties["onPremisesExtensionAttributes"] = {**before, **extended}
    if "mail" in values:
        mail = values["mail"]
        others = [p for p in found.proxies() if not p.startswith("SMTP:")]
        former = [SMTP + p[len(SMTP) :] for p in found.proxies() if p.startswith("SMTP:")]
        kept = [p for p in (*former, *others) if mail is None or p.casefold() != f"{SMTP}{mail}".casefold()]
        properties["proxyAddresses"] = [f"SMTP:{mail}", *kept] if mail else others
    return replace(found, properties=properties)


def delete_user(context: Context, key: str) -> Response:
    to_bin(context.tenant, find(context, "user", key))
    return Response(204)


def users_delta(context: Context) -> Response:
    return delta_of(context, "user")


def get_manager(context: Context, key: str) -> Response:
    return _manager_of(context, find(context, "user", key))


def _manager_of(context: Context, found: DirectoryObject) -> Response:
    manager = next(context.tenant.store.live_targets(found.id, "manager"), None)
    if manager is None:
        raise not_found("manager")
    where = f"{context.url}/$metadata#directoryObjects/$entity"
    return json_response(200, {"@odata.context": where, **typed(context.options, manager)})


def get_contact_manager(context: Context, key: str) -> Response:
    return _manager_of(context, find(context, "contact", key))


def put_manager(context: Context, key: str) -> Response:
    user, store = _managed(context, key), context.tenant.store
    manager = read_reference(context)
    if manager.kind == "group":
        raise bad_request("Invalid value specified for property 'manager' of resource 'User'.")
    old = [("manager", t) for t in store.links.targets(user.id, "manager") if t != manager.id]
    store.commit(user, References([("manager", manager.id)], old))
    return Response(204)


def delete_manager(context: Context, key: str) -> Response:
    user, store = _managed(context, key), context.tenant.store
    old = [("manager", target) for target in store.links.targets(user.id, "manager")]
    if not old:
        raise not_found("manager")
    store.commit(user, References(remove=old))
    return Response(204)


def _managed(context: Context, key: str) -> DirectoryObject:
    user = find(context, "user", key)
    if user.synced:
        raise bad_request(MASTERED)
    return user


def list_deleted(context: Context) -> Response:
    names = selected(context.options, "user")
    if not context.options.get("select"):
        names = (*names, "deletedDateTime")
    return listing(context, context.tenant.store.deleted("user"), "users", "user", names)


def _deleted(context: Context, key: str) -> DirectoryObject:
    found = context.tenant.store.get(key.casefold())
    if found is None or found.live:
        raise not_found(key)
    return found


def get_deleted(context: Context, key: str) -> Response:
    where = f"{context.url}/$metadata#directoryObjects/$entity"
    found = _deleted(context, key)
    document = typed(context.options, found) | {"deletedDateTime": instant(found.deleted)}
    return json_response(200, {"@odata.context": where, **document})


def restore_deleted(context: Context, key: str) -> Response:
    found = _deleted(context, key)
    drop = bool(context.request.body) and json_body(context.request).get("autoReconcileProxyConflict") is True
    try:
        back = restore(context.tenant, found, drop_taken_proxies=drop)
    except Conflict as taken:
        raise conflict(taken.attribute) from None
    where = f"{context.url}/$metadata#directoryObjects/$entity"
    return json_response(200, {"@odata.context": where, **typed(context.options, back)})


def purge_deleted(context: Context, key: str) -> Response:
    context.tenant.store.purge(_deleted(context, key).id)
    return Response(204)


def list_contacts(context: Context) -> Response:
    return list_kind(context, "contact")


def get_contact(context: Context, key: str) -> Response:
    return show(context, find(context, "contact", key))


def contacts_delta(context: Context) -> Response:
    return delta_of(context, "contact")


_BIN = "directory/deletedItems"
ROUTES = (
    Route("GET", "users", list_users, "List users"),
    Route("POST", "users", create_user, "Create a cloud user"),
    Route("GET", "users/delta", users_delta, "Track changes of users"),
    Route("GET", "users/$count", lambda context: count_kind(context, "user"), "Count users"),
    Route("GET", "users/{id}", get_user, "Read a user by id or userPrincipalName"),
    Route("PATCH", "users/{id}", patch_user, "Change a user"),
    Route("DELETE", "users/{id}", delete_user, "Move a user to the bin"),
    Route("GET", "users/{id}/manager", get_manager, "Read a user's manager"),
    Route("GET", "contacts/{id}/manager", get_contact_manager, "Read a contact's manager"),
    Route("PUT", "users/{id}/manager/$ref", put_manager, "Set a user's manager"),
    Route("DELETE", "users/{id}/manager/$ref", delete_manager, "Remove a user's manager"),
    Route("GET", "contacts", list_contacts, "List contacts"),
    Route("GET", "contacts/delta", contacts_delta, "Track changes of contacts"),
    Route("GET", "contacts/{id}", get_contact, "Read a contact"),
    Route("GET", f"{_BIN}/user", list_deleted, "List users in the bin"),
    Route("GET", f"{_BIN}/{{id}}", get_deleted, "Read an object in the bin"),
    Route("POST", f"{_BIN}/{{id}}/restore", restore_deleted, "Bring an object back"),
    Route("DELETE", f"{_BIN}/{{id}}", purge_deleted, "Remove an object in the bin for good"),
)
