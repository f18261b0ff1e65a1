"""The tree of a script: expressions and statements, each with the piece of text that it was read from."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "Argument",
    "Array",
    "Assignment",
    "Binary",
    "Block",
    "Call",
    "Cast",
    "Command",
    "Foreach",
    "Function",
    "Hash",
    "If",
    "Index",
    "Jump",
    "Known",
    "Literal",
    "Loop",
    "Member",
    "Node",
    "Parameter",
    "Pipeline",
    "ScriptBlock",
    "Splat",
    "Sub",
    "Switch",
    "Template",
    "Try",
    "TypeName",
    "Unary",
    "Unread",
    "Variable",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A piece of the script, by offsets into its text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A fixed value: text, number."""

    value: str | int | float


@dataclass(frozen=True, slots=True)
class Known(Node):
    """A value that was found already, in the place of an expression."""

    value: object


@dataclass(frozen=True, slots=True)
class Template(Node):
    """A double-quoted string or bare word with variables in it: pieces of text and expressions."""

    parts: tuple[str | Node, ...]


@dataclass(frozen=True, slots=True)
class Variable(Node):
    """`$name`; a scope such as `script:` stays in the name."""

    name: str


@dataclass(frozen=True, slots=True)
class TypeName(Node):
    """`[Some.Type]`."""

    name: str


@dataclass(frozen=True, slots=True)
class Array(Node):
    """`a, b`."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Hash(Node):
    """`@{ key = value }`."""

    pairs: tuple[tuple[Node, Node], ...]


@dataclass(frozen=True, slots=True)
class Block(Node):
    """Statements, one after the other."""

    statements: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Sub(Node):
    """`( )`, `$( )` or, always a list, `@( )`."""

    body: Block
    is_list: bool = False


@dataclass(frozen=True, slots=True)
class Index(Node):
    """`base[index]`."""

    base: Node
    index: Node


@dataclass(frozen=True, slots=True)
class Member(Node):
    """`base.name`, or `[type]::name`."""

    base: Node
    name: str


@dataclass(frozen=True, slots=True)
class Call(Node):
    """`base.name(arguments)`, or `[type]::name(arguments)`."""

    base: Node
    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Cast(Node):
    """`[type] value`."""

    type_name: str
    value: Node


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """An operator before one value, in lower case and with a plain dash."""

    operator: str
    value: Node


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """An operator between two values, in lower case and with a plain dash."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class ScriptBlock(Node):
    """`{ … }` as a value, with its parameters and their defaults."""

    parameters: tuple[tuple[str, Node | None], ...]
    body: Block


@dataclass(frozen=True, slots=True)
class Parameter(Node):
    """`-Name` of a command, with its value where one follows."""

    name: str
    value: Node | None


@dataclass(frozen=True, slots=True)
class Splat(Node):
    """`@name` of a command."""

    name: str


@dataclass(frozen=True, slots=True)
class Argument(Node):
    """A value of a command that no parameter's name stands before."""

    value: Node


@dataclass(frozen=True, slots=True)
class Command(Node):
    """A command with what is given to it."""

    name: Node
    elements: tuple[Parameter | Splat | Argument, ...]


@dataclass(frozen=True, slots=True)
class Pipeline(Node):
    """Commands, each of which gets what the one before gives; the first may be an expression."""

    elements: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Assignment(Node):
    """`target = value`; `targets` are several for `$a, $b = …`."""

    targets: tuple[Node, ...]
    operator: str
    value: Node


@dataclass(frozen=True, slots=True)
class If(Node):
    """`if`, `elseif`, `else`."""

    branches: tuple[tuple[Node, Block], ...]
    otherwise: Block | None


@dataclass(frozen=True, slots=True)
class Foreach(Node):
    """`foreach ($name in items) { }`."""

    name: str
    items: Node
    body: Block


@dataclass(frozen=True, slots=True)
class Loop(Node):
    """`for`, `while` and `do`."""

    before: Node | None
    condition: Node | None
    after: Node | None
    body: Block
    body_first: bool = False
    until: bool = False


@dataclass(frozen=True, slots=True)
class Switch(Node):
    """`switch`: clauses in order; None is `default`."""

    value: Node
    clauses: tuple[tuple[Node | None, Block], ...]


@dataclass(frozen=True, slots=True)
class Function(Node):
    """`function name { }`."""

    name: str
    body: ScriptBlock


@dataclass(frozen=True, slots=True)
class Try(Node):
    """`try`, and what `finally` does; what `catch` does is for errors, which reading has none of."""

    body: Block
    finally_: Block | None


@dataclass(frozen=True, slots=True)
class Jump(Node):
    """`return`, `exit`, `throw`, `break`, `continue`."""

    kind: str
    value: Node | None


@dataclass(frozen=True, slots=True)
class Unread(Node):
    """A statement that was not understood, which is told already."""
