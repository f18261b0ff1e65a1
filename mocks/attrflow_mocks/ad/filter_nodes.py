"""Search filters as data: the tree, read from BER and written as text for the journal.

What a node means is decided in `filter`; this module knows no schema and no entries.
"""

from __future__ import annotations

from dataclasses import dataclass

from attrflow_mocks.ad.ber import ProtocolError, Reader

__all__ = [
    "MAX_DEPTH",
    "And",
    "Approximate",
    "Equal",
    "Extensible",
    "Filter",
    "GreaterOrEqual",
    "LessOrEqual",
    "Not",
    "Or",
    "Present",
    "Substrings",
    "filter_text",
    "read_filter",
]

MAX_DEPTH = 512
"""The deepest nesting that AD accepts."""

_SECRET = frozenset({"unicodepwd", "userpassword", "dbcspwd", "supplementalcredentials"})


@dataclass(frozen=True, slots=True)
class And:
    """All parts hold; without parts, true."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one part holds; without parts, false."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Filter


@dataclass(frozen=True, slots=True)
class Equal:
    """A value equals the assertion."""

    attribute: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Substrings:
    """A value has these pieces in this order."""

    attribute: str
    initial: bytes | None
    any: tuple[bytes, ...]
    final: bytes | None


@dataclass(frozen=True, slots=True)
class GreaterOrEqual:
    """A value is at or above the assertion."""

    attribute: str
    value: bytes


@dataclass(frozen=True, slots=True)
class LessOrEqual:
    """A value is at or below the assertion."""

    attribute: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Present:
    """The attribute has a value."""

    attribute: str


@dataclass(frozen=True, slots=True)
class Approximate:
    """AD treats it as `Equal`."""

    attribute: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Extensible:
    """A value matches the assertion by a named rule; `dn_attributes` is ignored by AD."""

    rule: str | None
    attribute: str | None
    value: bytes
    dn_attributes: bool


Filter = And | Or | Not | Equal | Substrings | GreaterOrEqual | LessOrEqual | Present | Approximate | Extensible


def read_filter(reader: Reader, depth: int = 0) -> Filter:
    """Read one filter.

    Raises:
        ProtocolError: not a filter, or nested deeper than `MAX_DEPTH`.
    """
    if depth > MAX_DEPTH:
        raise ProtocolError(f"the filter is nested deeper than {MAX_DEPTH}")
    tag = reader.peek()
    if tag in (0xA0, 0xA1):
        inner = reader.enter()
        parts = []
        while not inner.at_end:
            parts.append(read_filter(inner, depth + 1))
        return And(tuple(parts)) if tag == 0xA0 else Or(tuple(parts))
    if tag == 0xA2:
        return Not(read_filter(reader.enter(), depth + 1))
    if tag == 0x87:
        return Present(reader.text(0x87))
    if tag == 0xA4:
        return _read_substrings(reader.enter())
    if tag == 0xA9:
        return _read_extensible(reader.enter())
    if tag not in (0xA3, 0xA5, 0xA6, 0xA8):
        raise ProtocolError(f"no filter starts with tag {tag}")
    inner = reader.enter()
    name, value = inner.text(), inner.octets()
    if tag == 0xA3:
        return Equal(name, value)
    if tag == 0xA8:
        return Approximate(name, value)
    return GreaterOrEqual(name, value) if tag == 0xA5 else LessOrEqual(name, value)


def _read_substrings(reader: Reader) -> Substrings:
    attribute = reader.text()
    pieces = reader.enter(0x30)
    initial: bytes | None = None
    final: bytes | None = None
    middle: list[bytes] = []
    if pieces.at_end:
        raise ProtocolError("a substring filter without pieces")
    while not pieces.at_end:
        tag, value = pieces.element()
        if final is not None or tag not in (0x80, 0x81, 0x82):
            raise ProtocolError("the pieces of a substring filter are out of order")
        if tag == 0x80:
            if initial is not None or middle:
                raise ProtocolError("the initial piece of a substring filter must come first")
            initial = value
        elif tag == 0x81:
            middle.append(value)
        else:
            final = value
    return Substrings(attribute, initial, tuple(middle), final)


def _read_extensible(reader: Reader) -> Extensible:
    rule = reader.text(0x81) if reader.peek() == 0x81 else None
    attribute = reader.text(0x82) if reader.peek() == 0x82 else None
    value = reader.content(0x83)
    dn_attributes = reader.boolean(0x84) if reader.peek() == 0x84 else False
    return Extensible(rule, attribute, value, dn_attributes)


def filter_text(node: Filter) -> str:
    """The filter in RFC 4515 form, for people; assertions about passwords are masked."""
    match node:
        case And(parts):
            return f"(&{_list_text(parts)})"
        case Or(parts):
            return f"(|{_list_text(parts)})"
        case Not(part):
            return f"(!{filter_text(part)})"
        case Equal(attribute, value):
            return f"({attribute}={_value_text(attribute, value)})"
        case GreaterOrEqual(attribute, value):
            return f"({attribute}>={_value_text(attribute, value)})"
        case LessOrEqual(attribute, value):
            return f"({attribute}<={_value_text(attribute, value)})"
        case Approximate(attribute, value):
            return f"({attribute}~={_value_text(attribute, value)})"
        case Present(attribute):
            return f"({attribute}=*)"
        case Substrings(attribute, initial, middle, final):
            pieces = [initial or b"", *middle, final or b""]
            return f"({attribute}=" + "*".join([_value_text(attribute, piece) for piece in pieces]) + ")"
        case Extensible(rule, attribute, value, dn_attributes):
            name = (attribute or "") + (":dn" if dn_attributes else "") + (f":{rule}" if rule else "")
            return f"({name}:={_value_text(attribute or '', value)})"


def _list_text(parts: tuple[Filter, ...]) -> str:
    text = ""
    for part in parts:  # a loop: filters may be so deep that a comprehension's frames count
        text += filter_text(part)
    return text


def _value_text(attribute: str, value: bytes) -> str:
    if attribute.partition(";")[0].lower() in _SECRET:
        return "***"
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return "".join([f"\\{byte:02x}" for byte in value])
    return "".join([f"\\{ord(c):02x}" if c in "*()\\" or ord(c) < 32 else c for c in text])
