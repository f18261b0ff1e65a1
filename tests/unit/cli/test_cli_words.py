"""Counters, results and durations in the product's words."""

from __future__ import annotations

import pytest

from attrflow.cli.words import counter_lines, duration, result_style


def check(counters: dict[str, int], *expected: tuple[str, str, int]) -> None:
    assert [(line.group, line.label, line.count) for line in counter_lines(counters)] == list(expected)


def test_staging_counters_stand_in_the_products_order() -> None:
    check(
        {"stage-delete": 1, "stage-update": 2, "stage-no-change": 30, "stage-add": 4},
        ("Staging", "Unchanged", 30),
        ("Staging", "Adds", 4),
        ("Staging", "Updates", 2),
        ("Staging", "Deletes", 1),
    )


def test_counters_of_one_label_are_added_and_each_is_named() -> None:
    (line,) = counter_lines({"disconnector-joined-flow": 3, "disconnector-joined-no-flow": 4})
    assert (line.label, line.count) == ("Joins", 7)
    assert line.counters == ("disconnector-joined-flow", "disconnector-joined-no-flow")


def test_the_same_counter_means_another_thing_behind_a_targets_name() -> None:
    check(
        {"entra:connector-flow": 5, "connector-flow": 6, "entra:provisioned-add-flow": 7},
        ("Inbound", "Connectors with Flow Updates", 6),
        ("Outbound to entra", "Provisioning Adds", 7),
        ("Outbound to entra", "Export Attribute Flow", 5),
    )


def test_a_connectors_name_may_hold_a_colon() -> None:
    check({"a:b:connector-flow": 1}, ("Outbound to a:b", "Export Attribute Flow", 1))


def test_a_metaverse_object_that_goes_is_counted_as_such_too() -> None:
    check(
        {"connector-delete-remove-mv": 2, "connector-delete-leave-mv": 1},
        ("Inbound", "Deleted Connectors", 3),
        ("Inbound", "Metaverse Object Deletes", 2),
    )


def test_what_counts_nothing_is_left_out_and_what_is_unknown_is_shown() -> None:
    check({"stage-add": 0, "brand-new": 2}, ("Other", "brand-new", 2))


def test_errors_are_red() -> None:
    assert [line.style for line in counter_lines({"export-failure": 1, "export-add": 1})] == ["", "red"]


@pytest.mark.parametrize(
    ("result", "style"),
    [
        ("success", "green"),
        ("completed-no-objects", "green"),
        ("completed-warnings", "yellow"),
        ("completed-sync-errors", "red"),
        ("stopped-connectivity", "bold red"),
        ("no-start-credentials", "bold red"),
        ("in-progress", "cyan"),
    ],
)
def test_the_worse_a_result_the_redder_it_is(result: str, style: str) -> None:
    assert result_style(result) == style


@pytest.mark.parametrize(
    ("ended", "expected"),
    [
        ("2026-01-05T08:00:00.049+00:00", "0.0 s"),
        ("2026-01-05T08:00:59.900+00:00", "59.9 s"),
        ("2026-01-05T08:01:00.000+00:00", "1 min 0 s"),
        ("2026-01-05T10:04:10.000+00:00", "2 h 4 min"),
        (None, "no end"),
    ],
)
def test_durations(ended: str | None, expected: str) -> None:
    assert duration("2026-01-05T08:00:00.000+00:00", ended) == expected
