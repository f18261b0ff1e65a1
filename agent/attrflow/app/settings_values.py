"""What single values of a settings file must look like: addresses, GUIDs, names, LDAP filters.

Each function takes one text and gives the sentence that says what is wrong with it, or None. They look
at the text alone: nothing is opened and nobody is asked.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, unquote, urlsplit

from attrflow.connectors.entra.settings import is_loopback
from attrflow.model.names import InvalidName, parse_dn

__all__ = [
    "ATTRIBUTE_NAME",
    "CLASS_NAME",
    "CONNECTOR_NAME",
    "DOMAIN_NAME",
    "PROFILE_NAME",
    "dn_problem",
    "domain_of",
    "filter_problem",
    "guid_of",
    "http_problem",
    "ldap_problem",
    "scheme_of",
]

CONNECTOR_NAME = re.compile(r"\w([\w.-]{0,62}\w)?")
"""It names a folder below `rules/` and stands on command lines."""
PROFILE_NAME = re.compile(r"\w([\w -]{0,62}\w)?")
"""It stands on command lines and in the run history."""
CLASS_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*|[0-9]+(\.[0-9]+)+")
ATTRIBUTE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*|[0-9]+(\.[0-9]+)+")
"""An LDAP attribute's name or OID; Entra's extension attributes hold underscores."""
DOMAIN_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*")

_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_LDAP_SCHEMES = ("ldap", "ldaps", "ldapi")


def guid_of(text: str) -> str | None:
    """The GUID in lower case and without braces, or None when the text is none.

    >>> guid_of("{0F6B2A9E-5F1C-4D7E-9A53-2F4D1C8B7A60}")
    '0f6b2a9e-5f1c-4d7e-9a53-2f4d1c8b7a60'
    """
    if text.startswith("{") and text.endswith("}"):
        text = text[1:-1]
    text = text.lower()
    return text if _GUID.fullmatch(text) else None


def dn_problem(text: str) -> str | None:
    """What is wrong with a distinguished name."""
    try:
        parse_dn(text)
    except InvalidName as error:
        return str(error)
    return None


def domain_of(dn: str) -> str | None:
    """The DNS name that a naming context of nothing but DC components stands for, or None.

    >>> domain_of("DC=contoso,DC=test")
    'contoso.test'
    """
    rdns = parse_dn(dn).rdns
    if not rdns or any(len(rdn) != 1 or rdn[0][0].lower() != "dc" for rdn in rdns):
        return None
    return ".".join(rdn[0][1] for rdn in rdns)


def scheme_of(url: str) -> str:
    """The scheme of an address, in lower case; empty when there is none."""
    parts = _parts(url)
    return parts.scheme if parts is not None else ""


def ldap_problem(url: str) -> str | None:
    """What is wrong with the address of an LDAP directory."""
    parts = _parts(url)
    form = "an address of the form ldap://host:port, ldaps://host or ldapi://%2Fpath%2Fof%2Fsocket"
    if parts is None or parts.scheme not in _LDAP_SCHEMES or not parts.netloc:
        return f"must be {form}"
    if "@" in parts.netloc:
        return "holds an account or password; give them by 'account' and 'password'"
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        return f"must be {form} and nothing after it; what is read is said by the partitions"
    if parts.scheme == "ldapi":
        return None if unquote(parts.netloc).startswith("/") else f"must be {form}"
    return _host_problem(parts)


def http_problem(url: str) -> str | None:
    """What is wrong with the address of a service over HTTP; plain http is for this machine only."""
    parts = _parts(url)
    if parts is None or parts.scheme not in ("http", "https") or not parts.netloc:
        return "must be an address of the form https://host/path"
    if "@" in parts.netloc:
        return "holds an account or password; credentials do not belong in an address"
    if parts.query or parts.fragment:
        return "must be an address without a query (what follows '?' or '#')"
    problem = _host_problem(parts)
    if problem is None and parts.scheme == "http" and not is_loopback(url):
        return "is plain http, which is for this machine only; use https"
    return problem


def filter_problem(text: str) -> str | None:
    """What is wrong with the parentheses of an LDAP filter; the directory judges the rest."""
    whole = text if text.startswith("(") else f"({text})"
    depth = 0
    for position, character in enumerate(whole):
        depth += (character == "(") - (character == ")")
        if depth == 0 and position < len(whole) - 1:
            return "must be one LDAP filter in one pair of parentheses, such as (&(a=1)(b=2))"
    if depth != 0:
        return "has a parenthesis that is not closed; within a value it is written \\28 or \\29"
    return None if "=" in whole else "must be an LDAP filter such as (department=*)"


def _host_problem(parts: SplitResult) -> str | None:
    try:
        port = parts.port
    except ValueError:
        return "has a port that is not a number from 1 to 65535"
    if port == 0:
        return "has port 0; a port is a number from 1 to 65535"
    return None if parts.hostname else "names no host"


def _parts(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:  # an IPv6 address whose bracket is not closed
        return None
