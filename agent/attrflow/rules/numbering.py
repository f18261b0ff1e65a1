"""Precedence as numbers: where a rule may stand, and which others move when it is put between two.

Numbers are unique over the whole project and both directions. Putting a rule before or after another takes the
free number beside it where there is one; else the rules from there on move down by one, as far as the next gap
(documented as what the product does with a rule before which another is put).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from attrflow.rules.rule import Rule

__all__ = ["LAST_OWN", "free_own_number", "number_after", "number_before"]

LAST_OWN: Final = 99
"""Rules of one's own are numbered from 0 to here; the default rules begin behind it (documented)."""


def free_own_number(rules: Iterable[Rule]) -> int | None:
    """The highest number from 0 to 99 that no rule has; None when all are taken."""
    taken = {rule.precedence for rule in rules}
    return next((number for number in range(LAST_OWN, -1, -1) if number not in taken), None)


def number_before(rules: Iterable[Rule], moved: str | None, other: Rule) -> tuple[int, Mapping[str, int]]:
    """The number of a rule that goes right before `other`, and the new numbers of rules that make room, by id.

    Args:
        rules: all rules of the project.
        moved: the id of the rule that is put there; None for one that is not there yet.
        other: the rule that it goes before.
    """
    rest = [rule for rule in rules if rule.id != moved]
    taken = {rule.precedence for rule in rest}
    wanted = other.precedence - 1
    if wanted >= 0 and wanted not in taken and not _tied(rest, other):
        return wanted, {}
    return other.precedence, _pushed(rest, other.precedence)


def number_after(rules: Iterable[Rule], moved: str | None, other: Rule) -> tuple[int, Mapping[str, int]]:
    """As `number_before`, for a rule that goes right after `other`."""
    rest = [rule for rule in rules if rule.id != moved]
    wanted = other.precedence + 1
    if wanted not in {rule.precedence for rule in rest}:
        return wanted, {}
    return wanted, _pushed(rest, wanted)


def _tied(rules: list[Rule], other: Rule) -> bool:
    return sum(rule.precedence == other.precedence for rule in rules) > 1


def _pushed(rules: list[Rule], start: int) -> dict[str, int]:
    """New numbers of the rules from `start` on, so that `start` is free."""
    pushed: dict[str, int] = {}
    free = start + 1
    for rule in sorted((r for r in rules if r.precedence >= start), key=lambda r: (r.precedence, r.id)):
        if rule.precedence >= free:
            break
        pushed[rule.id] = free
        free += 1
    return pushed
