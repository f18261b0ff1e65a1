"""The 22 certificate functions, after .NET's X509Certificate2 (expressions.md §3, Certificate).

They take DER bytes or base64 text; NULL gives NULL, what is no certificate is an error. Times are in UTC,
as everywhere in the language, although the reference speaks of local time in two places.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime

from attrflow.expr.errors import ExpressionError
from attrflow.expr.functions.binding import Function, OnNull, Parameter
from attrflow.expr.functions.certificate_reading import (
    alternative_names,
    attribute_of,
    der_items,
    name_text,
    read_certificate,
    reading,
)

__all__ = ["CERTIFICATE"]

Certificate = bytes | str
_NAME_KINDS = ("SimpleName", "EmailName", "UpnName", "DnsName", "DnsFromAlternativeName", "UrlName")


def cert_subject(data: Certificate) -> str:
    """The subject, the leaf first.

    >>> cert_subject(b"no certificate")
    Traceback (most recent call last):
        ...
    attrflow.expr.errors.ExpressionError: this cannot be read as a certificate [invalid-conversion]
    """
    certificate = read_certificate(data)
    return reading(lambda: name_text(certificate.subject))


def cert_issuer(data: Certificate) -> str:
    """The issuer, the leaf first; errors as for CertSubject."""
    certificate = read_certificate(data)
    return reading(lambda: name_text(certificate.issuer))


def cert_name_oid(data: Certificate) -> str:
    """The identifier of the name object, which .NET leaves empty for every certificate."""
    read_certificate(data)
    return ""


def cert_friendly_name(data: Certificate) -> str:
    """The alias that a certificate store would hold; raw data has none, so it is empty."""
    read_certificate(data)
    return ""


def cert_format(data: Certificate) -> str:
    """The name of the format, always X509."""
    read_certificate(data)
    return "X509"


def cert_hash(data: Certificate) -> str:
    """The SHA-1 of the certificate in upper-case hexadecimal."""
    from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415  # lazy, as the reading

    certificate = read_certificate(data)
    der = certificate.public_bytes(Encoding.DER)
    return hashlib.sha1(der, usedforsecurity=False).hexdigest().upper()


def cert_serial_number(data: Certificate) -> str:
    """The serial number in upper-case hexadecimal, most significant byte first, without leading zeros."""
    certificate = read_certificate(data)
    number = reading(lambda: certificate.serial_number)
    size = max(1, (number.bit_length() + 7) // 8)
    return number.to_bytes(size + (number < 0), "big", signed=number < 0).hex().upper()


def cert_version(data: Certificate) -> str:
    """The version of the certificate's format, as text: 3 for nearly all."""
    certificate = read_certificate(data)
    return str(reading(lambda: certificate.version.value) + 1)


def cert_not_before(data: Certificate) -> datetime:
    """The moment from which it is valid, in UTC."""
    certificate = read_certificate(data)
    return reading(lambda: certificate.not_valid_before_utc)


def cert_not_after(data: Certificate) -> datetime:
    """The moment until which it is valid, in UTC."""
    certificate = read_certificate(data)
    return reading(lambda: certificate.not_valid_after_utc)


def cert_signature_algorithm(data: Certificate) -> str:
    """The object identifier of the algorithm that signed it."""
    certificate = read_certificate(data)
    return reading(lambda: certificate.signature_algorithm_oid.dotted_string)


def cert_key_algorithm(data: Certificate) -> str:
    """The object identifier of the key's algorithm; .NET reports the same for the key's parameters."""
    certificate = read_certificate(data)
    return reading(lambda: certificate.public_key_algorithm_oid.dotted_string)


def cert_key_parameters(data: Certificate) -> str:
    """The parameters of the key's algorithm in upper-case hexadecimal of their DER, 0500 for RSA."""
    certificate = read_certificate(data)
    return reading(lambda: _key_parameters(certificate.tbs_certificate_bytes))


def _key_parameters(signed_part: bytes) -> str:
    fields = der_items(der_items(signed_part)[0][1])
    # Serial number, signature, issuer, validity, subject, key; a version may stand before them.
    key = fields[6 if fields[0][0] == 0xA0 else 5][1]
    algorithm = der_items(der_items(key)[0][1])
    return b"".join(whole for _, _, whole in algorithm[1:]).hex().upper()


def cert_extension_oids(data: Certificate) -> tuple[str, ...]:
    """The object identifiers of the critical extensions."""
    certificate = read_certificate(data)
    return reading(
        lambda: tuple(item.oid.dotted_string for item in certificate.extensions if item.critical),
    )


def cert_name_info(data: Certificate, kind: str, issuer: bool) -> str:
    """One name of the subject or, with True, of the issuer; empty when there is none.

    `SimpleName` is the common name, else the unit, the organisation, the mail address; `DnsName` falls
    back on the common name and `EmailName` on the address in the name.
    """
    certificate = read_certificate(data)

    def find() -> str:
        name = certificate.issuer if issuer else certificate.subject
        if kind == "SimpleName" and (simple := attribute_of(name, ("CN", "OU", "O", "E"))):
            return simple
        wanted = {"SimpleName": "EmailName", "DnsFromAlternativeName": "DnsName"}.get(kind, kind)
        if found := alternative_names(certificate, wanted, issuer=issuer):
            return found[0]
        fallback = {"EmailName": ("E",), "DnsName": ("CN",)}.get(kind, ())
        return attribute_of(name, fallback)

    return reading(find)


def is_cert(data: object) -> bool:
    """Whether the bytes or the text can be read as a certificate; never an error.

    >>> is_cert(b"no certificate"), is_cert(5)
    (False, False)
    """
    if not isinstance(data, bytes | str):
        return False
    try:
        read_certificate(data)
    except ExpressionError:
        return False
    return True


_DATA = Parameter("certificate", "bin|str")


def _row(name: str, result: str, implementation: Callable[..., object], meaning: str) -> Function:
    return Function(name, (_DATA,), result, implementation, meaning, f"{name}([userCertificate])")


CERTIFICATE: tuple[Function, ...] = (
    _row("CertExtensionOids", "mv", cert_extension_oids, "The identifiers of the critical extensions."),
    _row("CertFormat", "str", cert_format, "The name of the format."),
    _row("CertFriendlyName", "str", cert_friendly_name, "The alias, empty for raw data."),
    _row("CertHashString", "str", cert_hash, "The SHA-1 in hexadecimal."),
    _row("CertIssuer", "str", cert_issuer, "The issuer's name."),
    _row("CertIssuerDN", "str", cert_issuer, "The issuer's distinguished name."),
    _row("CertIssuerOid", "str", cert_name_oid, "The identifier of the issuer's name object, empty."),
    _row("CertKeyAlgorithm", "str", cert_key_algorithm, "The identifier of the key's algorithm."),
    _row("CertKeyAlgorithmParams", "str", cert_key_parameters, "The parameters of the key's algorithm."),
    Function(
        "CertNameInfo",
        (_DATA, Parameter("kind", "str", words=_NAME_KINDS), Parameter("issuer", "bool")),
        "str",
        cert_name_info,
        "One name of the subject or the issuer.",
        'CertNameInfo([userCertificate],"SimpleName",False)',
    ),
    _row("CertNotAfter", "dt", cert_not_after, "The end of its validity."),
    _row("CertNotBefore", "dt", cert_not_before, "The beginning of its validity."),
    _row("CertPublicKeyOid", "str", cert_key_algorithm, "The identifier of the public key's algorithm."),
    _row("CertPublicKeyParametersOid", "str", cert_key_algorithm, "The identifier of the key's parameters."),
    _row("CertSerialNumber", "str", cert_serial_number, "The serial number."),
    _row("CertSignatureAlgorithmOid", "str", cert_signature_algorithm, "The identifier of the signature."),
    _row("CertSubject", "str", cert_subject, "The subject's name."),
    _row("CertSubjectNameDN", "str", cert_subject, "The subject's distinguished name."),
    _row("CertSubjectNameOid", "str", cert_name_oid, "The identifier of the subject's name object, empty."),
    _row("CertThumbprint", "str", cert_hash, "The SHA-1 in hexadecimal."),
    _row("CertVersion", "str", cert_version, "The version of its format."),
    Function(
        "IsCert",
        (Parameter("value", "scalar", OnNull.FALSE),),
        "bool",
        is_cert,
        "Whether it can be read as a certificate.",
        "IsCert([userCertificate])",
    ),
)
