"""The scheduler's cycle: every connector's steps in the product's order (behaviour.md §4.2, documented)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from attrflow.model.configuration import ConnectorConfiguration
from attrflow.runs.environment import Environment
from attrflow.runs.profile import Profile
from attrflow.runs.run import RunResult, run_profile

__all__ = ["cycle_order", "run_cycle"]


def cycle_order(
    configurations: Mapping[str, ConnectorConfiguration], *, initial: bool, staging_mode: bool
) -> Iterator[tuple[str, Profile]]:
    """Imports of the on-premises directories, then Entra's; syncs likewise; exports to Entra first.

    In staging mode nothing is exported.
    """
    on_premises = [c.name for c in configurations.values() if c.kind != "entra"]
    entra = [c.name for c in configurations.values() if c.kind == "entra"]
    imports: Profile = "full-import" if initial else "delta-import"
    syncs: Profile = "full-sync" if initial else "delta-sync"
    yield from ((name, imports) for name in (*on_premises, *entra))
    yield from ((name, syncs) for name in (*on_premises, *entra))
    if not staging_mode:
        yield from ((name, "export") for name in (*entra, *on_premises))


def run_cycle(environment: Environment, plan: Iterable[tuple[str, Profile]]) -> Iterator[RunResult]:
    """Run the steps of a cycle one after the other; a step that fails does not stop other connectors' steps.

    A connector whose import did not start or was stopped is not exported to in the same cycle: what
    would be exported was computed from what is not known to be current.
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
