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
    walk,
)
from attrflow.expr.folding import chosen, folded
from attrflow.expr.functions import FUNCTIONS, Form, Function
from attrflow.expr.inlining import INLINE_NAMES, Piece, inlined_call, inlined_operator
from attrflow.expr.inlining_choice import inlined_iif, inlined_logic, inlined_switch
from attrflow.expr.operators import negation_for, operator_for
from attrflow.expr.options import ExpressionOptions
from attrflow.expr.pycode import Line
from attrflow.expr.resolve import CONSTANTS
from attrflow.expr.results import FlowWord
from attrflow.expr.runtime import RUNTIME
from attrflow.expr.usage import COUNTING, DN

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


_SHORT_SWITCH = 8
"""Up to so many pairs, a Switch of plain values becomes a chain of Python's own conditions."""
_PRESENCE = {"IsPresent": ("blanks", True), "IsNullOrEmpty": ("blanks", False), "IsNull": ("nulls", False)}
_KEEPS_VALUES = frozenset(("CStr", "LCase", "LTrim", "Left", "RTrim", "Right", "Trim", "UCase"))
"""Functions that give a value for each value, never NULL."""
_NOTHING = Piece(Line(1).constant(None))
"""Stands for a part that is not evaluated, and for a variable of which nothing is known."""


@dataclass(slots=True)
class _Step:
    """A node on its way: its number, its parts (None for those never evaluated), those already lowered.

    `certain`: the attributes that are surely read by now, with the names that hold their values.
    """

    node: Expression
    number: int
    parts: list[Expression | None]
    scope: dict[str, Piece]
    certain: dict[str, str]
    pieces: list[Piece] = field(default_factory=list)


@dataclass(slots=True)
class Lowering:
    """One tree on its way to Python.

    `counted` are the attributes whose values need not be loaded. `inline`: frequent steps become short
    code instead of calls, which an observed or metered expression cannot have.
    """

    options: ExpressionOptions
    observed: bool
    counted: frozenset[str]
    inline: bool = False
    keep: bool = False
    """Whether an attribute that was surely read before is not asked for again; only within one function."""
    names: dict[str, object] = field(default_factory=lambda: {**RUNTIME, **INLINE_NAMES})
    parts: dict[str, ast.expr] = field(default_factory=dict)
    _read: dict[str, str] = field(default_factory=dict)
    _next_node: int = 0
    _next_temporary: int = 0

    def whole(self, tree: Expression) -> Piece:
        """The tree as code that names the context; `parts` and `names` hold what else it needs."""
        return self._lower(tree)

    def _lower(self, tree: Expression) -> Piece:
        """Parts before their whole, with a stack of its own: Python's is too small for 200 levels."""
        steps = [self._enter(tree, {})]
        while True:
            step = steps[-1]
            index = len(step.pieces)
            if index and not _may_be_left_out(step.node, index - 1):
                step.certain = self._read
            # What a part reads that may be left out, nothing after it can count on.
            self._read = dict(step.certain)
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

    def _enter(self, node: Expression, scope: dict[str, Piece]) -> _Step:
        number = self._next_node
        self._next_node += 1
        parts: list[Expression | None] = list(children(node))
        if isinstance(node, Call):
            form = FUNCTIONS[node.name].form
            if form in (Form.BINDER, Form.NAMED) or self._counts(node):
                parts[0] = None
        return _Step(node, number, parts, scope, dict(self._read))

    def _counts(self, node: Call) -> bool:
        """Whether the call can be answered from the number of values."""
        argument = node.arguments[0] if len(node.arguments) == 1 else None
        return isinstance(argument, Attribute) and node.name in COUNTING and argument.name in self.counted

    def _scope_of(self, step: _Step, index: int) -> dict[str, Piece]:
        """The variables that a part sees: inside With, Select and Where one more."""
        node = step.node
        if index == 2 and isinstance(node, Call) and FUNCTIONS[node.name].form is Form.BINDER:
            variable = node.arguments[0]
            assert isinstance(variable, Variable)
            return {**step.scope, variable.name: step.pieces[1] if node.name == "With" else _NOTHING}
        return step.scope

    def _finished(self, step: _Step) -> Piece:
        line = Line(step.number + 1)
        piece = self._piece(step, line)
        if self.observed:
            code = line.call("observed", [line.name("context"), line.constant(step.number), piece.code])
            piece = replace(piece, code=code, height=piece.height + 1)
        return self._own_function(piece, step.scope, line) if piece.height > _HIGHEST else piece

    def _own_function(self, piece: Piece, scope: dict[str, Piece], line: Line) -> Piece:
        parameters = ["context", *(f"v_{name}" for name in scope)]
        name = f"part_{len(self.parts)}"
        self.parts[name] = line.function(parameters, piece.code)
        call = line.call(name, [line.name(parameter) for parameter in parameters])
        return replace(piece, code=call, height=2)

    def _piece(self, step: _Step, line: Line) -> Piece:
        node = step.node
        if isinstance(node, Text | Number):
            return Piece(line.constant(node.value), literal=node.value)
        if isinstance(node, Attribute):
            return Piece(self._attribute(node.name, line), 3, many=node.name != DN, gapless=True)
        if isinstance(node, Parameter):
            helper = "parameter" if self.options.unknown_parameter == "error" else "parameter_or_null"
            return Piece(line.call(helper, [line.name("context"), line.constant(node.name)]), 2)
        if isinstance(node, Variable):
            known = step.scope[node.name]
            return Piece(line.name(f"v_{node.name}"), 1, many=known.many, word=known.word)
        if isinstance(node, Word):
            return self._word(node, line)
        if isinstance(node, Negate):
            operand = self._valued(step.pieces[0], line)
            self.names.setdefault("negate", negation_for(self.options))
            code = line.call("negate", [operand.code])
            return Piece(code, operand.height + 1, operand.many, operand.word, gapless=operand.gapless)
        if isinstance(node, Binary):
            left, right = (self._valued(piece, line) for piece in step.pieces)
            return self._binary(node.operator, left, right, line)
        assert isinstance(node, Call), "a tree that is compiled has no holes"
        return self._call(node, step.pieces, line)

    def _attribute(self, name: str, line: Line) -> ast.expr:
        read = line.method("context", "attribute", [line.constant(name)])
        if not self.keep:
            return read
        if name in self._read:
            return line.name(self._read[name])
        self._read[name] = self._temporary()
        return line.assign(self._read[name], read)

    def _valued(self, piece: Piece, line: Line) -> Piece:
        """A part that is no branch; whether a flow word may come out of it is an option."""
        if not piece.word or self.options.nested_flow_word == "propagate":
            return piece
        return replace(piece, code=line.call("no_word", [piece.code]), height=piece.height + 1, word=False)

    def _temporary(self) -> str:
        self._next_temporary += 1
        return f"t_{self._next_temporary}"

    def _word(self, node: Word, line: Line) -> Piece:
        value = CONSTANTS.get(node.name, node.name)
        if isinstance(value, FlowWord):
            self.names[f"word_{node.name}"] = value
            return Piece(line.name(f"word_{node.name}"), word=True)
        assert value is None or isinstance(value, str | bool)
        return Piece(line.constant(value), truth=isinstance(value, bool), literal=value)

    def _binary(self, operator: str, left: Piece, right: Piece, line: Line) -> Piece:
        many, word = left.many or right.many, left.word or right.word
        plain = not many and not word
        if operator in ("&&", "||"):
            return replace(self._logical(operator, left, right, line), many=many, word=word, truth=plain)
        name = _OPERATOR_NAMES[operator]
        compute = operator_for(operator, self.options)
        if self.inline and (known := folded(compute, (left, right), line)) is not None:
            return known
        self.names.setdefault(name, compute)
        truth = plain and operator in ("=", "<>", "<", "<=", ">", ">=")
        height = max(left.height, right.height) + 1
        code: ast.expr | None = None
        if self.inline:
            code = inlined_operator(
                operator, left, right, line, self._temporary, lambda sides: line.call(name, sides), self.options
            )
        if code is not None:
            return Piece(code, height + 3, many, word, truth)
        return Piece(line.call(name, [left.code, right.code]), height, many, word, truth)

    def _logical(self, operator: str, left: Piece, right: Piece, line: Line) -> Piece:
        conjunctive = operator == "&&"
        if left.truth and right.truth and self.options.short_circuit:
            python = ast.And() if conjunctive else ast.Or()
            code = line.logical(python, left.code, right.code)
            return Piece(code, max(left.height, right.height) + 1)
        if not self.options.short_circuit:
            test = line.call("condition", [left.code])
            code = line.call("conjunction" if conjunctive else "disjunction", [test, right.code])
            return Piece(code, max(left.height, right.height) + 2)
        code = inlined_logic(left, right, line, self._temporary, conjunctive=conjunctive)
        return Piece(code, max(left.height + 10, right.height + 7))

    def _call(self, node: Call, pieces: list[Piece], line: Line) -> Piece:
        function = FUNCTIONS[node.name]
        branches = {Form.IIF: (1, 2), Form.SWITCH: tuple(range(1, len(pieces), 2)), Form.BINDER: (1, 2)}
        pieces = [
            piece if index in branches.get(function.form, ()) else self._valued(piece, line)
            for index, piece in enumerate(pieces)
        ]
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

    def _plain_call(self, function: Function, pieces: list[Piece], line: Line, *, many: bool) -> Piece:
        name = f"f_{function.name}"
        compute = function.under(self.options)
        if self.inline and function.pure and (known := folded(compute, pieces, line)) is not None:
            return known
        self.names[name] = compute
        word = any(piece.word for piece in pieces)
        height = max((piece.height for piece in pieces), default=0) + 1
        code: ast.expr | None = None
        if self.inline and not word:
            code = inlined_call(function.name, pieces, line, self._temporary, lambda given: line.call(name, given))
            height += 3
        if code is None:
            code = line.call(name, [piece.code for piece in pieces])
        gapless = (
            function.name in _KEEPS_VALUES
            and pieces[0].gapless
            and all(isinstance(piece.literal, int | str) for piece in pieces[1:])
        )
        return Piece(code, height, many, word, function.result == "bool" and not many and not word, gapless)

    def _counting(self, function: Function, node: Call, line: Line) -> Piece:
        attribute = node.arguments[0]
        assert isinstance(attribute, Attribute)
        self.names[f"f_{function.name}"] = function.under(self.options)
        short = _PRESENCE.get(function.name)
        if self.inline and short is not None:
            return Piece(line.presence(attribute.name, self._temporary(), short[0], present=short[1]), 6, truth=True)
        helper = "number_of" if function.name == "Count" else "by_count"
        arguments = [line.name("context"), line.constant(attribute.name), line.name(f"f_{function.name}")]
        return Piece(line.call(helper, arguments), 2, truth=function.result == "bool")

    def _iif(self, pieces: list[Piece], line: Line) -> Piece:
        test, then, otherwise = pieces
        if self.inline and (branch := chosen(test, then, otherwise)) is not None:
            return branch
        many = test.many or then.many or otherwise.many
        word = test.word or then.word or otherwise.word
        if test.truth:
            code = line.either(test.code, then.code, otherwise.code)
            height = max(test.height, then.height, otherwise.height) + 1
            gapless = not then.gaps and not otherwise.gaps
            return Piece(code, height, many, word, then.truth and otherwise.truth, gapless)
        height = max(test.height + 9, then.height + 7, otherwise.height + 8)
        return Piece(inlined_iif(pieces, line, self._temporary), height, many, word)

    def _switch(self, pieces: list[Piece], line: Line) -> Piece:
        tests, values = pieces[::2], pieces[1::2]
        height = max(piece.height for piece in pieces) + 3
        many, word = any(piece.many for piece in pieces), any(piece.word for piece in pieces)
        if len(tests) <= _SHORT_SWITCH and all(value.brief for value in values):
            code = inlined_switch(tests, values, line, self._temporary)
            return Piece(code, height + 2 * len(tests), many, word)
        conditions = line.tuple([piece.code for piece in tests])
        branches = line.tuple([line.function([], piece.code) for piece in values])
        return Piece(line.call("switch", [conditions, branches]), height, many, word)

    def _binder(self, node: Call, pieces: list[Piece], line: Line) -> Piece:
        variable = node.arguments[0]
        assert isinstance(variable, Variable)
        _, value, body = pieces
        height = max(value.height, body.height + 1) + 1
        function = line.function([f"v_{variable.name}"], body.code)
        if node.name == "With":
            code = line.call_of(function, [value.code])
            return Piece(code, height, body.many, body.word, body.truth)
        weight = sum(1 for _ in walk(node.arguments[2]))
        code = line.call(node.name.lower(), [value.code, function, line.constant(weight)])
        return Piece(code, height, many=True, word=value.word or body.word)

    def _named(self, node: Call, line: Line) -> Piece:
        name = node.arguments[0]
        assert isinstance(name, Text)
        imported = node.name == "ImportedValue"
        method = "imported" if imported else "count"
        return Piece(line.method("context", method, [line.constant(name.value)]), 2, many=imported, gapless=True)

    def _world(self, node: Call, pieces: list[Piece], line: Line) -> Piece:
        if node.name != "RandomNum":
            return Piece(line.method("context", node.name.lower(), []), 2)
        low, high = pieces
        code = line.call("random_number", [line.name("context"), low.code, high.code])
        return Piece(code, max(low.height, high.height) + 1, word=low.word or high.word)


def _may_be_left_out(node: Expression, index: int) -> bool:
    """Whether a part of a node is evaluated only sometimes, or after the parts that stand behind it."""
    if isinstance(node, Binary):
        return node.operator in ("&&", "||") and index == 1
    form = FUNCTIONS[node.name].form if isinstance(node, Call) else Form.CALL
    return (form in (Form.IIF, Form.BINDER) and index > 0) or (form is Form.SWITCH and index % 2 == 1)
