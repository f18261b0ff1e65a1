"""BER as LDAP uses it: definite lengths, single-byte tags, bytes in and bytes out.

Knows nothing of LDAP messages. Whatever bytes come in, reading raises `ProtocolError` or nothing.
"""

from __future__ import annotations

__all__ = [
    "ProtocolError",
    "Reader",
    "boolean",
    "frame_length",
    "header",
    "integer",
    "octets",
    "sequence",
    "tlv",
]


class ProtocolError(Exception):
    """The bytes are not what the protocol allows; the connection cannot go on."""


def header(tag: int, length: int) -> bytes:
    """Tag and length octets for a value of `length` bytes."""
    if length < 128:
        return bytes((tag, length))
    size = (length.bit_length() + 7) // 8
    return bytes((tag, 0x80 | size)) + length.to_bytes(size, "big")


def tlv(tag: int, content: bytes) -> bytes:
    """One element: tag, length, content."""
    return header(tag, len(content)) + content


def octets(value: bytes | str, tag: int = 0x04) -> bytes:
    """An OCTET STRING; text is written as UTF-8."""
    return tlv(tag, value.encode() if isinstance(value, str) else value)


def integer(value: int, tag: int = 0x02) -> bytes:
    """An INTEGER (or, with `tag`, an ENUMERATED) in the fewest two's complement bytes."""
    size = value.bit_length() // 8 + 1 if value >= 0 else (value + 1).bit_length() // 8 + 1
    return tlv(tag, value.to_bytes(size, "big", signed=True))


def boolean(value: bool, tag: int = 0x01) -> bytes:
    """A BOOLEAN; true is FF as LDAP demands."""
    return tlv(tag, b"\xff" if value else b"\x00")


def sequence(*parts: bytes, tag: int = 0x30) -> bytes:
    """A SEQUENCE (or, with `tag`, a SET or tagged type) of already encoded parts."""
    return tlv(tag, b"".join(parts))


def frame_length(data: bytes | bytearray, limit: int) -> int | None:
    """How many bytes the first element of `data` takes; None while its length is not all there yet.

    Raises:
        ProtocolError: not a SEQUENCE, an indefinite length, or more than `limit` bytes.
    """
    if not data:
        return None
    if data[0] != 0x30:
        raise ProtocolError(f"an LDAP message starts with 30, not {data[0]:02x}")
    if len(data) < 2:
        return None
    first = data[1]
    if first < 0x80:
        return 2 + first
    size = first & 0x7F
    if not 1 <= size <= 8:
        raise ProtocolError("the length of the message is indefinite or absurd")
    if len(data) < 2 + size:
        return None
    total = 2 + size + int.from_bytes(data[2 : 2 + size], "big")
    if total > limit:
        raise ProtocolError(f"a message of {total} bytes is above the limit of {limit}")
    return total


class Reader:
    """Reads elements one after the other from a stretch of bytes."""

    __slots__ = ("_data", "_end", "_position")

    def __init__(self, data: bytes, position: int = 0, end: int | None = None) -> None:
        self._data = data
        self._position = position
        self._end = len(data) if end is None else end

    @property
    def at_end(self) -> bool:
        """Whether everything has been read."""
        return self._position >= self._end

    def peek(self) -> int | None:
        """The tag of the next element, or None at the end."""
        return None if self.at_end else self._data[self._position]

    def _open(self, tag: int | None) -> tuple[int, int, int]:
        """Step over the next element; its tag, and where its content starts and ends."""
        data, position, end = self._data, self._position, self._end
        if position + 2 > end:
            raise ProtocolError("the message ends in the middle of an element")
        found = data[position]
        if tag is not None and found != tag:
            raise ProtocolError(f"expected tag {tag:02x}, found {found:02x}")
        if found & 0x1F == 0x1F:
            raise ProtocolError("tags of more than one byte do not exist in LDAP")
        length = data[position + 1]
        start = position + 2
        if length >= 0x80:
            size = length & 0x7F
            if not 1 <= size <= 8 or start + size > end:
                raise ProtocolError("a length is indefinite, absurd or cut off")
            length = int.from_bytes(data[start : start + size], "big")
            start += size
        if start + length > end:
            raise ProtocolError("an element is longer than what holds it")
        self._position = start + length
        return found, start, start + length

    def content(self, tag: int | None = None) -> bytes:
        """The content of the next element, whose tag must be `tag` when given."""
        _, start, stop = self._open(tag)
        return self._data[start:stop]

    def element(self) -> tuple[int, bytes]:
        """Tag and content of the next element."""
        tag, start, stop = self._open(None)
        return tag, self._data[start:stop]

    def enter(self, tag: int | None = None) -> Reader:
        """A reader over the content of the next element."""
        _, start, stop = self._open(tag)
        return Reader(self._data, start, stop)

    def octets(self) -> bytes:
        """The next element as an OCTET STRING."""
        return self.content(0x04)

    def text(self, tag: int = 0x04) -> str:
        """The next element as UTF-8 text."""
        try:
            return self.content(tag).decode()
        except UnicodeDecodeError as error:
            raise ProtocolError(f"text is not UTF-8: {error}") from None

    def integer(self, tag: int = 0x02) -> int:
        """The next element as a signed integer of at most 9 bytes (a 64-bit unsigned one fits)."""
        raw = self.content(tag)
        if not 1 <= len(raw) <= 9:
            raise ProtocolError(f"an integer of {len(raw)} bytes")
        return int.from_bytes(raw, "big", signed=True)

    def boolean(self, tag: int = 0x01) -> bool:
        """The next element as a BOOLEAN; every non-zero byte is true."""
        raw = self.content(tag)
        if len(raw) != 1:
            raise ProtocolError(f"a boolean of {len(raw)} bytes")
        return raw != b"\x00"
