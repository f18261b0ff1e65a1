"""The run profiles and guards of a connector as a settings file writes them.

    [[connectors.contoso.profiles.nightly]]
    type = "full-import-full-sync"
    partition = "DC=contoso,DC=test"
    object-limit = 1000

    [connectors.entra.guards]
    deletes = 200
    deletes-percent = 5

Each table of a profile is one step; one without a partition stands for a step in every partition. A
profile named as one of the five defaults stands in its place (behaviour.md §4.1).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from attrflow.app.settings_table import Table
from attrflow.app.settings_values import PROFILE_NAME
from attrflow.model.configuration import GUARDS, GuardKind, GuardLimit, Partition, RunStep, StepType
from attrflow.model.names import InvalidName, dn_key
from attrflow.rules.positions import suggestion
from attrflow.runs.profile import STEP_TYPES, profile_key

__all__ = ["PAGES", "read_guards", "read_profiles"]

_KEYS: Final = (
    *("type", "partition", "batch-size", "page-size", "timeout-seconds"),
    *("object-limit", "error-limit"),
)
PAGES: Final[Mapping[str, int | None]] = {"entra": 999}
"""The largest page that a kind of connector may ask for; others have no such limit of ours."""
_PER_CENT: Final = "-percent"


def read_profiles(connector: Table, kind: str, partitions: tuple[Partition, ...]) -> dict[str, tuple[RunStep, ...]]:
    """The connector's own profiles by name; what is wrong is told and left out."""
    table = connector.table("profiles")
    found: dict[str, tuple[RunStep, ...]] = {}
    keys: dict[str, str] = {}
    for name in table.values:
        if not PROFILE_NAME.fullmatch(name):
            message = f"{name!r} cannot be a profile's name: letters, digits, blanks, '-' and '_', at most 64"
            table.tell(_place(table, name), "wrong-value", message, help="such as nightly")
            continue
        first = keys.setdefault(profile_key(name), name)
        if first != name:
            message = f"the profiles {first!r} and {name!r} are one: case, blanks and '-' make no difference"
            table.tell(_place(table, name), "duplicate-name", message, help="rename one of them")
            continue
        steps = [step for one in table.tables(name) for step in _steps(one, kind, partitions)]
        if table.values[name] == []:
            table.wrong(name, f"the profile {name!r} has no step", f"add: [[{table.header.strip('[]')}.{name}]]")
        if steps:
            found[name] = tuple(steps)
            _warn_of_left_out(table, name, steps, partitions)
    return found


def _steps(table: Table, kind: str, partitions: tuple[Partition, ...]) -> Iterator[RunStep]:
    """The steps of one table: one, or one for every partition."""
    table.only(_KEYS, "a step of a run profile")
    if "type" not in table:
        table.missing("type", 'add: type = "full-import" (or another of ' + ", ".join(STEP_TYPES[1:]) + ")")
    type_ = table.choice("type", STEP_TYPES)
    if kind == "entra" and "timeout-seconds" in table:
        table.wrong("timeout-seconds", "an Entra connector has no 'timeout-seconds'", "leave the key out")
    limits: dict[str, Any] = {
        "batch_size": table.number("batch-size", 1),
        "page_size": table.number("page-size", 1, PAGES.get(kind)),
        "timeout_seconds": table.number("timeout-seconds", 1),
        "object_limit": table.number("object-limit", 0) or 0,
        "error_limit": table.number("error-limit", 0),
    }
    chosen = _partition(table, partitions)
    if type_ is None or chosen is None:
        return
    for partition in chosen:
        yield RunStep(cast(StepType, type_), partition.name, **limits)


def _partition(table: Table, partitions: tuple[Partition, ...]) -> tuple[Partition, ...] | None:
    """The partitions that the step is for; None where it names one that is not there."""
    named = table.text("partition")
    if named is None:
        return partitions
    try:
        found = tuple(p for p in partitions if dn_key(p.name) == dn_key(named))
    except InvalidName:
        found = tuple(p for p in partitions if p.name == named)
    if found:
        return found
    if partitions:
        known = [p.name for p in partitions]
        help = suggestion(named, known) or "the partitions are " + "; ".join(known)
        table.wrong("partition", f"the connector has no partition {named!r}", help)
    return None


def _warn_of_left_out(table: Table, name: str, steps: list[RunStep], partitions: tuple[Partition, ...]) -> None:
    """The product passes such a partition over without a word (DIAG-02); here it runs the same, and is told."""
    for partition in partitions:
        if any(step.partition == partition.name for step in steps):
            continue
        message = f"the profile {name!r} has no step for the partition {partition.name!r}: it is not processed"
        help = "add a step for it, or one without a partition, which is for all of them"
        table.tell(_place(table, name), "partition-without-step", message, help=help, severity="warning")


def _place(profiles: Table, name: str) -> tuple[str | int, ...]:
    """Where a profile stands: its first key, since the header of an array of tables has no place of its own."""
    steps = profiles.values[name]
    first = next(iter(steps[0]), None) if isinstance(steps, list) and steps and isinstance(steps[0], dict) else None
    return (name,) if first is None else (name, 0, first)


def read_guards(connector: Table) -> dict[GuardKind, GuardLimit]:
    """The connector's limits of the guard: `deletes = 200` is a count, `deletes-percent = 5` a share."""
    table = connector.table("guards")
    table.only([*GUARDS, *(f"{kind}{_PER_CENT}" for kind in GUARDS)], "the guards of a connector")
    found: dict[GuardKind, GuardLimit] = {}
    for kind in GUARDS:
        count, percent = table.number(kind, 0), table.number(f"{kind}{_PER_CENT}", 0, 100)
        if count is not None or percent is not None:
            found[kind] = GuardLimit(count, percent or 0)
    return found
