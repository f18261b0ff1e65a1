"""Run profiles: those that every connector has, its own, their names, and the words of results (behaviour.md §4)."""

from __future__ import annotations

import re
from typing import Final, get_args

from attrflow.model.configuration import ConnectorConfiguration, RunStep, StepType

__all__ = ["PROFILES", "STEP_TYPES", "Profile", "most_severe", "profile_key", "profile_steps", "stops_profile"]

Profile = str
"""A profile's name, as `profile_key` writes it."""
STEP_TYPES: Final[tuple[StepType, ...]] = get_args(StepType)
PROFILES: Final[tuple[StepType, ...]] = STEP_TYPES[:5]
"""The five that the product makes for every connector (observed); each has a step for every partition."""

_SEVERITY = ("success", "completed-no-objects", "completed-warnings", "completed-transient-objects")


def profile_key(name: str) -> str:
    """A profile's name as it is compared and stored: the product's own spelling and ours are one.

    >>> profile_key("Full Import and Delta Synchronization"), profile_key("delta-sync")
    ('full-import-delta-sync', 'delta-sync')
    """
    words = [word for word in re.split(r"[\s_-]+", name.strip().casefold()) if word]
    return "-".join(
        "sync" if word in ("synchronization", "synchronisation") else word for word in words if word != "and"
    )


def profile_steps(connector: ConnectorConfiguration, profile: Profile) -> tuple[RunStep, ...] | None:
    """The steps of a profile: the connector's own, else one of each default for every partition. None: no such one.

    The four combined ones are there by name as well, as if somebody had made them.
    """
    key = profile_key(profile)
    for name, steps in connector.profiles.items():
        if profile_key(name) == key:
            return steps
    type_ = next((one for one in STEP_TYPES if one == key), None)
    if type_ is None:
        return None
    return tuple(RunStep(type_, partition.name) for partition in connector.partitions)


def _rank(result: str) -> int:
    if result in _SEVERITY:
        return _SEVERITY.index(result)
    for rank, prefix in enumerate(("completed-", "stopped-", "no-start-"), start=len(_SEVERITY)):
        if result.startswith(prefix):
            return rank
    return 99


def most_severe(results: list[str]) -> str:
    """The result that a run shows: the worst of its steps'.

    >>> most_severe(["success", "completed-sync-errors"])
    'completed-sync-errors'
    """
    return max(results, key=_rank, default="success")


def stops_profile(result: str) -> bool:
    """Whether the next step of the same profile does not run after this result (documented)."""
    return result == "completed-discovery-errors" or result.startswith(("stopped-", "no-start-"))
