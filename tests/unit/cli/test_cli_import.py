"""`rules import` as it is typed: what is written where, what is told, and how it ends."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.importers.exports import BOOKS, mapping, xml_rule

from .cli_calls import call, document


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """A configuration folder with two rules of one directory, one of them named like a default rule."""
    folder = tmp_path / "export" / "SynchronizationRules"
    folder.mkdir(parents=True)
    (folder / "1.xml").write_text(xml_rule(1, mapping("sn", "<attr>sn</attr>") + mapping("a b", "x")))
    (folder / "2.xml").write_text(xml_rule(2, name="In from AD - User Common", precedence="106"))
    (folder / "notes.md").write_text("nothing")
    return tmp_path / "export"


def test_rules_go_into_a_project_beside_those_that_are_there(tmp_path: Path, exported: Path) -> None:
    call("init", tmp_path / "p")
    found = document(
        "rules", "import", exported, "--into", tmp_path / "p", "--map", f"{BOOKS}=contoso", code=2, name="rules-import"
    )
    assert (found["rules"], found["mappings"], found["mappings_stated"]) == (2, 1, 2)
    assert found["connectors"] == {"contoso": 2}
    assert found["written"] == [
        "rules/contoso/41 In from AD - Reader 1.toml",
        "rules/contoso/106 In from AD - User Common.toml",
    ]
    assert len(found["replaced"]) == 1
    assert [f["code"] for f in found["findings"]] == ["not-looked-at", "wrong-name", "replaces-default"]
    text = (tmp_path / "p" / found["written"][0]).read_text()
    assert text.startswith("# Not imported from 1.xml: flow to an attribute that could not be read, line 13: x\n")
    names = [path.name for path in (tmp_path / "p" / "rules" / "contoso").iterdir()]
    assert sum("In from AD - User Common." in name for name in names) == 1
    call("rules", "check", "-C", tmp_path / "p")
    again = document(
        "rules", "import", exported / "SynchronizationRules" / "2.xml", "--into", tmp_path / "p", "--map",
        f"{BOOKS}=contoso", name="rules-import",
    )  # fmt: skip
    assert (again["written"], again["unchanged"]) == ([], 1)


def test_without_a_map_an_unknown_connector_is_told_and_nothing_of_it_is_written(
    tmp_path: Path, exported: Path
) -> None:
    call("init", tmp_path / "p")
    result = call("rules", "import", exported, "--into", tmp_path / "p", code=2)
    assert "[unknown-connector]" in result.stdout
    assert f"--map '{BOOKS}=NAME'; the project has contoso, entra" in result.stdout
    assert "0 rules of 2 that the files state" in result.stdout


def test_a_bare_folder_gets_the_files_as_they_are(tmp_path: Path, exported: Path) -> None:
    found = document("rules", "import", exported, "--into", tmp_path / "bare", code=2, name="rules-import")
    assert found["written"] == [f"{BOOKS}/41 In from AD - Reader 1.toml", f"{BOOKS}/106 In from AD - User Common.toml"]


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["nowhere.xml"], 3, "There is no file or folder nowhere.xml."),
        ([".", "--map", "contoso"], 2, "--map takes EXPORTED=NAME, found 'contoso'"),
        ([".", "--map", "a=b", "--map", "a=c"], 2, "--map names two connectors for a: b and c"),
        ([".", "--into", "p", "--map", "a=moon"], 2, "--map names 'moon', which is no connector of the project"),
    ],
)
def test_a_wrong_command_line_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    call("init", "p")
    assert sentence in call("rules", "import", *arguments, code=code).stderr


def test_without_into_nothing_is_written(exported: Path) -> None:
    before = sorted(exported.rglob("*"))
    result = call("rules", "import", exported, code=2)
    assert "Nothing was written: --into DIR names a project or a folder." in result.stdout
    assert sorted(exported.rglob("*")) == before


def test_what_is_exported_comes_back_as_it_was(tmp_path: Path) -> None:
    call("init", tmp_path / "p")
    script = tmp_path / "rules.ps1"
    exported = document("rules", "export", "-C", tmp_path / "p", "--to", script, name="rules-export")
    assert exported["rules"] > 20
    assert exported["file"] == str(script)
    again = document("rules", "import", script, "--into", tmp_path / "p", name="rules-import")
    assert (again["written"], again["unchanged"]) == ([], exported["rules"])


def test_one_rule_goes_to_standard_output_for_another_server(tmp_path: Path) -> None:
    call("init", tmp_path / "p")
    result = call("rules", "export", "In from AD - User Join", "-C", tmp_path / "p", "--map", f"contoso={BOOKS}")
    assert result.stdout.count("New-ADSyncRule") == 1
    assert f"-Connector '{BOOKS}' `" in result.stdout
    assert "1 rule written" in result.stderr
    assert "takes CONNECTOR=GUID" in call("rules", "export", "-C", tmp_path / "p", "--map", "contoso=x", code=2).stderr


def test_a_name_that_no_file_system_takes_is_cut_in_the_file_name_only(tmp_path: Path) -> None:
    (tmp_path / "1.xml").write_text(xml_rule(1, name="ø" * 300, precedence="12345678901"))
    found = document("rules", "import", tmp_path / "1.xml", "--into", tmp_path / "p", code=2, name="rules-import")
    assert [f["code"] for f in found["findings"]] == ["wrong-precedence", "precedence-made"]
    assert f'name = "{"ø" * 300}"' in (tmp_path / "p" / found["written"][0]).read_text()


def test_a_connector_name_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "1.xml").write_text(xml_rule(1))
    arguments = ("rules", "import", tmp_path / "1.xml", "--into", tmp_path / "p", "--map", "*=../x")
    assert "cannot be a connector's name" in call(*arguments, code=2).stderr


def test_default_rules_are_exported_only_where_they_are_wanted(tmp_path: Path) -> None:
    project = tmp_path / "p"
    call("init", project)
    made = ("rules", "new", "--template", "clear-value", "--set", "attribute=mobile", "-C", project)
    call(*made)
    every = document("rules", "export", "-C", project, "--connector", "contoso", name="rules-export")
    assert [f["code"] for f in every["findings"]] == ["default-rules"]
    own = document("rules", "export", "-C", project, "--own", name="rules-export")
    assert (own["rules"], own["findings"]) == (1, [])
    assert "mobile" in own["text"]
    named = document("rules", "export", "Group Join", "-C", project, "--connector", "contoso", name="rules-export")
    assert (named["rules"], named["findings"]) == (1, [])


def test_a_folder_without_an_export_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    found = document("rules", "import", tmp_path / "empty", code=2, name="rules-import")
    assert [(f["code"], f["file"]) for f in found["findings"]] == [("no-export", str(tmp_path / "empty"))]
