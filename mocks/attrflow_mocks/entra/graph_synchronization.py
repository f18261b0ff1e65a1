"""Synchronization on the strict face: the tenant's switches, and who masters an object.

The switches can be changed by a signed-in administrator only, the source of authority by an application
with the role for it.
"""

from __future__ import annotations

from dataclasses import replace

from attrflow_mocks.entra.answers import Response, json_body, json_response
from attrflow_mocks.entra.authority import switch_authority
from attrflow_mocks.entra.domains import settle_again
from attrflow_mocks.entra.graph_objects import COLLECTIONS, find, not_found
from attrflow_mocks.entra.graph_write import bad_request
from attrflow_mocks.entra.routing import Context, Route

__all__ = ["ROUTES"]

_PREVENTION = frozenset({"disabled", "enabledForCount", "enabledForPercentage"})
_PERCENT = 100


def _settings(context: Context) -> dict[str, object]:
    tenant = context.tenant
    prevention = {"alertThreshold": tenant.alert_threshold, "synchronizationPreventionType": tenant.prevention}
    return {
        "id": tenant.tenant_id,
        "configuration": {"accidentalDeletionPrevention": prevention},
        "features": dict(tenant.features),
    }


def list_settings(context: Context) -> Response:
    where = f"{context.url}/$metadata#directory/onPremisesSynchronization"
    return json_response(200, {"@odata.context": where, "value": [_settings(context)]})


def get_settings(context: Context, key: str) -> Response:
    if key != context.tenant.tenant_id:
        raise not_found(key)
    where = f"{context.url}/$metadata#directory/onPremisesSynchronization/$entity"
    return json_response(200, {"@odata.context": where, **_settings(context)})


def patch_settings(context: Context, key: str) -> Response:
    tenant, body = context.tenant, json_body(context.request)
    if key != tenant.tenant_id:
        raise not_found(key)
    unknown = sorted(set(body) - {"features", "configuration", "@odata.type"})
    if unknown:
        raise bad_request(f"Invalid property '{unknown[0]}'.")
    features = _features(context, body.get("features"))
    threshold, kind = _prevention(context, body.get("configuration"))
    tenant.features.update(features)
    tenant.alert_threshold, tenant.prevention = threshold, kind
    return Response(204)


def _features(context: Context, given: object) -> dict[str, bool]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise bad_request("'features' takes an object.")
    chosen = {name: value for name, value in given.items() if not name.startswith("@")}
    for name, value in chosen.items():
        if name not in context.tenant.features:
            raise bad_request(f"Invalid property '{name}'.")
        if not isinstance(value, bool):
            raise bad_request(f"Invalid value specified for property '{name}'.")
    if (
        chosen.get("passwordWritebackEnabled", context.tenant.features["passwordWritebackEnabled"])
        != (context.tenant.features["passwordWritebackEnabled"])
    ):
        raise bad_request("Changing passwordWritebackEnabled is not supported.")
    return chosen


def _prevention(context: Context, given: object) -> tuple[int | None, str]:
    tenant = context.tenant
    inner = given.get("accidentalDeletionPrevention") if isinstance(given, dict) else None
    if given is not None and not isinstance(inner, dict):
        raise bad_request("'configuration' takes an object with 'accidentalDeletionPrevention'.")
    asked = inner if isinstance(inner, dict) else {}
    kind = asked.get("synchronizationPreventionType", tenant.prevention)
    threshold = asked.get("alertThreshold", tenant.alert_threshold)
    if kind not in _PREVENTION:
        raise bad_request("Invalid value specified for property 'synchronizationPreventionType'.")
    number = isinstance(threshold, int) and not isinstance(threshold, bool) and threshold > 0
    if not number or (kind == "enabledForPercentage" and isinstance(threshold, int) and threshold > _PERCENT):
        raise bad_request("Invalid value specified for property 'alertThreshold'.")
    return (threshold if isinstance(threshold, int) else None), str(kind)


def _behavior(context: Context, kind: str, key: str) -> Response:
    found = find(context, kind, key)
    where = f"{context.url}/$metadata#{COLLECTIONS[kind]}('{found.id}')/onPremisesSyncBehavior/$entity"
    document = {"@odata.context": where, "id": found.id, "isCloudManaged": found.cloud_managed}
    return json_response(200, document)


def _switch(context: Context, kind: str, key: str) -> Response:
    found = find(context, kind, key)
    body = json_body(context.request)
    cloud = body.get("isCloudManaged")
    if not isinstance(cloud, bool):
        raise bad_request("'isCloudManaged' takes true or false.")
    try:
        switch_authority(context.tenant, found, cloud)
    except ValueError as error:
        raise bad_request(str(error)) from None
    return Response(204)


def _retry(context: Context, kind: str, key: str) -> Response:
    found = find(context, kind, key)
    if found.errors:
        settle_again(context.tenant, replace(found))
    return Response(204)


_SETTINGS = "directory/onPremisesSynchronization"
ROUTES = (
    Route("GET", _SETTINGS, list_settings, "Read the synchronization features"),
    Route("GET", f"{_SETTINGS}/{{id}}", get_settings, "Read them by tenant id"),
    Route("PATCH", f"{_SETTINGS}/{{id}}", patch_settings, "Change them (a signed-in administrator only)"),
    *(
        Route("GET", f"{name}/{{id}}/onPremisesSyncBehavior",
              lambda context, key, kind=kind: _behavior(context, kind, key), "Read who masters an object")
        for kind, name in COLLECTIONS.items() if kind in ("user", "group", "contact")
    ),
    *(
        Route("PATCH", f"{name}/{{id}}/onPremisesSyncBehavior",
              lambda context, key, kind=kind: _switch(context, kind, key), "Switch the source of authority")
        for kind, name in COLLECTIONS.items() if kind in ("user", "group", "contact")
    ),
    *(
        Route("POST", f"{name}/{{id}}/retryServiceProvisioning",
              lambda context, key, kind=kind: _retry(context, kind, key), "Try held-back values again")
        for kind, name in COLLECTIONS.items() if kind in ("user", "group", "contact")
    ),
)  # fmt: skip
