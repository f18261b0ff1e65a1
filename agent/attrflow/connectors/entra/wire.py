"""One HTTP service: requests with a token, repeated by `connectors.retry`, errors as run-stoppers.

It knows neither faces nor objects. How bytes travel is the sender's affair: httpx here, the Graph SDK
in `sdk`.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Collection, Mapping
from functools import cache
from typing import Protocol, TypeVar
from urllib.parse import urlsplit

import httpx
import orjson

from attrflow.connectors.entra.answers import Answer, ServiceError, classify, run_stopper
from attrflow.connectors.entra.settings import is_loopback
from attrflow.connectors.entra.tokens import TokenSource
from attrflow.connectors.retry import Retrying
from attrflow.model.errors import ConnectorError

__all__ = ["HttpSender", "Sender", "Wire", "new_client"]

T = TypeVar("T")

_CONNECT_SECONDS = 15.0
_READ_SECONDS = 100.0
_NO_HEADERS: Mapping[str, str] = {}


def new_client(base: str) -> httpx.Client:
    """A client for one service; this machine is never reached through a proxy."""
    timeout = httpx.Timeout(_READ_SECONDS, connect=_CONNECT_SECONDS)
    trust_env = not is_loopback(base)
    return httpx.Client(verify=_authorities(trust_env=trust_env), timeout=timeout, trust_env=trust_env)


@cache
def _authorities(*, trust_env: bool) -> ssl.SSLContext:
    """The certificate authorities to trust, read once: that takes longer than a whole request."""
    return httpx.create_ssl_context(trust_env=trust_env)


class Sender(Protocol):
    """Sends one request and gives back what came, whatever its status."""

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, bearer: str) -> Answer:
        """One request on the wire, exactly; raises `httpx.TransportError` where no answer came."""

    def close(self) -> None:
        """Let go of connections."""


class HttpSender:
    """Sends through httpx."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, bearer: str) -> Answer:
        """See `Sender.send`."""
        sent = {**headers, "Authorization": f"Bearer {bearer}"}
        raw = self._client.request(method, url, headers=sent, content=body)
        return Answer(raw.status_code, {k.lower(): v for k, v in raw.headers.items()}, raw.content)

    def close(self) -> None:
        """See `Sender.close`."""
        self._client.close()


class Wire:
    """Requests to one service below one base address."""

    def __init__(self, service: str, base: str, sender: Sender, tokens: TokenSource, retrying: Retrying) -> None:
        self._service = service
        self.base = base
        self._sender = sender
        self._tokens = tokens
        self.retrying = retrying
        self._answered = False
        self._token_refused = False

    def open(self) -> None:
        """Make sure that there is a token.

        Raises:
            ConnectorError: the login host refuses, or cannot be reached.
        """
        self._tokens.bearer()

    def relative(self, link: object) -> str:
        """A link of the service without its host, so that it is good on another port too.

        A link never chooses the host that our token is sent to; only the configured base does.

        Raises:
            ConnectorError: the link does not point below the base address.
        """
        parts, prefix = urlsplit(str(link)), urlsplit(self.base).path + "/"
        if not isinstance(link, str) or not parts.path.startswith(prefix):
            raise ConnectorError(f"{self._service} at {self.base} answered with a link outside of its address.")
        return parts.path[len(prefix) :] + (f"?{parts.query}" if parts.query else "")

    def once(
        self,
        method: str,
        link: str,
        document: object = None,
        *,
        headers: Mapping[str, str] = _NO_HEADERS,
        accept: Collection[int] = (),
    ) -> Answer:
        """One attempt; `accept` names error statuses that are answers.

        Raises:
            ServiceError: the service answered with another error.
            httpx.TransportError: it did not answer.
        """
        sent = {"Accept": "application/json", **headers}
        body = None
        if document is not None:
            body, sent["Content-Type"] = orjson.dumps(document), "application/json"
        answer = self._sender.send(method, f"{self.base}/{link}", sent, body, self._tokens.bearer())
        self._answered = True
        if answer.status == 401:
            error = answer.error()
            error.token_renewed, self._token_refused = not self._token_refused, True
            self._tokens.forget()
            raise error
        self._token_refused = False
        if answer.status >= 400 and answer.status not in accept:
            raise answer.error()
        return answer

    def call(
        self,
        operation: str,
        request: Callable[[], T],
        *,
        repeatable: bool,
        look_up: Callable[[], T | None] | None = None,
        refusals: Collection[int] = (),
    ) -> T:
        """Have `request` repeated until it succeeds or patience ends.

        Args:
            operation: the request's name among the run's wire attempts.
            request: sends by `once`.
            repeatable: sending twice has the effect of sending once.
            look_up: asked before what is not repeatable is sent again; see `Retrying.call`.
            refusals: statuses whose `ServiceError` is let out as it is: the caller knows what they say
                about its object.

        Raises:
            ConnectorError: the service cannot be used.
            ServiceError: see `refusals`; its `repeated` says whether it answers a further attempt.
        """
        self._tokens.bearer()  # its own errors and attempts, outside of this request's
        sent = 0

        def counted() -> T:
            nonlocal sent
            sent += 1
            return request()

        try:
            return self.retrying.call(
                operation,
                counted,
                repeatable=repeatable,
                look_up=look_up,
                classify=lambda error: classify(error, answered=self._answered),
                succeeded=lambda answer: str(answer.status) if isinstance(answer, Answer) else "200",
            )
        except ServiceError as error:
            error.repeated = sent > 1
            if error.partial or error.status in refusals:
                raise
            raise self._stopper(error) from error
        except httpx.TransportError as error:
            raise self._stopper(error) from error

    def get(
        self,
        operation: str,
        link: str,
        *,
        headers: Mapping[str, str] = _NO_HEADERS,
        accept: Collection[int] = (),
    ) -> Answer:
        """A repeatable GET; errors as `call`."""
        return self.call(operation, lambda: self.once("GET", link, headers=headers, accept=accept), repeatable=True)

    def document(self, answer: Answer) -> dict[str, object]:
        """The answer's JSON object.

        Raises:
            ConnectorError: the body is none.
        """
        try:
            return answer.document()
        except ServiceError as error:
            raise self._stopper(error) from None

    def close(self) -> None:
        """Let go of connections."""
        self._sender.close()
        self._tokens.close()

    def _stopper(self, error: Exception) -> ConnectorError:
        return run_stopper(error, self._service, self.base, answered=self._answered)
