"""Schemas as text."""

from __future__ import annotations

from attrflow.model.schema import Syntax
from attrflow.rules.schema_document import read_schema


def check(text: str, *expected: str) -> None:
    _, diagnostics = read_schema(text, "m.toml")
    assert [f"{d.span.line if d.span else 0} {d.code}" for d in diagnostics] == list(expected)


def test_singular_keys_hold_one_value_and_plural_keys_many() -> None:
    schema, diagnostics = read_schema('[a]\nbinaries = ["x"]\nreference = ["y"]\n[b]\n')
    assert not diagnostics
    x, y = schema.attribute("a", "X"), schema.attribute("a", "y")
    assert x is not None
    assert y is not None
    assert (x.name, x.syntax, x.multi) == ("x", Syntax.BINARY, True)
    assert (y.syntax, y.multi) == (Syntax.REFERENCE, False)
    assert list(schema.object_types) == ["a", "b"]


def test_faults_are_told_with_their_lines() -> None:
    check("[a\n", "1 toml-syntax")
    check("a = 1\n", "1 wrong-type")
    check('[a]\nstrings = ["x"]\ntext = ["y"]\n', "3 unknown-key")
    check("[a]\nstring = 'x'\n", "2 wrong-type")
    check("[a]\nstring = ['x',\n 'X']\n", "3 duplicate-attribute")
    check("[a]\nstring = ['x']\nstrings = ['x']\n", "3 duplicate-attribute")
