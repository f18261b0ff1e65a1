"""Answers, tokens and the wire, against transports in memory: what is repeated, and what is said."""

from __future__ import annotations

import ssl
from collections.abc import Callable

import httpx
import pytest

from attrflow.connectors.entra.answers import Answer, ServiceError, classify, run_stopper
from attrflow.connectors.entra.tokens import TokenClient
from attrflow.connectors.entra.wire import HttpSender, Wire
from attrflow.connectors.retry import GiveUp, Repeat, Retrying, RetryPolicy
from attrflow.model.entry import WireAttempt
from attrflow.model.errors import (
    AuthenticationFailed,
    CertificateRejected,
    ConnectionFailed,
    ConnectionLost,
    ConnectorError,
    PermissionDenied,
)

BASE = "http://127.0.0.1:4/v1"
Handler = Callable[[httpx.Request], httpx.Response]


class Token:
    """A token source without a login host."""

    def __init__(self) -> None:
        self.number = 1

    def bearer(self) -> str:
        return f"token-{self.number}"

    def forget(self) -> None:
        self.number += 1

    def close(self) -> None:
        pass


def patience(attempts: list[WireAttempt] | None = None, tries: int = 3) -> Retrying:
    seen = attempts if attempts is not None else []
    return Retrying(RetryPolicy(attempts=tries), on_attempt=seen.append, sleep=lambda _: None)


def wire(handler: Handler, attempts: list[WireAttempt] | None = None) -> Wire:
    client = httpx.Client(transport=httpx.MockTransport(handler))
    return Wire("the service", BASE, HttpSender(client), Token(), patience(attempts))


def scripted(*answers: httpx.Response | Exception) -> tuple[Handler, list[httpx.Request]]:
    waiting, requests = list(answers), []

    def handler(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        answer = waiting.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return handler, requests


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "12"}, 12.0),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "Sun, 22 Nov 2026 10:00:30 GMT", "date": "Sun, 22 Nov 2026 10:00:00 GMT"}, 30.0),
        ({"retry-after": "Sun, 22 Nov 2026 09:59:00 GMT", "date": "Sun, 22 Nov 2026 10:00:00 GMT"}, 0.0),
        ({"retry-after": "Sun, 22 Nov 2026 10:00:30 GMT"}, None),
        ({"retry-after": "soon", "date": "Sun, 22 Nov 2026 10:00:00 GMT"}, None),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert Answer(429, headers).retry_after == seconds


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (b'{"error":{"code":"C","message":"M","details":[{"code":"D","target":"mail"}]}}', "C", "M"),
        (b'{"error":"invalid_client","error_description":"AADSTS1: no.\\r\\nTrace"}', "invalid_client", "AADSTS1: no."),
        (b"<html>gateway</html>", "", ""),
        (b"[]", "", ""),
        (b'{"error":{"code":null}}', "", ""),
    ],
)
def test_error_bodies(body: bytes, code: str, message: str) -> None:
    error = Answer(400, {}, body).error()
    assert (error.code, error.message) == (code, message)
    assert error.text


@pytest.mark.parametrize(
    ("error", "answered", "verdict"),
    [
        (ServiceError(429, "", "", 9.0), True, Repeat(9.0, "429")),
        (ServiceError(503, "", ""), False, Repeat(None, "503")),
        (ServiceError(409, "Directory_ConcurrencyViolation", ""), True, Repeat(None, "409")),
        (ServiceError(409, "Other", ""), True, GiveUp("409")),
        (ServiceError(400, "", ""), True, GiveUp("400")),
        (ServiceError(401, "", ""), True, GiveUp("401")),
        (httpx.ReadTimeout("late"), True, Repeat(None, "connection-lost")),
        (httpx.ConnectError("refused"), False, GiveUp("no-connection")),
        (httpx.ConnectError("refused"), True, Repeat(None, "connection-lost")),
        (ValueError("bug"), True, GiveUp("ValueError")),
    ],
)
def test_what_may_pass(error: Exception, answered: bool, verdict: Repeat | GiveUp) -> None:
    assert classify(error, answered=answered) == verdict


@pytest.mark.parametrize(
    ("error", "answered", "kind"),
    [
        (httpx.ConnectError("refused"), False, ConnectionFailed),
        (httpx.ConnectError("refused"), True, ConnectionLost),
        (httpx.RemoteProtocolError("hung up"), False, ConnectionLost),
        (ServiceError(401, "InvalidAuthenticationToken", "x"), True, AuthenticationFailed),
        (ServiceError(403, "Authorization_RequestDenied", "x"), True, PermissionDenied),
        (ServiceError(503, "", ""), True, ConnectionLost),
        (ServiceError(418, "", ""), True, ConnectorError),
    ],
)
def test_what_stops_a_run(error: Exception, answered: bool, kind: type[ConnectorError]) -> None:
    stopper = run_stopper(error, "the service", BASE, answered=answered)
    assert type(stopper) is kind
    assert "the service" in str(stopper)


def test_a_refused_certificate_is_named() -> None:
    error = httpx.ConnectError("certificate verify failed")
    error.__cause__ = ssl.SSLCertVerificationError(1, "verify failed")
    error.__cause__.verify_message = "self-signed certificate"
    stopper = run_stopper(error, "the service", BASE, answered=False)
    assert isinstance(stopper, CertificateRejected)
    assert "self-signed certificate" in str(stopper)


def test_a_link_never_chooses_the_host_that_gets_the_token() -> None:
    service = wire(lambda _: httpx.Response(200))
    assert service.relative("http://elsewhere:1/v1/users?$skiptoken=a%2Bb") == "users?$skiptoken=a%2Bb"
    for link in ("http://127.0.0.1:4/other/users", "", None, 7, "users?x"):
        with pytest.raises(ConnectorError, match="outside"):
            service.relative(link)


def test_attempts_are_counted_and_waits_are_the_services() -> None:
    handler, requests = scripted(
        httpx.Response(429, headers={"Retry-After": "3"}),
        httpx.ReadError("hung up"),
        httpx.Response(200, json={}),
    )
    attempts: list[WireAttempt] = []
    assert wire(handler, attempts).get("GET thing", "thing").status == 200
    assert [(a.number, a.result) for a in attempts] == [(1, "429"), (2, "connection-lost"), (3, "200")]
    assert attempts[1].waited >= 3.0
    assert len(requests) == 3


def test_a_refused_token_is_replaced_once() -> None:
    handler, requests = scripted(
        httpx.Response(401), httpx.Response(200, json={}), httpx.Response(401), httpx.Response(401)
    )
    service = wire(handler)
    service.get("GET thing", "thing")
    assert [request.headers["Authorization"] for request in requests] == ["Bearer token-1", "Bearer token-2"]
    with pytest.raises(AuthenticationFailed):
        service.get("GET thing", "thing")
    assert len(requests) == 4


def test_an_html_page_is_not_an_answer() -> None:
    service = wire(lambda _: httpx.Response(200, text="<html>sign in to the hotel network</html>"))
    with pytest.raises(ConnectorError, match="not a JSON object"):
        service.document(service.get("GET thing", "thing"))


def token_client(handler: Handler, clock: Callable[[], float]) -> TokenClient:
    return TokenClient(
        httpx.Client(transport=httpx.MockTransport(handler)),
        login_url="http://127.0.0.1:4",
        tenant_id="t",
        client_id="c",
        client_secret="s3cret",
        scope="https://graph.microsoft.com/.default",
        retrying=patience(),
        monotonic=clock,
    )


def test_a_token_is_kept_until_shortly_before_its_end() -> None:
    now = [0.0]
    handler, requests = scripted(
        *(httpx.Response(200, json={"access_token": f"t{n}", "expires_in": 3599}) for n in range(3))
    )
    client = token_client(handler, lambda: now[0])
    assert [client.bearer(), client.bearer()] == ["t0", "t0"]
    now[0] = 3298.0
    assert client.bearer() == "t0"
    now[0] = 3300.0
    assert client.bearer() == "t1"
    client.forget()
    assert client.bearer() == "t2"
    assert b"scope=https%3A%2F%2Fgraph.microsoft.com%2F.default" in requests[0].content
    client.close()


def test_refused_credentials_are_never_tried_twice_and_never_shown() -> None:
    refusal = {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret. Trace ID: 9\r\nx"}
    handler, requests = scripted(httpx.Response(401, json=refusal))
    with pytest.raises(AuthenticationFailed) as refused:
        token_client(handler, lambda: 0.0).bearer()
    assert str(refused.value).endswith("AADSTS7000215: Invalid client secret.")
    assert refused.value.__cause__ is None
    assert "s3cret" not in f"{refused.value} {refused.value.help}"
    assert len(requests) == 1


def test_a_login_host_without_a_token_in_its_answer_is_an_error() -> None:
    with pytest.raises(AuthenticationFailed, match="without an access token"):
        token_client(lambda _: httpx.Response(200, json={}), lambda: 0.0).bearer()
