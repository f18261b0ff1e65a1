"""The generated pages of the expression language: its functions, and the options with their evidence.

`python -m attrflow.app.expression_reference FOLDER` writes the function reference and the table inside
the page on expressions, both below the documentation's folder; a test says when one is not current.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from attrflow.app.operations.expression_values import GivenObject, shown
from attrflow.app.operations.expressions import FunctionDocument, functions
from attrflow.expr import OPTIONS, ExpressionError, check, compile_expression, parse

__all__ = ["REGENERATE", "function_page", "with_options"]

REGENERATE = "python -m attrflow.app.expression_reference agent/docs"
_BEGIN, _END = "<!-- options: generated -->", "<!-- options: end -->"
_INTRODUCTION = f"""\
# Functions

<!-- Generated from the function table: do not edit. Write it anew with `{REGENERATE}`. -->

The functions of [the expression language](../expressions.md). A signature names the kinds of each parameter:
`str` text, `num` number, `bool`, `dt` date, `bin` binary, `ref` reference, `mv` several values, `var` anything,
`scalar` any single value; what stands in brackets may be left out. A function is applied to each of several values
unless its text says that it takes the attribute as a whole. `attrflow expr functions NAME` says the same.
"""


def function_page() -> str:
    """The function reference as Markdown."""
    rows = functions().functions
    parts = [_INTRODUCTION]
    for family in dict.fromkeys(row.family for row in rows):
        parts.append(f"## {family}\n")
        parts += ["\n".join(_section(row)) for row in rows if row.family == family]
    return "\n".join(parts)


def _section(row: FunctionDocument) -> Iterator[str]:
    yield f"### {row.name}\n"
    yield f"    {row.signature}\n"
    yield f"{_escaped(row.detail)}\n"
    notes = [] if row.lifted else ["It takes the attribute as a whole."]
    notes += [] if row.pure else ["The same arguments can give another result, so it is evaluated in every sync."]
    nulls = dict.fromkeys(note.partition(": ")[2] for note in row.null)
    if len(nulls) == 1:
        notes.append(f"With NULL, {next(iter(nulls))}.")
    elif nulls:
        notes.append("With NULL as " + "; as ".join(note.replace(": ", ", ", 1) for note in row.null) + ".")
    if row.options:
        notes.append("Options: " + ", ".join(f"`{option}`" for option in row.options) + ".")
    if notes:
        yield " ".join(notes) + "\n"
    yield f"Example: `{row.example}`{_result(row.example)}\n"


def _escaped(text: str) -> str:
    return re.sub(r"(?<!`)([<>*])(?!`)", r"\\\1", text)


def _result(example: str) -> str:
    """What the example gives, where it needs no object and no chance."""
    tree = parse(example).tree
    assert tree is not None, example
    checked = check(parse(example))
    if checked.attributes_read or checked.parameters_read or not checked.pure:
        return ""
    try:
        return f" gives `{shown(compile_expression(tree).evaluate(GivenObject()))}`"
    except ExpressionError as error:
        return f" fails: {error.code}"


def with_options(page: str) -> str:
    """The page on expressions with its table of options written anew."""
    table = ["| option | default | or | decides | why this default |", "|---|---|---|---|---|"]
    for row in OPTIONS.values():
        default = str(row.default).lower() if isinstance(row.default, bool) else row.default
        choices = row.choices or ("true", "false")
        others = ", ".join(f"`{choice}`" for choice in choices if choice != default)
        cells = (f"`{row.key}`", f"`{default}`", others, row.meaning, row.evidence)
        table.append("| " + " | ".join(cell.replace("||", "\\|\\|") for cell in cells) + " |")
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return "\n".join((f"{before}{_BEGIN}\n", *table, f"\n{_END}{after}"))


def _write(folder: Path) -> None:
    reference = folder / "reference" / "functions.md"
    reference.write_text(function_page(), encoding="utf-8")
    guide = folder / "expressions.md"
    guide.write_text(with_options(guide.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    _write(Path(sys.argv[1]))
