"""The program: a rule set compiled for one configuration (DECISIONS 13).

Scope filters become functions, expressions become code objects built from checked trees, and the
mappings of the rules in scope become one plan per destination attribute, in precedence order, cached
by which rules are in scope. An observed program records every node of every expression; a plain one
pays nothing for that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from attrflow.engine.plan import ObjectFailure
from attrflow.engine.reading import Reading
from attrflow.engine.scope import compile_scope
from attrflow.engine.silence import silence_of
from attrflow.engine.working_set import JoinAttributes
from attrflow.expr import DEFAULT_OPTIONS, Compiled, ExpressionOptions, Result, compile_expression, parse, usage_of
from attrflow.model.configuration import ConnectorConfiguration, EngineOptions
from attrflow.model.diagnostics import Diagnostic
from attrflow.model.fingerprint import fingerprint
from attrflow.model.provenance import Origin
from attrflow.model.schema import AttributeType, ObjectType, Schema, Syntax
from attrflow.rules.reading import expression_reads
from attrflow.rules.rule import ANY_TYPE, AttributeMapping, Rule
from attrflow.rules.ruleset import RuleSet, join_attributes

__all__ = ["Candidates", "CompiledMapping", "CompiledRule", "FlowPlan", "Program", "build_program"]

ENGINE_REVISION = 1
"""Raised when the engine makes something else of the same rules: what was at rest before is evaluated once more."""
DN = "dn"
"""The destination by which an outbound rule names the distinguished name of what it provisions."""


@dataclass(frozen=True, slots=True)
class CompiledMapping:
    """One mapping, ready to run. `target` is None where the target schema lacks the attribute."""

    rule: Rule
    mapping: AttributeMapping
    origin: Origin
    target: AttributeType | None
    compiled: Compiled | None = None
    constant: Result = None
    broken: str | None = None
    """The first error of the expression's text: the mapping fails the object when it is evaluated."""
    reads: frozenset[str] = frozenset()
    """The attributes of the source side that it reads."""
    silent_without: frozenset[str] | None = None
    """The attributes that it reads, where it is known to contribute nothing as long as none of them is present."""
    steady: bool = True
    """Whether it gives the same as long as the object, and what its references are linked to, stay what they are.

    One that asks for time or chance, or takes apart the name of what it refers to, does not.
    """

    def evaluate(self, reading: Reading) -> Result:
        """The mapping's result for one object; raises `expr.ExpressionError`."""
        if self.compiled is not None:
            return self.compiled.evaluate(reading)
        if self.mapping.flow == "constant":
            return self.constant
        if self.broken is not None:
            raise ObjectFailure(
                "sync-rule-error-expression",
                "import-flow",
                self.broken,
                rule_id=self.rule.id,
                attribute=self.mapping.destination,
            )
        return reading.attribute(self.mapping.source)


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """One rule: its scope as a function, its mappings ready to run."""

    rule: Rule
    in_scope: Callable[[Reading], bool]
    mappings: tuple[CompiledMapping, ...]


Candidates = tuple[tuple[int, CompiledMapping], ...]
"""In precedence order: which source (its index), and which mapping."""


class FlowPlan:
    """The mappings of the rules in scope by destination, and which destinations an object has anything for.

    Most attributes of most objects are absent: looking only at what is there costs by what is there.
    """

    __slots__ = ("_always", "_by_attribute", "candidates")

    def __init__(self, candidates: Mapping[str, Candidates], sources: int) -> None:
        self.candidates = candidates
        self._by_attribute: tuple[dict[str, list[str]], ...] = tuple({} for _ in range(sources))
        self._always: set[str] = set()
        for destination, mappings in candidates.items():
            for index, mapping in mappings:
                if mapping.silent_without is None:
                    self._always.add(destination)
                for name in mapping.silent_without or ():
                    self._by_attribute[index].setdefault(name, []).append(destination)

    def heard(self, present: Sequence[Iterable[str]], *stored: Iterable[str]) -> set[str]:
        """The destinations for which some mapping may give something, and those that hold something now.

        `present` are the attributes that each source has; of all others no mapping gives anything.
        """
        found = self._always.union(*stored)
        for names, destinations in zip(present, self._by_attribute, strict=True):
            for name in names:
                if name in destinations:
                    found.update(destinations[name])
        return found


class Program:
    """All rules of a project, compiled; shared by every object of a step."""

    def __init__(
        self,
        ruleset: RuleSet,
        configurations: Mapping[str, ConnectorConfiguration],
        schemas: Mapping[str, Schema],
        metaverse: Schema,
        options: EngineOptions,
        *,
        observed: bool = False,
        expression_options: ExpressionOptions = DEFAULT_OPTIONS,
    ) -> None:
        self.ruleset = ruleset
        self.configurations = configurations
        self.schemas = {name: _selected(schema, configurations.get(name)) for name, schema in schemas.items()}
        self.metaverse = metaverse
        self.options = options
        self.observed = observed
        self.expression_options = expression_options
        self._rules = {rule.id: self._compile(rule) for rule in ruleset.rules}
        self._inbound: dict[tuple[str, str], tuple[CompiledRule, ...]] = {}
        self._outbound: dict[tuple[str, str], tuple[CompiledRule, ...]] = {}
        self._steady: dict[tuple[str, str, str], bool] = {}
        self._parameters: dict[tuple[str, str | None], dict[str, str]] = {}
        self._digest: str | None = None
        self._plans: dict[tuple[tuple[str, ...], ...], FlowPlan] = {}
        self.outbound_connectors = tuple(
            dict.fromkeys(r.connector for r in ruleset.rules if r.direction == "outbound" and not r.disabled)
        )
        self.joins = JoinAttributes(*join_attributes(ruleset, configurations.values()))

    # -- compiling --------------------------------------------------------------------------------

    def _compile(self, rule: Rule) -> CompiledRule:
        mappings = tuple(self._compile_mapping(rule, mapping) for mapping in rule.mappings)
        return CompiledRule(rule, compile_scope(rule, self.options), mappings)

    def _compile_mapping(self, rule: Rule, mapping: AttributeMapping) -> CompiledMapping:
        target = self._target(rule, mapping.destination)
        origin = Origin(rule.connector, rule.id, mapping.id)
        if mapping.flow == "constant":
            return CompiledMapping(rule, mapping, origin, target, constant=_constant(mapping.source, target))
        if mapping.flow == "direct":
            silent = None if mapping.source == DN else _if_plain(mapping, frozenset((mapping.source,)))
            reads = frozenset((mapping.source,))
            return CompiledMapping(rule, mapping, origin, target, reads=reads, silent_without=silent)
        reads = expression_reads(mapping.source).attributes
        parsed = parse(mapping.source, self.expression_options)
        errors = [d for d in parsed.diagnostics if d.severity == "error"]
        if parsed.tree is None or errors:
            return CompiledMapping(rule, mapping, origin, target, broken=_first(errors), reads=reads)
        compiled = _compiled(mapping.source, self.expression_options, self.observed)
        usage = usage_of(parsed.tree)
        names = usage.attributes - usage.counted
        steady = usage.pure and not (rule.direction == "inbound" and self._refers(rule, names, target))
        return CompiledMapping(
            rule,
            mapping,
            origin,
            target,
            compiled=compiled,
            reads=reads,
            silent_without=_if_plain(mapping, silence_of(parsed.tree, compiled)),
            steady=steady,
        )

    def _refers(self, rule: Rule, names: frozenset[str], target: AttributeType | None) -> bool:
        """Whether an inbound expression deals in names of other objects of its connector space."""
        type_ = self.cs_type(rule.connector, rule.source_type)
        read = [type_.attribute(name) for name in names] if type_ is not None else []
        return any(one is not None and one.syntax is Syntax.REFERENCE for one in (*read, target))

    def _target(self, rule: Rule, destination: str) -> AttributeType | None:
        if rule.direction == "inbound":
            if rule.target_type == ANY_TYPE:
                return None
            return self.metaverse.attribute(rule.target_type, destination)
        if destination == DN:
            return AttributeType(DN)
        schema = self.schemas.get(rule.connector)
        return schema.attribute(rule.target_type, destination) if schema is not None else None

    # -- asking -----------------------------------------------------------------------------------

    def inbound(self, connector: str, object_type: str) -> tuple[CompiledRule, ...]:
        """The inbound rules of one connector and object type, disabled ones too, in precedence order."""
        key = (connector, object_type)
        if key not in self._inbound:
            self._inbound[key] = self._select("inbound", connector, object_type)
        return self._inbound[key]

    def outbound(self, connector: str, mv_type: str) -> tuple[CompiledRule, ...]:
        """The outbound rules of one connector from one metaverse type, disabled ones too."""
        key = (connector, mv_type)
        if key not in self._outbound:
            self._outbound[key] = self._select("outbound", connector, mv_type)
        return self._outbound[key]

    def _select(self, direction: str, connector: str, source_type: str) -> tuple[CompiledRule, ...]:
        return tuple(
            self._rules[rule.id]
            for rule in self.ruleset.rules
            if rule.direction == direction and rule.connector == connector and rule.source_type == source_type
        )

    def is_steady(self, direction: str, connector: str, source_type: str) -> bool:
        """Whether what these rules do with an object depends on nothing but the object and its links."""
        key = (direction, connector, source_type)
        if key not in self._steady:
            rules = self._select(direction, connector, source_type)
            self._steady[key] = all(_steady(compiled) for compiled in rules if not compiled.rule.disabled)
        return self._steady[key]

    @property
    def digest(self) -> str:
        """One word for all that the program was compiled from, and for how this engine takes them."""
        if self._digest is None:
            self._digest = fingerprint(
                ENGINE_REVISION,
                self.ruleset.hash,
                self.configurations,
                self.schemas,
                self.metaverse,
                self.options,
                self.expression_options,
            )
        return self._digest

    def plan(self, sources: tuple[tuple[CompiledRule, ...], ...]) -> FlowPlan:
        """The mappings of the rules in scope, by destination and in precedence order."""
        key = tuple(tuple(rule.rule.id for rule in rules) for rules in sources)
        if (plan := self._plans.get(key)) is None:
            found: dict[str, list[tuple[int, CompiledMapping]]] = {}
            for index, rules in enumerate(sources):
                for rule in rules:
                    if rule.rule.link == "join-no-flow":
                        continue
                    for mapping in rule.mappings:
                        found.setdefault(mapping.mapping.destination, []).append((index, mapping))
            ordered = {
                destination: tuple(
                    sorted(mappings, key=lambda m: (m[1].rule.precedence, m[1].rule.id, m[1].mapping.id.ordinal))
                )
                for destination, mappings in found.items()
            }
            plan = self._plans[key] = FlowPlan(ordered, len(sources))
        return plan

    def cs_type(self, connector: str, object_type: str | None) -> ObjectType | None:
        """What a connector's schema says of an object type."""
        schema = self.schemas.get(connector)
        return schema.object_types.get(object_type or "") if schema is not None else None

    def mv_type(self, object_type: str) -> ObjectType | None:
        """What the metaverse schema says of an object type."""
        return self.metaverse.object_types.get(object_type)

    def parameters(self, connector: str, partition: str | None = None) -> Mapping[str, str]:
        """The parameters that expressions and scope filters of a connector may name."""
        key = (connector, partition)
        if key not in self._parameters:
            self._parameters[key] = self._parameters_of(connector, partition)
        return self._parameters[key]

    def _parameters_of(self, connector: str, partition: str | None) -> dict[str, str]:
        configuration = self.configurations[connector]
        named = dict(configuration.parameters)
        for candidate in configuration.partitions:
            if candidate.name == partition or (partition is None and len(configuration.partitions) == 1):
                named.update(candidate.parameters)
        named["Connector.ID"] = configuration.id
        return named


@lru_cache(maxsize=1024)
def _compiled(source: str, options: ExpressionOptions, observed: bool) -> Compiled:
    """The text's expression, compiled once for all mappings that hold it: it has no state, and compiling is dear."""
    tree = parse(source, options).tree
    assert tree is not None, "only texts that parse are compiled"
    return compile_expression(tree, observed=observed, options=options)


def build_program(
    ruleset: RuleSet,
    configurations: Mapping[str, ConnectorConfiguration],
    schemas: Mapping[str, Schema],
    metaverse: Schema,
    options: EngineOptions,
    *,
    observed: bool = False,
    expression_options: ExpressionOptions = DEFAULT_OPTIONS,
) -> Program:
    """Compile a rule set for a configuration and the schemas of its directories."""
    return Program(
        ruleset, configurations, schemas, metaverse, options, observed=observed, expression_options=expression_options
    )


def _selected(schema: Schema, configuration: ConnectorConfiguration | None) -> Schema:
    """What of a directory there is for the rules: an attribute that is not selected is neither read nor written."""
    return schema.selected(configuration.attributes) if configuration is not None else schema


def _steady(compiled: CompiledRule) -> bool:
    """Membership of a group is the group's content, not the object's."""
    asks_others = any(
        clause.operator in ("ISMEMBEROF", "ISNOTMEMBEROF") for group in compiled.rule.scope for clause in group
    )
    return not asks_others and all(mapping.steady for mapping in compiled.mappings)


def _if_plain(mapping: AttributeMapping, silent: frozenset[str] | None) -> frozenset[str] | None:
    """Only a mapping that neither merges nor runs once can be passed over: the others have a say when silent, too."""
    return silent if mapping.merge in ("update", "replace") and not mapping.execute_once else None


def _first(errors: list[Diagnostic]) -> str:
    return str(errors[0]) if errors else "the expression cannot be parsed"


def _constant(text: str, target: AttributeType | None) -> Result:
    """A constant in the type of the attribute that it flows into; text where it does not fit."""
    if target is not None and target.syntax is Syntax.BOOLEAN and text.casefold() in ("true", "false"):
        return text.casefold() == "true"
    if target is not None and target.syntax is Syntax.INTEGER:
        try:
            return int(text)
        except ValueError:
            return text
    return text
