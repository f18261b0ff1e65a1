"""The run history: every request on the wire is a row of its run, every object behind a counter can be listed."""

from __future__ import annotations

from collections import Counter

from attrflow.app.operations import running
from attrflow_mocks.faults import Fault

from .project import Story, only, succeeded


def test_every_request_is_a_row_of_its_run(story: Story) -> None:
    story.edit_settings("# page-size = 1000\n", "page-size = 1\n")
    story.tenant.fault(Fault("ingest", "GET /ingest/v1/delta", "status", status=503, retry_after=0))
    story.tenant.mocks.call(story.tenant.world.journal.clear)
    results = succeeded(story.cycle(initial=True))
    rows = [row for result in results for row in story.wire(result.record.number)]
    received = Counter(one.operation for one in story.tenant.journal())
    sent = Counter(operation for operation, _, _ in rows)
    assert sent["POST ingest batch"] == received["POST /ingest/v1/objects:batch"] == 2
    assert sent["GET ingest delta"] == received["GET /ingest/v1/delta"] == 2
    assert sent["POST token"] == sum(n for name, n in received.items() if name.endswith("/token"))
    assert sent["bind"] == received["bind"]
    assert (sent["search"], sent["dirsync"]) == (received["search"], received["dirsync"])
    imported = only(results, "entra", "full-import")
    assert [row[1:] for row in story.wire(imported.record.number) if row[0] == "GET ingest delta"] == [
        (1, "503"),
        (2, "200"),
    ]


def test_the_objects_behind_a_counter_are_listed(story: Story) -> None:
    results = succeeded(story.cycle(initial=True))
    export = only(results, "entra", "export")
    found = running.run_detail(story.project, export.record.number, counter="export-add")
    assert len(found.objects) == export.record.steps[0].counters["export-add"] == 7
    assert found.objects_left_out == 0
    assert [run for run in story.history() if run[2] != "success"] == []
