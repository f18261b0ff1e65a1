"""Expressions as text: values with their trees, findings with the place in the expression, functions, cases."""

from __future__ import annotations

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from attrflow.app.operations.expression_cases import CaseFailure, CasesDocument
from attrflow.app.operations.expression_trees import NodeRow, tree_lines
from attrflow.app.operations.expressions import CheckDocument, EvaluationDocument, FunctionDocument, FunctionsDocument
from attrflow.app.operations.failing import DiagnosticDocument
from attrflow.cli.console import listing
from attrflow.cli.diagnostics_text import diagnostic_text

__all__ = ["draw_cases", "draw_check", "draw_evaluation", "draw_function", "draw_functions"]


def _pairs() -> Table:
    """A table of names and values without lines or heading."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    return table


def draw_evaluation(console: Console, document: EvaluationDocument) -> None:
    """The value and its type, or the error with its place, and the tree where there is one."""
    if document.subject is not None:
        console.print(Text(f"for {document.subject}", "dim"), soft_wrap=True)
    if document.error is None:
        console.print(Text.assemble(document.shown or "", "  ", (f"({document.type})", "dim")), soft_wrap=True)
    else:
        _finding(console, document.expression, document.error)
    if document.nodes:
        console.print()
        _tree(console, document.nodes)
    for warning in document.warnings:
        _finding(console, document.expression, warning)


def _tree(console: Console, nodes: list[NodeRow]) -> None:
    for line in tree_lines(nodes):
        console.print(Text(f"  {line}"), soft_wrap=True)


def _finding(console: Console, expression: str, finding: DiagnosticDocument) -> None:
    """A finding under the line of the expression, with a mark where it is."""
    lines = expression.splitlines()
    if finding.line is not None and finding.column is not None and finding.line <= len(lines):
        line = lines[finding.line - 1]
        # A long line is cut around the place, so that the mark stands under it.
        start = max(0, finding.column - 50)
        console.print(Text(f"  {line[start : start + 100]}", "dim"), soft_wrap=True)
        console.print(Text(f"  {' ' * (finding.column - 1 - start)}^", "bold"), soft_wrap=True)
    console.print(diagnostic_text(finding), soft_wrap=True)


def draw_check(console: Console, document: CheckDocument) -> None:
    """The findings, then what the expression reads."""
    for finding in document.diagnostics:
        _finding(console, document.expression, finding)
    table = _pairs()
    for name, values in (
        ("reads", document.attributes),
        ("only their number", document.counted),
        ("as imported", document.imported),
        ("parameters", document.parameters),
    ):
        if values:
            table.add_row(name, ", ".join(values))
    if not document.pure:
        table.add_row("impure", "time or chance is in it: it is evaluated in every sync")
    if table.row_count:
        console.print(table)
    if document.ok:
        worst = any(finding.severity == "warning" for finding in document.diagnostics)
        console.print("The expression can be used." if not worst else "The expression can be used; see the warnings.")


def draw_functions(console: Console, document: FunctionsDocument) -> None:
    """All functions by family."""
    family = None
    table = listing("signature", "meaning")
    for function in document.functions:
        if function.family != family:
            if family is not None:
                table.add_section()
            family = function.family
            table.add_row(Text(family, "bold"), "")
        table.add_row(function.signature, function.meaning)
    console.print(table)
    console.print("`attrflow expr functions NAME` says more about one.")


def draw_function(console: Console, function: FunctionDocument) -> None:
    """All about one function."""
    console.print(Text(function.signature, "bold"), soft_wrap=True)
    console.print(Text(function.detail), soft_wrap=True)
    console.print(Text.assemble(("example: ", "cyan"), function.example), soft_wrap=True)
    table = _pairs()
    for rule in function.null:
        name, _, meaning = rule.partition(": ")
        table.add_row(f"NULL as {name}", meaning)
    table.add_row("several values", "applied to each" if function.lifted else "taken as a whole")
    if not function.pure:
        table.add_row("impure", "the same arguments can give another result")
    for option in function.options:
        table.add_row("option", option)
    console.print(table)


def draw_cases(console: Console, document: CasesDocument) -> None:
    """The failures with what was expected and what came, then the count."""
    for failure in document.failures:
        _failure(console, failure)
    style = "red" if document.failed else "green"
    console.print(Text(f"{document.passed} passed, {document.failed} failed", style), soft_wrap=True)


def _failure(console: Console, failure: CaseFailure) -> None:
    console.print(Text.assemble(("FAILED ", "bold red"), (failure.id, "bold"), f"  {failure.file}"), soft_wrap=True)
    table = _pairs()
    table.add_row("expression", failure.expression)
    table.add_row("expected", orjson.dumps(failure.expected).decode())
    table.add_row("got", orjson.dumps(failure.got).decode())
    console.print(table)
    if failure.tree:
        _tree(console, failure.tree)
    console.print()
