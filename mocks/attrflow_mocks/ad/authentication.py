"""Simple bind: which account a name means, whether the password is right, and why not.

Real AD says why an account may not sign in only to who knows its password; so does this.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC

from attrflow_mocks.ad.constructed import computed_values
from attrflow_mocks.ad.directory import Directory
from attrflow_mocks.ad.entry import Entry
from attrflow_mocks.ad.errors import refused
from attrflow_mocks.ad.names import InvalidName, fold, parse_dn
from attrflow_mocks.ad.values import NEVER, filetime, guid_from_text, sid_from_text

__all__ = ["Principal", "account_entry", "authenticate"]

_HOURS = 7 * 24
_MOST_GROUPS = 1015
"""SIDs of groups that a token holds at most."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is signed in: the name as it was given, and as `DOM\\name`."""

    bind_name: str
    account: str
    entry: Entry | None


def authenticate(directory: Directory, name: str, password: bytes) -> Principal:
    """Sign in with a DN, a UPN, `DOM\\name`, `<GUID=>`, `<SID=>`, or a rarer form of the account's name.

    Raises:
        LdapError: 49 with the reason in the text: 525 nobody of that name, 52e wrong password, and with
            the right one 775 locked, 533 disabled, 701 account expired, 530 not at this hour, 531 not from
            this workstation, 568 in too many groups, 773 password to be changed first, 532 password expired.
    """
    entry = account_entry(directory, name)
    expected = _password_of(directory, name, entry)
    if expected is None:
        raise refused("525" if entry is None else "52e")
    if password != expected.encode():
        raise refused("52e")
    if entry is None:
        return Principal(name, _account_text(directory, name), None)
    _check_state(directory, entry)
    return Principal(name, directory.domain_name_of(entry), entry)


def account_entry(directory: Directory, name: str) -> Entry | None:
    """The entry that a bind name stands for, in any of the forms that AD takes; None when there is none."""
    domain, slash, account = name.partition("\\")
    if slash and "=" not in domain:
        if fold(domain) not in (fold(directory.netbios), fold(directory.dns_name)):
            return None
        return directory.holder("sAMAccountName", account.encode())
    if "=" in name:
        try:
            return directory.find(name)
        except InvalidName:
            return None
    found = directory.holder("userPrincipalName", name.encode())
    local, at, suffix = name.partition("@")
    if found is None and at and fold(suffix) in (fold(directory.dns_name), fold(directory.netbios)):
        return directory.holder("sAMAccountName", local.encode())
    return found or _rare_form(directory, name)


def _rare_form(directory: Directory, name: str) -> Entry | None:
    """A GUID, a SID, a canonical name, a service principal name, or a display name that only one has."""
    guid, sid = guid_from_text(name), sid_from_text(name)
    if guid is not None:
        return directory.by_guid.get(guid.bytes_le)
    if sid is not None:
        return directory.holder("objectSid", sid)
    domain, slash, path = name.partition("/")
    if slash and fold(domain) == fold(directory.dns_name):
        return _canonical(directory, path)
    if slash:
        return directory.holder("servicePrincipalName", name.encode())
    wanted = fold(name)
    named = [
        entry
        for entry in directory.subtree(directory.root)
        if not entry.deleted and fold(entry.first("displayName") or "") == wanted and "objectSid" in entry.values
    ]
    return named[0] if len(named) == 1 and wanted else None


def _canonical(directory: Directory, path: str) -> Entry | None:
    node = directory.root
    for step in re.split(r"(?<!\\)/", path.replace("\n", "/")):
        wanted = fold(step.replace("\\/", "/"))
        found = next((c for c in node.children.values() if fold(c.rdn.value) == wanted and not c.deleted), None)
        if found is None:
            return None
        node = found
    return node


def _password_of(directory: Directory, name: str, entry: Entry | None) -> str | None:
    """The password set on the entry, or that of the seed's account that means the same."""
    if entry is not None and entry in directory.passwords:
        return directory.passwords[entry]
    wanted = _login_key(directory, name)
    for account, password in directory.accounts.items():
        if _login_key(directory, account) == wanted:
            return password
        if entry is not None and account_entry(directory, account) is entry:
            return password
    return None


def _login_key(directory: Directory, name: str) -> str:
    """One key for the ways to write an account that has no entry: DN, UPN, or DOM\\name."""
    if "=" in name and "\\" not in name.partition("=")[0]:
        try:
            return ",".join([rdn.key for rdn in parse_dn(name)])
        except InvalidName:
            return fold(name)
    domain, slash, account = name.partition("\\")
    if slash and fold(domain) in (fold(directory.netbios), fold(directory.dns_name)):
        return fold(f"{account}@{directory.dns_name}")
    return fold(name)


def _account_text(directory: Directory, name: str) -> str:
    if "\\" in name or "=" in name:
        return name
    return f"{directory.netbios}\\{name.partition('@')[0]}"


def _check_state(directory: Directory, entry: Entry) -> None:
    control = entry.number("userAccountControl")
    now = filetime(directory.now())
    if entry.number("lockoutTime"):
        raise refused("775")
    if control & 0x2:
        raise refused("533")
    expires = entry.number("accountExpires", NEVER)
    if expires not in (0, NEVER) and expires <= now:
        raise refused("701")
    if not _at_this_hour(directory, entry):
        raise refused("530")
    workstations = fold(entry.first("userWorkstations") or "").split(",")
    if workstations != [""] and "dc1" not in [name.strip() for name in workstations]:
        raise refused("531")  # a simple bind comes from the domain controller itself (general knowledge)
    if len(computed_values(directory, entry, "tokenGroups")) > _MOST_GROUPS:
        raise refused("568")
    if control & 0x10000:
        return
    last_set = entry.number("pwdLastSet", now)
    if last_set == 0:
        raise refused("773")
    age = -directory.root.number("maxPwdAge")
    if 0 < age < NEVER and last_set + age < now:
        raise refused("532")


def _at_this_hour(directory: Directory, entry: Entry) -> bool:
    """Whether logonHours, a bit for each hour of the week from Sunday 00:00 UTC, lets the account in now."""
    held = entry.values.get("logonHours", [b""])[0]
    if len(held) != _HOURS // 8:
        return True
    now = directory.now().astimezone(UTC)
    hour = (now.isoweekday() % 7) * 24 + now.hour
    return bool(held[hour // 8] >> (hour % 8) & 1)
