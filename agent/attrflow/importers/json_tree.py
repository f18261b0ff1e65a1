"""JSON text -> a tree that knows its lines; a text that is cut off or faulty is read as far as it goes.

Keys are found in any case and without dashes and underscores, as exports of one product differ in them, and the
tree knows which were asked for, so that the others can be told.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from json import JSONDecodeError, JSONDecoder
from typing import Any, Final

from attrflow.importers.findings import Findings, Place

__all__ = ["Json", "read_json"]

_BLANK: Final = re.compile(r"[\s,]*")
_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_WORDS: Final[dict[str, Any]] = {"true": True, "false": False, "null": None}
_DECODER: Final = JSONDecoder(strict=False)
_DEPTH_MAX: Final = 100


@dataclass(slots=True)
class Json:
    """One value: plain, a list of values, or an object of values by key; and the line where it begins."""

    value: Any
    line: int
    asked: set[str] = field(default_factory=set)
    cut: bool = False
    """Whether the text ends, or is broken, within it: what stood behind is not known."""

    def get(self, *names: str) -> Json | None:
        """The value of the first of these keys that an object has."""
        if not isinstance(self.value, dict):
            return None
        for name in names:
            wanted = _plain(name)
            self.asked.add(wanted)
            for key, value in self.value.items():
                if _plain(key) == wanted and isinstance(value, Json):
                    return value
        return None

    def has(self, *names: str) -> bool:
        """Whether an object has one of these keys."""
        return isinstance(self.value, dict) and any(_plain(key) in map(_plain, names) for key in self.value)

    def each(self) -> list[Json]:
        """The values of a list; one object where a list was expected is a list of it, as PowerShell unwraps them."""
        if isinstance(self.value, list):
            return self.value
        if isinstance(self.value, dict) and {_plain(key) for key in self.value} == {"value", "count"}:
            inner = self.get("value")
            return inner.each() if inner is not None else []
        return [] if self.value is None else [self]

    def text(self) -> str | None:
        """A plain value as text; None where it is a list or an object."""
        if isinstance(self.value, list | dict):
            return None
        return "" if self.value is None else str(self.value)

    def unasked(self) -> Iterator[tuple[str, Json]]:
        """The keys of an object that nobody asked for, with their values."""
        if isinstance(self.value, dict):
            yield from ((key, value) for key, value in self.value.items() if _plain(key) not in self.asked)

    def shown(self) -> str:
        """The value on one line, cut at a length that a message bears."""
        text = _shown(self)
        return text if len(text) <= 80 else f"{text[:77]}..."


def read_json(text: str, file: str, findings: Findings) -> Json | None:
    """The value of a text, as far as it could be read; None where nothing could. What is wrong is told."""
    reader = _Reader(text)
    root: Json | None = None
    try:
        root = reader.value(0)
        reader.blank()
        if reader.at < len(text):
            raise _FaultError("something stands behind the end")
    except _FaultError as fault:
        read = "; what stands before is read" if reader.root is not None else ""
        place = Place(file, reader.line(reader.at))
        help = "the file is cut off or was edited: export it again"
        findings.tell(place, "json-syntax", f"not JSON: {fault}{read}", help=help)
        for node in reader.open:
            node.cut = True
        return reader.root
    return root


class _FaultError(Exception):
    """The text is no JSON here."""


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.root: Json | None = None
        self.open: list[Json] = []
        """Objects and lists whose end was not seen yet."""
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]

    def line(self, offset: int) -> int:
        return bisect_right(self._lines, offset)

    def blank(self) -> None:
        found = _BLANK.match(self.text, self.at)
        assert found is not None, "the pattern matches nothing too"
        self.at = found.end()

    def value(self, depth: int) -> Json:
        """The value that begins here; a list or an object is in the tree before its end is seen."""
        if depth > _DEPTH_MAX:
            raise _FaultError(f"lists and objects stand more than {_DEPTH_MAX} deep")
        self.blank()
        node = Json(None, self.line(self.at))
        if self.root is None:
            self.root = node
        c = self.text[self.at : self.at + 1]
        if c == "{":
            node.value = {}
            self._object(node, depth)
        elif c == "[":
            node.value = []
            self._list(node, depth)
        elif c == '"':
            node.value = self._string()
        elif (number := _NUMBER.match(self.text, self.at)) is not None:
            self.at = number.end()
            written = number[0]
            node.value = int(written) if written.lstrip("-").isdigit() and len(written) < 20 else written
        else:
            word = next((w for w in _WORDS if self.text.startswith(w, self.at)), None)
            if word is None:
                raise _FaultError("a value is expected" if c else "it ends too early")
            self.at += len(word)
            node.value = _WORDS[word]
        return node

    def _object(self, node: Json, depth: int) -> None:
        self.at += 1
        self.open.append(node)
        while not self._closed("}"):
            if self.text[self.at : self.at + 1] != '"':
                raise _FaultError("a key in double quotes is expected")
            key = self._string()
            self.blank()
            if self.text[self.at : self.at + 1] != ":":
                raise _FaultError("':' is expected")
            self.at += 1
            held = Json(None, self.line(self.at))
            node.value[key] = held
            found = self._kept(held, depth)
            node.value[key] = found
        self.open.pop()

    def _kept(self, held: Json, depth: int) -> Json:
        """The value behind a key; where it is faulty, as much of it as was read stays in the tree."""
        self.blank()
        if self.text[self.at : self.at + 1] in ("{", "["):
            held.line = self.line(self.at)
            if depth >= _DEPTH_MAX:
                raise _FaultError(f"lists and objects stand more than {_DEPTH_MAX} deep")
            if self.text[self.at] == "{":
                held.value = {}
                self._object(held, depth + 1)
            else:
                held.value = []
                self._list(held, depth + 1)
            return held
        return self.value(depth + 1)

    def _list(self, node: Json, depth: int) -> None:
        self.at += 1
        self.open.append(node)
        while not self._closed("]"):
            held = Json(None, self.line(self.at))
            node.value.append(held)
            node.value[-1] = self._kept(held, depth)
        self.open.pop()

    def _closed(self, bracket: str) -> bool:
        self.blank()
        if self.at >= len(self.text):
            raise _FaultError("it ends too early")
        if self.text[self.at] == bracket:
            self.at += 1
            return True
        return False

    def _string(self) -> str:
        try:
            text, self.at = _DECODER.raw_decode(self.text, self.at)
        except JSONDecodeError as error:
            self.at = error.pos
            raise _FaultError(error.msg.lower()) from None
        # Half of a surrogate pair is no character, and no file could hold it.
        return str(text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _plain(key: str) -> str:
    return key.replace("_", "").replace("-", "").casefold()


def _shown(node: Json) -> str:
    if isinstance(node.value, dict):
        return "{" + ", ".join(f"{key}: {_shown(value)}" for key, value in node.value.items()) + "}"
    if isinstance(node.value, list):
        return "[" + ", ".join(map(_shown, node.value)) + "]"
    return repr(node.value) if isinstance(node.value, str) else str(node.value)
