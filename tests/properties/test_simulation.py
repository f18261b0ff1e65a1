"""A simulation of random rules, objects and edits, with what must hold whatever happened.

A run that fails prints its seed, its steps, and the blob that repeats it. In the suite a few runs go by,
always the same. `ATTRFLOW_SIMULATION=2000 pytest tests/properties -s` runs that many of each kind, newly
seeded, and looks for the shortest that fails; `ATTRFLOW_SIMULATION_SEED=…` repeats a seed.
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
from tests.properties.company import NAMES, Company, Tidy, mend, place, shuffled
from tests.properties.looking import agree, all_cs, exports, failed, metaverse, staged_deletes, state
from tests.properties.oracle import check_against_the_rules
from tests.properties.rule_sets import FORESTS, TARGET, WORDS, rule_sets
from tests.unit.engine.lab import Scripted
from tests.unit.engine.lab_entries import dn, refer

from attrflow.connectors.memory import MemoryDirectory, MemoryEntry
from attrflow.engine.work import provisioned_by
from attrflow.model.connector_space import export_hologram, import_hologram
from attrflow.model.entry import Page
from attrflow.model.errors import ConnectionLost
from attrflow.model.names import dn_key

RUNS = int(os.environ.get("ATTRFLOW_SIMULATION", "0"))
SEED = int(os.environ.get("ATTRFLOW_SIMULATION_SEED") or (random.SystemRandom().randrange(1 << 32) if RUNS else 20))

numbers = st.integers(1, NAMES)
forests = st.sampled_from(FORESTS)
words = st.sampled_from(WORDS)
picks = st.integers(0, 1000)
singles = st.sampled_from(["title", "department", "displayName"])


class Simulation(RuleBasedStateMachine):
    """Edits of the directories and runs, in any order."""

    stateful = True

    @initialize(data=st.data(), writing=st.booleans(), sparse=st.sets(st.sampled_from([*FORESTS, "entra"])))
    def begin(self, data: st.DataObject, writing: bool, sparse: set[str]) -> None:
        rules = data.draw(rule_sets(stateful=self.stateful, writing=writing))
        self.lab = Company(rules, sparse=frozenset(sparse))
        for name in ("Staff", "Board"):
            self.lab.directories["contoso"].add(MemoryEntry(dn(name), "group", {"cn": (name,)}))
        dice = data.draw(st.randoms(use_true_random=False))
        for forest, count in zip(FORESTS, (NAMES, NAMES - 2), strict=True):
            for number in range(1, count + 1):
                values = {name: (dice.choice(WORDS[:3]),) for name in ("title", "department", "displayName")}
                place(self.lab.directories[forest], forest, number, {**values, "proxyAddresses": (f"{number}",)})
            users = self._users(forest)
            for user in users:
                refer(self.lab.directories[forest], user, "manager", dice.choice(users))
        refer(self.lab.directories["contoso"], dn("Staff"), "member", *self._users("contoso"))
        for number in data.draw(st.sets(numbers, max_size=3)):
            self._stranger(data.draw(st.sampled_from(self.lab.writable)), number, same_name=False, anchored=True)
        self.lab.full()
        self.lab.full()

    # -- edits ------------------------------------------------------------------------------------

    def _entries(self, forest: str) -> list[MemoryEntry]:
        return [e for e in self.lab.directories[forest].entries.values() if e.object_type == "user"]

    def _users(self, forest: str) -> list[str]:
        return [e.dn for e in self._entries(forest)]

    def _tidy(self, forest: str) -> Tidy:
        directory = self.lab.directories[forest]
        assert isinstance(directory, Tidy)
        return directory

    def _picked(self, forest: str, pick: int) -> tuple[MemoryDirectory, str] | None:
        users = self._users(forest)
        return (self.lab.directories[forest], users[pick % len(users)]) if users else None

    @rule(forest=forests, number=numbers, title=words, department=words, proxies=st.sets(st.sampled_from("aAbB")))
    def hire(self, forest: str, number: int, title: str, department: str, proxies: set[str]) -> None:
        values = {"title": (title,), "department": (department,), "proxyAddresses": tuple(sorted(proxies))}
        place(self.lab.directories[forest], forest, number, dict(values))

    @rule(forest=forests, pick=picks, name=singles, word=words)
    def change(self, forest: str, pick: int, name: str, word: str) -> None:
        if (found := self._picked(forest, pick)) is not None:
            found[0].set(found[1], name, (word,))

    @rule(forest=forests, pick=picks, name=singles)
    def clear(self, forest: str, pick: int, name: str) -> None:
        if (found := self._picked(forest, pick)) is not None:
            found[0].set(found[1], name, ())

    @rule(
        forest=forests,
        pick=picks,
        name=st.sampled_from(["otherTelephone", "proxyAddresses"]),
        values=st.sets(st.sampled_from("aAbBc"), max_size=3),
    )
    def lists(self, forest: str, pick: int, name: str, values: set[str]) -> None:
        if (found := self._picked(forest, pick)) is not None:
            found[0].set(found[1], name, tuple(sorted(values)))

    @rule(forest=forests, pick=picks, boss=picks)
    def report(self, forest: str, pick: int, boss: int) -> None:
        if (found := self._picked(forest, pick)) is not None:
            users = self._users(forest)
            refer(found[0], found[1], "manager", users[boss % len(users)])

    @rule(members=st.sets(picks, max_size=4), nested=st.booleans())
    def staff(self, members: set[int], nested: bool) -> None:
        users = self._users("contoso")
        chosen = {users[pick % len(users)] for pick in members} if users else set()
        refer(self.lab.directories["contoso"], dn("Staff"), "member", *sorted(chosen))
        refer(self.lab.directories["contoso"], dn("Board"), "member", *([dn("Staff")] if nested else []))

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

    @rule(forest=forests, pick=picks, other=picks)
    def swap(self, forest: str, pick: int, other: int) -> None:
        users = self._users(forest)
        if users and (one := users[pick % len(users)]) != (two := users[other % len(users)]):
            self._tidy(forest).swap(one, two)

    @rule(forest=forests, pick=picks)
    def leave(self, forest: str, pick: int) -> None:
        if (found := self._picked(forest, pick)) is not None:
            found[0].remove(found[1])

    @rule(forest=forests, pick=picks)
    def come_back(self, forest: str, pick: int) -> None:
        """An undelete after the delete was imported, half of the times synchronized too.

        Who referred to the entry does not any more, and nothing tells so.
        """
        if self._tidy(forest).gone:
            self.lab.run(forest, "delta-import", *(["delta-sync"] if pick % 2 else []))
            self._tidy(forest).come_back(pick)

    @rule(pick=picks, name=st.sampled_from(["title", "extensionAttribute1"]), word=words)
    def drift(self, pick: int, name: str, word: str) -> None:
        if (found := self._picked("entra", pick)) is not None:
            found[0].set(found[1], name, (word,))

    @rule(pick=picks)
    def vanish(self, pick: int) -> None:
        if (found := self._picked("entra", pick)) is not None:
            found[0].remove(found[1])

    @rule(number=numbers, where=st.sampled_from(["entra", TARGET]), same_name=st.booleans(), anchored=st.booleans())
    def appear(self, number: int, where: str, same_name: bool, anchored: bool) -> None:
        """Somebody makes an entry of a person that has none there: rules join it, at the latest in a full sync."""
        if where in self.lab.writable and self._stranger(where, number, same_name=same_name, anchored=anchored):
            self.lab.run(where, "delta-import", "delta-sync")
            self._full_syncs()

    def _stranger(self, where: str, number: int, *, same_name: bool, anchored: bool) -> bool:
        """Whether there was nobody yet; with neither name nor anchor nobody would be known by it."""
        anchor = f"u{number}@test"
        by_name = where == "entra" and (same_name or not anchored) and self.stateful
        name = f"CN={{{anchor if by_name else f's{number}'}}}"
        name = name if where == "entra" else f"CN=s{number},OU=People,DC=target,DC=test"
        here = [cso for cso in all_cs(self.lab) if cso.connector == where]
        known = (v for cso in here for v in export_hologram(cso).attributes.get("sourceAnchor", ()))
        taken = any(str(v).casefold() == anchor for v in known) or any(cso.dn_key == dn_key(name) for cso in here)
        if taken or self.lab.directories[where].find(name) is not None:
            return False
        anchors = {"sourceAnchor": (anchor,)} if anchored or not by_name else {}
        self.lab.directories[where].add(MemoryEntry(name, "user", {**anchors, "title": ("old",)}))
        return True

    @rule(forest=forests, number=numbers, word=words)
    def rival(self, forest: str, number: int, word: str) -> None:
        """A second object of a person in one forest: whoever is second is the ambiguous one."""
        if self.stateful:
            place(self.lab.directories[forest], forest, number, {"title": (word,)}, name=f"r{number}")

    @rule(pick=picks)
    def undo(self, pick: int) -> None:
        """Somebody in the tenant takes back what was exported, before an import sees it."""
        self.lab.delta()
        waiting = [c for c in all_cs(self.lab) if c.connector == "entra" and c.unconfirmed and c.image and c.anchor]
        if waiting:
            cso = waiting[pick % len(waiting)]
            image, directory = import_hologram(cso), self.lab.directories["entra"]
            if (entry := directory.entries.get(cso.anchor or "")) is not None:
                directory.put(cso.anchor or "", replace(entry, attributes=image.attributes))

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
        """A full import that stops half-way takes nothing for deleted: the watch sees to that."""
        memory = self.lab.connector(forest)
        (page,) = memory.import_pages(self.lab.configurations[forest].partitions[0].name, None)
        broken = (Page(page.objects[:after]), ConnectionLost("hung up"))
        self.lab.connecting[forest] = lambda real: Scripted(real, broken)
        try:
            assert self.lab.attempt(forest, "full-import").record.result.startswith("stopped-")
        finally:
            del self.lab.connecting[forest]

    @rule(after=st.integers(0, 2))
    def lose_an_export(self, after: int) -> None:
        """An export is cut off: what was asked last is written, and nobody knows."""
        for name in self.lab.writable:
            self.lab.hangs_up_after = after
            self.lab.attempt(name, "export")
            self.lab.hangs_up_after = None

    @rule(number=numbers)
    def refuse(self, number: int) -> None:
        self.lab.refused.add(f"u{number}@test")

    @rule(pick=picks)
    def switch_a_rule(self, pick: int) -> None:
        """A rule is disabled or enabled, and the full synchronizations come that this calls for."""
        rules = self.lab.ruleset.rules
        chosen = rules[pick % len(rules)]
        self.lab.use(replace(one, disabled=not one.disabled) if one is chosen else one for one in rules)
        self._full_syncs()

    # -- what holds -------------------------------------------------------------------------------

    def _full_syncs(self) -> None:
        for name in self.lab.order:
            self.lab.run(name, "full-sync")

    @rule()
    def a_full_sync_finds_nothing_that_delta_syncs_left(self) -> None:
        self.lab.delta(export=False)
        if failed(self.lab):
            self.lab.delta(export=False)  # what stood in another's way may be gone only now
        by_delta = state(self.lab)
        check_against_the_rules(self.lab)
        self._full_syncs()
        agree(state(self.lab), by_delta, "a full synchronization finds what delta ones left")

    @rule()
    def what_is_exported_is_not_staged_again(self) -> None:
        self.lab.delta()
        left = exports(self.lab)
        self._full_syncs()
        agree(exports(self.lab), left, "what waits for its confirmation is staged again")

    def teardown(self) -> None:
        if not hasattr(self, "lab"):
            return
        self._settle()
        check_against_the_rules(self.lab)

    def _settle(self) -> None:
        """Mend what makes objects fail, then cycles until exports are confirmed.

        Two are needed, one more for references to what the first one makes, and one for what an object that was
        mended meets.
        """
        for _ in range(4):
            mend(self.lab)  # again where a cycle exports the contact of somebody who is there as a user
            self.lab.delta()
        broken = [(c.connector, c.dn, c.import_error or c.export_error) for c in failed(self.lab)]
        assert broken == [], "nothing is wrong any more, and objects still fail"
        before = state(self.lab)
        self.lab.delta()
        assert self.lab.all_pending() == {}, "it does not come to rest"
        agree(state(self.lab), before, "it does not come to rest")
        results = self.lab.delta()
        moved = [n for r in results for s in r.record.steps for n in s.counters if n.startswith("export-")]
        assert moved == [], "a second cycle exports"


class Memoryless(Simulation):
    """Rules without memory: whoever forgets everything finds it again, in whatever order."""

    stateful = False

    def teardown(self) -> None:
        super().teardown()
        if hasattr(self, "lab"):
            self._rebuilt_in_any_order()

    def _rebuilt_in_any_order(self) -> None:
        lab = self.lab
        self._forget_strangers()
        before = metaverse(lab)
        again = lab.rebuilt()
        again.full(export=False)
        again.delta(export=False)
        agree(exports(again), {}, "a rebuilt store exports")
        agree(metaverse(again), before, "a rebuilt store is another one")
        for directory in lab.directories.values():
            shuffled(directory, reversed(tuple(directory.entries)))
        other = lab.rebuilt(order=tuple(reversed(lab.order)))
        other.full(export=False)
        other.full(export=False)  # what is only joined waits for a full synchronization, if it was looked at first
        agree(exports(other), {}, "in another order there is something to export")
        agree(metaverse(other), before, "in another order the metaverse is another one")
        self._the_same_deletes(again, other)

    def _forget_strangers(self) -> None:
        """Take out what stood in the cloud before a rule provisioned it, where two forests know the person.

        While only one of them is synchronized, rules may be in scope that the other one's values keep out, or the
        other way round, so that a rebuilt store takes such an object over or lets go of it: the order decides.
        """
        known = [str(e.attributes["mail"][0]).casefold() for f in FORESTS for e in self._entries(f)]
        for cso in all_cs(self.lab):
            anchor = str(export_hologram(cso).attributes.get("sourceAnchor", ("",))[0]).casefold()
            stranger = cso.link is None or cso.dn.startswith(("CN=s", "CN={s"))
            if cso.connector in self.lab.writable and stranger and known.count(anchor) > 1:
                self.lab.directories[cso.connector].remove(cso.dn)
        for _ in range(4):
            self.lab.delta()

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
        due = {
            (lab, cso.id)
            for lab in (self.lab, *others)
            for cso in all_cs(lab)
            if cso.object_type != "group" and provisioned_by(cso) is not None
        }
        for forest in FORESTS:
            for user in self._users(forest):
                self.lab.directories[forest].remove(user)
        for lab in (self.lab, *others):
            lab.delta(export=False)
            people = [c for c in all_cs(lab) if c.connector in lab.writable and c.object_type != "group"]
            assert not any(c.link for c in people), "everybody is gone, and the cloud is linked to somebody"
            left = [
                c.dn
                for c in people
                if (lab, c.id) in due and (c.unapplied is None or c.unapplied.operation != "delete")
            ]
            assert left == [], "everybody is gone, and the cloud keeps what rules provisioned"


def simulate(machine: type[Simulation], runs: int) -> None:
    """Run a simulation, printing the seed that repeats it."""
    print(f"{machine.__name__}: ATTRFLOW_SIMULATION_SEED={SEED}")  # noqa: T201 - what repeats the run
    phases = (Phase.explicit, Phase.generate, *((Phase.shrink,) if RUNS else ()))
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


@pytest.mark.timeout(0 if RUNS else 300)
@pytest.mark.parametrize("machine", [Simulation, Memoryless])
def test_whatever_happens(machine: type[Simulation]) -> None:
    simulate(machine, runs=20)
