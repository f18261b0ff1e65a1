"""A new project on disk: its settings file, the folders beside it, and secrets in files of their own.

Rules are not written here; `init` puts them beside it from the library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from attrflow.app.secrets import SecretReference, write_secret
from attrflow.app.settings import SETTINGS_FILE, read_settings
from attrflow.app.settings_template import (
    DEFAULT_SCHEDULER,
    NewConnector,
    NewScheduler,
    example_connectors,
    settings_text,
)
from attrflow.model.configuration import EngineOptions
from attrflow.model.errors import SettingsError
from attrflow.model.schema import AttributeType
from attrflow.rules.features import DEFAULT_FEATURES, Features

__all__ = ["write_new_project"]


def write_new_project(
    folder: Path,
    name: str,
    connectors: Sequence[NewConnector] = (),
    *,
    guid: Callable[[], str],
    staging_mode: bool = True,
    scheduler: NewScheduler = DEFAULT_SCHEDULER,
    features: Features = DEFAULT_FEATURES,
    options: EngineOptions | None = None,
    metaverse: Mapping[str, tuple[AttributeType, tuple[str, ...]]] | None = None,
    secrets: Mapping[str, str] | None = None,
) -> Path:
    """Make a project: its settings file, the folders `rules` and `schema`, and a `.gitignore`.

    Args:
        folder: made where it is missing.
        name: the project's.
        connectors: those of `example_connectors` where there are none.
        guid: gives the ids of connectors that bring none.
        staging_mode: whether a cycle leaves out exports.
        scheduler: its times, where they are not the defaults.
        features: what the default rules follow from.
        options: the engine's, where they are not the defaults.
        metaverse: the project's own metaverse attributes, each with the object types that have it.
        secrets: secrets by connector, for trying things out: each goes into a file `secrets/<connector>`
            that only its owner can read, and that the settings refer to. A connector among them must
            bring no `secret` of its own.

    Returns:
        The settings file.

    Raises:
        SettingsError: a connector's values would not load, or one of the files is there already.
        OSError: something cannot be written.
    """
    file = folder / SETTINGS_FILE
    given = dict(secrets or {})
    chosen = [_with_secret_file(connector, given) for connector in connectors or example_connectors()]
    assert not given, f"secrets of connectors that are not there: {', '.join(given)}"
    # The text first, read as it will be: what cannot be used must leave no half of a project.
    text = settings_text(
        name,
        chosen,
        guid=guid,
        staging_mode=staging_mode,
        scheduler=scheduler,
        features=features,
        options=options,
        metaverse=metaverse,
    )
    read_settings(text, folder)
    secret_files = {folder / "secrets" / connector: secret for connector, secret in (secrets or {}).items()}
    for taken in (file, *secret_files):
        if taken.exists() or taken.is_symlink():
            raise SettingsError(f"{taken} is there already", help="choose another folder, or edit what is there")
    for made in (folder, folder / "rules", folder / "schema"):
        made.mkdir(parents=True, exist_ok=True)
    for path, secret in secret_files.items():
        write_secret(path, secret)
    ignored = folder / ".gitignore"
    if not ignored.exists():
        # The store holds people's data, and secrets are secrets: neither belongs into a history.
        ignored.write_text("/attrflow.sqlite*\n/secrets/\n", encoding="utf-8", newline="\n")
    with file.open("x", encoding="utf-8", newline="\n") as opened:
        opened.write(text)
    return file


def _with_secret_file(connector: NewConnector, secrets: dict[str, str]) -> NewConnector:
    if secrets.pop(connector.name, None) is None:
        return connector
    assert connector.secret is None, f"{connector.name} names a place for its secret already"
    return replace(connector, secret=SecretReference("file", f"secrets/{connector.name}"))
