"""OData `$filter`: text to a predicate over Graph property values, by a recursive-descent parser.

Understands eq, ne, gt, ge, lt, le, in, and, or, not, parentheses, startsWith, endsWith and the lambda
`any`. Says which filters need an advanced query; whether the request is one is the caller's to check.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from attrflow_mocks.entra.answers import GraphError
from attrflow_mocks.entra.graph_values import instant_of
from attrflow_mocks.entra.properties import ENTITY_NAMES, Property, property_named

__all__ = ["Filter", "Getter", "parse_filter"]

Getter = Callable[[str], object]
"""Property path (such as `displayName` or `onPremisesExtensionAttributes/extensionAttribute1`) to value."""
Predicate = Callable[[Getter], bool]
Literal = str | bool | int | None

_TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|(\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)?)|([(),:/])|([^\s(),:/']+))")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ORDER: Mapping[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_PLAIN_PREFIX = frozenset(
    {"displayName", "mail", "userPrincipalName", "mailNickname", "givenName", "surname", "proxyAddresses"}
    | {"jobTitle", "department", "city", "country", "otherMails", "imAddresses", "employeeId", "uniqueName"}
)
_SUFFIX = frozenset({"mail", "otherMails", "userPrincipalName", "proxyAddresses"})
_NEVER: Mapping[str, frozenset[str]] = {
    "user": frozenset({"onPremisesDistinguishedName", "onPremisesDomainName", "passwordProfile"}),
    "group": frozenset(),
    "contact": frozenset(),
    "device": frozenset(),
    "application": frozenset(),
}
_DEPTH = 32
"""How deep parentheses and `not` may nest; the service gives up too, and a parser must."""
_CLAUSES = 200
_SHOWN = 200
"""How much of a filter an error repeats."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A parsed filter."""

    matches: Predicate
    advanced: bool
    """Whether Graph wants `ConsistencyLevel: eventual` and `$count=true` for it."""
    equals: tuple[tuple[str, Literal], ...]
    """All `name eq literal` of a filter that has nothing else but `or`; empty for any other."""


Resolver = Callable[[str], Property | None]


def parse_filter(kind: str, text: str, resolve: Resolver | None = None) -> Filter:
    """Parse a filter over objects of that kind; `resolve` knows its properties, directory extensions too.

    Raises:
        GraphError: 400, for bad syntax, an unknown property, or a clause that Graph does not support.
    """
    parser = _Parser(kind, text, resolve or (lambda name: property_named(kind, name)))
    predicate = parser.disjunction()
    if parser.peek() is not None:
        raise parser.wrong(f"unexpected {parser.peek()!r}")
    equals = tuple(parser.equals) if parser.only_equals else ()
    return Filter(predicate, parser.advanced, equals)


def _fold(value: object) -> object:
    return value.casefold() if isinstance(value, str) else value


def _bound(get: Getter, variable: str, value: object) -> Getter:
    def found(path: str) -> object:
        first, _, rest = path.partition("/")
        if first != variable:
            return get(path)
        return value if not rest else value.get(rest) if isinstance(value, dict) else None

    return found


class _Parser:
    def __init__(self, kind: str, text: str, resolve: Resolver) -> None:
        self.kind = kind
        self.resolve = resolve
        self.depth = 0
        self.clauses = 0
        self.text = text
        self.tokens = self._split(text)
        self.at = 0
        self.advanced = False
        self.only_equals = True
        self.equals: list[tuple[str, Literal]] = []
        self.variables: set[str] = set()

    def _split(self, text: str) -> list[str]:
        tokens: list[str] = []
        at = 0
        while text[at:].strip():
            match = _TOKEN.match(text, at)
            if match is None:
                raise self.wrong(f"cannot read from position {at}")
            tokens.append(match.group(match.lastindex or 0))
            at = match.end()
        return tokens

    # Tokens

    def wrong(self, reason: str) -> GraphError:
        return GraphError(400, "BadRequest", f"Invalid filter clause: {reason} in '{self.text[:_SHOWN]}'.")

    def unsupported(self, name: str) -> GraphError:
        entity = ENTITY_NAMES[self.kind]
        return GraphError(
            400,
            "Request_UnsupportedQuery",
            f"Unsupported or invalid query filter clause specified for property '{name}' of resource "
            f"'{entity[0].upper()}{entity[1:]}'.",
        )

    def peek(self) -> str | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def take(self, expected: str | None = None) -> str:
        token = self.peek()
        if token is None or (expected is not None and token.casefold() != expected):
            raise self.wrong(f"{expected or 'a term'} expected, found {token or 'the end'}")
        self.at += 1
        return token

    def accept(self, word: str) -> bool:
        token = self.peek()
        if token is not None and token.casefold() == word:
            self.at += 1
            return True
        return False

    # Grammar

    def disjunction(self) -> Predicate:
        parts = [self.conjunction()]
        while self.accept("or"):
            parts.append(self.conjunction())
        return parts[0] if len(parts) == 1 else lambda get: any(part(get) for part in parts)

    def conjunction(self) -> Predicate:
        parts = [self.negation()]
        while self.accept("and"):
            self.only_equals = False
            parts.append(self.negation())
        return parts[0] if len(parts) == 1 else lambda get: all(part(get) for part in parts)

    def negation(self) -> Predicate:
        self.depth += 1
        if self.depth > _DEPTH:
            raise self.wrong(f"nested more than {_DEPTH} deep")
        try:
            return self.unit()
        finally:
            self.depth -= 1

    def unit(self) -> Predicate:
        if self.accept("not"):
            self.advanced, self.only_equals = True, False
            inner = self.negation()
            return lambda get: not inner(get)
        if self.accept("("):
            inner = self.disjunction()
            self.take(")")
            return inner
        return self.term()

    def term(self) -> Predicate:
        self.clauses += 1
        if self.clauses > _CLAUSES:
            raise self.wrong(f"more than {_CLAUSES} clauses")
        token = self.peek()
        if token is not None and token.casefold() in ("startswith", "endswith", "contains"):
            return self.call(self.take().casefold())
        name = self.path()
        if self.peek() == "(":
            return self.any_of(name)
        return self.comparison(name)

    def path(self) -> str:
        first = self.take()
        if first in self.variables:
            return f"{first}/{self.take()}" if self.accept("/") else first
        known = self.resolve(first)
        if known is None:
            entity = ENTITY_NAMES[self.kind]
            raise GraphError(
                400,
                "BadRequest",
                f"Invalid filter clause: Could not find a property named '{first}' on type 'microsoft.graph.{entity}'.",
            )
        if known.name in _NEVER[self.kind]:
            raise self.unsupported(known.name)
        parts = [known.name]
        while self.accept("/"):
            parts.append(self.take())
        if parts[-1] == "$count":
            self.advanced, self.only_equals = True, False
        return "/".join(parts)

    def call(self, function: str) -> Predicate:
        self.only_equals = False
        self.take("(")
        name = self.path()
        self.take(",")
        wanted = self.literal()
        self.take(")")
        if function == "contains" or not isinstance(wanted, str):
            raise self.unsupported(name)
        if name.partition("/")[0] not in self.variables:
            if function == "endswith" and name not in _SUFFIX:
                raise self.unsupported(name)
            self.advanced |= function == "endswith" or name not in _PLAIN_PREFIX
        elif function == "endswith":
            self.advanced = True
        folded = wanted.casefold()

        def matches(get: Getter) -> bool:
            value = get(name)
            if not isinstance(value, str):
                return False
            text = value.casefold()
            return text.startswith(folded) if function == "startswith" else text.endswith(folded)

        return matches

    def any_of(self, path: str) -> Predicate:
        """`name/any(x:…)`; the quantifier was read as the last part of the path."""
        self.only_equals = False
        name, _, quantifier = path.rpartition("/")
        if quantifier.casefold() != "any" or not name:
            raise self.unsupported(name or path)
        self.take("(")
        variable = self.take()
        self.take(":")
        self.variables.add(variable)
        inner = self.disjunction()
        self.variables.discard(variable)
        self.take(")")

        def matches(get: Getter) -> bool:
            values = get(name)
            if not isinstance(values, (list, tuple)):
                return False
            return any(inner(_bound(get, variable, value)) for value in values)

        return matches

    def comparison(self, name: str) -> Predicate:
        word = self.take().casefold()
        if word == "in":
            self.only_equals = False
            return self.membership(name)
        if word not in ("eq", "ne", *_ORDER):
            raise self.wrong(f"unknown operator {word}")
        wanted = self.literal()
        if self.kind == "user" and name == "onPremisesSecurityIdentifier" and wanted is not None:
            raise self.unsupported(name)
        folded = _fold(wanted)
        if word == "eq":
            self.equals.append((name, wanted))
            self.advanced |= name == "onPremisesSamAccountName"
            return lambda get: _fold(get(name)) == folded
        self.only_equals = False
        if word == "ne":
            self.advanced = True
            return lambda get: _fold(get(name)) != folded
        compare = _ORDER[word]

        def ordered(get: Getter) -> bool:
            value = _fold(get(name))
            return type(value) is type(folded) and value is not None and compare(value, folded)

        return ordered

    def membership(self, name: str) -> Predicate:
        self.take("(")
        wanted = {_fold(self.literal())}
        while self.accept(","):
            wanted.add(_fold(self.literal()))
        self.take(")")
        return lambda get: _fold(get(name)) in wanted

    def literal(self) -> Literal:
        token = self.take()
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        word = token.casefold()
        if word in ("true", "false"):
            return word == "true"
        if word == "null":
            return None
        if re.fullmatch(r"-?\d{1,18}", token):
            return int(token)
        moment = instant_of(token)
        if moment is not None or _GUID.fullmatch(word):
            return moment or word
        raise self.wrong(f"a literal expected, found {token}")
