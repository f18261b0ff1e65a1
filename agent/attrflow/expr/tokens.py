"""Tokens: the words of the expression language (expressions.md §1). Knows no grammar."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from attrflow.model.diagnostics import Span

__all__ = ["Token", "TokenKind"]


class TokenKind(Enum):
    """What a token is."""

    ATTRIBUTE = "attribute"
    PARAMETER = "parameter"
    VARIABLE = "variable"
    TEXT = "text"
    NUMBER = "number"
    NAME = "name"
    OPERATOR = "operator"
    OPEN = "("
    CLOSE = ")"
    COMMA = ","
    END = "end of the expression"


@dataclass(frozen=True, slots=True)
class Token:
    """One word: its kind, its decoded text (digits for a number), and where it stands.

    `hexadecimal` marks a number that was written with `&H`.
    """

    kind: TokenKind
    text: str
    span: Span
    hexadecimal: bool = False

    def __str__(self) -> str:
        if self.kind is TokenKind.END:
            return "the end of the expression"
        shown = {
            TokenKind.ATTRIBUTE: f"[{self.text}]",
            TokenKind.PARAMETER: f"%{self.text}%",
            TokenKind.VARIABLE: f"${self.text}",
            TokenKind.TEXT: "a text",
        }
        return shown.get(self.kind, f"'{self.text}'")
