"""Statements of a script -> tree.

A statement that is no PowerShell is told with its line and given up; reading goes on with the next line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from attrflow.importers.powershell.commands import PARAMETER, CommandReader
from attrflow.importers.powershell.nodes import (
    Array,
    Assignment,
    Block,
    Foreach,
    Function,
    If,
    Jump,
    Literal,
    Loop,
    Node,
    ScriptBlock,
    Switch,
    Try,
    Unread,
    Variable,
)
from attrflow.importers.powershell.scanner import DASHES, DOUBLE_QUOTES, SINGLE_QUOTES, ScriptError

__all__ = ["StatementReader"]

_WORD: Final = re.compile(r"[A-Za-z_][\w-]*")
_ATTRIBUTE: Final = re.compile(r"\[\s*[\w.]+\s*\(")
_PARAM: Final = re.compile(r"param\s*\(", re.IGNORECASE)
_DEFINITIONS: Final = ("class", "enum", "configuration", "workflow", "data")


class StatementReader(CommandReader):
    """Reads whole scripts."""

    def script(self) -> Block:
        """All statements of the text."""
        return self.block("")

    def block(self, until: str) -> Block:
        """Statements up to a closing bracket, or to the end."""
        self.deeper()
        start = self.at
        found: list[Node] = []
        while True:
            self.lines()
            if self.done or (until and self.char() == until):
                self.shallower()
                return Block(tuple(found), start=start, end=self.at)
            begin = self.at
            try:
                found.append(self.statement())
                self._statement_ends(until)
            except ScriptError as error:
                if until == ")":
                    raise
                self._give_up(begin, error)
                found.append(Unread(start=begin, end=self.at))

    def _statement_ends(self, until: str) -> None:
        self.blanks()
        if not self.done and self.char() not in ("\n", ";", until or "\n"):
            raise self.fail(f"{self.text[self.at : self.at + 20].partition(chr(10))[0]!r} was not expected here")

    def _give_up(self, begin: int, error: ScriptError) -> None:
        """Tell, and go on with the next line after the one where the error is."""
        self.surface()
        line = self.text[begin:].partition("\n")[0].strip()
        message = f"not understood as PowerShell: {error.message}; not read: {line[:80]}"
        self.findings.tell(self.place(error.offset), "powershell-syntax", message)
        end = self.text.find("\n", max(begin, min(error.offset, self.at)))
        self.at = len(self.text) if end < 0 else end + 1

    def _definition(self, word: str) -> Node:
        """Skip a class or the like; told, since what it does is not read."""
        start = self.at
        self.findings.warn(self.place(start), "definition-not-read", f"what this {word} defines is not read")
        opened = self.text.find("{", start)
        if opened < 0:
            raise self.fail("'{' is missing", start)
        self.at, depth = opened, 0
        while not self.done:
            c = self.char()
            if c in SINGLE_QUOTES:
                self.single_quoted()
            elif c in DOUBLE_QUOTES:
                self.double_quoted()
            elif not self.blanks():
                self.at += 1
                depth += (c == "{") - (c == "}")
                if depth == 0:
                    return Block((), start=start, end=self.at)
        raise self.fail("'}' is missing", opened)

    def hash_value(self) -> Node:
        """The value of a key of a hash table."""
        return self.statement()

    def statement(self) -> Node:
        """One statement, which begins here."""
        self._attributes()
        found = _WORD.match(self.text, self.at)
        if found is not None:
            word = found[0].lower()
            if word in _KEYWORDS:
                start = self.at
                self.at = found.end()
                return _KEYWORDS[word](self, start)
            if word in _DEFINITIONS:
                return self._definition(word)
        return self.plain_statement()

    # -- blocks and keywords ----------------------------------------------------------------------

    def braces(self) -> Block:
        """A block in braces, before which lines may end."""
        self.lines(semicolons=False)
        start = self.at
        self.expect("{", start)
        found = self.block("}")
        self.expect("}", start)
        return found

    def script_block(self) -> ScriptBlock:
        """The block in braces that begins here, with its `param( )`."""
        start = self.at
        self.expect("{", start)
        parameters = self._parameters()
        body = self.block("}")
        self.expect("}", start)
        return ScriptBlock(parameters, body, start=start, end=self.at)

    def _parameters(self) -> tuple[tuple[str, Node | None], ...]:
        """The parameters of `param( )`, where it stands here."""
        before = self.at
        self.lines()
        self._attributes()
        if self.match(_PARAM) is None:
            self.at = before
            return ()
        return self._parameter_list()

    def _parameter_list(self) -> tuple[tuple[str, Node | None], ...]:
        """Parameters up to the bracket that closes them: attributes and types, a name, a default."""
        start = self.at
        found: list[tuple[str, Node | None]] = []
        while True:
            self.lines(semicolons=False)
            if self.done:
                raise self.fail("')' is missing", start)
            if self.take(")"):
                return tuple(found)
            if self.take(","):
                continue
            if self.char() == "[":
                self._attribute()
                continue
            variable = self.dollar()
            if not isinstance(variable, Variable):
                raise self.fail("a parameter's name was expected")
            self.lines(semicolons=False)
            default: Node | None = None
            if self.take("="):
                self.lines(semicolons=False)
                default = self.expression(0) if self.char() != "," else None
                if isinstance(default, Array) and self.text[default.start] not in "(@":
                    # The comma parts parameters here, not values: go back behind the first value.
                    default = default.items[0]
                    self.at = default.end
            found.append((variable.name, default))

    def _attributes(self) -> None:
        """Skip what stands before the `param( )` of a script or function, such as `[CmdletBinding( )]`."""
        before = self.at
        while _ATTRIBUTE.match(self.text, self.at):
            self._attribute()
            self.lines()
        if self.at != before and not _PARAM.match(self.text, self.at):
            self.at = before

    def _attribute(self) -> None:
        """Skip `[type]` or `[Parameter(…)]`."""
        depth, start = 0, self.at
        while not self.done:
            c = self.char()
            if c in SINGLE_QUOTES:
                self.single_quoted()
                continue
            self.at += 1
            depth += (c == "[") - (c == "]")
            if depth == 0:
                return
        raise self.fail("']' is missing", start)

    def _condition(self) -> Node:
        self.lines(semicolons=False)
        start = self.at
        self.expect("(", start)
        self.lines(semicolons=False)
        found = self.pipeline()
        self.lines(semicolons=False)
        self.expect(")", start)
        return found

    def _word_ahead(self, *words: str) -> str | None:
        """One of the words, where it comes next; moves behind it."""
        before = self.at
        self.lines(semicolons=False)
        found = self.match(_WORD)
        if found is not None and found[0].lower() in words:
            return found[0].lower()
        self.at = before
        return None

    def _if_statement(self, start: int) -> Node:
        branches = [(self._condition(), self.braces())]
        otherwise: Block | None = None
        while (word := self._word_ahead("elseif", "else")) is not None:
            if word == "else":
                otherwise = self.braces()
                break
            branches.append((self._condition(), self.braces()))
        return If(tuple(branches), otherwise, start=start, end=self.at)

    def _foreach_statement(self, start: int) -> Node:
        self.lines(semicolons=False)
        opened = self.at
        self.expect("(", opened)
        self.lines(semicolons=False)
        variable = self.dollar()
        if not isinstance(variable, Variable) or self._word_ahead("in") is None:
            raise self.fail("foreach ($x in …) was expected")
        self.lines(semicolons=False)
        items = self.pipeline()
        self.lines(semicolons=False)
        self.expect(")", opened)
        return Foreach(variable.name, items, self.braces(), start=start, end=self.at)

    def _for_statement(self, start: int) -> Node:
        self.lines(semicolons=False)
        opened = self.at
        self.expect("(", opened)
        parts: list[Node | None] = []
        for closing in (";", ";", ")"):
            self.lines(semicolons=False)
            parts.append(None if self.char() == closing else self.plain_statement())
            self.lines(semicolons=False)
            self.expect(closing, opened)
        return Loop(parts[0], parts[1], parts[2], self.braces(), start=start, end=self.at)

    def _while_statement(self, start: int) -> Node:
        return Loop(None, self._condition(), None, self.braces(), start=start, end=self.at)

    def _do_statement(self, start: int) -> Node:
        body = self.braces()
        word = self._word_ahead("while", "until")
        if word is None:
            raise self.fail("while or until was expected")
        condition = self._condition()
        return Loop(None, condition, None, body, body_first=True, until=word == "until", start=start, end=self.at)

    def _switch_statement(self, start: int) -> Node:
        while self.blanks() or self.match(PARAMETER):
            pass
        value = self._condition()
        self.lines(semicolons=False)
        opened = self.at
        self.expect("{", opened)
        clauses: list[tuple[Node | None, Block]] = []
        while True:
            self.lines()
            if self.take("}"):
                return Switch(value, tuple(clauses), start=start, end=self.at)
            if self.done:
                raise self.fail("'}' is missing", opened)
            tested: Node | None = self.value_part()
            if isinstance(tested, Literal) and str(tested.value).lower() == "default":
                tested = None
            clauses.append((tested, self.braces()))

    def _function_statement(self, start: int) -> Node:
        self.blanks()
        name = self.match(re.compile(rf"(?:(?:script|global|local):)?[{DASHES}\w.]+", re.IGNORECASE))
        if name is None:
            raise self.fail("a function's name was expected")
        self.lines(semicolons=False)
        listed = self._parameter_list() if self.take("(") else ()
        self.lines(semicolons=False)
        body = self.script_block()
        if listed:
            body = ScriptBlock(listed, body.body, start=body.start, end=body.end)
        return Function(name[0].rpartition(":")[2], body, start=start, end=self.at)

    def _try_statement(self, start: int) -> Node:
        body = self.braces()
        finally_: Block | None = None
        while (word := self._word_ahead("catch", "finally")) is not None:
            if word == "finally":
                finally_ = self.braces()
                continue
            self.lines(semicolons=False)
            while self.char() == "[":
                self._attribute()
                self.lines(semicolons=False)
                self.take(",")
            self.braces()
        return Try(body, finally_, start=start, end=self.at)

    def _trap_statement(self, start: int) -> Node:
        self.lines(semicolons=False)
        if self.char() == "[":
            self._attribute()
        self.braces()
        return Block((), start=start, end=self.at)

    def _param_statement(self, start: int) -> Node:
        """`param( )` of a script: its defaults are what it has when it is called without anything."""
        self.blanks()
        self.expect("(", start)
        found = self._parameter_list()
        defaults = (
            Assignment((Variable(name, start=start, end=self.at),), "=", value, start=value.start, end=value.end)
            for name, value in found
            if value is not None
        )
        return Block(tuple(defaults), start=start, end=self.at)

    def _named_block_statement(self, start: int) -> Node:
        found = self.braces()
        return Block(found.statements, start=start, end=self.at)

    def _jump(self, start: int) -> Node:
        kind = self.text[start : self.at].lower()
        self.blanks()
        value = None if self.done or self.char() in "\n;}" else self.pipeline()
        return Jump(kind, value, start=start, end=self.at)

    def _using_statement(self, start: int) -> Node:
        end = self.text.find("\n", self.at)
        self.at = len(self.text) if end < 0 else end
        return Block((), start=start, end=self.at)


_KEYWORDS: Final[Mapping[str, Callable[[StatementReader, int], Node]]] = {
    "if": StatementReader._if_statement,
    "foreach": StatementReader._foreach_statement,
    "for": StatementReader._for_statement,
    "while": StatementReader._while_statement,
    "do": StatementReader._do_statement,
    "switch": StatementReader._switch_statement,
    "function": StatementReader._function_statement,
    "filter": StatementReader._function_statement,
    "try": StatementReader._try_statement,
    "trap": StatementReader._trap_statement,
    "param": StatementReader._param_statement,
    "begin": StatementReader._named_block_statement,
    "process": StatementReader._named_block_statement,
    "end": StatementReader._named_block_statement,
    "using": StatementReader._using_statement,
    **dict.fromkeys(("return", "exit", "throw", "break", "continue"), StatementReader._jump),
}
