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
from functools import lru_cache, partial
from typing import Any

from attrflow.expr.errors import ExpressionError
from attrflow.expr.limits import FEW, LARGE, MAX_TEXT, spend, spend_text, within_size
from attrflow.expr.operators import pair
from attrflow.expr.options import DEFAULT_OPTIONS, ExpressionOptions
from attrflow.expr.results import Aligned, FlowWord, aligned, compact, describe
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
    than its arguments, so its size is checked. `options`: the fields of ExpressionOptions that decide
    about its results; its implementation is then given `options`.
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
    options: tuple[str, ...] = ()
    call: Callable[..., object] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "call", _bind(self, self.implementation))

    def under(self, options: ExpressionOptions) -> Callable[..., object]:
        """The checked call of the function under these options."""
        return self.call if not self.options or options == DEFAULT_OPTIONS else _bound(self, options)

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


@lru_cache(maxsize=512)
def _bound(function: Function, options: ExpressionOptions) -> Callable[..., object]:
    return _bind(function, partial(function.implementation, options=options))


def _bind(function: Function, implementation: Callable[..., object]) -> Callable[..., object]:
    """The checked call: one form for each number of arguments, because calls are what takes time."""
    accepted = tuple(parameter.classes for parameter in function.parameters)
    if function.minimum == 2 and len(accepted) == 3 and not function.parameters[0].words + function.parameters[1].words:
        return _bind_two_or_three(function, implementation)
    if any(parameter.words for parameter in function.parameters):
        implementation = _worded(function, implementation)
    if function.grows:
        implementation = _bounded(function, implementation)
    if len(accepted) == 1:
        return _bind_one(function, implementation, accepted[0])
    if len(accepted) == 2 and function.minimum == 2:
        return _bind_two(function, implementation, *accepted)
    if len(accepted) == 3 and function.minimum == 3:
        return _bind_three(function, implementation, *accepted)

    def several(*arguments: object) -> object:
        for argument, classes in zip(arguments, accepted, strict=False):
            if argument.__class__ not in classes:
                return _unusual(function, several, arguments)
        return implementation(*arguments)

    return several


def _bind_one(
    function: Function, implementation: Callable[..., object], accepted: frozenset[type]
) -> Callable[..., object]:
    null = function.parameters[0].null
    known = null in _NULL_RESULTS
    on_null = _NULL_RESULTS.get(null)
    maps = function.lifted and function.result not in ("mv", "var")

    def single(argument: object) -> object:
        if argument.__class__ in accepted:
            return implementation(argument)
        if argument is None and known:
            return on_null
        if maps and argument.__class__ is tuple:
            return _mapped_one(function, implementation, single, accepted, argument)
        return _unusual(function, single, (argument,))

    return single


def _mapped_one(
    function: Function,
    implementation: Callable[..., object],
    single: Callable[[object], object],
    accepted: frozenset[type],
    values: Any,
) -> object:
    """A function of one value over all values of an attribute, which is what most lifted calls are."""
    if len(values) > FEW:
        spend(len(values))
    row = [implementation(value) if value.__class__ in accepted else single(value) for value in values]
    if function.grows:
        within_size(function.name, row)
    return aligned(row)


def _bind_two(
    function: Function, implementation: Callable[..., object], first: frozenset[type], second: frozenset[type]
) -> Callable[..., object]:
    null = function.parameters[0].null
    known = null in _NULL_RESULTS
    on_null = _NULL_RESULTS.get(null)

    def double(left: object, right: object) -> object:
        if right.__class__ in second:
            if left.__class__ in first:
                return implementation(left, right)
            if left is None and known and right is not None:
                return on_null
        return _unusual(function, double, (left, right))

    return double


def _bind_two_or_three(function: Function, implementation: Callable[..., object]) -> Callable[..., object]:
    """Two arguments are the usual call; an option word, where there is one, is looked at only when it is given."""
    first, second, third = (parameter.classes for parameter in function.parameters)
    short = _bounded(function, implementation) if function.grows else implementation
    whole = _worded(function, implementation) if function.parameters[2].words else implementation
    whole = _bounded(function, whole) if function.grows else whole

    def flexible(left: object, right: object, *more: object) -> object:
        if left.__class__ in first and right.__class__ in second:
            if not more:
                return short(left, right)
            if more[0].__class__ in third:
                return whole(left, right, *more)
        return _unusual(function, flexible, (left, right, *more))

    return flexible


def _bind_three(
    function: Function,
    implementation: Callable[..., object],
    first: frozenset[type],
    second: frozenset[type],
    third: frozenset[type],
) -> Callable[..., object]:
    nulls = {parameter.null for parameter in function.parameters}
    (null,) = nulls if len(nulls) == 1 else (OnNull.GIVEN,)
    known = null in _NULL_RESULTS
    on_null = _NULL_RESULTS.get(null)

    def triple(one: object, two: object, three: object) -> object:
        if one.__class__ in first and two.__class__ in second and three.__class__ in third:
            return implementation(one, two, three)
        if one is None and known and two.__class__ in second and three.__class__ in third:
            return on_null
        return _unusual(function, triple, (one, two, three))

    return triple


def _bounded(function: Function, implementation: Callable[..., object]) -> Callable[..., object]:
    if len(function.parameters) == 1:

        def call_one(argument: object) -> object:
            result = implementation(argument)
            if isinstance(result, str) and len(result) > LARGE:
                return _within(function, result)
            return result

        return call_one

    def call(*arguments: object) -> object:
        result = implementation(*arguments)
        if isinstance(result, str | bytes) and len(result) > LARGE:
            return _within(function, result)
        return result

    return call


def _within(function: Function, result: str | bytes) -> str | bytes:
    if len(result) > MAX_TEXT:
        raise ExpressionError("limit-exceeded", f"{function.name} would build more than {MAX_TEXT:,} characters")
    spend_text(len(result))
    return result


def _worded(function: Function, implementation: Callable[..., object]) -> Callable[..., object]:
    """The implementation behind a check that the words of its options exist."""
    places = [(index, parameter) for index, parameter in enumerate(function.parameters) if parameter.words]

    def call(*arguments: object) -> object:
        for index, parameter in places:
            if index < len(arguments) and arguments[index] not in parameter.words:
                choices = " or ".join(parameter.words)
                raise ExpressionError("invalid-argument", f"{function.name} takes {choices} as {parameter.name}")
        return implementation(*arguments)

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
    rows = pair(function.name, arguments)
    spend(len(rows))
    for values in rows:
        result = call(*values)
        if isinstance(result, tuple):
            raise ExpressionError("type-mismatch", f"{function.name} gives several values for each of several values")
        row.append(result)
    if function.grows:
        within_size(function.name, row)
    return aligned(row)


def _mismatch(function: Function, number: int, parameter: Parameter, argument: object) -> ExpressionError:
    return ExpressionError(
        "type-mismatch",
        f"{function.name} takes {parameter.expected} as argument {number} ({parameter.name}), not {describe(argument)}",
    )
