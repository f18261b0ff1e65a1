"""The run history: every request on the wire is a row of its run, every object behind a counter can be listed."""

from __future__ import annotations

from collections import Counter

from tests.unit.cli.cli_calls import call, document, lines

from attrflow.app.operations.run_details import run_detail
from attrflow.app.operations.running import runs
from attrflow_mocks.faults import Fault

from .project import Story, dn_of, only, succeeded

DETAIL = "run-detail"


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
    found = run_detail(story.project, export.record.number, counter="export-add")
    assert len(found.objects) == export.record.steps[0].counters["export-add"] == 7
    assert found.objects_left_out == 0
    assert [run for run in story.history() if run[2] != "success"] == []


def test_objects_that_nothing_happened_to_are_those_under_no_other_counter(settled: Story) -> None:
    settled.ad.modify(dn_of("Kari"), {"title": ["Boss"]})
    imported = settled.run("corp", "full-import").record
    assert imported.steps[0].counters == {"stage-no-change": 8, "stage-update": 1}
    shown = document("runs", "show", imported.number, "--counter", "stage-no-change", "-C", settled.folder, name=DETAIL)
    names = sorted(one["dn"].split(",")[0] for one in shown["objects"])
    assert names == [*(f"CN={one}" for one in ("Ida", "Liv", "Nils", "Ola", "Per", "Staff")), "OU=Groups", "OU=People"]
    assert "counted, not stored" in shown["notes"][0]
    synced = settled.run("corp", "full-sync").record
    for counter, count in synced.steps[0].counters.items():
        found = run_detail(settled.project, synced.number, counter=counter)
        assert len(found.objects) == count, counter
    assert synced.steps[0].counters["entra:connector-no-flow"] == 6
    settled.run("corp", "full-sync")
    changed = run_detail(settled.project, imported.number, counter="stage-no-change", limit=2)
    assert (len(changed.objects), changed.objects_left_out) == (2, 6)


def test_of_a_delta_run_every_object_is_stored_also_an_unchanged_one(settled: Story) -> None:
    settled.ad.modify(dn_of("Kari"), {"title": ["Head"]})
    for profile in ("delta-import", "delta-sync"):
        record = settled.run("corp", profile).record
        for counter, count in record.steps[0].counters.items():
            found = run_detail(settled.project, record.number, counter=counter)
            assert (len(found.objects), found.notes) == (count, []), counter


def test_a_run_says_what_is_left_to_do(settled: Story) -> None:
    settled.ad.modify(dn_of("Kari"), {"title": ["Boss"]})
    imported = settled.run("corp", "delta-import").record
    told = lines(call("runs", "show", imported.number, "-C", settled.folder).stdout)
    assert told[told.index("Left to do on corp now") + 1] == "1 object with a pending import"
    settled.run("corp", "delta-sync")
    entra = runs(settled.project, limit=50, connector="entra").runs[0]
    shown = document("runs", "show", entra.number, "-C", settled.folder, name=DETAIL)
    assert shown["left"] == {"pending-export": 1}
    told = lines(call("runs", "show", entra.number, "-C", settled.folder).stdout)
    assert "1 object with a pending export (1 update)" in told
    settled.cycle()
    settled.cycle()
    assert document("runs", "show", entra.number, "-C", settled.folder, name=DETAIL)["left"] == {}


def test_the_products_names_run_the_same_profiles_and_an_unknown_one_is_told(settled: Story) -> None:
    shown = document("run", "corp", "Full Import and Delta Synchronization", "-C", settled.folder, name="run")
    assert (shown["profile"], shown["steps"][0]["type"]) == ("full-import-delta-sync", "full-import-delta-sync")
    refused = call("run", "corp", "sideways", "-C", settled.folder, code=2)
    assert "There is no run profile 'sideways' on corp." in refused.stderr
    assert "delta-import-delta-sync" in refused.stderr


def test_what_would_be_exported_and_imported_goes_to_a_file_and_comes_back_from_it(settled: Story) -> None:
    settled.ad.modify(dn_of("Kari"), {"title": ["Boss"]})
    file = settled.folder / "delta.jsonl"
    call("run", "corp", "delta-import", "--drop", file, "-C", settled.folder)
    assert settled.run("corp", "delta-sync").record.steps[0].counters == {}
    call("run", "corp", "delta-import", "--resume", file, "-C", settled.folder)
    settled.run("corp", "delta-sync")
    out = settled.folder / "export.jsonl"
    told = call("run", "entra", "export", "--drop", out, "-C", settled.folder).stdout
    assert "Pending exports written to the drop file: 1." in told
    assert "Boss" in out.read_text(encoding="utf-8")
    assert settled.cloud.required("Kari", "jobTitle")["jobTitle"] == "Head"
    call("run", "entra", "export", "--drop", out, "--resume", out, "-C", settled.folder, code=2)
    settled.set_secret("corp", "wrong")
    call("run", "corp", "full-import", "--drop", out, "-C", settled.folder, code=5)
    assert "Boss" in out.read_text(encoding="utf-8"), "a run that did not start leaves what was there"


def test_a_run_says_what_the_next_cycle_has_to_do_in_full(settled: Story) -> None:
    number = runs(settled.project, limit=1, connector="corp").runs[0].number
    assert document("runs", "show", number, "-C", settled.folder, name=DETAIL)["required"] == []
    settings = settled.folder / "attrflow.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace('"domainDNS"]', '"domainDNS", "computer"]', 1), encoding="utf-8")
    told = lines(call("runs", "show", number, "-C", settled.folder).stdout)
    (line,) = [one for one in told if "The next cycle does" in one]
    assert line.startswith("The next cycle does a full import of corp: ")
