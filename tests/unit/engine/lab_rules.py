"""Rules of a test's own, written short."""

from __future__ import annotations

from collections.abc import Iterable

from attrflow.model.provenance import MappingId
from attrflow.rules.rule import (
    AttributeMapping,
    Direction,
    FlowType,
    JoinClause,
    LinkType,
    MergeType,
    Rule,
    ScopeClause,
    named_guid,
    numbered,
)


def flow(
    destination: str, source: str, type_: FlowType = "direct", merge: MergeType = "update", *, once: bool = False
) -> AttributeMapping:
    """One mapping; `numbered` gives it its ordinal."""
    return AttributeMapping(MappingId(destination), type_, source, merge, once)


def expression(destination: str, source: str, merge: MergeType = "update", *, once: bool = False) -> AttributeMapping:
    """A mapping by an expression."""
    return flow(destination, source, "expression", merge, once=once)


def constant(destination: str, source: str, merge: MergeType = "update", *, once: bool = False) -> AttributeMapping:
    """A mapping of a constant."""
    return flow(destination, source, "constant", merge, once=once)


def rule(
    name: str,
    precedence: int,
    *mappings: AttributeMapping,
    direction: Direction = "inbound",
    connector: str = "contoso",
    source: str | None = None,
    target: str | None = None,
    link: LinkType = "join",
    scope: Iterable[str] = (),
    join: Iterable[str] = (),
    disabled: bool = False,
) -> Rule:
    """A rule: `scope` holds one text a group (`a EQUAL x; b ISNULL`), `join` one a group (`cs = mv; …`)."""
    source = source or ("user" if direction == "inbound" else "person")
    target = target or ("person" if direction == "inbound" else "user")
    return Rule(
        id=named_guid("test", name),
        name=name,
        description="",
        direction=direction,
        connector=connector,
        source_type=source,
        target_type=target,
        link=link,
        precedence=precedence,
        scope=tuple(tuple(_clause(text) for text in group.split(";")) for group in scope),
        join=tuple(tuple(_equality(text) for text in group.split(";")) for group in join),
        mappings=numbered(mappings),
        disabled=disabled,
    )


def _clause(text: str) -> ScopeClause:
    words = text.split(maxsplit=2)
    return ScopeClause(words[0], words[1], words[2].strip() if len(words) > 2 else "")


def _equality(text: str) -> JoinClause:
    left, _, right = text.partition("=")
    exact = right.strip().endswith("!")
    return JoinClause(left.strip(), right.strip().rstrip("!"), exact)
