"""What a scenario says of its directories beyond their contents: rights, Recycle Bin, who may replicate; size limits.

An optional file `options.toml` in the scenario's folder, one table for each directory:

    [contoso]
    recycle-bin = true
    replicators = ["svc-sync@contoso.test"]
    rights = [{ account = "svc-sync@contoso.test", deny = "read", attributes = ["employeeID"] }]

An OpenLDAP database has one option, `size-limit`: how many entries a search returns to anybody but its administrator.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from attrflow_mocks.ad.rights import Rule, parse_rules, rules_document
from attrflow_mocks.lightweight.database import Database
from attrflow_mocks.profiles import AnyDirectory

__all__ = ["DirectoryOptions", "apply_options", "options_document", "parse_options", "scenario_options"]

_AD_KEYS = {"recycle-bin", "replicators", "rights"}
_KEYS = {*_AD_KEYS, "size-limit"}


@dataclass(frozen=True, slots=True)
class DirectoryOptions:
    """Options of one directory; None leaves what is."""

    rules: tuple[Rule, ...] | None = None
    recycle_bin: bool | None = None
    replicators: frozenset[str] | None = None
    """Folded bind names that alone may use DirSync with full rights."""
    size_limit: int | None = None
    """Of an OpenLDAP database."""


def parse_options(document: Mapping[str, object]) -> DirectoryOptions:
    """Options from a table of TOML or JSON.

    Raises:
        ValueError: a key is unknown, or a value is of the wrong kind.
    """
    unknown = sorted(document.keys() - _KEYS)
    if unknown:
        raise ValueError(f"unknown: {', '.join(unknown)}; a directory's options are {', '.join(sorted(_KEYS))}")
    recycle_bin, replicators, rights = (document.get(key) for key in ("recycle-bin", "replicators", "rights"))
    size_limit = document.get("size-limit")
    if size_limit is not None and (not isinstance(size_limit, int) or isinstance(size_limit, bool) or size_limit < 1):
        raise ValueError("`size-limit` is a number of entries, at least 1")
    if recycle_bin is not None and not isinstance(recycle_bin, bool):
        raise ValueError("`recycle-bin` is true or false")
    if replicators is not None and not _all(replicators, str):
        raise ValueError("`replicators` is a list of bind names")
    if rights is not None and not _all(rights, dict):
        raise ValueError("`rights` is a list of rules, such as {account, deny, base, scope, attributes}")
    return DirectoryOptions(
        None if rights is None else parse_rules(rights),  # type: ignore[arg-type]  # checked just above
        recycle_bin,
        None if replicators is None else frozenset([str(name).casefold() for name in replicators]),  # type: ignore[attr-defined]  # the same
        size_limit,
    )


def _all(value: object, kind: type) -> bool:
    return isinstance(value, list) and all(isinstance(item, kind) for item in value)


def scenario_options(scenario: str) -> Mapping[str, DirectoryOptions]:
    """The options of a scenario's directories by name; none where the scenario has no such file.

    Raises:
        ValueError: the file is wrong; the text says where.
    """
    file = files("attrflow_mocks.scenarios").joinpath("data", scenario, "options.toml")
    if not file.is_file():
        return {}
    try:
        tables = tomllib.loads(file.read_text("utf-8"))
        return {name: parse_options(table) for name, table in tables.items()}
    except (tomllib.TOMLDecodeError, ValueError, AttributeError) as error:
        raise ValueError(f"{file}: {error}") from error


def apply_options(directory: AnyDirectory, options: DirectoryOptions) -> None:
    """Give a directory its options.

    Raises:
        ValueError: an option that directories of this profile do not have; nothing was changed.
    """
    if isinstance(directory, Database):
        if (options.rules, options.recycle_bin, options.replicators) != (None, None, None):
            raise ValueError(f"an OpenLDAP database has `size-limit` alone; {_listed(_AD_KEYS)} are Active Directory's")
        if options.size_limit is not None:
            directory.size_limit = options.size_limit
        return
    if options.size_limit is not None:
        raise ValueError(f"`size-limit` is of OpenLDAP databases; an Active Directory has {_listed(_AD_KEYS)}")
    if options.rules is not None:
        directory.rules = options.rules
    if options.recycle_bin is not None:
        directory.recycle_bin = options.recycle_bin
    if options.replicators is not None:
        directory.replicators = options.replicators


def options_document(directory: AnyDirectory) -> dict[str, object]:
    """The options that a directory has now, as `parse_options` takes them."""
    if isinstance(directory, Database):
        return {"size-limit": directory.size_limit}
    replicators = directory.replicators
    return {
        "rights": rules_document(directory),
        "recycle-bin": directory.recycle_bin,
        "replicators": None if replicators is None else sorted(replicators),
    }


def _listed(names: set[str]) -> str:
    return ", ".join([f"`{name}`" for name in sorted(names)])
