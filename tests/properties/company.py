"""Random rules, and a laboratory whose forests, tenant and target directory a simulation edits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from hypothesis import strategies as st
from tests.unit.engine.lab import Lab
from tests.unit.engine.lab_entries import dn
from tests.unit.engine.lab_rules import constant, expression, flow, rule

from attrflow.connectors.memory import MemoryDirectory, MemoryEntry
from attrflow.model.names import dn_key
from attrflow.model.values import Values
from attrflow.rules.rule import AttributeMapping, MergeType, Rule
from attrflow.runs.profile import Profile
from attrflow.runs.run import RunResult

FORESTS = ("contoso", "fabrikam")
TARGET = "target"
NAMES = 4
"""Users by forest; the same name in both forests is the same person."""
WORDS = ("a", "b", "filtered", "wrong", "nothing")
"""Values that edits choose from; the last three are what some rules look at."""
SINGLE = ("title", "department", "displayName")

_GIVING = ("[{}]", '[{}] & "!"', "IIF(IsPresent([{}]), [{}], NULL)", 'IIF([{}] = "nothing", AuthoritativeNull, [{}])')
_FAILING = 'IIF([{}] = "wrong", Error("no"), [{}])'
_STATEFUL = 'IIF([{}] = "nothing", IgnoreThisFlow, [{}])'


class Tidy(MemoryDirectory):
    """A directory that takes references to a deleted entry away, as AD and Entra do."""

    def remove(self, dn: str) -> None:  # the parent's name
        """Delete an entry, and every reference to it."""
        super().remove(dn)
        follow(self, dn, None)

    def put(self, anchor: str, entry: MemoryEntry) -> None:
        """Change an entry; references follow a rename."""
        old = self.entries[anchor].dn
        super().put(anchor, entry)
        if old != entry.dn:
            follow(self, old, entry.dn)


class Company(Lab):
    """Rules of a test's own on two forests, a tenant, and (with `plain`) a directory that rules write to."""

    def __init__(self, rules: Iterable[Rule], *, target: bool, order: tuple[str, ...] = ()) -> None:
        super().__init__(rules, plain=TARGET if target else None)
        for name, plainly in tuple(self.directories.items()):
            self.directories[name] = Tidy(plainly.schema, prefix="User_" if name == "entra" else name)
        self.order = order or tuple(self.configurations)
        self.writable = ("entra", TARGET) if target else ("entra",)

    def rebuilt(self, order: tuple[str, ...] = ()) -> Company:
        """Another store on the same directories."""
        other = Company(self.ruleset.rules, target=TARGET in self.configurations, order=order or self.order)
        other.directories = self.directories
        return other

    def go(self, importing: Profile, syncing: Profile, *, export: bool) -> list[RunResult]:
        """One cycle over all connectors in this laboratory's order; results in the order of the runs."""
        results = [self.run(name, importing) for name in self.order]
        results += [self.run(name, syncing) for name in self.order]
        return results + ([self.run(name, "export") for name in self.writable] if export else [])

    def delta(self, *, export: bool = True) -> list[RunResult]:
        """A delta cycle."""
        return self.go("delta-import", "delta-sync", export=export)

    def full(self, *, export: bool = True) -> list[RunResult]:
        """An initial cycle."""
        return self.go("full-import", "full-sync", export=export)

    def all_pending(self) -> dict[str, dict[str, int]]:
        """What waits for export, by connector."""
        return {name: waiting for name in self.writable if (waiting := self.pending(name))}


# -- rules ----------------------------------------------------------------------------------------


@st.composite
def rule_sets(draw: st.DrawFn, *, stateful: bool) -> tuple[Rule, ...]:
    """Rules in which every join rule also projects: a disconnector is then never waiting for somebody else's change.

    `stateful` lets in what depends on history: IgnoreThisFlow, apply-once, StickyJoin.
    """
    numbers = draw(st.permutations(range(1, 30)))
    merge: MergeType = draw(st.sampled_from(["update", "merge", "merge-case-insensitive"]))
    found: list[Rule] = []

    def number() -> int:
        return numbers[len(found)]

    for forest in FORESTS:
        identity = [flow("mail", "mail"), flow("sourceAnchor", "mail")]
        scope = draw(
            st.sampled_from([(), ("department NOTEQUAL nothing",), ("title ISNOTNULL", "department ISNOTNULL")])
        )
        found.append(
            rule(
                f"{forest} person",
                number(),
                *identity,
                *_mappings(draw, merge, stateful=stateful),
                connector=forest,
                link="provision",
                scope=scope,
                join=("mail = mail",),
            )
        )
        for index in range(draw(st.integers(0, 2))):
            found.append(
                rule(
                    f"{forest} extra {index}",
                    number(),
                    *_mappings(draw, merge, stateful=stateful),
                    connector=forest,
                    link=draw(st.sampled_from(["join", "join-no-flow", "sticky-join"] if stateful else ["join"])),
                    scope=draw(st.sampled_from([(), ("title EQUAL a",), ("department ISNOTNULL; title NOTEQUAL b",)])),
                )
            )
    found.append(
        rule(
            "contoso group",
            number(),
            flow("cn", "cn"),
            flow("sourceAnchor", "cn"),
            flow("member", "member"),
            connector="contoso",
            source="group",
            target="group",
            link="provision",
            join=("cn = cn",),
        )
    )
    found += _outbound(draw, numbers[len(found) :], "entra", 'IIF(True, "CN={" & [sourceAnchor] & "}", NULL)', stateful)
    name = '"CN=" & [sourceAnchor] & IIF(IsPresent([title]), "-" & [title], "") & ",OU=People,DC=target,DC=test"'
    found += _outbound(draw, numbers[len(found) :], TARGET, name, stateful)
    if draw(st.booleans()):
        found.append(
            rule(
                "entra person",
                number(),
                flow("extensionAttribute1", "extensionAttribute1"),
                connector="entra",
                join=("sourceAnchor = sourceAnchor",),
            )
        )
    return tuple(found)


def _mappings(draw: st.DrawFn, merge: MergeType, *, stateful: bool) -> list[AttributeMapping]:
    texts = [*_GIVING, _FAILING, *([_STATEFUL] if stateful else [])]
    found = []
    for destination in draw(st.lists(st.sampled_from(SINGLE), unique=True)):
        source, kind = draw(st.sampled_from(SINGLE)), draw(st.integers(0, 4))
        once = stateful and draw(st.integers(0, 5)) == 0
        if kind == 0:
            found.append(constant(destination, draw(st.sampled_from(WORDS)), once=once))
        elif kind == 1:
            found.append(flow(destination, source, once=once))
        else:
            found.append(expression(destination, draw(st.sampled_from(texts)).replace("{}", source), once=once))
    if draw(st.booleans()):
        found.append(flow("proxyAddresses", draw(st.sampled_from(["proxyAddresses", "otherTelephone"])), merge=merge))
    if draw(st.booleans()):
        found.append(flow("manager", "manager"))
    if draw(st.integers(0, 2)) == 0:
        found.append(expression("cloudFiltered", 'IIF([title] = "filtered", True, NULL)'))
    return found


def _outbound(draw: st.DrawFn, numbers: list[int], connector: str, name: str, stateful: bool) -> list[Rule]:
    texts = [*_GIVING, *([_STATEFUL] if stateful else [])]
    mappings = [expression("dn", name), flow("sourceAnchor", "sourceAnchor"), flow("proxyAddresses", "proxyAddresses")]
    for destination in draw(st.lists(st.sampled_from(SINGLE), unique=True)):
        mappings.append(
            expression(destination, draw(st.sampled_from(texts)).replace("{}", draw(st.sampled_from(SINGLE))))
        )
    mappings.append(flow("manager", "manager"))
    scope = draw(st.sampled_from(["", "; department ISNOTNULL", "; displayName NOTEQUAL b"]))
    group = 'IIF(True, "CN=" & [sourceAnchor] & ",OU=People,DC=target,DC=test", NULL)' if connector == TARGET else name
    anchored = ("sourceAnchor = sourceAnchor",)
    return [
        rule(
            f"{connector} out person",
            numbers[0],
            *mappings,
            direction="outbound",
            connector=connector,
            link="provision",
            scope=(f"sourceAnchor ISNOTNULL; cloudFiltered NOTEQUAL True{scope}",),
            join=anchored,
        ),
        rule(
            f"{connector} out group",
            numbers[1],
            expression("dn", group),
            flow("sourceAnchor", "sourceAnchor"),
            flow("member", "member"),
            direction="outbound",
            connector=connector,
            source="group",
            target="group",
            link="provision",
            join=anchored,
        ),
    ]


# -- edits ----------------------------------------------------------------------------------------


def place(directory: MemoryDirectory, forest: str, number: int, values: dict[str, Values]) -> None:
    """Add a user, whose mail address follows from its number; whoever has it already stays."""
    mail = f"u{number}@test"
    if not any(e.attributes.get("mail") == (mail,) for e in directory.entries.values()):
        given = {name: held for name, held in values.items() if held}
        directory.add(MemoryEntry(dn(f"u{number}", forest), "user", {"cn": (f"u{number}",), "mail": (mail,), **given}))


def follow(directory: MemoryDirectory, old: str, new: str | None) -> None:
    """Let references follow a rename or a deletion; no change of the entries that refer, as in AD."""
    for anchor, entry in list(directory.entries.items()):
        moved = {
            name: tuple(here for target in targets if (here := new if dn_key(target) == dn_key(old) else target))
            for name, targets in entry.references.items()
        }
        directory.entries[anchor] = replace(entry, references={name: held for name, held in moved.items() if held})


def shuffled(directory: MemoryDirectory, order: Iterable[str]) -> None:
    """Show the entries in another order."""
    directory.entries = {anchor: directory.entries[anchor] for anchor in order}
