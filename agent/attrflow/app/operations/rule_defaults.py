"""Operations on a project's default rules: how they stand to the library, one put back, all brought up to date."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from attrflow.app.default_rules import default_rules_of
from attrflow.app.library_bases import base_of
from attrflow.app.rulebook import Rulebook, open_rulebook
from attrflow.app.rulebook_edits import RuleEdits, RulesChangeDocument
from attrflow.app.shapes import shape
from attrflow.model.errors import Ambiguous, NotFound
from attrflow.rules.merging import merge_rules, rewritten
from attrflow.rules.numbering import number_after
from attrflow.rules.rule import Rule
from attrflow.rules.selecting import named_rules, near_names
from attrflow.rules.template import content_hash, is_edited

__all__ = ["DefaultRow", "RulesStatusDocument", "restore_lost", "restore_rule", "rules_status", "upgrade_rules"]

State = Literal["as-shipped", "changed", "outdated", "changed-outdated", "imported", "lost", "left-over"]
"""As the library has it now; edited in place; the library has it otherwise now; both; from a customer's export;
not there; there, though the features do not ask for it."""


@dataclass(frozen=True, slots=True)
class DefaultRow:
    """One default rule."""

    rule: str
    connector: str
    state: State
    disabled: bool
    cloned_as: str | None
    """The project's own rule that stands in for it."""
    precedence: int | None
    file: str | None


@dataclass(frozen=True, slots=True)
class RulesStatusDocument:
    """Every default rule that the project has or should have."""

    rules: list[DefaultRow]
    states: dict[str, int]
    own: int
    """Rules of the project's own, which the library knows nothing of."""


shape("rules-status", RulesStatusDocument)


def rules_status(folder: Path) -> RulesStatusDocument:
    """How the default rules of a project stand to the library.

    Raises:
        SettingsError: the settings or the rules are wrong.
    """
    book = open_rulebook(folder)
    rows = [_row(book, wanted, found) for wanted, found in _pairs(book)]
    known = {found.id for _, found in _pairs(book) if found is not None}
    states: Counter[str] = Counter(row.state for row in rows)
    return RulesStatusDocument(rows, dict(states), sum(rule.id not in known for rule in book.ruleset.rules))


def restore_rule(folder: Path, name: str, connector: str | None = None) -> RulesChangeDocument:
    """Put one default rule back as the library has it, enabled; one that is there keeps its number and file.

    Raises:
        NotFound: the library has no such rule for this project; Ambiguous: several; SettingsError: as
            `RuleEdits.save`.
    """
    book = open_rulebook(folder)
    if connector is not None:
        book.require_connector(connector)
    pairs = [(w, f) for w, f in _pairs(book) if w is not None and connector in (None, w.connector)]
    wanted, found = _named(pairs, name)
    edits = RuleEdits(book)
    if found is not None:
        back = replace(wanted, precedence=found.precedence, file=found.file)
        if back == found:
            edits.tell("kept", found, "it is as the library has it")
            return edits.save()
        edits.put(found, rewritten(edits.text(found), found, back))
        edits.tell("restored", found)
    else:
        number = _number(edits, wanted)
        back = replace(wanted, precedence=number)
        edits.tell("restored", back, f"precedence {number}", file=edits.add(back))
    return edits.save()


def restore_lost(folder: Path) -> RulesChangeDocument:
    """Put back every default rule that is missing, as after a feature was switched on; errors as `restore_rule`."""
    lost = [row for row in rules_status(folder).rules if row.state == "lost"]
    done = [restore_rule(folder, row.rule, row.connector) for row in lost]
    return RulesChangeDocument(
        [change for document in done for change in document.changes],
        [] if lost else ["No default rule is missing."],
        sorted({connector for document in done for connector in document.full_sync}),
    )


def upgrade_rules(folder: Path, *, dry_run: bool = False) -> RulesChangeDocument:
    """Bring the default rules to what the library and the features say now.

    A rule as shipped is replaced, one that was edited is merged: what only the library changed is taken, what
    both changed stays and is told. Rules that are missing are not brought back (`restore_rule`), those that the
    features no longer ask for are not taken away.

    Raises:
        SettingsError: the settings or the rules are wrong, or as `RuleEdits.save`.
    """
    book = open_rulebook(folder)
    edits = RuleEdits(book)
    for wanted, found in _pairs(book):
        if wanted is None or found is None or found.library is None or not _is_outdated(wanted, found):
            continue
        base = base_of(found, book.settings.features) if is_edited(found) else found
        if base is None:
            detail = "it was changed here, and the version it came from is not known: clone it, then restore it"
            edits.tell("kept", found, detail)
            continue
        merged = merge_rules(base, found, wanted)
        edits.put(found, rewritten(edits.text(found), found, merged.rule))
        edits.tell("upgraded", found, _said(merged.taken, merged.conflicts))
    missing = [w.name for w, f in _pairs(book) if w is not None and f is None]
    if missing:
        many = f"{len(missing)} default rules are missing, such as {missing[0]!r}"
        edits.notes.append(f"{many}; `attrflow rules restore --lost` brings them back.")
    if not edits.changes:
        edits.notes.append("Every default rule that is there is as the library has it, or changed here alone.")
    return edits.proved() if dry_run else edits.save()


def _said(taken: tuple[str, ...], conflicts: tuple[str, ...]) -> str:
    words = [f"taken from the library: {', '.join(taken)}"] if taken else []
    words += [f"changed on both sides, so that this project's stayed: {', '.join(conflicts)}"] if conflicts else []
    return "; ".join(words) or "only its mark changed"


def _pairs(book: Rulebook) -> list[tuple[Rule | None, Rule | None]]:
    """What the library has for this project beside what is there, in the library's order; left-overs last."""
    wanted = default_rules_of(book.settings)
    there = book.as_written()
    by_id = {rule.id: rule for rule in there}
    imported = {(r.connector, r.direction, r.name.casefold()): r for r in there if r.library is None and r.is_default}
    pairs: list[tuple[Rule | None, Rule | None]] = []
    used: set[str] = set()
    for rule in wanted:
        found = by_id.get(rule.id) or imported.get((rule.connector, rule.direction, rule.name.casefold()))
        pairs.append((rule, found))
        used |= {found.id} if found is not None else set()
    pairs += [(None, r) for r in there if r.id not in used and r.is_default]
    return pairs


def _is_outdated(wanted: Rule, found: Rule) -> bool:
    return (found.library or "").rpartition("#")[2] != content_hash(wanted)


def _row(book: Rulebook, wanted: Rule | None, found: Rule | None) -> DefaultRow:
    if found is None:
        assert wanted is not None, "a pair has at least one rule"
        return DefaultRow(wanted.name, wanted.connector, "lost", False, _clone(book, wanted), None, None)  # noqa: FBT003 - a field in its place
    if found.library is None:
        state: State = "imported"
    elif wanted is None:
        state = "left-over"
    elif is_edited(found):
        state = "changed-outdated" if _is_outdated(wanted, found) else "changed"
    else:
        state = "outdated" if _is_outdated(wanted, found) else "as-shipped"
    clone = _clone(book, found) if found.disabled else None
    return DefaultRow(found.name, found.connector, state, found.disabled, clone, found.precedence, found.file)


def _clone(book: Rulebook, rule: Rule) -> str | None:
    """An enabled rule of one's own that begins with the default rule's name, or flows nearly the same."""
    flows = {(m.destination.casefold(), m.source) for m in rule.mappings}
    for other in book.ruleset.rules:
        same = (other.direction, other.connector, other.link) == (rule.direction, rule.connector, rule.link)
        types = (other.source_type, other.target_type) == (rule.source_type, rule.target_type)
        if other.disabled or other.library is not None or other.id == rule.id or not (same and types):
            continue
        shared = len(flows & {(m.destination.casefold(), m.source) for m in other.mappings})
        if other.name.casefold().startswith(rule.name.casefold()) or (flows and shared * 5 >= len(flows) * 4):
            return other.name
    return None


def _named(pairs: list[tuple[Rule, Rule | None]], name: str) -> tuple[Rule, Rule | None]:
    """The pair that a name stands for: by the rule that is there where there is one, else by the library's."""
    # A missing rule has no number to be called by: its library number may be another's here.
    handles = [found if found is not None else replace(wanted, precedence=-1) for wanted, found in pairs]
    chosen = {handle.id for handle in named_rules(handles, name)}
    fitting = [pair for pair, handle in zip(pairs, handles, strict=True) if handle.id in chosen]
    if not fitting:
        near = near_names((w for w, _ in pairs), name) or "`attrflow rules status` shows them all"
        raise NotFound(f"There is no default rule {name!r}.", help=near[0].upper() + near[1:])
    if len(fitting) > 1:
        lines = [f"{wanted.name} ({wanted.connector})" for wanted, _ in fitting]
        raise Ambiguous(
            f"{len(fitting)} default rules fit {name!r}.", lines, help="Say its whole name, or --connector."
        )
    return fitting[0]


def _number(edits: RuleEdits, wanted: Rule) -> int:
    """Its own number where that is free; else right behind the nearest default rule before it that is there."""
    rules = edits.book.ruleset.rules
    if wanted.precedence not in {rule.precedence for rule in rules}:
        return wanted.precedence
    before = None
    for other, found in _pairs(edits.book):
        if other is not None and other.id == wanted.id:
            break
        before = found or before
    if before is None:
        return 1 + max(rule.precedence for rule in rules)
    number, pushed = number_after(rules, None, before)
    edits.renumber(pushed)
    return number
