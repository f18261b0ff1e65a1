"""Certificates: from bytes or base64 text to a parsed certificate, and what its names read like.

Names are written as .NET does on Windows: the leaf first, `, ` between components, `S` for a state, `E`
for a mail address, quotes around what would be misread (expressions.md §3, Certificate). The library
is imported when the first certificate is read, so that everything else starts without it.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from attrflow.expr.errors import ExpressionError

if TYPE_CHECKING:
    from cryptography import x509

__all__ = ["alternative_names", "attribute_of", "der_items", "name_text", "read_certificate", "reading"]

T = TypeVar("T")

_LARGEST = 500_000
"""Bytes or characters; certificates have a few thousand, and parsed ones are kept."""

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)
_TYPES = {
    "2.5.4.3": "CN",
    "2.5.4.4": "SN",
    "2.5.4.5": "SERIALNUMBER",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "S",
    "2.5.4.9": "STREET",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.12": "T",
    "2.5.4.17": "PostalCode",
    "2.5.4.18": "POBox",
    "2.5.4.42": "G",
    "2.5.4.43": "I",
    "2.5.4.46": "dnQualifier",
    "0.9.2342.19200300.100.1.25": "DC",
    "1.2.840.113549.1.9.1": "E",
}
_UPN = "1.3.6.1.4.1.311.20.2.3"
_QUOTED = re.compile(r'[,+="\n<>#;]|^\s|\s$|^$')


def reading(function: Callable[[], T]) -> T:
    """The function's result; what the library refuses becomes `invalid-conversion`."""
    from cryptography import x509  # noqa: PLC0415  # lazy: only rules with certificates pay for it

    try:
        return function()
    except (
        ValueError,
        TypeError,
        DeprecationWarning,
        x509.InvalidVersion,
        x509.DuplicateExtension,
        x509.UnsupportedGeneralNameType,
    ):
        raise ExpressionError("invalid-conversion", "this cannot be read as a certificate") from None


def read_certificate(data: bytes | str) -> x509.Certificate:
    """The certificate in DER bytes, or in base64 text with or without PEM lines.

    Raises:
        ExpressionError: `invalid-conversion`, there is none in it.
    """
    return reading(lambda: _parsed(_der(data)))


def _der(data: bytes | str) -> bytes:
    if len(data) > _LARGEST:
        raise ValueError("no certificate is so large")
    if isinstance(data, bytes):
        if data[:1] == b"\x30":
            return data
        # .NET also takes the bytes of a base64 text.
        data = data.decode("ascii")
    match = _PEM.search(data)
    text = "".join((match[1] if match else data).split())
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("no base64") from error


@lru_cache(maxsize=64)
def _parsed(der: bytes) -> x509.Certificate:
    from cryptography import x509  # noqa: PLC0415  # lazy, as above

    return x509.load_der_x509_certificate(der)


def name_text(name: x509.Name) -> str:
    """A subject or issuer as text, the leaf first."""
    return ", ".join(" + ".join(_pair(attribute) for attribute in rdn) for rdn in reversed(name.rdns))


def _pair(attribute: x509.NameAttribute[str | bytes]) -> str:
    oid = attribute.oid.dotted_string
    value = _value(attribute)
    if _QUOTED.search(value):
        value = '"' + value.replace('"', '""') + '"'
    return f"{_TYPES.get(oid, f'OID.{oid}')}={value}"


def _value(attribute: x509.NameAttribute[str | bytes]) -> str:
    return attribute.value if isinstance(attribute.value, str) else attribute.value.hex().upper()


def attribute_of(name: x509.Name, types: tuple[str, ...]) -> str:
    """The value of the first of these types that the name has, the leaf's first; empty when none."""
    attributes = [attribute for rdn in reversed(name.rdns) for attribute in rdn]
    for wanted in types:
        for attribute in attributes:
            if _TYPES.get(attribute.oid.dotted_string) == wanted:
                return _value(attribute)
    return ""


def alternative_names(certificate: x509.Certificate, kind: str, *, issuer: bool) -> list[str]:
    """The alternative names of one kind (`EmailName`, `UpnName`, `DnsName`, `UrlName`) of subject or issuer."""
    from cryptography import x509  # noqa: PLC0415  # lazy, as above

    wanted: type[x509.IssuerAlternativeName] | type[x509.SubjectAlternativeName]
    wanted = x509.IssuerAlternativeName if issuer else x509.SubjectAlternativeName
    classes = {
        "EmailName": x509.RFC822Name,
        "DnsName": x509.DNSName,
        "UrlName": x509.UniformResourceIdentifier,
        "UpnName": x509.OtherName,
    }
    found: list[str] = []
    for extension in certificate.extensions:
        if not isinstance(extension.value, wanted):
            continue
        for name in extension.value:
            if not isinstance(name, classes[kind]):
                continue
            if isinstance(name, x509.OtherName):
                if name.type_id.dotted_string == _UPN:
                    found.append(der_items(name.value)[0][1].decode("utf-8"))
            else:
                found.append(str(name.value))
    return found


def der_items(data: bytes) -> list[tuple[int, bytes, bytes]]:
    """The items of DER that stand beside each other: tag, content, and the item as a whole.

    Raises:
        ValueError: the bytes are no DER with short tags.

    >>> der_items(bytes.fromhex("0500"))
    [(5, b'', b'\\x05\\x00')]
    """
    items: list[tuple[int, bytes, bytes]] = []
    at = 0
    while at < len(data):
        start, tag = at, data[at]
        if at + 2 > len(data) or tag & 0x1F == 0x1F:
            raise ValueError("not DER")
        size = data[at + 1]
        at += 2
        if size & 0x80:
            digits = size & 0x7F
            size = int.from_bytes(data[at : at + digits], "big")
            at += digits
        if at + size > len(data):
            raise ValueError("not DER")
        items.append((tag, data[at : at + size], data[start : at + size]))
        at += size
    return items
