"""The tenant itself on the strict face, and any object by its id alone."""

from __future__ import annotations

from attrflow_mocks.entra.answers import GraphError, Response, json_body, json_response
from attrflow_mocks.entra.bin import to_bin
from attrflow_mocks.entra.graph_delta import delta_of_all
from attrflow_mocks.entra.graph_objects import not_found, typed
from attrflow_mocks.entra.graph_write import bad_request, changeable_group, check_names, is_unified
from attrflow_mocks.entra.objects import instant
from attrflow_mocks.entra.routing import Context, Route

__all__ = ["ROUTES"]

_IDS_LIMIT = 1000
_UNPROCESSABLE = 422


def organization(context: Context) -> Response:
    where = f"{context.url}/$metadata#organization"
    return json_response(200, {"@odata.context": where, "value": [_organization(context)]})


def organization_by_id(context: Context, key: str) -> Response:
    if key != context.tenant.tenant_id:
        raise not_found(key)
    where = f"{context.url}/$metadata#organization/$entity"
    return json_response(200, {"@odata.context": where, **_organization(context)})


def _organization(context: Context) -> dict[str, object]:
    tenant = context.tenant
    verified = [
        {
            "capabilities": ", ".join(domain.services),
            "isDefault": domain.default,
            "isInitial": domain.initial,
            "name": domain.name,
            "type": domain.authentication,
        }
        for domain in tenant.domains.values()
        if domain.verified
    ]
    return {
        "id": tenant.tenant_id,
        "displayName": tenant.display_name,
        "tenantType": "AAD",
        "onPremisesSyncEnabled": True if tenant.last_sync is not None else None,
        "onPremisesLastSyncDateTime": instant(tenant.last_sync),
        "verifiedDomains": verified,
        "assignedPlans": [],
        "provisionedPlans": [],
        "technicalNotificationMails": [],
    }


def refuse_organization(context: Context, key: str) -> Response:
    if key != context.tenant.tenant_id:
        raise not_found(key)
    name = next(iter(json_body(context.request)), "id")
    raise bad_request(f"Property '{name}' is read-only and cannot be set.")


def directory_object(context: Context, key: str) -> Response:
    found = context.tenant.store.live(key)
    if found is None:
        raise not_found(key)
    where = f"{context.url}/$metadata#directoryObjects/$entity"
    return json_response(200, {"@odata.context": where, **typed(context, found)})


def delete_directory_object(context: Context, key: str) -> Response:
    found = context.tenant.store.live(key)
    if found is None:
        raise not_found(key)
    if found.kind == "contact":
        raise GraphError(405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")
    if found.admin and context.grant is not None and not context.grant.delegated:
        raise GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
    if found.kind == "group":
        changeable_group(found)
    if found.kind in ("user", "application") or is_unified(found):
        to_bin(context.tenant, found)
    else:
        context.tenant.store.purge(found.id)
    return Response(204)


def get_by_ids(context: Context) -> Response:
    body = json_body(context.request)
    ids, types = body.get("ids"), body.get("types")
    if not isinstance(ids, list) or not 1 <= len(ids) <= _IDS_LIMIT:
        raise bad_request(f"'ids' takes a list of 1 to {_IDS_LIMIT} object ids.")
    names = {"orgContact": "contact"}
    kinds = {names.get(str(name), str(name)) for name in types} if isinstance(types, list) and types else None
    found = [context.tenant.store.live(str(identifier)) for identifier in ids]
    values = [
        typed(context, item)
        for item in found
        if item is not None and (kinds is None or item.kind in kinds or "directoryObject" in kinds)
    ]
    return json_response(200, {"@odata.context": f"{context.url}/$metadata#directoryObjects", "value": values})


def validate_properties(context: Context) -> Response:
    """Whether a group's name and nickname could be used: 204, or 422 with what is wrong."""
    body = json_body(context.request)
    if body.get("entityType") not in ("Group", None):
        raise bad_request("'entityType' must be Group.")
    name, nickname = body.get("displayName"), body.get("mailNickname")
    if name is None and nickname is None:
        raise bad_request("Give 'displayName', 'mailNickname', or both.")
    try:
        check_names(context.tenant, "", {"mailNickname": nickname})
    except GraphError as error:
        detail = ("PropertyFormatInvalid", error.message, "mailNickname")
        raise GraphError(_UNPROCESSABLE, "UnprocessableEntity", error.message, details=[detail]) from None
    return Response(204)


ROUTES = (
    Route("GET", "organization", organization, "Read the tenant"),
    Route("GET", "organization/{id}", organization_by_id, "Read the tenant by id"),
    Route(
        "PATCH",
        "organization/{id}",
        refuse_organization,
        "Always refused",
        "Refused for every property; the service lets a few contact addresses be changed.",
    ),
    Route("GET", "directoryObjects/delta", delta_of_all, "Track changes of objects of several kinds"),
    Route("GET", "directoryObjects/{id}", directory_object, "Read any object"),
    Route("DELETE", "directoryObjects/{id}", delete_directory_object, "Delete any object"),
    Route("POST", "directoryObjects/getByIds", get_by_ids, "Read up to 1,000 objects"),
    Route(
        "POST",
        "directoryObjects/validateProperties",
        validate_properties,
        "Ask whether a group's names are well-formed",
        "Naming policies and blocked words are not kept; only the form is looked at.",
    ),
)
