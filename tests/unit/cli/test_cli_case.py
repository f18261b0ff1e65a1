"""`attrflow case run`: what it prints, its documents, and its exit codes."""

from __future__ import annotations

from pathlib import Path

import pytest

from .cli_calls import call, document

CASE = """title = "A user reaches the metaverse"
basis = "documented"
source = "behaviour.md §3.3"
objects.kari.attributes = { mail = "kari@contoso.test" }

[[step]]
title = "everything is imported"
run = "contoso full-import full-sync"
expect.mv.kari = { mail = "kari@contoso.test" }
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one case, outside of any project."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.toml").write_text(CASE, encoding="utf-8")
    return tmp_path


def test_a_case_that_passes() -> None:
    assert call("case", "run", "good.toml").stdout == "1 passed, 0 failed\n"


def test_a_case_that_fails_says_where_what_and_why(folder: Path) -> None:
    (folder / "bad.toml").write_text(CASE.replace('expect.mv.kari = { mail = "kari', 'expect.mv.kari = { mail = "ola'))
    said = call("case", "run", "good.toml", "bad.toml", code=1).stdout
    assert "FAILED bad.toml" in said
    assert "bad.toml:9: step 1, everything is imported" in said
    assert 'expected  "ola@contoso.test"' in said
    assert 'got       "kari@contoso.test"' in said
    assert "import attribute flow" in said
    assert said.endswith("1 passed, 1 failed\n")


def test_documents(folder: Path) -> None:
    (folder / "wire.toml").write_text('needs = ["ingest"]\n' + CASE, encoding="utf-8")
    found = document("case", "run", ".", name="cases")
    assert (found["passed"], found["failed"], found["skipped"]) == (1, 0, 1)
    assert [case["outcome"] for case in found["cases"]] == ["passed", "skipped"]
    assert found["cases"][1]["reason"] == "it needs servers: run it with --wire"


def test_a_folder_with_a_case_file_is_one_case(folder: Path) -> None:
    own = folder / "one"
    (own / "rules").mkdir(parents=True)
    (own / "case.toml").write_text('rules = "rules"\n' + CASE, encoding="utf-8")
    rule = 'name = "In"\nid = "00000000-0000-0000-0000-000000000001"\ndirection = "inbound"\nconnector = "contoso"\n'
    rule += 'source-type = "user"\ntarget-type = "person"\nlink = "provision"\nprecedence = 1\n[flows]\nmail = "mail"\n'
    (own / "rules" / "in.toml").write_text(rule, encoding="utf-8")
    assert call("case", "run", "one").stdout == "1 passed, 0 failed\n"


def test_a_faulty_file_is_told_and_nothing_runs(folder: Path) -> None:
    (folder / "bad.toml").write_text(CASE.replace("basis", "bassis"), encoding="utf-8")
    said = call("case", "run", "good.toml", "bad.toml", code=2)
    assert "bad.toml:2:1" in said.stderr
    assert "did you mean basis?" in said.stderr
    assert said.stdout == ""


def test_no_such_file() -> None:
    assert "no file nowhere.toml" in call("case", "run", "nowhere.toml", code=3).stderr


def test_a_case_that_servers_cannot_serve_fails_with_a_sentence(folder: Path) -> None:
    (folder / "far.toml").write_text(
        CASE.replace("objects.", "connectors = { far = 'ad' }\nobjects."), encoding="utf-8"
    )
    text = (folder / "far.toml").read_text(encoding="utf-8").replace("contoso full", "far full")
    (folder / "far.toml").write_text(text, encoding="utf-8")
    said = call("case", "run", "--wire", "far.toml", code=1).stdout
    assert "have no ad directory far with DC=far,DC=test" in said
