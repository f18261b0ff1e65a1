"""A simulation of random rules, objects and edits, with what must hold whatever happened.

Hypothesis prints the steps, and the blob to repeat them, of a run that fails. In the suite a few runs go
by; `ATTRFLOW_SIMULATION=2000 pytest tests/properties -s` runs that many of each kind, newly seeded.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, note, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from tests.properties.company import FORESTS, NAMES, TARGET, WORDS, Company, place, rule_sets, shuffled
from tests.properties.looking import all_cs, check_provenance, exports, failed, metaverse, staged_deletes, state
from tests.unit.engine.lab import Scripted
from tests.unit.engine.lab_entries import dn, refer

from attrflow.connectors.memory import MemoryDirectory, MemoryEntry
from attrflow.model.entry import Page
from attrflow.model.errors import ConnectionLost

RUNS = int(os.environ.get("ATTRFLOW_SIMULATION", "0"))
SEED = random.SystemRandom().randrange(1 << 32) if RUNS else 20

numbers = st.integers(1, NAMES)
forests = st.sampled_from(FORESTS)
words = st.sampled_from(WORDS)
picks = st.integers(0, 1000)


class Simulation(RuleBasedStateMachine):
    """Edits of the directories and runs, in any order."""

    stateful = True

    @initialize(data=st.data(), writing=st.booleans())
    def begin(self, data: st.DataObject, writing: bool) -> None:
        rules = data.draw(rule_sets(stateful=self.stateful))
        kept = tuple(one for one in rules if writing or one.connector != TARGET)
        self.lab = Company(kept, target=writing)
        self.lab.directories["contoso"].add(MemoryEntry(dn("Staff"), "group", {"cn": ("Staff",)}))
        dice = data.draw(st.randoms(use_true_random=False))
        for forest, count in zip(FORESTS, (NAMES, NAMES - 2), strict=True):
            for number in range(1, count + 1):
                values = {name: (dice.choice(WORDS[:3]),) for name in ("title", "department", "displayName")}
                place(self.lab.directories[forest], forest, number, {**values, "proxyAddresses": (f"{number}",)})
            users = self._users(forest)
            for user in users:
                refer(self.lab.directories[forest], user, "manager", dice.choice(users))
        refer(self.lab.directories["contoso"], dn("Staff"), "member", *self._users("contoso"))
        self.lab.full()
        self.lab.full()

    # -- edits ------------------------------------------------------------------------------------

    def _users(self, forest: str) -> list[str]:
        return [e.dn for e in self.lab.directories[forest].entries.values() if e.object_type == "user"]

    def _picked(self, forest: str, pick: int) -> tuple[MemoryDirectory, str] | None:
        users = self._users(forest)
        return (self.lab.directories[forest], users[pick % len(users)]) if users else None

    @rule(forest=forests, number=numbers, title=words, department=words, proxies=st.sets(st.sampled_from("aAbB")))
    def hire(self, forest: str, number: int, title: str, department: str, proxies: set[str]) -> None:
        values = {"title": (title,), "department": (department,), "proxyAddresses": tuple(sorted(proxies))}
        place(self.lab.directories[forest], forest, number, dict(values))

    @rule(forest=forests, pick=picks, name=st.sampled_from(["title", "department", "displayName"]), word=words)
    def change(self, forest: str, pick: int, name: str, word: str) -> None:
        if (found := self._picked(forest, pick)) is not None:
            found[0].set(found[1], name, (word,))

    @rule(forest=forests, pick=picks, name=st.sampled_from(["title", "department", "displayName"]))
    def clear(self, forest: str, pick: int, name: str) -> None:
        if (found := self._picked(forest, pick)) is not None:
            found[0].set(found[1], name, ())

    @rule(forest=forests, pick=picks, values=st.sets(st.sampled_from("aAbBc"), max_size=3))
    def phone(self, forest: str, pick: int, values: set[str]) -> None:
        if (found := self._picked(forest, pick)) is not None:
            found[0].set(found[1], "otherTelephone", tuple(sorted(values)))

    @rule(forest=forests, pick=picks, boss=picks)
    def report(self, forest: str, pick: int, boss: int) -> None:
        if (found := self._picked(forest, pick)) is not None:
            users = self._users(forest)
            refer(found[0], found[1], "manager", users[boss % len(users)])

    @rule(members=st.sets(picks, max_size=4))
    def staff(self, members: set[int]) -> None:
        users = self._users("contoso")
        chosen = {users[pick % len(users)] for pick in members} if users else set()
        refer(self.lab.directories["contoso"], dn("Staff"), "member", *sorted(chosen))

    @rule(forest=forests, pick=picks, where=st.sampled_from(["People", "Elsewhere"]), name=st.sampled_from(["", "x"]))
    def move(self, forest: str, pick: int, where: str, name: str) -> None:
        if (found := self._picked(forest, pick)) is None:
            return
        directory, old = found
        anchor = directory.find(old)
        assert anchor is not None
        entry = directory.entries[anchor]
        new = f"CN={entry.attributes['cn'][0]!s}{name},OU={where},DC={forest},DC=test"
        if directory.find(new) is None:
            directory.put(anchor, replace(entry, dn=new))

    @rule(forest=forests, pick=picks)
    def leave(self, forest: str, pick: int) -> None:
        if (found := self._picked(forest, pick)) is not None:
            found[0].remove(found[1])

    @rule(pick=picks, name=st.sampled_from(["title", "extensionAttribute1"]), word=words)
    def drift(self, pick: int, name: str, word: str) -> None:
        if (found := self._picked("entra", pick)) is not None:
            found[0].set(found[1], name, (word,))

    @rule(pick=picks)
    def vanish(self, pick: int) -> None:
        if (found := self._picked("entra", pick)) is not None:
            found[0].remove(found[1])

    # -- runs -------------------------------------------------------------------------------------

    @rule(export=st.booleans())
    def delta_cycle(self, export: bool) -> None:
        self.lab.delta(export=export)

    @rule(export=st.booleans())
    def full_cycle(self, export: bool) -> None:
        self.lab.full(export=export)

    @rule(forest=forests)
    def import_only(self, forest: str) -> None:
        self.lab.run(forest, "delta-import")

    @rule(forest=forests, after=st.integers(0, 3))
    def lose_an_import(self, forest: str, after: int) -> None:
        """A full import that stops half-way takes nothing for deleted."""
        before = _leaving(self.lab)
        memory = self.lab.connector(forest)
        (page,) = memory.import_pages(self.lab.configurations[forest].partitions[0].name, None)
        broken = (Page(page.objects[:after]), ConnectionLost("hung up"))
        self.lab.connecting[forest] = lambda real: Scripted(real, broken)
        try:
            assert self.lab.attempt(forest, "full-import").record.result.startswith("stopped-")
        finally:
            del self.lab.connecting[forest]
        assert _leaving(self.lab) <= before

    # -- what holds -------------------------------------------------------------------------------

    @rule()
    def a_full_sync_finds_nothing_that_delta_syncs_left(self) -> None:
        self.lab.delta(export=False)
        by_delta = state(self.lab)
        for name in self.lab.order:
            self.lab.run(name, "full-sync")
        assert state(self.lab) == by_delta

    @rule()
    def values_are_what_their_origins_give(self) -> None:
        self.lab.delta(export=False)
        check_provenance(self.lab)

    def teardown(self) -> None:
        if not hasattr(self, "lab"):
            return
        self._settle()
        check_provenance(self.lab)

    def _settle(self) -> None:
        """Cycles until exports are confirmed: two, and one for references to what the first one makes."""
        for _ in range(4):
            self.lab.delta()
        if failed(self.lab):
            return
        before = state(self.lab)
        self.lab.delta()
        assert (self.lab.all_pending(), state(self.lab)) == ({}, before), "it does not come to rest"
        results = self.lab.delta()
        moved = [n for r in results for s in r.record.steps for n in s.counters if n.startswith("export-")]
        assert moved == [], "a second cycle exports"


def _leaving(lab: Company) -> set[int]:
    return {c.id for c in all_cs(lab) if c.pending_import is not None and c.pending_import.operation in _GONE}


_GONE = ("delete", "obsolete")


class Memoryless(Simulation):
    """Rules without memory: whoever forgets everything finds it again, in whatever order."""

    stateful = False

    def teardown(self) -> None:
        super().teardown()
        if hasattr(self, "lab") and not failed(self.lab):
            self._rebuilt_in_any_order()

    def _rebuilt_in_any_order(self) -> None:
        lab = self.lab
        before = metaverse(lab)
        again = lab.rebuilt()
        again.full(export=False)
        again.delta(export=False)
        assert exports(again) == {}, f"a rebuilt store exports {exports(again)}"
        assert metaverse(again) == before, "a rebuilt store is another one"
        for directory in lab.directories.values():
            shuffled(directory, reversed(tuple(directory.entries)))
        other = lab.rebuilt(order=tuple(reversed(lab.order)))
        other.full(export=False)
        other.delta(export=False)
        assert exports(other) == {}, "in another order there is something to export"
        assert metaverse(other) == before, "in another order the metaverse is another one"
        self._the_same_deletes(again, other)

    def _the_same_deletes(self, *others: Company) -> None:
        for number, forest in enumerate(FORESTS):
            directory = self.lab.directories[forest]
            for count, user in enumerate(self._users(forest)):
                if count % 2 == number:
                    directory.remove(user)
                else:
                    directory.set(user, "title", ("filtered",))
            for lab in (self.lab, *others):
                lab.delta(export=False)
            wanted = staged_deletes(self.lab)
            note(f"deletes: {wanted}")
            for lab in others:
                assert staged_deletes(lab) == wanted, "a rebuilt store stages other deletes"
        for forest in FORESTS:
            for user in self._users(forest):
                self.lab.directories[forest].remove(user)
        for lab in (self.lab, *others):
            lab.delta(export=False)
            people = [c for c in all_cs(lab) if c.connector in lab.writable and c.object_type == "user"]
            left = [c.dn for c in people if c.unapplied is None or c.unapplied.operation != "delete"]
            assert left == [], "everybody is gone, and the cloud keeps some"


def simulate(machine: type[Simulation], runs: int) -> None:
    """Run a simulation, printing the seed that repeats it."""
    print(f"{machine.__name__}: seed {SEED}")  # noqa: T201 - what repeats the run
    phases = (Phase.explicit, Phase.generate, Phase.shrink)
    limits = settings(
        max_examples=RUNS or runs,
        stateful_step_count=60 if RUNS else 20,
        deadline=None,
        database=None,
        print_blob=True,
        phases=phases,
        suppress_health_check=list(HealthCheck),
    )
    seeded: Callable[[type[Simulation]], type[Simulation]] = seed(SEED)
    run_state_machine_as_test(seeded(machine), settings=limits)


@pytest.mark.timeout(0 if RUNS else 60)
@pytest.mark.parametrize("machine", [Simulation, Memoryless])
def test_whatever_happens(machine: type[Simulation]) -> None:
    simulate(machine, runs=20)
