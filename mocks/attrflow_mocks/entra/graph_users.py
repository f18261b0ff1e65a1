"""Users and contacts on the strict face: read, create, patch, delete, deltas.

Their references are `graph_relations`', their licences `graph_licenses`'.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from attrflow_mocks.entra.addresses import SMTP
from attrflow_mocks.entra.answers import GraphError, Response, json_body, json_response
from attrflow_mocks.entra.bin import to_bin
from attrflow_mocks.entra.graph_delta import delta_of
from attrflow_mocks.entra.graph_objects import count_of, find, list_kind, show
from attrflow_mocks.entra.graph_write import bad_request, check_names, check_room, required, writable
from attrflow_mocks.entra.objects import DirectoryObject, instant
from attrflow_mocks.entra.routing import Context, Route

__all__ = ["ROUTES"]

_NOT_STORED = frozenset({"passwordProfile", "onPremisesImmutableId"})
_SENSITIVE = frozenset(
    {"accountEnabled", "businessPhones", "mobilePhone", "onPremisesImmutableId", "otherMails", "passwordProfile"}
    | {"userPrincipalName"}
)
"""Properties of an administrator that no application may change by itself."""


def list_users(context: Context) -> Response:
    return list_kind(context, "user")


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
    check_room(tenant)
    draft = tenant.store.draft("user", tenant.new_id(), created=tenant.now())
    draft = _with(draft, {"userType": "Member", **values})
    found = tenant.store.commit(replace(draft, source_anchor=str(anchor) if anchor else None))
    created = show(context, found, status=201)
    return Response(201, created.body, {**created.headers, "location": f"{context.url}/users/{found.id}"})


def patch_user(context: Context, key: str) -> Response:
    tenant, body = context.tenant, json_body(context.request)
    found = find(context, "user", key)
    values = writable(tenant, "user", body, found)
    if _SENSITIVE.intersection(values):
        _refuse_on_administrators(context, found)
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


def _refuse_on_administrators(context: Context, found: DirectoryObject) -> None:
    if found.admin and context.grant is not None and not context.grant.delegated:
        raise GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def delete_user(context: Context, key: str) -> Response:
    found = find(context, "user", key)
    _refuse_on_administrators(context, found)
    to_bin(context.tenant, found)
    return Response(204)


def revoke_sessions(context: Context, key: str) -> Response:
    tenant, found = context.tenant, find(context, "user", key)
    properties = {**found.properties, "signInSessionsValidFromDateTime": instant(tenant.now())}
    tenant.store.commit(replace(found, properties=properties))
    return json_response(200, {"@odata.context": f"{context.url}/$metadata#Edm.Boolean", "value": True})


def users_delta(context: Context) -> Response:
    return delta_of(context, "user")


def list_contacts(context: Context) -> Response:
    return list_kind(context, "contact")


def get_contact(context: Context, key: str) -> Response:
    return show(context, find(context, "contact", key))


def contacts_delta(context: Context) -> Response:
    return delta_of(context, "contact")


ROUTES = (
    Route("GET", "users", list_users, "List users"),
    Route("POST", "users", create_user, "Create a cloud user"),
    Route("GET", "users/delta", users_delta, "Track changes of users"),
    Route("GET", "users/$count", lambda context: count_of(context, "user"), "Count users"),
    Route("GET", "users/{id}", get_user, "Read a user by id or userPrincipalName"),
    Route("PATCH", "users/{id}", patch_user, "Change a user"),
    Route("DELETE", "users/{id}", delete_user, "Move a user to the bin"),
    Route("POST", "users/{id}/revokeSignInSessions", revoke_sessions, "Revoke a user's sessions"),
    Route("GET", "contacts", list_contacts, "List contacts"),
    Route("GET", "contacts/delta", contacts_delta, "Track changes of contacts"),
    Route("GET", "contacts/$count", lambda context: count_of(context, "contact"), "Count contacts"),
    Route("GET", "contacts/{id}", get_contact, "Read a contact"),
)
