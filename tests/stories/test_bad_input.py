"""Directories that cannot be used: what the run says, and that nothing is lost, half applied or deleted."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest

from attrflow.model.errors import (
    AttrflowError,
    AuthenticationFailed,
    CertificateRejected,
    ConnectionFailed,
    ConnectionLost,
)
from attrflow.runs.run import RunResult
from attrflow_mocks.faults import Fault

from .project import EVERYBODY, NC, Story, counters, detail, dn_of, only, succeeded, words

BATCH = "POST /ingest/v1/objects:batch"
LOOK_UP = "GET /ingest/v1/objects"


def dead_port() -> int:
    """A port at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def check_refused(story: Story, connector: str, result: str, error: type[AttrflowError], code: str) -> RunResult:
    """A delta cycle in which one connector cannot be used: it says so, and nothing else changes."""
    story.ad.modify(dn_of("Kari"), {"title": ["Changed meanwhile"]})
    before = (story.space(connector), story.watermark(connector), story.cloud.users())
    results = story.cycle()
    failed = only(results, connector, "delta-import")
    assert failed.record.result == result
    assert isinstance(failed.error, error)
    assert (failed.error.code, failed.error.exit_code) == (code, 5)
    assert failed.error.message in detail(failed), "the history has the sentence"
    assert (connector, "delta-import", result) in story.history()
    assert (connector, "export") not in words(results), "nothing is exported to what could not be imported"
    others = [one for one in results if one.record.connector != connector]
    assert {one.record.result for one in others} == {"success"}
    assert (story.watermark(connector), story.cloud.users()) == before[1:]
    if connector == "corp":
        assert story.space(connector) == before[0]
    assert story.cloud.binned() == []
    return failed


def check_recovers(story: Story) -> None:
    """The directory can be used again: what changed meanwhile arrives."""
    succeeded(story.cycle())
    assert story.cloud.required("Kari", "jobTitle")["jobTitle"] == "Changed meanwhile"
    succeeded(story.cycle())
    story.nothing_is_under_way()
    assert counters(story.cycle()) == {}


def test_a_directory_at_which_nobody_listens(settled: Story) -> None:
    wrong = f"ldap://127.0.0.1:{dead_port()}"
    settled.edit_settings(settled.ad.url, wrong)
    failed = check_refused(settled, "corp", "no-start-connection", ConnectionFailed, "failed-connection")
    assert settled.wire(failed.record.number) == [("bind", 1, "failed-connection")], "asked once"
    settled.edit_settings(wrong, settled.ad.url)
    check_recovers(settled)


def test_a_wrong_password_is_tried_once(settled: Story) -> None:
    settled.set_secret("corp", "not the password")
    failed = check_refused(settled, "corp", "no-start-credentials", AuthenticationFailed, "failed-authentication")
    assert len(settled.wire(failed.record.number)) == 1, "a second try would lock the account sooner"
    assert "not the password" not in repr(failed)
    settled.set_secret("corp", settled.ad.password)
    check_recovers(settled)


def test_a_certificate_of_an_unknown_authority(settled: Story) -> None:
    settled.edit_settings('tls = "none"', 'tls = "starttls"')
    check_refused(settled, "corp", "no-start-connection", CertificateRejected, "failed-certificate")
    (settled.folder / "authority.pem").write_text(settled.ad.authority, encoding="ascii")
    settled.edit_settings('tls = "starttls"', 'ca-file = "authority.pem"\ntls = "starttls"')
    check_recovers(settled)


def test_a_wrong_client_secret(settled: Story) -> None:
    settled.set_secret("entra", "not the secret")
    failed = check_refused(settled, "entra", "no-start-credentials", AuthenticationFailed, "failed-authentication")
    assert "AADSTS7000215" in detail(failed)
    assert "not the secret" not in repr(failed)
    settled.set_secret("entra", settled.tenant.client_secret)
    check_recovers(settled)


def test_a_tenant_at_which_nobody_listens(settled: Story) -> None:
    here, nowhere = f'login-url = "{settled.tenant.login_url}"', f'login-url = "http://127.0.0.1:{dead_port()}"'
    settled.edit_settings(here, nowhere)
    check_refused(settled, "entra", "no-start-connection", ConnectionFailed, "failed-connection")
    settled.edit_settings(nowhere, here)
    check_recovers(settled)


def test_a_secret_that_is_not_there_stops_that_connector_only(settled: Story) -> None:
    (settled.folder / "secrets" / "corp").unlink()
    results = settled.cycle()
    assert words(results)["corp", "delta-import"].startswith("no-start-")
    assert words(results)["entra", "delta-import"] == "success"
    assert settled.cloud.users() == EVERYBODY
    assert counters(results) == {}


# -- in the middle of an import --------------------------------------------------------------------


def check_full_import_is_cut(story: Story, fault: Fault) -> RunResult:
    """A full import that is cut off infers nothing and moves no watermark; the next one is whole."""
    story.edit_settings("# page-size = 1000\n", "page-size = 2\n")
    story.tenant.mocks.call(story.tenant.world.journal.clear)
    succeeded([story.run("corp", "full-import")])
    searches = [one for one in story.ad.journal("ldap") if one.operation == "search"]
    story.ad.delete(dn_of("Nils"))
    before, watermark = story.space("corp"), story.watermark("corp")
    story.ad.fault(replace(fault, skip=len(searches) - 3))
    cut = story.run("corp", "full-import")
    assert not story.tenant.mocks.call(story.tenant.world.faults.pending), "the fault has struck"
    assert cut.record.result == "stopped-connectivity"
    assert isinstance(cut.error, ConnectionLost)
    (found,) = counters([cut]).values()
    assert set(found) == {"stage-no-change"}, "some objects came, and none is taken for deleted"
    assert (story.space("corp"), story.watermark("corp")) == (before, watermark)
    return cut


@pytest.mark.parametrize("fault", [Fault("ldap", "search", "drop-after", entries=1), Fault("ldap", "search", "drop")])
def test_a_directory_that_hangs_up_in_the_middle_of_a_full_import(settled: Story, fault: Fault) -> None:
    check_full_import_is_cut(settled, fault)
    again = succeeded([settled.run("corp", "full-import")])
    assert counters(again)["corp", "full-import"]["stage-delete"] == 1
    succeeded(settled.cycle())
    assert settled.cloud.users() == [name for name in EVERYBODY if name != "Nils"]


def test_a_cut_full_import_does_not_hide_what_a_delta_import_brings(settled: Story) -> None:
    check_full_import_is_cut(settled, Fault("ldap", "search", "drop-after", entries=1))
    succeeded(settled.cycle())
    assert settled.cloud.users() == [name for name in EVERYBODY if name != "Nils"]
    succeeded(settled.cycle())
    settled.nothing_is_under_way()


@pytest.mark.parametrize("kind", ["drop", "drop-after", "drop-done"])
def test_a_directory_that_hangs_up_in_a_delta_import_is_asked_again(settled: Story, kind: str) -> None:
    settled.ad.modify(dn_of("Kari"), {"title": ["Boss"]})
    settled.ad.fault(Fault("ldap", "dirsync", kind))
    results = succeeded(settled.cycle())
    assert counters(results)["corp", "delta-import"] == {"stage-update": 1}
    sent = settled.wire(only(results, "corp", "delta-import").record.number)
    assert [row for row in sent if row[0] == "dirsync"] == [
        ("dirsync", 1, "dropped-connection"),
        ("dirsync", 2, "success"),
    ]
    assert settled.cloud.required("Kari", "jobTitle")["jobTitle"] == "Boss"


def test_a_tenant_that_hangs_up_in_the_middle_of_a_full_import(settled: Story) -> None:
    settled.edit_settings("# page-size = 500\n", "page-size = 2\n")
    before = settled.space("entra")
    settled.ad.fault(
        Fault("ingest", "GET /ingest/v1/delta", "status", status=503, retry_after=0, skip=2, times=5),
    )
    cut = settled.run("entra", "full-import")
    assert cut.record.result == "stopped-connectivity"
    assert "stage-delete" not in cut.record.steps[0].counters
    assert settled.space("entra") == before
    assert counters(succeeded([settled.run("entra", "full-import")])) == {
        ("entra", "full-import"): {"stage-no-change": len(before)}
    }


# -- in the middle of an export --------------------------------------------------------------------


def staged(story: Story) -> Story:
    """Everything is imported and synchronized, and nothing is exported yet."""
    for connector in ("corp", "entra"):
        succeeded([story.run(connector, "full-import")])
    for connector in ("corp", "entra"):
        succeeded([story.run(connector, "full-sync")])
    assert story.cloud.users() == []
    return story


ALL_ADDED = {"export-add": 7, "export-update": 3}
"""Six users and a group; then two managers and the group's members."""


def check_everything_is_there_once(story: Story) -> None:
    assert story.cloud.users() == EVERYBODY
    assert story.cloud.members("Staff") == ["Ida", "Kari", "Ola"]
    assert (story.cloud.manager("Ola"), story.cloud.manager("Ida")) == ("Kari", "Kari")
    assert story.cloud.binned() == []
    confirmed = succeeded(story.cycle())
    assert counters(confirmed)["entra", "delta-import"] == {"stage-add": 7}
    assert ("entra", "export") not in counters(confirmed)
    story.nothing_is_under_way()
    assert counters(story.cycle()) == {}


@pytest.mark.parametrize(("status", "word"), [(429, "429"), (503, "503")])
def test_a_busy_tenant_is_waited_for(story: Story, status: int, word: str) -> None:
    staged(story)
    story.tenant.fault(Fault("ingest", BATCH, "status", status=status, retry_after=0.2))
    export = story.run("entra", "export")
    assert counters(succeeded([export]))["entra", "export"] == ALL_ADDED
    sent = [row for row in story.wire(export.record.number) if row[0] == "POST ingest batch"]
    assert sent[:2] == [("POST ingest batch", 1, word), ("POST ingest batch", 2, "200")]
    check_everything_is_there_once(story)


def test_a_tenant_that_stays_busy_stops_the_export_and_the_next_one_goes_on(story: Story) -> None:
    staged(story)
    story.tenant.fault(Fault("ingest", BATCH, "status", status=503, retry_after=0, times=5))
    stopped = story.run("entra", "export")
    assert stopped.record.result == "stopped-connectivity"
    assert isinstance(stopped.error, ConnectionLost)
    assert (counters([stopped]), story.cloud.users()) == ({}, [])
    assert counters(succeeded([story.run("entra", "export")]))["entra", "export"] == ALL_ADDED
    check_everything_is_there_once(story)


@pytest.mark.parametrize("kind", ["drop-done", "drop"])
def test_a_batch_of_adds_whose_answer_is_lost_makes_nobody_twice(story: Story, kind: str) -> None:
    staged(story)
    story.tenant.fault(Fault("ingest", BATCH, kind))
    assert counters(succeeded([story.run("entra", "export")]))["entra", "export"] == ALL_ADDED
    check_everything_is_there_once(story)


def test_adds_without_a_known_outcome_are_looked_up_by_the_next_export(story: Story) -> None:
    staged(story)
    story.tenant.fault(Fault("ingest", BATCH, "drop-done"))
    story.tenant.fault(Fault("ingest", LOOK_UP, "status", status=503, retry_after=0, times=5))
    stopped = story.run("entra", "export")
    assert stopped.record.result == "stopped-connectivity"
    assert (counters([stopped]), story.cloud.users()) == ({}, EVERYBODY), "carried out, and nobody knows"
    again = story.run("entra", "export")
    assert counters(succeeded([again]))["entra", "export"] == ALL_ADDED
    assert "7 exports of an earlier run" in detail(again)
    check_everything_is_there_once(story)


def test_a_refused_object_keeps_its_error_and_the_others_arrive(settled: Story) -> None:
    settled.ad.modify(dn_of("Per"), {"title": ["Clerk"]})
    settled.ad.modify(dn_of("Liv"), {"title": ["Adviser"], "userPrincipalName": ["liv@liv@corp.test"]})
    results = settled.cycle()
    export = only(results, "entra", "export")
    assert (export.record.result, export.error) == ("completed-export-errors", None)
    assert counters([export])["entra", "export"] == {"export-update": 1, "export-failure": 1}
    assert settled.cloud.required("Per", "jobTitle")["jobTitle"] == "Clerk"
    assert settled.cloud.required("Liv", "jobTitle")["jobTitle"] is None, "a refused change is refused as a whole"
    (failed,) = [one for one in settled.objects("entra") if one.export_error is not None]
    assert failed.export_error is not None
    assert failed.export_error.type == "IdentityDataValidationFailed"
    settled.ad.modify(dn_of("Liv"), {"userPrincipalName": ["liv@corp.test"]})
    succeeded(settled.cycle())
    assert settled.cloud.required("Liv", "jobTitle")["jobTitle"] == "Adviser"


# -- guards ----------------------------------------------------------------------------------------


def test_more_deletes_than_the_threshold_stop_the_export_until_they_are_allowed(settled: Story) -> None:
    settled.edit_settings("export-deletion-threshold = 500", "export-deletion-threshold = 3")
    gone = ("Ida", "Liv", "Nils", "Per")
    for name in gone:
        settled.ad.delete(dn_of(name))
    settled.ad.modify(dn_of("Kari"), {"title": ["Boss"]})
    results = settled.cycle()
    stopped = only(results, "entra", "export")
    assert stopped.record.result == "stopped-deletion-threshold-exceeded"
    assert "4 deletes are staged, the threshold is 3" in detail(stopped)
    assert (settled.cloud.users(), settled.cloud.binned()) == (EVERYBODY, [])
    assert settled.cloud.required("Kari", "jobTitle")["jobTitle"] == "Head", "nothing at all is exported"

    assert settled.run("entra", "export").record.result == "stopped-deletion-threshold-exceeded", (
        "and not the next time"
    )
    allowed = settled.run("entra", "export", allow_deletes=True)
    assert counters(succeeded([allowed]))["entra", "export"]["export-delete"] == 4
    assert (settled.cloud.users(), settled.cloud.binned()) == (["Kari", "Ola"], sorted(gone))
    assert settled.cloud.members("Staff") == ["Kari", "Ola"]
    assert settled.cloud.required("Kari", "jobTitle")["jobTitle"] == "Boss"


def test_as_many_deletes_as_the_threshold_pass(settled: Story) -> None:
    settled.edit_settings("export-deletion-threshold = 500", "export-deletion-threshold = 3")
    for name in ("Liv", "Nils", "Per"):
        settled.ad.delete(dn_of(name))
    succeeded(settled.cycle())
    assert settled.cloud.users() == ["Ida", "Kari", "Ola"]


def test_a_selected_unit_that_vanished_is_stopped_by_the_guard(settled: Story) -> None:
    settled.edit_settings("export-deletion-threshold = 500", "export-deletion-threshold = 3")
    settled.ad.move(f"OU=People,{NC}", f"OU=Staff,{NC}")
    results = settled.cycle(initial=True)
    assert words(results)["entra", "export"] == "stopped-deletion-threshold-exceeded"
    assert settled.cloud.users() == EVERYBODY
    settled.ad.move(f"OU=Staff,{NC}", f"OU=People,{NC}")
    succeeded(settled.cycle(initial=True))
    assert settled.cloud.users() == EVERYBODY
    assert settled.cloud.members("Staff") == ["Ida", "Kari", "Ola"]
    assert (settled.cloud.manager("Ola"), settled.cloud.binned()) == ("Kari", [])
