"""The checker: what is wrong or doubtful in an expression before it ever runs, and what it reads.

It knows the functions, and the attributes and parameters it is told of; it evaluates nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice

from attrflow.expr.ast import Attribute, Binary, Call, Expression, Negate, Parameter, Text, walk
from attrflow.expr.choices import choice_notes, choice_problems
from attrflow.expr.conditions import condition_problems
from attrflow.expr.kinds import kind_problems
from attrflow.expr.parser import Parsed
from attrflow.expr.resolve import closest, name_problems
from attrflow.expr.usage import DN, Usage, usage_of
from attrflow.model.diagnostics import Diagnostic, Severity, Span

__all__ = ["Checked", "check", "respelled"]

_MOST = 50
"""How many findings of a kind are told of one expression."""
_KEPT = 1024
"""For how many texts it is remembered what they say by themselves."""
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
    notes: bool = False,
) -> Checked:
    """Check a parsed expression; never raises.

    `attributes` and `parameters` are the known names; None leaves them unchecked. An attribute in the
    wrong case is an error as documented, unless `severity_wrong_case` says otherwise (DECISIONS 10).
    `notes` adds which options the result can rest on. A text that does not parse has its names checked
    as far as it could be read.

    >>> from attrflow.expr.parser import parse
    >>> [d.help for d in check(parse("isnullorempty([mail])")).diagnostics]
    ['did you mean IsNullOrEmpty? Names are case-sensitive']
    """
    tree = parsed.tree
    readable = tree if tree is not None else parsed.partial
    if readable is None:
        return Checked(parsed.diagnostics)
    findings = [*parsed.diagnostics, *islice(name_problems(readable), _MOST)]
    if attributes is not None:
        findings += islice(_attribute_problems(readable, attributes, severity_wrong_case), _MOST)
    if parameters is not None:
        findings += islice(_parameter_problems(readable, parameters), _MOST)
    if tree is None:
        # Where parts are missing, only what is wrong with a name is sure.
        told = [finding for finding in findings if finding.code != "wrong-argument-count"]
        return Checked(tuple(sorted(told, key=_start)))
    findings += _of_tree(parsed)
    if all(finding.severity != "error" for finding in findings):
        findings += _of_conditions(parsed)
    if notes:
        findings += choice_notes(tree, parsed.options)
    usage = _usage(parsed)
    return Checked(tuple(findings), usage.attributes, usage.counted, usage.imported, usage.parameters, usage.pure)


# What a text says by itself, without the names around it, is asked once for all rules that hold the text.


@lru_cache(maxsize=_KEPT)
def _of_tree(parsed: Parsed) -> tuple[Diagnostic, ...]:
    assert parsed.tree is not None, "asked of what could be parsed"
    kinds = islice(kind_problems(parsed.tree), _MOST)
    return (*kinds, *islice(choice_problems(parsed.tree, parsed.options), _MOST))


@lru_cache(maxsize=_KEPT)
def _of_conditions(parsed: Parsed) -> tuple[Diagnostic, ...]:
    assert parsed.tree is not None, "asked of what could be parsed"
    # A condition can be met on two ways down the tree.
    return tuple(dict.fromkeys(islice(condition_problems(parsed.tree, parsed.options), _MOST)))


@lru_cache(maxsize=_KEPT)
def _usage(parsed: Parsed) -> Usage:
    assert parsed.tree is not None, "asked of what could be parsed"
    return usage_of(parsed.tree)


def _start(diagnostic: Diagnostic) -> int:
    return diagnostic.span.start if diagnostic.span is not None else 0


def _attribute_problems(
    tree: Expression, known: Collection[str], severity_wrong_case: Severity
) -> Iterator[Diagnostic]:
    for name, span in _attribute_names(tree):
        if name in known or name == DN:
            continue
        meant = closest(name, [*known, DN])
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
    spelling = {name.casefold(): name for name in (*attributes, DN)}
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
