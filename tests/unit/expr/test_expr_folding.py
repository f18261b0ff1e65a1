"""Folding and short cuts: what is worked out when an expression is compiled, and that results stay the same.

The observed variant folds nothing and takes no short cut, so it is what the plain one is compared with.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from attrflow.expr import (
    FUNCTIONS,
    ExpressionError,
    ExpressionOptions,
    Many,
    Result,
    Scalar,
    compile_expression,
    parse,
)
from attrflow.model.names import parse_dn


class Told:
    """An object that keeps a list of what was asked of it."""

    def __init__(self, attributes: dict[str, Scalar | Many]) -> None:
        self.attributes = attributes
        self.asked: list[str] = []

    def attribute(self, name: str) -> Scalar | Many | None:
        self.asked.append(name)
        return self.attributes.get(name)

    imported = attribute

    def count(self, name: str) -> int:
        value = self.attributes.get(name)
        return len(value) if isinstance(value, tuple) else int(value is not None)

    def parameter(self, name: str) -> str | None:
        return "p" if name == "P" else None

    def now(self) -> datetime:
        return datetime(2024, 1, 1, tzinfo=UTC)

    def guid(self) -> str:
        return "g"

    def random(self, low: int, high: int) -> int:
        return (low + high) // 2

    def observe(self, node_id: int, value: object) -> None:
        pass


OBJECTS: list[dict[str, Scalar | Many]] = [
    {"dn": "CN=Kari,OU=Sales,DC=test"},
    {"dn": r"CN=Nordmann\, Kari,DC=test", "t": " x ", "n": 2, "f": True, "b": b"\x01", "m": ("a", "b"), "k": (1, 0)},
    {"dn": "CN=", "t": "", "n": 0, "f": False, "b": b"", "m": ("a",), "k": (1,), "g": (True, False)},
    {"dn": "no name", "t": 5, "n": "2", "f": "True", "b": ("x",), "m": "a", "k": 2, "g": True},
]


def outcome(text: str, world: Told, options: ExpressionOptions, *, observed: bool) -> Result | str:
    tree = parse(text, options).tree
    assert tree is not None, text
    try:
        return compile_expression(tree, observed=observed, options=options).evaluate(world)
    except ExpressionError as error:
        assert error.span is not None
        return f"{error} at {error.span.start}"


def check(text: str, options: ExpressionOptions) -> None:
    for attributes in OBJECTS:
        plain = outcome(text, Told(attributes), options, observed=False)
        observed = outcome(text, Told(attributes), options, observed=True)
        assert (type(plain), plain) == (type(observed), observed), (text, attributes)


@pytest.mark.parametrize(
    "options",
    [
        ExpressionOptions(),
        ExpressionOptions(
            null_arithmetic="zero",
            null_concat="null",
            null_equals_null=True,
            null_unequal=False,
            is_string_null=True,
            string_equality="case-insensitive",
            dn_component_missing="error",
            nested_flow_word="error",
            short_circuit=False,
        ),
    ],
    ids=["defaults", "others"],
)
@pytest.mark.parametrize(
    "text",
    [
        'IIF("a" = "A",[t],[n])',
        'IIF(1 + 1 = 2 && [f],Trim("  z ") & "!",[t])',
        'IIF(NULL,[t],Left("abc",2) & [t])',
        "IIF(1 / 0 = 1,[t],[n])",
        'IIF([f],1 / 0,"b")',
        "9223372036854775807 + 1",
        '"a" & 5',
        '-(2 - 5) + -"x"',
        "-[n] + -[k]",
        'Left([m],NULL) & "x"',
        "Left([m],[k])",
        "Left([m],[n])",
        'Trim(IIF([m] = "a",NULL,[m]))',
        'UCase(Left(Trim([m]),1)) = "A"',
        "CStr([k])",
        'ImportedValue("m")',
        "CBool([f])",
        "CBool([g])",
        'CBool(IIF([m] = "a",True,NULL))',
        "IIF(CBool([f]) = True,[t],IgnoreThisFlow)",
        "IIF(IsString([b]),CStr([b]),ConvertToBase64([b]))",
        "IIF(IsString([m]),[m],NULL)",
        "IsString(IgnoreThisFlow)",
        "Item([m],[n])",
        "Item([m],[k])",
        'Item([m],Contains([m],"b"))',
        'Item(IIF([m] = "a",NULL,[m]),[n])',
        "Item([m],-[n])",
        "IIF([f],[t],NULL)",
        "IIF([g],[m],NULL)",
        'IIF([n],"a","b")',
        "IIF(IIF([f],True,[t]),1,2)",
        "[f] && [g]",
        "[g] || [f]",
        '[f] && Error("right")',
        '[f] || Error("right")',
        '[t] && Error("right")',
        "IgnoreThisFlow || [f]",
        'Switch([f],IIF([f],[m],"z"),True,Trim([m]))',
        "[dn]",
        'CBool(InStr(DNComponent(CRef([dn]),1),"Kari")>0) || [f]',
        'DNComponent(CRef([dn]),2) = "Sales" && IsPresent([dn])',
        "DNComponent(CRef([dn]),-1)",
        'Contains([m],"b") > 0',
        'Contains([b],"x") & ""',
        'With($x,1 + 1,IIF($x = 2,[m],"no"))',
        'IIF("a" = "a",' * 40 + "[t]" + ",[n])" * 40,
        'IIF([f],"a",' * 60 + "[t]" + ")" * 60,
    ],
)
def test_short_cuts_and_folding_change_no_result(text: str, options: ExpressionOptions) -> None:
    check(text, options)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ('IIF("a" = "a",[t],[n])', ["t"]),
        ('IIF("a" = "b",[t],[n])', ["n"]),
        ('IIF(IsPresent(""),[t],[n])', ["n"]),
        ('IIF(IIF(True,"a","b") = "a" = False,[t],[n])', ["n"]),
        ("IIF(2 * (3 + 4) = 14,[t],[n]) & [n]", ["t", "n"]),
    ],
)
def test_a_branch_that_the_text_rules_out_is_not_read(text: str, asked: list[str]) -> None:
    world = Told({"t": "x", "n": "y"})
    outcome(text, world, ExpressionOptions(), observed=False)
    assert world.asked == asked


def test_nothing_that_differs_from_time_to_time_is_folded() -> None:
    impure = [name for name, function in FUNCTIONS.items() if not function.pure]
    assert sorted(impure) == ["Guid", "Now", "RandomNum"]

    class Counting(Told):
        def random(self, low: int, high: int) -> int:
            self.asked.append("random")
            return min(high, low + len(self.asked) - 1)

    tree = parse("RandomNum(1,9)").tree
    assert tree is not None
    evaluate = compile_expression(tree).evaluate
    world = Counting({})
    assert [evaluate(world), evaluate(world)] == [1, 2]


@pytest.mark.parametrize(
    "dn",
    [
        "CN=a,DC=b",
        "CN=a",
        " CN = a b , DC=b",
        "CN=a+OU=b,DC=c",
        "CN==a,DC=b",
        "CN=,DC=b",
        r"CN=a\,b,DC=c",
        r"CN=a,OU=b\,c",
        r"CN=a\ ,DC=b",
        'CN="a,b",DC=c',
        "CN=a;DC=b",
        "CN=a\t,DC=b",
        "",
    ],
)
def test_the_quick_way_to_a_leaf_agrees_with_the_parser(dn: str) -> None:
    component = parse_dn(dn).component(1)
    leaf = outcome("DNComponent(CRef([dn]),1)", Told({"dn": dn}), ExpressionOptions(), observed=False)
    assert leaf == (component[1] if component is not None else None)
