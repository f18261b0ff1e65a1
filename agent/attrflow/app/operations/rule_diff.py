"""The operation behind `rules diff`: two configurations of any kind that can be read, compared by meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from attrflow.app.imported import read_exports
from attrflow.app.operations.failing import DiagnosticDocument, diagnostic_document
from attrflow.app.project import load_rules, read_schemas, texts_of
from attrflow.app.settings import SETTINGS_FILE, load_settings
from attrflow.app.shapes import shape
from attrflow.model.diagnostics import Diagnostic
from attrflow.model.errors import NotFound, SettingsError
from attrflow.rules.comparing import Difference, RuleDifference, compare_sets
from attrflow.rules.document import read_rule
from attrflow.rules.matching import match_connectors, match_rules
from attrflow.rules.rule import Rule
from attrflow.rules.ruleset import build

__all__ = ["ChangeDocument", "DifferingRuleDocument", "RulesDiffDocument", "SideDocument", "diff_rules"]

_LONG = 60
_CONTEXT = 24


@dataclass(frozen=True, slots=True)
class ChangeDocument:
    """One thing that two rules say differently; None where a side has nothing."""

    what: str
    attribute: str | None
    before: str | None
    after: str | None
    words: str


@dataclass(frozen=True, slots=True)
class DifferingRuleDocument:
    """A rule that only one side has, or that both have and say differently."""

    rule: str
    connector: str
    change: Literal["added", "removed", "changed"]
    words: str
    precedence_before: int | None
    precedence_after: int | None
    file_before: str | None
    file_after: str | None
    changes: list[ChangeDocument] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class SideDocument:
    """One of the two configurations."""

    path: str
    rules: int
    findings: list[DiagnosticDocument] = field(default_factory=list)
    """Errors and warnings of reading it: what could not be read cannot be compared."""


@dataclass(frozen=True, slots=True)
class RulesDiffDocument:
    """What two configurations say differently."""

    left: SideDocument
    right: SideDocument
    same: bool
    rules: list[DifferingRuleDocument]
    unchanged: int
    """Rules that both have and that mean the same."""
    renumbered: int
    """Those of them whose number differs, which changes nothing while their order is the same."""
    connectors: dict[str, str]
    """Connectors that the sides call differently: first by its name left, then right."""


shape("rules-diff", RulesDiffDocument)


def diff_rules(left: Path, right: Path, names: Mapping[str, str] | None = None) -> RulesDiffDocument:
    """Compare two projects, folders of rule files, or exports that `rules import` reads.

    Args:
        left: the first.
        right: the second.
        names: names for connectors of exports, by what the exports call them.

    Raises:
        NotFound: a path is not there, or holds no rules; SettingsError: it holds rules that cannot be read.
    """
    one, one_told = _side(left, names or {})
    other, other_told = _side(right, names or {})
    connectors = match_connectors(one, other)
    pairs = match_rules(one, other, connectors)
    found = compare_sets(one, other)
    differing = {d.left.id for d in found if d.left is not None and d.right is not None}
    same = [(a, b) for a, b in pairs if a.id not in differing]
    return RulesDiffDocument(
        _side_document(left, one, one_told),
        _side_document(right, other, other_told),
        not found,
        [_rule(difference) for difference in found],
        len(same),
        sum(a.precedence != b.precedence for a, b in same),
        {a: b for a, b in connectors.items() if a != b},
    )


def _side(path: Path, names: Mapping[str, str]) -> tuple[list[Rule], list[Diagnostic]]:
    """The rules of one side by precedence, and what is wrong with it and does not keep it from being compared."""
    if not path.exists():
        raise NotFound(f"{path} is not there.", help="Name a project, a folder of rules, or an export.")
    if (path / SETTINGS_FILE).is_file():
        settings = load_settings(path)
        loaded = load_rules(settings, read_schemas(settings))
        return list(loaded.ruleset.rules), []
    if path.suffix.casefold() == ".toml" or (path.is_dir() and any(path.rglob("*.toml"))):
        return _files(path)
    exports = read_exports([path], names)
    if not exports.rules:
        raise NotFound(
            f"There are no rules in {path}.", help=f"`attrflow rules import {path}` says what was found in it."
        )
    ruleset, _ = build(imported.rule for imported in exports.rules)
    return list(ruleset.rules), [d for d in exports.findings if d.severity != "info"]


def _files(path: Path) -> tuple[list[Rule], list[Diagnostic]]:
    texts, told = texts_of(path, None)
    rules: list[Rule] = []
    for name, text in texts.items():
        rule, diagnostics = read_rule(text, name)
        told += (d for d in diagnostics if d.severity == "error")
        rules += [rule] if rule is not None else []
    if told:
        raise SettingsError(f"The rules of {path} cannot be compared.", told)
    ruleset, diagnostics = build(rules, texts=texts)
    return list(ruleset.rules), [d for d in diagnostics if d.severity == "error"]


def _side_document(path: Path, rules: list[Rule], told: list[Diagnostic]) -> SideDocument:
    return SideDocument(str(path), len(rules), [diagnostic_document(diagnostic) for diagnostic in told])


def _rule(difference: RuleDifference) -> DifferingRuleDocument:
    left, right = difference.left, difference.right
    shown = left or right
    assert shown is not None, "a difference is about a rule"
    changes = [_change(one) for one in difference.differences]
    if left is not None and right is not None:
        change: Literal["added", "removed", "changed"] = "changed"
        words = "; ".join(one.words for one in changes)
    else:
        change = "removed" if left is not None else "added"
        disabled = ", disabled" if shown.disabled else ""
        flows = f"{len(shown.mappings)} flow{'' if len(shown.mappings) == 1 else 's'}"
        side = "first" if left is not None else "second"
        words = f"only the {side} has it: {shown.link}, {shown.source_type} to {shown.target_type}, {flows}{disabled}"
    return DifferingRuleDocument(
        shown.name,
        shown.connector,
        change,
        words,
        left.precedence if left is not None else None,
        right.precedence if right is not None else None,
        left.file if left is not None else None,
        right.file if right is not None else None,
        changes,
    )


def _change(one: Difference) -> ChangeDocument:
    before, after = one.before, one.after
    what = f"flow to {one.attribute}" if one.attribute is not None else one.what
    if one.what in ("disabled", "password-sync"):
        words = {"disabled": ("disabled", "enabled"), "password-sync": ("password sync on", "password sync off")}
        said = words[one.what][0 if after == "yes" else 1]
    elif before is None:
        said = f"{what} added: {after}"
    elif after is None:
        said = f"{what} removed: {before}"
    else:
        short_before, short_after = _where_they_differ(before, after)
        said = f"{what} was {short_before}, is {short_after}"
    return ChangeDocument(one.what, one.attribute, before, after, said)


def _where_they_differ(before: str, after: str) -> tuple[str, str]:
    """Two texts, or of long ones the parts where they differ, with a few characters around."""
    if max(len(before), len(after)) <= _LONG:
        return before or '""', after or '""'
    start = next(
        (i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(len(before), len(after))
    )
    rest = min(len(before), len(after)) - start
    end = next((i for i in range(rest) if before[-1 - i] != after[-1 - i]), rest)
    first = max(0, start - _CONTEXT)

    def cut(text: str) -> str:
        last = min(len(text), len(text) - end + _CONTEXT)
        return f"{'…' if first else ''}{text[first:last]}{'…' if last < len(text) else ''}"

    return cut(before), cut(after)
