"""The LDAP connector's settings, read from the configuration and checked. No secrets are in them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal
from urllib.parse import unquote, urlsplit

from attrflow.model.configuration import ConnectorConfiguration
from attrflow.model.errors import SettingsError
from attrflow.model.names import InvalidName, dn_key

__all__ = ["LdapSettings", "Tls", "settings_of"]

Tls = Literal["none", "starttls", "ldaps"]

_PORTS = {"ldap": 389, "ldaps": 636, "ldapi": 0}


@dataclass(frozen=True, slots=True)
class LdapSettings:
    """How one directory is reached. Times are seconds."""

    kind: Literal["ad", "openldap"]
    url: str
    host: str
    """Host name or address; for ldapi:// the path of the socket."""
    port: int
    tls: Tls
    account: str = ""
    """A DN, UPN or DOMAIN\\name; empty binds anonymously."""
    ca_file: str | None = None
    page_size: int = 1000
    timeout_seconds: int = 60
    object_security: bool = False
    """DirSync without the right to replicate: only what the account may read."""
    filter: str | None = None
    """An LDAP filter that imported objects must match as well."""
    filler_member: str | None = None
    """The key of the DN that stands in groups which must have a member and have none."""

    @property
    def local(self) -> bool:
        """Whether the address is a unix socket."""
        return self.url.lower().startswith("ldapi:")


def settings_of(configuration: ConnectorConfiguration) -> LdapSettings:
    """The settings of a connector of kind `ad` or `openldap`.

    Without `tls`, an ldaps:// address means TLS from the first octet, an ldap:// address StartTLS,
    but for loopback, where nothing is encrypted.

    Raises:
        SettingsError: a setting is missing or makes no sense; the sentence says which.
    """
    kind = configuration.kind
    assert kind in ("ad", "openldap"), f"the LDAP connector serves no {kind}"
    reader = _Reader(configuration)
    url = reader.text("url")
    if url is None:
        raise reader.wrong("url", "is missing; it is the directory's address, such as ldaps://dc1.example.test")
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.netloc:
        raise reader.wrong("url", f"{url!r} is no address of the form ldap://host:port or ldaps://host")
    try:
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    except ValueError as error:
        raise reader.wrong("url", f"{url!r}: {error}") from error
    if parts.scheme == "ldapi":
        host = unquote(parts.netloc)
    tls = _tls(reader, parts.scheme, host)
    return LdapSettings(
        kind="ad" if kind == "ad" else "openldap",
        url=url,
        host=host,
        port=port,
        tls=tls,
        account=reader.text("account") or "",
        ca_file=reader.text("ca_file"),
        page_size=reader.number("page_size", 1000),
        timeout_seconds=reader.number("timeout_seconds", 60),
        object_security=reader.switch("object_security"),
        filter=_filter(reader),
        filler_member=_dn_key(reader, "filler_member"),
    )


def _tls(reader: _Reader, scheme: str, host: str) -> Tls:
    default = {"ldaps": "ldaps", "ldapi": "none"}.get(scheme, "none" if _loopback(host) else "starttls")
    tls = reader.text("tls") or default
    if tls not in ("none", "starttls", "ldaps"):
        raise reader.wrong("tls", f'is {tls!r}; it is one of "none", "starttls", "ldaps"')
    if (scheme == "ldaps") != (tls == "ldaps"):
        raise reader.wrong("tls", f'is "{tls}", which does not fit an address that begins with {scheme}://')
    return tls  # type: ignore[return-value]  # mypy does not narrow a str by membership


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _filter(reader: _Reader) -> str | None:
    text = reader.text("filter")
    if text is None:
        return None
    text = text.strip()
    return text if text.startswith("(") else f"({text})"


def _dn_key(reader: _Reader, key: str) -> str | None:
    text = reader.text(key)
    if text is None:
        return None
    try:
        return dn_key(text)
    except InvalidName as error:
        raise reader.wrong(key, f"is no DN: {error}") from error


class _Reader:
    """Typed access to the settings of one connector."""

    def __init__(self, configuration: ConnectorConfiguration) -> None:
        self._name = configuration.name
        self._settings = configuration.settings

    def wrong(self, key: str, sentence: str) -> SettingsError:
        return SettingsError(
            f"connector {self._name!r}: setting {key!r} {sentence}",
            help=f"edit {key} under [connectors.{self._name}] in attrflow.toml",
        )

    def text(self, key: str) -> str | None:
        value = self._settings.get(key)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            raise self.wrong(key, f"is {value!r}; it must be text")
        return value

    def number(self, key: str, default: int) -> int:
        value = self._settings.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
            raise self.wrong(key, f"is {value!r}; it must be a number above 0")
        return math.ceil(value)

    def switch(self, key: str) -> bool:
        value = self._settings.get(key, False)
        if not isinstance(value, bool):
            raise self.wrong(key, f"is {value!r}; it must be true or false")
        return value
