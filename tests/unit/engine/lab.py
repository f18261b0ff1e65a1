"""A laboratory for engine tests: directories and a store in memory, the default rules, and runs on them."""

from __future__ import annotations

from collections.abc import Iterable

from attrflow.app.library import default_rules, metaverse_schema
from attrflow.app.world import SeededWorld
from attrflow.connectors.memory import MemoryConnector, MemoryDirectory, MemoryEntry
from attrflow.engine.program import Program, build_program
from attrflow.engine.working_set import JoinAttributes
from attrflow.model.configuration import ConnectorConfiguration, EngineOptions, Partition
from attrflow.model.connector_space import CSObject
from attrflow.model.names import dn_key
from attrflow.model.schema import AttributeType, ObjectType, Schema, Syntax
from attrflow.model.values import Values
from attrflow.rules.reading import attributes_needed
from attrflow.rules.rule import Rule
from attrflow.rules.ruleset import RuleSet, join_attributes
from attrflow.runs.environment import Environment
from attrflow.runs.profile import Profile
from attrflow.runs.run import RunResult, run_profile
from attrflow.stores.memory import MemoryStore

BINARY = {"objectGUID", "objectSid", "msExchMasterAccountSid", "msRTCSIP-OriginatorSid", "userCertificate",
          "mS-DS-ConsistencyGuid", "onPremiseSecurityIdentifier"}
INTEGERS = {"userAccountControl", "groupType", "countryCode", "pwdLastSet", "msExchRecipientTypeDetails"}
BOOLEANS = {"isCriticalSystemObject", "msExchHideFromAddressLists", "accountEnabled", "cloudMastered", "mailEnabled",
            "securityEnabled", "blockOnPremisesSync"}
MULTI = {"proxyAddresses", "userCertificate", "description", "url", "postOfficeBox", "otherTelephone", "member"}
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


class Lab:
    """Two forests and a tenant in memory."""

    def __init__(self, rules: Iterable[Rule] | None = None, options: EngineOptions | None = None) -> None:
        self.store = MemoryStore()
        self.world = SeededWorld()
        self.options = options or EngineOptions()
        self.configurations = {
            "contoso": self._ad("contoso", "11111111-0000-0000-0000-000000000001"),
            "fabrikam": self._ad("fabrikam", "11111111-0000-0000-0000-000000000002"),
            "entra": ConnectorConfiguration(
                "entra", "b891884f-051e-4a83-95af-2544101c9083", "entra", (Partition("default"),),
                ("user", "group", "contact"), (),
            ),
        }
        kinds = [(c.name, c.id, c.kind) for c in self.configurations.values()]
        self.rules = list(default_rules(kinds) if rules is None else rules)
        self.directories: dict[str, MemoryDirectory] = {}
        self.use(self.rules)
        for name in self.configurations:
            prefix = "User_" if name == "entra" else name
            self.directories[name] = MemoryDirectory(self._schema(name), prefix=prefix)

    @staticmethod
    def _ad(name: str, id_: str) -> ConnectorConfiguration:
        domain = {"Domain.FQDN": f"{name}.test", "Domain.Netbios": name.upper(), "Domain.LDAP": f"DC={name},DC=test",
                  "Forest.FQDN": f"{name}.test", "Forest.Netbios": name.upper(), "Forest.LDAP": f"DC={name},DC=test"}
        partition = Partition(f"DC={name},DC=test", (f"OU=People,DC={name},DC=test",), (), domain)
        return ConnectorConfiguration(name, id_, "ad", (partition,), ("user", "group", "contact"), ())

    def use(self, rules: Iterable[Rule]) -> None:
        """Use other rules from now on."""
        self.rules = list(rules)
        self.ruleset = RuleSet.of(self.rules)
        cs, mv = join_attributes(self.ruleset)
        self.joins = JoinAttributes(dict(cs), mv)
        self.store.set_join_attributes(cs, mv)
        self._program: Program | None = None

    def _schema(self, connector: str) -> Schema:

        needed = attributes_needed(self.ruleset, connector)
        types = {}
        for type_ in self.configurations[connector].object_types:
            names = sorted(set(needed.get(type_, frozenset())) - {"dn"})
            types[type_] = ObjectType(type_, {n: attribute(n) for n in names})
        return Schema(types)

    def program(self, *, observed: bool = False) -> Program:
        """The rules, compiled."""
        schemas = {name: directory.schema for name, directory in self.directories.items()}
        return build_program(
            self.ruleset, self.configurations, schemas, metaverse_schema(), self.options, observed=observed
        )

    def environment(self) -> Environment:
        """What a run is given."""
        return Environment(
            store=self.store, world=self.world, options=self.options, configurations=self.configurations,
            ruleset_hash=self.ruleset.hash, ruleset_text=self.ruleset.text, configuration_hash="c",
            configuration_text="{}", joins=self.joins,
            open_connector=lambda name, _told: MemoryConnector(self.configurations[name], self.directories[name]),
            learn_schema=lambda _name, _schema: None, schema=lambda name: self.directories[name].schema,
            program=self.program,
        )

    def run(self, connector: str, *profiles: Profile) -> RunResult:
        """Run profiles on a connector, one after the other; returns the last result."""
        for profile in profiles:
            result = run_profile(self.environment(), connector, profile)
            assert result.error is None, result.error
        return result

    def cycle(self, kind: str = "full") -> dict[str, RunResult]:
        """Import everywhere, sync everywhere, export to Entra, and import Entra again."""
        importing: Profile = "full-import" if kind == "full" else "delta-import"
        syncing: Profile = "full-sync" if kind == "full" else "delta-sync"
        results = {}
        for name in self.configurations:
            results[f"{name} import"] = self.run(name, importing)
        for name in self.configurations:
            results[f"{name} sync"] = self.run(name, syncing)
        results["entra export"] = self.run("entra", "export")
        return results

    # -- looking ----------------------------------------------------------------------------------

    def cs(self, connector: str, dn: str) -> CSObject | None:
        """The connector-space object with that DN."""
        return self.store.cs_by_dn(connector, dn_key(dn))

    def mv_of(self, connector: str, dn: str) -> dict[str, Values]:
        """The metaverse values of the object that a connector-space object is linked to."""
        cso = self.cs(connector, dn)
        assert cso is not None, dn
        assert cso.link is not None, f"{dn} is not linked"
        mvo = self.store.mv(cso.link.mv_id)
        assert mvo is not None, dn
        return {name: a.values for name, a in mvo.attributes.items()}

    def cloud(self, source_dn: str, connector: str = "contoso") -> MemoryEntry | None:
        """The cloud entry of an on-premises object, found by its source anchor."""
        anchor = self.mv_of(connector, source_dn).get("sourceAnchor")
        for entry in self.directories["entra"].entries.values():
            if anchor and entry.attributes.get("sourceAnchor") == anchor:
                return entry
        return None


def user(name: str, number: int, *, forest: str = "contoso", **more: Values | tuple[str, ...]) -> MemoryEntry:
    """A user of one forest; `manager` and `member` are given as DNs."""
    references = {n: v for n, v in more.items() if n in REFERENCES}
    attributes: dict[str, Values] = {
        "cn": (name,),
        "sAMAccountName": (name.replace(" ", ".").lower()[:20],),
        "userPrincipalName": (f"{name.replace(' ', '.').lower()}@{forest}.test",),
        "objectGUID": (number.to_bytes(16, "big"),),
        "objectSid": (b"\x01\x01\x00\x00\x00\x00\x00\x05" + number.to_bytes(4, "little"),),
        "userAccountControl": (512,),
        **{n: v for n, v in more.items() if n not in REFERENCES},
    }
    return MemoryEntry(f"CN={name},OU=People,DC={forest},DC=test", "user", attributes, references)  # type: ignore[arg-type]  # references are DNs
