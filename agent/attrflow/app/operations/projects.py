"""Operations on projects as files: making one, and giving it the default rules of its connectors."""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from attrflow.app.default_rules import default_rules_of, features_of
from attrflow.app.library import rule_file_name
from attrflow.app.new_project import write_new_project
from attrflow.app.project import load_rules
from attrflow.app.settings import load_settings
from attrflow.app.settings_template import NewConnector
from attrflow.app.shapes import shape
from attrflow.rules.template import FIRST_PRECEDENCE
from attrflow.rules.writing import write_rule

__all__ = [
    "DefaultRulesDocument",
    "ProjectDocument",
    "add_default_rules",
    "init_project",
    "new_guid",
    "write_default_rules",
]


@dataclass(frozen=True, slots=True)
class ProjectDocument:
    """A project that was made."""

    folder: str
    settings: str
    rules: list[str]


@dataclass(frozen=True, slots=True)
class DefaultRulesDocument:
    """The default rules that were written for connectors that had no rule."""

    folder: str
    connectors: list[str]
    rules: list[str]
    """Their files, relative to the folder."""


shape("project", ProjectDocument)
shape("rules-defaults", DefaultRulesDocument)


def new_guid() -> str:
    """A GUID by chance, for a connector that is new."""
    return str(uuid.UUID(int=random.SystemRandom().getrandbits(128), version=4))


def init_project(
    folder: Path,
    name: str | None = None,
    connectors: Sequence[NewConnector] = (),
    *,
    staging_mode: bool = True,
    features: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
) -> ProjectDocument:
    """Make a project folder with settings that load, and every default rule of its connectors as a file.

    `features` are keys of `[features]` with their values as a person writes them.

    Raises:
        SettingsError: there is a project already, a feature is unknown, or a connector's values would not load.
        OSError: something cannot be written.
    """
    folder = folder.absolute()
    file = write_new_project(
        folder,
        name or folder.name,
        connectors,
        guid=new_guid,
        staging_mode=staging_mode,
        features=features_of(features or {}),
        secrets=secrets,
    )
    return ProjectDocument(str(folder), str(file), write_default_rules(folder))


def write_default_rules(folder: Path) -> list[str]:
    """Write the default rules of the project's connectors below its rules folder; the paths that were written.

    A file that is there already is left as it is: it is the project's rule now (DECISIONS 12).
    """
    settings = load_settings(folder)
    written = []
    for rule in default_rules_of(settings):
        path = settings.rules / rule_file_name(rule)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(write_rule(rule), encoding="utf-8", newline="\n")
            written.append(str(path.relative_to(settings.folder)))
    return written


def add_default_rules(folder: Path) -> DefaultRulesDocument:
    """Write the default rules of connectors that have no rule yet, as after one was added to the settings.

    They are numbered behind the rules that are there, so that no number is used twice and directories that
    were there before keep precedence over the new one.

    Raises:
        SettingsError: the settings or the rules that are there are wrong.
        OSError: something cannot be written.
    """
    settings = load_settings(folder)
    present = load_rules(settings, {}).ruleset.rules
    having = {rule.connector for rule in present}
    bare = [c for c in settings.connectors.values() if c.name not in having]
    number = max((rule.precedence for rule in present), default=FIRST_PRECEDENCE - 1)
    number = max(number, FIRST_PRECEDENCE - 1)
    written = []
    for rule in default_rules_of(settings, [c.name for c in bare]):
        number += 1
        numbered = replace(rule, precedence=number)
        path = settings.rules / rule_file_name(numbered)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(write_rule(numbered), encoding="utf-8", newline="\n")
        written.append(str(path.relative_to(settings.folder)))
    return DefaultRulesDocument(str(settings.folder), [c.name for c in bare], written)
