"""The server's scheduler (parameters of MV.xml, behaviour.md §4.2) -> the times of a project's scheduler.

What a settings file cannot say is a finding with the command that does it.
"""

from __future__ import annotations

import re
from pathlib import Path
from shlex import quote
from typing import Final

from attrflow.app.settings_template import DEFAULT_SCHEDULER, NewScheduler
from attrflow.importers.findings import Findings
from attrflow.importers.xml_metaverse import ServerConfiguration

__all__ = ["SCHEDULER_PARAMETERS", "scheduler_settings"]

SCHEDULER_PARAMETERS: Final = frozenset(
    f"synchronize.{name}"
    for name in (
        *("timeinterval", "runhistorypurgeinterval", "synchronizationpolicy", "schedulersuspended"),
        *("synchronizationschedule", "maintenanceenabled"),
    )
)
"""What is taken over or told here, in lower case and without `Microsoft.`."""
_SPAN: Final = re.compile(r"(?:(\d{1,8})\.)?(\d{1,2}):([0-5]\d):([0-5]\d)(?:\.\d{1,7})?")
_MINUTE: Final = 60
_DAY: Final = 24 * 60 * _MINUTE
_INTERVAL_MAX: Final = 366 * _DAY
_HISTORY_MAX: Final = 36525 * _DAY
_FORMS: Final = "hh:mm:ss or d.hh:mm:ss"


def scheduler_settings(server: ServerConfiguration, findings: Findings, folder: Path) -> NewScheduler:
    """The times of the project's scheduler; `folder` is the project's, for the commands that are named."""
    usual = DEFAULT_SCHEDULER
    interval = _span(server, "TimeInterval", _MINUTE, _INTERVAL_MAX, findings)
    history = _span(server, "RunHistoryPurgeInterval", _DAY, _HISTORY_MAX, findings)
    days = usual.history_days if history is None else history
    if _flag(server, "MaintenanceEnabled", findings) is False:
        days = 0
        message = "the server's maintenance is off, so that it keeps its run history; so does the project"
        findings.note(
            server.place("Synchronize.MaintenanceEnabled"),
            "taken-over",
            message,
            help="history-days under [scheduler] lets old runs go",
        )
    _tell_off(server, findings, folder)
    _tell_policy(server, findings, folder)
    return NewScheduler(usual.interval_minutes if interval is None else interval, days)


def _span(server: ServerConfiguration, name: str, unit: int, high: int, findings: Findings) -> int | None:
    """A time span in whole units of so many seconds, rounded up and told; None where it is not there or is none."""
    text = server.parameter(f"Synchronize.{name}") or ""
    if not text:
        return None
    place = server.place(f"Synchronize.{name}")
    what = "interval-minutes" if unit == _MINUTE else "history-days"
    found = _SPAN.fullmatch(text)
    seconds = 0
    if found is not None and int(found[2]) < 24:
        days, hours, minutes, rest = (int(part or 0) for part in found.groups())
        seconds = days * _DAY + (hours * 60 + minutes) * _MINUTE + rest
    if not 0 < seconds <= high:
        message = f"Microsoft.Synchronize.{name} = {text} is no time from a second to {high // _DAY} days ({_FORMS})"
        findings.warn(place, "wrong-value", message, help=f"{what} under [scheduler] keeps its default")
        return None
    units = -(-seconds // unit)
    if seconds % unit:
        message = f"Microsoft.Synchronize.{name} = {text} is not whole {what.partition('-')[2]}: {what} = {units}"
        findings.warn(place, "taken-over", message)
    return units


def _flag(server: ServerConfiguration, name: str, findings: Findings) -> bool | None:
    """A flag; None where it is not there, or is none, which is told."""
    text = server.parameter(f"Synchronize.{name}") or ""
    if not text:
        return None
    if text.casefold() not in ("true", "false"):
        findings.warn(
            server.place(f"Synchronize.{name}"),
            "wrong-value",
            f"Microsoft.Synchronize.{name} = {text} is neither True nor False",
        )
        return None
    return text.casefold() == "true"


def _tell_off(server: ServerConfiguration, findings: Findings, folder: Path) -> None:
    """That the server runs no cycles: a project's store says so, not its settings."""
    help = f"to keep cycles from starting here too: attrflow scheduler suspend -C {quote(str(folder))}"
    if _flag(server, "SchedulerSuspended", findings) is True:
        message = "the server's scheduler is suspended; the project's is not"
        findings.warn(server.place("Synchronize.SchedulerSuspended"), "scheduler", message, help=help)
    if _flag(server, "SynchronizationSchedule", findings) is False:
        message = "the server's schedule is off: it starts no cycle by itself; `attrflow scheduler run` does"
        findings.warn(server.place("Synchronize.SynchronizationSchedule"), "scheduler", message, help=help)


def _tell_policy(server: ServerConfiguration, findings: Findings, folder: Path) -> None:
    """The kind of the server's next cycle; ours is a delta cycle with the full steps that are needed."""
    text = server.parameter("Synchronize.SynchronizationPolicy") or ""
    place = server.place("Synchronize.SynchronizationPolicy")
    if text.casefold() in ("initial", "full"):
        message = f"the server's next cycle is of the kind {text}; the project's is a delta cycle"
        help = f"the same by hand: attrflow cycle --initial -C {quote(str(folder))}"
        findings.note(place, "scheduler", message, help=help)
    elif text and text.casefold() != "delta":
        message = f"Microsoft.Synchronize.SynchronizationPolicy = {text} is neither Delta nor Initial nor Full"
        findings.warn(place, "wrong-value", message)
