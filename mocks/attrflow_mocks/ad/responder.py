"""One LDAP connection without its socket: messages in, bytes and a few instructions out.

The server that hosts a session sends the bytes, waits the delays, starts TLS and closes. Faults are
carried out here, and every request is journalled here with how it ended.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass

from attrflow_mocks.ad.authentication import Principal, authenticate
from attrflow_mocks.ad.ber import ProtocolError
from attrflow_mocks.ad.controls import Asked, read_controls
from attrflow_mocks.ad.directory import Directory
from attrflow_mocks.ad.errors import LdapError, ldap_error
from attrflow_mocks.ad.filter import compile_filter
from attrflow_mocks.ad.filter_nodes import Equal
from attrflow_mocks.ad.journalling import describe, operation_of
from attrflow_mocks.ad.message import (
    AbandonRequest,
    AddRequest,
    BindRequest,
    CompareRequest,
    DeleteRequest,
    ExtendedRequest,
    Message,
    ModifyDnRequest,
    ModifyRequest,
    SearchRequest,
    UnbindRequest,
    decode,
)
from attrflow_mocks.ad.modify import modify
from attrflow_mocks.ad.responses import Result, response, search_entry
from attrflow_mocks.ad.rootdse import STARTTLS, WHOAMI, root_dse
from attrflow_mocks.ad.search import Answer, Outcome, Searches
from attrflow_mocks.ad.tombstones import delete, is_undelete, undelete
from attrflow_mocks.ad.writes import add, rename
from attrflow_mocks.faults import Fault, FaultScript
from attrflow_mocks.journal import Journal

__all__ = ["Close", "Delay", "Output", "Session", "StartTls"]

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


class Session:
    """The server's side of one connection."""

    def __init__(
        self,
        directory: Directory,
        journal: Journal,
        faults: FaultScript,
        *,
        secure: bool = False,
        tls: bool = True,
    ) -> None:
        """Start unbound; `secure` says TLS is already on, `tls` that StartTLS may be asked for."""
        self._directory = directory
        self._journal = journal
        self._faults = faults
        self._tls = tls
        self.secure = secure
        self.principal: Principal | None = None
        self._searches = Searches(directory)

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
            self._record(operation, describe(message), 0)  # answers are sent before the next message is read
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
            entries = self._perform(message, expired=kind == "expire")
            if fault is not None and kind in ("drop-after", "drop-done", "result", "status"):
                planned = yield from _spoiled(entries, fault)
                if planned is None:
                    yield Close()
                    return
                outcome = planned
            else:
                outcome = yield from entries
            result = outcome.result.code
            detail["entries"] = outcome.entries
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
        self._journal.record(self._directory.now().isoformat(), "ldap", operation, detail, result)

    def _perform(self, message: Message, *, expired: bool) -> Answer:
        """Carry one request out, yielding search entries on the way."""
        request = message.request
        if isinstance(request, BindRequest):
            return self._bind(request)
        if isinstance(request, ExtendedRequest):
            return self._extended(request)
        asked = read_controls(message.controls)
        if isinstance(request, SearchRequest) and request.base == "" and request.scope == 0:
            attributes = root_dse(self._directory, request.attributes, types_only=request.types_only)
            yield search_entry(message.id, b"", attributes)
            return Outcome(entries=1)
        if self.principal is None:
            comment = "In order to perform this operation a successful bind must be completed on the connection."
            raise ldap_error(1, 0x4DC, comment)
        if isinstance(request, SearchRequest):
            name = self.principal.bind_name
            return (yield from self._searches.run(message.id, request, asked, name, expired))
        return self._write(request, asked)

    def _bind(self, request: BindRequest) -> Outcome:
        self.principal = None
        self._searches = Searches(self._directory)
        if request.version != 3:
            raise LdapError(2, "only LDAP version 3 is spoken here")
        if request.method != "simple":
            raise ldap_error(7, 0x57, f"{request.method} bind is not supported by this mock: use simple bind")
        if request.name and request.password:
            self.principal = authenticate(self._directory, request.name, request.password)
        return Outcome()  # without a name or a password: anonymous, as real AD has it

    def _extended(self, request: ExtendedRequest) -> Outcome:
        if request.oid == WHOAMI:
            text = f"u:{self.principal.account}" if self.principal is not None else ""
            return Outcome(extended=(None, text.encode()))
        if request.oid == STARTTLS:
            if self.secure or not self._tls:
                raise ldap_error(1 if self.secure else 52, 0x0, "Error initializing SSL/TLS")
            return Outcome(extended=(STARTTLS, None))
        raise ldap_error(2, 0x57, f"Unknown extended request OID {request.oid}")

    def _write(self, request: object, asked: Asked) -> Outcome:
        directory = self._directory
        match request:
            case AddRequest(dn, attributes):
                add(directory, dn, attributes, secure=self.secure)
            case ModifyRequest():
                self._modify(request, asked)
            case DeleteRequest(dn):
                delete(directory, dn, tree=asked.tree_delete, show_deleted=asked.show_deleted)
            case ModifyDnRequest(dn, new_rdn, delete_old, superior):
                rename(directory, dn, new_rdn, delete_old, superior)
            case CompareRequest(dn, attribute, value):
                entry = directory.require(dn)
                held = compile_filter(directory, Equal(attribute, value))(entry)
                if held is None:
                    raise ldap_error(16, 0x57, f"Error in attribute conversion operation ({attribute})")
                return Outcome(Result(6 if held else 5))
        return Outcome()

    def _modify(self, request: ModifyRequest, asked: Asked) -> None:
        directory = self._directory
        if request.dn == "":
            raise ldap_error(53, 0x57, "the root DSE cannot be modified")
        entry = directory.require(request.dn, show_deleted=asked.show_deleted)
        changes = list(request.changes)
        if is_undelete(changes):
            changes = undelete(directory, entry, changes)
        elif entry.deleted:
            raise ldap_error(53, 0x2077, "a deleted object can only be brought back")
        if changes:
            modify(directory, entry, changes, permissive=asked.permissive, secure=self.secure)


def _is_starttls(message: Message) -> bool:
    return isinstance(message.request, ExtendedRequest) and message.request.oid == STARTTLS


def _spoiled(entries: Answer, fault: Fault) -> Generator[bytes, None, Outcome | None]:
    """An answer with a fault in it; None instead of an outcome has the connection closed."""
    if fault.kind in ("result", "status"):
        sent = 0
        if fault.kind == "result" and fault.entries:
            for entry in entries:
                if sent == fault.entries:
                    break
                yield entry
                sent += 1
        entries.close()
        if fault.kind == "status":
            return Outcome(Result(80, "", "the fault kind 'status' is for HTTP: use 'result' with LDAP"))
        return Outcome(Result(fault.status, "", _FAULT_TEXTS.get(fault.status, "a fault on order")), entries=sent)
    sent_bytes = 0
    for count, entry in enumerate(entries):
        if fault.kind == "drop-done":
            continue
        if fault.bytes and sent_bytes + len(entry) >= fault.bytes:
            yield entry[: fault.bytes - sent_bytes]
            return None
        if not fault.bytes and count == fault.entries:
            return None
        yield entry
        sent_bytes += len(entry)
    return None


_FAULT_TEXTS = {
    3: "000020E0: SvcErr: DSID-0C09A77F, problem 5010 (TIME_LIMIT_EXCEEDED), data 0\n",
    4: "000020E1: SvcErr: DSID-0C09A77F, problem 5008 (ADMIN_LIMIT_EXCEEDED), data 0\n",
    51: "0000200E: SvcErr: DSID-0C09A77F, problem 5001 (BUSY), data 0\n",
    52: "0000200F: SvcErr: DSID-0C09A77F, problem 5002 (UNAVAILABLE), data 0\n",
}
