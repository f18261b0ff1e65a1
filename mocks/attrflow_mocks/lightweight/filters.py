"""Filters against entries of the OpenLDAP profile: three-valued, by each attribute's matching rules.

An attribute that the schema lacks, a value that is none of its syntax, and a comparison for which it has
no rule are undefined.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from attrflow_mocks.ad import filter_nodes as nodes
from attrflow_mocks.ad.names import parse_dn
from attrflow_mocks.lightweight.schema import Attribute, Schema

__all__ = ["GUARDED", "RULES", "Test", "compile_filter"]

_BLANKS = re.compile(" {2,}")
Values = Mapping[str, Sequence[bytes]]
Test = Callable[[Values], bool | None]

GUARDED = "userPassword:guarded"
"""A key beside an entry's values: the reader may not see the password, so comparisons with it are undefined."""

RULES = {"1.2.840.113556.1.4.803": "integerBitAndMatch", "1.2.840.113556.1.4.804": "integerBitOrMatch"}
"""Matching rules that extensible filters may name beside an attribute's own."""


_OIDS = {
    "2.5.13.1": "distinguishedNameMatch", "2.5.13.2": "caseIgnoreMatch", "2.5.13.5": "caseExactMatch",
    "2.5.13.8": "numericStringMatch", "2.5.13.13": "booleanMatch", "2.5.13.14": "integerMatch",
    "2.5.13.17": "octetStringMatch", "2.5.13.20": "telephoneNumberMatch", "2.5.13.23": "uniqueMemberMatch",
    "2.5.13.27": "generalizedTimeMatch", "1.3.6.1.4.1.1466.109.114.1": "caseExactIA5Match",
    "1.3.6.1.4.1.1466.109.114.2": "caseIgnoreIA5Match", "1.3.6.1.1.16.2": "UUIDMatch",
}  # fmt: skip
"""Matching rules by their OIDs."""
_SYNTAX = "1.3.6.1.4.1.1466.115.121.1."
_TEXTS = frozenset([f"{_SYNTAX}{number}" for number in (11, 15, 44, 50)])
"""What slapd holds the rules for text against, whatever the attribute's own rule: country, directory and printable
strings, and telephone numbers."""
_IA5 = frozenset([f"{_SYNTAX}26"])
_TEXT_RULES = {
    "caseIgnoreMatch": _TEXTS,
    "caseExactMatch": _TEXTS,
    "caseIgnoreIA5Match": _IA5,
    "caseExactIA5Match": _IA5,
}
_MADE = frozenset({"hasSubordinates", "subschemaSubentry"})
"""Made at each read: slapd finds them by no extensible match (observed)."""


def compile_filter(schema: Schema, node: nodes.Filter) -> Test:
    """The test that a filter stands for."""
    match node:
        case nodes.And(parts):
            return _together(_compiled(schema, parts), decisive=False)
        case nodes.Or(parts):
            return _together(_compiled(schema, parts), decisive=True)
        case nodes.Not(part):
            inner = compile_filter(schema, part)
            return lambda values: None if (found := inner(values)) is None else not found
        case nodes.Extensible(rule, None, value, _):
            return _anywhere(schema, rule or "", value)
    attribute = schema.attribute(node.attribute or "")
    if attribute is None:
        return _undefined
    leaf = _leaf(schema, attribute, node)
    return leaf if attribute.name != "userPassword" else lambda values: None if GUARDED in values else leaf(values)


def _compiled(schema: Schema, parts: tuple[nodes.Filter, ...]) -> list[Test]:
    tests: list[Test] = []
    for part in parts:  # a loop: filters may be so deep that a comprehension's frames count
        tests.append(compile_filter(schema, part))
    return tests


def _undefined(_: Values) -> bool | None:
    return None


def _together(tests: list[Test], *, decisive: bool) -> Test:
    def test(values: Values) -> bool | None:
        outcome: bool | None = not decisive
        for part in tests:
            found = part(values)
            if found is decisive:
                return decisive
            if found is None:
                outcome = None
        return outcome

    return test


def _leaf(schema: Schema, attribute: Attribute, node: nodes.Filter) -> Test:
    name = attribute.name
    match node:
        case nodes.Present():
            return lambda values: bool(values.get(name))
        case nodes.Equal(_, value) | nodes.Approximate(_, value):
            return _equal(schema, attribute, value)
        case nodes.GreaterOrEqual(_, value):
            return _ordered(attribute, value, 1)
        case nodes.LessOrEqual(_, value):
            return _ordered(attribute, value, -1)
        case nodes.Substrings():
            return _substrings(attribute, node)
        case nodes.Extensible(rule, _, value, dn_attributes):
            return _extensible(schema, attribute, rule, value, dn_attributes=dn_attributes)
    raise AssertionError(f"{node} is no leaf of a filter")


def _extensible(schema: Schema, attribute: Attribute, rule: str | None, value: bytes, *, dn_attributes: bool) -> Test:
    if attribute.name in _MADE:
        return lambda _values: False
    named = attribute.equality if rule is None else _named(rule)
    if named != attribute.equality and attribute.syntax not in _TEXT_RULES.get(named, ()):
        return _bits(attribute, named, value)
    ruled = replace(attribute, equality=named)
    plain = _equal(schema, ruled, value)
    if not dn_attributes or attribute.name == "objectClass":
        return plain
    wanted = ruled.key(value)

    def test(values: Values) -> bool | None:
        """In the entry, or in its name or a name above it."""
        found = plain(values)
        if found is not False:
            return found
        parts = parse_dn(values["entryDN"][0].decode()) if "entryDN" in values else ()
        return any(schema.attribute(rdn.type) is attribute and ruled.key(rdn.value.encode()) == wanted for rdn in parts)

    return test


def _named(rule: str) -> str:
    """A rule's name as the schema spells it, by name or OID."""
    name = _OIDS.get(rule, rule)
    return next((known for known in (*_TEXT_RULES, *_OIDS.values()) if known.lower() == name.lower()), name)


def _anywhere(schema: Schema, rule: str, value: bytes) -> Test:
    """Any attribute that the rule may be held against; undefined for other rules than those for text."""
    named = _named(rule)
    if named not in _TEXT_RULES:
        return _undefined
    usable = [one for one in schema.attributes if one.syntax in _TEXT_RULES[named]]
    tests = {one.name: _equal(schema, replace(one, equality=named), value) for one in usable}
    return lambda values: any(name in tests and tests[name](values) for name in values)


def _equal(schema: Schema, attribute: Attribute, value: bytes) -> Test:
    name, wanted = attribute.name, attribute.key(value)
    if name == "objectClass":
        item = schema.object_class(value.decode("utf-8", "replace"))
        if item is None:
            return _undefined
        return lambda values: any(
            found is item for found in schema.with_superiors([held.decode() for held in values.get("objectClass", ())])
        )
    if wanted is None or attribute.equality == "-":
        return _undefined
    return lambda values: any(attribute.key(held) == wanted for held in values.get(name, ()))


def _ordered(attribute: Attribute, value: bytes, sign: int) -> Test:
    name, wanted = attribute.name, attribute.key(value)
    if attribute.ordering == "-" or wanted is None:
        return _undefined

    def test(values: Values) -> bool | None:
        for held in values.get(name, ()):
            key = attribute.key(held)
            if key == wanted or (key is not None and (key > wanted) == (sign > 0)):  # type: ignore[operator]  # keys of one attribute are alike
                return True
        return False

    return test


def _substrings(attribute: Attribute, node: nodes.Substrings) -> Test:
    name = attribute.name
    if attribute.substrings == "-":
        return _undefined
    exact, squeezed = "Exact" in attribute.substrings, "telephone" in attribute.substrings

    def text_of(raw: bytes) -> str:
        text = raw.decode("utf-8", "replace")
        text = text.replace(" ", "").replace("-", "") if squeezed else _BLANKS.sub(" ", text)
        return text if exact else text.casefold()

    pieces = [piece for piece in (node.initial, *node.any, node.final) if piece]
    if squeezed and any(not text_of(piece) for piece in pieces):
        return lambda _values: False  # nothing is left of a piece of blanks in a telephone number (observed)
    parts = [text_of(piece) for piece in (node.initial or b"", *node.any, node.final or b"")]
    first, *middle, last = ["" if part == " " and attribute.syntax in _IA5 else part for part in parts]

    def holds(text: str) -> bool:
        if len(text) < len(first) + len(last) or not text.startswith(first) or not text.endswith(last):
            return False
        position, end = len(first), len(text) - len(last)
        for piece in middle:
            found = text.find(piece, position, end)
            if found < 0:
                return False
            position = found + len(piece)
        return True

    return lambda values: any(holds(text_of(held)) for held in values.get(name, ()))


def _bits(attribute: Attribute, rule: str, value: bytes) -> Test:
    kind = RULES.get(rule, rule)
    wanted = attribute.key(value)
    if kind not in RULES.values() or not isinstance(wanted, int) or attribute.equality != "integerMatch":
        return _undefined
    name, every = attribute.name, kind == "integerBitAndMatch"

    def test(values: Values) -> bool | None:
        for held in values.get(name, ()):
            found = int(held) & wanted
            if found == wanted if every else found != 0:
                return True
        return False

    return test
