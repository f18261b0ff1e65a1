"""Case files of the expression language: read (TOML or JSON), run, and what failed told.

A case is an expression, one object, and what the expression must give. TOML files hold `[[case]]` tables,
and `[shared]` values that a case names by `{ shared = "name" }`; JSON files are a list of the same.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from attrflow.app.operations.expression_trees import NodeRow, explained
from attrflow.app.operations.expression_values import GivenObject, decoded, encoded
from attrflow.app.shapes import shape
from attrflow.expr import (
    DEFAULT_OPTIONS,
    OPTIONS,
    ExpressionError,
    ExpressionOptions,
    FlowWord,
    Many,
    Result,
    Scalar,
    compile_expression,
    parse,
)
from attrflow.model.errors import SettingsError
from attrflow.model.names import DistinguishedName

__all__ = ["Case", "CaseFailure", "CasesDocument", "read_cases", "run_cases"]

_WORDS: Mapping[str, FlowWord | None] = {"NULL": None, **{word.value: word for word in FlowWord}}
_NOW = datetime(2024, 2, 29, 13, 5, 9, tzinfo=UTC)
"""The moment at which cases stand: the last day of a leap year's February."""
_KEYS = {"id", "expression", "attributes", "expect", "source", "basis", "parameters", "imported", "options"}


@dataclass(frozen=True, slots=True)
class Case:
    """One case of a file. `expect` is as the file writes it; `options` differ from the project's."""

    id: str
    expression: str
    expect: object
    attributes: Mapping[str, Scalar | Many] = field(default_factory=dict)
    imported: Mapping[str, Scalar | Many] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    options: ExpressionOptions = DEFAULT_OPTIONS
    source: str = ""
    basis: str = ""

    @property
    def failure_code(self) -> str | None:
        """The code of the error that is expected, `any` for whichever, None where a value is."""
        if isinstance(self.expect, dict) and "error" in self.expect:
            return "any" if self.expect["error"] is True else str(self.expect["error"])
        return None

    @property
    def value(self) -> Result:
        """The value that is expected."""
        if isinstance(self.expect, str) and self.expect in _WORDS:
            return _WORDS[self.expect]
        return decoded(self.expect)


@dataclass(frozen=True, slots=True)
class CaseFailure:
    """A case that gave something else."""

    file: str
    id: str
    expression: str
    expected: Any
    got: Any
    tree: list[NodeRow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CasesDocument:
    """The outcome of case files."""

    passed: int
    failed: int
    failures: list[CaseFailure] = field(default_factory=list)


shape("expression-cases", CasesDocument)


def read_cases(path: Path, options: ExpressionOptions = DEFAULT_OPTIONS) -> list[Case]:
    """The cases of a file.

    Raises:
        SettingsError: the file cannot be read, or a case in it is none; the message says which.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        document: Any = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise SettingsError(f"{path} is no file of cases: {error}") from error
    shared: dict[str, object] = {}
    if isinstance(document, dict):
        shared = document.get("shared", {})
        document = document.get("case")
    if not isinstance(document, list) or not all(isinstance(case, dict) for case in document):
        raise SettingsError(f"{path} is no file of cases", help="a JSON list of cases, or TOML [[case]] tables")
    return [_case(path, number, _resolved(case, shared), options) for number, case in enumerate(document, start=1)]


def _resolved(data: Any, shared: Mapping[str, object]) -> Any:
    """The data with `{ shared = "name" }` replaced."""
    if isinstance(data, list):
        return [_resolved(item, shared) for item in data]
    if isinstance(data, dict):
        if set(data) == {"shared"} and data["shared"] in shared:
            return shared[data["shared"]]
        return {key: _resolved(value, shared) for key, value in data.items()}
    return data


def _case(path: Path, number: int, data: dict[str, Any], options: ExpressionOptions) -> Case:
    name = data.get("id", f"case {number}")
    where = f"{path}, {name}"
    missing = [key for key in ("expression", "expect") if key not in data]
    unknown = sorted(set(data) - _KEYS)
    if missing or unknown:
        what = f"it has no {missing[0]!r}" if missing else f"{unknown[0]!r} is no key of a case"
        raise SettingsError(f"{where}: {what}", help=f"the keys are {', '.join(sorted(_KEYS))}")
    try:
        case = Case(
            str(name),
            str(data["expression"]),
            data["expect"],
            {key: decoded(value) for key, value in data.get("attributes", {}).items()},
            {key: decoded(value) for key, value in data.get("imported", {}).items()},
            {str(key): str(value) for key, value in data.get("parameters", {}).items()},
            _options(data.get("options"), options),
            str(data.get("source", "")),
            str(data.get("basis", "")),
        )
        if case.failure_code is None:
            _ = case.value
    except (ValueError, AttributeError) as error:
        raise SettingsError(f"{where}: {error}") from error
    return case


def _options(given: object, options: ExpressionOptions) -> ExpressionOptions:
    if given is None:
        return options
    if not isinstance(given, dict):
        raise ValueError("'options' must be a table of expression options")
    keys = {row.key: row for row in OPTIONS.values()}
    chosen: dict[str, Any] = {}
    for key, value in given.items():
        row = keys.get(key)
        if row is None:
            raise ValueError(f"{key!r} is no expression option")
        if not (value in row.choices if row.choices else isinstance(value, bool)):
            raise ValueError(f"{key!r} must be one of {', '.join(row.choices) or 'true, false'}")
        chosen[row.field] = value
    return ExpressionOptions(**chosen)


def run_cases(cases: Sequence[tuple[str, Case]]) -> CasesDocument:
    """Run cases, each with the name of its file."""
    failures = [failure for file, case in cases if (failure := _failure(file, case)) is not None]
    return CasesDocument(len(cases) - len(failures), len(failures), failures)


def _failure(file: str, case: Case) -> CaseFailure | None:
    """What a case gave instead, or None where it gave what it must."""
    expected = case.expect
    parsed = parse(case.expression, case.options)
    if parsed.tree is None:
        code = parsed.diagnostics[0].code if parsed.diagnostics else "syntax"
        if case.failure_code in ("any", "syntax", code):
            return None
        told = [str(diagnostic) for diagnostic in parsed.diagnostics]
        return CaseFailure(file, case.id, case.expression, expected, {"error": "syntax", "diagnostics": told})
    compiled = compile_expression(parsed.tree, observed=True, options=case.options)
    given = GivenObject(case.attributes, case.parameters, case.imported, at=_NOW)
    try:
        got: Result = compiled.evaluate(given)
    except ExpressionError as error:
        if case.failure_code in ("any", error.code):
            return None
        answer = {"error": error.code, "message": error.message}
        return CaseFailure(file, case.id, case.expression, expected, answer, explained(compiled, given.seen, error))
    if case.failure_code is None and _same(got, case.value):
        return None
    return CaseFailure(file, case.id, case.expression, expected, encoded(got), explained(compiled, given.seen))


def _same(got: object, expected: object) -> bool:
    if isinstance(got, tuple) and isinstance(expected, tuple):
        return len(got) == len(expected) and all(map(_same, got, expected))
    if isinstance(got, DistinguishedName) and isinstance(expected, DistinguishedName):
        return got.key == expected.key
    return type(got) is type(expected) and got == expected
