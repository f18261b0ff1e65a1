"""The project's settings: `attrflow.toml`, read, checked as a whole, and told where it is wrong.

    [project]                name, store, rules, schema, staging-mode
    [scheduler]              interval-minutes, history-days
    [engine]                 what no source decides: the fields of EngineOptions, with dashes
    [expression-options]     the same of the expression language: the fields of ExpressionOptions
    [metaverse.attributes]   the project's own metaverse attributes
    [features]               what the default rules follow from
    [connectors.NAME]        one table a connected directory (DECISIONS 7: their one home)

This module reads; `settings_template` writes. It opens no store and no directory, and knows no secret.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final

from attrflow.app.secrets import SecretReference
from attrflow.app.settings_connectors import ConnectorSettings, read_connectors
from attrflow.app.settings_expressions import read_expression_options
from attrflow.app.settings_features import read_features
from attrflow.app.settings_metaverse import extended_metaverse, read_metaverse
from attrflow.app.settings_table import Table
from attrflow.expr import DEFAULT_OPTIONS, ExpressionOptions
from attrflow.model.configuration import ConnectorConfiguration, EngineOptions
from attrflow.model.diagnostics import Diagnostic, Span
from attrflow.model.errors import SettingsError
from attrflow.model.schema import AttributeType, Schema
from attrflow.rules.features import DEFAULT_FEATURES, Features
from attrflow.rules.positions import Finding, placed, syntax_error

__all__ = [
    "SETTINGS_FILE",
    "Settings",
    "configuration_hash",
    "configuration_text",
    "find_project",
    "load_settings",
    "metaverse_of",
    "option_key",
    "read_settings",
]

SETTINGS_FILE: Final = "attrflow.toml"

_TABLES: Final = ("project", "scheduler", "engine", "expression-options", "metaverse", "features", "connectors")
_PROJECT: Final = ("name", "store", "rules", "schema", "staging-mode")
_SCHEDULER: Final = ("interval-minutes", "history-days")
_CONFIGURATION_SCHEMA: Final = "attrflow.configuration/1"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a project's folder says of it."""

    folder: Path
    """The folder of `attrflow.toml`, absolute."""
    name: str
    store: Path
    """The store's file; it need not be there yet."""
    rules: Path
    """The folder of the rule files."""
    schema: Path
    """The folder in which is kept what the directories said of their schema at the last import."""
    staging_mode: bool
    """Whether a cycle leaves out exports (DECISIONS 23)."""
    options: EngineOptions
    connectors: Mapping[str, ConnectorConfiguration]
    """By name, in the order of the file."""
    secrets: Mapping[str, SecretReference]
    """Where the connectors' secrets are, by connector; one that signs in anonymously has none."""
    metaverse_extra: Mapping[str, Mapping[str, AttributeType]]
    """The project's own metaverse attributes by object type and name; those of directory extensions too."""
    expression_options: ExpressionOptions = DEFAULT_OPTIONS
    features: Features = DEFAULT_FEATURES
    """What the default rules follow from; the rule files are what runs."""
    interval_minutes: int = 30
    """From the start of one of the scheduler's cycles to the start of the next (documented default)."""
    history_days: int = 7
    """How long the run history is kept (documented default); 0: for ever."""
    warnings: tuple[Diagnostic, ...] = ()
    """What is worth a word and stops nothing."""

    @property
    def file(self) -> Path:
        """The settings file itself."""
        return self.folder / SETTINGS_FILE


def find_project(start: Path) -> Path:
    """The nearest folder with an `attrflow.toml`: `start` itself or one above it.

    Raises:
        SettingsError: there is none.
    """
    here = start.absolute()
    for folder in (here, *here.parents):
        if (folder / SETTINGS_FILE).is_file():
            return folder
    raise SettingsError(
        f"no {SETTINGS_FILE} in {here} or in a folder above it",
        help=f"run `attrflow init {start}`, or name a project with --project DIR",
    )


def load_settings(folder: Path) -> Settings:
    """The settings of the project in a folder.

    Raises:
        SettingsError: there is no settings file, or it is wrong; its diagnostics are all that is wrong,
            each with file, line and column, and the warnings.
    """
    return read_settings(_text(folder, folder / SETTINGS_FILE), folder)


def read_settings(text: str, folder: Path) -> Settings:
    """The settings of a text that stands, or will stand, in a folder; errors as `load_settings`."""
    file = folder / SETTINGS_FILE
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _refusal(file, (syntax_error(text, str(file), error),)) from error
    findings: list[Finding] = []
    settings = _read(Table(document, (), findings), folder.absolute())
    # In the order of the text: findings come by kind of check, and people read from the top.
    diagnostics = sorted(placed(findings, text, str(file)), key=lambda d: d.span.start if d.span else 0)
    if any(diagnostic.severity == "error" for diagnostic in diagnostics):
        raise _refusal(file, tuple(diagnostics))
    return Settings(**settings, warnings=tuple(diagnostics))


def metaverse_of(settings: Settings) -> Schema:
    """The schema of the project's metaverse: the default one and the project's own attributes."""
    return extended_metaverse(settings.metaverse_extra)


def option_key(field: str) -> str:
    """The key under `[engine]` of a field of EngineOptions.

    >>> option_key("loop_limit")
    'loop-limit'
    """
    return field.replace("_", "-")


def configuration_text(settings: Settings) -> str:
    """What runs depend on besides the rules, as canonical JSON: connectors, options, own attributes.

    No secret and no reference to one is in it; nor is the folder, so that a project that moves stays the
    same, nor its name, store and staging mode, which decide no value.
    """
    connectors = []
    for configuration in settings.connectors.values():
        content = asdict(configuration)
        content["settings"] = {key: _portable(value, settings.folder) for key, value in content["settings"].items()}
        connectors.append(content)
    document = {
        "schema": _CONFIGURATION_SCHEMA,
        "connectors": connectors,
        "options": asdict(settings.options),
        "expression-options": asdict(settings.expression_options),
        "metaverse": {
            object_type: {name: asdict(attribute) for name, attribute in attributes.items()}
            for object_type, attributes in settings.metaverse_extra.items()
        },
    }
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def configuration_hash(settings: Settings) -> str:
    """The SHA-256 of the configuration's text, in hexadecimal, under which the store keeps it."""
    return hashlib.sha256(configuration_text(settings).encode("utf-8")).hexdigest()


def _portable(value: object, folder: Path) -> object:
    if isinstance(value, str) and Path(value).is_absolute() and Path(value).is_relative_to(folder):
        return Path(value).relative_to(folder).as_posix()
    return value


def _text(folder: Path, file: Path) -> str:
    try:
        octets = file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise SettingsError(f"no {SETTINGS_FILE} in {folder}", help=f"run `attrflow init {folder}`") from None
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}") from error
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = octets[: error.start]
        span = Span(error.start, error.end, before.count(b"\n") + 1, error.start - before.rfind(b"\n"))
        help = "save the file as UTF-8"
        raise _refusal(file, (Diagnostic("not-utf8", "not text in UTF-8", "error", span, str(file), help),)) from None


def _refusal(file: Path, diagnostics: tuple[Diagnostic, ...]) -> SettingsError:
    errors = [diagnostic for diagnostic in diagnostics if diagnostic.severity == "error"]
    first = errors[0]
    line = f"line {first.span.line}: " if first.span is not None else ""
    many = f"{len(errors)} errors, the first in " if len(errors) > 1 else ""
    return SettingsError(f"{file} cannot be used: {many}{line}{first.message}", diagnostics, help=first.help)


def _read(document: Table, folder: Path) -> dict[str, Any]:
    document.only(_TABLES, SETTINGS_FILE, dict.fromkeys(_PROJECT, "it belongs under [project]"))
    project = document.table("project")
    project.only(
        _PROJECT, "[project]", {option_key(f.name): "it belongs under [engine]" for f in fields(EngineOptions)}
    )
    paths = _paths(project, folder)
    options = _options(document.table("engine"))
    expression_options = read_expression_options(document.table("expression-options"))
    extra = read_metaverse(document.table("metaverse"))
    connectors: dict[str, ConnectorSettings] = {}
    for one in read_connectors(document.table("connectors"), folder):
        connectors[one.configuration.name] = one
    if not document.values.get("connectors"):
        message = "there is no connector: nothing can be imported"
        document.tell((), "no-connector", message, help="add [connectors.NAME]", severity="warning")
    features = read_features(document.table("features"), connectors)
    for object_type, attributes in features.metaverse().items():
        extra[object_type] = {**attributes, **extra.get(object_type, {})}
    staging = project.flag("staging-mode", default=True)
    scheduler = document.table("scheduler")
    scheduler.only(_SCHEDULER, "[scheduler]", {"staging-mode": "it belongs under [project]"})
    times = {
        "interval_minutes": scheduler.number("interval-minutes", 1),
        "history_days": scheduler.number("history-days", 0),
    }
    return {
        "folder": folder,
        "name": project.text("name") or folder.name or "attrflow",
        **paths,
        "staging_mode": True if staging is None else staging,
        **{name: value for name, value in times.items() if value is not None},
        "options": options,
        "expression_options": expression_options,
        "connectors": {name: one.configuration for name, one in connectors.items()},
        "secrets": {name: one.secret for name, one in connectors.items() if one.secret is not None},
        "metaverse_extra": extra,
        "features": features,
    }


def _paths(project: Table, folder: Path) -> dict[str, Path]:
    paths: dict[str, Path] = {}
    for key, default in (("store", "attrflow.sqlite"), ("rules", "rules"), ("schema", "schema")):
        written = project.text(key) or default
        path = folder / written
        if "://" in written:
            project.wrong(key, f"{key!r} must be a path, found an address", f'such as {key} = "{default}"')
        elif path.resolve() in (folder.resolve(), (folder / SETTINGS_FILE).resolve()):
            project.wrong(key, f"{key!r} cannot be {written!r}: this file is there", f'such as {key} = "{default}"')
        elif (other := next((k for k, p in paths.items() if p.resolve() == path.resolve()), None)) is not None:
            project.wrong(key, f"{key!r} and {other!r} are the same path", f'such as {key} = "{default}"')
        paths[key] = path
    return paths


def _options(table: Table) -> EngineOptions:
    """The engine's options; the type of each follows from its default."""
    keys = [option_key(field.name) for field in fields(EngineOptions)]
    table.only(keys, "[engine]", dict.fromkeys(_PROJECT, "it belongs under [project]"))
    given: dict[str, Any] = {}
    for field in fields(EngineOptions):
        key = option_key(field.name)
        if isinstance(field.default, bool):
            value: bool | int | None = table.flag(key)
        else:
            # Only the deletion guard can be switched off; a limit of 0 would stop everything.
            value = table.number(key, 0 if field.name == "export_deletion_threshold" else 1)
        if value is not None:
            given[field.name] = value
    return EngineOptions(**given)
