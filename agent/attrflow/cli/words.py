"""The product's words as people see them: counters with the Service Manager's labels, results, times.

Sources: behaviour.md §4.3 and §4.4. A counter that is not in the tables is shown under its own name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

__all__ = ["CounterLine", "counter_lines", "duration", "result_style", "short_time"]

STAGING = "Staging"
INBOUND = "Inbound"
OUTBOUND = "Outbound"
EXPORT = "Export"
GUARD = "Held Back"
OTHER = "Other"

_LABELS: Mapping[str, tuple[str, str]] = {
    "stage-no-change": (STAGING, "Unchanged"),
    "stage-add": (STAGING, "Adds"),
    "stage-update": (STAGING, "Updates"),
    "stage-rename": (STAGING, "Renames"),
    "stage-delete": (STAGING, "Deletes"),
    "stage-delete-add": (STAGING, "Delete Adds"),
    "stage-failure": (STAGING, "Discovery Errors"),
    "exported-change-not-reimported": (STAGING, "Exported Changes Not Reimported"),
    "ambiguous-reference-name": (STAGING, "Ambiguous Reference Names"),
    "disconnector-projected-flow": (INBOUND, "Projections"),
    "disconnector-projected-no-flow": (INBOUND, "Projections"),
    "disconnector-projected-remove-mv": (INBOUND, "Projections Removed"),
    "disconnector-joined-flow": (INBOUND, "Joins"),
    "disconnector-joined-no-flow": (INBOUND, "Joins"),
    "disconnector-joined-remove-mv": (INBOUND, "Joins Removed"),
    "disconnector-filtered": (INBOUND, "Filtered Disconnectors"),
    "disconnector-remains": (INBOUND, "Disconnectors"),
    "connector-flow": (INBOUND, "Connectors with Flow Updates"),
    "connector-no-flow": (INBOUND, "Connectors without Flow Updates"),
    "connector-filtered-leave-mv": (INBOUND, "Filtered Connectors"),
    "connector-filtered-remove-mv": (INBOUND, "Filtered Connectors"),
    "connector-delete-leave-mv": (INBOUND, "Deleted Connectors"),
    "connector-delete-remove-mv": (INBOUND, "Deleted Connectors"),
    "connector-delete-add-processed": (INBOUND, "Delete Adds"),
    "connector-flow-remove-mv": (INBOUND, "Metaverse Object Deletes"),
    "flow-failure": (INBOUND, "Flow Errors"),
    "export-add": (EXPORT, "Adds"),
    "export-update": (EXPORT, "Updates"),
    "export-rename": (EXPORT, "Renames"),
    "export-delete": (EXPORT, "Deletes"),
    "export-delete-add": (EXPORT, "Delete Adds"),
    "export-failure": (EXPORT, "Export Errors"),
    "guarded-deletes": (GUARD, "Deletes"),
    "guarded-disables": (GUARD, "Disables"),
    "guarded-identity-changes": (GUARD, "UPN and Anchor Changes"),
    "guarded-membership-removals": (GUARD, "Groups that Lose Members"),
}

_OUTBOUND: Mapping[str, str] = {
    "provisioned-add-flow": "Provisioning Adds",
    "provisioned-add-no-flow": "Provisioning Adds",
    "provisioned-rename-flow": "Provisioning Renames",
    "provisioned-rename-no-flow": "Provisioning Renames",
    "provisioned-delete-add-flow": "Provisioning Delete Adds",
    "provisioned-delete-add-no-flow": "Provisioning Delete Adds",
    "provisioned-disconnect": "Provisioning Disconnects",
    "connector-flow": "Export Attribute Flow",
    "connector-no-flow": "No Export Attribute Flow",
    "connector-delete": "Provisioning Deletes",
}
"""Counters of a target connector, which stand behind its name: `entra:provisioned-add-flow`."""

_ERRORS = frozenset({"Discovery Errors", "Flow Errors", "Export Errors"})
_WARNINGS = frozenset({"Exported Changes Not Reimported"})


@dataclass(frozen=True, slots=True)
class CounterLine:
    """One label of the run summary with what is counted under it."""

    group: str
    """`Staging`, `Inbound`, `Outbound to <connector>` or `Export`."""
    label: str
    count: int
    counters: tuple[str, ...]
    """The counters behind the label, by which the history is drilled."""

    @property
    def style(self) -> str:
        """Red for errors, yellow for warnings."""
        return "red" if self.label in _ERRORS else "yellow" if self.label in _WARNINGS else ""


def counter_lines(counters: Mapping[str, int]) -> list[CounterLine]:
    """The counters by group and label, in the product's order; labels that count nothing are left out.

    A metaverse object that goes with its last connector is counted twice, as the product does: as what
    happened to the connector, and as a metaverse object that was deleted.
    """
    found: dict[tuple[str, str], list[str]] = {}
    for name in sorted(counters, key=_rank):
        if counters[name]:
            found.setdefault(_place(name), []).append(name)
            if name.endswith("-remove-mv") and name != "connector-flow-remove-mv":
                found.setdefault((INBOUND, "Metaverse Object Deletes"), []).append(name)
    return [
        CounterLine(group, label, sum(counters[name] for name in names), tuple(names))
        for (group, label), names in found.items()
    ]


def _place(counter: str) -> tuple[str, str]:
    connector, _, word = counter.rpartition(":")
    if connector:
        return f"{OUTBOUND} to {connector}", _OUTBOUND.get(word, word)
    return _LABELS.get(word, (OTHER, word))


def _rank(counter: str) -> tuple[int, str, int]:
    connector, _, word = counter.rpartition(":")
    if connector:
        return 1, connector, list(_OUTBOUND).index(word) if word in _OUTBOUND else 99
    place = list(_LABELS).index(word) if word in _LABELS else 99
    return (2 if _LABELS.get(word, (OTHER, ""))[0] in (EXPORT, GUARD, OTHER) else 0), "", place


def result_style(result: str) -> str:
    """The colour of a step's result: the worse, the redder."""
    if result in {"success", "completed-no-objects"}:
        return "green"
    if result.startswith(("stopped-", "no-start-")):
        return "bold red"
    if result.endswith("-errors"):
        return "red"
    return "yellow" if result.startswith("completed-") else "cyan"


def short_time(moment: str) -> str:
    """An ISO time as the history shows it, in UTC, to the second.

    >>> short_time("2026-01-05T08:00:00.123+00:00")
    '2026-01-05 08:00:00'
    """
    return moment[:19].replace("T", " ")


def duration(started: str, ended: str | None) -> str:
    """How long it took, for people; a run that has no end yet is running, or was killed.

    >>> duration("2026-01-05T08:00:00.000+00:00", "2026-01-05T08:01:05.400+00:00")
    '1 min 5 s'
    """
    if ended is None:
        return "no end"
    seconds = (datetime.fromisoformat(ended) - datetime.fromisoformat(started)).total_seconds()
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
