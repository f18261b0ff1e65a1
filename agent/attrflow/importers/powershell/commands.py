"""Assignments, pipelines and commands of a script -> tree.

Where a command's backticks were lost, a line that begins with a parameter goes on with the command.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from typing import Final

from attrflow.importers.findings import Findings
from attrflow.importers.powershell.expressions import ExpressionReader
from attrflow.importers.powershell.nodes import (
    Argument,
    Array,
    Assignment,
    Cast,
    Command,
    Index,
    Literal,
    Member,
    Node,
    Parameter,
    Pipeline,
    Splat,
    Template,
    Variable,
)
from attrflow.importers.powershell.scanner import DASHES, DOUBLE_QUOTES, SINGLE_QUOTES, ScriptError

__all__ = ["PARAMETER", "RULE_COMMAND", "CommandReader"]

PARAMETER: Final = re.compile(rf"[{DASHES}]([A-Za-z_?]\w*)(:?)")
RULE_COMMAND: Final = re.compile(
    rf"(?:[\w.]+\\)?(?:New|Add|Remove|Set)[{DASHES}]ADSync(?:Rule|AttributeFlowMapping|\w+ConditionGroup)",
    re.IGNORECASE,
)
_NEXT_PIPE: Final = re.compile(r"[^\S\n]*\n\s*\|(?!\|)")
_OPERATORS: Final = re.compile(rf"[{DASHES}](not|bnot|join|split|eq|ne|and|or|f)\b", re.IGNORECASE)
_SPLAT: Final = re.compile(r"@(\w+)")
_ASSIGN: Final = re.compile(r"(\+|-|\*|/|%)?=(?!=)")
_REDIRECT: Final = re.compile(r"[*\d]?>{1,2}(&\d)?")
_BARE_END: Final = " \t\n\f\v\xa0;,|(){}&<>"
_BARE_RUN: Final = re.compile(f"[^{re.escape(_BARE_END + SINGLE_QUOTES + DOUBLE_QUOTES)}`$]+")
_EXPRESSION_START: Final = "$@([{!+,\"'" + SINGLE_QUOTES + DOUBLE_QUOTES
_VERB_NOUN: Final = re.compile(rf"(?:[\w.]+\\)?[A-Za-z]+[{DASHES}][A-Za-z]\w*")


class CommandReader(ExpressionReader):
    """Reads what a statement is that no keyword begins."""

    def __init__(self, text: str, file: str, findings: Findings) -> None:
        super().__init__(text, file, findings)
        self.rule_commands: dict[int, Command] = {}
        """Every command that makes or changes a rule, by where it stands."""

    @abstractmethod
    def statement(self) -> Node:
        """One statement, which begins here."""

    # -- assignments and pipelines ----------------------------------------------------------------

    def plain_statement(self) -> Node:
        """An assignment or a pipeline."""
        start = self.at
        if self.char() and self.char() in "$[":
            target = self._target()
            if target is not None:
                operator = self.match(_ASSIGN)
                assert operator is not None, "_target looked ahead"
                self.lines(semicolons=False)
                value = self.statement()
                return Assignment(target, operator[0], value, start=start, end=self.at)
            self.at = start
        return self.pipeline()

    def _target(self) -> tuple[Node, ...] | None:
        """What is assigned to, where this is an assignment; stands before its sign then."""
        try:
            found = self.comma()
        except ScriptError:
            return None
        self.blanks()
        if not _ASSIGN.match(self.text, self.at):
            return None
        targets = found.items if isinstance(found, Array) else (found,)
        assignable = all(isinstance(t, Variable | Member | Index | Cast) for t in targets)
        return targets if assignable else None

    def pipeline(self) -> Node:
        """Commands with bars between them; a single expression is given as it is."""
        start = self.at
        elements = [self._element(first=True)]
        while True:
            before = self.at
            self.blanks()
            if self.sees("||") or self.sees("&&"):
                self.at += 2
            elif not self.take("|"):
                after_lines = _NEXT_PIPE.match(self.text, self.at)
                if after_lines is None:
                    self.at = before
                    break
                self.at = after_lines.end()
            self.lines(semicolons=False)
            elements.append(self._element(first=False))
        return elements[0] if len(elements) == 1 else Pipeline(tuple(elements), start=start, end=self.at)

    def _element(self, *, first: bool) -> Node:
        c = self.char()
        negative = bool(c) and c in DASHES
        if first and c and (c in _EXPRESSION_START or c.isdigit() or negative):
            node = self.expression()
            self._redirects()
            return node
        return self._command()

    def _redirects(self) -> None:
        while True:
            before = self.at
            self.blanks()
            found = self.match(_REDIRECT)
            if found is None:
                self.at = before
                return
            if found[1] is None:
                self.blanks()
                self._value()

    # -- commands ---------------------------------------------------------------------------------

    def _command(self) -> Node:
        start = self.at
        if self.char() in ("&", "."):
            self.at += 1
            self.blanks()
        name = self.value_part()
        elements: list[Parameter | Splat | Argument] = []
        joined = False
        while True:
            self.blanks()
            self._redirects()
            self.blanks()
            c = self.char()
            if not c or c in ";|)}&":
                break
            if c == "\n":
                if not self._goes_on(name):
                    break
                if not joined:
                    joined = True
                    message = "a line begins with a parameter, and the one before has no backtick; read as one command"
                    self.findings.warn(self.place(self.at), "missing-backtick", message)
                continue
            elements.append(self._given())
        command = Command(name, tuple(elements), start=start, end=self.at)
        if isinstance(name, Literal) and RULE_COMMAND.fullmatch(str(name.value)):
            self.rule_commands[start] = command
        return command

    def _goes_on(self, name: Node) -> bool:
        """Whether the next line that says something begins with a parameter of this command; moves there."""
        if not isinstance(name, Literal) or not _VERB_NOUN.fullmatch(str(name.value)):
            return False
        before = self.at
        self.lines(semicolons=False)
        if self.done or self.char() not in DASHES or not PARAMETER.match(self.text, self.at):
            self.at = before
            return False
        if _OPERATORS.match(self.text, self.at):
            self.at = before
            return False
        return True

    def _given(self) -> Parameter | Splat | Argument:
        start = self.at
        splat = self.match(_SPLAT)
        if splat is not None:
            return Splat(splat[1], start=start, end=self.at)
        found = self.match(PARAMETER) if self.char() in DASHES else None
        if found is None:
            return Argument(self._value(), start=start, end=self.at)
        before = self.at
        self.blanks()
        c = self.char()
        follows = found[2] == ":" or (c and c not in "\n;|)}&>" and not self._is_parameter())
        if follows and (c.isdigit() or not _REDIRECT.match(self.text, self.at)):
            return Parameter(found[1], self._value(), start=start, end=self.at)
        self.at = before
        return Parameter(found[1], None, start=start, end=self.at)

    def _is_parameter(self) -> bool:
        return (self.char() in DASHES and PARAMETER.match(self.text, self.at) is not None) or (
            _SPLAT.match(self.text, self.at) is not None
        )

    def _value(self) -> Node:
        """A value given to a command: parts with commas between them."""
        start = self.at
        items = [self.value_part()]
        while True:
            before = self.at
            self.blanks()
            if not self.take(","):
                self.at = before
                break
            self.lines(semicolons=False)
            items.append(self.value_part())
        return items[0] if len(items) == 1 else Array(tuple(items), start=start, end=self.at)

    def value_part(self) -> Node:
        """One value without commas."""
        c = self.char()
        if c and (c in "$([{@" or c in SINGLE_QUOTES + DOUBLE_QUOTES):
            if c == "[" and self.char(1) and not re.match(r"\[\s*[A-Za-z_]", self.text[self.at : self.at + 40]):
                return self._bare()
            return self.unary() if c == "[" else self.postfix(self.primary())
        return self._bare()

    def _bare(self) -> Node:
        """A word without quotes; variables in it are replaced as in double quotes."""
        start = self.at
        parts: list[str | Node] = []
        while not self.done and self.char() not in _BARE_END:
            c = self.char()
            if c == "`":
                if self.char(1) in ("\n", ""):
                    break
                parts.append(self.escaped())
            elif c == "$" and re.match(r"\$[\w({]", self.text[self.at : self.at + 2]):
                parts.append(self.dollar())
            elif c in SINGLE_QUOTES + DOUBLE_QUOTES:
                break
            else:
                run = self.match(_BARE_RUN)
                parts.append(run[0] if run is not None else c)
                self.at += run is None
        if self.at == start:
            raise self.fail(f"{self.char()!r} was not expected here")
        text = "".join(part if isinstance(part, str) else "" for part in parts)
        if any(not isinstance(part, str) for part in parts):
            return Template(tuple(parts), start=start, end=self.at)
        if re.fullmatch(r"[+-]?\d{1,18}", text):
            return Literal(int(text), start=start, end=self.at)
        return Literal(text, start=start, end=self.at)
