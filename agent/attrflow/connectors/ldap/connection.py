"""One connection to an LDAP server: open, TLS, bind, search, write. ldap3 does all but reading searches.

A search is sent with ldap3 and its answer read from ldap3's socket by `decode`, one whole answer at
a time: an answer that breaks off is no answer. Every error comes out as one of model.errors, and no
message ever holds a password. It knows no schema and no scope, and repeats nothing by itself.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import ldap3
from ldap3.core.exceptions import LDAPExceptionError, LDAPInvalidFilterError, LDAPObjectClassError
from ldap3.operation.search import search_operation

from attrflow.connectors.ldap.decode import (
    Malformed,
    Notice,
    SearchDecoder,
    SearchDone,
    SearchEntry,
    SearchReference,
)
from attrflow.connectors.ldap.failures import BUSY, UNAVAILABLE, ServerBusy, bind_failure, server_words
from attrflow.connectors.ldap.settings import LdapSettings
from attrflow.model.errors import (
    AuthenticationFailed,
    CertificateRejected,
    ConnectionFailed,
    ConnectionLost,
    ConnectorError,
    SettingsError,
)

__all__ = ["SearchAnswer", "SearchRequest", "Session", "WriteAnswer"]

_RECEIVE_OCTETS = 262_144
_CONNECT_SECONDS_MAX = 15


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """One search. `what` names it in error messages; `controls` are ldap3's."""

    what: str
    base: str
    filter: str = "(objectClass=*)"
    scope: str = ldap3.SUBTREE
    attributes: Sequence[str] = ("*",)
    controls: Sequence[object] = ()


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """Everything one search brought; continuation references are counted, not followed."""

    entries: tuple[SearchEntry, ...]
    references: int
    done: SearchDone


@dataclass(frozen=True, slots=True)
class WriteAnswer:
    """The result of a write: its code (RFC 4511), the server's text, and the nearest DN it knows."""

    result: int
    text: str
    matched_dn: str = ""


class _VerifyingTls(ldap3.Tls):  # type: ignore[misc]  # ldap3 has no types, so its classes are Any
    """ldap3's Tls with OpenSSL's own check of names, which knows IP addresses and works on every Python."""

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        super().__init__(validate=ssl.CERT_REQUIRED)
        self._context = context
        self._host = host
        self.failure: OSError | None = None
        """What went wrong in the handshake; ldap3 keeps only its text."""

    def wrap_socket(self, connection: ldap3.Connection, do_handshake: bool = False) -> None:  # noqa: ARG002 - ldap3's signature
        plain = connection.socket
        try:
            connection.socket = self._context.wrap_socket(plain, server_hostname=self._host)
        except OSError as error:
            self.failure = error
            plain.close()
            raise


class Session:
    """One account's connection to one server; may be closed and opened again."""

    def __init__(self, settings: LdapSettings, password: str) -> None:
        self._settings = settings
        self._password = password
        self._connection: ldap3.Connection | None = None
        self.generation = 0
        """How often it was opened: a paging cookie is worth nothing in the next generation."""

    @property
    def url(self) -> str:
        """The server's address."""
        return self._settings.url

    def ensure_open(self) -> None:
        """Open and bind, unless that was done.

        Raises:
            ConnectionFailed, CertificateRejected, AuthenticationFailed, ConnectionLost: as their names say.
            SettingsError: the CA file cannot be read.
        """
        if self._connection is not None:
            return
        settings = self._settings
        if settings.account and not self._password:
            # A server takes a name without a password for an anonymous client, and says success.
            raise AuthenticationFailed(
                f"there is no password for {settings.account} at {settings.url}",
                help="give the secret that the connector's settings name a value",
            )
        tls = None if settings.tls == "none" else _VerifyingTls(_context(settings), settings.host)
        connection = self._new_connection(tls)
        try:
            self._open(connection, tls)
            self._bind(connection)
        except BaseException:
            _discard(connection)
            raise
        self._connection = connection
        self.generation += 1

    def close(self) -> None:
        """Say good-bye and close; nothing happens when it is closed already."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        # When the server has hung up first, there is nobody to say good-bye to.
        with suppress(LDAPExceptionError, OSError):
            connection.unbind()
        _discard(connection)

    def search(self, request: SearchRequest) -> SearchAnswer:
        """Search and read the answer to its end, whatever its result.

        Raises:
            ConnectionLost: the connection broke; nothing of the answer is handed out.
            SettingsError: the filter is no LDAP filter.
        """
        connection = self._opened()
        try:
            operation = search_operation(
                request.base,
                request.filter,
                request.scope,
                ldap3.DEREF_NEVER,
                list(request.attributes),
                0,
                0,
                types_only=False,
                auto_escape=False,
                auto_encode=False,
            )
        except (LDAPInvalidFilterError, LDAPObjectClassError) as error:
            raise SettingsError(
                f"{request.filter!r} is no LDAP filter: {error}", help="correct the connector's filter"
            ) from error
        try:
            message_id = connection.strategy.send("searchRequest", operation, list(request.controls) or None)
            answer = self._receive(connection, message_id)
            connection.strategy._outstanding.pop(message_id, None)  # read here, so ldap3 must not wait for it
        except ConnectorError:
            self._drop()
            raise
        except (LDAPExceptionError, Malformed, OSError) as error:
            self._drop()
            raise self._lost(request.what, error) from error
        return answer

    def write(self, what: str, operation: Callable[[ldap3.Connection], object]) -> WriteAnswer:
        """Do one write with ldap3 and hand out its result, whatever it is.

        Raises:
            ConnectionLost: the connection broke, so nobody knows whether the write was done.
            ServerBusy: the server did nothing and asks to come back later.
        """
        connection = self._opened()
        try:
            operation(connection)
            result = connection.result
        except (LDAPExceptionError, OSError) as error:
            self._drop()
            raise self._lost(what, error) from error
        answer = WriteAnswer(int(result["result"]), str(result["message"] or ""), str(result["dn"] or ""))
        if answer.result in (BUSY, UNAVAILABLE):
            words = server_words(answer.result, answer.text)
            raise ServerBusy(f"{self.url} is busy: {words}", cd_error=words)
        return answer

    # -- inside --------------------------------------------------------------------------------------

    def _opened(self) -> ldap3.Connection:
        if self._connection is None:
            raise ConnectionLost(f"the connection to {self.url} is closed")
        return self._connection

    def _new_connection(self, tls: _VerifyingTls | None) -> ldap3.Connection:
        settings = self._settings
        server = ldap3.Server(
            settings.url if settings.local else settings.host,
            port=None if settings.local else settings.port,
            use_ssl=settings.tls == "ldaps",
            tls=tls,
            get_info=ldap3.NONE,
            connect_timeout=min(settings.timeout_seconds, _CONNECT_SECONDS_MAX),
        )
        return ldap3.Connection(
            server,
            user=settings.account or None,
            password=self._password if settings.account else None,
            authentication=ldap3.SIMPLE if settings.account else ldap3.ANONYMOUS,
            receive_timeout=settings.timeout_seconds,
            auto_bind=ldap3.AUTO_BIND_NONE,
            auto_referrals=False,
            auto_encode=False,
            auto_range=False,
            check_names=False,
            raise_exceptions=False,
        )

    def _open(self, connection: ldap3.Connection, tls: _VerifyingTls | None) -> None:
        try:
            connection.open(read_server_info=False)
            if self._settings.tls == "starttls":
                connection.start_tls(read_server_info=False)
        except (LDAPExceptionError, OSError) as error:
            raise self._unreachable(error, tls.failure if tls is not None else None) from error

    def _unreachable(self, error: Exception, handshake: OSError | None) -> ConnectorError:
        url = self.url
        if isinstance(handshake, ssl.SSLCertVerificationError):
            return CertificateRejected(
                f"the certificate of {url} does not verify: {handshake.verify_message or handshake.reason}",
                help="set ca-file to the authority that signed it, and use a host name that it holds",
            )
        if handshake is not None:
            return ConnectionFailed(
                f"no TLS at {url}: {handshake}",
                help='check the port, or set tls = "starttls" on an ldap:// address',
            )
        if "startTLS failed" in str(error):
            return ConnectionFailed(f"{url} offers no StartTLS: {error}", help="use ldaps:// or another server")
        return ConnectionFailed(
            f"nobody answers at {url}: {_cause(error)}", help="check the address, the server and the network"
        )

    def _bind(self, connection: ldap3.Connection) -> None:
        try:
            connection.bind(read_server_info=False)
            result = connection.result
        except (LDAPExceptionError, OSError) as error:
            raise self._lost("the bind", error) from error
        code = int(result["result"])
        if code != 0:
            raise bind_failure(self.url, self._settings.account, code, str(result["message"] or ""))

    @staticmethod
    def _receive(connection: ldap3.Connection, message_id: int) -> SearchAnswer:
        decoder = SearchDecoder()
        entries: list[SearchEntry] = []
        references = 0
        while True:
            data = connection.socket.recv(_RECEIVE_OCTETS)
            if not data:
                raise ConnectionResetError("the server hung up")
            for message in decoder.feed(data):
                if message.message_id == 0 and isinstance(message, Notice):
                    raise ConnectionResetError(f"the server hangs up: {message.text or message.result}")
                if message.message_id != message_id:
                    raise Malformed(f"message {message.message_id} answers nothing that was asked")
                if isinstance(message, SearchEntry):
                    entries.append(message)
                elif isinstance(message, SearchReference):
                    references += 1
                elif isinstance(message, SearchDone):
                    return SearchAnswer(tuple(entries), references, message)

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            _discard(connection)

    def _lost(self, what: str, error: Exception) -> ConnectionLost:
        if isinstance(error, TimeoutError | BlockingIOError):
            seconds = self._settings.timeout_seconds
            return ConnectionLost(f"{self.url} did not answer {what} within {seconds} s", help="raise timeout-seconds")
        return ConnectionLost(
            f"the connection to {self.url} broke during {what}: {_cause(error)}",
            help="run the step again; if it happens often, look at the server and at what is in between",
        )


def _cause(error: Exception) -> str:
    """The reason in a few words: ldap3 wraps the operating system's text in several others."""
    text = str(error)
    return text.rsplit("] ", 1)[-1].rsplit("error receiving data: ", 1)[-1] or type(error).__name__


def _context(settings: LdapSettings) -> ssl.SSLContext:
    if settings.ca_file is not None and not Path(settings.ca_file).is_file():
        raise SettingsError(
            f"ca-file {settings.ca_file!r} is not there", help="correct ca-file in the connector's settings"
        )
    try:
        return ssl.create_default_context(cafile=settings.ca_file)
    except ssl.SSLError as error:
        raise SettingsError(
            f"ca_file {settings.ca_file!r} holds no certificate in PEM form: {error}",
            help="export the authority's certificate as Base64 (PEM)",
        ) from error


def _discard(connection: ldap3.Connection) -> None:
    """Close the socket, also where ldap3 failed half-way and left it open."""
    connection.strategy._stop_listen()
    if connection.socket is not None:
        connection.strategy._close_socket()
