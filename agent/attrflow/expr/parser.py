"""The parser: tokens to a tree, by precedence climbing. Never raises; knows no function by name.

Three levels, each left-associative (expressions.md §1, Grammar): `&&` and `||` share the lowest (option
`mixed_logic`), the comparisons the next, all arithmetic and `&` the highest, so that `2+3*4` is 20. That
is the one reading that fits both the documentation and the shipped rules.

After an error it goes on where the next operand, comma or parenthesis lets it, so that one pass tells
every error; what could be read is kept with holes in `Parsed.partial`, for whoever checks names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from attrflow.expr.ast import (
    Attribute,
    Binary,
    Call,
    Expression,
    Hole,
    Negate,
    Number,
    Parameter,
    Text,
    Variable,
    Word,
    height,
    walk,
)
from attrflow.expr.lexer import MAX_DIAGNOSTICS, Tokens, tokenize
from attrflow.expr.options import DEFAULT_OPTIONS, ExpressionOptions
from attrflow.expr.slips import WORD_OPERATORS
from attrflow.expr.tokens import Token, TokenKind
from attrflow.model.diagnostics import Diagnostic, Span
from attrflow.model.values import INTEGER_MAX

__all__ = ["LEVELS", "MAX_DEPTH", "MAX_HEIGHT", "MAX_LENGTH", "MAX_NODES", "Parsed", "parse"]

MAX_LENGTH = 100_000
"""The longest text (characters); the longest known rule has 2,000."""
_LONG = 4_000
"""Longer texts are parsed each time, so that what is kept stays small."""
MAX_NODES = 5_000
"""The most parts an expression may have, which bounds the work of an evaluation without repetition."""
MAX_DEPTH = 200
"""How deep parentheses, calls and minus signs may nest (DECISIONS 13)."""
MAX_HEIGHT = 300
"""How high the tree may become, which also bounds a chain of operators on one level."""

LEVELS: dict[str, int] = {
    **dict.fromkeys(("&&", "||"), 1),
    **dict.fromkeys(("=", "<>", "<", "<=", ">", ">="), 2),
    **dict.fromkeys(("+", "-", "*", "/", "&"), 3),
}
_TIGHTNESS: dict[str, dict[str, int]] = {
    "left-to-right": {operator: 2 * level for operator, level in LEVELS.items()},
    "and-first": {operator: 2 * level + (operator == "&&") for operator, level in LEVELS.items()},
}
_ENDS = (TokenKind.CLOSE, TokenKind.COMMA, TokenKind.END)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A text, its tree (None when it has no valid one), and what was found wrong with it.

    `partial`, where there is no tree, is what could be read, with `Hole` for the rest. All of it follows from
    the text and the options, so these alone are compared.
    """

    text: str
    tree: Expression | None = field(compare=False)
    diagnostics: tuple[Diagnostic, ...] = field(default=(), compare=False)
    partial: Expression | None = field(default=None, compare=False)
    options: ExpressionOptions = DEFAULT_OPTIONS


def parse(text: str, options: ExpressionOptions = DEFAULT_OPTIONS) -> Parsed:
    """Parse an expression; whatever is wrong is in the diagnostics, in the order of the text.

    The rules of two forests, and of a user and an inetOrgPerson, hold the same texts, and each text is read
    by the checker, the compiler and whoever asks what it uses: what was parsed lately is not parsed again.

    >>> parse("Trim([mail])").tree is not None
    True
    >>> [d.code for d in parse("Trim([mail) & [cn").diagnostics]
    ['unterminated-name', 'unterminated-name']
    """
    return _parsed(text, options) if len(text) <= _LONG else _read(text, options)


@lru_cache(maxsize=1024)
def _parsed(text: str, options: ExpressionOptions) -> Parsed:
    return _read(text, options)


def _read(text: str, options: ExpressionOptions) -> Parsed:
    if len(text) > MAX_LENGTH:
        message = f"the expression has {len(text):,} characters, {MAX_LENGTH:,} are the most"
        return Parsed(text, None, (_too_large("too-long", message, Span(0, len(text), 1, 1)),), None, options)
    lexed = tokenize(text, options)
    parser = _Parser(lexed, options)
    tree: Expression | None = None
    try:
        tree = parser.whole()
        if height(tree) > MAX_HEIGHT:
            parser.diagnostics.append(_too_deep(tree.span))
        elif (size := sum(1 for _ in walk(tree))) > MAX_NODES:
            message = f"the expression has {size:,} parts, {MAX_NODES:,} are the most"
            parser.diagnostics.append(_too_large("too-long", message, tree.span))
    except _Stop as stop:
        if stop.diagnostic is not None:
            parser.diagnostics.append(stop.diagnostic)
    told = tuple(sorted((*lexed.diagnostics, *parser.diagnostics), key=_start))
    if any(diagnostic.severity == "error" for diagnostic in told):
        too_large = any(diagnostic.code in ("too-deep", "too-long") for diagnostic in told)
        return Parsed(text, None, told, None if too_large else tree, options)
    return Parsed(text, tree, told, None, options)


def _start(diagnostic: Diagnostic) -> int:
    return diagnostic.span.start if diagnostic.span is not None else 0


class _Stop(Exception):
    """Ends the parse where going on makes no sense; never leaves this module."""

    def __init__(self, diagnostic: Diagnostic | None = None) -> None:
        super().__init__("stop")
        self.diagnostic = diagnostic


def _too_large(code: str, message: str, span: Span) -> Diagnostic:
    return Diagnostic(code, message, "error", span, None, "split it over several rules or attributes")


def _too_deep(span: Span) -> Diagnostic:
    message = f"the expression nests deeper than {MAX_DEPTH} levels or chains more than {MAX_HEIGHT} operators"
    return _too_large("too-deep", message, span)


@dataclass(slots=True)
class _Parser:
    """A walk over the tokens. Two Python frames a level, so that 200 levels fit any caller's stack."""

    lexed: Tokens
    options: ExpressionOptions
    position: int = 0
    depth: int = field(default=0)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    told: set[int] = field(default_factory=set)
    tightness: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tightness = _TIGHTNESS[self.options.mixed_logic]

    @property
    def token(self) -> Token:
        return self.lexed.tokens[self.position]

    def tell(self, message: str, help_: str | None = None) -> None:
        """Tell an error at the present token: once, and not where it follows from one that the lexer told."""
        if self.position in self.told or self.position in self.lexed.damaged:
            return
        if len(self.diagnostics) >= MAX_DIAGNOSTICS:
            raise _Stop
        self.told.add(self.position)
        self.diagnostics.append(Diagnostic("syntax", message, "error", self.token.span, None, help_))

    def whole(self) -> Expression:
        parts = [self._expression(1)]
        while self.token.kind is not TokenKind.END:
            closes = self.token.kind is TokenKind.CLOSE
            self.tell("')' has no matching '('" if closes else "a comma stands only between the arguments of a call")
            self.position += 1
            if not closes:
                parts.append(self._expression(1))
            elif self.token.kind not in _ENDS:
                parts[-1] = self._chain(parts[-1], 1)
        return parts[0] if len(parts) == 1 else Hole(tuple(parts), parts[0].span)

    def _expression(self, level: int) -> Expression:
        """The chain of operators of `level` or tighter that begins here."""
        return self._chain(self._operand(), level)

    def _chain(self, left: Expression, level: int) -> Expression:
        pending: list[tuple[Expression, str]] = []
        while True:
            operator = self._operator()
            tightness = self.tightness.get(operator, 0)
            while pending and self.tightness[pending[-1][1]] >= max(tightness, 1):
                first, before = pending.pop()
                left = Binary(before, first, left, _joined(first.span, left.span))
            if tightness < level:
                return left
            pending.append((left, operator))
            left = self._operand()

    def _operator(self) -> str:
        """The operator that stands here, behind it; empty at the end of the chain."""
        token = self.token
        if token.kind in _ENDS:
            return ""
        if token.kind is TokenKind.OPERATOR:
            if token.text == "/" and self.options.division == "error":
                self.tell("the language has no division (option division)")
            self.position += 1
            return token.text
        meant = WORD_OPERATORS.get(token.text.lower()) if token.kind is TokenKind.NAME else None
        if meant is not None:
            self.tell(f"{token} is no operator", meant[1])
            self.position += 1
            return meant[0]
        self.tell(f"an operator is expected before {token}", "texts are joined with &, arguments separated by ,")
        # As if there were one, so that what follows is read too.
        return "&"

    def _operand(self) -> Expression:
        while self.token.kind is TokenKind.OPERATOR and self.token.text != "-":
            self.tell(f"a value is expected, not {self.token}")
            self.position += 1
        token = self.token
        if token.kind in _ENDS:
            self.tell(f"a value is expected, not {token}")
            return Hole((), token.span)
        self.position += 1
        if token.kind is TokenKind.NUMBER:
            return self._number(token, token.span, 1)
        if token.kind is TokenKind.OPERATOR:
            return self._negative(token)
        if token.kind is TokenKind.OPEN:
            return self._group(token)
        if token.kind is TokenKind.NAME:
            return self._named(token)
        if token.kind is TokenKind.TEXT:
            return Text(token.text, token.span)
        if not token.text.strip():
            # The lexer has told that the name is missing.
            return Hole((), token.span)
        if token.kind is TokenKind.ATTRIBUTE:
            return Attribute(token.text, token.span)
        if token.kind is TokenKind.PARAMETER:
            return Parameter(token.text, token.span)
        return Variable(token.text, token.span)

    def _group(self, opening: Token) -> Expression:
        self._enter(opening)
        inner = self._expression(1)
        while self.token.kind is TokenKind.COMMA:
            self.tell("a comma stands only between the arguments of a call")
            self.position += 1
            inner = Hole((inner, self._expression(1)), inner.span)
        span = _joined(opening.span, self._expect_close(opening))
        return replace(inner, span=span, enclosed=True) if isinstance(inner, Binary) else replace(inner, span=span)

    def _named(self, token: Token) -> Expression:
        if self.token.kind is TokenKind.OPEN:
            return self._call(token)
        if token.text.lower() == "not" and self.token.kind not in (*_ENDS, TokenKind.OPERATOR):
            self.position -= 1
            self.tell("there is no operator Not", "compare with = False")
            self.position += 1
            self._enter(token)
            operand = self._operand()
            self.depth -= 1
            return Hole((operand,), token.span)
        return Word(token.text, token.span)

    def _negative(self, token: Token) -> Expression:
        signs = [token]
        while (following := self.token).text == "-" and following.kind is TokenKind.OPERATOR:
            signs.append(following)
            self.position += 1
        for _ in signs:
            self._enter(token)
        if following.kind is TokenKind.NUMBER:
            self.position += 1
            last = signs.pop()
            operand = self._number(following, _joined(last.span, following.span), -1)
            self.depth -= 1
        else:
            operand = self._operand()
        for sign in reversed(signs):
            operand = Negate(operand, _joined(sign.span, operand.span))
        self.depth -= len(signs)
        return operand

    def _call(self, name: Token) -> Expression:
        opening = self.token
        self.position += 1
        self._enter(opening)
        arguments: list[Expression] = []
        if self.token.kind is not TokenKind.CLOSE:
            arguments.append(self._expression(1))
            while self.token.kind is TokenKind.COMMA:
                self.position += 1
                arguments.append(self._expression(1))
        return Call(name.text, tuple(arguments), _joined(name.span, self._expect_close(opening)))

    def _enter(self, token: Token) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _Stop(_too_deep(token.span))

    def _expect_close(self, opening: Token) -> Span:
        """The place of the closing parenthesis, behind it; only the end of the text can stand there instead."""
        token = self.token
        self.depth -= 1
        if token.kind is TokenKind.CLOSE:
            self.position += 1
        else:
            place = f"line {opening.span.line}, column {opening.span.column}"
            self.tell(f"')' for the '(' at {place} is expected before {token}")
        return token.span

    def _number(self, token: Token, span: Span, sign: int) -> Expression:
        # Python refuses to convert very long digit strings, so the length is looked at first.
        value = sign * int(token.text, 16 if token.hexadecimal else 10) if len(token.text) <= 30 else None
        if value is None or not -INTEGER_MAX - 1 <= value <= INTEGER_MAX:
            message = "a number has 64 bits with its sign"
            self.diagnostics.append(Diagnostic("number-too-large", message, "error", span))
            return Hole((), span)
        return Number(value, token.hexadecimal, span)


def _joined(first: Span, last: Span) -> Span:
    return Span(first.start, last.end, first.line, first.column)
