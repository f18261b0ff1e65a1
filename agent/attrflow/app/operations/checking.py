"""Operations that check a project's texts without opening its store or asking a directory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from attrflow.app.operations.failing import DiagnosticDocument, diagnostic_document
from attrflow.app.project import load_rules
from attrflow.app.schemas import read_schema_file
from attrflow.app.settings import load_settings
from attrflow.app.shapes import shape
from attrflow.model.diagnostics import Diagnostic
from attrflow.model.errors import SettingsError

__all__ = ["RulesCheckDocument", "rules_check"]


@dataclass(frozen=True, slots=True)
class RulesCheckDocument:
    """Every finding about the settings and rules of a project."""

    folder: str
    rules: int | None
    """How many rules there are; None where errors keep them from being read as a set."""
    errors: int
    warnings: int
    findings: list[DiagnosticDocument]
    without_schema: list[str]
    """Connectors that were never imported from: their attributes cannot be checked yet."""
    without_rules: list[str]
    """Connectors that no rule is about: nothing of them is synchronized."""


shape("rules-check", RulesCheckDocument)


def rules_check(folder: Path) -> RulesCheckDocument:
    """Check settings and rules, those of connectors that were imported from against their schema too.

    Raises:
        SettingsError: the settings themselves cannot be read, so that there is nothing to check rules against.
    """
    settings = load_settings(folder)
    schemas = {name: read_schema_file(settings.schema / f"{name}.json") for name in settings.connectors}
    known = {name: schema for name, schema in schemas.items() if schema is not None}
    count: int | None = None
    bare: list[str] = []
    try:
        loaded = load_rules(settings, known)
        count, found = len(loaded.ruleset.rules), loaded.diagnostics
        having = {rule.connector for rule in loaded.ruleset.rules}
        bare = [name for name in settings.connectors if name not in having]
    except SettingsError as error:
        found = error.diagnostics
    every: list[Diagnostic] = sorted((*settings.warnings, *found), key=_place)
    severities = [diagnostic.severity for diagnostic in every]
    return RulesCheckDocument(
        str(settings.folder),
        count,
        severities.count("error"),
        severities.count("warning"),
        [diagnostic_document(diagnostic) for diagnostic in every],
        [name for name, schema in schemas.items() if schema is None],
        bare,
    )


def _place(diagnostic: Diagnostic) -> tuple[str, int]:
    return diagnostic.file or "", diagnostic.span.start if diagnostic.span is not None else -1
