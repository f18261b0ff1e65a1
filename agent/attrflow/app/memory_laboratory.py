"""The laboratory in memory: directories, store and world of one case, in milliseconds (DECISIONS 5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from attrflow.app.case_directory import CaseConnector, CaseDirectory
from attrflow.app.case_schemas import memory_schema
from attrflow.app.library import default_rules, metaverse_schema
from attrflow.app.world import SeededWorld
from attrflow.cases.format import Case, ConnectorSpec, Edit
from attrflow.cases.laboratory import CaseError, DirectoryEntry, Target
from attrflow.cases.objects import absolute_dn
from attrflow.model.configuration import ConnectorConfiguration, Partition
from attrflow.model.entry import WireAttempt
from attrflow.model.names import dn_key
from attrflow.model.schema import Schema
from attrflow.ports.connector import Connector
from attrflow.rules.reading import attributes_needed
from attrflow.rules.rule import Rule
from attrflow.rules.ruleset import RuleSet
from attrflow.stores.memory import MemoryStore

__all__ = ["MemoryLaboratory", "case_configuration", "case_default_rules"]


def case_configuration(spec: ConnectorSpec) -> ConnectorConfiguration:
    """The connector's configuration as the case describes it, without how it is reached."""
    if spec.schema == "entra":
        partition = Partition("default")
    else:
        domain = {name: value for name, value in spec.parameters.items() if name.startswith("Domain.")}
        include = tuple(absolute_dn(dn, spec) for dn in spec.containers)
        exclude = tuple(absolute_dn(dn, spec) for dn in spec.exclude)
        partition = Partition(spec.naming_context, include, exclude, domain)
    parameters = {name: value for name, value in spec.parameters.items() if not name.startswith("Domain.")}
    return ConnectorConfiguration(
        spec.name, spec.id, spec.schema, (partition,), spec.object_types, spec.selected, parameters
    )


def case_default_rules(case: Case) -> tuple[Rule, ...]:
    """The default rules of a case's connectors."""
    return _defaults(tuple((spec.name, spec.id, spec.schema) for spec in case.connectors.values()))


@lru_cache(maxsize=64)
def _defaults(connectors: tuple[tuple[str, str, str], ...]) -> tuple[Rule, ...]:
    """Rules are frozen, and many cases have the same connectors."""
    return default_rules(connectors)


class MemoryLaboratory:
    """A case's world in memory; it holds nothing that has to be closed."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self.world = SeededWorld(case.seed, case.clock)
        self.store = MemoryStore()
        self.configurations: Mapping[str, ConnectorConfiguration] = {
            name: case_configuration(spec) for name, spec in case.connectors.items()
        }
        self.metaverse = metaverse_schema()
        self._directories: dict[str, CaseDirectory] = {}
        self._dns = {handle: spec.dn for handle, spec in case.objects.items()}

    # -- rules and schemas ------------------------------------------------------------------------

    def default_rules(self) -> tuple[Rule, ...]:
        """The default rules of the case's connectors."""
        return case_default_rules(self._case)

    def use_rules(self, ruleset: RuleSet) -> None:
        """Directories have what the rules need; with the first rules they come to be."""
        for name, spec in self._case.connectors.items():
            schema = memory_schema(spec, self._case, attributes_needed(ruleset, name), self.metaverse)
            if name in self._directories:
                self._directories[name].schema = schema
            else:
                self._directories[name] = self._filled(spec, schema)

    def _filled(self, spec: ConnectorSpec, schema: Schema) -> CaseDirectory:
        directory = CaseDirectory(spec, schema)
        for one in self._case.objects.values():
            if one.connector == spec.name and one.at_start:
                directory.place(one, self._dns)
        return directory

    def configure(self, configuration: ConnectorConfiguration) -> None:
        """From now on this is the configuration of the connector of that name."""
        self.configurations = {**self.configurations, configuration.name: configuration}

    def forget(self) -> None:
        """Go on with an empty store."""
        self.store = MemoryStore()

    def schema(self, connector: str) -> Schema:
        """The schema of a directory, as far as it is selected."""
        return self._directories[connector].schema

    def learn_schema(self, connector: str, schema: Schema) -> None:
        """Directories in memory have no other schema than the one that they were given."""
        assert schema == self.schema(connector), "a directory in memory has one schema"

    # -- directories ------------------------------------------------------------------------------

    def open_connector(self, connector: str, told: Callable[[WireAttempt], None]) -> Connector:  # noqa: ARG002 - no wire
        """Connect to a directory."""
        return CaseConnector(self.configurations[connector], self._directories[connector])

    def edit(self, target: Target, edit: Edit) -> None:
        """Change a directory.

        Raises:
            CaseError: there is no such entry.
        """
        directory = self._directories[target.connector]
        if edit.verb == "add":
            assert target.handle is not None, "objects are added by their short names"
            directory.place(self._case.objects[target.handle], self._dns)
            return
        directory.edit(target, edit, self._dns)
        for handle, spec in self._case.objects.items():
            there = self._directories[spec.connector].entry(Target(spec.connector, handle))
            if there is not None:
                self._dns[handle] = there.dn

    def entry(self, target: Target) -> DirectoryEntry | None:
        """What a directory holds."""
        return self._directories[target.connector].entry(target)

    def dn(self, handle: str) -> str:
        """The DN that an object has now, or had last."""
        return self._dns[handle]

    def anchor(self, handle: str) -> str | None:
        """The anchor of an object of the case, as its directory shows it."""
        directory = self._directories[self._case.objects[handle].connector]
        key = directory.anchors.get(handle)
        return directory.planted.get(key, key) if key is not None else None

    # -- faults -----------------------------------------------------------------------------------

    def lose_connection(self, connector: str, after: int) -> None:
        """The next import of the connector breaks off after so many objects."""
        self._directories[connector].lost_after = after

    def refuse(self, target: Target, error: str) -> None:
        """Exports of the object are refused with this error type from now on; an empty one takes it back.

        Raises:
            CaseError: nothing says which entry is meant.
        """
        directory = self._directories[target.connector]
        key = directory.key(target)
        dn = directory.entries[key].dn if key is not None else target.dn
        if dn is None:
            raise CaseError(f"{target.handle} is not in {target.connector}.")
        if error:
            directory.refused[dn_key(dn)] = error
        else:
            directory.refused.pop(dn_key(dn), None)
