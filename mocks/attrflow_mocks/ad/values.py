"""Attribute values by syntax: what is valid, what is equal, what comes first; SIDs, GUIDs and times.

Pure: bytes in, keys and bytes out. Knows no attribute by name and no entry.
"""

from __future__ import annotations

import re
import struct
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import Enum

from attrflow_mocks.ad.names import InvalidName, fold, parse_dn

__all__ = [
    "NEVER",
    "NUMBER",
    "TEXT",
    "Key",
    "Syntax",
    "equality_key",
    "filetime",
    "generalized_time",
    "guid_from_text",
    "order_key",
    "sid_from_text",
    "sid_text",
]

Key = bytes | str | int | tuple[str, ...]
"""What two equal values have in common."""

NEVER = 9223372036854775807
"""The FILETIME that stands for never."""


class Syntax(Enum):
    """AD's attribute syntaxes: short name, attributeSyntax, oMSyntax, and the OID in the subschema."""

    DN = ("dn", "2.5.5.1", 127, "1.3.6.1.4.1.1466.115.121.1.12")
    OID = ("oid", "2.5.5.2", 6, "1.3.6.1.4.1.1466.115.121.1.38")
    EXACT = ("exact", "2.5.5.3", 27, "1.2.840.113556.1.4.1362")
    TELETEX = ("teletex", "2.5.5.4", 20, "1.2.840.113556.1.4.905")
    IA5 = ("ia5", "2.5.5.5", 22, "1.3.6.1.4.1.1466.115.121.1.26")
    NUMERIC = ("numeric", "2.5.5.6", 18, "1.3.6.1.4.1.1466.115.121.1.36")
    DN_BINARY = ("dnbinary", "2.5.5.7", 127, "1.2.840.113556.1.4.903")
    BOOLEAN = ("bool", "2.5.5.8", 1, "1.3.6.1.4.1.1466.115.121.1.7")
    INTEGER = ("int", "2.5.5.9", 2, "1.3.6.1.4.1.1466.115.121.1.27")
    ENUM = ("enum", "2.5.5.9", 10, "1.3.6.1.4.1.1466.115.121.1.27")
    OCTET = ("octet", "2.5.5.10", 4, "1.3.6.1.4.1.1466.115.121.1.40")
    GUID = ("guid", "2.5.5.10", 4, "1.3.6.1.4.1.1466.115.121.1.40")
    UTC = ("utc", "2.5.5.11", 23, "1.3.6.1.4.1.1466.115.121.1.53")
    TIME = ("time", "2.5.5.11", 24, "1.3.6.1.4.1.1466.115.121.1.24")
    UNICODE = ("unicode", "2.5.5.12", 64, "1.3.6.1.4.1.1466.115.121.1.15")
    DESCRIPTOR = ("sd", "2.5.5.15", 66, "1.2.840.113556.1.4.907")
    INT64 = ("int8", "2.5.5.16", 65, "1.2.840.113556.1.4.906")
    SID = ("sid", "2.5.5.17", 4, "1.3.6.1.4.1.1466.115.121.1.40")


TEXT = frozenset({Syntax.EXACT, Syntax.TELETEX, Syntax.IA5, Syntax.NUMERIC, Syntax.UNICODE, Syntax.OID})
NUMBER = frozenset({Syntax.INTEGER, Syntax.ENUM, Syntax.INT64})

_TIME = re.compile(rb"(\d{14})([.,]\d+)?(Z|[+-]\d{2}(?:\d{2})?)\Z")
_SID = re.compile(r"S-(\d{1,3})-(\d{1,15})((?:-\d{1,10})*)\Z", re.IGNORECASE)
_GUID = re.compile(r"\{?([0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12})\}?\Z")


def sid_text(sid: bytes) -> str:
    """`S-1-...` of a binary SID."""
    count = sid[1]
    authority = int.from_bytes(sid[2:8], "big")
    parts = struct.unpack(f"<{count}I", sid[8 : 8 + 4 * count])
    return "-".join(["S", str(sid[0]), str(authority), *map(str, parts)])


def sid_from_text(text: str) -> bytes | None:
    """The binary SID of `S-1-...`, or None when the text is none."""
    match = _SID.match(text)
    if match is None:
        return None
    parts = [int(part) for part in match[3].split("-")[1:]]
    authority = int(match[2])
    if int(match[1]) > 255 or len(parts) > 15 or authority >= 1 << 48 or any(p >= 1 << 32 for p in parts):
        return None
    return (
        struct.pack("BB", int(match[1]), len(parts))
        + authority.to_bytes(6, "big")
        + struct.pack(f"<{len(parts)}I", *parts)
    )


def guid_from_text(text: str) -> uuid.UUID | None:
    """The GUID of dashed text, or of the 32 hex digits of its stored bytes; None when it is neither."""
    match = _GUID.match(text)
    if match is not None:
        return uuid.UUID(match[1])
    if re.fullmatch(r"[0-9a-fA-F]{32}", text):
        return uuid.UUID(bytes_le=bytes.fromhex(text))
    return None


def generalized_time(moment: datetime) -> bytes:
    """AD's form of a time: `YYYYMMDDHHMMSS.0Z`."""
    return moment.astimezone(UTC).strftime("%Y%m%d%H%M%S.0Z").encode()


def filetime(moment: datetime) -> int:
    """100 ns since 1601."""
    return (moment - datetime(1601, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 10


def equality_key(syntax: Syntax) -> Callable[[bytes], Key | None]:
    """The function from a value to its key; it gives None for what is no value of the syntax."""
    return _EQUALITY.get(syntax, _octets)


def order_key(syntax: Syntax) -> Callable[[bytes], Key | None] | None:
    """The function from a value to what orders it, or None where AD does not order."""
    if syntax in (Syntax.DN, Syntax.DN_BINARY, Syntax.BOOLEAN, Syntax.DESCRIPTOR):
        return None
    return equality_key(syntax)


def _octets(value: bytes) -> Key | None:
    return value


def _folded(value: bytes) -> Key | None:
    try:
        return fold(value.decode())
    except UnicodeDecodeError:
        return None


def _exact(value: bytes) -> Key | None:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None


def _ascii(value: bytes) -> Key | None:
    return value.decode() if value.isascii() else None


def _integer(bits: int) -> Callable[[bytes], Key | None]:
    low, high = -(1 << (bits - 1)), (1 << bits) - 1  # AD takes unsigned text and wraps it

    def key(value: bytes) -> Key | None:
        digits = value[1:] if value[:1] == b"-" else value
        if not digits.isdigit() or len(digits) > 20:
            return None
        number = int(value)
        if not low <= number <= high:
            return None
        return number - (1 << bits) if number >= 1 << (bits - 1) else number

    return key


def _boolean(value: bytes) -> Key | None:
    upper = value.upper()
    return upper if upper in (b"TRUE", b"FALSE") else None


def _time(value: bytes) -> Key | None:
    match = _TIME.match(value)
    if match is None:
        return None
    try:
        moment = datetime.strptime(match[1].decode(), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        zone = match[3].decode()
        if zone != "Z":
            minutes = int(zone[1:3]) * 60 + int(zone[3:5] or "0")
            moment -= timedelta(minutes=-minutes if zone[0] == "-" else minutes)
    except (ValueError, OverflowError):
        return None
    return moment.isoformat()


def _guid(value: bytes) -> Key | None:
    if len(value) == 16:
        return value
    found = guid_from_text(value.decode("ascii", "replace"))
    return found.bytes_le if found is not None and b"-" in value else None


def _sid(value: bytes) -> Key | None:
    if value[:2].upper() == b"S-":
        return sid_from_text(value.decode("ascii", "replace"))
    return value if len(value) >= 8 and len(value) == 8 + 4 * value[1] else None


def _dn(value: bytes) -> Key | None:
    try:
        dn = parse_dn(value.decode())
    except (UnicodeDecodeError, InvalidName):
        return None
    return tuple([rdn.key for rdn in dn]) if dn else None


def _dn_binary(value: bytes) -> Key | None:
    match = re.match(rb"[BS]:(\d+):([^:]*):", value)
    if match is None or int(match[1]) != len(match[2]) or not value[match.end() :]:
        return None
    name = _dn(value[match.end() :])
    return (value[: match.end()].decode("ascii", "replace").upper(), *name) if isinstance(name, tuple) else None


_EQUALITY: dict[Syntax, Callable[[bytes], Key | None]] = {
    Syntax.DN: _dn,
    Syntax.DN_BINARY: _dn_binary,
    Syntax.OID: _folded,
    Syntax.TELETEX: _folded,
    Syntax.UNICODE: _folded,
    Syntax.EXACT: _exact,
    Syntax.IA5: _ascii,
    Syntax.NUMERIC: _ascii,
    Syntax.BOOLEAN: _boolean,
    Syntax.INTEGER: _integer(32),
    Syntax.ENUM: _integer(32),
    Syntax.INT64: _integer(64),
    Syntax.UTC: _time,
    Syntax.TIME: _time,
    Syntax.GUID: _guid,
    Syntax.SID: _sid,
}
