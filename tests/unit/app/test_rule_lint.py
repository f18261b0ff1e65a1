"""Lint of a project: what is known of tenants before the first import, and findings about files of no project."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from attrflow.app.operations.projects import init_project
from attrflow.app.operations.rule_lint import LintDocument, lint_files, lint_project, project_around
from attrflow.app.schemas import write_schema_file
from attrflow.model.errors import NotFound
from attrflow.model.schema import AttributeType, Schema


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    init_project(tmp_path / "project", features={"apps": "all", "lync": "", "devices": "", "hybrid-exchange": ""})
    return tmp_path / "project"


def add_flow(folder: Path, flow: str) -> None:
    (file,) = folder.glob("rules/entra/* Out to AAD - User Identity.toml")
    file.write_text(file.read_text(encoding="utf-8").replace("[flows]", f"[flows]\n{flow}"), encoding="utf-8")


def unknown(document: LintDocument) -> list[str | None]:
    return [finding.help for finding in document.findings if finding.code == "unknown-attribute"]


def test_a_tenants_attributes_are_known_before_the_first_import(folder: Path) -> None:
    assert unknown(lint_project(folder)) == []
    add_flow(folder, 'extensionAtribute9 = "title"')
    add_flow(folder, 'extension_0f3c_badge = "title"')
    document = lint_project(folder)
    assert unknown(document) == ["did you mean extensionAttribute9 or extensionAttribute8?"]
    assert document.without_schema == ["contoso"]


def test_what_an_import_learned_goes_before_what_is_known_of_every_tenant(folder: Path) -> None:
    known = [AttributeType("extensionAtribute9"), AttributeType("title")]
    types = dict.fromkeys(("user", "group", "contact"), known)
    write_schema_file(folder / "schema" / "entra.json", Schema.of(types))
    add_flow(folder, 'extensionAtribute9 = "title"')
    document = lint_project(folder)
    assert document.codes["unknown-attribute"] > 100
    assert not any("extensionAtribute9" in finding.message for finding in document.findings)


def test_milder_findings_are_counted_and_not_listed(folder: Path) -> None:
    (file,) = folder.glob("rules/contoso/* In from AD - User Common.toml")
    own = re.sub(r"(?m)^(library|tag) = .*\n", "", file.read_text(encoding="utf-8"))
    file.write_text(own.replace("[flows]", '[flows]\nemployeeType = "employeeType"'), encoding="utf-8")
    document = lint_project(folder, at_least="error")
    assert document.notes > 0
    assert document.findings == []


def test_files_of_no_project_are_checked_as_far_as_they_go(folder: Path, tmp_path: Path) -> None:
    rules = tmp_path / "elsewhere"
    (folder / "rules" / "contoso").rename(rules)
    document = lint_files([rules])
    assert document.rules == len(list(rules.glob("*.toml")))
    assert document.errors == 0
    (rules / "bad.toml").write_text("name = ", encoding="utf-8")
    assert lint_files([rules]).codes["toml-syntax"] == 1
    (tmp_path / "empty").mkdir()
    with pytest.raises(NotFound, match="no rule file"):
        lint_files([tmp_path / "empty"])


def test_paths_belong_to_the_project_around_them(folder: Path, tmp_path: Path) -> None:
    assert project_around([folder / "rules" / "entra"]) == folder
    assert project_around([folder]) == folder
    assert project_around([folder / "schema"]) is None
    assert project_around([tmp_path]) is None
