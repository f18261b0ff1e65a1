"""What a case expects after a step: the noun, and how it is read. What is so is compared elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from attrflow.cases.keys import CS_KEYS, EXPECT_KEYS
from attrflow.cases.reader import Path, Reader
from attrflow.events import STATUS_WORDS
from attrflow.model.values import Values

__all__ = ["Expectation", "read_expectations"]

Wanted = bool | int | str | tuple[str, ...] | Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Expectation:
    """One thing that must be so: its kind (a key of `EXPECT_KEYS`), whom it is about, and what is wanted."""

    kind: str
    subject: str
    wanted: Wanted
    path: Path


Names = Callable[[str, Path], None]
"""Tells where an object's name is unknown."""

_FLAGS = ("linked", "placeholder", "transient", "anchored")
_LISTS = ("applied", "not-applied")
_VALUES = ("attributes", "imported", "export")


def read_expectations(reader: Reader, table: Mapping[str, Any], path: Path, known: Names) -> tuple[Expectation, ...]:
    """The expectations of one step's `expect` table."""
    reader.unknown(table, path, EXPECT_KEYS, "expect")
    found: list[Expectation] = []
    for kind, content in table.items():
        here = (*path, kind)
        if kind not in EXPECT_KEYS:
            continue
        if kind in ("together", "apart"):
            found += _groups(reader, kind, content, here, known)
            continue
        for subject, wanted in reader.as_table(content, here, example=_EXAMPLES[kind]).items():
            place = (*here, subject)
            if kind not in ("pending", "counters", "result", "count"):
                known(subject, place)
            found.append(Expectation(kind, subject, _wanted(reader, kind, wanted, place), place))
    return tuple(found)


def _groups(reader: Reader, kind: str, content: object, path: Path, known: Names) -> list[Expectation]:
    if not isinstance(content, list):
        reader.tell(path, "wrong-type", f"{kind!r} must be a list of lists of objects", help=_EXAMPLES[kind])
        return []
    groups = [content] if all(isinstance(one, str) for one in content) else content
    found = []
    for position, group in enumerate(groups):
        here = path if groups is not content else (*path, position)
        names = reader.texts(group, here, of=f"each group of {kind!r}")
        for name in names:
            known(name, here)
        found.append(Expectation(kind, ", ".join(names), names, here))
    return found


def _wanted(reader: Reader, kind: str, value: object, path: Path) -> Wanted:
    if kind in ("mv", "cloud", "directory", "cs") and isinstance(value, bool):
        return value
    if kind in ("type", "result"):
        return reader.text(value, path, of=f"{kind!r}")
    if kind == "links":
        return reader.texts(value, path, of="'links'")
    if kind == "count":
        return reader.number(value, path, of="'count'")
    table = reader.as_table(value, path, example=_EXAMPLES[kind])
    if kind in ("mv", "cloud", "directory"):
        return reader.attributes(table, path)
    if kind == "cs":
        return _connector_space(reader, table, path)
    if kind == "winner":
        return {name: reader.texts(rule, (*path, name), of="the rule's name") for name, rule in table.items()}
    if kind == "held":
        return {name: reader.texts(names, (*path, name), of="held references") for name, names in table.items()}
    if kind in ("pending", "counters"):
        return {name: reader.number(count, (*path, name), of=f"{name!r}") for name, count in table.items()}
    return {name: _status(reader, one, (*path, name)) for name, one in table.items()}


def _status(reader: Reader, value: object, path: Path) -> str | Mapping[str, str]:
    if isinstance(value, dict):
        return {rule: reader.word(word, (*path, rule), STATUS_WORDS, of="a status") for rule, word in value.items()}
    return reader.word(value, path, STATUS_WORDS, of="a status")


def _connector_space(reader: Reader, table: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
    reader.unknown(table, path, CS_KEYS, "a connector-space object")
    wanted: dict[str, bool | int | str | tuple[str, ...] | Mapping[str, Values]] = {}
    for key, value in table.items():
        here = (*path, key)
        if key in _VALUES:
            wanted[key] = reader.attributes(reader.as_table(value, here, example='{ mail = "…" }'), here)
        elif key in _FLAGS:
            wanted[key] = reader.flag(value, here, of=f"{key!r}")
        elif key in _LISTS:
            wanted[key] = reader.texts(value, here, of=f"{key!r}")
        elif key == "retry-count":
            wanted[key] = reader.number(value, here, of=f"{key!r}")
        elif key in CS_KEYS:
            wanted[key] = reader.text(value, here, of=f"{key!r}")
    return wanted


_EXAMPLES = {
    "mv": 'expect.mv.kari = { mail = "kari@contoso.test" }',
    "type": 'expect.type.kari = "person"',
    "winner": 'expect.winner.kari = { mail = "In from AD - User Common" }',
    "status": 'expect.status.kari = { mail = "applied-no-change" }',
    "links": 'expect.links.kari = ["contoso", "entra"]',
    "together": 'expect.together = [["kari", "kari-mailbox"]]',
    "apart": 'expect.apart = [["kari", "ola"]]',
    "cs": 'expect.cs."kari@entra" = { pending-export = "update" }',
    "held": 'expect.held.kari = { manager = ["ola"] }',
    "cloud": 'expect.cloud.kari = { displayName = "Kari" }',
    "directory": 'expect.directory.kari = { displayName = "Kari" }',
    "pending": "expect.pending.entra = { add = 1 }",
    "counters": 'expect.counters."entra export" = { export-add = 1 }',
    "result": 'expect.result."contoso full-import" = "success"',
    "count": "expect.count = { mv = 2, entra = 1 }",
}
