"""The server's scheduler parameters become the project's times; what a settings file cannot say names a command."""

from __future__ import annotations

from pathlib import Path

import pytest

from attrflow.app.import_scheduler import scheduler_settings
from attrflow.app.settings_template import NewScheduler
from attrflow.importers.findings import Findings
from attrflow.importers.xml_metaverse import ServerConfiguration
from attrflow.model.diagnostics import Diagnostic
from attrflow.model.schema import Schema


def taken(**parameters: str) -> tuple[NewScheduler, list[Diagnostic]]:
    stated = {f"Microsoft.Synchronize.{name}": text for name, text in parameters.items()}
    findings = Findings()
    server = ServerConfiguration("MV.xml", "SYNC1", "", Schema(), stated)
    return scheduler_settings(server, findings, Path("/projects/my lab")), findings.all


def test_what_the_product_ships_is_what_a_new_project_has() -> None:
    times, findings = taken(
        TimeInterval="00:30:00", RunHistoryPurgeInterval="7.00:00:00", SynchronizationPolicy="Delta",
        SchedulerSuspended="False", SynchronizationSchedule="True", MaintenanceEnabled="True",
    )  # fmt: skip
    assert (times, findings) == (NewScheduler(30, 7), [])


@pytest.mark.parametrize(
    ("interval", "minutes"),
    [("03:00:00", 180), ("1.02:03:00", 1563), ("00:01:00", 1), ("00:30:00.0000000", 30), ("366.00:00:00", 527040)],
)
def test_an_interval_is_whole_minutes(interval: str, minutes: int) -> None:
    assert taken(TimeInterval=interval) == (NewScheduler(minutes, 7), [])


def test_what_is_not_whole_is_rounded_up_and_told() -> None:
    times, findings = taken(TimeInterval="00:30:01", RunHistoryPurgeInterval="1.12:00:00")
    assert times == NewScheduler(31, 2)
    assert [(f.code, f.message.rpartition(": ")[2]) for f in findings] == [
        ("taken-over", "interval-minutes = 31"),
        ("taken-over", "history-days = 2"),
    ]


@pytest.mark.parametrize(
    "text", ["half an hour", "30", "-00:30:00", "00:00:00", "24:00:00", "00:60:00", "367.00:00:00", "99999999.00:00:00"]
)
def test_an_interval_that_makes_no_sense_is_told_and_the_default_stays(text: str) -> None:
    times, (finding,) = taken(TimeInterval=text)
    assert (times, finding.code, finding.severity) == (NewScheduler(), "wrong-value", "warning")
    assert text in finding.message
    assert finding.help == "interval-minutes under [scheduler] keeps its default"


def test_a_history_of_nothing_is_not_ours_for_ever() -> None:
    times, (finding,) = taken(RunHistoryPurgeInterval="0.00:00:00")
    assert (times.history_days, finding.code) == (7, "wrong-value")


def test_without_maintenance_history_is_kept() -> None:
    times, (finding,) = taken(MaintenanceEnabled="False", RunHistoryPurgeInterval="7.00:00:00")
    assert (times.history_days, finding.code, finding.severity) == (0, "taken-over", "info")


@pytest.mark.parametrize(
    ("name", "text", "command"),
    [
        ("SchedulerSuspended", "True", "attrflow scheduler suspend -C '/projects/my lab'"),
        ("SynchronizationSchedule", "False", "attrflow scheduler suspend -C '/projects/my lab'"),
        ("SynchronizationPolicy", "Initial", "attrflow cycle --initial -C '/projects/my lab'"),
        ("SynchronizationPolicy", "full", "attrflow cycle --initial -C '/projects/my lab'"),
    ],
)
def test_what_settings_cannot_say_names_the_command(name: str, text: str, command: str) -> None:
    times, (finding,) = taken(**{name: text})
    assert (times, finding.code) == (NewScheduler(), "scheduler")
    assert finding.help is not None
    assert finding.help.endswith(command)


@pytest.mark.parametrize("name", ["SchedulerSuspended", "SynchronizationSchedule", "MaintenanceEnabled"])
def test_a_flag_that_is_none_is_told(name: str) -> None:
    times, (finding,) = taken(**{name: "perhaps"})
    assert (times, finding.code) == (NewScheduler(), "wrong-value")


def test_a_policy_that_is_not_known_is_told() -> None:
    assert [f.code for f in taken(SynchronizationPolicy="Weekly")[1]] == ["wrong-value"]
