"""Making a project, and what is said of one that is wrong: always the file, the line, and what was expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from .cli_calls import call, document, lines

RULE = "rules/contoso/100 In from AD - User Join.toml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project as `init` makes it."""
    call("init", tmp_path / "project")
    return tmp_path / "project"


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def line_of(file: Path, words: str) -> int:
    return next(n for n, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1) if words in line)


# -- init -------------------------------------------------------------------------------------------


def test_init_makes_a_project_that_validates(folder: Path) -> None:
    found = document("rules", "check", "-C", folder, name="rules-check")
    assert found["errors"] == 0
    assert found["rules"] > 20
    assert found["without_schema"] == ["contoso", "entra"]
    assert "staging-mode = true" in (folder / "attrflow.toml").read_text(encoding="utf-8")


def test_init_says_what_it_made_and_what_to_do_next(tmp_path: Path) -> None:
    said = call("init", tmp_path / "new").stdout
    assert str(tmp_path / "new") in said
    assert "attrflow cycle --initial" in said
    assert document("init", tmp_path / "other", "--name", "Other", name="project")["rules"]
    assert 'name = "Other"' in (tmp_path / "other" / "attrflow.toml").read_text(encoding="utf-8")


def test_init_leaves_a_project_that_is_there_alone(folder: Path) -> None:
    before = (folder / "attrflow.toml").read_bytes()
    assert "is there already" in call("init", folder, code=2).stderr
    assert (folder / "attrflow.toml").read_bytes() == before


def test_init_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = call("init", tmp_path / "file" / "project", code=2).stderr
    assert "cannot be written" in said
    assert "Traceback" not in said


# -- finding the project ----------------------------------------------------------------------------


def test_without_a_project_the_help_says_how_to_make_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = call("runs", code=2).stderr
    assert "no attrflow.toml" in said
    assert "attrflow init" in said


def test_a_project_is_found_from_a_folder_below_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder / "rules")
    assert "0 errors" in call("rules", "check").stdout


def test_the_project_may_be_named_before_the_command(folder: Path) -> None:
    assert "0 errors" in call("--project", folder, "rules", "check").stdout


def test_before_the_first_import_there_is_nothing_to_look_at(folder: Path) -> None:
    for command in (("runs",), ("mv", "search"), ("cs", "search", "x"), ("trace", "kari", "mail"), ("why", "kari")):
        said = call(*command, "-C", folder, code=3).stderr
        assert "attrflow cycle --initial" in said


# -- texts that are wrong ---------------------------------------------------------------------------


def test_malformed_settings(folder: Path) -> None:
    file = folder / "attrflow.toml"
    edit(file, 'url = "ldap://', 'url = "htp://')
    edit(file, "staging-mode = true", 'staging-mode = "yes"')
    for command in (("cycle",), ("run", "contoso", "full-import"), ("rules", "check"), ("runs",)):
        said = call(*command, "-C", folder, code=2).stderr
        assert f"{file}:{line_of(file, 'staging-mode =')}:" in said
        assert "'staging-mode' must be true or false, found a string" in said
        assert f"{file}:{line_of(file, 'url = ')}:" in said
        assert "ldap://host:port" in said
    assert not (folder / "attrflow.sqlite").exists()


def test_settings_that_are_no_toml(folder: Path) -> None:
    file = folder / "attrflow.toml"
    edit(file, "[engine]", "[engine")
    assert f"{file}:{line_of(file, '[engine')}:" in call("cycle", "-C", folder, code=2).stderr


def test_an_error_as_a_document_has_file_line_and_column(folder: Path) -> None:
    file = folder / "attrflow.toml"
    edit(file, "staging-mode = true", "staging-mode = 1")
    found = document("runs", "-C", folder, code=2, name="error")
    assert (found["code"], found["exit_code"]) == ("invalid-settings", 2)
    (told,) = [one for one in found["diagnostics"] if one["severity"] == "error"]
    assert (told["file"], told["line"]) == (str(file), line_of(file, "staging-mode ="))
    assert told["column"] > 1


def test_an_error_is_told_to_people_even_where_a_program_reads_documents(folder: Path) -> None:
    result = call("runs", "-C", folder, "-o", "jsonl", code=3)
    assert result.stdout.startswith('{"schema":"attrflow.error/1"')
    assert "error: " in result.stderr


def test_a_malformed_rule(folder: Path) -> None:
    rule = folder / RULE
    edit(rule, 'link = "', 'link = "sideways-')
    said = call("cycle", "-C", folder, code=2).stderr
    assert f"{RULE}:{line_of(rule, 'link =')}:" in said
    assert "sideways-" in said
    assert not list(folder.glob("attrflow.sqlite-*"))


def test_a_malformed_expression(folder: Path) -> None:
    rule = next(f for f in sorted(folder.glob("rules/contoso/*.toml")) if "Trim([telephoneNumber])" in f.read_text())
    line = line_of(rule, "Trim([telephoneNumber])")
    edit(rule, "Trim([telephoneNumber])", "Trim([telephoneNumber]")
    said = call("run", "contoso", "full-sync", "-C", folder, code=2).stderr
    (told,) = [one for one in lines(said) if f"{rule.relative_to(folder)}:{line}:" in one]
    assert ")" in told


def test_rules_check_prints_every_finding_and_ends_with_2(folder: Path) -> None:
    rules = sorted(folder.glob("rules/contoso/*.toml"))[:2]
    for rule in rules:
        edit(rule, 'link = "', 'link = "sideways-')
    result = call("rules", "check", "-C", folder, code=2)
    for rule in rules:
        assert f"{rule.relative_to(folder)}:{line_of(rule, 'link =')}:" in result.stdout
    assert "2 errors" in result.stdout
    found = document("rules", "check", "-C", folder, code=2, name="rules-check")
    assert (found["errors"], found["rules"]) == (2, None)


def test_a_rule_file_that_is_not_text(folder: Path) -> None:
    (folder / RULE).write_bytes(b"\xff\xfe")
    assert f"{RULE}: error: " in call("rules", "check", "-C", folder, code=2).stdout


def test_an_unknown_connector_is_answered_with_those_that_there_are(folder: Path) -> None:
    said = call("run", "contso", "full-import", "-C", folder, code=3).stderr
    assert "'contso'" in said
    assert "contoso, entra" in said


def test_a_secret_that_is_not_there_names_its_place(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ATTRFLOW_CONTOSO_PASSWORD", raising=False)
    result = call("run", "contoso", "full-import", "-C", folder, code=2)
    assert "no-start-ma" in result.stdout
    assert "ATTRFLOW_CONTOSO_PASSWORD" in result.stdout


# -- the store --------------------------------------------------------------------------------------


def test_a_store_that_is_none(folder: Path) -> None:
    (folder / "attrflow.sqlite").write_bytes(b"this is no database, and longer than a header of one hundred octets" * 3)
    for command in (("runs",), ("cycle",)):
        result = call(*command, "-C", folder, code=4)
        assert "attrflow.sqlite" in result.stderr
        assert "Traceback" not in result.stderr


def test_a_warning_stands_beside_the_error_and_after_it(folder: Path) -> None:
    first, *_, last = sorted((folder / "rules" / "contoso").iterdir(), key=lambda file: file.name)
    edit(first, "precedence = ", "precedence = 104 #")
    edit(last, 'link = "', 'link = "no')
    told = call("rules", "check", "-C", folder, code=2).stdout
    assert told.index("error: ") < told.index("warning: ")


def test_a_directory_that_was_added_by_hand_gets_its_rules(folder: Path) -> None:
    """The example at the end of the settings, its marks taken away as its comment says."""
    settings = folder / "attrflow.toml"
    text = settings.read_text("utf-8")
    start = text.index("# # An OpenLDAP server")
    example = "\n".join(line[1:].removeprefix(" ") for line in text[start:].splitlines())
    settings.write_text(text[:start] + example + "\n", "utf-8")
    before = document("rules", "check", "-C", folder, name="rules-check")
    assert before["without_rules"] == ["openldap"]
    assert "attrflow rules defaults -C" in call("rules", "check", "-C", folder).stdout
    added = document("rules", "defaults", "-C", folder, name="rules-defaults")
    assert added["connectors"] == ["openldap"]
    after = document("rules", "check", "-C", folder, name="rules-check")
    assert (after["errors"], after["warnings"], after["without_rules"]) == (0, 0, [])
    assert after["rules"] == before["rules"] + len(added["rules"])
    assert "nothing was written" in call("rules", "defaults", "-C", folder).stdout
