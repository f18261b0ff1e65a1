"""One LDAP connection without its socket, whatever server it is of: messages in, bytes and instructions out.

The server that hosts a conversation sends the bytes, waits the delays, starts TLS and closes. Faults are
carried out here, and every request is journalled here with how it ended. What a request does is for those
who fill in `perform`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

from attrflow_mocks.ad.ber import ProtocolError
from attrflow_mocks.ad.errors import LdapError
from attrflow_mocks.ad.journalling import describe, operation_of
from attrflow_mocks.ad.message import (
    AbandonRequest,
    ExtendedRequest,
    Message,
    UnbindRequest,
    decode,
)
from attrflow_mocks.ad.responses import Result, response
from attrflow_mocks.ad.search import Answer
from attrflow_mocks.ad.spoiling import SPOILING, spoiled
from attrflow_mocks.faults import Fault, FaultScript
from attrflow_mocks.journal import Journal

__all__ = ["STARTTLS", "Close", "Conversation", "Delay", "Output", "StartTls"]

STARTTLS = "1.3.6.1.4.1.1466.20037"
_NOTICE = "1.3.6.1.4.1.1466.20036"


@dataclass(frozen=True, slots=True)
class Delay:
    """Wait before sending on."""

    seconds: float


@dataclass(frozen=True, slots=True)
class StartTls:
    """Everything after this goes through TLS."""


@dataclass(frozen=True, slots=True)
class Close:
    """Close the connection."""


Output = bytes | Delay | StartTls | Close


class Conversation(ABC):
    """The server's side of one connection."""

    def __init__(self, journal: Journal, faults: FaultScript, *, secure: bool) -> None:
        self._journal = journal
        self._faults = faults
        self.secure = secure

    @abstractmethod
    def perform(self, message: Message, fault: str) -> Answer:
        """Carry one request out, yielding search entries on the way; `fault` is a kind that reading needs to know.

        Raises:
            LdapError: the request is refused.
        """

    @abstractmethod
    def moment(self) -> str:
        """The mock's time, for the journal."""

    @abstractmethod
    def elsewhere(self) -> str:
        """The URL that a referral on order names."""

    def abandon(self, identifier: int) -> None:  # noqa: B027 - most have nothing to do
        """The client no longer wants the answer to this message; only open searches care."""

    def close(self) -> None:  # noqa: B027 - most have nothing to do
        """The connection is gone: nothing more is sent."""

    def receive(self, frame: bytes) -> Iterator[Output]:
        """Answer one whole message as it came off the wire."""
        try:
            message = decode(frame)
        except ProtocolError as error:
            yield from self.reject(error)
            return
        yield from self.handle(message)

    def reject(self, error: ProtocolError) -> Iterator[Output]:
        """Take leave of a client that does not speak LDAP: notice of disconnection, then close."""
        self._record("invalid", {"error": str(error)}, 2)
        yield response(0, "extended", Result(2, "", str(error)), extended=(_NOTICE, None))
        yield Close()

    def handle(self, message: Message) -> Iterator[Output]:
        """Answer one message; what the fault script has for it happens here."""
        operation = operation_of(message)
        fault = self._faults.strike("ldap", operation)
        if isinstance(message.request, UnbindRequest):
            self._record(operation, describe(message), 0)
            yield Close()
            return
        if isinstance(message.request, AbandonRequest):
            self._record(operation, describe(message), 0)  # other answers are sent before the next message is read
            self.abandon(message.request.target)
            return
        if fault is not None and fault.kind == "drop":
            self._record(operation, describe(message), -1)
            yield Close()
            return
        if fault is not None and fault.kind == "delay":
            yield Delay(fault.seconds)
        yield from self._answer(message, operation, fault)

    def _answer(self, message: Message, operation: str, fault: Fault | None) -> Iterator[Output]:
        tag = "search" if operation == "dirsync" else operation
        detail = describe(message)
        kind = fault.kind if fault is not None else ""
        result = -1
        try:
            entries = self.perform(message, kind)
            if fault is not None and kind in SPOILING:
                planned = yield from spoiled(entries, fault, self.elsewhere())
                if planned is None:
                    yield Close()
                    return
                outcome = planned
            else:
                outcome = yield from entries
            result = outcome.result.code
            detail["entries"] = outcome.entries
            if not outcome.pending:
                yield response(message.id, tag, outcome.result, outcome.controls, outcome.extended)
        except LdapError as error:
            result = error.result.code
            extended = (STARTTLS, None) if _is_starttls(message) else (None, None)
            yield response(message.id, tag, error.result, extended=extended)
        finally:
            self._record(operation, detail, result)
        if _is_starttls(message) and result == 0:
            yield StartTls()

    def _record(self, operation: str, detail: dict[str, object], result: int) -> None:
        self._journal.record(self.moment(), "ldap", operation, detail, result)


def _is_starttls(message: Message) -> bool:
    return isinstance(message.request, ExtendedRequest) and message.request.oid == STARTTLS
