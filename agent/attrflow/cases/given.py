"""The state that a case begins with: what stands in the store before the first step. Nouns and their reading.

An engineer who has a customer's files writes down here what the customer's server holds: images, pending
exports, stored errors, links, stale metaverse values. `starting` puts it into the store.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast, get_args

from attrflow.cases.keys import GIVEN_CHANGE_KEYS, GIVEN_CS_KEYS, GIVEN_ERROR_KEYS, GIVEN_KEYS, GIVEN_MV_KEYS
from attrflow.cases.reader import Path, Reader
from attrflow.importers.customer_state import LAYERS
from attrflow.model.connector_space import ConnectorState, LinkOrigin
from attrflow.model.delta import ObjectOperation
from attrflow.model.values import Values

__all__ = ["LAYERS", "Given", "GivenChange", "GivenError", "GivenMetaverse", "GivenSpace", "read_given"]

_EXAMPLE = 'given.cs.kari = { image = { department = "Sales" } }'


@dataclass(frozen=True, slots=True)
class GivenChange:
    """One delta: what it does to the object, and the attributes that it changes with their values after it."""

    operation: ObjectOperation
    attributes: Mapping[str, Values] = field(default_factory=dict)
    new_dn: str | None = None
    path: Path = ()


@dataclass(frozen=True, slots=True)
class GivenError:
    """A stored error of an object; texts that are None follow from the case's clock or are empty."""

    type: str
    step: str = ""
    detail: str = ""
    first: str | None = None
    last: str | None = None
    retry_count: int = 0
    rule: str | None = None
    attribute: str | None = None
    cd_error: str | None = None


@dataclass(frozen=True, slots=True)
class GivenSpace:
    """One connector-space object, by the short name of its object."""

    name: str
    path: Path
    image: Mapping[str, Values] | None = field(default_factory=dict)
    """Values where the synchronized image differs from what the directory holds; None where there is no image."""
    layers: Mapping[str, GivenChange] = field(default_factory=dict)
    link: LinkOrigin | None = None
    rule: str | None = None
    state: ConnectorState = "normal"
    applied: tuple[str, ...] | None = None
    anchor: str | None = None
    transient: bool = False
    error: GivenError | None = None
    export_error: GivenError | None = None


@dataclass(frozen=True, slots=True)
class GivenMetaverse:
    """One metaverse object, by the short name of an object that is linked to it."""

    name: str
    path: Path
    links: tuple[str, ...]
    type: str | None = None
    attributes: Mapping[str, Values] = field(default_factory=dict)
    flowed: bool = False
    winner: Mapping[str, str] = field(default_factory=dict)
    retry: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Given:
    """The whole starting state."""

    cs: Mapping[str, GivenSpace] = field(default_factory=dict)
    mv: Mapping[str, GivenMetaverse] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.cs or self.mv)


Known = Callable[[str, Path], None]
"""Tells where no object has that name."""


def read_given(reader: Reader, table: Mapping[str, Any], known: Known) -> Given:
    """The starting state of a case's key `given`."""
    content = reader.table(table, (), "given", example=_EXAMPLE)
    reader.unknown(content, ("given",), GIVEN_KEYS, "given")
    spaces: dict[str, GivenSpace] = {}
    for name, one in reader.table(content, ("given",), "cs", example=_EXAMPLE).items():
        path: Path = ("given", "cs", name)
        known(name, path)
        spaces[name] = _space(reader, name, reader.as_table(one, path, example=_EXAMPLE), path)
    objects: dict[str, GivenMetaverse] = {}
    example = 'given.mv.kari = { attributes = { displayName = "Kari" } }'
    for name, one in reader.table(content, ("given",), "mv", example=example).items():
        path = ("given", "mv", name)
        known(name, path)
        objects[name] = _metaverse(reader, name, reader.as_table(one, path, example=example), path, known)
    _check_links(reader, spaces, objects)
    return Given(spaces, objects)


def _check_links(reader: Reader, spaces: Mapping[str, GivenSpace], objects: Mapping[str, GivenMetaverse]) -> None:
    taken: dict[str, str] = {}
    for mv in objects.values():
        for link in mv.links:
            place = (*mv.path, "links") if link != mv.name or mv.links != (mv.name,) else mv.path
            if link not in spaces:
                message = f"{link!r} is linked, but the starting state has no connector-space object of it"
                reader.tell(place, "missing-key", message, help=f"add: given.cs.{link} = {{}}", at_key=True)
            if link in taken:
                message = f"{link!r} is linked to two metaverse objects, {taken[link]!r} and {mv.name!r}"
                reader.tell(place, "wrong-value", message, at_key=True)
            taken[link] = mv.name


def _space(reader: Reader, name: str, table: Mapping[str, Any], path: Path) -> GivenSpace:
    reader.unknown(table, path, GIVEN_CS_KEYS, "a connector-space object that is given")

    def text(key: str) -> str | None:
        return reader.text(table[key], (*path, key), of=f"{key!r}") if key in table else None

    def word(key: str, choices: tuple[str, ...]) -> str | None:
        return reader.word(table[key], (*path, key), choices, of=f"{key!r}") if key in table else None

    image: Mapping[str, Values] | None = {}
    if table.get("image") is False:
        image = None
    elif "image" in table:
        here = (*path, "image")
        image = reader.attributes(reader.as_table(table["image"], here, example='image = { mail = "…" }'), here)
    layers = {key: _change(reader, table[key], (*path, key)) for key in LAYERS if key in table}
    applied = reader.texts(table["applied"], (*path, "applied"), of="'applied'") if "applied" in table else None
    return GivenSpace(
        name=name,
        path=path,
        image=image,
        layers=layers,
        link=cast(LinkOrigin | None, word("link", get_args(LinkOrigin))),
        rule=text("rule"),
        state=cast(ConnectorState, word("state", get_args(ConnectorState)) or "normal"),
        applied=applied,
        anchor=text("anchor"),
        transient="transient" in table and reader.flag(table["transient"], (*path, "transient"), of="'transient'"),
        error=_error(reader, table, path, "error"),
        export_error=_error(reader, table, path, "export-error"),
    )


def _change(reader: Reader, value: object, path: Path) -> GivenChange:
    operations = get_args(ObjectOperation)
    if not isinstance(value, dict):
        word = reader.word(value, path, operations, of="a pending change")
        return GivenChange(cast(ObjectOperation, word), path=path)
    reader.unknown(value, path, GIVEN_CHANGE_KEYS, "a pending change")
    operation = "update"
    if "operation" in value:
        operation = reader.word(value["operation"], (*path, "operation"), operations, of="'operation'")
    here = (*path, "attributes")
    given = reader.table(value, path, "attributes", example='attributes = { mail = "…" }')
    new_dn = reader.text(value["new-dn"], (*path, "new-dn"), of="'new-dn'") if "new-dn" in value else None
    return GivenChange(cast(ObjectOperation, operation), reader.attributes(given, here), new_dn, path)


def _error(reader: Reader, table: Mapping[str, Any], path: Path, key: str) -> GivenError | None:
    if key not in table:
        return None
    here = (*path, key)
    if isinstance(table[key], str):
        return GivenError(reader.text(table[key], here, of=f"{key!r}"))
    one = reader.as_table(table[key], here, example=f'{key} = {{ type = "permission-issue" }}')
    reader.unknown(one, here, GIVEN_ERROR_KEYS, "a stored error")
    if "type" not in one:
        reader.tell(here, "missing-key", "the error has no 'type'", help='add: type = "permission-issue"')

    def text(name: str) -> str | None:
        return reader.text(one[name], (*here, name), of=f"{name!r}") if name in one else None

    retried = (
        reader.number(one["retry-count"], (*here, "retry-count"), of="'retry-count'") if "retry-count" in one else 0
    )
    return GivenError(
        type=text("type") or "",
        step=text("step") or "",
        detail=text("detail") or "",
        first=text("first"),
        last=text("last"),
        retry_count=retried,
        rule=text("rule"),
        attribute=text("attribute"),
        cd_error=text("cd-error"),
    )


def _metaverse(reader: Reader, name: str, table: Mapping[str, Any], path: Path, known: Known) -> GivenMetaverse:
    reader.unknown(table, path, GIVEN_MV_KEYS, "a metaverse object that is given")
    links = reader.texts(table["links"], (*path, "links"), of="'links'") if "links" in table else (name,)
    for link in links:
        known(link, (*path, "links"))
    here = (*path, "attributes")
    attributes = reader.attributes(reader.table(table, path, "attributes", example='attributes = { mail = "…" }'), here)
    winners = reader.table(table, path, "winner", example='winner = { mail = "In from AD - User Common" }')
    return GivenMetaverse(
        name=name,
        path=path,
        links=links,
        type=reader.text(table["type"], (*path, "type"), of="'type'") if "type" in table else None,
        attributes=attributes,
        flowed="flowed" in table and reader.flag(table["flowed"], (*path, "flowed"), of="'flowed'"),
        winner={a: reader.text(rule, (*path, "winner", a), of="a rule's name") for a, rule in winners.items()},
        retry=reader.texts(table["retry"], (*path, "retry"), of="'retry'") if "retry" in table else (),
    )
