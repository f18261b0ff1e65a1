"""The way of one attribute: which source attributes lead to which metaverse attribute, and on to which targets.

Read from the rules alone, by the name that a person gave: a directory's, the metaverse's or the cloud's,
in any case. Knows no values.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from attrflow.engine.program import Program
from attrflow.model.connector_space import CSObject
from attrflow.rules.reading import DN, expression_reads
from attrflow.rules.rule import AttributeMapping, Rule

__all__ = ["AttributeWay", "Candidate", "find_way", "mapping_reads"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A mapping that lies on the way, and what it reads."""

    rule: Rule
    mapping: AttributeMapping
    reads: frozenset[str]


@dataclass(frozen=True, slots=True)
class AttributeWay:
    """The names on the way and the mappings between them. `metaverse` is None where no rule knows the name."""

    asked: str
    sources: tuple[str, ...]
    """Source attributes, the one that was asked for first."""
    metaverse: str | None
    inbound: tuple[Candidate, ...] = ()
    """Mappings into the metaverse attribute, in precedence order, disabled rules' too."""
    outbound: tuple[Candidate, ...] = ()
    """Mappings that read the metaverse attribute, in precedence order."""
    also: tuple[str, ...] = ()
    near: tuple[str, ...] = ()

    def targets(self, connector: str) -> tuple[str, ...]:
        """The connector's attributes that the way ends in, the likeliest first."""
        names = sorted(
            (c for c in self.outbound if c.rule.connector == connector and c.mapping.destination != DN),
            key=lambda c: (c.mapping.destination != self.asked, c.mapping.flow != "direct", len(c.reads)),
        )
        return tuple(dict.fromkeys(c.mapping.destination for c in names))

    def target(self, connector: str) -> str | None:
        """The connector's attribute that the way ends in; where it forks, the likeliest."""
        return next(iter(self.targets(connector)), None)

    @property
    def outbound_connectors(self) -> tuple[str, ...]:
        """The connectors that some mapping carries the value to."""
        return tuple(dict.fromkeys(c.rule.connector for c in self.outbound))

    @property
    def pure_copy(self) -> bool:
        """Whether some inbound mapping takes one source attribute, by itself or trimmed."""
        return any(len(c.reads) == 1 for c in self.inbound)


def mapping_reads(mapping: AttributeMapping) -> frozenset[str]:
    """The source attributes that a mapping reads."""
    if mapping.flow == "direct":
        return frozenset((mapping.source,))
    return expression_reads(mapping.source).attributes if mapping.flow == "expression" else frozenset()


def find_way(program: Program, attribute: str, objects: Collection[CSObject], mv_type: str | None) -> AttributeWay:
    """The way of the attribute for an object with these connector-space objects and metaverse type.

    A metaverse attribute of that name is taken first, then what a source attribute of that name flows to
    (directly rather than in an expression, and rather to where it goes on to a target), then what a target
    attribute of that name comes from.
    """
    types = {(cso.connector, cso.object_type) for cso in objects}
    rules = program.ruleset.rules
    inbound = tuple(
        _candidates(
            r
            for r in rules
            if r.direction == "inbound"
            and (r.connector, r.source_type) in types
            and (mv_type is None or r.target_type in (mv_type, "*"))
        )
    )
    outbound = tuple(_candidates(r for r in rules if r.direction == "outbound" and r.source_type == mv_type))
    asked = attribute.strip()
    metaverse, others = _choose(program, asked.casefold(), inbound, outbound, mv_type)
    if metaverse is None:
        known = _names(inbound, outbound)
        near = difflib.get_close_matches(asked, sorted(known), n=3, cutoff=0.7)
        asked = _spelt(program, asked, objects)
        return AttributeWay(asked, (asked,), None, near=tuple(near))
    fold = metaverse.casefold()
    coming = tuple(c for c in inbound if c.mapping.destination.casefold() == fold)
    going = tuple(c for c in outbound if any(name.casefold() == fold for name in c.reads))
    named = tuple(c for c in going if c.mapping.destination.casefold() == asked.casefold())
    sources = _sources(asked, metaverse, coming) if coming else (_spelt(program, asked, objects),)
    carried = named or _main(going, metaverse)
    spellings = (metaverse, *sources, *(c.mapping.destination for c in carried))
    asked = next((name for name in spellings if name.casefold() == asked.casefold()), asked)
    return AttributeWay(asked, sources, metaverse, coming, carried, others)


def _main(going: tuple[Candidate, ...], metaverse: str) -> tuple[Candidate, ...]:
    """Of all that reads the attribute, what carries it: mappings of it alone, or all where there is none."""
    alone = tuple(c for c in going if len(c.reads) == 1 and c.mapping.destination != DN)
    if not alone:
        alone = tuple(c for c in going if c.mapping.destination.casefold() == metaverse.casefold())
    return alone or going


def _candidates(rules: Iterable[Rule]) -> Iterable[Candidate]:
    for rule in sorted(rules, key=lambda r: (r.precedence, r.id)):
        for mapping in rule.mappings:
            yield Candidate(rule, mapping, mapping_reads(mapping))


def _choose(
    program: Program,
    asked: str,
    inbound: tuple[Candidate, ...],
    outbound: tuple[Candidate, ...],
    mv_type: str | None,
) -> tuple[str | None, tuple[str, ...]]:
    """The metaverse attribute that is meant, and the others that the name may mean too."""
    gone_on = {name for c in outbound for name in c.reads}
    ranked: list[tuple[int, bool, int, str]] = []
    for c in inbound:
        name, reads = c.mapping.destination, {r.casefold() for r in c.reads}
        if name.casefold() == asked:
            ranked.append((0, False, c.rule.precedence, name))
        elif asked in reads:
            rank = 1 if c.mapping.flow == "direct" else 2 if len(reads) == 1 else 4
            ranked.append((2, name not in gone_on, rank, name))
    for c in outbound:
        if c.mapping.destination.casefold() == asked:
            for name in sorted(c.reads):
                ranked.append((1, False, 0 if len(c.reads) == 1 else 1, name))
        ranked.extend((1, False, 2, name) for name in c.reads if name.casefold() == asked)
    type_ = program.mv_type(mv_type) if mv_type is not None else None
    if (declared := type_.attribute(asked) if type_ is not None else None) is not None:
        ranked.append((3, False, 0, declared.name))
    names = tuple(dict.fromkeys(entry[3] for entry in sorted(ranked)))
    return (names[0], names[1:]) if names else (None, ())


def _sources(asked: str, metaverse: str, coming: tuple[Candidate, ...]) -> tuple[str, ...]:
    first = (asked.casefold(), metaverse.casefold())
    found = dict.fromkeys(name for c in sorted(coming, key=lambda c: len(c.reads)) for name in sorted(c.reads))
    return tuple(sorted(found, key=lambda n: first.index(n.casefold()) if n.casefold() in first else len(first)))


def _spelt(program: Program, asked: str, objects: Collection[CSObject]) -> str:
    for cso in objects:
        type_ = program.cs_type(cso.connector, cso.object_type)
        if type_ is not None and (attribute := type_.attribute(asked)) is not None:
            return attribute.name
    for type_ in program.metaverse.object_types.values():
        if (declared := type_.attribute(asked)) is not None:
            return declared.name
    return asked


def _names(inbound: Iterable[Candidate], outbound: Iterable[Candidate]) -> set[str]:
    names: set[str] = set()
    for c in (*inbound, *outbound):
        names |= {c.mapping.destination, *c.reads}
    return names - {DN}
