"""The token endpoint: OpenID discovery, client credentials by secret, and the check of bearer tokens.

A token is good because this endpoint issued it; its text looks like a JWT because clients decode it.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qs

import orjson

from attrflow_mocks.entra.answers import GraphError, Request, Response, json_response
from attrflow_mocks.entra.state import TenantState
from attrflow_mocks.identifiers import Identifiers

__all__ = ["GRAPH_RESOURCE", "ROLES", "Grant", "TokenIssuer"]

GRAPH_RESOURCE = "https://graph.microsoft.com"
_LIFETIME = 3599
ROLES = (
    *("Device.Read.All", "Directory.Read.All", "Directory.ReadWrite.All", "Domain.Read.All"),
    *("Domain.ReadWrite.All", "Group.Read.All", "Group.ReadWrite.All", "GroupMember.ReadWrite.All"),
    *("OnPremDirectorySynchronization.Read.All", "OrgContact.Read.All", "Organization.Read.All"),
    *("User.DeleteRestore.All", "User.Read.All", "User.ReadWrite.All", "Mock.Ingest.ReadWrite.All"),
)
"""Application roles in every token; the last is the ingest face's own and exists nowhere else."""
_CHALLENGE = (
    'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", '
    'client_id="00000003-0000-0000-c000-000000000000"'
)


@dataclass(frozen=True, slots=True)
class Grant:
    """What an issued token stands for."""

    application: str
    expires: datetime


class _Refused(Exception):
    def __init__(self, status: int, error: str, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.error, self.code, self.message = status, error, code, message


class TokenIssuer:
    """Issues and knows the tokens of one tenant."""

    def __init__(self, tenant: TenantState, applications: Mapping[str, str], identifiers: Identifiers) -> None:
        self._tenant = tenant
        self._applications = applications
        self._identifiers = identifiers
        self._grants: dict[str, Grant] = {}

    def issue(self, application: str, expired: bool = False) -> str:
        """A new token for an application; `expired` ones are refused like old ones.

        Raises:
            LookupError: the tenant has no such application.
        """
        if application not in self._applications:
            raise LookupError(f"the tenant has no application {application!r}")
        now = self._tenant.clock.now()
        expires = now if expired else now + timedelta(seconds=_LIFETIME)
        claims = {
            "aud": GRAPH_RESOURCE,
            "iss": f"https://sts.windows.net/{self._tenant.tenant_id}/",
            "iat": int(now.timestamp()),
            "nbf": int(now.timestamp()),
            "exp": int(expires.timestamp()),
            "appid": application,
            "idtyp": "app",
            "oid": str(self._identifiers.guid()),
            "roles": list(ROLES),
            "tid": self._tenant.tenant_id,
            "uti": self._identifiers.token(12),
            "ver": "1.0",
        }
        parts = [{"alg": "none", "typ": "JWT"}, claims]
        token = ".".join([*(_base64(orjson.dumps(part)) for part in parts), self._identifiers.token(16)])
        self._grants[token] = Grant(application, expires)
        return token

    def check(self, request: Request, expire: bool = False) -> Grant:
        """Who sends a request.

        Raises:
            GraphError: 401, without a token that was issued here and is still valid.
        """
        scheme, _, token = request.header("authorization").partition(" ")
        if scheme.casefold() != "bearer" or not token.strip():
            raise _unauthorized("Access token is empty.")
        grant = self._grants.get(token.strip())
        if grant is None:
            raise _unauthorized("CompactToken parsing failed with error code: 80049217")
        if expire or grant.expires <= self._tenant.clock.now():
            raise _unauthorized("Lifetime validation failed, the token is expired.")
        return grant

    # HTTP

    def discovery(self, request: Request, tenant: str) -> Response:
        """`GET /{tenant}/v2.0/.well-known/openid-configuration`."""
        if not self._knows(tenant):
            return self._error(request, self._unknown_tenant(tenant))
        base = f"{request.origin}/{tenant}"
        document = {
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "issuer": f"{request.origin}/{self._tenant.tenant_id}/v2.0",
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
        }
        return json_response(200, document, {"content-type": "application/json; charset=utf-8"})

    def token(self, request: Request, tenant: str, expired: bool = False) -> Response:
        """`POST /{tenant}/oauth2/v2.0/token`, client credentials by secret."""
        try:
            application = self._authenticated(request, tenant)
        except _Refused as refused:
            return self._error(request, refused)
        token = self.issue(application, expired)
        seconds = 0 if expired else _LIFETIME
        document = {
            "token_type": "Bearer",
            "expires_in": seconds,
            "ext_expires_in": seconds,
            "access_token": token,
        }
        return json_response(200, document, {"content-type": "application/json; charset=utf-8"})

    def _authenticated(self, request: Request, tenant: str) -> str:
        if not self._knows(tenant):
            raise self._unknown_tenant(tenant)
        form = {name: values[0] for name, values in parse_qs(request.body.decode("utf-8", "replace")).items()}
        for name in ("grant_type", "client_id", "scope"):
            if not form.get(name):
                message = f"The request body must contain the following parameter: '{name}'."
                raise _Refused(400, "invalid_request", 900144, message)
        if form["grant_type"] != "client_credentials":
            message = f"The grant type '{form['grant_type']}' is not supported by this endpoint."
            raise _Refused(400, "unsupported_grant_type", 70003, message)
        self._check_scope(request, form["scope"])
        secret = self._applications.get(form["client_id"])
        if secret is None:
            message = f"Application with identifier '{form['client_id']}' was not found in the directory."
            raise _Refused(401, "unauthorized_client", 700016, message)
        if "client_secret" not in form:
            message = "The request body must contain 'client_assertion' or 'client_secret'."
            raise _Refused(401, "invalid_client", 7000218, message)
        if form["client_secret"] != secret:
            message = "Invalid client secret provided. Ensure the secret being sent is the client secret value."
            raise _Refused(401, "invalid_client", 7000215, message)
        return form["client_id"]

    def _check_scope(self, request: Request, scope: str) -> None:
        resource, _, name = scope.rpartition("/")
        if name != ".default" or " " in scope:
            message = f"The scope {scope} is not valid: it must end in /.default."
            raise _Refused(400, "invalid_scope", 1002012, message)
        if resource.rstrip("/") not in (GRAPH_RESOURCE, request.origin):
            message = f"The resource principal named {resource} was not found in the tenant."
            raise _Refused(400, "invalid_resource", 500011, message)

    def _knows(self, tenant: str) -> bool:
        name = tenant.casefold()
        own = {self._tenant.tenant_id.casefold(), "common", "organizations"}
        return name in own or self._tenant.is_verified(name)

    def _unknown_tenant(self, tenant: str) -> _Refused:
        return _Refused(400, "invalid_request", 90002, f"Tenant '{tenant}' not found.")

    def _error(self, request: Request, refused: _Refused) -> Response:
        correlation = request.header("client-request-id") or str(self._identifiers.guid())
        stamp = f"{self._tenant.clock.now():%Y-%m-%d %H:%M:%SZ}"
        trace = str(self._identifiers.guid())
        document = {
            "error": refused.error,
            "error_description": f"AADSTS{refused.code}: {refused.message} Trace ID: {trace} "
            f"Correlation ID: {correlation} Timestamp: {stamp}",
            "error_codes": [refused.code],
            "timestamp": stamp,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"https://login.microsoftonline.com/error?code={refused.code}",
        }
        return json_response(refused.status, document, {"content-type": "application/json; charset=utf-8"})


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def _unauthorized(message: str) -> GraphError:
    return GraphError(401, "InvalidAuthenticationToken", message, headers={"www-authenticate": _CHALLENGE})
