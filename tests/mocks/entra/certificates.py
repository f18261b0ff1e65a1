"""A made-up certificate with its key, for clients that sign what they say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

__all__ = ["Signer", "signer"]


@dataclass(frozen=True, slots=True)
class Signer:
    """PEM texts and thumbprints."""

    certificate: str
    key: str
    sha1: str
    sha256: str


@cache
def signer() -> Signer:
    """The one of this process; keys take a while to make."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "client")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Signer(
        certificate.public_bytes(serialization.Encoding.PEM).decode(),
        private.decode(),
        certificate.fingerprint(hashes.SHA1()).hex(),  # noqa: S303 - what MSAL for Python takes
        certificate.fingerprint(hashes.SHA256()).hex(),
    )
