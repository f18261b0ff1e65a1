"""Domains on the strict face: adding, verifying, making default, removing, and who uses one."""

from __future__ import annotations

import re
from dataclasses import replace

from attrflow_mocks.entra.addresses import domain_of
from attrflow_mocks.entra.answers import Response, json_body, json_response
from attrflow_mocks.entra.domains import drop_domain, verify
from attrflow_mocks.entra.graph_objects import listing, not_found
from attrflow_mocks.entra.graph_write import bad_request, conflict
from attrflow_mocks.entra.objects import DirectoryObject, Domain
from attrflow_mocks.entra.routing import Context, Route

__all__ = ["ROUTES"]

_NAME = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}", re.IGNORECASE)
_SERVICES = frozenset(
    {"Email", "Sharepoint", "EmailInternalRelayOnly", "OfficeCommunicationsOnline", "SharePointDefaultDomain"}
    | {"FullRedelegation", "SharePointPublic", "OrgIdAuthentication", "Yammer", "Intune"}
)


def _shown(domain: Domain) -> dict[str, object]:
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
        "supportedServices": list(domain.services) if domain.verified else [],
    }


def _found(context: Context, key: str) -> Domain:
    domain = context.tenant.domains.get(key.casefold())
    if domain is None:
        raise not_found(key)
    return domain


def _entity(context: Context, domain: Domain, status: int = 200) -> Response:
    where = f"{context.url}/$metadata#domains/$entity"
    return json_response(status, {"@odata.context": where, **_shown(domain)})


def list_domains(context: Context) -> Response:
    values = [_shown(domain) for domain in context.tenant.domains.values()]
    return json_response(200, {"@odata.context": f"{context.url}/$metadata#domains", "value": values})


def get_domain(context: Context, key: str) -> Response:
    return _entity(context, _found(context, key))


def create_domain(context: Context) -> Response:
    name = json_body(context.request).get("id")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise bad_request("A value is required for property 'id' of resource 'Domain': a domain name.")
    if name.casefold() in context.tenant.domains:
        raise conflict("id")
    domain = context.tenant.domains[name.casefold()] = Domain(name, verified=False)
    created = _entity(context, domain, 201)
    return Response(201, created.body, {**created.headers, "location": f"{context.url}/domains/{name}"})


def verify_domain(context: Context, key: str) -> Response:
    return _entity(context, verify(context.tenant, _found(context, key).name))


def patch_domain(context: Context, key: str) -> Response:
    tenant, domain, body = context.tenant, _found(context, key), json_body(context.request)
    unknown = sorted(set(body) - {"isDefault", "supportedServices", "@odata.type"})
    if unknown:
        raise bad_request(f"Property '{unknown[0]}' is read-only and cannot be set.")
    if not domain.verified:
        raise bad_request(f"Domain {domain.name} is not verified.")
    services = body.get("supportedServices")
    if services is not None:
        if not isinstance(services, list) or not set(map(str, services)) <= _SERVICES:
            raise bad_request("Invalid value specified for property 'supportedServices' of resource 'Domain'.")
        domain = replace(domain, services=tuple(str(one) for one in services))
    default = body.get("isDefault")
    if default is not None:
        if default is not True:
            raise bad_request("The default domain changes by making another one the default.")
        for name, other in tuple(tenant.domains.items()):
            tenant.domains[name] = replace(other, default=False)
        domain = replace(domain, default=True)
    tenant.domains[domain.name.casefold()] = domain
    return Response(204)


def _references(context: Context, domain: Domain) -> list[DirectoryObject]:
    wanted = domain.name.casefold()

    def uses(found: DirectoryObject) -> bool:
        names = [found.text("userPrincipalName") or "", *found.proxies()]
        return any(domain_of(name) == wanted for name in names)

    return [found for found in context.tenant.store.all() if uses(found)]


def list_references(context: Context, key: str) -> Response:
    return listing(context, _references(context, _found(context, key)), "directoryObjects", None)


def delete_domain(context: Context, key: str) -> Response:
    domain = _found(context, key)
    if domain.initial or domain.default:
        kind = "initial" if domain.initial else "default"
        raise bad_request(f"Domain {domain.name} is the {kind} domain and cannot be deleted.")
    if _references(context, domain):
        raise bad_request(f"Domain {domain.name} has references by other objects; see its domainNameReferences.")
    drop_domain(context.tenant, domain.name)
    return Response(204)


ROUTES = (
    Route("GET", "domains", list_domains, "List domains"),
    Route("POST", "domains", create_domain, "Add a domain, not verified yet"),
    Route("GET", "domains/{id}", get_domain, "Read a domain"),
    Route("PATCH", "domains/{id}", patch_domain, "Make a domain the default, or change its services"),
    Route("DELETE", "domains/{id}", delete_domain, "Remove a domain that nobody uses"),
    Route(
        "POST",
        "domains/{id}/verify",
        verify_domain,
        "Verify a domain",
        "Always succeeds: no DNS is asked.",
    ),
    Route("GET", "domains/{id}/domainNameReferences", list_references, "List the objects that use a domain"),
)
