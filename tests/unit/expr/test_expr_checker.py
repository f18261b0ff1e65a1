"""The checker: findings with suggestions, and the true list of what an expression reads."""

from __future__ import annotations

import pytest

from attrflow.expr import Checked, check, parse

KNOWN = ("mail", "proxyAddresses", "sAMAccountName", "member")


def findings(text: str, **known: object) -> list[tuple[str, str, str | None]]:
    checked = check(parse(text), **known)  # type: ignore[arg-type]  # each test passes what check takes
    return [(finding.code, finding.severity, finding.help) for finding in checked.diagnostics]


@pytest.mark.parametrize(
    ("text", "code", "help_"),
    [
        ("isnullorempty([mail])", "unknown-function", "did you mean IsNullOrEmpty? Names are case-sensitive"),
        ("Trimm([mail])", "unknown-function", "did you mean Trim?"),
        ("Xyz([mail])", "unknown-function", "`attrflow expr functions` lists them"),
        ("IIF(True,1)", "wrong-argument-count", "IIF(bool condition, var value, var otherwise) -> var"),
        ("Switch(True,1,False)", "wrong-argument-count", None),
        ("true", "unknown-name", "did you mean True?"),
        ("mail", "unknown-name", "a text stands in quotes, an attribute as [mail]"),
        ("$item", "unbound-variable", None),
        ("With($x,$x,1)", "unbound-variable", None),
        ('With("x",1,2)', "invalid-argument", None),
        ("ValueCount([member])", "invalid-argument", None),
        ('Contains([mail],"x",caseinsensitive)', "unknown-name", "did you mean CaseInsensitive?"),
        ('Contains([mail],"x","nocase")', "invalid-argument", None),
        ("CaseInsensitive", "unknown-name", None),
    ],
)
def test_names(text: str, code: str, help_: str | None) -> None:
    ((found, severity, help_found),) = findings(text)
    assert (found, severity) == (code, "error")
    if help_ is not None:
        assert help_found == help_


def test_findings_stand_in_the_order_of_the_text() -> None:
    assert [code for code, _, _ in findings('IIF(true, trim([mail]), Left("a"))')] == [
        "unknown-name",
        "unknown-function",
        "wrong-argument-count",
    ]


def test_attributes_are_known_by_their_exact_case() -> None:
    assert findings("[mail] & [dn]", attributes=KNOWN) == []
    assert findings("[Mail]", attributes=KNOWN) == [("wrong-case", "error", "write mail")]
    assert findings("[Mail]", attributes=KNOWN, severity_wrong_case="warning") == [
        ("wrong-case", "warning", "write mail")
    ]
    assert findings("[proxyAdresses]", attributes=KNOWN) == [
        ("unknown-attribute", "error", "did you mean proxyAddresses?")
    ]
    assert findings('ImportedValue("Mail") & CStr(ValueCount("Member"))', attributes=KNOWN) == [
        ("wrong-case", "error", "write mail"),
        ("wrong-case", "error", "write member"),
    ]


def test_parameters() -> None:
    assert findings("%Domain.FQDN%", parameters=["Domain.FQDN"]) == []
    assert findings("%domain.fqdn%", parameters=["Domain.FQDN"]) == [
        ("unknown-parameter", "error", "did you mean %Domain.FQDN%?")
    ]


@pytest.mark.parametrize(
    ("text", "warned"),
    [
        ("[a] || [b] && [c]", True),
        ("[a] && [b] || [c]", True),
        ("([a] && [b]) || [c]", False),
        ("[a] || ([b] && [c])", False),
        ("([a]) || ([b]) && ([c])", True),
        ("2+3*4", True),
        ("2*3+4", False),
        ("(2+3)*4", False),
        ("2-3+4", False),
        ("[a] || [b] || [c]", False),
    ],
)
def test_mixed_operators(text: str, warned: bool) -> None:
    assert [code for code, _, _ in findings(text)] == ["mixed-operators"] * warned


def test_the_suggested_reading_is_the_one_that_is_evaluated() -> None:
    ((_, _, help_),) = findings("2+3*4")
    assert help_ == "write (2 + 3) * 4 if that is meant"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Left(5,1)", "Left takes text as argument 1 (text), not a number"),
        ('Left([a],"1")', "Left takes a number as argument 2 (count), not text"),
        ("Trim(Len([a]))", "Trim takes text as argument 1 (text), not a number"),
        ('Item("a",1)', "Item takes several values (a multi-valued attribute) as argument 1 (values), not text"),
        ('"a" + "b"', "'+' cannot take text; & joins text"),
        ('"a" & 5', "'&' cannot take a number"),
        ('"a" = 5', "'=' cannot compare text with a number"),
        ("Len([a]) && True", "'&&' cannot take a number"),
        ('IIF("x",1,2)', "IIF takes True or False as argument 1 (condition), not text"),
        ('Switch(True,1,"x",2)', "Switch takes True or False as argument 3 (condition), not text"),
        ("-(True)", "'-' cannot take True or False"),
        ("DNComponent(%P%,1)", "DNComponent takes a reference as argument 1 (dn), not text"),
        ("Left(IIF(True,5,6),1)", "Left takes text as argument 1 (text), not a number"),
    ],
)
def test_kinds_that_can_never_fit(text: str, message: str) -> None:
    assert [finding.message for finding in check(parse(text)).diagnostics] == [message]


@pytest.mark.parametrize(
    "text",
    [
        "Left([a],[b])",
        "Left(NULL,1)",
        "Trim(IIF([m] = 1,5,[x]))",
        'IIF(BitAnd([a],2) = 0,"a",IgnoreThisFlow) & "b"',
        'Item(Split([a],","),1)',
        'Contains([m],"x",CaseInsensitive) > 0',
        'Item(RemoveDuplicates(Where($i,[m],$i = "a")),1) & "x"',
        'Trim(Error("x"))',
        "Len([a] & [b])",
        "Count(NULL)",
        'Trim(IIF([a] = 1,"x",NULL))',
    ],
)
def test_kinds_that_may_fit_are_not_reported(text: str) -> None:
    assert check(parse(text)).diagnostics == ()


def read(text: str) -> Checked:
    return check(parse(text))


def test_dependencies_come_from_the_tree() -> None:
    checked = read('IIF(ValueCount("member")>1,[a]&%P.x%,ImportedValue("b"))')
    assert checked.attributes_read == {"member", "a", "b"}
    assert checked.counted == {"member"}
    assert checked.imported == {"b"}
    assert checked.parameters_read == {"P.x"}
    assert checked.pure
    assert checked.ok


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("IsPresent([m])", {"m"}),
        ("Count([m]) > 1 || IsNull([m])", {"m"}),
        ("IIF(IsPresent([m]),[m],NULL)", set()),
        ("IsPresent(Trim([m]))", set()),
        ('IIF(ValueCount("m")>0,ImportedValue("m"),NULL)', set()),
    ],
)
def test_counted_attributes_are_read_in_no_other_way(text: str, counted: set[str]) -> None:
    assert read(text).counted == counted


@pytest.mark.parametrize("text", ["Now()", "Guid()", 'IIF(True,"a",CStr(RandomNum(1,2)))'])
def test_time_and_chance_are_impure(text: str) -> None:
    assert not read(text).pure


def test_a_text_that_does_not_parse_is_checked_too() -> None:
    checked = read("Trim(")
    assert not checked.ok
    assert checked.attributes_read == frozenset()
