"""The work at hand: one object's synchronization, with all that its verbs need."""

from __future__ import annotations

from dataclasses import dataclass, field

from attrflow.engine.account import Account
from attrflow.engine.program import CompiledRule, Program
from attrflow.engine.reading import CSReading, Moment, MVReading, Reading
from attrflow.engine.scope import failing_clauses
from attrflow.engine.working_set import WorkingSet
from attrflow.events import ScopeTested
from attrflow.model.connector_space import AppliedRule, CSObject
from attrflow.model.metaverse import MVObject

__all__ = ["Work", "applied_rules", "provisioned_by"]


@dataclass(slots=True)
class Work:
    """The working set (a fork for this object), the program, the moment, and who listens."""

    working: WorkingSet
    program: Program
    moment: Moment
    account: Account | None = None
    counters: list[str] = field(default_factory=list)

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


def applied_rules(cso: CSObject) -> tuple[AppliedRule, ...]:
    """The rules that were in scope at the object's last committed sync."""
    return tuple(AppliedRule.parse(text) for text in cso.applied_rules)


def provisioned_by(cso: CSObject) -> AppliedRule | None:
    """The outbound Provision rule that was applied to the object, if any: it decides about deletes."""
    return next((r for r in applied_rules(cso) if r.direction == "outbound" and r.link == "provision"), None)
