"""The compiler: what is evaluated and what is not, observation, places of errors, limits, options."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from attrflow.expr import (
    FUNCTIONS,
    Compiled,
    ExpressionError,
    ExpressionOptions,
    Many,
    Result,
    Scalar,
    compile_expression,
    parse,
)
from attrflow.model.values import Reference


class World:
    """An object that keeps a list of what was asked of it."""

    def __init__(self, **attributes: Scalar | Many) -> None:
        self.attributes = attributes
        self.asked: list[str] = []
        self.seen: dict[int, object] = {}
        self.parameters: dict[str, str] = {}

    def attribute(self, name: str) -> Scalar | Many | None:
        self.asked.append(name)
        return self.attributes.get(name)

    def imported(self, name: str) -> Scalar | Many | None:
        self.asked.append(f"imported {name}")
        return self.attributes.get(name)

    def count(self, name: str) -> int:
        self.asked.append(f"count {name}")
        value = self.attributes.get(name)
        return len(value) if isinstance(value, tuple) else int(value is not None)

    def parameter(self, name: str) -> str | None:
        return self.parameters.get(name)

    def now(self) -> datetime:
        return datetime(2024, 1, 1, tzinfo=UTC)

    def guid(self) -> str:
        return "a"

    def random(self, low: int, high: int) -> int:
        return (low + high) // 2

    def observe(self, node_id: int, value: object) -> None:
        self.seen[node_id] = value


def compiled(text: str, *, observed: bool = False, options: ExpressionOptions | None = None) -> Compiled:
    tree = parse(text).tree
    assert tree is not None, text
    return compile_expression(tree, observed=observed, options=options or ExpressionOptions())


def evaluate(text: str, world: World | None = None, options: ExpressionOptions | None = None) -> Result:
    return compiled(text, options=options).evaluate(world or World())


def check_error(text: str, code: str, piece: str, world: World | None = None) -> None:
    """Both variants fail with this code, at this piece of the text."""
    for observed in (False, True):
        with pytest.raises(ExpressionError) as caught:
            compiled(text, observed=observed).evaluate(world or World())
        assert caught.value.code == code
        assert caught.value.span is not None
        assert text[caught.value.span.start : caught.value.span.end] == piece


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("IIF([a] = 1,[b],[c])", ["a", "b"]),
        ("IIF([a] = 2,[b],[c])", ["a", "c"]),
        ("[a] = 1 || [b] = 1", ["a"]),
        ("[a] = 2 && [b] = 1", ["a"]),
        ("[a] = 2 || [b] = 1", ["a", "b"]),
        ("Switch([a] = 1,[b],[c] = 1,[d])", ["a", "c", "b"]),
        ("Switch([a] = 2,[b])", ["a"]),
        ("Where($i,[m],$i = [s])", ["m", "s", "s"]),
        ("With($x,[a],$x + $x)", ["a"]),
        ('IIF([m] = "p",[b],[m])', ["m", "b", "m"]),
        ('IIF([m] = "z",[b],[m])', ["m", "m"]),
        ("IsPresent([a])", ["count a", "a"]),
        ("IsPresent([m])", ["count m"]),
        ("IsPresent([none])", ["count none"]),
        ("Count([m])", ["count m"]),
        ("IsPresent([dn])", ["dn"]),
        ("IIF(IsPresent([m]),[m],NULL)", ["m", "m"]),
        ('ValueCount("m")', ["count m"]),
        ('ImportedValue("m")', ["imported m"]),
    ],
)
def test_only_what_is_needed_is_read(text: str, asked: list[str]) -> None:
    attributes: dict[str, Scalar | Many] = {"a": 1, "b": 5, "c": 1, "m": ("p", "q"), "s": "p"}
    for observed in (False, True):
        world = World(**attributes)
        compiled(text, observed=observed).evaluate(world)
        # The plain variant keeps what it has read, but where something repeats.
        assert world.asked == (asked if observed or "$" in text else list(dict.fromkeys(asked)))


@pytest.mark.parametrize(
    ("text", "code", "piece"),
    [
        ('IIF(True, Error("x"), 1)', "sync-rule-error-function-triggered", 'Error("x")'),
        ('"a" & Left(5, 1) & "b"', "type-mismatch", "Left(5, 1)"),
        ("True && (1 = Item([m], 9))", "out-of-bounds", "Item([m], 9)"),
        ('Where($i, [m], Len($i) + "x" = 1)', "type-mismatch", 'Len($i) + "x"'),
        ("With($x, 1, $x / 0)", "division-by-zero", "$x / 0"),
        ("IIF(5, 1, 2)", "type-mismatch", "IIF(5, 1, 2)"),
        ("Switch(True, CNum([s]))", "invalid-conversion", "CNum([s])"),
        ("Trim(%No%)", "unknown-parameter", "%No%"),
        ("RandomNum(2, 1)", "out-of-bounds", "RandomNum(2, 1)"),
        ("1 + trim([a])", "unknown-function", "trim([a])"),
    ],
)
def test_an_error_says_where(text: str, code: str, piece: str) -> None:
    check_error(text, code, piece, World(m=("a",), s="x"))


def test_an_error_deep_in_a_long_expression_says_where() -> None:
    text = "(" * 150 + "CNum([s])" + " + 1)" * 150
    check_error(text, "invalid-conversion", "CNum([s])", World(s="x"))


def test_nodes_are_numbered_as_they_are_observed() -> None:
    expression = compiled('IIF(IsPresent([a]), Trim([a]) & "!", [b])', observed=True)
    world = World(a=" x ")
    assert expression.evaluate(world) == "x!"
    told = {expression.nodes[number].text: value for number, value in world.seen.items()}
    assert told == {
        'IIF(IsPresent([a]), Trim([a]) & "!", [b])': "x!",
        "IsPresent([a])": True,
        "[a]": " x ",
        'Trim([a]) & "!"': "x!",
        "Trim([a])": "x",
        '"!"': "!",
    }
    assert expression.nodes[4].span.start == 20


def test_variables_and_counting_keep_the_numbers_right() -> None:
    expression = compiled('IIF(Count([m]) > 1, Where($i, [n], $i = "a"), With($x, [b], $x & "c"))', observed=True)
    world = World(m=("1", "2"), n=("a", "b"))
    assert expression.evaluate(world) == ("a",)
    names = {number: expression.nodes[number].text for number in world.seen}
    assert names[0].startswith("IIF(")
    assert 'Where($i, [n], $i = "a")' in names.values()
    assert '$i = "a"' in names.values()
    assert world.seen[next(number for number, name in names.items() if name == "[n]")] == ("a", "b")


def test_gaps_never_leave_an_evaluation() -> None:
    world = World(p=("a", "b"))
    expression = compiled('IIF([p] = "a", NULL, [p])', observed=True)
    assert expression.evaluate(world) == ("b",)
    assert world.seen[0] == ("b",)
    assert type(world.seen[0]) is tuple


@pytest.mark.parametrize("observed", [False, True])
@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("(" * 200 + "1" + ")" * 200, 1),
        ("Trim(" * 200 + '"a"' + ")" * 200, "a"),
        ("IIF([a] = 1," * 199 + '"a"' + ',"b")' * 199, "b"),
        ("IIF(" * 199 + "[t]" + ",True,[t])" * 199, True),
        ("With($x,1," * 199 + "$x" + ")" * 199, 1),
        ('Where($x,Split("a",","),IsPresent(' * 99 + "$x" + "))" * 99, ("a",)),
        ("Switch(True," * 199 + "1" + ")" * 199, 1),
        ("-" * 200 + "5", 5),
        (" || ".join(["[x] = 1"] * 290), False),
        (" & ".join(['"a"'] * 290), "a" * 290),
        ("[a] = 2 && (" * 199 + "[t]" + ")" * 199, False),
        ("[a] || (" * 199 + "[t]" + ")" * 199, True),
    ],
)
def test_the_deepest_expressions_run(text: str, result: Result, observed: bool) -> None:
    world = World(t=True)
    if text.startswith("Where($x,Split"):
        # The innermost variable is bound by the Where around it.
        text = 'Where($x,Split("a",","),IsPresent(' + "Trim(" * 190 + "$x" + ")" * 190 + "))"
    assert compiled(text, observed=observed).evaluate(world) == result


def test_options() -> None:
    folding = ExpressionOptions(string_equality="case-insensitive")
    assert evaluate('"a" = "A"', options=folding) is True
    assert evaluate('"a" <> "A"', options=folding) is False
    assert evaluate('[x] & "a"', options=ExpressionOptions(null_concat="null")) is None
    assert evaluate("NULL = NULL", options=ExpressionOptions(null_equals_null=True)) is True
    assert evaluate("NULL <> NULL", options=ExpressionOptions(null_equals_null=True)) is False


def grown(text: str) -> Callable[[], Result]:
    return lambda: evaluate(text, World(a="x" * 5_000, b="x" * 9_000_000))


@pytest.mark.parametrize(
    "text",
    [
        'Replace([a],"x",Replace([a],"x","yy"))',
        'ReplaceChars([a],"x:" & [a])',
        "[b] & [b]",
        "ConvertToUTF8Hex([b])",
        "ConvertToBase64([b])",
        'PadLeft("a",10000001,"x")',
        'Join(Split([a],"x"),[a])',
        'Split([b],"x")',
    ],
)
def test_what_grows_too_large_is_an_error(text: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        grown(text)()
    assert caught.value.code == "limit-exceeded"


def test_references_compare_by_their_object_and_keep_their_name_to_themselves() -> None:
    world = World(r=Reference(7), m=(Reference(7), Reference(8)))
    assert evaluate("[m] = [r]", world) == (True, False)
    assert evaluate("RemoveDuplicates([m])", world) == (Reference(7), Reference(8))
    for text in ("CStr([r])", "DNComponent([r],1)", 'Contains([m],"CN=a")'):
        with pytest.raises(ExpressionError, match="type-mismatch"):
            evaluate(text, world)


def test_messages_name_the_function_the_argument_and_the_kind_but_not_the_value() -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate('Left([a],"secret")', World(a="x"))
    assert str(caught.value) == "Left takes a number as argument 2 (count), not text [type-mismatch]"


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=list(FUNCTIONS))
def test_the_table_is_complete(function: object) -> None:
    row = FUNCTIONS[str(getattr(function, "name", ""))]
    assert row.meaning.endswith(".")
    assert f"{row.name}(" in row.example
    tree = parse(row.example).tree
    assert tree is not None
    try:
        compile_expression(tree).evaluate(World())
    except ExpressionError as error:
        assert error.code in ("out-of-bounds", "sync-rule-error-function-triggered", "type-mismatch"), error
