"""The token endpoint: OpenID discovery, client credentials by secret or certificate, the check of bearer tokens.

A token is good because this endpoint issued it; its text looks like a JWT because clients decode it.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import parse_qs

import orjson

from attrflow_mocks.entra.answers import GraphError, Request, Response, json_response
from attrflow_mocks.entra.assertions import AssertionRefused, client_of, verify_assertion
from attrflow_mocks.entra.clients import Client, Grant
from attrflow_mocks.entra.state import TenantState
from attrflow_mocks.identifiers import Identifiers

__all__ = [
    "DISCOVERY_PATH",
    "GRAPH_RESOURCE",
    "INSTANCE_PATH",
    "KEYS_PATH",
    "TOKEN_PATH",
    "TOKEN_PATH_V1",
    "TokenIssuer",
]

GRAPH_RESOURCE = "https://graph.microsoft.com"
GRAPH_APPLICATION = "00000003-0000-0000-c000-000000000000"
DISCOVERY_PATH = "/v2.0/.well-known/openid-configuration"
KEYS_PATH = "/discovery/v2.0/keys"
INSTANCE_PATH = "/common/discovery/instance"
TOKEN_PATH = "/oauth2/v2.0/token"  # noqa: S105 - a path
TOKEN_PATH_V1 = "/oauth2/token"  # noqa: S105 - a path
_LIFETIME = 3599
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_REAL_LOGIN = "https://login.microsoftonline.com"
_TOKEN_TYPE = {"content-type": "application/json; charset=utf-8"}
_CHALLENGE = (
    'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", '
    'client_id="00000003-0000-0000-c000-000000000000"'
)


class _Refused(Exception):
    def __init__(self, status: int, error: str, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.error, self.code, self.message = status, error, code, message


class TokenIssuer:
    """Issues and knows the tokens of one tenant."""

    def __init__(self, tenant: TenantState, identifiers: Identifiers) -> None:
        self._tenant = tenant
        self._identifiers = identifiers
        self._grants: dict[str, Grant] = {}

    def issue(
        self, application: str, expired: bool = False, *, audience: str = GRAPH_RESOURCE, user: str | None = None
    ) -> str:
        """A new token for an application; `expired` ones are refused like old ones.

        With `user`, the id of an administrator, it is a token as after an interactive sign-in.

        Raises:
            LookupError: the tenant has no such application.
        """
        client = self._tenant.clients.get(application)
        if client is None:
            raise LookupError(f"the tenant has no application {application!r}")
        now = self._tenant.clock.now()
        expires = now if expired else now + timedelta(seconds=_LIFETIME)
        rights: dict[str, object] = {"idtyp": "app", "roles": list(client.roles)}
        if user is not None:
            rights = {"idtyp": "user", "scp": " ".join(client.roles)}
        claims = {
            "aud": audience,
            "iss": f"https://sts.windows.net/{self._tenant.tenant_id}/",
            "iat": int(now.timestamp()),
            "nbf": int(now.timestamp()),
            "exp": int(expires.timestamp()),
            "appid": application,
            **rights,
            "oid": user or str(self._identifiers.guid()),
            "tid": self._tenant.tenant_id,
            "uti": self._identifiers.token(12),
            "ver": "1.0",
        }
        parts = [{"alg": "none", "typ": "JWT"}, claims]
        token = ".".join([*(_base64(orjson.dumps(part)) for part in parts), self._identifiers.token(16)])
        self._grants[token] = Grant(application, expires, frozenset(client.roles), user)
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
            raise _unauthorized(_why_not(token.strip(), request.origin))
        if expire or grant.expires <= self._tenant.clock.now():
            raise _unauthorized("Lifetime validation failed, the token is expired.")
        client = self._tenant.clients.get(grant.application)
        if client is None or not client.enabled:
            message = "The identity of the calling application could not be established."
            raise GraphError(403, "Authorization_IdentityNotFound", message)
        return grant

    def application(self, request: Request) -> str:
        """The application whose token a request carries, as far as it is one of this tenant's; empty otherwise."""
        grant = self._grants.get(request.header("authorization").partition(" ")[2].strip())
        return grant.application if grant is not None else ""

    # HTTP

    def discovery(self, request: Request, tenant: str) -> Response:
        """`GET /{tenant}/v2.0/.well-known/openid-configuration`."""
        if not self._knows(tenant):
            return self._error(request, self._unknown_tenant(tenant))
        base = f"{request.origin}/{tenant}"
        document = {
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "issuer": f"{request.origin}/{self._tenant.tenant_id}/v2.0",
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
        }
        return json_response(200, document, _TOKEN_TYPE)

    def instance_discovery(self, request: Request) -> Response:
        """`GET /common/discovery/instance`: which hosts sign in for this tenant (this one alone)."""
        host = request.origin.partition("://")[2]
        document = {
            "tenant_discovery_endpoint": f"{request.origin}/{self._tenant.tenant_id}{DISCOVERY_PATH}",
            "api-version": "1.1",
            "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
        }
        return json_response(200, document, _TOKEN_TYPE)

    def keys(self, request: Request, tenant: str) -> Response:
        """`GET /{tenant}/discovery/v2.0/keys`: none, since tokens are known here by having been issued here."""
        if not self._knows(tenant):
            return self._error(request, self._unknown_tenant(tenant))
        return json_response(200, {"keys": []}, _TOKEN_TYPE)

    def token(self, request: Request, tenant: str, expired: bool = False, *, first_version: bool = False) -> Response:
        """`POST /{tenant}/oauth2/v2.0/token`, or the older `/oauth2/token` with `resource` for `scope`."""
        try:
            client, resource = self._authenticated(request, tenant, first_version=first_version)
        except _Refused as refused:
            return self._error(request, refused)
        token = self.issue(client.id, expired, audience=resource)
        seconds = 0 if expired else _LIFETIME
        document: dict[str, object] = {
            "token_type": "Bearer",
            "expires_in": seconds,
            "ext_expires_in": seconds,
            "access_token": token,
        }
        if first_version:
            now = int(self._tenant.clock.now().timestamp())
            moments = {"expires_on": str(now + seconds), "not_before": str(now), "resource": resource}
            document |= {"expires_in": str(seconds), "ext_expires_in": str(seconds), **moments}
        return json_response(200, document, _TOKEN_TYPE)

    def _authenticated(self, request: Request, tenant: str, *, first_version: bool) -> tuple[Client, str]:
        if not self._knows(tenant):
            raise self._unknown_tenant(tenant)
        try:
            given = parse_qs(request.body.decode("utf-8", "replace"), max_num_fields=50)
        except ValueError:
            raise _Refused(400, "invalid_request", 90014, "The request body holds too many parameters.") from None
        form = {name: values[0] for name, values in given.items()}
        asserted = form.get("client_assertion")
        if asserted and not form.get("client_id"):
            form["client_id"] = self._claimed(asserted)
        for name in ("grant_type", "client_id", "resource" if first_version else "scope"):
            if not form.get(name):
                message = f"The request body must contain the following parameter: '{name}'."
                raise _Refused(400, "invalid_request", 900144, message)
        if form["grant_type"] != "client_credentials":
            message = f"The grant type '{form['grant_type']}' is not supported by this endpoint."
            raise _Refused(400, "unsupported_grant_type", 70003, message)
        resource = form["resource"] if first_version else self._resource(form["scope"])
        self._check_resource(request, resource)
        client = self._tenant.clients.get(form["client_id"])
        if client is None:
            message = f"Application with identifier '{form['client_id']}' was not found in the directory."
            raise _Refused(401, "unauthorized_client", 700016, message)
        self._check_proof(request, client, form)
        return client, resource.rstrip("/")

    def _claimed(self, assertion: str) -> str:
        try:
            return client_of(assertion)
        except AssertionRefused as refused:
            raise _Refused(401, "invalid_client", refused.code, refused.message) from None

    def _check_proof(self, request: Request, client: Client, form: Mapping[str, str]) -> None:
        if "client_assertion" in form:
            if form.get("client_assertion_type") != _ASSERTION_TYPE:
                message = f"The 'client_assertion_type' must be {_ASSERTION_TYPE}."
                raise _Refused(400, "invalid_request", 900144, message)
            now = self._tenant.clock.now()
            audiences = self._audiences(request)
            try:
                verify_assertion(form["client_assertion"], client.id, client.certificates, audiences, now)
            except AssertionRefused as refused:
                raise _Refused(401, "invalid_client", refused.code, refused.message) from None
            return
        if "client_secret" not in form:
            message = "The request body must contain 'client_assertion' or 'client_secret'."
            raise _Refused(401, "invalid_client", 7000218, message)
        if client.secret is None or form["client_secret"] != client.secret:
            message = "Invalid client secret provided. Ensure the secret being sent is the client secret value."
            raise _Refused(401, "invalid_client", 7000215, message)
        if client.secret_expired:
            message = f"The provided client secret keys for app '{client.id}' are expired."
            raise _Refused(401, "invalid_client", 7000222, message)

    def _audiences(self, request: Request) -> list[str]:
        """The names of the token endpoint that an assertion may be made for: here, and the real one's."""
        names = [self._tenant.tenant_id, "common", "organizations"]
        names += [domain.name for domain in self._tenant.domains.values() if domain.verified]
        used = request.path.strip("/").partition("/")[0]
        roots = [
            f"{origin}/{name}" for origin in (request.origin, _REAL_LOGIN) for name in dict.fromkeys([used, *names])
        ]
        return [f"{root}{path}" for root in roots for path in (TOKEN_PATH, TOKEN_PATH_V1, "/v2.0", "/")]

    def _resource(self, scope: str) -> str:
        resource, _, name = scope.rpartition("/")
        if name != ".default" or " " in scope:
            message = f"The scope {scope} is not valid: it must end in /.default."
            raise _Refused(400, "invalid_scope", 1002012, message)
        return resource

    def _check_resource(self, request: Request, resource: str) -> None:
        if resource.rstrip("/") not in (GRAPH_RESOURCE, GRAPH_APPLICATION, request.origin):
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
        return json_response(refused.status, document, _TOKEN_TYPE)


def _why_not(token: str, origin: str) -> str:
    """What is said of a token that was not issued here: a real one for something else is told from rubbish."""
    parts = token.split(".")
    try:
        claims = (
            orjson.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))) if len(parts) == 3 else None
        )
    except ValueError:  # neither base64 nor JSON
        claims = None
    if not isinstance(claims, dict):
        return "CompactToken parsing failed with error code: 80049217"
    if str(claims.get("aud")).rstrip("/") not in (GRAPH_RESOURCE, GRAPH_APPLICATION, origin):
        return "Access token validation failure. Invalid audience."
    return "Signing key is invalid."


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def _unauthorized(message: str) -> GraphError:
    return GraphError(401, "InvalidAuthenticationToken", message, headers={"www-authenticate": _CHALLENGE})
