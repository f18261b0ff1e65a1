"""RULES of `case import`: a project's rules, a folder of rule files, or a customer's exports -> rules and connectors.

The connectors of a case follow from the project's settings or the exported connector files; where neither
is there, from what the rules do with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from attrflow.app.imported import read_exports
from attrflow.app.library import metaverse_schema
from attrflow.app.settings import SETTINGS_FILE, Settings, load_settings
from attrflow.importers.connectors import ENTRA_ID, ExportedConnector, connector_name
from attrflow.importers.findings import Findings
from attrflow.importers.finishing import ImportedRule
from attrflow.model.configuration import ConnectorConfiguration
from attrflow.model.diagnostics import Diagnostic
from attrflow.model.errors import NotFound, SettingsError
from attrflow.model.names import dn_key, is_within, parse_dn
from attrflow.model.schema import Schema, Syntax
from attrflow.rules.document import read_rule
from attrflow.rules.reading import attributes_needed
from attrflow.rules.rule import ANY_TYPE, Rule
from attrflow.rules.ruleset import build

__all__ = ["CaseConnector", "Context", "RulesHome", "read_rules_home"]

CaseSchema = Literal["ad", "openldap", "entra"]
_PLURAL: Final = {
    Syntax.STRING: "strings",
    Syntax.INTEGER: "integers",
    Syntax.BOOLEAN: "booleans",
    Syntax.BINARY: "binaries",
    Syntax.REFERENCE: "references",
}


@dataclass(frozen=True, slots=True)
class Context:
    """One partition of a connector, as a case writes it."""

    name: str
    containers: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CaseConnector:
    """One connector that the case may have."""

    name: str
    schema: CaseSchema
    id: str | None = None
    server_name: str | None = None
    """What the sync server calls it, where that is known."""
    contexts: tuple[Context, ...] = ()
    object_types: tuple[str, ...] = ()
    selected: tuple[str, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    known: Schema = field(default_factory=Schema)
    """The directory's schema, as far as an export states it."""
    reads: frozenset[str] = frozenset()
    """The attributes, case-folded, that rules read or write."""

    def context_of(self, dn: str) -> Context | None:
        """The deepest partition that holds a DN, or None."""
        key = dn_key(dn)
        inside = [c for c in self.contexts if is_within(key, dn_key(c.name))]
        return max(inside, key=lambda c: len(dn_key(c.name)), default=None)


@dataclass(slots=True)
class RulesHome:
    """The rules of a case, and how the case names them."""

    rules: tuple[Rule, ...]
    connectors: dict[str, CaseConnector]
    folder: Path | None = None
    """The folder of rule files that the case may name; None where rules came from exports."""
    imported: tuple[ImportedRule, ...] = ()
    """Rules that must be written as files first."""
    metaverse: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    """Attributes beside the default metaverse: by object type and word for the syntax."""
    findings: Findings = field(default_factory=Findings)

    def rule(self, word: str | None) -> Rule | None:
        """The rule of an id or a name, or None."""
        return next((rule for rule in self.rules if word in (rule.id, rule.name)), None) if word else None


def read_rules_home(path: Path) -> RulesHome:
    """The rules at a path.

    Raises:
        NotFound: there is nothing, or no rule.
        SettingsError: the project's settings or one of its rule files is wrong.
    """
    if not path.exists():
        raise NotFound(f"There are no rules at {path}.", help="Name a rules folder, or an export of the sync server.")
    settings = _settings(path)
    folder = settings.rules if settings is not None else path
    files = [folder] if folder.is_file() else sorted(folder.rglob("*.toml"))
    if any(file.suffix == ".toml" for file in files):
        home = _from_files(files, folder, settings)
    else:
        home = _from_exports(path)
    if not home.rules:
        help = "Name a rules folder, or an export of the sync server (attrflow rules import shows what is read)."
        told = [d for d in home.findings.all if d.severity == "error"]
        raise SettingsError(f"No rule can be read from {path}.", told, help=help)
    home.metaverse = _beside_default(home.rules, home.metaverse)
    return home


def _settings(path: Path) -> Settings | None:
    """The settings of the project that a folder is, or whose rules folder it is."""
    here = path.absolute()
    if (here / SETTINGS_FILE).is_file():
        return load_settings(here)
    for above in here.parents:
        if (above / SETTINGS_FILE).is_file():
            settings = load_settings(above)
            return settings if here == settings.rules.absolute() else None
    return None


# -- a project, or a folder of rule files ---------------------------------------------------------


def _from_files(files: Sequence[Path], folder: Path, settings: Settings | None) -> RulesHome:
    rules: list[Rule] = []
    wrong: list[Diagnostic] = []
    for file in files:
        rule, diagnostics = read_rule(file.read_text(encoding="utf-8"), str(file))
        wrong += [d for d in diagnostics if d.severity == "error"]
        rules += [rule] if rule is not None else []
    if wrong:
        raise SettingsError("Not every rule file can be read.", wrong, help="A case needs rules that can be compiled.")
    names = tuple(dict.fromkeys(rule.connector for rule in rules))
    given = settings.connectors if settings is not None else {}
    reads = _reads(rules, names)
    connectors = {
        name: _configured(given[name], reads[name]) if name in given else _guessed(name, rules, reads[name])
        for name in (*names, *(name for name in given if name not in names))
        if name in reads
    }
    extra: dict[str, dict[str, list[str]]] = {}
    if settings is not None:
        for type_, attributes in settings.metaverse_extra.items():
            for attribute in attributes.values():
                word = _PLURAL[attribute.syntax] if attribute.multi else attribute.syntax.value
                extra.setdefault(type_, {}).setdefault(word, []).append(attribute.name)
    return RulesHome(tuple(rules), connectors, folder, metaverse=extra)


def _reads(rules: Sequence[Rule], names: Iterable[str]) -> dict[str, frozenset[str]]:
    ruleset, _ = build(rules)
    return {
        name: frozenset(a.casefold() for found in attributes_needed(ruleset, name).values() for a in found)
        for name in names
    }


def _configured(configuration: ConnectorConfiguration, reads: frozenset[str]) -> CaseConnector:
    entra = configuration.kind == "entra"
    contexts = (
        () if entra else tuple(Context(p.name, p.include, p.exclude, p.parameters) for p in configuration.partitions)
    )
    schema: CaseSchema = "entra" if entra else "openldap" if configuration.kind == "openldap" else "ad"
    return CaseConnector(
        configuration.name,
        schema,
        configuration.id,
        contexts=contexts,
        object_types=configuration.object_types,
        selected=configuration.attributes,
        parameters=configuration.parameters,
        reads=reads,
    )


def _guessed(name: str, rules: Sequence[Rule], reads: frozenset[str]) -> CaseConnector:
    """A connector by what rules do with it: a tenant has a sourceAnchor, OpenLDAP has no users."""
    own = [rule for rule in rules if rule.connector == name]
    anchored = any(
        mapping.destination.casefold() in ("sourceanchor", "cloudanchor")
        for rule in own
        if rule.direction == "outbound"
        for mapping in rule.mappings
    )
    types = {rule.source_type.casefold() for rule in own if rule.direction == "inbound"}
    if anchored or "cloudanchor" in reads:
        return CaseConnector(name, "entra", ENTRA_ID, reads=reads)
    ldap = bool(types & {"groupofnames", "groupofuniquenames", "posixaccount"}) or (
        "inetorgperson" in types and "user" not in types
    )
    return CaseConnector(name, "openldap" if ldap else "ad", reads=reads)


# -- a customer's exports -------------------------------------------------------------------------


def _from_exports(path: Path) -> RulesHome:
    exports = read_exports([path])
    rules = [imported.rule for imported in exports.rules]
    names = tuple(dict.fromkeys(rule.connector for rule in rules))
    reads = _reads(rules, names)
    exported = {connector_name(c.name, c.kind): c for c in exports.reading.connectors}
    connectors = {
        name: _exported(name, exported[name], reads[name]) if name in exported else _guessed(name, rules, reads[name])
        for name in names
    }
    extra: dict[str, dict[str, list[str]]] = {}
    if exports.reading.server is not None:
        for type_ in exports.reading.server.metaverse.object_types.values():
            for attribute in type_.attributes.values():
                word = _PLURAL[attribute.syntax] if attribute.multi else attribute.syntax.value
                extra.setdefault(type_.name, {}).setdefault(word, []).append(attribute.name)
    return RulesHome(tuple(rules), connectors, None, exports.rules, extra, exports.reading.findings)


def _exported(name: str, one: ExportedConnector, reads: frozenset[str]) -> CaseConnector:
    entra = one.kind == "entra"
    chosen = [p for p in one.partitions if p.selected]
    contexts = (
        ()
        if entra
        else tuple(
            Context(
                p.name,
                tuple(c.dn for c in p.containers if c.selected),
                tuple(c.dn for c in p.containers if not c.selected and dn_key(c.dn) != dn_key(p.name)),
                p.parameters,
            )
            for p in chosen
        )
    )
    types = tuple(dict.fromkeys(t for p in chosen for t in p.object_types))
    return CaseConnector(
        name,
        "entra" if entra else "ad",
        ENTRA_ID if entra else one.id,
        one.name,
        contexts,
        types,
        one.attributes,
        one.parameters,
        one.schema,
        reads,
    )


def _beside_default(
    rules: Sequence[Rule], known: Mapping[str, Mapping[str, list[str]]]
) -> dict[str, dict[str, list[str]]]:
    """Of all attributes that inbound rules flow into those that the default metaverse lacks, with their syntax."""
    words = {
        (type_, name.casefold()): (name, word)
        for type_, table in known.items()
        for word, names in table.items()
        for name in names
    }
    default = metaverse_schema()
    found: dict[str, dict[str, list[str]]] = {}
    for rule in rules:
        if rule.direction != "inbound" or rule.target_type == ANY_TYPE:
            continue
        for mapping in rule.mappings:
            if default.attribute(rule.target_type, mapping.destination) is not None:
                continue
            key = (rule.target_type, mapping.destination.casefold())
            name, word = words.get(key, (mapping.destination, "string"))
            listed = found.setdefault(rule.target_type, {}).setdefault(word, [])
            if name not in listed:
                listed.append(name)
    return found


def parent_context(dn: str) -> str:
    """The naming context that a DN shows: its last DC components, else its last component.

    >>> parent_context("CN=a,OU=b,DC=c,DC=d"), parent_context("cn=a,o=b")
    ('DC=c,DC=d', 'o=b')
    """
    name = parse_dn(dn)
    while name.parent is not None and not name.rdn.casefold().startswith("dc="):
        name = name.parent
    return name.text
