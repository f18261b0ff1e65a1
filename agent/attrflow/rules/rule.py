"""What a synchronisation rule is: scope, join, link type and attribute mappings, as frozen nouns.

The words are the product's (behaviour.md §3). This module must not know how a rule is written down
(`document`), how rules stand together (`ruleset`) or what they do (the engine).
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Literal

from attrflow.model.provenance import MappingId

__all__ = [
    "ANY_TYPE",
    "OPERATORS",
    "OPERATOR_ALIASES",
    "VALUELESS_OPERATORS",
    "AttributeMapping",
    "Direction",
    "FlowType",
    "JoinClause",
    "JoinGroup",
    "LinkType",
    "MergeType",
    "Rule",
    "ScopeClause",
    "ScopeGroup",
    "canonical_operator",
    "named_guid",
    "numbered",
]

Direction = Literal["inbound", "outbound"]
LinkType = Literal["provision", "join", "sticky-join", "join-no-flow"]
FlowType = Literal["direct", "constant", "expression"]
MergeType = Literal["update", "replace", "merge", "merge-case-insensitive"]

_NUMBER: Final = re.compile(r"\d+")

ANY_TYPE: Final = "*"
"""The object type that stands for every type (documented for the foreign security principal join)."""

OPERATORS: Final = (
    "EQUAL",
    "NOTEQUAL",
    "LESSTHAN",
    "LESSTHAN_OR_EQUAL",
    "GREATERTHAN",
    "GREATERTHAN_OR_EQUAL",
    "CONTAINS",
    "NOTCONTAINS",
    "STARTSWITH",
    "NOTSTARTSWITH",
    "ENDSWITH",
    "NOTENDSWITH",
    "ISNULL",
    "ISNOTNULL",
    "ISIN",
    "ISNOTIN",
    "ISBITSET",
    "ISBITNOTSET",
    "ISMEMBEROF",
    "ISNOTMEMBEROF",
)
"""The scope operators as rule exports spell them (behaviour.md §3.1)."""

OPERATOR_ALIASES: Final = {
    "ISNOTBITSET": "ISBITNOTSET",
    "LESSTHANOREQUAL": "LESSTHAN_OR_EQUAL",
    "GREATERTHANOREQUAL": "GREATERTHAN_OR_EQUAL",
}
"""Other spellings in circulation: the documentation's word for ISBITNOTSET, and two without underscores."""

VALUELESS_OPERATORS: Final = frozenset({"ISNULL", "ISNOTNULL"})
"""Operators that look at presence only and take no value."""


def canonical_operator(word: str) -> str | None:
    """The operator as `OPERATORS` spells it, from any case and the known aliases; None when there is none.

    >>> canonical_operator("IsNotBitSet")
    'ISBITNOTSET'
    """
    upper = word.upper()
    upper = OPERATOR_ALIASES.get(upper, upper)
    return upper if upper in OPERATORS else None


@dataclass(frozen=True, slots=True)
class ScopeClause:
    """One test of a scope filter on an attribute of the source side: CS inbound, MV outbound."""

    attribute: str
    operator: str
    """One of `OPERATORS`."""
    value: str = ""
    """Text as written; it may hold a parameter such as `%Connector.ID%`. Empty for ISNULL and ISNOTNULL."""


ScopeGroup = tuple[ScopeClause, ...]
"""Clauses that must all be true."""


@dataclass(frozen=True, slots=True)
class JoinClause:
    """One equality of a join: a connector-space attribute and a metaverse attribute, in either direction."""

    cs: str
    mv: str
    case_sensitive: bool = False


JoinGroup = tuple[JoinClause, ...]
"""Equalities that must all hold."""


@dataclass(frozen=True, slots=True)
class AttributeMapping:
    """One flow into an attribute of the target side."""

    id: MappingId
    flow: FlowType
    source: str
    """The source attribute's name, the constant's text, or the expression's text, by `flow`."""
    merge: MergeType = "update"
    execute_once: bool = False
    """Evaluated only when the target object is being created."""

    @property
    def destination(self) -> str:
        """The attribute that the mapping flows into."""
        return self.id.destination


@dataclass(frozen=True, slots=True)
class Rule:
    """One synchronisation rule.

    `mappings` are kept in order of destination and ordinal, whatever order they were given in: the order
    has no meaning for the engine, and a stable one keeps files and hashes stable.
    """

    id: str
    """A GUID in lower case without braces."""
    name: str
    description: str
    direction: Direction
    connector: str
    """The connector's name in the project, not its GUID."""
    source_type: str
    target_type: str
    """An object type of the other side, or `*` for any metaverse type."""
    link: LinkType
    precedence: int
    """Lower wins; numbered per project over both directions."""
    scope: tuple[ScopeGroup, ...] = ()
    """Groups of which one must hold; no group means always in scope."""
    join: tuple[JoinGroup, ...] = ()
    """Groups tried from first to last."""
    mappings: tuple[AttributeMapping, ...] = ()
    disabled: bool = False
    tag: str | None = None
    """What kind of default rule this is, the same in every project; None for a rule of one's own."""
    library: str | None = None
    """`name@version#hash` of the library template the rule was made from."""
    password_sync: bool = False
    file: str | None = None
    """Where the rule was read, relative to the project; never part of its text or hash."""

    def __post_init__(self) -> None:
        ordered = tuple(sorted(self.mappings, key=_mapping_order))
        if ordered != self.mappings:
            object.__setattr__(self, "mappings", ordered)
        seen = Counter[str]()
        for mapping in ordered:
            assert mapping.id.ordinal == seen[mapping.destination], f"ordinals of {mapping.destination}: use numbered()"
            seen[mapping.destination] += 1

    @property
    def is_default(self) -> bool:
        """Whether it is a default rule: made from the library, or tagged as the product tags those of its own."""
        return self.library is not None or (self.tag or "").casefold().startswith("microsoft.")

    def mapping(self, id_: MappingId) -> AttributeMapping | None:
        """The mapping of that identity, or None."""
        return next((m for m in self.mappings if m.id == id_), None)


def numbered(mappings: Iterable[AttributeMapping]) -> tuple[AttributeMapping, ...]:
    """The mappings with ordinals counted anew from 0 for each destination, in the order given.

    Destinations that differ only in case are one, spelt as the first of them.
    """
    spelling: dict[str, str] = {}
    seen = Counter[str]()
    out: list[AttributeMapping] = []
    for mapping in mappings:
        key = mapping.destination.casefold()
        identity = MappingId(spelling.setdefault(key, mapping.destination), seen[key])
        seen[key] += 1
        out.append(replace(mapping, id=identity))
    return tuple(out)


def _mapping_order(mapping: AttributeMapping) -> tuple[str, str, int]:
    """By name without case, numbers in names by size: extensionAttribute2 before extensionAttribute10."""
    name = mapping.id.destination
    return _NUMBER.sub(lambda digits: digits[0].zfill(6), name.casefold()), name, mapping.id.ordinal


_RULE_NAMESPACE: Final = bytes.fromhex("8c6f5a0e52d94c0e9d3cf0f4a1b77e21")
"""This project's own namespace for name-based GUIDs."""


def named_guid(*names: str) -> str:
    """A name-based GUID (version 5 of RFC 9562) of a chain of names, each the namespace of the next.

    The default rules take theirs from their tag and the connector's id, so that the same default rule
    has the same id wherever and whenever it is made.

    >>> named_guid("a", "b") == named_guid("a", "b") != named_guid("b", "a")
    True
    """
    digest = _RULE_NAMESPACE
    for name in names:
        hashed = hashlib.sha1(digest + name.encode("utf-8"), usedforsecurity=False).digest()
        block = bytearray(hashed[:16])
        block[6] = block[6] & 0x0F | 0x50
        block[8] = block[8] & 0x3F | 0x80
        digest = bytes(block)
    return re.sub(r"(.{8})(.{4})(.{4})(.{4})(.{12})", r"\1-\2-\3-\4-\5", digest.hex())
