"""Where something stands in a TOML text: from a path of keys and indexes to a span.

Texts are read with `tomllib`, which keeps no positions. Only when there is a diagnostic to place is the
text parsed a second time, by tree-sitter (DECISIONS 27). This module serves rules, settings and cases,
and knows nothing of what they mean.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from attrflow.model.diagnostics import Diagnostic, Severity, Span

if TYPE_CHECKING:
    from tree_sitter import Node

__all__ = ["Finding", "Path", "locate", "locate_inside", "placed", "suggestion", "syntax_error"]

Path = Sequence[str | int]
"""Keys and 0-based indexes from the top of a document, such as `("scope", 0, "all", 1)`."""

Part = Literal["value", "key"]

_NEAR = 0.6
"""How alike a word must be to be suggested, as `difflib` measures it."""
_SUGGESTED = 2
_AT_LINE = re.compile(r" \(at line (\d+), column (\d+)\)$")


@dataclass(frozen=True, slots=True)
class Finding:
    """A diagnostic that knows its place by path and has no span yet."""

    path: tuple[str | int, ...]
    code: str
    message: str
    severity: Severity = "error"
    help: str | None = None
    part: Part = "value"


def placed(findings: Iterable[Finding], text: str | None, file: str | None) -> tuple[Diagnostic, ...]:
    """The findings as diagnostics with file, line and column; the text is parsed once, if at all.

    Without a text they name the file only.
    """
    found = tuple(findings)
    if not found:
        return ()
    if text is None:
        return tuple(Diagnostic(f.code, f.message, f.severity, None, file, f.help) for f in found)
    index = _Index(text)
    return tuple(Diagnostic(f.code, f.message, f.severity, index.span(f.path, f.part), file, f.help) for f in found)


def locate(text: str, path: Path, part: Part = "value") -> Span:
    """The span of the value (or key) at a path of a TOML text.

    A path that leads nowhere gives the span of the deepest part that is there, at last the start of the
    text: a missing key is shown at the table that lacks it.

    >>> locate('[connectors.hq]\\nurl = "ldap://dc1"', ("connectors", "hq", "url")).line
    2
    """
    return _Index(text).span(path, part)


def locate_inside(text: str, path: Path, inner: Span) -> Span:
    """The span of a piece of a string value, given the piece's span within the string.

    Exact for strings written without escapes; for others the span of the whole value.
    """
    whole = locate(text, path)
    written = text[whole.start : whole.end]
    for quotes in ("'''", '"""', "'", '"'):
        if written.startswith(quotes):
            opening = len(quotes)
            if len(quotes) == 3 and written[3:4] == "\n":
                opening += 1
            escaped = quotes.startswith('"') and "\\" in written
            if escaped or whole.start + opening + inner.end > whole.end - len(quotes):
                return whole
            return _span(text, whole.start + opening + inner.start, whole.start + opening + inner.end)
    return whole


def syntax_error(text: str, file: str | None, error: tomllib.TOMLDecodeError) -> Diagnostic:
    """The diagnostic for a text that is no TOML at all."""
    message = str(error)
    match = _AT_LINE.search(message)
    if match is None:
        message = message.removesuffix(" (at end of document)")
        return Diagnostic("toml-syntax", f"not TOML: {message}", span=_span(text, len(text), len(text)), file=file)
    line, column = int(match[1]), int(match[2])
    lines = text.replace("\r\n", "\n").split("\n")
    start = sum(len(before) + 1 for before in lines[: line - 1]) + column - 1
    return Diagnostic(
        "toml-syntax",
        f"not TOML: {message[: match.start()]}",
        span=Span(start, start + 1, line, column),
        file=file,
        help="strings stand in quotes; an expression reads best in single ones: 'Trim([cn])'",
    )


def suggestion(word: str, known: Iterable[str]) -> str | None:
    """The nearest known words to a misspelt one as a sentence, or None when nothing is near.

    >>> suggestion("sourcetype", ["source-type", "target-type"])
    'did you mean source-type?'
    """
    by_fold = {name.casefold(): name for name in known}
    near = [by_fold[match] for match in _nearest(word.casefold(), tuple(by_fold))]
    if not near:
        return None
    return f"did you mean {' or '.join(near)}?"


@lru_cache(maxsize=256)
def _nearest(word: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """The two that `difflib.get_close_matches` finds first.

    It measures all that may be near, and the default rules name attributes that few directories have: that was
    half of what opening a project took. Here the likeliest come first, and the rest is passed over by its bound.
    """
    matcher = SequenceMatcher(None, "", word)
    bounds: list[tuple[float, str]] = []
    for one in known:
        matcher.set_seq1(one)
        if matcher.real_quick_ratio() >= _NEAR and (bound := matcher.quick_ratio()) >= _NEAR:
            bounds.append((bound, one))
    found: list[tuple[float, str]] = []
    for bound, one in sorted(bounds, reverse=True):
        if len(found) == _SUGGESTED and bound < found[-1][0]:
            break
        matcher.set_seq1(one)
        if (ratio := matcher.ratio()) >= _NEAR:
            found = sorted([*found, (ratio, one)], reverse=True)[:_SUGGESTED]
    return tuple(one for _, one in found)


def _span(text: str, start: int, end: int) -> Span:
    line_start = text.rfind("\n", 0, start) + 1
    return Span(start, end, text.count("\n", 0, start) + 1, start - line_start + 1)


class _Index:
    """All paths of one text with the byte ranges of their keys and values."""

    def __init__(self, text: str) -> None:
        # A text without diagnostics never pays for the second parser.
        import tree_sitter_toml  # noqa: PLC0415 - loaded with the first diagnostic
        from tree_sitter import Language, Parser  # noqa: PLC0415 - the same

        self._text = text
        self._bytes = text.encode("utf-8", "surrogatepass")
        self._values: dict[tuple[str | int, ...], tuple[int, int]] = {}
        self._keys: dict[tuple[str | int, ...], tuple[int, int]] = {}
        self._last: dict[tuple[str | int, ...], int] = {}
        root = Parser(Language(tree_sitter_toml.language())).parse(self._bytes).root_node
        for node in root.children:
            if node.type == "pair":
                self._pair((), node)
            elif node.type in ("table", "table_array_element"):
                self._table(node, repeated=node.type == "table_array_element")

    def span(self, path: Path, part: Part) -> Span:
        whole = tuple(path)
        for length in range(len(whole), 0, -1):
            found = self._range(whole[:length], part)
            if found is not None:
                start, end = (self._characters(offset) for offset in found)
                return _span(self._text, start, end)
        return _span(self._text, 0, 0)

    def _range(self, path: tuple[str | int, ...], part: Part) -> tuple[int, int] | None:
        ranges = self._keys if part == "key" else self._values
        exact = ranges.get(path) or self._values.get(path)
        if exact is not None:
            return exact
        folded = _folded(path)
        return next((place for known, place in ranges.items() if _folded(known) == folded), None)

    def _characters(self, offset: int) -> int:
        return len(self._bytes[:offset].decode("utf-8", "surrogatepass"))

    def _table(self, node: Node, *, repeated: bool) -> None:
        header = next(child for child in node.children if child.type.endswith("_key"))
        names = _key_names(header)
        path: tuple[str | int, ...] = ()
        for position, name in enumerate(names):
            path = (*path, name)
            if repeated and position == len(names) - 1:
                self._last[path] = self._last.get(path, -1) + 1
            if path in self._last:
                path = (*path, self._last[path])
        place = (header.start_byte, header.end_byte)
        self._values.setdefault(path, place)
        self._keys.setdefault(path, place)
        for child in node.children:
            if child.type == "pair":
                self._pair(path, child)

    def _pair(self, above: tuple[str | int, ...], node: Node) -> None:
        if len(node.children) < 3:
            return
        # A comment behind the value on its line is a child of the pair as well.
        key, value = node.children[0], node.children[2]
        path = above
        for name in _key_names(key):
            path = (*path, name)
            self._keys.setdefault(path, (key.start_byte, key.end_byte))
            self._values.setdefault(path, (value.start_byte, value.end_byte))
        self._value(path, value)

    def _value(self, path: tuple[str | int, ...], node: Node) -> None:
        self._values.setdefault(path, (node.start_byte, node.end_byte))
        if node.type == "inline_table":
            for child in node.children:
                if child.type == "pair":
                    self._pair(path, child)
        elif node.type == "array":
            elements = [c for c in node.children if c.is_named and c.type != "comment"]
            for position, child in enumerate(elements):
                self._value((*path, position), child)


def _folded(path: Path) -> tuple[str | int, ...]:
    """Attribute names are keys too, and a rule's may have been respelt since its text was read."""
    return tuple(part.casefold() if isinstance(part, str) else part for part in path)


def _key_names(node: Node) -> list[str]:
    if node.type == "dotted_key":
        return [name for child in node.children if child.is_named for name in _key_names(child)]
    spelling = (node.text or b"").decode("utf-8", "replace")
    if node.type == "bare_key":
        return [spelling]
    try:
        return [str(tomllib.loads(f"key = {spelling}")["key"])]
    except tomllib.TOMLDecodeError:
        return [spelling]
