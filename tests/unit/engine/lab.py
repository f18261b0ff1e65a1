"""A laboratory for engine tests: directories and a store in memory, the default rules, and runs on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
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
from attrflow.model.provenance import MappingId
from attrflow.model.schema import AttributeType, ObjectType, Schema, Syntax
from attrflow.model.values import Values
from attrflow.ports.connector import Connector
from attrflow.ports.store import Store
from attrflow.rules.reading import attributes_needed
from attrflow.rules.rule import (
    AttributeMapping,
    Direction,
    FlowType,
    JoinClause,
    LinkType,
    MergeType,
    Rule,
    ScopeClause,
    named_guid,
    numbered,
)
from attrflow.rules.ruleset import RuleSet, join_attributes
from attrflow.runs.environment import Environment
from attrflow.runs.profile import Profile
from attrflow.runs.run import RunResult, run_profile
from attrflow.stores.memory import MemoryStore

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
REFERENCES = {"manager", "member"}


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
        cs, mv = join_attributes(self.ruleset)
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
            ruleset_hash=self.ruleset.hash,
            ruleset_text=self.ruleset.text,
            configuration_hash="c",
            configuration_text="{}",
            joins=self.joins,
            open_connector=lambda name, _told: self.connector(name),
            learn_schema=lambda _name, _schema: None,
            schema=lambda name: self.directories[name].schema,
            program=self.program,
            allow_deletes=self.allow_deletes,
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


def on_premises(name: str, id_: str) -> ConnectorConfiguration:
    """A forest of one domain, of which OU=People is in scope."""
    domain = {
        "Domain.FQDN": f"{name}.test",
        "Domain.LDAP": f"DC={name},DC=test",
        "Domain.Netbios": name.upper(),
        "Forest.FQDN": f"{name}.test",
        "Forest.LDAP": f"DC={name},DC=test",
        "Forest.Netbios": name.upper(),
    }
    partition = Partition(f"DC={name},DC=test", (f"OU=People,DC={name},DC=test",), (), domain)
    return ConnectorConfiguration(name, id_, "ad", (partition,), ("user", "group", "contact"), ())


def dn(name: str, forest: str = "contoso") -> str:
    """Where `user`, `group` and `contact` put an entry."""
    return f"CN={name},OU=People,DC={forest},DC=test"


def entry(
    type_: str, name: str, forest: str, attributes: Mapping[str, Values], more: Mapping[str, object]
) -> MemoryEntry:
    """An entry; of `more`, reference attributes are given as DNs, None takes an attribute away."""
    given = {n.replace("__", "-"): v for n, v in more.items()}
    references: dict[str, tuple[str, ...]] = {n: v for n, v in given.items() if n in REFERENCES}  # type: ignore[misc]  # DNs
    short: dict[str, Values] = {n: v for n, v in given.items() if n not in REFERENCES and v is not None}  # type: ignore[misc]  # values
    kept = {n: v for n, v in {**attributes, **short}.items() if n not in given or given[n] is not None}
    return MemoryEntry(dn(name, forest), type_, kept, references)


def user(name: str, number: int, *, forest: str = "contoso", **more: object) -> MemoryEntry:
    """A user of one forest; `manager` and `member` are given as DNs."""
    login = name.replace(" ", ".").lower()
    attributes: dict[str, Values] = {
        "cn": (name,),
        "sAMAccountName": (login[:20],),
        "userPrincipalName": (f"{login}@{forest}.test",),
        "objectGUID": (number.to_bytes(16, "big"),),
        "objectSid": (b"\x01\x01\x00\x00\x00\x00\x00\x05" + number.to_bytes(4, "little"),),
        "userAccountControl": (512,),
    }
    return entry("user", name, forest, attributes, more)


def group(name: str, number: int, *, forest: str = "contoso", **more: object) -> MemoryEntry:
    """A security group of one forest."""
    attributes: dict[str, Values] = {
        "cn": (name,),
        "sAMAccountName": (name,),
        "objectGUID": (number.to_bytes(16, "big"),),
        "objectSid": (b"\x01\x01\x00\x00\x00\x00\x00\x05" + number.to_bytes(4, "little"),),
        "groupType": (-2147483646,),
    }
    return entry("group", name, forest, attributes, more)


def contact(name: str, number: int, *, forest: str = "contoso", **more: object) -> MemoryEntry:
    """A contact of one forest with a mail address."""
    attributes: dict[str, Values] = {
        "cn": (name,),
        "mail": (f"{name.lower()}@partner.test",),
        "objectGUID": (number.to_bytes(16, "big"),),
    }
    return entry("contact", name, forest, attributes, more)


def refer(directory: MemoryDirectory, dn_: str, attribute_: str, *targets: str) -> None:
    """Give an entry's reference attribute these targets."""
    anchor = directory.find(dn_)
    assert anchor is not None, f"no entry {dn_}"
    here = directory.entries[anchor]
    references = {**here.references, attribute_: targets}
    directory.put(anchor, replace(here, references={n: t for n, t in references.items() if t}))


def rename(directory: MemoryDirectory, old: str, new: str) -> None:
    """Move an entry; what refers to it follows, as in AD."""
    anchor = directory.find(old)
    assert anchor is not None, f"no entry {old}"
    directory.put(anchor, replace(directory.entries[anchor], dn=new))
    for other, here in list(directory.entries.items()):
        moved = {
            name: tuple(new if dn_key(target) == dn_key(old) else target for target in targets)
            for name, targets in here.references.items()
        }
        if moved != here.references:
            directory.entries[other] = replace(here, references=moved)


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


# -- rules of a test's own ------------------------------------------------------------------------


def flow(
    destination: str, source: str, type_: FlowType = "direct", merge: MergeType = "update", *, once: bool = False
) -> AttributeMapping:
    """One mapping; `numbered` gives it its ordinal."""
    return AttributeMapping(MappingId(destination), type_, source, merge, once)


def expression(destination: str, source: str, merge: MergeType = "update", *, once: bool = False) -> AttributeMapping:
    """A mapping by an expression."""
    return flow(destination, source, "expression", merge, once=once)


def constant(destination: str, source: str, merge: MergeType = "update", *, once: bool = False) -> AttributeMapping:
    """A mapping of a constant."""
    return flow(destination, source, "constant", merge, once=once)


def rule(
    name: str,
    precedence: int,
    *mappings: AttributeMapping,
    direction: Direction = "inbound",
    connector: str = "contoso",
    source: str | None = None,
    target: str | None = None,
    link: LinkType = "join",
    scope: Iterable[str] = (),
    join: Iterable[str] = (),
    disabled: bool = False,
) -> Rule:
    """A rule: `scope` holds one text a group (`a EQUAL x; b ISNULL`), `join` one a group (`cs = mv; …`)."""
    source = source or ("user" if direction == "inbound" else "person")
    target = target or ("person" if direction == "inbound" else "user")
    return Rule(
        id=named_guid("test", name),
        name=name,
        description="",
        direction=direction,
        connector=connector,
        source_type=source,
        target_type=target,
        link=link,
        precedence=precedence,
        scope=tuple(tuple(_clause(text) for text in group.split(";")) for group in scope),
        join=tuple(tuple(_equality(text) for text in group.split(";")) for group in join),
        mappings=numbered(mappings),
        disabled=disabled,
    )


def _clause(text: str) -> ScopeClause:
    words = text.split(maxsplit=2)
    return ScopeClause(words[0], words[1], words[2].strip() if len(words) > 2 else "")


def _equality(text: str) -> JoinClause:
    left, _, right = text.partition("=")
    exact = right.strip().endswith("!")
    return JoinClause(left.strip(), right.strip().rstrip("!"), exact)
