"""Hostile expressions end: by a refusal of the text, or by a count of steps and sizes, never by a clock."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from attrflow.expr import ExpressionError, Many, Result, Scalar, compile_expression, parse
from attrflow.expr import limits as bounds


class Counting:
    """An object that counts how often it is asked; its attributes are as large as they come."""

    def __init__(self) -> None:
        self.asked = 0
        self.attributes: dict[str, Scalar | Many] = {
            "big": "x" * 2_000_000,
            "wide": "é😀" * 200_000,
            "many": tuple(f"value {number}" for number in range(50_000)),
            "n": 10_000_000,
            "s": "a",
        }

    def attribute(self, name: str) -> Scalar | Many | None:
        self.asked += 1
        return self.attributes.get(name)

    imported = attribute

    def count(self, name: str) -> int:
        self.asked += 1
        value = self.attributes.get(name)
        return len(value) if isinstance(value, tuple) else int(value is not None)

    def parameter(self, name: str) -> str | None:
        return name or None

    def now(self) -> datetime:
        return datetime(2024, 1, 1, tzinfo=UTC)

    def guid(self) -> str:
        return "g"

    def random(self, low: int, high: int) -> int:
        return min(low, high)

    def observe(self, node_id: int, value: object) -> None:
        pass


def evaluated(text: str, world: Counting, *, observed: bool = False) -> Result:
    tree = parse(text).tree
    assert tree is not None, parse(text).diagnostics
    return compile_expression(tree, observed=observed).evaluate(world)


def nested(binders: int, body: str) -> str:
    return "".join(f"Count(Select($v{n},[many]," for n in range(binders)) + f"Count({body})" + "))" * binders


DOUBLING = 'With($a,PadLeft("x",1000,"y"),' + "With($a,$a & $a," * 40 + "$a" + ")" * 41
HOSTILE = {
    "nested loops": nested(3, "[many]"),
    "loops in loops that keep little": "Select($a,[many],Count(Where($b,[many],$a = $b)))",
    "doubling": DOUBLING,
    "replacing what was replaced": 'With($a,Replace([big],"x","xxxx"),Replace($a,"x",$a))',
    "a pad of a thousand million": 'PadLeft("a",1000000000,"x")',
    "a pad for each of many": 'Select($v,[many],PadLeft($v,[n],"x"))',
    "many large texts": 'Select($v,[many],PadRight($v,4000,"x"))',
    "splitting each of many": 'Select($v,[many],Count(Split([big],"x")))',
    "looking through a large text for each of many": "Where($v,[many],InStr([big],$v) > 0)",
    "measuring a wide text for each of many": "Select($v,[many],Len([wide]))",
    "changing case for each of many": "Select($v,[many],Len(PCase([big])))",
    "joining each time": 'Select($v,[many],Join([many],"-"))',
    "duplicates for each of many": "Select($v,[many],Count(RemoveDuplicates([many])))",
    "long names for each of many": 'Select($v,[many],DNComponent(CRef("CN=" & [big]),1))',
    "formats for each of many": 'Select($v,[many],FormatDateTime(Now(),PadLeft("d",9999,"y")))',
    "hexadecimal of hexadecimal": "With($a,ConvertToUTF8Hex([big]),With($b,ConvertToUTF8Hex($a),ConvertToUTF8Hex($b)))",
    "steps over many, many times": " & ".join(['Join(Trim(LTrim(RTrim(LCase([many] & "x"))))," ")'] * 90),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=list(HOSTILE))
@pytest.mark.parametrize("observed", [False, True])
def test_a_hostile_expression_ends_within_its_steps(text: str, observed: bool) -> None:
    world = Counting()
    with pytest.raises(ExpressionError) as caught:
        evaluated(text, world, observed=observed)
    assert caught.value.code in ("limit-exceeded", "invalid-conversion")
    assert world.asked <= bounds.MAX_STEPS
    assert caught.value.span is not None


def test_honest_work_on_a_large_group_passes() -> None:
    world = Counting()
    world.attributes["many"] = tuple(f"cn={number}" for number in range(250_000))
    assert evaluated('Count(Where($v,[many],InStr(LCase($v),"cn=1") = 1))', world) == 111_111
    assert evaluated("Count(RemoveDuplicates(Trim([many])))", world) == 250_000


def test_every_evaluation_has_its_own_steps() -> None:
    world = Counting()
    expression = compile_expression(parse("Count(Select($v,[many],Trim($v)))").tree)  # type: ignore[arg-type]  # it parses
    assert [expression.evaluate(world) for _ in range(60)] == [50_000] * 60


def test_an_evaluation_within_another_does_not_spend_its_steps() -> None:
    inner = parse("Count(Select($v,[many],Trim($v)))").tree
    outer = parse("Count(Select($v,[few],Trim([s])))").tree
    assert inner is not None
    assert outer is not None
    within = compile_expression(inner)

    class Nested(Counting):
        def attribute(self, name: str) -> Scalar | Many | None:
            if name == "s":
                within.evaluate(Counting())
            return super().attribute(name)

    world = Nested()
    world.attributes["few"] = ("a",) * 60
    assert compile_expression(outer).evaluate(world) == 60


@pytest.mark.parametrize("text", ["(" * 5000, "Trim(" * 5000, "-" * 5000, "[a]&" * 5000 + "[a]", "IIF(" * 3000])
def test_deep_texts_are_refused_before_anything_is_compiled(text: str) -> None:
    assert parse(text).tree is None
