"""Binary values that a scenario needs: security identifiers from text, and made-up certificates.

One name gives one certificate, byte for byte: the key follows from the name, and Ed25519 signs without chance.
"""

from __future__ import annotations

import hashlib
import struct
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID

__all__ = ["certificate", "sid_bytes"]

_FROM, _TO = datetime(2026, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)


def sid_bytes(text: str) -> bytes:
    """A security identifier as Active Directory stores it.

    >>> sid_bytes("S-1-5-21-1-2-3-1104").hex()
    '01050000000000051500000001000000020000000300000050040000'

    Raises:
        ValueError: the text is no SID.
    """
    parts = text.split("-")
    if parts[0] != "S" or len(parts) < 4 or not all(part.isdecimal() for part in parts[1:]):
        raise ValueError(f"{text!r} is no security identifier such as S-1-5-21-1-2-3-1104")
    revision, authority, *rest = (int(part) for part in parts[1:])
    return bytes([revision, len(rest)]) + authority.to_bytes(6, "big") + struct.pack(f"<{len(rest)}I", *rest)


def certificate(name: str, number: int) -> bytes:
    """The DER of a certificate for `name`; another number gives another one."""
    key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"{name}/{number}".encode()).digest())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(number)
        .not_valid_before(_FROM)
        .not_valid_after(_TO)
        .sign(key, None)
    )
    return made.public_bytes(serialization.Encoding.DER)
