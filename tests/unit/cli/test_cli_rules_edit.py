"""Rules cloned, switched, moved and made: the files say what was asked, and the set still loads."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from .cli_calls import call, document

JOIN = "rules/contoso/100 In from AD - User Join.toml"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "project"
    call("init", folder)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A project of the test's own."""
    return Path(shutil.copytree(made, tmp_path / "project"))


def change(folder: Path, *arguments: object) -> dict[str, object]:
    return document("rules", *arguments, "-C", folder, name="rules-change")


def acts(found: dict[str, object]) -> list[tuple[str, str]]:
    changes = found["changes"]
    assert isinstance(changes, list)
    return [(c["act"], c["file"]) for c in changes]


def numbers(folder: Path) -> dict[str, int]:
    rows = document("rules", "list", "-C", folder, name="rules-list")["rules"]
    return {f"{row['connector']}: {row['name']}": row["precedence"] for row in rows}


def test_a_clone_is_the_projects_own_and_the_original_is_disabled(folder: Path) -> None:
    before = (folder / JOIN).read_text(encoding="utf-8")
    found = change(folder, "clone", "100")
    copy = "rules/contoso/99 In from AD - User Join - Cloned.toml"
    assert acts(found) == [("cloned", copy), ("disabled", JOIN)]
    assert found["full_sync"] == ["contoso"]
    after = (folder / JOIN).read_text(encoding="utf-8")
    assert after == before.replace("precedence = 100\n", "precedence = 100\ndisabled = true\n")
    shown = document("rules", "show", "99", "-C", folder, name="rule")
    original = document("rules", "show", "100", "-C", folder, name="rule")
    assert (shown["state"], shown["tag"], shown["disabled"]) == ("own", None, False)
    assert (original["state"], original["disabled"]) == ("default", True)
    assert [shown[key] for key in ("scope", "join", "flows")] == [original[key] for key in ("scope", "join", "flows")]
    assert shown["id"] != original["id"]
    assert acts(change(folder, "clone", "100"))[0] == ("cloned", copy.replace("99", "98").replace("ned", "ned 2"))


def test_comments_come_along_with_a_clone(folder: Path) -> None:
    file = folder / JOIN
    file.write_text(file.read_text(encoding="utf-8").replace("[flows]", "# ticket 42\n[flows]"), encoding="utf-8")
    change(folder, "clone", "100", "--name", "Ours", "--before", "100")
    assert "# ticket 42" in (folder / "rules/contoso/99 Ours.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["In from AD - User Join", "in from ad - GROUP join"])
def test_no_rule_is_made_under_a_name_that_its_connector_has(folder: Path, name: str) -> None:
    before = numbers(folder)
    said = call("rules", "clone", "100", "--name", name, "-C", folder, code=2).stderr
    assert re.search(r"contoso has a rule 'In from AD - (User|Group) Join' already\.", said)
    assert numbers(folder) == before


def test_disable_and_enable_give_the_file_back_as_it_was(folder: Path) -> None:
    before = (folder / JOIN).read_bytes()
    assert acts(change(folder, "disable", "100")) == [("disabled", JOIN)]
    assert acts(change(folder, "disable", "100")) == [("kept", JOIN)]
    assert acts(change(folder, "enable", "100")) == [("enabled", JOIN)]
    assert (folder / JOIN).read_bytes() == before


def test_a_rule_put_between_others_moves_them_and_their_files(folder: Path) -> None:
    before = numbers(folder)
    last = "entra: Out to AAD - Group ExchangeOnline"
    found = change(folder, "set", "precedence", before[last], "--after", "101")
    after = numbers(folder)
    assert after[last] == 102
    assert all(after[name] == number + (number > 101) for name, number in before.items() if name != last)
    assert (folder / "rules/contoso/103 In from AD - User AccountEnabled.toml").is_file()
    assert not (folder / "rules/contoso/102 In from AD - User AccountEnabled.toml").exists()
    assert found["full_sync"] == ["contoso", "entra"]
    assert not list(folder.rglob("*.new"))


def test_a_number_that_is_taken_is_refused_with_the_way_out(folder: Path) -> None:
    said = call("rules", "set", "precedence", "100", "101", "-C", folder, code=2).stderr
    assert "taken by 'In from AD - InetOrgPerson Join'" in said
    assert "--before 101" in said
    assert "Say a number" in call("rules", "set", "precedence", "100", "-C", folder, code=2).stderr
    assert acts(change(folder, "set", "precedence", "100", "42"))[0][0] == "renumbered"


def test_a_new_rule_is_written_and_proved(folder: Path) -> None:
    flows = ("--expression", "division=Trim([division])", "--constant", "employeeType=Staff")
    made = (
        "new In from AD - User Division|--direction|inbound|--connector|contoso|--source-type|user|--target-type|person"
        "|--scope|division ISNOTNULL"
    )
    words = made.removeprefix("new ").split("|")
    found = change(folder, "new", *words, *flows)
    assert acts(found) == [("made", "rules/contoso/99 In from AD - User Division.toml")]
    shown = document("rules", "show", "99", "-C", folder, name="rule")
    assert [(f["destination"], f["source"]) for f in shown["flows"]] == [
        ("division", "Trim([division])"),
        ("employeeType", "Staff"),
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("new", "X"), "--direction"),
        (("new", "--template", "user-typ"), "user-type"),
        (("new", "--template", "user-type"), "--set attribute="),
        (("new", "--template", "user-type", "--set", "atribute=x"), "did you mean attribute"),
        (("new", "--template", "user-type", "--set", "attribute"), "expected BLANK=VALUE"),
    ],
)
def test_what_is_missing_is_said(folder: Path, arguments: tuple[str, ...], said: str) -> None:
    result = call("rules", *arguments, "-C", folder, code=3 if "user-typ" in arguments else 2)
    assert said.casefold() in result.stderr.casefold()
    assert not (folder / "rules/contoso/99 X.toml").exists()


def test_a_faulty_expression_leaves_every_file_alone(folder: Path) -> None:
    before = sorted(path.name for path in folder.rglob("*"))
    words = ("--direction", "inbound", "--connector", "contoso", "--source-type", "user", "--target-type", "person")
    said = call("rules", "new", "Bad", *words, "--expression", "title=Trimm([title])", "-C", folder, code=2).stderr
    assert "Nothing was changed" in said
    assert "Trimm" in said
    assert sorted(path.name for path in folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("template", "blanks", "rules"),
    [
        ("user-type", ("attribute=employeeType",), 2),
        ("preferred-data-location", ("attribute=extensionAttribute3",), 2),
        ("custom-attribute", ("attribute=badgeNumber", "target=extensionAttribute9"), 2),
        ("negative-filter", ("attribute=extensionAttribute15", "value=NoSync"), 1),
        ("positive-filter", ("attribute=department", "operator=ISNOTNULL"), 2),
        ("clear-value", ("attribute=telephoneNumber",), 1),
    ],
)
def test_every_walkthrough_loads_without_a_finding(
    folder: Path, template: str, blanks: tuple[str, ...], rules: int
) -> None:
    given = [word for blank in blanks for word in ("--set", blank)]
    assert [act for act, _ in acts(change(folder, "new", "--template", template, *given))] == ["made"] * rules
    found = document("rules", "check", "-C", folder, name="rules-check")
    assert [f["message"] for f in found["findings"] if f["severity"] != "info"] == []


def test_the_templates_are_listed_with_their_blanks(folder: Path) -> None:
    listed = json.loads(call("rules", "new", "--templates", "-o", "json", "-C", folder).stdout)["templates"]
    assert {"name", "title", "blanks"} == set(listed[0])
    assert "--set guest-value=" in call("rules", "new", "--templates").stdout
