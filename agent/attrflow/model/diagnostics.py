"""Diagnostics: what is wrong with a text (an expression, a rule, a settings file) and where.

Diagnostics are collected, never raised (the first kind of error in ARCHITECTURE.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Diagnostic", "Severity", "Span"]

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a text: offsets in characters (0-based, end excluded), line and column (1-based)."""

    start: int
    end: int
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding about a text: a stable code, a sentence, where, and what to do."""

    code: str
    message: str
    severity: Severity = "error"
    span: Span | None = None
    file: str | None = None
    help: str | None = None

    def __str__(self) -> str:
        place = self.file or ""
        if self.span is not None:
            place = f"{place}:{self.span.line}:{self.span.column}" if place else f"{self.span.line}:{self.span.column}"
        head = f"{place}: " if place else ""
        tail = f" ({self.help})" if self.help else ""
        return f"{head}{self.severity}: {self.message} [{self.code}]{tail}"
