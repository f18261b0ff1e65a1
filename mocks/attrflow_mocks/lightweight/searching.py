"""Searches of the OpenLDAP profile: candidates, limits, pages, and which attributes go out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from attrflow_mocks.ad.ber import ProtocolError, Reader, octets
from attrflow_mocks.ad.controls import paged_response
from attrflow_mocks.ad.errors import LdapError
from attrflow_mocks.ad.message import Control, SearchRequest
from attrflow_mocks.ad.responses import Projected, Result, search_entry
from attrflow_mocks.ad.search import Answer, Outcome
from attrflow_mocks.lightweight.database import Database, Node
from attrflow_mocks.lightweight.filters import GUARDED, Test, compile_filter

__all__ = ["PAGED", "Selection", "Viewer", "candidates", "project", "root_dse", "run_search", "subschema"]

PAGED = "1.2.840.113556.1.4.319"
_SECRET = "userPassword"  # noqa: S105 - an attribute's name


@dataclass(frozen=True, slots=True)
class Selection:
    """Which attributes were asked for."""

    everything: bool
    operational: bool
    named: frozenset[str]

    @classmethod
    def of(cls, requested: Sequence[str], canonical: Callable[[str], str]) -> Selection:
        """Read a request's list; `canonical` gives the spelling of the schema."""
        named = frozenset([canonical(name) for name in requested if name not in ("*", "+", "1.1")])
        return cls(not requested or "*" in requested, "+" in requested, named)


def project(
    database: Database, values: Mapping[str, Sequence[bytes]], selection: Selection, *, types_only: bool, secrets: bool
) -> list[Projected]:
    """The attributes that go out, in the order they are held."""
    found: list[Projected] = []
    for name, held in values.items():
        attribute = database.schema.attribute(name)
        operational = attribute is not None and attribute.operational
        if name not in selection.named and not (selection.operational if operational else selection.everything):
            continue
        if held and (secrets or name != _SECRET):
            found.append((octets(name), () if types_only else held))
    return found


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who reads: everybody sees everything but passwords, which the administrator and their owner see."""

    database: Database
    administrator: bool
    own: Node | None

    def values(self, node: Node) -> Mapping[str, Sequence[bytes]]:
        """What a filter is held against."""
        shown = self.database.shown(node)
        return shown if self._sees(node) else {**shown, GUARDED: ()}

    def project(self, node: Node, selection: Selection, *, types_only: bool) -> list[Projected]:
        """What goes out of an entry."""
        shown = self.database.shown(node)
        return project(self.database, shown, selection, types_only=types_only, secrets=self._sees(node))

    def _sees(self, node: Node) -> bool:
        return self.administrator or node is self.own


def candidates(database: Database, base: Node, scope: int) -> list[Node]:
    """The entries in scope."""
    if scope == 0:
        return [base]
    return list(base.children.values()) if scope == 1 else list(database.subtree(base))


def run_search(
    viewer: Viewer,
    identifier: int,
    request: SearchRequest,
    control: Control | None,
    pages: dict[bytes, Iterator[Node]],
) -> Answer:
    """Carry out one search, with `control` a page of it.

    Raises:
        LdapError: 32 no base, 2 a malformed or unknown cookie.
    """
    database = viewer.database
    base = database.require(request.base)
    test = compile_filter(database.schema, request.filter)
    selection = Selection.of(request.attributes, lambda name: _canonical(database, name))
    limit = request.size_limit if viewer.administrator else min(request.size_limit or 10**9, database.size_limit)
    page, matches = _page(control, pages, _matching(viewer, base, request.scope, test))
    sent = 0
    for node in matches:
        if limit and sent == limit:
            controls = (paged_response(b""),) if control is not None else ()
            return Outcome(Result(4), controls, entries=sent)
        projected = viewer.project(node, selection, types_only=request.types_only)
        yield search_entry(identifier, node.dn.encode(), projected)
        sent += 1
        if page and sent == page:
            rest = next(matches, None)
            if rest is None:
                break
            cookie = len(pages).to_bytes(4, "little") + sent.to_bytes(4, "little")
            pages.clear()  # slapd keeps one paged search a connection
            pages[cookie] = _again(rest, matches)
            return Outcome(controls=(paged_response(cookie),), entries=sent)
    return Outcome(controls=(paged_response(b""),) if control is not None else (), entries=sent)


def _canonical(database: Database, name: str) -> str:
    attribute = database.schema.attribute(name)
    return name if attribute is None else attribute.name


def _matching(viewer: Viewer, base: Node, scope: int, test: Test) -> Iterator[Node]:
    for node in candidates(viewer.database, base, scope):
        if node.uuid in viewer.database.by_uuid and test(viewer.values(node)) is True:
            yield node


def _again(first: Node, rest: Iterator[Node]) -> Iterator[Node]:
    yield first
    yield from rest


def _page(
    control: Control | None, pages: dict[bytes, Iterator[Node]], fresh: Iterator[Node]
) -> tuple[int, Iterator[Node]]:
    """How many entries the page has, and where they come from."""
    if control is None:
        return 0, fresh
    try:
        inner = Reader(control.value or b"").enter(0x30)
        size, cookie = inner.integer(), inner.octets()
    except ProtocolError:
        raise LdapError(2, "paged results control could not be decoded") from None
    if not cookie:
        return size, fresh
    if cookie not in pages:
        raise LdapError(2, "paged results cookie is invalid or old")
    found = pages.pop(cookie)
    return size, iter(()) if size == 0 else found


def root_dse(database: Database, controls: Sequence[str], extensions: Sequence[str]) -> dict[str, list[bytes]]:
    """The root DSE: almost all of it operational."""
    texts = {
        "objectClass": ["top", "OpenLDAProotDSE"],
        "structuralObjectClass": ["OpenLDAProotDSE"],
        "namingContexts": [database.suffix],
        "supportedControl": list(controls),
        "supportedExtension": list(extensions),
        "supportedFeatures": ["1.3.6.1.1.14", *[f"1.3.6.1.4.1.4203.1.5.{number}" for number in range(1, 6)]],
        "supportedLDAPVersion": ["3"],
        "entryDN": [""],
        "subschemaSubentry": ["cn=Subschema"],
    }
    return {name: [value.encode() for value in held] for name, held in texts.items()}


def subschema(database: Database) -> dict[str, list[bytes]]:
    """The entry `cn=Subschema`."""
    attributes = []
    for item in database.schema.attributes:
        rules = zip(("EQUALITY", "ORDERING", "SUBSTR"), (item.equality, item.ordering, item.substrings), strict=True)
        parts = [f"( {item.oid} NAME {_names(item.names)}", *[f"{word} {rule}" for word, rule in rules if rule != "-"]]
        parts += [f"SYNTAX {item.syntax}"] if item.syntax != "-" else []
        parts += ["SINGLE-VALUE"] if item.single else []
        parts += ["NO-USER-MODIFICATION"] if item.system else []
        parts += ["USAGE directoryOperation"] if item.operational else []
        attributes.append((" ".join(parts) + " )").encode())
    classes = []
    for one in database.schema.classes:
        parts = [f"( {one.oid} NAME {_names(one.names)}"]
        for word, held in (("SUP", one.superiors), (one.kind, ()), ("MUST", one.must), ("MAY", one.may)):
            parts += [word] if word == one.kind else [f"{word} ( {' $ '.join(held)} )"] if held else []
        classes.append((" ".join(parts) + " )").encode())
    return {
        "objectClass": [b"top", b"subentry", b"subschema", b"extensibleObject"],
        "cn": [b"Subschema"],
        "attributeTypes": attributes,
        "objectClasses": classes,
        "entryDN": [b"cn=Subschema"],
    }


def _names(names: Sequence[str]) -> str:
    quoted = [f"'{name}'" for name in names]
    return quoted[0] if len(quoted) == 1 else f"( {' '.join(quoted)} )"
