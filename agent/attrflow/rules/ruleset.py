"""Rules that stand together: in order of precedence, by connector and type, with one text and one hash.

The text is what the store keeps once per run (DECISIONS 15): reading it back gives the same rules. It
holds everything that a rule says and nothing of where it was read. What a rule's expressions read is
`reading`; whether its attributes exist is `lint`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from attrflow.model.configuration import ConnectorConfiguration
from attrflow.model.diagnostics import Diagnostic
from attrflow.rules.document import read_rules, write_rules
from attrflow.rules.positions import Finding, placed, suggestion
from attrflow.rules.rule import ANY_TYPE, Rule

__all__ = ["RuleSet", "build", "join_attributes", "read_ruleset"]


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All rules of a project, sorted by (precedence, id); made by `RuleSet.of` or `build`."""

    rules: tuple[Rule, ...]
    hash: str
    """SHA-256 of `text`, in hexadecimal: equal hashes are equal rules."""
    text: str = field(repr=False)
    _by_id: Mapping[str, Rule] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_id", {rule.id: rule for rule in self.rules})

    @staticmethod
    def of(rules: Iterable[Rule]) -> RuleSet:
        """The set of these rules, whose ids must differ (`build` sees to it)."""
        ordered = tuple(sorted(rules, key=lambda rule: (rule.precedence, rule.id)))
        assert len({rule.id for rule in ordered}) == len(ordered), "two rules of one id: use build()"
        text = write_rules(ordered)
        return RuleSet(ordered, hashlib.sha256(text.encode("utf-8")).hexdigest(), text)

    def rule(self, id_: str) -> Rule | None:
        """The rule of that id (disabled ones too), or None."""
        return self._by_id.get(id_)

    def inbound(self, connector: str, object_type: str) -> tuple[Rule, ...]:
        """The enabled inbound rules for objects of that type of a connector, by precedence."""
        folded = object_type.casefold()
        return tuple(
            rule
            for rule in self.rules
            if rule.direction == "inbound"
            and rule.connector == connector
            and not rule.disabled
            and (rule.source_type == ANY_TYPE or rule.source_type.casefold() == folded)
        )

    def outbound(self, connector: str) -> tuple[Rule, ...]:
        """The enabled outbound rules of a connector for all metaverse types, by precedence."""
        return tuple(
            rule
            for rule in self.rules
            if rule.direction == "outbound" and rule.connector == connector and not rule.disabled
        )

    def connectors(self) -> tuple[str, ...]:
        """The names of all connectors that a rule belongs to, sorted."""
        return tuple(sorted({rule.connector for rule in self.rules}))


def build(
    rules: Iterable[Rule],
    *,
    connectors: Collection[str] | None = None,
    texts: Mapping[str, str] | None = None,
) -> tuple[RuleSet, tuple[Diagnostic, ...]]:
    """The rule set, and what is wrong with how the rules stand together.

    Of rules with one id the first is kept (error `duplicate-id`). Rules of one precedence are all kept
    and ordered by id (warning `precedence-tie`; saving such a set is refused elsewhere). With
    `connectors` given, a rule of another one is the error `unknown-connector`. `texts` are the rule
    files' texts by name, to give the findings their lines.
    """
    kept: dict[str, Rule] = {}
    told: list[Diagnostic] = []

    def tell(rule: Rule, finding: Finding) -> None:
        told.extend(placed([finding], (texts or {}).get(rule.file or ""), rule.file))

    for rule in rules:
        first = kept.setdefault(rule.id, rule)
        if first is not rule:
            message = f"rule {rule.name!r} has the id of {_where(first)}"
            tell(rule, Finding(("id",), "duplicate-id", message, help="give the copy an id of its own"))
        if connectors is not None and rule.connector not in connectors:
            near = suggestion(rule.connector, connectors)
            known = near or ("the connectors are " + ", ".join(connectors) if connectors else "there is none yet")
            message = f"rule {rule.name!r} belongs to the connector {rule.connector!r}, which is unknown"
            tell(rule, Finding(("connector",), "unknown-connector", message, help=known))
    result = RuleSet.of(kept.values())
    for before, after in zip(result.rules, result.rules[1:], strict=False):
        if before.precedence == after.precedence:
            message = f"rule {after.name!r} has precedence {after.precedence} like {_where(before)}"
            more = "the lower id goes first until one of them has another number"
            tell(after, Finding(("precedence",), "precedence-tie", message, "warning", more))
    return result, tuple(told)


def read_ruleset(text: str) -> RuleSet:
    """The rule set of a text that `RuleSet.text` gave.

    Raises:
        ValueError: the text is not one that a rule set wrote; the message names the first fault.
    """
    rules, diagnostics = read_rules(text)
    if diagnostics:
        raise ValueError(f"not a stored rule set: {diagnostics[0]}")
    return RuleSet.of(rules)


def join_attributes(
    ruleset: RuleSet, connectors: Iterable[ConnectorConfiguration] = ()
) -> tuple[dict[str, frozenset[str]], frozenset[str]]:
    """What joins of enabled rules search: connector-space attributes by connector, and metaverse attributes.

    An inbound join searches the metaverse, an outbound one a connector space; the other side is only read.
    Attributes by which references of `connectors` name their targets are searched as well. For the store's
    index (DECISIONS 17).
    """
    cs: dict[str, set[str]] = {c.name: set(c.reference_by.values()) for c in connectors if c.reference_by}
    mv: set[str] = set()
    for rule in ruleset.rules:
        if rule.disabled:
            continue
        for group in rule.join:
            if rule.direction == "inbound":
                mv.update(clause.mv for clause in group)
            else:
                cs.setdefault(rule.connector, set()).update(clause.cs for clause in group)
    return {name: frozenset(found) for name, found in sorted(cs.items())}, frozenset(mv)


def _where(rule: Rule) -> str:
    return f"{rule.name!r} ({rule.file})" if rule.file else repr(rule.name)
