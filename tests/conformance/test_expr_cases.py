"""The conformance cases of the expression language: each is replayed plain, observed and as printed.

A case says what an expression gives for one object, on what basis that is known, and from where. The
files stand beside this module in `expr/`: one for each function, one for each topic of the grammar, and
a few that go across. An attribute that a case does not list is absent.
"""

from __future__ import annotations

import base64
import json
import re
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from attrflow.expr import (
    FUNCTIONS,
    OPTIONS,
    ExpressionError,
    ExpressionOptions,
    FlowWord,
    Many,
    Result,
    Scalar,
    compile_expression,
    parse,
    print_expression,
)
from attrflow.expr import check as checked
from attrflow.model.names import DistinguishedName, parse_dn

FOLDER = Path(__file__).parent / "expr"
GRAMMAR = FOLDER / "grammar"
BASES = {"documented", "observed", "inferred", "assumed"}
WORDS = {"NULL": None, **{word.value: word for word in FlowWord}}
INPUT = ("expression", "attributes", "imported", "parameters", "options")
NOW = datetime(2024, 2, 29, 13, 5, 9, tzinfo=UTC)
IN_RULES = frozenset(
    (FOLDER / "in-rules.txt").read_text(encoding="utf-8").split(),
)
"""The functions of the default rules, then those that people use in rules of their own."""


def load() -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = []
    for path in sorted(FOLDER.rglob("*.toml")):
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        cases.extend(resolved(case, document.get("shared", {})) for case in document["case"])
    return cases


def resolved(data: Any, shared: dict[str, Any]) -> Any:
    """The case with `{ shared = "name" }` replaced by what the file's `[shared]` table says."""
    if isinstance(data, list):
        return [resolved(item, shared) for item in data]
    if isinstance(data, dict):
        if set(data) == {"shared"}:
            return shared[data["shared"]]
        return {key: resolved(value, shared) for key, value in data.items()}
    return data


CASES = load()


def decoded(data: object) -> Scalar | Many:
    if isinstance(data, list):
        items = tuple(decoded(item) for item in data)
        assert not any(isinstance(item, tuple) for item in items)
        return items  # type: ignore[return-value]  # the line above says that no item is a tuple
    if isinstance(data, dict):
        ((kind, text),) = data.items()
        if kind == "base64":
            return base64.b64decode(text, validate=True)
        if kind == "datetime":
            return datetime.fromisoformat(text)
        assert kind == "ref", f"a case has an unknown kind of value: {kind}"
        return parse_dn(text)
    assert isinstance(data, str | int | bool), f"a case has an unknown value: {data!r}"
    return data


@dataclass
class CaseContext:
    """The object of one case."""

    attributes: dict[str, Scalar | Many]
    imports: dict[str, Scalar | Many]
    parameters: dict[str, str]
    seen: list[tuple[int, object]] = field(default_factory=list)

    def attribute(self, name: str) -> Scalar | Many | None:
        return self.attributes.get(name)

    def imported(self, name: str) -> Scalar | Many | None:
        return self.imports.get(name)

    def count(self, name: str) -> int:
        value = self.attributes.get(name)
        return len(value) if isinstance(value, tuple) else int(value is not None)

    def parameter(self, name: str) -> str | None:
        return self.parameters.get(name)

    def now(self) -> datetime:
        return NOW

    def guid(self) -> str:
        return "6f1b0b3e-7a52-4c7e-9a55-0d5a0f3c2b11"

    def random(self, low: int, high: int) -> int:
        return (low + high) // 2

    def observe(self, node_id: int, value: object) -> None:
        self.seen.append((node_id, value))


def context_of(case: dict[str, Any]) -> CaseContext:
    return CaseContext(
        {name: decoded(value) for name, value in case["attributes"].items()},
        {name: decoded(value) for name, value in case.get("imported", {}).items()},
        case.get("parameters", {}),
    )


def options_of(case: dict[str, Any]) -> ExpressionOptions:
    return ExpressionOptions(**{key.replace("-", "_"): value for key, value in case.get("options", {}).items()})


def evaluated(case: dict[str, Any], text: str, *, observed: bool) -> Result | str:
    """The value, or the code of the error after `error:`."""
    options = options_of(case)
    parsed = parse(text, options)
    if parsed.tree is None:
        return "error:syntax"
    compiled = compile_expression(parsed.tree, observed=observed, options=options)
    context = context_of(case)
    try:
        result = compiled.evaluate(context)
    except ExpressionError as error:
        assert error.span is not None, "an error says where it happened"
        return f"error:{error.code}"
    if observed:
        # The last thing told is the root, with the result; every node told of exists.
        assert context.seen[-1] == (0, result)
        assert {number for number, _ in context.seen} <= set(compiled.nodes)
    return result


def same(actual: object, expected: object) -> bool:
    if isinstance(actual, tuple) and isinstance(expected, tuple):
        return len(actual) == len(expected) and all(map(same, actual, expected))
    if isinstance(actual, DistinguishedName) and isinstance(expected, DistinguishedName):
        return actual.key == expected.key
    return type(actual) is type(expected) and actual == expected


def check(case: dict[str, Any], actual: Result | str) -> None:
    expect = case["expect"]
    if isinstance(expect, dict) and "error" in expect:
        assert isinstance(actual, str), case
        assert actual.startswith("error:"), case
        assert expect["error"] in (True, actual.removeprefix("error:")), (case, actual)
        return
    expected = WORDS[expect] if isinstance(expect, str) and expect in WORDS else decoded(expect)
    assert same(actual, expected), (case, actual)


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_case(case: dict[str, Any]) -> None:
    text = case["expression"]
    check(case, evaluated(case, text, observed=False))
    check(case, evaluated(case, text, observed=True))
    if not (isinstance(case["expect"], dict) and "error" in case["expect"]):
        assert checked(parse(text, options_of(case))).ok, "the checker refuses nothing that works"
    tree = parse(text, options_of(case)).tree
    if tree is not None:
        printed = print_expression(tree)
        assert parse(printed, options_of(case)).tree == tree
        check(case, evaluated(case, printed, observed=False))


def test_cases_are_well_formed() -> None:
    assert [name for name, number in Counter(case["id"] for case in CASES).items() if number > 1] == []
    assert [case["id"] for case in CASES if case["basis"] not in BASES or not case["source"]] == []


def test_the_id_of_a_grammar_case_is_its_topic_and_what_it_decides() -> None:
    topics = {path.stem: tomllib.loads(path.read_text(encoding="utf-8"))["case"] for path in GRAMMAR.glob("*.toml")}
    assert len(topics) >= 10, "one file for each topic of the grammar"
    said = re.compile(r"[a-z]+(-[a-z]+)*")
    wrong = [
        case["id"]
        for topic, cases in topics.items()
        for case in cases
        if not case["id"].startswith(f"{topic}-") or not said.fullmatch(case["id"])
    ]
    assert wrong == []


def needed(name: str) -> int:
    """How many cases a function's own file must have."""
    if name == "IsCert" or name.startswith("Cert"):
        return 2
    return 6 if name in IN_RULES else 3


def test_every_function_has_a_file_with_enough_cases_of_its_own() -> None:
    counted: dict[str, int] = {}
    for path in (FOLDER / "functions").glob("*.toml"):
        cases = tomllib.loads(path.read_text(encoding="utf-8"))["case"]
        counted[path.stem] = sum(path.stem.casefold() in case["expression"].casefold() for case in cases)
    assert sorted(counted) == sorted(FUNCTIONS)
    assert {name: (counted[name], needed(name)) for name in FUNCTIONS if counted[name] < needed(name)} == {}
    assert set(FUNCTIONS) >= IN_RULES


def test_no_case_repeats_another() -> None:
    said = Counter(json.dumps([case.get(key) for key in INPUT], default=str, sort_keys=True) for case in CASES)
    assert [text for text, number in said.items() if number > 1] == []


def test_every_option_has_a_case_away_from_its_default() -> None:
    used = {
        key
        for case in CASES
        for key, value in case.get("options", {}).items()
        if value != getattr(ExpressionOptions(), key.replace("-", "_"))
    }
    assert sorted(used) == sorted(row.key for row in OPTIONS.values())
