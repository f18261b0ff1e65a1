"""Names: distinguished names (RFC 4514) and the key by which they are compared and indexed.

A `DistinguishedName` keeps the spelling it came with. Its `key` is what the store indexes: RDNs from
the root down, types lower-cased, values unescaped and case-folded, inner spaces squeezed, parts of a
multi-valued RDN sorted, all joined by U+0000, so that a subtree is one prefix range (DECISIONS 11).
The mocks have their own DN code on purpose.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["DistinguishedName", "InvalidName", "dn_key", "escape_value", "is_within", "parse_dn"]

_HEX = re.compile(r"[0-9A-Fa-f]{2}")
_SPACES = re.compile(" {2,}")
_BETWEEN_PARTS = "\x01"
"""Stands in a key between the parts of a multi-valued RDN: a value may hold a plus sign itself."""
_SPECIAL = set(',=+<>#;\\"')


class InvalidName(ValueError):
    """The text is no distinguished name; `position` (0-based) says where it stops being one."""

    def __init__(self, text: str, position: int, expected: str) -> None:
        self.text = text
        self.position = position
        super().__init__(f"not a distinguished name: expected {expected} at position {position} of {text!r}")


@dataclass(frozen=True, slots=True)
class DistinguishedName:
    """A parsed DN: its spelling, and its RDNs from the leaf up as tuples of (type, unescaped value)."""

    text: str
    rdns: tuple[tuple[tuple[str, str], ...], ...]
    key: str

    @property
    def parent(self) -> DistinguishedName | None:
        """The DN one level up, or None for a DN of one component (or none)."""
        if len(self.rdns) < 2:
            return None
        return parse_dn(_tail(self.text))

    @property
    def rdn(self) -> str:
        """The leaf RDN as it was spelt, such as `CN=Kari Nordmann`; empty for the empty DN."""
        parts = _split(self.text)
        return parts[0] if parts else ""

    def component(self, number: int, *, from_root: bool = False) -> tuple[str, str] | None:
        """The `number`-th RDN (1-based) as (type, value still escaped), or None when there is none."""
        parts = _split(self.text)
        if from_root:
            parts = parts[::-1]
        if not 1 <= number <= len(parts):
            return None
        type_, _, value = parts[number - 1].partition("=")
        return type_.strip(), _stripped(value)

    def __str__(self) -> str:
        return self.text


def _split(text: str) -> list[str]:
    """Cut at unescaped, unquoted commas (or semicolons, RFC 2253's older separator)."""
    parts: list[str] = []
    start = index = 0
    quoted = False
    while index < len(text):
        character = text[index]
        if character == "\\":
            index += 2
            continue
        if character == '"':
            quoted = not quoted
        elif character in ",;" and not quoted:
            parts.append(text[start:index])
            start = index + 1
        index += 1
    parts.append(text[start:])
    return [_stripped(part) for part in parts] if text.strip(" ") else []


def _tail(text: str) -> str:
    index = 0
    quoted = False
    while index < len(text):
        character = text[index]
        if character == "\\":
            index += 2
            continue
        if character == '"':
            quoted = not quoted
        elif character in ",;" and not quoted:
            return _stripped(text[index + 1 :])
        index += 1
    return ""


def _unescape(text: str, whole: str, offset: int) -> str:
    if text.startswith("#"):
        digits = text[1:]
        if len(digits) % 2 or re.search(r"[^0-9A-Fa-f]", digits):
            raise InvalidName(whole, offset, "hexadecimal digits after '#'")
        return text
    if len(text) >= 2 and text[0] == '"' and text[-1] == '"':
        text = text[1:-1]
    if "\\" not in text:
        return text
    out = bytearray()
    index = 0
    while index < len(text):
        character = text[index]
        if character != "\\":
            out += character.encode("utf-8", "surrogatepass")
            index += 1
            continue
        if _HEX.fullmatch(text[index + 1 : index + 3]):
            out.append(int(text[index + 1 : index + 3], 16))
            index += 3
        elif index + 1 < len(text):
            out += text[index + 1].encode("utf-8", "surrogatepass")
            index += 2
        else:
            raise InvalidName(whole, offset + index, "a character after the backslash")
    try:
        return out.decode("utf-8")
    except UnicodeDecodeError:
        return out.decode("utf-8", "replace")


def _stripped(text: str) -> str:
    """The text without the blanks around it, but with an escaped trailing one."""
    text = text.lstrip(" ")
    stripped = text.rstrip(" ")
    if stripped.endswith("\\") and (len(stripped) - len(stripped.rstrip("\\"))) % 2 == 1:
        return stripped + text[len(stripped) : len(stripped) + 1]
    return stripped


def _split_plus(part: str) -> list[str]:
    pieces: list[str] = []
    start = index = 0
    quoted = False
    while index < len(part):
        if part[index] == "\\":
            index += 2
            continue
        if part[index] == '"':
            quoted = not quoted
        elif part[index] == "+" and not quoted:
            pieces.append(part[start:index])
            start = index + 1
        index += 1
    pieces.append(part[start:])
    return pieces


@lru_cache(maxsize=65_536)
def parse_dn(text: str) -> DistinguishedName:
    """Parse a DN; the empty text is the root.

    Raises:
        InvalidName: the text is no DN.

    >>> parse_dn("CN=Doe\\\\, Jane,OU=People,DC=contoso,DC=test").rdns[0]
    (('CN', 'Doe, Jane'),)
    """
    rdns: list[tuple[tuple[str, str], ...]] = []
    for part in _split(text):
        pairs: list[tuple[str, str]] = []
        for piece in _split_plus(part):
            type_, separator, value = piece.partition("=")
            offset = max(text.find(piece), 0)
            if not separator or not type_.strip():
                raise InvalidName(text, offset, "type=value")
            raw = _stripped(value)
            pairs.append((type_.strip(), _unescape(raw, text, offset + len(type_) + 1)))
        rdns.append(tuple(pairs))
    return DistinguishedName(text, tuple(rdns), _key(rdns))


def _key(rdns: list[tuple[tuple[str, str], ...]]) -> str:
    return "".join(
        _BETWEEN_PARTS.join(sorted(f"{t.lower()}={_squeeze(v)}" for t, v in rdn)) + "\x00" for rdn in reversed(rdns)
    )


def _squeeze(value: str) -> str:
    """The value as names compare: without case, and inner spaces count once, those around it not at all."""
    return _SPACES.sub(" ", value).strip(" ").casefold()


def dn_key(text: str) -> str:
    """The key of a DN's text; errors as `parse_dn`. Each RDN ends with U+0000.

    >>> dn_key("CN=Kari,  DC=Test") == dn_key("cn=kari,dc=test")
    True
    """
    return parse_dn(text).key


def is_within(key: str, container_key: str) -> bool:
    """Whether the object of `key` is the container itself or stands below it.

    >>> is_within(dn_key("CN=a,OU=b,DC=c"), dn_key("OU=b,DC=c"))
    True
    """
    return key.startswith(container_key)


def escape_value(value: str) -> str:
    """An RDN value with RFC 4514 escapes.

    >>> escape_value("Doe, Jane #1")
    'Doe\\\\, Jane #1'
    """
    out = []
    for index, character in enumerate(value):
        first, last = index == 0, index == len(value) - 1
        if character in _SPECIAL and not (character == "#" and not first):
            out.append("\\" + character)
        elif character == " " and (first or last):
            out.append("\\ ")
        elif character == "\x00":
            out.append("\\00")
        elif character in "\n\r":
            out.append(f"\\{ord(character):02X}")
        else:
            out.append(character)
    return "".join(out)
