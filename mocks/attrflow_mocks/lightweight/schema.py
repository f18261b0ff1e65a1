"""The schema of the OpenLDAP profile: attributes and classes, and what makes two values equal or ordered.

Read once from the data files beside it, which list what slapd knows with the schemas core, cosine,
inetorgperson and nis.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources

from attrflow_mocks.ad.names import InvalidName, fold, parse_dn

__all__ = ["Attribute", "ObjectClass", "Schema", "dn_key", "load_schema", "pretty"]

Key = str | bytes | int | tuple[str, ...]


def dn_key(text: str) -> tuple[str, ...]:
    """What two spellings of one DN have in common, from the leaf to the root.

    Raises:
        InvalidName: it is no DN.
    """
    return tuple([rdn.key for rdn in parse_dn(text)])


@dataclass(frozen=True, slots=True, eq=False)
class Attribute:
    """One attribute; compared by identity."""

    names: tuple[str, ...]
    oid: str
    syntax: str
    equality: str
    ordering: str
    substrings: str
    single: bool
    system: bool
    operational: bool

    @property
    def name(self) -> str:
        """The name that is shown."""
        return self.names[0]

    @property
    def is_name(self) -> bool:
        """Whether values are DNs."""
        return self.equality in ("distinguishedNameMatch", "uniqueMemberMatch")

    def key(self, value: bytes) -> Key | None:
        """What equal values have in common; None for what is no value."""
        return _KEYS.get(self.equality, _octets)(value)


@dataclass(frozen=True, slots=True)
class ObjectClass:
    """One class."""

    names: tuple[str, ...]
    oid: str
    kind: str
    superiors: tuple[str, ...]
    must: tuple[str, ...]
    may: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name that is shown."""
        return self.names[0]


class Schema:
    """All attributes and classes, found by any of their names or by OID."""

    def __init__(self, attributes: Iterable[Attribute], classes: Iterable[ObjectClass]) -> None:
        self.attributes = list(attributes)
        self.classes = list(classes)
        self._attributes = {key: item for item in self.attributes for key in _keys(item.names, item.oid)}
        self._classes = {key: item for item in self.classes for key in _keys(item.names, item.oid)}

    def attribute(self, description: str) -> Attribute | None:
        """The attribute of a description; options after `;` are cut off."""
        return self._attributes.get(description.partition(";")[0].lower())

    def object_class(self, name: str) -> ObjectClass | None:
        """The class of this name or OID."""
        return self._classes.get(name.lower())

    def with_superiors(self, names: Iterable[str]) -> Iterator[ObjectClass]:
        """The classes and all that they derive from."""
        for name in names:
            item = self.object_class(name)
            if item is not None:
                yield item
                yield from self.with_superiors(item.superiors)


_ESCAPED = frozenset(',+"\\<>;')


def _spelt(char: str, index: int, last: int) -> str:
    edge = (char == " " and index in (0, last)) or (char == "#" and index == 0)
    return f"\\{ord(char):02X}" if edge or char in _ESCAPED or ord(char) < 32 else char


def pretty(schema: Schema, text: str) -> str:
    """A DN as slapd spells it: types by the schema, special characters as hexadecimal pairs (observed).

    Raises:
        InvalidName: it is no DN.
    """
    parts = []
    for rdn in parse_dn(text):
        attribute = schema.attribute(rdn.type)
        last = len(rdn.value) - 1
        value = "".join([_spelt(char, index, last) for index, char in enumerate(rdn.value)])
        parts.append(f"{attribute.name if attribute is not None else rdn.type.lower()}={value}")
    return ",".join(parts)


def _keys(names: Iterable[str], oid: str) -> list[str]:
    return [*[name.lower() for name in names], oid]


def _octets(value: bytes) -> Key | None:
    return value


def _folded(value: bytes) -> Key | None:
    try:
        return fold(value.decode())
    except UnicodeDecodeError:
        return None


def _exact(value: bytes) -> Key | None:
    try:
        return " ".join(value.decode().split())
    except UnicodeDecodeError:
        return None


def _ascii_folded(value: bytes) -> Key | None:
    return fold(value.decode()) if value.isascii() else None


def _telephone(value: bytes) -> Key | None:
    return value.decode().replace(" ", "").replace("-", "").lower() if value.isascii() and value.strip() else None


def _number(value: bytes) -> Key | None:
    digits = value[1:] if value[:1] == b"-" else value
    return int(value) if digits.isdigit() else None


def _boolean(value: bytes) -> Key | None:
    return value if value in (b"TRUE", b"FALSE") else None


def _name(value: bytes) -> Key | None:
    try:
        return dn_key(value.decode())
    except (InvalidName, UnicodeDecodeError):
        return None


def _unique_name(value: bytes) -> Key | None:
    """A DN, with or without a `#'0101'B` after it."""
    name, mark, bits = value.rpartition(b"#")
    key = _name(name if mark and bits.startswith(b"'") else value)
    return (*key, bits.decode("ascii", "replace")) if isinstance(key, tuple) and mark else key


def _uuid(value: bytes) -> Key | None:
    try:
        return str(uuid.UUID(value.decode()))
    except ValueError:
        return None


def _time(value: bytes) -> Key | None:
    digits = value.rstrip(b"Z").partition(b".")[0]
    return value.decode() if digits.isdigit() and len(digits) >= 10 and value[-1:] == b"Z" else None


_KEYS: dict[str, Callable[[bytes], Key | None]] = {
    "caseIgnoreMatch": _folded,
    "caseIgnoreListMatch": _folded,
    "objectIdentifierMatch": _folded,
    "caseIgnoreIA5Match": _ascii_folded,
    "caseExactMatch": _exact,
    "caseExactIA5Match": _exact,
    "numericStringMatch": lambda value: value.replace(b" ", b"") if value.replace(b" ", b"").isdigit() else None,
    "telephoneNumberMatch": _telephone,
    "integerMatch": _number,
    "booleanMatch": _boolean,
    "distinguishedNameMatch": _name,
    "uniqueMemberMatch": _unique_name,
    "UUIDMatch": _uuid,
    "generalizedTimeMatch": _time,
    "CSNMatch": _exact,
}


@cache
def load_schema() -> Schema:
    """The profile's schema."""
    data = resources.files("attrflow_mocks.lightweight") / "data"
    attributes = [
        Attribute(
            tuple(names.split("/")), oid, syntax, equality, ordering, sub, "s" in flags, "n" in flags, "o" in flags
        )
        for names, oid, syntax, equality, ordering, sub, flags in _rows((data / "attributes.txt").read_text("utf-8"))
    ]
    classes = [
        ObjectClass(tuple(names.split("/")), oid, kind, _list(superiors), _list(must), _list(may))
        for names, oid, kind, superiors, must, may in _rows((data / "classes.txt").read_text("utf-8"))
    ]
    return Schema(attributes, classes)


def _rows(text: str) -> Iterator[list[str]]:
    return (line.split() for line in text.splitlines() if line and not line.startswith("#"))


def _list(text: str) -> tuple[str, ...]:
    return () if text == "-" else tuple(text.split(","))
