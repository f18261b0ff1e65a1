"""Operations that bring a customer's exported rules into a project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from attrflow.app.import_writing import Written, write_imported
from attrflow.app.imported import Exports, read_exports
from attrflow.app.operations.failing import DiagnosticDocument, diagnostic_document
from attrflow.app.settings import SETTINGS_FILE, Settings, load_settings
from attrflow.app.shapes import shape
from attrflow.importers.connectors import Known
from attrflow.model.errors import SettingsError

__all__ = ["RulesImportDocument", "import_document", "import_rules", "known_connectors"]


@dataclass(frozen=True, slots=True)
class RulesImportDocument:
    """What an import read, what it wrote, and every finding."""

    into: str | None
    """The folder that was written to; None where nothing was to be written."""
    formats: dict[str, int]
    """How many files there were of each format."""
    rules: int
    """Rules that could be read."""
    mappings: int
    """Attribute mappings in them."""
    rules_stated: int
    """Rules that the files state, those that could not be taken over too."""
    mappings_stated: int
    connectors: dict[str, int]
    """How many rules each connector of the project got."""
    unknown_connectors: dict[str, int]
    """How many rules were left out for a connector that the project does not have."""
    written: list[str]
    """Rule files, relative to the folder."""
    replaced: list[str]
    """Files of rules that an imported rule took the place of."""
    unchanged: int
    """Rules that were there already."""
    errors: int
    warnings: int
    findings: list[DiagnosticDocument] = field(default_factory=list)


shape("rules-import", RulesImportDocument)


def import_rules(
    paths: Sequence[Path], into: Path | None = None, names: Mapping[str, str] | None = None
) -> RulesImportDocument:
    """Read exports and write their rules into a project, or into a bare folder where there is no project.

    Raises:
        NotFound: a path is not there.
        SettingsError: the project's settings are wrong, or a name that was given is no connector of it.
        OSError: something cannot be written.
    """
    names = names or {}
    settings: Settings | None = None
    project: list[Known] | None = None
    if into is not None and (into / SETTINGS_FILE).is_file():
        settings = load_settings(into)
        project = known_connectors(settings)
        _require_known(names, project)
    exports = read_exports(paths, names, project)
    written = Written()
    if into is not None:
        folder = settings.folder if settings is not None else into.absolute()
        rules = settings.rules if settings is not None else folder
        written = write_imported(exports.rules, rules, folder, exports.reading.findings)
    return import_document(exports, into, written)


def known_connectors(settings: Settings) -> list[Known]:
    """The connectors that rules may belong to."""
    return [Known(c.name, c.id, c.kind) for c in settings.connectors.values()]


def import_document(exports: Exports, into: Path | None, written: Written) -> RulesImportDocument:
    """What was read and written as a document."""
    connectors: dict[str, int] = {}
    for imported in exports.rules:
        connectors[imported.rule.connector] = connectors.get(imported.rule.connector, 0) + 1
    stated = exports.stated
    severities = [finding.severity for finding in exports.findings]
    return RulesImportDocument(
        str(into.absolute()) if into is not None else None,
        dict(exports.reading.formats),
        len(exports.rules),
        sum(len(imported.rule.mappings) for imported in exports.rules),
        *stated,
        connectors,
        dict(exports.unknown),
        written.files,
        written.replaced,
        written.unchanged,
        severities.count("error"),
        severities.count("warning"),
        [diagnostic_document(finding) for finding in exports.findings],
    )


def _require_known(names: Mapping[str, str], project: Sequence[Known]) -> None:
    there = {known.name for known in project}
    for name in names.values():
        if name not in there:
            raise SettingsError(f"--map names {name!r}, which is no connector of the project", help=_listed(there))


def _listed(names: set[str]) -> str:
    return f"It has: {', '.join(sorted(names))}." if names else "It has none yet."
