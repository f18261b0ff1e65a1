"""Servers for the stories: started once a module, set back to their beginning before each story."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar, cast
from unittest.mock import patch

import pytest

from attrflow.app import project as opening
from attrflow.app.operations import running
from attrflow.app.project import opened_project
from attrflow.app.settings import Settings
from attrflow.engine.program import Program, build_program
from attrflow.model.schema import Schema
from attrflow_mocks.hosted import HostedMocks
from attrflow_mocks.world import World

from .project import SMALL, Story, new_project, told

UNITS = ("People", "Groups")
SETTLED = "settled"
NewStory = Callable[..., Story]
T = TypeVar("T")


@pytest.fixture(scope="session", autouse=True)
def rules_are_read_once() -> Iterator[None]:
    """Nearly every project here has the same rules: what one of them read and compiled, the next ones use."""
    read = opening.load_rules
    seen: list[tuple[object, object]] = []

    def once(known: object, make: Callable[[], T]) -> T:
        found = next((made for before, made in seen if before == known), None)
        if found is None:
            found = make()
            seen.append((known, found))
        return cast("T", found)

    def load_rules(settings: Settings, schemas: Mapping[str, Schema]) -> opening.LoadedRules:
        texts = [(path.name, path.read_bytes()) for path in sorted(settings.rules.rglob("*.toml"))]
        return once(("read", texts, settings.connectors, dict(schemas)), lambda: read(settings, schemas))

    def build(*given: Any, **named: Any) -> Program:
        return once(("built", given, named), lambda: build_program(*given, **named))

    with patch.object(opening, "load_rules", load_rules), patch.object(opening, "build_program", build):
        yield


@pytest.fixture(scope="session")
def small_mocks() -> Iterator[HostedMocks]:
    """The small company, served for all stories."""
    with HostedMocks(World(SMALL)) as mocks:
        yield mocks


@pytest.fixture(scope="session")
def template(small_mocks: HostedMocks, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of the small company that has learnt the schemas, and nothing else: stories begin with a copy."""
    folder = tmp_path_factory.mktemp("template") / "project"
    new_project(folder, small_mocks, UNITS)
    with opened_project(folder) as project:
        for connector in ("corp", "entra"):
            assert running.run(project, connector, "full-import").record.result == "success"
    return folder


@pytest.fixture(scope="session")
def settled_template(small_mocks: HostedMocks, template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project after its initial cycle and the confirming one; the mocks keep that state as the snapshot SETTLED."""
    folder = tmp_path_factory.mktemp("settled") / "project"
    small_mocks.call(small_mocks.world.reset)
    with told(copied(template, folder), small_mocks) as story:
        story.settled()
    small_mocks.call(lambda: small_mocks.world.take_snapshot(SETTLED))
    return folder


def copied(template: Path, folder: Path) -> Path:
    """A copy of the template as it was before it imported anything."""
    shutil.copytree(template, folder, ignore=shutil.ignore_patterns("attrflow.sqlite*"))
    return folder


@pytest.fixture
def stories(small_mocks: HostedMocks, template: Path, tmp_path: Path) -> Iterator[NewStory]:
    """Makes projects of the small company, which is as at its start."""
    with ExitStack() as stack:
        small_mocks.call(small_mocks.world.reset)

        def make(name: str = "project") -> Story:
            return stack.enter_context(told(copied(template, tmp_path / name), small_mocks))

        yield make


@pytest.fixture
def story(stories: NewStory) -> Story:
    """A project of the small company, before its first cycle."""
    return stories()


@pytest.fixture
def settled(small_mocks: HostedMocks, settled_template: Path, tmp_path: Path) -> Iterator[Story]:
    """A project of the small company, after its initial cycle and the confirming one."""
    small_mocks.call(small_mocks.world.reset)
    small_mocks.call(lambda: small_mocks.world.restore_snapshot(SETTLED))
    with told(Path(shutil.copytree(settled_template, tmp_path / "project")), small_mocks) as story:
        yield story
