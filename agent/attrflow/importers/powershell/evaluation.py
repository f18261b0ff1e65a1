"""Expressions -> values, with literal values only. Whatever needs more is unresolved and keeps its source text.

Nothing is executed: there are some operators and methods of strings here, and no way to a command, a file or a
network.
"""

from __future__ import annotations

import operator
import re
from abc import abstractmethod
from collections.abc import Callable, Mapping
from fnmatch import translate
from typing import Any, Final

from attrflow.importers.powershell.nodes import (
    Array,
    Binary,
    Block,
    Call,
    Cast,
    Hash,
    Index,
    Known,
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
from attrflow.importers.powershell.strings import string_method
from attrflow.importers.powershell.values import Closure, Opened, Table, TypeValue, Unresolved, listed, shown, truth

__all__ = ["LENGTH_MAX", "Evaluator"]

LENGTH_MAX: Final = 100_000
"""Characters of a string, or items of a list, that a script may build up; more stays unresolved."""

_CONSTANTS: Final[Mapping[str, Any]] = {"true": True, "false": False, "null": None}
_COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "-eq": operator.eq,
    "-ne": operator.ne,
    "-gt": operator.gt,
    "-ge": operator.ge,
    "-lt": operator.lt,
    "-le": operator.le,
}
_STRINGS: Final = ("string", "system.string")
_NUMBERS: Final = ("int", "int32", "int64", "long", "uint32", "system.int32", "system.int64", "double", "decimal")
_STATIC: Final[Mapping[tuple[str, str], Any]] = {
    ("string", "empty"): "",
    ("guid", "empty"): "00000000-0000-0000-0000-000000000000",
    ("environment", "newline"): "\n",
}


class Evaluator:
    """Follows the expressions of one script."""

    def __init__(self, text: str) -> None:
        self.text = text

    # What statements do, and variables hold, is said by whoever completes this.

    @abstractmethod
    def outputs(self, block: Block) -> list[Any]:
        """What the statements of a block give."""

    @abstractmethod
    def statement_value(self, node: Node) -> Any:
        """What a statement gives, as one value."""

    @abstractmethod
    def lookup(self, name: str) -> Any:
        """The value of a variable; raises KeyError where it has none."""

    @abstractmethod
    def assign(self, target: Node, value: Any) -> None:
        """Give a variable or member its value."""

    @abstractmethod
    def make(self, type_name: str, arguments: list[Any], node: Node) -> Any:
        """A new object of a type."""

    def held_by(self, name: str) -> Any:
        """What a variable holds; nothing where nobody gave it a value."""
        try:
            return self.lookup(name.casefold())
        except KeyError:
            return None

    def unresolved(self, node: Node) -> Unresolved:
        """The node's source text in place of its value."""
        return Unresolved(self.text[node.start : node.end], node.start)

    def value(self, node: Node) -> Any:
        """What an expression comes to."""
        match node:
            case Literal() | Known():
                return node.value
            case Template():
                return self._template(node)
            case Variable():
                return self._variable(node)
            case Array():
                return [self.value(item) for item in node.items]
            case Hash():
                return self._hash(node)
            case Sub():
                first = node.body.statements[0] if len(node.body.statements) == 1 and not node.is_list else None
                # In brackets a counter gives its value; as a statement it gives nothing.
                found = [self.value(first)] if isinstance(first, Unary) else self.outputs(node.body)
                return found if node.is_list or len(found) > 1 else found[0] if found else None
            case Index():
                return self._index(node)
            case Member():
                return self._member(node)
            case Call():
                return self._call(node)
            case Cast():
                return self.cast(node)
            case Unary():
                return self._unary(node)
            case Binary():
                return self._binary(node)
            case TypeName():
                return TypeValue(node.name)
            case ScriptBlock():
                return Closure(node)
            case _:
                return self.statement_value(node)

    def _template(self, node: Template) -> Any:
        pieces: list[str] = []
        for part in node.parts:
            text = part if isinstance(part, str) else shown(self.value(part))
            if text is None:
                return self.unresolved(node)
            pieces.append(text)
        return "".join(pieces) if sum(map(len, pieces)) <= LENGTH_MAX else self.unresolved(node)

    def _variable(self, node: Variable) -> Any:
        name = node.name.casefold()
        if name in _CONSTANTS:
            return _CONSTANTS[name]
        try:
            return self.lookup(name)
        except KeyError:
            return self.unresolved(node)

    def _hash(self, node: Hash) -> Any:
        table = Table()
        for key, value in node.pairs:
            name = shown(self.value(key))
            if name is None:
                return self.unresolved(node)
            table.put(name, self.value(value))
        return table

    def _index(self, node: Index) -> Any:
        base, index = self.value(node.base), self.value(node.index)
        if isinstance(base, Table):
            name = shown(index)
            return base.find(name) if name is not None else self.unresolved(node)
        if isinstance(base, Opened):
            return base
        if isinstance(base, list | str) and isinstance(index, int) and not isinstance(index, bool):
            return base[index] if -len(base) <= index < len(base) else None
        if base is not None and index in (0, -1) and not isinstance(base, Unresolved):
            return base
        return self.unresolved(node)

    def _member(self, node: Member) -> Any:
        base, name = self.value(node.base), node.name.casefold()
        if isinstance(base, TypeValue):
            key = (base.name.casefold().removeprefix("system."), name)
            # A member of an enumeration of the product is its name.
            return node.name if "identitymanagement" in key[0] else _STATIC.get(key, self.unresolved(node))
        if isinstance(base, Table):
            return self._of_table(base, node)
        if name in ("count", "length") and isinstance(base, list | str):
            return len(base)
        if isinstance(base, list) and len(base) == 1 and isinstance(base[0], Table | Opened):
            base = base[0]
        if isinstance(base, Table):
            return self._of_table(base, node)
        if isinstance(base, Opened):
            word = base.draft.fields.get(name.replace("identifier", "id"))
            if word is not None and word.resolved:
                return word.text
        return self.unresolved(node)

    def _of_table(self, table: Table, node: Member) -> Any:
        """A key of a table, or what every table has."""
        if node.name.casefold() in (key.casefold() for key in table):
            return table.find(node.name)
        known = {"keys": list(table), "values": list(table.values()), "count": len(table)}
        # An absent key is nothing to PowerShell; here it is more likely that something was not understood.
        return known.get(node.name.casefold(), self.unresolved(node))

    def _call(self, node: Call) -> Any:
        base = self.value(node.base)
        arguments = [self.value(argument) for argument in node.arguments]
        name = node.name.casefold()
        if isinstance(base, TypeValue):
            type_name = base.name.casefold().removeprefix("system.")
            if name == "new":
                return self.make(base.name, arguments, node)
            if type_name == "string" and name == "format" and arguments:
                return self._format(arguments[0], arguments[1:], node)
            if type_name == "string" and name in ("isnullorempty", "isnullorwhitespace") and len(arguments) == 1:
                text = shown(arguments[0])
                return self.unresolved(node) if text is None else not (text.strip() if "white" in name else text)
            if type_name == "string" and name == "join" and len(arguments) == 2:
                return self._joined(arguments[0], arguments[1], node)
            return self.unresolved(node)
        if isinstance(base, str | int) and name == "tostring" and not arguments:
            return str(base)
        if isinstance(base, str):
            found = string_method(base, name, arguments)
            return self.unresolved(node) if found is None else found
        if isinstance(base, list) and name == "add" and len(arguments) == 1:
            base.append(arguments[0])
            return None
        if (
            isinstance(base, Table)
            and name == "add"
            and len(arguments) == 2
            and (key := shown(arguments[0])) is not None
        ):
            base.put(key, arguments[1])
            return None
        if isinstance(base, Table) and name == "getenumerator":
            return [Table({"Key": key, "Name": key, "Value": value}) for key, value in base.items()]
        if isinstance(base, Table) and name in ("containskey", "contains") and len(arguments) == 1:
            return base.find(shown(arguments[0]) or "") is not None
        return self.unresolved(node)

    def cast(self, node: Cast) -> Any:
        """A value turned into a type; types that change nothing here are passed over."""
        value = self.value(node.value)
        name = node.type_name.casefold()
        if isinstance(value, Unresolved):
            return value
        if name in _STRINGS:
            text = shown(value)
            return self.unresolved(node) if text is None else text
        if name in _NUMBERS:
            try:
                return int(shown(value) or "0")
            except ValueError:
                return self.unresolved(node)
        if name in ("bool", "system.boolean"):
            return truth(value)
        if name.endswith("[]") or name == "array":
            return listed(value)
        return value

    def _unary(self, node: Unary) -> Any:
        value = self.value(node.value)
        if node.operator in ("++", "--"):
            if isinstance(value, Unresolved):
                return value
            number = value if isinstance(value, int) else 0
            after = number + (1 if node.operator == "++" else -1)
            self.assign(node.value, after)
            return number if node.value.start == node.start else after
        if isinstance(value, Unresolved):
            return self.unresolved(node)
        if node.operator == "-not":
            held = truth(value)
            return self.unresolved(node) if held is None else not held
        if node.operator == "-join":
            return self._joined("", value, node)
        if node.operator == "-split" and isinstance(value, str):
            return value.split()
        if isinstance(value, int | float) and node.operator in ("-", "+"):
            return -value if node.operator == "-" else value
        return self.unresolved(node)

    # -- operators --------------------------------------------------------------------------------

    def _binary(self, node: Binary) -> Any:
        left = self.value(node.left)
        if node.operator in ("-and", "-or"):
            held = truth(left)
            if held is not None and held == (node.operator == "-or"):
                return held
            other = truth(self.value(node.right))
            return self.unresolved(node) if held is None or other is None else other
        right = self.value(node.right)
        if node.operator == "-f":
            return self._format(left, listed(right) if not isinstance(right, Unresolved) else [right], node)
        if node.operator == "-join":
            return self._joined(right, left, node)
        if isinstance(left, Unresolved) or isinstance(right, Unresolved):
            return self.unresolved(node)
        found = self._plain(node.operator, left, right)
        return self.unresolved(node) if found is NotImplemented else found

    def _plain(self, sign: str, left: Any, right: Any) -> Any:
        """An operator between values that are known; NotImplemented where it is not read."""
        if sign == "+":
            return _sum(left, right)
        if sign in _COMPARE:
            return _compared(sign, left, right)
        if sign in ("-contains", "-in", "-notcontains", "-notin"):
            items, one = (left, right) if "contains" in sign else (right, left)
            held = any(_compared("-eq", item, one) is True for item in listed(items))
            return held != sign.startswith("-not")
        if sign in ("-like", "-notlike") and isinstance(left, str) and isinstance(right, str):
            return (re.fullmatch(translate(right), left, re.IGNORECASE) is not None) != sign.startswith("-not")
        if sign == "-replace" and isinstance(left, str):
            words = [shown(word) or "" for word in listed(right)]
            plain = (
                bool(words)
                and "$" not in "".join(words[1:])
                and re.escape(words[0]).replace("\\ ", " ").replace("\\-", "-") == words[0]
            )
            with_ = words[1] if len(words) > 1 else ""
            # Only plain words: a pattern that somebody else wrote could run for ever.
            return re.sub(re.escape(words[0]), lambda _: with_, left, flags=re.IGNORECASE) if plain else NotImplemented
        if sign == "-split" and isinstance(left, str) and isinstance(right, str) and right == re.escape(right):
            return left.split(right)
        if sign == "-xor":
            return bool(truth(left)) != bool(truth(right))
        numbers = isinstance(left, int) and isinstance(right, int)
        if sign == ".." and numbers and abs(right - left) < 10_000:
            step = 1 if right >= left else -1
            return list(range(left, right + step, step))
        if sign == "*" and isinstance(left, str) and isinstance(right, int):
            return left * max(right, 0) if len(left) * right <= LENGTH_MAX else NotImplemented
        if numbers and sign in ("-", "*", "%") and (right or sign != "%") and max(abs(left), abs(right)) < 2**63:
            return {"-": left - right, "*": left * right, "%": left % right if right else 0}[sign]
        return NotImplemented

    def _format(self, template: Any, values: list[Any], node: Node) -> Any:
        words = [shown(value) for value in values]
        if not isinstance(template, str) or any(word is None for word in words) or re.search(r"\{\d+[,:]", template):
            return self.unresolved(node)
        try:
            return re.sub(
                r"\{\{|\}\}|\{(\d{1,3})\}",
                lambda found: found[0][0] if found[1] is None else words[int(found[1])] or "",
                template,
            )
        except IndexError:
            return self.unresolved(node)

    def _joined(self, between: Any, values: Any, node: Node) -> Any:
        words = [shown(value) for value in listed(values)]
        if not isinstance(between, str) or isinstance(values, Unresolved) or any(word is None for word in words):
            return self.unresolved(node)
        text = between.join(word or "" for word in words)
        return text if len(text) <= LENGTH_MAX else self.unresolved(node)


def _sum(left: Any, right: Any) -> Any:
    if isinstance(left, list):
        return [*left, *listed(right)] if len(left) < LENGTH_MAX else NotImplemented
    if isinstance(left, Table) and isinstance(right, Table):
        return Table({**left, **right})
    if isinstance(left, int) and not isinstance(left, bool):
        try:
            return left + int(shown(right) or "0")
        except ValueError:
            return NotImplemented
    first, second = shown(left), shown(right)
    if first is None or second is None:
        return NotImplemented
    if len(first) + len(second) > LENGTH_MAX:
        return NotImplemented
    return first + second if left is not None else right


def _compared(sign: str, left: Any, right: Any) -> Any:
    """A comparison; text without case, and as numbers where the left side is one."""
    if isinstance(left, list) or isinstance(right, list):
        return NotImplemented
    if isinstance(left, str) or isinstance(right, str):
        first, second = shown(left), shown(right)
        if first is None or second is None:
            return NotImplemented
        return _COMPARE[sign](first.casefold(), second.casefold())
    try:
        return _COMPARE[sign](left, right)
    except TypeError:
        return NotImplemented
