"""Operations on projects as files: making one, and giving it the default rules of its connectors."""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from attrflow.app.library import materialise_defaults
from attrflow.app.new_project import write_new_project
from attrflow.app.settings import load_settings
from attrflow.app.settings_template import NewConnector
from attrflow.app.shapes import shape

__all__ = ["ProjectDocument", "init_project", "write_default_rules"]


@dataclass(frozen=True, slots=True)
class ProjectDocument:
    """A project that was made."""

    folder: str
    settings: str
    rules: list[str]


shape("project", ProjectDocument)


def _guid() -> str:
    return str(uuid.UUID(int=random.SystemRandom().getrandbits(128), version=4))


def init_project(
    folder: Path,
    name: str | None = None,
    connectors: Sequence[NewConnector] = (),
    *,
    staging_mode: bool = True,
    secrets: Mapping[str, str] | None = None,
) -> ProjectDocument:
    """Make a project folder with settings that load, and every default rule of its connectors as a file.

    Raises:
        SettingsError: there is a project already, or a connector's values would not load.
        OSError: something cannot be written.
    """
    folder = folder.absolute()
    file = write_new_project(
        folder, name or folder.name, connectors, guid=_guid, staging_mode=staging_mode, secrets=secrets
    )
    return ProjectDocument(str(folder), str(file), write_default_rules(folder))


def write_default_rules(folder: Path) -> list[str]:
    """Write the default rules of the project's connectors below its rules folder; the paths that were written.

    A file that is there already is left as it is: it is the project's rule now (DECISIONS 12).
    """
    settings = load_settings(folder)
    written = []
    for name, text in materialise_defaults([(c.name, c.id, c.kind) for c in settings.connectors.values()]):
        path = settings.rules / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            written.append(str(path.relative_to(settings.folder)))
    return written
