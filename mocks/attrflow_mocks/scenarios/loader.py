"""Scenarios by name: reads the files of one and has it built.

A scenario is a folder of `data`: `scenario.toml` (title, directories, tenant), one file for each
directory, `planted.toml` where faults stand in it, `acts.toml` where something can happen, and a README.md
for people.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import TypeVar

import msgspec

from attrflow_mocks.scenarios.builder import build_directory, build_tenant
from attrflow_mocks.scenarios.openldap_builder import build_openldap
from attrflow_mocks.scenarios.openldap_plan import OpenLdapPlan
from attrflow_mocks.scenarios.plan import ActPlan, DirectoryPlan, PlantedPlan, Pools, ScenarioPlan
from attrflow_mocks.scenarios.seed import Act, DirectorySeed, Scenario

__all__ = ["DEFAULT_SEED", "ScenarioNotFoundError", "load", "load_pools", "names", "title"]

DEFAULT_SEED = 1

T = TypeVar("T")


class _Profile(msgspec.Struct):
    """What says which shape a directory's file has."""

    profile: str = "ad"


class ScenarioNotFoundError(LookupError):
    """No scenario has this name; the text lists those that there are."""


def names() -> tuple[str, ...]:
    """The names of all scenarios, sorted."""
    return tuple(
        sorted(
            folder.name
            for folder in _data().iterdir()
            if folder.is_dir() and folder.joinpath("scenario.toml").is_file()
        )
    )


def title(name: str) -> str:
    """What the scenario is, in one line.

    Raises:
        ScenarioNotFoundError: there is none of this name.
    """
    return _read(_folder(name).joinpath("scenario.toml"), ScenarioPlan).title


def load(name: str, seed: int = DEFAULT_SEED) -> Scenario:
    """The scenario `name`; the named people are always the same, the others follow from `seed`.

    Raises:
        ScenarioNotFoundError: there is none of this name.
        ValueError: a file of it is wrong; the text says which and where.
    """
    folder = _folder(name)
    plan = _read(folder.joinpath("scenario.toml"), ScenarioPlan)
    pools = load_pools()
    directories = tuple([_directory(folder, directory, pools, seed) for directory in plan.directories])
    return Scenario(name, plan.title, directories, build_tenant(plan.tenant), _planted(folder), _acts(folder))


def _directory(folder: Traversable, name: str, pools: Pools, seed: int) -> DirectorySeed:
    file = folder.joinpath(f"{name}.toml")
    if _read(file, _Profile).profile == "openldap":
        return build_openldap(name, _read(file, OpenLdapPlan), pools, seed)
    return build_directory(name, _read(file, DirectoryPlan), pools, seed)


@cache
def load_pools() -> Pools:
    """The names and offices that people are made of, the same for all scenarios."""
    return _read(_data().joinpath("pools.toml"), Pools)


def _planted(folder: Traversable) -> tuple[Mapping[str, str], ...]:
    file = folder.joinpath("planted.toml")
    if not file.is_file():
        return ()
    planted = _read(file, dict[str, tuple[PlantedPlan, ...]]).get("planted", ())
    return tuple(msgspec.structs.asdict(fault) for fault in planted)


def _acts(folder: Traversable) -> tuple[Act, ...]:
    file = folder.joinpath("acts.toml")
    if not file.is_file():
        return ()
    acts = _read(file, dict[str, tuple[ActPlan, ...]]).get("acts", ())
    return tuple(Act(**msgspec.structs.asdict(act)) for act in acts)


def _data() -> Traversable:
    return files("attrflow_mocks.scenarios").joinpath("data")


def _folder(name: str) -> Traversable:
    if name not in names():
        raise ScenarioNotFoundError(f"no scenario is named {name!r}; there are: {', '.join(names())}")
    return _data().joinpath(name)


def _read(file: Traversable, shape: type[T]) -> T:
    try:
        return msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), shape)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ValueError(f"{file}: {error}") from error
