"""LDAP responses: from results, entries and references to bytes.

Knows the wire form and nothing else. `search_entry` is on the hot path of every import.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from attrflow_mocks.ad.ber import boolean, header, integer, octets, sequence, tlv
from attrflow_mocks.ad.message import Control

__all__ = ["SUCCESS", "TAGS", "Projected", "Result", "response", "search_entry", "search_reference"]

TAGS = {
    "bind": 0x61,
    "search": 0x65,
    "dirsync": 0x65,
    "modify": 0x67,
    "add": 0x69,
    "delete": 0x6B,
    "modifydn": 0x6D,
    "compare": 0x6F,
    "extended": 0x78,
}
"""The response tag of each operation, by its name in the journal and in fault scripts."""

Projected = tuple[bytes, Sequence[bytes]]
"""One attribute as it goes out: its name as an encoded OCTET STRING, and its values."""

_OCTET_HEADERS = [header(0x04, length) for length in range(4096)]


@dataclass(frozen=True, slots=True)
class Result:
    """An LDAP result: code, matched DN, text, referral URLs."""

    code: int = 0
    matched_dn: str = ""
    text: str = ""
    referrals: tuple[str, ...] = ()


SUCCESS = Result()


def response(
    message_id: int,
    operation: str,
    result: Result,
    controls: Iterable[Control] = (),
    extended: tuple[str | None, bytes | None] = (None, None),
) -> bytes:
    """The final response to an operation; `extended` is the name and value of an extended response."""
    body = [integer(result.code, 0x0A), octets(result.matched_dn), octets(result.text)]
    if result.referrals:
        body.append(sequence(*[octets(url) for url in result.referrals], tag=0xA3))
    name, value = extended
    if name is not None:
        body.append(octets(name, 0x8A))
    if value is not None:
        body.append(octets(value, 0x8B))
    parts = [integer(message_id), sequence(*body, tag=TAGS[operation])]
    encoded = [_control(control) for control in controls]
    if encoded:
        parts.append(sequence(*encoded, tag=0xA0))
    return sequence(*parts)


def _control(control: Control) -> bytes:
    parts = [octets(control.oid)]
    if control.critical:
        parts.append(boolean(value=True))
    if control.value is not None:
        parts.append(octets(control.value))
    return sequence(*parts)


def search_entry(message_id: int, dn: bytes, attributes: Iterable[Projected]) -> bytes:
    """One search result entry."""
    heads = _OCTET_HEADERS
    items = []
    for name, values in attributes:
        if len(values) == 1 and len(values[0]) < 4096:
            content = heads[len(values[0])] + values[0]
        else:
            content = b"".join([(heads[len(v)] if len(v) < 4096 else header(4, len(v))) + v for v in values])
        size = len(content)
        if size < 128:
            content = name + bytes((0x31, size)) + content
        else:
            content = name + header(0x31, size) + content
        size = len(content)
        items.append((bytes((0x30, size)) if size < 128 else header(0x30, size)) + content)
    listed = b"".join(items)
    body = header(0x04, len(dn)) + dn + header(0x30, len(listed)) + listed
    return tlv(0x30, integer(message_id) + header(0x64, len(body)) + body)


def search_reference(message_id: int, urls: Iterable[str]) -> bytes:
    """One continuation reference."""
    return sequence(integer(message_id), sequence(*[octets(url) for url in urls], tag=0x73))
