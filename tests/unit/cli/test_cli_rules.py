"""The rules of a project, listed and shown as the rule editor does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .cli_calls import call, document, lines, shaped


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project as `init` makes it; no test changes it."""
    made = tmp_path_factory.mktemp("rules") / "project"
    call("init", made)
    return made


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (("--metaverse-type", "GROUP", "--direction", "outbound"), {"Group Join", "Group Identity"}),
        (("--connector-type", "contact", "--connector", "contoso"), {"Contact Join", "Contact Common"}),
        (("--attribute", "MAILNICKNAME"), {"User Exchange", "User Common from Exchange", "User ExchangeOnline"}),
        (("--password-sync",), {"User AccountEnabled", "User Join"}),
        (("--disabled",), set()),
    ],
)
def test_the_editors_filters_narrow_the_list(folder: Path, options: tuple[str, ...], names: set[str]) -> None:
    found = document("rules", "list", *options, "-C", folder, name="rules-list")
    listed = {row["name"].partition(" - ")[2] for row in found["rules"]}
    assert names <= listed
    assert bool(names) == bool(listed)
    assert len(listed) < found["total"]


def test_the_list_is_in_order_of_precedence_and_streams(folder: Path) -> None:
    rows = [shaped(line, "rule-row") for line in call("rules", "list", "-C", folder, "-o", "jsonl").stdout.splitlines()]
    numbers = [row["precedence"] for row in rows]
    assert numbers == sorted(numbers)
    assert numbers[0] == 100
    said = lines(call("rules", "list", "--direction", "inbound", "-C", folder).stdout)
    assert "100 In from AD - User Join contoso user → person provision 1" in said
    assert said[-1] == f"{sum(row['direction'] == 'inbound' for row in rows)} of {len(rows)} rules"


def test_a_connector_that_is_not_there_is_said(folder: Path) -> None:
    said = call("rules", "list", "--connector", "fabrikam", "-C", folder, code=3).stderr
    assert "There is no connector 'fabrikam'." in said
    assert "contoso, entra" in said


@pytest.mark.parametrize(
    "name", ["100", "In from AD - User Join", "in from ad - user join", "100 In from AD - User Join.toml"]
)
def test_a_rule_is_found_by_any_of_its_names(folder: Path, name: str) -> None:
    found = document("rules", "show", name, "-C", folder, name="rule")
    assert (found["precedence"], found["state"]) == (100, "default")
    assert document("rules", "show", found["id"].upper(), "-C", folder, name="rule") == found
    assert len(found["join"]) == 5


def test_one_rule_reads_like_the_editors_pages(folder: Path) -> None:
    said = lines(call("rules", "show", "Group Join", "--connector", "contoso", "-C", folder).stdout)
    pages = ["Description", "Scoping filter", "Join rules", "Transformations"]
    assert [line for line in said if line in pages] == pages
    assert "objectGUID = sourceAnchorBinary" in said
    assert "and adminDescription NOTSTARTSWITH Group_" in said
    assert "mailEnabled ←" in said


def test_a_rule_that_is_not_there_and_one_of_several(folder: Path) -> None:
    assert (
        "Did you mean In from AD - User Join"
        in call("rules", "show", "In form AD - User Join", "-C", folder, code=3).stderr
    )
    several = json.loads(call("rules", "show", "group join", "-C", folder, "-o", "json", code=3).stdout)
    assert several["code"] == "ambiguous"
    assert len(several["candidates"]) == 3
    assert "rules list" in call("rules", "show", "zzz", "-C", folder, code=3).stderr


def test_lint_tells_what_will_not_happen_with_its_line(folder: Path, tmp_path: Path) -> None:
    quiet = document("rules", "lint", "-C", folder, name="rules-lint")
    assert (quiet["errors"], quiet["warnings"]) == (0, 0)
    text = (folder / "rules/contoso/100 In from AD - User Join.toml").read_text(encoding="utf-8")
    rule = tmp_path / "rule.toml"
    rule.write_text(text.replace("NOTSTARTSWITH User_", 'EQUAL x", "adminDescription EQUAL y'), encoding="utf-8")
    found = document("rules", "lint", rule, "--severity", "warning", name="rules-lint")
    assert found["codes"]["unreachable-scope"] == found["codes"]["default-edited"] == 1
    by_code = {f["code"]: f for f in found["findings"]}
    assert by_code["unreachable-scope"]["file"] == str(rule)
    assert by_code["unreachable-scope"]["line"] == 1 + text[: text.index("[[scope]]")].count("\n")
    assert "warning: 'In from AD - User Join', scope:" in call("rules", "lint", rule, "--strict", code=2).stdout
    assert "is not there" in call("rules", "lint", tmp_path / "none", code=3).stderr
    only = document("rules", "lint", folder / "rules/entra", name="rules-lint")
    assert 0 < only["rules"] < quiet["rules"]


def test_the_graph_goes_to_a_file_or_to_standard_output(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "phone.svg"
    said = call("rules", "graph", "--attribute", "telephoneNumber", "--file", file, "-C", folder)
    assert "flows drawn into" in said.stderr
    assert file.read_text(encoding="utf-8").startswith("<svg ")
    assert call("rules", "graph", "--format", "dot", "-C", folder).stdout.startswith("digraph attrflow {")
    found = document("rules", "graph", "--object-type", "contact", "-C", folder, name="rules-graph")
    assert {flow["target_type"] for flow in found["flows"]} == {"person", "contact"}
    assert "No flow" in call("rules", "graph", "--attribute", "zzz", "-C", folder, code=3).stderr
    assert "ends neither" in call("rules", "graph", "--file", tmp_path / "x.png", "-C", folder, code=2).stderr


def test_coverage_needs_a_store(folder: Path) -> None:
    assert "nothing has been imported" in call("rules", "coverage", "-C", folder, code=3).stderr
