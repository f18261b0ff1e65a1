"""The section `expr`: 300 mappings over many objects, against the same work hand-written in Python.

The mappings are in the proportions of the default rules: mostly Trim, then guards, fall-backs and a few
long conditions. The hand-written functions read the same object in the same way and do by hand what the
expression says, with what its author would know of the data.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from tests.bench.expr_by_hand import MAPPINGS
from tests.bench.rows import Row, timed

from attrflow.expr import Expression, ExpressionError, Many, Scalar, compile_expression, parse

__all__ = ["rows"]

RATIO_TARGET = 2.0
"""Times the hand-written functions (the roadmap's aim)."""
ROUNDS = 3
"""By turns; the quickest of each counts, because whatever else the machine does makes it slower only."""
TEXTS = [f"text{number}" for number in range(40)]


class Person:
    """One object: what both sides read."""

    __slots__ = ("attributes",)

    def __init__(self, attributes: dict[str, Scalar | Many]) -> None:
        self.attributes = attributes

    def attribute(self, name: str) -> Scalar | Many | None:
        return self.attributes.get(name)

    imported = attribute

    def count(self, name: str) -> int:
        value = self.attributes.get(name)
        return len(value) if value.__class__ is tuple else int(value is not None)

    def parameter(self, name: str) -> str | None:
        return "contoso.test" if name == "Domain.FQDN" else None

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    def guid(self) -> str:
        return "01020304-0506-0708-090a-0b0c0d0e0f10"

    def random(self, low: int, high: int) -> int:
        return (low + high) // 2

    def observe(self, node_id: int, value: object) -> None:
        raise AssertionError(f"the plain variant observes nothing, not {node_id}: {value}")


def rows(objects: int) -> Sequence[Row]:
    """Measure `objects` people; the seed is fixed, so every run does the same work."""
    people = [person(number, random.Random(number)) for number in range(objects)]  # noqa: S311 - data, no secret
    texts = [text.replace("{}", name) for text, _, names in MAPPINGS for name in names(TEXTS)]
    by_hand = [make(name) for _, make, names in MAPPINGS for name in names(TEXTS)]
    compiling, compiled = timed(lambda: [compile_expression(_tree(text)).evaluate for text in texts])
    observed = [compile_expression(_tree(text), observed=True).evaluate for text in texts]
    _compare(people[:200], compiled, by_hand, texts)
    hands, plains = [], []
    for _ in range(ROUNDS):
        hands.append(timed(lambda: _run(by_hand, people))[0])
        plains.append(timed(lambda: _run(compiled, people))[0])
    hand, plain = min(hands), min(plains)
    watched = [Watched(one.attributes) for one in people[: max(1, objects // 10)]]
    watching, _ = timed(lambda: _run(observed, watched))
    number = len(texts) * objects
    return [
        Row("mappings", len(texts), "mappings"),
        Row("compiling, one mapping", 1e3 * compiling / len(texts), "ms"),
        Row("by hand", number / hand, "eval/s"),
        Row("compiled, plain", number / plain, "eval/s", "by hand (seconds)", plain / hand, RATIO_TARGET),
        Row(
            "compiled, observed",
            len(texts) * len(watched) / watching,
            "eval/s",
            "plain (seconds)",
            (watching / len(watched)) / (plain / objects),
        ),
    ]


class Watched(Person):
    """A person who keeps nothing of what is told."""

    __slots__ = ()

    def observe(self, node_id: int, value: object) -> None:
        pass


def person(number: int, chance: random.Random) -> Person:
    """A user as a forest of a company holds it: about half of the attributes are there."""
    sam = f"user{number}"
    attributes: dict[str, Scalar | Many] = {
        "dn": f"CN=User {number},OU=People,DC=contoso,DC=test",
        "sAMAccountName": sam,
        "objectGUID": number.to_bytes(16, "little"),
        "objectSid": bytes.fromhex("0105000000000005150000000102030405060708090a0b0c") + number.to_bytes(4, "little"),
        "userAccountControl": 512 if chance.random() < 0.9 else 514,
        "pwdLastSet": 133_000_000_000_000_000 + number,
        "cn": f"User {number}",
        "sourceAnchor": f"anchor{number}",
        "proxyAddresses": (f"smtp:{sam}@old.test", f"SMTP:{sam}@contoso.test"),
    }
    for name in TEXTS:
        if chance.random() < 0.5:
            attributes[name] = f" {name} of {number} " if chance.random() < 0.1 else f"{name} of {number}"
    if chance.random() < 0.8:
        attributes |= {"mail": f"{sam}@contoso.test", "mailNickname": sam, "displayName": f"User {number}"}
        attributes["description"] = (f"Desk {number} ",)
    if chance.random() < 0.7:
        attributes["userPrincipalName"] = f"{sam}@contoso.test"
    if chance.random() < 0.3:
        attributes["cloudFlag"] = chance.random() < 0.5
    return Person(attributes)


def _tree(text: str) -> Expression:
    parsed = parse(text)
    assert parsed.tree is not None, (text, parsed.diagnostics)
    return parsed.tree


def _run(functions: Sequence[Callable[[Person], object]], people: Sequence[Person]) -> None:
    for one in people:
        for function in functions:
            function(one)


def _compare(
    people: Sequence[Person],
    compiled: Sequence[Callable[[Person], object]],
    by_hand: Sequence[Callable[[Person], object]],
    texts: Sequence[str],
) -> None:
    """Both sides give the same, or the ratio says nothing."""
    for one in people:
        for text, expression, function in zip(texts, compiled, by_hand, strict=True):
            try:
                result = expression(one)
            except ExpressionError as error:
                raise AssertionError((text, one.attributes)) from error
            assert result == function(one), (text, one.attributes, result)
