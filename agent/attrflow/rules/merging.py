"""A default rule in three versions: as the project got it, as the project has it, as the library has it now.

What only one side changed is taken from that side; where both changed the same thing differently, the project's
stays and the conflict is told. Flows are merged one destination at a time, scope and join as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from attrflow.rules.document import read_rule
from attrflow.rules.editing import removed, with_flag, with_text, with_value
from attrflow.rules.rule import AttributeMapping, Rule
from attrflow.rules.writing import write_flows, write_rule

__all__ = ["Merged", "merge_rules", "rewritten"]

_WHOLE: Final = ("name", "description", "source_type", "target_type", "link", "scope", "join", "password_sync")


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of a rule."""

    rule: Rule
    taken: tuple[str, ...]
    """What was taken from the library: `scope`, `flow to mail` …"""
    conflicts: tuple[str, ...]
    """What both changed, so that the project's stayed."""


def merge_rules(base: Rule, ours: Rule, theirs: Rule) -> Merged:
    """The project's rule with what the library changed; its id, number, file and whether it is disabled stay."""
    taken: list[str] = []
    conflicts: list[str] = []

    def decide(what: str, old: Any, mine: Any, new: Any) -> Any:
        if new in (old, mine):
            return mine
        if mine == old:
            taken.append(what)
            return new
        conflicts.append(what)
        return mine

    fields: dict[str, Any] = {
        name: decide(name.replace("_", "-"), getattr(base, name), getattr(ours, name), getattr(theirs, name))
        for name in _WHOLE
    }
    flows: list[AttributeMapping] = []
    for destination in dict.fromkeys(m.destination for rule in (theirs, ours) for m in rule.mappings):
        old, mine, new = (_flows(rule, destination) for rule in (base, ours, theirs))
        flows += decide(f"flow to {destination}", old, mine, new)
    rule = replace(ours, **fields, mappings=tuple(flows), tag=theirs.tag, library=theirs.library)
    return Merged(rule, tuple(taken), tuple(conflicts))


def _flows(rule: Rule, destination: str) -> tuple[AttributeMapping, ...]:
    return tuple(mapping for mapping in rule.mappings if mapping.destination == destination)


def rewritten(text: str, before: Rule, after: Rule) -> str:
    """The text of `before`, changed where `after` differs, so that comments survive.

    Where that cannot be done by changing single keys, the rule is written anew, without comments.
    """
    texts = {
        "name": after.name,
        "link": after.link,
        "source-type": after.source_type,
        "target-type": after.target_type,
        "tag": after.tag or "",
        "library": after.library or "",
    }
    edited = text
    for key, value in texts.items():
        edited = with_text(edited, key, value) if value else edited
    edited = with_flag(edited, "disabled", value=after.disabled)
    edited = _with_flows(edited, before, after)
    read, diagnostics = read_rule(edited, after.file)
    return edited if read == after and not diagnostics else write_rule(after)


def _with_flows(text: str, before: Rule, after: Rule) -> str:
    if not before.mappings:
        return text  # there is no table yet, so that the rule is written anew
    previous: tuple[str, ...] = ("flows",)
    for destination in dict.fromkeys(mapping.destination for mapping in after.mappings):
        path = ("flows", destination)
        new = _flows(after, destination)
        if new != _flows(before, destination):
            text = with_value(text, path, write_flows(list(new)), previous)
        previous = path
    kept = {mapping.destination for mapping in after.mappings}
    for destination in dict.fromkeys(m.destination for m in before.mappings if m.destination not in kept):
        text = removed(text, ("flows", destination))
    return text
