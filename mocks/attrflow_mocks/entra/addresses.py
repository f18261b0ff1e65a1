"""The calculations of the service: mailNickname, userPrincipalName, proxyAddresses and mail.

Pure functions over text, after "How the proxyAddresses attribute is populated in Microsoft Entra ID"
(KB 3190357) and "Microsoft Entra UserPrincipalName population". Conflicts with other objects are not
known here; see `settle`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

__all__ = [
    "SMTP",
    "AddressInputs",
    "calculate_proxies",
    "derive_nickname",
    "domain_of",
    "mail_of",
    "malformed_user_name",
    "prefix_of",
    "primary_address",
    "user_name",
]

SMTP = "smtp:"
_RESERVED = ("onmicrosoft.com", "microsoftonline.com")
_LEGACY = frozenset({"msmail", "x400", "ccmail", "notes", "gwise", "cc", "ms", "fax", "rfax"})
_USER_NAME = re.compile(r"[A-Za-z0-9'.\-_!#^~]+@[A-Za-z0-9.\-]+")
_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\\\"]+@[A-Za-z0-9\-]+(\.[A-Za-z0-9\-]+)+")
_LOCAL_LIMIT = 64
_NICKNAME_FORBIDDEN = re.compile(r"[^\x21-\x7e]|[@()\[\]\\\";:<>,]")


@dataclass(frozen=True, slots=True)
class AddressInputs:
    """What proxyAddresses and mail of one object are calculated from."""

    proxies: Sequence[str]
    """The exported proxyAddresses, as they came."""
    mail: str | None
    """The exported mail."""
    user_name: str | None
    """The userPrincipalName in the cloud."""
    moera: str | None
    """The object's routing address, where it has had a mailbox."""
    mailbox: bool
    """Exchange Online licence, remote mailbox or shared resource."""


def prefix_of(address: str) -> str:
    """What stands before the `@`."""
    return address.partition("@")[0]


def domain_of(address: str) -> str:
    """What stands behind the last `@`, folded; empty where there is none."""
    return address.rpartition("@")[2].casefold() if "@" in address else ""


def primary_address(proxies: Iterable[str]) -> str | None:
    """The address of the first value with an upper-case `SMTP:` prefix, without the prefix."""
    return next((value[len(SMTP) :] for value in proxies if value.startswith("SMTP:")), None)


def mail_of(proxies: Iterable[str]) -> str | None:
    """The mail that goes with calculated proxyAddresses: the primary SMTP address."""
    return primary_address(proxies)


def derive_nickname(alias: str | None, proxies: Sequence[str], mail: str | None, user_name: str | None) -> str | None:
    """The mailNickname at the first synchronization: the first source that exists, or None.

    Characters that a mailNickname cannot hold are left out of derived values, not of `alias`.
    """
    if alias:
        return alias
    secondary = next((value[len(SMTP) :] for value in proxies if value.startswith(SMTP)), None)
    for source in (primary_address(proxies), mail, user_name, secondary):
        nickname = _NICKNAME_FORBIDDEN.sub("", prefix_of(source or ""))[:_LOCAL_LIMIT]
        if nickname:
            return nickname
    return None


def malformed_user_name(value: str) -> bool:
    """Whether a userPrincipalName is no name at all (no single `@` with text on both sides)."""
    local, _, domain = value.partition("@")
    return not local.strip() or not domain.strip() or "@" in domain


def user_name(exported: str | None, nickname: str, initial: str, verified: Callable[[str], bool]) -> str:
    """The userPrincipalName: as exported if it is legal and its suffix verified, else the routing address."""
    legal = exported and len(prefix_of(exported)) <= _LOCAL_LIMIT and _USER_NAME.fullmatch(exported)
    if exported and legal and verified(domain_of(exported)):
        return exported
    return f"{nickname}@{initial}"


def calculate_proxies(inputs: AddressInputs, verified: Callable[[str], bool]) -> tuple[str, ...]:
    """The cloud's proxyAddresses, primary first, before conflicts are looked at."""
    kept = [value for value in inputs.proxies if _keeps(value, inputs.mailbox, verified)]
    primary = primary_address(kept)
    mail = inputs.mail
    if primary is None and mail and _keeps(SMTP + mail, inputs.mailbox, verified):
        primary = mail
    secondaries = [value for value in kept if value[: len(SMTP)].casefold() != SMTP]
    addresses = [value[len(SMTP) :] for value in kept if value[: len(SMTP)].casefold() == SMTP]
    on_premises = primary is not None or bool(addresses)
    if inputs.user_name and (inputs.mailbox or (inputs.moera and on_premises)):
        addresses.append(inputs.user_name)
    if inputs.mailbox and primary is None:
        primary = inputs.user_name
    if inputs.moera:
        if primary is None:
            primary = inputs.moera
        addresses.append(inputs.moera)
    result = [f"SMTP:{primary}"] if primary else []
    result.extend(SMTP + address for address in addresses)
    return _unique([*result, *secondaries])


def _keeps(value: str, mailbox: bool, verified: Callable[[str], bool]) -> bool:
    protocol, separator, address = value.partition(":")
    if not separator or not protocol or not address or protocol.casefold() in _LEGACY:
        return False
    if protocol.casefold() != "smtp":
        return True
    domain = domain_of(address)
    if not _ADDRESS.fullmatch(address) or domain in _RESERVED:
        return False
    if domain.endswith(tuple("." + name for name in _RESERVED)):
        return False
    return not mailbox or verified(domain)


def _unique(values: Iterable[str]) -> tuple[str, ...]:
    seen: dict[str, str] = {}
    for value in values:
        seen.setdefault(value.casefold(), value)
    return tuple(seen.values())
