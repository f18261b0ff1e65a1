"""Run profiles: the five that every connector has (behaviour.md §4.1), and the words of their results (§4.4)."""

from __future__ import annotations

from typing import Literal, get_args

__all__ = ["PROFILES", "Profile", "most_severe", "stops_profile"]

Profile = Literal["full-import", "delta-import", "full-sync", "delta-sync", "export"]
PROFILES: tuple[Profile, ...] = get_args(Profile)

_SEVERITY = ("success", "completed-no-objects", "completed-warnings", "completed-transient-objects")


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
