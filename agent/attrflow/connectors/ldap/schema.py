"""The server's schema as model.schema: which attributes there are, and what their values are.

Read from the subschema entry that rootDSE names. It knows LDAP syntaxes and the few attributes whose
syntax says less than the product knows of them; which attributes rules need is the caller's affair.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import ldap3

from attrflow.connectors.ldap.connection import SearchAnswer, SearchRequest, Session
from attrflow.connectors.ldap.failures import search_failure
from attrflow.connectors.ldap.schema_text import (
    AttributeDefinition,
    ClassDefinition,
    attribute_definitions,
    class_definitions,
)
from attrflow.model.schema import AttributeType, ObjectType, Schema, Syntax

__all__ = ["RootDse", "ServerSchema", "read_root_dse", "read_schema"]

_UNIVERSAL, _MICROSOFT = "1.3.6.1.4.1.1466.115.121.1.", "1.2.840.113556.1.4."
_UUID = "1.3.6.1.1.16.1"
"""The UUID syntax (RFC 4530): text on the wire, 16 octets in RFC order for rules, as objectGUID is octets."""
_SYNTAXES = {
    _UNIVERSAL + "27": Syntax.INTEGER,
    _MICROSOFT + "906": Syntax.INTEGER,
    _UNIVERSAL + "7": Syntax.BOOLEAN,
    _UNIVERSAL + "12": Syntax.REFERENCE,
    _UNIVERSAL + "34": Syntax.REFERENCE,
    _MICROSOFT + "1221": Syntax.REFERENCE,  # OR-Name: Exchange's lists of allowed and refused senders, as DNs
    _MICROSOFT + "907": Syntax.BINARY,
    _UUID: Syntax.BINARY,
    **{_UNIVERSAL + number: Syntax.BINARY for number in ("4", "5", "8", "9", "10", "23", "28", "40", "49")},
}
"""RFC 4517 §3.3 and MS-ADTS 3.1.1.2.2.2; every other syntax is text to us."""

_TEXTUAL_DN = frozenset(
    ("distinguishedname", "objectcategory", "entrydn", "creatorsname", "modifiersname", "subschemasubentry")
)
"""Names of what is no object to synchronise: the entry itself, its class, and the server's own accounts."""
_DN_WITH_MORE = frozenset((_MICROSOFT + "903", _MICROSOFT + "904"))
"""DN with binary data or with a string before it; AD extends the DN within."""
_BACK_LINKS = frozenset(("memberof", "directreports", "managedobjects"))


@dataclass(frozen=True, slots=True)
class RootDse:
    """What the server says of itself before anything else."""

    naming_contexts: tuple[str, ...]
    subschema: str
    controls: frozenset[str]


@dataclass(frozen=True, slots=True)
class ServerSchema:
    """The whole schema by folded name; aliases lead to the first name, which is the schema's spelling."""

    attributes: Mapping[str, AttributeType]
    classes: Mapping[str, ClassDefinition]
    content_rules: Mapping[str, ClassDefinition]
    operational: frozenset[str]
    textual_names: frozenset[str]
    """Attributes that hold a DN and are read as text: in AD an extended DN may stand in them."""
    uuid_names: frozenset[str] = frozenset()
    """Attributes of the UUID syntax, whose text becomes 16 octets."""

    def attribute(self, name: str) -> AttributeType | None:
        """The attribute of that name or alias in any case, without its options, or None."""
        return self.attributes.get(name.partition(";")[0].casefold())

    def superiors(self, name: str) -> frozenset[str]:
        """Folded names of the class and of all classes above it; the name itself where it is unknown."""
        found: set[str] = set()
        waiting = [name.casefold()]
        while waiting:
            folded = waiting.pop()
            definition = self.classes.get(folded)
            key = definition.names[0].casefold() if definition is not None else folded
            if key not in found:
                found.add(key)
                waiting += [superior.casefold() for superior in (definition.superiors if definition else ())]
        return frozenset(found)

    def model(self, object_types: Collection[str]) -> Schema:
        """model.schema for these object types; one that the server does not know is left out."""
        return Schema(
            {
                definition.names[0]: ObjectType(definition.names[0], {a.name: a for a in self._allowed(definition)})
                for name in object_types
                if (definition := self.classes.get(name.casefold())) is not None
            }
        )

    def _allowed(self, definition: ClassDefinition) -> list[AttributeType]:
        """What an entry of the class may hold: its chain's attributes, auxiliary ones, operational ones.

        Where content rules name no auxiliary classes (OpenLDAP), an entry may be joined with any.
        """
        chain = self.superiors(definition.names[0])
        rules = [self.content_rules[name] for name in chain if name in self.content_rules]
        auxiliary = {name.casefold() for rule in rules for name in rule.auxiliary}
        if not self.content_rules:
            auxiliary = {name for name, found in self.classes.items() if found.kind == "AUXILIARY"}
        names: set[str] = set(self.operational)
        for name in chain | {name for extra in auxiliary for name in self.superiors(extra)}:
            found = self.classes.get(name)
            names.update(a.casefold() for a in (*found.must, *found.may)) if found is not None else None
        for rule in rules:
            names.update(a.casefold() for a in (*rule.must, *rule.may))
        types = {self.attributes[name] for name in names if name in self.attributes}
        return sorted(types, key=lambda type_: type_.name.casefold())


def read_root_dse(session: Session, ask: Callable[[SearchRequest], SearchAnswer]) -> RootDse:
    """Read rootDSE.

    Raises:
        ConnectorError: as `ask`, or the server hides it.
    """
    wanted = ("namingContexts", "subschemaSubentry", "supportedControl")
    request = SearchRequest("its rootDSE", "", scope=ldap3.BASE, attributes=wanted)
    values = _values(session, request, ask)
    return RootDse(
        naming_contexts=tuple(values.get("namingcontexts", ())),
        subschema=next(iter(values.get("subschemasubentry", ())), "cn=Subschema"),
        controls=frozenset(values.get("supportedcontrol", ())),
    )


def read_schema(session: Session, root: RootDse, ask: Callable[[SearchRequest], SearchAnswer]) -> ServerSchema:
    """Read and parse the subschema entry; errors as `read_root_dse`."""
    wanted = ("attributeTypes", "objectClasses", "dITContentRules")
    request = SearchRequest("its schema", root.subschema, scope=ldap3.BASE, attributes=wanted)
    values = _values(session, request, ask)
    return _parsed(*(tuple(values.get(name.casefold(), ())) for name in wanted))


@lru_cache(maxsize=4)
def _parsed(attribute_types: tuple[str, ...], classes: tuple[str, ...], content_rules: tuple[str, ...]) -> ServerSchema:
    """What the texts say; a directory is read several times in a cycle, and its schema changes once in years."""
    definitions = list(attribute_definitions(attribute_types))
    by_name = {name.casefold(): found for found in definitions for name in (*found.names, found.oid)}
    return ServerSchema(
        attributes={
            name.casefold(): type_
            for found in definitions
            for type_ in [_attribute_type(found, by_name)]
            for name in found.names
        },
        classes=_by_name(class_definitions(classes)),
        content_rules=_by_name(class_definitions(content_rules)),
        operational=frozenset(found.names[0].casefold() for found in definitions if found.operational),
        textual_names=frozenset(
            found.names[0]
            for found in definitions
            if found.names[0].casefold() in _TEXTUAL_DN or _syntax_oid(found, by_name) in _DN_WITH_MORE
        ),
        uuid_names=frozenset(found.names[0] for found in definitions if _syntax_oid(found, by_name) == _UUID),
    )


def _values(
    session: Session, request: SearchRequest, ask: Callable[[SearchRequest], SearchAnswer]
) -> dict[str, list[str]]:
    answer = ask(request)
    if answer.done.result != 0 or not answer.entries:
        raise search_failure(session.url, f"reading {request.what}", answer.done)
    entry = answer.entries[0]
    return {
        name.casefold(): [value.decode("utf-8", "replace") for value in values]
        for name, values in entry.attributes.items()
    }


def _by_name(definitions: Iterable[ClassDefinition]) -> dict[str, ClassDefinition]:
    return {name.casefold(): found for found in definitions for name in found.names}


def _attribute_type(definition: AttributeDefinition, by_name: Mapping[str, AttributeDefinition]) -> AttributeType:
    name = definition.names[0]
    syntax = _SYNTAXES.get(_syntax_oid(definition, by_name) or "", Syntax.STRING)
    if name.casefold() in _TEXTUAL_DN:
        syntax = Syntax.STRING
    read_only = definition.read_only or name.casefold() in _BACK_LINKS
    return AttributeType(name, syntax, multi=not definition.single, read_only=read_only)


def _syntax_oid(definition: AttributeDefinition, by_name: Mapping[str, AttributeDefinition]) -> str | None:
    """The syntax, from a superior type where the definition names none itself."""
    seen: set[str] = set()
    current: AttributeDefinition | None = definition
    while current is not None and current.syntax is None and current.superior and current.oid not in seen:
        seen.add(current.oid)
        current = by_name.get(current.superior.casefold())
    return current.syntax if current is not None else None
