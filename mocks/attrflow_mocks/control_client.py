"""A client of the control plane for commands and tests, on the standard library alone."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import quote, urlsplit

__all__ = ["ControlClient", "ControlError"]


class ControlError(RuntimeError):
    """The control plane refused or could not be reached; `status` is 0 where there was no answer."""

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


class ControlClient:
    """Calls the control plane at `url` with `token`, both as the announce line gives them."""

    def __init__(self, url: str, token: str, timeout: float = 30.0) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise ControlError(f"{url!r} is no control URL; `serve` prints one such as http://127.0.0.1:4711")
        self._host, self._port = parts.hostname, parts.port or 80
        self._token = token
        self._timeout = timeout

    def call(self, method: str, path: str, body: object = None) -> Any:
        """The answer to one request, decoded.

        Raises:
            ControlError: refused, with the sentence of the answer, or not reached.
        """
        connection = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)
        content = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        try:
            connection.request(method, path, content, headers)
            response = connection.getresponse()
            raw = response.read()
        except OSError as error:
            raise ControlError(f"no control plane at {self._host}:{self._port}: {error}") from error
        finally:
            connection.close()
        try:
            document = json.loads(raw)
        except ValueError as error:
            raise ControlError(
                f"{self._host}:{self._port} does not answer as a control plane", response.status
            ) from error
        if response.status >= 400:
            raise ControlError(str(document.get("error", document)), response.status)
        return document

    def journal(self, target: str | None = None) -> Any:
        """What clients sent, of one target or of all."""
        return self.call("GET", f"/journal?target={quote(target)}" if target else "/journal")
