"""What the pytest fixtures hand to a test: where a mock is, and hands to change it.

Every change and every look runs in the servers' own thread, between two requests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrflow_mocks.ad.directory import Directory
from attrflow_mocks.directory_options import apply_options, parse_options
from attrflow_mocks.faults import Fault
from attrflow_mocks.hosted import HostedMocks
from attrflow_mocks.journal import Request
from attrflow_mocks.ldif import parse_ldif
from attrflow_mocks.lightweight.database import Database
from attrflow_mocks.scenarios.seed import EntrySeed, SeedValue

__all__ = ["MockAd", "MockOpenLdap", "MockTenant"]


class _Mock:
    """What both mocks offer."""

    def __init__(self, mocks: HostedMocks) -> None:
        self.mocks = mocks
        self.world = mocks.world

    def perform(self, act: str) -> str:
        """Let one of the scenario's acts happen; its story."""
        return self.mocks.call(lambda: self.world.perform(act))

    def snapshot(self, name: str = "kept") -> None:
        """Keep the state of now under a name."""
        self.mocks.call(lambda: self.world.take_snapshot(name))

    def restore(self, name: str = "kept") -> None:
        """Go back to a kept state."""
        self.mocks.call(lambda: self.world.restore_snapshot(name))

    def fault(self, fault: Fault) -> None:
        """Order a fault."""
        self.mocks.call(lambda: self.world.faults.add(fault))

    def script(self, faults: Sequence[Fault], seed: int) -> None:
        """Order faults in their order; what they leave to chance follows from `seed`."""

        def order() -> None:
            self.world.faults.reseed(seed)
            for fault in faults:
                self.world.faults.add(fault)

        self.mocks.call(order)

    def advance(self, seconds: float) -> None:
        """Move the mocks' clock on."""
        self.mocks.call(lambda: self.world.clock.advance(seconds))

    def take_snapshot(self, name: str) -> None:
        """Keep the state of now under a name; stale reads are answered from it."""
        self.mocks.call(lambda: self.world.take_snapshot(name))

    def restore_snapshot(self, name: str) -> None:
        """Go back to a kept state."""
        self.mocks.call(lambda: self.world.restore_snapshot(name))

    def reset(self) -> None:
        """Everything as it was at the start."""
        self.mocks.call(self.world.reset)

    def journal(self, target: str | None = None) -> list[Request]:
        """What clients sent, of one target or of all, oldest first."""
        return self.mocks.call(lambda: [one for one in self.world.journal if target is None or one.target == target])


class _MockDirectory(_Mock):
    """What the served directories of both profiles offer."""

    def __init__(self, mocks: HostedMocks, name: str) -> None:
        super().__init__(mocks)
        self.name = name
        server, seed = mocks.servers.directories[name], self.world.seeds[name]
        self.host, self.port = mocks.servers.host, server.port
        self.authority = server.identity.authority
        self.ldaps_port = mocks.servers.secure[name].port
        self.url = f"ldap://{self.host}:{self.port}"
        self.naming_context, self.netbios = seed.naming_context, seed.netbios
        self.account, self.password = next(iter(seed.accounts.items()))

    def add(self, entries: str | Sequence[EntrySeed]) -> int:
        """Add entries, given as LDIF or as seeds; returns how many."""
        seeds = list(parse_ldif(entries)) if isinstance(entries, str) else list(entries)
        return self.mocks.call(lambda: self.world.add_entries(self.name, seeds))

    def modify(self, dn: str, changes: Mapping[str, Sequence[SeedValue] | None]) -> None:
        """Replace attributes; None or no values takes one away."""
        replaced = {name: values or () for name, values in changes.items()}
        self.mocks.call(lambda: self.world.modify(self.name, dn, replaced))

    def move(self, dn: str, new_dn: str) -> None:
        """Rename or move an entry and what is below it."""
        self.mocks.call(lambda: self.world.move(self.name, dn, new_dn))

    def delete(self, dn: str, *, tree: bool = False) -> None:
        """Delete an entry as a client would."""
        self.mocks.call(lambda: self.world.delete(self.name, dn, tree=tree))

    def options(self, document: Mapping[str, object]) -> None:
        """Set rights, the Recycle Bin, who may replicate, or a size limit, as the control plane names them.

        Raises:
            ValueError: a key is unknown, or a rule is wrong.
        """
        options = parse_options(document)
        self.mocks.call(lambda: apply_options(self.world.any_directory(self.name), options))


class MockAd(_MockDirectory):
    """A served Active Directory. `account` and `password` are the connector's, `authority` is for StartTLS."""

    def __init__(self, mocks: HostedMocks, name: str | int | None = None) -> None:
        """The directory of this name, by default the first.

        Raises:
            LookupError: the scenario has none of this name, or it is an OpenLDAP database.
        """
        chosen = str(name) if name is not None else next(iter(mocks.world.directories))
        mocks.world.directory(chosen)
        super().__init__(mocks, chosen)
        self.global_catalog_port = mocks.servers.catalogs[chosen].port

    @property
    def directory(self) -> Directory:
        """The directory's state; look at it through `mocks.call`."""
        return self.world.directory(self.name)


class MockOpenLdap(_MockDirectory):
    """A served OpenLDAP database. `account` may read; the administrator may do everything."""

    def __init__(self, mocks: HostedMocks, name: str | int | None = None) -> None:
        """The database of this name, by default the scenario's first.

        Raises:
            LookupError: the scenario has none (of this name).
        """
        databases = [one for one, held in mocks.world.directories.items() if isinstance(held, Database)]
        if name is None and not databases:
            raise LookupError(f"scenario {mocks.world.scenario.name} has no directory of the profile openldap")
        chosen = str(name) if name is not None else databases[0]
        self.admin_dn = mocks.world.database(chosen).admin_dn
        super().__init__(mocks, chosen)
        self.admin_password = mocks.world.seeds[chosen].accounts.get(self.admin_dn, "")

    @property
    def database(self) -> Database:
        """The database's state; look at it through `mocks.call`."""
        return self.world.database(self.name)


class MockTenant(_Mock):
    """The served tenant. `tenant` is its state; take its lock to read it from a test."""

    def __init__(self, mocks: HostedMocks) -> None:
        super().__init__(mocks)
        self.tenant = self.world.required_tenant()
        said = mocks.servers.announcement()["tenant"]
        assert isinstance(said, dict)
        self.tenant_id = str(said["tenant_id"])
        self.client_id, self.client_secret = str(said["client_id"]), str(said["client_secret"])
        self.graph_url, self.ingest_url = str(said["graph_url"]), str(said["ingest_url"])
        self.login_url = str(said["login_url"])

    @property
    def token(self) -> str:
        """A new bearer token of the tenant's first application, without asking over HTTP."""
        server = self.mocks.servers.tenant
        assert server is not None
        return self.mocks.call(lambda: server.responder.tokens.issue(self.client_id))
