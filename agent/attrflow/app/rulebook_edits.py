"""Edits of a project's rule files, put together in memory, proved as a whole, and only then written.

A set of files that would not load, or in which an edit makes two rules equal in precedence, is refused before
anything is written (DECISIONS 12: a tie is refused on save).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from attrflow.app.library import rule_file_name
from attrflow.app.project import LoadedRules, rules_of_texts
from attrflow.app.rulebook import Rulebook
from attrflow.app.settings import read_settings
from attrflow.app.shapes import shape
from attrflow.model.errors import SettingsError
from attrflow.rules.editing import with_number
from attrflow.rules.rule import Rule
from attrflow.rules.ruleset import RuleSet
from attrflow.rules.writing import write_rule

__all__ = ["RuleChange", "RuleEdits", "RulesChangeDocument"]

Act = Literal["made", "cloned", "disabled", "enabled", "renumbered", "restored", "upgraded", "kept"]


@dataclass(frozen=True, slots=True)
class RuleChange:
    """What was done to one rule."""

    act: Act
    rule: str
    connector: str
    file: str
    detail: str | None = None
    """What exactly, in words, where the act does not say it all."""


@dataclass(frozen=True, slots=True)
class RulesChangeDocument:
    """What a command did to rule files."""

    changes: list[RuleChange]
    notes: list[str] = field(default_factory=list)
    """What is to be known about it."""
    full_sync: list[str] = field(default_factory=list)
    """Connectors that need a full synchronization for the change to reach objects that do not change."""


shape("rules-change", RulesChangeDocument)


class RuleEdits:
    """Files of a rulebook under change; nothing is written before `save`."""

    def __init__(self, book: Rulebook) -> None:
        self.book = book
        self.texts = dict(book.texts)
        self.settings_text: str | None = None
        """A new text of `attrflow.toml`, where the edit needs one."""
        self.changes: list[RuleChange] = []
        self.notes: list[str] = []
        self._touched: list[Rule] = []
        self._files = {rule.id: rule.file for rule in book.ruleset.rules if rule.file is not None}

    def tell(self, act: Act, rule: Rule, detail: str | None = None, *, file: str | None = None) -> None:
        """Keep what was done to a rule."""
        place = file or self._files.get(rule.id) or rule.file or ""
        self.changes.append(RuleChange(act, rule.name, rule.connector, place, detail))
        if act != "kept":
            self._touched.append(rule)

    def text(self, rule: Rule) -> str:
        """The text of a rule's file as it stands among the edits."""
        return self.texts[self._files[rule.id]]

    def put(self, rule: Rule, text: str) -> None:
        """The rule's file with this text."""
        self.texts[self._files[rule.id]] = text

    def add(self, rule: Rule, text: str | None = None) -> str:
        """A new rule in a file of its own; returns the file's name relative to the project.

        Raises:
            SettingsError: the connector has a rule of that name already, or the folder a file.
        """
        for other in self.book.ruleset.rules:
            if other.connector == rule.connector and other.name.casefold() == rule.name.casefold():
                raise SettingsError(
                    f"{rule.connector} has a rule {other.name!r} already.",
                    help="Give this one another name: commands, traces and reports name rules by it.",
                )
        file = self._file(rule)
        if file in self.texts or (self.book.settings.folder / file).exists():
            raise SettingsError(f"{file} is there already", help="Give the rule another name or number.")
        self.texts[file] = write_rule(rule) if text is None else text
        return file

    def renumber(self, numbers: Mapping[str, int]) -> None:
        """Give rules, by id, other numbers; a file named after its number is renamed with it."""
        moves: dict[str, str] = {}
        for id_, number in numbers.items():
            rule = self.book.ruleset.rule(id_)
            assert rule is not None, "only rules of this project are renumbered"
            here = self._files[id_]
            file = self._files[id_] = self._renamed(here, rule.precedence, number)
            moves[file] = with_number(self.texts.pop(here), "precedence", number)
            self.tell("renumbered", rule, f"{rule.precedence} is now {number}")
        self.texts |= moves

    def save(self) -> RulesChangeDocument:
        """Prove the new set and write what differs.

        Raises:
            SettingsError: the set would not load, or the change makes two rules equal in precedence; nothing is
                written then. Or a file cannot be written.
        """
        document = self.proved()
        try:
            self._write()
        except OSError as error:
            raise SettingsError(f"{error.filename} cannot be written: {error.strerror}") from error
        return document

    def proved(self) -> RulesChangeDocument:
        """What `save` would do, proved and not written; errors as `save`."""
        return RulesChangeDocument(self.changes, self.notes, self._full_sync(self._proved().ruleset))

    # -- files ------------------------------------------------------------------------------------

    def _file(self, rule: Rule) -> str:
        folder = self.book.settings.rules.relative_to(self.book.settings.folder)
        return str(folder / rule_file_name(rule))

    @staticmethod
    def _renamed(file: str, old: int, new: int) -> str:
        path = Path(file)
        if path.name.startswith(f"{old} "):
            path = path.with_name(f"{new} " + path.name.removeprefix(f"{old} "))
        return str(path)

    def _proved(self) -> LoadedRules:
        known = dict(self.book.schemas.connectors)
        settings = self.book.settings
        try:
            if self.settings_text is not None:
                settings = read_settings(self.settings_text, settings.folder)
            loaded = rules_of_texts(settings, known, self.texts)
        except SettingsError as error:
            raise SettingsError(
                f"Nothing was changed: {error.message[0].lower()}{error.message[1:]}", error.diagnostics
            ) from None
        before = Counter(rule.precedence for rule in self.book.ruleset.rules)
        for number, count in Counter(rule.precedence for rule in loaded.ruleset.rules).items():
            if count > max(1, before[number]):
                tied = [rule.name for rule in loaded.ruleset.rules if rule.precedence == number]
                raise SettingsError(
                    f"Nothing was changed: {' and '.join(map(repr, tied))} would both have precedence {number}.",
                    help="Choose a free number, or say --before or --after another rule.",
                )
        return loaded

    def _write(self) -> None:
        folder = self.book.settings.folder
        if self.settings_text is not None:
            _replace(self.book.settings.file, self.settings_text)
        for file, text in self.texts.items():
            if self.book.texts.get(file) != text:
                _replace(folder / file, text)
        # Only when every new text is there is an old one taken away.
        for file in self.book.texts.keys() - self.texts.keys():
            (folder / file).unlink()

    def _full_sync(self, ruleset: RuleSet) -> list[str]:
        """Inbound: the rule's connector. Outbound: every connector that projects the type (behaviour.md §3.6)."""
        needed: set[str] = set()
        for rule in self._touched:
            if rule.direction == "inbound":
                needed.add(rule.connector)
                continue
            needed |= {
                other.connector
                for other in ruleset.rules
                if other.direction == "inbound"
                and other.link == "provision"
                and other.target_type.casefold() == rule.source_type.casefold()
            }
        return sorted(needed)


def _replace(path: Path, text: str) -> None:
    """The file with this text, or as it was: never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".new")
    beside.write_bytes(text.encode("utf-8"))
    beside.replace(path)
