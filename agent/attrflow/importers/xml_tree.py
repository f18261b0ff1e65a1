"""XML text -> a tree that knows its lines. A cut-off text is read as far as it goes; entities are refused.

Names are without their namespace prefix, since prefixes differ between exports of one product; the
namespace of an element is kept beside it. Comments and processing instructions are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from attrflow.importers.findings import Findings, Place

__all__ = ["Element", "read_xml"]

_DECLARATION = re.compile(r"\s*<\?xml[^>]*\?>")
_DEPTH_MAX = 200
"""Levels of elements; exports have about ten."""


@dataclass(slots=True)
class Element:
    """One element: name, attributes, text before the first child, children, and the line where it begins."""

    name: str
    line: int
    attributes: dict[str, str]
    namespace: str = ""
    children: list[Element] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    cut: bool = False
    """Whether the text ends, or is broken, within it: what stood behind is not known."""

    @property
    def text(self) -> str:
        """All text directly in this element, as written."""
        return "".join(self.pieces)

    def child(self, name: str) -> Element | None:
        """The first child of that name, in any case of letters."""
        folded = name.casefold()
        return next((child for child in self.children if child.name.casefold() == folded), None)

    def all(self, name: str) -> Iterator[Element]:
        """The children of that name, in any case of letters."""
        folded = name.casefold()
        return (child for child in self.children if child.name.casefold() == folded)

    def said(self, name: str) -> str | None:
        """The trimmed text of the first child of that name; None where there is none."""
        child = self.child(name)
        return child.text.strip() if child is not None else None

    def attribute(self, name: str) -> str | None:
        """The attribute of that name, in any case of letters."""
        folded = name.casefold()
        return next((value for key, value in self.attributes.items() if key.casefold() == folded), None)


def read_xml(text: str, file: str, findings: Findings) -> Element | None:
    """The root of a text, as far as it could be read; None where nothing could. What is wrong is told.

    A document type, an entity or an external reference is `xml-refused`, and nothing of the file is used:
    no export has one. A text that is cut off or broken is `xml-syntax`, and what stands before is used.
    """
    # The text is decoded already: what the declaration says of its octets no longer holds.
    declared = _DECLARATION.match(text)
    body = "\n" * declared[0].count("\n") + text[declared.end() :] if declared is not None else text
    builder = _Builder()
    parser: Any = DefusedXMLParser(target=builder, encoding="utf-8", forbid_dtd=True)
    builder.expat = parser.parser
    try:
        parser.feed(body.encode("utf-8", "replace"))
        parser.close()
    except DefusedXmlException as refused:
        what = {"DTDForbidden": "a document type", "EntitiesForbidden": "an entity"}.get(type(refused).__name__)
        line = builder.expat.CurrentLineNumber
        message = f"the file declares {what or 'an external reference'}, which no export has: it is not read"
        help = "if you trust the file, take the <!DOCTYPE …> out of it"
        findings.tell(Place(file, line), "xml-refused", message, help=help)
        return None
    except _TooDeepError:
        line = builder.expat.CurrentLineNumber
        findings.tell(Place(file, line), "xml-refused", f"elements stand more than {_DEPTH_MAX} deep: it is not read")
        return None
    except ParseError as error:
        line, column = error.position
        read = "; what stands before is read" if builder.root is not None else ""
        reason = str(error).partition(":")[0]
        help = "the file is cut off or was edited: export it again"
        findings.tell(Place(file, line, column + 1), "xml-syntax", f"not well-formed XML: {reason}{read}", help=help)
        builder.cut()
    return builder.root


class _TooDeepError(Exception):
    """The text nests deeper than any export."""


class _Builder:
    """What the parser tells, as a tree; usable also when the text ends too early."""

    def __init__(self) -> None:
        self.root: Element | None = None
        self.expat: Any = None
        self._open: list[Element] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        namespace, name = _split(tag)
        plain = {_split(key)[1]: value for key, value in attributes.items()}
        element = Element(name, self.expat.CurrentLineNumber, plain, namespace)
        if self._open:
            self._open[-1].children.append(element)
        elif self.root is None:
            self.root = element
        if len(self._open) >= _DEPTH_MAX:
            raise _TooDeepError
        self._open.append(element)

    def end(self, _tag: str) -> None:
        self._open.pop()

    def data(self, text: str) -> None:
        self._open[-1].pieces.append(text)

    def cut(self) -> None:
        """Mark what is open: the text is broken here."""
        for element in self._open:
            element.cut = True

    def close(self) -> None:
        """Nothing is left to do at the end."""


def _split(tag: str) -> tuple[str, str]:
    if tag.startswith("{"):
        namespace, _, name = tag[1:].partition("}")
        return namespace, name
    return "", tag
