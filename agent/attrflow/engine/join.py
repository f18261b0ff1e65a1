"""Join: finding the one object on the other side that an unlinked object belongs to (behaviour.md §3.2).

Groups are tried top to bottom; the first that finds exactly one candidate decides. Without a value
on either side nothing matches; of a multi-valued attribute any value may match.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from attrflow.engine.account import Account
from attrflow.engine.plan import ObjectFailure
from attrflow.engine.program import CompiledRule
from attrflow.engine.reading import Reading
from attrflow.engine.working_set import WorkingSet
from attrflow.events import JoinTried
from attrflow.model.configuration import EngineOptions
from attrflow.model.connector_space import export_hologram
from attrflow.model.values import Values, folded
from attrflow.rules.rule import ANY_TYPE, JoinGroup

__all__ = ["Match", "find_connector_object", "find_metaverse_object", "has_join_value", "joining_values"]


@dataclass(frozen=True, slots=True)
class Match:
    """The object that was found, and the rule that found it."""

    target: int
    rule: CompiledRule


Search = Callable[[CompiledRule, JoinGroup], tuple[int, ...]]


def has_join_value(rule: CompiledRule, reading: Reading) -> bool:
    """Whether at least one join attribute has a value: what projection asks for (documented)."""
    return any(any(value != "" for value in reading.values(clause.cs)) for group in rule.rule.join for clause in group)


def find_metaverse_object(
    rules: Iterable[CompiledRule],
    reading: Reading,
    working: WorkingSet,
    options: EngineOptions,
    account: Account | None,
) -> Match | None:
    """The metaverse object that inbound rules in scope join to.

    Raises:
        ObjectFailure: two rules find different objects.
    """

    def search(rule: CompiledRule, group: JoinGroup) -> tuple[int, ...]:
        type_ = None if rule.rule.target_type == ANY_TYPE else rule.rule.target_type
        found: set[int] | None = None
        for clause in group:
            values = joining_values(reading.values(clause.cs), options)
            here: set[int] = set()
            for value in values:
                for mv_id in working.mv_by_value(type_, clause.mv, folded(value)):
                    mvo = working.mv(mv_id)
                    stored = mvo.attributes.get(clause.mv) if mvo is not None else None
                    if not clause.case_sensitive or (stored is not None and value in stored.values):
                        here.add(mv_id)
            found = here if found is None else found & here
            if not found:
                return ()
        return tuple(sorted(found or ()))

    return _first_match(rules, search, reading, account, inbound=True)


def find_connector_object(
    rules: Iterable[CompiledRule],
    reading: Reading,
    working: WorkingSet,
    connector: str,
    options: EngineOptions,
    account: Account | None,
) -> Match | None:
    """The connector-space object that outbound rules in scope join the metaverse object to; errors as above.

    An object whose delete is staged is not a candidate (behaviour.md §3.7).
    """

    def search(rule: CompiledRule, group: JoinGroup) -> tuple[int, ...]:
        found: set[int] | None = None
        for clause in group:
            values = joining_values(reading.values(clause.mv), options)
            here: set[int] = set()
            for value in values:
                for cs_id in working.cs_by_value(connector, rule.rule.target_type, clause.cs, folded(value)):
                    cso = working.cs(cs_id)
                    if cso is None or (cso.link is None and cso.state == "explicit"):
                        continue
                    if cso.unapplied is not None and cso.unapplied.operation == "delete":
                        continue
                    stored = export_hologram(cso).attributes.get(clause.cs, ())
                    if not clause.case_sensitive or value in stored:
                        here.add(cs_id)
            found = here if found is None else found & here
            if not found:
                return ()
        return tuple(sorted(found or ()))

    return _first_match(rules, search, reading, account, inbound=False)


def joining_values(values: Values, options: EngineOptions) -> Values:
    """The values that a join compares: an empty text is none, and of several any may match, or none (OPEN-4)."""
    present = tuple(value for value in values if value != "")
    return present if options.join_on_any_value or len(present) == 1 else ()


def _first_match(
    rules: Iterable[CompiledRule], search: Search, reading: Reading, account: Account | None, *, inbound: bool
) -> Match | None:
    matches: list[Match] = []
    for rule in rules:
        for number, group in enumerate(rule.rule.join, start=1):
            candidates = search(rule, group)
            if account is not None:
                account.note(
                    JoinTried,
                    direction="inbound" if inbound else "outbound",
                    rule_id=rule.rule.id,
                    group=number,
                    searched=tuple((c.cs, c.mv, _searched(reading, c.cs if inbound else c.mv)) for c in group),
                    candidates=candidates,
                )
            if len(candidates) == 1:
                matches.append(Match(candidates[0], rule))
                break
    if not matches:
        return None
    if len({match.target for match in matches}) > 1:
        names = ", ".join(f"{m.rule.rule.name} finds #{m.target}" for m in matches)
        raise ObjectFailure(
            "ambiguous-import-flow-from-multiple-connectors",
            "join/projection",
            f"rules join the object to different objects: {names}; let one rule join it",
            rule_id=matches[0].rule.rule.id,
        )
    return matches[0]


def _searched(reading: Reading, attribute: str) -> Values:
    return reading.values(attribute)
