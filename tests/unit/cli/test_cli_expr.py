"""The commands of the expression language, as people and programs call them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .cli_calls import call, document, lines

GUARD = 'IIF(IsPresent([mail])=False || Left([mail],5)="",Error("no mail"),Trim([mail]))'


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Outside of any project."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_eval_gives_value_and_type() -> None:
    assert lines(call("expr", "eval", "Trim([a])", "--attr", "a= x ").stdout) == ['"x" (text)']
    assert lines(call("expr", "eval", "[a]", "-a", "a=1", "-a", "a=2").stdout) == ['("1", "2") (several texts)']
    assert lines(call("expr", "eval", "[a] & %P.x%", "--param", "P.x=y").stdout) == ['"y" (text)']
    assert lines(call("expr", "eval", "[none]").stdout) == ["NULL (NULL)"]


@pytest.mark.parametrize(
    ("given", "expression", "value"),
    [
        ("a:number=5", "[a] + 1", 6),
        ("a:boolean=true", "[a]", True),
        ("a:binary=AQI=", "[a]", {"base64": "AQI="}),
        ("a:reference=CN=x,DC=y", "DNComponent([a],1)", "x"),
        ("a:date=2024-01-02T03:04:05+01:00", "[a]", {"datetime": "2024-01-02T02:04:05Z"}),
        ("a[]=x=y", "[a]", ["x=y"]),
    ],
)
def test_attributes_have_types(given: str, expression: str, value: object) -> None:
    assert document("expr", "eval", expression, "--attr", given, name="expression-value")["value"] == value


@pytest.mark.parametrize("given", ["a", "=x", "a:number=x", "a:colour=red", "a:binary=?", "a:boolean=yes"])
def test_an_attribute_that_cannot_be_read_is_refused(given: str) -> None:
    assert "error: " in call("expr", "eval", "[a]", "--attr", given, code=2).stderr


def test_explain_shows_every_part_and_what_was_not_evaluated() -> None:
    text = lines(call("expr", "eval", GUARD, "--attr", "mail= k@a ", "--explain").stdout)
    assert text[0] == '"k@a" (text)'
    assert 'IsPresent([mail]) = False || Left([mail], 5) = "" → False' in text
    assert 'Error("no mail") · not evaluated' in text
    assert 'Trim([mail]) → "k@a"' in text


def test_a_failing_evaluation_says_where_and_ends_with_1() -> None:
    text = call("expr", "eval", GUARD, "--explain", code=1).stdout
    assert "1:50: error: no mail [sync-rule-error-function-triggered]" in text
    assert "✗ no mail" in text
    found = document("expr", "eval", GUARD, code=1, name="expression-value")
    assert (found["value"], found["error"]["code"], found["error"]["column"]) == (
        None,
        "sync-rule-error-function-triggered",
        50,
    )


def test_a_wrong_expression_is_told_as_a_whole() -> None:
    said = call("expr", "eval", "trim([a]) & Lefft([b]", code=2).stderr
    for words in ("3 errors", "did you mean Trim?", "did you mean Left?", "')' for the '('"):
        assert words in said


def test_an_expression_can_come_from_a_pipe() -> None:
    from typer.testing import CliRunner  # noqa: PLC0415 - the one call with an input

    from attrflow.cli.main import app  # noqa: PLC0415 - as above

    result = CliRunner().invoke(app, ["expr", "eval", "-", "-a", "m=a", "-a", "m=b"], input='Where($v,[m],$v = "a")\n')
    assert lines(result.stdout) == ['("a") (several texts)']


def test_check_tells_findings_dependencies_and_the_options() -> None:
    text = call("expr", "check", '[a] = "Sales" && ValueCount("member") > 5').stdout
    assert "option string-equality (now case-sensitive)" in text
    assert "reads a, member" in lines(text)
    assert "only their number member" in lines(text)
    assert lines(text)[-1] == "The expression can be used."
    found = document("expr", "check", "isnull([a])", code=2, name="expression-check")
    assert found["ok"] is False
    assert found["diagnostics"][0]["help"] == "did you mean IsNull? Names are case-sensitive"


def test_functions_lists_all_and_tells_one() -> None:
    found = document("expr", "functions", name="expression-functions")
    assert len(found["functions"]) == 89
    text = lines(call("expr", "functions", "word").stdout)
    assert text[0] == "Word(str text, num number, str delimiters) -> str"
    assert 'example: Word("The quick brown fox",3," ")' in text
    assert "did you mean Word?" in call("expr", "functions", "Wrd", code=3).stderr


CASES = [
    {"id": "one", "expression": "Left([a],1)", "attributes": {"a": "xy"}, "expect": "x", "source": "here"},
    {"id": "two", "expression": "Item([m],9)", "attributes": {"m": ["a"]}, "expect": {"error": True}, "source": "here"},
    {"id": "three", "expression": "ucase([a])", "expect": {"error": True}},
    {"id": "four", "expression": "[g] & [g]", "attributes": {"g": {"base64": "AQ=="}}, "expect": {"base64": "AQE="}},
    {"id": "five", "expression": 'CDate("2024-01-01")', "expect": {"datetime": "2024-01-01T00:00:00Z"}},
    {"id": "six", "expression": "[a] & %P% & ImportedValue(\"a\")", "attributes": {"a": "1"}, "imported": {"a": "3"},
     "parameters": {"P": "2"}, "expect": "123"},
    {"id": "seven", "expression": "IIF([a]=\"1\",AuthoritativeNull,[a])", "attributes": {"a": "1"},
     "expect": "AuthoritativeNull"},
]  # fmt: skip


def test_case_files_in_json(nowhere: Path) -> None:
    file = nowhere / "cases.json"
    file.write_text(json.dumps(CASES), encoding="utf-8")
    assert lines(call("expr", "test", file).stdout) == ["7 passed, 0 failed"]


def test_a_failing_case_shows_expected_got_and_the_tree(nowhere: Path) -> None:
    file = nowhere / "cases.toml"
    file.write_text(
        '[shared]\nname = "Kari"\n[[case]]\nid = "good"\nexpression = "Len([a])"\n'
        'attributes = { a = { shared = "name" } }\nexpect = 4\n'
        '[[case]]\nid = "bad"\nexpression = "Trim([a]) & CStr(Len([a]))"\nattributes = { a = " x" }\nexpect = "x1"\n'
        '[[case]]\nid = "folding"\nexpression = \'"a" = "A"\'\nexpect = true\n'
        'options = { string-equality = "case-insensitive" }\n',
        encoding="utf-8",
    )
    text = lines(call("expr", "test", file, code=1).stdout)
    assert text[-1] == "2 passed, 1 failed"
    assert 'expected "x1"' in text
    assert 'got "x2"' in text
    assert "Len([a]) → 2" in text
    found = document("expr", "test", file, code=1, name="expression-cases")
    assert (found["passed"], found["failed"], found["failures"][0]["got"]) == (2, 1, "x2")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is no file of cases"),
        ('{"case": 5}', "is no file of cases"),
        ('[{"id": "x", "expression": "1"}]', "it has no 'expect'"),
        ('[{"id": "x", "expression": "1", "expect": 1, "attribute": {}}]', "'attribute' is no key"),
        ('[{"id": "x", "expression": "1", "expect": 1.5}]', "no value of the expression language"),
        ('[{"id": "x", "expression": "1", "expect": 1, "options": {"none": true}}]', "is no expression option"),
        ('[{"id": "x", "expression": "1", "expect": 1, "options": {"division": "no"}}]', "must be one of"),
    ],
)
def test_a_file_that_holds_no_cases_is_refused(nowhere: Path, content: str, said: str) -> None:
    file = nowhere / "cases.json"
    file.write_text(content, encoding="utf-8")
    assert said in call("expr", "test", file, code=2).stderr


def test_the_options_of_the_project_hold(nowhere: Path) -> None:
    call("init", nowhere / "project")
    settings = nowhere / "project" / "attrflow.toml"
    text = settings.read_text(encoding="utf-8")
    assert '# string-equality = "case-sensitive"' in text
    settings.write_text(
        text.replace('# string-equality = "case-sensitive"', 'string-equality = "case-insensitive"'), encoding="utf-8"
    )
    found = document("expr", "eval", '[a]="X"', "-a", "a=x", "-C", nowhere / "project", name="expression-value")
    assert found["value"] is True
    assert (
        "nothing has been imported"
        in call("expr", "eval", "[a]", "--object", "kari", "-C", nowhere / "project", code=3).stderr
    )
