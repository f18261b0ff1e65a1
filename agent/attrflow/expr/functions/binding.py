"""What a function is: its row in the table, and the checks that every call goes through.

An implementation receives arguments of exactly the declared kinds. Around it, `bind` passes flow words
through, maps over several values (unless the function works on the whole attribute), applies the rule
for NULL and raises `type-mismatch`. Knows no function by name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from attrflow.expr.errors import ExpressionError
from attrflow.expr.operators import pair
from attrflow.expr.results import MAX_ITEMS, MAX_TEXT, Aligned, FlowWord, aligned, compact, describe
from attrflow.model.names import DistinguishedName
from attrflow.model.values import Reference

__all__ = ["KINDS", "Form", "Function", "OnNull", "Parameter"]

_SCALARS = frozenset((str, int, bool, bytes, datetime, DistinguishedName, Reference))
KINDS: dict[str, frozenset[type]] = {
    "str": frozenset((str,)),
    "num": frozenset((int,)),
    "bool": frozenset((bool,)),
    "bin": frozenset((bytes,)),
    "dt": frozenset((datetime,)),
    "ref": frozenset((DistinguishedName, Reference)),
    "scalar": _SCALARS,
    "mv": frozenset((tuple,)),
    "var": _SCALARS | {tuple},
}
"""The kinds of the reference (expressions.md §2) and the classes of their values."""

_WORDS = {
    "str": "text",
    "num": "a number",
    "bool": "True or False",
    "bin": "binary",
    "dt": "a date",
    "ref": "a reference",
    "mv": "several values (a multi-valued attribute)",
}


class OnNull(Enum):
    """What a NULL argument does to a call."""

    NULL = "the result is NULL"
    BLANK = "the result is an empty text"
    ZERO = "the result is 0"
    FALSE = "the result is False"
    ERROR = "an error"
    GIVEN = "the function is given the NULL"


_NULL_RESULTS: dict[OnNull, object] = {
    OnNull.NULL: None,
    OnNull.BLANK: "",
    OnNull.ZERO: 0,
    OnNull.FALSE: False,
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: its name, its kinds (`"str|bin"`), its rule for NULL.

    `words` are the bare words it accepts; each may also be written as a text (expressions.md §1, enum
    literal).
    """

    name: str
    kinds: str
    null: OnNull = OnNull.NULL
    optional: bool = False
    words: tuple[str, ...] = ()

    @property
    def classes(self) -> frozenset[type]:
        """The Python classes of the values it takes."""
        accepted = frozenset[type]().union(*(KINDS[kind] for kind in self.kinds.split("|")))
        return accepted | {type(None)} if self.null is OnNull.GIVEN else accepted

    @property
    def expected(self) -> str:
        """What it takes, in words."""
        return " or ".join(_WORDS.get(kind, kind) for kind in self.kinds.split("|"))


class Form(Enum):
    """How a call is compiled: as a plain call, or by a form of its own."""

    CALL = "call"
    IIF = "IIF"
    SWITCH = "Switch"
    BINDER = "With, Select, Where"
    NAMED = "ImportedValue, ValueCount: the name stands in a text literal"
    WORLD = "Now, Guid, RandomNum: asks the context"


@dataclass(frozen=True, slots=True)
class Function:
    """One row of the function table.

    `lifted`: maps over several values; otherwise it takes the attribute as a whole. `lazy`: the
    positions (0-based) of arguments that are evaluated only when needed; -1 stands for "each second
    one" (Switch). `pure`: the same arguments give the same result. `grows`: the result can be longer
    than its arguments, so its size is checked.
    """

    name: str
    parameters: tuple[Parameter, ...]
    result: str
    implementation: Callable[..., object]
    meaning: str
    example: str
    lifted: bool = True
    form: Form = Form.CALL
    lazy: tuple[int, ...] = ()
    pure: bool = True
    grows: bool = False
    variadic: bool = False
    call: Callable[..., object] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "call", bind(self))

    @property
    def minimum(self) -> int:
        """The least number of arguments."""
        return sum(not parameter.optional for parameter in self.parameters)

    @property
    def maximum(self) -> int | None:
        """The most arguments; None when there is no limit."""
        return None if self.variadic else len(self.parameters)

    @property
    def signature(self) -> str:
        """The signature as documentation prints it.

        >>> Function("F", (Parameter("text", "str"), Parameter("n", "num", optional=True)),
        ...          "str", str, "", "").signature
        'F(str text[, num n]) -> str'
        """
        text = ""
        for index, parameter in enumerate(self.parameters):
            piece = (", " if index else "") + f"{parameter.kinds} {parameter.name}"
            text += f"[{piece}]" if parameter.optional else piece
        return f"{self.name}({text}{', ...' if self.variadic else ''}) -> {self.result}"


def bind(function: Function) -> Callable[..., object]:
    """The checked call of a function."""
    accepted = tuple(parameter.classes for parameter in function.parameters)
    implementation = function.implementation
    worded = any(parameter.words for parameter in function.parameters)
    bounded = _bounded(function) if function.grows else _worded(function) if worded else implementation
    if len(accepted) == 1 and not function.grows:
        (only,) = accepted

        def single(argument: object) -> object:
            if argument.__class__ in only:
                return implementation(argument)
            return _unusual(function, single, (argument,))

        return single

    def several(*arguments: object) -> object:
        for argument, classes in zip(arguments, accepted, strict=False):
            if argument.__class__ not in classes:
                return _unusual(function, several, arguments)
        return bounded(*arguments)

    return several


def _bounded(function: Function) -> Callable[..., object]:
    def call(*arguments: object) -> object:
        result = function.implementation(*arguments)
        if isinstance(result, str | bytes) and len(result) > MAX_TEXT:
            raise ExpressionError("limit-exceeded", f"{function.name} would build more than {MAX_TEXT:,} characters")
        if isinstance(result, tuple) and len(result) > MAX_ITEMS:
            raise ExpressionError("limit-exceeded", f"{function.name} would build more than {MAX_ITEMS:,} values")
        return result

    return call


def _worded(function: Function) -> Callable[..., object]:
    """The implementation behind a check that the words of its options exist."""
    places = [(index, parameter) for index, parameter in enumerate(function.parameters) if parameter.words]

    def call(*arguments: object) -> object:
        for index, parameter in places:
            if index < len(arguments) and arguments[index] not in parameter.words:
                choices = " or ".join(parameter.words)
                raise ExpressionError("invalid-argument", f"{function.name} takes {choices} as {parameter.name}")
        return function.implementation(*arguments)

    return call


def _unusual(function: Function, call: Callable[..., object], arguments: tuple[object, ...]) -> object:
    """A call whose arguments are not all of the plain kinds: flow words, several values, NULL, errors."""
    for argument in arguments:
        if isinstance(argument, FlowWord):
            return argument
    if function.lifted:
        if any(isinstance(argument, tuple) for argument in arguments):
            return _mapped(function, call, arguments)
    elif any(argument.__class__ is Aligned for argument in arguments):
        return call(*(compact(argument) for argument in arguments))
    null: OnNull | None = None
    for number, (parameter, argument) in enumerate(zip(function.parameters, arguments, strict=False), start=1):
        if argument is None:
            if parameter.null is not OnNull.GIVEN:
                null = null or parameter.null
        elif argument.__class__ not in parameter.classes:
            raise _mismatch(function, number, parameter, argument)
    if null is OnNull.ERROR:
        raise ExpressionError("type-mismatch", f"{function.name} cannot take NULL here")
    assert null is not None
    return _NULL_RESULTS[null]


def _mapped(function: Function, call: Callable[..., object], arguments: tuple[object, ...]) -> object:
    row: list[object] = []
    for values in pair(function.name, arguments):
        result = call(*values)
        if isinstance(result, tuple):
            raise ExpressionError("type-mismatch", f"{function.name} gives several values for each of several values")
        row.append(result)
    return aligned(row)


def _mismatch(function: Function, number: int, parameter: Parameter, argument: object) -> ExpressionError:
    return ExpressionError(
        "type-mismatch",
        f"{function.name} takes {parameter.expected} as argument {number} ({parameter.name}), not {describe(argument)}",
    )
