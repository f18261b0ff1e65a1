"""LDAP requests: from the bytes of one message to frozen nouns (RFC 4511).

Knows the wire form and nothing else: no directory, no schema, no controls' values. Hostile bytes
raise `ProtocolError` and nothing but it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from attrflow_mocks.ad.ber import ProtocolError, Reader, frame_length
from attrflow_mocks.ad.filter_nodes import Filter, read_filter

__all__ = [
    "MAX_MESSAGE",
    "AbandonRequest",
    "AddRequest",
    "BindRequest",
    "Change",
    "CompareRequest",
    "Control",
    "DeleteRequest",
    "ExtendedRequest",
    "Framer",
    "Message",
    "ModifyDnRequest",
    "ModifyRequest",
    "Request",
    "SearchRequest",
    "UnbindRequest",
    "decode",
]

MAX_MESSAGE = 10 * 1024 * 1024
"""AD's MaxReceiveBuffer, in bytes."""


@dataclass(frozen=True, slots=True)
class Control:
    """A control as it came: OID, criticality, and its value still encoded."""

    oid: str
    critical: bool = False
    value: bytes | None = None


@dataclass(frozen=True, slots=True)
class BindRequest:
    """A bind; `method` is `simple`, `sasl` or `sicily`."""

    version: int
    name: str
    method: str
    password: bytes = field(repr=False)
    mechanism: str = ""
    """The SASL mechanism; its credentials are not read, as no mechanism is spoken."""


@dataclass(frozen=True, slots=True)
class UnbindRequest:
    """The client goes."""


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A search; `scope` is 0 base, 1 one level, 2 subtree; limits of 0 mean none."""

    base: str
    scope: int
    size_limit: int
    time_limit: int
    types_only: bool
    filter: Filter
    attributes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One part of a modify; `kind` is 0 add, 1 delete, 2 replace."""

    kind: int
    attribute: str
    values: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ModifyRequest:
    """A modify of one entry: all changes or none."""

    dn: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class AddRequest:
    """An add of one entry."""

    dn: str
    attributes: tuple[tuple[str, tuple[bytes, ...]], ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class DeleteRequest:
    """A delete of one entry."""

    dn: str


@dataclass(frozen=True, slots=True)
class ModifyDnRequest:
    """A rename, with `new_superior` a move."""

    dn: str
    new_rdn: str
    delete_old_rdn: bool
    new_superior: str | None


@dataclass(frozen=True, slots=True)
class CompareRequest:
    """Does the entry have this value?"""

    dn: str
    attribute: str
    value: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class AbandonRequest:
    """The client no longer wants the answer to `target`."""

    target: int


@dataclass(frozen=True, slots=True)
class ExtendedRequest:
    """An extended operation by OID."""

    oid: str
    value: bytes | None = field(repr=False)


Request = (
    BindRequest
    | UnbindRequest
    | SearchRequest
    | ModifyRequest
    | AddRequest
    | DeleteRequest
    | ModifyDnRequest
    | CompareRequest
    | AbandonRequest
    | ExtendedRequest
)


@dataclass(frozen=True, slots=True)
class Message:
    """One request with its message id and controls."""

    id: int
    request: Request
    controls: tuple[Control, ...] = ()


class Framer:
    """Cuts a stream of bytes into whole messages."""

    def __init__(self, limit: int = MAX_MESSAGE) -> None:
        self._buffer = bytearray()
        self._limit = limit

    @property
    def pending(self) -> int:
        """Bytes received that are not yet a whole message."""
        return len(self._buffer)

    def feed(self, data: bytes) -> None:
        """Append what the socket gave."""
        self._buffer += data

    def next(self) -> bytes | None:
        """The next whole message, or None until more bytes come.

        Raises:
            ProtocolError: what comes is no message, or one above the limit.
        """
        length = frame_length(self._buffer, self._limit)
        if length is None or len(self._buffer) < length:
            return None
        frame = bytes(self._buffer[:length])
        del self._buffer[:length]
        return frame


def decode(frame: bytes) -> Message:
    """Read one whole message.

    Raises:
        ProtocolError: the bytes are not an LDAP request.
    """
    reader = Reader(frame).enter(0x30)
    identifier = reader.integer()
    if not 0 <= identifier <= 0x7FFFFFFF:
        raise ProtocolError(f"message id {identifier} is out of range")
    tag = reader.peek()
    if tag is None:
        raise ProtocolError("a message without an operation")
    request = _read_request(tag, reader)
    controls = _read_controls(reader.enter(0xA0)) if reader.peek() == 0xA0 else ()
    return Message(identifier, request, controls)


def _read_request(tag: int, reader: Reader) -> Request:
    match tag:
        case 0x60:
            return _read_bind(reader.enter())
        case 0x42:
            reader.content()
            return UnbindRequest()
        case 0x63:
            return _read_search(reader.enter())
        case 0x66:
            return _read_modify(reader.enter())
        case 0x68:
            return _read_add(reader.enter())
        case 0x4A:
            return DeleteRequest(reader.text(0x4A))
        case 0x6C:
            return _read_modify_dn(reader.enter())
        case 0x6E:
            inner = reader.enter()
            dn, assertion = inner.text(), inner.enter(0x30)
            return CompareRequest(dn, assertion.text(), assertion.octets())
        case 0x50:
            return AbandonRequest(reader.integer(0x50))
        case 0x77:
            inner = reader.enter()
            return ExtendedRequest(inner.text(0x80), inner.content(0x81) if inner.peek() == 0x81 else None)
    raise ProtocolError(f"no request has tag {tag:02x}")


def _read_bind(reader: Reader) -> BindRequest:
    version, name = reader.integer(), reader.text()
    tag, content = reader.element()
    method = {0x80: "simple", 0xA3: "sasl", 0x89: "sicily", 0x8A: "sicily", 0x8B: "sicily"}.get(tag)
    if method is None:
        raise ProtocolError(f"no bind method has tag {tag:02x}")
    mechanism = Reader(content).text() if method == "sasl" else ""
    return BindRequest(version, name, method, content if method == "simple" else b"", mechanism)


def _read_search(reader: Reader) -> SearchRequest:
    base = reader.text()
    scope = reader.integer(0x0A)
    if scope not in (0, 1, 2):
        raise ProtocolError(f"search scope {scope}")
    reader.integer(0x0A)  # alias dereferencing: AD has no aliases
    size_limit, time_limit = reader.integer(), reader.integer()
    types_only = reader.boolean()
    filter_ = read_filter(reader)
    names = reader.enter(0x30)
    attributes = []
    while not names.at_end:
        attributes.append(names.text())
    return SearchRequest(base, scope, size_limit, time_limit, types_only, filter_, tuple(attributes))


def _read_values(reader: Reader) -> tuple[bytes, ...]:
    inner = reader.enter(0x31)
    values = []
    while not inner.at_end:
        values.append(inner.octets())
    return tuple(values)


def _read_modify(reader: Reader) -> ModifyRequest:
    dn = reader.text()
    inner = reader.enter(0x30)
    changes = []
    while not inner.at_end:
        item = inner.enter(0x30)
        kind = item.integer(0x0A)
        if kind not in (0, 1, 2):
            raise ProtocolError(f"modify operation {kind}: AD knows add, delete and replace")
        part = item.enter(0x30)
        changes.append(Change(kind, part.text(), _read_values(part)))
    return ModifyRequest(dn, tuple(changes))


def _read_add(reader: Reader) -> AddRequest:
    dn = reader.text()
    inner = reader.enter(0x30)
    attributes = []
    while not inner.at_end:
        item = inner.enter(0x30)
        attributes.append((item.text(), _read_values(item)))
    return AddRequest(dn, tuple(attributes))


def _read_modify_dn(reader: Reader) -> ModifyDnRequest:
    dn, new_rdn, delete_old = reader.text(), reader.text(), reader.boolean()
    superior = reader.text(0x80) if reader.peek() == 0x80 else None
    return ModifyDnRequest(dn, new_rdn, delete_old, superior)


def _read_controls(reader: Reader) -> tuple[Control, ...]:
    controls = []
    while not reader.at_end:
        item = reader.enter(0x30)
        oid = item.text()
        critical = item.boolean() if item.peek() == 0x01 else False
        value = item.octets() if item.peek() == 0x04 else None
        controls.append(Control(oid, critical, value))
    return tuple(controls)
