"""Diagnostics as text: file, line and column first, as editors and terminals make them links."""

from __future__ import annotations

from collections.abc import Iterable

from rich.text import Text

from attrflow.app.operations.failing import DiagnosticDocument

__all__ = ["diagnostic_text", "errors_first"]

_COLOURS = {"error": "red", "warning": "yellow", "info": "cyan"}


def errors_first(findings: Iterable[DiagnosticDocument]) -> list[DiagnosticDocument]:
    """The findings, gravest first, else in the order in which they are."""
    return sorted(findings, key=lambda finding: list(_COLOURS).index(finding.severity))


def diagnostic_text(finding: DiagnosticDocument) -> Text:
    """One finding: where, how bad, what, and what to do."""
    place = finding.file or ""
    if finding.line is not None:
        at = f"{finding.line}:{finding.column}"
        place = f"{place}:{at}" if place else at
    text = Text()
    if place:
        text.append(f"{place}: ", "bold")
    text.append(f"{finding.severity}: ", _COLOURS[finding.severity])
    text.append(f"{finding.message} ")
    text.append(f"[{finding.code}]", "dim")
    if finding.help:
        text.append("\n    help: ", "cyan")
        text.append(finding.help)
    return text
