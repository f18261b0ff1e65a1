"""Run-stoppers: the third kind of error in ARCHITECTURE.md. Everything here ends a run with a clear sentence.

    AttrflowError
    ├── SettingsError               attrflow.toml, a rule file or an option is wrong; carries diagnostics
    ├── NotFound                    no such connector, object, attribute or run
    ├── Ambiguous                   a name fits several objects; carries the candidates
    ├── StoreError                  the store file cannot be used
    │   └── StoreBusy               another run holds the store
    ├── SchedulerSuspended          somebody suspended the scheduler
    ├── MissingExtra                an optional dependency is not installed
    └── ConnectorError              the directory cannot be used; `status` is the product's step result
        ├── ConnectionFailed        no-start-connection
        ├── AuthenticationFailed    no-start-credentials
        ├── CertificateRejected     no-start-connection
        ├── PermissionDenied        no-start-connection (the account may not do what the step needs)
        ├── ConnectionLost          stopped-connectivity
        └── SearchFailed            stopped-connectivity (it answers, but refuses a search that the step needs)

Outcomes of one object are data (`plan`), findings about text are diagnostics; neither is raised.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrflow.model.diagnostics import Diagnostic

__all__ = [
    "Ambiguous",
    "AttrflowError",
    "AuthenticationFailed",
    "CertificateRejected",
    "ConnectionFailed",
    "ConnectionLost",
    "ConnectorError",
    "MissingExtra",
    "NotFound",
    "PermissionDenied",
    "SchedulerSuspended",
    "SearchFailed",
    "SettingsError",
    "StoreBusy",
    "StoreError",
]


class AttrflowError(Exception):
    """What went wrong in one sentence, a stable code, and what to do about it."""

    code = "error"
    exit_code = 1

    def __init__(self, message: str, *, help: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.help = help


class SettingsError(AttrflowError):
    """A text of the project is wrong; `diagnostics` say what, in which file, on which line."""

    code = "invalid-settings"
    exit_code = 2

    def __init__(self, message: str, diagnostics: Sequence[Diagnostic] = (), *, help: str | None = None) -> None:
        super().__init__(message, help=help)
        self.diagnostics = tuple(diagnostics)


class NotFound(AttrflowError):
    """What was asked for is not there."""

    code = "not-found"
    exit_code = 3


class Ambiguous(AttrflowError):
    """A name fits several objects; `candidates` are lines that tell them apart."""

    code = "ambiguous"
    exit_code = 3

    def __init__(self, message: str, candidates: Sequence[str], *, help: str | None = None) -> None:
        super().__init__(message, help=help)
        self.candidates = tuple(candidates)


class StoreError(AttrflowError):
    """The store cannot be opened, read or written."""

    code = "store-error"
    exit_code = 4


class StoreBusy(StoreError):
    """Another run holds the store."""

    code = "store-busy"


class SchedulerSuspended(AttrflowError):
    """Somebody suspended the scheduler; it runs no cycle until it is resumed."""

    code = "scheduler-suspended"
    exit_code = 4


class MissingExtra(AttrflowError):
    """A dependency that only some installations need is missing; the message holds the pip line."""

    code = "missing-extra"
    exit_code = 2


class ConnectorError(AttrflowError):
    """The directory cannot be used; `status` is the step result (behaviour.md §4.4)."""

    code = "failed-connection"
    status = "no-start-connection"
    exit_code = 5

    def __init__(self, message: str, *, help: str | None = None, cd_error: str | None = None) -> None:
        super().__init__(message, help=help)
        self.cd_error = cd_error


class ConnectionFailed(ConnectorError):
    """Nobody answers at the address."""


class AuthenticationFailed(ConnectorError):
    """The directory refuses the credentials. Never repeated by itself."""

    code = "failed-authentication"
    status = "no-start-credentials"


class CertificateRejected(ConnectorError):
    """The server's certificate does not verify."""

    code = "failed-certificate"


class PermissionDenied(ConnectorError):
    """The account may not do what the step needs, such as reading changes by DirSync."""

    code = "failed-permission"


class ConnectionLost(ConnectorError):
    """The directory hung up in the middle, and repeating did not help."""

    code = "dropped-connection"
    status = "stopped-connectivity"


class SearchFailed(ConnectorError):
    """The directory answers, but refuses a search that the step cannot do without (behaviour.md §4.5)."""

    code = "failed-search"
    status = "stopped-connectivity"
