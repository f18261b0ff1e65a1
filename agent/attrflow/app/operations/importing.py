"""Operations that bring a customer's exported rules into a project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from attrflow.app.import_files import read_paths
from attrflow.app.import_project import plan_project
from attrflow.app.import_server import tell_left
from attrflow.app.import_writing import Written, write_imported
from attrflow.app.imported import Exports, finish_reading
from attrflow.app.new_project import write_new_project
from attrflow.app.operations.failing import DiagnosticDocument, diagnostic_document
from attrflow.app.operations.projects import new_guid
from attrflow.app.schemas import write_schema_file
from attrflow.app.settings import SETTINGS_FILE, Settings, load_settings, metaverse_of
from attrflow.app.settings_values import CONNECTOR_NAME
from attrflow.app.shapes import shape
from attrflow.importers.connectors import Known
from attrflow.model.errors import SettingsError
from attrflow.rules.features import DEFAULT_FEATURES

__all__ = [
    "ProjectImportDocument",
    "RulesImportDocument",
    "import_document",
    "import_project",
    "import_rules",
    "known_connectors",
]


@dataclass(frozen=True, slots=True)
class RulesImportDocument:
    """What an import read, what it wrote, and every finding."""

    into: str | None
    """The folder that was written to; None where nothing was to be written."""
    project: bool
    """Whether that folder is a project."""
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


@dataclass(frozen=True, slots=True)
class ProjectImportDocument:
    """A project that was made from an exported configuration."""

    folder: str
    settings: str
    names: dict[str, str]
    """The connectors' names by the server's id."""
    imported: RulesImportDocument


shape("rules-import", RulesImportDocument)
shape("project-import", ProjectImportDocument)


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
    for name in names.values():
        if not CONNECTOR_NAME.fullmatch(name):
            raise SettingsError(
                f"--map: {name!r} cannot be a connector's name", help="letters, digits, '-', '_' and '.'"
            )
    reading = read_paths(paths)
    features = DEFAULT_FEATURES
    if settings is not None:
        features = settings.features
        tell_left(reading, metaverse_of(settings))
    exports = finish_reading(reading, names, project, features)
    written = Written()
    if into is not None:
        folder = settings.folder if settings is not None else into.absolute()
        rules = settings.rules if settings is not None else folder
        written = write_imported(exports.rules, rules, folder, reading.findings)
    return import_document(exports, into, written)


def import_project(
    folder: Path, source: Sequence[Path], name: str | None = None, names: Mapping[str, str] | None = None
) -> ProjectImportDocument:
    """Make a project of an exported configuration: its connectors, metaverse, options, schemas and rules.

    It starts in staging mode, whatever the server does.

    Raises:
        NotFound: a path is not there.
        SettingsError: there is a project already, or the export states no connector and no rule.
        OSError: something cannot be written.
    """
    folder = folder.absolute()
    reading = read_paths(source)
    if not reading.drafts and not reading.connectors:
        shown = ", ".join(str(path) for path in source)
        found = reading.findings.all
        help = "name the folder that Get-ADSyncServerConfiguration wrote, or the wizard's settings file"
        raise SettingsError(f"{shown} holds no exported configuration.", found, help=help)
    names = names or {}
    planned = plan_project(reading, names, folder)
    file = write_new_project(
        folder,
        name or folder.name,
        planned.connectors,
        guid=new_guid,
        scheduler=planned.server.scheduler,
        features=planned.server.features,
        options=planned.server.options,
        metaverse=planned.server.metaverse,
    )
    settings = load_settings(folder)
    for connector, schema in planned.schemas.items():
        write_schema_file(settings.schema / f"{connector}.json", schema)
    # A name that went to a connector has decided something, also where no rule belongs to it.
    there = {word.casefold() for one in reading.connectors for word in (one.id, one.name)}
    exports = finish_reading(
        reading,
        {**names, **planned.names},
        known_connectors(settings),
        settings.features,
        asked=[key for key in names if key.strip("{} ").casefold() not in there],
    )
    written = write_imported(exports.rules, settings.rules, settings.folder, reading.findings)
    return ProjectImportDocument(str(folder), str(file), dict(planned.names), import_document(exports, folder, written))


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
        into is not None and (into / SETTINGS_FILE).is_file(),
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
