"""MSAL for Python, which nobody here wrote: secret, certificate, refusals, and its token through the strict face."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.mocks.entra.certificates import signer
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
    given = signer()
    pem = given.certificate
    served.tenant.register_client(Client(CLIENT, None, certificates=(pem,)))
    for credential in (
        {"private_key": given.key, "thumbprint": given.sha1, "public_certificate": pem},
        {"private_key": given.key, "thumbprint": given.sha1},
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


def test_its_token_through_paging_delta_batch_errors_throttling_resync_delete_and_restore(served: Running) -> None:
    client, secret = next(iter(served.tenant.seed.applications.items()))
    app = application(served, client, secret)

    def ask(method: str, url: str, body: object = None) -> httpx.Response:
        # MSAL answers from its cache as long as the token is good, as programs rely on.
        headers = {"authorization": f"Bearer {app.acquire_token_for_client(SCOPE)['access_token']}"}
        where = url if url.startswith("http") else f"{served.graph_url}/{url}"
        return httpx.request(method, where, json=body, headers=headers)

    page = ask("GET", "users?$top=1").json()
    rest = ask("GET", page["@odata.nextLink"]).json()
    assert len({one["id"] for one in (*page["value"], *rest["value"])}) == 2
    assert "@odata.nextLink" not in rest
    link = ask("GET", "users/delta?$select=jobTitle").json()["@odata.deltaLink"]
    cloud = ask("GET", "users/cloud@contoso.com").json()["id"]
    item = {"id": "1", "method": "PATCH", "url": f"/users/{cloud}", "body": {"jobTitle": "New"},
            "headers": {"Content-Type": "application/json"}}  # fmt: skip
    assert [one["status"] for one in ask("POST", "$batch", {"requests": [item]}).json()["responses"]] == [204]
    assert [one["jobTitle"] for one in ask("GET", link).json()["value"]] == ["New"]
    missing = ask("GET", "users/nobody@contoso.com")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "Request_ResourceNotFound")
    served.faults.add(Fault("graph", "GET */organization", "status", status=429, retry_after=3))
    throttled = ask("GET", "organization")
    assert (throttled.status_code, throttled.headers["retry-after"]) == (429, "3")
    assert ask("GET", "organization").status_code == 200
    served.faults.add(Fault("graph", "GET */users/delta", "expire"))
    stale = ask("GET", link)
    assert (stale.status_code, stale.json()["error"]["code"]) == (410, "resyncRequired")
    assert len(ask("GET", stale.headers["location"]).json()["value"]) == 2
    assert ask("DELETE", f"users/{cloud}").status_code == 204
    assert ask("POST", f"directory/deletedItems/{cloud}/restore").json()["id"] == cloud
    assert [one.operation for one in served.journal].count(f"POST /{served.tenant.tenant_id}/oauth2/v2.0/token") == 1
