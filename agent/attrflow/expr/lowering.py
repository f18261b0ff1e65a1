"""Lowering: a checked tree to Python syntax nodes, never to source text (DECISIONS 13).

A node becomes one Python expression. Where a condition is surely one True or False, IIF, `&&` and `||`
become Python's own; elsewhere they go through `branching`, which knows several values. What grows too
high for Python's own limits is moved to a function of its own.
"""

from __future__ import annotations

import ast
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
    children,
)
from attrflow.expr.functions import FUNCTIONS, Form, Function
from attrflow.expr.operators import operator_for
from attrflow.expr.options import ExpressionOptions
from attrflow.expr.pycode import Line
from attrflow.expr.resolve import CONSTANTS
from attrflow.expr.results import FlowWord
from attrflow.expr.runtime import RUNTIME
from attrflow.expr.usage import COUNTING

__all__ = ["Lowering"]

_HIGHEST = 60
"""Python nodes above each other before a part gets a function of its own."""
_OPERATOR_NAMES = {
    "=": "equal",
    "<>": "unequal",
    "<": "less",
    "<=": "at_most",
    ">": "greater",
    ">=": "at_least",
    "+": "add",
    "-": "subtract",
    "*": "multiply",
    "/": "divide",
    "&": "concatenate",
}


@dataclass(frozen=True, slots=True)
class _Piece:
    """Python code for a node, and what is known of its value without evaluating it.

    `many`: may have several values. `word`: may be a flow word. `truth`: is surely True or False.
    """

    code: ast.expr
    height: int = 1
    many: bool = False
    word: bool = False
    truth: bool = False


_NOTHING = _Piece(Line(1).constant(None))
"""Stands for a part that is not evaluated, and for a variable of which nothing is known."""


@dataclass(frozen=True, slots=True)
class _Step:
    """A node on its way: its number, its parts (None for those never evaluated), those already lowered."""

    node: Expression
    number: int
    parts: list[Expression | None]
    scope: dict[str, _Piece]
    pieces: list[_Piece] = field(default_factory=list)


@dataclass(slots=True)
class Lowering:
    """One tree on its way to Python. `counted` are the attributes whose values need not be loaded."""

    options: ExpressionOptions
    observed: bool
    counted: frozenset[str]
    names: dict[str, object] = field(default_factory=lambda: dict(RUNTIME))
    parts: dict[str, ast.expr] = field(default_factory=dict)
    _next_node: int = 0
    _next_temporary: int = 0

    def whole(self, tree: Expression) -> ast.expr:
        """The tree as a function of the context; `parts` and `names` hold what else it needs."""
        return Line(1).function(["context"], self._lower(tree).code)

    def _lower(self, tree: Expression) -> _Piece:
        """Parts before their whole, with a stack of its own: Python's is too small for 200 levels."""
        steps = [self._enter(tree, {})]
        while True:
            step = steps[-1]
            index = len(step.pieces)
            if index < len(step.parts):
                part = step.parts[index]
                if part is None:
                    # Counted like every node, but never evaluated: a variable being bound, a quoted name.
                    self._next_node += 1
                    step.pieces.append(_NOTHING)
                else:
                    steps.append(self._enter(part, self._scope_of(step, index)))
                continue
            steps.pop()
            piece = self._finished(step)
            if not steps:
                return piece
            steps[-1].pieces.append(piece)

    def _enter(self, node: Expression, scope: dict[str, _Piece]) -> _Step:
        number = self._next_node
        self._next_node += 1
        parts: list[Expression | None] = list(children(node))
        if isinstance(node, Call):
            form = FUNCTIONS[node.name].form
            if form in (Form.BINDER, Form.NAMED) or self._counts(node):
                parts[0] = None
        return _Step(node, number, parts, scope)

    def _counts(self, node: Call) -> bool:
        """Whether the call can be answered from the number of values."""
        argument = node.arguments[0] if len(node.arguments) == 1 else None
        return isinstance(argument, Attribute) and node.name in COUNTING and argument.name in self.counted

    def _scope_of(self, step: _Step, index: int) -> dict[str, _Piece]:
        """The variables that a part sees: inside With, Select and Where one more."""
        node = step.node
        if index == 2 and isinstance(node, Call) and FUNCTIONS[node.name].form is Form.BINDER:
            variable = node.arguments[0]
            assert isinstance(variable, Variable)
            return {**step.scope, variable.name: step.pieces[1] if node.name == "With" else _NOTHING}
        return step.scope

    def _finished(self, step: _Step) -> _Piece:
        line = Line(step.number + 1)
        piece = self._piece(step, line)
        if self.observed:
            code = line.call("observed", [line.name("context"), line.constant(step.number), piece.code])
            piece = replace(piece, code=code, height=piece.height + 1)
        return self._own_function(piece, step.scope, line) if piece.height > _HIGHEST else piece

    def _own_function(self, piece: _Piece, scope: dict[str, _Piece], line: Line) -> _Piece:
        parameters = ["context", *(f"v_{name}" for name in scope)]
        name = f"part_{len(self.parts)}"
        self.parts[name] = line.function(parameters, piece.code)
        call = line.call(name, [line.name(parameter) for parameter in parameters])
        return replace(piece, code=call, height=2)

    def _piece(self, step: _Step, line: Line) -> _Piece:
        node = step.node
        if isinstance(node, Text | Number):
            return _Piece(line.constant(node.value))
        if isinstance(node, Attribute):
            return _Piece(line.method("context", "attribute", [line.constant(node.name)]), 2, many=True)
        if isinstance(node, Parameter):
            return _Piece(line.call("parameter", [line.name("context"), line.constant(node.name)]), 2)
        if isinstance(node, Variable):
            known = step.scope[node.name]
            return _Piece(line.name(f"v_{node.name}"), 1, many=known.many, word=known.word)
        if isinstance(node, Word):
            return self._word(node, line)
        if isinstance(node, Negate):
            (operand,) = step.pieces
            return replace(operand, code=line.call("negate", [operand.code]), height=operand.height + 1, truth=False)
        if isinstance(node, Binary):
            left, right = step.pieces
            return self._binary(node.operator, left, right, line)
        return self._call(node, step.pieces, line)

    def _word(self, node: Word, line: Line) -> _Piece:
        value = CONSTANTS.get(node.name, node.name)
        if isinstance(value, FlowWord):
            self.names[f"word_{node.name}"] = value
            return _Piece(line.name(f"word_{node.name}"), word=True)
        assert value is None or isinstance(value, str | bool)
        return _Piece(line.constant(value), truth=isinstance(value, bool))

    def _binary(self, operator: str, left: _Piece, right: _Piece, line: Line) -> _Piece:
        many, word = left.many or right.many, left.word or right.word
        plain = not many and not word
        if operator in ("&&", "||"):
            return replace(self._logical(operator, left, right, line), many=many, word=word, truth=plain)
        name = _OPERATOR_NAMES[operator]
        self.names.setdefault(name, operator_for(operator, self.options))
        truth = plain and operator in ("=", "<>", "<", "<=", ">", ">=")
        height = max(left.height, right.height) + 1
        return _Piece(line.call(name, [left.code, right.code]), height, many, word, truth)

    def _logical(self, operator: str, left: _Piece, right: _Piece, line: Line) -> _Piece:
        conjunctive = operator == "&&"
        if left.truth and right.truth:
            python = ast.And() if conjunctive else ast.Or()
            code = line.logical(python, left.code, right.code)
            return _Piece(code, max(left.height, right.height) + 1)
        outcome, test = self._outcome(left, line)
        wanted = line.call("wants_true" if conjunctive else "wants_false", [line.name(outcome)])
        rest = line.either(wanted, right.code, line.constant(None))
        code = line.call("conjunction" if conjunctive else "disjunction", [test, rest])
        return _Piece(code, max(left.height + 3, right.height + 2))

    def _outcome(self, piece: _Piece, line: Line) -> tuple[str, ast.expr]:
        """A name for the condition's outcome, and the code that finds it out and gives it the name."""
        name = f"t_{self._next_temporary}"
        self._next_temporary += 1
        return name, line.assign(name, line.call("condition", [piece.code]))

    def _call(self, node: Call, pieces: list[_Piece], line: Line) -> _Piece:
        function = FUNCTIONS[node.name]
        if function.form is Form.IIF:
            return self._iif(pieces, line)
        if function.form is Form.SWITCH:
            return self._switch(pieces, line)
        if function.form is Form.BINDER:
            return self._binder(node, pieces, line)
        if function.form is Form.NAMED:
            return self._named(node, line)
        if function.form is Form.WORLD:
            return self._world(node, pieces, line)
        if self._counts(node):
            return self._counting(function, node, line)
        many = any(piece.many for piece in pieces) if function.lifted else function.result == "var"
        return self._plain_call(function, pieces, line, many=many or function.result == "mv")

    def _plain_call(self, function: Function, pieces: list[_Piece], line: Line, *, many: bool) -> _Piece:
        self.names[f"f_{function.name}"] = function.call
        word = any(piece.word for piece in pieces)
        height = max((piece.height for piece in pieces), default=0) + 1
        code = line.call(f"f_{function.name}", [piece.code for piece in pieces])
        return _Piece(code, height, many, word, function.result == "bool" and not many and not word)

    def _counting(self, function: Function, node: Call, line: Line) -> _Piece:
        attribute = node.arguments[0]
        assert isinstance(attribute, Attribute)
        self.names[f"f_{function.name}"] = function.call
        helper = "number_of" if function.name == "Count" else "by_count"
        arguments = [line.name("context"), line.constant(attribute.name), line.name(f"f_{function.name}")]
        return _Piece(line.call(helper, arguments), 2, truth=function.result == "bool")

    def _iif(self, pieces: list[_Piece], line: Line) -> _Piece:
        test, then, otherwise = pieces
        many = test.many or then.many or otherwise.many
        word = test.word or then.word or otherwise.word
        if test.truth:
            code = line.either(test.code, then.code, otherwise.code)
            height = max(test.height, then.height, otherwise.height) + 1
            return _Piece(code, height, many, word, then.truth and otherwise.truth)
        outcome, assigned = self._outcome(test, line)
        nothing = line.constant(None)
        first = line.either(line.call("wants_true", [line.name(outcome)]), then.code, nothing)
        second = line.either(line.call("wants_false", [line.name(outcome)]), otherwise.code, nothing)
        height = max(test.height + 3, then.height + 2, otherwise.height + 2)
        return _Piece(line.call("choose", [assigned, first, second]), height, many, word)

    def _switch(self, pieces: list[_Piece], line: Line) -> _Piece:
        tests = line.tuple([piece.code for piece in pieces[::2]])
        values = line.tuple([line.function([], piece.code) for piece in pieces[1::2]])
        height = max(piece.height for piece in pieces) + 3
        many, word = any(piece.many for piece in pieces), any(piece.word for piece in pieces)
        return _Piece(line.call("switch", [tests, values]), height, many, word)

    def _binder(self, node: Call, pieces: list[_Piece], line: Line) -> _Piece:
        variable = node.arguments[0]
        assert isinstance(variable, Variable)
        _, value, body = pieces
        height = max(value.height, body.height + 1) + 1
        function = line.function([f"v_{variable.name}"], body.code)
        if node.name == "With":
            code = line.call_of(function, [value.code])
            return _Piece(code, height, body.many, body.word, body.truth)
        code = line.call(node.name.lower(), [value.code, function])
        return _Piece(code, height, many=True, word=value.word or body.word)

    def _named(self, node: Call, line: Line) -> _Piece:
        name = node.arguments[0]
        assert isinstance(name, Text)
        imported = node.name == "ImportedValue"
        method = "imported" if imported else "count"
        return _Piece(line.method("context", method, [line.constant(name.value)]), 2, many=imported)

    def _world(self, node: Call, pieces: list[_Piece], line: Line) -> _Piece:
        if node.name != "RandomNum":
            return _Piece(line.method("context", node.name.lower(), []), 2)
        low, high = pieces
        code = line.call("random_number", [line.name("context"), low.code, high.code])
        return _Piece(code, max(low.height, high.height) + 1, word=low.word or high.word)
