"""The token endpoint's answers and errors, and the check of bearer tokens on both faces."""

from __future__ import annotations

import base64
import json
from urllib.parse import urlencode

import pytest

from attrflow_mocks.clock import Clock
from attrflow_mocks.entra.direct import Answer, DirectClient
from attrflow_mocks.faults import Fault

TENANT = "7d0a4f0e-2c1b-4e57-9a36-0d9e9f0a1b2c"
FORM = {
    "grant_type": "client_credentials",
    "client_id": "0f3c2c5a-6e8a-4d9f-9d53-5b8a1f0c7e11",
    "client_secret": "open sesame",
    "scope": "https://graph.microsoft.com/.default",
}


def ask(client: DirectClient, tenant: str = TENANT, **change: str) -> Answer:
    form = {name: value for name, value in {**FORM, **change}.items() if value}
    return client.send("POST", f"/{tenant}/oauth2/v2.0/token", urlencode(form).encode())


@pytest.mark.parametrize("tenant", [TENANT, "contoso.com", "organizations"])
def test_discovery_leads_to_the_endpoint(client: DirectClient, tenant: str) -> None:
    answer = client.send("GET", f"/{tenant}/v2.0/.well-known/openid-configuration")
    assert answer.json["token_endpoint"] == f"http://tenant.test/{tenant}/oauth2/v2.0/token"
    assert {"authorization_endpoint", "issuer", "jwks_uri", "device_authorization_endpoint"} <= set(answer.json)


def test_a_token_opens_both_faces(client: DirectClient) -> None:
    answer = ask(client)
    assert (answer.status, answer.json["token_type"], answer.json["expires_in"]) == (200, "Bearer", 3599)
    bearer = {"authorization": f"Bearer {answer.json['access_token']}"}
    assert client.graph("GET", "organization", headers=bearer).status == 200
    assert client.send("GET", "/ingest/v1/schema", headers=bearer).status == 200


@pytest.mark.parametrize(
    ("change", "status", "error", "code"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_id": "00000000-0000-0000-0000-000000000000"}, 401, "unauthorized_client", 700016),
        ({"tenant": "nobody.example"}, 400, "invalid_request", 90002),
        ({"scope": "User.Read"}, 400, "invalid_scope", 1002012),
        ({"scope": ""}, 400, "invalid_request", 900144),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"scope": "https://other.example/.default"}, 400, "invalid_resource", 500011),
    ],
)
def test_errors(client: DirectClient, change: dict[str, str], status: int, error: str, code: int) -> None:
    answer = ask(client, **change)
    assert (answer.status, answer.json["error"], answer.json["error_codes"]) == (status, error, [code])
    assert answer.json["error_description"].startswith(f"AADSTS{code}: ")


def jwt_part(audience: str) -> str:
    """The claims of a token that somebody else issued."""
    return base64.urlsafe_b64encode(json.dumps({"aud": audience}).encode()).decode().rstrip("=")


@pytest.mark.parametrize("path", ["/v1.0/users", "/ingest/v1/delta", "/v1.0/$batch"])
@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("", "Access token is empty."),
        ("Basic abc", "Access token is empty."),
        ("Bearer fake", "CompactToken parsing failed with error code: 80049217"),
        ("Bearer a.é.c", "CompactToken parsing failed with error code: 80049217"),
        ("Bearer a.MQ.c", "CompactToken parsing failed with error code: 80049217"),
        (f"Bearer a.{jwt_part('https://vault.azure.net')}.c", "Access token validation failure. Invalid audience."),
        (f"Bearer a.{jwt_part('https://graph.microsoft.com/')}.c", "Signing key is invalid."),
    ],
)
def test_without_an_issued_token_nothing_opens(client: DirectClient, path: str, header: str, message: str) -> None:
    answer = client.send("GET", path, headers={"authorization": header})
    assert (answer.status, answer.error["code"]) == (401, "InvalidAuthenticationToken")
    assert answer.error["message"] == message
    assert answer.headers["www-authenticate"].startswith("Bearer ")


def test_tokens_expire_by_the_clock_and_by_faults(client: DirectClient, clock: Clock) -> None:
    bearer = {"authorization": f"Bearer {ask(client).json['access_token']}"}
    client.responder.faults.add(Fault("graph", "GET /v1.0/*", "expire"))
    expired = client.graph("GET", "users", headers=bearer)
    assert (expired.status, expired.error["message"]) == (
        401,
        "Lifetime validation failed, the token is expired.",
    )
    assert client.graph("GET", "users", headers=bearer).status == 200
    clock.advance(3600)
    assert client.graph("GET", "users", headers=bearer).status == 401


def test_the_journal_has_requests_and_no_secrets(client: DirectClient) -> None:
    token = ask(client).json["access_token"]
    client.graph("GET", "users?$top=5")
    entries = list(client.responder.journal)
    assert [(e.target, e.operation, e.result) for e in entries] == [
        ("token", f"POST /{TENANT}/oauth2/v2.0/token", 200),
        ("graph", "GET /v1.0/users", 200),
    ]
    assert entries[1].detail == {
        "query": "$top=5",
        "bodySize": 0,
        "headers": {"content-type": "application/json"},
    }
    text = repr(entries)
    assert token not in text
    assert "open sesame" not in text
