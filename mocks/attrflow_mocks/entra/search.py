"""OData `$search`: quoted clauses `"property:words"`, joined by AND and OR, to a predicate over property values.

displayName and description are searched word by word from each word's beginning; other properties from
the beginning of the value. Upper-case AND and OR only, as in Graph. Knows no requests.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from attrflow_mocks.entra.answers import GraphError
from attrflow_mocks.entra.properties import ENTITY_NAMES, property_named

__all__ = ["parse_search"]

Matcher = Callable[[Callable[[str], object]], bool]

_CLAUSE = re.compile(r'\s*"((?:[^"\\]|\\.)*)"\s*')
_WORDS = re.compile(r"[^\W_]+")
_TOKENISED = frozenset({"displayName", "description"})
_SEARCHABLE: Mapping[str, frozenset[str]] = {
    "user": frozenset(
        [
            "displayName",
            "mail",
            "userPrincipalName",
            "givenName",
            "surname",
            "mailNickname",
            "otherMails",
            "proxyAddresses",
        ]
    ),
    "group": frozenset(["displayName", "description", "mail", "mailNickname", "proxyAddresses"]),
    "contact": frozenset(["displayName", "mail", "givenName", "surname", "mailNickname", "proxyAddresses"]),
    "device": frozenset({"displayName"}),
    "application": frozenset({"displayName", "description"}),
}
_CLAUSES = 30


def parse_search(kind: str, text: str) -> Matcher:
    """The predicate of a `$search` over objects of that kind.

    Raises:
        GraphError: 400, for text outside double quotes, an unknown property or one that is not searched.
    """
    alternatives: list[list[Matcher]] = [[]]
    at, clauses = 0, 0
    while True:
        match = _CLAUSE.match(text, at)
        if match is None or clauses == _CLAUSES:
            raise _wrong(text)
        clauses += 1
        alternatives[-1].append(_clause(kind, match.group(1)))
        at = match.end()
        if at == len(text):
            break
        if text.startswith("OR ", at) or text.startswith('OR"', at):
            alternatives.append([])
            at += 2
        elif text.startswith("AND ", at) or text.startswith('AND"', at):
            at += 3
    return lambda get: any(all(part(get) for part in parts) for parts in alternatives)


def _wrong(text: str) -> GraphError:
    return GraphError(
        400,
        "BadRequest",
        f"Syntax error in $search: clauses of the form \"property:value\" in double quotes expected, got '{text}'.",
    )


def _clause(kind: str, clause: str) -> Matcher:
    name, colon, value = clause.replace('\\"', '"').replace("\\\\", "\\").partition(":")
    known = property_named(kind, name.strip())
    if not colon or not value.strip():
        raise _wrong(clause)
    if known is None or known.name not in _SEARCHABLE[kind]:
        raise GraphError(
            400,
            "Request_UnsupportedQuery",
            f"Property '{name}' of type 'microsoft.graph.{ENTITY_NAMES[kind]}' is not supported by $search.",
        )
    chosen, wanted = known.name, value.strip().casefold()
    words = _WORDS.findall(wanted)
    if chosen in _TOKENISED and words:
        return lambda get: _holds_words(get(chosen), words)
    return lambda get: _begins(get(chosen), wanted)


def _holds_words(value: object, wanted: list[str]) -> bool:
    found = _WORDS.findall(value.casefold()) if isinstance(value, str) else []
    return all(any(word.startswith(part) for word in found) for part in wanted)


def _begins(value: object, wanted: str) -> bool:
    values = value if isinstance(value, (list, tuple)) else [value]
    texts = [one.casefold() for one in values if isinstance(one, str)]
    return any(text.startswith(wanted) or text.partition(":")[2].startswith(wanted) for text in texts)
