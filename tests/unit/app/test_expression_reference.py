"""The generated pages of the expression language are current."""

from __future__ import annotations

from pathlib import Path

from attrflow.app.expression_reference import REGENERATE, function_page, with_options
from attrflow.expr import FUNCTIONS, OPTIONS

DOCUMENTS = Path(__file__).parents[3] / "agent" / "docs"


def test_the_function_reference_is_current() -> None:
    page = (DOCUMENTS / "reference" / "functions.md").read_text(encoding="utf-8")
    assert page == function_page(), f"run `{REGENERATE}`"
    assert all(f"\n### {name}\n" in page for name in FUNCTIONS)


def test_the_table_of_options_is_current() -> None:
    page = (DOCUMENTS / "expressions.md").read_text(encoding="utf-8")
    assert page == with_options(page), f"run `{REGENERATE}`"
    assert all(f"| `{row.key}` |" in page for row in OPTIONS.values())
