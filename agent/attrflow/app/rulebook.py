"""A project's rules as people work on them: files, texts and the set, without a store or a directory at hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from attrflow.app.project import load_rules, read_schemas
from attrflow.app.settings import Settings, load_settings, metaverse_of
from attrflow.model.diagnostics import Diagnostic
from attrflow.model.errors import Ambiguous, NotFound
from attrflow.rules.document import read_rule
from attrflow.rules.rule import Rule
from attrflow.rules.ruleset import RuleSet
from attrflow.rules.selecting import named_rules, near_names
from attrflow.rules.sides import Schemas

__all__ = ["Rulebook", "open_rulebook"]


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The rules of one project folder."""

    settings: Settings
    schemas: Schemas
    """The metaverse's, and those of connectors that were imported from."""
    ruleset: RuleSet
    diagnostics: tuple[Diagnostic, ...]
    texts: Mapping[str, str]
    """The rule files' texts by their name relative to the project."""

    def rule(self, name: str, connector: str | None = None) -> Rule:
        """The one rule that a name stands for: its name or part of it, its number, id or file.

        Raises:
            NotFound: no rule fits; Ambiguous: several do, or the connector does not decide.
        """
        if connector is not None:
            self.require_connector(connector)
        rules = [rule for rule in self.ruleset.rules if connector in (None, rule.connector)]
        found = named_rules(rules, name)
        if not found:
            near = near_names(rules, name) or "`attrflow rules list` shows them all"
            where = f" of {connector}" if connector is not None else ""
            raise NotFound(f"There is no rule {name!r}{where}.", help=near[0].upper() + near[1:])
        if len(found) > 1:
            several = len({rule.connector for rule in found}) > 1
            help_ = "Name one by its number" + (", or add --connector." if several else ".")
            raise Ambiguous(f"{len(found)} rules fit {name!r}.", [_line(rule) for rule in found], help=help_)
        return found[0]

    def as_written(self) -> tuple[Rule, ...]:
        """The rules as their files have them, by precedence: attribute names not yet spelt as a schema has them."""
        read = {name: read_rule(text, name)[0] for name, text in self.texts.items()}
        return tuple(read.get(rule.file or "") or rule for rule in self.ruleset.rules)

    def require_connector(self, name: str) -> str:
        """The name, if there is such a connector.

        Raises:
            NotFound: there is none; the message lists those that there are.
        """
        if name not in self.settings.connectors:
            known = ", ".join(self.settings.connectors) or "none"
            raise NotFound(f"There is no connector {name!r}.", help=f"The project has: {known}.")
        return name

    def path(self, rule: Rule) -> Path:
        """The file of a rule of this project."""
        assert rule.file is not None, "rules of a project come from files"
        return self.settings.folder / rule.file

    def text(self, rule: Rule) -> str:
        """The text of a rule's file."""
        assert rule.file is not None, "rules of a project come from files"
        return self.texts[rule.file]


def open_rulebook(folder: Path) -> Rulebook:
    """The rules of a project folder, read and checked.

    Raises:
        SettingsError: the settings or the rules are wrong; all findings at once.
    """
    settings = load_settings(folder)
    schemas = read_schemas(settings)
    loaded = load_rules(settings, schemas)
    return Rulebook(
        settings, Schemas(metaverse_of(settings), schemas), loaded.ruleset, loaded.diagnostics, loaded.texts
    )


def _line(rule: Rule) -> str:
    return f"{rule.precedence} {rule.name} ({rule.connector})"
