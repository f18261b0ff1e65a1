"""Properties over generated expressions: printing loses nothing, nothing escapes, observing changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from attrflow.expr import (
    FUNCTIONS,
    OPTIONS,
    Compiled,
    Expression,
    ExpressionError,
    ExpressionOptions,
    Many,
    Scalar,
    check,
    compile_expression,
    parse,
    print_edited,
    print_expression,
    replaced,
)
from attrflow.expr.ast import Attribute, Binary, Call, Negate, Number, Parameter, Text, Variable, Word, walk
from attrflow.expr.parser import LEVELS
from attrflow.model.names import parse_dn
from attrflow.model.values import Reference

OBJECT: dict[str, Scalar | Many] = {
    "text": " Kari;Nordmann ",
    "empty": "",
    "digits": "12",
    "number": 5,
    "negative": -(2**63),
    "true": True,
    "binary": bytes(range(16)),
    "reference": parse_dn("CN=a,OU=b,DC=c"),
    "unresolved": Reference(3),
    "texts": ("SMTP:a@b", "smtp:c@d", "x😀"),
    "one": ("a",),
    "numbers": (1, 2, 3),
    "references": (parse_dn("CN=a"), parse_dn("CN=b,DC=c")),
    "none": (),
    "dn": "CN=Kari\\0ACNF:1,DC=contoso",
}


class Fixed:
    """One object with a value of each kind."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, object]] = []

    def attribute(self, name: str) -> Scalar | Many | None:
        return OBJECT.get(name)

    imported = attribute

    def count(self, name: str) -> int:
        value = OBJECT.get(name)
        return len(value) if isinstance(value, tuple) else int(value is not None)

    def parameter(self, name: str) -> str | None:
        return "contoso.test" if name == "Domain.FQDN" else None

    def now(self) -> datetime:
        return datetime(2024, 2, 29, tzinfo=UTC)

    def guid(self) -> str:
        return "01020304-0506-0708-090a-0b0c0d0e0f10"

    def random(self, low: int, high: int) -> int:
        return (low + high) // 2

    def observe(self, node_id: int, value: object) -> None:
        self.seen.append((node_id, value))


_INTEGERS = st.one_of(st.integers(-3, 20), st.integers(-(2**63), 2**63 - 1))
_WORDS = ["NULL", "True", "False", "CRLF", "IgnoreThisFlow", "AuthoritativeNull", "CaseInsensitive", "UTF8"]
_TEXTS = st.one_of(st.text(max_size=6), st.sampled_from(["d", "a:b", ";", "CN=a,DC=b", "yyyy-MM-dd", "2024-01-01"]))
LEAVES: st.SearchStrategy[Expression] = st.one_of(
    st.builds(Text, _TEXTS),
    st.builds(Number, _INTEGERS, st.booleans()),
    st.builds(Word, st.sampled_from(_WORDS)),
    st.builds(Attribute, st.sampled_from([*OBJECT, "absent"])),
    st.builds(Parameter, st.sampled_from(["Domain.FQDN", "No.Such"])),
    st.builds(Variable, st.just("v")),
)


def bound(name: str, values: Expression, body: Expression) -> Expression:
    return Call(name, (Variable("v"), values, body))


def called(name: str, arguments: list[Expression]) -> Expression:
    function = FUNCTIONS[name]
    most = function.maximum
    return Call(name, tuple(arguments[:most] if most is not None else arguments[: len(arguments) // 2 * 2]))


def larger(parts: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    return st.one_of(
        st.builds(Binary, st.sampled_from(sorted(LEVELS)), parts, parts),
        st.builds(Negate, parts),
        st.builds(bound, st.sampled_from(["With", "Where", "Select"]), parts, parts),
        st.builds(called, st.sampled_from(sorted(FUNCTIONS)), st.lists(parts, min_size=3, max_size=4)),
        st.builds(Call, st.sampled_from(["IIF", "Trim", "trim", "Nonsense"]), st.tuples(parts)),
    )


TREES = st.recursive(LEAVES, larger, max_leaves=12)


def outcome(compiled: Compiled, context: Fixed) -> object:
    """The value with its type, or the error with its place; anything else escapes and fails the test."""
    try:
        result = compiled.evaluate(context)
    except ExpressionError as error:
        assert error.span is not None
        return (error.code, error.message, error.span)
    if isinstance(result, tuple):
        assert type(result) is tuple
        assert None not in result
    return (type(result), result)


@settings(max_examples=150, deadline=None)
@given(TREES)
def test_printing_and_parsing_again_gives_the_same_tree(tree: Expression) -> None:
    assert parse(print_expression(tree)).tree == tree


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=40), st.text(alphabet='IF()[]"\\&H|=<>,$%ab1-+* \n', max_size=40)))
def test_any_text_is_parsed_or_refused_with_a_place(text: str) -> None:
    parsed = parse(text)
    assert (parsed.tree is None) == any(finding.severity == "error" for finding in parsed.diagnostics)
    assert all(
        finding.span is not None and 0 <= finding.span.start <= finding.span.end <= len(text)
        for finding in parsed.diagnostics
    )
    check(parsed, attributes=["a"], parameters=[])


@settings(max_examples=300, deadline=None)
@given(TREES)
def test_evaluation_raises_only_its_own_error_and_observing_changes_nothing(tree: Expression) -> None:
    plain, watched = Fixed(), Fixed()
    check(parse(print_expression(tree)))
    result = outcome(compile_expression(tree), plain)
    assert outcome(compile_expression(tree, observed=True), watched) == result
    assert plain.seen == []


CHOICES = st.builds(
    ExpressionOptions,
    **{row.field: st.sampled_from(row.choices) if row.choices else st.booleans() for row in OPTIONS.values()},
)


@settings(max_examples=200, deadline=None)
@given(TREES, CHOICES)
def test_under_any_options_nothing_escapes_and_printed_text_means_the_same(
    tree: Expression, options: ExpressionOptions
) -> None:
    parsed = parse(print_expression(tree), options)
    divides = any(isinstance(node, Binary) and node.operator == "/" for node in walk(tree))
    assert parsed.tree == (None if divides and options.division == "error" else tree)
    check(parsed, notes=True)
    result = outcome(compile_expression(tree, options=options), Fixed())
    assert outcome(compile_expression(tree, observed=True, options=options), Fixed()) == result


@settings(max_examples=150, deadline=None)
@given(TREES, st.sampled_from(["text", "number", "absent"]), LEAVES)
def test_an_edited_text_parses_to_the_edited_tree(tree: Expression, name: str, new: Expression) -> None:
    spaced = print_expression(tree).replace(", ", " ,\n  ").replace("(", "( ")
    parsed = parse(spaced)
    if parsed.tree is None:
        return
    edited = replaced(parsed.tree, lambda node: new if node == Attribute(name) else None)
    assert parse(print_edited(parsed, edited)).tree == edited


@settings(max_examples=150, deadline=None)
@given(TREES, st.integers(0, 400), st.sampled_from(list('()[],"&%$|!=;x')))
def test_one_wrong_character_is_told_and_nothing_escapes(tree: Expression, place: int, character: str) -> None:
    text = print_expression(tree)
    place %= len(text) + 1
    parsed = parse(text[:place] + character + text[place:])
    assert (parsed.tree is None) == any(finding.severity == "error" for finding in parsed.diagnostics)
    check(parsed, attributes=["text"], parameters=["Domain.FQDN"], notes=True)
