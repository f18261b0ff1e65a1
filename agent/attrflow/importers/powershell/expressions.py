"""Expressions of a script -> tree. Operators bind as PowerShell's do; what is no expression is a ScriptError."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Callable
from typing import Final

from attrflow.importers.powershell.nodes import (
    Array,
    Binary,
    Block,
    Call,
    Cast,
    Hash,
    Index,
    Literal,
    Member,
    Node,
    ScriptBlock,
    Sub,
    Template,
    TypeName,
    Unary,
    Variable,
)
from attrflow.importers.powershell.scanner import DASHES, DOUBLE_QUOTES, SINGLE_QUOTES, Scanner

__all__ = ["ExpressionReader"]

_LEVELS: Final = (
    ("-and", "-or", "-xor"),
    ("-band", "-bor", "-bxor"),
    (
        *("-eq", "-ne", "-gt", "-ge", "-lt", "-le", "-like", "-notlike", "-match", "-notmatch", "-contains"),
        *("-notcontains", "-in", "-notin", "-replace", "-split", "-join", "-is", "-isnot", "-as"),
    ),
    ("+", "-"),
    ("*", "/", "%"),
    ("-f",),
    ("..",),
)
_OPERATOR: Final = re.compile(rf"[{DASHES}]([a-z]+)\b", re.IGNORECASE)
_UNARY: Final = re.compile(rf"[{DASHES}](not|bnot|join|split)\b", re.IGNORECASE)
_SCOPES: Final = "script|global|local|private|env|using|variable|function"
_VARIABLE: Final = re.compile(rf"\$(\{{[^}}\n]+\}}|(?:(?:{_SCOPES}):)?\w+|[$?^])", re.IGNORECASE)
_NUMBER: Final = re.compile(r"0x[0-9a-f]+|\d+(?:\.\d+)?(?!\w|\.(?!\.))", re.IGNORECASE)
_TYPE: Final = re.compile(r"\[\s*([A-Za-z_][\w.`]*(?:\[[\w.,\s\[\]]*\])?)\s*\]")
_NAME: Final = re.compile(r"[A-Za-z_]\w*")
_MEMBER: Final = re.compile(r"(\.|::)(?=[A-Za-z_$\"'])")


class ExpressionReader(Scanner):
    """Reads expressions; statements within brackets are read by whoever completes this."""

    @abstractmethod
    def block(self, until: str) -> Block:
        """Statements up to a closing bracket, which is not taken."""

    @abstractmethod
    def script_block(self) -> ScriptBlock:
        """The block in braces that begins here."""

    def expression(self, level: int = 0) -> Node:
        """An expression; line ends may stand behind its operators."""
        if level == len(_LEVELS):
            return self.comma()
        start = self.at
        left = self.expression(level + 1)
        while True:
            before = self.at
            self.blanks()
            operator = self._operator(_LEVELS[level])
            if operator is None:
                self.at = before
                return left
            self.lines(semicolons=False)
            right = self.expression(level + 1)
            left = Binary(operator, left, right, start=start, end=self.at)

    def _operator(self, known: tuple[str, ...]) -> str | None:
        c = self.char()
        word = _OPERATOR.match(self.text, self.at) if c and c in DASHES else None
        if word is not None:
            name = word[1].lower()
            if f"-{name}" in known or (name[0] in "ci" and f"-{name[1:]}" in known):
                self.at = word.end()
                # Operators that tell upper from lower case keep their name; they are not evaluated.
                return f"-{name[1:]}" if name[0] == "i" and f"-{name}" not in known else f"-{name}"
            return None
        for sign in ("..", "+", "*", "/", "%"):
            if sign in known and self.sees(sign) and not self.sees("++"):
                self.at += len(sign)
                return sign
        if c and c in DASHES and "-" in known and self.char(1) not in DASHES:
            self.at += 1
            return "-"
        return None

    def comma(self) -> Node:
        """One value, or a list of them."""
        start = self.at
        if self.take(","):
            self.blanks()
            return Array((self.unary(),), start=start, end=self.at)
        items = [self.unary()]
        while True:
            before = self.at
            self.blanks()
            if not self.take(","):
                self.at = before
                break
            self.lines(semicolons=False)
            items.append(self.unary())
        return items[0] if len(items) == 1 else Array(tuple(items), start=start, end=self.at)

    def unary(self) -> Node:
        """A value with what stands before it: operators and casts."""
        self.deeper()
        start = self.at
        found = self.match(_UNARY)
        node: Node
        if found is not None:
            self.blanks()
            node = Unary(f"-{found[1].lower()}", self.unary(), start=start, end=self.at)
        elif self.take("!"):
            self.blanks()
            node = Unary("-not", self.unary(), start=start, end=self.at)
        elif self.char() and (self.char() in DASHES or self.char() == "+"):
            sign = "+" if self.char() == "+" else "-"
            double = self.char(1) and (self.char(1) in DASHES if sign == "-" else self.char(1) == "+")
            self.at += 2 if double else 1
            self.blanks()
            node = Unary(sign * 2 if double else sign, self.unary(), start=start, end=self.at)
        elif self.char() == "[" and (type_ := self.match(_TYPE)) is not None:
            node = self._typed(type_[1], start)
        else:
            node = self.postfix(self.primary())
        self.shallower()
        return node

    def _typed(self, name: str, start: int) -> Node:
        """A cast, or a type of which something is asked."""
        if self.sees("::"):
            return self.postfix(TypeName(name, start=start, end=self.at))
        before = self.at
        self.blanks()
        if not self.done and (
            self.char() in "$@([\"'+-!" or self.char() in SINGLE_QUOTES + DOUBLE_QUOTES or self.char().isdigit()
        ):
            return Cast(name, self.unary(), start=start, end=self.at)
        self.at = before
        return TypeName(name, start=start, end=self.at)

    def primary(self) -> Node:
        """A value on its own."""
        start, c = self.at, self.char()
        if c and c in SINGLE_QUOTES:
            return Literal(self.single_quoted(), start=start, end=self.at)
        if c and c in DOUBLE_QUOTES:
            return self.double_quoted()
        if c == "$":
            return self.dollar()
        if c == "@":
            return self._at_sign()
        if c == "(":
            return self._bracketed(1, is_list=False)
        if c == "{":
            return self.script_block()
        number = self.match(_NUMBER)
        if number is not None:
            text = number[0]
            value = int(text, 16) if text[1:2] in ("x", "X") else float(text) if "." in text else int(text)
            return Literal(value, start=start, end=self.at)
        shown = self.text[self.at : self.at + 20].partition("\n")[0]
        raise self.fail(f"a value was expected, found {shown!r}" if shown else "a value was expected")

    def dollar(self) -> Node:
        """The variable or sub-expression that begins here."""
        start = self.at
        if self.sees("$("):
            return self._bracketed(2, is_list=False)
        found = self.match(_VARIABLE)
        if found is None:
            raise self.fail("'$' without a variable's name")
        return Variable(found[1].strip("{}"), start=start, end=self.at)

    def _at_sign(self) -> Node:
        start = self.at
        quote = self.char(1)
        if quote and quote in SINGLE_QUOTES:
            begin, end = self.here_string()
            return Literal(self.text[begin:end], start=start, end=self.at)
        if quote and quote in DOUBLE_QUOTES:
            begin, end = self.here_string()
            behind, self.at = self.at, begin
            parts = self._template(lambda: self.at >= end, doubled=False)
            self.at = behind
            return self._joined(parts, start)
        if self.sees("@("):
            return self._bracketed(2, is_list=True)
        if self.sees("@{"):
            return self._hash()
        raise self.fail("'@' begins nothing here")

    def _bracketed(self, opening: int, *, is_list: bool) -> Node:
        start = self.at
        self.at += opening
        body = self.block(")")
        self.expect(")", start)
        return Sub(body, is_list, start=start, end=self.at)

    def _hash(self) -> Node:
        start = self.at
        self.at += 2
        pairs: list[tuple[Node, Node]] = []
        while True:
            self.lines()
            if self.done:
                raise self.fail("'}' is missing", start)
            if self.take("}"):
                return Hash(tuple(pairs), start=start, end=self.at)
            at = self.at
            name = self.match(_NAME)
            key: Node = Literal(name[0], start=at, end=self.at) if name is not None else self.primary()
            self.blanks()
            self.expect("=", at)
            self.lines(semicolons=False)
            pairs.append((key, self.hash_value()))

    @abstractmethod
    def hash_value(self) -> Node:
        """The value of a key of a hash table: a statement."""

    def postfix(self, node: Node) -> Node:
        """The value with members, indexes and calls behind it, which no blank parts from it."""
        start = node.start
        while not self.done:
            if self.char() == "[":
                self.at += 1
                self.lines(semicolons=False)
                index = self.expression()
                self.lines(semicolons=False)
                self.expect("]", start)
                node = Index(node, index, start=start, end=self.at)
            elif self.match(_MEMBER) is not None:
                name = self._member_name()
                if self.take("("):
                    arguments = self._arguments(start)
                    node = Call(node, name, arguments, start=start, end=self.at)
                else:
                    node = Member(node, name, start=start, end=self.at)
            elif self.sees("++") or (self.char() in DASHES and self.char(1) and self.char(1) in DASHES):
                sign = "++" if self.sees("++") else "--"
                self.at += 2
                node = Unary(sign, node, start=start, end=self.at)
            else:
                break
        return node

    def _member_name(self) -> str:
        name = self.match(_NAME)
        if name is not None:
            return name[0]
        if self.char() in SINGLE_QUOTES:
            return self.single_quoted()
        raise self.fail("a member's name is no plain word")

    def _arguments(self, start: int) -> tuple[Node, ...]:
        self.lines(semicolons=False)
        if self.take(")"):
            return ()
        found = self.expression()
        self.lines(semicolons=False)
        self.expect(")", start)
        return found.items if isinstance(found, Array) else (found,)

    # -- strings with variables -------------------------------------------------------------------

    def double_quoted(self) -> Node:
        """The double-quoted string that begins here."""
        start = self.at
        self.at += 1
        parts = self._template(lambda: self.char() in DOUBLE_QUOTES and not self.done, doubled=True)
        if self.done:
            raise self.fail("the string that begins here has no end", start)
        self.at += 1
        return self._joined(parts, start)

    def _joined(self, parts: list[str | Node], start: int) -> Node:
        if all(isinstance(part, str) for part in parts):
            return Literal("".join(part for part in parts if isinstance(part, str)), start=start, end=self.at)
        return Template(tuple(parts), start=start, end=self.at)

    def _template(self, ends: Callable[[], bool], *, doubled: bool) -> list[str | Node]:
        parts: list[str | Node] = []
        while not self.done:
            if ends():
                if not (doubled and self.char(1) and self.char(1) in DOUBLE_QUOTES):
                    break
                parts.append(self.char())
                self.at += 2
            elif self.char() == "`":
                parts.append(self.escaped())
            elif self.char() == "$" and (self.char(1) == "(" or _VARIABLE.match(self.text, self.at)):
                parts.append(self.dollar())
            else:
                parts.append(self.char())
                self.at += 1
        return parts
