"""References that name their targets, as memberUid does by uid: whoever bears the name is meant, in any order.

Basis: RFC 2307 for names in memberUid; held like any reference (behaviour.md §1.8). That a name which several bear
means nobody is assumed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

import pytest

from attrflow.connectors.memory import MemoryConnector
from attrflow.model.entry import ImportedObject, ImportedReferences, ImportFinding, Page, ReferenceTarget
from attrflow.model.names import dn_key
from attrflow.model.reference_names import name_dn
from attrflow.runs.run import RunResult
from attrflow.stores.sqlite import open_sqlite

from .lab import Lab, Scripted
from .lab_entries import dn, group
from .staging_lab import brought

TEAM = dn("team")


@dataclass
class Posix:
    """A directory of people with names (uid) and groups of names, and the laboratory that reads it."""

    lab: Lab
    people: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    """By anchor: the leaf of the DN, and the names."""
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By leaf of the DN, which is the anchor too: the names in it."""
    reads: list[str] = field(default_factory=list)

    def object(self, anchor: str) -> ImportedObject:
        """The whole object as a connector brings it."""
        if anchor in self.people:
            leaf, names = self.people[anchor]
            return brought(leaf, anchor, uid=names)
        targets = tuple(ReferenceTarget(name, by="uid") for name in self.groups[anchor])
        content = group(anchor, int.from_bytes(anchor.encode()[:4], "big")).attributes
        return ImportedObject("whole", dn(anchor), anchor, "group", content, {"member": ImportedReferences(targets)})

    def bring(self, anchors: Sequence[str], *, full: bool = False) -> RunResult:
        """Import these objects; one that the directory does not hold any more is a delete."""
        there = [*self.people, *self.groups]
        objects = [self.object(a) if a in there else brought("", a, "delete", type_=None) for a in anchors]
        page = Page(tuple(objects), "brought", complete=full)
        self.lab.connecting["contoso"] = lambda memory: Reading(memory, [page], self)
        try:
            result = self.lab.attempt("contoso", "full-import" if full else "delta-import")
        finally:
            del self.lab.connecting["contoso"]
        assert result.error is None, result.error
        self.lab.run("contoso", "delta-sync")
        return result

    def members(self, name: str) -> set[str]:
        """The anchors of the people who are members in the metaverse."""
        targets = self.lab.mvo("contoso", dn(name)).references.get("member")
        found: set[str] = set()
        for mv_id in targets.targets if targets is not None else ():
            linked = filter(None, map(self.lab.store.cs, self.lab.store.linked(mv_id)))
            found.update(cso.anchor or "" for cso in linked if cso.connector == "contoso")
        return found

    def meant(self, group_: str) -> set[str]:
        """Who ought to be: the only bearer of each name."""
        found = set()
        for name in self.groups[group_]:
            bearers = [a for a, (_, names) in self.people.items() if name.casefold() in map(str.casefold, names)]
            if len(bearers) == 1:
                found.add(bearers[0])
        return found

    def right(self) -> None:
        """Every group has the members that it ought to have, and no placeholder stands that nothing refers to."""
        for name in self.groups:
            assert self.members(name) == self.meant(name), name


class Reading(Scripted):
    """Brings pages, and reads single objects out of the directory of names."""

    def __init__(self, memory: MemoryConnector, pages: Sequence[Page], posix: Posix) -> None:
        super().__init__(memory, pages)
        self._posix = posix

    def read_object(self, partition: str, anchor: str) -> ImportedObject | None:  # noqa: ARG002 - the port's names
        """The object as it is now."""
        self._posix.reads.append(anchor)
        there = anchor in self._posix.people or anchor in self._posix.groups
        return self._posix.object(anchor) if there else None


def posix(lab: Lab | None = None, **groups: tuple[str, ...]) -> Posix:
    """Kari and Ola, and these groups; nothing is imported yet."""
    lab = lab or Lab()
    lab.configurations["contoso"] = replace(lab.configurations["contoso"], reference_by={"member": "uid"})
    lab.use(lab.ruleset.rules)
    return Posix(lab, {"k": ("Kari", ("kari",)), "o": ("Ola", ("ola",))}, dict(groups))


def test_a_group_may_come_before_after_and_between_its_members() -> None:
    for order in (["team", "k", "o"], ["k", "o", "team"], ["k", "team", "o"]):
        found = posix(team=("kari", "OLA"))
        for anchor in order:
            found.bring([anchor])
        found.right()
        assert found.members("team") == {"k", "o"}, order


def test_one_import_may_bring_them_in_any_order() -> None:
    for order in (["team", "k", "o"], ["k", "o", "team"], ["k", "team", "o"]):
        found = posix(team=("kari", "ola"))
        found.bring(order, full=True)
        assert found.members("team") == {"k", "o"}, order


def test_a_name_that_nobody_bears_is_held_and_released_without_the_group() -> None:
    found = posix(team=("kari", "ghost"))
    found.bring(["k", "o", "team"], full=True)
    assert found.members("team") == {"k"}
    team = found.lab.must("contoso", TEAM)
    (held,) = found.lab.store.held_by(team.id)
    waiting = found.lab.store.cs(held.target)
    assert waiting is not None and (waiting.dn, waiting.kind) == (name_dn("uid", "ghost"), "placeholder")
    found.people["g"] = ("Ghost", ("Ghost",))
    found.bring(["g"])
    assert found.members("team") == {"k", "g"}
    assert found.lab.store.held_by(team.id) == ()


def test_a_rename_to_another_uid_leaves_one_group_and_enters_another() -> None:
    found = posix(old=("kari",), new=("kn",))
    found.bring(["k", "old", "new"], full=True)
    found.people["k"] = ("Kari", ("kn",))
    found.bring(["k"])
    assert (found.members("old"), found.members("new")) == (set(), {"k"})
    found.people["k2"] = ("Kari2", ("kari",))
    found.bring(["k2"])
    assert (found.members("old"), found.members("new")) == ({"k2"}, {"k"})


def test_two_who_bear_one_name_are_not_meant_and_one_that_is_left_is() -> None:
    found = posix(team=("kari", "ola"))
    found.bring(["k", "o", "team"], full=True)
    found.people["twin"] = ("Twin", ("kari",))
    result = found.bring(["twin"])
    (step,) = result.record.steps
    assert step.counters["ambiguous-reference-name"] == 1 and step.result == "completed-warnings"
    (warned,) = found.lab.store.run_objects(result.record.number, 1, "ambiguous-reference-name")
    assert warned.detail == f"nobody is meant by the name 'kari': it is the uid of {dn('Kari')} and of {dn('Twin')}"
    assert found.members("team") == {"o"}
    again = found.bring(["team"])
    assert again.record.steps[0].counters["ambiguous-reference-name"] == 1, "told for as long as it is so"
    del found.people["k"]
    found.bring(["k"])
    assert found.members("team") == {"twin", "o"}


def test_who_leaves_the_scope_or_is_deleted_is_no_member_until_somebody_bears_the_name_again() -> None:
    found = posix(team=("kari", "ola"))
    found.bring(["k", "o", "team"], full=True)
    kari = found.people.pop("k")
    found.bring(["o", "team"], full=True)
    assert found.members("team") == {"o"}, "not seen by a full import"
    found.people["new"] = kari
    found.bring(["new"])
    assert found.members("team") == {"new", "o"}
    del found.people["new"]
    found.bring(["new"])
    assert found.members("team") == {"o"}, "deleted by a delta import"
    found.people["k"] = kari
    found.bring(["k"])
    assert found.members("team") == {"k", "o"}


def test_somebody_made_anew_under_the_same_name_and_dn_takes_the_place_of_who_is_gone() -> None:
    found = posix(team=("kari",))
    found.bring(["k", "team"], full=True)
    found.people = {"anew": ("Kari", ("kari",))}
    result = found.bring(["anew", "team"], full=True)
    assert "ambiguous-reference-name" not in found.lab.counters(result)
    assert found.members("team") == {"anew"}


def test_of_several_names_each_means_the_object_and_one_that_is_taken_away_has_its_groups_read_again() -> None:
    found = posix(team=("kari",), other=("kn",))
    found.people["k"] = ("Kari", ("kari", "kn"))
    found.bring(["k", "team", "other"], full=True)
    assert found.members("team") == found.members("other") == {"k"}
    found.people["k"] = ("Kari", ("kari",))
    result = found.bring(["k"])
    assert sorted(found.reads) == ["other", "team"]
    assert (found.members("team"), found.members("other")) == ({"k"}, set())
    assert {n: c for n, c in found.lab.counters(result).items() if c} == {"stage-update": 2}, "Kari and the group"


def test_a_large_group_is_not_touched_when_its_members_arrive() -> None:
    names = tuple(f"n{i}" for i in range(40))
    found = posix(team=names)
    found.bring(["team"])
    before = found.lab.must("contoso", TEAM)
    found.people = {f"a{i}": (f"Person {i}", (name,)) for i, name in enumerate(names)}
    found.bring(list(found.people))
    assert found.members("team") == set(found.people)
    after = found.lab.must("contoso", TEAM)
    assert before.image is not None and after.image is not None and after.pending_import is None
    assert set(after.image.references["member"]) == set(before.image.references["member"]), "persons took over the ids"


def test_who_could_not_be_read_under_a_name_is_not_meant_by_it_under_another() -> None:
    found = posix(team=("kari",))
    found.bring(["team"])
    broken = replace(found.object("k"), findings=(ImportFinding("invalid-attribute-value", "was_refused"),))
    found.lab.bring("contoso", broken)
    found.people["k"] = ("Kari", ("kn",))
    found.bring(["k"])
    assert found.members("team") == set()
    found.people["k"] = ("Kari", ("kari",))
    found.bring(["k"])
    assert found.members("team") == {"k"}


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_whoever_alone_bears_a_name_is_meant(seed: int) -> None:
    """Random events, each imported as a delta or with a full import, in any order, against the definition."""
    random = Random(seed)  # noqa: S311 - made-up events
    letters = "abcde"
    found = posix()
    found.people.clear()
    found.groups = {f"g{i}": tuple(random.sample(letters, random.randint(0, 4))) for i in range(3)}
    known: set[str] = set()
    for _ in range(14):
        touched = set()
        for _ in range(random.randint(1, 3)):
            anchor = f"p{random.randint(0, 3)}"
            touched.add(anchor)
            if anchor in found.people and random.random() < 0.3:
                del found.people[anchor]
            else:
                names = tuple(random.sample(letters, random.choice((0, 1, 1, 1, 2))))
                found.people[anchor] = (f"Person {anchor}", names)
        if random.random() < 0.4:
            changed = random.choice(list(found.groups))
            touched.add(changed)
            found.groups[changed] = tuple(random.sample(letters, random.randint(0, 4)))
        there = [*found.people, *found.groups]
        full = random.random() < 0.4
        anchors = there if full else sorted({*touched, *(a for a in there if a not in known)})
        anchors = [a for a in anchors if a in there or a in known]
        random.shuffle(anchors)
        found.bring(anchors, full=full)
        known = set(there)
        found.right()


def test_sqlite_agrees(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path / "store.sqlite")
    found = posix(Lab(store=store), old=("kari", "ola"), new=("kn",))
    found.bring(["old", "k", "new", "o"], full=True)
    assert found.members("old") == {"k", "o"}
    found.people["k"] = ("Kari", ("kn",))
    found.bring(["k"])
    assert (found.members("old"), found.members("new")) == ({"o"}, {"k"})
    assert store.cs_by_dn("contoso", dn_key(name_dn("uid", "kn"))) is None, "no placeholder stays behind"
    store.close()
