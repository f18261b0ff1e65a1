"""XML -> records, as a stream: the elements of a few names, each as a tree, with the line where it begins.

For exports of a hundred megabytes, of which one record at a time is in memory. Document types, entities
and external references are refused; a file that is cut off is read as far as it goes.
"""

from __future__ import annotations

import codecs
import xml.sax
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final
from xml.sax.handler import ContentHandler  # the words of the interface only; parsing is defusedxml's

from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser

from attrflow.importers.findings import Findings, Place
from attrflow.importers.text_lines import first_octets

__all__ = ["Node", "xml_records"]

_PIECE: Final = 1 << 16
_DEPTH_MAX: Final = 200
"""Levels of elements; exports have about ten."""


@dataclass(slots=True)
class Node:
    """One element: its name without a prefix, attributes, children, and the text directly in it."""

    name: str
    line: int
    attributes: Mapping[str, str] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text directly in the element."""
        return "".join(self.pieces)

    def child(self, *path: str) -> Node | None:
        """The element at the end of a path of names, or None."""
        here: Node | None = self
        for name in path:
            here = next((child for child in here.children if child.name == name), None) if here is not None else None
        return here

    def all(self, name: str) -> Iterator[Node]:
        """The children of that name."""
        return (child for child in self.children if child.name == name)

    def said(self, *names: str) -> str | None:
        """What an attribute, or else a child, of the first of these names says, trimmed; None where it is empty."""
        for name in names:
            if (value := self.attributes.get(name, "").strip()) or (
                (child := self.child(name)) is not None and (value := child.text.strip())
            ):
                return value
        return None

    def within(self, *names: str) -> str | None:
        """As `said`, anywhere inside."""
        for name in names:
            found = self.said(name) or next((f for c in self.children if (f := c.within(name)) is not None), None)
            if found is not None:
                return found
        return None

    def everything(self) -> str:
        """All text in the element and below it, joined."""
        return " ".join(filter(None, [self.text.strip(), *(child.everything() for child in self.children)]))


class _Recoded:
    """UTF-16 without a byte-order mark as UTF-16 with one: expat does not guess."""

    def __init__(self, stream: BinaryIO, mark: bytes) -> None:
        self._stream = stream
        self._mark = mark

    def read(self, size: int) -> bytes:
        """The next octets."""
        mark, self._mark = self._mark, b""
        return mark + self._stream.read(size)


def _recoded(stream: BinaryIO) -> _Recoded:
    probe = first_octets(stream)
    mark = codecs.BOM_UTF16_LE if probe.startswith(b"<\0") else codecs.BOM_UTF16_BE if probe.startswith(b"\0<") else b""
    return _Recoded(stream, mark)


class _TooDeepError(Exception):
    """Elements stand deeper than in any export."""


class _Collector(ContentHandler):
    """Keeps the open record; what stands outside of records is only named."""

    def __init__(self, records: Collection[str]) -> None:
        super().__init__()
        self.records = records
        self.done: deque[Node] = deque()
        self.open: list[Node] = []
        self.outside: list[str] = []
        self.root: str | None = None
        self.met = False
        self.lines: Any = None
        """The parser, which knows on which line it is."""

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: N802 - the interface's name
        plain = name.rpartition(":")[2] if ":" in name else name
        self.root = self.root or plain
        if not self.open and plain not in self.records:
            self.outside.append(plain)
        else:
            node = Node(plain, self.lines.getLineNumber(), {k.rpartition(":")[2]: v for k, v in attrs.items()})
            if self.open:
                self.open[-1].children.append(node)
            self.open.append(node)
            self.met = True
        if len(self.open) + len(self.outside) > _DEPTH_MAX:
            raise _TooDeepError

    def endElement(self, name: str) -> None:  # noqa: ARG002, N802 - the interface's name
        if not self.open:
            self.outside.pop()
            return
        node = self.open.pop()
        if not self.open:
            self.done.append(node)

    def characters(self, content: str) -> None:
        if self.open:
            self.open[-1].pieces.append(content)


def xml_records(
    stream: BinaryIO, file: str, findings: Findings, records: Collection[str], *, roots: Collection[str] = ()
) -> Iterator[Node]:
    """The elements of these names, outermost first, one by one as they end.

    `roots` are the roots of files that may hold no record at all. A file that is no XML, is cut off, or declares what
    no export declares is told with its line.
    """
    collector = _Collector(records)
    parser = DefusedExpatParser(forbid_dtd=True, forbid_entities=True, forbid_external=True)
    parser.setContentHandler(collector)
    collector.lines = parser
    narrow = _recoded(stream)
    place = Place(file)
    try:
        while octets := narrow.read(_PIECE):
            parser.feed(octets)
            while collector.done:
                yield collector.done.popleft()
        parser.close()
    except DefusedXmlException as refused:
        what = {"DTDForbidden": "a document type", "EntitiesForbidden": "an entity"}.get(type(refused).__name__)
        message = f"the file declares {what or 'an external reference'}, which no export has: it is not read"
        help = "if you trust the file, take the <!DOCTYPE …> out of it"
        findings.tell(place.at(_line(parser)), "xml-refused", message, help=help)
    except _TooDeepError:
        message = f"elements stand more than {_DEPTH_MAX} deep: the rest of the file is not read"
        findings.tell(place.at(_line(parser)), "xml-refused", message)
    except xml.sax.SAXParseException as error:
        lost = collector.open[0] if collector.open else None
        message = f"not well-formed XML: {error.getMessage()}"
        if lost is not None:
            message += f"; the {lost.name} that begins on line {lost.line} is lost, what stands before it is read"
        help = "the file is cut off or was edited: export it again"
        findings.tell(place.at(error.getLineNumber() or 1), "xml-syntax", message, help=help)
    while collector.done:
        yield collector.done.popleft()
    if collector.root is not None and not collector.met and collector.root not in roots:
        message = f"the file is XML with the root {collector.root!r}, and has no {' or '.join(sorted(records))}"
        findings.tell(place.at(1), "wrong-format", message)


def _line(parser: Any) -> int:
    return int(parser.getLineNumber() or 1)
