"""Client assertions: a signed JWT in place of a secret (RFC 7523), checked against registered certificates.

Answers with what is wrong, in the service's error numbers; how that looks on the wire is the token
endpoint's.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

__all__ = ["AssertionRefused", "client_of", "verify_assertion"]

_SKEW = 300
_PARTS = 3
_SCHEMES = ("RS256", "PS256")


class AssertionRefused(Exception):
    """An assertion that proves nothing; `code` is the AADSTS number."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class _Parsed:
    header: Mapping[str, object]
    claims: Mapping[str, object]
    signed: bytes
    signature: bytes


def _malformed() -> AssertionRefused:
    return AssertionRefused(50027, "JWT token is invalid or malformed.")


def _parse(assertion: str) -> _Parsed:
    parts = assertion.split(".")
    if len(parts) != _PARTS:
        raise _malformed()
    try:
        header, claims, signature = (base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in parts)
        documents = [orjson.loads(header), orjson.loads(claims)]
    except (binascii.Error, ValueError):
        raise _malformed() from None
    if not all(isinstance(document, dict) for document in documents):
        raise _malformed()
    return _Parsed(documents[0], documents[1], f"{parts[0]}.{parts[1]}".encode(), signature)


def client_of(assertion: str) -> str:
    """The client id that an assertion claims to come from, empty where there is none.

    Raises:
        AssertionRefused: it is no JWT.
    """
    claims = _parse(assertion).claims
    return str(claims.get("sub") or claims.get("iss") or "")


def verify_assertion(
    assertion: str, client: str, certificates: Sequence[str], audiences: Sequence[str], now: datetime
) -> None:
    """Check signature, audience, issuer, subject and times.

    Raises:
        AssertionRefused: the first thing that is wrong.
    """
    parsed = _parse(assertion)
    certificate = _chosen(parsed.header, certificates)
    if certificate is None:
        raise AssertionRefused(
            700027,
            "Client assertion failed signature validation. The key was not found: register the certificate with "
            f"the application, and name it by x5t. Thumbprint in the assertion: {parsed.header.get('x5t')!r}.",
        )
    _check_signature(parsed, certificate)
    if parsed.claims.get("aud") not in audiences:
        raise AssertionRefused(
            700023, f"Client assertion audience claim does not match; expected one of {', '.join(audiences)}."
        )
    if parsed.claims.get("iss") != client or parsed.claims.get("sub") != client:
        raise AssertionRefused(700021, "Client assertion application identifier doesn't match 'client_id' parameter.")
    starts, ends, moment = parsed.claims.get("nbf", 0), parsed.claims.get("exp"), now.timestamp()
    valid = isinstance(starts, (int, float)) and isinstance(ends, (int, float))
    if not valid or not float(str(starts)) - _SKEW <= moment < float(str(ends)) + _SKEW:
        raise AssertionRefused(
            700024,
            f"Client assertion is not within its valid time range. Current time: {now:%Y-%m-%dT%H:%M:%SZ}, "
            f"assertion valid from {starts} to {ends}.",
        )


def _chosen(header: Mapping[str, object], certificates: Sequence[str]) -> x509.Certificate | None:
    """The registered certificate that the header names by its thumbprint."""
    for pem in certificates:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        sha1 = certificate.fingerprint(hashes.SHA1())  # noqa: S303 - the header's `x5t` is defined as SHA-1
        sha256 = certificate.fingerprint(hashes.SHA256())
        names = {_text(sha1), sha1.hex(), sha1.hex().upper()}
        # Some clients leave the padding on.
        told = {name: str(header.get(name) or "").rstrip("=") for name in ("x5t", "kid", "x5t#S256")}
        if told["x5t"] in names or told["kid"] in names or told["x5t#S256"] == _text(sha256):
            return certificate
    return None


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def _check_signature(parsed: _Parsed, certificate: x509.Certificate) -> None:
    key, scheme = certificate.public_key(), parsed.header.get("alg")
    if not isinstance(key, rsa.RSAPublicKey) or scheme not in _SCHEMES:
        raise AssertionRefused(5002738, f"Invalid JWT token: the algorithm {scheme!r} is not RS256 or PS256.")
    pad: padding.AsymmetricPadding = padding.PKCS1v15()
    if scheme == "PS256":
        pad = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
    try:
        key.verify(parsed.signature, parsed.signed, pad, hashes.SHA256())
    except InvalidSignature:
        raise AssertionRefused(700027, "Client assertion failed signature validation.") from None
