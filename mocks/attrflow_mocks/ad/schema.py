"""The schema: attributes, classes, link pairs, and the subschema text that clients parse.

Read once from the data files beside it. Knows no entries; what a value may look like is in `values`.
"""

from __future__ import annotations

import tomllib
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources

from attrflow_mocks.ad.ber import octets
from attrflow_mocks.ad.schema_details import SchemaObject, read_bounds, read_objects
from attrflow_mocks.ad.values import Syntax

__all__ = ["Attribute", "ObjectClass", "Schema", "load_schema"]

_SYNTAXES = {syntax.value[0]: syntax for syntax in Syntax}
_OID_NAMESPACE = uuid.UUID("6b1f0d5e-7a55-5c0e-9a5e-3f0c6f6f2d11")


@dataclass(frozen=True, slots=True, eq=False)
class Attribute:
    """One attribute of the schema; compared by identity, since there is one per name."""

    name: str
    oid: str
    syntax: Syntax
    single: bool
    system: bool
    """Written by the directory only."""
    computed: bool
    """Not stored: made at each read, and only for who asks for it by name."""
    preserved: bool
    """Stays on a tombstone."""
    link_id: int | None
    pair: str | None
    """For a back link the name of its forward link, and the other way round."""
    wire_name: bytes = field(repr=False)
    """The name as an encoded OCTET STRING."""
    bounds: tuple[int | None, int | None] = (None, None)
    """The fewest and most characters, bytes or, of a number, the least and greatest value."""
    detail: SchemaObject | None = None
    """How it stands under CN=Schema; None where that is derived from the name."""

    @property
    def in_catalog(self) -> bool:
        """Whether the Global Catalog holds it."""
        if self.is_back_link or self.computed:
            return self.name == "memberOf" or self.computed
        return self.detail is not None and self.detail.partial

    @property
    def is_back_link(self) -> bool:
        """Computed from the forward links of others."""
        return self.link_id is not None and self.link_id % 2 == 1

    @property
    def is_reference(self) -> bool:
        """Held as references to entries, so that its values follow renames."""
        return self.syntax is Syntax.DN and not self.is_back_link and self.name not in _TEXTUAL_DN


_TEXTUAL_DN = frozenset(
    {"objectCategory", "distinguishedName", "subSchemaSubEntry", "defaultObjectCategory", "subRefs"}
    | {"hasMasterNCs", "nCName"}
)
"""DN attributes that name parts of the schema or of the forest, which are never renamed."""


@dataclass(frozen=True, slots=True, eq=False)
class ObjectClass:
    """One class; `must` and `may` are what it adds itself, `chain` runs from top to the class."""

    name: str
    oid: str
    kind: int
    rdn: str
    category: str
    parent: str | None
    auxiliary: tuple[str, ...]
    must: frozenset[str]
    may: frozenset[str]
    chain: tuple[str, ...]
    superiors: frozenset[str] = frozenset()
    """Classes that an entry may stand under; empty is any."""
    detail: SchemaObject | None = None


class Schema:
    """All attributes and classes, found by name in any case or by OID."""

    def __init__(self, attributes: Iterable[Attribute], classes: Iterable[ObjectClass]) -> None:
        self.attributes: Mapping[str, Attribute] = {item.name: item for item in attributes}
        self.classes: Mapping[str, ObjectClass] = {item.name: item for item in classes}
        self._by_key = {item.name.lower(): item for item in self.attributes.values()}
        self._by_key.update({item.oid: item for item in self.attributes.values()})
        self._classes_by_key = {item.name.lower(): item for item in self.classes.values()}
        self._classes_by_key.update({item.oid: item for item in self.classes.values()})

    def attribute(self, name: str) -> Attribute | None:
        """The attribute of this name or OID."""
        return self._by_key.get(name.lower())

    def object_class(self, name: str) -> ObjectClass | None:
        """The class of this name or OID."""
        return self._classes_by_key.get(name.lower())

    def families(self, chain: Iterable[str]) -> list[ObjectClass]:
        """The classes of a chain with their auxiliary classes."""
        found: dict[str, ObjectClass] = {}
        for name in chain:
            item = self.classes[name]
            for family in (item, *[self.classes[extra] for extra in item.auxiliary]):
                found[family.name] = family
        return list(found.values())

    def allowed(self, chain: Iterable[str]) -> frozenset[str]:
        """Names of all attributes that an entry of these classes may have."""
        return frozenset().union(*[item.must | item.may for item in self.families(chain)])

    def required(self, chain: Iterable[str]) -> frozenset[str]:
        """Names of all attributes that an entry of these classes must have."""
        return frozenset().union(*[item.must for item in self.families(chain)])

    def attribute_types(self) -> list[bytes]:
        """`attributeTypes` in AD's form, with quotes round the syntax."""
        lines = []
        for item in self.attributes.values():
            extras = (" SINGLE-VALUE" if item.single else "") + (
                " NO-USER-MODIFICATION" if item.system or item.computed else ""
            )
            lines.append(f"( {item.oid} NAME '{item.name}' SYNTAX '{item.syntax.value[3]}'{extras} )".encode())
        return lines

    def object_classes(self) -> list[bytes]:
        """`objectClasses` in AD's form."""
        kinds = {0: "STRUCTURAL", 1: "STRUCTURAL", 2: "ABSTRACT", 3: "AUXILIARY"}
        lines = []
        for item in self.classes.values():
            parts = [f"( {item.oid} NAME '{item.name}'"]
            if item.parent is not None:
                parts.append(f"SUP {item.parent}")
            parts.append(kinds[item.kind])
            if item.must:
                parts.append(f"MUST ({' $ '.join(sorted(item.must))} )")
            if item.may:
                parts.append(f"MAY ({' $ '.join(sorted(item.may))} )")
            lines.append((" ".join(parts) + " )").encode())
        return lines

    def content_rules(self) -> list[bytes]:
        """`dITContentRules`: the auxiliary classes of each structural class and what they bring."""
        lines = []
        for item in self.classes.values():
            if item.auxiliary:
                extras = [self.classes[name] for name in item.auxiliary]
                must = sorted(frozenset().union(*[extra.must for extra in extras]))
                may = sorted(frozenset().union(*[extra.may for extra in extras]))
                lines.append(
                    f"( {item.oid} NAME '{item.name}' AUX ({' $ '.join(item.auxiliary)} ) "
                    f"MUST ({' $ '.join(must)} ) MAY ({' $ '.join(may)} ) )".encode()
                )
        return lines


@cache
def load_schema() -> Schema:
    """The mock forest's schema."""
    data = resources.files("attrflow_mocks.ad") / "data"
    details = read_objects((data / "schema-objects.txt").read_text("utf-8"))
    bounds = read_bounds((data / "ranges.txt").read_text("utf-8"))
    attributes = _read_attributes((data / "attributes.txt").read_text("utf-8"), details, bounds)
    names = [item.name for item in attributes]
    tables = tomllib.loads((data / "classes.toml").read_text("utf-8"))
    return Schema(attributes, _read_classes(tables, names, details))


def _read_attributes(
    text: str,
    details: Mapping[str, SchemaObject],
    bounds: Mapping[str, tuple[int | None, int | None]],
) -> list[Attribute]:
    rows = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    by_link = {int(row[4]): row[0] for row in rows if row[4] != "-"}
    found = []
    for name, oid, syntax, flags, link in rows:
        link_id = None if link == "-" else int(link)
        found.append(
            Attribute(
                name=name,
                oid=f"2.25.{uuid.uuid5(_OID_NAMESPACE, name).int}" if oid == "-" else oid,
                syntax=_SYNTAXES[syntax],
                single="s" in flags,
                system="n" in flags,
                computed="c" in flags,
                preserved="p" in flags,
                link_id=link_id,
                pair=None if link_id is None else by_link.get(link_id ^ 1),
                wire_name=octets(name),
                bounds=bounds.get(name, (None, None)),
                detail=details.get(name),
            )
        )
    return found


def _read_classes(
    tables: Mapping[str, Mapping[str, object]], names: list[str], details: Mapping[str, SchemaObject]
) -> list[ObjectClass]:
    known = frozenset(names)

    def expand(patterns: object) -> frozenset[str]:
        assert isinstance(patterns, list)
        found: set[str] = set()
        for pattern in map(str, patterns):
            # Most are plain names: matching each of them with each name was a third of a server's start.
            plain = [pattern] if pattern in known else []
            matches = plain or [name for name in names if fnmatchcase(name, pattern)]
            assert matches, f"classes.toml: no attribute is called {pattern!r}"
            found.update(matches)
        return frozenset(found)

    def chain(name: str) -> tuple[str, ...]:
        parent = tables[name].get("parent")
        return (*(chain(str(parent)) if parent is not None else ()), name)

    def superiors(name: str) -> frozenset[str]:
        found: set[str] = set()
        for link in chain(name):
            listed = tables[link].get("superiors", [])
            assert isinstance(listed, list)
            found.update(map(str, listed))
        return frozenset(found)

    classes = []
    for name, table in tables.items():
        auxiliary = table.get("auxiliary", [])
        assert isinstance(auxiliary, list)
        parent = table.get("parent")
        classes.append(
            ObjectClass(
                name=name,
                oid=str(table["oid"]),
                kind=int(str(table["kind"])),
                rdn=str(table["rdn"]),
                category=str(table["category"]),
                parent=None if parent is None else str(parent),
                auxiliary=tuple([str(item) for item in auxiliary]),
                must=expand(table.get("must", [])),
                may=expand(table.get("may", [])),
                chain=chain(name),
                superiors=superiors(name),
                detail=details.get(name),
            )
        )
    return classes
