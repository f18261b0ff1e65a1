"""Operations that change rules in their files: clone, disable, enable, set the precedence."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass, replace
from pathlib import Path

from attrflow.app.rulebook import Rulebook, open_rulebook
from attrflow.app.rulebook_edits import RuleEdits, RulesChangeDocument
from attrflow.model.errors import SettingsError
from attrflow.rules.editing import removed, with_flag, with_number, with_text
from attrflow.rules.numbering import LAST_OWN, free_own_number, number_after, number_before
from attrflow.rules.rule import Rule
from attrflow.rules.template import FIRST_PRECEDENCE

__all__ = ["ANYWHERE", "Place", "clone_rule", "disable_rule", "enable_rule", "new_guid", "place_in", "set_precedence"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a rule is to stand: at a number, or right before or after another rule; at most one is given."""

    number: int | None = None
    before: str | None = None
    after: str | None = None

    def __post_init__(self) -> None:
        if sum(given is not None for given in (self.number, self.before, self.after)) > 1:
            raise SettingsError("A rule can stand in one place only", help="Say a number, --before or --after.")

    @property
    def is_said(self) -> bool:
        """Whether a place was named at all."""
        return (self.number, self.before, self.after) != (None, None, None)


ANYWHERE = Place()
"""No place named: the highest free number from 0 to 99."""


def new_guid() -> str:
    """A random GUID for a rule of one's own."""
    return str(uuid.UUID(int=random.SystemRandom().getrandbits(128), version=4))


def place_in(edits: RuleEdits, place: Place, moved: Rule | None = None) -> int:
    """The number of that place; rules that must make room are renumbered in the edits.

    Without a place it is the highest free one from 0 to 99, as rules of one's own have in the product.

    Raises:
        SettingsError: the number is taken, or none from 0 to 99 is free; NotFound, Ambiguous: as `Rulebook.rule`.
    """
    book = edits.book
    id_ = moved.id if moved is not None else None
    if place.number is not None:
        holder = next((r for r in book.ruleset.rules if r.precedence == place.number and r.id != id_), None)
        if holder is not None:
            raise SettingsError(
                f"Precedence {place.number} is taken by {holder.name!r}.",
                help=f"To put it there and move the others: --before {holder.precedence}.",
            )
        return place.number
    if place.before is not None or place.after is not None:
        other = book.rule(place.before if place.before is not None else place.after or "")
        if other.id == id_:
            raise SettingsError("A rule cannot stand before or after itself")
        numbering = number_before if place.before is not None else number_after
        number, pushed = numbering(book.ruleset.rules, id_, other)
        edits.renumber(pushed)
        return number
    free = free_own_number(book.ruleset.rules)
    if free is None:
        raise SettingsError(
            f"Every precedence from 0 to {LAST_OWN} is taken.", help="Say where it goes: --before or --after a rule."
        )
    return free


def disable_rule(folder: Path, name: str, connector: str | None = None) -> RulesChangeDocument:
    """Disable a rule; its file gets `disabled = true` and stays as it is otherwise.

    Raises:
        NotFound, Ambiguous: as `Rulebook.rule`; SettingsError: as `RuleEdits.save`.
    """
    return _switch(folder, name, connector, disabled=True)


def enable_rule(folder: Path, name: str, connector: str | None = None) -> RulesChangeDocument:
    """Enable a rule; errors as `disable_rule`."""
    return _switch(folder, name, connector, disabled=False)


def _switch(folder: Path, name: str, connector: str | None, *, disabled: bool) -> RulesChangeDocument:
    edits = RuleEdits(open_rulebook(folder))
    rule = edits.book.rule(name, connector)
    if rule.disabled is disabled:
        edits.tell("kept", rule, f"it is {'disabled' if disabled else 'enabled'} already")
        return edits.save()
    edits.put(rule, with_flag(edits.text(rule), "disabled", value=disabled))
    edits.tell("disabled" if disabled else "enabled", rule)
    return edits.save()


def clone_rule(
    folder: Path, name: str, connector: str | None = None, *, new_name: str | None = None, place: Place = ANYWHERE
) -> RulesChangeDocument:
    """Copy a rule and disable the original, as the rule editor does when a default rule is to be edited.

    The copy is the project's own rule: enabled, with an id of its own, without the tag and library mark. Its
    file is the original's text, so that comments come along.

    Raises:
        NotFound, Ambiguous: as `Rulebook.rule`; SettingsError: as `place_in` and `RuleEdits.save`.
    """
    edits = RuleEdits(open_rulebook(folder))
    rule = edits.book.rule(name, connector)
    copy_name = new_name or _copy_name(edits.book, rule)
    number = place_in(edits, place)
    copy = replace(rule, id=new_guid(), name=copy_name, precedence=number, disabled=False, tag=None, library=None)
    text = edits.text(rule)
    for key in ("tag", "library", "disabled"):
        text = removed(text, (key,))
    text = with_text(text, "name", copy.name)
    text = with_text(text, "id", copy.id)
    text = with_number(text, "precedence", number)
    file = edits.add(copy, text)
    edits.tell("cloned", copy, f"from {rule.name!r}, precedence {number}", file=file)
    if not rule.disabled:
        edits.put(rule, with_flag(edits.text(rule), "disabled", value=True))
        edits.tell("disabled", rule)
    if not place.is_said and any(FIRST_PRECEDENCE <= r.precedence < rule.precedence for r in edits.book.ruleset.rules):
        edits.notes.append(
            f"The copy stands at {number}, before every default rule: what it flows wins over all of them. "
            f"`attrflow rules set precedence {number} --before {rule.precedence}` puts it where the original is."
        )
    return edits.save()


def set_precedence(folder: Path, name: str, connector: str | None, place: Place) -> RulesChangeDocument:
    """Give a rule another place in the order; others make room where they must.

    Raises:
        NotFound, Ambiguous: as `Rulebook.rule`; SettingsError: as `place_in` and `RuleEdits.save`.
    """
    if not place.is_said:
        raise SettingsError("Where to?", help="Say a number, --before RULE or --after RULE.")
    edits = RuleEdits(open_rulebook(folder))
    rule = edits.book.rule(name, connector)
    number = place_in(edits, place, rule)
    if number == rule.precedence and not edits.changes:
        edits.tell("kept", rule, f"it has precedence {number} already")
        return edits.save()
    edits.renumber({rule.id: number})
    return edits.save()


def _copy_name(book: Rulebook, rule: Rule) -> str:
    taken = {other.name.casefold() for other in book.ruleset.rules}
    name = f"{rule.name} - Cloned"
    number = 2
    while name.casefold() in taken:
        name = f"{rule.name} - Cloned {number}"
        number += 1
    return name
