"""The scheduler's clockwork: when the next cycle is due, what is kept of the last one, and how long history lasts.

It reads the clock only through what it is given, and starts nothing by itself. Times are ISO 8601, UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from attrflow.model.changes import RunRecord
from attrflow.model.configuration import ConnectorConfiguration, SchedulerState
from attrflow.ports.store import Store
from attrflow.ports.world import Clock
from attrflow.runs.environment import Environment
from attrflow.runs.profile import STEP_TYPES, most_severe

__all__ = [
    "STALE_DAYS",
    "begin_cycle",
    "end_cycle",
    "last_syncs",
    "purge_daily",
    "purge_history",
    "resume",
    "seconds_until_due",
    "stale_warnings",
    "suspend",
    "wait",
]

STALE_DAYS: Final = 7
"""Within so many days a delta synchronization must follow the one before (documented)."""
PURGE_EVERY: Final = timedelta(days=1)
"""A purge looks at everything that values name, so no cycle pays for it every time."""
SLICE_SECONDS: Final = 1.0
"""How long a request to stop may go unheard."""
LOOK_SECONDS: Final = 10.0
"""How long a suspension or resumption may."""
_SYNCS: Final = tuple(type_ for type_ in STEP_TYPES if type_.endswith("sync"))


def stamp(moment: datetime) -> str:
    """A moment as the history writes it."""
    return moment.isoformat(timespec="milliseconds")


def begin_cycle(environment: Environment, kind: str, interval_minutes: int) -> None:
    """Keep that a cycle begins, and when the next one is due: an interval after the start of this one."""
    now = environment.world.now()

    def change(state: SchedulerState) -> SchedulerState:
        return replace(
            state,
            last_kind=kind,
            last_run=None,
            last_started=stamp(now),
            last_ended=None,
            last_result=None,
            next_cycle=stamp(now + timedelta(minutes=interval_minutes)),
        )

    environment.store.change_scheduler_state(change)


def end_cycle(environment: Environment, records: Sequence[RunRecord]) -> None:
    """Keep how the cycle ended: the most severe of its results."""
    ended = stamp(environment.world.now())
    result = most_severe([record.result for record in records])
    first = records[0].number if records else None

    def change(state: SchedulerState) -> SchedulerState:
        return replace(state, last_run=first, last_ended=ended, last_result=result)

    environment.store.change_scheduler_state(change)


def seconds_until_due(state: SchedulerState, now: datetime) -> float:
    """How long until the next cycle; 0 where it is due."""
    if state.next_cycle is None:
        return 0.0
    return max(0.0, (datetime.fromisoformat(state.next_cycle) - now).total_seconds())


def wait(clock: Clock, seconds: float, stop: Callable[[], bool]) -> None:
    """Wait so long, but no longer than until somebody should look at the scheduler's state again, or stops it."""
    left = min(seconds, LOOK_SECONDS)
    while left > 0 and not stop():
        clock.sleep(min(left, SLICE_SECONDS))
        left -= SLICE_SECONDS


def suspend(store: Store, now: datetime, because: str | None) -> SchedulerState:
    """No cycle starts from now on; one that runs comes to its end."""
    return store.change_scheduler_state(
        lambda s: replace(s, suspended_since=s.suspended_since or stamp(now), suspended_because=because)
    )


def resume(store: Store) -> SchedulerState:
    """Cycles start again when they are due; one that was missed is due at once."""
    return store.change_scheduler_state(lambda s: replace(s, suspended_since=None, suspended_because=None))


# -- history ---------------------------------------------------------------------------------------


def purge_daily(environment: Environment, days: int) -> Mapping[str, int]:
    """Purge the run history, if that was not done within a day; 0 days keep it for ever."""
    purged = environment.store.scheduler_state().purged
    now = environment.world.now()
    if not days or (purged is not None and now - datetime.fromisoformat(purged) < PURGE_EVERY):
        return {}
    return purge_history(environment, days)


def purge_history(environment: Environment, days: int) -> Mapping[str, int]:
    """Delete what is older than so many days; how many rows went, by table."""
    now = environment.world.now()
    gone = environment.store.purge(stamp(now - timedelta(days=days)))
    environment.store.change_scheduler_state(lambda s: replace(s, purged=stamp(now)))
    return gone


# -- what was not done for too long ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LastSync:
    """When a connector was synchronized last, or None."""

    connector: str
    ended: str | None


def last_syncs(store: Store, configurations: Mapping[str, ConnectorConfiguration]) -> list[LastSync]:
    """The newest synchronization of each connector that was not stopped, of whatever kind."""
    found = []
    for name in configurations:
        steps = [last[1] for type_ in _SYNCS if (last := store.last_step(name, type_)) is not None]
        ended = [s.ended for s in steps if s.ended and (s.result == "success" or s.result.startswith("completed-"))]
        found.append(LastSync(name, max(ended, default=None)))
    return found


def stale_warnings(store: Store, configurations: Mapping[str, ConnectorConfiguration], now: datetime) -> list[str]:
    """A sentence for each connector whose last synchronization is too long ago."""
    warnings = []
    for last in last_syncs(store, configurations):
        if last.ended is None:
            continue
        days = (now - datetime.fromisoformat(last.ended)).total_seconds() / 86400
        if days > STALE_DAYS:
            warnings.append(
                f"{last.connector} was synchronized {int(days)} days ago for the last time; at most {STALE_DAYS} "
                "should lie between two synchronizations. `attrflow cycle --initial` reads everything again."
            )
    return warnings
