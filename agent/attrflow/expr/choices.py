"""What of an expression's result rests on an option that no source decides (`options`).

Where the text itself leaves the choice open, such as `NULL = NULL` or two texts that differ in case
only, it is a warning. Where it depends on the object, such as `[a] = "x"`, it is a note, given only to
whoever asks for notes: nearly every expression has some.
"""

from __future__ import annotations

from collections.abc import Iterator

from attrflow.expr.ast import Attribute, Binary, Call, Expression, Negate, Number, Parameter, Text, Word, walk
from attrflow.expr.functions import FUNCTIONS, Form
from attrflow.expr.options import OPTIONS, ExpressionOptions
from attrflow.expr.parser import LEVELS
from attrflow.expr.printer import is_mixed, print_expression
from attrflow.model.diagnostics import Diagnostic

__all__ = ["choice_notes", "choice_problems"]

_FLOW_WORDS = ("IgnoreThisFlow", "AuthoritativeNull")


def choice_problems(tree: Expression, options: ExpressionOptions) -> Iterator[Diagnostic]:
    """The warnings: what the text leaves to an option, whatever the object."""
    yield from _mixed_operators(tree, options)
    yield from _same_but_for_case(tree, options)
    for node in walk(tree):
        for option, what, help_ in _open_points(node):
            yield _problem(option, what, node, options, help_)
        for word in _nested_words(node):
            message = f"{word.name} stands in no branch of IIF, Switch or With"
            yield _problem("nested_flow_word", message, word, options, "put it in a branch")


def _problem(
    option: str, what: str, node: Expression, options: ExpressionOptions, help_: str | None = None
) -> Diagnostic:
    row = OPTIONS[option]
    value = getattr(options, option)
    now = str(value).lower() if isinstance(value, bool) else value
    message = f"{what}; no source says what it gives (option {row.key}, now {now})"
    return Diagnostic("depends-on-option", message, "warning", node.span, None, help_)


def _mixed_operators(tree: Expression, options: ExpressionOptions) -> Iterator[Diagnostic]:
    """Operators of one level, without parentheses between them, that people read in another order."""
    for node in walk(tree):
        if not isinstance(node, Binary):
            continue
        for part in (node.left, node.right):
            if not isinstance(part, Binary) or part.enclosed or LEVELS[part.operator] != LEVELS[node.operator]:
                continue
            logical = LEVELS[node.operator] == 1 and part.operator != node.operator
            if not logical and not (part is node.left and is_mixed(part.operator, node.operator)):
                continue
            rule = f" (option mixed-logic, now {options.mixed_logic})" if logical else ""
            order = "run from left to right" if options.mixed_logic == "left-to-right" or not logical else "mix"
            yield Diagnostic(
                "mixed-operators",
                f"'{part.operator}' and '{node.operator}' have the same priority and {order}{rule}",
                "warning",
                node.span,
                None,
                f"write {print_expression(node)} if that is meant",
            )


def _same_but_for_case(tree: Expression, options: ExpressionOptions) -> Iterator[Diagnostic]:
    """Texts compared with `=` that differ in case only: with each other, or by turns with one operand."""
    compared: dict[Expression, str] = {}
    for node in walk(tree):
        if not isinstance(node, Binary) or node.operator not in ("=", "<>") or not isinstance(node.right, Text):
            continue
        text = node.right.value
        other = node.left.value if isinstance(node.left, Text) else compared.get(node.left)
        if other is not None and other != text and other.casefold() == text.casefold():
            what = f'"{other}" and "{text}" differ in case only'
            yield _problem("string_equality", what, node, options, "LCase on both sides compares without case")
        elif isinstance(node.left, Call) and node.left.name in ("LCase", "UCase"):
            cased = text.lower() if node.left.name == "LCase" else text.upper()
            if cased != text:
                yield _problem("string_equality", f'{node.left.name} is compared with "{text}"', node, options)
        else:
            compared.setdefault(node.left, text)


def _open_points(node: Expression) -> Iterator[tuple[str, str, str | None]]:
    if isinstance(node, Binary):
        yield from _open_operators(node)
    elif isinstance(node, Negate) and node.operand == Word("NULL"):
        yield "null_arithmetic", "NULL is calculated with", None
    elif isinstance(node, Call) and node.name in FUNCTIONS:
        yield from _open_calls(node)


def _open_operators(node: Binary) -> Iterator[tuple[str, str, str | None]]:
    nulls = sum(isinstance(side, Word) and side.name == "NULL" for side in (node.left, node.right))
    if node.operator == "/":
        yield "division", "the documentation lists no division", None
    if nulls and node.operator in ("=", "<>"):
        help_ = "IsNull asks whether something is NULL"
        yield ("null_equals_null" if node.operator == "=" else "null_unequal"), "NULL is compared", help_
    elif nulls and node.operator == "&":
        yield "null_concat", "NULL is joined", None
    elif nulls and LEVELS[node.operator] == 3:
        yield "null_arithmetic", "NULL is calculated with", None


def _open_calls(node: Call) -> Iterator[tuple[str, str, str | None]]:
    given = node.arguments
    text = given[-1].value if given and isinstance(given[-1], Text) else None
    if node.name == "CBool" and text is not None:
        yield "cbool_text", "CBool of a text", None
    if node.name == "CBin":
        yield "byte_order", "CBin makes bytes", None
    if node.name == "Thumbprint":
        yield "thumbprint", "Thumbprint hashes", None
    if node.name == "IsBitSet" and len(given) == 2 and isinstance(given[1], Number):
        mask = given[1].value
        if mask & (mask - 1):
            yield "bit_mask", "the mask has several bits", "BitAnd([a], mask) = mask asks for all of them"
    if node.name == "Split" and len(given) > 1 and isinstance(given[1], Text) and len(given[1].value) > 1:
        yield "long_delimiter", "the delimiter has several characters", None
    if node.name in ("InStr", "InStrRev") and len(given) > 1 and given[1] == Text(""):
        yield "empty_match", "an empty text is looked for", None
    if node.name == "Replace" and len(given) == 3 and given[1] == Text(""):
        yield "replace_empty", "an empty text is replaced", None
    if node.name == "FormatDateTime" and text is not None and len(text) == 1:
        yield "single_letter_format", "the format is a single letter", None
    if node.name == "DateFromNum" and given == (Number(0),):
        yield "filetime_zero", "the number is 0", None


def _nested_words(node: Expression) -> Iterator[Word]:
    """Flow words among the parts of a node that are no branches."""
    parts: tuple[Expression, ...] = ()
    if isinstance(node, Binary):
        parts = (node.left, node.right)
    elif isinstance(node, Call) and node.name in FUNCTIONS:
        form = FUNCTIONS[node.name].form
        parts = node.arguments
        if form is Form.IIF:
            parts = parts[:1]
        elif form is Form.SWITCH:
            parts = parts[::2]
        elif form is Form.BINDER:
            parts = parts[1:2] if node.name == "With" else parts[1:]
    yield from (part for part in parts if isinstance(part, Word) and part.name in _FLOW_WORDS)


def choice_notes(tree: Expression, options: ExpressionOptions) -> Iterator[Diagnostic]:
    """For each option that the result can rest on for some object, a note at the first such place."""
    seen: set[str] = set()
    for node in walk(tree):
        for option in _touched(node):
            if option not in seen:
                seen.add(option)
                row, value = OPTIONS[option], getattr(options, option)
                now = str(value).lower() if isinstance(value, bool) else value
                message = f"for some objects the result rests on option {row.key} (now {now}): {row.meaning}"
                yield Diagnostic("option-note", message, "info", node.span, None, row.evidence)


def _touched(node: Expression) -> Iterator[str]:
    if isinstance(node, Binary):
        dynamic = [side for side in (node.left, node.right) if not isinstance(side, Text | Number | Word | Parameter)]
        if node.operator in ("=", "<>") and dynamic:
            sides = (node.left, node.right)
            if not any(isinstance(side, Number | Word) for side in sides):
                folds = not any(isinstance(s, Text) and s.value.lower() == s.value.upper() for s in sides)
                yield from ["string_equality"] * folds
            if len(dynamic) == 2 and node.operator == "=":
                yield "null_equals_null"
            if node.operator == "<>":
                yield "null_unequal"
        elif node.operator == "&" and any(isinstance(side, Attribute) for side in dynamic):
            yield "null_concat"
        elif node.operator in "+-*/" and dynamic:
            yield "null_arithmetic"
        elif node.operator in ("&&", "||") and _can_fail(node.right):
            yield "short_circuit"
    elif isinstance(node, Negate) and not isinstance(node.operand, Text | Number | Word | Parameter):
        yield "null_arithmetic"
    elif isinstance(node, Parameter):
        yield "unknown_parameter"
    elif isinstance(node, Call) and node.name in FUNCTIONS:
        yield from FUNCTIONS[node.name].options


def _can_fail(tree: Expression) -> bool:
    failing = ("Item", "Error", "CNum", "CDate", "CGuid", "CRef")
    return any(isinstance(node, Call) and node.name in failing for node in walk(tree))
