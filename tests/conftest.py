"""Where skipping is forbidden (ATTRFLOW_FORBID_SKIP=1, as in CI), a skipped test is a failed one.

What a machine cannot run at all is deselected by whoever starts the tests, who says so; see `scripts/test`.
"""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

_STANDS = ("the superuser may write everywhere", "it needs servers: run it with --wire")
"""Reasons that no machine takes away: root is refused nothing, and a case for the wire has its run there."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure; an expected failure is no skip."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        _refuse(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a module that skips itself."""
    report = yield
    if report.skipped:
        _refuse(report)
    return report


def _refuse(report: pytest.TestReport | pytest.CollectReport) -> None:
    reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
    if os.environ.get("ATTRFLOW_FORBID_SKIP") == "1" and not any(one in reason for one in _STANDS):
        report.outcome = "failed"
        report.longrepr = f"{reason}\nSkipping is forbidden here (ATTRFLOW_FORBID_SKIP=1)."
