"""The table `[expression-options]`: how the expression language reads what no source decides.

The keys, their words and their defaults are the rows of `expr.OPTIONS`; nothing is listed here again.
"""

from __future__ import annotations

import textwrap
from typing import Any

from attrflow.app.settings_table import Table
from attrflow.expr import OPTIONS, ExpressionOptions

__all__ = ["expression_options_text", "read_expression_options"]


def read_expression_options(table: Table) -> ExpressionOptions:
    """The options of a settings file; what is left out keeps its default, what is wrong has been told."""
    table.only([row.key for row in OPTIONS.values()], "[expression-options]")
    given: dict[str, Any] = {}
    for row in OPTIONS.values():
        value = table.choice(row.key, row.choices) if row.choices else table.flag(row.key)
        if value is not None:
            given[row.field] = value
    return ExpressionOptions(**given)


def expression_options_text() -> str:
    """The table for a new project, every option commented out at its default.

    >>> expression_options_text().splitlines()[2]
    '[expression-options]'
    """
    lines = [
        "# How expressions are read where no source says; each line is the default. `attrflow expr check` tells",
        "# which of them an expression's result can rest on, and the page on expressions says why they are so.",
        "[expression-options]",
    ]
    for row in OPTIONS.values():
        value = str(row.default).lower() if isinstance(row.default, bool) else f'"{row.default}"'
        others = "true or false" if not row.choices else ", ".join(row.choices)
        lines += textwrap.wrap(f"{row.meaning}: {others}", 104, initial_indent="#   ", subsequent_indent="#   ")
        lines.append(f"# {row.key} = {value}")
    return "\n".join((*lines, ""))
