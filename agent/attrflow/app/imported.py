"""Rules out of exports: what the files state, connectors renamed, standard rules filled from the library.

`read_exports` is the one way from paths to rules for whoever needs them: the import, `init --from`, the
comparison of two configurations.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from attrflow.app.import_files import read_paths
from attrflow.app.library import default_rules
from attrflow.importers.connectors import ENTRA_ID, Known, Remapping
from attrflow.importers.finishing import ImportedRule, finish_rules
from attrflow.importers.reading import Reading
from attrflow.model.diagnostics import Diagnostic
from attrflow.model.errors import SettingsError
from attrflow.rules.features import COMPLETE, DEFAULT_FEATURES, Features
from attrflow.rules.rule import Direction, Rule, named_guid

__all__ = ["Exports", "finish_reading", "read_exports", "read_map"]

_TAG = re.compile(r"^microsoft\.|\.\d+$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Exports:
    """What some exports came to."""

    reading: Reading
    rules: tuple[ImportedRule, ...]
    unknown: Mapping[str, int]
    """How many rules were left out for each connector that the project does not have."""

    @property
    def findings(self) -> tuple[Diagnostic, ...]:
        """All findings, in the order in which they were made."""
        return tuple(self.reading.findings.all)

    @property
    def stated(self) -> tuple[int, int]:
        """How many rules and mappings the exports state."""
        stated = sum(len(draft.flows) for draft in self.reading.drafts)
        filled = sum(len(imported.rule.mappings) for imported in self.rules if imported.from_library)
        return len(self.reading.drafts) + self.reading.refused, stated + filled


def read_map(words: Iterable[str]) -> dict[str, str]:
    """The pairs of `--map EXPORTED=NAME`: a GUID, an exported connector's name, or `*` for every other.

    Raises:
        SettingsError: a word is no such pair, or two say different things of one connector.

    >>> read_map(["{6D2C9D0A-4B6B-4C39-8C5A-0F3F6A5C1001}=museum"])
    {'{6D2C9D0A-4B6B-4C39-8C5A-0F3F6A5C1001}': 'museum'}
    """
    pairs: dict[str, str] = {}
    for word in words:
        exported, equals, name = (part.strip() for part in word.rpartition("="))
        if not equals or not exported or not name:
            raise SettingsError(f"--map takes EXPORTED=NAME, found {word!r}", help="such as --map '<GUID>=contoso'")
        if pairs.setdefault(exported, name) != name:
            raise SettingsError(f"--map names two connectors for {exported}: {pairs[exported]} and {name}")
    return pairs


def read_exports(
    paths: Sequence[Path], names: Mapping[str, str] | None = None, project: Sequence[Known] | None = None
) -> Exports:
    """The rules of all files at and below the paths.

    Args:
        paths: files and folders.
        names: names for connectors, by what the exports call them (`read_map`).
        project: the connectors that rules may belong to; without them each keeps a name from the export.

    Raises:
        NotFound: a path is not there.
    """
    return finish_reading(read_paths(paths), names or {}, project)


def finish_reading(
    reading: Reading,
    names: Mapping[str, str],
    project: Sequence[Known] | None,
    features: Features = DEFAULT_FEATURES,
    asked: Collection[str] | None = None,
) -> Exports:
    """The rules of what was read; standard rules are filled as `features` say.

    A name among `asked`, else any of `names`, that decided nothing is told.
    """
    remapping = Remapping(names, reading.connectors, project, reading.findings, asked)
    rules = finish_rules(reading.drafts, remapping, _Library(project, features).rule, reading.findings)
    remapping.tell()
    return Exports(reading, tuple(rules), dict(remapping.unknown))


class _Library:
    """Looks standard rules up in the library, by tag without its revision, or by name."""

    def __init__(self, project: Sequence[Known] | None, features: Features) -> None:
        self._kinds = {known.name: (known.id, known.kind) for known in project or ()}
        self._features = features
        self._rules: dict[str, dict[str, Rule]] = {}

    def rule(self, tag: str, name: str, connector: str, _direction: Direction | None) -> Rule | None:
        """The library's rule for one connector; None where there is none."""
        if connector not in self._rules:
            id_, kind = self._kinds.get(connector) or self._guess(connector)
            # A server may have rules that the features do not ask for; those that they do ask for go first.
            every = (
                *default_rules([(connector, id_, kind)], self._features),
                *default_rules([(connector, id_, kind)], COMPLETE),
            )
            found: dict[str, Rule] = {}
            for rule in every:
                for key in _keys(rule.tag or "", rule.name):
                    found.setdefault(key, rule)
            self._rules[connector] = found
        known = self._rules[connector]
        return next((known[key] for key in _keys(tag, name) if key in known), None)

    def _guess(self, connector: str) -> tuple[str, str]:
        """Id and kind of a connector outside of any project."""
        if connector == "entra":
            return ENTRA_ID, "entra"
        return named_guid("connector", connector), "ad"


def _keys(tag: str, name: str) -> list[str]:
    """What a rule is looked up by, best first: the product's tags are names without blanks, and a revision."""
    stem = _TAG.sub("", _TAG.sub("", tag))
    return [key for text in (stem, name) if (key := "".join(c for c in text.casefold() if c.isalnum()))]
