"""Named states of a world: taken by copying everything inside, gone back to by copying it again.

What clients hold on to (servers, the clock, locks) stays the same object; only its inside changes.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from attrflow_mocks.clock import Clock
from attrflow_mocks.entra.tenant import Tenant
from attrflow_mocks.profiles import AnyDirectory, copied, restored

__all__ = ["Snapshot", "restore", "take"]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A copy of each directory by its name, the inside of the tenant, and how far the clock was."""

    advanced: timedelta
    directories: Mapping[str, AnyDirectory]
    tenant: Mapping[str, object] | None


def _copied(inside: Mapping[str, object], clock: Clock, shared: tuple[object, ...]) -> dict[str, object]:
    return copy.deepcopy(dict(inside), {id(one): one for one in (clock, *shared)})


def _shared(found: Tenant) -> tuple[object, ...]:
    """What a copy has in common with its original: locks, the seed, the schema."""
    inside = vars(found)
    locks = [value for value in inside.values() if isinstance(value, type(threading.RLock()))]
    return (*locks, *(inside[name] for name in ("seed", "schema") if name in inside))


def take(clock: Clock, directories: Mapping[str, AnyDirectory], tenant: Tenant | None) -> Snapshot:
    """The state of now."""
    copies = {name: copied(one) for name, one in directories.items()}
    return Snapshot(clock.advanced, copies, _copied(vars(tenant), clock, _shared(tenant)) if tenant else None)


def restore(snapshot: Snapshot, clock: Clock, directories: Mapping[str, AnyDirectory], tenant: Tenant | None) -> None:
    """Make everything as it was when the snapshot was taken; it can be gone back to again."""
    clock.advanced = snapshot.advanced
    for name, twin in snapshot.directories.items():
        restored(directories[name], twin)
    if tenant is not None and snapshot.tenant is not None:
        vars(tenant).update(_copied(snapshot.tenant, clock, _shared(tenant)))
