"""Client assertions at the token endpoint: a certificate in place of a secret."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

import orjson
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from attrflow_mocks.entra.clients import Client
from attrflow_mocks.entra.direct import Answer, DirectClient

TENANT = "7d0a4f0e-2c1b-4e57-9a36-0d9e9f0a1b2c"
CLIENT = "5b5e2f6e-9a8f-4b51-a6a4-3c7e2f1d0b9a"
TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
NOW = int(datetime(2026, 11, 22, 7, 0, tzinfo=UTC).timestamp())


@dataclass(frozen=True)
class Signer:
    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()


@pytest.fixture(scope="module")
def signer() -> Signer:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "client")])
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(end)
        .sign(key, hashes.SHA256())
    )
    return Signer(key, certificate)


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def ask(client: DirectClient, signer: Signer, change: dict[str, object], header: dict[str, object]) -> Answer:
    client.tenant.register_client(Client(CLIENT, None, certificates=(signer.pem,)))
    claims = {
        "aud": f"https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token",
        "iss": CLIENT,
        "sub": CLIENT,
        "nbf": NOW,
        "exp": NOW + 600,
        "jti": "1",
        **change,
    }
    thumbprint = signer.certificate.fingerprint(hashes.SHA256())
    first = {"alg": "PS256", "typ": "JWT", "x5t#S256": b64(thumbprint), **header}
    signed = f"{b64(orjson.dumps(first))}.{b64(orjson.dumps(claims))}".encode()
    pad: padding.AsymmetricPadding = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
    if first["alg"] == "RS256":
        pad = padding.PKCS1v15()
    signature = signer.key.sign(signed, pad, hashes.SHA256())
    if header.get("broken"):
        signature = signature[::-1]
    form = {
        "grant_type": "client_credentials",
        "client_id": CLIENT,
        "scope": "https://graph.microsoft.com/.default",
        "client_assertion_type": TYPE,
        "client_assertion": f"{signed.decode()}.{b64(signature)}",
    }
    return client.send("POST", f"/{TENANT}/oauth2/v2.0/token", urlencode(form).encode())


@pytest.mark.parametrize("header", [{}, {"alg": "RS256"}])
def test_a_good_assertion_opens(client: DirectClient, signer: Signer, header: dict[str, object]) -> None:
    answer = ask(client, signer, {}, header)
    assert answer.status == 200, answer.body
    client.headers["authorization"] = f"Bearer {answer.json['access_token']}"
    assert client.graph("GET", "users").status == 200


def test_a_sha1_thumbprint_is_known_too(client: DirectClient, signer: Signer) -> None:
    thumbprint = b64(signer.certificate.fingerprint(hashes.SHA1()))  # noqa: S303 - what `x5t` is
    assert ask(client, signer, {}, {"x5t#S256": None, "x5t": thumbprint}).status == 200


@pytest.mark.parametrize(
    ("change", "header", "code"),
    [
        ({}, {"broken": True}, 700027),
        ({}, {"x5t#S256": "AAAA"}, 700027),
        ({"aud": "https://elsewhere.example/token"}, {}, 700023),
        ({"iss": "someone"}, {}, 700021),
        ({"exp": NOW - 3600}, {}, 700024),
        ({"nbf": NOW + 3600}, {}, 700024),
        ({"exp": "soon"}, {}, 700024),
    ],
)
def test_what_is_wrong_is_told(
    client: DirectClient, signer: Signer, change: dict[str, object], header: dict[str, object], code: int
) -> None:
    answer = ask(client, signer, change, header)
    assert (answer.status, answer.json["error"], answer.json["error_codes"]) == (401, "invalid_client", [code])


def post(client: DirectClient, path: str, **form: str) -> Answer:
    return client.send("POST", f"/{TENANT}{path}", urlencode(form).encode())


def test_garbage_in_place_of_an_assertion(client: DirectClient, signer: Signer) -> None:
    client.tenant.register_client(Client(CLIENT, None, certificates=(signer.pem,)))
    form = {"grant_type": "client_credentials", "scope": "https://graph.microsoft.com/.default"}
    for text in ("x", "a.b.c", "e30.e30"):
        answer = post(
            client, "/oauth2/v2.0/token", client_id=CLIENT, client_assertion=text, client_assertion_type=TYPE, **form
        )
        assert answer.json["error_codes"] == [50027]
    answer = post(client, "/oauth2/v2.0/token", client_id=CLIENT, client_assertion="a.b.c", **form)
    assert answer.json["error_codes"] == [900144]


def test_the_older_endpoint_takes_a_resource(client: DirectClient) -> None:
    client_id = next(iter(client.tenant.clients))
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": "open sesame"}
    answer = post(client, "/oauth2/token", resource="https://graph.microsoft.com/", **form)
    assert answer.status == 200
    assert answer.json["expires_on"] == str(NOW + 3599)
    assert answer.json["resource"] == "https://graph.microsoft.com"
    assert post(client, "/oauth2/token", **form).json["error_codes"] == [900144]


def test_an_expired_secret(client: DirectClient) -> None:
    client.tenant.register_client(Client(CLIENT, "s", secret_expired=True))
    form = {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": "s"}
    answer = post(client, "/oauth2/v2.0/token", scope="https://graph.microsoft.com/.default", **form)
    assert answer.json["error_codes"] == [7000222]


def test_discovery_of_instance_and_keys(client: DirectClient) -> None:
    document = client.send("GET", "/common/discovery/instance").json
    assert document["tenant_discovery_endpoint"].endswith("/v2.0/.well-known/openid-configuration")
    assert client.send("GET", f"/{TENANT}/discovery/v2.0/keys").json == {"keys": []}
