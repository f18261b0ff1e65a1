"""Statements followed in order, with literal values: assignments, branches, loops, functions.

Where a condition needs a server every branch is read, so that no rule in one of them is lost; that is told. The
commands that make rules are in `cmdlets`; other commands give what only a server knows.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, Final

from attrflow.importers.findings import Findings
from attrflow.importers.powershell.evaluation import Evaluator
from attrflow.importers.powershell.given import Given, bound
from attrflow.importers.powershell.nodes import (
    Assignment,
    Binary,
    Block,
    Cast,
    Command,
    Foreach,
    Function,
    If,
    Index,
    Jump,
    Known,
    Loop,
    Member,
    Node,
    Pipeline,
    ScriptBlock,
    Switch,
    Try,
    Unary,
    Unread,
    Variable,
)
from attrflow.importers.powershell.scanner import Scanner
from attrflow.importers.powershell.values import Closure, Condition, Opened, Table, Unresolved, listed, shown, truth

__all__ = ["Runner", "TooMuchError"]

STEPS_MAX: Final = 50_000
"""Statements that are followed in one script, loops and calls counted."""
_CALLS_MAX: Final = 30
_MAKES_RULES: Final = re.compile(r"(?:New|Add|Remove|Set)-ADSync|(?:Scope|Join)Condition", re.IGNORECASE)


class TooMuchError(Exception):
    """The script does more than any that makes rules."""


class _JumpError(Exception):
    def __init__(self, kind: str, offset: int, outputs: Sequence[Any] = ()) -> None:
        super().__init__(kind)
        self.kind = kind
        self.offset = offset
        self.outputs = list(outputs)


class Runner(Evaluator):
    """Follows one script; what its rule commands do is said by whoever completes this."""

    def __init__(self, scanner: Scanner, findings: Findings) -> None:
        super().__init__(scanner.text)
        self.scanner = scanner
        self.findings = findings
        self.scopes: list[dict[str, Any]] = [{}]
        self.functions: dict[str, Function] = {}
        self.called: set[str] = set()
        self.followed: set[int] = set()
        """Where the commands stand that were followed."""
        self.ended_at: int | None = None
        """Where the script says `exit`, if it does."""
        self._steps = 0
        self._uncertain = 0

    @abstractmethod
    def cmdlet(self, name: str, given: Given) -> list[Any] | None:
        """What a command gives; None where it is not known."""

    @abstractmethod
    def unread(self, node: Unread) -> None:
        """Take account of a statement that was not understood."""

    # -- a whole script ---------------------------------------------------------------------------

    def follow(self, script: Block) -> None:
        """Follow a script from its first statement to its end, and functions that make rules and nobody calls."""
        self._define(script)
        try:
            self.outputs(script)
        except _JumpError as jump:
            self.ended_at = jump.offset
        for name, function in list(self.functions.items()):
            if name not in self.called and _MAKES_RULES.search(self._source(function)):
                message = f"the function {function.name} makes rules and is never called; read once without arguments"
                self.findings.warn(self.scanner.place(function.start), "function-not-called", message)
                self.call(function.body, Given(), unbound_known=False)

    def _define(self, block: Block) -> None:
        for statement in block.statements:
            if isinstance(statement, Function):
                self.functions.setdefault(statement.name.casefold(), statement)

    def _source(self, node: Node) -> str:
        return self.text[node.start : node.end]

    # -- variables --------------------------------------------------------------------------------

    def lookup(self, name: str) -> Any:
        """The value of a variable in the innermost scope that has it."""
        scope, _, plain = name.rpartition(":")
        if scope in ("env", "using", "function"):
            raise KeyError(name)
        for variables in reversed(self.scopes):
            if plain in variables:
                return variables[plain]
        raise KeyError(name)

    def put(self, name: str, value: Any) -> None:
        """Give a variable its value."""
        scope, _, plain = name.casefold().rpartition(":")
        self.scopes[0 if scope in ("script", "global") else -1][plain] = value

    def assign(self, target: Node, value: Any) -> None:
        """Give a variable, a member or an element its value."""
        match target:
            case Variable():
                self.put(target.name, value)
            case Cast():
                self.assign(
                    target.value, self.cast(Cast(target.type_name, Known(value, start=0, end=0), start=0, end=0))
                )
            case Member():
                self.set_member(self.value(target.base), target.name, value, target)
            case Index():
                base, key = self.value(target.base), shown(self.value(target.index))
                if isinstance(base, Table) and key is not None:
                    base.put(key, value)

    def set_member(self, base: Any, name: str, value: Any, node: Node) -> None:  # noqa: ARG002 - rules have places
        """Give a member of an object its value."""
        if isinstance(base, Table):
            base.put(name, value)

    # -- statements -------------------------------------------------------------------------------

    def outputs(self, block: Block) -> list[Any]:
        """What all statements of a block give."""
        found: list[Any] = []
        for statement in block.statements:
            try:
                found += self.run(statement)
            except _JumpError as jump:
                jump.outputs = [*found, *jump.outputs]
                raise
        return found

    def statement_value(self, node: Node) -> Any:
        """What a statement gives: nothing, one value or a list."""
        found = self.run(node)
        return found if len(found) > 1 else found[0] if found else None

    def run(self, node: Node) -> list[Any]:
        """Follow one statement; what it gives."""
        self._steps += 1
        if self._steps > STEPS_MAX:
            raise TooMuchError
        match node:
            case Assignment():
                return self._assignment(node)
            case Pipeline():
                return self._pipeline(node)
            case Command():
                return self._command(node, [])
            case If():
                return self._if(node)
            case Foreach():
                return self._foreach(node)
            case Loop():
                return self._loop(node)
            case Switch():
                return self._switch(node)
            case Function():
                self.functions[node.name.casefold()] = node
                return []
            case Try():
                found = self.outputs(node.body)
                return found + (self.outputs(node.finally_) if node.finally_ is not None else [])
            case Block():
                return self.outputs(node)
            case Jump():
                return self._jump(node)
            case Unread():
                self.unread(node)
                return []
            case Unary(operator="++" | "--"):
                self.value(node)
                return []
            case _:
                return listed(self.value(node))

    def _assignment(self, node: Assignment) -> list[Any]:
        plain = not isinstance(node.value, Command | Pipeline | Assignment | If | Foreach | Switch | Loop | Try)
        value = self.value(node.value) if plain else self.statement_value(node.value)
        if node.operator != "=":
            target = node.targets[0]
            held = self.held_by(target.name) if isinstance(target, Variable) else self.value(target)
            before = Known(held, start=node.start, end=node.end)
            changed = Binary(
                node.operator[0], before, Known(value, start=node.start, end=node.end), start=node.start, end=node.end
            )
            value = self.value(changed)
        if len(node.targets) == 1:
            self.assign(node.targets[0], value)
            return []
        values = listed(value)
        for position, target in enumerate(node.targets):
            last = position == len(node.targets) - 1
            rest = values[position:] if last and len(values) > len(node.targets) else values[position : position + 1]
            self.assign(target, rest if len(rest) > 1 else rest[0] if rest else None)
        return []

    def _jump(self, node: Jump) -> list[Any]:
        if node.kind in ("break", "continue"):
            if not self._uncertain:
                raise _JumpError(node.kind, node.start)
            return []
        found = self.run(node.value) if node.value is not None and node.kind == "return" else []
        if self._uncertain:
            return found
        raise _JumpError(node.kind, node.end, found)

    # -- branches and loops -----------------------------------------------------------------------

    def _uncertainly(self, blocks: Sequence[Block], node: Node, why: str) -> list[Any]:
        """Read all blocks, since only a server knows which; told where rules depend on it."""
        if _MAKES_RULES.search(self._source(node)):
            text = " ".join(why.split())[:80]
            message = f"whether this happens depends on {text}, which only a server knows; all of it is read"
            self.findings.warn(self.scanner.place(node.start), "unresolved-condition", message)
        self._uncertain += 1
        try:
            found = [output for block in blocks for output in self.outputs(block)]
        finally:
            self._uncertain -= 1
        # Rules were made in any case; which plain value it is only the server knows.
        made = [value for value in found if isinstance(value, Opened | Condition)]
        return [*made, self.unresolved(node)] if len(made) < len(found) else made

    def _if(self, node: If) -> list[Any]:
        for position, (condition, block) in enumerate(node.branches):
            held = truth(self._condition(condition))
            if held is None:
                rest = [block, *(b for _, b in node.branches[position + 1 :])]
                if node.otherwise is not None:
                    rest.append(node.otherwise)
                return self._uncertainly(rest, node, self._source(condition))
            if held:
                return self.outputs(block)
        return self.outputs(node.otherwise) if node.otherwise is not None else []

    def _condition(self, node: Node) -> Any:
        return self.statement_value(node) if isinstance(node, Command | Pipeline | Assignment) else self.value(node)

    def _foreach(self, node: Foreach) -> list[Any]:
        items = self._condition(node.items)
        if isinstance(items, Unresolved):
            self.put(node.name, Unresolved(f"${node.name}", node.start))
            return self._uncertainly([node.body], node, items.text)
        found: list[Any] = []
        for item in listed(items):
            self.put(node.name, item)
            if self._turn(node.body, found):
                break
        return found

    def _turn(self, body: Block, found: list[Any]) -> bool:
        """One turn of a loop; whether it says that it was the last."""
        try:
            found += self.outputs(body)
        except _JumpError as jump:
            if jump.kind not in ("break", "continue"):
                raise
            found += jump.outputs
            return jump.kind == "break"
        return False

    def _loop(self, node: Loop) -> list[Any]:
        found: list[Any] = []
        if node.before is not None:
            self.run(node.before)
        first = node.body_first
        while True:
            if not first:
                held = truth(self._condition(node.condition)) if node.condition is not None else True
                if held is None:
                    assert node.condition is not None, "what is not there is no question"
                    return found + self._uncertainly([node.body], node, self._source(node.condition))
                if held == node.until:
                    return found
            first = False
            self._steps += 1
            if self._steps > STEPS_MAX:
                raise TooMuchError
            if self._turn(node.body, found):
                return found
            if node.after is not None:
                self.run(node.after)

    def _switch(self, node: Switch) -> list[Any]:
        value = shown(self._condition(node.value))
        tests = [(shown(self.value(test)) if test is not None else None) for test, _ in node.clauses]
        if value is None or any(
            t is None and test is not None for t, (test, _) in zip(tests, node.clauses, strict=True)
        ):
            return self._uncertainly([block for _, block in node.clauses], node, self._source(node.value))
        chosen = [
            b
            for t, (test, b) in zip(tests, node.clauses, strict=True)
            if test and t and t.casefold() == value.casefold()
        ]
        chosen = chosen or [block for test, block in node.clauses if test is None]
        found: list[Any] = []
        for block in chosen:
            if self._turn(block, found):
                break
        return found

    # -- commands ---------------------------------------------------------------------------------

    def _pipeline(self, node: Pipeline) -> list[Any]:
        found = self.run(node.elements[0])
        for element in node.elements[1:]:
            found = self._command(element, found) if isinstance(element, Command) else self.run(element)
        return found

    def _command(self, node: Command, piped: list[Any]) -> list[Any]:
        self.followed.add(node.start)
        called = self.value(node.name)
        given = bound(node, piped, self)
        if isinstance(called, Closure):
            return self.call(called.block, given)
        name = (shown(called) or "").rpartition("\\")[2].translate(_DASHES).casefold()
        function = self.functions.get(name)
        if function is not None:
            self.called.add(name)
            return self.call(function.body, given)
        found = self.cmdlet(name, given)
        if found is None:
            self._blocks(given)
            return [self.unresolved(node)]
        return found

    def _blocks(self, given: Given) -> None:
        """Blocks that a command is given which is not read: what makes rules in them is."""
        for held in (*given.named.values(), *given.positional):
            if isinstance(held.value, Closure) and _MAKES_RULES.search(self._source(held.node)):
                self._uncertainly([held.value.block.body], held.node, "a command")

    def call(self, block: ScriptBlock, given: Given, *, unbound_known: bool = True) -> list[Any]:
        """What a function or block gives for what it is given."""
        if len(self.scopes) > _CALLS_MAX:
            raise TooMuchError
        self.scopes.append({})
        rest = [argument.value for argument in given.positional]
        if not rest and given.piped and block.parameters and not given.named:
            rest = given.piped[:1]
        try:
            passed = Table()
            for name, default in block.parameters:
                held = given.take(name)
                if held is not None:
                    value = held.value
                elif rest:
                    value = rest.pop(0)
                elif default is not None:
                    value = self.value(default)
                else:
                    value = None if unbound_known else Unresolved(f"${name}", block.start)
                if held is not None:
                    passed.put(name, value)
                self.put(name, value)
            self.put("args", rest)
            self.put("psboundparameters", passed)
            self._define(block.body)
            return self.outputs(block.body)
        except _JumpError as jump:
            if jump.kind in ("exit", "throw"):
                raise
            return jump.outputs
        finally:
            self.scopes.pop()


_DASHES: Final = str.maketrans("\u2013\u2014\u2015", "---")
