"""The parser: tokens to a tree, by precedence climbing. Never raises; knows no function by name.

Three levels, each left-associative (expressions.md §1, Grammar): `&&` and `||` share the lowest, the
comparisons the next, all arithmetic and `&` the highest, so that `2+3*4` is 20. That is the one reading
that fits both the documentation and the shipped rules.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from attrflow.expr.ast import (
    Attribute,
    Binary,
    Call,
    Expression,
    Negate,
    Number,
    Parameter,
    Text,
    Variable,
    Word,
    height,
)
from attrflow.expr.lexer import tokenize
from attrflow.expr.tokens import Token, TokenKind
from attrflow.model.diagnostics import Diagnostic, Span
from attrflow.model.values import INTEGER_MAX

__all__ = ["LEVELS", "MAX_DEPTH", "MAX_HEIGHT", "Parsed", "parse"]

MAX_DEPTH = 200
"""How deep parentheses, calls and minus signs may nest (DECISIONS 13)."""
MAX_HEIGHT = 300
"""How high the tree may become, which also bounds a chain of operators on one level."""

LEVELS: dict[str, int] = {
    **dict.fromkeys(("&&", "||"), 1),
    **dict.fromkeys(("=", "<>", "<", "<=", ">", ">="), 2),
    **dict.fromkeys(("+", "-", "*", "/", "&"), 3),
}


@dataclass(frozen=True, slots=True)
class Parsed:
    """A text, its tree (None when it has no valid one), and what was found wrong with it."""

    text: str
    tree: Expression | None
    diagnostics: tuple[Diagnostic, ...] = ()


def parse(text: str) -> Parsed:
    """Parse an expression; whatever is wrong is in the diagnostics.

    >>> parse("Trim([mail])").tree is not None
    True
    >>> [d.code for d in parse("Trim([mail]").diagnostics]
    ['syntax']
    """
    tokens, diagnostics = tokenize(text)
    if diagnostics:
        return Parsed(text, None, diagnostics)
    parser = _Parser(tokens)
    try:
        tree = parser.whole()
    except _Stop as stop:
        return Parsed(text, None, (stop.diagnostic,))
    if height(tree) > MAX_HEIGHT:
        return Parsed(text, None, (_too_deep(tree.span),))
    return Parsed(text, tree)


class _Stop(Exception):
    """Ends the parse at its first error; never leaves this module."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


def _too_deep(span: Span) -> Diagnostic:
    return Diagnostic(
        "too-deep",
        f"the expression nests deeper than {MAX_DEPTH} levels or chains more than {MAX_HEIGHT} operators",
        "error",
        span,
        None,
        "split it over several rules or attributes",
    )


@dataclass(slots=True)
class _Parser:
    """A walk over the tokens. Two Python frames a level, so that 200 levels fit any caller's stack."""

    tokens: tuple[Token, ...]
    position: int = 0
    depth: int = field(default=0)

    def whole(self) -> Expression:
        tree = self._expression(1)
        token = self.tokens[self.position]
        if token.kind is TokenKind.CLOSE:
            raise _syntax(token, "')' has no matching '('")
        if token.kind is not TokenKind.END:
            raise _syntax(token, f"an operator is expected before {token}")
        return tree

    def _expression(self, level: int) -> Expression:
        """The chain of operators of `level` or tighter that begins here."""
        pending: list[tuple[Expression, str]] = []
        left = self._operand()
        while True:
            token = self.tokens[self.position]
            tightness = LEVELS.get(token.text, 0) if token.kind is TokenKind.OPERATOR else 0
            while pending and LEVELS[pending[-1][1]] >= max(tightness, 1):
                first, operator = pending.pop()
                left = Binary(operator, first, left, _joined(first.span, left.span))
            if tightness < level:
                return left
            self.position += 1
            pending.append((left, token.text))
            left = self._operand()

    def _operand(self) -> Expression:
        token = self.tokens[self.position]
        self.position += 1
        if token.kind is TokenKind.NUMBER:
            return _number(token, token.span, 1)
        if token.kind is TokenKind.OPERATOR and token.text == "-":
            return self._negative(token)
        if token.kind is TokenKind.OPEN:
            self._enter(token)
            inner = self._expression(1)
            span = _joined(token.span, self._expect_close(token).span)
            if isinstance(inner, Binary):
                return replace(inner, span=span, enclosed=True)
            return replace(inner, span=span)
        if token.kind is TokenKind.NAME:
            if self.tokens[self.position].kind is TokenKind.OPEN:
                return self._call(token)
            return Word(token.text, token.span)
        if token.kind is TokenKind.TEXT:
            return Text(token.text, token.span)
        if token.kind is TokenKind.ATTRIBUTE:
            return Attribute(token.text, token.span)
        if token.kind is TokenKind.PARAMETER:
            return Parameter(token.text, token.span)
        if token.kind is TokenKind.VARIABLE:
            return Variable(token.text, token.span)
        raise _syntax(token, f"a value is expected, not {token}")

    def _negative(self, token: Token) -> Expression:
        signs = [token]
        while (following := self.tokens[self.position]).text == "-" and following.kind is TokenKind.OPERATOR:
            signs.append(following)
            self.position += 1
        for _ in signs:
            self._enter(token)
        if following.kind is TokenKind.NUMBER:
            self.position += 1
            last = signs.pop()
            operand: Expression = _number(following, _joined(last.span, following.span), -1)
            self.depth -= 1
        else:
            operand = self._operand()
        for sign in reversed(signs):
            operand = Negate(operand, _joined(sign.span, operand.span))
        self.depth -= len(signs)
        return operand

    def _call(self, name: Token) -> Expression:
        opening = self.tokens[self.position]
        self.position += 1
        self._enter(opening)
        arguments: list[Expression] = []
        if self.tokens[self.position].kind is not TokenKind.CLOSE:
            arguments.append(self._expression(1))
            while self.tokens[self.position].kind is TokenKind.COMMA:
                self.position += 1
                arguments.append(self._expression(1))
        closing = self._expect_close(opening)
        return Call(name.text, tuple(arguments), _joined(name.span, closing.span))

    def _enter(self, token: Token) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _Stop(_too_deep(token.span))

    def _expect_close(self, opening: Token) -> Token:
        token = self.tokens[self.position]
        if token.kind is not TokenKind.CLOSE:
            place = f"line {opening.span.line}, column {opening.span.column}"
            raise _syntax(token, f"')' for the '(' at {place} is expected before {token}")
        self.position += 1
        self.depth -= 1
        return token


def _number(token: Token, span: Span, sign: int) -> Number:
    # Python refuses to convert very long digit strings, so the length is looked at first.
    value = sign * int(token.text, 16 if token.hexadecimal else 10) if len(token.text) <= 30 else None
    if value is None or not -INTEGER_MAX - 1 <= value <= INTEGER_MAX:
        raise _Stop(Diagnostic("number-too-large", "a number has 64 bits with its sign", "error", span))
    return Number(value, token.hexadecimal, span)


def _syntax(token: Token, message: str) -> _Stop:
    return _Stop(Diagnostic("syntax", message, "error", token.span))


def _joined(first: Span, last: Span) -> Span:
    return Span(first.start, last.end, first.line, first.column)
