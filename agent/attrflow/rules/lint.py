"""Lint: what a rule set says that will not do what its author meant, as far as the rules alone tell.

Findings only; nothing here stops a run by itself. Expressions are checked in `checking`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attrflow.model.diagnostics import Severity
from attrflow.model.schema import ObjectType, Syntax
from attrflow.rules.positions import Finding, suggestion
from attrflow.rules.reading import DN, expression_reads, source_attributes
from attrflow.rules.rule import ANY_TYPE, VALUELESS_OPERATORS, AttributeMapping, Rule
from attrflow.rules.ruleset import RuleSet
from attrflow.rules.sides import Schemas

__all__ = ["lint"]

Found = tuple[Rule, Finding]


def lint(ruleset: RuleSet, schemas: Schemas) -> Iterator[Found]:
    """All findings, each with the rule it is about; disabled rules are passed over."""
    rules = [rule for rule in ruleset.rules if not rule.disabled]
    for rule in rules:
        for finding in (*_types(rule, schemas), *_scope(rule, schemas), *_joins(rule, schemas)):
            yield rule, finding
        for mapping in rule.mappings:
            for finding in _flow(rule, mapping, schemas):
                yield rule, finding
    yield from _merge_types(rules)
    yield from _one_sided(rules)


def _types(rule: Rule, schemas: Schemas) -> Iterator[Finding]:
    inbound = rule.direction == "inbound"
    connector = schemas.connectors.get(rule.connector)
    sides = (
        ("source-type", rule.source_type, schemas.source(rule), connector if inbound else schemas.metaverse),
        ("target-type", rule.target_type, schemas.target(rule), schemas.metaverse if inbound else connector),
    )
    for key, name, found, schema in sides:
        if schema is not None and found is None and name != ANY_TYPE:
            near = suggestion(name, schema.object_types)
            message = f"{rule.name!r}: there is no object type {name!r}"
            # The library brings rules for every type, and not every directory's schema has them all.
            severity: Severity = "info" if rule.library is not None and schema is connector else "warning"
            yield Finding((key,), "unknown-type", message, severity, near)


def _scope(rule: Rule, schemas: Schemas) -> Iterator[Finding]:
    source = schemas.source(rule)
    for g, group in enumerate(rule.scope):
        for c, clause in enumerate(group):
            path = ("scope", g, "all", c)
            yield from _known(rule, source, clause.attribute, path, "scope", inbound=rule.direction == "inbound")
            if not clause.value and clause.operator not in VALUELESS_OPERATORS:
                word = "ISNOTNULL" if clause.operator.startswith(("NOT", "ISNOT")) else "ISNULL"
                message = f"{rule.name!r}, scope: {clause.attribute} {clause.operator} has no value"
                more = f"an empty value counts as absent; write {clause.attribute} {word} if that is meant"
                yield Finding(path, "empty-scope-value", message, "warning", more)


def _joins(rule: Rule, schemas: Schemas) -> Iterator[Finding]:
    source, target = schemas.source(rule), schemas.target(rule)
    inbound = rule.direction == "inbound"
    cs_side, mv_side = (source, target) if inbound else (target, source)
    for g, group in enumerate(rule.join):
        for c, clause in enumerate(group):
            path = ("join", g, "all", c)
            yield from _known(rule, cs_side, clause.cs, path, "join", inbound=True)
            yield from _known(rule, mv_side, clause.mv, path, "join", inbound=False)


def _flow(rule: Rule, mapping: AttributeMapping, schemas: Schemas) -> Iterator[Finding]:
    source, target = schemas.source(rule), schemas.target(rule)
    inbound = rule.direction == "inbound"
    path = ("flows", mapping.destination)
    where = f"flow to {mapping.destination}"
    yield from _known(rule, target, mapping.destination, path, "flows", inbound=not inbound)
    to = target.attribute(mapping.destination) if target is not None else None
    if to is not None and to.read_only:
        message = f"{rule.name!r}, {where}: the directory computes this attribute and takes no value"
        yield Finding(path, "read-only-destination", message, "warning")
    if mapping.flow == "direct":
        yield from _known(rule, source, mapping.source, path, where, inbound=inbound)
        from_ = source.attribute(mapping.source) if source is not None else None
        if from_ is not None and to is not None and from_.syntax is not to.syntax:
            message = f"{rule.name!r}, {where}: {mapping.source} is {from_.syntax}, {to.name} is {to.syntax}"
            yield Finding(path, "syntax-mismatch", message, "warning", "convert it with an expression")
        if from_ is not None and to is not None and from_.multi and not to.multi and rule.library is None:
            message = f"{rule.name!r}, {where}: {mapping.source} may have several values, {to.name} takes one"
            more = f"an object with two fails; write {{ expression = 'Item([{mapping.source}], 1)' }}"
            yield Finding(path, "multi-to-single", message, "warning", more)
    elif mapping.flow == "expression" and source is not None:
        reads = expression_reads(mapping.source)
        for name in sorted(reads.attributes - reads.counted):
            read = source.attribute(name)
            if read is not None and read.syntax is Syntax.REFERENCE and read.multi:
                message = f"{rule.name!r}, {where}: the expression loads every value of {name}"
                more = "a direct flow moves only what changed; ValueCount reads the number"
                yield Finding(path, "reads-references", message, "info", more)


def _known(
    rule: Rule, side: ObjectType | None, name: str, path: Iterable[str | int], where: str, *, inbound: bool
) -> Iterator[Finding]:
    """A name that a schema lacks: an error in the metaverse, absent for every object in a directory."""
    if side is None or name.casefold() == DN or side.attribute(name) is not None:
        return
    space = "directory" if inbound else "metaverse"
    message = f"{rule.name!r}, {where}: the {space}'s {side.name} has no attribute {name!r}"
    severity: Severity = "error" if not inbound else "info" if rule.library else "warning"
    yield Finding(tuple(path), "unknown-attribute", message, severity, suggestion(name, side.attributes))


def _merge_types(rules: list[Rule]) -> Iterator[Found]:
    """All contributors to an attribute must merge alike (documented); update and replace are alike."""
    first: dict[tuple[str, str, str], tuple[Rule, str]] = {}
    for rule in rules:
        space = rule.connector if rule.direction == "outbound" else ""
        for mapping in rule.mappings:
            merge = "update" if mapping.merge == "replace" else mapping.merge
            key = (space, rule.target_type.casefold(), mapping.destination.casefold())
            other, theirs = first.setdefault(key, (rule, merge))
            if theirs != merge:
                message = (
                    f"{rule.name!r} contributes to {mapping.destination} with {merge!r}, {other.name!r} with {theirs!r}"
                )
                more = "an object that both apply to fails; give them the same merge"
                yield rule, Finding(("flows", mapping.destination), "mixed-merge", message, "warning", more)


def _one_sided(rules: list[Rule]) -> Iterator[Found]:
    """Metaverse attributes that a rule of one's own fills and nothing reads, or reads and nothing fills."""
    filled: dict[str, set[str]] = {}
    read: dict[str, set[str]] = {}
    for rule in rules:
        if rule.direction == "inbound":
            mine = filled.setdefault(rule.target_type.casefold(), set())
            mine.update(mapping.destination.casefold() for mapping in rule.mappings)
        else:
            theirs = read.setdefault(rule.source_type.casefold(), set())
            theirs.update(name.casefold() for name in source_attributes(rule))
    asked = {n.casefold() for rule in rules if _is_default(rule) for n in source_attributes(rule)}
    for rule in rules:
        if _is_default(rule):
            continue
        if rule.direction == "inbound":
            known = read.get(rule.target_type.casefold(), set()) | _joined(rules)
            for name in sorted({m.destination for m in rule.mappings if m.destination.casefold() not in known}):
                message = f"{rule.name!r} fills {name}, and no outbound rule reads it"
                more = "it stays in the metaverse; add an outbound rule that flows it"
                yield rule, Finding(("flows", name), "inbound-only", message, "info", more)
        else:
            # What the default rules ask for as well, such as cloudMastered, is absent on purpose.
            known = filled.get(rule.source_type.casefold(), set()) | filled.get(ANY_TYPE, set()) | {DN} | asked
            for name in sorted(n for n in source_attributes(rule) if n.casefold() not in known):
                message = f"{rule.name!r} reads {name}, which no inbound rule fills"
                more = f"{name} is absent for every object; add an inbound rule that flows it"
                yield rule, Finding(_reader_of(rule, name), "outbound-only", message, "warning", more)


def _is_default(rule: Rule) -> bool:
    """Whether the rule is the library's or the product's own."""
    return rule.library is not None or (rule.tag or "").startswith("Microsoft.")


def _reader_of(rule: Rule, name: str) -> tuple[str, ...]:
    """Where in its document the rule reads a source attribute: the first flow that does, or its scope."""
    for mapping in rule.mappings:
        direct = mapping.flow == "direct" and mapping.source == name
        if direct or (mapping.flow == "expression" and name in expression_reads(mapping.source).attributes):
            return ("flows", mapping.destination)
    return ("scope",)


def _joined(rules: list[Rule]) -> set[str]:
    return {clause.mv.casefold() for rule in rules for group in rule.join for clause in group}
