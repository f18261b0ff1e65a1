"""The strict face against a client nobody here wrote: msgraph-sdk reads deltas and creates users."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from attrflow_mocks.entra.server import Running
from attrflow_mocks.faults import Fault

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
async def connect(served: Running, credential: Any = None) -> AsyncIterator[Any]:
    msgraph = pytest.importorskip("msgraph")
    core = pytest.importorskip("msgraph_core")
    authentication = pytest.importorskip("kiota_authentication_azure.azure_identity_authentication_provider")
    provider = authentication.AzureIdentityAuthenticationProvider(
        credential or Credential(served.issue_token()),
        allowed_hosts=["127.0.0.1"],
        scopes=["https://graph.microsoft.com/.default"],
    )
    # The SDK wraps the transport and never closes it, so it is made, and closed, here.
    async with httpx.AsyncHTTPTransport() as transport:
        http = core.GraphClientFactory.create_with_default_middleware(client=httpx.AsyncClient(transport=transport))
        adapter = msgraph.GraphRequestAdapter(provider, http)
        adapter.base_url = served.graph_url
        yield msgraph.GraphServiceClient(request_adapter=adapter)
        await http.aclose()


def azure_identity(served: Running, secret: str) -> Any:
    """A credential of azure-identity; it insists on https, so the mock stands as if behind a proxy with TLS."""
    identity = pytest.importorskip("azure.identity")
    transport = pytest.importorskip("azure.core.pipeline.transport").RequestsTransport

    class Carrier(transport):  # type: ignore[misc,valid-type]  # azure-core is not there for mypy
        def send(self, request: Any, **options: Any) -> Any:
            request.url = request.url.replace("https://login.mock.test", served.url)
            request.headers.update({"host": "login.mock.test", "x-forwarded-proto": "https"})
            return super().send(request, **options)

    return identity.ClientSecretCredential(
        served.tenant.tenant_id,
        next(iter(served.tenant.seed.applications)),
        secret,
        authority="https://login.mock.test",
        disable_instance_discovery=True,
        transport=Carrier(),
    )


def test_a_token_of_azure_identity_and_a_wrong_secret(served: Running) -> None:
    refused = pytest.importorskip("azure.core.exceptions").ClientAuthenticationError
    secret = next(iter(served.tenant.seed.applications.values()))

    async def read(given: str) -> str:
        async with connect(served, azure_identity(served, given)) as client:
            return str((await client.users.by_user_id("cloud@contoso.com").get()).display_name)

    assert asyncio.run(read(secret)) == "Cloud Only"
    with pytest.raises(refused, match="AADSTS7000215"):
        asyncio.run(read("wrong"))


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


def test_paging_filters_members_and_expansion(served: Running) -> None:
    for number in range(7):
        served.tenant.add_user({"userPrincipalName": f"u{number}@contoso.com", "displayName": f"U {number}"})
    configuration = pytest.importorskip("kiota_abstractions.base_request_configuration").RequestConfiguration
    builder = pytest.importorskip("msgraph.generated.users.users_request_builder").UsersRequestBuilder
    iterator = pytest.importorskip("msgraph_core.tasks.page_iterator").PageIterator

    async def read() -> tuple[int, list[str], int | None]:
        async with connect(served) as client:
            names: list[str] = []
            parameters = builder.UsersRequestBuilderGetQueryParameters(top=3, select=["displayName"])
            first = await client.users.get(request_configuration=configuration(query_parameters=parameters))
            walk = iterator(first, client.request_adapter)

            def keep(user: Any) -> bool:
                names.append(user.display_name)
                return True

            await walk.iterate(keep)
            wanted = builder.UsersRequestBuilderGetQueryParameters(filter="endsWith(userPrincipalName,'5@contoso.com')",
                                                                   count=True)  # fmt: skip
            asked = configuration(query_parameters=wanted)
            asked.headers.add("ConsistencyLevel", "eventual")
            found = await client.users.get(request_configuration=asked)
            return len(names), [user.display_name for user in found.value], found.odata_count

    assert asyncio.run(read()) == (9, ["U 5"], 1)


def test_throttling_resync_batch_delete_and_restore(served: Running) -> None:
    errors = pytest.importorskip("msgraph.generated.models.o_data_errors.o_data_error")
    # msgraph_core needs the package `deprecated` for its batches and does not say so.
    batch = pytest.importorskip("msgraph_core.requests.batch_request_content")
    served.faults.add(Fault("graph", "GET */organization", "status", status=429, retry_after=1))
    served.faults.add(Fault("graph", "GET */users/delta*", "expire", skip=1))

    async def use() -> dict[str, Any]:
        seen: dict[str, Any] = {}
        async with connect(served) as client:
            seen["organization"] = len((await client.organization.get()).value)
            page = await client.users.delta.get()
            with pytest.raises(errors.ODataError) as stale:
                await client.users.delta.with_url(page.odata_delta_link).get()
            seen["resync"] = (stale.value.response_status_code, stale.value.error.code)
            user = await client.users.by_user_id("cloud@contoso.com").get()
            content = batch.BatchRequestContent()
            for key in ("cloud@contoso.com", "nobody@contoso.com"):
                content.add_request_information(client.users.by_user_id(key).to_get_request_information())
            answers = await client.batch.post(batch_request_content=content)
            seen["batch"] = sorted(one.status for one in answers.responses.values())
            await client.users.by_user_id(user.id).delete()
            binned = await client.directory.deleted_items.graph_user.get()
            restored = await client.directory.deleted_items.by_directory_object_id(user.id).restore.post()
            seen["bin"] = ([one.id for one in binned.value] == [user.id], restored.id == user.id)
        return seen

    assert asyncio.run(use()) == {
        "organization": 1,
        "resync": (410, "resyncRequired"),
        "batch": [200, 404],
        "bin": (True, True),
    }
    assert [one.result for one in served.journal if one.operation == "GET /v1.0/organization"] == [429, 200]


def test_groups_members_and_licences(served: Running) -> None:
    group_module = pytest.importorskip("msgraph.generated.models.group")
    reference = pytest.importorskip("msgraph.generated.models.reference_create")

    async def use() -> tuple[list[str], list[str]]:
        async with connect(served) as client:
            group = await client.groups.post(
                group_module.Group(display_name="G", mail_enabled=False, mail_nickname="g", security_enabled=True)
            )
            user = await client.users.by_user_id("cloud@contoso.com").get()
            body = reference.ReferenceCreate(odata_id=f"{served.graph_url}/directoryObjects/{user.id}")
            await client.groups.by_group_id(group.id).members.ref.post(body)
            members = await client.groups.by_group_id(group.id).members.get()
            skus = await client.subscribed_skus.get()
            return [one.display_name for one in members.value], sorted(sku.sku_part_number for sku in skus.value)

    members, skus = asyncio.run(use())
    assert members == ["Cloud Only"]
    assert skus == ["AAD_PREMIUM", "ENTERPRISEPACK", "EXCHANGESTANDARD"]
