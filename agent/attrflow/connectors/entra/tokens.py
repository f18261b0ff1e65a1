"""Access tokens of an application: the client-credentials flow against a login host of one's choice.

Used for the ingest face, and for Graph behind login hosts that azure-identity does not accept. The
secret and the tokens stay in this module's objects; no message holds them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

import httpx

from attrflow.connectors.entra.answers import Answer, ServiceError, classify, run_stopper
from attrflow.connectors.retry import Retrying
from attrflow.model.errors import AuthenticationFailed

__all__ = ["TokenClient", "TokenSource", "credentials_refused"]

_EARLY = 300.0
"""Seconds before its end at which a token is replaced."""


class TokenSource(Protocol):
    """Where access tokens come from."""

    def bearer(self) -> str:
        """A token that is still good for some minutes; from the login host only where none is at hand.

        Raises:
            ConnectorError: the login host refuses, or cannot be reached.
        """

    def forget(self) -> None:
        """Throw the current token away: a service refused it."""

    def close(self) -> None:
        """Let go of connections."""


class TokenClient:
    """Tokens by client secret from `POST {login_url}/{tenant}/oauth2/v2.0/token`."""

    def __init__(
        self,
        http: httpx.Client,
        *,
        login_url: str,
        tenant_id: str,
        client_id: str,
        client_secret: str,
        scope: str,
        retrying: Retrying,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = http
        self._login_url = login_url
        self._url = f"{login_url}/{tenant_id}/oauth2/v2.0/token"
        self._form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": client_secret,
            "scope": scope,
        }
        self._retrying = retrying
        self._monotonic = monotonic
        self._token: str | None = None
        self._good_until = 0.0
        self._answered = False

    def bearer(self) -> str:
        """A token; see `TokenSource.bearer`."""
        if self._token is None or self._monotonic() >= self._good_until:
            self._token = self._fetch()
        return self._token

    def forget(self) -> None:
        """Drop the token at hand."""
        self._token = None

    def close(self) -> None:
        """Let go of the connection to the login host."""
        self._http.close()

    def _fetch(self) -> str:
        try:
            document = self._retrying.call(
                "POST token",
                self._once,
                repeatable=True,
                classify=lambda error: classify(error, answered=self._answered),
                succeeded=lambda _: "200",
            )
        except ServiceError as error:
            if error.status in (400, 401, 403):
                raise credentials_refused(error.text, error.code) from None
            raise self._stopper(error) from None
        except httpx.HTTPError as error:
            raise self._stopper(error) from error
        token, lifetime = document.get("access_token"), document.get("expires_in")
        if not isinstance(token, str) or not token:
            raise AuthenticationFailed(f"The login host {self._login_url} answered without an access token.")
        seconds = float(lifetime) if isinstance(lifetime, int | float | str) and str(lifetime) else 0.0
        self._good_until = self._monotonic() + max(seconds - _EARLY, seconds / 2)
        return token

    def _once(self) -> dict[str, object]:
        raw = self._http.post(self._url, data=self._form)
        self._answered = True
        answer = Answer(raw.status_code, {k.lower(): v for k, v in raw.headers.items()}, raw.content)
        if answer.status >= 400:
            raise answer.error()
        return answer.document()

    def _stopper(self, error: Exception) -> Exception:
        return run_stopper(error, "the login host", self._login_url, answered=self._answered)


def credentials_refused(text: str, code: str) -> AuthenticationFailed:
    """The run-stopper for refused credentials, with Entra's own sentence (AADSTS…) and no trace ids.

    >>> str(credentials_refused("Failed. AADSTS7000215: Invalid client secret. Trace ID: 1-2", ""))
    "Entra ID refuses the application's credentials: AADSTS7000215: Invalid client secret."
    """
    start = max(text.find("AADSTS"), 0)
    sentence = (text[start:].splitlines() or [""])[0].partition(" Trace ID:")[0].strip()
    word = sentence.partition(":")[0]
    return AuthenticationFailed(
        f"Entra ID refuses the application's credentials: {sentence or code}",
        help="Check tenant and client-id in attrflow.toml, and the client secret that it refers to.",
        cd_error=word if word.startswith("AADSTS") else code,
    )
