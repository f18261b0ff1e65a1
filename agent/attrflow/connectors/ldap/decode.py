"""What an LDAP server answers to a search: octets in, messages out (RFC 4511 §4.5.2). No I/O.

A `SearchDecoder` is fed what a socket gives, in pieces of any size, and hands out whole messages.
Values stay octets: what they mean is `values`' affair. It decodes BER with definite lengths only,
as LDAP prescribes, and knows no request.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = [
    "Intermediate",
    "Malformed",
    "Message",
    "Notice",
    "SearchDecoder",
    "SearchDone",
    "SearchEntry",
    "SearchReference",
    "decode_message",
    "dirsync_answer",
    "paging_answer",
]

_ENTRY, _DONE, _REFERENCE, _EXTENDED, _INTERMEDIATE = 0x64, 0x65, 0x73, 0x78, 0x79
_SEQUENCE, _SET, _OCTETS, _INTEGER, _ENUMERATED = 0x30, 0x31, 0x04, 0x02, 0x0A
_CONTROLS, _REFERRALS = 0xA0, 0xA3
_LONG_FORM = 0x80
_LENGTH_OCTETS_MAX = 4


class Malformed(ValueError):
    """The octets are no LDAP message; the stream cannot be used any further."""


class SearchEntry(NamedTuple):
    """One entry; attribute names as the server spelt them, options included."""

    message_id: int
    dn: bytes
    attributes: dict[str, list[bytes]]
    controls: dict[str, bytes]


class SearchReference(NamedTuple):
    """A continuation reference: another server has more."""

    message_id: int
    urls: tuple[str, ...]


class SearchDone(NamedTuple):
    """How the search ended. `text` is the server's own diagnostic message."""

    message_id: int
    result: int
    matched_dn: str
    text: str
    referrals: tuple[str, ...]
    controls: dict[str, bytes]


class Intermediate(NamedTuple):
    """An intermediate response (RFC 4511 §4.13), which a plain search ignores."""

    message_id: int


class Notice(NamedTuple):
    """An extended response; with message id 0 the server's notice that it hangs up."""

    message_id: int
    result: int
    text: str


Message = SearchEntry | SearchReference | SearchDone | Intermediate | Notice


class SearchDecoder:
    """Cuts a stream of octets into messages and decodes them."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []
        self._have = 0
        self._need = 2
        self._names: dict[bytes, str] = {}

    def feed(self, data: bytes) -> list[Message]:
        """The messages that are complete with `data`.

        Raises:
            Malformed: the stream is no LDAP.
        """
        self._chunks.append(data)
        self._have += len(data)
        if self._have < self._need:
            return []
        data = b"".join(self._chunks)
        start, messages = 0, []
        while True:
            end = _message_end(data, start)
            if end is None or end > len(data):
                break
            messages.append(decode_message(data, start, end, self._names))
            start = end
        rest = data[start:]
        self._chunks, self._have = [rest], len(rest)
        self._need = (end - start) if end is not None else len(rest) + 1
        return messages

    @property
    def pending(self) -> int:
        """Octets of a message that is not complete yet."""
        return self._have


def _message_end(data: bytes, start: int) -> int | None:
    """Where the message at `start` ends; None while not even its length is there."""
    if len(data) < start + 2:
        return None
    if data[start] != _SEQUENCE:
        raise Malformed(f"an LDAP message begins with 0x30, not 0x{data[start]:02x}")
    length = data[start + 1]
    if length < _LONG_FORM:
        return start + 2 + length
    octets = length - _LONG_FORM
    if not 1 <= octets <= _LENGTH_OCTETS_MAX:
        raise Malformed(f"a length of {octets} octets is no definite LDAP length")
    if len(data) < start + 2 + octets:
        return None
    return start + 2 + octets + int.from_bytes(data[start + 2 : start + 2 + octets], "big")


def _element(data: bytes, at: int, limit: int, tag: int | None = None) -> tuple[int, int, int]:
    """The element at `at`: its tag, and where its content starts and ends, all within `limit`."""
    if at + 2 > limit:
        raise Malformed("an element is cut off")
    found, length = data[at], data[at + 1]
    start = at + 2
    if length >= _LONG_FORM:
        octets = length - _LONG_FORM
        start += octets
        if not 1 <= octets <= _LENGTH_OCTETS_MAX or start > limit:
            raise Malformed("a length is cut off or indefinite")
        length = int.from_bytes(data[start - octets : start], "big")
    if start + length > limit:
        raise Malformed("an element is longer than what holds it")
    if tag is not None and found != tag:
        raise Malformed(f"expected tag 0x{tag:02x}, found 0x{found:02x}")
    return found, start, start + length


def decode_message(
    data: bytes, start: int = 0, end: int | None = None, names: dict[bytes, str] | None = None
) -> Message:
    """Decode the one message at [start, end). `names` remembers attribute names between calls.

    Raises:
        Malformed: it is no message, or of a kind that never answers a search.
    """
    limit = len(data) if end is None else end
    _, at, limit = _element(data, start, limit, _SEQUENCE)
    _, id_start, at = _element(data, at, limit, _INTEGER)
    message_id = int.from_bytes(data[id_start:at], "big", signed=True)
    tag, body, body_end = _element(data, at, limit)
    controls = _controls(data, body_end, limit) if body_end < limit else {}
    if tag == _ENTRY:
        try:
            dn, attributes = _entry(data, body, body_end, {} if names is None else names)
        except IndexError as error:
            raise Malformed("an entry is cut off") from error
        return SearchEntry(message_id, dn, attributes, controls)
    if tag == _DONE:
        result, matched, text, referrals = _result(data, body, body_end)
        return SearchDone(message_id, result, matched, text, referrals, controls)
    if tag == _REFERENCE:
        return SearchReference(message_id, _strings(data, body, body_end))
    if tag == _EXTENDED:
        result, _, text, _ = _result(data, body, body_end)
        return Notice(message_id, result, text)
    if tag == _INTERMEDIATE:
        return Intermediate(message_id)
    raise Malformed(f"a message of tag 0x{tag:02x} does not answer a search")


def _entry(data: bytes, at: int, limit: int, names: dict[bytes, str]) -> tuple[bytes, dict[str, list[bytes]]]:
    """DN and attributes of a SearchResultEntry.

    Short lengths are read in place, others by `_element`: a call for each element costs half the speed.
    What runs over its end is found once, after the last value of an attribute.
    """
    _, dn_start, at = _element(data, at, limit, _OCTETS)
    dn = data[dn_start:at]
    _, at, list_end = _element(data, at, limit, _SEQUENCE)
    attributes: dict[str, list[bytes]] = {}
    while at < list_end:
        if data[at] == _SEQUENCE and data[at + 1] < _LONG_FORM:
            at, attribute_end = at + 2, at + 2 + data[at + 1]
        else:
            _, at, attribute_end = _element(data, at, list_end, _SEQUENCE)
        _, name_start, at = _element(data, at, attribute_end, _OCTETS)
        raw_name = data[name_start:at]
        name = names.get(raw_name)
        if name is None:
            name = names[raw_name] = raw_name.decode("utf-8", "replace")
        if data[at] == _SET and data[at + 1] < _LONG_FORM:
            at, set_end = at + 2, at + 2 + data[at + 1]
        else:
            _, at, set_end = _element(data, at, attribute_end, _SET)
        values = attributes.setdefault(name, [])
        while at < set_end:
            if data[at] == _OCTETS and data[at + 1] < _LONG_FORM:
                start, at = at + 2, at + 2 + data[at + 1]
            else:
                _, start, at = _element(data, at, set_end, _OCTETS)
            values.append(data[start:at])
        if at != set_end or set_end > attribute_end or attribute_end > list_end:
            raise Malformed("a value is longer than what holds it")
        at = attribute_end
    return dn, attributes


def _result(data: bytes, at: int, limit: int) -> tuple[int, str, str, tuple[str, ...]]:
    """An LDAPResult: code, matched DN, diagnostic message, referrals."""
    _, start, at = _element(data, at, limit, _ENUMERATED)
    code = int.from_bytes(data[start:at], "big", signed=True)
    _, start, at = _element(data, at, limit, _OCTETS)
    matched = data[start:at].decode("utf-8", "replace")
    _, start, at = _element(data, at, limit, _OCTETS)
    text = data[start:at].decode("utf-8", "replace").rstrip("\x00\n ")
    referrals: tuple[str, ...] = ()
    if at < limit:
        tag, start, end = _element(data, at, limit)
        if tag == _REFERRALS:
            referrals = _strings(data, start, end)
    return code, matched, text, referrals


def _strings(data: bytes, at: int, limit: int) -> tuple[str, ...]:
    found = []
    while at < limit:
        _, start, at = _element(data, at, limit, _OCTETS)
        found.append(data[start:at].decode("utf-8", "replace"))
    return tuple(found)


def _controls(data: bytes, at: int, limit: int) -> dict[str, bytes]:
    """Response controls by OID; their values stay octets."""
    tag, at, end = _element(data, at, limit)
    found: dict[str, bytes] = {}
    while tag == _CONTROLS and at < end:
        _, at, control_end = _element(data, at, end, _SEQUENCE)
        _, start, at = _element(data, at, control_end, _OCTETS)
        oid, value = data[start:at].decode("ascii", "replace"), b""
        while at < control_end:
            part, start, at = _element(data, at, control_end)
            if part == _OCTETS:
                value = data[start:at]
        found[oid] = value
    return found


def paging_answer(value: bytes) -> bytes:
    """The cookie of a paged-results response control (RFC 2696); empty after the last page."""
    _, at, limit = _element(value, 0, len(value), _SEQUENCE)
    _, _, at = _element(value, at, limit, _INTEGER)
    _, start, end = _element(value, at, limit, _OCTETS)
    return value[start:end]


def dirsync_answer(value: bytes) -> tuple[bool, bytes]:
    """Whether there are more results, and the new cookie, of a DirSync response control (MS-ADTS)."""
    _, at, limit = _element(value, 0, len(value), _SEQUENCE)
    _, start, at = _element(value, at, limit, _INTEGER)
    more = any(value[start:at])
    _, _, at = _element(value, at, limit, _INTEGER)
    _, start, end = _element(value, at, limit, _OCTETS)
    return more, value[start:end]
