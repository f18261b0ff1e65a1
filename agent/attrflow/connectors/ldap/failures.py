"""LDAP results in words: result names, what AD hides in its texts, and the run-stopper for each.

It knows result codes and texts; it sends nothing. RFC 4511 §4.1.9; MS-ADTS for AD's forms.
"""

from __future__ import annotations

import re

from attrflow.connectors.ldap.decode import SearchDone
from attrflow.connectors.retry import GiveUp, Repeat, Verdict
from attrflow.model.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    ConnectionLost,
    ConnectorError,
    PermissionDenied,
    SearchFailed,
)

__all__ = [
    "ServerBusy",
    "bind_failure",
    "classify",
    "classify_in_walk",
    "classify_opening",
    "result_name",
    "search_failure",
    "server_words",
    "win32_code",
]

SUCCESS, BUSY, UNAVAILABLE = 0, 51, 52
NO_SUCH_OBJECT = 32

_NAMES = {
    0: "success",
    1: "operationsError",
    2: "protocolError",
    3: "timeLimitExceeded",
    4: "sizeLimitExceeded",
    7: "authMethodNotSupported",
    8: "strongerAuthRequired",
    10: "referral",
    11: "adminLimitExceeded",
    12: "unavailableCriticalExtension",
    13: "confidentialityRequired",
    16: "noSuchAttribute",
    17: "undefinedAttributeType",
    18: "inappropriateMatching",
    19: "constraintViolation",
    20: "attributeOrValueExists",
    21: "invalidAttributeSyntax",
    32: "noSuchObject",
    34: "invalidDNSyntax",
    48: "inappropriateAuthentication",
    49: "invalidCredentials",
    50: "insufficientAccessRights",
    51: "busy",
    52: "unavailable",
    53: "unwillingToPerform",
    64: "namingViolation",
    65: "objectClassViolation",
    66: "notAllowedOnNonLeaf",
    67: "notAllowedOnRDN",
    68: "entryAlreadyExists",
    69: "objectClassModsProhibited",
    71: "affectsMultipleDSAs",
    80: "other",
}

_LOGON_DATA = {
    "525": "there is no such user",
    "52e": "the name or the password is wrong",
    "52f": "an account restriction forbids the sign-in",
    "530": "the account may not sign in at this hour",
    "531": "the account may not sign in from this machine",
    "532": "the account's password has expired",
    "533": "the account is disabled",
    "568": "the account is in too many groups",
    "701": "the account has expired",
    "773": "the account must change its password first",
    "775": "the account is locked",
}


class ServerBusy(ConnectionLost):
    """The directory asks to come back later (busy, unavailable); the connection is still there."""


def result_name(code: int) -> str:
    """The RFC's name of a result code, such as `noSuchObject`."""
    return _NAMES.get(code, f"result {code}")


def server_words(code: int, text: str) -> str:
    """Code, name and the server's own text, for `cd_error` and details."""
    words = " ".join(text.replace("\x00", "").split())
    return f"{code} {result_name(code)}" + (f": {words}" if words else "")


def win32_code(text: str) -> str | None:
    """The Win32 code with which AD's texts begin, upper case without leading zeros, or None.

    >>> win32_code("0000208D: NameErr: DSID-03100241, problem 2001 (NO_OBJECT), data 0")
    '208D'
    """
    found = re.match(r"([0-9A-Fa-f]{8}):", text)
    return found[1].lstrip("0").upper() if found else None


def bind_failure(url: str, account: str, code: int, text: str) -> ConnectorError:
    """The error for a bind that did not succeed."""
    words = server_words(code, text)
    who = account or "an anonymous client"
    if code in (BUSY, UNAVAILABLE):
        return ServerBusy(f"{url} is busy: {words}", cd_error=words)
    if code in (8, 13):
        return AuthenticationFailed(
            f"{url} takes no password over a connection without TLS: {words}",
            help='set tls = "starttls", or use an ldaps:// address with tls = "ldaps"',
            cd_error=words,
        )
    data = re.search(r"\bdata ([0-9a-f]+)\b", text, re.IGNORECASE)
    reason = _LOGON_DATA.get(data[1].lower()) if data and code == 49 else None
    reason = reason or ("the name or the password is wrong" if code == 49 else words)
    return AuthenticationFailed(
        f"{url} refuses {who}: {reason}",
        help="correct the account or its password; it is not tried again by itself, so as not to lock it",
        cd_error=words,
    )


def search_failure(url: str, what: str, done: SearchDone) -> ConnectorError:
    """The error for a search that ended with another result than success."""
    words = server_words(done.result, done.text)
    if done.result in (BUSY, UNAVAILABLE):
        return ServerBusy(f"{url} is busy: {words}", cd_error=words)
    if done.result == 4:
        return PermissionDenied(
            f"{url} stopped {what} at its size limit: {words}",
            help="lift the size limit for this account (OpenLDAP: limits … size.prtotal=unlimited)",
            cd_error=words,
        )
    if done.result == 50 or (done.result == 1 and win32_code(done.text) == "4DC"):
        return PermissionDenied(
            f"{url} does not permit {what}: {words}",
            help="grant the account the right to read",
            cd_error=words,
        )
    if done.result == NO_SUCH_OBJECT:
        nearest = f" (the nearest entry there is {done.matched_dn})" if done.matched_dn else ""
        return SearchFailed(
            f"{url} has no base for {what}{nearest}",
            help="correct the partition in the connector's settings",
            cd_error=words,
        )
    if done.result == 10:
        return SearchFailed(
            f"{url} does not hold what {what} asks for, it refers to {', '.join(done.referrals) or 'others'}",
            help="use the address of a server that holds the partition",
            cd_error=words,
        )
    return SearchFailed(f"{url} refuses {what}: {words}", cd_error=words)


def classify(error: BaseException) -> Verdict:
    """What can be asked again, on a new connection where the old one broke."""
    if isinstance(error, ServerBusy):
        return Repeat(None, error.cd_error or "busy")
    if isinstance(error, ConnectionLost | ConnectionFailed):
        return Repeat(None, error.code)
    return GiveUp(_word(error))


def classify_opening(error: BaseException) -> Verdict:
    """For the first connection of a run: an address at which nobody listens is not asked again."""
    if isinstance(error, ConnectionFailed):
        return GiveUp(error.code)
    return classify(error)


def classify_in_walk(error: BaseException) -> Verdict:
    """Within a paged search: its cookie dies with the connection, so only `busy` is worth waiting for."""
    if isinstance(error, ServerBusy):
        return classify(error)
    return GiveUp(_word(error))


def _word(error: BaseException) -> str:
    if isinstance(error, ConnectorError):
        return error.cd_error or error.code
    return type(error).__name__
