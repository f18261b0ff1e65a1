"""Findings about imported text: diagnostics that know their line.

Importers collect them and never raise: one faulty line must not hide the rest of a file.
"""

from __future__ import annotations

from dataclasses import dataclass

from attrflow.model.diagnostics import Diagnostic, Severity, Span

__all__ = ["NOWHERE", "Findings", "Place"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was read: a file as the caller names it, line and column from 1; 0 is unknown."""

    file: str
    line: int = 0
    column: int = 0

    def at(self, line: int, column: int = 1) -> Place:
        """Another place of the same file."""
        return Place(self.file, line, column)


NOWHERE = Place("")
"""Where what was made up here stands."""


class Findings:
    """A growing list of findings, in the order in which they were made."""

    def __init__(self) -> None:
        self.all: list[Diagnostic] = []

    def tell(
        self, place: Place, code: str, message: str, severity: Severity = "error", *, help: str | None = None
    ) -> None:
        """Add a finding at a place."""
        span = Span(0, 0, place.line, place.column or 1) if place.line else None
        self.all.append(Diagnostic(code, message, severity, span, place.file or None, help))

    def warn(self, place: Place, code: str, message: str, *, help: str | None = None) -> None:
        """Add a warning: it was read, perhaps not as it was meant."""
        self.tell(place, code, message, "warning", help=help)

    def note(self, place: Place, code: str, message: str, *, help: str | None = None) -> None:
        """Add a note: nothing is lost, and the reader may want to know."""
        self.tell(place, code, message, "info", help=help)
