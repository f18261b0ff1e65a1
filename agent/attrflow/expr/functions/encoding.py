"""Bytes and text: base64, hexadecimal, GUIDs and SIDs (expressions.md §3, Conversion)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re

from attrflow.expr.errors import ExpressionError
from attrflow.expr.functions.binding import Function, Parameter
from attrflow.expr.limits import spend_text
from attrflow.expr.options import DEFAULT_OPTIONS, ExpressionOptions

__all__ = ["ENCODING", "c_guid"]

_GUID = re.compile(
    r"(\{)?([0-9A-Fa-f]{8})-([0-9A-Fa-f]{4})-([0-9A-Fa-f]{4})-([0-9A-Fa-f]{4})-([0-9A-Fa-f]{12})(?(1)\})"
)
_ENCODINGS = ("Unicode", "ASCII", "UTF8")


def c_guid(text: str) -> bytes:
    """The 16 bytes of a GUID in the order in which AD stores objectGUID.

    >>> c_guid("{01020304-0506-0708-090a-0b0c0d0e0f10}").hex()
    '0403020106050807090a0b0c0d0e0f10'
    """
    match = _GUID.fullmatch(text.strip())
    if match is None:
        raise ExpressionError("invalid-conversion", "CGuid reads 8-4-4-4-12 hexadecimal digits, with or without braces")
    first = [bytes.fromhex(match[group])[::-1] for group in (2, 3, 4)]
    return b"".join(first) + bytes.fromhex(match[5] + match[6])


def string_from_guid(data: bytes, options: ExpressionOptions = DEFAULT_OPTIONS) -> str:
    """The text of a GUID, in lower case and without braces (option `guid_text`).

    >>> string_from_guid(c_guid("01020304-0506-0708-090A-0B0C0D0E0F10"))
    '01020304-0506-0708-090a-0b0c0d0e0f10'
    """
    if len(data) != 16:
        raise ExpressionError("invalid-conversion", f"a GUID has 16 bytes, not {len(data)}")
    groups = (data[3::-1], data[5:3:-1], data[7:5:-1], data[8:10], data[10:])
    text = "-".join(group.hex() for group in groups)
    if options.guid_text == "lower":
        return text
    return f"{{{text.upper()}}}" if options.guid_text == "braces" else text.upper()


def string_from_sid(data: bytes) -> str:
    """The text of a security identifier.

    >>> string_from_sid(bytes.fromhex("010200000000000520000000" "20020000"))
    'S-1-5-32-544'
    """
    if len(data) < 8 or data[0] != 1 or data[1] > 15 or len(data) != 8 + 4 * data[1]:
        raise ExpressionError("invalid-conversion", f"these {len(data)} bytes are no security identifier")
    authority = int.from_bytes(data[2:8], "big")
    shown = str(authority) if authority < 1 << 32 else f"0x{authority:012X}"
    parts = [str(int.from_bytes(data[at : at + 4], "little")) for at in range(8, len(data), 4)]
    return "-".join(["S-1", shown, *parts])


def to_base64(value: str | bytes) -> str:
    """The base64 of a text's UTF-16 bytes (little-endian), or of bytes as they are.

    >>> to_base64("Hi"), to_base64(b"Hi")
    ('SABpAA==', 'SGk=')
    """
    data = value if isinstance(value, bytes) else value.encode("utf-16-le", "surrogatepass")
    return base64.b64encode(data).decode("ascii")


def from_base64(text: str, encoding: str = "Unicode") -> str:
    """The text in a base64 text: UTF-16 (`Unicode`), ASCII or UTF8.

    >>> from_base64("SABpAA=="), from_base64("SGk=", "UTF8")
    ('Hi', 'Hi')
    """
    spend_text(3 * len(text))
    try:
        data = base64.b64decode("".join(text.split(None)), validate=True)
    except (binascii.Error, ValueError):
        raise ExpressionError("invalid-conversion", "ConvertFromBase64 cannot read this as base64") from None
    if encoding == "ASCII":
        return "".join(chr(byte) if byte < 128 else "?" for byte in data)
    return data.decode("utf-8" if encoding == "UTF8" else "utf-16-le", "replace")


def to_hex(text: str) -> str:
    """The UTF-8 bytes in upper-case hexadecimal.

    >>> to_hex("AB12"), to_hex("é")
    ('41423132', 'C3A9')
    """
    return text.encode("utf-8", "replace").hex().upper()


def from_hex(text: str) -> str:
    """The text of UTF-8 bytes in hexadecimal.

    >>> from_hex("41423132")
    'AB12'
    """
    if len(text) % 2 or not re.fullmatch(r"[0-9A-Fa-f]*", text):
        raise ExpressionError("invalid-conversion", "ConvertFromUTF8Hex reads pairs of hexadecimal digits")
    return bytes.fromhex(text).decode("utf-8", "replace")


def thumbprint(data: bytes, options: ExpressionOptions = DEFAULT_OPTIONS) -> bytes:
    """A hash of bytes: SHA-256, or what option `thumbprint` says.

    >>> len(thumbprint(b"key"))
    32
    """
    spend_text(10 * len(data))
    if options.thumbprint == "sha1":
        return hashlib.sha1(data, usedforsecurity=False).digest()
    return hashlib.sha256(data).digest()


_TEXT = (Parameter("text", "str"),)
_BYTES = (Parameter("data", "bin"),)
ENCODING: tuple[Function, ...] = (
    Function("CGuid", _TEXT, "bin", c_guid, "The bytes of a GUID.", 'CGuid("01020304-0506-0708-090a-0b0c0d0e0f10")'),
    Function(
        "StringFromGuid",
        _BYTES,
        "str",
        string_from_guid,
        "A binary GUID as text.",
        "StringFromGuid([objectGUID])",
        options=("guid_text",),
    ),
    Function("StringFromSid", _BYTES, "str", string_from_sid, "A binary SID as text.", "StringFromSid([objectSid])"),
    Function(
        "ConvertToBase64",
        (Parameter("value", "str|bin"),),
        "str",
        to_base64,
        "Text (as UTF-16) or bytes in base64.",
        'ConvertToBase64("Hello world!")',
        grows=True,
    ),
    Function(
        "ConvertFromBase64",
        (Parameter("text", "str"), Parameter("encoding", "str", optional=True, words=_ENCODINGS)),
        "str",
        from_base64,
        "The text in a base64 text.",
        'ConvertFromBase64("SGVsbG8=",UTF8)',
    ),
    Function(
        "ConvertToUTF8Hex",
        _TEXT,
        "str",
        to_hex,
        "UTF-8 bytes in hexadecimal.",
        'ConvertToUTF8Hex("Hello")',
        grows=True,
    ),
    Function(
        "ConvertFromUTF8Hex",
        _TEXT,
        "str",
        from_hex,
        "The text of such bytes.",
        'ConvertFromUTF8Hex("48656C6C6F")',
    ),
    Function(
        "Thumbprint", _BYTES, "bin", thumbprint, "A hash of bytes.", "Thumbprint([blob])", options=("thumbprint",)
    ),
)
