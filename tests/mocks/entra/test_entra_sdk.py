"""The strict face against a client nobody here wrote: msgraph-sdk reads deltas and creates users."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from attrflow_mocks.entra.server import Running

# The SDK's own classes warn about themselves when they are imported.
pytestmark = [pytest.mark.entra, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


class Credential:
    """Hands out a token that the mock issued."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *scopes: str, **options: Any) -> Any:
        del scopes, options  # the protocol passes them; one token fits all
        tokens = pytest.importorskip("azure.core.credentials")
        return tokens.AccessToken(self._token, 4102444800)


@asynccontextmanager
async def connect(served: Running) -> AsyncIterator[Any]:
    msgraph = pytest.importorskip("msgraph")
    core = pytest.importorskip("msgraph_core")
    authentication = pytest.importorskip("kiota_authentication_azure.azure_identity_authentication_provider")
    provider = authentication.AzureIdentityAuthenticationProvider(
        Credential(served.issue_token()), allowed_hosts=["127.0.0.1"], scopes=["https://graph.microsoft.com/.default"]
    )
    # The SDK wraps the transport and never closes it, so it is made, and closed, here.
    async with httpx.AsyncHTTPTransport() as transport:
        http = core.GraphClientFactory.create_with_default_middleware(client=httpx.AsyncClient(transport=transport))
        adapter = msgraph.GraphRequestAdapter(provider, http)
        adapter.base_url = served.graph_url
        yield msgraph.GraphServiceClient(request_adapter=adapter)
        await http.aclose()


def test_delta_pages_are_followed_to_the_delta_link(served: Running) -> None:
    for number in range(120):
        served.tenant.add_user({"userPrincipalName": f"u{number}@contoso.com", "displayName": f"U {number}"})

    async def read() -> tuple[int, int]:
        async with connect(served) as client:
            page = await client.users.delta.get()
            count = len(page.value)
            while page.odata_next_link:
                page = await client.users.delta.with_url(page.odata_next_link).get()
                count += len(page.value)
            served.tenant.add_user({"userPrincipalName": "late@contoso.com", "displayName": "Late"})
            changed = await client.users.delta.with_url(page.odata_delta_link).get()
            return count, len(changed.value)

    assert asyncio.run(read()) == (122, 1)


def test_a_user_is_created_and_an_error_is_read(served: Running) -> None:
    user_module = pytest.importorskip("msgraph.generated.models.user")
    profile_module = pytest.importorskip("msgraph.generated.models.password_profile")
    errors = pytest.importorskip("msgraph.generated.models.o_data_errors.o_data_error")

    async def create() -> tuple[str, int, str]:
        user = user_module.User(
            account_enabled=True,
            display_name="Made",
            mail_nickname="made",
            user_principal_name="made@contoso.com",
            password_profile=profile_module.PasswordProfile(password="Correct horse 1"),
        )
        async with connect(served) as client:
            made = await client.users.post(user)
            with pytest.raises(errors.ODataError) as refused:
                await client.users.by_user_id("nobody@contoso.com").get()
        return made.id, refused.value.response_status_code, refused.value.error.code

    identifier, status, code = asyncio.run(create())
    assert (status, code) == (404, "Request_ResourceNotFound")
    found = served.tenant.user("made@contoso.com")
    assert found is not None
    assert found.id == identifier
