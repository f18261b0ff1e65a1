"""What an administrator of the tenant does in the portal, as the control plane and tests ask for it.

Knows the tenant and the shape of the request; no HTTP.
"""

from __future__ import annotations

from attrflow_mocks.control_values import ClientDocument, TenantRequest
from attrflow_mocks.entra.clients import ROLES, Client
from attrflow_mocks.entra.settle import Conflict
from attrflow_mocks.entra.tenant import Tenant
from attrflow_mocks.entra.throttle import Limits

__all__ = ["RefusedError", "administer"]


class RefusedError(Exception):
    """A directory or the tenant refused an edit; the text is its own reason."""


def administer(tenant: Tenant, asked: TenantRequest) -> None:
    """Do all that is asked, in the order of the request's fields.

    Raises:
        LookupError: no such user, object or switch.
        RefusedError: the tenant refused; what was asked before it is done.
    """
    unknown = sorted(set(asked.features) - set(tenant.features))
    if unknown:
        raise LookupError(f"no feature is named {', '.join(unknown)}; there are: {', '.join(sorted(tenant.features))}")
    try:
        for domain in asked.verify_domains:
            tenant.verify_domain(domain)
        for domain in asked.remove_domains:
            tenant.remove_domain(domain)
        tenant.features.update(asked.features)
        _people(tenant, asked)
        for document in asked.clients:
            tenant.register_client(_client(document))
    except Conflict as error:
        raise RefusedError(error.message) from error
    except ValueError as error:
        raise RefusedError(str(error)) from error
    if asked.throttling is not None:
        tenant.limits = Limits.documented(tenant.counts()["user"]) if asked.throttling else None
    if asked.lag is not None:
        tenant.lag = max(0.0, asked.lag)
    if asked.strict_mobile is not None:
        tenant.strict_mobile = asked.strict_mobile
    if asked.object_quota is not None:
        tenant.object_quota = asked.object_quota or None
    if asked.object_size is not None:
        tenant.object_size = asked.object_size or None
    if asked.retry_provisioning_errors:
        tenant.retry_provisioning_errors()


def _people(tenant: Tenant, asked: TenantRequest) -> None:
    for user in asked.assign_exchange:
        tenant.assign_exchange(user)
    for user in asked.remove_exchange:
        tenant.assign_exchange(user, assigned=False)
    for user in asked.make_admin:
        tenant.make_admin(user)
    for user in asked.remove_admin:
        tenant.make_admin(user, admin=False)
    for user, number in asked.override_mobile.items():
        tenant.override_mobile(user, number)
    for user, numbers in asked.override_other_mobile.items():
        tenant.override_other_mobile(user, numbers)
    for name, cloud in asked.cloud_mastered.items():
        tenant.switch_authority(name, cloud)


def _client(document: ClientDocument) -> Client:
    roles = ROLES if document.roles is None else document.roles
    return Client(document.id, document.secret, roles, document.certificates, document.secret_expired, document.enabled)
