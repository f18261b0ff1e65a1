"""The scheduler's cycle: every connector's steps in the product's order (behaviour.md §4.2, documented)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from attrflow.model.configuration import ConnectorConfiguration, Required
from attrflow.runs.environment import Environment
from attrflow.runs.profile import Profile
from attrflow.runs.requirements import note_changes
from attrflow.runs.run import RunResult, run_profile
from attrflow.runs.step import STOPPED_BY_USER

__all__ = ["cycle_order", "due_order", "run_cycle"]

_NOTHING = Required()


def cycle_order(
    configurations: Mapping[str, ConnectorConfiguration],
    *,
    initial: bool,
    staging_mode: bool,
    required: Mapping[str, Required] | None = None,
) -> Iterator[tuple[str, Profile]]:
    """Imports of the on-premises directories, then Entra's; syncs likewise; exports to Entra first.

    In staging mode nothing is exported. What is `required` of a connector upgrades its step.
    """
    on_premises = [c.name for c in configurations.values() if c.kind != "entra"]
    entra = [c.name for c in configurations.values() if c.kind == "entra"]
    required = required or {}
    for name in (*on_premises, *entra):
        whole = initial or required.get(name, _NOTHING).full_import is not None
        yield name, "full-import" if whole else "delta-import"
    for name in (*on_premises, *entra):
        whole = initial or required.get(name, _NOTHING).full_sync is not None
        yield name, "full-sync" if whole else "delta-sync"
    if not staging_mode:
        yield from ((name, "export") for name in (*entra, *on_premises))


def due_order(environment: Environment, *, initial: bool, staging_mode: bool) -> list[tuple[str, Profile]]:
    """The order of the cycle that is due now, with what changes since the last run require; that is kept."""
    state = note_changes(environment)
    return list(
        cycle_order(environment.configurations, initial=initial, staging_mode=staging_mode, required=state.required)
    )


def run_cycle(environment: Environment, plan: Iterable[tuple[str, Profile]]) -> Iterator[RunResult]:
    """Run the steps of a cycle one after the other; a step that fails does not stop other connectors' steps.

    A connector whose import did not start or was stopped is not exported to in the same cycle: what
    would be exported was computed from what is not known to be current. A request to stop ends the cycle.
    """
    cycle: int | None = None
    broken: set[str] = set()
    for connector, profile in plan:
        if profile == "export" and connector in broken:
            continue
        result = run_profile(environment, connector, profile, cycle=cycle)
        cycle = cycle if cycle is not None else result.record.number
        if result.record.result.startswith(("no-start-", "stopped-")):
            broken.add(connector)
        yield result
        if result.record.result == STOPPED_BY_USER:
            return
