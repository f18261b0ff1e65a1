"""Editing an expression without losing its layout: what did not change keeps its text.

The language has no comments, so layout is white space, line breaks, the spelling of numbers and needless
parentheses. A rule editor changes a tree and prints it here: nodes taken over from the parsed text are
written as they stood there, between changed ones the text between them stays, and only new nodes are
printed anew. The result always parses to the tree that was given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from attrflow.expr.ast import Binary, Call, Expression, Negate, children, walk
from attrflow.expr.parser import Parsed, parse
from attrflow.expr.printer import print_expression

__all__ = ["print_edited", "replaced"]


def replaced(tree: Expression, change: Callable[[Expression], Expression | None]) -> Expression:
    """The tree with every node replaced for which `change` gives another; unchanged nodes stay the same.

    >>> from attrflow.expr.ast import Attribute
    >>> tree = parse("Trim([a]) & [b]").tree
    >>> print_expression(replaced(tree, lambda node: Attribute("c") if node == Attribute("a") else None))
    'Trim([c]) & [b]'
    """
    if (new := change(tree)) is not None:
        return new
    before = children(tree)
    after = tuple([replaced(part, change) for part in before])
    if all(old is new for old, new in zip(before, after, strict=True)):
        return tree
    if isinstance(tree, Call):
        return replace(tree, arguments=after)
    if isinstance(tree, Binary):
        return replace(tree, left=after[0], right=after[1])
    assert isinstance(tree, Negate), "only these three have parts"
    return replace(tree, operand=after[0])


def print_edited(parsed: Parsed, tree: Expression) -> str:
    """The text of a tree that came from a parsed one by editing, in its layout where nothing changed.

    >>> parsed = parse("IIF( [a]=1,\\n     [b],   [c] )")
    >>> from attrflow.expr.ast import Attribute
    >>> edited = replaced(parsed.tree, lambda node: Attribute("new") if node == Attribute("b") else None)
    >>> print(print_edited(parsed, edited))
    IIF( [a]=1,
         [new],   [c] )
    """
    if parsed.tree is None:
        return print_expression(tree)
    if tree == parsed.tree:
        return parsed.text
    known = {id(node) for node in walk(parsed.tree)}
    start, end = parsed.tree.span.start, parsed.tree.span.end
    text = parsed.text[:start] + _Editor(parsed.text, known).text(parsed.tree, tree) + parsed.text[end:]
    # Parentheses that a new neighbour needs are the printer's affair: where they were missed, it prints.
    again = parse(text, parsed.options)
    return text if again.tree == tree else print_expression(tree)


class _Editor:
    """Writes nodes against the text that they came from."""

    def __init__(self, text: str, known: set[int]) -> None:
        self._text = text
        self._known = known

    def _slice(self, node: Expression) -> str:
        return self._text[node.span.start : node.span.end]

    def text(self, old: Expression, new: Expression) -> str:
        """The new node, where the old one stood."""
        if old == new:
            return self._slice(old)
        if id(new) in self._known:
            return self._moved(new)
        before, after = children(old), children(new)
        if _same_shape(old, new) and len(before) == len(after):
            pieces, at = [], old.span.start
            for was, now in zip(before, after, strict=True):
                pieces += [self._text[at : was.span.start], self.text(was, now)]
                at = was.span.end
            return "".join([*pieces, self._text[at : old.span.end]])
        return self._printed(new)

    def _moved(self, node: Expression) -> str:
        text = self._slice(node)
        return f"({text})" if isinstance(node, Binary) and not node.enclosed else text

    def _printed(self, node: Expression) -> str:
        """A new node, with the text of those of its parts that are not new."""
        if id(node) in self._known:
            return self._moved(node)
        if isinstance(node, Call):
            return f"{node.name}({', '.join([self._argument(part) for part in node.arguments])})"
        if isinstance(node, Binary):
            return f"{self._operand(node.left)} {node.operator} {self._operand(node.right)}"
        return print_expression(node)

    def _argument(self, node: Expression) -> str:
        return self._slice(node) if id(node) in self._known else self._printed(node)

    def _operand(self, node: Expression) -> str:
        text = self._printed(node)
        return f"({text})" if isinstance(node, Binary) and id(node) not in self._known else text


def _same_shape(old: Expression, new: Expression) -> bool:
    if isinstance(old, Call) and isinstance(new, Call):
        return old.name == new.name
    if isinstance(old, Binary) and isinstance(new, Binary):
        return old.operator == new.operator
    return isinstance(old, Negate) and isinstance(new, Negate)
