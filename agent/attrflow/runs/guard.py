"""The guard against accidental exports: too much of one kind of change, and nothing at all is exported.

For deletes it is the product's (behaviour.md §7.5, documented): more than the threshold stop the export, as
many as the threshold pass. The other kinds, shares and limits of single connectors are our own design. Counted
is a connector's whole pending export, over all partitions and object types (OPEN-13).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from attrflow.engine.guard import Guarded, guarded
from attrflow.model.changes import ChangeSet, RunObject
from attrflow.model.configuration import GUARDS, GuardKind, GuardLimit
from attrflow.ports.view import Reads
from attrflow.runs.environment import BATCH_SIZE, Environment
from attrflow.runs.step import Step, StepStopped

__all__ = ["guard_export", "guard_limits"]

DELETES_EXCEEDED = "stopped-deletion-threshold-exceeded"
OTHERS_EXCEEDED = "stopped-export-threshold-exceeded"
"""Our own word: the product guards deletes only."""
_WORDS: dict[GuardKind, tuple[str, str]] = {
    "deletes": ("delete is", "deletes are"),
    "disables": ("disabling of an account is", "disablings of accounts are"),
    "identity-changes": ("change of a UPN or anchor is", "changes of UPNs or anchors are"),
    "membership-removals": ("removal of a member is", "removals of members are"),
}


@dataclass(frozen=True, slots=True)
class _Excess:
    """One kind of change of which there is too much."""

    kind: GuardKind
    count: int
    limits: str


def guard_limits(environment: Environment, connector: str) -> dict[GuardKind, GuardLimit]:
    """The limits that hold for a connector's exports; kinds without any are left out."""
    own = environment.configurations[connector].guards
    found: dict[GuardKind, GuardLimit] = {}
    for kind in GUARDS:
        limit = own.get(kind, GuardLimit())
        if limit.count is None:
            default = environment.options.export_deletion_threshold if kind == "deletes" else 0
            limit = GuardLimit(default, limit.percent)
        if limit.count or limit.percent:
            found[kind] = limit
    return found


def guard_export(environment: Environment, step: Step) -> None:
    """Let the export go on, or stop it before anything is exported.

    Raises:
        StepStopped: there is too much of something; what it is stands in the run's history.
    """
    limits = guard_limits(environment, step.connector)
    if not limits:
        return
    counts, of = _counts(environment, step.connector, limits)
    exceeded = [e for kind, limit in limits.items() if (e := _excess(environment, kind, limit, counts, of))]
    if not exceeded:
        return
    kinds = {one.kind for one in exceeded}
    for found in _found(environment, step.connector):
        listed = [RunObject(f"guarded-{g.kind}", g.cs_id, g.dn, None, _detail(g)) for g in found if g.kind in kinds]
        if listed:
            step.commit(ChangeSet(), Counter(one.counter for one in listed), listed)
    raise StepStopped(
        DELETES_EXCEEDED if "deletes" in kinds else OTHERS_EXCEEDED, _sentence(environment, step, exceeded)
    )


def _found(environment: Environment, connector: str) -> Iterable[tuple[Guarded, ...]]:
    """What the guard counts, batch by batch of what is pending."""
    store, after = environment.store, 0
    while ids := store.pending_exports(connector, after=after, limit=BATCH_SIZE):
        after = ids[-1]
        yield tuple(guarded(store.prefetch(Reads(cs_ids=ids)), ids))


def _counts(
    environment: Environment, connector: str, limits: dict[GuardKind, GuardLimit]
) -> tuple[Counter[GuardKind], Counter[GuardKind]]:
    """How much there is of each kind, and of how much it is a share; deletes alone need no look at the objects."""
    store = environment.store
    pending = store.pending_export_counts(connector)
    counts: Counter[GuardKind] = Counter({"deletes": pending.get("delete", 0)})
    of: Counter[GuardKind] = Counter()
    if limits.keys() - {"deletes"}:
        for found in _found(environment, connector):
            for one in found:
                if one.kind != "deletes":
                    counts[one.kind] += one.count
                if one.kind == "membership-removals":
                    of[one.kind] += one.of
    if any(limit.percent for limit in limits.values()):
        held = store.count_cs(connector) - pending.get("add", 0)
        of.update({kind: held for kind in GUARDS if kind != "membership-removals"})
    return counts, of


def _excess(
    environment: Environment,
    kind: GuardKind,
    limit: GuardLimit,
    counts: Counter[GuardKind],
    of: Counter[GuardKind],
) -> _Excess | None:
    count = counts[kind]
    if kind in environment.allowed:
        most = environment.allowed[kind]
        return None if most is None or count <= most else _Excess(kind, count, f"{most} were allowed")
    said = []
    if limit.count and count > limit.count:
        said.append(f"the threshold is {limit.count}")
    if limit.percent and count * 100 > limit.percent * of[kind]:
        what = "members of these groups" if kind == "membership-removals" else "objects"
        said.append(f"the threshold is {limit.percent} % of {of[kind]} {what}")
    return _Excess(kind, count, " and ".join(said)) if said else None


def _sentence(environment: Environment, step: Step, exceeded: list[_Excess]) -> str:
    """How much of what there is, what would have passed, how to look at it, and how to let it pass once."""
    facts = "; ".join(f"{one.count} {_WORDS[one.kind][one.count != 1]} staged, {one.limits}" for one in exceeded)
    looks = " and ".join(f"`attrflow runs show {step.run} --counter guarded-{one.kind}`" for one in exceeded)
    kept = {one.kind: one.count for one in exceeded}
    allowed = {**environment.allowed, **kept}
    flags = " ".join(f"--allow {kind}" + ("" if n is None else f"={n}") for kind, n in allowed.items())
    return (
        f"{facts}: nothing was exported. Look at them with {looks}; if they are meant, let them pass once with "
        f"`attrflow run {step.connector} export {flags}`."
    )


def _detail(one: Guarded) -> str | None:
    count = f"{one.count} of {one.of} members" if one.kind == "membership-removals" else ""
    return ", ".join(part for part in (one.name, count) if part) or None
