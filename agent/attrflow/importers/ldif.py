"""LDIF (RFC 2849) as ldifde, ldapsearch and slapcat write it -> directory objects.

Only what says how an object is counts: entries, and change records that add one. URLs are never
followed, passwords are left out, and what cannot be read is told while the rest goes on.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from attrflow.importers.customer_state import DirectoryObject
from attrflow.importers.directory_values import is_binary, is_secret, object_type
from attrflow.importers.findings import Findings, Place
from attrflow.importers.text_lines import text_lines
from attrflow.model.names import InvalidName, dn_key
from attrflow.model.values import Value

__all__ = ["read_ldif"]

_RESULTS: Final = ("search", "result", "matcheddn", "text", "ref")
"""What ldapsearch writes beside entries, unless it is called with -LLL."""


@dataclass(slots=True)
class _Line:
    number: int
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.pieces)


def read_ldif(stream: BinaryIO, file: str, findings: Findings) -> Iterator[DirectoryObject]:
    """The objects of a file, one by one."""
    reader = _Reader(file, findings)
    for record in _records(text_lines(stream, file, findings), Place(file), findings):
        found = reader.record(record)
        if found is not None:
            yield found
    reader.close()


def _records(lines: Iterator[tuple[int, str]], place: Place, findings: Findings) -> Iterator[list[_Line]]:
    """Unfolded lines, record by record; comments are left out with their continuations."""
    record: list[_Line] = []
    comment = False
    for number, line in lines:
        if line.startswith(" "):
            if record and not comment:
                record[-1].pieces.append(line[1:])
            elif not comment:
                findings.tell(place.at(number), "ldif-syntax", "a continued line, and nothing stands before it")
            continue
        comment = line.startswith("#")
        if comment:
            continue
        if line.strip():
            record.append(_Line(number, [line]))
        elif record:
            yield record
            record = []
    if record:
        yield record


class _Reader:
    def __init__(self, file: str, findings: Findings) -> None:
        self.place = Place(file)
        self.findings = findings
        self.seen: dict[str, int] = {}
        self.secrets: dict[str, int] = {}

    def close(self) -> None:
        """Tell what was left out on purpose."""
        for name, line in self.secrets.items():
            self.findings.note(self.place.at(line), "secret-left-out", f"{name} is a secret and is not taken over")

    def record(self, lines: list[_Line]) -> DirectoryObject | None:
        """One record; None, told, where it is no entry."""
        while lines and lines[0].text.casefold().startswith("version:"):
            lines = lines[1:]
        if not lines:
            return None
        first = lines[0]
        place = self.place.at(first.number)
        name, _, _ = first.text.partition(":")
        if name.casefold() != "dn":
            self._beside(lines, place)
            return None
        dn = self._value(first)
        if not isinstance(dn, str):
            self.findings.tell(place, "ldif-syntax", "the record's DN cannot be read; the record is left out")
            return None
        attributes, classes = self._attributes(lines[1:], dn)
        if attributes is None:
            return None
        try:
            key = dn_key(dn)
        except InvalidName as error:
            self.findings.tell(place, "invalid-dn", f"{error}; the record is left out")
            return None
        if key in self.seen:
            message = f"{dn} stands here twice, first on line {self.seen[key]}; the first one counts"
            self.findings.warn(place, "duplicate-object", message)
            return None
        self.seen[key] = first.number
        type_ = object_type(classes)
        if not type_:
            message = f"{dn} has no objectClass that says what it is"
            self.findings.warn(place, "no-object-type", message, help="export objectClass, too")
        return DirectoryObject(dn, type_, {name: tuple(values) for name, values in attributes.items()}, place)

    def _beside(self, lines: list[_Line], place: Place) -> None:
        """A record that is no entry: the words of ldapsearch, a referral, or nothing that LDIF knows."""
        named = {line.text.partition(":")[0].casefold(): line.text.partition(":")[2].strip() for line in lines}
        word = next(iter(named))
        if word not in _RESULTS:
            shown = lines[0].text[:60]
            self.findings.tell(place, "ldif-syntax", f"a record begins with 'dn:', not with {shown!r}; it is left out")
        elif word == "ref":
            self.findings.note(place, "referral", f"a referral was not followed: {named['ref']}")
        elif not named.get("result", "0").startswith("0"):
            message = f"the search did not end well: {named['result']}; objects may be missing"
            self.findings.warn(
                place, "incomplete", message, help="search again with paging: ldapsearch -E pr=500/noprompt"
            )

    def _attributes(self, lines: list[_Line], dn: str) -> tuple[dict[str, list[Value]] | None, list[str]]:
        attributes: dict[str, list[Value]] = {}
        spelling: dict[str, str] = {}
        classes: list[str] = []
        for line in lines:
            place = self.place.at(line.number)
            written, colon, _ = line.text.partition(":")
            if not colon or not written.strip():
                self.findings.tell(place, "ldif-syntax", f"no attribute and value: {line.text[:60]!r}; left out")
                continue
            name = self._name(written.strip(), place)
            folded = (name or "").casefold()
            if name is None:
                continue
            if folded == "changetype":
                kind = str(self._value(line)).casefold()
                if kind != "add":
                    message = f"{dn}: a record that says {kind!r} changes an object; only entries are read"
                    self.findings.warn(
                        place, "change-record", message, help="export the object itself: ldifde -f OUT -d DN"
                    )
                    return None, classes
                continue
            if folded == "control":
                self.findings.note(place, "control", f"{dn}: a control is not taken over")
                continue
            if is_secret(name):
                self.secrets.setdefault(name, line.number)
                continue
            value = self._value(line)
            if value is None:
                continue
            if folded == "objectclass":
                classes.append(str(value))
            else:
                attributes.setdefault(spelling.setdefault(folded, name), []).append(value)
        return attributes, classes

    def _name(self, written: str, place: Place) -> str | None:
        """The attribute's name without options; None where the option makes another attribute of it."""
        name, *options = written.split(";")
        for option in options:
            if option.casefold().startswith("range="):
                message = f"{name} came in part ({option}): its other values are missing"
                help = "ask for the next range, such as member;range=1500-*, until one ends with *"
                self.findings.warn(place, "incomplete", message, help=help)
            elif option.casefold() != "binary":
                self.findings.note(place, "attribute-option", f"{written} is another attribute than {name}; left out")
                return None
        return name

    def _value(self, line: _Line) -> Value | None:
        """The value of a line; None, told, where it cannot be read."""
        name, _, rest = line.text.partition(":")
        place = self.place.at(line.number)
        if rest.startswith("<"):
            message = f"{name} is said to be at {rest[1:].strip()}: URLs are not followed; left out"
            self.findings.warn(place, "url-refused", message, help="put the value itself into the file, in base64")
            return None
        plain = name.partition(";")[0].strip()
        if not rest.startswith(":"):
            text = rest.lstrip(" ")
            return text.encode("utf-8") if is_binary(plain) else text
        try:
            raw = base64.b64decode("".join(rest[1:].split()), validate=True)
        except (ValueError, binascii.Error):
            self.findings.tell(place, "not-base64", f"the value of {name} is not base64; left out")
            return None
        if is_binary(plain):
            return raw
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            return raw
