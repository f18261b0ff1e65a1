"""Distinguished names: text to parts and back, and the key under which two spellings are one name.

Pure text (RFC 4514, and the quoted and `;` forms of RFC 1779 that AD still takes); no tree, no schema.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from attrflow_mocks.ad.ber import ProtocolError, Reader

__all__ = ["DN", "InvalidName", "Rdn", "escape", "fold", "format_dn", "parse_dn", "parse_rdn"]

_NUMERIC = {
    "2.5.4.3": "CN",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "0.9.2342.19200300.100.1.25": "DC",
    "0.9.2342.19200300.100.1.1": "UID",
}
_SPECIAL = frozenset(',+"\\<>;=')
_QUOTING = re.compile(r'[\\"+;#<>\ud800-\udfff]')
_TO_ESCAPE = re.compile(r'[,+"\\<>;\x00-\x1f]|^[ #]| \Z')
_HEX = frozenset("0123456789abcdefABCDEF")


class InvalidName(ValueError):
    """The text is no distinguished name that AD takes."""


def fold(text: str) -> str:
    """What AD compares of a string: case folded, outer spaces cut, inner runs of spaces as one."""
    folded = text.casefold()
    if "  " in folded or folded[:1] == " " or folded[-1:] == " ":
        folded = " ".join([part for part in folded.split(" ") if part])
    return folded


@dataclass(frozen=True, slots=True)
class Rdn:
    """One relative name: attribute type in upper case, and the value unescaped."""

    type: str
    value: str

    @property
    def key(self) -> str:
        """Equal for two spellings of one relative name."""
        return f"{self.type.lower()}={fold(self.value)}"

    def __str__(self) -> str:
        return f"{self.type}={escape(self.value)}"


DN = tuple[Rdn, ...]
"""Relative names from the leaf to the root; empty is the root DSE."""


def escape(value: str) -> str:
    """The value as it stands in a DN."""
    if not _TO_ESCAPE.search(value):
        return value
    out = []
    last = len(value) - 1
    for index, char in enumerate(value):
        if char in _SPECIAL and char != "=":
            out.append("\\" + char)
        elif ord(char) < 32:
            out.append(f"\\{ord(char):02X}")
        elif (char == " " and index in (0, last)) or (char == "#" and index == 0):
            out.append("\\" + char)
        else:
            out.append(char)
    return "".join(out)


def format_dn(dn: DN) -> str:
    """The DN as text."""
    return ",".join([str(rdn) for rdn in dn])


def parse_rdn(text: str) -> Rdn:
    """Parse one relative name.

    Raises:
        InvalidName: malformed, more than one relative name, or a multi-valued one.
    """
    dn = parse_dn(text)
    if len(dn) != 1:
        raise InvalidName(f"{text!r} is not one relative name")
    return dn[0]


def parse_dn(text: str) -> DN:
    """Parse a DN.

    Raises:
        InvalidName: malformed, or with a multi-valued relative name, which AD does not have.
    """
    rdns = []
    position, size = 0, len(text)
    if not text.strip(" "):
        return ()
    if not _QUOTING.search(text):
        return tuple([_plain(part, text) for part in text.split(",")])
    while True:
        equals = text.find("=", position)
        if equals < 0:
            raise InvalidName(f"no '=' in {text[position:]!r}")
        kind = _attribute_type(text[position:equals])
        value, position = _value(text, equals + 1)
        rdns.append(Rdn(kind, value))
        if position >= size:
            return tuple(rdns)
        if text[position] == "+":
            raise InvalidName(f"a relative name with more than one attribute in {text!r}")
        position += 1


def _plain(part: str, text: str) -> Rdn:
    """A relative name in which nothing is escaped, as almost all are."""
    kind, equals, value = part.partition("=")
    value = value.strip(" ")
    if not equals or not value:
        raise InvalidName(f"{part!r} is no relative name in {text!r}")
    return Rdn(kind if kind in ("CN", "OU", "DC") else _attribute_type(kind), value)


def _attribute_type(text: str) -> str:
    kind = text.strip(" ")
    if kind[:4].lower() == "oid.":
        kind = kind[4:]
    if kind in _NUMERIC:
        return _NUMERIC[kind]
    if not kind or not kind.isascii() or not all(c.isalnum() or c in "-." for c in kind):
        raise InvalidName(f"{text!r} is no attribute type")
    return kind.upper()


def _value(text: str, position: int) -> tuple[str, int]:
    """The value that starts at `position`, and where the separator after it stands."""
    size = len(text)
    while position < size and text[position] == " ":
        position += 1
    if position < size and text[position] == "#":
        return _hex_value(text, position + 1)
    quoted = position < size and text[position] == '"'
    if quoted:
        position += 1
    out = bytearray()
    keep = 0  # up to here spaces are escaped or followed by something, so they stay
    while position < size:
        char = text[position]
        if char == "\\":
            piece, position = _escaped(text, position + 1)
            out += piece
            keep = len(out)
            continue
        if quoted and char == '"':
            return _closed(text, position + 1, out)
        if not quoted and char in ",;+":
            break
        if not quoted and char in '"<>':
            raise InvalidName(f"an unescaped {char!r} in {text!r}")
        out += char.encode("utf-8", "surrogatepass")
        if char != " " or quoted:
            keep = len(out)
        position += 1
    if quoted:
        raise InvalidName(f"a quote is not closed in {text!r}")
    return _utf8(bytes(out[:keep]), text), position


def _closed(text: str, position: int, out: bytearray) -> tuple[str, int]:
    while position < len(text) and text[position] == " ":
        position += 1
    if position < len(text) and text[position] not in ",;+":
        raise InvalidName(f"text after a closing quote in {text!r}")
    return _utf8(bytes(out), text), position


def _escaped(text: str, position: int) -> tuple[bytes, int]:
    pair = text[position : position + 2]
    if len(pair) == 2 and pair[0] in _HEX and pair[1] in _HEX:
        return bytes((int(pair, 16),)), position + 2
    if pair and (pair[0] in _SPECIAL or pair[0] in " #"):
        return pair[0].encode(), position + 1
    raise InvalidName(f"a backslash before nothing that can be escaped in {text!r}")


def _hex_value(text: str, position: int) -> tuple[str, int]:
    end = position
    while end < len(text) and text[end] not in ",;+ ":
        end += 1
    try:
        _, content = Reader(bytes.fromhex(text[position:end])).element()
    except (ValueError, ProtocolError):
        raise InvalidName(f"'#' without an encoded value in {text!r}") from None
    while end < len(text) and text[end] == " ":
        end += 1
    if end < len(text) and text[end] not in ",;+":
        raise InvalidName(f"text after an encoded value in {text!r}")
    return _utf8(content, text), end


def _utf8(raw: bytes, text: str) -> str:
    try:
        value = raw.decode()
    except UnicodeDecodeError:
        raise InvalidName(f"a value is not UTF-8 in {text!r}") from None
    if not value:
        raise InvalidName(f"an empty value in {text!r}")
    return value
