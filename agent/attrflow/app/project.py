"""A project, opened: its settings, rules, schemas, store and connectors put together. Here adapters are chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from attrflow.app.schemas import read_schema_file, write_schema_file
from attrflow.app.secrets import resolve_secret
from attrflow.app.settings import Settings, configuration_hash, configuration_text, load_settings, metaverse_of
from attrflow.app.world import SystemWorld
from attrflow.connectors.retry import Retrying, RetryPolicy
from attrflow.engine.program import Program, build_program
from attrflow.engine.working_set import JoinAttributes
from attrflow.model.configuration import GuardKind
from attrflow.model.diagnostics import Diagnostic
from attrflow.model.entry import WireAttempt
from attrflow.model.errors import NotFound, SettingsError
from attrflow.model.schema import Schema
from attrflow.ports.connector import Connector
from attrflow.rules.checking import checked_ruleset
from attrflow.rules.document import read_rule
from attrflow.rules.reading import attributes_needed
from attrflow.rules.rule import Rule
from attrflow.rules.ruleset import RuleSet, join_attributes
from attrflow.rules.sides import Schemas
from attrflow.runs.environment import Environment, Progress, never, silent
from attrflow.stores.sqlite import SqliteStore, open_sqlite

__all__ = ["LoadedRules", "Project", "load_rules", "opened_project", "read_schemas", "rules_of_texts", "texts_of"]


@dataclass(frozen=True, slots=True)
class LoadedRules:
    """The rules of a project, and every finding about them."""

    ruleset: RuleSet
    diagnostics: tuple[Diagnostic, ...]
    texts: Mapping[str, str]
    """The rule files' texts by their name relative to the project."""


def load_rules(settings: Settings, schemas: Mapping[str, Schema]) -> LoadedRules:
    """Read and check every rule file below the project's rules folder.

    Raises:
        SettingsError: a file is no rule, or rules do not fit together; all findings at once, with their places,
            warnings too.
    """
    texts, unreadable = texts_of(settings.rules, settings.folder)
    return rules_of_texts(settings, schemas, texts, unreadable)


def read_schemas(settings: Settings) -> dict[str, Schema]:
    """The schemas of the connectors that were imported from, by name.

    Raises:
        SettingsError: a schema file is not what an import wrote.
    """
    read = {name: read_schema_file(settings.schema / f"{name}.json") for name in settings.connectors}
    return {name: schema for name, schema in read.items() if schema is not None}


def texts_of(path: Path, root: Path | None) -> tuple[dict[str, str], list[Diagnostic]]:
    """The texts of a rule file, or of all below a folder, by name relative to `root`; and what cannot be read."""
    texts: dict[str, str] = {}
    unreadable: list[Diagnostic] = []
    for file in [path] if path.is_file() else sorted(path.rglob("*.toml")):
        name = str(file.relative_to(root) if root is not None else file)
        try:
            # With the line ends that it has: an edit of one key must not touch every line.
            texts[name] = file.read_bytes().decode("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            unreadable.append(Diagnostic("unreadable-file", f"the rule file cannot be read: {error}", file=name))
    return texts, unreadable


def rules_of_texts(
    settings: Settings, schemas: Mapping[str, Schema], texts: Mapping[str, str], told: Sequence[Diagnostic] = ()
) -> LoadedRules:
    """The rules of texts by file name, checked as those of the project's files are; errors as `load_rules`.

    `told` is what was found before there were texts.
    """
    rules: list[Rule] = []
    diagnostics = list(told)
    for name, text in texts.items():
        rule, found = read_rule(text, name)
        diagnostics.extend(found)
        if rule is not None:
            rules.append(rule)
    parameters = {c.name: _parameter_names(settings, c.name) for c in settings.connectors.values()}
    ruleset, found = checked_ruleset(
        rules,
        connectors=tuple(settings.connectors),
        schemas=Schemas(metaverse_of(settings), schemas),
        parameters=parameters,
        texts=texts,
        expression_options=settings.expression_options,
    )
    diagnostics.extend(found)
    errors = sum(d.severity == "error" for d in diagnostics)
    if errors:
        count = "one error" if errors == 1 else f"{errors} errors"
        raise SettingsError(f"The rules cannot be used: {count}.", diagnostics, help="Nothing was run.")
    return LoadedRules(ruleset, tuple(diagnostics), texts)


def _parameter_names(settings: Settings, connector: str) -> tuple[str, ...]:
    configuration = settings.connectors[connector]
    named = {"Connector.ID", *configuration.parameters}
    for partition in configuration.partitions:
        named.update(partition.parameters)
    return tuple(sorted(named))


class Project:
    """One project folder, opened; made by `opened_project`."""

    def __init__(self, settings: Settings, store: SqliteStore) -> None:
        self.settings = settings
        self.store = store
        self.world = SystemWorld(store.highest_id())
        self._schemas = {name: read_schema_file(self._schema_path(name)) for name in settings.connectors}
        self.rules = load_rules(settings, self._known_schemas())
        self._programs: dict[bool, Program] = {}

    # -- schemas ----------------------------------------------------------------------------------

    def _schema_path(self, connector: str) -> Path:
        return self.settings.schema / f"{connector}.json"

    def _known_schemas(self) -> dict[str, Schema]:
        return {name: schema for name, schema in self._schemas.items() if schema is not None}

    def learn_schema(self, connector: str, schema: Schema) -> None:
        """Keep what a directory states of its schema; where it changed, rules take its spelling (DECISIONS 10).

        They are the rules that the project was opened with: an edit of their files on disk is for the next cycle.
        Programs are built anew then, and the store's index follows what the rules join on now.
        """
        if write_schema_file(self._schema_path(connector), schema):
            self._schemas[connector] = schema
            self.rules = rules_of_texts(self.settings, self._known_schemas(), self.rules.texts)
            self._programs.clear()
            self.store.set_join_attributes(self.joins.cs, self.joins.mv)

    def schema(self, connector: str) -> Schema:
        """The schema that a directory stated at its last import; empty before the first."""
        return self._schemas.get(connector) or Schema()

    # -- programs and runs ------------------------------------------------------------------------

    @property
    def joins(self) -> JoinAttributes:
        """What the rules join on, as they are spelt now."""
        return JoinAttributes(*join_attributes(self.rules.ruleset, self.settings.connectors.values()))

    def program(self, *, observed: bool = False) -> Program:
        """The project's rules, compiled; `observed` also records the nodes of expressions."""
        if observed not in self._programs:
            self._programs[observed] = build_program(
                self.rules.ruleset,
                self.settings.connectors,
                self._known_schemas(),
                metaverse_of(self.settings),
                self.settings.options,
                observed=observed,
                expression_options=self.settings.expression_options,
            )
        return self._programs[observed]

    def environment(
        self,
        progress: Callable[[Progress], None] = silent,
        *,
        allowed: Mapping[GuardKind, int | None] | None = None,
        stop: Callable[[], bool] = never,
    ) -> Environment:
        """What runs need; the store's index is brought to what the rules join on."""
        self.store.set_join_attributes(self.joins.cs, self.joins.mv)
        return replace(self.reading_environment(), progress=progress, allowed=allowed or {}, stop=stop)

    def reading_environment(self) -> Environment:
        """What runs are given, for those who only ask what a run would do: nothing is written."""
        return Environment(
            store=self.store,
            world=self.world,
            options=self.settings.options,
            configurations=self.settings.connectors,
            ruleset=lambda: self.rules.ruleset,
            configuration_hash=configuration_hash(self.settings),
            configuration_text=configuration_text(self.settings),
            open_connector=self.open_connector,
            learn_schema=self.learn_schema,
            schema=self.schema,
            program=self.program,
            open_tuned=self.open_connector,
        )

    # -- connectors -------------------------------------------------------------------------------

    def connector_names(self, *kinds: str) -> tuple[str, ...]:
        """The connectors' names in the order of the settings; only of these kinds where any is named."""
        return tuple(c.name for c in self.settings.connectors.values() if not kinds or c.kind in kinds)

    def require_connector(self, name: str) -> str:
        """The name, if there is such a connector.

        Raises:
            NotFound: there is none; the message lists those that there are.
        """
        if name not in self.settings.connectors:
            known = ", ".join(self.settings.connectors) or "none"
            raise NotFound(f"There is no connector {name!r}.", help=f"The project has: {known}.")
        return name

    def open_connector(
        self, name: str, told: Callable[[WireAttempt], None], tuned: Mapping[str, object] | None = None
    ) -> Connector:
        """Connect to a directory; `tuned` are settings of the adapter in the place of the connector's.

        Raises:
            ConnectorError: the directory cannot be used.
            SettingsError: a setting makes no sense, or the secret cannot be had.
            MissingExtra: the channel needs packages that are not installed.
        """
        configuration = self.settings.connectors[name]
        configuration = replace(configuration, settings={**configuration.settings, **(tuned or {})})
        reference = self.settings.secrets.get(name)
        secret = resolve_secret(reference) if reference is not None else ""
        retrying = Retrying(RetryPolicy(), on_attempt=told)
        needed = attributes_needed(self.rules.ruleset, name)
        if configuration.attributes:
            chosen = {attribute.casefold() for attribute in configuration.attributes}
            needed = {t: frozenset(a for a in names if a.casefold() in chosen) for t, names in needed.items()}
        if configuration.kind == "entra":
            from attrflow.connectors.entra.connector import EntraConnector  # noqa: PLC0415 - loads what only Entra needs

            return EntraConnector(configuration, needed, client_secret=secret, retrying=retrying)
        from attrflow.connectors.ldap.connector import LdapConnector  # noqa: PLC0415 - ldap3 costs 0.2 s to load

        return LdapConnector(configuration, needed, password=secret, retrying=retrying)


@contextmanager
def opened_project(folder: Path, *, read_only: bool = False) -> Iterator[Project]:
    """Open a project folder; a writer also holds the store's index to what the rules join on.

    Raises:
        SettingsError: the settings or rules are wrong; StoreError: the store cannot be used.
        NotFound: `read_only`, and nothing has been imported yet.
    """
    settings = load_settings(folder)
    if read_only and not settings.store.exists():
        raise NotFound(
            f"{settings.store.name} is not there yet: nothing has been imported.",
            help="Run `attrflow cycle --initial` first.",
        )
    store = open_sqlite(settings.store, read_only=read_only)
    try:
        yield Project(settings, store)
    finally:
        store.close()
