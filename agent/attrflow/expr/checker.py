"""The checker: what is wrong or doubtful in an expression before it ever runs, and what it reads.

It knows the functions, and the attributes and parameters it is told of; it evaluates nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from attrflow.expr.ast import Attribute, Binary, Call, Expression, Negate, Parameter, Text, walk
from attrflow.expr.kinds import kind_problems
from attrflow.expr.parser import LEVELS, Parsed
from attrflow.expr.printer import is_mixed, print_expression
from attrflow.expr.resolve import closest, name_problems
from attrflow.expr.usage import usage_of
from attrflow.model.diagnostics import Diagnostic, Severity, Span

__all__ = ["Checked", "check", "respelled"]

_PSEUDO = "dn"
_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Checked:
    """The findings, those of the parser first, and what the expression reads (see `usage.Usage`)."""

    diagnostics: tuple[Diagnostic, ...]
    attributes_read: frozenset[str] = _NONE
    counted: frozenset[str] = _NONE
    imported: frozenset[str] = _NONE
    parameters_read: frozenset[str] = _NONE
    pure: bool = True

    @property
    def ok(self) -> bool:
        """Whether there is no error among the findings."""
        return all(diagnostic.severity != "error" for diagnostic in self.diagnostics)


def check(
    parsed: Parsed,
    *,
    attributes: Collection[str] | None = None,
    parameters: Collection[str] | None = None,
    severity_wrong_case: Severity = "error",
) -> Checked:
    """Check a parsed expression; never raises.

    `attributes` and `parameters` are the known names; None leaves them unchecked. An attribute in the
    wrong case is an error as documented, unless `severity_wrong_case` says otherwise (DECISIONS 10).

    >>> from attrflow.expr.parser import parse
    >>> [d.help for d in check(parse("isnullorempty([mail])")).diagnostics]
    ['did you mean IsNullOrEmpty? Names are case-sensitive']
    """
    tree = parsed.tree
    if tree is None:
        return Checked(parsed.diagnostics)
    findings = [*parsed.diagnostics, *name_problems(tree)]
    if attributes is not None:
        findings += _attribute_problems(tree, attributes, severity_wrong_case)
    if parameters is not None:
        findings += _parameter_problems(tree, parameters)
    findings += kind_problems(tree)
    findings += _mixed_operators(tree)
    usage = usage_of(tree)
    return Checked(tuple(findings), usage.attributes, usage.counted, usage.imported, usage.parameters, usage.pure)


def _attribute_problems(
    tree: Expression, known: Collection[str], severity_wrong_case: Severity
) -> Iterator[Diagnostic]:
    for name, span in _attribute_names(tree):
        if name in known or name == _PSEUDO:
            continue
        meant = closest(name, [*known, _PSEUDO])
        if meant is not None and meant.casefold() == name.casefold():
            message = f"the attribute is written {meant}, not {name}"
            yield Diagnostic("wrong-case", message, severity_wrong_case, span, None, f"write {meant}")
        else:
            help_ = f"did you mean {meant}?" if meant else None
            yield Diagnostic("unknown-attribute", f"there is no attribute {name}", "error", span, None, help_)


def respelled(tree: Expression, attributes: Collection[str]) -> Expression:
    """The tree with attribute names in the spelling of `attributes` where only their case differs.

    For rules whose wrong case is let through with a warning (DECISIONS 10): the context knows exact
    names only. Spans stay those of the original text.

    >>> from attrflow.expr.parser import parse
    >>> from attrflow.expr.printer import print_expression
    >>> print_expression(respelled(parse('Trim([MAIL]) & ValueCount("Member")').tree, ["mail", "member"]))
    'Trim([mail]) & ValueCount("member")'
    """
    spelling = {name.casefold(): name for name in (*attributes, _PSEUDO)}
    exact = set(spelling.values())

    def spell(name: str) -> str:
        return name if name in exact else spelling.get(name.casefold(), name)

    def visit(node: Expression) -> Expression:
        if isinstance(node, Attribute):
            return replace(node, name=spell(node.name))
        if isinstance(node, Binary):
            return replace(node, left=visit(node.left), right=visit(node.right))
        if isinstance(node, Negate):
            return replace(node, operand=visit(node.operand))
        if isinstance(node, Call):
            parts = node.arguments
            if node.name in ("ImportedValue", "ValueCount"):
                return replace(
                    node, arguments=tuple(replace(p, value=spell(p.value)) if isinstance(p, Text) else p for p in parts)
                )
            return replace(node, arguments=tuple([visit(part) for part in parts]))
        return node

    return visit(tree)


def _attribute_names(tree: Expression) -> Iterator[tuple[str, Span]]:
    for node in walk(tree):
        if isinstance(node, Attribute):
            yield node.name, node.span
        elif isinstance(node, Call) and node.name in ("ImportedValue", "ValueCount"):
            for argument in node.arguments:
                if isinstance(argument, Text):
                    yield argument.value, argument.span


def _parameter_problems(tree: Expression, known: Collection[str]) -> Iterator[Diagnostic]:
    for node in walk(tree):
        if isinstance(node, Parameter) and node.name not in known:
            meant = closest(node.name, known)
            help_ = f"did you mean %{meant}%?" if meant else "add it to the connector's parameters"
            message = f"there is no parameter %{node.name}%"
            yield Diagnostic("unknown-parameter", message, "error", node.span, None, help_)


def _mixed_operators(tree: Expression) -> Iterator[Diagnostic]:
    """Operators of one level, without parentheses between them, that people read in another order."""
    for node in walk(tree):
        left = node.left if isinstance(node, Binary) else None
        if not isinstance(node, Binary) or not isinstance(left, Binary) or left.enclosed:
            continue
        if LEVELS[left.operator] != LEVELS[node.operator] or not is_mixed(left.operator, node.operator):
            continue
        yield Diagnostic(
            "mixed-operators",
            f"'{left.operator}' and '{node.operator}' have the same priority and run from left to right",
            "warning",
            node.span,
            None,
            f"write {print_expression(node)} if that is meant",
        )
