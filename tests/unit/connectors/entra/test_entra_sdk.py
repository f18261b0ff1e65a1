"""The Graph SDK and azure-identity themselves: one request an attempt, errors in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx
import pytest

from attrflow.connectors.entra.sdk import AzureTokens, SdkSender
from attrflow.model.errors import AuthenticationFailed, ConnectionFailed, MissingExtra

pytest.importorskip("msgraph")
pytestmark = pytest.mark.entra


class _Refusing(BaseHTTPRequestHandler):
    """Answers everything with 503 and counts."""

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.seen.append((self.command, self.path, self.headers["Authorization"]))  # type: ignore[attr-defined]  # set below
        self.send_response(503)
        self.send_header("Retry-After", "1")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_GET = do_POST = do_PATCH = answer  # noqa: N815 - the names that http.server looks for

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def refusing() -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Refusing) as server:
        seen: list[tuple[str, str, str]] = []
        server.seen = seen  # type: ignore[attr-defined]  # read by the handler
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1.0", seen
        server.shutdown()
        thread.join()


def test_a_port_that_nobody_serves_is_a_transport_error_of_httpx() -> None:
    sender = SdkSender("http://127.0.0.1:9/v1.0")
    with pytest.raises(httpx.ConnectError):
        sender.send("GET", "http://127.0.0.1:9/v1.0/users", {}, None, "tok")
    sender.close()


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
def test_the_sdk_sends_once_and_leaves_repeating_to_us(method: str) -> None:
    with refusing() as (base, seen):
        sender = SdkSender(base)
        link = "users/delta?$skiptoken=a%2Bb%3D"
        answer = sender.send(method, f"{base}/{link}", {"Content-Type": "application/json"}, b"{}", "tok")
        sender.close()
        sender.close()
    assert (answer.status, answer.body, answer.retry_after) == (503, b"{}", 1.0)
    assert seen == [(method, "/v1.0/users/delta?$skiptoken=a%2Bb%3D", "Bearer tok")]


def test_azure_identity_refusals_are_told_in_entras_words(monkeypatch: pytest.MonkeyPatch) -> None:
    from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError  # noqa: PLC0415 - an extra

    tokens = AzureTokens("tenant", "client", "s3cret", "https://graph.microsoft.com/.default")
    sentence = "Authentication failed: AADSTS7000222: The secret has expired. Trace ID: 1"
    for error, kind, words in (
        (ClientAuthenticationError(sentence), AuthenticationFailed, "AADSTS7000222: The secret has expired."),
        (ServiceRequestError("no route"), ConnectionFailed, "login host does not answer"),
    ):

        def refuse(scope: str, error: Exception = error) -> None:
            raise error

        monkeypatch.setattr(tokens._credential, "get_token", refuse)
        with pytest.raises(kind, match=words) as refused:
            tokens.bearer()
        assert "s3cret" not in str(refused.value)
    tokens.close()


def test_a_missing_extra_is_one_sentence_with_the_pip_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "msgraph", None)
    with pytest.raises(MissingExtra, match=r"pip install 'attrflow\[entra\]'"):
        SdkSender("https://graph.microsoft.com/v1.0")
