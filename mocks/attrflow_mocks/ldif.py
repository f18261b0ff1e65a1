"""LDIF (RFC 2849) written and read: content records only, no change records.

It knows no directory and no schema: a value is bytes unless it is plain text.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence

from attrflow_mocks.scenarios.seed import EntrySeed

__all__ = ["format_entries", "format_record", "parse_ldif"]

_WIDTH = 76

# Classes that others derive from, the most general first.
_GENERAL = ("top", "person", "organizationalperson", "user")


def format_record(dn: str, attributes: Mapping[str, Sequence[str | bytes]]) -> str:
    """One record, with a blank line at its end; what is not safe as text goes as base64.

    >>> print(format_record("cn=a,dc=x", {"cn": ["a"], "telephoneNumber": [" 1 "]}), end="")
    dn: cn=a,dc=x
    cn: a
    telephoneNumber:: IDEg
    <BLANKLINE>
    """
    lines = [_line("dn", dn)]
    lines += [_line(name, value) for name, values in attributes.items() for value in values]
    return "\n".join(lines) + "\n\n"


def parse_ldif(text: str) -> Iterator[EntrySeed]:
    """The entries of `text`; the object class of each is the most specific of its record.

    Raises:
        ValueError: a line is not LDIF, a record has no DN or no object class, or it is a change
            record or names a URL, which are not supported; the text says which line.
    """
    for number, record in _records(text):
        (first, dn), *rest = [_value(line, number) for line in record]
        if first.lower() != "dn" or isinstance(dn, bytes):
            raise ValueError(f"line {number}: a record begins with `dn:`, not with {record[0]!r}")
        attributes: dict[str, list[str | bytes]] = {}
        spelling: dict[str, str] = {}
        for name, value in rest:
            attributes.setdefault(spelling.setdefault(name.lower(), name), []).append(value)
        if "changetype" in spelling:
            raise ValueError(f"line {number}: {dn}: change records are not supported, only entries to add")
        classes = attributes.pop(spelling.get("objectclass", "objectClass"), [])
        if not classes:
            raise ValueError(f"line {number}: {dn}: no objectClass")
        yield EntrySeed(dn, _most_specific(classes), {name: tuple(values) for name, values in attributes.items()})


def _most_specific(classes: Sequence[str | bytes]) -> str:
    """The class furthest down: the last one that is not a general one, as servers list them top first."""
    names = [str(name) for name in classes]
    ranks = [_GENERAL.index(name.lower()) if name.lower() in _GENERAL else len(_GENERAL) for name in names]
    best = max(ranks)
    return [name for name, rank in zip(names, ranks, strict=True) if rank == best][-1]


def _line(name: str, value: str | bytes) -> str:
    raw = value.encode() if isinstance(value, str) else value
    safe = all(0x20 <= byte < 0x7F for byte in raw) and not raw.startswith((b" ", b":", b"<")) and raw[-1:] != b" "
    line = f"{name}: {raw.decode('ascii')}" if safe else f"{name}:: {base64.b64encode(raw).decode('ascii')}"
    # A folded line continues after a single blank.
    folded = [line[:_WIDTH], *(line[at : at + _WIDTH - 1] for at in range(_WIDTH, len(line), _WIDTH - 1))]
    return "\n ".join(folded)


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """The records as (number of the first line, unfolded lines)."""
    record: list[str] = []
    start = 0
    comment = False
    # Not splitlines: a value may hold characters that Unicode counts as line ends.
    for number, line in enumerate([*text.replace("\r\n", "\n").split("\n"), ""], start=1):
        if line.startswith(" "):
            if comment:
                continue
            if not record:
                raise ValueError(f"line {number}: a continuation of nothing")
            record[-1] += line[1:]
            continue
        comment = line.startswith("#")
        if line and not comment and not (not record and line.lower().startswith("version:")):
            start = start if record else number
            record.append(line)
        elif not line and record:
            yield start, record
            record = []


def _value(line: str, number: int) -> tuple[str, str | bytes]:
    name, colon, rest = line.partition(":")
    if not colon or not name:
        raise ValueError(f"line {number}: not LDIF: {line!r}")
    if rest.startswith("<"):
        raise ValueError(f"line {number}: {name}: values by URL are not supported")
    if not rest.startswith(":"):
        return name, rest.lstrip(" ")
    try:
        raw = base64.b64decode(rest[1:].strip(), validate=True)
    except ValueError as error:
        raise ValueError(f"line {number}: {name}: not base64: {error}") from error
    try:
        return name, raw.decode()
    except UnicodeDecodeError:
        return name, raw


def format_entries(entries: Iterable[EntrySeed]) -> str:
    """LDIF of `entries`, each with its one object class."""
    return "".join(
        format_record(entry.dn, {"objectClass": (entry.object_class,), **entry.attributes}) for entry in entries
    )
