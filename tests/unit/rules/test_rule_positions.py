"""Places in a TOML text, whatever form its keys take."""

from __future__ import annotations

from attrflow.model.diagnostics import Span
from attrflow.rules.positions import Path, locate, locate_inside, suggestion

TEXT = """\
# æøå 😀 before everything
top = "é"
[connectors.contoso]   # a table
url = "ldap://dc1.contoso.test"   # a comment is no value
"quoted key".inner = 1
options = { deep = [1, { x = "😀", y = 'here' }] }

[[rule]]
name = "first"

[[rule]]
name = "second"
[[rule.scope]]
all = ["a", "b"]
[rule.flows]
expr = { expression = 'Trim([cn])' }
many = { expression = '''
IIF(True,
  1, 2)''' }
escaped = { expression = "\\"é\\" & [cn]" }
"""


def check(path: Path, expected: str, line: int, part: str = "value") -> None:
    span = locate(TEXT, path, "key" if part == "key" else "value")
    assert TEXT[span.start : span.end] == expected
    assert span.line == line
    assert TEXT.splitlines()[line - 1][span.column - 1 :].startswith(expected.splitlines()[0])


def test_values_are_found_by_path() -> None:
    check(("top",), '"é"', 2)
    check(("connectors", "contoso", "url"), '"ldap://dc1.contoso.test"', 4)
    check(("connectors", "contoso", "quoted key", "inner"), "1", 5)
    check(("connectors", "contoso", "options", "deep", 1, "y"), "'here'", 6)
    check(("rule", 0, "name"), '"first"', 9)
    check(("rule", 1, "name"), '"second"', 12)
    check(("rule", 1, "scope", 0, "all", 1), '"b"', 14)
    check(("rule", 1, "flows", "expr", "expression"), "'Trim([cn])'", 16)


def test_keys_are_found_by_path() -> None:
    check(("connectors", "contoso", "url"), "url", 4, "key")
    check(("connectors", "contoso"), "connectors.contoso", 3, "key")


def test_attribute_names_are_found_in_any_case() -> None:
    check(("rule", 1, "flows", "EXPR", "expression"), "'Trim([cn])'", 16)


def test_what_is_not_there_is_shown_at_what_holds_it() -> None:
    check(("rule", 1, "flows", "missing"), "rule.flows", 15)
    check(("rule", 1, "flows", "expr", "missing"), "{ expression = 'Trim([cn])' }", 16)
    assert locate(TEXT, ("nothing", "here")) == Span(0, 0, 1, 1)
    assert locate(TEXT, ()) == Span(0, 0, 1, 1)
    assert locate("", ("a",)) == Span(0, 0, 1, 1)


def test_a_broken_text_still_gives_what_can_be_found() -> None:
    text = 'good = 1\n[table\nbad = = "x"\n'
    assert locate(text, ("good",)).line == 1


def test_a_piece_of_an_expression_is_placed_in_its_file() -> None:
    flows = ("rule", 1, "flows")

    def piece(name: str, start: int, end: int) -> tuple[str, int]:
        span = locate_inside(TEXT, (*flows, name, "expression"), Span(start, end, 1, start + 1))
        return TEXT[span.start : span.end], span.line

    assert piece("expr", 5, 9) == ("[cn]", 16)
    assert piece("many", 12, 13) == ("1", 19)
    assert piece("escaped", 4, 8) == ('"\\"é\\" & [cn]"', 20)
    assert piece("expr", 5, 99) == ("'Trim([cn])'", 16)


def test_suggestions_are_near_or_none() -> None:
    assert suggestion("usr", ["user", "group"]) == "did you mean user?"
    assert suggestion("zzz", ["user", "group"]) is None
    assert suggestion("x", []) is None
