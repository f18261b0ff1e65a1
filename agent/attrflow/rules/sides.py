"""The two sides of a rule against the schemas: which object types its attribute names belong to.

Also the spelling of names: they compare without case and are kept as the schema spells them
(DECISIONS 10). Inside expressions nothing is respelt; there a wrong case is a finding of the checker.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from attrflow.model.provenance import MappingId
from attrflow.model.schema import AttributeType, ObjectType, Schema
from attrflow.rules.positions import Finding
from attrflow.rules.rule import ANY_TYPE, Rule, numbered

__all__ = ["Schemas", "canonicalise"]


@dataclass(frozen=True, slots=True)
class Schemas:
    """What is known of the spaces: the metaverse's schema, and the connectors' by name (as far as read)."""

    metaverse: Schema | None = None
    connectors: Mapping[str, Schema] = field(default_factory=dict)

    def source(self, rule: Rule) -> ObjectType | None:
        """The object type of the rule's source side, or None when it is not known."""
        return self._side(rule, inbound=rule.direction == "inbound", name=rule.source_type)

    def target(self, rule: Rule) -> ObjectType | None:
        """The object type of the rule's target side, or None when it is not known."""
        return self._side(rule, inbound=rule.direction == "outbound", name=rule.target_type)

    def _side(self, rule: Rule, *, inbound: bool, name: str) -> ObjectType | None:
        schema = self.connectors.get(rule.connector) if inbound else self.metaverse
        if schema is None:
            return None
        if name == ANY_TYPE:
            every: dict[str, AttributeType] = {}
            for object_type in schema.object_types.values():
                every |= object_type.attributes
            return ObjectType(ANY_TYPE, every)
        folded = name.casefold()
        return next((t for n, t in schema.object_types.items() if n.casefold() == folded), None)


def canonicalise(rule: Rule, schemas: Schemas) -> tuple[Rule, list[Finding]]:
    """The rule with attribute names as the schemas spell them, and a note for each that was respelt."""
    source, target = schemas.source(rule), schemas.target(rule)
    cs_side, mv_side = (source, target) if rule.direction == "inbound" else (target, source)
    notes: list[Finding] = []

    def spelt(side: ObjectType | None, name: str, path: Iterable[str | int]) -> str:
        known = side.attribute(name) if side is not None else None
        if known is None or known.name == name:
            return name
        message = f"{name!r} is spelt {known.name!r} in the schema; the rule is read that way"
        notes.append(Finding(tuple(path), "spelling", message, "info"))
        return known.name

    scope = tuple(
        tuple(
            replace(clause, attribute=spelt(source, clause.attribute, ("scope", g, "all", c)))
            for c, clause in enumerate(group)
        )
        for g, group in enumerate(rule.scope)
    )
    join = tuple(
        tuple(
            replace(
                clause,
                cs=spelt(cs_side, clause.cs, ("join", g, "all", c)),
                mv=spelt(mv_side, clause.mv, ("join", g, "all", c)),
            )
            for c, clause in enumerate(group)
        )
        for g, group in enumerate(rule.join)
    )
    mappings = []
    for mapping in rule.mappings:
        path = ("flows", mapping.destination)
        destination = spelt(target, mapping.destination, path)
        text = spelt(source, mapping.source, path) if mapping.flow == "direct" else mapping.source
        mappings.append(replace(mapping, id=MappingId(destination, mapping.id.ordinal), source=text))
    if not notes:
        return rule, notes
    return replace(rule, scope=scope, join=join, mappings=numbered(mappings)), notes
