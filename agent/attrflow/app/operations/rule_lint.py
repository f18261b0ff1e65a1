"""The operation behind `rules lint`: everything that can be said against rules before an object is seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from attrflow.app.library import metaverse_schema
from attrflow.app.operations.failing import DiagnosticDocument, diagnostic_document
from attrflow.app.project import read_schemas, rules_of_texts, texts_of
from attrflow.app.settings import Settings, find_project, load_settings
from attrflow.app.shapes import shape
from attrflow.connectors.entra.coding import is_open_name
from attrflow.connectors.entra.vocabulary import VOCABULARY
from attrflow.model.diagnostics import Diagnostic, Severity
from attrflow.model.errors import NotFound, SettingsError
from attrflow.model.schema import AttributeType, ObjectType, Schema
from attrflow.rules.checking import checked_ruleset
from attrflow.rules.conventions import Selection, conventions
from attrflow.rules.document import read_rule
from attrflow.rules.positions import placed
from attrflow.rules.reachability import reachability
from attrflow.rules.reading import attributes_needed
from attrflow.rules.rule import Rule
from attrflow.rules.ruleset import RuleSet
from attrflow.rules.sides import Schemas

__all__ = ["LintDocument", "lint_files", "lint_project", "project_around"]

_SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")

_EXPORTS = (".xml", ".ps1", ".psm1", ".json")
"""How exports are called, which are no rule files."""


@dataclass(frozen=True, slots=True)
class LintDocument:
    """Every finding about rules, by file and line."""

    rules: int
    """How many rules could be read."""
    errors: int
    warnings: int
    notes: int
    codes: dict[str, int] = field(default_factory=dict)
    """How often each code was found."""
    findings: list[DiagnosticDocument] = field(default_factory=list)
    without_schema: list[str] = field(default_factory=list)
    """Connectors that were never imported from: their attributes were not checked."""


shape("rules-lint", LintDocument)


def lint_project(folder: Path, *, only: Sequence[Path] = (), at_least: Severity = "info") -> LintDocument:
    """The findings about a project's rules; those milder than `at_least` are counted and not listed.

    With `only`, the findings about rules in these files and folders; what other rules do to them counts.

    Raises:
        SettingsError: the settings cannot be read; NotFound: a path is not there.
    """
    settings = load_settings(folder)
    schemas = read_schemas(settings)
    texts, told = texts_of(settings.rules, settings.folder)
    try:
        loaded = rules_of_texts(settings, _assumed(settings, texts) | schemas, texts, told)
        found, ruleset = list(loaded.diagnostics), loaded.ruleset
    except SettingsError as error:
        found, ruleset = list(error.diagnostics), RuleSet.of(_readable(texts))
    found += _deep(ruleset, texts, _selections(settings))
    bare = [name for name, c in settings.connectors.items() if name not in schemas and c.kind != "entra"]
    if not only:
        return _document(len(ruleset.rules), [*settings.warnings, *found], at_least, bare)
    wanted = [path.resolve() for path in only]
    for path in wanted:
        if not path.exists():
            raise NotFound(f"{path} is not there.", help="Name a rule file, a folder of them, or a project.")
    inside = {name for name in texts if any((settings.folder / name).resolve().is_relative_to(p) for p in wanted)}
    count = sum(rule.file in inside for rule in ruleset.rules)
    return _document(count, [d for d in found if d.file in inside], at_least, bare)


def lint_files(paths: Sequence[Path], *, at_least: Severity = "info") -> LintDocument:
    """The findings about rule files, or folders of them, that belong to no project.

    What needs settings is not checked: connectors, parameters, directory schemas.

    Raises:
        NotFound: a path is not there, or there is no rule file in it.
    """
    texts: dict[str, str] = {}
    found: list[Diagnostic] = []
    for path in paths:
        if not path.exists():
            raise NotFound(f"{path} is not there.", help="Name a rule file, a folder of them, or a project.")
        more, told = texts_of(path, None)
        if (not more and not told) or (path.is_file() and path.suffix.casefold() in _EXPORTS):
            help = "Rule files end with .toml; `attrflow rules import … --into DIR` makes them of an export."
            raise NotFound(f"There is no rule file in {path}.", help=help)
        texts |= more
        found += told
    rules: list[Rule] = []
    for name, text in texts.items():
        rule, diagnostics = read_rule(text, name)
        found += diagnostics
        rules += [rule] if rule is not None else []
    ruleset, more_found = checked_ruleset(rules, schemas=Schemas(metaverse_schema()), texts=texts)
    found += [*more_found, *_deep(ruleset, texts, {})]
    return _document(len(ruleset.rules), found, at_least, [])


def project_around(paths: Sequence[Path]) -> Path | None:
    """The project whose rules folder holds all the paths, or that one of them is; None for files of no project."""
    folders: set[Path] = set()
    for path in paths:
        try:
            folder = find_project(path if path.is_dir() else path.parent)
        except SettingsError:
            return None
        if path.resolve() != folder.resolve() and not path.resolve().is_relative_to(
            load_settings(folder).rules.resolve()
        ):
            return None
        folders.add(folder)
    return folders.pop() if len(folders) == 1 else None


def _assumed(settings: Settings, texts: dict[str, str]) -> dict[str, Schema]:
    """What tenants are known to have, for those that were never imported from: it is the same for every tenant.

    Names that a tenant may have besides are taken as the rules have them.
    """
    tenants = [name for name, configuration in settings.connectors.items() if configuration.kind == "entra"]
    ruleset = RuleSet.of(_readable(texts))
    found: dict[str, Schema] = {}
    for name in tenants:
        needed = attributes_needed(ruleset, name)
        types = {
            object_type: [
                *attributes,
                *(AttributeType(n) for n in needed.get(object_type, ()) if is_open_name(n)),
            ]
            for object_type, attributes in VOCABULARY.items()
        }
        # What the vocabulary has already goes first and gives the kind.
        found[name] = Schema({t: ObjectType(t, {a.name: a for a in reversed(known)}) for t, known in types.items()})
    return found


def _readable(texts: dict[str, str]) -> list[Rule]:
    """The rules that can be read, each id once: what else is wrong was told."""
    rules: dict[str, Rule] = {}
    for name, text in texts.items():
        rule, _ = read_rule(text, name)
        if rule is not None:
            rules.setdefault(rule.id, rule)
    return list(rules.values())


def _deep(ruleset: RuleSet, texts: dict[str, str], selected: dict[str, Selection]) -> list[Diagnostic]:
    told: list[Diagnostic] = []
    for rule, finding in (*reachability(ruleset.rules), *conventions(ruleset.rules, selected)):
        told += placed([finding], texts.get(rule.file or ""), rule.file)
    return told


def _selections(settings: Settings) -> dict[str, Selection]:
    return {name: Selection(c.object_types, c.attributes) for name, c in settings.connectors.items()}


def _document(rules: int, found: list[Diagnostic], at_least: Severity, bare: list[str]) -> LintDocument:
    every = sorted(found, key=lambda d: (d.file or "", d.span.start if d.span is not None else -1, d.code))
    severities = Counter(diagnostic.severity for diagnostic in every)
    shown = _SEVERITIES[: _SEVERITIES.index(at_least) + 1]
    return LintDocument(
        rules,
        severities["error"],
        severities["warning"],
        severities["info"],
        dict(sorted(Counter(diagnostic.code for diagnostic in every).items())),
        [diagnostic_document(diagnostic) for diagnostic in every if diagnostic.severity in shown],
        bare,
    )
