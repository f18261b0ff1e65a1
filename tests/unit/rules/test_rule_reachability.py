"""Lint of what can happen at all: each finding once, and silence where the rules are sound."""

from __future__ import annotations

import pytest

from attrflow.app.library import default_rules
from attrflow.rules.conventions import Selection, conventions
from attrflow.rules.document import read_rules
from attrflow.rules.reachability import reachability
from attrflow.rules.rule import Rule

HEAD = """
[[rule]]
name = "{name}"
id = "{number:08d}-0000-4000-8000-000000000000"
direction = "inbound"
connector = "hq"
source-type = "user"
target-type = "person"
link = "join"
precedence = {number}
"""


def rules(*bodies: str) -> tuple[Rule, ...]:
    """Rules numbered from 1, named A, B …; a line of a body replaces the same key of the head."""
    text = ""
    for number, body in enumerate(bodies, 1):
        head = HEAD.format(name=chr(64 + number), number=number)
        keys = {line.partition(" = ")[0] for line in body.splitlines() if " = " in line}
        text += "\n".join(line for line in head.splitlines() if line.partition(" = ")[0] not in keys)
        text += "\n" + body.replace("[scope]", "[[rule.scope]]").replace("[flows]", "[rule.flows]") + "\n"
    read, diagnostics = read_rules(text)
    assert not diagnostics, diagnostics[0]
    return read


def check(expected: list[str], *bodies: str) -> None:
    found = [
        f"{rule.name} {finding.code} {'.'.join(map(str, finding.path))}"
        for rule, finding in reachability(rules('link = "provision"', *bodies))
    ]
    assert found == expected


# rule A links; the bodies are B, C, D


@pytest.mark.parametrize(
    ("lines", "contradictory"),
    [
        ('"a EQUAL x", "a EQUAL y"', True),
        ('"a EQUAL x", "A equal X"', False),
        ('"a ISNULL", "a ISNOTNULL"', True),
        ('"a ISNULL", "a STARTSWITH x"', True),
        ('"a ISNULL", "a NOTSTARTSWITH x"', False),
        ('"a ISBITSET 2", "a ISBITNOTSET 2"', True),
        ('"a ISBITSET 2", "a ISBITNOTSET 4"', False),
        ('"a CONTAINS x", "b NOTCONTAINS x"', False),
        ('"a EQUAL %Connector.ID%", "a EQUAL x"', False),
    ],
)
def test_a_group_that_no_object_fits(lines: str, *, contradictory: bool) -> None:
    check(["B unreachable-scope scope.0"] if contradictory else [], f"[scope]\nall = [{lines}]")


def test_flows_of_a_rule_that_joins_without_flow() -> None:
    check(["B flows-ignored link"], 'link = "join-no-flow"\n[flows]\nmail = "mail"')


def test_a_rule_that_nothing_links() -> None:
    check(["B never-linked link"], 'connector = "other"\n[flows]\nmail = "mail"')
    check(["B never-linked link"], 'source-type = "contact"\n[flows]\nmail = "mail"')
    check([], 'disabled = true\nconnector = "other"\n[flows]\nmail = "mail"')


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ('mail = "mail"', 'mail = "MAIL"', "shadowed-flow"),
        ("mail = { expression = 'Trim( [mail] )' }", "mail = { expression = 'Trim([mail])' }", "shadowed-flow"),
        ('mail = "mail"', 'mail = "other"', None),
        ('mail = { constant = "x" }', 'mail = "mail"', "never-wins"),
        ('mail = { constant = "" }', 'mail = "mail"', None),
        ("mail = { expression = 'IIF(IsPresent([a]), \"x\", AuthoritativeNull)' }", 'mail = "mail"', "never-wins"),
        ("mail = { expression = 'IIF(IsPresent([a]), \"x\", NULL)' }", 'mail = "mail"', None),
        ("mail = { expression = 'IgnoreThisFlow' }", 'mail = "mail"', None),
        ('mail = { constant = "x", once = true }', 'mail = "mail"', None),
        ('mail = { constant = "x", merge = "merge" }', 'mail = { direct = "mail", merge = "merge" }', None),
    ],
)
def test_a_flow_that_an_earlier_one_beats(first: str, second: str, expected: str | None) -> None:
    check([f"C {expected} flows.mail"] if expected else [], f"[flows]\n{first}", f"[flows]\n{second}")


def test_the_earlier_rule_must_apply_to_every_object_of_the_later() -> None:
    sales, constant, flow = '[scope]\nall = ["d EQUAL Sales"]\n', '[flows]\nm = { constant = "x" }', '[flows]\nm = "m"'
    both = '[scope]\nall = ["e ISNOTNULL", "D EQUAL sales"]\n'
    check([], sales + constant, flow)
    check(["C never-wins flows.m"], constant, sales + flow)
    check(["C never-wins flows.m"], sales + constant, both + flow)
    check([], both + constant, sales + flow)


def test_the_default_rules_are_reachable() -> None:
    ad = [("a", "1", "ad"), ("e", "2", "entra"), ("l", "3", "openldap")]
    assert [f"{rule.name}: {finding.message}" for rule, finding in reachability(default_rules(ad))] == []


def test_conventions() -> None:
    own, high, default = rules(
        '[flows]\nmail = "badge"', "precedence = 150", f'library = "x@1#{"0" * 12}"\nprecedence = 151'
    )
    selected = {"hq": Selection(("user",), ("mail", "title"))}
    found = [(rule.name, finding.code, finding.path) for rule, finding in conventions((own, high, default), selected)]
    assert found == [
        ("A", "not-selected", ("flows", "mail")),
        ("B", "own-precedence", ("precedence",)),
        ("C", "default-edited", ("library",)),
    ]
    codes = [finding.code for _, finding in conventions((own,), {"hq": Selection(("contact",))})]
    assert codes == ["type-not-selected"]
    assert list(conventions((own,), {"hq": Selection(("user",))})) == []
