"""The Microsoft Graph SDK and azure-identity behind two plain objects: the only file that imports them.

`SdkSender` sends one request through the SDK's pipeline on a private event-loop thread (DECISIONS 6)
and hands back status, headers and bytes: no SDK model is on the way in or out (DECISIONS 22). The
SDK's own retry handler is off: it would repeat POSTs, and sleep in the event loop. `AzureTokens`
takes tokens from azure-identity. Both packages are imported when the first object is made.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Coroutine, Mapping
from types import SimpleNamespace
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx

from attrflow.connectors.entra.answers import Answer
from attrflow.connectors.entra.settings import is_loopback
from attrflow.connectors.entra.tokens import credentials_refused
from attrflow.model.errors import ConnectionFailed, MissingExtra

__all__ = ["AzureTokens", "SdkSender"]

T = TypeVar("T")

_CONNECT_SECONDS = 30.0
_READ_SECONDS = 100.0
_TOKEN_LIFETIME = 3600
_TOKEN_EARLY = 300


class _LoopThread:
    """An event loop in a thread of its own, for coroutines that a synchronous caller waits for."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="attrflow-entra", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The coroutine's result; an interrupt of the caller cancels it."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def close(self) -> None:
        """Stop the loop and wait for its thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()


class SdkSender:
    """Sends through msgraph's request adapter; a `wire.Sender`."""

    def __init__(self, base: str) -> None:
        """Prepare for requests below `base`; connects to nothing yet.

        Raises:
            MissingExtra: msgraph-sdk is not installed.
        """
        self._sdk = _import_sdk()
        self._base = base
        self._credential = _HandedToken(self._sdk)
        self._thread: _LoopThread | None = None
        self._client: httpx.AsyncClient | None = None
        self._adapter: Any = None  # the SDK is imported late, so that its types are not known here

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, bearer: str) -> Answer:
        """One request on the wire, exactly; see `wire.Sender.send`."""
        if self._thread is None:
            self._thread = _LoopThread()
        self._credential.token = bearer
        return self._thread.run(self._send(method, url, headers, body))

    async def _send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        sdk = self._sdk
        if self._adapter is None:
            self._adapter = self._new_adapter()
        request = sdk.RequestInformation()
        request.http_method = sdk.Method(method)
        request.url = url
        for name, value in headers.items():
            request.headers.try_add(name, value)
        request.content = body
        request.add_request_options([sdk.ResponseHandlerOption(_RawAnswer())])
        answer = await self._adapter.send_primitive_async(request, "bytes", None)
        assert isinstance(answer, Answer), "the response handler answers for every status"
        return answer

    def _new_adapter(self) -> Any:
        """The SDK's request adapter, with its middleware but for the repetitions."""
        sdk = self._sdk
        off = sdk.RetryHandlerOption(max_retries=0, should_retry=False)
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(_READ_SECONDS, connect=_CONNECT_SECONDS),
            http2=not is_loopback(self._base),
            trust_env=not is_loopback(self._base),
        )
        client = sdk.GraphClientFactory.create_with_default_middleware(
            client=self._client, options={sdk.RetryHandlerOption.get_key(): off}
        )
        host = urlsplit(self._base).hostname
        provider = sdk.AzureIdentityAuthenticationProvider(
            self._credential,
            scopes=[f"{self._base}/.default"],  # only passed to `_HandedToken`, which has its token already
            allowed_hosts=[host],  # without the port: with one, the SDK sends no token and says nothing
            is_cae_enabled=False,
        )
        adapter = sdk.GraphRequestAdapter(provider, client)
        adapter.base_url = self._base
        return adapter

    def close(self) -> None:
        """Close connections, loop and thread."""
        if self._thread is None:
            return
        if self._client is not None:
            self._thread.run(_closed(self._client))
        self._thread.close()
        self._thread = self._client = self._adapter = None


async def _closed(client: httpx.AsyncClient) -> None:
    """Close the client and, because the SDK's transport does not pass it on, the transports inside."""
    for outer in (client._transport, *client._mounts.values()):
        inner = getattr(outer, "transport", None)
        if isinstance(inner, httpx.AsyncBaseTransport):
            await inner.aclose()
    await client.aclose()


class _RawAnswer:
    """A response handler of the SDK that takes status, headers and bytes as they are, errors included."""

    async def handle_response_async(self, response: httpx.Response, error_map: object) -> Answer:
        del error_map  # errors are read from the bytes, as on the other channel
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, headers, response.content)


class _HandedToken:
    """A TokenCredential that gives the token it was handed; where tokens come from is `tokens`' affair."""

    def __init__(self, sdk: SimpleNamespace) -> None:
        self._sdk = sdk
        self.token = ""

    def get_token(self, *scopes: str, **options: object) -> object:
        del scopes, options
        return self._sdk.AccessToken(self.token, int(time.time()) + _TOKEN_LIFETIME)


class AzureTokens:
    """Tokens for the real login host, by azure-identity's ClientSecretCredential; a `TokenSource`."""

    def __init__(self, tenant_id: str, client_id: str, client_secret: str, scope: str) -> None:
        """Prepare; asks nobody yet.

        Raises:
            MissingExtra: azure-identity is not installed.
        """
        self._sdk = _import_sdk()
        self._scope = scope
        self._token: Any = None
        # Its own repetitions are off: all repeating is the business of `connectors.retry`.
        self._credential = self._sdk.ClientSecretCredential(tenant_id, client_id, client_secret, retry_total=0)

    def bearer(self) -> str:
        """A token; see `tokens.TokenSource.bearer`."""
        if self._token is None or self._token.expires_on - _TOKEN_EARLY <= time.time():
            try:
                self._token = self._credential.get_token(self._scope)
            except self._sdk.ClientAuthenticationError as error:
                raise credentials_refused(str(error), "failed-authentication") from None
            except self._sdk.AzureError as error:
                raise ConnectionFailed(
                    f"The login host does not answer: {type(error).__name__}.",
                    help="Check that login.microsoftonline.com can be reached from here.",
                ) from None
        return str(self._token.token)

    def forget(self) -> None:
        """Drop the token at hand."""
        self._token = None

    def close(self) -> None:
        """Close the credential."""
        self._credential.close()


def _import_sdk() -> SimpleNamespace:
    """The classes of the entra extra that are used here.

    Raises:
        MissingExtra: one of the packages is not installed.
    """
    try:
        from azure.core.credentials import AccessToken  # noqa: PLC0415 - 0.3 s, only where Graph is used
        from azure.core.exceptions import AzureError, ClientAuthenticationError  # noqa: PLC0415 - as above
        from azure.identity import ClientSecretCredential  # noqa: PLC0415 - as above
        from kiota_abstractions.method import Method  # noqa: PLC0415 - as above
        from kiota_abstractions.request_information import RequestInformation  # noqa: PLC0415 - as above
        from kiota_authentication_azure.azure_identity_authentication_provider import (  # noqa: PLC0415 - as above
            AzureIdentityAuthenticationProvider,
        )
        from kiota_http.middleware.options import (  # noqa: PLC0415 - as above
            ResponseHandlerOption,
            RetryHandlerOption,
        )
        from msgraph import GraphRequestAdapter  # noqa: PLC0415 - as above
        from msgraph_core import GraphClientFactory  # type: ignore[import-untyped] # noqa: PLC0415 - no py.typed
    except ImportError as error:
        raise MissingExtra(
            f"Microsoft Graph needs packages that are not installed ({error.name}): pip install 'attrflow[entra]'",
            help="pip install 'attrflow[entra]'",
        ) from error
    return SimpleNamespace(
        AccessToken=AccessToken,
        AzureError=AzureError,
        AzureIdentityAuthenticationProvider=AzureIdentityAuthenticationProvider,
        ClientAuthenticationError=ClientAuthenticationError,
        ClientSecretCredential=ClientSecretCredential,
        GraphClientFactory=GraphClientFactory,
        GraphRequestAdapter=GraphRequestAdapter,
        Method=Method,
        RequestInformation=RequestInformation,
        ResponseHandlerOption=ResponseHandlerOption,
        RetryHandlerOption=RetryHandlerOption,
    )
