"""The work at hand: one object's synchronization, with all that its verbs need."""

from __future__ import annotations

from dataclasses import dataclass, field

from attrflow.engine.account import Account
from attrflow.engine.program import CompiledMapping, CompiledRule, Program
from attrflow.engine.reading import CSReading, Moment, MVReading, Reading
from attrflow.engine.scope import failing_clauses
from attrflow.engine.working_set import WorkingSet
from attrflow.events import ScopeTested
from attrflow.model.connector_space import AppliedRule, CSObject
from attrflow.model.metaverse import MVObject
from attrflow.rules.rule import ANY_TYPE

__all__ = ["Narrowed", "Work", "applied_ids", "applied_rules", "for_type", "provisioned_by"]

InScope = tuple[CompiledRule, ...]


@dataclass(frozen=True, slots=True)
class Narrowed:
    """A synchronization of what changed only (OPEN-16): the object at hand, and what an import changed of it."""

    cs_id: int
    connector: str
    names: frozenset[str]
    before: MVObject
    """The metaverse object as the synchronization found it."""

    def concerns(self, cs_id: int, mapping: CompiledMapping) -> bool:
        """Whether a mapping of that object reads what changed."""
        return cs_id == self.cs_id and not self.names.isdisjoint(mapping.reads)

    def changed_in(self, mvo: MVObject) -> frozenset[str]:
        """The metaverse attributes that this synchronization changed."""
        before = self.before
        names = {n for n in (*before.attributes, *mvo.attributes) if before.attributes.get(n) != mvo.attributes.get(n)}
        names |= {n for n in (*before.references, *mvo.references) if before.references.get(n) != mvo.references.get(n)}
        return frozenset(names)


@dataclass(slots=True)
class Work:
    """The working set (a fork for this object), the program, the moment, and who listens."""

    working: WorkingSet
    program: Program
    moment: Moment
    account: Account | None = None
    counters: list[str] = field(default_factory=list)
    narrow: bool = False
    """Whether this synchronization evaluates only what changed, where it knows what did (OPEN-16)."""
    narrowed: Narrowed | None = None
    may_join: bool = False
    """Whether a Join rule to some connector is in scope that found nothing, and so may find something later."""
    kept: WorkingSet | None = None
    """What stays when an outbound rule fails and the option says that the inbound result is kept (OPEN-18)."""

    def cs_reading(self, cso: CSObject) -> CSReading:
        """The object as inbound rules read it."""
        program = self.program
        return CSReading(
            cso,
            program.cs_type(cso.connector, cso.object_type),
            program.parameters(cso.connector, cso.partition),
            self.moment,
            self.working,
        )

    def mv_reading(self, mvo: MVObject, connector: str) -> MVReading:
        """The object as outbound rules to a connector read it."""
        program = self.program
        return MVReading(mvo, program.mv_type(mvo.object_type), program.parameters(connector), self.moment)

    def inbound_scope(self, cso: CSObject, reading: CSReading, *, told: bool = True) -> tuple[CompiledRule, ...]:
        """The inbound rules in scope of a connector-space object, in precedence order."""
        rules = self.program.inbound(cso.connector, cso.object_type or "")
        account = self.account.about(cso.id, cso.connector) if self.account is not None and told else None
        return self._in_scope(rules, reading, account)

    def flowing_scope(self, cso: CSObject, reading: CSReading, mv_type: str, *, told: bool = True) -> InScope:
        """Of the inbound rules in scope those for the type of metaverse object that the object is linked to."""
        return for_type(self.inbound_scope(cso, reading, told=told), mv_type)

    def outbound_scope(self, mvo: MVObject, connector: str, reading: MVReading) -> tuple[CompiledRule, ...]:
        """The outbound rules to one connector in scope of a metaverse object, in precedence order."""
        rules = self.program.outbound(connector, mvo.object_type)
        account = self.account.about(mvo.id, connector) if self.account is not None else None
        return self._in_scope(rules, reading, account)

    def _in_scope(
        self, rules: tuple[CompiledRule, ...], reading: Reading, account: Account | None
    ) -> tuple[CompiledRule, ...]:
        found = []
        for compiled in rules:
            rule = compiled.rule
            inside = not rule.disabled and compiled.in_scope(reading)
            if inside:
                found.append(compiled)
            if account is not None:
                failing = () if inside or rule.disabled else failing_clauses(rule.scope, reading, self.program.options)
                account.note(
                    ScopeTested,
                    direction=rule.direction,
                    rule_id=rule.id,
                    in_scope=inside,
                    failing=failing,
                    disabled=rule.disabled,
                )
        return tuple(found)


def for_type(rules: InScope, mv_type: str) -> InScope:
    """The inbound rules that may flow into a metaverse object of that type."""
    return tuple(rule for rule in rules if rule.rule.target_type in (ANY_TYPE, mv_type))


def applied_rules(cso: CSObject) -> tuple[AppliedRule, ...]:
    """The rules that were in scope at the object's last committed sync."""
    return tuple(AppliedRule.parse(text) for text in cso.applied_rules)


def applied_ids(cso: CSObject, direction: str) -> tuple[str, ...]:
    """The ids of the applied rules of one direction, in precedence order."""
    return tuple(rule.id for rule in applied_rules(cso) if rule.direction == direction)


def provisioned_by(cso: CSObject) -> AppliedRule | None:
    """The outbound Provision rule that was applied to the object, if any: it decides about deletes."""
    return next((r for r in applied_rules(cso) if r.direction == "outbound" and r.link == "provision"), None)
