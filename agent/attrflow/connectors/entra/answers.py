"""Answers of HTTP services: status, headers and body as bytes, and what their errors mean.

The error shapes are those of Graph (`{"error": {"code", "message"}}`) and of the token endpoint
(`{"error", "error_description"}`), see mocks/behaviour.md §1.2 and §1.3. Sends nothing itself.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

import httpx
import orjson

from attrflow.connectors.retry import GiveUp, Repeat, Verdict
from attrflow.model.errors import (
    AuthenticationFailed,
    CertificateRejected,
    ConnectionFailed,
    ConnectionLost,
    ConnectorError,
    PermissionDenied,
)

__all__ = ["THROTTLED", "Answer", "ServiceError", "classify", "run_stopper"]

THROTTLED = 429
_PASSING = frozenset({429, 500, 502, 503, 504})
_CONCURRENCY = "Directory_ConcurrencyViolation"


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer; header names are lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def document(self) -> dict[str, object]:
        """The JSON object in the body.

        Raises:
            ServiceError: the body is something else, such as a proxy's HTML page.
        """
        try:
            data = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            data = None
        if not isinstance(data, dict):
            raise ServiceError(self.status, "NotJson", "The answer is not a JSON object.")
        return data

    @property
    def retry_after(self) -> float | None:
        """Seconds that the service asks to wait; a date counts from the answer's own `Date`."""
        text = self.headers.get("retry-after", "").strip()
        if not text:
            return None
        try:
            return max(0.0, float(text))
        except ValueError:
            pass
        try:
            then, now = parsedate_to_datetime(text), parsedate_to_datetime(self.headers.get("date", ""))
            return max(0.0, (then - now).total_seconds())
        except (ValueError, TypeError):
            return None

    def error(self) -> ServiceError:
        """What a status of 400 or more says."""
        try:
            data = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            data = {}
        inner = data.get("error") if isinstance(data, dict) else None
        code, message = "", ""
        details: tuple[tuple[str, str], ...] = ()
        if isinstance(inner, dict):
            code, message = str(inner.get("code") or ""), str(inner.get("message") or "")
            listed = inner.get("details")
            details = tuple(
                (str(item.get("code") or ""), str(item.get("target") or ""))
                for item in (listed if isinstance(listed, list) else ())
                if isinstance(item, dict)
            )
        elif isinstance(inner, str):
            described = str(data.get("error_description") or "").strip().splitlines()
            code, message = inner, described[0].strip() if described else ""
        return ServiceError(self.status, code, message, self.retry_after, details)


class ServiceError(Exception):
    """A service answered with an error: status, code and message as it said them. Stays in this package."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        retry_after: float | None = None,
        details: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(f"{status} {code}: {message}" if code else f"{status}")
        self.status = status
        self.code = code
        self.message = message
        self.retry_after = retry_after
        self.details = details
        """Code and target of each detail, such as `("ObjectConflict", "proxyAddresses")`."""
        self.token_renewed = False
        """The token was refused and thrown away, so that another attempt makes sense."""
        self.partial = False
        """Only parts of the request were put off; who sent it knows which, and wants the error as it is."""
        self.repeated = False
        """The request had been sent before: an earlier attempt may have arrived."""

    @property
    def text(self) -> str:
        """The message where there is one, else the code or the status."""
        return self.message or self.code or f"HTTP status {self.status}"


def classify(error: BaseException, *, answered: bool) -> Verdict:
    """Whether a failed attempt may pass; `answered`: the service has answered before in this run.

    A service that nobody has heard of yet and that refuses connections is a wrong address, not a
    passing failure.
    """
    if isinstance(error, ServiceError):
        word = str(error.status)
        if error.status in _PASSING or error.code == _CONCURRENCY:
            return Repeat(error.retry_after, word)
        return Repeat(0.0, word) if error.token_renewed else GiveUp(word)
    if isinstance(error, httpx.TransportError):
        if _certificate(error) or (isinstance(error, httpx.ConnectError) and not answered):
            return GiveUp("no-connection")
        return Repeat(None, "connection-lost")
    return GiveUp(type(error).__name__)


def run_stopper(error: Exception, service: str, base: str, *, answered: bool) -> ConnectorError:
    """What stops the run when `error` is the last word on a request."""
    if isinstance(error, ConnectorError):
        return error
    if isinstance(error, ServiceError):
        return _refused(error, service, base)
    if reason := _certificate(error):
        return CertificateRejected(f"The certificate of {service} at {base} does not verify: {reason}")
    reason = str(error) or type(error).__name__
    if not answered and isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.UnsupportedProtocol):
        return ConnectionFailed(
            f"{service} does not answer at {base}: {reason}.",
            help="Check the address in attrflow.toml, and that the service is up.",
        )
    return ConnectionLost(f"The connection to {service} at {base} was lost: {reason}.")


def _refused(error: ServiceError, service: str, base: str) -> ConnectorError:
    said = f"{error.status} {error.code}".strip()
    if error.status == 401:
        return AuthenticationFailed(f"{service} refuses the token ({said}): {error.text}", cd_error=error.code)
    if error.status == 403:
        return PermissionDenied(
            f"{service} does not allow this ({said}): {error.text}",
            help="Give the application the permission it lacks, and have an administrator consent.",
            cd_error=error.code,
        )
    if error.status in _PASSING:
        return ConnectionLost(
            f"{service} at {base} kept answering {said}, and waiting did not help: {error.text}",
            cd_error=error.code,
        )
    return ConnectorError(f"{service} at {base} answered {said}: {error.text}", cd_error=error.code)


def _certificate(error: BaseException) -> str | None:
    """The reason why a certificate was refused, looked for along the chain of causes."""
    current: BaseException | None = error
    while current is not None:
        if isinstance(current, ssl.SSLCertVerificationError):
            return current.verify_message
        current = current.__cause__ or current.__context__
    return None
