"""Two rule sets compared: what means the same is silent, and every other difference is said once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from attrflow.app.library import default_rules
from attrflow.rules.comparing import compare_sets
from attrflow.rules.document import read_rule
from attrflow.rules.rule import Rule
from attrflow.rules.ruleset import RuleSet

TEXT = """\
name = "In from AD - User Badge"
id = "00000000-0000-4000-8000-000000000001"
direction = "inbound"
connector = "hq"
source-type = "user"
target-type = "person"
link = "join"
precedence = 50

[[scope]]
all = ["department EQUAL Sales", "pager ISNOTNULL"]

[[scope]]
all = ["title EQUAL Guard"]

[[join]]
all = ["mail = mail"]

[[join]]
all = ["employeeID = employeeID"]

[flows]
badge = { expression = 'IIF(IsPresent([pager]), Trim([pager]), NULL)' }
sourceObjectType = { constant = "User" }
url = ["url", { expression = '[wWWHomePage]' }]
"""


def rule(text: str = TEXT) -> Rule:
    read, diagnostics = read_rule(text, None)
    assert read is not None, diagnostics
    return read


def check(before: str, after: str, *expected: str) -> None:
    """One edit of the rule, in both directions, against 'what attribute: before -> after'."""
    assert before in TEXT
    one, other = rule(), rule(TEXT.replace(before, after))

    def told(left: Rule, right: Rule) -> list[str]:
        found = compare_sets([left], [right])
        return [f"{d.what} {d.attribute or ''}: {d.before} -> {d.after}" for one in found for d in one.differences]

    assert told(one, other) == list(expected)
    assert bool(told(other, one)) == bool(expected)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("000000000001", "0000000000ff"),
        ("precedence = 50", "precedence = 7"),
        ("precedence = 50", 'precedence = 50\ndescription = "x"\ntag = "t"'),
        ('"department EQUAL Sales", "pager ISNOTNULL"', '"PAGER isNotNull", "Department EQUAL sales"'),
        ("IIF(IsPresent([pager]), Trim([pager]), NULL)", "IIF( IsPresent([pager]),Trim([pager]) , NULL )"),
        ("url = [\"url\", { expression = '[wWWHomePage]' }]", "url = [{ expression = '[wWWHomePage]' }, \"URL\"]"),
        ('{ constant = "User" }', '{ constant = "User", merge = "replace" }'),
    ],
)
def test_what_means_the_same_is_no_difference(before: str, after: str) -> None:
    check(before, after)


def test_each_difference_is_said() -> None:
    check('link = "join"', 'link = "sticky-join"', "link : join -> sticky-join")
    check('"user"', '"contact"', "types : user to person -> contact to person")
    check("precedence = 50", "precedence = 50\ndisabled = true", "disabled : no -> yes")
    check("EQUAL Guard", "EQUAL Cook", "scope : title EQUAL Guard -> None", "scope : None -> title EQUAL Cook")
    check('"pager ISNOTNULL"', '"pager ISNULL"', "scope : pager ISNOTNULL -> None", "scope : None -> pager ISNULL")
    check(
        '"mail = mail"',
        '"mail = mail (case-sensitive)"',
        "join : mail = mail -> None",
        "join : None -> mail = mail (case-sensitive)",
    )
    check(
        "Trim([pager])",
        "[pager]",
        "flow badge: IIF(IsPresent([pager]), Trim([pager]), NULL) -> IIF(IsPresent([pager]), [pager], NULL)",
    )
    check('"User" }', '"User", once = true }', 'flow sourceObjectType: "User" -> "User" (apply once)')
    check('["url", ', "[", "flow url: url -> None")


def test_the_order_of_joins_counts() -> None:
    text = (
        TEXT.replace('"mail = mail"', "X")
        .replace('"employeeID = employeeID"', '"mail = mail"')
        .replace("X", '"employeeID = employeeID"')
    )
    (found,) = compare_sets([rule()], [rule(text)])
    assert [(d.what, d.before) for d in found.differences] == [("join", "mail = mail; else employeeID = employeeID")]


def defaults(name: str = "contoso", id_: str = "1") -> list[Rule]:
    return list(RuleSet.of(default_rules([(name, id_, "ad"), ("entra", "2", "entra")])).rules)


def test_the_same_rules_of_another_server_are_the_same() -> None:
    assert compare_sets(defaults(), defaults("fabrikam", "9")) == []


def test_a_rule_put_between_others_is_one_difference() -> None:
    before = defaults()
    after = [replace(r, precedence=r.precedence + (r.precedence >= 105)) for r in before]
    own = rule(TEXT.replace('"hq"', '"contoso"').replace("precedence = 50", "precedence = 105"))
    found = compare_sets(before, sorted([*after, own], key=lambda r: r.precedence))
    assert [(d.left, d.right.name if d.right else None) for d in found] == [(None, own.name)]


def test_a_rule_that_moved_is_the_only_one_told() -> None:
    before = defaults()
    after = sorted(
        (replace(r, precedence=99) if r.precedence == 112 else r for r in before), key=lambda r: r.precedence
    )
    (found,) = compare_sets(before, after)
    assert [(d.what, d.before, d.after) for d in found.differences] == [
        ("precedence", "112, after In from AD - Group Exchange", "99, first of all")
    ]


def test_a_default_rule_that_was_renamed_is_known_by_its_tag() -> None:
    before = defaults()
    after = [replace(r, name="Ours") if r.precedence == 100 else r for r in before]
    (found,) = compare_sets(before, after)
    assert [(d.what, d.after) for d in found.differences] == [("name", "Ours")]
