"""A scenario brought to life: directories, tenant, one clock, one fault script, one journal. No sockets.

What scripts do to it (reset, dump, seed, modify, move, delete) is here once, for the control plane and
for tests. It knows the mocks' state, and no wire format.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Literal, get_args

from attrflow_mocks import profiles
from attrflow_mocks.ad.directory import Directory
from attrflow_mocks.ad.errors import LdapError
from attrflow_mocks.administration import RefusedError, administer
from attrflow_mocks.clock import Clock
from attrflow_mocks.control_values import TenantRequest
from attrflow_mocks.directory_options import DirectoryOptions, apply_options, scenario_options
from attrflow_mocks.entra.tenant import Tenant
from attrflow_mocks.faults import FaultScript
from attrflow_mocks.identifiers import Identifiers
from attrflow_mocks.journal import Journal
from attrflow_mocks.lightweight.database import Database
from attrflow_mocks.profiles import AnyDirectory
from attrflow_mocks.scenarios.loader import DEFAULT_SEED, load
from attrflow_mocks.scenarios.seed import DirectorySeed, EntrySeed, Scenario, SeedValue
from attrflow_mocks.snapshots import Snapshot, restore, take

__all__ = ["PARTS", "Part", "RefusedError", "World"]

Part = Literal["all", "directories", "tenant"]
PARTS: tuple[Part, ...] = get_args(Part)


class _Clock(Clock):
    """A clock that goes back to its start when the world does."""

    def reset(self) -> None:
        self.advanced = timedelta()


class World:
    """The mocks of one scenario. Not locked: all its callers are in one thread, or take turns."""

    def __init__(
        self,
        scenario: Scenario,
        *,
        seed: int = DEFAULT_SEED,
        part: Part = "all",
        start: datetime | None = None,
    ) -> None:
        """Bring `scenario` to life, all of it or one part; `start` makes the clock stand still there."""
        self.scenario = scenario
        self.seed = seed
        self.clock = _Clock(start)
        self.journal = Journal()
        self.faults = FaultScript(seed=seed)
        self.seeds: dict[str, DirectorySeed] = {}
        self.directories: dict[str, AnyDirectory] = {}
        self._unused: dict[str, AnyDirectory] = {}
        self.tenant: Tenant | None = None
        self.snapshots: dict[str, Snapshot] = {}
        self.sign_in: Callable[[str, str], str] | None = None
        """Gives a token for a client id and an administrator's id; set by who serves the tenant."""
        self.options = scenario_options(scenario.name)
        if part != "tenant":
            self.seeds = {directory.name: directory for directory in scenario.directories}
            self.directories = {name: self._directory(directory) for name, directory in self.seeds.items()}
        if part != "directories":
            self.tenant = Tenant(scenario.tenant, self.clock, seed)

    @classmethod
    def of(cls, name: str, *, seed: int = DEFAULT_SEED, part: Part = "all", start: datetime | None = None) -> World:
        """The world of the scenario `name`.

        Raises:
            ScenarioNotFoundError: there is none of this name.
            ValueError: its files are wrong.
        """
        return cls(load(name, seed), seed=seed, part=part, start=start)

    def _directory(self, seed: DirectorySeed) -> AnyDirectory:
        # Each directory has ids of its own, whatever stands before it in the scenario.
        identifiers = Identifiers(zlib.crc32(f"{self.seed}/{seed.name}".encode()))
        directory = profiles.bring_to_life(seed, self.clock, identifiers)
        apply_options(directory, self.options.get(seed.name, DirectoryOptions()))
        return directory

    def reset(self) -> None:
        """Everything as it was at the start: contents, ids, clock, faults, journal."""
        self.clock.reset()
        self.faults.clear()
        self.faults.reseed(self.seed)
        self.journal.clear()
        for name, seed in self.seeds.items():
            # The object stays and gets a new inside: open connections hold it. Copying one that was never used
            # takes a tenth of the time that bringing a seed to life does.
            if name not in self._unused:
                self._unused[name] = self._directory(seed)
            profiles.restored(self.directories[name], self._unused[name])
            self.directories[name].shadow = None
        if self.tenant is not None:
            self.tenant.reset()

    def take_snapshot(self, name: str) -> None:
        """Keep the state of now under a name; contents, ids and the clock, not faults and journal."""
        self.snapshots[name] = take(self.clock, self.directories, self.tenant)

    def restore_snapshot(self, name: str) -> None:
        """Go back to a kept state. Delta tokens given since then are stale.

        Raises:
            LookupError: no state has this name; the text lists those that have one.
        """
        if name not in self.snapshots:
            known = ", ".join(self.snapshots) or "none"
            raise LookupError(f"no snapshot is named {name!r}; there are: {known}")
        restore(self.snapshots[name], self.clock, self.directories, self.tenant)

    # What there is

    def any_directory(self, name: str) -> AnyDirectory:
        """The directory of this name, whichever profile it has.

        Raises:
            LookupError: there is none; the text lists those that there are.
        """
        if name not in self.directories:
            known = ", ".join(self.directories) or "none"
            raise LookupError(f"no directory is named {name!r}; there are: {known}")
        return self.directories[name]

    def directory(self, name: str) -> Directory:
        """The Active Directory of this name.

        Raises:
            LookupError: there is none, or it is an OpenLDAP database.
        """
        found = self.any_directory(name)
        if not isinstance(found, Directory):
            raise LookupError(f"{name} has the profile openldap: it is a database, not an Active Directory")
        return found

    def database(self, name: str) -> Database:
        """The OpenLDAP database of this name.

        Raises:
            LookupError: there is none, or it is an Active Directory.
        """
        found = self.any_directory(name)
        if not isinstance(found, Database):
            raise LookupError(f"{name} has the profile ad: it is an Active Directory, not an OpenLDAP database")
        return found

    def required_tenant(self) -> Tenant:
        """The tenant.

        Raises:
            LookupError: only directories are served.
        """
        if self.tenant is None:
            raise LookupError("no tenant is served here; start with --part all or --part tenant")
        return self.tenant

    def dump(self) -> dict[str, object]:
        """All directories by name, their entries in tree order, and the objects of the tenant."""
        return {
            "now": self.clock.now().isoformat(),
            "directories": {name: list(profiles.entries(one)) for name, one in self.directories.items()},
            "tenant": self.tenant.dump() if self.tenant else None,
        }

    # What scripts change

    def add_entries(self, name: str, entries: Sequence[EntrySeed]) -> int:
        """Add entries, parents before children; returns how many.

        Raises:
            LookupError: no such directory, no parent, or a reference to nothing.
            ValueError: the schema has no such class or attribute.
            RefusedError: an entry was refused; those before it stay.
        """
        directory = self.any_directory(name)
        with _refusals(name):
            profiles.add(directory, entries)
        return len(entries)

    def add_users(self, users: Sequence[Mapping[str, object]]) -> int:
        """Add cloud-only users to the tenant, in Graph's words; returns how many.

        Raises:
            LookupError: there is no tenant.
            RefusedError: a user was refused; those before stay, and the text says how many.
        """
        for done, user in enumerate(users):
            try:
                self.required_tenant().add_user(user)
            except ValueError as error:
                raise RefusedError(f"{error} ({done} of {len(users)} users were added)") from error
        return len(users)

    def modify(self, name: str, dn: str, changes: Mapping[str, Sequence[SeedValue]]) -> None:
        """Replace attributes of an entry; no values takes an attribute away.

        Raises:
            LookupError: no such directory or entry.
            RefusedError: the directory refused; nothing was changed.
        """
        directory = self.any_directory(name)
        with _refusals(dn):
            profiles.modify(directory, dn, changes)

    def move(self, name: str, dn: str, new_dn: str) -> None:
        """Rename or move an entry, and with it all below it.

        Raises:
            LookupError: no such directory, entry or new parent.
            ValueError: `new_dn` is no DN.
            RefusedError: the directory refused.
        """
        directory = self.any_directory(name)
        with _refusals(dn):
            profiles.move(directory, dn, new_dn)

    def delete(self, name: str, dn: str, *, tree: bool = False) -> None:
        """Delete an entry as a client would, with `tree` all below it too; in AD tombstones stay.

        Raises:
            LookupError: no such directory or entry.
            RefusedError: the directory refused.
        """
        directory = self.any_directory(name)
        with _refusals(dn):
            profiles.delete(directory, dn, tree=tree)

    def perform(self, name: str) -> str:
        """Let one of the scenario's acts happen; returns its story.

        Raises:
            LookupError: the scenario has none of this name; the text lists those that it has.
            RefusedError: the directory refused, as when it has happened already.
        """
        act = next((one for one in self.scenario.acts if one.name == name), None)
        if act is None:
            known = ", ".join(one.name for one in self.scenario.acts) or "none"
            raise LookupError(f"scenario {self.scenario.name} has no act {name!r}; there are: {known}")
        if act.changes:
            self.modify(act.directory, act.dn, act.changes)
        if act.move_to:
            self.move(act.directory, act.dn, act.move_to)
        if act.delete:
            self.delete(act.directory, act.dn)
        return act.story

    def administer(self, asked: TenantRequest) -> None:
        """Do what an administrator of the tenant does.

        Raises:
            LookupError: no tenant, no such user, or no such switch.
            RefusedError: the tenant refused.
        """
        administer(self.required_tenant(), asked)


@contextmanager
def _refusals(dn: str) -> Iterator[None]:
    """Tell apart what is not there and what is not allowed."""
    try:
        yield
    except LdapError as error:
        text = f"{dn}: {error}".replace("\n", " ").strip()
        raise (LookupError(text) if error.result.code == 32 else RefusedError(text)) from error
