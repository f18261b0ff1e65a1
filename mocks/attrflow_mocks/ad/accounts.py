"""What AD's account manager (SAM) adds to users, computers and groups: defaults, derived values, rules.

Works on values that are about to be written; when and where they are written is `writes`' business.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrflow_mocks.ad.directory import Directory
from attrflow_mocks.ad.entry import Entry
from attrflow_mocks.ad.errors import LdapError, attribute_error, service_error, update_error
from attrflow_mocks.ad.values import NEVER, filetime

__all__ = [
    "ACCOUNT_DISABLED",
    "COMPUTED_BITS",
    "PASSWORD_NOT_REQUIRED",
    "account_type",
    "check_names",
    "default_values",
    "new_password",
    "primary_group_change",
]

ACCOUNT_DISABLED = 0x2
PASSWORD_NOT_REQUIRED = 0x20
COMPUTED_BITS = 0x10 | 0x40 | 0x800000
"""Bits of userAccountControl that are never stored."""

_NAME_FORBIDDEN = frozenset('"/\\[]:;|=,+*?<>')
_SECURITY = 0x80000000
_ZEROES = (
    "badPasswordTime", "badPwdCount", "lastLogon", "lastLogoff", "logonCount", "codePage", "countryCode",
)  # fmt: skip
_DUPLICATES = {"userPrincipalName": 0x21C7, "servicePrincipalName": 0x21C8}


def default_values(directory: Directory, entry: Entry, *, seeded: bool) -> dict[str, list[bytes]]:
    """Values that the account manager gives a new user, computer or group unless they are there.

    A seeded user is an enabled one; a user that a client adds starts as 546: disabled, no password
    required, as AD does it.
    """
    found: dict[str, list[bytes]] = {}
    principal = entry.is_a("user") or entry.is_a("group")
    if principal and "objectSid" not in entry.values:
        found["objectSid"] = [directory.new_sid()]
    if principal and "sAMAccountName" not in entry.values:
        token = directory.identifiers.token(9).upper()
        found["sAMAccountName"] = [f"${token[:6]}-{token[6:18]}".encode()]
    if entry.is_a("user"):
        computer = entry.is_a("computer")
        enabled = 0x1000 if computer else 0x200
        logon = filetime(directory.now()) if seeded else 0
        found |= {
            "userAccountControl": [str(enabled if seeded else enabled | 0x22).encode()],
            "primaryGroupID": [b"515" if computer else b"513"],
            "pwdLastSet": [str(logon).encode()],
            "accountExpires": [str(NEVER).encode()],
            **{name: [b"0"] for name in _ZEROES},
        }
    elif entry.is_a("group"):
        found["groupType"] = [b"-2147483646"]
    return {name: list(values) for name, values in found.items() if name not in entry.values}


def account_type(entry: Entry) -> bytes | None:
    """sAMAccountType, which follows from userAccountControl and groupType."""
    if entry.is_a("user"):
        control = entry.number("userAccountControl", 0x200)
        if control & 0x3000:
            return b"805306369"
        return b"805306370" if control & 0x800 else b"805306368"
    if entry.is_a("group"):
        kind = entry.number("groupType", -2147483646)
        base = 0x20000000 if kind & 0x4 else 0x10000000
        return str(base if kind & _SECURITY else base + 1).encode()
    return None


def check_names(directory: Directory, entry: Entry | None, values: Mapping[str, Sequence[bytes]]) -> None:
    """Refuse account names that are malformed, too long or taken by another entry.

    Raises:
        LdapError: 68 sAMAccountName taken, 19 userPrincipalName or servicePrincipalName taken, 19 malformed.
    """
    for raw in values.get("sAMAccountName", ()):
        name = raw.decode("utf-8", "replace")
        is_user = entry is not None and entry.is_a("user") and not entry.is_a("computer")
        if len(name) > (20 if is_user else 256) or any(c in _NAME_FORBIDDEN or ord(c) < 32 for c in name):
            raise attribute_error(19, 0x523, "sAMAccountName")
        if directory.holder("sAMAccountName", raw) not in (None, entry):
            raise update_error(68, 0x524)
    for attribute, win32 in _DUPLICATES.items():
        for raw in values.get(attribute, ()):
            if directory.holder(attribute, raw) not in (None, entry):
                raise attribute_error(19, win32, attribute)


def new_password(directory: Directory, raw: bytes, *, secure: bool, own_change: bool = False) -> str:
    """The password in a value of unicodePwd.

    Raises:
        LdapError: 53 over a connection in clear text or against the policy (19 when changed with the
            old one), 19 when it is not UTF-16 in double quotes.
    """
    if not secure:
        raise service_error(0x1F)
    try:
        text = raw.decode("utf-16-le")
    except UnicodeDecodeError:
        text = ""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        raise attribute_error(19, 0x1F, "unicodePwd")
    if len(text) - 2 < directory.root.number("minPwdLength", 7):
        raise attribute_error(19, 0x52D, "unicodePwd") if own_change else service_error(0x52D)
    return text[1:-1]


def primary_group_change(directory: Directory, entry: Entry, rid: int) -> tuple[Entry, Entry | None]:
    """The groups that a change of primaryGroupID swaps: the new one, and the old one if it exists.

    Raises:
        LdapError: 53 the entry is no member of the new group.
    """
    new = directory.holder("objectSid", _group_sid(directory, rid))
    if new is None or entry not in new.links.get("member", {}):
        raise LdapError(53, service_error(0x561).result.text)
    old = directory.holder("objectSid", _group_sid(directory, entry.number("primaryGroupID")))
    return new, old


def _group_sid(directory: Directory, rid: int) -> bytes:
    domain = directory.root.values["objectSid"][0]
    return domain[:1] + bytes((domain[1] + 1,)) + domain[2:] + (rid & 0xFFFFFFFF).to_bytes(4, "little")
