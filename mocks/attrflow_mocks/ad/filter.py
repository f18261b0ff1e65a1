"""Filters against entries: each node compiled to a test that answers true, false or undefined (None).

Three-valued as RFC 4511 demands and AD does it: an attribute that the schema does not have, a value
that its syntax does not have, and a rule that does not fit are undefined, and so is their negation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from attrflow_mocks.ad import filter_nodes as nodes
from attrflow_mocks.ad.directory import Directory
from attrflow_mocks.ad.entry import Entry
from attrflow_mocks.ad.errors import ldap_error
from attrflow_mocks.ad.names import InvalidName
from attrflow_mocks.ad.rights import Access
from attrflow_mocks.ad.schema import Attribute
from attrflow_mocks.ad.values import NUMBER, TEXT, Key, Syntax, equality_key, order_key

__all__ = ["EVERYTHING", "RULES", "Sight", "Test", "compile_filter"]

Test = Callable[[Entry], bool | None]


@dataclass(frozen=True, slots=True)
class Sight:
    """What of the entries the asker sees: what rights leave, and in the Global Catalog its part alone."""

    access: Access | None = None
    catalog: bool = False


EVERYTHING = Sight()

BIT_AND = "1.2.840.113556.1.4.803"
BIT_OR = "1.2.840.113556.1.4.804"
IN_CHAIN = "1.2.840.113556.1.4.1941"
DN_WITH_DATA = "1.2.840.113556.1.4.2253"

RULES: Mapping[str, str] = {
    BIT_AND: "all bits of the assertion are set",
    BIT_OR: "at least one bit of the assertion is set",
    IN_CHAIN: "reached by following a link attribute, over any number of steps",
    DN_WITH_DATA: "the DN, or the data, or both, of a value that is a DN with data",
}
"""Matching rules that extensible filters may name."""

_ALWAYS = frozenset({"objectClass", "distinguishedName", "name", "objectGUID"})
_AMBIGUOUS = (
    "displayName", "givenName", "sn", "name", "physicalDeliveryOfficeName", "proxyAddresses",
    "sAMAccountName",
    "mail", "msDS-AdditionalSamAccountName", "msDS-PhoneticDisplayName", "msDS-PhoneticFirstName",
    "msDS-PhoneticLastName",
)  # fmt: skip


def compile_filter(directory: Directory, node: nodes.Filter, sight: Sight = EVERYTHING) -> Test:
    """The test that a filter stands for.

    Raises:
        LdapError: 18 the filter asks for an attribute that is computed at each read.
    """
    match node:
        case nodes.And(parts):
            return _all(_compiled(directory, parts, sight))
        case nodes.Or(parts):
            return _any(_compiled(directory, parts, sight))
        case nodes.Not(part):
            return _negation(compile_filter(directory, part, sight))
        case nodes.Extensible(_, None, _, _):
            return _undefined
    name = _name_of(node)
    if name.lower() == "anr":
        if isinstance(node, nodes.Equal | nodes.Approximate):
            return compile_filter(directory, _ambiguous(node.value), sight)
        return _undefined
    attribute = directory.schema.attribute(name.partition(";")[0])
    if attribute is None or (sight.catalog and not attribute.in_catalog):
        return _undefined
    if attribute.computed:
        raise ldap_error(18, 0x20EA, f"{attribute.name} is computed and cannot be searched for")
    test = _leaf(directory, attribute, node)
    return test if sight.access is None or sight.access.reads_all else _readable(test, attribute, sight.access)


def _compiled(directory: Directory, parts: tuple[nodes.Filter, ...], sight: Sight) -> list[Test]:
    tests: list[Test] = []
    for part in parts:  # a loop: filters may be so deep that a comprehension's frames count
        tests.append(compile_filter(directory, part, sight))
    return tests


def _name_of(node: nodes.Filter) -> str:
    assert not isinstance(node, nodes.And | nodes.Or | nodes.Not)
    return node.attribute or ""


def _leaf(directory: Directory, attribute: Attribute, node: nodes.Filter) -> Test:
    match node:
        case nodes.Equal(_, value) | nodes.Approximate(_, value):
            return _equal(directory, attribute, value)
        case nodes.Substrings():
            return _substrings(attribute, node)
        case nodes.GreaterOrEqual(_, value):
            return _ordered(attribute, value, 1)
        case nodes.LessOrEqual(_, value):
            return _ordered(attribute, value, -1)
        case nodes.Present():
            return _present(directory, attribute)
        case nodes.Extensible(rule, _, value, _):
            return _extensible(directory, attribute, rule, value)
    raise AssertionError(f"{node} is no leaf of a filter")


def _readable(test: Test, attribute: Attribute, access: Access) -> Test:
    """Undefined wherever the asker may not read the attribute."""
    name = attribute.name
    return lambda entry: test(entry) if access.reads(entry, name) else None


def _undefined(_: Entry) -> bool | None:
    return None


def _nobody(_: Entry) -> bool | None:
    return False


def _everybody(_: Entry) -> bool | None:
    return True


def _all(tests: list[Test]) -> Test:
    def test(entry: Entry) -> bool | None:
        outcome: bool | None = True
        for part in tests:
            found = part(entry)
            if found is False:
                return False
            if found is None:
                outcome = None
        return outcome

    return test


def _any(tests: list[Test]) -> Test:
    def test(entry: Entry) -> bool | None:
        outcome: bool | None = False
        for part in tests:
            found = part(entry)
            if found:
                return True
            if found is None:
                outcome = None
        return outcome

    return test


def _negation(part: Test) -> Test:
    def test(entry: Entry) -> bool | None:
        found = part(entry)
        return None if found is None else not found

    return test


def _present(directory: Directory, attribute: Attribute) -> Test:
    if attribute.name in _ALWAYS:
        return _everybody
    return lambda entry: bool(directory.values(entry, attribute))


def _target(directory: Directory, value: bytes) -> Entry | None:
    """The entry that an assertion names, tombstones included; None when there is none."""
    try:
        return directory.find(value.decode(), show_deleted=True)
    except (UnicodeDecodeError, InvalidName):
        return None


def _equal(directory: Directory, attribute: Attribute, value: bytes) -> Test:
    name = attribute.name
    if name == "objectClass":
        return _of_class(directory, value)
    if attribute.is_reference or attribute.is_back_link:
        target = _target(directory, value)
        if target is None:
            return _nobody if equality_key(Syntax.DN)(value) is not None or value[:1] == b"<" else _undefined
        return _referring(directory, attribute, target)
    if name == "distinguishedName":
        target = _target(directory, value)
        return lambda entry: entry is target
    if name == "objectCategory":
        item = directory.schema.object_class(value.decode("utf-8", "replace"))
        if item is not None:
            value = f"CN={item.category},{directory.schema_dn}".encode()
    key_of = equality_key(attribute.syntax)
    wanted = key_of(value)
    if wanted is None:
        return _undefined

    def test(entry: Entry) -> bool | None:
        stored = entry.values.get(name)
        if stored is None:
            return False
        return any(key_of(held) == wanted for held in stored)

    return test


def _of_class(directory: Directory, value: bytes) -> Test:
    item = directory.schema.object_class(value.decode("utf-8", "replace"))
    if item is None:
        return _nobody
    wanted = item.name.encode()
    return lambda entry: wanted in entry.values["objectClass"]


def _referring(directory: Directory, attribute: Attribute, target: Entry) -> Test:
    return lambda entry: target in directory.targets(entry, attribute)


def _substrings(attribute: Attribute, node: nodes.Substrings) -> Test:
    name = attribute.name
    if attribute.syntax is Syntax.OCTET:
        key_of: Callable[[bytes], Key | None] = bytes
        pieces: list[bytes] | list[str] = [node.initial or b"", *node.any, node.final or b""]
    elif attribute.syntax in TEXT:
        key_of = equality_key(attribute.syntax)
        folded = [_piece(piece) for piece in (node.initial or b"", *node.any, node.final or b"")]
        if attribute.syntax in (Syntax.EXACT, Syntax.IA5, Syntax.NUMERIC):
            folded = [p.decode("utf-8", "replace") for p in (node.initial or b"", *node.any, node.final or b"")]
        pieces = folded
    else:
        return _undefined
    initial, middle, final = pieces[0], pieces[1:-1], pieces[-1]

    def holds(key: Key) -> bool:
        if not isinstance(key, str | bytes) or len(key) < len(initial) + len(final):
            return False
        if not key.startswith(initial) or not key.endswith(final):  # type: ignore[arg-type]  # same type by construction
            return False
        position, end = len(initial), len(key) - len(final)
        for piece in middle:
            found = key.find(piece, position, end)  # type: ignore[arg-type]  # same type by construction
            if found < 0:
                return False
            position = found + len(piece)
        return True

    def test(entry: Entry) -> bool | None:
        for held in entry.values.get(name, ()):
            key = key_of(held)
            if key is not None and holds(key):
                return True
        return False

    return test


def _piece(raw: bytes) -> str:
    """A piece of a substring filter, folded; its outer spaces count, unlike those of a whole value."""
    text = raw.decode("utf-8", "replace").casefold()
    while "  " in text:
        text = text.replace("  ", " ")
    return text


def _ordered(attribute: Attribute, value: bytes, sign: int) -> Test:
    name = attribute.name
    key_of = order_key(attribute.syntax)
    wanted = None if key_of is None else key_of(value)
    if key_of is None or wanted is None:
        return _undefined

    def test(entry: Entry) -> bool | None:
        for held in entry.values.get(name, ()):
            key = key_of(held)
            if key == wanted:
                return True
            if key is not None and (key > wanted) == (sign > 0):  # type: ignore[operator]  # keys of one attribute are alike
                return True
        return False

    return test


def _extensible(directory: Directory, attribute: Attribute, rule: str | None, value: bytes) -> Test:
    if rule is None:
        return _equal(directory, attribute, value)
    if rule in (BIT_AND, BIT_OR) and attribute.syntax in NUMBER:
        return _bits(attribute, value, every=rule == BIT_AND)
    if rule == DN_WITH_DATA and attribute.syntax is Syntax.DN_BINARY:
        return _dn_with_data(attribute, value)
    if rule == IN_CHAIN and attribute.link_id is not None:
        target = _target(directory, value)
        if target is None:
            return _nobody
        reached = _chain(directory, attribute, target)
        return lambda entry: entry in reached
    return _undefined


def _dn_with_data(attribute: Attribute, value: bytes) -> Test:
    """`B:n:hex:dn` matches whole values, `B:n:hex:` their data, a DN alone their DN."""
    name = attribute.name
    whole, as_dn = equality_key(Syntax.DN_BINARY), equality_key(Syntax.DN)
    data = re.fullmatch(rb"[BS]:\d+:[^:]*:", value)
    wanted = value.upper() if data else whole(value) or as_dn(value)
    if wanted is None:
        return _undefined
    plain = not data and whole(value) is None

    def test(entry: Entry) -> bool | None:
        for held in entry.values.get(name, ()):
            key = whole(held)
            assert isinstance(key, tuple)
            if wanted == (key[1:] if plain else key[0].encode() if data else key):
                return True
        return False

    return test


def _bits(attribute: Attribute, value: bytes, *, every: bool) -> Test:
    name = attribute.name
    wanted = equality_key(attribute.syntax)(value)
    if not isinstance(wanted, int):
        return _undefined

    def test(entry: Entry) -> bool | None:
        for held in entry.values.get(name, ()):
            found = int(held) & wanted
            if found == wanted if every else found != 0:
                return True
        return False

    return test


def _chain(directory: Directory, attribute: Attribute, target: Entry) -> Mapping[Entry, None]:
    """All entries from which the target is reached by following the attribute, cycles and all."""
    assert attribute.pair is not None
    reverse = directory.schema.attributes[attribute.pair]
    reached: dict[Entry, None] = {}
    pending = [target]
    while pending:
        for source in directory.targets(pending.pop(), reverse):
            if source not in reached:
                reached[source] = None
                pending.append(source)
    return reached


def _ambiguous(value: bytes) -> nodes.Filter:
    """Ambiguous name resolution: a prefix of any of several names, or given name and surname."""
    exact = value[:1] == b"="
    text = value[1:] if exact else value

    def starts(name: str, piece: bytes) -> nodes.Filter:
        return nodes.Equal(name, piece) if exact else nodes.Substrings(name, piece, (), None)

    parts: list[nodes.Filter] = [starts(name, text) for name in _AMBIGUOUS]
    parts.append(nodes.Equal("legacyExchangeDN", text))
    first, space, last = text.strip().partition(b" ")
    if space and last.strip():
        for given, family in ((first, last.strip()), (last.strip(), first)):
            parts.append(nodes.And((starts("givenName", given), starts("sn", family))))
    return nodes.Or(tuple(parts))
