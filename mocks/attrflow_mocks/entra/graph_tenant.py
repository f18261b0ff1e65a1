"""The tenant itself on the strict face: organization, domains, synchronization settings, any object by id."""

from __future__ import annotations

from attrflow_mocks.entra.answers import Response, json_body, json_response
from attrflow_mocks.entra.graph_objects import not_found, typed
from attrflow_mocks.entra.graph_write import bad_request
from attrflow_mocks.entra.objects import Domain, instant
from attrflow_mocks.entra.odata import Options
from attrflow_mocks.entra.routing import Context, Route

__all__ = ["ROUTES"]

_IDS_LIMIT = 1000
_SERVICES = ["Email", "OfficeCommunicationsOnline"]


def organization(context: Context) -> Response:
    return _collection(context, "organization", [_organization(context)])


def organization_by_id(context: Context, key: str) -> Response:
    if key != context.tenant.tenant_id:
        raise not_found(key)
    where = f"{context.url}/$metadata#organization/$entity"
    return json_response(200, {"@odata.context": where, **_organization(context)})


def _organization(context: Context) -> dict[str, object]:
    tenant = context.tenant
    verified = [
        {
            "capabilities": ", ".join(_SERVICES),
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


def refuse_organization(_: Context, key: str) -> Response:
    raise bad_request(f"The properties of organization {key} are read-only and cannot be set.")


def domains(context: Context) -> Response:
    return _collection(context, "domains", [_domain(domain) for domain in context.tenant.domains.values()])


def domain_by_id(context: Context, key: str) -> Response:
    domain = context.tenant.domains.get(key.casefold())
    if domain is None:
        raise not_found(key)
    where = f"{context.url}/$metadata#domains/$entity"
    return json_response(200, {"@odata.context": where, **_domain(domain)})


def _domain(domain: Domain) -> dict[str, object]:
    return {
        "id": domain.name,
        "authenticationType": domain.authentication,
        "availabilityStatus": None,
        "isAdminManaged": True,
        "isDefault": domain.default,
        "isInitial": domain.initial,
        "isRoot": True,
        "isVerified": domain.verified,
        "passwordNotificationWindowInDays": 14,
        "passwordValidityPeriodInDays": 2147483647,
        "state": None,
        "supportedServices": _SERVICES if domain.verified else [],
    }


def synchronization(context: Context) -> Response:
    return _collection(context, "directory/onPremisesSynchronization", [_synchronization(context)])


def synchronization_by_id(context: Context, key: str) -> Response:
    if key != context.tenant.tenant_id:
        raise not_found(key)
    where = f"{context.url}/$metadata#directory/onPremisesSynchronization/$entity"
    return json_response(200, {"@odata.context": where, **_synchronization(context)})


def _synchronization(context: Context) -> dict[str, object]:
    prevention = {"alertThreshold": 500, "synchronizationPreventionType": "enabledForCount"}
    return {
        "id": context.tenant.tenant_id,
        "configuration": {"accidentalDeletionPrevention": prevention},
        "features": dict(context.tenant.features),
    }


def directory_object(context: Context, key: str) -> Response:
    found = context.tenant.store.live(key)
    if found is None:
        raise not_found(key)
    where = f"{context.url}/$metadata#directoryObjects/$entity"
    return json_response(200, {"@odata.context": where, **typed(context.options, found)})


def get_by_ids(context: Context) -> Response:
    body = json_body(context.request)
    ids, types = body.get("ids"), body.get("types")
    if not isinstance(ids, list) or not 1 <= len(ids) <= _IDS_LIMIT:
        raise bad_request(f"'ids' takes a list of 1 to {_IDS_LIMIT} object ids.")
    names = {"orgContact": "contact"}
    kinds = {names.get(str(name), str(name)) for name in types} if isinstance(types, list) and types else None
    found = [context.tenant.store.live(str(identifier)) for identifier in ids]
    plain = Options({}, eventual=False)
    values = [
        typed(plain, item)
        for item in found
        if item is not None and (kinds is None or item.kind in kinds or "directoryObject" in kinds)
    ]
    return _collection(context, "directoryObjects", values)


def _collection(context: Context, where: str, values: list[dict[str, object]]) -> Response:
    return json_response(200, {"@odata.context": f"{context.url}/$metadata#{where}", "value": values})


_SYNCHRONIZATION = "directory/onPremisesSynchronization"
ROUTES = (
    Route("GET", "organization", organization, "Read the tenant"),
    Route("GET", "organization/{id}", organization_by_id, "Read the tenant by id"),
    Route("PATCH", "organization/{id}", refuse_organization, "Always refused"),
    Route("GET", "domains", domains, "List domains"),
    Route("GET", "domains/{id}", domain_by_id, "Read a domain"),
    Route("GET", _SYNCHRONIZATION, synchronization, "Read the synchronization features"),
    Route("GET", f"{_SYNCHRONIZATION}/{{id}}", synchronization_by_id, "Read them by tenant id"),
    Route("GET", "directoryObjects/{id}", directory_object, "Read any object"),
    Route("POST", "directoryObjects/getByIds", get_by_ids, "Read up to 1,000 objects"),
)
