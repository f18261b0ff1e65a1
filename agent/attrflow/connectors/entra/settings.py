"""The Entra connector's settings, checked once: which channel, which tenant, which addresses.

Knows nothing of secrets; the client secret is handed over beside the configuration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast
from urllib.parse import urlsplit

from attrflow.model.configuration import ConnectorConfiguration
from attrflow.model.errors import SettingsError

__all__ = ["GRAPH_URL", "LOGIN_URL", "EntraSettings", "is_loopback", "origin"]

GRAPH_URL = "https://graph.microsoft.com/v1.0"
LOGIN_URL = "https://login.microsoftonline.com"
_PAGE_SIZE = 500
_PAGE_SIZE_MAX = 999
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

Channel = Literal["ingest", "graph"]


def is_loopback(url: str) -> bool:
    """Whether the address is this machine, where plain http and no proxy are right."""
    host = urlsplit(url).hostname or ""
    return host in _LOOPBACK or host.startswith("127.")


def origin(url: str) -> str:
    """Scheme, host and port of an address.

    >>> origin("http://127.0.0.1:8080/ingest/v1")
    'http://127.0.0.1:8080'
    """
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


@dataclass(frozen=True, slots=True)
class EntraSettings:
    """How one Entra connector reaches its tenant."""

    channel: Channel
    tenant_id: str
    client_id: str
    graph_url: str
    login_url: str
    ingest_url: str | None
    page_size: int

    @staticmethod
    def of(configuration: ConnectorConfiguration) -> EntraSettings:
        """The settings of a connector.

        Raises:
            SettingsError: one is missing or makes no sense; the message names it.
        """
        reader = _Reader(configuration.name, configuration.settings)
        channel = reader.text("channel")
        if channel not in ("ingest", "graph"):
            raise reader.error(f'channel = "{channel}"', 'it must be "ingest" or "graph"')
        return EntraSettings(
            channel=cast(Channel, channel),
            tenant_id=reader.text("tenant_id"),
            client_id=reader.text("client_id"),
            graph_url=reader.address("graph_url", GRAPH_URL),
            login_url=reader.address("login_url", LOGIN_URL),
            ingest_url=reader.address("ingest_url") if channel == "ingest" else None,
            page_size=reader.page_size(),
        )


class _Reader:
    """Takes settings of one connector by name and says where a bad one stands."""

    def __init__(self, connector: str, settings: Mapping[str, object]) -> None:
        self._connector = connector
        self._settings = settings

    def error(self, what: str, why: str) -> SettingsError:
        return SettingsError(f"[connectors.{self._connector}] {what}: {why}.")

    def text(self, name: str, default: str | None = None) -> str:
        value = self._settings.get(name, default)
        if not isinstance(value, str) or not value.strip():
            raise self.error(name, "a text is needed here")
        return value.strip()

    def address(self, name: str, default: str | None = None) -> str:
        url = self.text(name, default).rstrip("/")
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise self.error(f"{name} = {url!r}", "it must be an http(s) address without a query")
        if parts.username or parts.password:
            raise self.error(name, "credentials do not belong in an address")
        if parts.scheme == "http" and not is_loopback(url):
            raise self.error(f"{name} = {url!r}", "plain http is only for this machine; use https")
        return url

    def page_size(self) -> int:
        value = self._settings.get("page_size", _PAGE_SIZE)
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= _PAGE_SIZE_MAX:
            raise self.error(f"page_size = {value!r}", f"it must be a whole number from 1 to {_PAGE_SIZE_MAX}")
        return value
