"""A laboratory for engine tests: directories and a store in memory, the default rules, and runs on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache

from attrflow.app.library import default_rules, metaverse_schema
from attrflow.app.world import SeededWorld
from attrflow.connectors.memory import MemoryConnector, MemoryDirectory, MemoryEntry
from attrflow.engine.program import Program, build_program
from attrflow.engine.working_set import JoinAttributes
from attrflow.model.configuration import ConnectorConfiguration, EngineOptions, Partition
from attrflow.model.connector_space import CSObject
from attrflow.model.entry import ExportChange, ExportOutcome, ImportedObject, Page
from attrflow.model.metaverse import MVObject
from attrflow.model.names import dn_key
from attrflow.model.schema import AttributeType, ObjectType, Schema, Syntax
from attrflow.model.values import Values
from attrflow.ports.connector import Connector
from attrflow.ports.store import Store
from attrflow.rules.reading import attributes_needed
from attrflow.rules.rule import (
    Rule,
)
from attrflow.rules.ruleset import RuleSet, join_attributes
from attrflow.runs.environment import Environment
from attrflow.runs.profile import Profile
from attrflow.runs.run import RunResult, run_profile
from attrflow.stores.memory import MemoryStore

from .lab_entries import REFERENCES, on_premises

ENTRA_ID = "b891884f-051e-4a83-95af-2544101c9083"
BINARY = {
    "mS-DS-ConsistencyGuid",
    "msExchMasterAccountSid",
    "msRTCSIP-OriginatorSid",
    "objectGUID",
    "objectSid",
    "onPremiseSecurityIdentifier",
    "userCertificate",
}
INTEGERS = {"countryCode", "groupType", "msExchRecipientTypeDetails", "pwdLastSet", "userAccountControl"}
BOOLEANS = {
    "accountEnabled",
    "blockOnPremisesSync",
    "cloudMastered",
    "isCriticalSystemObject",
    "mailEnabled",
    "msExchHideFromAddressLists",
    "securityEnabled",
}
MULTI = {"description", "member", "otherTelephone", "postOfficeBox", "proxyAddresses", "url", "userCertificate"}


def attribute(name: str) -> AttributeType:
    """An attribute of a directory in memory, typed as AD and Entra type it."""
    syntax = Syntax.STRING
    if name in BINARY:
        syntax = Syntax.BINARY
    elif name in INTEGERS:
        syntax = Syntax.INTEGER
    elif name in BOOLEANS:
        syntax = Syntax.BOOLEAN
    elif name in REFERENCES:
        syntax = Syntax.REFERENCE
    return AttributeType(name, syntax, name in MULTI)


_PROGRAMS: dict[tuple[object, ...], Program] = {}
"""Compiled once for all tests: a program has no state."""

CONTOSO_ID, FABRIKAM_ID = "11111111-0000-0000-0000-000000000001", "11111111-0000-0000-0000-000000000002"


@cache
def _defaults() -> tuple[Rule, ...]:
    return default_rules([("contoso", CONTOSO_ID, "ad"), ("fabrikam", FABRIKAM_ID, "ad"), ("entra", ENTRA_ID, "entra")])


class Lab:
    """Two forests and a tenant in memory. `plain` is a fourth connector's name: a directory that rules may write."""

    def __init__(
        self,
        rules: Iterable[Rule] | None = None,
        options: EngineOptions | None = None,
        *,
        plain: str | None = None,
        store: Store | None = None,
    ) -> None:
        self.store: Store = store or MemoryStore()
        self.world = SeededWorld()
        self.options = options or EngineOptions()
        self.configurations = {
            "contoso": on_premises("contoso", CONTOSO_ID),
            "fabrikam": on_premises("fabrikam", FABRIKAM_ID),
            "entra": ConnectorConfiguration(
                "entra", ENTRA_ID, "entra", (Partition("default"),), ("user", "group", "contact"), ()
            ),
        }
        if plain is not None:
            self.configurations[plain] = on_premises(plain, "11111111-0000-0000-0000-000000000003")
        self.connecting: dict[str, Callable[[MemoryConnector], Connector]] = {}
        """By connector: what is put around its connector, such as a fault."""
        self.allow_deletes = False
        self.directories: dict[str, MemoryDirectory] = {}
        self.use(_defaults() if rules is None else rules)

    def use(self, rules: Iterable[Rule]) -> None:
        """Use these rules from now on; the directories learn the attributes that they name."""
        self.ruleset = RuleSet.of(rules)
        cs, mv = join_attributes(self.ruleset, self.configurations.values())
        self.joins = JoinAttributes(dict(cs), mv)
        self.store.set_join_attributes(cs, mv)
        for name in self.configurations:
            if name not in self.directories:
                prefix = "User_" if name == "entra" else name
                self.directories[name] = MemoryDirectory(Schema(), prefix=prefix)
            self.directories[name].schema = self._schema(name)

    def forget(self) -> None:
        """Delete the store: the next import begins anew."""
        self.store = MemoryStore()
        self.world = SeededWorld(seed=1)
        self.store.set_join_attributes(self.joins.cs, self.joins.mv)

    def _schema(self, connector: str) -> Schema:
        needed = attributes_needed(self.ruleset, connector)
        types = {}
        for type_ in self.configurations[connector].object_types:
            names = sorted(set(needed.get(type_, frozenset())) - {"dn"})
            types[type_] = ObjectType(type_, {n: attribute(n) for n in names})
        return Schema(types)

    def program(self) -> Program:
        """The rules, compiled once."""
        schemas = {name: directory.schema for name, directory in self.directories.items()}
        key = (self.ruleset.hash, self.options, repr(schemas))
        if key not in _PROGRAMS:
            _PROGRAMS[key] = build_program(self.ruleset, self.configurations, schemas, metaverse_schema(), self.options)
        return _PROGRAMS[key]

    def environment(self) -> Environment:
        """What a run is given."""
        return Environment(
            store=self.store,
            world=self.world,
            options=self.options,
            configurations=self.configurations,
            ruleset=lambda: self.ruleset,
            configuration_hash="c",
            configuration_text="{}",
            open_connector=lambda name, _told: self.connector(name),
            learn_schema=lambda _name, _schema: None,
            schema=lambda name: self.directories[name].schema,
            program=self.program,
            allowed={"deletes": None} if self.allow_deletes else {},
        )

    def connector(self, name: str) -> Connector:
        """The connector to a directory, with whatever a test put around it."""
        memory = MemoryConnector(self.configurations[name], self.directories[name])
        return self.connecting[name](memory) if name in self.connecting else memory

    def attempt(self, connector: str, profile: Profile) -> RunResult:
        """Run one profile, whatever becomes of it."""
        self.world.advance(60)
        return run_profile(self.environment(), connector, profile)

    def bring(
        self, connector: str, *brought: ImportedObject | Page | Exception, full: bool = False, complete: bool = True
    ) -> RunResult:
        """Import these objects (or pages, or a failure among them) instead of what the directory holds."""
        objects = tuple(o for o in brought if isinstance(o, ImportedObject))
        pages = [o for o in brought if not isinstance(o, ImportedObject)]
        if objects or not pages:
            pages.insert(0, Page(objects, "brought", complete=full and complete))
        self.connecting[connector] = lambda memory: Scripted(memory, pages)
        try:
            return self.attempt(connector, "full-import" if full else "delta-import")
        finally:
            del self.connecting[connector]

    def run(self, connector: str, *profiles: Profile) -> RunResult:
        """Run profiles on a connector, one after the other; returns the last result."""
        for profile in profiles:
            result = self.attempt(connector, profile)
            assert result.error is None, result.error
        return result

    def cycle(self, kind: str = "full", *, export: bool = True) -> dict[str, RunResult]:
        """The scheduler's order: imports, syncs, the export to Entra. Results by `<connector> <what>`."""
        importing: Profile = "full-import" if kind == "full" else "delta-import"
        syncing: Profile = "full-sync" if kind == "full" else "delta-sync"
        results = {}
        for name in self.configurations:
            results[f"{name} import"] = self.run(name, importing)
        for name in self.configurations:
            results[f"{name} sync"] = self.run(name, syncing)
        if export:
            results["entra export"] = self.run("entra", "export")
        return results

    def settle(self, kind: str = "full") -> None:
        """A cycle with export, and the cycle that confirms it."""
        self.cycle(kind)
        self.cycle(kind)

    # -- looking ----------------------------------------------------------------------------------

    def cs(self, connector: str, dn: str) -> CSObject | None:
        """The connector-space object with that DN."""
        return self.store.cs_by_dn(connector, dn_key(dn))

    def must(self, connector: str, dn: str) -> CSObject:
        """The connector-space object with that DN, which is there."""
        cso = self.cs(connector, dn)
        assert cso is not None, f"no {dn} in {connector}"
        return cso

    def mvo(self, connector: str, dn: str) -> MVObject:
        """The metaverse object that a connector-space object is linked to."""
        cso = self.must(connector, dn)
        assert cso.link is not None, f"{dn} is not linked"
        mvo = self.store.mv(cso.link.mv_id)
        assert mvo is not None, dn
        return mvo

    def mv_of(self, connector: str, dn: str) -> dict[str, Values]:
        """The metaverse values of the object that a connector-space object is linked to."""
        return {name: a.values for name, a in self.mvo(connector, dn).attributes.items()}

    def cloud(self, source_dn: str, connector: str = "contoso") -> MemoryEntry | None:
        """The cloud entry of an on-premises object, found by its source anchor."""
        anchor = self.mv_of(connector, source_dn).get("sourceAnchor")
        for entry in self.directories["entra"].entries.values():
            if anchor and entry.attributes.get("sourceAnchor") == anchor:
                return entry
        return None

    def linked(self, connector: str, source_dn: str, source: str = "contoso") -> CSObject | None:
        """The object of one connector that is linked to the same metaverse object as a source's."""
        for cs_id in self.store.linked(self.mvo(source, source_dn).id):
            cso = self.store.cs(cs_id)
            if cso is not None and cso.connector == connector:
                return cso
        return None

    def pending(self, connector: str = "entra") -> dict[str, int]:
        """How many exports wait, by operation."""
        return dict(self.store.pending_export_counts(connector))

    def counters(self, result: RunResult) -> dict[str, int]:
        """The counters of a run's only step."""
        (step,) = result.record.steps
        return dict(step.counters)


class Scripted:
    """A connector that brings the given pages, and raises what stands among them; the rest is the directory's."""

    def __init__(self, memory: MemoryConnector, pages: Iterable[Page | Exception]) -> None:
        self._memory = memory
        self._pages = tuple(pages)
        self.schema = memory.schema
        self.delta_support: str | None = None

    def import_pages(self, partition: str, watermark: str | None) -> Iterator[Page]:  # noqa: ARG002 - the port's names
        """The pages, whatever the watermark."""
        for page in self._pages:
            if isinstance(page, Exception):
                raise page
            yield page

    def read_object(self, partition: str, anchor: str) -> ImportedObject | None:
        """The directory's object."""
        return self._memory.read_object(partition, anchor)

    def export(self, changes: Sequence[ExportChange]) -> Iterator[ExportOutcome]:
        """Into the directory."""
        return self._memory.export(changes)

    def close(self) -> None:
        """Nothing to let go of."""
