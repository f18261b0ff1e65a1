"""The lexer: text to tokens, and diagnostics for what is no token. Never raises.

Escapes in a text literal: a doubled backslash is one backslash, a backslash before a quote and a doubled
quote are a quote; every other backslash stays as it is, so that `Replace` can decode its own monikers
(expressions.md §1, Strings). `&H` begins a number only where an operand may stand.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field

from attrflow.expr.tokens import Token, TokenKind
from attrflow.model.diagnostics import Diagnostic, Span

__all__ = ["tokenize"]

_BLANK = re.compile(r"[ \t\r\n]+")
_HEXADECIMAL = re.compile(r"&H([0-9A-Fa-f]+)")
_DIGITS = re.compile(r"[0-9]+")
_FRACTION = re.compile(r"\.[0-9]+")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATOR = re.compile(r"&&|\|\||<=|>=|<>|[<>=+\-*/&]")
_PUNCTUATION = {"(": TokenKind.OPEN, ")": TokenKind.CLOSE, ",": TokenKind.COMMA}
_SMART_QUOTES = "\u201c\u201d\u201e\u201f\u00ab\u00bb"
_AFTER_OPERAND = {
    TokenKind.ATTRIBUTE,
    TokenKind.PARAMETER,
    TokenKind.VARIABLE,
    TokenKind.TEXT,
    TokenKind.NUMBER,
    TokenKind.NAME,
    TokenKind.CLOSE,
}


def tokenize(text: str) -> tuple[tuple[Token, ...], tuple[Diagnostic, ...]]:
    """The tokens of an expression, ended by an END token, and what was wrong with it.

    After the first error the rest of the text is not looked at, because it would mostly be read wrongly.
    """
    lexer = _Lexer(text)
    while lexer.position < len(text) and not lexer.diagnostics:
        lexer.step()
    lexer.add(TokenKind.END, "", len(text), len(text))
    return tuple(lexer.tokens), tuple(lexer.diagnostics)


@dataclass(slots=True)
class _Lexer:
    """A walk over the text."""

    text: str
    position: int = 0
    tokens: list[Token] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    line_starts: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.line_starts = [0, *(match.end() for match in re.finditer(r"\n", self.text))]

    def span(self, start: int, end: int) -> Span:
        line = bisect_right(self.line_starts, start)
        return Span(start, end, line, start - self.line_starts[line - 1] + 1)

    def add(self, kind: TokenKind, text: str, start: int, end: int, *, hexadecimal: bool = False) -> None:
        self.tokens.append(Token(kind, text, self.span(start, end), hexadecimal))
        self.position = end

    def fail(self, code: str, message: str, start: int, end: int, help_: str | None = None) -> None:
        self.diagnostics.append(Diagnostic(code, message, "error", self.span(start, end), None, help_))

    def step(self) -> None:
        """Read one token, or note why there is none."""
        start = self.position
        character = self.text[start]
        if match := _BLANK.match(self.text, start):
            self.position = match.end()
        elif character == '"':
            self._text(start)
        elif character == "[":
            self._enclosed(start, "]", TokenKind.ATTRIBUTE, "an attribute name")
        elif character == "%":
            self._enclosed(start, "%", TokenKind.PARAMETER, "a parameter name")
        elif character in _PUNCTUATION:
            self.add(_PUNCTUATION[character], character, start, start + 1)
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
            self._stray(start, character)

    def _operand_expected(self) -> bool:
        return not self.tokens or self.tokens[-1].kind not in _AFTER_OPERAND

    def _text(self, start: int) -> None:
        pieces: list[str] = []
        index = start + 1
        while index < len(self.text):
            character = self.text[index]
            following = self.text[index + 1 : index + 2]
            if character == "\\" and following in ("\\", '"') and following:
                pieces.append(following)
                index += 2
            elif character == '"' and following == '"':
                pieces.append('"')
                index += 2
            elif character == '"':
                self.add(TokenKind.TEXT, "".join(pieces), start, index + 1)
                return
            else:
                pieces.append(character)
                index += 1
        help_ = 'write "\\\\" for one backslash' if '\\"' in self.text[start:] else None
        self.fail("unterminated-text", "this text has no closing quote", start, len(self.text), help_)

    def _enclosed(self, start: int, closing: str, kind: TokenKind, what: str) -> None:
        opening = self.text[start]
        end = self.text.find(closing, start + 1)
        if end < 0:
            self.fail(
                "unterminated-name",
                f"'{opening}' begins {what}, but no '{closing}' ends it",
                start,
                len(self.text),
            )
        elif not self.text[start + 1 : end].strip():
            self.fail("empty-name", f"{what} is missing between the marks", start, end + 1)
        else:
            self.add(kind, self.text[start + 1 : end], start, end + 1)

    def _number(self, start: int, match: re.Match[str]) -> None:
        if fraction := _FRACTION.match(self.text, match.end()):
            self.fail(
                "fraction",
                "numbers are whole numbers; a decimal point is not part of the language",
                start,
                fraction.end(),
            )
            return
        self.add(TokenKind.NUMBER, match[0], start, match.end())

    def _stray(self, start: int, character: str) -> None:
        if character in _SMART_QUOTES:
            message, help_ = "a typographic quote is no quote", 'use the straight quote "'
        elif character == "'":
            message, help_ = "a text stands between double quotes", "use \" instead of '"
        elif character == "$":
            message, help_ = "'$' begins a variable, but no name follows", None
        elif character == "|":
            message, help_ = "'|' stands alone", "the logical or is ||"
        else:
            message, help_ = f"{character!r} (U+{ord(character):04X}) is not part of the language", None
        self.fail("unexpected-character", message, start, start + 1, help_)
