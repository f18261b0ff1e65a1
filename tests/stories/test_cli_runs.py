"""The command line runs things: summaries, history, exit codes, and what is said when something goes wrong."""

from __future__ import annotations

import socket

import pytest
from tests.unit.cli.cli_calls import call, document, lines, shaped

from attrflow_mocks.faults import Fault

from .project import Story, dn_of


@pytest.fixture
def nobody() -> int:
    """A port at which nobody answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_an_initial_cycle_shows_each_run_in_the_products_counters(story: Story) -> None:
    result = call("cycle", "--initial", "-C", story.folder)
    told = lines(result.stdout)
    assert told[0].startswith("corp full-import success run 1, ")
    assert "Staging Adds 9" in told
    assert "Inbound Projections 7 Disconnectors 2" in told, "the two units have no rule"
    assert "Outbound to entra Provisioning Adds 7" in told
    assert told[-1] == "initial cycle success 6 runs"
    finished = [line.split()[:2] for line in lines(result.stderr)]
    assert finished[:2] == [["corp", "full-import"], ["entra", "full-import"]]
    assert len(finished) == 6


def test_results_are_documents_and_progress_stays_on_standard_error(story: Story) -> None:
    found = document("cycle", "--initial", "-C", story.folder, name="cycle")
    assert found["result"] == "success"
    assert [run["profile"] for run in found["runs"]][:4] == ["full-import", "full-import", "full-sync", "full-sync"]
    one = document("run", "corp", "delta-import", "-C", story.folder, name="run")
    assert one["steps"][0]["type"] == "delta-import"


def test_in_staging_mode_a_cycle_exports_nothing_and_says_so(story: Story) -> None:
    story.edit_settings("staging-mode = false", "staging-mode = true")
    told = call("cycle", "--initial", "-C", story.folder).stdout
    assert "Staging mode: nothing was exported." in told
    assert story.cloud.users() == []


def test_the_history_is_listed_newest_first_and_as_one_document_a_line(settled: Story) -> None:
    numbers = [run["number"] for run in document("runs", "-C", settled.folder, name="runs")["runs"]]
    assert numbers == sorted(numbers, reverse=True)
    rows = call("runs", "-n", "3", "-C", settled.folder, "-o", "jsonl").stdout.splitlines()
    assert [shaped(row, "run")["number"] for row in rows] == numbers[:3]
    told = lines(call("runs", "--connector", "entra", "-C", settled.folder).stdout)
    assert told[0] == "Run Started (UTC) Connector Profile Result Took"
    assert all("entra" in line for line in told[2:])


def test_a_run_is_drilled_into_by_counter(settled: Story) -> None:
    told = call("runs", "show", "1", "--counter", "stage-add", "-C", settled.folder).stdout
    for name in ("Kari", "Ola", "Nils"):
        assert dn_of(name) in told
    assert "stage-add" in told
    found = document("runs", "show", "1", "-C", settled.folder, name="run-detail")
    assert {one["counter"] for one in found["objects"]} == {"stage-add"}


def test_what_was_sent_is_shown_where_it_was_repeated(story: Story) -> None:
    story.ad.fault(Fault("ldap", "search", "result", status=51))
    call("run", "corp", "full-import", "-C", story.folder)
    told = call("runs", "show", "1", "-C", story.folder).stdout
    assert "busy" in told
    assert "answered at the first attempt (--all shows them)" in told
    everything = call("runs", "show", "1", "--all", "-C", story.folder).stdout
    assert len(everything.splitlines()) > len(told.splitlines())


def test_an_unknown_run_or_counter_is_answered_with_what_there_is(settled: Story) -> None:
    assert "the newest is" in call("runs", "show", "999", "-C", settled.folder, code=3).stderr
    assert "stage-add" in call("runs", "show", "1", "--counter", "stage-ad", "-C", settled.folder, code=3).stderr


# -- directories that cannot be used ----------------------------------------------------------------


def check_refused(story: Story, status: str, *words: str) -> None:
    """A full import that does not start: exit code 5, the words said, the status in the history."""
    result = call("run", "corp", "full-import", "-C", story.folder, code=5)
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in result.stdout, result.stdout
    (run,) = document("runs", "-n", "1", "-C", story.folder, name="runs")["runs"]
    assert (run["result"], run["steps"][0]["result"]) == (status, status)
    assert story.objects("corp") == []


def test_nobody_answers_at_the_address(story: Story, nobody: int) -> None:
    story.edit_settings(story.ad.url, f"ldap://127.0.0.1:{nobody}")
    check_refused(story, "no-start-connection", f"127.0.0.1:{nobody}")


def test_the_password_is_wrong(story: Story) -> None:
    (story.folder / "secrets" / "corp").write_text("Not-The-Password-1\n", encoding="utf-8")
    check_refused(story, "no-start-credentials", story.ad.account)
    assert "Not-The-Password-1" not in call("runs", "show", "1", "--all", "-C", story.folder).stdout


def test_the_certificate_does_not_verify(story: Story) -> None:
    story.edit_settings('tls = "none"', 'tls = "starttls"')
    check_refused(story, "no-start-connection", "certificate")


def test_a_cycle_goes_on_without_a_directory_that_does_not_answer(story: Story, nobody: int) -> None:
    story.edit_settings(story.ad.url, f"ldap://127.0.0.1:{nobody}")
    found = document("cycle", "--initial", "-C", story.folder, code=5, name="cycle")
    assert found["result"] == "no-start-connection"
    assert {run["connector"]: run["result"] for run in found["runs"] if run["profile"] == "full-import"} == {
        "corp": "no-start-connection",
        "entra": "success",
    }


def test_a_directory_hangs_up_in_the_middle_of_a_page(settled: Story) -> None:
    before = [(one.dn, one.pending_import) for one in settled.objects("corp")]
    settled.ad.fault(Fault("ldap", "search", "drop-after", entries=3, times=20, skip=2))
    result = call("run", "corp", "full-import", "-C", settled.folder, code=1)
    assert "stopped-connectivity" in result.stdout
    assert "attrflow runs show" in result.stderr
    assert [(one.dn, one.pending_import) for one in settled.objects("corp")] == before


# -- refusals ---------------------------------------------------------------------------------------


def test_more_deletes_than_the_guard_allows_stop_an_export_until_they_are_allowed(settled: Story) -> None:
    settled.edit_settings("export-deletion-threshold = 500", "export-deletion-threshold = 1")
    for name in ("Liv", "Nils"):
        settled.ad.delete(dn_of(name))
    call("run", "corp", "delta-import", "-C", settled.folder)
    call("run", "corp", "delta-sync", "-C", settled.folder)
    result = call("run", "entra", "export", "-C", settled.folder, code=1)
    assert "stopped-deletion-threshold-exceeded" in result.stdout
    told = " ".join(lines(result.stdout))
    assert f"`attrflow run entra export --allow deletes=2 -C {settled.folder}`" in told
    assert "Held Back Deletes 2" in told
    assert "Liv" in settled.cloud.users()
    assert "Export Deletes 2" in lines(
        call("run", "entra", "export", "--allow", "deletes=2", "-C", settled.folder).stdout
    )
    assert "Liv" not in settled.cloud.users()


def test_a_second_run_is_told_who_holds_the_store(story: Story) -> None:
    with story.project.store.writer("a story"):
        result = call("run", "corp", "full-import", "-C", story.folder, code=4)
        found = document("run", "corp", "full-import", "-C", story.folder, code=4, name="error")
    assert "a story" in result.stderr
    assert found["code"] == "store-busy"


def test_ctrl_c_ends_a_run_with_130_and_leaves_it_in_the_history(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    from attrflow.runs import run  # noqa: PLC0415 - beside what it replaces

    def interrupted(*_: object, **__: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "import_step", interrupted)
    said = call("run", "corp", "full-import", "-C", story.folder, code=130).stderr
    assert "attrflow runs" in said
    (found,) = document("runs", "-C", story.folder, name="runs")["runs"]
    assert found["result"] == "stopped-user-termination"
