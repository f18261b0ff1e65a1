"""Errors as documents: what programs read where people read a sentence."""

from __future__ import annotations

from dataclasses import dataclass, field

from attrflow.app.shapes import shape
from attrflow.model.diagnostics import Diagnostic
from attrflow.model.errors import Ambiguous, AttrflowError, ConnectorError, SettingsError

__all__ = ["DiagnosticDocument", "ErrorDocument", "diagnostic_document", "error_document"]


@dataclass(frozen=True, slots=True)
class DiagnosticDocument:
    """One finding about a text of the project. Line and column count from 1."""

    code: str
    severity: str
    message: str
    file: str | None = None
    line: int | None = None
    column: int | None = None
    help: str | None = None


@dataclass(frozen=True, slots=True)
class ErrorDocument:
    """What stopped a command."""

    code: str
    message: str
    exit_code: int
    help: str | None = None
    status: str | None = None
    """The product's status word, where a directory is at fault."""
    diagnostics: list[DiagnosticDocument] = field(default_factory=list)
    candidates: list[str] = field(default_factory=list)


shape("error", ErrorDocument)


def diagnostic_document(diagnostic: Diagnostic) -> DiagnosticDocument:
    """A diagnostic as a document."""
    span = diagnostic.span
    return DiagnosticDocument(
        diagnostic.code,
        diagnostic.severity,
        diagnostic.message,
        diagnostic.file,
        span.line if span is not None else None,
        span.column if span is not None else None,
        diagnostic.help,
    )


def error_document(error: AttrflowError) -> ErrorDocument:
    """A run-stopper as a document."""
    return ErrorDocument(
        error.code,
        error.message,
        error.exit_code,
        error.help,
        error.status if isinstance(error, ConnectorError) else None,
        [diagnostic_document(d) for d in error.diagnostics] if isinstance(error, SettingsError) else [],
        list(error.candidates) if isinstance(error, Ambiguous) else [],
    )
