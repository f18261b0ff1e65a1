"""The lexer: text to tokens, and diagnostics for what is no token. Never raises, and goes on after an error.

Escapes in a text literal: a doubled backslash is one backslash, a doubled quote and (option
`quote_escape`) a backslash before a quote are a quote; every other backslash stays as it is, so that
`Replace` can decode its own monikers (expressions.md §1, Strings). `&H` begins a number only where an
operand may stand. What is said about frequent slips stands in `slips`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field

from attrflow.expr.options import DEFAULT_OPTIONS, ExpressionOptions
from attrflow.expr.slips import COMMENT, ENTITY, SMART_QUOTES, WRONG_OPERATORS, comment_end, decoded_entities, stray
from attrflow.expr.tokens import Token, TokenKind
from attrflow.model.diagnostics import Diagnostic, Severity, Span

__all__ = ["MAX_DIAGNOSTICS", "Tokens", "tokenize"]

MAX_DIAGNOSTICS = 20
"""How many errors are told of one text; after so many the rest says nothing new."""

_BLANK = re.compile(r"[ \t\r\n]+")
_HEXADECIMAL = re.compile(r"&H([0-9A-Fa-f]+)")
_DIGITS = re.compile(r"[0-9]+")
_FRACTION = re.compile(r"\.[0-9]+")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATOR = re.compile(r"&&|\|\||<=|>=|<>|[<>=+\-*/&]")
_WRONG_OPERATOR = re.compile(r"==|!=|=<|=>|!|\|(?!\|)")
_PUNCTUATION = {"(": TokenKind.OPEN, ")": TokenKind.CLOSE, ",": TokenKind.COMMA}
_MEANT = {"]": TokenKind.CLOSE, "}": TokenKind.CLOSE, "{": TokenKind.OPEN, ";": TokenKind.COMMA}
"""Marks that are most likely slips for parentheses and commas."""
_NAME_ENDS = {"[": re.compile(r'[\[(),"&=<>+*/|\n]'), "%": re.compile(r"[^\w.\-]|$")}
_AFTER_OPERAND = {
    TokenKind.ATTRIBUTE,
    TokenKind.PARAMETER,
    TokenKind.VARIABLE,
    TokenKind.TEXT,
    TokenKind.NUMBER,
    TokenKind.NAME,
    TokenKind.CLOSE,
}


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of a text, ended by an END token, and what was wrong with it.

    `damaged` are the positions of tokens beside an error: what a parser finds there follows from it.
    """

    tokens: tuple[Token, ...]
    diagnostics: tuple[Diagnostic, ...]
    damaged: frozenset[int]


def tokenize(text: str, options: ExpressionOptions = DEFAULT_OPTIONS) -> Tokens:
    """Read a whole text; after too many errors the rest is left out.

    >>> [token.text for token in tokenize('[a]&"x"').tokens]
    ['a', '&', 'x', '']
    """
    lexer = _Lexer(text, options)
    while lexer.position < len(text) and len(lexer.diagnostics) < MAX_DIAGNOSTICS:
        lexer.step()
    lexer.add(TokenKind.END, "", len(text), len(text))
    return Tokens(tuple(lexer.tokens), tuple(lexer.diagnostics), frozenset(lexer.damaged))


@dataclass(slots=True)
class _Lexer:
    """A walk over the text."""

    text: str
    options: ExpressionOptions
    position: int = 0
    tokens: list[Token] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    damaged: set[int] = field(default_factory=set)
    line_starts: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.line_starts = [0, *(match.end() for match in re.finditer(r"\n", self.text))]

    def span(self, start: int, end: int) -> Span:
        line = bisect_right(self.line_starts, start)
        return Span(start, end, line, start - self.line_starts[line - 1] + 1)

    def add(self, kind: TokenKind, text: str, start: int, end: int, *, hexadecimal: bool = False) -> None:
        self.tokens.append(Token(kind, text, self.span(start, end), hexadecimal))
        self.position = end

    def tell(
        self, code: str, message: str, start: int, end: int, help_: str | None = None, severity: Severity = "error"
    ) -> None:
        self.diagnostics.append(Diagnostic(code, message, severity, self.span(start, end), None, help_))
        if severity == "error":
            self.damaged |= {len(self.tokens), len(self.tokens) + 1}

    def step(self) -> None:
        """Read one token, or tell why there is none and find the place from which to go on."""
        start = self.position
        character = self.text[start]
        if match := _BLANK.match(self.text, start):
            self.position = match.end()
        elif character == '"':
            self._text(start)
        elif character in "[%":
            self._enclosed(start)
        elif character in _PUNCTUATION:
            self.add(_PUNCTUATION[character], character, start, start + 1)
        elif self._slip(start):
            return
        elif self._operand_expected() and (match := _HEXADECIMAL.match(self.text, start)):
            self.add(TokenKind.NUMBER, match[1], start, match.end(), hexadecimal=True)
        elif match := _OPERATOR.match(self.text, start):
            self.add(TokenKind.OPERATOR, match[0], start, match.end())
        elif match := _DIGITS.match(self.text, start):
            self._number(start, match)
        elif match := _NAME.match(self.text, start):
            self.add(TokenKind.NAME, match[0], start, match.end())
        elif character == "$" and (match := _NAME.match(self.text, start + 1)):
            self.add(TokenKind.VARIABLE, match[0], start, match.end())
        else:
            message, help_ = stray(character)
            self.tell("unexpected-character", message, start, start + 1, help_)
            self.position = start + 1
            if character in _MEANT:
                self.add(_MEANT[character], character, start, start + 1)

    def _operand_expected(self) -> bool:
        return not self.tokens or self.tokens[-1].kind not in _AFTER_OPERAND

    # -- texts, names and numbers -----------------------------------------------------------------

    def _text(self, start: int) -> None:
        pieces: list[str] = []
        index = start + 1
        escapes = ("\\", '"') if self.options.quote_escape == "both" else ("\\",)
        while index < len(self.text):
            character = self.text[index]
            following = self.text[index + 1 : index + 2]
            if (character == "\\" and following in escapes) or (character == '"' and following == '"'):
                pieces.append(following)
                index += 2
            elif character == '"':
                self._entities_inside(start, index)
                self.add(TokenKind.TEXT, "".join(pieces), start, index + 1)
                return
            else:
                pieces.append(character)
                index += 1
        line_end = self.text.find("\n", start)
        end = len(self.text) if line_end < 0 else line_end
        help_ = 'write "\\\\" for one backslash' if '\\"' in self.text[start:] else None
        self.tell("unterminated-text", "this text has no closing quote", start, end, help_)
        self.add(TokenKind.TEXT, "", start, end)

    def _entities_inside(self, start: int, end: int) -> None:
        if match := ENTITY.search(self.text, start, end):
            meant = decoded_entities(match[0])
            message = f"{match[0]} stands in this text as it is written; XML writes {meant} so, this file does not"
            self.tell("xml-entity", message, match.start(), match.end(), f"write {meant} if that is meant", "warning")

    def _enclosed(self, start: int) -> None:
        opening = self.text[start]
        kind, closing, what = (
            (TokenKind.ATTRIBUTE, "]", "an attribute name")
            if opening == "["
            else (TokenKind.PARAMETER, "%", "a parameter name")
        )
        end = self.text.find(closing, start + 1)
        name = self.text[start + 1 : end]
        if end < 0 or (opening == "[" and ("[" in name or "\n" in name)) or (opening == "%" and '"' in name):
            ends = _NAME_ENDS[opening].search(self.text, start + 1)
            stop = len(self.text) if ends is None else max(ends.start(), start + 1)
            message = f"'{opening}' begins {what}, but no '{closing}' ends it"
            self.tell("unterminated-name", message, start, stop, f"write '{closing}' after the name")
            self.add(kind, self.text[start + 1 : stop].strip(), start, stop)
        else:
            if not name.strip():
                self.tell("empty-name", f"{what} is missing between the marks", start, end + 1)
            self.add(kind, name, start, end + 1)

    def _number(self, start: int, match: re.Match[str]) -> None:
        end = match.end()
        if fraction := _FRACTION.match(self.text, end):
            end = fraction.end()
            if self.options.decimal_number == "error":
                message = "numbers are whole numbers; a decimal point is not part of the language"
                self.tell("fraction", message, start, end)
        self.add(TokenKind.NUMBER, match[0], start, end)

    # -- what people write by mistake -------------------------------------------------------------

    def _slip(self, start: int) -> bool:
        """Read what another language or an editor would have written; whether there was such a thing."""
        if match := ENTITY.match(self.text, start):
            self._entity(start, match)
        elif match := COMMENT.match(self.text, start):
            end = comment_end(self.text, start)
            self.tell("comment", "the language has no comments", start, end, "a rule's description can say it")
            self.position = end
        elif match := _WRONG_OPERATOR.match(self.text, start):
            meant, message = WRONG_OPERATORS[match[0]]
            self.tell("unexpected-character", f"'{match[0]}' is no operator", start, match.end(), message)
            if meant:
                self.add(TokenKind.OPERATOR, meant, start, match.end())
            self.position = match.end()
        elif self.text[start] in SMART_QUOTES or self.text[start] == "'":
            self._other_quote(start)
        else:
            return False
        return True

    def _entity(self, start: int, match: re.Match[str]) -> None:
        meant = decoded_entities(match[0])
        message = f"{match[0]} is how XML writes {meant}; expressions stand here as they are"
        self.tell("xml-entity", message, start, match.end(), f"write {meant}")
        self.position = match.end()
        if meant == '"':
            end = self.text.find(match[0], match.end())
            stop = len(self.text) if end < 0 else end + len(match[0])
            self.add(TokenKind.TEXT, "", start, stop)
        elif _OPERATOR.fullmatch(meant):
            self.add(TokenKind.OPERATOR, meant, start, match.end())

    def _other_quote(self, start: int) -> None:
        character = self.text[start]
        closing = "'" if character == "'" else SMART_QUOTES + '"'
        ends = (index for index in range(start + 1, len(self.text)) if self.text[index] in closing + "\n")
        end = next(ends, len(self.text))
        message, help_ = stray(character)
        self.tell("unexpected-character", message, start, start + 1, help_)
        stop = min(end + 1, len(self.text))
        self.add(TokenKind.TEXT, self.text[start + 1 : end], start, stop)
