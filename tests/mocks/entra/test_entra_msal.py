"""The token endpoint against MSAL for Python, which nobody here wrote: secret, certificate, wrong secret."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from tests.mocks.entra.conftest import SEED

from attrflow_mocks.clock import Clock
from attrflow_mocks.entra.clients import Client
from attrflow_mocks.entra.server import Running, running
from attrflow_mocks.faults import Fault

pytestmark = [pytest.mark.entra]

SCOPE = ["https://graph.microsoft.com/.default"]
CLIENT = "5b5e2f6e-9a8f-4b51-a6a4-3c7e2f1d0b9a"


@pytest.fixture
def served() -> Iterator[Running]:
    """MSAL signs assertions with the machine's time, so the tenant follows it."""
    with running(SEED, clock=Clock()) as tenant:
        yield tenant


class Http:
    """MSAL's HTTP client: MSAL insists on https for an authority, so the mock stands as if behind a proxy with TLS."""

    def __init__(self, served: Running) -> None:
        self._to = served.url

    def _url(self, url: str) -> str:
        return url.replace("https://login.mock.test", self._to)

    def _headers(self, headers: Any) -> dict[str, str]:
        return {**(headers or {}), "host": "login.mock.test", "x-forwarded-proto": "https"}

    def get(self, url: str, params: Any = None, headers: Any = None, **_: Any) -> Any:
        return httpx.get(self._url(url), params=params, headers=self._headers(headers))

    def post(self, url: str, params: Any = None, data: Any = None, headers: Any = None, **_: Any) -> Any:
        form = {name: value.decode() if isinstance(value, bytes) else value for name, value in (data or {}).items()}
        return httpx.post(self._url(url), params=params, data=form, headers=self._headers(headers))

    def close(self) -> None:
        """Nothing is held."""


def application(served: Running, client: str, credential: Any) -> Any:
    msal = pytest.importorskip("msal")
    return msal.ConfidentialClientApplication(
        client,
        client_credential=credential,
        authority=f"https://login.mock.test/{served.tenant.tenant_id}",
        instance_discovery=False,
        http_client=Http(served),
    )


def check(served: Running, token: str) -> None:
    answer = httpx.get(f"{served.graph_url}/users", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.text


def test_a_secret(served: Running) -> None:
    client, secret = next(iter(served.tenant.seed.applications.items()))
    found = application(served, client, secret).acquire_token_for_client(SCOPE)
    assert found["token_type"] == "Bearer", found
    check(served, found["access_token"])


def test_a_wrong_secret(served: Running) -> None:
    client = next(iter(served.tenant.seed.applications))
    found = application(served, client, "wrong").acquire_token_for_client(SCOPE)
    assert (found["error"], found["error_codes"]) == ("invalid_client", [7000215])


def test_a_certificate(served: Running) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "client")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
    served.tenant.register_client(Client(CLIENT, None, certificates=(pem,)))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    sha1 = certificate.fingerprint(hashes.SHA1()).hex()  # noqa: S303 - what MSAL takes
    for credential in (
        {"private_key": private, "thumbprint": sha1, "public_certificate": pem},
        {"private_key": private, "thumbprint": sha1},
    ):
        found = application(served, CLIENT, credential).acquire_token_for_client(SCOPE)
        assert "access_token" in found, found
        check(served, found["access_token"])


def test_an_unavailable_endpoint_is_told_to_msal(served: Running) -> None:
    client, secret = next(iter(served.tenant.seed.applications.items()))
    served.faults.add(Fault("token", "POST *", "status", status=503, retry_after=7))
    app = application(served, client, secret)
    msal = pytest.importorskip("msal")
    # MSAL keeps away for as long as Retry-After asks, and repeats the answer meanwhile.
    for _ in range(2):
        with pytest.raises(msal.exceptions.MsalServiceError, match="503"):
            app.acquire_token_for_client(SCOPE)
    assert [one.result for one in served.journal if one.operation.startswith("POST")] == [503]
