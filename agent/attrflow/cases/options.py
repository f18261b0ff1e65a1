"""Engine options in a case file: their keys follow from `EngineOptions`, and so do their types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, Literal, get_args, get_origin, get_type_hints

from attrflow.cases.reader import Path, Reader
from attrflow.model.configuration import EngineOptions
from attrflow.rules.positions import suggestion

__all__ = ["option_keys", "read_options", "with_options"]


def option_keys() -> Mapping[str, str]:
    """The options' field names by their keys.

    >>> option_keys()["length-limit"]
    'length_limit'
    """
    return {field.name.replace("_", "-"): field.name for field in fields(EngineOptions)}


def read_options(reader: Reader, table: Mapping[str, Any], path: Path) -> dict[str, object]:
    """The options of a table's key `options`, by field name."""
    keys, hints = option_keys(), get_type_hints(EngineOptions)
    found: dict[str, object] = {}
    for key, value in reader.table(table, path, "options", example="options = { length-limit = 100 }").items():
        here = (*path, "options", key)
        if key not in keys:
            near = suggestion(key, keys) or "the options are " + ", ".join(keys)
            reader.tell(here, "unknown-key", f"{key!r} is no engine option", help=near, at_key=True)
            continue
        hint = hints[keys[key]]
        if get_origin(hint) is Literal:
            found[keys[key]] = reader.word(value, here, get_args(hint), of=f"{key!r}")
        elif type(value) is not hint:
            reader.tell(here, "wrong-type", f"{key!r} must be {'true or false' if hint is bool else 'a whole number'}")
        else:
            found[keys[key]] = value
    return found


def with_options(options: EngineOptions, changed: Mapping[str, object]) -> EngineOptions:
    """The options with some replaced; the names and types were checked on reading."""
    return replace(options, **changed)  # type: ignore[arg-type]  # checked against the fields when they were read
