"""The characters of a script: blanks, comments, continued lines, quotes, words.

Typographic quotes and dashes are what PowerShell takes them for. Where published scripts lost a backtick or a
doubled quote, what is meant is read, and told.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Final

from attrflow.importers.findings import Findings, Place

__all__ = ["DASHES", "DOUBLE_QUOTES", "SINGLE_QUOTES", "Scanner", "ScriptError"]

SINGLE_QUOTES: Final = "'\u2018\u2019\u201a\u201b"
DOUBLE_QUOTES: Final = '"\u201c\u201d\u201e'
DASHES: Final = "-\u2013\u2014\u2015"
_BLANK_RUN: Final = re.compile(r"(?:[ \t\f\v\xa0\ufeff]+|`\n)+")
_PLAIN: Final = re.compile(f"[^{SINGLE_QUOTES}]*")
_NEXT_PARAMETER: Final = re.compile(rf"[^\S\n]*[{DASHES}][A-Za-z]")
_IDLE_BACKTICK: Final = re.compile(r"`[^\S\n]+(?:#[^\n]*)?\n")
_ESCAPED: Final = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_DEPTH_MAX: Final = 100


class ScriptError(Exception):
    """The text is no PowerShell at this offset; the statement is given up and the next line tried."""

    def __init__(self, offset: int, message: str) -> None:
        super().__init__(message)
        self.offset = offset
        self.message = message


class Scanner:
    """A position in a text, and what may stand there."""

    def __init__(self, text: str, file: str, findings: Findings) -> None:
        self.text = text
        self.file = file
        self.findings = findings
        self.at = 0
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]
        self._depth = 0
        self._told: set[int] = set()

    # -- places -----------------------------------------------------------------------------------

    def place(self, offset: int) -> Place:
        """Line and column of an offset."""
        line = bisect_right(self._lines, offset)
        return Place(self.file, line, offset - self._lines[line - 1] + 1)

    def fail(self, message: str, offset: int | None = None) -> ScriptError:
        """An error here, or at an offset."""
        return ScriptError(self.at if offset is None else offset, message)

    def deeper(self) -> None:
        """One level down; `shallower` goes back up."""
        self._depth += 1
        if self._depth > _DEPTH_MAX:
            self._depth = 0
            raise self.fail(f"brackets stand more than {_DEPTH_MAX} deep")

    def shallower(self) -> None:
        """One level up."""
        self._depth = max(self._depth - 1, 0)

    def surface(self) -> None:
        """Back to the top, after an error."""
        self._depth = 0

    # -- looking ----------------------------------------------------------------------------------

    @property
    def done(self) -> bool:
        """Whether the text is at its end."""
        return self.at >= len(self.text)

    def char(self, ahead: int = 0) -> str:
        """The character here, or empty at the end."""
        position = self.at + ahead
        return self.text[position] if position < len(self.text) else ""

    def sees(self, text: str) -> bool:
        """Whether the text goes on with this."""
        return self.text.startswith(text, self.at)

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Whether the text goes on with the pattern; moves behind it."""
        found = pattern.match(self.text, self.at)
        if found is not None:
            self.at = found.end()
        return found

    def take(self, text: str) -> bool:
        """Move behind this text where it stands here."""
        if self.sees(text):
            self.at += len(text)
            return True
        return False

    def expect(self, text: str, opened: int) -> None:
        """Move behind this text, which closes what was opened at an offset."""
        if not self.take(text):
            raise self.fail(f"{text!r} is missing", opened)

    # -- blanks -----------------------------------------------------------------------------------

    def blanks(self) -> bool:
        """Skip blanks, comments and continued lines within a statement; whether there were any."""
        start = self.at
        while not self.done:
            run = _BLANK_RUN.match(self.text, self.at)
            self.at = run.end() if run is not None else self.at
            c = self.char()
            if c not in "`#<":
                break
            if c == "`" and self._blank_behind_backtick():
                continue
            if c == "#":
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            elif self.sees("<#"):
                end = self.text.find("#>", self.at)
                if end < 0:
                    self._endless_comment()
                self.at = end + 2 if end >= 0 else len(self.text)
            else:
                break
        return self.at > start

    def _endless_comment(self) -> None:
        """A comment without an end takes the rest of the script: told, since rules may stand there."""
        if self.at not in self._told:
            self._told.add(self.at)
            message = "the comment that begins here has no end; what stands below is not read"
            self.findings.tell(self.place(self.at), "powershell-syntax", message)

    def _blank_behind_backtick(self) -> bool:
        """A backtick with blanks behind it ends the statement; where a parameter follows, that was not meant."""
        found = _IDLE_BACKTICK.match(self.text, self.at)
        if found is None or not _NEXT_PARAMETER.match(self.text, found.end()):
            return False
        message = "blanks behind the backtick end the statement in PowerShell; read as continued"
        if self.at not in self._told:  # what is read may be read twice
            self._told.add(self.at)
            self.findings.warn(self.place(self.at), "blank-after-backtick", message)
        self.at = found.end()
        return True

    def lines(self, *, semicolons: bool = True) -> None:
        """Skip blanks, line ends and semicolons between statements."""
        while True:
            self.blanks()
            if (
                self.char() == "\n"
                or (semicolons and self.char() == ";")
                or (self.char() == "`" and self.char(1) in ("", " ", "\t"))
            ):
                self.at += 1
            else:
                return

    # -- strings ----------------------------------------------------------------------------------

    def single_quoted(self) -> str:
        """The text of a single-quoted string, which begins here."""
        start = self.at
        pieces: list[str] = []
        self.at += 1
        while True:
            plain = _PLAIN.match(self.text, self.at)
            assert plain is not None, "the pattern matches nothing too"
            self.at = plain.end()
            if self.done:
                raise self.fail("the string that begins here has no end", start)
            pieces.append(plain[0])
            quote = self.char()
            self.at += 1
            if self.char() and self.char() in SINGLE_QUOTES:
                pieces.append(quote)
                self.at += 1
            elif self._quote_within(start):
                pieces.append(quote)
            else:
                return "".join(pieces)

    def _quote_within(self, start: int) -> bool:
        """Whether the quote just read stands within the string, and its author forgot to double it."""
        if not self.char().isalnum() or "\n" in self.text[start : self.at]:
            return False
        end = self.text.find("\n", self.at)
        rest = self.text[self.at : len(self.text) if end < 0 else end].rstrip(" \t`")
        if not rest or rest[-1] not in SINGLE_QUOTES or sum(rest.count(q) for q in SINGLE_QUOTES) > 2:
            return False
        message = "a quote within the string is not doubled; read as part of the string"
        if self.at not in self._told:
            self._told.add(self.at)
            self.findings.warn(self.place(self.at - 1), "quote-not-doubled", message)
        return True

    def here_string(self) -> tuple[int, int]:
        """The ends of the text of a here-string, whose `@'` or `@"` stands here."""
        start = self.at
        quotes = SINGLE_QUOTES if self.char(1) in SINGLE_QUOTES else DOUBLE_QUOTES
        first = self.text.find("\n", self.at)
        if first < 0 or self.text[self.at + 2 : first].strip():
            raise self.fail("a here-string begins on a line of its own", start)
        found = re.compile(rf"\n[{quotes}]@").search(self.text, first)
        if found is None:
            raise self.fail("the here-string that begins here has no end", start)
        self.at = found.end()
        return first + 1, max(found.start(), first + 1)

    def escaped(self) -> str:
        """What the backtick here and the character behind it stand for."""
        c = self.char(1)
        self.at += 2
        return _ESCAPED.get(c, "" if c == "\n" else c)
