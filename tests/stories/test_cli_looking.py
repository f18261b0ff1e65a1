"""The command line looks at things: searches, objects, traces and causes, with the directories and without."""

from __future__ import annotations

import socket

import pytest
from tests.unit.cli.cli_calls import call, document, lines, shaped

from .project import AWAY, PEOPLE, Story, dn_of


@pytest.fixture
def alone(settled: Story) -> Story:
    """A project that is settled, and whose directories and tenant do not answer any more."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        nobody = f"127.0.0.1:{server.getsockname()[1]}"
    settled.edit_settings(settled.ad.url, f"ldap://{nobody}")
    for key, url in (
        ("graph-url", settled.tenant.graph_url),
        ("login-url", settled.tenant.login_url),
        ("ingest-url", settled.tenant.ingest_url),
    ):
        settled.edit_settings(f'{key} = "{url}"', f'{key} = "http://{nobody}"')
    return settled


# -- searches and objects ---------------------------------------------------------------------------


def test_a_search_of_the_metaverse(settled: Story) -> None:
    told = lines(call("mv", "search", "kari", "-C", settled.folder).stdout)
    assert told[0] == "Id Type Name UPN or mail Connectors"
    assert "person Kari kari@corp.test corp, entra" in told[2]
    assert told[-1] == "1 object"


def test_a_search_that_finds_more_than_it_shows_says_so(settled: Story) -> None:
    assert "there are more" in call("mv", "search", "-n", "2", "-C", settled.folder).stdout
    found = document("mv", "search", "-n", "2", "-C", settled.folder, name="mv-search")
    assert len(found["objects"]) == 2
    assert found["next_after"] is not None


def test_searches_come_as_one_document_a_line_too(settled: Story) -> None:
    rows = call("cs", "search", "--connector", "corp", "--type", "USER", "-C", settled.folder, "-o", "jsonl").stdout
    found = [shaped(row, "cs-row") for row in rows.splitlines()]
    assert sorted(row["dn"] for row in found if row["kind"] == "staging") == sorted(
        dn_of(name) for name in ("Kari", "Ola", "Ida", "Per", "Liv", "Nils")
    )


def test_a_search_of_connector_spaces_by_state_and_container(settled: Story) -> None:
    settled.ad.modify(dn_of("Per"), {"title": ("Chief",)})
    call("run", "corp", "delta-import", "-C", settled.folder)
    told = call("cs", "search", "--state", "pending-import", "--below", PEOPLE, "-C", settled.folder).stdout
    assert dn_of("Per") in told
    assert "pending import: update" in told
    assert dn_of("Ola") not in told
    call("run", "corp", "delta-sync", "-C", settled.folder)
    found = document("cs", "search", "--state", "pending-export", "-C", settled.folder, name="cs-search")
    assert [(row["connector"], row["pending_export"]) for row in found["objects"]] == [("entra", "update")]


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--state", "lost"), 2, "pending-export"),
        (("--below", "no dn"), 2, "no dn"),
        (("--connector", "crop"), 3, "corp, entra"),
        (("--type", "printer"), 3, "user"),
    ],
)
def test_what_a_search_does_not_know_is_answered_with_what_it_knows(
    settled: Story, options: tuple[str, ...], code: int, words: str
) -> None:
    assert words in call("cs", "search", *options, "-C", settled.folder, code=code).stderr


def test_nothing_found_is_no_error(settled: Story) -> None:
    assert "Nothing in the metaverse" in call("mv", "search", "zebra", "-C", settled.folder).stdout


def test_an_object_of_the_metaverse_with_rule_and_run_of_each_value(settled: Story) -> None:
    told = call("mv", "show", "kari@corp.test", "-C", settled.folder).stdout
    assert '"+47 22 00 00 00"' in told
    assert "In from AD - User Common" in told
    found = document("mv", "show", "kari@corp.test", "-C", settled.folder, name="mv")
    (phone,) = [row for row in found["attributes"] if row["attribute"] == "telephoneNumber"]
    assert phone["connector"] == "corp"
    assert phone["rule"]["name"].startswith("In from AD - User")


def test_an_object_of_a_connector_space(settled: Story) -> None:
    assert dn_of("Kari") in call("cs", "show", dn_of("Kari"), "-C", settled.folder).stdout
    said = call("cs", "show", "kari@corp.test", "-C", settled.folder, code=3).stderr
    assert "corp: " in said and "entra: " in said
    found = document("cs", "show", "kari@corp.test", "--connector", "entra", "-C", settled.folder, name="cs")
    assert found["anchor"].startswith("User_")


# -- trace ------------------------------------------------------------------------------------------


def test_a_trace_goes_from_the_directory_to_the_cloud(settled: Story) -> None:
    found = document("trace", "kari@corp.test", "telephoneNumber", "-C", settled.folder, name="trace")
    assert [hop["hop"] for hop in found["hops"]] == [
        "directory",
        "connector-space",
        "flow",
        "metaverse",
        "flow",
        "connector-space",
        "cloud",
    ]
    first, last = found["hops"][0], found["hops"][-1]
    assert first["attributes"][0]["value"]["values"][0]["text"] == "  +47 22 00 00 00 "
    assert (last["name"], last["value"]["values"][0]["text"]) == ("businessPhones", "+47 22 00 00 00")
    assert found["outcome"]["word"] == "in-the-cloud"


def test_a_trace_of_references_reads_them_at_both_ends(settled: Story) -> None:
    found = document("trace", "ola@corp.test", "manager", "-C", settled.folder, name="trace")
    first, last = found["hops"][0], found["hops"][-1]
    assert first["attributes"][0]["value"]["values"][0]["text"] == dn_of("Kari")
    assert [value["text"] for value in last["value"]["values"]] == ["Kari"]
    assert not last["differs"]


def test_what_the_directory_holds_by_now_is_told_as_a_difference(settled: Story) -> None:
    settled.ad.modify(dn_of("Kari"), {"telephoneNumber": ("+47 99",)})
    found = document("trace", "kari@corp.test", "telephoneNumber", "-C", settled.folder, name="trace")
    assert found["hops"][0]["attributes"][0]["differs"]


def test_without_anybody_who_answers_a_trace_says_what_it_could_not_read(alone: Story) -> None:
    told = call("trace", "kari@corp.test", "telephoneNumber", "-C", alone.folder).stdout
    assert told.count("Not read: ") == 2
    assert '"+47 22 00 00 00"' in told


def test_offline_asks_nobody(settled: Story) -> None:
    before = len(settled.ad.journal())
    told = call("trace", "kari@corp.test", "telephoneNumber", "--offline", "-C", settled.folder).stdout
    assert "Not read: the directory was not asked." in told
    assert len(settled.ad.journal()) == before


def test_a_name_that_fits_several_lists_them(settled: Story) -> None:
    said = call("trace", "corp.test", "mail", "-C", settled.folder, code=3).stderr
    for name in ("Kari", "Ola"):
        assert name in said
    found = document("trace", "corp.test", "mail", "-C", settled.folder, code=3, name="error")
    assert found["code"] == "ambiguous"
    assert len(found["candidates"]) > 3


# -- why --------------------------------------------------------------------------------------------


def test_why_finds_in_the_directory_what_was_never_imported(settled: Story) -> None:
    told = call("why", "tor@corp.test", "-C", settled.folder).stdout
    assert "DIAG-03" in told
    assert AWAY.partition(",")[0] in told
    found = document("why", "tor@corp.test", "-C", settled.folder, name="why")
    assert found["diagnoses"][0]["id"] == "DIAG-03"


def test_why_says_which_directories_it_could_not_ask(alone: Story) -> None:
    said = call("why", "tor@corp.test", "-C", alone.folder, code=3).stderr
    assert "corp could not be asked" in said
    offline = call("why", "tor@corp.test", "--offline", "-C", alone.folder, code=3).stderr
    assert "without --offline" in offline


def test_why_of_an_attribute_ends_in_a_cause_and_a_fix(settled: Story) -> None:
    settled.ad.modify(dn_of("Ola"), {"msExchHideFromAddressLists": ("TRUE",)})
    call("cycle", "-C", settled.folder)
    found = document("why", "ola@corp.test", "msExchHideFromAddressLists", "-C", settled.folder, name="why")
    assert (found["verdict"], found["diagnoses"][0]["id"]) == ("cause-found", "DIAG-22")
    assert "mailNickname" in " ".join(found["diagnoses"][0]["fix"])


def test_why_of_what_arrives_says_so(settled: Story) -> None:
    assert "It does synchronize" in call("why", "kari@corp.test", "title", "-C", settled.folder).stdout
